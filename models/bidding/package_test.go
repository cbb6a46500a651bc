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
