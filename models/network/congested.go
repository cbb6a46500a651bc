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
