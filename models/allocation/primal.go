package allocation

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// rounded accepts members greedily, by falling weight.
func (p *packing) rounded(weight []float64, dropped []bool) []int32 {
	order := make([]int32, 0, len(weight))
	for v := range weight {
		if !dropped[v] {
			order = append(order, int32(v))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(weight[b], weight[a]) })
	taken := newBits(1, len(p.value))[0]
	var members []int32
	for _, v := range order {
		if !taken.has(v) {
			members = append(members, v)
			taken.join(p.conflicts[v])
		}
	}
	slices.Sort(members)
	return members
}

// A localSearch improves a packing by forcing members in: those that do not fit with them leave. It is an iterated
// local search as Nogueira, Pinheiro and Subramanian's for independent sets of most weight (Optimization Letters,
// 2018): from the best exchange to the best exchange down to a local optimum, from there on by forcing a few in
// at random, and back to where it stood when that led to less.
type localSearch struct {
	*packing
	near   [][]int32 // by member: its conflicts
	among  []int32   // the members that may be forced in
	lost   []float64 // by member: what those accepted are worth that leave when it is forced in
	at     []int32   // by member: its place among those accepted, -1 for none
	in     []int32   // accepted
	eyed   []int32   // all that might gain when forced in, and perhaps others
	eyeing []bool    // by member: it is one of these, or not to be
	worth  float64
	random *rand.Rand
	// passing is told of the packings that the search goes on from; nil for nobody.
	passing func(members []int32, worth float64)
}

const (
	// A step is forced from the best of kickSample members drawn. One kick in manyKicks forces more than one in, up to
	// mostKicks.
	kickSample = 6
	manyKicks  = 8
	mostKicks  = 4
	// One worse local optimum in keepWorse is gone on from.
	keepWorse = 50
	// patience is for how many steps a search goes on at least without a better packing.
	patience = 2000
	// stopSteps is how often a search asks whether to stop.
	stopSteps = 64
	// exchangeGain is the share of a value by which an exchange has to gain: more than long sums of differences lose.
	exchangeGain = 1e-9
)

func (p *packing) localSearch(seed int64, start []int32) *localSearch {
	s := newLocalSearch(p, p.neighbours(), seed)
	for _, v := range start {
		s.accept(v)
	}
	return s
}

func newLocalSearch(p *packing, near [][]int32, seed int64) *localSearch {
	s := &localSearch{
		packing: p, near: near, lost: make([]float64, len(p.value)), at: make([]int32, len(p.value)),
		eyeing: make([]bool, len(p.value)), random: rand.New(rand.NewPCG(uint64(seed), uint64(len(p.value)))),
	}
	for v := range s.at {
		s.at[v] = -1
		s.among = append(s.among, int32(v))
	}
	return s
}

// neighbours are, by member, its conflicts.
func (p *packing) neighbours() [][]int32 {
	near := make([][]int32, len(p.value))
	for v := range near {
		near[v] = make([]int32, 0, p.conflicts[v].count())
		for u := range p.conflicts[v].all() {
			near[v] = append(near[v], u)
		}
	}
	return near
}

func (s *localSearch) accept(v int32) {
	s.at[v] = int32(len(s.in))
	s.in = append(s.in, v)
	s.worth += s.value[v]
	for _, u := range s.near[v] {
		s.lost[u] += s.value[v]
	}
}

func (s *localSearch) release(v int32) {
	last := s.in[len(s.in)-1]
	s.in[s.at[v]], s.at[last] = last, s.at[v]
	s.in, s.at[v] = s.in[:len(s.in)-1], -1
	s.worth -= s.value[v]
	s.eye(v)
	for _, u := range s.near[v] {
		if s.lost[u] -= s.value[v]; s.value[u] > s.lost[u] {
			s.eye(u)
		}
	}
}

// watch looks at all that may be forced in, and only at these.
func (s *localSearch) watch() {
	s.eyed = s.eyed[:0]
	for v := range s.eyeing {
		s.eyeing[v] = true
	}
	for _, v := range s.among {
		s.eyeing[v] = false
		s.eye(v)
	}
}

// eye looks at v in the next way down.
func (s *localSearch) eye(v int32) {
	if !s.eyeing[v] {
		s.eyeing[v] = true
		s.eyed = append(s.eyed, v)
	}
}

// force accepts v, and releases what does not fit with it.
func (s *localSearch) force(v int32) {
	for i := len(s.in) - 1; i >= 0; i-- {
		if u := s.in[i]; s.conflicts[v].has(u) {
			s.release(u)
		}
	}
	s.accept(v)
}

// descend exchanges until no exchange of one for those that it does not fit with gains.
func (s *localSearch) descend() {
	for {
		pick, most := int32(-1), 0.0
		kept := s.eyed[:0]
		for _, v := range s.eyed {
			gain := s.value[v] - s.lost[v]
			if s.at[v] >= 0 || gain <= exchangeGain*s.value[v] {
				s.eyeing[v] = false
				continue
			}
			kept = append(kept, v)
			if gain > most || gain == most && v < pick {
				pick, most = v, gain
			}
		}
		s.eyed = kept
		if pick < 0 {
			return
		}
		s.force(pick)
	}
}

// kick forces one or a few in.
func (s *localSearch) kick() {
	n := 1
	if s.random.IntN(manyKicks) == 0 {
		n = 2 + s.random.IntN(mostKicks-1)
	}
	for range n {
		pick := int32(-1)
		for range kickSample {
			v := s.among[s.random.IntN(len(s.among))]
			if s.at[v] < 0 && (pick < 0 || s.value[v]-s.lost[v] > s.value[pick]-s.lost[pick]) {
				pick = v
			}
		}
		if pick >= 0 {
			s.force(pick)
		}
	}
}

// run takes so many steps at most, each a kick and the way down from there, until one is worth enough, the last that led to a
// better packing is as long ago as that took, or it is told to stop. It returns the best found.
func (s *localSearch) run(steps int, enough float64, stop func() bool) []int32 {
	s.watch()
	s.descend()
	best, bestWorth := slices.Clone(s.in), s.worth
	stand, standWorth := slices.Clone(s.in), s.worth
	better := 0 // the last step that led to a better packing
	for step := range steps {
		if bestWorth >= enough || step-better > max(better, patience, steps/10) || step%stopSteps == 0 && stop() {
			break
		}
		s.kick()
		s.descend()
		switch {
		case s.worth >= standWorth || s.random.IntN(keepWorse) == 0:
			stand, standWorth = append(stand[:0], s.in...), s.worth
			if s.passing != nil {
				s.passing(stand, standWorth)
			}
			if s.worth > bestWorth {
				best, bestWorth, better = append(best[:0], s.in...), s.worth, step
			}
		default:
			s.reset(stand)
		}
	}
	slices.Sort(best)
	return best
}

// reset goes back to the members of stand, which fit together.
func (s *localSearch) reset(stand []int32) {
	for i := len(s.in) - 1; i >= 0; i-- {
		if v := s.in[i]; !slices.Contains(stand, v) {
			s.release(v)
		}
	}
	for _, v := range stand {
		if s.at[v] < 0 {
			s.accept(v)
		}
	}
}
