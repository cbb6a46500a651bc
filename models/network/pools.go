package network

import (
	"math"
	"slices"
	"sort"
)

// A pool is demand that shares lots or scarce routes. Given the open facilities, and as long as no
// facility's capacity is short, pools do not interact:
//
//	V(w) = max_O Σ_pools v_p(w_p | O) − Σ_{f∈O} fixed_f
//
// and where a capacity is short, the right side bounds the left from above. A route that could carry all of
// its demand belongs to every pool of that demand.
type pool struct {
	rows, lots, routes []int // of the Network, ascending
	facilities         []int // that its routes need, ascending
	plan               *plan // nil where offers says it all
	offers             []offer
	earned, volume     float64 // single row
	optional           bool
}

// An offer is one way to serve a single row of demand, the cheapest first; at equal cost lots before routes,
// since they are paid for.
type offer struct {
	cost     float64
	lot      int // position in pool.lots, -1 for a route
	capacity float64
	facility int // position in pool.facilities, -1 for none
}

func (n *Network) makePools() []pool {
	u := newUnion(len(n.rows))
	for _, l := range n.lots {
		for _, r := range l.rows[1:] {
			u.join(l.rows[0], r)
		}
	}
	for i := range n.routes {
		k := &n.routes[i]
		if k.binds() {
			for _, r := range k.rows[1:] {
				u.join(k.rows[0], r)
			}
		}
	}
	at := map[int]int{}
	var pools []pool
	for r := range n.rows {
		root := u.find(r)
		i, ok := at[root]
		if !ok {
			i = len(pools)
			at[root] = i
			pools = append(pools, pool{})
		}
		pools[i].rows = append(pools[i].rows, r)
	}
	for i, l := range n.lots {
		p := &pools[at[u.find(l.rows[0])]]
		p.lots = append(p.lots, i)
	}
	for i, k := range n.routes {
		for _, r := range k.rows {
			p := &pools[at[u.find(r)]]
			if len(p.routes) > 0 && p.routes[len(p.routes)-1] == i {
				continue
			}
			p.routes = append(p.routes, i)
			if f := k.facility; f >= 0 && !slices.Contains(p.facilities, f) {
				p.facilities = append(p.facilities, f)
			}
		}
	}
	for i := range pools {
		p := &pools[i]
		slices.Sort(p.facilities)
		if len(p.rows) > 1 {
			p.plan = n.plan(p.lots, p.rows, p.routes, false)
			continue
		}
		d := &n.rows[p.rows[0]]
		p.volume, p.optional = d.volume, d.optional
		for j, l := range p.lots {
			p.offers = append(p.offers, offer{cost: n.lots[l].access, lot: j, facility: -1})
		}
		for _, k := range p.routes {
			r := &n.routes[k]
			p.offers = append(p.offers, offer{cost: r.cost, lot: -1, capacity: r.capacity, facility: slices.Index(p.facilities, r.facility)})
		}
		sort.SliceStable(p.offers, func(a, b int) bool { return p.offers[a].cost < p.offers[b].cost })
		if d.optional {
			p.earned = d.value
			p.offers = slices.DeleteFunc(p.offers, func(o offer) bool { return o.cost >= d.value })
		}
	}
	return pools
}

// solve returns the pool's value with w won, by position in the Network, and these of its facilities open,
// without fixed costs, and adds to use, where it is not nil, what each of its facilities carries.
func (p *pool) solve(f *flow, w []float64, open uint64, use []float64) float64 {
	if p.plan != nil {
		v := p.plan.value(f, w, func(facility int) bool {
			return open>>slices.Index(p.facilities, facility)&1 == 1
		})
		if use != nil {
			for i, a := range p.plan.routeArc {
				if g := p.plan.facility[i]; g >= 0 {
					use[slices.Index(p.facilities, g)] += f.on(a)
				}
			}
		}
		return v
	}
	rest, v := p.volume, 0.0
	for i := range p.offers {
		o := &p.offers[i]
		capacity := o.capacity
		if o.lot >= 0 {
			capacity = w[p.lots[o.lot]]
		} else if o.facility >= 0 && open>>o.facility&1 == 0 {
			continue
		}
		x := min(capacity, rest)
		v += (p.earned - o.cost) * x
		if use != nil && o.facility >= 0 {
			use[o.facility] += x
		}
		if rest -= x; rest <= 0 {
			return v
		}
	}
	if !p.optional && rest > shortfall*p.volume {
		return negInf
	}
	return v
}

// kinks returns the volumes of one lot, by position in the Network, at which the slope of the pool's value
// can fall while the other lots' volumes stay w and these facilities are open: where that lot has displaced
// one source of delivery and turns to the next. It follows the value from none of the lot to all that it can
// use along shortest paths (parametric successive shortest paths).
func (p *plan) kinks(f *flow, lot int, w []float64, open func(facility int) bool) []float64 {
	at := slices.Index(p.lots, lot)
	p.load(f, w, open)
	a := p.lotArc[at]
	f.left[a] = 0
	least := dust * p.demand
	rest := f.send(p.demand)
	var ks []float64
	x := 0.0
	from := f.to[a]
	// First the lot delivers what must be delivered and cannot be without it. Its own arc stays out of the
	// residual graph, in which no cycle then costs less than nothing.
	for f.left[a], f.left[a^1] = 0, 0; rest > least; {
		f.shortest(from, sink, least)
		if math.IsInf(f.distance[sink], 1) {
			return ks
		}
		step := f.push(from, sink, rest)
		rest -= step
		if x += step; rest <= least {
			ks = append(ks, x)
		}
	}
	// A package more in the lot takes the place of what the best cycle through the lot's arc sends back to the
	// source, or serves what nothing served.
	for {
		f.shortest(from, source, least)
		gain := -(f.distance[source] + f.cost[a])
		if math.IsInf(f.distance[source], 1) || gain <= cheaper*f.scale {
			break
		}
		step := f.push(from, source, math.Inf(1))
		if step <= least || math.IsInf(step, 1) {
			break
		}
		x += step
		ks = append(ks, x)
	}
	return ks
}
