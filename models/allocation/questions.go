package allocation

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"lotwise/models/auction"
)

// questions are what payment rules ask of the seller's problem.
type questions struct {
	p        *Problem
	out      *Outcome
	o        auction.Options
	deadline time.Time
	left     atomic.Int64 // about how many are to come
}

// options are for one question: exact, and with its share of the time that is left.
func (q *questions) options(threads int) auction.Options {
	o := q.o
	o.Gap, o.Threads, o.Progress = 0, threads, nil
	if o.TimeLimit > 0 {
		share := time.Until(q.deadline) / time.Duration(max(2, q.left.Add(-1)))
		o.TimeLimit = max(share, time.Millisecond)
	}
	return o
}

// worth is W - W(-i), and the bracket that bounds leave on it. Only the components that the bidder has bids
// in are solved again.
func (q *questions) worth(ctx context.Context, bidder int) (value, low, high float64, err error) {
	p := *q.p
	p.AnyOptimum = true
	p.Out, p.Within = slices.Clone(q.p.Out), make([]bool, len(q.p.Out))
	with, bound := 0.0, 0.0
	for _, k := range q.out.parts {
		if !slices.ContainsFunc(k.bids, func(b int) bool { return p.Case.Bids[b].Bidder == bidder }) {
			continue
		}
		with += k.objective
		bound += k.most()
		for _, b := range k.bids {
			p.Within[b] = true
			p.Out[b] = p.Case.Bids[b].Bidder == bidder
		}
	}
	without, err := p.Determine(ctx, q.options(1))
	if errors.As(err, new(*unmet)) {
		return math.Inf(1), math.Inf(1), math.Inf(1), nil // the limits cannot be met without the bidder
	}
	if err != nil {
		return 0, 0, 0, err
	}
	return with - without.Objective, with - without.most(), bound - without.Objective, nil
}

// against is the best allocation where accepting any bid of a bidder costs a fee.
func (q *questions) against(ctx context.Context, fees []float64) (accepted []bool, earned, bound float64, err error) {
	p := *q.p
	p.AnyOptimum, p.Fee = true, fees
	out, err := p.Determine(ctx, q.options(q.o.Threads))
	if err != nil {
		return nil, 0, 0, err
	}
	accepted = make([]bool, len(fees))
	earned = out.Objective
	for b, x := range out.X {
		if i := p.Case.Bids[b].Bidder; x > 0 && !accepted[i] {
			accepted[i] = true
			earned += fees[i]
		}
	}
	return accepted, earned, out.most(), nil
}
