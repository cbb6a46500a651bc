package payment

import (
	"context"
	"fmt"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/solver"
)

const (
	// blocked is by how much a coalition must better its lot to block payments, in shares of W: well over
	// the accuracy of W and of the quadratic program.
	blocked = 1e-8
	// coalitions bounds the constraints that are generated.
	coalitions = 1000
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
// other until none blocks (Day and Raghavan 2007; Day and Cramton 2012, quadratic rule). What the last
// search leaves possible is stated as core_violation.
func core(ctx context.Context, a *Auction) (*Charge, error) {
	amount, _ := a.won()
	vcg, doubts, err := a.discounts(ctx)
	if err != nil {
		return nil, err
	}
	g := newGame(vcg)
	d, violation := vcg, 0.0
	for range coalitions {
		accepted, earned, bound, err := a.Against(ctx, d)
		if err != nil {
			return nil, err
		}
		kept, gain := a.W, earned
		for i := range d {
			kept -= d[i]
			if accepted[i] {
				gain -= d[i]
			}
		}
		violation = max(0, bound-kept)
		if gain <= kept+blocked*max(1, math.Abs(a.W)) || ctx.Err() != nil || !g.add(accepted, a.W-earned, d) {
			break
		}
		if d, err = g.discounts(ctx); err != nil {
			return nil, err
		}
	}
	total := make([]float64, len(amount))
	for i := range total {
		total[i] = amount[i] - d[i]
	}
	return &Charge{Bids: a.spread(total), Metrics: append([]auction.Metric{
		{Name: "core_violation", Number: violation, Unit: a.Case.Rules.Currency},
	}, doubts...)}, nil
}

// A game is the core as far as its coalitions are known.
type game struct {
	most []float64 // by bidder: the largest discount, that of VCG
	cuts []cut
	unit float64 // the money that the programs count in, so that tolerances suit them
}

// A cut is Σ_{i ∈ outside} d_i ≤ room.
type cut struct {
	outside []int
	room    float64
}

func newGame(most []float64) *game {
	largest := slices.Max(append(slices.Clone(most), 1))
	_, exp := math.Frexp(largest)
	return &game{most: most, unit: math.Ldexp(1, max(0, exp-10))}
}

// add adds the constraint of a coalition; it returns false where d satisfies it.
func (g *game) add(coalition []bool, room float64, d []float64) bool {
	c := cut{room: max(0, room)}
	taken := 0.0
	for i := range d {
		if !coalition[i] && g.most[i] > 0 {
			c.outside = append(c.outside, i)
			taken += d[i]
		}
	}
	g.cuts = append(g.cuts, c)
	return taken > c.room
}

// discounts are the largest in total and of these the nearest to VCG's.
func (g *game) discounts(ctx context.Context) ([]float64, error) {
	total, _, err := g.solve(ctx, false, 0)
	if err != nil {
		return nil, err
	}
	_, d, err := g.solve(ctx, true, total)
	return d, err
}

// solve maximises the total of the discounts or, nearest, minimises their distance from VCG's at no less than a total.
func (g *game) solve(ctx context.Context, nearest bool, least float64) (total float64, d []float64, err error) {
	m := solver.NewModel("core", solver.Maximize)
	x := make([]solver.Var, len(g.most))
	var all []solver.Term
	for i, most := range g.most {
		if most > 0 {
			x[i] = m.Continuous("discount", fmt.Sprint(i), 0, most/g.unit)
			all = append(all, x[i].Times(1))
		}
	}
	for n, c := range g.cuts {
		terms := make([]solver.Term, len(c.outside))
		for t, i := range c.outside {
			terms[t] = x[i].Times(1)
		}
		m.AtMost("coalition", fmt.Sprint(n), terms, c.room/g.unit)
	}
	if nearest {
		for i, most := range g.most {
			if most > 0 {
				m.Quadratic(x[i], x[i], -1)
				m.Objective(x[i].Times(2 * most / g.unit))
			}
		}
		m.AtLeast("total", "", all, least/g.unit)
	} else {
		m.Objective(all...)
	}
	s, err := solver.Solve(context.WithoutCancel(ctx), m, solver.Options{}) // small: an interrupt can wait
	if err != nil {
		return 0, nil, err
	}
	if !s.HasValues() || s.Claim != solver.Optimal {
		return 0, nil, fmt.Errorf("payment core: the solver ended %s on the discounts of %d coalitions", s.Claim, len(g.cuts))
	}
	d = make([]float64, len(g.most))
	for i, most := range g.most {
		if most > 0 {
			d[i] = min(max(s.Value(x[i])*g.unit, 0), most)
		}
	}
	// What tolerances have let a coalition's discounts exceed is taken back.
	for _, c := range g.cuts {
		taken := 0.0
		for _, i := range c.outside {
			taken += d[i]
		}
		for _, i := range c.outside {
			if taken > c.room {
				d[i] *= c.room / taken
			}
		}
	}
	for i := range d {
		total += d[i]
	}
	return total, d, nil
}
