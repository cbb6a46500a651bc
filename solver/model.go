// Package solver states optimisation models and solves them.
//
// A [Model] holds named variables, linear constraints and a linear or convex quadratic objective:
//
//	min or max  c'x + Σ q_vw x_v x_w + offset
//	s.t.        lo_i ≤ Σ_j a_ij x_j ≤ hi_i
//	            lower_j ≤ x_j ≤ upper_j, some x_j integer
//
// [Solve] solves it and returns a [Solution], which tells apart why the solver stopped, which limit
// stopped it, what it claims and between which bounds the optimum lies. A [Session] keeps a model
// loaded while it changes and solves it again from where it stood.
//
//	m := solver.NewModel("production", solver.Maximize)
//	x := m.Continuous("x", "chairs", 0, math.Inf(1))
//	y := m.Integer("x", "tables", 0, 10)
//	m.Objective(x.Times(20), y.Times(90))
//	m.AtMost("hours", "", []solver.Term{x.Times(1), y.Times(4)}, 33)
//	s, err := solver.Solve(ctx, m, solver.Options{})
//
// Mistakes while building (a NaN, a handle of another model, bounds that cross) stay in the model as its
// first error, [Model.Err], and every solve returns it.
package solver

import (
	"errors"
	"fmt"
	"math"

	"lotwise/solver/highs"
)

// Sense is the direction of the objective.
type Sense int

// Minimize and Maximize are the directions of an objective.
const (
	Minimize Sense = iota
	Maximize
)

// The magnitudes that HiGHS treats specially; the model does as HiGHS does, so that its own arithmetic
// and the solver's speak of the same numbers.
const (
	smallCoef = 1e-9 // a matrix coefficient up to this is zero (small_matrix_value)
	largeCoef = 1e15 // and beyond this refused (large_matrix_value)
	infinite  = 1e20 // a bound from here on is infinite (infinite_bound), and a cost refused (infinite_cost)
)

// Model is a mixed-integer linear program or a convex quadratic program. The zero Model is not ready for use, see
// [NewModel]. Solving does not change a model; building and solving the same model at once is a race.
type Model struct {
	name     string
	sense    Sense
	err      error
	families names
	origin   *Model // whose handles serve here too, see FixIntegers

	lower, upper, cost []float64
	kinds              []int32 // highs.VarTypeContinuous or highs.VarTypeInteger
	varNames           []name
	offset             float64
	quad               []quadratic

	rowLower, rowUpper []float64
	conNames           []name
	start, end         []int32 // row i is index[start[i]:end[i]] and value of the same
	index              []int32
	value              []float64
	gaps               bool    // rows are not adjacent: SetCoef has moved one
	mark               []int32 // per variable, where the row being added has it, plus one
	cells              []cell  // coefficients that SetCoef changed, in order
}

type quadratic struct {
	v, w int32 // v ≥ w
	coef float64
}

type cell struct{ row, col int32 }

// NewModel starts an empty model.
func NewModel(name string, sense Sense) *Model {
	m := &Model{name: name, sense: sense}
	if sense != Minimize && sense != Maximize {
		m.fail("sense %d is neither Minimize nor Maximize", sense)
	}
	return m
}

// Var is a variable's handle, a comparable value. The zero Var is no variable's.
type Var struct {
	m *Model
	i int32
}

// Con is a constraint's handle, a comparable value. The zero Con is no constraint's.
type Con struct {
	m *Model
	i int32
}

// Term is a coefficient times a variable.
type Term struct {
	Var  Var
	Coef float64
}

// Times is the term c·v.
func (v Var) Times(c float64) Term { return Term{v, c} }

// Continuous adds the variable family[key] with lower ≤ x ≤ upper; either bound may be infinite.
func (m *Model) Continuous(family, key string, lower, upper float64) Var {
	return m.variable(family, key, lower, upper, highs.VarTypeContinuous)
}

// Integer adds the integer variable family[key] with lower ≤ x ≤ upper; either bound may be infinite.
func (m *Model) Integer(family, key string, lower, upper float64) Var {
	return m.variable(family, key, lower, upper, highs.VarTypeInteger)
}

// Binary adds the variable family[key] in {0, 1}.
func (m *Model) Binary(family, key string) Var {
	return m.variable(family, key, 0, 1, highs.VarTypeInteger)
}

func (m *Model) variable(family, key string, lower, upper float64, kind int32) Var {
	n := name{m.families.id(family), key}
	lower, upper = m.interval(lower, upper, n, "variable")
	m.lower, m.upper, m.cost = append(m.lower, lower), append(m.upper, upper), append(m.cost, 0)
	m.kinds, m.varNames = append(m.kinds, kind), append(m.varNames, n)
	m.mark = append(m.mark, 0)
	return Var{m, int32(len(m.cost) - 1)}
}

// Objective adds terms to the objective.
func (m *Model) Objective(terms ...Term) {
	for _, t := range terms {
		if !m.owns(t.Var) {
			m.fail("objective: variable %w", errForeign)
			continue
		}
		m.setCost(t.Var.i, m.cost[t.Var.i]+t.Coef)
	}
}

// Offset adds a constant to the objective.
func (m *Model) Offset(c float64) {
	if !finite(c) {
		m.fail("offset is %g", c)
		return
	}
	m.offset += c
}

// Quadratic adds c·v·w to the objective; v and w may be the same. The objective must stay convex
// when minimised and concave when maximised, and such a model has no integer variables: solving refuses others.
func (m *Model) Quadratic(v, w Var, c float64) {
	switch {
	case !m.owns(v) || !m.owns(w):
		m.fail("quadratic objective: variable %w", errForeign)
		return
	case !finite(c):
		m.fail("quadratic cost of %s·%s is %g", v, w, c)
		return
	case c == 0:
		return
	}
	m.quad = append(m.quad, quadratic{max(v.i, w.i), min(v.i, w.i), c})
}

// AtMost adds the constraint family[key]: Σ terms ≤ rhs. Terms of one variable add up.
func (m *Model) AtMost(family, key string, terms []Term, rhs float64) Con {
	return m.Range(family, key, math.Inf(-1), terms, rhs)
}

// AtLeast adds the constraint family[key]: Σ terms ≥ rhs. Terms of one variable add up.
func (m *Model) AtLeast(family, key string, terms []Term, rhs float64) Con {
	return m.Range(family, key, rhs, terms, math.Inf(1))
}

// Equal adds the constraint family[key]: Σ terms = rhs. Terms of one variable add up.
func (m *Model) Equal(family, key string, terms []Term, rhs float64) Con {
	return m.Range(family, key, rhs, terms, rhs)
}

// Range adds the constraint family[key]: lo ≤ Σ terms ≤ hi. Terms of one variable add up.
func (m *Model) Range(family, key string, lo float64, terms []Term, hi float64) Con {
	n := name{m.families.id(family), key}
	con := Con{m, int32(len(m.rowLower))}
	lo, hi = m.interval(lo, hi, n, "constraint")
	m.rowLower, m.rowUpper, m.conNames = append(m.rowLower, lo), append(m.rowUpper, hi), append(m.conNames, n)
	first := len(m.index)
	for _, t := range terms {
		if !m.owns(t.Var) {
			m.fail("constraint %s: variable %w", con, errForeign)
			continue
		}
		if k := m.mark[t.Var.i]; k > 0 {
			m.value[k-1] += t.Coef
			continue
		}
		m.index, m.value = append(m.index, t.Var.i), append(m.value, t.Coef)
		m.mark[t.Var.i] = int32(len(m.index))
	}
	kept := first
	for k := first; k < len(m.index); k++ {
		m.mark[m.index[k]] = 0
		if !m.coefficient(m.value[k], Var{m, m.index[k]}, con) {
			continue
		}
		m.index[kept], m.value[kept] = m.index[k], m.value[k]
		kept++
	}
	m.index, m.value = m.index[:kept], m.value[:kept]
	if len(m.index) > math.MaxInt32 {
		m.fail("more than %d coefficients", math.MaxInt32)
		m.index, m.value = m.index[:first], m.value[:first]
	}
	m.start, m.end = append(m.start, int32(first)), append(m.end, int32(len(m.index)))
	return con
}

// coefficient says whether a is worth a place in the matrix, and refuses what HiGHS would.
func (m *Model) coefficient(a float64, v Var, c Con) bool {
	switch size := math.Abs(a); {
	case size > smallCoef && size <= largeCoef:
		return true
	case size <= smallCoef:
		return false
	case !finite(a):
		m.fail("coefficient of %s in %s is %g", v, c, a)
	default:
		m.fail("coefficient %g of %s in %s is larger than %g: choose other units", a, v, c, largeCoef)
	}
	return false
}

// SetBounds replaces the bounds of v.
func (m *Model) SetBounds(v Var, lower, upper float64) {
	if !m.owns(v) {
		m.fail("SetBounds: variable %w", errForeign)
		return
	}
	m.lower[v.i], m.upper[v.i] = m.interval(lower, upper, m.varNames[v.i], "variable")
}

// SetCost replaces the linear cost of v.
func (m *Model) SetCost(v Var, c float64) {
	if !m.owns(v) {
		m.fail("SetCost: variable %w", errForeign)
		return
	}
	m.setCost(v.i, c)
}

func (m *Model) setCost(i int32, c float64) {
	if !finite(c) {
		m.fail("cost of %s is %g", Var{m, i}, c)
		return
	}
	if math.Abs(c) >= infinite {
		m.fail("cost %g of %s is not below %g: choose other units", c, Var{m, i}, infinite)
		return
	}
	m.cost[i] = c
}

// SetRange replaces the bounds of c; infinite ones switch it off.
func (m *Model) SetRange(c Con, lo, hi float64) {
	if !m.ownsCon(c) {
		m.fail("SetRange: constraint %w", errForeign)
		return
	}
	m.rowLower[c.i], m.rowUpper[c.i] = m.interval(lo, hi, m.conNames[c.i], "constraint")
}

// SetCoef replaces the coefficient of v in c.
func (m *Model) SetCoef(c Con, v Var, a float64) {
	if !m.ownsCon(c) || !m.owns(v) {
		m.fail("SetCoef: variable or constraint %w", errForeign)
		return
	}
	if !m.coefficient(a, v, c) {
		a = 0
	}
	from, to := m.start[c.i], m.end[c.i]
	at := from
	for at < to && m.index[at] != v.i {
		at++
	}
	switch {
	case at < to && a != 0:
		m.value[at] = a
	case at < to: // the row's last entry takes the place
		to--
		m.index[at], m.value[at] = m.index[to], m.value[to]
		m.end[c.i] = to
		m.gaps = true
	case a == 0:
		return
	default: // the row moves to the end, where it can grow
		if int(to) != len(m.index) {
			m.start[c.i] = int32(len(m.index))
			m.index = append(m.index, m.index[from:to]...)
			m.value = append(m.value, m.value[from:to]...)
			m.gaps = true
		}
		m.index, m.value = append(m.index, v.i), append(m.value, a)
		m.end[c.i] = int32(len(m.index))
	}
	m.cells = append(m.cells, cell{c.i, v.i})
}

// Err is the first mistake made while building, nil when there was none.
func (m *Model) Err() error { return m.err }

func (m *Model) fail(format string, a ...any) {
	if m.err == nil {
		m.err = fmt.Errorf("model %s: %w", m.name, fmt.Errorf(format, a...))
	}
}

var errForeign = errors.New("handle belongs to no model or to another one")

// owns says whether v is a variable of m.
func (m *Model) owns(v Var) bool {
	return v.m != nil && (v.m == m || v.m == m.origin) && int(v.i) < len(m.cost)
}

func (m *Model) ownsCon(c Con) bool {
	return c.m != nil && (c.m == m || c.m == m.origin) && int(c.i) < len(m.rowLower)
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// interval checks bounds and makes infinite what HiGHS takes for infinite. Bounds that are refused become free.
func (m *Model) interval(lo, hi float64, n name, what string) (float64, float64) {
	if math.IsNaN(lo) || math.IsNaN(hi) || lo > hi || lo >= infinite || hi <= -infinite {
		m.fail("bounds [%g, %g] of %s %s hold no number", lo, hi, what, m.families.full(n))
		return math.Inf(-1), math.Inf(1)
	}
	if lo <= -infinite {
		lo = math.Inf(-1)
	}
	if hi >= infinite {
		hi = math.Inf(1)
	}
	return lo, hi
}
