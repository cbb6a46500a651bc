package solver

import (
	"iter"
	"math"

	"lotwise/solver/highs"
)

// Name is the model's name.
func (m *Model) Name() string { return m.name }

// Sense is the direction of the objective.
func (m *Model) Sense() Sense { return m.sense }

// Vars is the number of variables.
func (m *Model) Vars() int { return len(m.cost) }

// Cons is the number of constraints.
func (m *Model) Cons() int { return len(m.rowLower) }

// Nonzeros is the number of coefficients in constraints.
func (m *Model) Nonzeros() int {
	n := 0
	for i := range m.start {
		n += int(m.end[i] - m.start[i])
	}
	return n
}

// Integers is the number of integer variables.
func (m *Model) Integers() int {
	n := 0
	for _, k := range m.kinds {
		if k == highs.VarTypeInteger {
			n++
		}
	}
	return n
}

// Constant is the constant term of the objective.
func (m *Model) Constant() float64 { return m.offset }

// Var is variable i in the order of creation, 0 ≤ i < Vars().
func (m *Model) Var(i int) Var { _ = m.cost[i]; return Var{m, int32(i)} }

// Con is constraint i in the order of creation, 0 ≤ i < Cons().
func (m *Model) Con(i int) Con { _ = m.rowLower[i]; return Con{m, int32(i)} }

// QuadraticTerms runs over the products v·w of the objective and their coefficients, as they were added.
func (m *Model) QuadraticTerms() iter.Seq2[[2]Var, float64] {
	return func(yield func([2]Var, float64) bool) {
		for _, q := range m.quad {
			if !yield([2]Var{{m, q.v}, {m, q.w}}, q.coef) {
				return
			}
		}
	}
}

// Valid says whether v is a variable's handle.
func (v Var) Valid() bool { return v.m != nil }

// Index is the variable's place in the order of creation and in [Solution.Values].
func (v Var) Index() int { return int(v.i) }

// Family and Key are what the variable was named by.
func (v Var) Family() string { return v.m.families.list[v.m.varNames[v.i].family] }

// Key is the variable's name within its family.
func (v Var) Key() string { return v.m.varNames[v.i].key }

// String is family[key].
func (v Var) String() string {
	if !v.Valid() {
		return "no variable"
	}
	return v.m.families.full(v.m.varNames[v.i])
}

// Bounds are the variable's lower and upper bound.
func (v Var) Bounds() (lower, upper float64) { return v.m.lower[v.i], v.m.upper[v.i] }

// Cost is the variable's linear cost.
func (v Var) Cost() float64 { return v.m.cost[v.i] }

// IsInteger says whether the variable must be integer.
func (v Var) IsInteger() bool { return v.m.kinds[v.i] == highs.VarTypeInteger }

// Valid says whether c is a constraint's handle.
func (c Con) Valid() bool { return c.m != nil }

// Index is the constraint's place in the order of creation.
func (c Con) Index() int { return int(c.i) }

// Family and Key are what the constraint was named by.
func (c Con) Family() string { return c.m.families.list[c.m.conNames[c.i].family] }

// Key is the constraint's name within its family.
func (c Con) Key() string { return c.m.conNames[c.i].key }

// String is family[key].
func (c Con) String() string {
	if !c.Valid() {
		return "no constraint"
	}
	return c.m.families.full(c.m.conNames[c.i])
}

// Range is the interval that the constraint's sum must lie in.
func (c Con) Range() (lo, hi float64) { return c.m.rowLower[c.i], c.m.rowUpper[c.i] }

// Terms runs over the constraint's variables and coefficients.
func (c Con) Terms() iter.Seq2[Var, float64] {
	return func(yield func(Var, float64) bool) {
		for k := c.m.start[c.i]; k < c.m.end[c.i]; k++ {
			if !yield(Var{c.m, c.m.index[k]}, c.m.value[k]) {
				return
			}
		}
	}
}

// Evaluate is the objective at x, which holds a value for each variable by [Var.Index].
func (m *Model) Evaluate(x []float64) float64 {
	sum := Sum{total: m.offset}
	for i, c := range m.cost {
		if c != 0 {
			sum.Add(c * x[i])
		}
	}
	for _, q := range m.quad {
		sum.Add(q.coef * x[q.v] * x[q.w])
	}
	return sum.Value()
}

// Activity is Σ terms of c at x.
func (c Con) Activity(x []float64) float64 {
	sum, _ := c.m.activity(int(c.i), x)
	return sum
}

// activity is the sum of row i at x, and the largest term in magnitude, which says how exact the sum can be.
func (m *Model) activity(i int, x []float64) (sum, largest float64) {
	var t Sum
	for k := m.start[i]; k < m.end[i]; k++ {
		a := m.value[k] * x[m.index[k]]
		t.Add(a)
		largest = max(largest, math.Abs(a))
	}
	return t.Value(), largest
}

// Violation is by how much x leaves the model at worst: a bound or a constraint, the latter as a share of the
// largest term of its sum where that exceeds 1, or the distance of an integer variable from an
// integer. where names the culprit; it is "" at 0.
func (m *Model) Violation(x []float64) (worst float64, where string) {
	var v Var
	var c Con
	for j := range m.cost {
		out := max(m.lower[j]-x[j], x[j]-m.upper[j], 0)
		if m.kinds[j] == highs.VarTypeInteger {
			out = max(out, math.Abs(x[j]-math.Round(x[j])))
		}
		if out > worst || math.IsNaN(x[j]) {
			worst, v = out, Var{m, int32(j)}
			if math.IsNaN(x[j]) {
				return math.Inf(1), v.String()
			}
		}
	}
	for i := range m.rowLower {
		sum, largest := m.activity(i, x)
		if out := max(m.rowLower[i]-sum, sum-m.rowUpper[i], 0) / max(1, largest); out > worst {
			worst, c = out, Con{m, int32(i)}
		}
	}
	switch {
	case c.Valid():
		where = c.String()
	case v.Valid():
		where = v.String()
	}
	return worst, where
}
