package network

import "slices"

// A Pool is a part of a network whose demand shares lots or scarce routes. Given the open facilities,
// pools do not interact as long as no facility's capacity is short:
//
//	V(w) ≤ max_O Σ_pools v_p(w_p | O) − Σ_{f∈O} fixed_f
//
// with equality where no capacity is short, see Network.Scarce. A Pool is for one goroutine.
type Pool struct {
	n    *Network
	p    *pool
	flow *flow
	w    []float64

	plan *plan // with rescue
	walk *flow
}

// Pools returns the network's pools.
func (n *Network) Pools() []*Pool {
	var list []*Pool
	for i := range n.pools {
		p := &Pool{n: n, p: &n.pools[i], w: make([]float64, len(n.lots))}
		if p.p.plan != nil {
			p.flow = p.p.plan.flow()
		}
		list = append(list, p)
	}
	return list
}

// Lots returns the pool's lots by position in the network's Lots(), ascending.
func (p *Pool) Lots() []int { return p.p.lots }

// Facilities returns the facilities that the pool's routes need, by position in the network, ascending.
func (p *Pool) Facilities() []int { return p.p.facilities }

// Value returns v_p with these volumes won, by position in Lots(), and the facilities open whose bit is set,
// by position in Facilities(); -Inf where demand that must be delivered cannot be.
func (p *Pool) Value(won []float64, open uint64) float64 {
	p.set(won)
	return p.p.solve(p.flow, p.w, open, nil)
}

func (p *Pool) set(won []float64) {
	for i, l := range p.p.lots {
		p.w[l] = won[i]
	}
}

// load puts the volumes won and the open facilities into the flow with rescue and solves it.
func (p *Pool) load(won []float64, open uint64) {
	if p.plan == nil {
		p.plan = p.n.plan(p.p.lots, p.p.rows, p.p.routes, false)
		p.plan.rescue(p.n, p.p.rows)
		p.walk = p.plan.flow()
	}
	p.set(won)
	p.plan.load(p.walk, p.w, func(f int) bool { return open>>slices.Index(p.p.facilities, f)&1 == 1 })
	p.walk.send(p.plan.demand)
}

// more finds the cheapest way to put one more package of a lot to use in the solved flow: it takes the place
// of what the residual path from the lot to the source sends back. It returns what the package gains.
func (p *Pool) more(lot int) float64 {
	f, a := p.walk, p.plan.lotArc[lot]
	// The lot's own arc stays out of the residual graph, in which no cycle then costs less than nothing.
	there, back := f.left[a], f.left[a^1]
	f.left[a], f.left[a^1] = 0, 0
	f.shortest(f.to[a], source, dust*p.plan.demand)
	f.left[a], f.left[a^1] = there, back
	return max(0, -f.distance[source]-f.cost[a])
}

// Kinks returns the volumes of one lot, by position in Lots(), at which the slope of Value in it falls while
// the other lots' volumes and the open facilities stay as given: where the lot has displaced one source of
// delivery and turns to the next, and where all that must be delivered can be. Ascending. It follows
// the value along shortest paths (parametric successive shortest paths).
func (p *Pool) Kinks(lot int, won []float64, open uint64) []float64 {
	won = slices.Clone(won)
	won[lot] = 0
	p.load(won, open)
	f, a := p.walk, p.plan.lotArc[lot]
	f.left[a], f.left[a^1] = 0, 0
	var ks []float64
	for x := 0.0; p.more(lot) > cheaper*f.scale; {
		step := f.push(f.to[a], source, p.plan.demand)
		if step <= dust*p.plan.demand {
			break
		}
		x += step
		ks = append(ks, x)
	}
	return ks
}

// FixedCost returns what a facility, by position in the network, costs to open.
func (n *Network) FixedCost(facility int) float64 { return n.facilities[facility].fixed }

// Scarce says whether some facility's capacity can be short, so that pools interact through it.
func (n *Network) Scarce() bool { return n.tight }

// Volume returns the packages of all demand.
func (n *Network) Volume() float64 { return n.whole.demand }
