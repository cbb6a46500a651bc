package solver

import (
	"math"
	"testing"
)

// three is a model of three variables with the given costs, in [0, 10], the first integer.
func three(sense Sense, costs ...float64) *Model {
	m := NewModel("three", sense)
	vars := []Var{m.Integer("x", "0", 0, 10), m.Continuous("x", "1", 0, 10), m.Integer("x", "2", 0, 10)}
	for j, c := range costs {
		m.Objective(vars[j].Times(c))
	}
	return m
}

func TestMIPBound(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	mixed := three(Minimize, -1, -1, -1)  // trivial bound -30
	cents := three(Minimize, -0.25, 0, 3) // steps of 0.01, trivial bound -2.5
	for _, c := range []struct {
		name                      string
		m                         *Model
		reported, objective, want float64
	}{
		{"nothing is known", mixed, -inf, nan, -30},
		{"NaN is nothing", mixed, nan, nan, -30},
		{"weaker than trivial", mixed, -1e6, nan, -30},
		{"as reported", mixed, -20, -10, -20 - 20e-9},
		{"beyond the incumbent", mixed, 5, -10, -10 - 1e-6},
		{"at the incumbent", mixed, -10, -10, -10 - 1e-6},
		{"in steps, at the incumbent", cents, 1.25, 1.25, 1.25},
		{"in steps, rounded up", cents, 1.2401, 1.25, 1.25},
		{"in steps, rounding error above a step", cents, 1.24 + 1e-8, 1.25, 1.24},
		{"in steps, beyond the incumbent", cents, 7, 1.25, 1.25},
	} {
		if got := c.m.mipBound(c.reported, c.objective); !(math.Abs(got-c.want) <= 1e-12*math.Abs(c.want)) {
			t.Errorf("%s: bound %.12g, want %.12g", c.name, got, c.want)
		}
	}
}

func TestIntegralScale(t *testing.T) {
	for _, c := range []struct {
		costs []float64
		want  float64
	}{
		{[]float64{0, 0, 0}, 1},
		{[]float64{3, 0, -7}, 1},
		{[]float64{0.1, 0, 2}, 10},
		{[]float64{0.55, 0, 0.01}, 100},
		{[]float64{1, 1, 1}, 0}, // the second is continuous
		{[]float64{1.0 / 3, 0, 0}, 0},
		{[]float64{1e-7, 0, 0}, 0},
		{[]float64{1e9, 0, 0.5}, 10},
	} {
		if got := three(Maximize, c.costs...).integralScale(); got != c.want {
			t.Errorf("scale %g of %v, want %g", got, c.costs, c.want)
		}
	}
}

// TestDualBoundNeedsNoGoodDuals checks weak duality: whatever the duals, the bound is one.
//
//	max 3x + 2y, x + y ≤ 4, x + 3y ≥ 2, 0 ≤ x ≤ 3, y ≥ 0, optimum 11; minimised, -11
func TestDualBoundNeedsNoGoodDuals(t *testing.T) {
	m := NewModel("lp", Maximize)
	x, y := m.Continuous("x", "", 0, 3), m.Continuous("y", "", 0, math.Inf(1))
	m.Objective(x.Times(3), y.Times(2))
	m.AtMost("a", "", []Term{x.Times(1), y.Times(1)}, 4)
	m.AtLeast("b", "", []Term{x.Times(1), y.Times(3)}, 2)
	for _, c := range []struct {
		y    []float64
		want float64
	}{
		{[]float64{-2, 0}, -11},         // optimal
		{[]float64{-3, 0}, -12},         // feasible
		{[]float64{-3, -1}, -12},        // the second points at an infinite bound: taken for 0
		{[]float64{-2.5, 0.1}, -11.6},   // -10 + 0.2 + 3(-3 + 2.5 - 0.1)
		{[]float64{0, 0}, math.Inf(-1)}, // y has cost -2 and no upper bound
		{[]float64{-1.9, 0}, math.Inf(-1)},
	} {
		got := m.dualBound(nil, c.y)
		if got != c.want && !(math.Abs(got-c.want) <= 1e-12) {
			t.Errorf("bound %g of duals %v, want %g", got, c.y, c.want)
		}
		if got > -11+1e-12 {
			t.Errorf("bound %g of duals %v excludes the optimum", got, c.y)
		}
	}
}

func TestRoundIntegersKeepsRowsFeasible(t *testing.T) {
	m := NewModel("round", Minimize)
	x, n := m.Continuous("x", "", 0, 1e6), m.Integer("n", "", 0, 5)
	m.AtMost("link", "", []Term{x.Times(1), n.Times(-1e5)}, 0) // x ≤ 100,000 n
	m.AtMost("small", "", []Term{n.Times(1)}, 3)
	for _, c := range []struct{ x, n, want float64 }{
		{7, 3 - 1e-7, 3},
		{7, 3 + 1e-7, 3},
		{0.01, 1e-7, 1e-7},      // 0.01 needs n > 0: rounding would break link
		{7, 2.5, 2.5},           // far from an integer
		{7, 3 - 1e-5, 3 - 1e-5}, // beyond the tolerance
		{299999.99999, 3 - 1e-9, 3},
	} {
		v := []float64{c.x, c.n}
		m.roundIntegers(v)
		if v[1] != c.want || v[0] != c.x {
			t.Errorf("(%g, %.9g) became (%g, %.9g), want n = %.9g", c.x, c.n, v[0], v[1], c.want)
		}
	}
}

func TestEvaluateIsCompensated(t *testing.T) {
	m := NewModel("sum", Minimize)
	x := make([]float64, 0, 20001)
	for range 10000 {
		m.Objective(m.Continuous("a", "", 0, 1).Times(1e15), m.Continuous("b", "", 0, 1).Times(1))
		x = append(x, 1, 1)
	}
	m.Objective(m.Continuous("c", "", 0, 1).Times(-1e15 * 10000))
	if got := m.Evaluate(append(x, 1)); got != 10000 {
		t.Errorf("sum %g, want 10000", got)
	}
}

func TestNotPSD(t *testing.T) {
	for _, c := range []struct {
		a    []float64 // lower triangle of a square matrix
		n    int
		want int
	}{
		{[]float64{2}, 1, -1},
		{[]float64{-1e-3}, 1, 0},
		{[]float64{0}, 1, -1},
		{[]float64{1, 0, 1, 1}, 2, -1},   // rank one
		{[]float64{1, 0, 1.01, 1}, 2, 1}, // just beyond
		{[]float64{0, 0, 1, 5}, 2, 0},    // zero pivot, nonzero below
		{[]float64{0, 0, 0, 0, 3, 0, 0, -3, 3}, 3, -1},
		{[]float64{0, 0, 0, 0, 3, 0, 0, -4, 3}, 3, 2},
		{[]float64{0, 0, 1e-9, 0}, 2, 0}, // no scale to call it small by
	} {
		if got := notPSD(append([]float64(nil), c.a...), c.n); got != c.want {
			t.Errorf("%v: pivot %d, want %d", c.a, got, c.want)
		}
	}
}
