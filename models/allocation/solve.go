package allocation

import (
	"context"

	"lotwise/models/auction"
	"lotwise/models/payment"
)

// Solve answers lotwise allocate: which bids to accept and what the winners pay. A case with rules,
// limits or adjustments that are not modelled is refused with *auction.Unsupported. A limit or an interrupt
// is told by the status of the results.
func Solve(ctx context.Context, c *auction.Case, o auction.Options) (*auction.Results, error) {
	rule, err := payment.Find(c)
	if err != nil {
		return nil, err
	}
	p, voids, err := NewProblem(c)
	if err != nil {
		return nil, err
	}
	out, err := p.Determine(ctx, o)
	if err != nil {
		return nil, err
	}
	paid, err := rule(ctx, &payment.Auction{Case: c, X: out.X})
	if err != nil {
		return nil, err
	}
	r := tables(c, out, paid, o.Gap)
	r.VoidBids = voids
	return r, nil
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
