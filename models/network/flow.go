package network

import "math"

// Tolerances of the flow, relative because volumes may be 1e9 packages as well as 1.
const (
	// dust is the share of all demand under which a residual capacity counts as none: repeated subtraction
	// leaves about 1e-16 a step.
	dust = 1e-12
	// shortfall is the share of all demand that may stay undelivered before delivery counts as impossible.
	shortfall = 1e-9
	// cheaper is by how much, relative to the largest cost, a path must be cheaper to replace another: cycles
	// of cost zero must not look negative by rounding.
	cheaper = 1e-12
)

// A graph is a min-cost flow network in residual form; arc a and arc a^1 are each other's reverse. Node 0 is
// the source, node 1 the sink.
type graph struct {
	adjacent [][]int32
	to       []int32
	cost     []float64
	capacity []float64 // as given
	scale    float64   // largest absolute cost
}

const source, sink = 0, 1

func newGraph() *graph { return &graph{adjacent: make([][]int32, 2)} }

func (g *graph) node() int32 {
	g.adjacent = append(g.adjacent, nil)
	return int32(len(g.adjacent) - 1)
}

func (g *graph) arc(from, to int32, capacity, cost float64) int32 {
	a := int32(len(g.to))
	g.to = append(g.to, to, from)
	g.cost = append(g.cost, cost, -cost)
	g.capacity = append(g.capacity, capacity, 0)
	g.adjacent[from] = append(g.adjacent[from], a)
	g.adjacent[to] = append(g.adjacent[to], a+1)
	g.scale = max(g.scale, math.Abs(cost))
	return a
}

// A flow is the working memory for solving one graph again and again; one goroutine uses it at a time.
type flow struct {
	*graph
	left     []float64 // residual capacity, by arc
	distance []float64
	by       []int32 // arc on the shortest path to a node
	queued   []bool
	queue    []int32
}

func (g *graph) flow() *flow {
	n := len(g.adjacent)
	return &flow{graph: g, left: make([]float64, len(g.to)), distance: make([]float64, n), by: make([]int32, n), queued: make([]bool, n), queue: make([]int32, n)}
}

// reset takes back all flow.
func (f *flow) reset() { copy(f.left, f.capacity) }

// shortest finds the cheapest residual paths from one node (label-correcting, first in first out, since
// residual costs may be negative). Arcs with at most least left are full; target's own arcs are not followed.
func (f *flow) shortest(from, target int32, least float64) {
	better := cheaper * f.scale
	for i := range f.distance {
		f.distance[i] = math.Inf(1)
	}
	f.distance[from] = 0
	f.queue[0] = from
	f.queued[from] = true
	head, waiting := 0, 1
	for waiting > 0 {
		v := f.queue[head]
		if head++; head == len(f.queue) {
			head = 0
		}
		waiting--
		f.queued[v] = false
		if v == target {
			continue
		}
		d := f.distance[v]
		for _, a := range f.adjacent[v] {
			if f.left[a] <= least {
				continue
			}
			u := f.to[a]
			if t := d + f.cost[a]; t < f.distance[u]-better {
				f.distance[u] = t
				f.by[u] = a
				if !f.queued[u] {
					f.queued[u] = true
					tail := head + waiting
					if tail >= len(f.queue) {
						tail -= len(f.queue)
					}
					f.queue[tail] = u
					waiting++
				}
			}
		}
	}
}

// push sends up to most along the path found to target and returns how much it sent.
func (f *flow) push(from, target int32, most float64) float64 {
	for v := target; v != from; v = f.to[f.by[v]^1] {
		most = min(most, f.left[f.by[v]])
	}
	for v := target; v != from; v = f.to[f.by[v]^1] {
		a := f.by[v]
		f.left[a] -= most
		f.left[a^1] += most
	}
	return most
}

// send sends amount from source to sink at least cost by successive shortest paths (Ahuja, Magnanti and
// Orlin 1993, section 9.7) and returns what could not be sent.
func (f *flow) send(amount float64) float64 {
	least := dust * amount
	rest := amount
	for rest > least {
		f.shortest(source, sink, least)
		if math.IsInf(f.distance[sink], 1) {
			return rest
		}
		rest -= f.push(source, sink, rest)
	}
	return 0
}

// on returns the flow on an arc of the graph.
func (f *flow) on(arc int32) float64 { return f.left[arc^1] }

// A plan is the flow network of some rows of a Network with the lots and routes that serve them: every
// package of demand flows from the source to the sink, an undelivered optional one on an arc of its own that
// costs its value.
type plan struct {
	*graph
	lots, routes []int     // of the Network
	lotArc       []int32   // by position in lots: its capacity is the volume won
	routeArc     []int32   // by position in routes
	routeFull    []float64 // by position in routes: its capacity while its facility is open
	facility     []int     // by position in routes: -1 for none
	links        []link
	demand       float64 // packages of all rows
	earned       float64 // value of all optional demand
}

// A link carries packages of one demand row through one lot or route, or leaves them undelivered.
type link struct {
	row        int
	lot, route int // of the Network; -1, -1 for undelivered
	arc        int32
}

// rescue adds to a plan a source of last resort for demand that must be delivered, dearer than any detour of
// the flow: it is used only for what nothing else can deliver.
func (p *plan) rescue(n *Network, rows []int) {
	last := 1.0
	for a := 0; a < len(p.cost); a += 2 {
		last += 2 * math.Abs(p.cost[a])
	}
	for i, r := range rows {
		if d := &n.rows[r]; !d.optional {
			p.arc(source, int32(2+i), d.volume, last)
		}
	}
}

// plan builds the flow of these lots, rows and routes; with coupled, facilities' capacities are in it. The
// i-th row is node 2+i.
func (n *Network) plan(lots, rows, routes []int, coupled bool) *plan {
	p := &plan{graph: newGraph(), lots: lots, routes: routes}
	at := make(map[int]int32, len(rows))
	for _, r := range rows {
		d := &n.rows[r]
		at[r] = p.node()
		p.arc(at[r], sink, d.volume, 0)
		p.demand += d.volume
	}
	// A lot or route for one row alone is an arc; for several it is a node.
	supply := func(from int32, capacity, cost float64, fit []int, l, k int) int32 {
		var to []int
		for _, r := range fit {
			if _, ok := at[r]; ok {
				to = append(to, r)
			}
		}
		if len(to) == 1 {
			a := p.arc(from, at[to[0]], capacity, cost)
			p.links = append(p.links, link{row: to[0], lot: l, route: k, arc: a})
			return a
		}
		hub := p.node()
		first := p.arc(from, hub, capacity, cost)
		for _, r := range to {
			a := p.arc(hub, at[r], math.Inf(1), 0)
			p.links = append(p.links, link{row: r, lot: l, route: k, arc: a})
		}
		return first
	}
	for _, l := range lots {
		p.lotArc = append(p.lotArc, supply(source, 0, n.lots[l].access, n.lots[l].rows, l, -1))
	}
	station := map[int]int32{}
	for _, k := range routes {
		r := &n.routes[k]
		from := int32(source)
		if f := r.facility; coupled && f >= 0 && n.facilities[f].binds {
			if _, ok := station[f]; !ok {
				station[f] = p.node()
				p.arc(source, station[f], n.facilities[f].capacity, 0)
			}
			from = station[f]
		}
		p.routeArc = append(p.routeArc, supply(from, r.capacity, r.cost, r.rows, -1, k))
		p.routeFull = append(p.routeFull, r.capacity)
		p.facility = append(p.facility, r.facility)
	}
	for _, r := range rows {
		if d := &n.rows[r]; d.optional {
			p.links = append(p.links, link{row: r, lot: -1, route: -1, arc: p.arc(source, at[r], d.volume, d.value)})
			p.earned += d.volume * d.value
		}
	}
	return p
}

// load sets the volumes won and the open facilities.
func (p *plan) load(f *flow, w []float64, open func(facility int) bool) {
	f.reset()
	for i, a := range p.lotArc {
		f.left[a] = w[p.lots[i]]
	}
	for i, a := range p.routeArc {
		if p.facility[i] >= 0 && !open(p.facility[i]) {
			f.left[a] = 0
		}
	}
}

// value delivers at least cost with w won and these facilities open, and returns the value without fixed
// costs: -Inf where some of the demand that must be delivered cannot be.
func (p *plan) value(f *flow, w []float64, open func(facility int) bool) float64 {
	p.load(f, w, open)
	if f.send(p.demand) > shortfall*p.demand {
		return negInf
	}
	v := p.earned
	for a := 0; a < len(f.to); a += 2 {
		if c := f.cost[a]; c != 0 {
			v -= c * f.on(int32(a))
		}
	}
	return v
}
