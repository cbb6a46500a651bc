package allocation

import (
	"cmp"
	"context"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/solver"
)

// What limits the price of a losing bid from both sides without a program of its own.
//
// From below, by any dual solution of the relaxation, with bound z and reduced costs r: an allocation that accepts the bid b to
// the fraction ξ ≥ f_b earns, at the price p,
//
//	W_b(p) ≤ z' + r_y + max { r_x(p) ξ : f_b ≤ ξ ≤ 1 }      z' = z - max(0, r_x) - max(0, r_y)
//	r_x(p) = r_x + σ (p - own) - (p / own - 1) Σ_i y_i a_i  over the rows i that its money enters
//
// (weak duality; Bertsimas and Tsitsiklis 1997, section 4.3). While that is W at most, the bid loses.
//
// From above, by any allocation that accepts it: that at hand with what is in its way taken out, the least valuable first,
// and what fits then filled in.

// brackets bounds the prices of losers of a part.
func (w *workbench) brackets(ctx context.Context, p *part, losers []*loser, e *effort) error {
	k := p.component
	losers = slices.DeleteFunc(slices.Clone(losers), func(l *loser) bool { return l.exact || l.never != "" || l.slope <= 0 })
	if !p.proven || len(losers) == 0 || !slices.Contains(k.decide, true) || ctx.Err() != nil {
		return nil
	}
	f := k.formulate(false)
	s, err := solver.Solve(ctx, f.Model, solver.Options{Seed: w.q.o.Seed})
	if err != nil {
		return err
	}
	e.spend(s)
	for _, l := range losers {
		j, _ := slices.BinarySearch(p.bids, l.bid)
		t := l.known(p, j)
		if t.at == 0 && w.q.p.counts(l.bid, false) || slices.ContainsFunc(t.paying(), func(u use) bool { return k.rows[u.row].family == limited }) {
			continue // what a limit on revenue makes of another price is for a program to say
		}
		if len(t.paying()) == 0 && !w.q.p.counts(l.bid, false) {
			l.raise(l.price) // it has lost at its own
		}
		if s.HasDuals() {
			t.lower(f, s)
		}
		e.use(int64(len(k.bids) / bidsPerEffort))
		if price, x := t.upper(); x != nil && price < t.high && !w.lacks(t, price, x, e) {
			t.win(price, x)
		}
	}
	return nil
}

// lower raises the price to what the duals of the relaxation f prove.
func (t *trial) lower(f *formulation, s *solver.Solution) {
	least := t.k.least[t.j]
	if least < tieFraction || len(t.k.entries) > 0 {
		return // what a millionth of it adds is nothing to the bound
	}
	x, y := f.x[t.j], f.y[t.j]
	rx, ry := s.ReducedCost(x)*f.unit, 0.0
	if y != x {
		ry = s.ReducedCost(y) * f.unit
	}
	z := s.Bound*f.unit - max(0, rx) - max(0, ry) + t.k.allowance(t.w)
	money := 0.0 // Σ y_i a_i, for each unit of the price
	duals := f.duals(s)
	for _, u := range t.paying() {
		if len(t.k.controls) > 0 {
			return // which repeat the rows that money enters
		}
		money += duals[u.row] * u.coef / t.at
	}
	rate := t.slope - money
	if rate <= tieShare*t.slope {
		return
	}
	// r_x(p) may be (W - z' - r_y) / ξ for every ξ.
	room := t.w - z - ry
	most := min(room/least, room)
	t.raise(t.at + (most-rx)/rate)
}

// upper is a price at which the bid wins, and the fractions that it wins with; nil where none is found.
func (t *trial) upper() (float64, []float64) {
	k := t.k
	x := slices.Clone(t.x)
	x[t.j] = 1
	for j, n := t.j, 0; n < len(k.requires); n++ {
		at := slices.IndexFunc(k.requires, func(r [2]int) bool { return r[0] == j })
		if at < 0 {
			break
		}
		j = k.requires[at][1]
		x[j] = max(x[j], k.least[j])
	}
	kept := make([]bool, len(k.bids)) // the bid and what it requires
	for j := range k.bids {
		kept[j] = x[j] > t.x[j] || j == t.j
	}
	for _, g := range k.groups {
		if slices.ContainsFunc(g, func(j int) bool { return kept[j] }) {
			for _, j := range g {
				if !kept[j] {
					x[j] = 0
				}
			}
		}
	}
	for i := range k.rows {
		r := &k.rows[i]
		if !r.packs() || r.at(x) <= r.rhs {
			continue
		}
		var others []term
		for _, u := range r.terms {
			if !kept[u.bid] && x[u.bid] > 0 {
				others = append(others, u)
			}
		}
		slices.SortStableFunc(others, func(a, b term) int { return cmp.Compare(k.value[a.bid]/a.coef, k.value[b.bid]/b.coef) })
		for _, u := range others {
			over := r.at(x) - r.rhs
			if over <= 0 {
				break
			}
			if x[u.bid] -= over / u.coef; x[u.bid] < k.least[u.bid] || x[u.bid] < auction.LeastFraction {
				x[u.bid] = 0
			}
		}
	}
	for range k.requires {
		for _, r := range k.requires {
			if x[r[1]] == 0 {
				x[r[0]] = 0
			}
		}
	}
	if x[t.j] == 0 {
		return 0, nil
	}
	kk := *k // in which the bid earns what nothing else does, and stays
	kk.value = slices.Clone(k.value)
	kk.value[t.j] = math.Abs(t.w) + 1
	found := kk.filled(x)
	if found == nil || found.x[t.j] < auction.LeastFraction {
		return 0, nil
	}
	x = found.x
	price := max(t.floor, ((t.most-t.bare(&kk, x))/x[t.j]-t.rest)/t.slope)
	if !k.decides(x) || !t.priced(price).fits(x) {
		return 0, nil
	}
	return price, x
}

// decides says whether the fractions keep least fractions, alternatives and requirements.
func (k *component) decides(x []float64) bool {
	for j := range k.bids {
		if x[j] < 0 || x[j] > 1 || x[j] > 0 && x[j] < k.least[j] {
			return false
		}
	}
	for _, g := range k.groups {
		accepted := 0
		for _, j := range g {
			if x[j] > 0 {
				accepted++
			}
		}
		if accepted > 1 {
			return false
		}
	}
	return !slices.ContainsFunc(k.requires, func(r [2]int) bool { return x[r[0]] > 0 && x[r[1]] == 0 })
}
