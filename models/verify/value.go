package verify

import (
	"encoding/binary"
	"math"
	"sort"

	"lotwise/models/auction"
)

// What lots are worth to one type of one bidder:
//
//	V(w) = max  value x delivered - access costs - route costs - fixed costs of open facilities
//	       s.t. every demand row without value is delivered whole, volume through lot l <= w_l,
//	            routes and facilities within capacity, a route of a facility only while that is open
//
// For a given set of open facilities this is a minimum-cost flow: source -> demand rows -> lots and
// routes -> (facilities ->) sink, where an optional row may also go undelivered at the cost of its value.
// It falls into pieces that share nothing but facilities whose capacity cannot bind. The set of open
// facilities is found by branching.

// A network is the delivery problem of one type, cut into parts that share no demand row, route,
// facility or lot: V is the sum over the parts.
type network struct {
	parts  []*part
	partOf map[int]int // part of each lot that can serve some demand row
}

// A part is one connected piece of a network.
type part struct {
	lots       []int // its lots, ascending: the order of the arguments of at
	volume     []float64
	value      []float64 // NaN where the row must be delivered
	ways       []way
	fixed      []float64 // by facility
	facilities []int     // its facilities, into the bidder's: the order of fixed and limit
	limit      []float64 // capacity by facility
	total      float64   // of volume
	lean       float64   // money added to the value of every package, which decides ties
	reach      []float64 // by lot: the packages it could serve; more of it is worth nothing more
	pieces     []*piece
	memo       map[string]delivery
}

// A piece is demand rows, lots and routes of a part that share nothing with the rest while it is known
// which facilities are open.
type piece struct {
	demand, ways []int // positions in the part
	lots         []int // positions in part.lots
	facilities   []int // positions in part.fixed
	memo         map[string]*flow
}

// A flow is the least-cost shipment of a piece.
type flow struct {
	cost   float64   // of lots, routes and missed value
	missed float64   // value of what is left
	left   float64   // packages of optional rows that stay undelivered
	used   []float64 // packages by facility of the piece
	ok     bool      // whether every row without value is shipped
}

// leaning returns the part with every value raised a little: among equally good deliveries the largest is
// then taken, or, lowered, the smallest.
func (p *part) leaning(lean float64) *part {
	q := *p
	q.lean, q.memo = lean, map[string]delivery{}
	q.cut()
	return &q
}

// cut finds the pieces of a part.
func (p *part) cut() {
	nd := len(p.volume)
	join := newForest(nd + len(p.ways) + len(p.fixed))
	through := make([]map[int]bool, len(p.fixed)) // demand rows that a facility's routes serve
	for i, w := range p.ways {
		for _, d := range w.serves {
			join.union(d, nd+i)
			if w.facility >= 0 {
				if through[w.facility] == nil {
					through[w.facility] = map[int]bool{}
				}
				through[w.facility][d] = true
			}
		}
	}
	for i, w := range p.ways {
		if f := w.facility; f >= 0 {
			most := 0.0
			for d, v := range p.volume {
				if through[f][d] {
					most += v
				}
			}
			if p.limit[f] < most {
				join.union(nd+i, nd+len(p.ways)+f)
			}
		}
	}
	p.pieces = nil
	at := map[int]*piece{}
	for d := range p.volume {
		root := join.root(d)
		if at[root] == nil {
			at[root] = &piece{memo: map[string]*flow{}}
			p.pieces = append(p.pieces, at[root])
		}
		at[root].demand = append(at[root].demand, d)
	}
	p.reach = make([]float64, len(p.lots))
	for i, w := range p.ways {
		q := at[join.root(nd+i)]
		q.ways = append(q.ways, i)
		if w.lot >= 0 {
			q.lots = append(q.lots, w.lot)
			for _, d := range w.serves {
				p.reach[w.lot] += p.volume[d]
			}
		}
		if w.facility >= 0 && !containsInt(q.facilities, w.facility) {
			q.facilities = append(q.facilities, w.facility)
		}
	}
}

// A way is a lot or a route.
type way struct {
	lot      int // position in part.lots, -1 for a route
	facility int // position in part.fixed, -1 for none
	capacity float64
	cost     float64
	serves   []int // demand rows
}

// A delivery is the best answer to some won volumes.
type delivery struct {
	net      float64 // value delivered less all costs; -Inf where a row cannot be delivered
	cost     float64 // all costs
	volume   float64 // packages delivered
	feasible bool
}

// useful says whether the bidder can bring packages of some demand row to the lot.
func useful(c *auction.Case, b *auction.Bidder, lot int) bool {
	if _, ok := b.LotAccess(lot); !ok {
		return false
	}
	for i := range b.Demand {
		if d := &b.Demand[i]; d.Volume > 0 && d.Zone == c.Lots[lot].Zone && d.Accepts(c.Lots[lot].Service) {
			return true
		}
	}
	return false
}

// superfluous says whether the type would be as well off without the lot whatever else it won: each row
// the lot can serve has a substitute that costs no more and never runs out, which is staying undelivered
// or a route that needs no facility. Such lots join nothing.
func superfluous(c *auction.Case, b *auction.Bidder, t auction.Type, lot int) bool {
	unit, _ := b.LotAccess(lot)
	unit *= t.AccessCostFactor
	for i := range b.Demand {
		d := &b.Demand[i]
		if d.Zone != c.Lots[lot].Zone || !d.Accepts(c.Lots[lot].Service) || d.Volume*t.VolumeFactor <= 0 {
			continue
		}
		substitute := d.Optional() && d.Value*t.ValueFactor <= unit
		for _, r := range b.Routes {
			if r.Zone != d.Zone || !d.Accepts(r.Service) || r.Facility >= 0 || r.UnitCost*t.UnitCostFactor > unit {
				continue
			}
			most := 0.0
			for j := range b.Demand {
				if b.Demand[j].Zone == r.Zone && b.Demand[j].Accepts(r.Service) {
					most += b.Demand[j].Volume * t.VolumeFactor
				}
			}
			substitute = substitute || r.Capacity >= most
		}
		if !substitute {
			return false
		}
	}
	return true
}

// newNetwork builds the delivery problem of type t of bidder b.
func newNetwork(c *auction.Case, b *auction.Bidder, t auction.Type) *network {
	// Number the demand rows, then useful lots, routes and facilities, and join what touches.
	var lots []int
	for l := range c.Lots {
		if useful(c, b, l) && c.Lots[l].Capacity > 0 && !superfluous(c, b, t, l) {
			lots = append(lots, l)
		}
	}
	present := func(d int) bool { return b.Demand[d].Volume*t.VolumeFactor > 0 }
	nd, nl, nr := len(b.Demand), len(lots), len(b.Routes)
	join := newForest(nd + nl + nr + len(b.Facilities))
	ways := make([]way, 0, nl+nr)
	for i, l := range lots {
		unit, _ := b.LotAccess(l)
		w := way{lot: i, facility: -1, capacity: 0, cost: unit * t.AccessCostFactor}
		for d := range b.Demand {
			if present(d) && b.Demand[d].Zone == c.Lots[l].Zone && b.Demand[d].Accepts(c.Lots[l].Service) {
				w.serves = append(w.serves, d)
				join.union(d, nd+i)
			}
		}
		ways = append(ways, w)
	}
	for i, r := range b.Routes {
		w := way{lot: -1, facility: r.Facility, capacity: r.Capacity, cost: r.UnitCost * t.UnitCostFactor}
		for d := range b.Demand {
			if present(d) && b.Demand[d].Zone == r.Zone && b.Demand[d].Accepts(r.Service) {
				w.serves = append(w.serves, d)
				join.union(d, nd+nl+i)
			}
		}
		if r.Facility >= 0 {
			join.union(nd+nl+i, nd+nl+nr+r.Facility)
		}
		ways = append(ways, w)
	}
	n := &network{partOf: map[int]int{}}
	partAt := map[int]int{} // by root
	for d := range b.Demand {
		root := join.root(d)
		if _, ok := partAt[root]; !ok {
			partAt[root] = len(n.parts)
			n.parts = append(n.parts, &part{memo: map[string]delivery{}})
		}
	}
	demandAt := make([]int, nd)
	for d := range b.Demand {
		p := n.parts[partAt[join.root(d)]]
		demandAt[d] = len(p.volume)
		volume, value := b.Demand[d].Volume*t.VolumeFactor, math.NaN()
		if b.Demand[d].Optional() {
			value = b.Demand[d].Value * t.ValueFactor
		}
		p.volume, p.value = append(p.volume, volume), append(p.value, value)
		p.total += volume
	}
	facilityAt := make([]int, len(b.Facilities))
	for f := range b.Facilities {
		if i, ok := partAt[join.root(nd+nl+nr+f)]; ok {
			p := n.parts[i]
			facilityAt[f] = len(p.fixed)
			p.fixed = append(p.fixed, b.Facilities[f].FixedCost*t.FixedCostFactor)
			p.facilities = append(p.facilities, f)
			p.limit = append(p.limit, b.Facilities[f].Capacity)
		}
	}
	for i, w := range ways {
		if len(w.serves) == 0 {
			continue
		}
		at := partAt[join.root(nd+i)]
		p := n.parts[at]
		for s, d := range w.serves {
			w.serves[s] = demandAt[d]
		}
		if w.lot >= 0 {
			l := lots[w.lot]
			w.lot = len(p.lots)
			p.lots = append(p.lots, l)
			n.partOf[l] = at
		}
		if w.facility >= 0 {
			w.facility = facilityAt[w.facility]
		}
		p.ways = append(p.ways, w)
	}
	for _, p := range n.parts {
		p.cut()
	}
	return n
}

// within returns the parts that have any of the lots, as a network that remembers answers of its own.
func (n *network) within(lots []int) *network {
	out := &network{partOf: map[int]int{}}
	at := map[int]int{} // by place in n.parts
	for _, l := range lots {
		i, ok := n.partOf[l]
		if !ok {
			continue
		}
		if _, found := at[i]; !found {
			at[i] = len(out.parts)
			out.parts = append(out.parts, n.parts[i].leaning(n.parts[i].lean))
		}
		out.partOf[l] = at[i]
	}
	return out
}

// at returns the best delivery when won[i] packages of entry at lots[i] are won.
func (p *part) at(won []float64) delivery {
	w := make([]float64, len(won))
	for i := range w {
		w[i] = math.Min(won[i], p.reach[i])
	}
	key := vectorKey(w)
	if d, ok := p.memo[key]; ok {
		return d
	}
	d := p.deliver(w)
	if len(p.memo) >= mostRemembered {
		clear(p.memo)
	}
	p.memo[key] = d
	return d
}

// mostRemembered is how many answers a part or piece keeps: some ten megabytes.
const mostRemembered = 1 << 16

// forget drops the answers kept.
func (n *network) forget() {
	for _, p := range n.parts {
		clear(p.memo)
		for _, q := range p.pieces {
			clear(q.memo)
		}
	}
}

// none returns the best delivery with no lot won.
func (p *part) none() delivery { return p.at(make([]float64, len(p.lots))) }

// deliver branches over the facilities: a facility that is not yet decided is open for nothing, which
// can only lower the cost; where the flow uses no such facility, that relaxed cost is the true one.
func (p *part) deliver(won []float64) delivery {
	const closed, open, undecided = 0, 1, 2
	best := math.Inf(1)
	var bestMissed, bestLeft float64
	var branch func(state []int)
	branch = func(state []int) {
		var cost, missed, left float64
		used := make([]float64, len(p.fixed))
		for _, q := range p.pieces {
			f := p.ship(q, won, func(f int) bool { return state[f] != closed })
			if !f.ok {
				return
			}
			cost, missed, left = cost+f.cost, missed+f.missed, left+f.left
			for i, n := range q.facilities {
				used[n] += f.used[i]
			}
		}
		next := -1
		whole := cost
		for f := range state {
			if state[f] == open {
				cost += p.fixed[f]
				whole += p.fixed[f]
			} else if state[f] == undecided && used[f] > flowTol*p.total {
				whole += p.fixed[f]
				if p.fixed[f] > 0 && (next < 0 || used[f] > used[next]) {
					next = f
				}
			}
		}
		if whole < best {
			best, bestMissed, bestLeft = whole, missed, left
		}
		if next < 0 || cost >= best {
			return
		}
		for _, s := range []int{open, closed} {
			child := append([]int(nil), state...)
			child[next] = s
			branch(child)
		}
	}
	start := make([]int, len(p.fixed))
	for f := range start {
		start[f] = undecided
	}
	branch(start)
	if math.IsInf(best, 1) {
		return delivery{net: math.Inf(-1)}
	}
	all := 0.0
	for d, v := range p.value {
		if !math.IsNaN(v) {
			all += (v + p.lean) * p.volume[d]
		}
	}
	return delivery{net: all - best, cost: best - bestMissed, volume: p.total - bestLeft, feasible: true}
}

// ship returns the least-cost shipment of a piece, remembered by what is won and open.
func (p *part) ship(q *piece, won []float64, open func(facility int) bool) *flow {
	key := make([]byte, 0, 8*len(q.lots)+len(q.facilities))
	for _, l := range q.lots {
		key = binary.LittleEndian.AppendUint64(key, math.Float64bits(won[l]))
	}
	for _, f := range q.facilities {
		if open(f) {
			key = append(key, 1)
		} else {
			key = append(key, 0)
		}
	}
	f, ok := q.memo[string(key)]
	if !ok {
		f = p.shortestPaths(q, won, open)
		if len(q.memo) >= mostRemembered {
			clear(q.memo)
		}
		q.memo[string(key)] = f
	}
	return f
}

// shortestPaths ships every demand row of a piece at least cost by successive shortest paths (Busacker and
// Gowen 1961) with Bellman-Ford.
func (p *part) shortestPaths(q *piece, won []float64, open func(facility int) bool) *flow {
	const source, sink = 0, 1
	type arc struct {
		from, to   int
		room, unit float64
		miss       bool
		facility   int // position in q.facilities, -1 for none
	}
	var arcs []arc // arc i and its reverse i^1
	link := func(from, to int, room, unit float64) *arc {
		arcs = append(arcs, arc{from: from, to: to, room: room, unit: unit, facility: -1}, arc{from: to, to: from, unit: -unit, facility: -1})
		return &arcs[len(arcs)-2]
	}
	nodes := 2
	total := 0.0
	demand, station := map[int]int{}, map[int]int{}
	for _, d := range q.demand {
		demand[d] = nodes
		nodes++
		total += p.volume[d]
		link(source, demand[d], p.volume[d], 0)
		if !math.IsNaN(p.value[d]) {
			link(demand[d], sink, p.volume[d], p.value[d]+p.lean).miss = true
		}
	}
	for i, f := range q.facilities {
		if open(f) {
			station[f] = nodes
			nodes++
			link(station[f], sink, p.limit[f], 0).facility = i
		}
	}
	for _, i := range q.ways {
		w := &p.ways[i]
		room, to := w.capacity, sink
		if w.lot >= 0 {
			room = won[w.lot]
		}
		if w.facility >= 0 {
			if !open(w.facility) {
				continue
			}
			to = station[w.facility]
		}
		if room <= 0 {
			continue
		}
		for _, d := range w.serves {
			link(demand[d], nodes, p.volume[d], 0)
		}
		link(nodes, to, room, w.cost)
		nodes++
	}
	least := flowTol * total // what is under this is rounding
	rest := total
	dist, via := make([]float64, nodes), make([]int, nodes)
	for rest > least {
		for v := range dist {
			dist[v], via[v] = math.Inf(1), -1
		}
		dist[source] = 0
		for round, changed := 0, true; changed && round < nodes; round++ {
			changed = false
			for i := range arcs {
				a := &arcs[i]
				if a.room <= least || math.IsInf(dist[a.from], 1) {
					continue
				}
				if d := dist[a.from] + a.unit; math.IsInf(dist[a.to], 1) || d < dist[a.to]-pivotTol*(1+math.Abs(dist[a.to])) {
					dist[a.to], via[a.to], changed = d, i, true
				}
			}
		}
		if via[sink] < 0 {
			return &flow{}
		}
		push := rest
		for v := sink; v != source; v = arcs[via[v]].from {
			push = math.Min(push, arcs[via[v]].room)
		}
		for v := sink; v != source; v = arcs[via[v]].from {
			arcs[via[v]].room -= push
			arcs[via[v]^1].room += push
		}
		rest -= push
	}
	out := &flow{used: make([]float64, len(q.facilities)), ok: true}
	for i := 0; i < len(arcs); i += 2 {
		shipped := arcs[i^1].room
		out.cost += shipped * arcs[i].unit
		if arcs[i].miss {
			out.missed += shipped * arcs[i].unit
			out.left += shipped
		}
		if f := arcs[i].facility; f >= 0 {
			out.used[f] = shipped
		}
	}
	return out
}

// vectorKey is a map key for a vector of volumes.
func vectorKey(v []float64) string {
	b := make([]byte, 0, 8*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return string(b)
}

// A forest is a union-find over the numbers 0..n-1.
type forest []int

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = i
	}
	return f
}

func (f forest) root(i int) int {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

func (f forest) union(i, j int) { f[f.root(i)] = f.root(j) }

// sets returns the sets of the forest, each ascending, ordered by their least member.
func (f forest) sets() [][]int {
	by := map[int][]int{}
	for i := range f {
		by[f.root(i)] = append(by[f.root(i)], i)
	}
	out := make([][]int, 0, len(by))
	for _, s := range by {
		out = append(out, s)
	}
	sort.Slice(out, func(a, b int) bool { return out[a][0] < out[b][0] })
	return out
}
