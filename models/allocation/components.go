package allocation

import (
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/solver"
)

// A component is a part of the problem that shares nothing scarce with the rest: its bids compete for
// lots, budgets and volume caps that could run out, or are alternatives or conditions of each other.
// Bids are known by their position in it.
type component struct {
	problem  *Problem
	bids     []int     // positions in the case, ascending
	value    []float64 // by column: bid, then miss
	volume   []float64 // by bid: packages when all of it is accepted
	least    []float64 // by bid, then control: its least fraction
	decide   []bool    // by bid, then control: whether it is accepted (y) matters, not only how much of it (x)
	rows     []row     // capacity, budget, max_volume and limits on sums, where they can bind
	uses     [][]use   // by column: the rows it is in
	misses   []miss    // columns after the bids: what soft limits on sums are missed by
	controls []control // of bids: lots, winners and limits that may be on or off
	counts   []count   // limits on numbers of them
	groups   [][]int   // alternatives: at most one of each is accepted
	requires [][2]int  // the first only with the second
	entries  []entry   // bidders with a fee
	effort   int64     // what solving it took, see effort

	// A search that needs no optimum: any point that earns more than enough ends it, and it passes on, one at a time,
	// the points that it comes by. Not asked for where passing is nil.
	enough  float64
	passing func(x []float64)
}

// A row is Σ coef x ≤ rhs. Only limits have negative coefficients: accepting less never breaks another row.
type row struct {
	family string // capacity, budget, max_volume or limit
	of     int    // the lot's, the bidder's or the limit's position in the case
	terms  []term
	rhs    float64
	only   int // one more than the control that has to be on for it to hold; 0 for always
}

// A term is a coefficient of a bid or, after the bids of a component, of a miss.
type term struct {
	bid  int
	coef float64
}

// A miss is what a soft limit on a sum is missed by, -1 in its row.
type miss struct {
	row     int
	penalty float64
}

// A use is a column's part in a row.
type use struct {
	row  int
	coef float64
}

// An entry is a bidder with a fee.
type entry struct {
	bidder int
	fee    float64
	bids   []int
	plain  []int // those that would not be to decide without the fee, and turn nothing on
}

func (k *component) bid(j int) *auction.Bid { return &k.problem.Case.Bids[k.bids[j]] }

func (k *component) bidder(j int) int { return k.bid(j).Bidder }

// at is the left-hand side of the row.
func (r *row) at(x []float64) float64 {
	var s solver.Sum
	for _, t := range r.terms {
		s.Add(t.coef * x[t.bid])
	}
	return s.Value()
}

// name is the row's lot, bidder or limit.
func (k *component) name(r *row) string {
	switch r.family {
	case capacity:
		return k.problem.Case.Lots[r.of].Name
	case limited:
		return k.problem.Case.Limits[r.of].Name
	default:
		return k.problem.Case.Bidders[r.of].Name
	}
}

const (
	capacity  = "capacity"
	budget    = "budget"
	maxVolume = "max_volume"
	limited   = "limit"
)

// components splits the problem, ordered by first bid. Bids that cannot be accepted because they require
// one that is out are left out with it. What limits cost whatever is accepted is theirs too, and those that
// nothing can meet.
func (p *Problem) components() (parts []*component, limits *restraints) {
	c := p.Case
	out := p.unreachable()
	groups := p.groups(out)
	rows := p.scarce(out, groups)
	limits = p.restrain(out)

	sets := newSets(len(c.Bids))
	for _, r := range rows {
		for _, t := range r.terms[1:] {
			sets.join(r.terms[0].bid, t.bid)
		}
	}
	for _, g := range groups {
		for _, b := range g[1:] {
			sets.join(g[0], b)
		}
	}
	first := make([]int, len(c.Bidders)) // a bid of each bidder with a fee, plus one
	for b := range c.Bids {
		if out[b] {
			continue
		}
		if r := c.Bids[b].Requires; r >= 0 {
			sets.join(b, r)
		}
		if i := c.Bids[b].Bidder; p.Fee != nil && p.Fee[i] > 0 {
			if first[i] > 0 {
				sets.join(first[i]-1, b)
			}
			first[i] = b + 1
		}
	}

	for i := range limits.rows {
		sets.joinAll(bidsOf(limits.rows[i].terms))
		if only := limits.rows[i].only; only > 0 {
			sets.join(limits.rows[i].terms[0].bid, limits.switches[only-1].members[0])
		}
	}
	for i := range limits.switches {
		sets.joinAll(limits.switches[i].members)
	}
	for i := range limits.counts {
		sets.joinAll(limits.counts[i].bids(limits))
	}

	part := make(map[int]*component)
	place := make([]int, len(c.Bids))
	for b := range c.Bids {
		if out[b] {
			continue
		}
		root := sets.root(b)
		k := part[root]
		if k == nil {
			k = &component{problem: p}
			part[root] = k
			parts = append(parts, k)
		}
		place[b] = len(k.bids)
		k.bids = append(k.bids, b)
		k.value = append(k.value, p.Value[b])
		k.least = append(k.least, c.Bids[b].MinFraction)
		k.decide = append(k.decide, c.Bids[b].MinFraction > 0)
		volume := 0.0
		for _, r := range c.Bids[b].Rows {
			volume += r.Quantity
		}
		k.volume = append(k.volume, volume)
		k.uses = append(k.uses, nil)
	}
	for _, r := range rows {
		k := part[sets.root(r.terms[0].bid)]
		for i := range r.terms {
			t := &r.terms[i]
			t.bid = place[t.bid]
			k.uses[t.bid] = append(k.uses[t.bid], use{len(k.rows), t.coef})
		}
		k.rows = append(k.rows, r)
	}
	for _, g := range groups {
		k := part[sets.root(g[0])]
		for i := range g {
			g[i] = place[g[i]]
			k.decide[g[i]] = true
		}
		k.groups = append(k.groups, g)
	}
	limits.place(func(b int) (*component, int) { return part[sets.root(b)], place[b] })
	for _, k := range parts {
		for n := range k.controls {
			least := 0.0 // on, it allows something and demands nothing
			if c := &k.controls[n]; c.needed || c.nothing {
				least = 1
			}
			k.decide, k.least = append(k.decide, true), append(k.least, least)
		}
		entered := make(map[int]int)
		for j := range k.bids {
			if r := k.bid(j).Requires; r >= 0 {
				k.requires = append(k.requires, [2]int{j, place[r]})
				k.decide[j] = true
				k.accept(place[r])
			}
			if i := k.bidder(j); p.Fee != nil && p.Fee[i] > 0 {
				if _, ok := entered[i]; !ok {
					entered[i] = len(k.entries)
					k.entries = append(k.entries, entry{bidder: i, fee: p.Fee[i]})
				}
				e := &k.entries[entered[i]]
				e.bids = append(e.bids, j)
			}
		}
		member := make([]bool, len(k.bids))
		for n := range k.controls {
			for _, j := range k.controls[n].members {
				member[j] = true
			}
		}
		for i := range k.entries {
			e := &k.entries[i]
			for _, j := range e.bids {
				if !k.decide[j] {
					k.decide[j] = true
					if !member[j] { // else that its bidder enters would turn the control on
						e.plain = append(e.plain, j)
					}
				}
			}
		}
	}
	return parts, limits
}

// unreachable is Out and what is not Within, with the bids that require one of them, directly or through others.
func (p *Problem) unreachable() []bool {
	out := slices.Clone(p.Out)
	if p.Within != nil {
		for b := range out {
			out[b] = out[b] || !p.Within[b]
		}
	}
	for changed := true; changed; {
		changed = false
		for b := range out {
			if r := p.Case.Bids[b].Requires; !out[b] && r >= 0 && out[r] {
				out[b], changed = true, true
			}
		}
	}
	return out
}

// groups are the alternatives: the bids of a bidder's group where it has two or more.
func (p *Problem) groups(out []bool) [][]int {
	type key struct {
		bidder int
		group  string
	}
	at := make(map[key]int)
	var groups [][]int
	for b := range p.Case.Bids {
		bid := &p.Case.Bids[b]
		if out[b] || bid.Group == "" {
			continue
		}
		g, ok := at[key{bid.Bidder, bid.Group}]
		if !ok {
			g = len(groups)
			at[key{bid.Bidder, bid.Group}] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], b)
	}
	return slices.DeleteFunc(groups, func(g []int) bool { return len(g) < 2 })
}

// scarce are the capacities, budgets and volume caps that can bind: those that accepting every bid, or
// the largest of each group, would exceed.
func (p *Problem) scarce(out []bool, groups [][]int) []row {
	c := p.Case
	lots := make([]row, len(c.Lots))
	for l := range lots {
		lots[l] = row{family: capacity, of: l, rhs: c.Lots[l].Capacity}
	}
	budgets, volumes := make([]row, len(c.Bidders)), make([]row, len(c.Bidders))
	for i := range c.Bidders {
		budgets[i] = row{family: budget, of: i, rhs: c.Bidders[i].Budget}
		volumes[i] = row{family: maxVolume, of: i, rhs: c.Bidders[i].MaxVolume}
	}
	for b := range c.Bids {
		if out[b] {
			continue
		}
		bid := &c.Bids[b]
		volume := 0.0
		for _, r := range bid.Rows {
			lots[r.Lot].add(b, r.Quantity)
			volume += r.Quantity
		}
		budgets[bid.Bidder].add(b, bid.Amount)
		volumes[bid.Bidder].add(b, volume)
	}
	group := make(map[int]int) // by bid, of those in groups
	for g, bids := range groups {
		for _, b := range bids {
			group[b] = g
		}
	}
	var rows []row
	for _, r := range slices.Concat(lots, budgets, volumes) {
		if len(r.terms) > 0 && r.reach(group) > r.rhs && !p.given[rule{limit: -1, family: r.family, of: r.of}] {
			rows = append(rows, r)
		}
	}
	return rows
}

// add adds coef x_b; the terms of one bid come one after the other and become one.
func (r *row) add(b int, coef float64) {
	switch n := len(r.terms); {
	case coef == 0 || math.IsInf(r.rhs, 1):
	case n > 0 && r.terms[n-1].bid == b:
		r.terms[n-1].coef += coef
	default:
		r.terms = append(r.terms, term{b, coef})
	}
}

// reach is a bound on the row's use: all bids, and the largest of each group.
func (r *row) reach(group map[int]int) float64 {
	total := 0.0
	var largest map[int]float64
	for _, t := range r.terms {
		g, ok := group[t.bid]
		if !ok {
			total += t.coef
			continue
		}
		if largest == nil {
			largest = make(map[int]float64)
		}
		if t.coef > largest[g] {
			total += t.coef - largest[g]
			largest[g] = t.coef
		}
	}
	return total
}

// sets are disjoint sets of positions; the root of a set is any of its members.
type sets []int32

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

func (s sets) root(i int) int {
	for int(s[i]) != i {
		s[i] = s[s[i]]
		i = int(s[i])
	}
	return i
}

func (s sets) join(i, j int) { s[s.root(j)] = int32(s.root(i)) }

func (s sets) joinAll(members []int) {
	for _, j := range members {
		s.join(members[0], j)
	}
}
