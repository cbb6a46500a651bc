package bidding_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/verify"
)

// joined makes the seller of a drawn case decide over lots together: packages, least fractions and groups in the
// beliefs, limits, adjustments, and rivals with budgets.
func joined(t *rapid.T, h shape) *auction.Case {
	c := drawn(t, h)
	nan := math.NaN()
	for i := range c.Bidders {
		c.Bidders[i].Name = fmt.Sprint("b", i)
		c.Bidders[i].Class = rapid.SampledFrom([]string{"small", "large"}).Draw(t, "class")
	}
	for s := range c.Beliefs {
		bids := c.Beliefs[s].Bids
		for i := range bids {
			bids[i].MinFraction = rapid.SampledFrom([]float64{0, 0, 0.5, 1}).Draw(t, "least")
			if rapid.IntRange(0, 3).Draw(t, "grouped") == 0 {
				bids[i].Group = "g"
			}
		}
		if n := len(bids); n > 1 && bids[0].Rows[0].Lot != bids[n-1].Rows[0].Lot && rapid.Bool().Draw(t, "package") {
			bids[0].Rows = append(bids[0].Rows, bids[n-1].Rows[0])
			bids[0].Amount += bids[n-1].Amount
			c.Beliefs[s].Bids = bids[:n-1]
		}
	}
	if rapid.Bool().Draw(t, "limited") {
		c.Limits = append(c.Limits, rapid.SampledFrom([]auction.Limit{
			{Name: "share", Measure: auction.MeasureVolume, Of: auction.OfCapacity, Per: "bidder;zone", Min: nan, Max: 0.5, Penalty: nan},
			{Name: "winners", Measure: auction.MeasureWinners, Min: nan, Max: 1, Penalty: nan},
			{Name: "small", Measure: auction.MeasureVolume, Of: auction.OfAccepted, Where: "class=small", Min: 0.25, Max: nan, Penalty: 2},
		}).Draw(t, "limit"))
	}
	if rapid.Bool().Draw(t, "adjusted") {
		c.Adjustments = []auction.Adjustment{{Name: "small", Where: "class=small", Factor: 1.25}}
	}
	if rapid.Bool().Draw(t, "poor") {
		c.Bidders[0].Budget = float64(rapid.IntRange(1, 10).Draw(t, "budget"))
	}
	return c
}

// Random runs against a seller who decides over lots together stand up to the independent check, and lies do not.
func TestJoinedVerified(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	was := checks.Value.String()
	if err := flag.Set("rapid.checks", "25"); err != nil { // each asks the seller hundreds of times
		t.Fatal(err)
	}
	defer func() { _ = flag.Set("rapid.checks", was) }()
	rapid.Check(t, func(t *rapid.T) {
		c := joined(t, shape{lots: 2, zones: 2, rows: 2, facilities: 1, routes: 3, scenarios: 3, rivals: 2, prices: 3, volume: 3})
		o := options()
		if rapid.Bool().Draw(t, "averse") {
			o.Risk = auction.Risk{Aversion: 0.5, Tail: 0.5}
		}

		r, err := bidding.Solve(context.Background(), c, bidder, o)
		if err != nil {
			t.Fatal(err)
		}
		checkRisk(t, c, r, o)
		bids := map[string]bool{}
		for _, b := range r.RecommendedBids {
			bids[b.Type+b.Bid] = true
		}
		for _, x := range r.BidCurves {
			delete(bids, x.Type+x.Bid)
			for _, e := range r.Equilibrium {
				if e.Type == x.Type && x.Recommended == "yes" && !near(x.ExpectedProfit, e.Profit) {
					t.Errorf("the curve of %s earns %v at its own price, the bid %v", x.Bid, x.ExpectedProfit, e.Profit)
				}
			}
		}
		if len(bids) > 0 {
			t.Errorf("no curves of %v", bids)
		}
		if n := len(r.BidCurves); n > 0 {
			was := r.BidCurves[n-1].ExpectedProfit
			r.BidCurves[n-1].ExpectedProfit -= 0.5
			v := verify.Check(c, r, verify.Options{Command: "bid", Gap: o.Gap, Epsilon: 1e-3, Concept: "auto", Risk: o.Risk})
			if strings.Contains(fmt.Sprint(v.Checked), "recomputed by branch and bound") && len(v.Findings) == 0 {
				t.Error("a lie about a curve goes unnoticed")
			}
			r.BidCurves[n-1].ExpectedProfit = was
		}
		if len(r.ProfitScenarios) > 0 {
			r.ProfitScenarios[0].Profit += 0.5
			r.ProfitScenarios[0].Payment -= 0.5
			v := verify.Check(c, r, verify.Options{Command: "bid", Gap: o.Gap, Epsilon: 1e-3, Concept: "auto", Risk: o.Risk})
			told := false
			for _, line := range v.Checked {
				told = told || line == fmt.Sprintf("%d scenarios: the seller's optimum over the rivals' bids and the recommended one, recomputed by branch and bound", len(c.Beliefs))
			}
			if told && len(v.Findings) == 0 {
				t.Error("a lie about a scenario goes unnoticed")
			}
		}
	})
}
