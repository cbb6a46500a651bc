package network

import (
	"slices"
	"sort"
	"sync"
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

	lock   *sync.Mutex        // of pieces
	pieces map[uint64]*pieces // of two lots, by set of open facilities, once asked for
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
	u := NewUnion(len(n.rows))
	for _, l := range n.lots {
		for _, r := range l.rows[1:] {
			u.Join(l.rows[0], r)
		}
	}
	for i := range n.routes {
		k := &n.routes[i]
		if k.binds() {
			for _, r := range k.rows[1:] {
				u.Join(k.rows[0], r)
			}
		}
	}
	at := map[int]int{}
	var pools []pool
	for r := range n.rows {
		root := u.Find(r)
		i, ok := at[root]
		if !ok {
			i = len(pools)
			at[root] = i
			pools = append(pools, pool{lock: new(sync.Mutex)})
		}
		pools[i].rows = append(pools[i].rows, r)
	}
	for i, l := range n.lots {
		p := &pools[at[u.Find(l.rows[0])]]
		p.lots = append(p.lots, i)
	}
	for i, k := range n.routes {
		for _, r := range k.rows {
			p := &pools[at[u.Find(r)]]
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
