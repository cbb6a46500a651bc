package bidding_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"lotwise/models/auction"
	"lotwise/models/bidding"
)

// packaged are two lots of a hub that costs 10 and closes when both are won; delivering a package by it costs 1 more. The rival
// bids 6 for one lot, 6 for the other, or 2 for each, all or nothing: lot by lot, both are won in every scenario for 13 at
// least, which is over the 12 that they are worth together, and one without the other is worth 1.
func packaged(yes bool) *auction.Case {
	inf, nan := math.Inf(1), math.NaN()
	known := []auction.Type{auction.Known}
	c := &auction.Case{Rules: auction.DefaultRules()}
	c.Rules.PriceStep, c.Rules.PackageBids = 0.5, yes
	c.Bidders = []auction.Bidder{
		{Name: "rival", Budget: inf, MaxVolume: inf, AccessCost: nan, Types: known},
		{
			Name: "me", Budget: inf, MaxVolume: inf, AccessCost: 0, Types: known,
			Demand:     []auction.Demand{{Zone: "A", Volume: 1, Value: nan}, {Zone: "B", Volume: 1, Value: nan}},
			Facilities: []auction.Facility{{Name: "hub", FixedCost: 10, Capacity: inf}},
			Routes:     []auction.Route{{Zone: "A", UnitCost: 1, Capacity: inf, Facility: 0}, {Zone: "B", UnitCost: 1, Capacity: inf, Facility: 0}},
		},
	}
	for _, name := range []string{"A", "B"} {
		c.Lots = append(c.Lots, auction.Lot{Name: name, Zone: name, Capacity: 1})
	}
	for s, prices := range [][]float64{{6, 0}, {0, 6}, {2, 2}} {
		b := auction.Belief{Scenario: fmt.Sprint(s), Probability: 1. / 3}
		for l, p := range prices {
			b.Bids = append(b.Bids, auction.Bid{
				Bidder: 0, Name: fmt.Sprint(l), Amount: p, MinFraction: 1, Requires: -1, Rows: []auction.BidRow{{Lot: l, Quantity: 1, Price: p}},
			})
		}
		c.Beliefs = append(c.Beliefs, b)
	}
	return c
}

// As a package both are won for the next price over the rival's 6 or 4, and never one without the other. The best price of the
// package alone, by enumeration, is the least that the bid with packages earns.
func TestPackageBids(t *testing.T) {
	worth := func(total float64) float64 { // of the package alone: the rival's 6 or 4 have to be beaten
		v := 0.0
		for _, against := range []float64{6, 6, 4} {
			if total > against {
				v += (12 - total) / 3
			}
		}
		return v
	}
	best := 0.0
	for k := range 30 {
		best = math.Max(best, worth(float64(k)))
	}
	with, err := bidding.Solve(context.Background(), packaged(true), 1, options())
	if err != nil {
		t.Fatal(err)
	}
	if got := metric(t, with, "objective").Number; got < best-1e-9 {
		t.Errorf("profit %v, the best package alone earns %v", got, best)
	}
	checkRisk(t, packaged(true), with, options())
	without, err := bidding.Solve(context.Background(), packaged(false), 1, options())
	if err != nil {
		t.Fatal(err)
	}
	if a, b := metric(t, with, "objective").Number, metric(t, without, "objective").Number; a < b+0.5 {
		t.Errorf("profit with packages %v, without %v", a, b)
	}
	rows := map[string]int{}
	for _, b := range with.RecommendedBids {
		if b.MinFraction == 1 {
			rows[b.Bid]++
		}
	}
	if rows["facility hub"] != 2 {
		t.Errorf("rows of packages: %v of %v", rows, with.RecommendedBids)
	}
	for i := range with.ProfitScenarios {
		if s := &with.ProfitScenarios[i]; s.Volume != 0 && s.Volume != 2 {
			t.Errorf("scenario %s: %v packages of a package of 2", s.Scenario, s.Volume)
		}
	}
}

// A third lot in zone A, dearer than the first, makes the package of all lots of the hub cost more than it is worth. The
// best package of all subsets, by enumeration, is one that the network prices out.
func TestPricedPackages(t *testing.T) {
	c := packaged(true)
	c.Lots = append(c.Lots, auction.Lot{Name: "A2", Zone: "A", Capacity: 1})
	for s := range c.Beliefs {
		c.Beliefs[s].Bids = append(c.Beliefs[s].Bids, auction.Bid{
			Bidder: 0, Name: "2", Amount: 7, MinFraction: 1, Requires: -1, Rows: []auction.BidRow{{Lot: 2, Quantity: 1, Price: 7}},
		})
	}
	best, over := 0.0, 0
	for set := 1; set < 8; set++ {
		a, b := set&5 != 0, set&2 != 0 // lots 0 and 2 are of zone A
		worth, lots := 0.0, 0.0
		switch {
		case a && b:
			worth = 12
		case a || b:
			worth = 1
		}
		for l := range 3 {
			lots += float64(set >> l & 1)
		}
		for tick := range 40 {
			amount, v := c.Rules.PriceStep*lots*float64(tick), 0.0
			for s := range c.Beliefs {
				against := 0.0
				for l := range 3 {
					if set>>l&1 == 1 {
						against += c.Beliefs[s].Bids[l].Amount
					}
				}
				if amount > against {
					v += (worth - amount) / 3
				}
			}
			if v > best {
				best, over = v, set
			}
		}
	}
	r, err := bidding.Solve(context.Background(), c, 1, options())
	if err != nil {
		t.Fatal(err)
	}
	if over != 3 {
		t.Fatalf("the best package is %b: the case does not tell packages apart", over)
	}
	if got := metric(t, r, "objective").Number; got < best-1e-9 {
		t.Errorf("profit %v, the best package of all subsets earns %v", got, best)
	}
	checkRisk(t, c, r, options())
}
