package network

import (
	"math"
	"slices"
)

// Congested returns a network in which facilities' capacities are priced instead of scarce: whatever goes through facility f, by
// its place in the bidder's Facilities, is charged price[f] a package, and while it is open its capacity is paid for at this
// price. For any prices ≥ 0
//
//	V(w) ≤ max_O max_flows value − costs − Σ_{f∈O} fixed_f + Σ_{f∈O} price_f (capacity_f − volume through f)
//
// which is the congested network's value: the capacities' Lagrangian relaxation. Facilities of which price says nothing have
// none; capacities that cannot be short stay.
func (n *Network) Congested(price map[int]float64) *Network {
	routes, facilities := slices.Clone(n.routes), slices.Clone(n.facilities)
	for i := range facilities {
		f := &facilities[i]
		if f.binds {
			f.fixed -= price[f.id] * f.capacity
			f.capacity = math.Inf(1)
		}
	}
	for i := range routes {
		if f := routes[i].facility; f >= 0 && n.facilities[f].binds {
			routes[i].cost += price[n.facilities[f].id]
		}
	}
	return assemble(n.bidder, n.typ, slices.Clone(n.lots), n.rows, routes, facilities)
}

const (
	// priceSteps is how many prices of a capacity are tried, evenly from 0 to the most that a package of it can save.
	priceSteps = 12
	// priceSweeps is how often they are tried, facility by facility.
	priceSweeps = 2
)

// CapacityPrices returns prices of the network's scarce capacities at which the congested network is worth the least, as far
// as found, in expectation over volumes won with these probabilities.
func (n *Network) CapacityPrices(probability []float64, won [][]float64) map[int]float64 {
	price := map[int]float64{}
	expect := func() float64 {
		e, v := n.Congested(price).NewEvaluator(), 0.0
		for i, w := range won {
			v += probability[i] * e.Value(w)
		}
		return v
	}
	dearest := 0.0
	for _, r := range n.routes {
		dearest = max(dearest, r.cost)
	}
	for _, r := range n.rows {
		if r.optional {
			dearest = max(dearest, r.value)
		}
	}
	for range priceSweeps {
		for f := range n.facilities {
			g := &n.facilities[f]
			if !g.binds {
				continue
			}
			cheapest := math.Inf(1)
			for _, r := range n.routes {
				if r.facility == f {
					cheapest = min(cheapest, r.cost)
				}
			}
			best, at := math.Inf(1), price[g.id]
			for i := range priceSteps {
				price[g.id] = max(0, dearest-cheapest) * float64(i) / priceSteps
				if v := expect(); v < best {
					best, at = v, price[g.id]
				}
			}
			price[g.id] = at
		}
	}
	return price
}

// Short returns a facility's capacity, by position in the network, and whether it can be short.
func (n *Network) Short(facility int) (capacity float64, short bool) {
	f := &n.facilities[facility]
	return f.capacity, f.binds
}

// Dearer returns the network with price[f] a package added to the cost of the routes of every facility f whose capacity can be
// short, by position in the network, and that capacity unlimited. Its pools are the network's own, in the same order.
func (n *Network) Dearer(price []float64) *Network {
	of := map[int]float64{}
	for f, x := range price {
		of[n.facilities[f].id] = x
	}
	return n.Congested(of)
}

// Breaks returns the prices a package through a facility, by position in the network, at which what the pool sends through it may
// change, whatever is won: where one of its routes costs as much as a lot, a route of other facilities or none, or leaving
// optional demand undelivered. All costs are on ways out of the source of the pool's flow, so that a cycle of the residual
// network that changes the use trades one such way for another.
func (p *Pool) Breaks(facility int) []float64 {
	var own, other []float64
	for _, k := range p.p.routes {
		if r := &p.n.routes[k]; r.facility == facility {
			own = append(own, r.cost)
		} else {
			other = append(other, r.cost)
		}
	}
	for _, l := range p.p.lots {
		other = append(other, p.n.lots[l].access)
	}
	for _, r := range p.p.rows {
		if d := &p.n.rows[r]; d.optional {
			other = append(other, d.value)
		}
	}
	var out []float64
	for _, a := range own {
		for _, b := range other {
			if b > a {
				out = append(out, b-a)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
