package allocation

import (
	"math"
	"slices"
	"sync"

	"lotwise/models/auction"
	"lotwise/solver"
)

// A trial asks from which price on a losing bid would be accepted, in the component that it is in at a price.
type trial struct {
	*loser
	k       *component
	j       int       // the bid's place in it
	at      float64   // the price that it has there
	x       []float64 // by column: the allocation, nothing of the bid accepted
	w, most float64   // what x earns, and what no allocation without the bid earns more than
	found   []float64 // by column: the fractions at which the bid wins at the price high
}

// known is the trial of a bid in the component that the allocation was found in.
func (l *loser) known(p *part, j int) *trial {
	return &trial{loser: l, k: p.component, j: j, at: l.price, x: p.x, w: p.objective, most: p.most()}
}

// A workbench builds the component of a bid at other prices: of a void bid, or where the price brings budgets or limits
// into play that could not bind before.
type workbench struct {
	q    *questions
	mu   sync.Mutex
	p    *Problem  // its own copy of what it changes, made when it first does
	part []int     // by bid: its part, -1 for none
	own  [][]int   // by bidder: its bids
	paid []float64 // by bidder: for what is accepted
}

func (q *questions) workbench() *workbench {
	w := &workbench{q: q, part: make([]int, len(q.p.Case.Bids)), own: make([][]int, len(q.p.Case.Bidders)), paid: make([]float64, len(q.p.Case.Bidders))}
	for b, x := range q.out.X {
		w.own[q.p.Case.Bids[b].Bidder] = append(w.own[q.p.Case.Bids[b].Bidder], b)
		w.paid[q.p.Case.Bids[b].Bidder] += q.p.Case.Bids[b].Amount * x
	}
	for b := range w.part {
		w.part[b] = -1
	}
	for i, p := range q.out.parts {
		for _, b := range p.bids {
			w.part[b] = i
		}
	}
	return w
}

// trial is that of the bid at a price, without the waived limits.
func (w *workbench) trial(l *loser, price float64, waived []bool, e *effort) *trial {
	t := &trial{loser: l, at: price}
	t.k, t.j = w.component(l, price, waived, e)
	t.k.problem = w.q.p
	t.x = make([]float64, len(t.k.value))
	doubt, seen := 0.0, make(map[int]bool)
	for j, b := range t.k.bids {
		t.x[j] = w.q.out.X[b]
		if i := w.part[b]; i >= 0 && !seen[i] {
			seen[i] = true
			doubt += w.q.out.parts[i].most() - w.q.out.parts[i].objective
		}
	}
	t.x[t.j] = 0
	t.k.settle(t.x)
	t.w = t.k.earns(t.x)
	t.most = t.w + doubt
	return t
}

// component is the bid's at a price, and its place in it.
func (w *workbench) component(l *loser, price float64, waived []bool, e *effort) (*component, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.p == nil {
		p, c := *w.q.p, *w.q.p.Case
		c.Bids = slices.Clone(c.Bids)
		p.Case, p.Value, p.Out = &c, slices.Clone(p.Value), slices.Clone(p.Out)
		w.p = &p
	}
	p, b := w.p, l.bid
	e.use(perSolve + int64(len(w.part)/bidsPerEffort))
	bid, value, out := p.Case.Bids[b], p.Value[b], p.Out[b]
	defer func() { p.Case.Bids[b], p.Value[b], p.Out[b] = bid, value, out }()
	at := &p.Case.Bids[b]
	at.Amount = price * l.packages
	at.Rows = slices.Clone(bid.Rows)
	for i := range at.Rows {
		at.Rows[i].Price = price * l.share(&bid, i)
	}
	p.Value[b], p.Out[b], p.Waived = l.score(price), false, waived
	parts, _ := p.components()
	for _, k := range parts {
		if j, ok := slices.BinarySearch(k.bids, b); ok {
			return k, j
		}
	}
	panic("allocation: a bid that is not out is in no component")
}

// share is the price of row i as a share of the bid's average price.
func (a *ask) share(bid *auction.Bid, i int) float64 {
	if bid.Amount > 0 {
		return bid.Rows[i].Price / a.price
	}
	return 1
}

// score is what all of the bid scores at a price.
func (a *ask) score(price float64) float64 { return a.slope*price + a.rest }

// costly says whether the bid's price enters a row: its bidder's budget or a limit on revenue.
func (k *component) costly(r *row) bool {
	return r.family == budget || r.family == limited && k.problem.Case.Limits[r.of].Measure == auction.MeasureRevenue
}

// paying are the rows that the bid's price enters.
func (t *trial) paying() []use {
	var rows []use
	for _, u := range t.k.uses[t.j] {
		if t.k.costly(&t.k.rows[u.row]) {
			rows = append(rows, u)
		}
	}
	return rows
}

// priced is the component with the bid at a price, any of its optima wanted.
func (t *trial) priced(price float64) *component {
	k := *t.k
	p := *t.k.problem
	p.AnyOptimum = true
	k.problem = &p
	k.value = slices.Clone(k.value)
	k.value[t.j] = t.score(price)
	if rows := t.paying(); len(rows) > 0 && price != t.at {
		k.rows, k.uses = slices.Clone(k.rows), slices.Clone(k.uses)
		k.uses[t.j] = slices.Clone(k.uses[t.j])
		for _, u := range rows {
			r := &k.rows[u.row]
			r.terms = slices.Clone(r.terms)
			for i := range r.terms {
				if r.terms[i].bid == t.j {
					r.terms[i].coef = u.coef * price / t.at
				}
			}
		}
		for i := range k.uses[t.j] {
			u := &k.uses[t.j][i]
			if t.k.costly(&t.k.rows[u.row]) {
				u.coef *= price / t.at
			}
		}
	}
	return &k
}

// bare is what x earns at the price without the bid's own score.
func (t *trial) bare(k *component, x []float64) float64 {
	var s solver.Sum
	s.Add(k.earns(x))
	s.Add(-k.value[t.j] * x[t.j])
	return s.Value()
}

// lacks says whether the price brings a budget or a limit on revenue into play that could not bind in the component,
// given the fractions x that win there.
func (w *workbench) lacks(t *trial, price float64, x []float64, e *effort) bool {
	c := w.q.p.Case
	i := c.Bids[t.bid].Bidder
	rows := t.paying()
	if b := c.Bidders[i].Budget; !math.IsInf(b, 1) && !slices.ContainsFunc(rows, func(u use) bool { return t.k.rows[u.row].family == budget }) {
		paid := w.paid[i] + price*t.packages*max(x[t.j], auction.LeastFraction)
		for _, b := range w.own[i] {
			if j, here := slices.BinarySearch(t.k.bids, b); here && j != t.j {
				paid += c.Bids[b].Amount * (x[j] - w.q.out.X[b])
			}
		}
		if paid > b-slack(b) {
			return true
		}
	}
	if !w.q.p.counts(t.bid, false) {
		return false
	}
	k, j := w.component(t.loser, over(w.q.p.Case, price), nil, e)
	return len((&trial{k: k, j: j}).paying()) > len(rows)
}

// over is a price just over p, which brings the same budgets and limits into play as those above p.
func over(c *auction.Case, p float64) float64 { return p + c.Rules.PriceStep }

// counts says whether a limit on revenue counts bid b, of any or of such that apply to something or nothing.
func (p *Problem) counts(b int, orNothing bool) bool {
	bid := &p.Case.Bids[b]
	for _, s := range p.scoped {
		if s.Measure != auction.MeasureRevenue || orNothing && !s.OrNothing {
			continue
		}
		for i := range bid.Rows {
			if s.LotPart(bid.Rows[i].Lot) >= 0 {
				return true
			}
		}
	}
	return false
}
