package bidding

import (
	"container/heap"
	"context"
	"math"
	"slices"
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
	share  float64 // money that may be left open whatever the bound is
	target float64 // stop once the bound is no more than this by the gap; -Inf for none
	nodes  int
}

// enough says whether a bound closes the search: it is within the gap of the best bid known, or shows
// that nothing beyond the target matters.
func (m limits) enough(t *part, bound, value float64) bool {
	if math.IsInf(bound, 1) {
		return false
	}
	return bound <= value+max(m.gap*math.Abs(bound), m.share, t.slack()) || bound <= m.target+m.gap*math.Abs(bound)
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

// certify searches for the best bid and a bound on every bid's worth less charges, from the best bid known. Both
// are those of the pools, that is, without scarce facilities; t.whole must hold. It returns the best stand
// found (best itself or a better one) and the bound, which is at least its value.
func (t *part) certify(ctx context.Context, best *stand, m limits) (*stand, float64) {
	s := newBounder(t, best, m)
	root := &node{bound: math.Inf(1)}
	root.boxes = t.anything()
	if t.scarce != nil {
		for l := range root.boxes {
			root.boxes[l].zero = true
		}
	}
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
	best *stand
	m    limits
	tied []int // pools whose value depends on facilities
	dear bool  // some of them has two lots
	// boxed says that bids are not to leave the node's boxes.
	boxed bool
}

func newBounder(t *part, best *stand, m limits) *bounder {
	s := &bounder{t: t, best: best, m: m}
	for z := range t.pools {
		if len(t.pools[z].own) > 1 {
			s.tied = append(s.tied, z)
			s.dear = s.dear || len(t.pools[z].lots) == 2
		}
	}
	return s
}

// agree returns weights under which every pool would choose each set as the whole part values it at this
// stand, so that the bound is tight there if no pool had another bid: pool z is paid what the set is worth to
// the others, as far as its share of the total goes.
func (s *bounder) agree(at *stand) [][]float64 {
	t := s.t
	n := len(t.sets)
	weights := make([][]float64, len(t.pools))
	for z := range weights {
		weights[z] = make([]float64, t.pools[z].stride*len(t.scenes))
	}
	if len(s.tied) == 0 {
		return weights
	}
	if t.scarce != nil {
		s.charge(weights, at)
	}
	total := make([]float64, n)
	mine := make([][]float64, len(t.pools))
	for k := range t.scenes {
		for o := range total {
			total[o] = s.t.rent(weights, k, o) - t.fixed[o]
		}
		for _, z := range s.tied {
			q := &t.pools[z]
			mine[z] = t.local(q, t.value(q, at.won(q, k)), weights[z], k, mine[z])
			for o := range total {
				total[o] += mine[z][o]
			}
		}
		for _, z := range s.tied {
			q := &t.pools[z]
			for o := range total {
				weights[z][k*q.stride+o] = total[o]/float64(len(s.tied)) - mine[z][o]
			}
		}
	}
	return weights
}

// ascend improves a node's bound by subgradient steps on its weights, and the best bid by the bids that the
// pools choose on the way. Where pools of two lots make the exact bound dear, steps between exact ones are taken on
// what the pools chose so far (as in column generation): such a step bounds nothing, but leads to weights where the
// exact bound is good.
func (s *bounder) ascend(ctx context.Context, d *node, steps int) {
	t := s.t
	weights := make([][]float64, len(d.weights))
	for z := range weights {
		weights[z] = append([]float64(nil), d.weights[z]...)
	}
	chosen := append([]*choice(nil), s.best.chosen...)
	d.spread = make([]spread, len(t.lots))
	length, stale := 1.0, 0
	best := math.Inf(1) // over this node's own steps
	free := 0.0         // what pools without facilities add, the same at every step
	known := make([][][]*choice, len(t.pools))
	guessed := 0.0
	if s.dear {
		s.learn(known, chosen)
		s.prepare(weights, known, d.boxes)
		guessed = s.guess(weights, known, d.boxes)
	}
	for step := range steps {
		bound := -t.weight*t.zero + free
		for z := range t.pools {
			if len(t.pools[z].own) == 1 && step > 0 {
				continue
			}
			v := t.poolBest(ctx, z, weights[z], d.boxes, chosen, s.off(guessed))
			bound += v
			if len(t.pools[z].own) == 1 {
				free += v
			}
		}
		if math.IsInf(bound, -1) {
			d.bound = bound // an empty box
			return
		}
		if step == 0 && t.single(d.boxes) {
			d.bound = min(d.bound, t.with(false, chosen).value)
			s.take(chosen)
			return
		}
		if len(s.tied) == 0 && len(t.sets) > 1 {
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
				for z := range weights {
					copy(d.weights[z], weights[z])
				}
			}
		} else if stale++; stale%patience == 0 {
			length /= 2
		}
		d.bound = min(d.bound, bound)
		if s.m.enough(t, d.bound, s.best.value) || len(s.tied) < 2 && t.scarce == nil || ctx.Err() != nil {
			break
		}
		if !s.dear {
			if !s.move(weights, chosen, length*(bound-s.best.value)) {
				break // all agree: the bound is the profit of what they chose
			}
			continue
		}
		if step*dearer >= steps {
			break
		}
		s.learn(known, chosen)
		s.learn(known, s.best.chosen)
		guessed = s.guess(weights, known, d.boxes)
	}
	for l := range chosen {
		d.spread[l].add(chosen[l])
	}
}

const (
	// dearer is how many times fewer exact steps are taken where they are dear.
	dearer = 8
	// guesses is how many steps are then taken between exact ones, and every so many of them one lot after the
	// other is moved to what is best for it.
	guesses, refresh = 40, 2
	// remembered is how many choices of a pool are kept for guessing.
	remembered = 24
)

// learn adds the pools' choices to those known.
func (s *bounder) learn(known [][][]*choice, chosen []*choice) {
	for _, z := range s.tied {
		var mine []*choice
		for _, l := range s.t.pools[z].lots {
			mine = append(mine, chosen[l])
		}
		same := func(a []*choice) bool {
			for i := range a {
				if !slices.Equal(a[i].rows, mine[i].rows) {
					return false
				}
			}
			return true
		}
		if !slices.ContainsFunc(known[z], same) {
			if len(known[z]) == remembered {
				known[z] = known[z][1:]
			}
			known[z] = append(known[z], mine)
		}
	}
}

// prepare adds what pools would choose if one set of facilities were open in every scene.
func (s *bounder) prepare(weights [][]float64, known [][][]*choice, boxes []box) {
	t := s.t
	n := len(t.sets)
	for o := range n {
		chosen := t.nothing()
		for _, z := range s.tied {
			only := slices.Clone(weights[z])
			for i := range only {
				if at := i % t.pools[z].stride; at != o && at != n {
					only[i] = math.Inf(-1)
				}
			}
			t.poolClimb(z, only, boxes, chosen)
		}
		s.learn(known, chosen)
	}
}

// guess moves the weights to where the bound would be least if pools had no choices but those known and those that
// local search finds from them.
func (s *bounder) guess(weights [][]float64, known [][][]*choice, boxes []box) float64 {
	t := s.t
	trial := make([][]float64, len(weights))
	for z := range weights {
		trial[z] = append([]float64(nil), weights[z]...)
	}
	least, length, stale := math.Inf(1), 1.0, 0
	chosen := append([]*choice(nil), s.best.chosen...)
	for step := range guesses {
		sum := -t.weight * t.zero
		for z := range t.pools {
			q := &t.pools[z]
			if len(q.own) == 1 {
				continue
			}
			best := math.Inf(-1)
			var at []*choice
			for _, mine := range known[z] {
				if v := s.worth(z, trial[z], mine, boxes); v > best {
					best, at = v, mine
				}
			}
			for i, l := range q.lots {
				if at != nil {
					chosen[l] = at[i]
				}
			}
			if step%refresh == refresh-1 {
				if v := t.poolClimb(z, trial[z], boxes, chosen); v > best {
					best = v
				}
			}
			sum += best
		}
		if step%refresh == refresh-1 {
			s.learn(known, chosen)
		}
		s.take(chosen)
		gap := sum - (s.best.value - s.loose(boxes))
		if sum < least-t.slack() {
			least, stale = sum, 0
			for z := range weights {
				copy(weights[z], trial[z])
			}
		} else if stale++; stale%patience == 0 {
			length /= 2
		}
		if gap <= t.slack() || !s.move(trial, chosen, length*gap) {
			break
		}
	}
	return least - (s.best.value - s.loose(boxes))
}

// loose is what pools without facilities earn of the best bid's value: guess leaves them out.
func (s *bounder) loose(boxes []box) float64 {
	sum := 0.0
	for z := range s.t.pools {
		if q := &s.t.pools[z]; len(q.own) == 1 {
			var mine []*choice
			for _, l := range q.lots {
				mine = append(mine, s.best.chosen[l])
			}
			sum += s.worth(z, make([]float64, q.stride*len(s.t.scenes)), mine, nil)
		}
	}
	return sum
}

// worth returns a pool's value of known choices under weights; -Inf where they leave the boxes.
func (s *bounder) worth(z int, weights []float64, mine []*choice, boxes []box) float64 {
	t := s.t
	q := &t.pools[z]
	v := 0.0
	for i, l := range q.lots {
		if boxes != nil && !boxes[l].holds(mine[i]) {
			return math.Inf(-1)
		}
		v -= t.lots[l].charge(mine[i])
	}
	won := make([]int32, len(q.lots))
	for k := range t.scenes {
		for i, l := range q.lots {
			won[i] = mine[i].won[t.scenes[k].supply[l]]
		}
		v += t.scenes[k].probability * t.most(q, t.value(q, won), weights, k)
	}
	return v
}

// move takes a subgradient step that would lower the bound by so much if it were linear: in every scene a pool is
// paid less for the set it chose, and all are paid more for the sets that pools chose on average. It returns false
// where all agree.
func (s *bounder) move(weights [][]float64, chosen []*choice, by float64) bool {
	t := s.t
	n, tied := len(t.sets), len(s.tied)
	picked := make([]int32, tied*len(t.scenes))
	norm := 0.0
	count := make([]float64, n)
	for i, z := range s.tied {
		s.pick(z, weights[z], chosen, picked[i*len(t.scenes):(i+1)*len(t.scenes)])
	}
	differ := func(k int) bool {
		for i := 1; i < tied; i++ {
			if picked[i*len(t.scenes)+k] != picked[k] {
				return true
			}
		}
		return false
	}
	for k := range t.scenes {
		if !differ(k) {
			continue
		}
		// Σ_z Σ_o (1{z picked o} − share that picked o)²
		clear(count)
		for i := range tied {
			count[picked[i*len(t.scenes)+k]]++
		}
		off := float64(tied)
		for _, c := range count {
			off -= c * c / float64(tied)
		}
		norm += t.scenes[k].probability * off
	}
	slopes := s.slopes(weights, chosen, picked)
	for _, x := range slopes {
		norm += t.scenes[x.scene].probability * x.share * x.share
	}
	if norm == 0 {
		return false
	}
	move := by / norm
	for k := range t.scenes {
		if !differ(k) {
			continue
		}
		for i := range tied {
			o := picked[i*len(t.scenes)+k]
			for _, z := range s.tied {
				weights[z][k*t.pools[z].stride+int(o)] += move / float64(tied)
			}
			z := s.tied[i]
			weights[z][k*t.pools[z].stride+int(o)] -= move
		}
	}
	for _, x := range slopes {
		s.reprice(weights, x, move)
	}
	return true
}

// off is by how much the bound of one pool of two lots may be loose: together, a quarter of the gap.
func (s *bounder) off(guessed float64) float64 {
	room := max(s.m.gap*math.Abs(s.best.value), s.m.share)
	return max(s.t.slack(), room/4, 0.7*(room-guessed)) / float64(len(s.t.pools))
}

// take makes the pools' choices the best bid where they are.
func (s *bounder) take(chosen []*choice) {
	t := s.t
	if primal := t.with(false, chosen); primal.value > s.best.value+t.slack() {
		if !s.boxed {
			primal.climb()
		}
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

// pick writes the set that a pool chooses in each scene.
func (s *bounder) pick(z int, weights []float64, chosen []*choice, picked []int32) {
	t := s.t
	q := &t.pools[z]
	won := make([]int32, len(q.lots))
	n := len(t.sets)
	var mine []float64
	for k := range t.scenes {
		for i, l := range q.lots {
			won[i] = chosen[l].won[t.scenes[k].supply[l]]
		}
		mine = t.local(q, t.value(q, won), weights, k, mine)
		best := math.Inf(-1)
		for o, w := range weights[k*q.stride : k*q.stride+n] {
			if x := w + mine[o]; x > best {
				best, picked[k] = x, int32(o)
			}
		}
	}
}

// split divides a node in two at a lot where the pools' choices spread most, in price or else in quantity;
// nil where every box is a single bid.
func (s *bounder) split(d *node) []*node {
	t := s.t
	if t.scarce != nil {
		return t.splitScarce(d, s.best)
	}
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
	return t.halves(d, lot, byTick, at, 1)
}

// halves divides a node in two at a tick, or a level from which the other side begins so many levels on.
func (t *part) halves(d *node, lot int, byTick bool, at int, on int32) []*node {
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
			b.leastLevel = int32(at) + on
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
