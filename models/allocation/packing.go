package allocation

import (
	"math"
	"slices"

	"lotwise/solver"
)

// A packing is winner determination among whole bids of which any two either fit together or never do, as where
// single goods are sold in bundles: every row and every group is a clique, a set of members of which at most one is
// accepted.
//
//	max  Σ_v value_v x_v
//	s.t. Σ_{v ∈ q} x_v ≤ 1      every clique q
//	     x_v ∈ {0, 1}
//
// Members are known by their position in it.
type packing struct {
	value     []float64
	cliques   [][]int32 // two members that do not fit together are in one of them
	in        [][]int32 // by member: the cliques it is in
	conflicts []bits    // by member: those that it does not fit together with
}

// newPacking finds the conflicts of members in cliques.
func newPacking(value []float64, cliques [][]int32) *packing {
	p := &packing{value: value, cliques: cliques, in: make([][]int32, len(value)), conflicts: newBits(len(value), len(value))}
	mask := newBits(1, len(value))[0]
	for q, members := range cliques {
		clear(mask)
		for _, v := range members {
			p.in[v] = append(p.in[v], int32(q))
			mask.add(v)
		}
		for _, v := range members {
			p.conflicts[v].join(mask)
		}
	}
	for v := range p.conflicts {
		p.conflicts[v].remove(int32(v))
	}
	return p
}

// packingMembers is up to how many bids a component is solved as a packing: its conflicts take a bit a pair.
const packingMembers = 10_000

// packing states the component as a packing of the bids that can be accepted, and says which these are; nil where
// it is none.
func (k *component) packing() (p *packing, members []int) {
	switch {
	case len(k.bids) > packingMembers, len(k.requires) > 0, len(k.misses) > 0, len(k.controls) > 0, len(k.counts) > 0:
		return nil, nil
	}
	value := slices.Clone(k.value)
	for j := range k.bids {
		if k.least[j] < 1 {
			return nil, nil
		}
	}
	alternative := make([]int, len(k.bids))
	for g, bids := range k.groups {
		for _, j := range bids {
			alternative[j] = g + 1
		}
	}
	for _, e := range k.entries { // alternatives pay the fee once, as if it were each one's own
		for _, j := range e.bids {
			if len(e.bids) > 1 && (alternative[j] == 0 || alternative[j] != alternative[e.bids[0]]) {
				return nil, nil
			}
			value[j] -= e.fee
		}
	}
	for i := range k.rows {
		r := &k.rows[i]
		if !r.packs() || r.only > 0 {
			return nil, nil
		}
		least, second := math.Inf(1), math.Inf(1)
		for _, t := range r.terms {
			switch {
			case t.coef > r.rhs+slack(r.rhs):
				value[t.bid] = -1 // never fits
			case t.coef < least:
				least, second = t.coef, least
			case t.coef < second:
				second = t.coef
			}
		}
		if least+second <= r.rhs+slack(r.rhs) {
			return nil, nil
		}
	}
	at := make([]int32, len(k.bids))
	var worth []float64
	for j := range k.bids {
		at[j] = -1
		if value[j] >= 0 {
			at[j] = int32(len(members))
			members, worth = append(members, j), append(worth, value[j])
		}
	}
	var cliques [][]int32
	add := func(n int, bid func(i int) int) {
		var q []int32
		for i := range n {
			if v := at[bid(i)]; v >= 0 {
				q = append(q, v)
			}
		}
		if len(q) > 1 {
			slices.Sort(q)
			cliques = append(cliques, q)
		}
	}
	for _, r := range k.rows {
		add(len(r.terms), func(i int) int { return r.terms[i].bid })
	}
	for _, g := range k.groups {
		add(len(g), func(i int) int { return g[i] })
	}
	return newPacking(worth, cliques), members
}

// placesOf are, by member, its place among some, -1 for none.
func placesOf(members []int32, size int) []int32 {
	at := make([]int32, size)
	for v := range at {
		at[v] = -1
	}
	for i, v := range members {
		at[v] = int32(i)
	}
	return at
}

// renamed are the members that have a place at theirs, -1 for none, by it.
func renamed(members, at []int32) []int32 {
	var kept []int32
	for _, v := range members {
		if at[v] >= 0 {
			kept = append(kept, at[v])
		}
	}
	return kept
}

// among is the packing of some members, in their order, without cliques.
func (p *packing) among(members []int32) *packing {
	at := placesOf(members, len(p.value))
	a := &packing{value: make([]float64, len(members)), conflicts: newBits(len(members), len(members))}
	for i, v := range members {
		a.value[i] = p.value[v]
		for u := range p.conflicts[v].all() {
			if at[u] >= 0 {
				a.conflicts[i].add(at[u])
			}
		}
	}
	return a
}

// worth is what the members are worth together.
func (p *packing) worth(members []int32) float64 {
	var s solver.Sum
	for _, v := range members {
		s.Add(p.value[v])
	}
	return s.Value()
}

// fits says whether the members fit together.
func (p *packing) fits(members []int32) bool {
	taken := newBits(1, len(p.value))[0]
	for _, v := range members {
		if taken.has(v) {
			return false
		}
		taken.add(v)
		taken.join(p.conflicts[v])
	}
	return true
}

// parts are the members of each part that shares no conflict with the rest, among those given in ascending order.
func (p *packing) parts(members []int32) [][]int32 {
	left := newBits(1, len(p.value))[0]
	for _, v := range members {
		left.add(v)
	}
	next := make(bits, len(left))
	var parts [][]int32
	for _, first := range members {
		if !left.has(first) {
			continue
		}
		part := []int32{first}
		left.remove(first)
		for n := 0; n < len(part); n++ {
			copy(next, p.conflicts[part[n]])
			next.meet(left)
			for v := range next.all() {
				part = append(part, v)
			}
			left.cut(next)
		}
		slices.Sort(part)
		parts = append(parts, part)
	}
	return parts
}
