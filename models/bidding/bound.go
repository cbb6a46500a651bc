package bidding

import (
	"container/heap"
	"context"
	"math"
)

// How good any bid can be.
//
// In scene s the part is worth max_O Σ_z v_z(w_zs | O) − fixed(O) over the sets O of open facilities (more
// than V at most, where a facility's capacity is short). Let each pool z choose its set by itself, paid or
// charged weight_zs(O) for it, with Σ_z weight_zs(O) = −fixed(O): for any such weights
//
//	profit ≤ Σ_z max over bids in z's lots of { Σ_s π_s max_O (v_z(w_zs | O) + weight_zs(O)) − payment } − V(0)
//
// because pools that agreed on the best O would sum to the profit. Every pool's maximum is found exactly
// (poolBest). This is Lagrangian decomposition (Guignard and Kim 1987): the weights are the prices of the
// constraint that pools agree. The best weights are approached by Polyak's subgradient step toward the best bid
// found; where a gap remains, branch and bound splits the prices and quantities of one lot.

const (
	// rootSteps and nodeSteps are how many subgradient steps the root and other nodes may take.
	rootSteps, nodeSteps = 150, 25
	// patience is after how many steps without a better bound the step is halved.
	patience = 6
)

// limits say when to stop looking for the bound.
type limits struct {
	gap    float64 // relative
	target float64 // stop once the bound is no more than this by the gap; -Inf for none
	nodes  int
}

// enough says whether a bound closes the search: it is within the gap of the best bid known, or shows
// that nothing beyond the target matters.
func (m limits) enough(t *part, bound, value float64) bool {
	return bound <= value+math.Max(m.gap*math.Abs(bound), t.slack()) || bound <= m.target+m.gap*math.Abs(bound)
}

// A node is a part of the search: bids whose lots' choices lie in boxes.
type node struct {
	boxes   []box
	weights [][]float64 // by pool, scene and set
	bound   float64
	spread  []spread // by lot: where the pools' choices went
	order   int      // of creation, so that ties have one answer
}

// spread is what a lot's choices were in the last steps at a node.
type spread struct {
	leastTick, mostTick   int
	leastLevel, mostLevel int32
	seen                  bool
}

func (s *spread) add(c *choice) {
	tick, level := -1, int32(0)
	if len(c.rows) > 0 {
		tick, level = c.rows[0].tick, c.rows[0].level
	}
	if !s.seen {
		*s = spread{tick, tick, level, level, true}
		return
	}
	s.leastTick, s.mostTick = min(s.leastTick, tick), max(s.mostTick, tick)
	s.leastLevel, s.mostLevel = min(s.leastLevel, level), max(s.mostLevel, level)
}

type frontier []*node

func (f frontier) Len() int { return len(f) }
func (f frontier) Less(i, j int) bool {
	return f[i].bound > f[j].bound || f[i].bound == f[j].bound && f[i].order < f[j].order
}
func (f frontier) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any)   { *f = append(*f, x.(*node)) }
func (f *frontier) Pop() any {
	old := *f
	x := old[len(old)-1]
	*f = old[:len(old)-1]
	return x
}

// certify searches for the best bid and a bound on every bid's profit less toll, from the best bid known. Both
// are those of the pools, that is, without scarce facilities; t.whole must hold. It returns the best stand
// found (best itself or a better one) and the bound, which is at least its value.
func (t *part) certify(ctx context.Context, fee toll, best *stand, m limits) (*stand, float64) {
	s := &bounder{t: t, fee: fee, best: best, m: m}
	for z := range t.pools {
		if len(t.pools[z].own) > 1 {
			s.tied = append(s.tied, z)
		}
	}
	root := &node{bound: math.Inf(1)}
	root.boxes = t.anything()
	root.weights = s.agree(best)
	s.ascend(ctx, root, rootSteps)
	open := &frontier{root}
	closed := math.Inf(-1) // the largest bound of a node that was not split further
	splittable := t.p.Rules.BidSteps == 1
	for nodes := 1; open.Len() > 0; {
		top := (*open)[0]
		if m.enough(t, max(top.bound, closed), s.best.value) || !splittable || nodes >= m.nodes || ctx.Err() != nil {
			break
		}
		heap.Pop(open)
		children := s.split(top)
		if children == nil {
			closed = max(closed, top.bound)
			continue
		}
		for _, c := range children {
			nodes++
			c.order = nodes
			s.ascend(ctx, c, nodeSteps)
			heap.Push(open, c)
		}
	}
	bound := max(closed, s.best.value)
	if open.Len() > 0 {
		bound = max(bound, (*open)[0].bound)
	}
	if bound <= s.best.value+t.slack() {
		bound = s.best.value
	}
	return s.best, bound
}

// A bounder is one run of certify.
type bounder struct {
	t    *part
	fee  toll
	best *stand
	m    limits
	tied []int // pools whose value depends on facilities
}

// agree returns weights under which every pool would choose each set as the whole part values it at this
// stand, so that the bound is tight there if no pool had another bid: pool z is paid what the set is worth to
// the others, as far as its share of the total goes.
func (s *bounder) agree(at *stand) [][]float64 {
	t := s.t
	n := len(t.sets)
	weights := make([][]float64, len(t.pools))
	for z := range weights {
		weights[z] = make([]float64, n*len(t.scenes))
	}
	if len(s.tied) == 0 {
		return weights
	}
	total := make([]float64, n)
	mine := make([][]float64, len(t.pools))
	for k := range t.scenes {
		for o := range total {
			total[o] = -t.fixed[o]
		}
		for _, z := range s.tied {
			q := &t.pools[z]
			mine[z] = t.value(q, at.won(q, k))
			for o := range total {
				total[o] += mine[z][q.local[o]]
			}
		}
		for _, z := range s.tied {
			q := &t.pools[z]
			for o := range total {
				weights[z][k*n+o] = total[o]/float64(len(s.tied)) - mine[z][q.local[o]]
			}
		}
	}
	return weights
}

// ascend improves a node's bound by subgradient steps on its weights, and the best bid by the bids that the
// pools choose on the way.
func (s *bounder) ascend(ctx context.Context, d *node, steps int) {
	t := s.t
	n := len(t.sets)
	tied := len(s.tied)
	weights := make([][]float64, len(d.weights))
	for z := range weights {
		weights[z] = append([]float64(nil), d.weights[z]...)
	}
	chosen := append([]*choice(nil), s.best.chosen...)
	picked := make([]int, tied)
	length, stale := 1.0, 0
	d.spread = make([]spread, len(t.lots))
	best := math.Inf(1) // over this node's own steps
	free := 0.0         // what pools without facilities add, the same at every step
	for step := range steps {
		bound := -t.weight*t.zero + free
		for z := range t.pools {
			if len(t.pools[z].own) > 1 || step == 0 {
				v := t.poolBest(ctx, z, weights[z], s.fee, d.boxes, chosen, s.off())
				bound += v
				if len(t.pools[z].own) == 1 {
					free += v
				}
			}
		}
		if math.IsInf(bound, -1) {
			d.bound = bound // an empty box
			return
		}
		if step == 0 && t.single(d.boxes) {
			d.bound = min(d.bound, t.with(s.fee, false, chosen).value)
			s.take(chosen)
			return
		}
		if tied == 0 && len(t.sets) > 1 {
			// No pool depends on a facility: none is opened but those that cost nothing.
			bound += t.weight * maximumOf(t.fixed)
		}
		s.take(chosen)
		if 2*step >= steps || step+patience >= steps {
			for l := range chosen {
				d.spread[l].add(chosen[l])
			}
		}
		if bound < best-t.slack() {
			best, stale = bound, 0
			if bound < d.bound {
				d.bound = bound
				for z := range weights {
					copy(d.weights[z], weights[z])
				}
			}
		} else if stale++; stale%patience == 0 {
			length /= 2
		}
		d.bound = min(d.bound, bound)
		if s.m.enough(t, d.bound, s.best.value) || tied < 2 || ctx.Err() != nil {
			break
		}
		// What each pool chose less what pools chose on average, scene by scene.
		norm := 0.0
		for k := range t.scenes {
			differ := false
			for i, z := range s.tied {
				picked[i] = s.pick(z, weights[z], chosen, k)
				differ = differ || picked[i] != picked[0]
			}
			if differ {
				norm += t.scenes[k].probability * disagreement(picked, n)
			}
		}
		if norm == 0 {
			break // all agree: the bound is the profit of what they chose
		}
		move := length * (bound - s.best.value) / norm
		for k := range t.scenes {
			differ := false
			for i, z := range s.tied {
				picked[i] = s.pick(z, weights[z], chosen, k)
				differ = differ || picked[i] != picked[0]
			}
			if !differ {
				continue
			}
			for i := range s.tied {
				for _, z := range s.tied {
					weights[z][k*n+picked[i]] += move / float64(tied)
				}
			}
			for i, z := range s.tied {
				weights[z][k*n+picked[i]] -= move
			}
		}
	}
	for l := range chosen {
		if chosen[l] != nil {
			d.spread[l].add(chosen[l])
		}
	}
}

// off is by how much the bound of one pool of two lots may be loose: together, a quarter of the gap.
func (s *bounder) off() float64 {
	return max(s.t.slack(), s.m.gap*math.Abs(s.best.value)/4) / float64(len(s.t.pools))
}

// take makes the pools' choices the best bid where they are.
func (s *bounder) take(chosen []*choice) {
	t := s.t
	if primal := t.with(s.fee, false, chosen); primal.value > s.best.value+t.slack() {
		primal.climb()
		s.best = primal
	}
}

// single says whether no box leaves a choice.
func (t *part) single(boxes []box) bool {
	for _, b := range boxes {
		if b.leastTick != b.mostTick || b.leastTick >= 0 && b.leastLevel != b.mostLevel {
			return false
		}
	}
	return true
}

// maximumOf returns the largest −x.
func maximumOf(x []float64) float64 {
	m := math.Inf(-1)
	for _, v := range x {
		m = max(m, -v)
	}
	return m
}

// pick returns the set that a pool chooses in a scene.
func (s *bounder) pick(z int, weights []float64, chosen []*choice, k int) int {
	t := s.t
	q := &t.pools[z]
	won := make([]int32, 0, 4)
	for _, l := range q.lots {
		won = append(won, chosen[l].won[t.scenes[k].supply[l]])
	}
	v := t.value(q, won)
	n := len(t.sets)
	best, at := math.Inf(-1), 0
	for o, w := range weights[k*n : (k+1)*n] {
		if x := w + v[q.local[o]]; x > best {
			best, at = x, o
		}
	}
	return at
}

// disagreement returns Σ_z Σ_o (1{z picked o} − share that picked o)².
func disagreement(picked []int, sets int) float64 {
	count := make([]float64, sets)
	for _, o := range picked {
		count[o]++
	}
	z := float64(len(picked))
	d := z
	for _, c := range count {
		d -= c * c / z
	}
	return d
}

// split divides a node in two at a lot where the pools' choices spread most, in price or else in quantity;
// nil where every box is a single bid.
func (s *bounder) split(d *node) []*node {
	t := s.t
	lot, width, byTick, at := -1, 0.0, false, 0
	consider := func(l int, size, span float64, tick bool, cut int) {
		if w := size / span; w > width {
			lot, width, byTick, at = l, w, tick, cut
		}
	}
	for l := range t.lots {
		p := d.spread[l]
		consider(l, float64(p.mostTick-p.leastTick), float64(len(t.lots[l].ticks)+1), true, floorMid(p.leastTick, p.mostTick))
	}
	if lot < 0 {
		for l := range t.lots {
			p := d.spread[l]
			consider(l, float64(p.mostLevel-p.leastLevel), float64(len(t.lots[l].levels)), false, int(p.leastLevel+p.mostLevel)/2)
		}
	}
	if lot < 0 {
		for l := range t.lots {
			b := d.boxes[l]
			consider(l, float64(b.mostTick-b.leastTick), float64(len(t.lots[l].ticks)+1), true, floorMid(b.leastTick, b.mostTick))
			consider(l, float64(b.mostLevel-b.leastLevel), float64(len(t.lots[l].levels)), false, int(b.leastLevel+b.mostLevel)/2)
		}
	}
	if lot < 0 {
		return nil
	}
	var children []*node
	for side := range 2 {
		c := &node{boxes: append([]box(nil), d.boxes...), bound: d.bound}
		b := &c.boxes[lot]
		switch {
		case byTick && side == 0:
			b.mostTick = at
		case byTick:
			b.leastTick = at + 1
		case side == 0:
			b.mostLevel = int32(at)
		default:
			b.leastLevel = int32(at) + 1
		}
		for z := range d.weights {
			c.weights = append(c.weights, append([]float64(nil), d.weights[z]...))
		}
		children = append(children, c)
	}
	return children
}

// floorMid returns the middle of two ticks, rounded down; ticks begin at -1.
func floorMid(a, b int) int { return (a+b+2)/2 - 1 }
