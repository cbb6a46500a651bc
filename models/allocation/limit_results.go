package allocation

import (
	"context"
	"errors"
	"math"

	"lotwise/models/auction"
)

// limitResults are the limits as the outcome leaves them and, where asked for, what they cost.
func (p *Problem) limitResults(ctx context.Context, q *questions) ([]auction.LimitResult, error) {
	var results []auction.LimitResult
	for n, s := range p.scoped {
		cost := math.NaN()
		if q.o.LimitCosts {
			var err error
			if cost, err = q.limitCost(ctx, n); err != nil {
				return nil, err
			}
		}
		for i, r := range s.Read(p.Case, q.out.X) {
			results = append(results, auction.LimitResult{
				Limit: s.Name, Scope: s.Scopes[i].Name, Measure: s.Measure,
				Value: r.Value, Min: r.Min, Max: r.Max, Violation: forgiven(&r), Cost: cost, Slack: r.Slack(),
			})
		}
	}
	return results, nil
}

// limitCost is what the objective would gain without a limit. Only what shares something with the limit is
// solved again; what limits cost that nobody bids for is a part of it.
func (q *questions) limitCost(ctx context.Context, limit int) (float64, error) {
	p := *q.p
	p.AnyOptimum = true
	p.Waived = make([]bool, len(p.scoped))
	p.Waived[limit] = true
	without, err := p.Determine(ctx, q.options(q.o.Threads))
	if errors.As(err, new(*unmet)) {
		return math.NaN(), nil
	}
	if err != nil {
		return 0, err
	}
	return max(0, without.Objective-q.out.Objective), nil
}

// forgiven is the violation, 0 where rounding alone is what a limit is missed by.
func forgiven(r *auction.Reading) float64 {
	size := math.Abs(r.Value)
	for _, side := range []float64{r.Min, r.Max} {
		if !math.IsNaN(side) {
			size = max(size, math.Abs(side))
		}
	}
	if r.Violation <= rowSlack+limitShare*size {
		return 0
	}
	return r.Violation
}
