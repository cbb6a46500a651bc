package verify

import (
	"math"
	"math/rand/v2"
	"testing"

	"lotwise/models/auction"
)

// earlier says whether the tie rule puts acceptance a before b, by its definition.
func earlier(c *auction.Case, a, b []float64) bool {
	for i := range c.Bidders {
		more := 0.0
		for j := range c.Bids {
			if c.Bids[j].Bidder == i {
				more += packagesOf(&c.Bids[j]) * (a[j] - b[j])
			}
		}
		if math.Abs(more) > relTol {
			return more > 0
		}
	}
	for j := range c.Bids {
		if d := a[j] - b[j]; math.Abs(d) > relTol {
			return d > 0
		}
	}
	return false
}

// The first optimum by the tie rule is allowed, as good as the best of an enumeration, and before all of it that are as
// good: of bids that are accepted whole, by half or not at all, at few prices, so that ties abound.
func TestFirstOptimum(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	compared, tied := 0, 0
	for trial := range 400 {
		c := drawLimited(r)
		c.Limits = c.Limits[:r.IntN(len(c.Limits)+1)]
		for i := range c.Lots {
			c.Lots[i].Reserve = 0
		}
		grid := []float64{0, 1}
		if r.IntN(2) == 0 {
			grid = []float64{0, 0.5, 1}
		}
		for i := range c.Bids {
			b := &c.Bids[i]
			b.MinFraction = grid[1]
			b.Amount = 0
			for n := range b.Rows {
				b.Rows[n].Price = float64(r.IntN(3))
				b.Amount += b.Rows[n].Price * b.Rows[n].Quantity
			}
		}
		best := math.Inf(-1)
		var optima [][]float64
		x := make([]float64, len(c.Bids))
		var visit func(i int)
		visit = func(i int) {
			if i < len(x) {
				for _, f := range grid {
					x[i] = f
					visit(i + 1)
				}
				return
			}
			if v, ok := byDefinition(c, x, c.Limits); ok && v > best-relTol {
				if v > best+relTol {
					optima = nil
				}
				best = math.Max(best, v)
				optima = append(optima, append([]float64(nil), x...))
			}
		}
		visit(0)
		k := newChecker(c, &auction.Results{Command: "allocate"}, Options{Command: "allocate", EnumerationLimit: 10_000})
		first, sold, ok := k.newAcceptance().seller.first()
		if !ok || !sold {
			if ok && len(optima) > 0 {
				t.Errorf("%d: nothing is sold, enumeration earns %v", trial, best)
			}
			continue
		}
		for i, f := range first { // without what programs are off
			if n := math.Round(2 * f); math.Abs(f-n/2) < relTol {
				first[i] = n / 2
			} else {
				first[i] -= relTol / 10
			}
		}
		v, allowed := byDefinition(c, first, c.Limits)
		if len(grid) == 2 && (!allowed || v > best+relTol) || v < best-relTol {
			t.Errorf("%d: %v earns %v, allowed %v; enumeration %v", trial, first, v, allowed, best)
		}
		if v > best+relTol {
			continue
		}
		for _, x := range optima {
			if earlier(c, x, first) {
				t.Errorf("%d: %v, but %v comes before", trial, first, x)
			}
		}
		compared++
		if len(optima) > 1 {
			tied++
		}
	}
	if compared < 200 || tied < 100 {
		t.Errorf("%d cases compared, %d with ties", compared, tied)
	}
}

// An earlier bidder's one package comes before a later one's hundred, and a bid at price 0 is accepted, as much of it as there is
// room for.
func TestFirstOptimumPlain(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	c := &auction.Case{Rules: auction.DefaultRules()}
	for _, name := range []string{"a", "b", "c"} {
		c.Bidders = append(c.Bidders, auction.Bidder{Name: name, Budget: inf, MaxVolume: inf, AccessCost: nan})
	}
	c.Lots = []auction.Lot{{Name: "whole", Zone: "A", Capacity: 100}, {Name: "free", Zone: "B", Capacity: 3}}
	bid := func(bidder, lot int, quantity, price, least float64) {
		c.Bids = append(c.Bids, auction.Bid{
			Bidder: bidder, MinFraction: least, Requires: -1, Amount: price * quantity, Rows: []auction.BidRow{{Lot: lot, Quantity: quantity, Price: price}},
		})
	}
	bid(1, 0, 100, 1, 1)
	bid(0, 0, 1, 100, 1)
	bid(2, 1, 2, 0, 0.5)
	bid(1, 1, 2, 0, 0)
	bid(0, 1, 4, 0, 1) // does not fit
	k := newChecker(c, &auction.Results{Command: "allocate"}, Options{Command: "allocate", EnumerationLimit: 10_000})
	x, _, ok := k.newAcceptance().seller.first()
	for i, want := range []float64{0, 1, 0.5, 1, 0} {
		if !ok || math.Abs(x[i]-want) > relTol {
			t.Errorf("bid %d: %v is accepted, want %v (%v)", i, x[i], want, ok)
		}
	}
}
