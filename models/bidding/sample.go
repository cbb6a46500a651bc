package bidding

import (
	"context"
	"math"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"lotwise/models/auction"
)

// The bid x̂ that is best against a sample of N scenarios earns more there than it will: it was fitted to them (sample
// average approximation; Kleywegt, Shapiro and Homem-de-Mello, SIAM J. Optim. 12, 2002). Its profit is therefore
// estimated on N' fresh scenarios, with the standard error of a mean,
//
//	ĝ(x̂) = Σ_s g_s(x̂) / N',   profit_standard_error = √(Σ_s (g_s(x̂) − ĝ)² / (N'−1)) / √N'
//
// and what another bid could earn more is bounded by M more samples of N (multiple replications; Mak, Morton and
// Wood, Oper. Res. Lett. 24, 1999): no bid earns more in sample m than its best response bound v_m, so that
//
//	G_m = v_m − ĝ_m(x̂) ≥ 0,   E G_m ≥ max_x E g(x) − E g(x̂),   optimality_gap_bound = Ḡ + t_{M−1} s_G / √M

const (
	// confidence is that of optimality_gap_bound, one-sided.
	confidence = 0.95
	// freshAtOnce is how many fresh scenarios are held in memory.
	freshAtOnce = 100
	// Streams of random numbers; the sample itself is drawn from stream 0.
	freshStream, batchStream = 1, 1 << 32
)

// A tally is a weighted sample of profits. A weight is a multiple of 1/n of the n outcomes that it counts.
type tally struct {
	profit, weight []float64
	over           float64 // weight of the outcomes in which a budget or volume cap is exceeded
	n              int
}

// outOfSample adds to the summary what the bids earn in fresh scenarios. When the context ends it makes do with what
// has been evaluated so far.
func (e *expectation) outOfSample(ctx context.Context, r *auction.Results, chosen []played, o auction.Options) error {
	money := e.c.Rules.Currency
	var more []auction.Metric
	add := func(name string, v float64, unit string) {
		more = append(more, auction.Metric{Name: name, Number: v, Unit: unit})
	}
	for i := range r.Summary {
		switch m := &r.Summary[i]; m.Name {
		case "certificate":
			m.Text = "sampled"
		case "profit:" + e.c.Bidders[e.bidder].Name:
			add("in_sample_profit", m.Number, money)
		}
	}
	var t *tally
	if e.joint == nil {
		t = e.fresh(ctx, chosen, o)
	} else {
		var err error
		if t, err = e.freshJoined(ctx, chosen, o); err != nil {
			return err
		}
	}
	if t.n > 1 {
		mean, variance := stat.MeanVariance(t.profit, t.weight) // with weights that sum to n
		add("out_of_sample_profit", mean, money)
		add("profit_standard_error", math.Sqrt(variance/float64(t.n)), money)
		add("out_of_sample_scenarios", float64(t.n), "")
		if e.joint == nil && chosen[0].problem.capped() {
			add("cap_violation_probability", t.over/float64(t.n), "")
		}
	}
	gaps, err := e.gaps(ctx, chosen, o)
	if err != nil {
		return err
	}
	if m := len(gaps); m > 1 {
		mean, deviation := stat.MeanStdDev(gaps, nil)
		quantile := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(m - 1)}.Quantile(confidence)
		add("optimality_gap_estimate", mean, money)
		add("optimality_gap_bound", mean+quantile*deviation/math.Sqrt(float64(m)), money)
		add("batches", float64(m), "")
	}
	r.Summary = append(r.Summary, more...)
	return nil
}

// meeting returns the case with other beliefs.
func (e *expectation) meeting(beliefs []auction.Belief) *auction.Case {
	c := *e.c
	c.Beliefs = beliefs
	return pictured(&c, e.bidder)
}

// fresh evaluates the bids on fresh scenarios. The bidder's own types meet the same ones.
func (e *expectation) fresh(ctx context.Context, chosen []played, o auction.Options) *tally {
	t := &tally{}
	for n := uint64(0); t.n < o.Sample.Fresh && ctx.Err() == nil; n++ {
		o.Report(auction.Progress{Stage: "fresh scenarios", Done: t.n, Total: o.Sample.Fresh, Objective: math.NaN(), Bound: math.NaN(), Epsilon: math.NaN()})
		size := min(freshAtOnce, o.Sample.Fresh-t.n)
		c := e.meeting(o.Sample.Draw(size, freshStream+n))
		profit, over := make([]float64, len(c.Beliefs)), make([]float64, len(c.Beliefs))
		for _, x := range chosen {
			p := Against(c, e.bidder, x.problem.Network)
			p.Values = x.problem.view().values
			out := p.Evaluate(x.strategy)
			for s, k := range out.Case {
				profit[s] += x.weight * out.Cases[k].Profit
				if p.exceeds(&out.Cases[k]) {
					over[s] += x.weight
				}
			}
		}
		for s := range c.Beliefs {
			weight := c.Beliefs[s].Probability * float64(size)
			t.profit = append(t.profit, profit[s])
			t.weight = append(t.weight, weight)
			t.over += weight * over[s]
		}
		t.n += size
	}
	return t
}

// exceeds says whether what a bid wins breaks the budget or volume cap.
func (p *Problem) exceeds(k *Result) bool {
	volume := 0.0
	for _, w := range k.Won {
		volume += w
	}
	return k.Payment > p.Budget*(1+over) || volume > p.MaxVolume*(1+over)
}

// gaps returns G_m of each further sample that could be answered.
func (e *expectation) gaps(ctx context.Context, chosen []played, o auction.Options) ([]float64, error) {
	if o.Risk.Aversion > 0 {
		return nil, nil // what holds of means does not of tails
	}
	all := make([]float64, o.Sample.Batches)
	var group errgroup.Group
	group.SetLimit(max(1, o.Threads))
	for m := range all {
		group.Go(func() error {
			c := e.meeting(o.Sample.Draw(o.Sample.Size, batchStream+uint64(m)))
			for _, x := range chosen {
				if x.asked != nil {
					gap, err := x.asked.gap(ctx, c, o)
					if err != nil && ctx.Err() == nil {
						return err
					}
					all[m] += x.weight * gap
					continue
				}
				p := Against(c, e.bidder, x.problem.Network)
				answer, err := BestResponse(ctx, p, Options{Gap: o.Gap, Seed: o.Seed, Start: x.strategy})
				if err != nil {
					return err
				}
				all[m] += x.weight * (answer.Bound - p.Evaluate(x.strategy).Profit)
			}
			if ctx.Err() != nil {
				all[m] = math.NaN() // a bound that was not worked out says nothing of this bid
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var gaps []float64
	for _, g := range all {
		if !math.IsNaN(g) {
			gaps = append(gaps, g)
		}
	}
	return gaps, nil
}
