package main

import (
	"slices"

	"lotwise/models/auction"
)

// A plan says which run of a sweep starts from which: from that of the scenario with which it shares most, so that a tree
// of scenarios grows from base. It depends on the scenarios alone, so that every way to the end of a sweep, in
// one go, in several or in shards, writes the same runs.
type plan struct {
	base   int
	parent []int // by scenario: the one that it starts from; -1 for base
	order  []int // of all scenarios: each after its parent, and next to those that share most with it
}

// planned is the plan of scenarios that start from others; base is that which changes nothing.
func planned(list []auction.Assumption, base int) plan {
	p := plan{base: base, parent: make([]int, len(list))}
	// Those that change less come before.
	sizes := make([]int, len(list))
	for i := range list {
		sizes[i] = i
	}
	slices.SortStableFunc(sizes, func(i, j int) int {
		if i == base || j == base {
			return map[bool]int{true: -1, false: 1}[i == base]
		}
		return len(list[i].Changes) - len(list[j].Changes)
	})
	children := make([][]int, len(list))
	p.parent[base] = -1
	for k, i := range sizes[1:] {
		best, nearest := 0, -1
		for _, j := range sizes[:k+1] {
			if d := difference(list[i].Changes, list[j].Changes); nearest < 0 || d < best {
				best, nearest = d, j
			}
		}
		p.parent[i] = nearest
		children[nearest] = append(children[nearest], i)
	}
	var visit func(i int)
	visit = func(i int) {
		p.order = append(p.order, i)
		for _, c := range children[i] {
			visit(c)
		}
	}
	visit(base)
	return p
}

// difference weighs the changes that two scenarios do not share.
func difference(a, b []auction.Change) int {
	count := map[auction.Change]int{}
	for _, c := range a {
		c.Source = auction.Source{}
		count[c]++
	}
	for _, c := range b {
		c.Source = auction.Source{}
		count[c]--
	}
	d := 0
	for c, n := range count {
		d += weight(c.Table) * max(n, -n)
	}
	return d
}

// weight is how far a change of a table moves equilibrium bids, roughly: what is for sale, and how, moves everybody's; what
// rows cost moves some bids; what a station costs as a whole moves few.
func weight(table string) int {
	switch table {
	case "lots", "rules":
		return 4
	case "facilities":
		return 1
	}
	return 2
}

// shard returns the scenarios of a shard, from 1, each after those that it starts from. Shards are stretches of the
// plan's order, so that few scenarios of other shards are run again for those that start from them.
func (p plan) shard(n, of int) []int {
	wanted := make([]bool, len(p.order))
	for _, i := range p.order[(n-1)*len(p.order)/of : n*len(p.order)/of] {
		for ; i >= 0 && !wanted[i]; i = p.parent[i] {
			wanted[i] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(p.order), func(i int) bool { return !wanted[i] })
}

// apart is the plan of scenarios of which none starts from another.
func apart(count, base int) plan {
	p := plan{base: base, parent: make([]int, count), order: make([]int, count)}
	for i := range count {
		p.parent[i], p.order[i] = -1, i
	}
	return p
}
