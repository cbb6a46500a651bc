package bidding

import (
	"math"

	"lotwise/models/auction"
)

// A stand is a bid in every lot of a part, with what it is worth.
type stand struct {
	t      *part
	fee    toll
	chosen []*choice
	// by scene and set: the pools' values, less what the set costs. Not kept where V itself is asked.
	total []float64
	value float64 // expected profit less toll
	exact bool    // V itself is asked rather than the pools
	temp  []int32
}

// stand starts from the rows of a strategy, or, where none is given, from nothing.
func (t *part) stand(fee toll, exact bool, from auction.Strategy) *stand {
	s := &stand{t: t, fee: fee, exact: exact}
	for i := range t.lots {
		s.chosen = append(s.chosen, t.lots[i].choose(t.lots[i].fit(from)))
	}
	s.tally()
	return s
}

// with returns a stand on these choices.
func (t *part) with(fee toll, exact bool, chosen []*choice) *stand {
	s := &stand{t: t, fee: fee, exact: exact, chosen: append([]*choice(nil), chosen...)}
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
	s.value = -t.weight * t.zero
	for _, c := range s.chosen {
		s.value -= c.pay + s.fee.of(c)
	}
	if s.exact {
		w := make([]float64, len(t.lots))
		for k := range t.scenes {
			for l := range w {
				w[l] = t.lots[l].levels[s.chosen[l].won[t.scenes[k].supply[l]]]
			}
			s.value += t.scenes[k].probability * t.values.Value(w)
		}
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
		s.value += t.scenes[k].probability * maximum(row)
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
			for v := range h {
				w[l] = lot.levels[v]
				h[v] += t.scenes[k].probability * t.values.Value(w)
			}
		}
		return worth
	}
	q := &t.pools[lot.pool]
	n := len(t.sets)
	rest := make([]float64, n)
	for k := range t.scenes {
		won := s.won(q, k)
		now := t.value(q, won)
		for o := range rest {
			rest[o] = s.total[k*n+o] - now[q.local[o]]
		}
		h := worth[t.scenes[k].supply[l]]
		for v := range h {
			won[lot.place] = int32(v)
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

// climb moves one lot after the other to its best choice given the others until none gains.
func (s *stand) climb() {
	steps := s.t.p.Rules.BidSteps
	for idle, l := 0, 0; idle < len(s.t.lots); l = (l + 1) % len(s.t.lots) {
		lot := &s.t.lots[l]
		old, before := s.chosen[l], s.value
		c, _ := lot.best(s.worth(l), steps, s.fee, lot.anything())
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
func (t *part) improve(fee toll, starts ...*stand) *stand {
	var best *stand
	try := func(s *stand) {
		s.climb()
		if best == nil || s.value > best.value+t.slack() {
			best = s
		}
	}
	for _, s := range starts {
		try(t.with(fee, false, s.chosen))
	}
	for o := range t.sets {
		chosen := make([]*choice, len(t.lots))
		weights := make([]float64, len(t.sets)*len(t.scenes))
		for i := range weights {
			if i%len(t.sets) != o {
				weights[i] = math.Inf(-1)
			}
		}
		for z := range t.pools {
			t.poolBest(z, weights, fee, nil, chosen)
		}
		try(t.with(fee, false, chosen))
	}
	if !t.net.Scarce() && len(t.sets) == 1<<t.net.Facilities() {
		return best
	}
	// The pools did not tell all: judge by V, and climb by it where that is affordable.
	var exact *stand
	work := 0
	for l := range t.lots {
		work += len(t.lots[l].levels) * len(t.scenes)
	}
	for _, s := range append(starts, best) {
		e := t.with(fee, true, s.chosen)
		if work <= affordable {
			e.climb()
		}
		if exact == nil || e.value > exact.value+t.slack() {
			exact = e
		}
	}
	return exact
}

// affordable is how many values of V a pass over all lots may ask for: about a second's flows.
const affordable = 30_000

// poolBest writes into chosen the best choices of one pool's lots when in scene k the set o of facilities
// is worth weights[k·sets+o] to it on top of its value: max Σ_k π_k max_o (value + weight) − payment − toll. It
// returns that maximum. Exact for pools of one lot, and of two with one price a lot; else each lot in turn.
// boxes limits the choices, by lot of the part; nil for none.
func (t *part) poolBest(z int, weights []float64, fee toll, boxes []box, chosen []*choice) float64 {
	q := &t.pools[z]
	within := func(l int) box {
		if boxes == nil {
			return t.lots[l].anything()
		}
		return boxes[l]
	}
	steps := t.p.Rules.BidSteps
	switch {
	case len(q.lots) == 0:
		v := 0.0
		x := t.value(q, nil)
		for k := range t.scenes {
			v += t.scenes[k].probability * t.most(q, x, weights, k)
		}
		return v
	case len(q.lots) == 1:
		l := q.lots[0]
		lot := &t.lots[l]
		worth := lot.blank()
		won := []int32{0}
		for k := range t.scenes {
			h := worth[t.scenes[k].supply[l]]
			for v := range h {
				won[0] = int32(v)
				h[v] += t.scenes[k].probability * t.most(q, t.value(q, won), weights, k)
			}
		}
		c, v := lot.best(worth, steps, fee, within(l))
		chosen[l] = c
		return v
	case len(q.lots) == 2 && steps == 1:
		return t.pairBest(q, weights, fee, within(q.lots[0]), within(q.lots[1]), chosen)
	}
	// Lot after lot from nothing; no claim to be the best.
	for _, l := range q.lots {
		chosen[l] = t.lots[l].choose(nil)
	}
	last := math.Inf(-1)
	for {
		v := 0.0
		for _, l := range q.lots {
			lot := &t.lots[l]
			worth := lot.blank()
			won := make([]int32, len(q.lots))
			for k := range t.scenes {
				for i, m := range q.lots {
					won[i] = chosen[m].won[t.scenes[k].supply[m]]
				}
				h := worth[t.scenes[k].supply[l]]
				for x := range h {
					won[lot.place] = int32(x)
					h[x] += t.scenes[k].probability * t.most(q, t.value(q, won), weights, k)
				}
			}
			chosen[l], v = lot.best(worth, steps, fee, lot.anything())
			for _, m := range q.lots {
				if m != l {
					v -= chosen[m].pay + fee.of(chosen[m])
				}
			}
		}
		if v <= last+t.slack() {
			return v
		}
		last = v
	}
}

// most returns max_o (value + weight) in a scene.
func (t *part) most(q *poolView, value, weights []float64, k int) float64 {
	best := math.Inf(-1)
	for o, w := range weights[k*len(t.sets) : (k+1)*len(t.sets)] {
		best = max(best, w+value[q.local[o]])
	}
	return best
}

// pairBest is poolBest for two lots: every choice of the first with the best choice of the second.
func (t *part) pairBest(q *poolView, weights []float64, fee toll, first, second box, chosen []*choice) float64 {
	la, lb := q.lots[0], q.lots[1]
	a, b := &t.lots[la], &t.lots[lb]
	// joint[ka, kb][va, vb]: what winning these levels is worth, over the scenes with these supplies.
	type cell struct {
		ka, kb int32
		worth  []float64
	}
	ra, rb := a.blank(), b.blank()
	at := map[int64]int{}
	var joint []cell
	won := make([]int32, 2)
	for k := range t.scenes {
		ka, kb := t.scenes[k].supply[la], t.scenes[k].supply[lb]
		key := int64(ka)<<32 | int64(kb)
		i, ok := at[key]
		if !ok {
			i = len(joint)
			at[key] = i
			joint = append(joint, cell{ka, kb, make([]float64, len(ra[ka])*len(rb[kb]))})
		}
		w := joint[i].worth
		for va := range ra[ka] {
			for vb := range rb[kb] {
				won[0], won[1] = int32(va), int32(vb)
				w[va*len(rb[kb])+vb] += t.scenes[k].probability * t.most(q, t.value(q, won), weights, k)
			}
		}
	}
	best := math.Inf(-1)
	seen := map[string]bool{}
	var key []byte
	try := func(c *choice) {
		// Of choices that win the same, the first seen is the cheapest: ticks ascend, and with offered tolls so do
		// levels within a tick.
		key = key[:0]
		for _, w := range c.won {
			key = append(key, byte(w), byte(w>>8), byte(w>>16))
		}
		if seen[string(key)] {
			return
		}
		seen[string(key)] = true
		for k := range rb {
			clear(rb[k])
		}
		for i := range joint {
			j := &joint[i]
			h := rb[j.kb]
			row := j.worth[int(c.won[j.ka])*len(h):]
			for v := range h {
				h[v] += row[v]
			}
		}
		d, v := b.best(rb, 1, fee, second)
		if v -= c.pay + fee.of(c); v > best {
			best = v
			chosen[la], chosen[lb] = c, d
		}
	}
	if first.leastTick < 0 && first.leastLevel == 0 {
		try(a.choose(nil))
	}
	for j := max(0, first.leastTick); j <= first.mostTick; j++ {
		for _, level := range a.useful[j] {
			if level >= first.leastLevel && level <= first.mostLevel {
				try(a.choose([]step{{j, level}}))
			}
		}
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
