package bidding

import (
	"cmp"
	"container/heap"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/solver"
)

// Branch and bound over the Lagrangian of the caps. A node limits the prices and quantities of some lots to ranges; its bound
// is the least L(m) that cutting planes find over the bids in the ranges, from its parent's multipliers on. It is split
// at the lot whose mixture of bids is furthest from a bid, by its price or by its quantity, at a level that both sides have:
// with caps, quantities between the levels matter too, and so does bidding next to nothing at any price.

const (
	// branchNodes is the most nodes, branchRounds the most multipliers tried at each.
	branchNodes, branchRounds = 4000, 8
	// steady is the share of what is open at a node within which its multipliers are the best.
	steady = 0.2
	// sure is the share of a mixture up to which a price or quantity does not count.
	sure = 1e-6
	// together is what quantities that lie apart count for beside what they win.
	together = 0.3
	// probes is how many cuts are tried on the LP, where it has manyParts: of few parts it knows too few bids to tell.
	probes, manyParts = 4, 8
	// often is every how many nodes the mixture is made a bid that fits.
	often = 16
)

// A branch is a node.
type branch struct {
	boxes  [][]box   // by part, lot
	center []float64 // the best multipliers known
	bounds []float64 // of the parts at these
	roots  []*node   // by part: weights
	bound  float64
	order  int // of creation, so that ties have one answer
	cut    cut
}

// A cut is where a node is split.
type cut struct {
	part, lot int // part -1 for nowhere
	byLevel   bool
	at        int     // tick or level: the last of one side
	off       float64 // how far the mixture is from a bid there
}

type branches []*branch

func (f branches) Len() int { return len(f) }
func (f branches) Less(i, j int) bool {
	return f[i].bound > f[j].bound || f[i].bound == f[j].bound && f[i].order < f[j].order
}
func (f branches) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *branches) Push(x any)   { *f = append(*f, x.(*branch)) }
func (f *branches) Pop() any {
	old := *f
	x := old[len(old)-1]
	*f = old[:len(old)-1]
	return x
}

// branchable says whether the Lagrangian of every part is exact within ranges of one price and quantity a lot.
func (h *hunt) branchable() bool {
	for _, t := range h.r.parts {
		if !t.whole || !t.bounded() || !t.told() {
			return false
		}
	}
	return h.r.p.Rules.BidSteps == 1 && !math.IsInf(h.bound, 1)
}

// branch searches from multipliers on, until the gap is closed, nothing is left to split, or so many nodes are looked at.
func (h *hunt) branch(center []float64, nodes int) error {
	root := &branch{center: center, bound: h.bound}
	for i, b := range h.parts {
		boxes := b.t.anything()
		for l := range boxes {
			boxes[l].zero = true
		}
		root.boxes = append(root.boxes, boxes)
		root.roots = append(root.roots, h.roots[i].copy())
	}
	if err := h.visit(root, -1); err != nil {
		return err
	}
	h.blended()
	open, closed := &branches{root}, math.Inf(-1) // closed: the largest bound of a node that is not split further
	for count := 0; open.Len() > 0; {
		top := (*open)[0]
		h.bound = min(h.bound, max(top.bound, closed, h.value))
		if h.done() || count >= nodes {
			return nil
		}
		heap.Pop(open)
		if top.cut.part < 0 {
			closed = max(closed, top.bound)
			continue
		}
		if h.split != nil {
			h.split(top.cut)
		}
		for side := range 2 {
			count++
			c := top.child(side, count)
			if err := h.visit(c, top.cut.part); err != nil {
				return err
			}
			heap.Push(open, c)
			if count%often == 0 {
				h.blended()
			}
		}
	}
	h.bound = min(h.bound, max(closed, h.value))
	return nil
}

// child returns one side of a split.
func (b *branch) child(side, order int) *branch {
	c := &branch{center: b.center, bounds: slices.Clone(b.bounds), boxes: slices.Clone(b.boxes), bound: b.bound, order: order}
	for _, d := range b.roots {
		c.roots = append(c.roots, d.copy())
	}
	c.boxes[b.cut.part] = b.side(b.cut, side)
	return c
}

// side returns the boxes of the part that is cut on one side.
func (b *branch) side(c cut, side int) []box {
	mine := slices.Clone(b.boxes[c.part])
	x := &mine[c.lot]
	switch {
	case c.byLevel && side == 0:
		x.mostLevel = int32(c.at)
	case c.byLevel:
		x.leastLevel = int32(c.at)
	case side == 0:
		x.mostTick = c.at
	default:
		x.leastTick = c.at + 1
	}
	return mine
}

// copy returns a node with weights of its own.
func (d *node) copy() *node {
	c := &node{bound: d.bound, boxes: d.boxes}
	for _, w := range d.weights {
		c.weights = append(c.weights, slices.Clone(w))
	}
	return c
}

// visit lowers a node's bound and says where to split it. One part alone differs from the parent's; -1 for all.
func (h *hunt) visit(b *branch, part int) error {
	k := h.cuts
	k.enter(b.boxes)
	b.cut.part = -1
	best, next := math.Inf(1), b.center
	for range branchRounds {
		h.set(next)
		v, bounds := h.within(b, part)
		part = -1
		if v < best {
			best, b.center, b.bounds = v, next, bounds
		}
		b.bound = min(b.bound, v)
		if b.bound <= h.value+h.r.o.Gap*math.Abs(b.bound) || h.r.ctx.Err() != nil {
			return nil
		}
		s, err := k.solve(h.r.ctx)
		if err != nil || !s.HasValues() {
			return err
		}
		k.mix(s)
		if low := s.Objective * k.unit; best-low <= steady*(best-h.value) {
			break
		}
		next = k.multipliers(s)
		for i := range next {
			next[i] = (next[i] + b.center[i]) / 2
		}
	}
	var err error
	b.cut, err = h.probe(b, h.spread(b), best)
	return err
}

// within bounds the Lagrangian at the multipliers over a node's bids, part by part or where one part alone has changed, and adds
// what is best there to the cuts.
func (h *hunt) within(b *branch, part int) (float64, []float64) {
	charges := h.charges()
	bounds := slices.Clone(b.bounds)
	if part < 0 {
		bounds = make([]float64, len(h.parts))
	}
	found := make([]*stand, len(h.parts))
	h.r.each(func(i int) {
		if part >= 0 && i != part {
			return
		}
		t := h.parts[i].t
		t.price(charges)
		start := h.cuts.inside(i, b.boxes[i])
		if start == nil {
			bounds[i] = math.Inf(-1) // no bid lies in the ranges
			return
		}
		s := *h.parts[i]
		s.best, s.boxed = start, true
		d := b.roots[i]
		d.boxes, d.bound = b.boxes[i], math.Inf(1)
		s.ascend(h.r.ctx, d, nodeSteps)
		bounds[i], found[i] = d.bound, s.best
	})
	sum := 0.0
	for i := range h.rows {
		sum += h.rows[i].multiplier * h.rows[i].limit
	}
	for i := range h.parts {
		sum += bounds[i]
		if found[i] != nil && holds(b.boxes[i], found[i].chosen) {
			h.cuts.add(i, found[i])
		}
	}
	return sum, bounds
}

// holds says whether a part's bid lies in boxes.
func holds(boxes []box, chosen []*choice) bool {
	for l, c := range chosen {
		if !boxes[l].holds(c) {
			return false
		}
	}
	return true
}

// enter lets only the bids in boxes into the LP.
func (k *cuts) enter(boxes [][]box) {
	for i := range k.known {
		k.enterPart(i, boxes[i])
	}
}

// enterPart lets only the bids of a part in boxes into the LP.
func (k *cuts) enterPart(part int, boxes []box) {
	for _, n := range k.known[part] {
		if out := !holds(boxes, n.chosen); out != n.out {
			n.out = out
			low := n.profit / k.unit
			if n.out {
				low = math.Inf(-1)
			}
			k.m.SetRange(n.row, low, math.Inf(1))
		}
	}
}

// mix keeps the mixture of an LP.
func (k *cuts) mix(s *solver.Solution) {
	for _, list := range k.known {
		for _, n := range list {
			n.share = 0
			if s.HasDuals() && !n.out {
				n.share = math.Abs(s.Dual(n.row))
			}
		}
	}
}

// inside returns a part's best bid known under the multipliers that lies in boxes, or else any; nil where there is none.
func (k *cuts) inside(part int, boxes []box) *stand {
	m := k.h.multipliers()
	var at *known
	best := math.Inf(-1)
	for _, n := range k.known[part] {
		if v := n.worthOf(m); !n.out && v > best {
			at, best = n, v
		}
	}
	if at != nil {
		s := at.clone()
		s.recharge()
		return s
	}
	t := k.h.parts[part].t
	chosen := t.nothing()
	for l := range t.lots {
		lot := &t.lots[l]
		c, _ := lot.best(lot.blank(), 1, boxes[l], lot.edges(boxes[l], nil))
		if c == nil {
			return nil
		}
		chosen[l] = c
	}
	return t.with(false, chosen)
}

// spread lists where the mixture is furthest from a bid, in expected packages, the furthest first: by prices, the smaller share of
// two sides times how far apart they win; at one price, what the mean quantity would win against what the mixture does.
func (h *hunt) spread(b *branch) []cut {
	var list []cut
	for i, known := range h.cuts.known {
		t := h.parts[i].t
		for l := range t.lots {
			m := t.lots[l].mixture(known, l)
			if at, v := t.lots[l].byTick(m); v > 0 {
				list = append(list, cut{part: i, lot: l, at: at, off: v})
			}
			if at, v := t.byLevel(l, m, b.boxes[i][l]); v > 0 {
				list = append(list, cut{part: i, lot: l, byLevel: true, at: int(at), off: v})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b cut) int { return cmp.Compare(b.off, a.off) })
	return list
}

// probe chooses among cuts: of the furthest few, the one whose sides lower the LP over the bids known most, by the product of
// both (strong branching, Applegate, Bixby, Chvatal and Cook 1995).
func (h *hunt) probe(b *branch, list []cut, bound float64) (cut, error) {
	if len(list) == 0 {
		return cut{part: -1}, nil
	}
	list = list[:min(len(list), probes)]
	if len(list) == 1 || len(h.parts) < manyParts {
		return list[0], nil
	}
	k := h.cuts
	best, most := list[0], math.Inf(-1)
	for _, c := range list {
		score := 1.0
		for side := range 2 {
			k.enterPart(c.part, b.side(c, side))
			s, err := k.solve(h.r.ctx)
			if err != nil {
				return best, err
			}
			if !s.HasValues() {
				return best, nil
			}
			score *= max(bound-s.Objective*k.unit, h.r.o.Gap/100*math.Abs(bound))
		}
		k.enterPart(c.part, b.boxes[c.part])
		if score > most {
			best, most = c, score
		}
	}
	return best, nil
}

// A blend is a lot's part of a mixture of bids.
type blend struct {
	choices []*choice
	share   []float64 // of all
	mean    float64   // quantity
	won     []float64 // packages, by supply
	tick    int       // of the largest share of bids, -1 for none
	one     bool      // all bids have this tick
}

// mixture returns what a part's mixture bids in a lot.
func (l *lotView) mixture(list []*known, lot int) *blend {
	m := &blend{won: make([]float64, len(l.most)), tick: -1, one: true}
	sum := 0.0
	ticks := make([]float64, len(l.ticks))
	for _, n := range list {
		if n.share <= sure {
			continue
		}
		c := n.chosen[lot]
		m.choices, m.share = append(m.choices, c), append(m.share, n.share)
		sum += n.share
		m.mean += n.share * c.volume
		for k, w := range c.won {
			m.won[k] += n.share * l.levels[w]
		}
		if len(c.rows) > 0 {
			j := c.rows[0].tick
			m.one = m.one && (m.tick < 0 || m.tick == j)
			if ticks[j] += n.share; m.tick < 0 || ticks[j] > ticks[m.tick] {
				m.tick = j
			}
		}
	}
	if sum > 0 {
		m.mean /= sum
		for i := range m.share {
			m.share[i] /= sum
		}
		for k := range m.won {
			m.won[k] /= sum
		}
	}
	return m
}

// byTick returns the last tick of one side of the split of prices that parts most.
func (l *lotView) byTick(m *blend) (at int, most float64) {
	if m.one {
		return 0, 0
	}
	type side struct {
		share float64
		won   []float64
	}
	for _, c := range m.choices {
		if len(c.rows) == 0 {
			continue
		}
		cut := c.rows[0].tick
		sides := [2]side{{won: make([]float64, len(l.most))}, {won: make([]float64, len(l.most))}}
		for i, x := range m.choices {
			if len(x.rows) == 0 {
				continue
			}
			s := &sides[0]
			if x.rows[0].tick > cut {
				s = &sides[1]
			}
			s.share += m.share[i]
			for k, w := range x.won {
				s.won[k] += m.share[i] * l.levels[w]
			}
		}
		if sides[1].share == 0 {
			continue
		}
		off := 0.0
		for k := range l.most {
			off += l.weight[k] * math.Abs(sides[0].won[k]/sides[0].share-sides[1].won[k]/sides[1].share)
		}
		if v := off * min(sides[0].share, sides[1].share); v > most {
			at, most = cut, v
		}
	}
	return at, most
}

// byLevel returns the level at which a mixture of one price is split, the nearest to its mean quantity, and how far what that
// quantity would win is from what the mixture does; together counts a share of how far its quantities lie apart, since lots
// that close a station do so together.
func (t *part) byLevel(l int, m *blend, b box) (at int32, off float64) {
	lot := &t.lots[l]
	if !m.one || m.tick < 0 {
		return 0, 0
	}
	near := math.Inf(1)
	for v := b.leastLevel + 1; v < b.mostLevel; v++ {
		if d := math.Abs(lot.levels[v] - m.mean); d < near && t.complete(l, v) {
			at, near = v, d
		}
	}
	below, above := 0.0, 0.0
	for i, c := range m.choices {
		if d := c.volume - lot.levels[at]; d > 0 {
			above += m.share[i] * d
		} else {
			below -= m.share[i] * d
		}
	}
	if math.IsInf(near, 1) || min(below, above) <= sure*m.mean {
		return 0, 0
	}
	off = together * min(below, above)
	for k := range lot.most {
		off += lot.weight[k] * math.Abs(min(m.mean, lot.levels[lot.most[k][m.tick]])-m.won[k])
	}
	return at, off
}

// blended makes the node's mixture a bid, lot by lot the mean quantity at the likeliest price, that fits.
func (h *hunt) blended() {
	var s auction.Strategy
	for i, list := range h.cuts.known {
		t := h.parts[i].t
		for l := range t.lots {
			if m := t.lots[l].mixture(list, l); m.tick >= 0 && m.mean > 0 {
				s = append(s, auction.LotBid{Lot: t.lots[l].id, Tick: t.lots[l].ticks[m.tick], Quantity: m.mean})
			}
		}
	}
	// On levels of its own, so that its quantities are among them.
	r := *h.r
	r.parts = h.r.p.parts(s)
	other := &hunt{r: &r, rows: slices.Clone(h.rows), value: h.value, best: h.best}
	var stands []*stand
	for _, t := range r.parts {
		stands = append(stands, t.stand(false, s))
	}
	other.fit(stands)
	h.keep(other.best)
}

// complete says whether the levels of the pool's other lot hold all that matter beside a level of this one, so that a range
// may end there: what makes up a sum at which the pool's value bends.
func (t *part) complete(l int, level int32) bool {
	lot := &t.lots[l]
	lots := t.pools[lot.pool].lots
	if len(lots) < 2 {
		return true
	}
	other := &t.lots[lots[1-lot.place]]
	top := other.levels[len(other.levels)-1]
	for _, c := range t.pools[lot.pool].bends {
		if y := c - lot.levels[level]; y > merged*top && y < top*(1-merged) && other.nearest(y) < 0 {
			return false
		}
	}
	return true
}

// edges adds to levels where a box ends: besides those that matter everywhere, the best in it may lie there.
func (l *lotView) edges(b box, extra []int32) []int32 {
	top := int32(len(l.levels) - 1)
	if b.leastLevel == 0 && b.mostLevel == top {
		return extra
	}
	extra = slices.Clone(extra)
	for _, q := range []int32{b.leastLevel, b.mostLevel} {
		if q > 0 {
			extra = append(extra, q)
		}
	}
	slices.Sort(extra)
	return slices.Compact(extra)
}
