package allocation

import (
	"context"
	"slices"
)

// A wideSearch is a large neighbourhood search (Shaw 1998): the accepted around one of them are released together, as many as
// leave so many members to choose from that fit with the others, and of these the best packing is found by clique covers, which
// for some hundred members takes less than a thousandth of a second. Where no release of this kind gains, a few members are
// forced in side by side, and only what is around these is looked at again (an iterated local search, as with exchanges of one).
type wideSearch struct {
	*packing
	exchanges *localSearch
	taken     bits // by those that stay, and what does not fit with them
	reach     bits
}

const (
	// It is chosen from wideFrom members at a time, then from wideStep more up to wideTo.
	wideFrom = 100
	wideTo   = 200
	wideStep = 50
	// wideWork bounds the work of each choice: most take a twentieth.
	wideWork = 3_000_000
	// wideKicks is how many members at most are forced in at a time, wideDraws how often each is drawn until it is beside the last.
	wideKicks = 4
	wideDraws = 200
	// wideVain rounds in a row that find nothing better are the last.
	wideVain = 20
)

func (p *packing) wideSearch(seed int64) *wideSearch {
	b := newBits(2, len(p.value))
	return &wideSearch{packing: p, exchanges: newLocalSearch(p, p.neighbours(), seed), taken: b[0], reach: b[1]}
}

// run goes on from a packing for so many rounds at most, until one is worth enough, wideVain rounds in a row have found nothing
// better, or it is told to stop. It returns the best found, and how many rounds are left.
func (s *wideSearch) run(start []int32, rounds int, enough float64, stop func() bool) ([]int32, int) {
	best := s.widen(slices.Clone(start), start, stop)
	most, vain := s.worth(best), 0
	for ; rounds > 0 && vain < wideVain && most < enough && !stop(); rounds-- {
		kicked := s.kick(best)
		changed := slices.DeleteFunc(slices.Clone(kicked), func(v int32) bool { return slices.Contains(best, v) })
		found := s.widen(kicked, changed, stop)
		vain++
		if worth := s.worth(found); worth >= most {
			if worth > most+exchangeGain*most {
				vain = 0
			}
			best, most = found, worth
		}
	}
	return best, rounds
}

// searchWide searches among the members that are left, for so many rounds: from the best packing on, then from those of local searches.
func (s *packer) searchWide(ctx context.Context, r *relaxation, rounds int) {
	open := r.open()
	left := s.among(open)
	w := left.wideSearch(s.o.Seed)
	stop := func() bool { return s.stopped(ctx) }
	start := renamed(s.best, placesOf(open, len(s.value)))
	for seed := s.o.Seed; rounds > 0 && !s.closed() && !stop(); seed++ {
		enough := s.bound - s.slack()
		var found []int32
		found, rounds = w.run(start, rounds-1, enough, stop)
		for i, v := range found {
			found[i] = open[v]
		}
		s.offer(found)
		start = left.localSearch(seed, nil).run(quickSteps, enough, stop)
	}
}

// kick forces members in side by side, and goes down from there by exchanges.
func (s *wideSearch) kick(members []int32) []int32 {
	e := s.exchanges
	e.reset(members)
	if len(e.in) == 0 {
		return nil
	}
	beside := e.in[e.random.IntN(len(e.in))]
	for range 1 + e.random.IntN(wideKicks) {
		for range wideDraws {
			v := int32(e.random.IntN(len(s.value)))
			if e.at[v] < 0 && s.conflicts[beside].has(v) {
				e.force(v)
				beside = v
				break
			}
		}
	}
	e.watch()
	e.descend()
	found := slices.Clone(e.in)
	slices.Sort(found)
	return found
}

// widen releases what is around each of the changed, and of what comes in their place, as long as that gains.
func (s *wideSearch) widen(members, changed []int32, stop func() bool) []int32 {
	changed = slices.Clone(changed)
	for size := wideFrom; size <= wideTo; size += wideStep {
		for i := 0; i < len(changed) && !stop(); i++ {
			if !slices.Contains(members, changed[i]) {
				continue
			}
			open := s.around(members, changed[i], size)
			better := s.best(members, open)
			if better == nil {
				continue
			}
			for _, v := range better {
				if !slices.Contains(members, v) && !slices.Contains(changed, v) {
					changed = append(changed, v)
				}
			}
			members = slices.DeleteFunc(members, func(v int32) bool { return slices.Contains(open, v) })
			members = append(members, better...)
			slices.Sort(members)
		}
	}
	return members
}

// best is the best packing of open members, nil where those of the packing are as good.
func (s *wideSearch) best(members, open []int32) (better []int32) {
	most := 0.0
	for _, v := range members {
		if slices.Contains(open, v) {
			most += s.value[v]
		}
	}
	c := s.coverSearch(open)
	c.target = most + exchangeGain*most
	c.stop = func() bool { return c.work > wideWork }
	c.found = func(found []int32) float64 {
		better = found
		most = s.worth(found)
		return most + exchangeGain*most
	}
	c.run()
	return better
}

// around are the members that may be accepted when some of the packing are released around one: of those left the one that shares most
// conflicts with the released, as long as there are no more than size.
func (s *wideSearch) around(members []int32, one int32, size int) (open []int32) {
	kept := slices.DeleteFunc(slices.Clone(members), func(v int32) bool { return v == one })
	copy(s.reach, s.conflicts[one])
	for {
		clear(s.taken)
		for _, v := range kept {
			s.taken.add(v)
			s.taken.join(s.conflicts[v])
		}
		var next []int32
		for v := range s.value {
			if !s.taken.has(int32(v)) {
				next = append(next, int32(v))
			}
		}
		if len(next) > size && open != nil {
			return open
		}
		if open = next; len(kept) == 0 {
			return open
		}
		nearest, most := 0, -1.0
		for i, v := range kept {
			if share := float64(s.reach.shared(s.conflicts[v])) / float64(1+s.conflicts[v].count()); share > most {
				nearest, most = i, share
			}
		}
		s.reach.join(s.conflicts[kept[nearest]])
		kept = slices.Delete(kept, nearest, nearest+1)
	}
}
