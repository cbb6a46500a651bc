package allocation

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/solver"
)

// The limits of limits.csv as constraints on the accepted bids, still over the bids of the case: sums in
// limit_sums.go, counts in limit_counts.go. Each side of each scope is a constraint of its own, stated as
// at most; a minimum is the negative of the measure at most the negative of it.
type restraints struct {
	rows     []row     // on sums
	penalty  []float64 // by row: lost per unit that it is exceeded by; NaN for a hard limit
	counts   []count
	switches []control
	sides    []side

	offset float64 // what the objective loses whatever is accepted
	broken []side  // hard limits that nothing could meet
}

// A side is the minimum or maximum of one scope of a limit.
type side struct {
	limit, scope int
	least        bool
}

// A control is a binary that bids depend on: while it is off none of its members is accepted.
type control struct {
	members []int
	// needed says that a constraint may want it on; it is on only while a member is accepted then.
	needed bool
	// nothing says that it belongs to a minimum that applies only while it is on.
	nothing bool
	key     string
}

// A count is Σ coef d ≤ rhs over decisions d: whether bids are accepted or controls are on.
type count struct {
	limit   int // its position in the case; while still over the bids of the case, the number of its side
	terms   []decision
	rhs     float64
	penalty float64 // NaN for a hard limit
	only    int     // one more than the control that has to be on for it to hold; 0 for always
}

// A decision is a term of a count: a bid, or the control after the bids.
type decision struct {
	coef    float64
	bid     int // -1 for a control
	control int
}

// restrain states the limits over the bids that are not out. Within, where it is not nil, are the bids that there
// are: limits without any of them are left out.
func (p *Problem) restrain(out []bool) *restraints {
	t := &restraints{}
	for n, s := range p.scoped {
		if p.Waived != nil && p.Waived[n] {
			continue
		}
		if s.Sums() {
			t.sums(p, n, s, out)
		} else {
			t.count(p, n, s, out)
		}
	}
	return t
}

// walk passes the rows of bids that are not out with the scope that they are in and, of accepted, the lot part that the scope's
// measure is a share of, -1 for none. It says of which scopes any bid that there is has a row, out or not.
func (p *Problem) walk(s *auction.ScopedLimit, out []bool, add func(b, scope, part int, r *auction.BidRow)) (inside []bool) {
	inside = make([]bool, len(s.Scopes))
	shared := make([]bool, len(p.Case.Lots)+1) // by lot part
	for b := range p.Case.Bids {
		if p.Within != nil && !p.Within[b] {
			continue
		}
		bid := &p.Case.Bids[b]
		for n := range bid.Rows {
			r := &bid.Rows[n]
			at, part := s.Scope(bid.Bidder, r.Lot), -1
			if s.Of == auction.OfAccepted {
				part = s.LotPart(r.Lot)
			}
			if at >= 0 {
				inside[at] = true
			}
			if part >= 0 {
				shared[part] = true
			}
			if !out[b] && (at >= 0 || part >= 0) {
				add(b, at, part, r)
			}
		}
	}
	for n := range inside {
		inside[n] = inside[n] || shared[s.Scopes[n].LotPart]
	}
	return inside
}

// A statement states own times the measure and base times what it is a share of, at most rhs.
type statement func(at side, own, base, rhs float64, only int)

// both states maximum and minimum of every scope. A scope is opened with the bids that it counts and how it is stated.
func (t *restraints) both(p *Problem, limit int, s *auction.ScopedLimit, inside []bool, open func(n int) (members func() []int, state statement)) {
	for n := range s.Scopes {
		if !p.concerned(inside[n]) || p.given[rule{limit: limit, scope: n}] {
			continue
		}
		least, most, base := bounds(s, n)
		members, state := open(n)
		if !math.IsNaN(most) {
			state(side{limit, n, false}, 1, -most, most*base, 0)
		}
		if math.IsNaN(least) {
			continue
		}
		only := 0
		if s.OrNothing {
			bids := members()
			if len(bids) == 0 {
				continue // nothing it is
			}
			t.switches = append(t.switches, control{members: bids, nothing: true, key: scopeKey(s, n)})
			only = len(t.switches)
		}
		state(side{limit, n, true}, -1, least, -least*base, only)
	}
}

// scopeKey names a scope of a limit.
func scopeKey(s *auction.ScopedLimit, n int) string { return s.Name + " " + s.Scopes[n].Name }

// bounds are the sides of a scope with the number that they are multiples of, 0 where that is the measure over all bidders.
func bounds(s *auction.ScopedLimit, n int) (least, most, base float64) {
	switch base = 1; s.Of {
	case auction.OfCapacity:
		base = s.Scopes[n].Capacity
	case auction.OfAccepted:
		base = 0
	}
	return s.Min, s.Max, base
}

// concerned says whether a scope is to be stated, given whether any of the bids that there are is in it. A limit
// on what nobody bids for is still one, unless only some of the bids are looked at.
func (p *Problem) concerned(inside bool) bool { return inside || p.Within == nil }

// empty judges a side that no bid has a part in: its left-hand side is 0.
func (t *restraints) empty(at side, rhs, penalty float64) {
	if rhs >= 0 {
		return
	}
	if math.IsNaN(penalty) {
		t.broken = append(t.broken, at)
	} else {
		t.offset += penalty * rhs
	}
}

// side notes a side and returns its number.
func (t *restraints) side(at side) int {
	t.sides = append(t.sides, at)
	return len(t.sides) - 1
}

// bids are the bids of the count's decisions, one of each control's.
func (n *count) bids(t *restraints) []int {
	var bids []int
	for _, d := range n.terms {
		if d.bid >= 0 {
			bids = append(bids, d.bid)
		} else {
			bids = append(bids, t.switches[d.control].members[0])
		}
	}
	if n.only > 0 {
		bids = append(bids, t.switches[n.only-1].members[0])
	}
	return bids
}

// place hands the constraints to the components of their bids. A control that a constraint may want on is needed:
// one of its members is accepted then.
func (t *restraints) place(of func(bid int) (*component, int)) {
	for i := range t.counts {
		for _, d := range t.counts[i].terms {
			if d.bid < 0 && d.coef < 0 {
				t.switches[d.control].needed = true
			}
		}
	}
	at := make([]int, len(t.switches)) // the control's place in its component
	for i, s := range t.switches {
		k, _ := of(s.members[0])
		members := make([]int, len(s.members))
		for n, b := range s.members {
			_, members[n] = of(b)
			if s.needed {
				k.accept(members[n])
			}
		}
		s.members = members
		at[i] = len(k.controls)
		k.controls = append(k.controls, s)
	}
	only := func(n int) int {
		if n == 0 {
			return 0
		}
		return at[n-1] + 1
	}
	for i, n := range t.counts {
		k, _ := of(n.bids(t)[0])
		terms := make([]decision, len(n.terms))
		for j, d := range n.terms {
			if d.bid < 0 {
				d.control = at[d.control]
			} else {
				_, d.bid = of(d.bid)
				k.decide[d.bid] = true
				if d.coef < 0 {
					k.accept(d.bid)
				}
			}
			terms[j] = d
		}
		k.counts = append(k.counts, count{t.sides[t.counts[i].limit].limit, terms, n.rhs, n.penalty, only(n.only)})
	}
	for i := range t.rows {
		r := t.rows[i]
		k, _ := of(r.terms[0].bid)
		terms := make([]term, len(r.terms), len(r.terms)+1)
		for n, x := range r.terms {
			_, j := of(x.bid)
			terms[n] = term{j, x.coef}
			k.uses[j] = append(k.uses[j], use{len(k.rows), x.coef})
		}
		if !math.IsNaN(t.penalty[i]) {
			terms = append(terms, term{len(k.value), -1})
			k.uses = append(k.uses, []use{{len(k.rows), -1}})
			k.value = append(k.value, -t.penalty[i])
			k.misses = append(k.misses, miss{len(k.rows), t.penalty[i]})
		}
		k.rows = append(k.rows, row{r.family, t.sides[r.of].limit, terms, r.rhs, only(r.only)})
	}
}

// accept makes the bid one that is decided on, and accepted to a fraction that counts.
func (k *component) accept(j int) {
	k.decide[j] = true
	k.least[j] = max(k.least[j], auction.LeastFraction)
}

// limits states the controls of bids and the limits on numbers, see limit_counts.go.
func (f *formulation) limits(k *component) {
	for n := range k.controls {
		f.link(k, &k.controls[n], f.y[len(k.bids)+n])
	}
	f.over = make([]solver.Var, len(k.counts))
	for i := range k.counts {
		n := &k.counts[i]
		terms := make([]solver.Term, 0, len(n.terms)+2)
		for _, d := range n.terms {
			at := d.bid
			if at < 0 {
				at = len(k.bids) + d.control
			}
			terms = append(terms, f.y[at].Times(d.coef))
		}
		name := k.problem.Case.Limits[n.limit].Name
		if !math.IsNaN(n.penalty) {
			f.over[i] = f.Continuous("missed", name, 0, math.Inf(1))
			f.Objective(f.over[i].Times(-n.penalty / f.unit))
			terms = append(terms, f.over[i].Times(-1))
		}
		rhs := n.rhs
		if n.only > 0 {
			off := k.countOff(n) - rhs
			terms = append(terms, f.y[len(k.bids)+n.only-1].Times(off))
			rhs += off
		}
		f.AtMost(limited, name, terms, rhs)
	}
}

// link makes members depend on their control d: y_b ≤ d, of alternatives Σ y_b ≤ d, of bids that are not to
// decide x_b ≤ d; a capacity, budget or volume cap of members alone is there only while d is on. A control that is
// needed is on only while a member is accepted, d ≤ Σ y_b.
func (f *formulation) link(k *component, c *control, d solver.Var) {
	alike := map[string][]solver.Term{}
	for _, j := range c.members {
		v := f.x[j]
		if k.decide[j] {
			v = f.y[j]
		}
		b := k.bid(j)
		if b.Group == "" || !k.decide[j] {
			f.AtMost("on", c.key, []solver.Term{v.Times(1), d.Times(-1)}, 0)
			continue
		}
		alike[fmt.Sprint(b.Bidder, "/", b.Group)] = append(alike[fmt.Sprint(b.Bidder, "/", b.Group)], v.Times(1))
	}
	for _, group := range slices.Sorted(maps.Keys(alike)) {
		f.AtMost("on", c.key, append(alike[group], d.Times(-1)), 0)
	}
	if c.needed {
		f.AtLeast("off", c.key, append(each(c.members, f.y), d.Times(-1)), 0)
	}
	member := make(map[int]bool, len(c.members))
	for _, j := range c.members {
		member[j] = true
	}
	for _, u := range k.uses[c.members[0]] {
		r := &k.rows[u.row]
		if !r.packs() || slices.ContainsFunc(r.terms, func(t term) bool { return !member[t.bid] }) {
			continue
		}
		per := f.per[u.row]
		terms := make([]solver.Term, len(r.terms), len(r.terms)+1)
		for i, t := range r.terms {
			terms[i] = f.x[t.bid].Times(t.coef / per)
		}
		f.AtMost("on", c.key, append(terms, d.Times(-r.rhs/per)), 0)
	}
}

// reachOff bounds the left-hand side of a row while its control is off.
func (k *component) reachOff(r *row) float64 {
	members := k.controls[r.only-1].members
	most := 0.0
	for _, t := range r.terms {
		if t.coef > 0 && !slices.Contains(members, t.bid) {
			most += t.coef
		}
	}
	return most
}

// countOff bounds the left-hand side of a limit on numbers while its control is off.
func (k *component) countOff(n *count) float64 {
	most := 0.0
	for _, d := range n.terms {
		most += max(0, d.coef)
	}
	return most
}

// given are the bounds of all columns at decisions y.
func (k *component) given(y []bool) (lo, up []float64) {
	lo, up = k.open()
	for j := range k.bids {
		if y[j] {
			lo[j], up[j] = 0, 1
			if k.decide[j] {
				lo[j] = k.least[j]
			}
		}
	}
	for n := range k.controls {
		if !y[len(k.bids)+n] {
			for _, j := range k.controls[n].members {
				lo[j], up[j] = 0, 0
			}
		}
	}
	return lo, up
}

// applying is the component with the rows alone that apply at decisions y.
func (k *component) applying(y []bool) *component {
	if !slices.ContainsFunc(k.rows, func(r row) bool { return !k.holds(r.only, y) }) {
		return k
	}
	some := *k
	some.rows = slices.Clone(k.rows)
	for i := range some.rows {
		if r := &some.rows[i]; !k.holds(r.only, y) {
			r.rhs, r.only = math.Inf(1), 0
		}
	}
	return &some
}

// complete turns on what is off for no reason: controls that are not needed, then bids without a least fraction, that no
// limit on numbers keeps off, in order. Decisions that differ in such alone are the same.
func (k *component) complete(y []bool) {
	in := make([][]passage, len(k.decide)) // by bid, then control
	room := make([]float64, len(k.counts))
	for i := range k.counts {
		n := &k.counts[i]
		room[i] = n.rhs
		for _, d := range n.terms {
			at := d.bid
			if at < 0 {
				at = len(k.bids) + d.control
			}
			in[at] = append(in[at], passage{i, d.control, d.coef})
			if y[at] {
				room[i] -= d.coef
			}
		}
	}
	admit := func(at int) {
		if slices.ContainsFunc(in[at], func(w passage) bool { return room[w.count] < w.coef-countSlack }) {
			return
		}
		y[at] = true
		for _, w := range in[at] {
			room[w.count] -= w.coef
		}
	}
	for c := range k.controls {
		if at := len(k.bids) + c; !y[at] && !k.controls[c].needed && !k.controls[c].nothing {
			admit(at)
		}
	}
	tied := make([]bool, len(k.bids)) // to other bids, which decide on it
	for _, g := range k.groups {
		for _, j := range g {
			tied[j] = true
		}
	}
	for _, r := range k.requires {
		tied[r[0]] = true
	}
	for i := range k.entries {
		for _, j := range k.entries[i].bids {
			tied[j] = true
		}
	}
	for j := range k.bids {
		if !y[j] && k.least[j] == 0 && !tied[j] {
			admit(j)
		}
	}
}
