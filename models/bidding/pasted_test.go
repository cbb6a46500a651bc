package bidding_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"lotwise/models/allocation"
	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/network"
)

// pasted are the bids of a scenario and under them the rows that the run recommends to a type, as bids.csv holds them.
func pasted(c *auction.Case, me int, s *auction.Belief, rows []auction.RecommendedBid, typ string) []auction.Bid {
	var bids []auction.Bid
	at := map[int]int{}
	for k, b := range s.Bids {
		if b.Bidder != me {
			at[k] = len(bids)
			bids = append(bids, b)
		}
	}
	for i := range bids {
		if r := bids[i].Requires; r >= 0 {
			bids[i].Requires = at[r]
		}
	}
	named := map[string]int{}
	for _, r := range rows {
		if r.Type != typ {
			continue
		}
		k, known := named[r.Bid]
		if !known {
			k = len(bids)
			named[r.Bid] = k
			bids = append(bids, auction.Bid{Bidder: me, Name: r.Bid, MinFraction: r.MinFraction, Requires: -1})
		}
		for l := range c.Lots {
			if c.Lots[l].Name == r.Lot {
				bids[k].Rows = append(bids[k].Rows, auction.BidRow{Lot: l, Quantity: r.Quantity, Price: r.Price})
			}
		}
		bids[k].Amount += r.Quantity * r.Price
	}
	return bids
}

// tiedCase is a drawn case with more of what joins lots, at prices that tie often.
func tiedCase(t *rapid.T) *auction.Case {
	steps := rapid.IntRange(1, 2).Draw(t, "steps")
	c := joined(t, shape{lots: 2, zones: 2, rows: 2, facilities: 1, routes: 3, scenarios: 2, rivals: 2, prices: 2, volume: 3, steps: steps, capped: rapid.Bool().Draw(t, "capped")})
	nan := math.NaN()
	c.Rules.PackageBids = rapid.Bool().Draw(t, "package bids")
	if rapid.Bool().Draw(t, "limited more") {
		c.Limits = append(c.Limits, rapid.SampledFrom([]auction.Limit{
			{Name: "volume", Measure: auction.MeasureVolume, Per: "bidder", Min: nan, Max: 2, Penalty: nan},
			{Name: "all", Measure: auction.MeasureVolume, Min: nan, Max: 3, Penalty: nan},
			{Name: "most", Measure: auction.MeasureVolume, Of: auction.OfAccepted, Per: "bidder", Min: nan, Max: 0.6, Penalty: nan},
			{Name: "lots", Measure: auction.MeasureLots, Per: "bidder", Min: nan, Max: 1, Penalty: nan},
			{Name: "bids", Measure: auction.MeasureBids, Min: nan, Max: 2, Penalty: nan},
			{Name: "much", Measure: auction.MeasureVolume, Per: "bidder", Min: 2, Max: nan, OrNothing: true, Penalty: nan},
			{Name: "money", Measure: auction.MeasureRevenue, Per: "bidder", Min: nan, Max: 4, Penalty: nan},
		}).Draw(t, "more"))
	}
	return c
}

// paste compares the profit that a run states of every scenario with what allocate makes of a case in which the scenario's
// bids and the recommended ones stand in bids.csv, and returns how many it compared.
func paste(t *testing.T, c *auction.Case, me int, r *auction.Results) (compared int) {
	t.Helper()
	for ti, typ := range c.Bidders[me].Types {
		net := network.New(c, me, ti)
		for i := range c.Beliefs {
			stated := math.NaN()
			for _, x := range r.ProfitScenarios {
				if x.Type == typ.Name && x.Scenario == c.Beliefs[i].Scenario {
					stated = x.Profit
				}
			}
			other := *c
			other.Beliefs, other.Bids = nil, pasted(c, me, &c.Beliefs[i], r.RecommendedBids, typ.Name)
			a, err := allocation.Solve(context.Background(), &other, auction.Options{Gap: 1e-4, Threads: 2})
			won, paid := make([]float64, len(net.Lots())), 0.0
			if no := new(auction.Infeasible); err != nil {
				if !errors.As(err, &no) {
					t.Fatal(err)
				}
			} else {
				for _, x := range a.Allocation {
					for n, l := range net.Lots() {
						if x.Bidder == c.Bidders[me].Name && x.Lot == c.Lots[l].Name {
							won[n] += x.Quantity
						}
					}
				}
				for _, x := range a.Payments {
					if x.Bidder == c.Bidders[me].Name {
						paid = x.Payment
					}
				}
			}
			if profit := net.Value(won) - paid - net.Value(make([]float64, len(won))); !near(profit, stated) {
				t.Errorf("scenario %s, type %q: allocate makes a profit of %v of the bids, the run says %v", c.Beliefs[i].Scenario, typ.Name, profit, stated)
			}
			compared++
		}
	}
	return compared
}

// pastedCases is how many random cases are pasted.
const pastedCases = 25

// What a run says of a scenario is what allocate does with the recommended bids, ties included.
func TestPasted(t *testing.T) {
	random := rapid.Custom(tiedCase)
	compared := 0
	for seed := range pastedCases {
		c := random.Example(seed)
		r, err := bidding.Solve(context.Background(), c, bidder, options())
		if no := new(auction.Unsupported); errors.As(err, &no) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { compared += paste(t, c, bidder, r) })
	}
	if compared < 2*pastedCases/3 {
		t.Errorf("%d scenarios compared", compared)
	}
}

// A package of lots A1 and A2 and lot B are each half of what there is demand for, worth 20 and 20.1, and the seller may accept
// one of them. Either wins where a rival has the other; where there is none they tie, and the package stands before B in
// recommended_bids.csv: it takes what the bids' order says, which is less than another order would.
func TestPastedOrder(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	known := []auction.Type{auction.Known}
	c := &auction.Case{Rules: auction.DefaultRules()}
	c.Rules.PriceStep, c.Rules.PackageBids = 1, true
	c.Bidders = []auction.Bidder{
		{Name: "rival", Budget: inf, MaxVolume: inf, AccessCost: nan, Types: known},
		{
			Name: "me", Budget: inf, MaxVolume: 2, AccessCost: 0, Types: known,
			Demand:     []auction.Demand{{Zone: "A", Volume: 2, Value: nan}, {Zone: "B", Volume: 2, Value: nan}},
			Facilities: []auction.Facility{{Name: "hub", FixedCost: 10, Capacity: inf}},
			Routes:     []auction.Route{{Zone: "A", UnitCost: 5, Capacity: inf, Facility: 0}, {Zone: "B", UnitCost: 10.05, Capacity: inf, Facility: -1}},
		},
	}
	for _, l := range []auction.Lot{{Name: "A1", Zone: "A", Capacity: 1}, {Name: "A2", Zone: "A", Capacity: 1}, {Name: "B", Zone: "B", Capacity: 2}} {
		l.Reserve = 2
		c.Lots = append(c.Lots, l)
	}
	for s, lot := range []int{2, 0, -1} {
		b := auction.Belief{Scenario: fmt.Sprint(s), Probability: 1. / 3}
		if lot >= 0 {
			q := c.Lots[lot].Capacity
			b.Bids = []auction.Bid{{Bidder: 0, Name: "1", Amount: 100 * q, MinFraction: 1, Requires: -1, Rows: []auction.BidRow{{Lot: lot, Quantity: q, Price: 100}}}}
		}
		c.Beliefs = append(c.Beliefs, b)
	}
	r, err := bidding.Solve(context.Background(), c, 1, options())
	if err != nil {
		t.Fatal(err)
	}
	bids := map[string]bool{}
	for _, b := range r.RecommendedBids {
		if bids[b.Bid] = true; b.Price != 2 {
			t.Errorf("%s at %v, the bids do not tie", b.Bid, b.Price)
		}
	}
	if len(bids) != 2 || r.RecommendedBids[0].MinFraction != 1 {
		t.Errorf("the bids are %v", r.RecommendedBids)
	}
	paste(t, c, 1, r)
	checkRisk(t, c, r, options())
}
