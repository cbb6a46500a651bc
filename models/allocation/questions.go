package allocation

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"lotwise/models/auction"
	"lotwise/models/payment"
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

// without is what the seller would do without a winner. Only the components in which the bidder has bids accepted are
// solved again: the others are as good without it, as far as they are proven.
func (q *questions) without(ctx context.Context, bidder int) (*payment.Absence, error) {
	p := *q.p
	p.AnyOptimum = true
	p.Out, p.Within = slices.Clone(q.p.Out), make([]bool, len(q.p.Out))
	x := slices.Clone(q.out.X)
	var with, bound, doubt float64
	for _, k := range q.out.parts {
		wins, bids := false, false
		for j, b := range k.bids {
			if p.Case.Bids[b].Bidder == bidder {
				wins, bids = wins || k.x[j] > 0, true
			}
		}
		switch {
		case wins:
			with += k.objective
			bound += k.most()
			for _, b := range k.bids {
				p.Within[b] = true
				p.Out[b] = p.Out[b] || p.Case.Bids[b].Bidder == bidder
			}
		case bids:
			doubt += k.most() - k.objective
		}
	}
	out, err := p.Determine(ctx, q.options(1))
	if errors.As(err, new(*unmet)) { // the limits cannot be met without the bidder
		inf := math.Inf(1)
		return &payment.Absence{Alternative: payment.Alternative{Without: []int{bidder}, Loss: inf}, Low: inf, High: inf}, nil
	}
	if err != nil {
		return nil, err
	}
	for b, within := range p.Within {
		if within {
			x[b] = out.X[b]
		}
	}
	return &payment.Absence{
		Alternative: payment.Alternative{Without: q.missing(x), Loss: with - out.Objective},
		Low:         with - out.most(), High: bound - out.Objective + doubt,
	}, nil
}

// missing are the winners that have nothing accepted at x.
func (q *questions) missing(x []float64) []int {
	won, kept := make([]bool, len(q.p.Case.Bidders)), make([]bool, len(q.p.Case.Bidders))
	for b := range x {
		i := q.p.Case.Bids[b].Bidder
		won[i], kept[i] = won[i] || q.out.X[b] > 0, kept[i] || x[b] > 0
	}
	var missing []int
	for i := range won {
		if won[i] && !kept[i] {
			missing = append(missing, i)
		}
	}
	return missing
}

// blocking looks for the allocation that gains most from blocking discounts: that of most value where accepting any bid
// of a bidder costs its discount.
func (q *questions) blocking(ctx context.Context, discounts []float64, slack float64) (found []payment.Alternative, most float64, err error) {
	p := *q.p
	p.AnyOptimum, p.Fee = true, discounts
	out, err := p.Determine(ctx, q.options(q.o.Threads))
	if err != nil {
		return nil, 0, err
	}
	var gain, keeps, earned sum
	gain.add(out.Objective)
	earned.add(out.Objective)
	keeps.add(q.out.Objective)
	accepted := make([]bool, len(discounts))
	for b, x := range out.X {
		if i := p.Case.Bids[b].Bidder; x > 0 && !accepted[i] {
			accepted[i] = true
			earned.add(discounts[i])
		}
	}
	for _, d := range discounts {
		keeps.add(-d)
	}
	if gain.value()-keeps.value() > slack {
		found = append(found, payment.Alternative{Without: q.missing(out.X), Loss: q.out.Objective - earned.value()})
	}
	return found, out.most() - keeps.value(), nil
}
