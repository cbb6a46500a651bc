package solvertest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lotwise/solver"
)

// Path is a way of solving.
type Path func(context.Context, *solver.Model, solver.Options) (*solver.Solution, error)

// Suite runs everything on one path.
func Suite(t *testing.T, path Path) {
	solve := func(t testing.TB, m *solver.Model, o solver.Options) *solver.Solution {
		t.Helper()
		s, err := path(context.Background(), m, o)
		if err != nil {
			t.Fatal(err)
		}
		Verify(t, m, s)
		return s
	}
	for _, c := range Cases {
		t.Run(c.Name, func(t *testing.T) {
			m := c.Build()
			s := solve(t, m, solver.Options{})
			if s.Claim != c.Claim || s.Termination != solver.Completed {
				t.Fatalf("claim %s, termination %s, want %s, completed, of\n%s", s.Claim, s.Termination, c.Claim, m)
			}
			if c.Claim != solver.Optimal {
				return
			}
			if !close(s.Objective, c.Objective, tolerance) || !close(s.Bound, c.Objective, tolerance) {
				t.Errorf("objective %g, bound %g, want %g", s.Objective, s.Bound, c.Objective)
			}
			if s.HasDuals() != (m.Integers() == 0) {
				t.Errorf("%d integers and duals %v", m.Integers(), s.HasDuals())
			}
		})
	}
	t.Run("judged by enumeration", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			m := drawProgram(rt)
			best, feasible := Enumerate(m)
			s, err := path(context.Background(), m, solver.Options{})
			if err != nil {
				rt.Fatalf("%v of\n%s", err, m)
			}
			Verify(fatal{t, rt}, m, s)
			switch {
			case !feasible && s.Claim != solver.Infeasible:
				rt.Fatalf("claim %s, enumeration finds nothing of\n%s", s.Claim, m)
			case feasible && s.Claim != solver.Optimal:
				rt.Fatalf("claim %s, enumeration finds %g of\n%s", s.Claim, best, m)
			case feasible && (!close(s.Objective, best, tolerance) || !close(s.Bound, best, tolerance)):
				rt.Fatalf("objective %g, bound %g, enumeration finds %g of\n%s", s.Objective, s.Bound, best, m)
			case feasible:
				onSide(rt, m, s, best)
			}
		})
	})
	t.Run("bounds of stopped searches", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			m := drawKnapsack(rt)
			best, feasible := Enumerate(m)
			if !feasible {
				rt.Fatalf("a knapsack can stay empty\n%s", m)
			}
			o := solver.Options{
				NodeLimit: rapid.IntRange(1, 30).Draw(rt, "nodes"),
				RelGap:    rapid.SampledFrom([]float64{0, 0, 1e-4, 0.05}).Draw(rt, "gap"),
				Seed:      rapid.Int64Range(0, 99).Draw(rt, "seed"),
				Extra:     map[string]any{"mip_heuristic_effort": 0.0},
			}
			o.Improving = func(objective float64, x []float64) {
				if out, where := m.Violation(x); out > tolerance || m.Evaluate(x) != objective {
					rt.Fatalf("improving solution of %g violates %s by %g", objective, where, out)
				}
			}
			s, err := path(context.Background(), m, o)
			if err != nil {
				rt.Fatal(err)
			}
			Verify(fatal{t, rt}, m, s)
			onSide(rt, m, s, best)
			if s.Claim == solver.Optimal && s.AbsGap() > o.RelGap*math.Abs(s.Objective)+tolerance {
				rt.Fatalf("claims %s at a gap of %g, asked for %g", s.Claim, s.Gap(), o.RelGap)
			}
			if s.Termination == solver.StruckLimit && s.Limit != solver.LimitNodes {
				rt.Fatalf("struck the limit %s", s.Limit)
			}
		})
	})
	t.Run("convex quadratic programs", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			m := drawQuadratic(rt)
			s, err := path(context.Background(), m, solver.Options{})
			if err != nil {
				rt.Fatalf("%v of\n%s", err, m)
			}
			if s.Claim != solver.Optimal || !close(s.Bound, s.Objective, 10*tolerance) {
				rt.Fatalf("claim %s, objective %g, bound %g of\n%s", s.Claim, s.Objective, s.Bound, m)
			}
			Verify(fatal{t, rt}, m, s)
		})
	})
	t.Run("start", func(t *testing.T) {
		m := Hard(40, 4)
		start := make([]float64, m.Vars())
		for j := range start {
			start[j] = math.NaN()
		}
		start[3], start[7] = 1, 1
		for j := 20; j < 40; j++ {
			start[j] = 0
		}
		s := solve(t, m, solver.Options{Start: start, NodeLimit: 1})
		if !s.HasValues() || s.Objective < m.Var(3).Cost()+m.Var(7).Cost() {
			t.Errorf("claim %s, objective %g from a start of %g", s.Claim, s.Objective, m.Var(3).Cost()+m.Var(7).Cost())
		}
		impossible := make([]float64, m.Vars())
		for j := range impossible {
			impossible[j] = 1
		}
		solve(t, m, solver.Options{Start: impossible, NodeLimit: 1})
	})
	t.Run("time limit", func(t *testing.T) {
		m := Hard(150, 8)
		s := solve(t, m, solver.Options{TimeLimit: 200 * time.Millisecond})
		if s.Termination != solver.StruckLimit || s.Limit != solver.LimitTime || !s.HasValues() {
			t.Errorf("termination %s, limit %s, claim %s", s.Termination, s.Limit, s.Claim)
		}
		if s.Time > 2*time.Second {
			t.Errorf("took %v", s.Time)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		m := Hard(150, 8)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var best float64
		o := solver.Options{Improving: func(z float64, _ []float64) {
			best = z
			time.AfterFunc(100*time.Millisecond, cancel)
		}}
		begin := time.Now()
		s, err := path(ctx, m, o)
		if err != nil {
			t.Fatal(err)
		}
		Verify(t, m, s)
		if s.Termination != solver.Cancelled || s.Claim != solver.Feasible || s.Objective != best {
			t.Errorf("termination %s, claim %s, objective %g, best seen %g", s.Termination, s.Claim, s.Objective, best)
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
	t.Run("options that are none", func(t *testing.T) {
		for _, o := range []solver.Options{
			{RelGap: -1},
			{AbsGap: math.NaN()},
			{TimeLimit: -1},
			{NodeLimit: -1},
			{Threads: -2},
			{LPSolver: "magic"},
			{Extra: map[string]any{"no_such_option": 1}},
		} {
			if _, err := path(context.Background(), Cases[0].Build(), o); err == nil {
				t.Errorf("no error of %+v", o)
			}
		}
	})
	t.Run("not convex", func(t *testing.T) {
		m := solver.NewModel("saddle", solver.Minimize)
		x, y := m.Continuous("x", "", -1, 1), m.Continuous("y", "", -1, 1)
		m.Quadratic(x, x, 1)
		m.Quadratic(x, y, 3)
		m.Quadratic(y, y, 1)
		if _, err := path(context.Background(), m, solver.Options{}); err == nil {
			t.Error("no error of a saddle")
		}
	})
}

// fatal reports to rapid, so that a failing case is made small, and is a testing.TB otherwise.
type fatal struct {
	testing.TB
	rt *rapid.T
}

func (f fatal) Helper()                   {}
func (f fatal) Error(a ...any)            { f.rt.Error(a...) }
func (f fatal) Errorf(s string, a ...any) { f.rt.Errorf(s, a...) }
func (f fatal) Fatalf(s string, a ...any) { f.rt.Fatalf(s, a...) }

// onSide fails where the bound is on the wrong side of the true optimum, or the objective better than it.
func onSide(rt *rapid.T, m *solver.Model, s *solver.Solution, best float64) {
	sign := 1.0
	if m.Sense() == solver.Maximize {
		sign = -1
	}
	slack := exact * max(1, math.Abs(best))
	if sign*s.Bound > sign*best+slack {
		rt.Fatalf("bound %.12g excludes the optimum %.12g of\n%s", s.Bound, best, m)
	}
	// Continuous variables may use the solver's tolerance on constraints.
	if s.HasValues() && sign*s.Objective < sign*best-tolerance*max(1, math.Abs(best)) {
		rt.Fatalf("objective %.12g is better than the optimum %.12g of\n%s", s.Objective, best, m)
	}
}

// drawProgram draws a small mixed-integer program with finite bounds.
func drawProgram(rt *rapid.T) *solver.Model {
	m := solver.NewModel("random", solver.Sense(rapid.IntRange(0, 1).Draw(rt, "sense")))
	continuous := 0
	costs := rapid.SampledFrom([]float64{1, 0.25, 0.1, 1.0 / 3}).Draw(rt, "cost unit")
	var vars []solver.Var
	for j := range rapid.IntRange(1, 5).Draw(rt, "variables") {
		lo := float64(rapid.IntRange(-3, 2).Draw(rt, "lower"))
		hi := lo + float64(rapid.IntRange(0, 4).Draw(rt, "width"))
		var v solver.Var
		if continuous < 2 && rapid.IntRange(0, 2).Draw(rt, "kind") == 0 {
			continuous++
			v = m.Continuous("x", fmt.Sprint(j), lo, hi)
		} else {
			v = m.Integer("n", fmt.Sprint(j), lo, hi)
		}
		vars = append(vars, v)
		m.Objective(v.Times(costs * float64(rapid.IntRange(-9, 9).Draw(rt, "cost"))))
	}
	m.Offset(float64(rapid.IntRange(-5, 5).Draw(rt, "offset")))
	for i := range rapid.IntRange(0, 4).Draw(rt, "constraints") {
		var sum terms
		for _, v := range vars {
			sum = append(sum, v.Times(float64(rapid.IntRange(-5, 5).Draw(rt, "coefficient"))))
		}
		rhs := float64(rapid.IntRange(-12, 12).Draw(rt, "rhs"))
		key := fmt.Sprint(i)
		switch rapid.IntRange(0, 3).Draw(rt, "relation") {
		case 0:
			m.AtMost("c", key, sum, rhs)
		case 1:
			m.AtLeast("c", key, sum, rhs)
		case 2:
			m.Equal("c", key, sum, rhs)
		default:
			m.Range("c", key, rhs, sum, rhs+float64(rapid.IntRange(0, 6).Draw(rt, "range")))
		}
	}
	return m
}

// drawKnapsack draws a multiple knapsack that takes branching, in either sense and sometimes with a continuous
// filler.
func drawKnapsack(rt *rapid.T) *solver.Model {
	sense := solver.Sense(rapid.IntRange(0, 1).Draw(rt, "sense"))
	sign := 1.0
	if sense == solver.Minimize {
		sign = -1
	}
	m := solver.NewModel("knapsack", sense)
	unit := rapid.SampledFrom([]float64{1, 0.01, math.Pi}).Draw(rt, "cost unit")
	n := rapid.IntRange(6, 11).Draw(rt, "items")
	var items []solver.Var
	for j := range n {
		v := m.Binary("take", fmt.Sprint(j))
		items = append(items, v)
		m.Objective(v.Times(sign * unit * float64(rapid.IntRange(40, 60).Draw(rt, "value"))))
	}
	filler := rapid.Bool().Draw(rt, "filler")
	if filler {
		v := m.Continuous("fill", "", 0, 1)
		m.Objective(v.Times(sign * unit * 11))
		items = append(items, v)
	}
	for i := range rapid.IntRange(1, 3).Draw(rt, "knapsacks") {
		var sum terms
		total := 0
		for _, v := range items {
			w := rapid.IntRange(30, 70).Draw(rt, "weight")
			total += w
			sum = append(sum, v.Times(float64(w)))
		}
		m.AtMost("room", fmt.Sprint(i), sum, float64(total/2))
	}
	return m
}

// drawQuadratic draws a bounded convex QP: squares of random sums and of single variables.
func drawQuadratic(rt *rapid.T) *solver.Model {
	sense := solver.Sense(rapid.IntRange(0, 1).Draw(rt, "sense"))
	sign := 1.0
	if sense == solver.Maximize {
		sign = -1
	}
	m := solver.NewModel("quadratic", sense)
	n := rapid.IntRange(1, 6).Draw(rt, "variables")
	var vars []solver.Var
	for j := range n {
		lo := float64(rapid.IntRange(-4, 0).Draw(rt, "lower"))
		v := m.Continuous("x", fmt.Sprint(j), lo, lo+float64(rapid.IntRange(1, 8).Draw(rt, "width")))
		vars = append(vars, v)
		m.Objective(v.Times(float64(rapid.IntRange(-9, 9).Draw(rt, "cost"))))
		m.Quadratic(v, v, sign*float64(rapid.IntRange(0, 3).Draw(rt, "square")))
	}
	for range rapid.IntRange(0, 2).Draw(rt, "squares of sums") {
		a := make([]float64, n)
		for j := range a {
			a[j] = float64(rapid.IntRange(-2, 2).Draw(rt, "weight"))
		}
		for j := range a {
			for k := range a {
				m.Quadratic(vars[j], vars[k], sign*a[j]*a[k])
			}
		}
	}
	for i := range rapid.IntRange(0, 3).Draw(rt, "constraints") {
		var sum terms
		inside := 0.0 // at a point of the box, so that the model is feasible
		for _, v := range vars {
			a := float64(rapid.IntRange(-3, 3).Draw(rt, "coefficient"))
			lo, hi := v.Bounds()
			sum, inside = append(sum, v.Times(a)), inside+a*(lo+hi)/2
		}
		m.AtMost("c", fmt.Sprint(i), sum, inside+float64(rapid.IntRange(0, 3).Draw(rt, "slack")))
	}
	return m
}

// Hard is a multiple knapsack of n items and k constraints that occupies branch and bound: for ever from 100 by 5 on.
func Hard(n, k int) *solver.Model {
	r := rand.New(rand.NewPCG(uint64(n), uint64(k)))
	m := solver.NewModel("hard", solver.Maximize)
	sums := make([]terms, k)
	rooms := make([]float64, k)
	for j := range n {
		v := m.Binary("take", fmt.Sprint(j))
		m.Objective(v.Times(float64(500 + r.IntN(100))))
		for i := range k {
			w := float64(400 + r.IntN(300))
			sums[i] = append(sums[i], v.Times(w))
			rooms[i] += w
		}
	}
	for i := range k {
		m.AtMost("room", fmt.Sprint(i), sums[i], math.Floor(rooms[i]/3))
	}
	return m
}
