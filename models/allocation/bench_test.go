package allocation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"lotwise/models/auction"
)

// divisibleCase has lots with bids of many bidders, prices on a cent grid and budgets that bind.
func divisibleCase(r *rand.Rand, lots, bidders, perLot int) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules()}
	for i := range bidders {
		c.Bidders = append(c.Bidders, auction.Bidder{Name: fmt.Sprint("B", i), Budget: math.Inf(1), MaxVolume: math.Inf(1)})
	}
	total := make([]float64, bidders)
	for l := range lots {
		c.Lots = append(c.Lots, auction.Lot{Name: fmt.Sprint("L", l), Capacity: float64(500 + r.IntN(4000)), Reserve: 1})
		level := 1.5 + 2*r.Float64()
		for _, i := range r.Perm(bidders)[:perLot] {
			price := math.Round(100*level*(0.8+0.4*r.Float64())) / 100
			quantity := float64(100 + r.IntN(900))
			c.Bids = append(c.Bids, auction.Bid{
				Bidder: i, Name: fmt.Sprint("b", len(c.Bids)), Amount: price * quantity, Requires: -1,
				Rows: []auction.BidRow{{Lot: l, Quantity: quantity, Price: price}},
			})
			total[i] += price * quantity
		}
	}
	for i := range bidders {
		c.Bidders[i].Budget = math.Round(total[i] * (0.05 + 0.4*r.Float64()))
	}
	return c
}

// packageCase adds all-or-nothing bids and packages of neighbouring lots to a divisible case.
func packageCase(r *rand.Rand, lots, bidders int) *auction.Case {
	c := divisibleCase(r, lots, bidders, min(bidders, 10))
	for i := range c.Bidders {
		c.Bidders[i].Budget *= 3
		for n := range 8 {
			b := auction.Bid{Bidder: i, Name: fmt.Sprint("p", n), MinFraction: 1, Requires: -1}
			if n < 4 {
				b.Group = "xor"
			}
			for l, from := 0, r.IntN(lots); l < 2+r.IntN(5) && from+l < lots; l++ {
				row := auction.BidRow{Lot: from + l, Quantity: math.Round(c.Lots[from+l].Capacity * (0.2 + 0.5*r.Float64())), Price: math.Round(100*(1.5+2.2*r.Float64())) / 100}
				b.Rows = append(b.Rows, row)
				b.Amount += row.Price * row.Quantity
			}
			c.Bids = append(c.Bids, b)
		}
	}
	return c
}

func benchmark(b *testing.B, c *auction.Case) {
	for b.Loop() {
		out := determine(b, c, auction.Options{Gap: 1e-4, Threads: 2})
		if out.Gap() > 1e-4 {
			b.Fatalf("gap %v", out.Gap())
		}
		b.ReportMetric(out.Gap(), "gap")
		settled := 0.0
		if out.TiesSettled {
			settled = 1
		}
		b.ReportMetric(settled, "settled")
	}
}

func BenchmarkMeritOrder36000Lots(b *testing.B) {
	c := divisibleCase(rand.New(rand.NewPCG(1, 1)), 36000, 40, 20)
	for i := range c.Bidders {
		c.Bidders[i].Budget = math.Inf(1)
	}
	benchmark(b, c)
}

func BenchmarkBudgets2000Lots(b *testing.B) {
	benchmark(b, divisibleCase(rand.New(rand.NewPCG(1, 1)), 2000, 40, 20))
}

func BenchmarkPackages50Lots(b *testing.B) {
	benchmark(b, packageCase(rand.New(rand.NewPCG(1, 1)), 50, 20))
}

func BenchmarkPackages200Lots(b *testing.B) {
	benchmark(b, packageCase(rand.New(rand.NewPCG(1, 1)), 200, 40))
}

// Whole bids and no budgets: every lot is a small program of its own.
func BenchmarkWholeBids500Lots(b *testing.B) {
	c := divisibleCase(rand.New(rand.NewPCG(1, 1)), 500, 40, 30)
	for i := range c.Bidders {
		c.Bidders[i].Budget = math.Inf(1)
	}
	for n := range c.Bids {
		if n%2 == 0 {
			c.Bids[n].MinFraction = 1
		}
	}
	benchmark(b, c)
}
