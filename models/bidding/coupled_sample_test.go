package bidding_test

import (
	"context"
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
