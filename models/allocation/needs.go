package allocation

import (
	mathbits "math/bits"
	"slices"
)

// A needSearch is a cover search for packings that accept one member of every need. Where a need has fewer members left
// than the cover leaves open, the search branches on these instead.
type needSearch struct {
	*coverSearch
	needs []bits // by need: its members in the order of the search
	met   []bool
}

// needSearch opens the search among some members, of which needs are sets by position.
func (p *packing) needSearch(members []int32, needs [][]int32) *needSearch {
	s := &needSearch{coverSearch: p.coverSearch(members), met: make([]bool, len(needs)), needs: newBits(len(needs), len(members))}
	at := make([]int32, len(p.value))
	for i, v := range s.member {
		at[v] = int32(i)
	}
	for n, need := range needs {
		for _, v := range need {
			s.needs[n].add(at[members[v]])
		}
	}
	return s
}

// run searches for packings worth more than the target until none is left, and says whether it came to its end.
func (s *needSearch) run() bool {
	left := s.level(0).left
	for v := range s.value {
		left.add(int32(v))
	}
	s.search(0, 0, 1)
	return !s.stopped
}

// fewest is the need with the fewest members left, and how many; -1 where all are met.
func (s *needSearch) fewest(left bits) (need, count int) {
	need = -1
	for n, members := range s.needs {
		if s.met[n] {
			continue
		}
		if c := members.shared(left); need < 0 || c < count {
			need, count = n, c
		}
	}
	return need, count
}

// search searches what is left at a depth, given what the chosen are worth.
func (s *needSearch) search(depth int, worth, share float64) {
	if s.nodes++; s.nodes%stopCheck == 0 && s.stop() {
		s.stopped = true
		return
	}
	s.level(depth + 1) // may move the levels
	l := &s.levels[depth]
	need, count := s.fewest(l.left)
	if need >= 0 && count == 0 {
		s.progress += share
		return
	}
	if need < 0 && worth > s.target {
		members := make([]int32, len(s.chosen))
		for i, v := range s.chosen {
			members[i] = s.member[v]
		}
		slices.Sort(members)
		if s.target = s.found(members); s.stopped {
			return
		}
	}
	s.cover(l, s.target-worth)
	branches := l.open.count()
	if branches == 0 {
		s.progress += share
		return
	}
	by := need >= 0 && count <= branches
	if by {
		copy(l.open, l.left)
		l.open.meet(s.needs[need])
		s.met[need] = true
		branches = count
	} else {
		copy(l.left, l.covered)
	}
	for i := range l.open {
		for w := l.open[i]; w != 0; w &= w - 1 {
			v := int32(i<<6 + mathbits.TrailingZeros64(w))
			if by {
				l.left.remove(v)
			}
			met := s.meet(v)
			next := s.levels[depth+1].left
			copy(next, l.left)
			next.cut(s.conflicts[v])
			s.chosen = append(s.chosen, v)
			s.search(depth+1, worth+s.value[v], share/float64(branches))
			s.chosen = s.chosen[:len(s.chosen)-1]
			if met >= 0 {
				s.met[met] = false
			}
			if s.stopped {
				return
			}
			if l = &s.levels[depth]; !by {
				l.left.add(v)
			}
		}
	}
	if by {
		s.met[need] = false
	}
}

// meet marks the need that v meets, and returns it; -1 where it meets none that is not met yet.
func (s *needSearch) meet(v int32) int {
	for n, members := range s.needs {
		if !s.met[n] && members.has(v) {
			s.met[n] = true
			return n
		}
	}
	return -1
}
