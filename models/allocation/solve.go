package allocation

import (
	"context"
	"errors"
	"time"

	"lotwise/models/auction"
	"lotwise/models/payment"
)

// Solve answers lotwise allocate: which bids to accept and what the winners pay. A case with rules that are not
// modelled is refused with *auction.Unsupported, one whose limits cannot be met with *auction.Infeasible. A time limit or
// an interrupt is told by the status of the results.
func Solve(ctx context.Context, c *auction.Case, o auction.Options) (*auction.Results, error) {
	rule, err := payment.Find(c)
	if err != nil {
		return nil, err
	}
	p, voids := NewProblem(c)
	q := &questions{p: p, o: o, deadline: time.Now().Add(o.TimeLimit), missed: make([]bool, len(c.Bidders))}
	if rule.Exact {
		o.Gap = 0
		o.TimeLimit /= 2 // payments take as much again
	}
	q.out, err = p.Determine(ctx, o)
	if not := new(unmet); errors.As(err, &not) {
		return nil, p.explain(ctx, not, o)
	}
	if err != nil {
		return nil, err
	}
	defer q.close()
	for _, x := range q.out.X {
		if x > 0 {
			q.left.Add(1)
		}
	}
	paid, err := rule.Charge(ctx, &payment.Auction{
		Case: c, X: q.out.X, W: q.out.Objective, Without: q.without, Blocking: q.blocking,
	})
	if err != nil {
		return nil, err
	}
	status := q.out.status(q.o.Gap)
	if paid.Open && (status == auction.Optimal || status == auction.WithinGap) {
		status = auction.LimitStruck
		if ctx.Err() != nil {
			status = auction.Interrupted
		}
	}
	r := tables(c, q.out, paid, status)
	r.VoidBids = voids
	if q.o.Losing != "" && q.o.Losing != auction.LosingNone {
		if r.Losing, err = q.losing(ctx, autoEffort); err != nil {
			return nil, err
		}
	}
	r.Limits, err = p.limitResults(ctx, q)
	return r, err
}

// status is what an outcome claims.
func (o *Outcome) status(gap float64) auction.Status {
	switch {
	case o.Proven:
		return auction.Optimal
	case o.Gap() <= gap:
		return auction.WithinGap
	case o.Interrupted:
		return auction.Interrupted
	default:
		return auction.LimitStruck
	}
}
