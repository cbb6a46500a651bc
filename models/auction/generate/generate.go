// Package generate draws cases for tests and benchmarks: the distributions of the
// Combinatorial Auction Test Suite (cats.go), postal auctions of any size (postal.go), and small cases in which
// everything that a case may hold is mixed (mixed.go); and markets of any size for one bidder's problem (market.go).
//
// The same arguments give the same case, everywhere and always: a draw depends on the seed alone. Every case is
// one that inputs would read: names are unique, numbers finite, groups and requirements within a bidder.
package generate

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"lotwise/models/auction"
)

// draw is where random numbers come from.
type draw struct{ *rand.Rand }

// newDraw separates the kinds of cases, so that one seed gives unrelated cases of each.
func newDraw(kind string, seed uint64) draw {
	h := fnv.New64a()
	h.Write([]byte(kind))
	return draw{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// between is uniform in [lo, hi).
func (d draw) between(lo, hi float64) float64 { return lo + (hi-lo)*d.Float64() }

// whole is uniform in lo..hi, both included.
func (d draw) whole(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

// chance is true with probability p.
func (d draw) chance(p float64) bool { return d.Float64() < p }

// one is any of the values.
func one[T any](d draw, values ...T) T { return values[d.IntN(len(values))] }

// cents rounds money as people write it.
func cents(money float64) float64 { return math.Round(money*100) / 100 }

// newCase is a case without rows.
func newCase(name string, seed uint64) *auction.Case {
	return &auction.Case{
		Name: fmt.Sprintf("%s-%d", name, seed), Rules: auction.DefaultRules(),
		Has: map[string]bool{"lots": true, "bidders": true, "bids": true, "rules": true},
	}
}

// newBidder is a bidder without bounds.
func newBidder(name string) auction.Bidder {
	return auction.Bidder{
		Name: name, Budget: math.Inf(1), MaxVolume: math.Inf(1), AccessCost: math.NaN(),
		CurrentVolume: math.NaN(), CurrentPayment: math.NaN(), Types: []auction.Type{auction.Known},
	}
}

// priced gives a bid the amount that its rows add up to.
func priced(b *auction.Bid) {
	b.ByAmount, b.Amount = false, 0
	for i := range b.Rows {
		b.Amount += b.Rows[i].Quantity * b.Rows[i].Price
	}
}

// byAmount gives a bid an amount for the whole package, which its rows share evenly.
func byAmount(b *auction.Bid, amount float64) {
	packages := 0.0
	for i := range b.Rows {
		packages += b.Rows[i].Quantity
	}
	b.ByAmount, b.Amount = true, amount
	for i := range b.Rows {
		b.Rows[i].Price = amount / packages
	}
}

// number gives rows, bids, limits and adjustments the lines that they would have in their tables.
func number(c *auction.Case) *auction.Case {
	for l := range c.Lots {
		c.Lots[l].Source = auction.Source{File: "lots.csv", Line: l + 2}
	}
	for i := range c.Bidders {
		c.Bidders[i].Source = auction.Source{File: "bidders.csv", Line: i + 2}
	}
	line := 2
	for b := range c.Bids {
		c.Bids[b].Source = auction.Source{File: "bids.csv", Line: line}
		for r := range c.Bids[b].Rows {
			c.Bids[b].Rows[r].Source = auction.Source{File: "bids.csv", Line: line}
			line++
		}
	}
	for n := range c.Limits {
		c.Limits[n].Source = auction.Source{File: "limits.csv", Line: n + 2}
	}
	for n := range c.Adjustments {
		c.Adjustments[n].Source = auction.Source{File: "adjustments.csv", Line: n + 2}
	}
	c.Has["limits"], c.Has["adjustments"] = len(c.Limits) > 0, len(c.Adjustments) > 0
	return c
}
