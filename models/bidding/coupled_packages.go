package bidding

import (
	"fmt"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/bilevel"
)

// Packages are priced out by the network: at prices a package p_l of the lots, it would buy
//
//	argmax_w V(w) − Σ_l p_l w_l
//
// which is the package of largest profit at these prices, and a part of the lots of a facility where that is enough to
// close it. The prices are those at which the rivals' bids for a lot would be beaten, scenario by scenario and at most.

// mostPriced is the most packages that are priced out.
const mostPriced = 4

// pricedItems are the packages that the network would buy, of at least two lots.
func pricedItems(c *auction.Case, p *Problem, known []bilevel.Item) []bilevel.Item {
	net := p.Network
	position := map[int]int{}
	capacity := make([]float64, len(net.Lots()))
	for n, l := range net.Lots() {
		position[l], capacity[n] = n, c.Lots[l].Capacity
	}
	most := make([]float64, len(capacity)) // over scenarios
	var prices [][]float64
	for s := range c.Beliefs {
		price := make([]float64, len(capacity))
		for n, l := range net.Lots() {
			price[n] = max(0, c.Lots[l].Reserve)
		}
		for _, b := range c.Beliefs[s].Bids {
			for _, r := range b.Rows {
				if n, ok := position[r.Lot]; ok && b.Bidder != p.Network.Bidder() && r.Quantity > 0 {
					price[n] = max(price[n], r.Price)
				}
			}
		}
		for n := range price {
			most[n] = max(most[n], price[n])
		}
		prices = append(prices, price)
	}
	prices = append(prices, most)
	same := func(rows []auction.BidRow) func(it bilevel.Item) bool {
		return func(it bilevel.Item) bool { return it.Whole && slices.Equal(it.Rows, rows) }
	}
	var items []bilevel.Item
	for _, price := range prices {
		used := make([]float64, len(capacity))
		for _, f := range net.Priced(price).NewEvaluator().Deliver(capacity).Flows {
			if f.Lot >= 0 {
				used[position[f.Lot]] += f.Volume
			}
		}
		it := bilevel.Item{Name: fmt.Sprint("package ", len(items)+1), Whole: true}
		volume := 0.0
		for n, l := range net.Lots() {
			if used[n] > 0 {
				it.Rows = append(it.Rows, auction.BidRow{Lot: l, Quantity: used[n]})
				volume += used[n]
			}
		}
		if len(it.Rows) < 2 || len(items) == mostPriced || slices.ContainsFunc(known, same(it.Rows)) || slices.ContainsFunc(items, same(it.Rows)) {
			continue
		}
		it.Step = c.Rules.PriceStep * volume
		items = append(items, it)
	}
	return items
}
