package allocation

import (
	"math"

	"lotwise/solver"
)

// A formulation is a component as a model of the solver.
type formulation struct {
	*solver.Model
	x    []solver.Var // by column: the accepted fraction of a bid, or a miss
	y    []solver.Var // by bid: whether it is accepted, where that is to be decided; by control: whether it is on
	z    []solver.Var // by entry: whether any bid of the bidder is accepted
	over []solver.Var // by count: what a soft limit is missed by
	rows []solver.Con // capacities, budgets, volume caps and limits on sums, as the component's rows
	unit float64      // of the objective
	per  []float64    // by row: its unit
}

// largest is the largest number that a solver's tolerances, which are absolute, are fine enough for and
// still within its accuracy. An objective or row with larger ones is stated in larger units.
const largest = 1 << 20

// unit is the power of two that a number has to be divided by.
func unit(number float64) float64 {
	if number <= largest {
		return 1
	}
	_, exp := math.Frexp(number / largest)
	return math.Ldexp(1, exp)
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
//	     y_b ≤ y_r                           every b that requires r       (requires; f_r is auction.LeastFraction at least)
//	     y_b ≤ z_i                           every b of i with a fee       (enter)
//	     Σ_{b ∈ g} y_b ≤ z_i                 likewise, in place of xor
//	     0 ≤ x_b ≤ 1,  y_b, z_i ∈ {0, 1}
//	     and the limits, see limit_sums.go and limit_counts.go
//
// A bid is to decide where it has a least fraction, alternatives, a condition or a fee, or where a limit counts it; for an
// all-or-nothing bid x_b is y_b, and where the fee alone makes it one to decide y_b is z_i. Not integral, the same with 0 ≤ y, z ≤ 1: its relaxation.
func (k *component) formulate(integral bool) *formulation {
	f := &formulation{Model: solver.NewModel("allocation", solver.Maximize), unit: k.unit(k.value)}
	f.y = make([]solver.Var, len(k.decide))
	yesNo := func(family, key string) solver.Var {
		if integral {
			return f.Binary(family, key)
		}
		return f.Continuous(family, key, 0, 1)
	}
	entry := make([]int, len(k.bids)) // one more than the entry of a bid
	for i, e := range k.entries {
		f.z = append(f.z, yesNo("z", k.problem.Case.Bidders[e.bidder].Name))
		f.Objective(f.z[i].Times(-e.fee / f.unit))
		for _, j := range e.bids {
			entry[j] = i + 1
		}
		for _, j := range e.plain {
			f.y[j] = f.z[i]
		}
	}
	for j := range k.bids {
		if k.least[j] == 1 {
			f.y[j] = yesNo("x", k.key(j))
			f.x = append(f.x, f.y[j])
			continue
		}
		f.x = append(f.x, f.Continuous("x", k.key(j), 0, 1))
		if k.decide[j] && !f.y[j].Valid() {
			f.y[j] = yesNo("y", k.key(j))
		}
	}
	f.misses(k)
	for j, x := range f.x {
		f.Objective(x.Times(k.value[j] / f.unit))
	}
	for n := range k.controls {
		f.y[len(k.bids)+n] = yesNo("d", k.controls[n].key)
	}
	f.linear(k)
	for j := range k.bids {
		if y := f.y[j]; k.decide[j] && k.least[j] < 1 {
			f.AtMost("accept", k.key(j), []solver.Term{f.x[j].Times(1), y.Times(-1)}, 0)
			if least := k.least[j]; least > 0 {
				// Stated per least fraction: of a small one, the tolerance on rows would leave nothing.
				f.AtLeast("least", k.key(j), []solver.Term{f.x[j].Times(1 / least), y.Times(-1)}, 0)
			}
		}
	}
	f.limits(k)
	grouped := make([]bool, len(k.bids))
	for _, g := range k.groups {
		for _, j := range g {
			grouped[j] = true
		}
		if i := entry[g[0]]; i > 0 {
			f.AtMost("enter", k.key(g[0]), append(each(g, f.y), f.z[i-1].Times(-1)), 0)
		} else {
			f.AtMost("xor", k.key(g[0]), each(g, f.y), 1)
		}
	}
	for _, r := range k.requires {
		f.AtMost("requires", k.key(r[0]), []solver.Term{f.y[r[0]].Times(1), f.y[r[1]].Times(-1)}, 0)
	}
	for i, e := range k.entries {
		for _, j := range e.bids {
			if !grouped[j] && f.y[j] != f.z[i] {
				f.AtMost("enter", k.key(j), []solver.Term{f.y[j].Times(1), f.z[i].Times(-1)}, 0)
			}
		}
	}
	return f
}

// allot states the same with the decisions made: lo_b ≤ x_b ≤ up_b are least and accept at the chosen y,
// which satisfy xor and requires.
func (k *component) allot(lo, up []float64) *formulation {
	f := &formulation{Model: solver.NewModel("allotment", solver.Maximize), unit: k.unit(k.value)}
	for j := range k.bids {
		f.x = append(f.x, f.Continuous("x", k.key(j), lo[j], up[j]))
	}
	f.misses(k)
	for j, x := range f.x {
		f.Objective(x.Times(k.value[j] / f.unit))
	}
	f.linear(k)
	return f
}

// misses adds what soft limits on sums may be missed by.
func (f *formulation) misses(k *component) {
	for _, s := range k.misses {
		f.x = append(f.x, f.Continuous("missed", k.name(&k.rows[s.row]), 0, math.Inf(1)))
	}
}

// open are the bounds of all columns: of bids none accepted, of misses any.
func (k *component) open() (lo, up []float64) {
	lo, up = make([]float64, len(k.value)), make([]float64, len(k.value))
	for s := range k.misses {
		up[len(k.bids)+s] = math.Inf(1)
	}
	return lo, up
}

// unit is what money is stated in.
func (k *component) unit(money []float64) float64 {
	most := 0.0
	for _, m := range money {
		most = max(most, math.Abs(m))
	}
	return unit(most)
}

// linear states the capacities, budgets, volume caps and limits on sums that can bind. A limit that only holds
// while its control is on has the control in it where that is to be decided.
func (f *formulation) linear(k *component) {
	var terms []solver.Term
	for i := range k.rows {
		r := &k.rows[i]
		most := 0.0
		for _, t := range r.terms {
			most = max(most, math.Abs(t.coef))
		}
		per := unit(most)
		terms = terms[:0]
		for _, t := range r.terms {
			terms = append(terms, f.x[t.bid].Times(t.coef/per))
		}
		rhs := r.rhs
		if r.only > 0 && f.y != nil {
			off := k.reachOff(r) - rhs
			terms = append(terms, f.y[len(k.bids)+r.only-1].Times(off/per))
			rhs += off
		}
		f.rows = append(f.rows, f.AtMost(r.family, k.name(r), terms, rhs/per))
		f.per = append(f.per, per)
	}
}

// duals are the shadow prices of the component's rows, in its own units; 0 for rows that are not stated.
func (f *formulation) duals(s *solver.Solution) []float64 {
	duals := make([]float64, len(f.rows))
	for i, r := range f.rows {
		if r.Valid() {
			duals[i] = s.Dual(r) * f.unit / f.per[i]
		}
	}
	return duals
}

// key names a column.
func (k *component) key(j int) string {
	if j >= len(k.bids) {
		return k.name(&k.rows[k.misses[j-len(k.bids)].row])
	}
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
