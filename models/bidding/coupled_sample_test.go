package bidding_test

import (
	"context"
	"math"
	"testing"

	"lotwise/models/auction"
	"lotwise/models/bidding"
)

// Fresh scenarios that are those of the beliefs, in the same numbers, earn what the beliefs do; those of the dearest rival what
// the bid earns there.
func TestJoinedOutOfSample(t *testing.T) {
	c := packaged(true)
	for _, only := range []bool{false, true} {
		o := options()
		o.Curves = 0
		o.Sample = &auction.Sample{Size: 3, Fresh: 30, Draw: func(int, uint64) []auction.Belief {
			if only {
				dear := c.Beliefs[0]
				dear.Probability = 1
				return []auction.Belief{dear}
			}
			return c.Beliefs
		}}
		r, err := bidding.Solve(context.Background(), c, 1, o)
		if err != nil {
			t.Fatal(err)
		}
		want := metric(t, r, "objective").Number
		if only {
			want = r.ProfitScenarios[0].Profit
		}
		if got := metric(t, r, "out_of_sample_profit").Number; !near(got, want) {
			t.Errorf("only the dearest %v: profit %v, want %v", only, got, want)
		}
		if n := metric(t, r, "out_of_sample_scenarios").Number; n != 30 {
			t.Errorf("%v fresh scenarios", n)
		}
		if metric(t, r, "certificate").Text != "sampled" || metric(t, r, "in_sample_profit").Number != metric(t, r, "objective").Number {
			t.Error("the summary does not say what is of the sample")
		}
	}
}

// Batches that are the beliefs show no gap but what the bound leaves; in those of one scenario another bid earns what is best
// there, more than what the bid earns there.
func TestJoinedGaps(t *testing.T) {
	c := packaged(false)
	for _, only := range []bool{false, true} {
		alone := *c
		if only {
			alone.Beliefs = []auction.Belief{c.Beliefs[0]}
			alone.Beliefs[0].Probability = 1
		}
		best, err := bidding.Solve(context.Background(), &alone, 1, options())
		if err != nil {
			t.Fatal(err)
		}
		o := options()
		o.Curves = 0
		o.Sample = &auction.Sample{Size: 3, Fresh: 2, Batches: 3, Draw: func(int, uint64) []auction.Belief { return alone.Beliefs }}
		r, err := bidding.Solve(context.Background(), c, 1, o)
		if err != nil {
			t.Fatal(err)
		}
		want := metric(t, best, "bound").Number - metric(t, r, "in_sample_profit").Number
		if only {
			want = metric(t, best, "bound").Number - r.ProfitScenarios[0].Profit
		}
		for _, name := range []string{"optimality_gap_estimate", "optimality_gap_bound"} { // alike in all batches
			if got := metric(t, r, name).Number; math.Abs(got-want) > 1e-4 {
				t.Errorf("only one scenario %v: %s %v, want %v", only, name, got, want)
			}
		}
		if only && want < 0.5 {
			t.Errorf("the bid is the best of the scenario too, %v", want)
		}
		if n := metric(t, r, "batches").Number; n != 3 {
			t.Errorf("%v batches", n)
		}
	}
}
