package bidding

import (
	"encoding/binary"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/network"
)

// What can be optimal.
//
// Prices. Lower the price of a row to the highest tick, over all scenarios' Supply.Ticks of the lot, that is
// not above it. Residual supplies change only at these ticks, so every row wins as much as before in
// every scenario (two rows that meet at one tick win together what one of their joint quantity wins) and pays
// no more: some optimal bid names such ticks only.
//
// Quantities. Nothing is gained by a quantity over the lot's useful volume U, nor over the largest residual
// supply: w = min(q, R), V does not grow beyond U, and more is paid. So R counts as min(R, U). Fix the
// prices and, in each scenario, an optimal set of open facilities. Profit is then a sum of functions of
// w_s = min(q, R_s) that are concave and piecewise linear and, without scarce facilities, each about the
// lots of one pool. In a pool of one lot the cumulative quantities of its rows therefore matter only at the
// R_s and at the kinks of the pool's value. In a pool of two lots the regions of linearity in (q, q') are
// bounded by lines q = const, q' = const and q + q' = const: q = R_s or a line of the pool's value, or the
// sum's constant less R'_s; likewise q'; and the sums of lines. Some optimum is at a vertex of these lines.
// The choice of facilities does not move them, so vertices of all sets of facilities together contain an
// optimum: the levels below.

// A part is a component of the bidder's network with the scenarios of its lots, as small integers.
type part struct {
	p       *Problem
	net     *network.Network
	values  *network.Evaluator
	where   []int // by lot: its position in Problem.Lots
	lots    []lotView
	scenes  []scene
	sceneOf []int32 // by scenario of the Problem
	pools   []poolView
	sets    []uint64 // of open facilities that are considered
	fixed   []float64
	zero    float64   // V(0)
	weight  float64   // Σ π_s
	compact [][]int32 // by lot: from the Problem's distinct supplies to the part's
	scarce  *scarce   // see there; nil where no capacity is short, or pools cannot be told its price
	scale   float64   // of the sums of money that profits are differences of

	// whole says that sets are all sets of facilities and that the levels contain an optimum, as long as no
	// facility's capacity is short, so that a search over them is exact but for that.
	whole bool
}

// A column is a set of a pool's open facilities, at prices of capacity.
type column struct {
	pool *network.Pool
	set  uint64
}

// A scene is scenarios that are one to this part.
type scene struct {
	probability   float64
	money, volume float64 // what a unit paid and a package won is charged, see charges
	supply        []int32 // by lot
}

// lotView is one lot of a part.
type lotView struct {
	id            int
	pool          int
	place         int         // in the pool
	ticks         []int64     // that matter, ascending
	price         []float64   // by tick
	levels        []float64   // volumes that matter, ascending; levels[0] is 0
	most          [][]int32   // by supply, tick: the level of the residual supply
	weight        []float64   // by supply: probability
	money, volume []float64   // by supply: what a unit paid and a package won is charged, see charges
	bidMoney      float64     // for a unit of money that is bid
	bidVolume     float64     // for a package that is bid
	common        []int32     // levels that matter at every tick
	useful        [][]int32   // by tick: the levels that matter there, ascending
	base          []int32     // 0 and all levels of useful
	cost          [][]float64 // by tick, level: what a row for it is charged
	over          [][]int32   // by level, supply: the first tick at which more is left
	first, second []float64   // see best; overwritten by every call
	top           []int32     // by tick: the most that can be won
	// partners are, in a pool of two lots, the levels that matter beside each level of the other lot: what makes up a
	// sum at which the pool's value bends. sums are all of them.
	partners [][]int32
	sums     []int32
}

// poolView is one pool of a part.
type poolView struct {
	*network.Pool
	lots  []int    // of the part
	own   []uint64 // sets of its facilities that are considered; the last is all
	local []int    // by set of the part: into own
	// columns are what values are kept for: own, each with a scarce station open by the station's price too.
	columns []column
	planes  [][]network.Plane // of two lots, by column; nil where they are not known
	bends   []float64         // of two lots: sums of volumes at which the value bends
	priced  *priced           // nil where the pool uses no scarce station
	dear    []*network.Pool   // by price of priced
	stride  int               // weights a scene: of the sets, and the price
	known   []int32
	data    []float64 // values by column, from known on
	raw     []float64 // the same before what stands in, each concave in the volumes
	opens   float64   // what opening all facilities costs
	many    map[int]int32
}

const (
	// largestSets is the most facilities of a component whose sets are all considered one by one.
	largestSets = 5
	// largestTable is up to how many combinations of levels a pool keeps its values in an array.
	largestTable = 1 << 20
)

// parts splits the problem by component; components without lots are left out, they are worth the same
// whatever is bid. start's quantities are among the levels.
func (p *Problem) parts(start auction.Strategy) []*part {
	var list []*part
	v := p.view()
	for _, n := range p.Network.Components() {
		if len(n.Lots()) > 0 {
			list = append(list, newPart(p, n, v, start))
		}
	}
	return list
}

func newPart(p *Problem, n *network.Network, v *view, start auction.Strategy) *part {
	t := &part{p: p, net: n, values: n.NewEvaluator(), weight: v.weight, whole: true}
	ids := n.Lots()
	t.zero = t.values.Value(make([]float64, len(ids)))
	compact := make([][]int32, len(ids)) // by lot: from the view's supplies to this part's
	for i, id := range ids {
		at := v.position[id]
		t.where = append(t.where, at)
		l, c := viewLot(id, n.Useful(i), v.supplies[at], cumulative(start, id))
		t.lots = append(t.lots, l)
		compact[i] = c
	}
	t.compact = compact
	t.mergeScenes(v)
	t.scale = math.Abs(t.zero)
	facilities := n.Facilities()
	if facilities <= largestSets {
		for set := range uint64(1) << facilities {
			t.sets = append(t.sets, set)
		}
	} else {
		t.whole = false
		all := uint64(1)<<facilities - 1 // of the first 64
		t.sets = []uint64{0, all}
		for f := range min(facilities, 64) {
			t.sets = append(t.sets, all&^(1<<f), 1<<f)
		}
	}
	for _, set := range t.sets {
		cost := 0.0
		for f := range facilities {
			if f < 64 && set>>f&1 == 1 {
				cost += n.FixedCost(f)
			}
		}
		t.fixed = append(t.fixed, cost)
	}
	for _, q := range n.Pools() {
		pv := poolView{Pool: q, lots: q.Lots()}
		mine := make([]uint64, len(t.sets))
		for i, set := range t.sets {
			for j, f := range q.Facilities() {
				mine[i] |= set >> f & 1 << j
			}
		}
		pv.own = slices.Clone(mine)
		slices.Sort(pv.own)
		pv.own = slices.Compact(pv.own)
		for _, set := range mine {
			k, _ := slices.BinarySearch(pv.own, set)
			pv.local = append(pv.local, k)
		}
		for _, set := range pv.own {
			pv.columns = append(pv.columns, column{q, set})
		}
		pv.stride = len(t.sets)
		for place, l := range pv.lots {
			t.lots[l].pool, t.lots[l].place = len(t.pools), place
		}
		t.pools = append(t.pools, pv)
	}
	t.priceStations()
	for i := range t.pools {
		t.addLevels(&t.pools[i])
	}
	for i := range t.lots {
		l := &t.lots[i]
		l.finish(p.Rules.BidSteps)
		for _, tick := range l.ticks {
			l.price = append(l.price, p.Rules.Price(tick))
		}
		if n := len(l.ticks); n > 0 {
			t.scale += l.levels[len(l.levels)-1] * math.Abs(l.price[n-1])
		}
	}
	t.price(nil)
	for i := range t.pools {
		q := &t.pools[i]
		size := 1
		for _, l := range q.lots {
			size = min(size*len(t.lots[l].levels), math.MaxInt32)
		}
		if size <= largestTable {
			q.known = make([]int32, size)
		} else {
			q.many = map[int]int32{}
		}
		q.data, q.raw = make([]float64, 1), make([]float64, 1) // so that 0 means not known
		for _, f := range q.Facilities() {
			q.opens += max(0, t.net.FixedCost(f))
		}
	}
	return t
}

// cumulative returns the sums of a lot's quantities from the highest price down.
func cumulative(s auction.Strategy, lot int) []float64 {
	var rows []int
	for r := range s {
		if s[r].Lot == lot {
			rows = append(rows, r)
		}
	}
	order(s, rows)
	var sums []float64
	sum := 0.0
	for _, r := range rows {
		sum += s[r].Quantity
		sums = append(sums, sum)
	}
	return sums
}

// viewLot reduces a lot's supplies to those that differ once volumes over the useful one count as it.
// Levels are still volumes in no order; most refers to them. It returns which of the distinct supplies each
// given one is.
func viewLot(id int, useful float64, supplies []*Supply, extra []float64) (lotView, []int32) {
	l := lotView{id: id}
	at := map[string]int32{}
	compact := make([]int32, len(supplies))
	var distinct []*Supply
	for i, s := range supplies {
		c := &Supply{}
		for j, v := range s.Volumes {
			if v = min(v, useful); v > 0 && (len(c.Volumes) == 0 || v > c.Volumes[len(c.Volumes)-1]) {
				c.Ticks = append(c.Ticks, s.Ticks[j])
				c.Volumes = append(c.Volumes, v)
			}
		}
		var key []byte
		for j := range c.Ticks {
			key = appendFloat(binary.LittleEndian.AppendUint64(key, uint64(c.Ticks[j])), c.Volumes[j])
		}
		k, ok := at[string(key)]
		if !ok {
			k = int32(len(distinct))
			at[string(key)] = k
			distinct = append(distinct, c)
			l.ticks = append(l.ticks, c.Ticks...)
		}
		compact[i] = k
	}
	slices.Sort(l.ticks)
	l.ticks = slices.Compact(l.ticks)
	l.weight = make([]float64, len(distinct))
	l.money, l.volume = make([]float64, len(distinct)), make([]float64, len(distinct))
	l.levels = []float64{0}
	top := 0.0
	for _, s := range distinct {
		l.levels = append(l.levels, s.Volumes...)
		for _, v := range s.Volumes {
			top = max(top, v)
		}
	}
	for _, x := range extra {
		l.levels = append(l.levels, min(x, top))
	}
	slices.Sort(l.levels)
	l.levels = slices.Compact(l.levels)
	for _, s := range distinct {
		most := make([]int32, len(l.ticks))
		for j, tick := range l.ticks {
			k, _ := slices.BinarySearch(l.levels, s.At(tick))
			most[j] = int32(k)
		}
		l.most = append(l.most, most)
	}
	for _, x := range extra {
		k, _ := slices.BinarySearch(l.levels, min(x, top))
		l.common = append(l.common, int32(k))
	}
	return l, compact
}

// merged is the share of the largest level within which a volume counts as a level that is there: what sums and
// differences of the same numbers differ by.
const merged = 1e-12

// add puts volumes among the levels; with common, they matter at every tick.
func (l *lotView) add(volumes []float64, common bool) {
	top := l.levels[len(l.levels)-1]
	old := l.levels
	fresh := slices.Clone(volumes)
	slices.Sort(fresh)
	last := 0.0
	for _, x := range fresh {
		if x > last+merged*top && x < top && l.nearest(x) < 0 {
			l.levels = append(slices.Clip(l.levels), x)
			last = x
		}
	}
	fresh = l.levels
	l.levels = old
	if len(fresh) > len(old) {
		slices.Sort(fresh)
		l.levels = fresh
		moved := make([]int32, len(old))
		for i, x := range old {
			k, _ := slices.BinarySearch(l.levels, x)
			moved[i] = int32(k)
		}
		for _, most := range l.most {
			for j := range most {
				most[j] = moved[most[j]]
			}
		}
		for i := range l.common {
			l.common[i] = moved[l.common[i]]
		}
	}
	if common {
		for _, x := range volumes {
			if k := l.nearest(x); k > 0 {
				l.common = append(l.common, k)
			}
		}
	}
}

// nearest returns the level that is this volume, -1 where none is.
func (l *lotView) nearest(x float64) int32 {
	off := merged * l.levels[len(l.levels)-1]
	k, _ := slices.BinarySearch(l.levels, x-off)
	if k < len(l.levels) && l.levels[k] <= x+off {
		return int32(k)
	}
	return -1
}

// pair finds the levels that matter beside each level of the pool's other lot.
func (l *lotView) pair(other *lotView, sums []float64) {
	l.partners = make([][]int32, len(other.levels))
	for i, x := range other.levels {
		for _, c := range sums {
			if k := l.nearest(c - x); k > 0 {
				l.partners[i] = append(l.partners[i], k)
			}
		}
		l.sums = append(l.sums, l.partners[i]...)
	}
	slices.Sort(l.sums)
	l.sums = slices.Compact(l.sums)
}

// beside returns the levels of the lot that matter beside what a choice of the pool's other lot wins.
func (l *lotView) beside(other *choice) []int32 {
	if l.partners == nil {
		return nil
	}
	var extra []int32
	for _, w := range other.won {
		extra = append(extra, l.partners[w]...)
	}
	slices.Sort(extra)
	return slices.Compact(extra)
}

// finish lists the levels that matter at each tick: with several rows, a row's cumulative quantity meets the
// residual supplies at the next row's price too.
func (l *lotView) finish(steps int) {
	if steps > 1 {
		l.common = l.common[:0]
		for q := range l.levels {
			l.common = append(l.common, int32(q))
		}
	}
	slices.Sort(l.common)
	l.common = slices.Compact(l.common)
	for j := range l.ticks {
		top := int32(0)
		use := slices.Clone(l.common)
		for _, most := range l.most {
			use = append(use, most[j])
			top = max(top, most[j])
		}
		slices.Sort(use)
		use = slices.Compact(use)
		use = slices.DeleteFunc(use, func(q int32) bool { return q == 0 || q > top })
		l.useful = append(l.useful, use)
		l.top = append(l.top, top)
		l.base = append(l.base, use...)
	}
	l.base = append(l.base, 0)
	slices.Sort(l.base)
	l.base = slices.Compact(l.base)
	for q := range int32(len(l.levels)) {
		over := make([]int32, len(l.most))
		for k, most := range l.most {
			j, _ := slices.BinarySearch(most, q+1)
			over[k] = int32(j)
		}
		l.over = append(l.over, over)
	}
}

// mergeScenes adds up the scenarios that are one to this part.
func (t *part) mergeScenes(v *view) {
	at := map[string]int{}
	var key []byte
	supply := make([]int32, len(t.lots))
	for s := range t.p.Scenarios {
		key = key[:0]
		for i := range t.lots {
			supply[i] = t.supplyOf(v, s, i)
			key = binary.LittleEndian.AppendUint32(key, uint32(supply[i]))
		}
		k, ok := at[string(key)]
		if !ok {
			k = len(t.scenes)
			at[string(key)] = k
			t.scenes = append(t.scenes, scene{supply: slices.Clone(supply)})
		}
		t.sceneOf = append(t.sceneOf, int32(k))
		q := t.p.Scenarios[s].Probability
		t.scenes[k].probability += q
		for i := range t.lots {
			t.lots[i].weight[supply[i]] += q
		}
	}
}

// supplyOf returns the part's supply of a lot in a scenario of the Problem.
func (t *part) supplyOf(v *view, scenario, l int) int32 {
	return t.compact[l][v.index[scenario][t.where[l]]]
}

// addLevels adds the kinks of a pool's value to its lots' levels.
func (t *part) addLevels(q *poolView) {
	none := make([]float64, len(q.lots))
	switch len(q.lots) {
	case 0:
	case 1:
		var ks []float64
		for _, c := range q.columns {
			ks = append(ks, c.pool.Kinks(0, none, c.set)...)
		}
		t.lots[q.lots[0]].add(ks, true)
	case 2:
		a, b := &t.lots[q.lots[0]], &t.lots[q.lots[1]]
		var all network.Lines
		for _, c := range q.columns {
			lines, ok := c.pool.Lines(c.set)
			if planes, _ := c.pool.Planes(c.set); ok {
				q.planes = append(q.planes, planes)
			} else {
				t.whole = false
			}
			all.First = append(all.First, lines.First...)
			all.Second = append(all.Second, lines.Second...)
			all.Sum = append(all.Sum, lines.Sum...)
		}
		if len(q.planes) < len(q.columns) {
			q.planes = nil
		}
		// Kinks of its own matter to a lot whatever is bid for the other; x + y = c matters where the other wins what
		// makes up the sum.
		a.add(all.First, true)
		b.add(all.Second, true)
		first, second := slices.Clone(a.levels), slices.Clone(b.levels)
		a.add(differences(all.Sum, second), false)
		b.add(differences(all.Sum, first), false)
		first, second = slices.Clone(a.levels), slices.Clone(b.levels)
		a.add(differences(all.Sum, second), false)
		b.add(differences(all.Sum, first), false)
		q.bends = all.Sum
		a.pair(b, all.Sum)
		b.pair(a, all.Sum)
	default:
		t.whole = false
		full := make([]float64, len(q.lots))
		for i, l := range q.lots {
			full[i] = t.net.Useful(l)
		}
		for i, l := range q.lots {
			var ks []float64
			for _, c := range q.columns {
				ks = append(ks, c.pool.Kinks(i, none, c.set)...)
				ks = append(ks, c.pool.Kinks(i, full, c.set)...)
			}
			t.lots[l].add(ks, true)
		}
	}
}

func differences(sums, parts []float64) []float64 {
	var out []float64
	for _, c := range sums {
		for _, x := range parts {
			out = append(out, c-x)
		}
	}
	return out
}

// forget drops what value has found so far, which may be most of a case's memory: a part that is answered seldom asks again.
func (t *part) forget() {
	for i := range t.pools {
		q := &t.pools[i]
		q.known, q.many = nil, map[int]int32{}
		q.data, q.raw = make([]float64, 1), make([]float64, 1)
	}
}

// value returns the pool's values, by column, with these levels won in its lots. Where something cannot be
// delivered it stands in what is never better: the value with everything open, a scarce station at its highest
// price, less what opening everything costs.
func (t *part) value(q *poolView, levels []int32) []float64 {
	key := 0
	for i, l := range q.lots {
		key = key*len(t.lots[l].levels) + int(levels[i])
	}
	n := len(q.columns)
	var at int32
	if q.known != nil {
		at = q.known[key]
	} else {
		at = q.many[key]
	}
	if at == 0 {
		won := make([]float64, len(q.lots))
		for i, l := range q.lots {
			won[i] = t.lots[l].levels[levels[i]]
		}
		at = int32(len(q.data))
		for i, c := range q.columns {
			v := math.Inf(1)
			if q.planes == nil {
				v = c.pool.Value(won, c.set)
			} else {
				for j := range q.planes[i] {
					v = min(v, q.planes[i][j].On(won[0], won[1]))
				}
			}
			q.data = append(q.data, v)
		}
		q.raw = append(q.raw, q.data[at:]...)
		for i := range n {
			v := &q.data[int(at)+i]
			*v = max(*v, q.data[int(at)+n-1]-q.opens)
		}
		if q.known != nil {
			q.known[key] = at
		} else {
			q.many[key] = at
		}
	}
	return q.data[at : int(at)+n]
}
