package bidding

import (
	"container/heap"
	"context"
	"math"
	"slices"
)

// A pool of two lots is searched exactly by branch and bound over the first lot's price and quantity. While these
// lie in a cell, scene k gives the first lot a volume x between least_k and most_k, and no bid for the second lot
// gains more than it would if every scene could choose its own x:
//
//	Σ_k π_k max_{least_k ≤ x ≤ most_k} (worth_k(x, y_k) − price·x)
//
// The best bid for the second lot against that is found exactly. Where the cell is one price and quantity this is
// the pool's value.

// pairSearch is one search.
type pairSearch struct {
	t             *part
	q             *poolView
	weights       []float64
	a, b          *lotView
	la, lb        int
	first, second box
	levels        [][]int32 // by tick of the first lot: the levels that matter there and lie in its box
	best          float64
	chosen        []*choice
	worth         [][]float64 // of the second lot's levels, by supply; overwritten for every cell
	bonus         []float64   // by scene and own set: the largest weight of the sets of facilities that are one to the pool
	blends        []between   // by scene: the price of the pool's scarce station, where it has one
	won           []int32
	extra         []int32
	peaks         []int32 // see summit
}

// A cell is one tick of the first lot with levels[tick][from:to+1]; tick -1 for no bid.
type cell struct {
	tick, from, to int
	bound          float64
}

type cells []cell

func (c cells) Len() int { return len(c) }
func (c cells) Less(i, j int) bool {
	switch {
	case c[i].bound != c[j].bound:
		return c[i].bound > c[j].bound
	case c[i].tick != c[j].tick:
		return c[i].tick < c[j].tick
	}
	return c[i].from < c[j].from
}
func (c cells) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *cells) Push(x any)   { *c = append(*c, x.(cell)) }
func (c *cells) Pop() any {
	old := *c
	x := old[len(old)-1]
	*c = old[:len(old)-1]
	return x
}

// fewLevels is over how many levels of the first lot a scene's best volume is looked for one by one; over more, by climbing,
// see summit.
const fewLevels = 2

// pairBest is poolBest for two lots, each with one price.
func (t *part) pairBest(ctx context.Context, q *poolView, weights []float64, boxes []box, chosen []*choice, off float64) float64 {
	la, lb := q.lots[0], q.lots[1]
	s := &pairSearch{
		t: t, q: q, weights: weights, a: &t.lots[la], b: &t.lots[lb], la: la, lb: lb,
		first: boxes[la], second: boxes[lb], best: math.Inf(-1), chosen: chosen, won: make([]int32, 2),
	}
	s.worth = s.b.blank()
	s.reward()
	s.climb(boxes)
	for j := range s.a.ticks {
		var use []int32
		if j >= s.first.leastTick && j <= s.first.mostTick {
			use = slices.Concat(s.a.useful[j], s.a.edges(s.first, s.a.sums))
			slices.Sort(use)
			use = slices.DeleteFunc(slices.Compact(use), func(v int32) bool {
				return v > s.a.top[j] || v < s.first.leastLevel || v > s.first.mostLevel
			})
		}
		s.levels = append(s.levels, use)
	}
	open, spare := &cells{}, math.Inf(-1) // spare: the largest bound given up within off
	visit := func(c cell) {
		c.bound = s.evaluate(c)
		switch {
		case c.tick < 0 || c.from == c.to:
		case c.bound <= s.best+off:
			spare = max(spare, c.bound)
		default:
			heap.Push(open, c)
		}
	}
	if s.first.none() {
		visit(cell{tick: -1})
	}
	for j, use := range s.levels {
		if len(use) > 0 {
			visit(cell{tick: j, to: len(use) - 1})
		}
	}
	for open.Len() > 0 {
		if (*open)[0].bound <= s.best+off || ctx.Err() != nil {
			spare = max(spare, (*open)[0].bound)
			break
		}
		c := heap.Pop(open).(cell)
		mid := (c.from + c.to) / 2
		visit(cell{tick: c.tick, from: c.from, to: mid})
		visit(cell{tick: c.tick, from: mid + 1, to: c.to})
	}
	return max(s.best, spare)
}

// climb starts the search with what moving one lot after the other finds.
func (s *pairSearch) climb(boxes []box) {
	t := s.t
	trial := slices.Clone(s.chosen)
	for _, from := range [][2]*choice{{s.chosen[s.la], s.chosen[s.lb]}, {s.a.choose(nil), s.b.choose(nil)}} {
		trial[s.la], trial[s.lb] = from[0], from[1]
		if !s.first.holds(from[0]) {
			continue
		}
		for last := math.Inf(-1); ; {
			if math.IsInf(t.lotBest(s.q, 1, s.weights, boxes, trial), -1) {
				break
			}
			v := t.lotBest(s.q, 0, s.weights, boxes, trial) - s.b.charge(trial[s.lb])
			if v > s.best {
				s.best = v
				s.chosen[s.la], s.chosen[s.lb] = trial[s.la], trial[s.lb]
			}
			if v <= last+t.slack() {
				break
			}
			last = v
		}
	}
}

// holds says whether a choice of at most one row lies in the box.
func (b box) holds(c *choice) bool {
	if len(c.rows) == 0 {
		return b.none()
	}
	tick, level := c.rows[0].tick, c.rows[0].level
	return b.leastTick <= tick && tick <= b.mostTick && b.leastLevel <= level && level <= b.mostLevel
}

// evaluate bounds a cell, and where it is one bid of the first lot takes it with the best bid for the second if
// that is the best so far.
func (s *pairSearch) evaluate(c cell) float64 {
	t := s.t
	var least, most int32
	price, fixed := 0.0, 0.0
	s.extra = append(s.extra[:0], s.b.partners[0]...)
	if c.tick >= 0 {
		least, most = s.levels[c.tick][c.from], s.levels[c.tick][c.to]
		price = s.a.price[c.tick]
		fixed = (s.a.bidMoney*price + s.a.bidVolume) * s.a.levels[least]
		for _, v := range s.levels[c.tick][c.from : c.to+1] {
			s.extra = append(s.extra, s.b.partners[v]...)
		}
		for k := range s.a.most {
			s.extra = append(s.extra, s.b.partners[min(most, s.a.most[k][c.tick])]...)
		}
		slices.Sort(s.extra)
		s.extra = slices.Compact(s.extra)
	}
	s.extra = s.b.edges(s.second, s.extra)
	matter := s.b.matter(s.extra)
	for k := range s.worth {
		clear(s.worth[k])
	}
	for k := range t.scenes {
		low, high := int32(0), int32(0)
		if c.tick >= 0 {
			r := s.a.most[t.scenes[k].supply[s.la]][c.tick]
			low, high = min(least, r), min(most, r)
		}
		h := s.worth[t.scenes[k].supply[s.lb]]
		if high-low >= fewLevels {
			s.summit(h, matter, k, low, high, price)
			continue
		}
		probability := t.scenes[k].probability
		each := t.scenes[k].money*price + t.scenes[k].volume
		for _, v := range matter {
			if int(v) >= len(h) {
				break
			}
			best := probability*s.most(low, v, k) - each*s.a.levels[low]
			for x := low + 1; x <= high; x++ {
				best = max(best, probability*s.most(x, v, k)-each*s.a.levels[x])
			}
			h[v] += best
		}
	}
	d, v := s.b.best(s.worth, 1, s.second, s.extra)
	v -= fixed
	if d != nil && (c.tick < 0 || c.from == c.to) && v > s.best {
		s.best = v
		s.chosen[s.lb] = d
		if c.tick < 0 {
			s.chosen[s.la] = s.a.choose(nil)
		} else {
			s.chosen[s.la] = s.a.choose([]step{{c.tick, least}})
		}
	}
	return v
}

// reward fills in bonus. With everything open counts what stands in for sets that cannot deliver, see part.value.
func (s *pairSearch) reward() {
	n, own := len(s.t.sets), len(s.q.own)
	s.bonus = make([]float64, own*len(s.t.scenes))
	for k := range s.t.scenes {
		mine := s.bonus[k*own : (k+1)*own]
		for i := range mine {
			mine[i] = math.Inf(-1)
		}
		row := s.weights[k*s.q.stride : (k+1)*s.q.stride]
		if s.q.priced != nil {
			s.blends = append(s.blends, s.q.priced.between(row[n]))
		}
		for o, w := range row[:n] {
			mine[s.q.local[o]] = max(mine[s.q.local[o]], w)
			mine[own-1] = max(mine[own-1], w-s.q.opens)
		}
	}
}

// summit adds to h, for every level y of the second lot that matters, what scene k is worth at most with a volume of the
// first lot between two levels:
//
//	max_o max_{low ≤ x ≤ high} π_k (value(x, y | o) + bonus_o) − (money_k price + volume_k) x
//
// Given the set o of open facilities the pool's value is concave in x, so that x climbs to its summit, and starts from the
// summit at the level before, which is near.
func (s *pairSearch) summit(h []float64, matter []int32, k int, low, high int32, price float64) {
	q, own, levels := s.q, len(s.q.own), s.a.levels
	scene := &s.t.scenes[k]
	each := scene.money*price + scene.volume
	slack := scene.probability*s.t.slack() + noise*each*levels[high] // a fall by more is no rounding
	if cap(s.peaks) < own {
		s.peaks = make([]int32, own)
	}
	peaks := s.peaks[:own]
	for i := range peaks {
		peaks[i] = high
	}
	for _, y := range matter {
		if int(y) >= len(h) {
			break
		}
		best := math.Inf(-1)
		for i, bonus := range s.bonus[k*own : (k+1)*own] {
			if math.IsInf(bonus, -1) {
				continue
			}
			at := func(x int32) float64 {
				v := q.raw[s.entry(x, y):]
				if q.priced != nil {
					return scene.probability*(q.priced.value(v, i, s.blends[k])+bonus) - each*levels[x]
				}
				return scene.probability*(v[i]+bonus) - each*levels[x]
			}
			start := peaks[i]
			peak, v := start, at(start)
			for z := start - 1; z >= low && !math.IsInf(v, -1); z-- {
				u := at(z)
				if u < v-slack {
					break
				}
				if u > v {
					peak, v = z, u
				}
			}
			for z := start + 1; z <= high; z++ {
				u := at(z)
				if u < v-slack {
					break
				}
				if u > v {
					peak, v = z, u
				}
			}
			peaks[i] = peak
			best = max(best, v)
		}
		h[y] += best
	}
}

// entry returns where the pool's values with levels x and y won begin.
func (s *pairSearch) entry(x, y int32) int32 {
	if s.q.known != nil {
		if at := s.q.known[int(x)*len(s.b.levels)+int(y)]; at > 0 {
			return at
		}
	}
	s.won[0], s.won[1] = x, y
	s.t.value(s.q, s.won)
	if s.q.known != nil {
		return s.q.known[int(x)*len(s.b.levels)+int(y)]
	}
	return s.q.many[int(x)*len(s.b.levels)+int(y)]
}

// most returns max_o (value + weight) with levels x and y won in a scene: part.most, where most of the time goes.
func (s *pairSearch) most(x, y int32, k int) float64 {
	value := s.q.data[s.entry(x, y):]
	best := math.Inf(-1)
	weights := s.weights[k*s.q.stride : (k+1)*s.q.stride]
	if s.q.priced != nil {
		for o, local := range s.q.local {
			best = max(best, weights[o]+s.q.priced.value(value, local, s.blends[k]))
		}
		return best
	}
	for o, local := range s.q.local {
		best = max(best, weights[o]+value[local])
	}
	return best
}
