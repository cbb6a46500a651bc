package solvertest

import (
	"math"
	"testing"

	"lotwise/solver"
)

const (
	// tolerance is the solver's own on constraints and costs, 1e-6, with room for its scaling.
	tolerance = 2e-6
	// exact is what sums of a few terms may differ by between two orders of addition.
	exact = 1e-9
)

func close(a, b, tol float64) bool {
	return a == b || math.Abs(a-b) <= tol*max(1, math.Abs(a), math.Abs(b))
}

// Verify checks what every solution of m must hold whatever stopped the solver: values and claim go together,
// values are of the model, the objective is theirs, the bound is on its own side, duals prove what they should.
func Verify(t testing.TB, m *solver.Model, s *solver.Solution) {
	t.Helper()
	if has := s.Claim == solver.Optimal || s.Claim == solver.Feasible; has != s.HasValues() {
		t.Fatalf("claim %s with values %v", s.Claim, s.Values())
	}
	if (s.Termination == solver.StruckLimit) != (s.Limit != solver.LimitNone) {
		t.Errorf("termination %s with limit %s", s.Termination, s.Limit)
	}
	if s.Termination != solver.Completed && s.Claim == solver.Optimal {
		t.Errorf("termination %s with claim %s", s.Termination, s.Claim)
	}
	sign := 1.0
	if m.Sense() == solver.Maximize {
		sign = -1
	}
	if !s.HasValues() {
		if !math.IsNaN(s.Objective) || !math.IsInf(s.Gap(), 1) {
			t.Errorf("objective %g and gap %g without values", s.Objective, s.Gap())
		}
		switch s.Claim {
		case solver.Infeasible:
			if !math.IsInf(s.Bound, int(sign)) {
				t.Errorf("bound %g of an infeasible model", s.Bound)
			}
		case solver.Unbounded:
			if !math.IsInf(s.Bound, -int(sign)) {
				t.Errorf("bound %g of an unbounded model", s.Bound)
			}
		}
		return
	}
	if out, where := m.Violation(s.Values()); out > tolerance {
		t.Errorf("values violate %s by %g", where, out)
	}
	if z := m.Evaluate(s.Values()); z != s.Objective {
		t.Errorf("objective %g, at the values %g", s.Objective, z)
	}
	if sign*s.Bound > sign*s.Objective {
		t.Errorf("bound %g is beyond the objective %g", s.Bound, s.Objective)
	}
	if math.IsNaN(s.Bound) {
		t.Error("bound is NaN")
	}
	if s.HasDuals() {
		duals(t, m, s, sign)
	}
}

// duals checks the Karush-Kuhn-Tucker conditions, which prove an LP's or convex QP's optimum:
//
//	gradient_j = Σ_i y_i a_ij + d_j
//	y_i > 0 only where row i is at its lower bound (minimising), y_i < 0 only at its upper; d_j likewise
func duals(t testing.TB, m *solver.Model, s *solver.Solution, sign float64) {
	t.Helper()
	x := s.Values()
	gradient := make([]float64, m.Vars())
	for j := range gradient {
		gradient[j] = m.Var(j).Cost()
	}
	for vw, c := range m.QuadraticTerms() {
		v, w := vw[0].Index(), vw[1].Index()
		gradient[v] += c * x[w]
		gradient[w] += c * x[v]
	}
	at := func(what string, dual, value, lo, hi float64) {
		switch {
		case dual > tolerance && !close(value, lo, 10*tolerance):
			t.Errorf("%s = %g is not at its lower bound %g, its dual is %g", what, value, lo, dual)
		case dual < -tolerance && !close(value, hi, 10*tolerance):
			t.Errorf("%s = %g is not at its upper bound %g, its dual is %g", what, value, hi, dual)
		}
	}
	for i := range m.Cons() {
		c := m.Con(i)
		y := s.Dual(c)
		lo, hi := c.Range()
		at(c.String(), sign*y, c.Activity(x), lo, hi)
		for v, a := range c.Terms() {
			gradient[v.Index()] -= y * a
		}
	}
	for j := range gradient {
		v := m.Var(j)
		d := s.ReducedCost(v)
		if !close(gradient[j], d, 10*tolerance) {
			t.Errorf("reduced cost of %s is %g, gradient less duals %g", v, d, gradient[j])
		}
		lo, hi := v.Bounds()
		at(v.String(), sign*d, x[j], lo, hi)
	}
}
