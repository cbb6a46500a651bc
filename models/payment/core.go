package payment

import (
	"context"
	"math"

	"lotwise/models/auction"
)

const (
	// A coalition that betters its lot by blocking by blockedPart of W, and blockedShare, what rounding leaves of bounds on sums of its
	// size, is said not to; that is leastBlocked, ten times what searches forgive, at least, and blockedMoney, a thousandth of a
	// cent, at most. Which coalitions are known depends on the search, so others reproduce payments to about this.
	blockedPart  = 1e-7
	blockedShare = 1e-12
	leastBlocked = 1e-6
	blockedMoney = 1e-5
	// searches bounds the searches for coalitions that block.
	searches = 1000
)

// core charges the payments of least total that no coalition of bidders and the seller would block, and of
// these the nearest to VCG. In discounts d_i = A_i - p_i off the bids, with w(C) the value of the seller's
// problem with the bids of C alone:
//
//	max Σ_i d_i, then min Σ_i (d_i - vcg_i)²
//	s.t. Σ_{i ∉ C} d_i ≤ W - w(C)   every coalition C
//	     0 ≤ d_i ≤ vcg_i            every winner i
//
// The coalition that gains most from blocking d is the seller's problem in which accepting bidder i costs
// d_i: it blocks if it earns more than the seller does, W - Σ_i d_i. Coalitions are found one after the
// other until none blocks (Day and Raghavan 2007; Day and Cramton 2012, quadratic rule), those of the W(-i) first; the
// point for the coalitions that are known is that of nearest.go. A coalition that the limits leave nothing cannot
// block. What the last search leaves possible is stated as core_violation.
func core(ctx context.Context, a *Auction) (*Charge, error) {
	amount, _ := a.won()
	vcg, err := a.discounts(ctx)
	if err != nil {
		return nil, err
	}
	g := newNearest(vcg.discount)
	for _, alt := range vcg.others {
		g.add(alt)
	}
	w := math.Abs(a.W)
	slack := min(max(leastBlocked, blockedPart*w), blockedMoney) + blockedShare*w
	violation := math.Inf(1)
	var d []float64
	for range searches {
		if err := g.solve(); err != nil {
			return nil, err
		}
		d = g.discounts()
		found, most, err := a.Blocking(ctx, d, slack)
		if err != nil {
			return nil, err
		}
		violation = max(0, most)
		before := len(g.cuts)
		for _, alt := range found {
			if g.blocks(alt) > slack {
				g.add(alt)
			}
		}
		if len(g.cuts) == before {
			break
		}
	}
	total := make([]float64, len(amount))
	for i := range total {
		total[i] = amount[i] - d[i]
	}
	return &Charge{
		Bids: a.spread(total), CoreViolation: violation, Open: vcg.doubt || violation > slack,
		Metrics: append([]auction.Metric{{Name: "core_violation", Number: violation, Unit: a.Case.Rules.Currency}}, vcg.metrics...),
	}, nil
}
