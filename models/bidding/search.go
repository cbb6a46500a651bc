package bidding

import (
	"context"
	"math"
	"slices"

	"lotwise/models/auction"
)

// A stand is a bid in every lot of a part, with what it is worth.
type stand struct {
	t      *part
	chosen []*choice
	// by scene and set: the pools' values, less what the set costs. Not kept where V itself is asked.
	total []float64
	gross float64 // Σ_k π_k V(w_k) − V(0)
	value float64 // gross less charges
	exact bool    // V itself is asked rather than the pools
	temp  []int32
}

// stand starts from the rows of a strategy, or, where none is given, from nothing.
func (t *part) stand(exact bool, from auction.Strategy) *stand {
	s := &stand{t: t, exact: exact}
	for i := range t.lots {
		s.chosen = append(s.chosen, t.lots[i].choose(t.lots[i].fit(from)))
	}
	s.tally()
	return s
}

// with returns a stand on these choices.
func (t *part) with(exact bool, chosen []*choice) *stand {
	s := &stand{t: t, exact: exact, chosen: append([]*choice(nil), chosen...)}
	s.tally()
	return s
}

// won returns the levels that a scene gives in a pool's lots.
func (s *stand) won(q *poolView, k int) []int32 {
	s.temp = s.temp[:0]
	for _, l := range q.lots {
		s.temp = append(s.temp, s.chosen[l].won[s.t.scenes[k].supply[l]])
	}
	return s.temp
}

// tally computes total and value.
func (s *stand) tally() {
	t := s.t
	defer s.recharge()
	s.gross = -t.weight * t.zero
	if s.exact {
		w := make([]float64, len(t.lots))
		for k := range t.scenes {
			for l := range w {
				w[l] = t.lots[l].levels[s.chosen[l].won[t.scenes[k].supply[l]]]
			}
			s.gross += t.scenes[k].probability * t.values.Value(w)
		}
		return
	}
	if t.scarce != nil {
		s.tallyScarce()
		return
	}
	n := len(t.sets)
	if s.total == nil {
		s.total = make([]float64, n*len(t.scenes))
	}
	for k := range t.scenes {
		row := s.total[k*n : (k+1)*n]
		for o := range row {
			row[o] = -t.fixed[o]
		}
		for z := range t.pools {
			q := &t.pools[z]
			v := t.value(q, s.won(q, k))
			for o := range row {
				row[o] += v[q.local[o]]
			}
		}
		s.gross += t.scenes[k].probability * maximum(row)
	}
}

// recharge computes value anew: the part's charges have changed.
func (s *stand) recharge() {
	s.value = s.gross
	for l, c := range s.chosen {
		s.value -= s.t.lots[l].charge(c)
	}
}

func maximum(x []float64) float64 {
	m := x[0]
	for _, v := range x[1:] {
		m = max(m, v)
	}
	return m
}

// worth returns what winning each level of one lot is worth while the other lots' choices stay, by supply
// of the lot and level, times the supply's probability.
func (s *stand) worth(l int) [][]float64 {
	t := s.t
	lot := &t.lots[l]
	worth := lot.blank()
	if s.exact {
		w := make([]float64, len(t.lots))
		for k := range t.scenes {
			for j := range w {
				w[j] = t.lots[j].levels[s.chosen[j].won[t.scenes[k].supply[j]]]
			}
			h := worth[t.scenes[k].supply[l]]
			for _, v := range lot.matter(s.beside(l)) {
				if int(v) < len(h) {
					w[l] = lot.levels[v]
					h[v] += t.scenes[k].probability * t.values.Value(w)
				}
			}
		}
		return worth
	}
	if t.scarce != nil {
		return s.worthScarce(l, worth)
	}
	q := &t.pools[lot.pool]
	n := len(t.sets)
	rest := make([]float64, n)
	matter := lot.matter(s.beside(l))
	for k := range t.scenes {
		won := s.won(q, k)
		now := t.value(q, won)
		for o := range rest {
			rest[o] = s.total[k*n+o] - now[q.local[o]]
		}
		h := worth[t.scenes[k].supply[l]]
		for _, v := range matter {
			if int(v) >= len(h) {
				break
			}
			won[lot.place] = v
			x := t.value(q, won)
			best := math.Inf(-1)
			for o, r := range rest {
				best = max(best, r+x[q.local[o]])
			}
			h[v] += t.scenes[k].probability * best
		}
	}
	return worth
}

// matter returns the levels that can be won by a bid for one that matters, extra ones included, ascending.
func (l *lotView) matter(extra []int32) []int32 {
	if len(extra) == 0 {
		return l.base
	}
	m := slices.Concat(l.base, extra)
	slices.Sort(m)
	return slices.Compact(m)
}

// blank returns zeros by supply and level, up to the most that the supply can leave.
func (l *lotView) blank() [][]float64 {
	b := make([][]float64, len(l.most))
	for k := range b {
		n := 1
		if len(l.ticks) > 0 {
			n += int(l.most[k][len(l.ticks)-1])
		}
		b[k] = make([]float64, n)
	}
	return b
}

// noise is the relative error of a profit that was computed in another order.
const noise = 1e-12

// slack returns what counts as rounding in this part's profits.
func (t *part) slack() float64 { return noise * t.scale }

// beside returns the levels of a lot that matter beside what the other lot of its pool wins.
func (s *stand) beside(l int) []int32 {
	lot := &s.t.lots[l]
	if lots := s.t.pools[lot.pool].lots; len(lots) == 2 {
		return lot.beside(s.chosen[lots[1-lot.place]])
	}
	return nil
}

// climb moves one lot after the other to its best choice given the others until none gains.
func (s *stand) climb() {
	steps := s.t.p.Rules.BidSteps
	for idle, l := 0, 0; idle < len(s.t.lots); l = (l + 1) % len(s.t.lots) {
		lot := &s.t.lots[l]
		old, before := s.chosen[l], s.value
		c, _ := lot.best(s.worth(l), steps, lot.anything(), s.beside(l))
		s.chosen[l] = c
		s.tally()
		if s.value > before+s.t.slack() {
			idle = 0
			continue
		}
		idle++
		if s.value < before || c == nil {
			s.chosen[l] = old
			s.tally()
		}
	}
}

// improve searches locally from each start and from bids that are best if one set of facilities is always
// open: the way out of where no lot alone gains, such as all lots that empty a station. It returns the best
// stand found.
func (t *part) improve(starts ...*stand) *stand {
	var best *stand
	try := func(s *stand) {
		s.climb()
		if best == nil || s.value > best.value+t.slack() {
			best = s
		}
	}
	for _, s := range starts {
		try(t.with(false, s.chosen))
	}
	if !t.bounded() {
		for _, s := range t.leaders() {
			try(s)
		}
	}
	anything := t.anything()
	for o := range t.sets {
		for _, price := range t.scarce.some() {
			chosen := t.nothing()
			for z := range t.pools {
				t.poolClimb(z, t.only(&t.pools[z], o, price), anything, chosen)
			}
			try(t.with(false, chosen))
		}
	}
	if t.told() {
		return best
	}
	// The pools did not tell all: judge by V, and climb by it where that is affordable.
	var exact *stand
	work := 0
	for l := range t.lots {
		work += len(t.lots[l].levels) * len(t.scenes)
	}
	for _, s := range append(starts, best) {
		e := t.with(true, s.chosen)
		if work <= affordable {
			e.climb()
		}
		if exact == nil || e.value > exact.value+t.slack() {
			exact = e
		}
	}
	return exact
}

// only returns weights under which a pool has one set of facilities open in every scene, its scarce station's
// capacity at a price.
func (t *part) only(q *poolView, set int, price float64) []float64 {
	weights := make([]float64, q.stride*len(t.scenes))
	for i := range weights {
		switch o := i % q.stride; {
		case o == len(t.sets):
			weights[i] = price
		case o != set:
			weights[i] = math.Inf(-1)
		}
	}
	return weights
}

// told says whether the pools tell V itself.
func (t *part) told() bool {
	return len(t.sets) == 1<<t.net.Facilities() && (!t.net.Scarce() || t.scarce != nil)
}

// anything returns boxes without limits.
func (t *part) anything() []box {
	var boxes []box
	for l := range t.lots {
		boxes = append(boxes, t.lots[l].anything())
	}
	return boxes
}

// nothing returns the choices of a bid for nothing.
func (t *part) nothing() []*choice {
	var chosen []*choice
	for l := range t.lots {
		chosen = append(chosen, t.lots[l].choose(nil))
	}
	return chosen
}

// leaders returns a start for each lot: its best bid if it is the only lot. Where many lots stand in for each other,
// which of them leads decides where a local search ends.
func (t *part) leaders() []*stand {
	var starts []*stand
	for l := range t.lots {
		s := t.stand(false, nil)
		if c, _ := t.lots[l].best(s.worth(l), t.p.Rules.BidSteps, t.lots[l].anything(), nil); len(c.rows) > 0 {
			s.chosen[l] = c
			s.tally()
			starts = append(starts, s)
		}
	}
	return starts
}

// affordable is how many values of V a pass over all lots may ask for: about a second's flows.
const affordable = 30_000

// poolBest writes into chosen the best choices of one pool's lots when in scene k the set o of facilities
// is worth weights[k·sets+o] to it on top of its value: max Σ_k π_k max_o (value + weight) − charge. It
// returns that maximum. Of two lots the maximum returned may be up to off over what is chosen, but not under what
// any choice gives; chosen then is where the search starts. boxes limits the choices, by lot of the part.
func (t *part) poolBest(ctx context.Context, z int, weights []float64, boxes []box, chosen []*choice, off float64) float64 {
	q := &t.pools[z]
	switch len(q.lots) {
	case 0:
		v := 0.0
		x := t.value(q, nil)
		for k := range t.scenes {
			v += t.scenes[k].probability * t.most(q, x, weights, k)
		}
		return v
	case 1:
		return t.lotBest(q, 0, weights, boxes, chosen)
	}
	return t.pairBest(ctx, q, weights, boxes, chosen, off)
}

// lotBest is poolBest for one lot of a pool while its others stay as chosen; it counts the charge of
// that lot alone.
func (t *part) lotBest(q *poolView, place int, weights []float64, boxes []box, chosen []*choice) float64 {
	l := q.lots[place]
	lot := &t.lots[l]
	var extra []int32
	if len(q.lots) == 2 {
		extra = lot.beside(chosen[q.lots[1-place]])
	}
	extra = lot.edges(boxes[l], extra)
	matter := lot.matter(extra)
	worth := lot.blank()
	won := make([]int32, len(q.lots))
	for k := range t.scenes {
		for i, m := range q.lots {
			if i != place {
				won[i] = chosen[m].won[t.scenes[k].supply[m]]
			}
		}
		h := worth[t.scenes[k].supply[l]]
		for _, v := range matter {
			if int(v) >= len(h) {
				break
			}
			won[place] = v
			h[v] += t.scenes[k].probability * t.most(q, t.value(q, won), weights, k)
		}
	}
	c, v := lot.best(worth, t.p.Rules.BidSteps, boxes[l], extra)
	if c != nil {
		chosen[l] = c
	}
	return v
}

// poolClimb moves one lot of a pool after the other to its best choice from where chosen stands, and returns the
// pool's value of what is chosen in the end: no more than poolBest's.
func (t *part) poolClimb(z int, weights []float64, boxes []box, chosen []*choice) float64 {
	q := &t.pools[z]
	last := math.Inf(-1)
	for {
		v := math.Inf(-1)
		for place, l := range q.lots {
			v = t.lotBest(q, place, weights, boxes, chosen)
			for _, m := range q.lots {
				if m != l {
					v -= t.lots[m].charge(chosen[m])
				}
			}
		}
		if len(q.lots) < 2 || v <= last+t.slack() {
			return max(v, last)
		}
		last = v
	}
}

// most returns max_o (value + weight) in a scene.
func (t *part) most(q *poolView, value, weights []float64, k int) float64 {
	best := math.Inf(-1)
	if q.priced != nil {
		row := weights[k*q.stride : (k+1)*q.stride]
		b := q.priced.between(row[len(t.sets)])
		for o, w := range row[:len(t.sets)] {
			best = max(best, w+q.priced.value(value, q.local[o], b))
		}
		return best
	}
	for o, w := range weights[k*len(t.sets) : (k+1)*len(t.sets)] {
		best = max(best, w+value[q.local[o]])
	}
	return best
}

// strategy writes a stand as a strategy.
func (s *stand) strategy() auction.Strategy {
	var out auction.Strategy
	for l, c := range s.chosen {
		out = s.t.lots[l].strategy(out, c)
	}
	return out
}
