package bidding_test

import (
	"context"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lotwise/models/auction"
	"lotwise/models/bidding"
)

// The tables of the teaching case of the station, whose README derives what lots are worth: 2 a package on top of
// the other lot, so that the bid of 1 and 0.5 earns 100, and the hub is closed by both.
func TestStationTables(t *testing.T) {
	c := embedded(t, "station")
	r, err := bidding.Solve(context.Background(), c, 0, options())
	if err != nil {
		t.Fatal(err)
	}
	lot := func(name string, price, stake float64) auction.BidLot {
		return auction.BidLot{
			Bidder: "shipper", Lot: name, Quantity: 100, Price: price, WinProbability: 1, ExpectedQuantity: 100, ExpectedPayment: 100 * price,
			BreakEvenNext: 0, BreakEvenBid: 2, BreakEvenLot: 2, UsefulQuantity: 100, ProfitAtStake: stake,
		}
	}
	if d := cmp.Diff([]auction.BidLot{lot("oak", 1, 100), lot("elm", 0.5, 150)}, r.BidLots); d != "" {
		t.Error(d)
	}
	// Of the README's table: Elm at 0 and 0.25 beside Oak at 1, Oak at 0 and 0.5 beside Elm at 0.5.
	point := func(lot string, price, win, profit float64, recommended string) auction.CurvePoint {
		return auction.CurvePoint{
			Bidder: "shipper", Bid: lot, Lot: lot, Quantity: 100, Price: price, WinProbability: win, ExpectedQuantity: 100 * win,
			ExpectedPayment: 100 * win * price, ExpectedProfit: profit, Fits: "yes", Recommended: recommended,
		}
	}
	if d := cmp.Diff([]auction.CurvePoint{
		point("elm", 0, 0, -50, ""), point("elm", 0.25, 0.5, 37.5, ""), point("elm", 0.5, 1, 100, "yes"),
		point("oak", 0, 0, 0, ""), point("oak", 0.5, 0.5, 75, ""), point("oak", 1, 1, 100, "yes"),
	}, r.BidCurves); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]auction.FacilityResult{{
		Bidder: "shipper", Facility: "hub", Capacity: math.Inf(1), FixedCost: 150, OpenWithoutLots: "yes", SavedCost: 150, ClosedIn: "all", ClosedBy: "oak;elm",
	}}, r.Facilities); d != "" {
		t.Error(d)
	}
}

// Of the curves of a bid that is certified to be the best, no point that fits is over the profit, and the bid's own
// price attains it; the profit is the expectation of profit_scenarios; and no lot's bid loses money.
func TestTablesOfTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawn(t, shape{
			lots: 3, zones: 2, rows: 3, facilities: 2, routes: 4, scenarios: 4, rivals: 2, prices: 4, volume: 4, services: true,
			capped: rapid.Bool().Draw(t, "capped"), steps: rapid.IntRange(1, 2).Draw(t, "steps"),
		})
		r, err := bidding.Solve(context.Background(), c, bidder, options())
		if err != nil {
			t.Fatal(err)
		}
		profit, regret := map[string]float64{}, map[string]float64{}
		for _, e := range r.Equilibrium {
			profit[e.Type], regret[e.Type] = e.Profit, e.RegretBound
		}
		for _, x := range r.BidCurves {
			if x.Fits == "yes" && x.ExpectedProfit > profit[x.Type]+regret[x.Type]+1e-9 {
				t.Errorf("%s at %g earns %g, the best bid %g", x.Bid, x.Price, x.ExpectedProfit, profit[x.Type])
			}
			if x.Recommended == "yes" && (math.Abs(x.ExpectedProfit-profit[x.Type]) > 1e-9 || x.Fits != "yes") {
				t.Errorf("%s at its own %g earns %g, fits %s; the bid earns %g", x.Bid, x.Price, x.ExpectedProfit, x.Fits, profit[x.Type])
			}
		}
		rows := 0
		for _, s := range r.ProfitScenarios {
			profit[s.Type] -= s.Probability * s.Profit
			rows++
		}
		if want := len(r.Equilibrium) * len(c.Beliefs); rows != want {
			t.Errorf("%d rows of profits by scenario, want %d", rows, want)
		}
		for typ, rest := range profit {
			if math.Abs(rest) > 1e-9 {
				t.Errorf("the profit of type %q is %g over its expectation over scenarios", typ, rest)
			}
		}
		for _, l := range r.BidLots {
			if l.Quantity > 0 && l.ProfitAtStake < -1e-9 && regret[l.Type] < 1e-9 {
				t.Errorf("without its bid for %s it would earn %g more", l.Lot, -l.ProfitAtStake)
			}
		}
	})
}

// What additive lots are worth is what they save, whatever the bid wins of the others: carriers at 4 and 5 less access
// at 1 and 2.
func TestBreakEvenAdditive(t *testing.T) {
	must, inf := math.NaN(), math.Inf(1)
	rival := auction.Bidder{Name: "rival", AccessCost: math.NaN(), Types: []auction.Type{auction.Known}, Budget: inf, MaxVolume: inf}
	me := auction.Bidder{
		Name: "me", Budget: inf, MaxVolume: inf, AccessCost: math.NaN(), Access: map[int]float64{0: 1, 1: 2}, Types: []auction.Type{auction.Known},
		Demand: []auction.Demand{{Zone: "a", Volume: 80, Value: must}, {Zone: "b", Volume: 50, Value: must}},
		Routes: []auction.Route{{Name: "x", Zone: "a", UnitCost: 4, Capacity: inf, Facility: -1}, {Name: "x", Zone: "b", UnitCost: 5, Capacity: inf, Facility: -1}},
	}
	c := &auction.Case{Rules: auction.DefaultRules(), Bidders: []auction.Bidder{rival, me}}
	c.Rules.PriceStep = 0.5
	c.Lots = []auction.Lot{{Name: "a", Zone: "a", Capacity: 100, Reserve: 1}, {Name: "b", Zone: "b", Capacity: 30, Reserve: 3}}
	for i, p := range []float64{1, 2} {
		c.Beliefs = append(c.Beliefs, auction.Belief{Scenario: []string{"low", "high"}[i], Probability: 0.5, Bids: []auction.Bid{
			{Bidder: 0, Name: "row 1", Amount: 100 * p, Requires: -1, Rows: []auction.BidRow{{Lot: 0, Quantity: 100, Price: p}}},
		}})
	}
	r, err := bidding.Solve(context.Background(), c, 1, options())
	if err != nil {
		t.Fatal(err)
	}
	// 1.5 wins half the time: 0.5 x 80 x 1.5 = 60; 2.5 always: 80 x 0.5 = 40. b is worth its reserve of 3: no gain.
	want := []auction.BidLot{
		{
			Bidder: "me", Lot: "a", Quantity: 80, Price: 1.5, WinProbability: 0.5, ExpectedQuantity: 40, ExpectedPayment: 60,
			BreakEvenNext: 1.5, BreakEvenBid: 3, BreakEvenLot: 3, UsefulQuantity: 80, ProfitAtStake: 60,
		},
		{Bidder: "me", Lot: "b", Price: math.NaN(), BreakEvenNext: 3, BreakEvenBid: math.NaN(), BreakEvenLot: 3, UsefulQuantity: 30},
	}
	same := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 || math.IsNaN(a) && math.IsNaN(b) })
	if d := cmp.Diff(want, r.BidLots, same); d != "" {
		t.Error(d)
	}
}
