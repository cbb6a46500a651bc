package solvertest

import (
	"math"

	"lotwise/solver"
)

// Case is a model with its answer.
type Case struct {
	Name      string
	Build     func() *solver.Model
	Claim     solver.Claim
	Objective float64 // where the claim is Optimal
}

var inf = math.Inf(1)

type terms = []solver.Term

// Cases are the models that every path solves. Each has its mathematics above it.
var Cases = []Case{
	// max 3x + 2y, x + y ≤ 4, x + 3y ≤ 6, 0 ≤ x ≤ 3, y ≥ 0: (3, 1)
	{"lp", func() *solver.Model {
		m := solver.NewModel("lp", solver.Maximize)
		x, y := m.Continuous("x", "", 0, 3), m.Continuous("y", "", 0, inf)
		m.Objective(x.Times(3), y.Times(2))
		m.AtMost("a", "", terms{x.Times(1), y.Times(1)}, 4)
		m.AtMost("b", "", terms{x.Times(1), y.Times(3)}, 6)
		return m
	}, solver.Optimal, 11},
	// min x + y + z, x + 2y = 5, y - z = -1, x ≥ -1: (-1, 3, 4)
	{"equalities and free variables", func() *solver.Model {
		m := solver.NewModel("equalities", solver.Minimize)
		x := m.Continuous("x", "", -1, inf)
		y, z := m.Continuous("y", "", -inf, inf), m.Continuous("z", "", -inf, 4)
		m.Objective(x.Times(1), y.Times(-1), z.Times(-1))
		m.Equal("a", "", terms{x.Times(1), y.Times(2)}, 5)
		m.Equal("b", "", terms{y.Times(1), z.Times(-1)}, -1)
		return m
	}, solver.Optimal, -8},
	// max x - y, 2 ≤ x + y ≤ 4, -1 ≤ x - 2y ≤ 1: (3, 1)
	{"ranges", func() *solver.Model {
		m := solver.NewModel("ranges", solver.Maximize)
		x, y := m.Continuous("x", "", 0, 10), m.Continuous("y", "", 0, 10)
		m.Objective(x.Times(1), y.Times(-1))
		m.Range("a", "", 2, terms{x.Times(1), y.Times(1)}, 4)
		m.Range("b", "", -1, terms{x.Times(1), y.Times(-2)}, 1)
		return m
	}, solver.Optimal, 2},
	{"no variables", func() *solver.Model {
		m := solver.NewModel("none", solver.Maximize)
		m.Offset(7)
		m.AtMost("a", "", nil, 1)
		return m
	}, solver.Optimal, 7},
	{"no variables, infeasible", func() *solver.Model {
		m := solver.NewModel("none", solver.Minimize)
		m.AtLeast("a", "", nil, 1)
		return m
	}, solver.Infeasible, 0},
	{"no constraints", func() *solver.Model {
		m := solver.NewModel("box", solver.Maximize)
		x, y := m.Continuous("x", "", -2, 3), m.Integer("y", "", -1.5, 2.5)
		m.Objective(x.Times(-1), y.Times(4))
		m.Offset(0.5)
		return m
	}, solver.Optimal, 10.5},
	{"no objective", func() *solver.Model {
		m := solver.NewModel("any", solver.Maximize)
		x := m.Integer("x", "", 0, 9)
		m.Equal("a", "", terms{x.Times(3)}, 12)
		return m
	}, solver.Optimal, 0},
	{"empty constraints", func() *solver.Model {
		m := solver.NewModel("empty", solver.Minimize)
		m.AtMost("none", "", nil, 0)
		x := m.Continuous("x", "", 1, 2)
		m.Objective(x.Times(1))
		m.Range("free", "", -inf, terms{x.Times(1)}, inf)
		m.Equal("cancel", "", terms{x.Times(1), x.Times(-1)}, 0)
		return m
	}, solver.Optimal, 1},
	{"empty constraint, infeasible", func() *solver.Model {
		m := solver.NewModel("empty", solver.Minimize)
		x := m.Continuous("x", "", 1, 2)
		m.Objective(x.Times(1))
		m.Equal("a", "", terms{x.Times(1), x.Times(-1)}, 3)
		return m
	}, solver.Infeasible, 0},
	{"infeasible lp", func() *solver.Model {
		m := solver.NewModel("infeasible", solver.Maximize)
		x, y := m.Continuous("x", "", 0, inf), m.Continuous("y", "", 0, inf)
		m.Objective(x.Times(1))
		m.AtMost("a", "", terms{x.Times(1), y.Times(1)}, 1)
		m.AtLeast("b", "", terms{x.Times(1), y.Times(-1)}, 2)
		return m
	}, solver.Infeasible, 0},
	// 2x + 2y = 3 has fractional solutions only
	{"infeasible by integrality", func() *solver.Model {
		m := solver.NewModel("odd", solver.Minimize)
		x, y := m.Integer("x", "", 0, 5), m.Integer("y", "", 0, 5)
		m.Objective(x.Times(1))
		m.Equal("a", "", terms{x.Times(2), y.Times(2)}, 3)
		return m
	}, solver.Infeasible, 0},
	{"unbounded lp", func() *solver.Model {
		m := solver.NewModel("unbounded", solver.Maximize)
		x, y := m.Continuous("x", "", 0, inf), m.Continuous("y", "", 0, inf)
		m.Objective(x.Times(1), y.Times(1))
		m.AtMost("a", "", terms{x.Times(1), y.Times(-1)}, 1)
		return m
	}, solver.Unbounded, 0},
	{"unbounded mip", func() *solver.Model {
		m := solver.NewModel("unbounded", solver.Minimize)
		x, y := m.Integer("x", "", -inf, inf), m.Continuous("y", "", 0, 5)
		m.Objective(x.Times(1), y.Times(1))
		m.AtMost("a", "", terms{x.Times(1), y.Times(1)}, 10)
		return m
	}, solver.Unbounded, 0},
	// z may fall without end, but 2x + 2y = 3 has no integer solution
	{"unbounded relaxation, infeasible mip", func() *solver.Model {
		m := solver.NewModel("both", solver.Minimize)
		x, y := m.Integer("x", "", 0, 5), m.Integer("y", "", 0, 5)
		z := m.Continuous("z", "", -inf, 0)
		m.Objective(z.Times(1))
		m.Equal("a", "", terms{x.Times(2), y.Times(2)}, 3)
		m.AtMost("b", "", terms{z.Times(1), x.Times(1)}, 9)
		return m
	}, solver.Infeasible, 0},
	// max 5a + 4b + 3c, 2a + 3b + c ≤ 5, 4a + b + 2c ≤ 11, 3a + 4b + 2c ≤ 8, binary: a and b
	{"binary program", func() *solver.Model {
		m := solver.NewModel("binary", solver.Maximize)
		a, b, c := m.Binary("a", ""), m.Binary("b", ""), m.Binary("c", "")
		m.Objective(a.Times(5), b.Times(4), c.Times(3))
		m.AtMost("1", "", terms{a.Times(2), b.Times(3), c.Times(1)}, 5)
		m.AtMost("2", "", terms{a.Times(4), b.Times(1), c.Times(2)}, 11)
		m.AtMost("3", "", terms{a.Times(3), b.Times(4), c.Times(2)}, 8)
		return m
	}, solver.Optimal, 9},
	// min 3x + y, x + y ≥ 3.5, y ≤ 2.25, x integer: x = 2, y = 1.5
	{"mixed integers", func() *solver.Model {
		m := solver.NewModel("mixed", solver.Minimize)
		x, y := m.Integer("x", "", 0, inf), m.Continuous("y", "", 0, 2.25)
		m.Objective(x.Times(3), y.Times(1))
		m.AtLeast("a", "", terms{x.Times(1), y.Times(1)}, 3.5)
		return m
	}, solver.Optimal, 7.5},
	// min (x-1)² + (y-2)², x + y ≤ 2: ½ at (½, 1½)
	{"projection", func() *solver.Model {
		m := solver.NewModel("projection", solver.Minimize)
		x, y := m.Continuous("x", "", -inf, inf), m.Continuous("y", "", -inf, inf)
		m.Quadratic(x, x, 1)
		m.Quadratic(y, y, 1)
		m.Objective(x.Times(-2), y.Times(-4))
		m.Offset(5)
		m.AtMost("a", "", terms{x.Times(1), y.Times(1)}, 2)
		return m
	}, solver.Optimal, 0.5},
	// max 8x + 6y - x² - xy - y², x + y ≤ 5, x, y ≥ 0: unconstrained top (10/3, 4/3) has value 52/3
	{"concave, maximised", func() *solver.Model {
		m := solver.NewModel("concave", solver.Maximize)
		x, y := m.Continuous("x", "", 0, inf), m.Continuous("y", "", 0, inf)
		m.Quadratic(x, x, -1)
		m.Quadratic(x, y, -0.25)
		m.Quadratic(y, x, -0.75)
		m.Quadratic(y, y, -1)
		m.Objective(x.Times(8), y.Times(6))
		m.AtMost("a", "", terms{x.Times(1), y.Times(1)}, 5)
		return m
	}, solver.Optimal, 52.0 / 3},
	{"infeasible qp", func() *solver.Model {
		m := solver.NewModel("infeasible", solver.Minimize)
		x := m.Continuous("x", "", 0, 1)
		m.Quadratic(x, x, 1)
		m.AtLeast("a", "", terms{x.Times(1)}, 2)
		return m
	}, solver.Infeasible, 0},
	// Coefficients and right-hand sides of seven magnitudes: max Σ x, 10^k x_k ≤ 3·10^k
	{"scales", func() *solver.Model {
		m := solver.NewModel("scales", solver.Maximize)
		for k := -3; k <= 3; k++ {
			p := math.Pow10(k)
			x := m.Integer("x", string(rune('a'+k+3)), 0, 100)
			m.Objective(x.Times(1))
			m.AtMost("a", x.Key(), terms{x.Times(p)}, 3*p)
		}
		return m
	}, solver.Optimal, 21},
}
