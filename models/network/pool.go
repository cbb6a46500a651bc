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
	plan *plan
	walk *flow
	w    []float64
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
	for i, l := range p.p.lots {
		p.w[l] = won[i]
	}
	return p.p.solve(p.flow, p.w, open, nil)
}

// Kinks returns the volumes of one lot, by position in Lots(), at which the slope of Value in it falls while
// the other lots' volumes and the open facilities stay as given. Ascending.
func (p *Pool) Kinks(lot int, won []float64, open uint64) []float64 {
	if p.plan == nil {
		if p.plan = p.p.plan; p.plan == nil {
			p.plan = p.n.plan(p.p.lots, p.p.rows, p.p.routes, false)
		}
		p.walk = p.plan.flow()
	}
	for i, l := range p.p.lots {
		p.w[l] = won[i]
	}
	return p.plan.kinks(p.walk, p.p.lots[lot], p.w, func(f int) bool {
		return open>>slices.Index(p.p.facilities, f)&1 == 1
	})
}

// FixedCost returns what a facility, by position in the network, costs to open.
func (n *Network) FixedCost(facility int) float64 { return n.facilities[facility].fixed }

// Scarce says whether some facility's capacity can be short, so that pools interact through it.
func (n *Network) Scarce() bool { return n.tight }

// Volume returns the packages of all demand.
func (n *Network) Volume() float64 { return n.whole.demand }
