package allocation

import (
	"cmp"
	"context"
	mathbits "math/bits"
	"slices"
)

// A coverSearch is branch and bound of a packing without a solver: the bound is a cover of the members left by cliques,
// each of which weighs w_q, so that those of a member weigh its value,
//
//	Σ_{q ∋ v} w_q ≥ value_v,   bound = Σ_q w_q
//
// found greedily: the first member not covered yet, with those after it that conflict with all taken before; the clique
// weighs the least that is left of a member's value (Babel 1994; Held, Cook and Sewell 2012). Covered are as many as
// the best packing allows; the search branches on the others alone, each accepted in turn with the covered and those before
// it left. Where much conflicts a packing has few members, and a million of such branches are faster than a few relaxations:
// auctions of a hundred goods in large bundles, that mixed-integer programming takes minutes for, take a second.
type coverSearch struct {
	*packing         // members in the order of the search
	member   []int32 // what they are elsewhere

	target float64 // look for what is worth more
	// found takes a packing worth more than the target and returns the next target.
	found func(members []int32) float64
	// stop is asked now and then whether to give up.
	stop func() bool

	nodes    int
	work     int     // words of sets looked at
	trial    int     // after how many its progress counts
	budget   int     // how many it may look at, and be going to look at
	steady   bool    // its progress has to keep up
	marked   float64 // its progress when it had half as many nodes
	mark     int     // nodes at which that is looked at next
	progress float64 // the part of the search that is done, if all branches of a node were alike
	stopped  bool
	levels   []coverLevel
	chosen   []int32
}

// A coverLevel is the memory of one depth of the search.
type coverLevel struct {
	left, open, covered, clique bits
	rest                        []float64
}

const (
	// stopCheck is how many nodes are searched between questions whether to give up.
	stopCheck = 1 << 6
	// coverTrial is the work after which a search is judged by its progress, some hundredths of a second, and coverWork how much
	// it may be going to need, half a minute's, or sweepWork where mixed-integer programming is going to follow.
	coverTrial = 20_000_000
	coverWork  = 10_000_000_000
	sweepWork  = 3_000_000_000
	// steadyGrowth is by how much progress has to grow there while the nodes double, from steadyNodes on: searches that come to
	// their end do by a quarter.
	steadyGrowth = 1.15
	steadyNodes  = 1 << 13
)

// coverSearch opens the search among some members. Few conflicts and little value come first: they are soon covered, and
// what is branched on leaves little.
func (p *packing) coverSearch(members []int32) *coverSearch {
	s := &coverSearch{member: slices.Clone(members)}
	slices.SortStableFunc(s.member, func(a, b int32) int {
		return cmp.Compare(p.value[a]*float64(p.conflicts[a].count()), p.value[b]*float64(p.conflicts[b].count()))
	})
	s.packing = p.among(s.member)
	return s
}

// run searches for packings worth more than the target until none is left, and says whether it came to its end.
func (s *coverSearch) run() bool {
	all := newBits(1, len(s.value))[0]
	for v := range s.value {
		all.add(int32(v))
	}
	copy(s.level(0).left, all)
	s.search(0, 0, 1)
	return !s.stopped
}

// hopeless says that the search, as far as its progress tells, is going to need too much work (Kilby, Slaney, Thiébaux
// and Walsh 2006: a node's share of the search is split evenly among its branches).
func (s *coverSearch) hopeless() bool {
	if s.steady && s.nodes >= s.mark {
		if s.progress < steadyGrowth*s.marked {
			return true
		}
		s.marked, s.mark = s.progress, 2*max(s.nodes, steadyNodes)
	}
	return s.work > s.budget || s.work > s.trial && float64(s.work) > float64(s.budget)*s.progress
}

func (s *coverSearch) level(depth int) *coverLevel {
	for len(s.levels) <= depth {
		b := newBits(4, len(s.value))
		s.levels = append(s.levels, coverLevel{left: b[0], open: b[1], covered: b[2], clique: b[3], rest: make([]float64, len(s.value))})
	}
	return &s.levels[depth]
}

// search searches what is left at a depth, given what the chosen are worth.
func (s *coverSearch) search(depth int, worth, share float64) {
	if s.nodes++; s.nodes%stopCheck == 0 && s.stop() {
		s.stopped = true
		return
	}
	s.level(depth + 1) // may move the levels
	l := &s.levels[depth]
	if worth > s.target {
		members := make([]int32, len(s.chosen))
		for i, v := range s.chosen {
			members[i] = s.member[v]
		}
		slices.Sort(members)
		s.target = s.found(members)
	}
	s.cover(l, s.target-worth)
	copy(l.left, l.covered)
	branches := l.open.count()
	if branches == 0 {
		s.progress += share
	}
	for i, w := range l.open {
		for ; w != 0; w &= w - 1 {
			v := int32(i<<6 + mathbits.TrailingZeros64(w))
			conflicts, left := s.conflicts[v], l.left
			next := s.levels[depth+1].left[:len(left)]
			for n, w := range left {
				next[n] = w &^ conflicts[n]
			}
			s.chosen = append(s.chosen, v)
			s.search(depth+1, worth+s.value[v], share/float64(branches))
			s.chosen = s.chosen[:len(s.chosen)-1]
			if s.stopped {
				return
			}
			l = &s.levels[depth]
			l.left.add(v)
		}
	}
}

// cover covers what is left with cliques that weigh room at most; open are those not covered.
func (s *coverSearch) cover(l *coverLevel, room float64) {
	open, covered := l.open, l.covered
	copy(open, l.left)
	clear(covered)
	for i, w := range open {
		for ; w != 0; w &= w - 1 {
			v := i<<6 + mathbits.TrailingZeros64(w)
			l.rest[v] = s.value[v]
		}
	}
	var clique [64]int32
	for from := 0; ; {
		for from < len(open) && open[from] == 0 {
			from++
		}
		if from == len(open) {
			return
		}
		// The first that is open, and those after it that conflict with all before.
		v := int32(from<<6 + mathbits.TrailingZeros64(open[from]))
		members, least := append(clique[:0], v), l.rest[v]
		common := l.clique[:len(open)]
		s.work += len(open) - from
		for n, w := range s.conflicts[v][from:len(open)] {
			common[from+n] = open[from+n] & w
		}
		for n := from; n < len(common); n++ {
			for common[n] != 0 {
				v := int32(n<<6 + mathbits.TrailingZeros64(common[n]))
				members, least = append(members, v), min(least, l.rest[v])
				s.work += len(common) - n
				for m, w := range s.conflicts[v][n:len(common)] {
					common[n+m] &= w
				}
			}
		}
		if least > room {
			return
		}
		room -= least
		for _, v := range members {
			if l.rest[v] -= least; l.rest[v] <= 0 {
				open.remove(v)
				covered.add(v)
			}
		}
	}
}

// coverTies is how many optima a cover search looks at one by one.
const coverTies = 1000

// sweep proves the best packing optimal by cover searches, part by part, and settles ties on the way, as all that is
// worth as much is come by. It returns false where a part takes more work than the budget.
func (s *packer) sweep(ctx context.Context, dropped []bool, budget int) bool {
	var open []int32
	for v := range s.value {
		if !dropped[v] {
			open = append(open, int32(v))
		}
	}
	best := newBits(1, len(s.value))[0]
	for _, v := range s.best {
		best.add(v)
	}
	parts := s.parts(open)
	var all []int32
	done, settled, room := true, true, 0.0
	for _, members := range parts {
		now := slices.DeleteFunc(slices.Clone(members), func(v int32) bool { return !best.has(v) })
		p := s.sweepPart(ctx, members, now, budget)
		done, settled, room = done && p.proven, settled && p.first, room+p.room
		all = append(all, p.best...)
	}
	slices.Sort(all)
	if w := s.worth(all); w >= s.most-room-slack(s.most) && s.fits(all) {
		s.best, s.most = all, w
	}
	if done {
		s.bound = min(s.bound, s.most+room)
		s.settled = settled
	}
	return done
}

// A swept part is the best packing of some members.
type swept struct {
	best   []int32
	proven bool
	room   float64 // by how much another may be worth more, proven
	first  bool    // of the optima
}

// sweepPart searches some members from a packing of them on.
func (s *packer) sweepPart(ctx context.Context, members, best []int32, budget int) swept {
	c := s.coverSearch(members)
	c.trial, c.budget, c.steady = coverTrial, budget, budget == sweepWork
	c.stop = func() bool { return c.hopeless() || s.stopped(ctx) }
	most, ties := s.worth(best), 0
	top := most // of those that are worth as much as the best but for rounding
	first := !s.k.problem.AnyOptimum
	target := func() float64 {
		if first {
			return top - slack(top)
		}
		return top + slack(top)
	}
	c.target = target()
	c.found = func(other []int32) float64 {
		w := s.worth(other)
		switch {
		case w > top+slack(top):
			best, most, ties = other, w, 0
			first = !s.k.problem.AnyOptimum
		case w < top-slack(top):
		default:
			if ties++; ties > coverTies {
				first = false
			} else if s.k.before(s.point(other).x, s.point(best).x) {
				best, most = other, w
			}
		}
		top = max(top, w)
		return target()
	}
	p := swept{proven: c.run(), best: best}
	p.first = first && p.proven
	if p.room = top - most; !first {
		p.room += slack(top)
	}
	return p
}
