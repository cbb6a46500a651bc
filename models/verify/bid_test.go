package verify

import (
	"math"
	"testing"

	"lotwise/models/auction"
)

// hub is a bid that is not the best, by hand. 100 packages for each of Oak and Elm go by a lot at 0.5, by a hub at 1,
// which costs 150, or by a carrier at 3: nothing won costs 350, one lot 300, both 100. The rival bids 0.5 and 0.25
// (calm) or 1 and 0.5 (keen), each with probability 1/2; "me" stands first and bids 0.5 for each. Calm it wins both, which
// is worth 250, and pays 100: 150. Keen it wins Elm, worth 50, and pays 50: 0. That is 75, and the best bid earns 100.
func hub() fixture {
	inf, nan := math.Inf(1), math.NaN()
	me := auction.Bidder{
		Name: "me", Budget: inf, MaxVolume: 250, AccessCost: 0.5, CurrentVolume: nan, CurrentPayment: nan,
		Types:      []auction.Type{auction.Known},
		Demand:     []auction.Demand{{Zone: "Oak", Volume: 100, Value: nan}, {Zone: "Elm", Volume: 100, Value: nan}},
		Facilities: []auction.Facility{{Name: "hub", FixedCost: 150, Capacity: inf}},
		Routes: []auction.Route{
			{Name: "oak vans", Zone: "Oak", UnitCost: 1, Capacity: inf, Facility: 0},
			{Name: "elm vans", Zone: "Elm", UnitCost: 1, Capacity: inf, Facility: 0},
			{Name: "carrier", Zone: "Oak", UnitCost: 3, Capacity: inf, Facility: -1},
			{Name: "carrier", Zone: "Elm", UnitCost: 3, Capacity: inf, Facility: -1},
		},
	}
	rival := auction.Bidder{Name: "rival", Budget: inf, MaxVolume: inf, AccessCost: nan, Types: []auction.Type{auction.Known}}
	c := caseOf(0.25, []auction.Lot{lot("oak", "Oak", 100, 0), lot("elm", "Elm", 120, 0)}, me, rival)
	for i, prices := range [][]float64{{0.5, 0.25}, {1, 0.5}} {
		belief := auction.Belief{Scenario: []string{"calm", "keen"}[i], Probability: 0.5}
		for l, p := range prices {
			belief.Bids = append(belief.Bids, auction.Bid{Bidder: 1, Name: "row", Rows: []auction.BidRow{{Lot: l, Quantity: 120, Price: p}}, Amount: 120 * p, Requires: -1})
		}
		c.Beliefs = append(c.Beliefs, belief)
	}
	row := func(lot string, win float64) auction.RecommendedBid {
		return auction.RecommendedBid{
			Bidder: "me", Strategy: "s1", Probability: 1, Bid: lot, Lot: lot, Quantity: 100, Price: 0.5,
			ExpectedQuantity: 100 * win, WinProbability: win, ExpectedPayment: 50 * win,
		}
	}
	point := func(lot string, price, win, profit float64, recommended string) auction.CurvePoint {
		return auction.CurvePoint{
			Bidder: "me", Bid: lot, Lot: lot, Quantity: 100, Price: price, WinProbability: win, ExpectedQuantity: 100 * win,
			ExpectedPayment: 100 * win * price, ExpectedProfit: profit, Fits: "yes", Recommended: recommended,
		}
	}
	delivery := func(scenario, zone, channel string, volume, cost float64) auction.NetworkScenario {
		return auction.NetworkScenario{Scenario: scenario, Bidder: "me", Zone: zone, Channel: channel, Volume: volume, Cost: cost}
	}
	r := &auction.Results{
		Command: "bid", Status: auction.LimitStruck,
		RecommendedBids: []auction.RecommendedBid{row("oak", 0.5), row("elm", 1)},
		Equilibrium:     []auction.EquilibriumRow{{Bidder: "me", Strategy: "s1", Probability: 1, Profit: 75, BestResponseBound: 100, RegretBound: 25}},
		Allocation: []auction.AllocationRow{
			{Bidder: "me", Lot: "oak", Quantity: 50, Price: 0.5, Payment: 25},
			{Bidder: "me", Lot: "elm", Quantity: 100, Price: 0.5, Payment: 50},
		},
		Payments: []auction.PaymentRow{{Bidder: "me", BidAmount: 75, Payment: 75, CoreViolation: nan}},
		Lots: []auction.LotResult{
			{Lot: "oak", Zone: "Oak", Capacity: 100, Sold: 50, Revenue: 25, ShadowPrice: nan},
			{Lot: "elm", Zone: "Elm", Capacity: 120, Sold: 100, Revenue: 50, ShadowPrice: nan},
		},
		Network: []auction.NetworkRow{
			channelRow("me", "Oak", "oak", 50, 25), channelRow("me", "Elm", "elm", 100, 50),
			channelRow("me", "Oak", "oak vans", 50, 50), channelRow("me", "", "hub", 0, 75),
		},
		BidTables: auction.BidTables{
			// A package more in Oak saves 0.5 where the hub delivers there (keen), nothing else; the whole of Oak 200 on top
			// of Elm. Elm is worth 200 on top of Oak (calm), 50 alone (keen).
			BidLots: []auction.BidLot{
				{
					Bidder: "me", Lot: "oak", Quantity: 100, Price: 0.5, WinProbability: 0.5, ExpectedQuantity: 50, ExpectedPayment: 25,
					BreakEvenNext: 0.25, BreakEvenBid: 2, BreakEvenLot: 2, UsefulQuantity: 100, ProfitAtStake: 75,
				},
				{
					Bidder: "me", Lot: "elm", Quantity: 100, Price: 0.5, WinProbability: 1, ExpectedQuantity: 100, ExpectedPayment: 50,
					BreakEvenNext: 0, BreakEvenBid: 1.25, BreakEvenLot: 1.25, UsefulQuantity: 100, ProfitAtStake: 75,
				},
			},
			BidCurves: []auction.CurvePoint{
				point("oak", 0, 0, 0, ""), point("oak", 0.5, 0.5, 75, "yes"), point("oak", 1, 1, 100, ""),
				point("elm", 0, 0, 0, ""), point("elm", 0.25, 0.5, 87.5, ""), point("elm", 0.5, 1, 75, "yes"),
			},
			ProfitScenarios: []auction.ProfitScenario{
				{Bidder: "me", Scenario: "calm", Probability: 0.5, Profit: 150, Volume: 200, Payment: 100},
				{Bidder: "me", Scenario: "keen", Probability: 0.5, Profit: 0, Volume: 100, Payment: 50},
			},
			Facilities: []auction.FacilityResult{{
				Bidder: "me", Facility: "hub", Capacity: inf, FixedCost: 150, OpenWithoutLots: "yes", OpenProbability: 0.5,
				Volume: 50, Cost: 75, SavedCost: 75, ClosedIn: "calm", ClosedBy: "oak;elm",
			}},
			NetworkScenarios: []auction.NetworkScenario{
				delivery("calm", "Oak", "oak", 100, 50), delivery("calm", "Elm", "elm", 100, 50),
				delivery("keen", "Elm", "elm", 100, 50), delivery("keen", "Oak", "oak vans", 100, 100), delivery("keen", "", "hub", 0, 150),
			},
		},
		Summary: []auction.Metric{
			{Name: "status", Text: "limit"},
			{Name: "objective", Number: 75},
			{Name: "bound", Number: 100},
			{Name: "gap", Number: 0.25},
			{Name: "revenue", Number: 75},
			{Name: "contribution", Number: 75},
			{Name: "volume", Number: 150},
			{Name: "sold_share", Number: 150.0 / 220},
			{Name: "profit:me", Number: 75},
			{Name: "concept", Text: "best_response"},
			{Name: "epsilon", Number: 25},
			{Name: "relative_epsilon", Number: 0.25},
			{Name: "profit_standard_deviation", Number: 75},
			{Name: "worst_profit", Number: 0},
			{Name: "loss_probability", Number: 0},
			{Name: "cvar", Number: 0},
			{Name: "tail", Number: 0.05},
			{Name: "risk_aversion", Number: 0},
		},
	}
	return fixture{"hub", c, r, Options{Command: "bid", Gap: 1e-4, Epsilon: 1e-3, Concept: "auto"}}
}

// TestBidTablesThatContradict: rows that hold cell by cell, and tables that do not hold together.
func TestBidTablesThatContradict(t *testing.T) {
	for _, x := range []struct {
		name          string
		change        func(r *auction.Results)
		table, column string
		words         []string
	}{
		{"a scenario is missing", func(r *auction.Results) { r.ProfitScenarios = r.ProfitScenarios[:1] }, tableProfits, "scenario", []string{"keen", "missing"}},
		{"a lot is missing", func(r *auction.Results) { r.BidLots = r.BidLots[1:] }, tableBidLots, "lot", []string{"oak", "missing"}},
		{"a row stands twice", func(r *auction.Results) { r.BidLots = append(r.BidLots, r.BidLots[0]) }, tableBidLots, "lot", []string{"already stands"}},
		{"the bid's own price is missing", func(r *auction.Results) { r.BidCurves = append(r.BidCurves[:1:1], r.BidCurves[2:]...) }, tableCurves, "price", []string{"own price"}},
		{"a facility is missing", func(r *auction.Results) { r.Facilities = nil }, tableFacilities, "facility", []string{"hub", "missing"}},
		{"the hub is open where it is not worth it", func(r *auction.Results) {
			f := &r.Facilities[0]
			f.OpenProbability, f.Cost, f.SavedCost, f.ClosedIn, f.ClosedBy = 1, 150, 0, "", ""
		}, tableFacilities, "closed_in", []string{"in scenario calm", "at best -100"}},
		{"the hub is closed where it is needed", func(r *auction.Results) {
			f := &r.Facilities[0]
			f.OpenProbability, f.Cost, f.SavedCost, f.ClosedIn, f.Volume = 0, 0, 150, "all", 0
		}, tableFacilities, "closed_in", []string{"in scenario keen", "-350", "at best -300"}},
		{"a lot that is not won closes it", func(r *auction.Results) {
			f := &r.Facilities[0]
			f.OpenProbability, f.Cost, f.SavedCost, f.ClosedIn, f.ClosedBy = 0.5, 75, 75, "keen", "oak"
		}, tableFacilities, "closed_by", []string{"oak", "won in no scenario"}},
		{"deliveries of a scenario are missing", func(r *auction.Results) {
			r.NetworkScenarios = append(r.NetworkScenarios[:1:1], r.NetworkScenarios[2:]...)
		}, tableNetworkScenarios, "volume", []string{"50 packages through channel \"elm\""}},
	} {
		f := hub()
		x.change(f.r)
		report := Check(f.c, f.r, f.o)
		t.Run(x.name, func(t *testing.T) { finds(t, report, x.table, x.column, x.words...) })
	}
}
