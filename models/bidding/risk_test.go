package bidding_test

import (
	"context"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/verify"
)

// worth is what a bid is worth under a risk: what it earns scenario by scenario by the seller's merit order, and
// CVaR as the largest t − E (t − profit)⁺ / tail, which is attained at one of the profits.
func (p *problem) worth(s auction.Strategy, k auction.Risk, v func([]float64) float64) (value float64, fits bool) {
	var profit []float64
	fits = true
	for n := range p.rivals {
		sc := p.Scenarios[n]
		sc.Probability = 1
		one := &problem{c: p.c, rivals: p.rivals[n : n+1], Problem: &bidding.Problem{
			Rules: p.Rules, Lots: p.Lots, Scenarios: []bidding.Scenario{sc}, Budget: p.Budget, MaxVolume: p.MaxVolume, FitAlways: p.FitAlways,
		}}
		x, ok := one.measure(s, v)
		profit = append(profit, x)
		fits = fits && ok
	}
	tail := math.Inf(-1)
	for _, t := range profit {
		short := 0.0
		for n, x := range profit {
			short += p.Scenarios[n].Probability * math.Max(0, t-x)
		}
		tail = math.Max(tail, t-short/k.Tail)
	}
	for n, x := range profit {
		value += (1 - k.Aversion) * p.Scenarios[n].Probability * x
	}
	return value + k.Aversion*tail, fits
}

// enumerateRisk returns the most that a bid on whole prices and multiples of the grain is worth.
func (p *problem) enumerateRisk(k auction.Risk, prices int, grain float64) float64 {
	e := p.Network.NewEvaluator()
	best := math.Inf(-1)
	var visit func(i int, s auction.Strategy)
	visit = func(i int, s auction.Strategy) {
		if i == len(p.Lots) {
			if v, fits := p.worth(s, k, e.Value); fits {
				best = math.Max(best, v)
			}
			return
		}
		for _, o := range p.offers(p.Lots[i], prices, grain) {
			visit(i+1, append(append(auction.Strategy(nil), s...), o...))
		}
	}
	visit(0, nil)
	return best
}

func drawRisk(t *rapid.T) auction.Risk {
	return auction.Risk{
		Aversion: rapid.SampledFrom([]float64{0.25, 0.5, 0.9, 1}).Draw(t, "aversion"),
		Tail:     rapid.SampledFrom([]float64{0.05, 0.3, 0.5, 0.8, 1}).Draw(t, "tail"),
	}
}

// No bid of the enumeration is worth more than the bound, whenever the search was stopped, or, where the answer says that it is optimal, than the answer;
// what the answer says that it is worth is so by the definition.
func TestRiskEnumerated(t *testing.T) {
	closed, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := draw(t, shape{
			lots: 2, zones: 2, rows: 2, facilities: 1, routes: 3, scenarios: 4, rivals: 2, prices: 3, volume: 3,
			capped: rapid.Bool().Draw(t, "capped"), scarce: rapid.Bool().Draw(t, "scarce"), steps: 1,
		})
		p.Risk = drawRisk(t)
		ctx, stopped := context.Background(), rapid.IntRange(0, 3).Draw(t, "stopped") == 0
		if stopped {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, time.Duration(rapid.IntRange(0, 20).Draw(t, "ms"))*time.Millisecond)
			defer cancel()
		}
		r, err := bidding.BestResponse(ctx, p.Problem, bidding.Options{Gap: 1e-6})
		if err != nil {
			t.Fatal(err)
		}
		if !stopped {
			all++
		}
		if !stopped && (r.Status == auction.Optimal || r.Status == auction.WithinGap) {
			closed++
		}
		worth, fits := p.worth(r.Strategy, p.Risk, p.Network.NewEvaluator().Value)
		if !fits || !near(worth, r.Objective) || r.Bound < r.Objective {
			t.Errorf("bid %v is worth %v, fits %v; the answer says %v, bound %v", r.Strategy, worth, fits, r.Objective, r.Bound)
		}
		best := p.enumerateRisk(p.Risk, 7, 0.5)
		if best > r.Bound+1e-6 {
			t.Errorf("enumeration %v, bound %v", best, r.Bound)
		}
		if !stopped && best > r.Objective+1e-5*(1+math.Abs(best)) {
			t.Errorf("enumeration %v, answer %v, bound %v, %s", best, r.Objective, r.Bound, r.Status)
		}
	})
	if closed < all*95/100 {
		t.Errorf("%d of %d answers are within the gap", closed, all)
	}
}

// The station against a rival that is rarely keen. The bid of 1 and 0.5 wins both lots in either scenario and so is free of
// risk: 250 − 150. Who looks at the mean bids 0.5 and 0.25: 250 − 75 = 175 where the rival is calm, nothing where it is keen,
// which is half of the worst fifth.
func TestRiskStation(t *testing.T) {
	c := embedded(t, "station")
	c.Beliefs[0].Probability, c.Beliefs[1].Probability = 0.9, 0.1
	for _, x := range []struct {
		risk               auction.Risk
		mean, cvar, object float64
	}{
		{auction.Risk{Aversion: 0, Tail: 0.05}, 157.5, 0, 157.5},
		{auction.Risk{Aversion: 1, Tail: 0.05}, 100, 100, 100},
		{auction.Risk{Aversion: 0.5, Tail: 0.2}, 157.5, 87.5, 122.5},
	} {
		o := options()
		o.Risk, o.Gap = x.risk, 1e-9
		r, err := bidding.Solve(context.Background(), c, 0, o)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]float64{"profit:shipper": x.mean, "cvar": x.cvar, "objective": x.object, "bound": x.object, "risk_aversion": x.risk.Aversion, "tail": x.risk.Tail} {
			if got := metric(t, r, name).Number; !near(got, want) {
				t.Errorf("%+v: %s is %v, want %v", x.risk, name, got, want)
			}
		}
		checkRisk(t, c, r, o)
	}
}

func checkRisk(t interface {
	Errorf(string, ...any)
}, c *auction.Case, r *auction.Results, o auction.Options,
) {
	v := verify.Check(c, r, verify.Options{Command: "bid", Gap: o.Gap, Epsilon: 1e-3, Concept: "auto", Type: o.Type, Risk: o.Risk})
	for _, f := range v.Findings {
		t.Errorf("%v", f)
	}
}

// Random runs stand up to the independent check, and lies about the tail do not.
func TestRiskVerified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawn(t, shape{
			lots: 3, zones: 2, rows: 3, facilities: 2, routes: 4, scenarios: 4, rivals: 2, prices: 3, volume: 4, services: true,
			capped: rapid.Bool().Draw(t, "capped"), steps: rapid.IntRange(1, 2).Draw(t, "steps"),
		})
		o := options()
		o.Risk = drawRisk(t)
		r, err := bidding.Solve(context.Background(), c, bidder, o)
		if err != nil {
			t.Fatal(err)
		}
		checkRisk(t, c, r, o)
		for i := range r.Summary {
			if m := &r.Summary[i]; m.Name == "cvar" {
				m.Number += 1
			}
		}
		if v := verify.Check(c, r, verify.Options{Command: "bid", Gap: o.Gap, Epsilon: 1e-3, Concept: "auto", Risk: o.Risk}); len(v.Findings) == 0 {
			t.Error("a wrong cvar goes unnoticed")
		}
	})
}
