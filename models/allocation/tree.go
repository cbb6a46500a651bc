package allocation

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"slices"
)

// A tree is branch and bound of a packing by its relaxation. A branch is some members accepted and others ruled out; what is
// left is a packing of its own, much smaller, as an accepted member rules out all that do not fit with it. The branch of the
// largest bound comes first. Its relaxation is solved, members that reduced costs rule out are dropped, and what is left is
// searched by the prices (packing_ties.go). Where that takes long it is split by a clique: each member of it accepted, those
// before ruled out, or none of them accepted, for which the relaxation goes on from where it stands.
type tree struct {
	*packer
	r              *relaxation
	queue          branches
	made           int
	nodes          int
	leaves, closed int // searches by clique covers, and those that came to their end

	top   float64 // what the best is worth, ties included
	ties  int
	first bool // all that are worth as much are looked at
}

// A branch is a part of the search.
type branch struct {
	in    []int32 // accepted
	worth float64 // of these
	left  bits    // neither accepted nor ruled out
	bound float64 // no packing in it is worth more
	order int     // of making
}

type branches []*branch

func (b branches) Len() int { return len(b) }
func (b branches) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(b[j].bound, b[i].bound), cmp.Compare(b[i].order, b[j].order)) < 0
}
func (b branches) Swap(i, j int) { b[i], b[j] = b[j], b[i] }
func (b *branches) Push(x any)   { *b = append(*b, x.(*branch)) }
func (b *branches) Pop() any {
	last := len(*b) - 1
	x := (*b)[last]
	*b = (*b)[:last]
	return x
}

const (
	// leafWork bounds the work of a search of a branch by clique covers before it is split.
	leafWork = 1_000_000
	// After leafTrials of them, one in leafWorth has to have come to its end for more.
	leafTrials = 24
	leafWorth  = 10
	// leafSteps bounds the steps of the search of a branch by prices before it is split.
	leafSteps = 1_000
	// branchGain is the share of a branch's gap that a round of cuts has to close for another.
	branchGain = 0.1
	// branchCuts is up to what multiple of the rows at the root cuts are added, and anyCuts where any better packing ends the search: of
	// 1.2, 1.5, 2 and 3 the best for core payments of paths on 250 and 500 goods, where more rows slow all branches down.
	branchCuts = 3
	anyCuts    = 1.5
)

// grow searches all packings that are left by branch and bound of so many nodes and iterations of its relaxation, and says
// whether that came to its end.
func (s *packer) grow(ctx context.Context, from *relaxation, nodes int, work int64) (bool, error) {
	sub, members := s.rest(from)
	r, err := sub.relax()
	if err != nil {
		return false, err
	}
	defer r.close()
	r.inherit(from, members)
	t := &tree{packer: sub, r: r, top: sub.most, first: !s.k.problem.AnyOptimum}
	done, err := t.search(ctx, nodes, work)
	s.best = make([]int32, len(sub.best))
	for i, v := range sub.best {
		s.best[i] = members[v]
	}
	s.most, s.bound, s.settled = sub.most, min(s.bound, sub.bound), sub.settled
	return done, err
}

// inherit adds the cuts that have prices in a relaxation of which these are some of the members.
func (r *relaxation) inherit(from *relaxation, members []int32) {
	at := placesOf(members, len(from.value))
	for i := range from.halves {
		if h, says := from.halves[i].among(at); says && from.halves[i].price > 0 {
			r.placedHalf(h)
		}
	}
}

// rest is the search among the members that are left, and which these are.
func (s *packer) rest(r *relaxation) (*packer, []int32) {
	open := r.open()
	at := placesOf(open, len(s.value))
	value, bids := make([]float64, len(open)), make([]int, len(open))
	for i, v := range open {
		value[i], bids[i] = s.value[v], s.members[v]
	}
	var cliques [][]int32
	for q, members := range r.cliques {
		if q < len(s.cliques) || q < len(r.price) && r.price[q] > 0 {
			if kept := renamed(members, at); len(kept) > 1 {
				cliques = append(cliques, kept)
			}
		}
	}
	sub := *s
	sub.packing, sub.members, sub.best = newPacking(value, cliques), bids, renamed(s.best, at)
	return &sub, open
}

// search searches all packings, and says whether that came to its end.
func (t *tree) search(ctx context.Context, nodes int, work int64) (bool, error) {
	root := &branch{left: newBits(1, len(t.value))[0], bound: t.bound}
	for v := range t.value {
		root.left.add(int32(v))
	}
	heap.Push(&t.queue, root)
	rows := float64(len(t.r.cliques) + len(t.r.halves))
	cuts := int(branchCuts * rows)
	if t.anyBetter {
		cuts = int(anyCuts * rows)
	}
	began := t.most
	for len(t.queue) > 0 {
		if t.anyBetter && t.most > began+slack(began) {
			return false, nil
		}
		n := heap.Pop(&t.queue).(*branch)
		t.bound = min(t.bound, max(t.most, n.bound))
		if n.bound < t.enough() {
			break
		}
		done := false
		if !t.stopped(ctx) && t.nodes < nodes && t.r.iterations < work {
			var err error
			if done, err = t.expand(ctx, n, cuts); err != nil {
				return false, err
			}
		}
		if !done {
			return false, nil
		}
	}
	room := t.top - t.most
	if !t.first {
		room += slack(t.top)
	}
	t.bound, t.settled = min(t.bound, t.most+room), t.first
	return true, nil
}

// enough is what a packing has to be worth to be looked for.
func (t *tree) enough() float64 {
	if t.first {
		return t.top - slack(t.top)
	}
	return t.top + slack(t.top)
}

// take takes a packing.
func (t *tree) take(members []int32) {
	slices.Sort(members)
	w := t.worth(members)
	switch {
	case w > t.top+slack(t.top):
		t.best, t.most, t.ties = members, w, 0
		t.first = !t.k.problem.AnyOptimum
		t.tell()
	case w < t.top-slack(t.top):
	case slices.Equal(members, t.best):
	default:
		if t.ties++; t.ties > coverTies {
			t.first = false
		} else if t.first && t.k.before(t.point(members).x, t.point(t.best).x) {
			t.best, t.most = members, w
		}
	}
	t.top = max(t.top, w)
}

// at moves the relaxation to what is left of a branch.
func (r *relaxation) at(left bits) {
	for v := range r.value {
		if out := !left.has(int32(v)); out != r.dropped[v] {
			if out {
				r.drop(int32(v))
			} else {
				r.dropped[v] = false
				r.model.SetBounds(r.vars[v], 0, 1)
			}
		}
	}
}

// expand solves a branch or splits it. It returns false where it was stopped.
func (t *tree) expand(ctx context.Context, n *branch, cuts int) (bool, error) {
	r := t.r
	t.nodes++
	r.at(n.left)
	enough := func() float64 { return t.enough() - n.worth } // what is left has to be worth
	with := func(members []int32) []int32 { return append(slices.Clone(n.in), members...) }
	last := math.Inf(1)
	for {
		open := r.open()
		if len(open) == 0 {
			t.take(with(nil))
			return true, nil
		}
		ok, err := r.solve(ctx, left(t.o, t.deadline))
		if err != nil || !ok {
			return false, err
		}
		if r.bound < enough() {
			return true, nil
		}
		t.take(with(r.rounded(r.x, r.dropped)))
		for _, v := range open {
			if r.with(v) < enough() {
				r.drop(v)
			}
		}
		if last-r.bound > branchGain*(r.bound-enough()) && len(r.cliques)+len(r.halves) < cuts {
			last = r.bound
			if r.tighten() || len(r.halves) > 0 && r.halve() {
				continue
			}
		}
		open = r.open()
		if t.covers() && t.leaf(ctx, n, open) {
			return true, nil
		}
		c := r.choice(open)
		c.least, c.steps, c.stop = enough(), leafSteps, func() bool { return t.stopped(ctx) }
		c.found = func(chosen []int32) {
			members := with(nil)
			for _, i := range chosen {
				members = append(members, open[i])
			}
			t.take(members)
			c.least = enough()
		}
		c.find(c.everyone())
		if c.steps >= 0 {
			return true, nil
		}
		if t.stopped(ctx) {
			return false, nil
		}
		if !t.split(n, enough) {
			return true, nil
		}
		last = math.Inf(1)
	}
}

// covers says whether searches by clique covers have been worth it.
func (t *tree) covers() bool { return t.leaves < leafTrials || t.closed*leafWorth >= t.leaves }

// leaf searches what is left of a branch by clique covers, and says whether that came to its end.
func (t *tree) leaf(ctx context.Context, n *branch, open []int32) bool {
	c := t.coverSearch(open)
	c.budget, c.trial = leafWork, leafWork/8
	c.target = t.enough() - n.worth
	c.stop = func() bool { return c.hopeless() || t.stopped(ctx) }
	c.found = func(members []int32) float64 {
		t.take(append(slices.Clone(n.in), members...))
		return t.enough() - n.worth
	}
	t.leaves++
	if !c.run() {
		return false
	}
	t.closed++
	return true
}

// split makes a branch of each member of a clique, and drops the clique. It returns false where nothing is left.
func (t *tree) split(n *branch, enough func() float64) bool {
	r := t.r
	bound := r.withAccepted()
	for v, b := range bound {
		if !r.dropped[v] && b < enough() {
			r.drop(int32(v))
		}
	}
	q := r.splitting(bound, enough())
	if q < 0 {
		return false
	}
	order := slices.DeleteFunc(slices.Clone(r.cliques[q]), func(v int32) bool { return r.dropped[v] })
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(bound[b], bound[a]) })
	for _, v := range order {
		child := &branch{
			in: append(slices.Clone(n.in), v), worth: n.worth + r.value[v], bound: min(n.bound, n.worth+bound[v]),
			left: newBits(1, len(r.value))[0], order: t.made,
		}
		t.made++
		for u := range r.value {
			if !r.dropped[u] && int32(u) != v {
				child.left.add(int32(u))
			}
		}
		child.left.cut(r.conflicts[v])
		heap.Push(&t.queue, child)
		r.drop(v)
	}
	return true
}

// withAccepted bounds, by member, what a packing is worth that accepts it: its conflicts leave cliques empty, whose prices are
// lost.
func (r *relaxation) withAccepted() []float64 {
	bound := make([]float64, len(r.value))
	open := make([]int32, len(r.cliques)) // by clique: its members not dropped
	of := make([][]int32, len(r.value))   // by member: its cliques with prices
	for q, members := range r.cliques[:len(r.price)] {
		for _, v := range members {
			if !r.dropped[v] {
				open[q]++
			}
			if r.price[q] > 0 {
				of[v] = append(of[v], int32(q))
			}
		}
	}
	hit := make([]int32, len(r.cliques))
	for v := range r.value {
		if r.dropped[v] {
			continue
		}
		clear(hit)
		lost := max(0, r.reduced[v])
		for u := range r.conflicts[v].all() {
			if r.dropped[u] {
				continue
			}
			lost += max(0, -r.reduced[u])
			for _, q := range of[u] {
				hit[q]++
			}
		}
		for _, q := range of[v] {
			hit[q] = -1
		}
		for q, n := range hit {
			if n > 0 && n == open[q] {
				lost += r.price[q]
			}
		}
		bound[v] = r.bound - lost
	}
	return bound
}

// splitScale is how much, as a power, the work of a branch is taken to depend on its gap.
const splitScale = 4.0

// splitting chooses the clique with a price whose branches promise least work, that of a branch with all of the gap being
// exp(splitScale) times that of one with none; -1 where there is none.
func (r *relaxation) splitting(bound []float64, enough float64) int {
	best, least := -1, math.Inf(1)
	room := r.bound - enough
	for q, price := range r.price {
		if price == 0 {
			continue
		}
		work := math.Exp(splitScale * max(0, room-price) / room)
		n := 0
		for _, v := range r.cliques[q] {
			if !r.dropped[v] {
				n++
				work += math.Exp(splitScale * (bound[v] - enough) / room)
			}
		}
		if n > 0 && work < least {
			best, least = q, work
		}
	}
	return best
}
