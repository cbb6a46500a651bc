package allocation

import (
	"math"

	"lotwise/solver"
)

// A formulation is a component as a model of the solver.
type formulation struct {
	*solver.Model
	x    []solver.Var // by bid: the accepted fraction
	y    []solver.Var // by bid: whether it is accepted, where that is to be decided
	z    []solver.Var // by entry: whether any bid of the bidder is accepted
	rows []solver.Con // capacities, budgets and volume caps, as the component's rows
}

// formulate states the seller's problem:
//
//	max  Σ_b value_b x_b - Σ_i fee_i z_i                                   value: amount, less cost where
//	                                                                       the objective is contribution
//	s.t. Σ_b q_bl x_b ≤ capacity_l           every lot l                   (capacity)
//	     Σ_{b of i} A_b x_b ≤ budget_i       every bidder i                (budget)
//	     Σ_{b of i} q_b x_b ≤ max_volume_i   every bidder i                (max_volume)
//	     f_b y_b ≤ x_b ≤ y_b                 every bid b to decide         (least, accept)
//	     Σ_{b ∈ g} y_b ≤ 1                   every group g                 (xor)
//	     y_b ≤ y_r                           every b that requires r       (requires)
//	     y_b ≤ z_i                           every b of i with a fee       (enter)
//	     0 ≤ x_b ≤ 1,  y_b, z_i ∈ {0, 1}
//
// A bid is to decide where it has a least fraction, alternatives, a condition or a fee; for an
// all-or-nothing bid x_b is y_b. Not integral, the same with 0 ≤ y, z ≤ 1: its relaxation.
func (k *component) formulate(integral bool) *formulation {
	f := &formulation{Model: solver.NewModel("allocation", solver.Maximize)}
	f.y = make([]solver.Var, len(k.bids))
	yesNo := func(family, key string) solver.Var {
		if integral {
			return f.Binary(family, key)
		}
		return f.Continuous(family, key, 0, 1)
	}
	for j := range k.bids {
		if k.least[j] == 1 {
			f.y[j] = yesNo("x", k.key(j))
			f.x = append(f.x, f.y[j])
			continue
		}
		f.x = append(f.x, f.Continuous("x", k.key(j), 0, 1))
		if k.decide[j] {
			f.y[j] = yesNo("y", k.key(j))
		}
	}
	for j, x := range f.x {
		f.Objective(x.Times(k.value[j]))
	}
	f.linear(k)
	for j, y := range f.y {
		if k.decide[j] && k.least[j] < 1 {
			f.AtMost("accept", k.key(j), []solver.Term{f.x[j].Times(1), y.Times(-1)}, 0)
			f.AtLeast("least", k.key(j), []solver.Term{f.x[j].Times(1), y.Times(-k.least[j])}, 0)
		}
	}
	for _, g := range k.groups {
		f.AtMost("xor", k.key(g[0]), each(g, f.y), 1)
	}
	for _, r := range k.requires {
		f.AtMost("requires", k.key(r[0]), []solver.Term{f.y[r[0]].Times(1), f.y[r[1]].Times(-1)}, 0)
	}
	for _, e := range k.entries {
		z := yesNo("z", k.problem.Case.Bidders[e.bidder].Name)
		f.z = append(f.z, z)
		f.Objective(z.Times(-e.fee))
		for _, j := range e.bids {
			f.AtMost("enter", k.key(j), []solver.Term{f.y[j].Times(1), z.Times(-1)}, 0)
		}
	}
	return f
}

// allot states the same with the decisions made: lo_b ≤ x_b ≤ up_b are least and accept at the chosen y,
// which satisfy xor and requires; the money of cost is maximised. Rows marked tight hold with equality.
func (k *component) allot(cost, lo, up []float64, tight []bool) *formulation {
	f := &formulation{Model: solver.NewModel("allotment", solver.Maximize)}
	for j := range k.bids {
		f.x = append(f.x, f.Continuous("x", k.key(j), lo[j], up[j]))
		f.Objective(f.x[j].Times(cost[j]))
	}
	f.linear(k)
	for i, r := range f.rows {
		if tight != nil && tight[i] {
			f.SetRange(r, k.rows[i].rhs, k.rows[i].rhs)
		}
	}
	return f
}

// linear states the capacities, budgets and volume caps that can bind.
func (f *formulation) linear(k *component) {
	var terms []solver.Term
	for i := range k.rows {
		r := &k.rows[i]
		terms = terms[:0]
		for _, t := range r.terms {
			terms = append(terms, f.x[t.bid].Times(t.coef))
		}
		f.rows = append(f.rows, f.Range(r.family, k.name(r), math.Inf(-1), terms, r.rhs))
	}
}

// key names a bid.
func (k *component) key(j int) string {
	return k.problem.Case.Bidders[k.bidder(j)].Name + "/" + k.bid(j).Name
}

// each is the sum of some variables.
func each(at []int, of []solver.Var) []solver.Term {
	terms := make([]solver.Term, len(at))
	for i, j := range at {
		terms[i] = of[j].Times(1)
	}
	return terms
}
