package solver_test

import (
	"testing"

	"lotwise/solver"
)

// TestSingularQuadratic is a QP with a singular Hessian of which HiGHS 1.15.1 claims 24 as the optimum, after a
// division by zero. The optimum is 116/9: at x = (-4, -8/9, -2, 0, -2, -2), checked by its duals.
func TestSingularQuadratic(t *testing.T) {
	m := solver.NewModel("singular", solver.Minimize)
	lower, upper := []float64{-4, -2, -3, 0, -4, -2}, []float64{-3, 4, -2, 1, -2, -1}
	var x []solver.Var
	for j := range lower {
		x = append(x, m.Continuous("x", string(rune('0'+j)), lower[j], upper[j]))
	}
	m.Quadratic(x[1], x[1], 1)
	m.Quadratic(x[5], x[5], 1)
	for _, a := range [][]float64{{2, -2, -2, 0, -2, 0}, {1, -2, 0, -1, 2, -2}} {
		for i := range a {
			for k := range a {
				m.Quadratic(x[i], x[k], a[i]*a[k])
			}
		}
	}
	m.AtMost("c", "0", terms{x[3].Times(-1), x[4].Times(-1)}, 2.5)
	m.AtMost("c", "1", terms{x[1].Times(1), x[3].Times(1), x[4].Times(1), x[5].Times(-1)}, 0)
	s := solve(t, m, solver.Options{})
	if want := 116.0 / 9; s.Claim != solver.Optimal || !near(s.Objective, want) || !near(s.Bound, want) {
		t.Errorf("claim %s, objective %g, bound %g, want %g", s.Claim, s.Objective, s.Bound, want)
	}
}
