package verify

import (
	"math"
	"testing"

	"lotwise/models/auction"
)

// TestCoreStoppedEarly: a run that was stopped before it looked for blocking coalitions says nothing of them, in the
// summary as in every row; a run that claims to be done may not.
func TestCoreStoppedEarly(t *testing.T) {
	c := goods("A:80", "B:60", "AB:100")
	c.Rules.Payment = auction.Core
	r := runOf(c, accept(c, 0, 1), []float64{80, 60, 0})
	set(r, "status", auction.Metric{Text: "limit"})
	set(r, "core_violation", auction.Metric{Number: math.NaN()})
	for i := range r.Payments {
		r.Payments[i].CoreViolation = math.NaN()
	}
	r.Status = auction.LimitStruck
	if report := Check(c, r, Options{Command: "allocate"}); len(report.Findings) > 0 {
		t.Errorf("stopped early: %v", report.Findings)
	}
	set(r, "status", auction.Metric{Text: "optimal"})
	r.Status = auction.Optimal
	finds(t, Check(c, r, Options{Command: "allocate"}), tablePayments, "core_violation", "NaN")
}

// set replaces the value of a metric.
func set(r *auction.Results, name string, to auction.Metric) {
	for i := range r.Summary {
		if r.Summary[i].Name == name {
			to.Name = name
			r.Summary[i] = to
		}
	}
}

// TestCentBesideMillions: prices that differ in the ninth digit are two prices, and the higher is served first.
func TestCentBesideMillions(t *testing.T) {
	c := &auction.Case{Rules: auction.DefaultRules(), Lots: []auction.Lot{{Name: "L", Capacity: 10}}}
	for b, price := range []float64{1e6, 1e6 + 0.01} {
		c.Bidders = append(c.Bidders, auction.Bidder{Name: []string{"first", "second"}[b], Budget: math.Inf(1), MaxVolume: math.Inf(1)})
		c.Bids = append(c.Bids, auction.Bid{Bidder: b, Name: "row", Amount: 10 * price, Requires: -1, Rows: []auction.BidRow{{Quantity: 10, Price: price}}})
	}
	if report := Check(c, runOf(c, accept(c, 1), []float64{0, c.Bids[1].Amount}), Options{Command: "allocate"}); len(report.Findings) > 0 {
		t.Errorf("the higher price first: %v", report.Findings)
	}
	finds(t, Check(c, runOf(c, accept(c, 0), []float64{c.Bids[0].Amount, 0}), Options{Command: "allocate"}), tableAllocation, "quantity", "second", "gets 0")
}
