// Package oracle solves the seller's problem by its definition, for tests and benchmarks: as one plain mixed-integer
// program for any solver (mip.go), and by enumeration in exact arithmetic for a handful of bids (enumerate.go), with the
// payments that follow (payments.go). It shares no code with what it judges, package allocation and the limits of package
// auction: it reads a case's limits and adjustments by itself (scopes.go). No command of lotwise uses it.
package oracle

import (
	"slices"

	"lotwise/models/auction"
)

// scores is, by bid, what the objective earns of all of it: its amount, each row at its adjusted price, less cost
// where the objective is contribution.
func scores(c *auction.Case) []float64 {
	score := make([]float64, len(c.Bids))
	filters := make([]filter, len(c.Adjustments))
	for n := range c.Adjustments {
		filters[n] = newFilter(c.Adjustments[n].Where)
	}
	for b := range c.Bids {
		bid := &c.Bids[b]
		score[b] = bid.Amount
		for _, r := range bid.Rows {
			price := r.Price
			for n, a := range c.Adjustments {
				if filters[n].selectsLot(c, r.Lot) && filters[n].selectsBidder(c, bid.Bidder) {
					price = price*a.Factor + a.Add
				}
			}
			score[b] += (price - r.Price) * r.Quantity
			if c.Rules.Objective == auction.Contribution {
				score[b] -= c.Lots[r.Lot].Cost * r.Quantity
			}
		}
	}
	return score
}

// voids says, by bid, whether it is never accepted because it is under a reserve.
func voids(c *auction.Case) []bool {
	void := make([]bool, len(c.Bids))
	for b := range c.Bids {
		bid := &c.Bids[b]
		reserves := 0.0
		for _, r := range bid.Rows {
			reserves += c.Lots[r.Lot].Reserve * r.Quantity
			void[b] = void[b] || !bid.ByAmount && r.Price < c.Lots[r.Lot].Reserve
		}
		if bid.ByAmount {
			void[b] = bid.Amount < reserves-rounding*reserves
		}
	}
	return void
}

// rounding forgives what sums of decimals lose, relatively.
const rounding = 1e-12

// volume is the packages of all of a bid.
func volume(b *auction.Bid) float64 {
	packages := 0.0
	for _, r := range b.Rows {
		packages += r.Quantity
	}
	return packages
}

// alternatives are the bids of each group, groups in the order of their first bid.
func alternatives(c *auction.Case) [][]int {
	type group struct {
		bidder int
		name   string
	}
	var order []group
	bids := map[group][]int{}
	for b := range c.Bids {
		if c.Bids[b].Group == "" {
			continue
		}
		g := group{c.Bids[b].Bidder, c.Bids[b].Group}
		if !slices.Contains(order, g) {
			order = append(order, g)
		}
		bids[g] = append(bids[g], b)
	}
	var all [][]int
	for _, g := range order {
		all = append(all, bids[g])
	}
	return all
}
