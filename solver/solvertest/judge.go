// Package solvertest is what every way of solving a model must pass: cases with known answers, random
// programs judged by enumeration, and certificates checked in arithmetic of its own.
package solvertest

import (
	"math"

	"lotwise/solver"
)

// planeTolerance is how far a vertex that a small linear system gave may be outside the other constraints.
const planeTolerance = 1e-9

// Enumerate solves a small model by trying everything: every point of the integer variables' box and, for each, every
// vertex that constraints and bounds cut out of the continuous variables' box. All bounds must be
// finite, the objective linear. It returns the optimum and whether there is a solution.
func Enumerate(m *solver.Model) (best float64, feasible bool) {
	e := &enumeration{m: m, x: make([]float64, m.Vars()), better: 1, best: math.Inf(1)}
	if m.Sense() == solver.Maximize {
		e.better = -1
	}
	for i := range m.Cons() {
		lo, hi := m.Con(i).Range()
		e.row(m.Con(i), lo)
		if hi != lo {
			e.row(m.Con(i), hi)
		}
	}
	for j := range m.Vars() {
		if v := m.Var(j); !v.IsInteger() {
			e.free = append(e.free, j)
			lo, hi := v.Bounds()
			unit := make([]float64, m.Vars())
			unit[j] = 1
			e.planes = append(e.planes, plane{unit, lo}, plane{unit, hi})
		}
	}
	e.integers(0)
	return e.better * e.best, !math.IsInf(e.best, 1)
}

type plane struct {
	a []float64 // over all variables
	b float64
}

type enumeration struct {
	m      *solver.Model
	x      []float64
	free   []int // continuous variables
	planes []plane
	better float64 // 1 when minimising, -1 when maximising
	best   float64 // times better
}

func (e *enumeration) row(c solver.Con, b float64) {
	if math.IsInf(b, 0) {
		return
	}
	a := make([]float64, e.m.Vars())
	for v, coef := range c.Terms() {
		a[v.Index()] = coef
	}
	e.planes = append(e.planes, plane{a, b})
}

// integers tries all values of the integer variables from j on.
func (e *enumeration) integers(j int) {
	if j == e.m.Vars() {
		e.vertices(0, make([]int, 0, len(e.free)))
		return
	}
	v := e.m.Var(j)
	if !v.IsInteger() {
		e.integers(j + 1)
		return
	}
	lo, hi := v.Bounds()
	for x := math.Ceil(lo); x <= hi; x++ {
		e.x[j] = x
		e.integers(j + 1)
	}
}

// vertices tries every choice of as many planes as there are continuous variables.
func (e *enumeration) vertices(from int, chosen []int) {
	if len(chosen) == len(e.free) {
		if e.solve(chosen) {
			e.consider()
		}
		return
	}
	for p := from; p < len(e.planes); p++ {
		e.vertices(p+1, append(chosen, p))
	}
}

// solve sets the continuous variables to where the chosen planes meet, by Gaussian elimination.
func (e *enumeration) solve(chosen []int) bool {
	k := len(e.free)
	a := make([][]float64, k)
	for r, p := range chosen {
		a[r] = make([]float64, k+1)
		a[r][k] = e.planes[p].b
		for j, c := range e.planes[p].a {
			if e.m.Var(j).IsInteger() {
				a[r][k] -= c * e.x[j]
			}
		}
		for c, j := range e.free {
			a[r][c] = e.planes[p].a[j]
		}
	}
	for c := range k {
		pivot := c
		for r := c; r < k; r++ {
			if math.Abs(a[r][c]) > math.Abs(a[pivot][c]) {
				pivot = r
			}
		}
		if math.Abs(a[pivot][c]) < planeTolerance {
			return false
		}
		a[c], a[pivot] = a[pivot], a[c]
		for r := range k {
			if r == c {
				continue
			}
			f := a[r][c] / a[c][c]
			for i := c; i <= k; i++ {
				a[r][i] -= f * a[c][i]
			}
		}
	}
	for c, j := range e.free {
		e.x[j] = a[c][k] / a[c][c]
	}
	return true
}

func (e *enumeration) consider() {
	if out, _ := e.m.Violation(e.x); out <= planeTolerance {
		e.best = min(e.best, e.better*e.m.Evaluate(e.x))
	}
}
