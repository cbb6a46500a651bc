package allocation

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lotwise/models/auction"
)

// offers is a case of whole bids: lots of the given capacities, bidders b1, b2, ... without caps.
func offers(capacities []float64, bids ...auction.Bid) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules()}
	for l, q := range capacities {
		c.Lots = append(c.Lots, auction.Lot{Name: string(rune('A' + l)), Zone: "Z", Service: "next_day", Capacity: q})
	}
	for _, b := range bids {
		for len(c.Bidders) <= b.Bidder {
			c.Bidders = append(c.Bidders, auction.Bidder{Name: "b" + string(rune('1'+len(c.Bidders))), Budget: math.Inf(1), MaxVolume: math.Inf(1)})
		}
		b.Name = "bid" + string(rune('1'+len(c.Bids)))
		if b.Requires == 0 {
			b.Requires = -1
		}
		if !b.ByAmount {
			for _, r := range b.Rows {
				b.Amount += r.Price * r.Quantity
			}
		}
		c.Bids = append(c.Bids, b)
	}
	return c
}

func of(lot int, quantity, price float64) auction.BidRow {
	return auction.BidRow{Lot: lot, Quantity: quantity, Price: price}
}

// Each of these has several optimal allocations and exactly one that serves earlier bidders first.
func TestTies(t *testing.T) {
	capped := func(c *auction.Case, budgets ...float64) *auction.Case {
		for i, b := range budgets {
			c.Bidders[i].Budget = b
		}
		return c
	}
	for _, tt := range []struct {
		name string
		c    *auction.Case
		want []float64
	}{
		{"one lot, in order of bidders, not of bids", offers([]float64{10},
			auction.Bid{Bidder: 1, Rows: []auction.BidRow{of(0, 8, 2)}},
			auction.Bid{Bidder: 0, Rows: []auction.BidRow{of(0, 8, 2)}}), []float64{0.25, 1}},
		{"prices equal but for the last digit of amounts", offers([]float64{3},
			auction.Bid{Bidder: 1, Rows: []auction.BidRow{of(0, 3, 0.1)}},
			auction.Bid{Bidder: 0, ByAmount: true, Amount: 0.7, Rows: []auction.BidRow{of(0, 7, 0.1)}}), []float64{0, 3.0 / 7}},
		{"free packages are given out", offers([]float64{5},
			auction.Bid{Bidder: 0, Rows: []auction.BidRow{of(0, 2, 0)}},
			auction.Bid{Bidder: 1, Rows: []auction.BidRow{of(0, 9, 0)}}), []float64{1, 3.0 / 9}},
		{"all or nothing: the first bidder, though the second would take more", offers([]float64{4},
			auction.Bid{Bidder: 1, MinFraction: 1, ByAmount: true, Amount: 6, Rows: []auction.BidRow{of(0, 4, 1.5)}},
			auction.Bid{Bidder: 0, MinFraction: 1, ByAmount: true, Amount: 6, Rows: []auction.BidRow{of(0, 2, 3)}}), []float64{0, 1}},
		{"one package or two lot bids", offers([]float64{1, 1},
			auction.Bid{Bidder: 2, MinFraction: 1, Rows: []auction.BidRow{of(0, 1, 10), of(1, 1, 10)}},
			auction.Bid{Bidder: 0, MinFraction: 1, Rows: []auction.BidRow{of(0, 1, 11)}},
			auction.Bid{Bidder: 1, MinFraction: 1, Rows: []auction.BidRow{of(1, 1, 9)}}), []float64{0, 1, 1}},
		{"alternatives of one bidder: the larger, then the first", offers([]float64{3, 3, 3},
			auction.Bid{Bidder: 0, MinFraction: 1, Group: "g", ByAmount: true, Amount: 6, Rows: []auction.BidRow{of(0, 2, 3)}},
			auction.Bid{Bidder: 0, MinFraction: 1, Group: "g", ByAmount: true, Amount: 6, Rows: []auction.BidRow{of(1, 3, 2)}},
			auction.Bid{Bidder: 0, MinFraction: 1, Group: "g", ByAmount: true, Amount: 6, Rows: []auction.BidRow{of(2, 3, 2)}}), []float64{0, 1, 0}},
		{"a budget spent where it buys most packages", capped(offers([]float64{10, 10},
			auction.Bid{Bidder: 0, Rows: []auction.BidRow{of(0, 10, 4)}},
			auction.Bid{Bidder: 0, Rows: []auction.BidRow{of(1, 10, 2)}}), 40), []float64{0.5, 1}},
		{"a budget leaves a lot to the next bidder at the same price", capped(offers([]float64{10},
			auction.Bid{Bidder: 0, Rows: []auction.BidRow{of(0, 10, 3)}},
			auction.Bid{Bidder: 1, Rows: []auction.BidRow{of(0, 10, 3)}}), 12), []float64{0.4, 0.6}},
	} {
		for _, money := range []float64{1, 1.0 / 128, 1 << 24} {
			c := scaledCase(tt.c, money, 1)
			out := determine(t, c, auction.Options{Gap: 1e-4})
			if diff := cmp.Diff(tt.want, out.X, cmpopts.EquateApprox(0, 1e-12)); diff != "" || !out.TiesSettled || !out.Proven {
				t.Errorf("%s, money times %v: settled %v, proven %v (-want +got):\n%s", tt.name, money, out.TiesSettled, out.Proven, diff)
			}
		}
	}
}

// Cents decide beside a billion.
func TestCentsBesideBillions(t *testing.T) {
	c := offers([]float64{1, 1},
		auction.Bid{Bidder: 0, MinFraction: 1, Rows: []auction.BidRow{of(0, 1, 1e9)}},
		auction.Bid{Bidder: 1, MinFraction: 1, Rows: []auction.BidRow{of(0, 1, 1e9+0.01)}},
		auction.Bid{Bidder: 0, MinFraction: 1, Rows: []auction.BidRow{of(1, 1, 0.02)}},
		auction.Bid{Bidder: 1, MinFraction: 1, Rows: []auction.BidRow{of(1, 1, 0.03)}})
	if out := determine(t, c, auction.Options{Gap: 1e-4}); !slices.Equal(out.X, []float64{0, 1, 0, 1}) {
		t.Errorf("accepted %v", out.X)
	}
	// A budget that a cent breaks.
	c = offers([]float64{2, 2},
		auction.Bid{Bidder: 0, MinFraction: 1, Rows: []auction.BidRow{of(0, 1, 6e8)}},
		auction.Bid{Bidder: 0, MinFraction: 1, Rows: []auction.BidRow{of(1, 1, 4e8+0.01)}},
		auction.Bid{Bidder: 0, MinFraction: 1, Rows: []auction.BidRow{of(1, 1, 3e8)}})
	c.Bidders[0].Budget = 1e9
	if out := determine(t, c, auction.Options{Gap: 1e-4}); !slices.Equal(out.X, []float64{1, 0, 1}) {
		t.Errorf("budget: accepted %v", out.X)
	}
	c.Bidders[0].Budget = 1e9 + 0.01
	if out := determine(t, c, auction.Options{Gap: 1e-4}); !slices.Equal(out.X, []float64{1, 1, 0}) {
		t.Errorf("budget and a cent: accepted %v", out.X)
	}
}

func TestSolveTables(t *testing.T) {
	c := offers([]float64{10, 4, 5},
		auction.Bid{Bidder: 0, Rows: []auction.BidRow{of(0, 8, 3)}},
		auction.Bid{Bidder: 1, Rows: []auction.BidRow{of(0, 6, 2)}},
		auction.Bid{Bidder: 1, ByAmount: true, Amount: 12, MinFraction: 1, Rows: []auction.BidRow{of(1, 4, 2), of(2, 2, 2)}},
		auction.Bid{Bidder: 0, Rows: []auction.BidRow{of(1, 4, 0.5)}},
		auction.Bid{Bidder: 1, ByAmount: true, Amount: 3, Rows: []auction.BidRow{of(1, 4, 0.75)}})
	c.Lots[1].Reserve, c.Lots[0].Cost = 1, 0.5
	r, err := Solve(t.Context(), c, auction.Options{Gap: 1e-4, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	want := &auction.Results{
		Command: "allocate", Status: auction.Optimal,
		Allocation: []auction.AllocationRow{
			{Bidder: "b1", Bid: "bid1", Lot: "A", Quantity: 8, Price: 3, Payment: 24},
			{Bidder: "b2", Bid: "bid2", Lot: "A", Quantity: 2, Price: 2, Payment: 4},
			{Bidder: "b2", Bid: "bid3", Lot: "B", Quantity: 4, Price: 2, Payment: 8},
			{Bidder: "b2", Bid: "bid3", Lot: "C", Quantity: 2, Price: 2, Payment: 4},
		},
		Payments: []auction.PaymentRow{
			{Bidder: "b1", BidAmount: 24, Payment: 24, CoreViolation: math.NaN()}, {Bidder: "b2", BidAmount: 16, Payment: 16, CoreViolation: math.NaN()},
		},
		Lots: []auction.LotResult{
			{Lot: "A", Zone: "Z", Service: "next_day", Capacity: 10, Sold: 10, Revenue: 28, ShadowPrice: 2},
			{Lot: "B", Zone: "Z", Service: "next_day", Capacity: 4, Sold: 4, Revenue: 8},
			{Lot: "C", Zone: "Z", Service: "next_day", Capacity: 5, Sold: 2, Revenue: 4},
		},
		VoidBids: []auction.VoidBid{
			{Bidder: "b1", Bid: "bid4", Lot: "B", Reason: "price 0.5 is under the reserve, 1"},
			{Bidder: "b2", Bid: "bid5", Reason: "amount 3 is under the sum of the reserves, 4"},
		},
		Summary: []auction.Metric{
			{Name: "status", Text: "optimal"},
			{Name: "objective", Number: 40, Unit: "USD"},
			{Name: "bound", Number: 40, Unit: "USD"},
			{Name: "gap"},
			{Name: "revenue", Number: 40, Unit: "USD"},
			{Name: "contribution", Number: 35, Unit: "USD"},
			{Name: "volume", Number: 16, Unit: "packages"},
			{Name: "sold_share", Number: 16.0 / 19},
			{Name: "maximised", Text: "revenue"},
			{Name: "payment_rule", Text: "pay_as_bid"},
			{Name: "ties", Text: "settled"},
		},
	}
	if diff := cmp.Diff(want, r, cmpopts.EquateApprox(0, 1e-9), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNobodyBids(t *testing.T) {
	c := offers([]float64{3})
	r, err := Solve(t.Context(), c, auction.Options{})
	if err != nil || r.Status != auction.Optimal || len(r.Allocation) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestUnsupported(t *testing.T) {
	c := offers([]float64{3}, auction.Bid{Rows: []auction.BidRow{of(0, 1, 1)}})
	c.Rules.Payment = "second_price"
	var u *auction.Unsupported
	if _, err := Solve(t.Context(), c, auction.Options{}); !errors.As(err, &u) {
		t.Errorf("payment rule: %v", err)
	}
}

// A limit or an interrupt leaves a feasible allocation and a bound that holds.
func TestStoppedEarly(t *testing.T) {
	c := packageCase(rand.New(rand.NewPCG(1, 1)), 40, 16)
	best := determine(t, c, auction.Options{})
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		o      auction.Options
		status auction.Status
	}{
		{"time limit", t.Context(), auction.Options{TimeLimit: time.Millisecond}, auction.LimitStruck},
		{"interrupt", stopped, auction.Options{}, auction.Interrupted},
	} {
		p, _ := NewProblem(c)
		out, err := p.Determine(tt.ctx, tt.o)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := out.status(1e-4); got != tt.status {
			t.Errorf("%s: status %s, want %s", tt.name, got, tt.status)
		}
		if out.Objective <= 0 || out.Objective > best.Objective+1e-6 || out.Bound < best.Objective-1e-6 {
			t.Errorf("%s: objective %v, bound %v, the optimum is %v", tt.name, out.Objective, out.Bound, best.Objective)
		}
		parts, _ := p.components()
		for _, k := range parts {
			x := make([]float64, len(k.bids))
			for j, b := range k.bids {
				x[j] = out.X[b]
			}
			if !k.fits(x) {
				t.Errorf("%s: the allocation does not fit", tt.name)
			}
		}
	}
}

// A gap that was asked for is used where proving more would take long, and the status says so.
func TestStatusOfGaps(t *testing.T) {
	for _, tt := range []struct {
		o    Outcome
		want auction.Status
	}{
		{Outcome{Objective: 100, Bound: 100.0000001, Proven: true}, auction.Optimal},
		{Outcome{Objective: 100, Bound: 100.005}, auction.WithinGap},
		{Outcome{Objective: 100, Bound: 101}, auction.LimitStruck},
		{Outcome{Objective: 100, Bound: 101, Interrupted: true}, auction.Interrupted},
		{Outcome{Objective: 0, Bound: 1}, auction.LimitStruck},
	} {
		if got := tt.o.status(1e-4); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.o, got, tt.want)
		}
	}
}

// A bid that another requires is accepted with it, to a fraction that counts, also where that earns less than nothing.
func TestRequiredBidsAreAccepted(t *testing.T) {
	c := &auction.Case{
		Rules: auction.DefaultRules(), Lots: []auction.Lot{{Name: "A", Capacity: 10}, {Name: "B", Capacity: 10, Cost: 3}},
		Bidders: []auction.Bidder{{Name: "b", Budget: math.Inf(1), MaxVolume: math.Inf(1)}, {Name: "rival", Budget: math.Inf(1), MaxVolume: math.Inf(1)}},
		Bids: []auction.Bid{
			{Name: "wanted", Amount: 10, MinFraction: 1, Requires: 1, Rows: []auction.BidRow{{Lot: 0, Quantity: 10, Price: 1}}},
			{Name: "asked", Amount: 10, Requires: -1, Rows: []auction.BidRow{{Lot: 1, Quantity: 10, Price: 1}}},
		},
	}
	c.Rules.Objective = auction.Contribution
	out := determine(t, c, auction.Options{})
	if out.X[0] != 1 || math.Abs(out.X[1]-auction.LeastFraction) > 1e-12 || math.Abs(out.Objective-(10-20*auction.LeastFraction)) > 1e-9 {
		t.Errorf("accepted %v for %v", out.X, out.Objective)
	}
	// Nothing of it can be accepted beside a rival that earns more: the bid that requires it loses too.
	c.Bids = append(c.Bids, auction.Bid{Bidder: 1, Name: "all of B", Amount: 60, MinFraction: 1, Requires: -1, Rows: []auction.BidRow{{Lot: 1, Quantity: 10, Price: 6}}})
	if out := determine(t, c, auction.Options{}); out.X[0] != 0 || out.X[1] != 0 || out.X[2] != 1 {
		t.Errorf("accepted %v beside the rival", out.X)
	}
}
