package verify

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"lotwise/models/auction"
)

// These runs hold together cell by cell and are wrong all the same: no comparison of tables finds them.

// finds demands a finding of the table and column whose text holds all of the words.
func finds(t *testing.T, report *Report, table, column string, words ...string) {
	t.Helper()
	for _, f := range report.Findings {
		if f.Table != table || f.Column != column {
			continue
		}
		all := true
		for _, w := range words {
			all = all && strings.Contains(f.Problem, w)
		}
		if all {
			return
		}
	}
	t.Errorf("no finding in %s, column %s, with %q; findings: %v", table, column, words, report.Findings)
}

// TestBoundThatABetterBidBeats: the first bidder bids 9 against 7 and says that nothing earns over 1.
func TestBoundThatABetterBidBeats(t *testing.T) {
	f := firstPrice()
	g := &rules{
		drawn:  []drawn{{0, 0, "", "s1", 1, []offer{{0, 9, 1}}}, {1, 0, "", "s1", 1, []offer{{0, 7, 1}}}},
		blocks: map[string][]int{"": {0}},
		bound:  func(b, _ int, _ string) float64 { return []float64{1, 0}[b] },
		value:  func(b, _ int, w []float64) float64 { return []float64{10, 7}[b] * math.Min(1, w[0]) },
		net:    []auction.NetworkRow{channelRow("a", "Z", "L", 1, 0)},
	}
	report := Check(f.c, g.run(f.c, "pure", 1e-3), f.o)
	finds(t, report, tableEquilibrium, "best_response_bound", "L 1 at 7", "earns", "3")
	if len(report.Findings) != 1 {
		t.Errorf("one thing is wrong: %v", report.Findings)
	}
}

// TestBoundThatTwoLotsTogetherBeat: each lot of the station alone is worth nothing, both are worth 20.
func TestBoundThatTwoLotsTogetherBeat(t *testing.T) {
	f := station()
	r := clone(f.r)
	r.RecommendedBids = nil
	r.Allocation = []auction.AllocationRow{{Bidder: "rival", Lot: "north", Quantity: 3, Price: 1, Payment: 3}, {Bidder: "rival", Lot: "far", Quantity: 1, Price: 2, Payment: 2}}
	r.Payments = coreless(auction.PaymentRow{Bidder: "rival", BidAmount: 5, Payment: 5}, auction.PaymentRow{Bidder: "me"})
	r.Lots[0].Sold, r.Lots[0].Revenue = 3, 3
	r.Lots[1].Sold, r.Lots[1].Revenue = 0, 0
	// small keeps its station: 20 + 10; large too: 20 + 20.
	r.Network = []auction.NetworkRow{channelRow("me", "Z", "own", 12.5, 12.5), channelRow("me", "Z", "station", 0, 20)}
	for i := range r.Equilibrium {
		r.Equilibrium[i].Profit, r.Equilibrium[i].BestResponseBound, r.Equilibrium[i].RegretBound = 0, 0, 0
	}
	for i, m := range r.Summary {
		switch m.Name {
		case "revenue", "objective", "bound", "contribution":
			r.Summary[i].Number = 5
		case "volume":
			r.Summary[i].Number = 4
		case "sold_share":
			r.Summary[i].Number = 4.0 / 12
		case "profit:me":
			r.Summary[i].Number = 0
		}
	}
	report := Check(f.c, r, f.o)
	finds(t, report, tableEquilibrium, "best_response_bound", "north", "south", "10")
	if len(report.Findings) != 1 {
		t.Errorf("one thing is wrong: %v", report.Findings)
	}
}

// TestOptimumThatIsNone: the package of the allocation is left out, which loses 12 of 106.
func TestOptimumThatIsNone(t *testing.T) {
	f := packages()
	r := clone(f.r)
	r.Allocation = []auction.AllocationRow{
		{Bidder: "b", Bid: "some", Lot: "A", Quantity: 6, Price: 9, Payment: 54}, {Bidder: "c", Bid: "any", Lot: "B", Quantity: 10, Price: 4, Payment: 40},
	}
	r.Payments = coreless(
		auction.PaymentRow{Bidder: "a"}, auction.PaymentRow{Bidder: "b", BidAmount: 54, Payment: 54},
		auction.PaymentRow{Bidder: "c", BidAmount: 40, Payment: 40}, auction.PaymentRow{Bidder: "d"})
	r.Lots[0].Sold, r.Lots[0].Revenue, r.Lots[0].ShadowPrice = 6, 54, 0
	r.Lots[1].Sold, r.Lots[1].Revenue, r.Lots[1].ShadowPrice = 10, 40, 4
	for i, v := range []float64{0, 94, 94, 0, 94, 84, 16, 0.8} {
		r.Summary[i].Number = v
	}
	report := Check(f.c, r, f.o)
	finds(t, report, tableSummary, "value", "bound is 94", "the optimum is 106")
	finds(t, report, tableSummary, "value", "status is optimal", "12")
	// With an honest bound only the status is wrong.
	r.Summary[2].Number, r.Summary[3].Number = 106, 12.0/106
	report = Check(f.c, r, f.o)
	finds(t, report, tableSummary, "value", "status is optimal")
	r.Summary[0].Text, r.Status = "limit", auction.LimitStruck
	if report = Check(f.c, r, f.o); len(report.Findings) > 0 {
		t.Errorf("a feasible answer with an honest bound: %v", report.Findings)
	}
}

// TestWrongMeritOrder: at equal price the later bidder is served first, which changes no total.
func TestWrongMeritOrder(t *testing.T) {
	bidder := func(name string) auction.Bidder {
		return auction.Bidder{Name: name, Budget: math.Inf(1), MaxVolume: math.Inf(1)}
	}
	c := caseOf(1, []auction.Lot{lot("L", "Z", 5, 0)}, bidder("early"), bidder("late"))
	for b := range 2 {
		c.Bids = append(c.Bids, auction.Bid{Bidder: b, Name: "row", Rows: []auction.BidRow{{Lot: 0, Quantity: 4, Price: 3}}, Amount: 12, Requires: -1})
	}
	run := func(early, late float64) *auction.Results {
		return &auction.Results{
			Command: "allocate", Status: auction.Optimal,
			Allocation: []auction.AllocationRow{{Bidder: "early", Bid: "row", Lot: "L", Quantity: early, Price: 3, Payment: 3 * early}, {Bidder: "late", Bid: "row", Lot: "L", Quantity: late, Price: 3, Payment: 3 * late}},
			Payments:   coreless(auction.PaymentRow{Bidder: "early", BidAmount: 3 * early, Payment: 3 * early}, auction.PaymentRow{Bidder: "late", BidAmount: 3 * late, Payment: 3 * late}),
			Lots:       []auction.LotResult{{Lot: "L", Zone: "Z", Capacity: 5, Sold: 5, Revenue: 15, ShadowPrice: 3}},
			Summary: []auction.Metric{
				{Name: "status", Text: "optimal"},
				{Name: "objective", Number: 15},
				{Name: "bound", Number: 15},
				{Name: "gap"},
				{Name: "revenue", Number: 15},
				{Name: "contribution", Number: 15},
				{Name: "volume", Number: 5},
				{Name: "sold_share", Number: 1},
			},
		}
	}
	if report := Check(c, run(4, 1), Options{Command: "allocate"}); len(report.Findings) > 0 {
		t.Errorf("the merit order: %v", report.Findings)
	}
	finds(t, Check(c, run(1, 4), Options{Command: "allocate"}), tableAllocation, "quantity", "early", "gets 1", "4")
}

// TestInfeasibleAcceptance breaks one rule at a time.
func TestInfeasibleAcceptance(t *testing.T) {
	for _, x := range []struct {
		name   string
		change func(c *auction.Case, r *auction.Results)
		column string
		words  []string
	}{
		{"capacity", func(c *auction.Case, _ *auction.Results) { c.Lots[0].Capacity = 9 }, "quantity", []string{"lot \"A\" gives 10", "capacity 9"}},
		{"budget", func(c *auction.Case, _ *auction.Results) { c.Bidders[0].Budget = 79 }, "payment", []string{"\"a\" wins for 80", "budget 79"}},
		{"max_volume", func(c *auction.Case, _ *auction.Results) { c.Bidders[0].MaxVolume = 15 }, "quantity", []string{"wins 16", "max_volume 15"}},
		{"least fraction", func(c *auction.Case, _ *auction.Results) { c.Bids[1].MinFraction = 0.5 }, "quantity", []string{"\"some\"", "0.3333"}},
		{"reserve", func(c *auction.Case, _ *auction.Results) { c.Lots[1].Reserve = 4.5 }, "bid", []string{"\"any\"", "reserve 4.5"}},
		{"requires", func(c *auction.Case, _ *auction.Results) {
			c.Bids[3].MinFraction = 1
			c.Bids[2].Requires, c.Bids[2].Group = 3, ""
		}, "bid", []string{"requires \"less\""}},
		{"group", func(_ *auction.Case, r *auction.Results) {
			r.Allocation[3].Quantity, r.Allocation[3].Payment = 1, 4
			r.Allocation = append(r.Allocation, auction.AllocationRow{Bidder: "c", Bid: "less", Lot: "B", Quantity: 1, Price: 3, Payment: 3})
		}, "bid", []string{"only one may be"}},
		{"one fraction", func(_ *auction.Case, r *auction.Results) {
			r.Allocation = append(r.Allocation[:1:1], r.Allocation[2:]...)
		}, "lot", []string{"\"both\"", "\"B\" is missing"}},
		{"hard limit", func(c *auction.Case, _ *auction.Results) {
			c.Limits = []auction.Limit{{Name: "max_share", Measure: "volume", Of: "capacity", Per: "bidder;zone", Min: math.NaN(), Max: 0.4, Penalty: math.NaN()}}
		}, "quantity", []string{"max_share", "bidder=a;zone=Z1", "violated by 4"}},
		{"few winners", func(c *auction.Case, _ *auction.Results) {
			c.Limits = []auction.Limit{{Name: "spread", Measure: "winners", Min: 4, Max: math.NaN(), Penalty: math.NaN()}}
		}, "quantity", []string{"spread", "the value is 3"}},
	} {
		f := packages()
		r := clone(f.r)
		x.change(f.c, r)
		t.Run(x.name, func(t *testing.T) { finds(t, Check(f.c, r, f.o), tableAllocation, x.column, x.words...) })
	}
}

// TestLimits evaluates limits on the allocation of packages: a 8 of A and 8 of B, b 2 of A, c 2 of B.
func TestLimits(t *testing.T) {
	nan := math.NaN()
	for _, x := range []struct {
		limit   auction.Limit
		penalty float64
	}{
		{auction.Limit{Measure: "volume", Of: "capacity", Where: "bidder=b", Min: 0.3, Max: nan, Penalty: 5}, 5 * (0.3*20 - 2)},
		{auction.Limit{Measure: "volume", Of: "capacity", Where: "bidder=b;lot=A", Min: 0.3, Max: nan, Penalty: 5}, 5 * (0.3*10 - 2)},
		{auction.Limit{Measure: "volume", Of: "accepted", Where: "class=small", Min: 0.15, Max: nan, Penalty: 1}, 0.15*20 - 2},
		{auction.Limit{Measure: "revenue", Where: "zone=Z1|Z3", Min: nan, Max: 50, Penalty: 2}, 2 * 8},
		{auction.Limit{Measure: "lots", Per: "bidder", Min: nan, Max: 1, Penalty: 7}, 7},
		{auction.Limit{Measure: "bids", Where: "capacity>=10", Min: 4, Max: nan, Penalty: 1}, 1},
		{auction.Limit{Measure: "winners", Per: "lot", Min: nan, Max: 1, Penalty: 1}, 2},
		{auction.Limit{Measure: "volume", Where: "bidder=d", Min: 3, Max: nan, OrNothing: true, Penalty: 1}, 0},
		{auction.Limit{Measure: "volume", Where: "bidder=c", Min: 3, Max: nan, OrNothing: true, Penalty: 1}, 1},
		{auction.Limit{Measure: "volume", Where: "rural!=1", Min: nan, Max: 4, Penalty: 1}, 6},
	} {
		f := packages()
		f.c.Bidders[1].Class = "small"
		f.c.Lots[0].Attributes = map[string]string{"rural": "1"}
		f.c.Limits = []auction.Limit{x.limit}
		k := newChecker(f.c, f.r, f.o)
		got := 0.0
		for _, s := range k.scopes() {
			got += x.limit.Penalty * k.gauge(s, []float64{1, 1.0 / 3, 0.2, 0, 0}).violation
		}
		if !same(got, x.penalty) {
			t.Errorf("%+v costs %g, want %g", x.limit, got, x.penalty)
		}
	}
}

// TestAdjustmentsScore: a preference changes what the seller counts and nothing that is paid.
func TestAdjustmentsScore(t *testing.T) {
	f := packages()
	f.c.Adjustments = []auction.Adjustment{{Name: "small shippers", Where: "bidder=b", Factor: 1.5, Add: 0.5}}
	r := clone(f.r)
	// b's 2 packages count 9 x 1.5 + 0.5 = 14 each: 80 + 28 + 8.
	r.Summary[1].Number, r.Summary[2].Number = 116, 116
	r.Lots[0].ShadowPrice = 14
	for _, x := range Check(f.c, r, f.o).Findings {
		// 8 more of b would count 14 each, so the package is no longer the best: 6 x 14 + 10 x 4 = 124.
		if x.Table != tableSummary || !strings.Contains(x.Problem, "124") {
			t.Errorf("%s", x)
		}
	}
}

// TestUncheckedIsSaid: what is not recomputed is in the report.
func TestUncheckedIsSaid(t *testing.T) {
	says := func(report *Report, words string) {
		t.Helper()
		for _, line := range report.Checked {
			if strings.Contains(line, words) {
				return
			}
		}
		t.Errorf("no line with %q: %q", words, report.Checked)
	}
	c := units(97)
	for n := range 40 {
		q := float64(11 + n*7%13)
		c.Bids = append(c.Bids, auction.Bid{Bidder: n % 4, Name: fmt.Sprint("row ", n), MinFraction: 1, Requires: -1, Amount: 3*q + float64(n%5), Rows: []auction.BidRow{{Quantity: q, Price: 3 + float64(n%5)/q}}})
	}
	for n := range 4 {
		c.Bidders = append(c.Bidders, auction.Bidder{Name: fmt.Sprint("b", n), Budget: math.Inf(1), MaxVolume: math.Inf(1)})
	}
	r := runOf(c, make([]float64, 40), make([]float64, 4))
	r.Summary[2].Number = 150
	says(Check(c, r, Options{Command: "allocate", EnumerationLimit: 1}), "the optimum was not recomputed in 1 of 1 independent parts")
	c.Rules.Payment = auction.VCG
	r = runOf(c, accept(c, 0), []float64{33, 0, 0, 0})
	says(Check(c, r, Options{Command: "allocate", EnumerationLimit: 1}), "a bracket from feasible answers and weak duality")
	f := twoBlocks()
	f.o.EnumerationLimit = 1
	says(Check(f.c, f.r, f.o), "not recomputed: ")
	f = station()
	f.c.Bids[0].MinFraction = 1
	says(Check(f.c, f.r, f.o), "the seller's answer is not the merit order")
}

// TestShadowPrices: capacity that is left is worth nothing, and bids in part fix the price of their lot.
func TestShadowPrices(t *testing.T) {
	f := packages()
	for _, x := range []struct {
		lot   int
		price float64
		words string
	}{{0, 8, "would gain"}, {0, 10, "loses"}, {1, -1, "never worth less"}} {
		r := clone(f.r)
		r.Lots[x.lot].ShadowPrice = x.price
		finds(t, Check(f.c, r, f.o), tableLots, "shadow_price", x.words)
	}
}

// TestCaps: in solve the largest bids of all blocks together must fit a budget.
func TestCaps(t *testing.T) {
	f := twoBlocks()
	f.c.Bidders[0].Budget = 5.9 // 2 x 2 in the first block and 1 x 2 in the second
	finds(t, Check(f.c, f.r, f.o), tableBids, "quantity", "come to 6", "budget 5.9")
	f = twoBlocks()
	f.c.Bidders[0].MaxVolume = 3
	finds(t, Check(f.c, f.r, f.o), tableBids, "quantity", "come to 4 packages", "max_volume 3")
	f = threeLots()
	f.c.Bidders[1].Budget = 12.9 // scenario x is won with 7 + 6 + 5, y with 6, z with 7 + 5
	finds(t, Check(f.c, f.r, f.o), tableBids, "quantity", "scenario \"x\"", "18")
}

// TestWorthlessDeliveries: where packages earn nothing and cost nothing, delivering them and not is as good; more than
// there are cannot be.
func TestWorthlessDeliveries(t *testing.T) {
	c := caseOf(1, []auction.Lot{lot("L", "Z", 2, 0)}, shopper("a", "Z", 2, 0))
	for volume, right := range map[float64]bool{0: true, 1: true, 2: true, 3: false} {
		g := &rules{
			drawn:  []drawn{{0, 0, "", "s1", 1, []offer{{0, 0, 2}}}},
			blocks: map[string][]int{"": {0}},
			bound:  func(int, int, string) float64 { return 0 },
			value:  func(int, int, []float64) float64 { return 0 },
		}
		if volume > 0 {
			g.net = []auction.NetworkRow{channelRow("a", "Z", "L", volume, 0)}
		}
		report := Check(c, g.run(c, "pure", 1e-3), Options{Command: "solve", Gap: 1e-4, Epsilon: 1e-3, Concept: "auto"})
		if right != (len(report.Findings) == 0) {
			t.Errorf("%g packages delivered: %v", volume, report.Findings)
		}
	}
}
