package solver_test

import (
	"context"
	"math"
	"testing"

	"lotwise/solver"
)

func TestSmoke(t *testing.T) {
	m := solver.NewModel("production", solver.Maximize)
	x := m.Continuous("x", "chairs", 0, math.Inf(1))
	y := m.Integer("x", "tables", 0, 10)
	m.Objective(x.Times(20), y.Times(90))
	h := m.AtMost("hours", "", []solver.Term{x.Times(1), y.Times(4)}, 33)
	s, err := solver.Solve(context.Background(), m, solver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v %+v", m, s)
	lp, _ := m.FixIntegers(s)
	s, err = solver.Solve(context.Background(), lp, solver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(s.Dual(h), s.Value(x), s.Value(y), s.Bound)
	m.AtLeast("a", "", []solver.Term{x.Times(1)}, 30)
	m.AtLeast("b", "", []solver.Term{y.Times(1)}, 4)
	t.Log(solver.IIS(context.Background(), m))
	for _, f := range []string{"a.lp", "b.mps"} {
		if err := m.WriteFile(t.TempDir() + "/" + f); err != nil {
			t.Fatal(err)
		}
	}
}
