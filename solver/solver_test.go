package solver_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lotwise/solver"
	"lotwise/solver/highs"
	"lotwise/solver/solvertest"
)

var (
	inf = math.Inf(1)
	ctx = context.Background()
)

type terms = []solver.Term

// near is false of NaN, which is the objective of no solution.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(1, math.Abs(b)) }

func solve(t testing.TB, m *solver.Model, o solver.Options) *solver.Solution {
	t.Helper()
	s, err := solver.Solve(ctx, m, o)
	if err != nil {
		t.Fatal(err)
	}
	solvertest.Verify(t, m, s)
	return s
}

// workshop is max 20 chairs + 90 tables, chairs + 4 tables ≤ 33 hours, at most 10 whole tables.
func workshop() (m *solver.Model, chairs, tables solver.Var, hours solver.Con) {
	m = solver.NewModel("workshop", solver.Maximize)
	chairs = m.Continuous("make", "chairs", 0, inf)
	tables = m.Integer("make", "tables", 0, 10)
	m.Objective(chairs.Times(20), tables.Times(90))
	hours = m.AtMost("hours", "", terms{chairs.Times(1), tables.Times(4)}, 33)
	return m, chairs, tables, hours
}

func TestString(t *testing.T) {
	m, chairs, tables, hours := workshop()
	b := m.Binary("open", "")
	m.Range("mix", "a", -2, terms{chairs.Times(1), tables.Times(-1), b.Times(-0.5)}, 3.25)
	m.AtLeast("none", "", nil, -1)
	m.Continuous("slack", "", -inf, inf)
	m.Quadratic(chairs, chairs, -1)
	m.Offset(-7)
	want := `workshop: 4 variables (2 integer), 3 constraints, 5 coefficients
maximize
  20 make[chairs] + 90 make[tables] - make[chairs]² - 7
subject to
  hours: make[chairs] + 4 make[tables] ≤ 33
  mix[a]: -2 ≤ make[chairs] - make[tables] - 0.5 open ≤ 3.25
  none: 0 ≥ -1
with
  make[chairs] ≥ 0
  0 ≤ make[tables] ≤ 10, integer
  open binary
  slack free
`
	if got := m.String(); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
	if chairs.String() != "make[chairs]" || tables.Family() != "make" || tables.Key() != "tables" || hours.String() != "hours" {
		t.Errorf("names %s, %s, %s, %s", chairs, tables.Family(), tables.Key(), hours)
	}
	large := solver.NewModel("large", solver.Minimize)
	for i := range 1000 {
		x := large.Continuous("x", fmt.Sprint(i), 0, 1)
		large.Objective(x.Times(1))
		large.AtLeast("c", fmt.Sprint(i), terms{x.Times(1)}, 0)
	}
	if s := large.String(); len(s) > 6000 || !strings.Contains(s, "940 more terms") || !strings.Contains(s, "960 more constraints") {
		t.Errorf("a large model prints %d bytes:\n%s", len(s), s)
	}
}

func TestMistakesStickInTheModel(t *testing.T) {
	other, foreign, _, foreignCon := workshop()
	if other.Err() != nil {
		t.Fatal(other.Err())
	}
	for want, mistake := range map[string]func(*solver.Model, solver.Var, solver.Con){
		"coefficient of x[a] in c[1] is NaN": func(m *solver.Model, x solver.Var, _ solver.Con) {
			m.AtMost("c", "1", terms{x.Times(math.NaN())}, 1)
		},
		"cost of x[a] is +Inf":             func(m *solver.Model, x solver.Var, _ solver.Con) { m.Objective(x.Times(inf)) },
		"handle belongs to no model":       func(m *solver.Model, _ solver.Var, _ solver.Con) { m.Objective(foreign.Times(1)) },
		"objective: variable handle":       func(m *solver.Model, _ solver.Var, _ solver.Con) { m.Objective(solver.Term{Coef: 1}) },
		"SetRange: constraint handle":      func(m *solver.Model, _ solver.Var, _ solver.Con) { m.SetRange(foreignCon, 0, 1) },
		"bounds [2, 1] of variable y":      func(m *solver.Model, _ solver.Var, _ solver.Con) { m.Continuous("y", "", 2, 1) },
		"bounds [NaN, 1] of constraint c":  func(m *solver.Model, x solver.Var, c solver.Con) { m.SetRange(c, math.NaN(), 1) },
		"bounds [+Inf, +Inf] of variable":  func(m *solver.Model, x solver.Var, _ solver.Con) { m.SetBounds(x, inf, inf) },
		"larger than 1e+15":                func(m *solver.Model, x solver.Var, c solver.Con) { m.SetCoef(c, x, 1e16) },
		"cost 1e+30 of x[a]":               func(m *solver.Model, x solver.Var, _ solver.Con) { m.SetCost(x, 1e30) },
		"offset is NaN":                    func(m *solver.Model, _ solver.Var, _ solver.Con) { m.Offset(math.NaN()) },
		"quadratic cost of x[a]·x[a] is ":  func(m *solver.Model, x solver.Var, _ solver.Con) { m.Quadratic(x, x, inf) },
		"neither Minimize nor Maximize":    func(m *solver.Model, _ solver.Var, _ solver.Con) { *m = *solver.NewModel("m", 7) },
		"constraint c[2]: variable handle": func(m *solver.Model, _ solver.Var, _ solver.Con) { m.Equal("c", "2", terms{foreign.Times(1)}, 0) },
	} {
		m := solver.NewModel("m", solver.Minimize)
		x := m.Continuous("x", "a", 0, 1)
		c := m.AtMost("c", "", terms{x.Times(1)}, 1)
		mistake(m, x, c)
		m.SetCost(x, 1) // what comes later does not cover the mistake up
		_, err := solver.Solve(ctx, m, solver.Options{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "model m: ") || !errors.Is(err, m.Err()) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestTermsAddUpAndTinyOnesVanish(t *testing.T) {
	m := solver.NewModel("sums", solver.Maximize)
	x, y := m.Continuous("x", "", 0, 10), m.Continuous("y", "", 0, 1)
	m.Objective(x.Times(1), x.Times(1), y.Times(1e-3))
	c := m.AtMost("c", "", terms{x.Times(1), y.Times(2), x.Times(3), y.Times(-2), x.Times(1e-12)}, 8)
	d := m.AtMost("d", "", terms{y.Times(1), x.Times(-0.5), y.Times(1)}, 5)
	if m.Nonzeros() != 3 {
		t.Errorf("%d coefficients", m.Nonzeros())
	}
	for v, a := range c.Terms() {
		if v != x || a != 4+1e-12 {
			t.Errorf("%g %s in c", a, v)
		}
	}
	if got := d.Activity([]float64{4, 1}); got != 0 {
		t.Errorf("activity %g of d", got)
	}
	if s := solve(t, m, solver.Options{}); !near(s.Value(x), 2) || !near(s.Objective, 4.001) {
		t.Errorf("x = %g, objective %g", s.Value(x), s.Objective)
	}
}

func TestShadowPricesOfAMIP(t *testing.T) {
	m, chairs, tables, hours := workshop()
	s := solve(t, m, solver.Options{})
	if s.Objective != 740 || s.Value(tables) != 8 || s.HasDuals() {
		t.Fatalf("%+v", s)
	}
	lp, err := m.FixIntegers(s)
	if err != nil {
		t.Fatal(err)
	}
	fixed := solve(t, lp, solver.Options{})
	if fixed.Objective != 740 || fixed.Bound != 740 || fixed.Value(chairs) != 1 || fixed.Dual(hours) != 20 || fixed.ReducedCost(tables) != 10 {
		t.Errorf("objective %g, bound %g, chairs %g, an hour is worth %g, a table %g",
			fixed.Objective, fixed.Bound, fixed.Value(chairs), fixed.Dual(hours), fixed.ReducedCost(tables))
	}
	lp.SetBounds(chairs, 0, 0.5) // handles of the model serve for the copy, and the copy alone changes
	if got := solve(t, lp, solver.Options{}).Objective; got != 730 {
		t.Errorf("objective %g of the changed copy", got)
	}
	if got := solve(t, m, solver.Options{}).Objective; got != 740 {
		t.Errorf("objective %g of the model itself", got)
	}
	if _, err := lp.FixIntegers(s); err == nil {
		t.Error("fixed by a solution of another model")
	}
}

func TestSolutionRefusesForeignHandles(t *testing.T) {
	m, chairs, _, hours := workshop()
	other, x, _, _ := workshop()
	s := solve(t, m, solver.Options{})
	for what, f := range map[string]func(){
		"value of another model's variable": func() { s.Value(x) },
		"value of no variable":              func() { s.Value(solver.Var{}) },
		"dual of a MIP":                     func() { s.Dual(hours) },
		"value without solution": func() {
			other.SetBounds(x, 40, 50)
			solve(t, other, solver.Options{}).Value(x)
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic: %s", what)
				}
			}()
			f()
		}()
	}
	if s.Value(chairs) != 1 {
		t.Errorf("chairs %g", s.Value(chairs))
	}
}

// TestSessionIsWarm changes an LP a little and expects the kept basis to save most of a cold solve's
// iterations, and all of them where nothing has changed.
func TestSessionIsWarm(t *testing.T) {
	m := solver.NewModel("transport", solver.Minimize)
	const n = 30
	var x [n][n]solver.Var
	for i := range n {
		for j := range n {
			x[i][j] = m.Continuous("x", fmt.Sprintf("%d,%d", i, j), 0, inf)
			m.Objective(x[i][j].Times(float64((7*i + 11*j + i*j) % 23)))
		}
	}
	var supply [n]solver.Con
	for i := range n {
		var out, in terms
		for j := range n {
			out, in = append(out, x[i][j].Times(1)), append(in, x[j][i].Times(1))
		}
		supply[i] = m.AtMost("supply", fmt.Sprint(i), out, 12)
		m.AtLeast("demand", fmt.Sprint(i), in, float64(5+i%7))
	}
	s, err := solver.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first, err := s.Solve(ctx, solver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.SetRange(supply[3], -inf, 9)
	m.SetCost(x[1][2], 0.5)
	// A variable and a constraint that come later are passed on too.
	y := m.Continuous("rent", "", 0, 3)
	m.SetCost(y, -0.25)
	m.SetCoef(supply[3], y, -1)
	limit := m.AtMost("cap", "", terms{x[0][0].Times(1), y.Times(1)}, 2)
	warm, err := s.Solve(ctx, solver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	solvertest.Verify(t, m, warm)
	cold := solve(t, m, solver.Options{Extra: map[string]any{"presolve": "off"}})
	if !near(warm.Objective, cold.Objective) {
		t.Errorf("objective %g warm, %g cold", warm.Objective, cold.Objective)
	}
	if first.Iterations == 0 && cold.Iterations == 0 || 2*warm.Iterations > cold.Iterations {
		t.Errorf("%d iterations warm, %d cold", warm.Iterations, cold.Iterations)
	}
	if warm.Value(y) == 0 || limit.Activity(warm.Values()) > 2+1e-6 {
		t.Errorf("rent %g", warm.Value(y))
	}
	if same, err := s.Solve(ctx, solver.Options{}); err != nil || same.Iterations != 0 || same.Objective != warm.Objective {
		t.Errorf("nothing changed, and %d iterations, %v", same.Iterations, err)
	}
	s.Close()
	if _, err := s.Solve(ctx, solver.Options{}); err == nil {
		t.Error("a closed session solves")
	}
}

func TestCoefficientsComeAndGo(t *testing.T) {
	m := solver.NewModel("m", solver.Maximize)
	x, y, z := m.Continuous("x", "", 0, 10), m.Continuous("y", "", 0, 10), m.Continuous("z", "", 0, 10)
	m.Objective(x.Times(1), y.Times(1), z.Times(1))
	a := m.AtMost("a", "", terms{x.Times(1), y.Times(1)}, 6)
	b := m.AtMost("b", "", terms{y.Times(1), z.Times(2)}, 8)
	s, err := solver.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	check := func(want float64) {
		t.Helper()
		got, err := s.Solve(ctx, solver.Options{})
		if err != nil {
			t.Fatal(err)
		}
		solvertest.Verify(t, m, got)
		if fresh := solve(t, m, solver.Options{}); !near(got.Objective, want) || !near(fresh.Objective, want) {
			t.Errorf("objective %g in the session, %g afresh, want %g of\n%s", got.Objective, fresh.Objective, want, m)
		}
	}
	check(10) // x + y = 6, z = 4 with y = 0
	m.SetCoef(a, z, 1)
	check(6) // x + y + z ≤ 6
	m.SetCoef(a, y, 0)
	check(14) // x + z ≤ 6, y + 2z ≤ 8: z = 0
	m.SetCoef(b, x, 4)
	m.SetCoef(b, z, 0)
	check(14) // z = 6, y = 8
	m.SetCoef(a, z, 2)
	m.SetCoef(a, z, 3)
	m.Range("c", "", 1, terms{x.Times(1), z.Times(1)}, 4)
	m.SetCoef(m.Con(2), z, 2)
	check(8 + 2) // z = 2
	if m.Nonzeros() != 6 {
		t.Errorf("%d coefficients in\n%s", m.Nonzeros(), m)
	}
	whole := m.Integer("whole", "", 0, 10) // makes a MIP of the session's LP
	m.SetCost(whole, 1)
	m.AtMost("d", "", terms{whole.Times(2)}, 5)
	check(8 + 2 + 2)
}

func TestSessionKeepsTheIncumbentOfAMIP(t *testing.T) {
	m := solvertest.Hard(40, 3)
	s, err := solver.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first, err := s.Solve(ctx, solver.Options{NodeLimit: 2000})
	if err != nil || !first.HasValues() {
		t.Fatal(first, err)
	}
	m.SetCost(m.Var(0), m.Var(0).Cost()+1)
	x := m.Binary("late", "")
	m.SetCost(x, -5)
	alone := solver.Options{NodeLimit: 1, Extra: map[string]any{"mip_heuristic_effort": 0.0}}
	for _, h := range []string{"feasibility_jump", "rins", "rens", "root_reduced_cost", "zi_round", "shifting"} {
		alone.Extra["mip_heuristic_run_"+h] = false
	}
	kept := m.Evaluate(append(slices.Clone(first.Values()), 0))
	var seen []float64
	alone.Improving = func(z float64, _ []float64) { seen = append(seen, z) }
	again, err := s.Solve(ctx, alone)
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) == 0 || seen[0] != kept || again.Objective < kept {
		t.Errorf("objective %g after one of %g, improving by %v", again.Objective, kept, seen)
	}
	m.SetBounds(m.Var(0), 1-first.Values()[0], 1-first.Values()[0]) // no longer feasible
	if other, err := s.Solve(ctx, solver.Options{NodeLimit: 1}); err != nil || other.HasValues() && other.Value(m.Var(0)) == first.Values()[0] {
		t.Errorf("%+v, %v", other, err)
	}
}

func TestSessionOnAQuadraticProgram(t *testing.T) {
	m := solver.NewModel("parabola", solver.Maximize)
	x := m.Continuous("x", "", 0, 10)
	m.Quadratic(x, x, -1)
	m.Objective(x.Times(6))
	s, err := solver.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	check := func(want float64) {
		t.Helper()
		got, err := s.Solve(ctx, solver.Options{})
		if err != nil {
			t.Fatal(err)
		}
		solvertest.Verify(t, m, got)
		if !near(got.Objective, want) {
			t.Errorf("objective %g, want %g", got.Objective, want)
		}
	}
	check(9) // 6x - x²
	m.Quadratic(x, x, -2)
	check(3) // 6x - 3x²
	y := m.Continuous("y", "", 0, 10)
	m.SetCost(y, 1)
	m.AtMost("c", "", terms{x.Times(1), y.Times(1)}, 1.5)
	check(1.5 + 25.0/12) // 5x - 3x² + 1.5
	m.Quadratic(x, y, -1)
	m.Quadratic(y, y, -2)
	check(solve(t, m, solver.Options{}).Objective)
}

// TestAbandoned cancels where HiGHS does not ask whether to stop, inside a first-order LP solve, and expects an
// answer within a second, and the session to go on.
func TestAbandoned(t *testing.T) {
	lp := solver.NewModel("dense", solver.Maximize)
	const n = 800
	r := rand.New(rand.NewPCG(1, 1))
	rows := make([]terms, n)
	rooms := make([]float64, n)
	for j := range n {
		x := lp.Continuous("x", fmt.Sprint(j), 0, 1)
		lp.Objective(x.Times(float64(500 + r.IntN(100))))
		for i := range rows {
			w := float64(400 + r.IntN(300))
			rows[i] = append(rows[i], x.Times(w))
			rooms[i] += w / 3
		}
	}
	for i, row := range rows {
		lp.AtMost("room", fmt.Sprint(i), row, rooms[i])
	}
	s, err := solver.Open(lp)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	got, err := s.Solve(short, solver.Options{
		LPSolver: "pdlp", TimeLimit: 5 * time.Second,
		Extra: map[string]any{"pdlp_optimality_tolerance": 1e-10},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Termination != solver.Cancelled || time.Since(begin) > 1100*time.Millisecond {
		t.Errorf("termination %s after %v", got.Termination, time.Since(begin))
	}
	for j := range lp.Vars() {
		lp.SetBounds(lp.Var(j), 0, 0)
	}
	if got, err = s.Solve(ctx, solver.Options{}); err != nil || got.Claim != solver.Optimal || got.Objective != 0 {
		t.Errorf("after an abandoned solve: %+v, %v", got, err)
	}
}

func TestPanicInCallbackReachesTheCaller(t *testing.T) {
	defer func() {
		if p := recover(); p != "mine" {
			t.Errorf("recovered %v", p)
		}
	}()
	_, _ = solver.Solve(ctx, solvertest.Hard(60, 4), solver.Options{Improving: func(float64, []float64) { panic("mine") }})
	t.Error("no panic")
}

func TestIIS(t *testing.T) {
	m := solver.NewModel("conflict", solver.Maximize)
	x, y := m.Continuous("x", "", 0, 10), m.Continuous("y", "", 0, 10)
	z := m.Integer("z", "", 0, 9)
	m.Objective(x.Times(1))
	m.AtMost("harmless", "1", terms{x.Times(1), y.Times(1)}, 15)
	few := m.AtMost("few", "", terms{x.Times(1), y.Times(1)}, 3)
	m.AtLeast("harmless", "2", terms{x.Times(1), z.Times(1)}, 2)
	more := m.AtLeast("more", "", terms{x.Times(1), y.Times(-1)}, 5)
	cons, vars, err := solver.IIS(ctx, m)
	if err != nil || !slices.Equal(cons, []solver.Con{few, more}) || !slices.Equal(vars, []solver.Var{y}) {
		t.Errorf("constraints %v, bounds %v, %v", cons, vars, err)
	}
	m.SetRange(few, -inf, 8)
	if _, _, err := solver.IIS(ctx, m); !errors.Is(err, solver.ErrFeasible) {
		t.Errorf("a feasible model: %v", err)
	}
	// Feasible without integrality: 1 ≤ 2z - 4w ≤ 1 needs an odd left side to be even.
	w := m.Integer("w", "", 0, 9)
	odd := m.Equal("odd", "", terms{z.Times(2), w.Times(-4)}, 1)
	cons, _, err = solver.IIS(ctx, m)
	if err != nil || !slices.Equal(cons, []solver.Con{odd}) {
		t.Errorf("constraints %v, %v", cons, err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := solver.IIS(gone, m); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestModelFilesReadBack(t *testing.T) {
	m, chairs, tables, _ := workshop()
	m.Range("mix of", "Ä 1", -2, terms{chairs.Times(1), tables.Times(-1)}, 3.25)
	m.Range("mix of", "Ö 1", -3, terms{chairs.Times(1), tables.Times(-1)}, 3.25) // the same name once cleaned
	m.Continuous("3e5", "", -inf, 4)
	m.Offset(5)
	want := solve(t, m, solver.Options{}).Objective
	for _, ext := range []string{".lp", ".mps"} {
		path := filepath.Join(t.TempDir(), "workshop"+ext)
		if err := m.WriteFile(path); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "make(chairs)") || !strings.Contains(string(text), "hours") {
			t.Errorf("names are missing in\n%s", text)
		}
		in, err := highs.Acquire()
		if err != nil {
			t.Fatal(err)
		}
		defer in.Release()
		if err := in.ReadModel(path); err != nil {
			t.Fatal(err)
		}
		if err := in.Run(ctx, highs.Events{}); err != nil {
			t.Fatal(err)
		}
		if got := in.Objective(); !near(got, want) {
			t.Errorf("%s: objective %g, want %g of\n%s", ext, got, want, text)
		}
	}
	if err := m.WriteFile("workshop.csv"); err == nil {
		t.Error("wrote a .csv")
	}
}

func BenchmarkBuild(b *testing.B) {
	const n, k = 100_000, 10
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprint(i)
	}
	for b.Loop() {
		m := solver.NewModel("build", solver.Minimize)
		vars := make([]solver.Var, n)
		for j := range vars {
			vars[j] = m.Continuous("x", keys[j], 0, 1)
		}
		sum := make(terms, k)
		for i := range n {
			for l := range sum {
				sum[l] = vars[(i*k+l*7919)%n].Times(float64(l + 1))
			}
			m.AtMost("c", keys[i], sum, 1)
		}
		if m.Nonzeros() != n*k {
			b.Fatal(m.Nonzeros())
		}
	}
}

func BenchmarkSmallMIP(b *testing.B) {
	m := solvertest.Hard(6, 1)
	for b.Loop() {
		if s, err := solver.Solve(ctx, m, solver.Options{}); err != nil || s.Claim != solver.Optimal {
			b.Fatal(s, err)
		}
	}
}

func BenchmarkSessionLP(b *testing.B) {
	m, _, tables, hours := workshop()
	lp, err := m.FixIntegers(solve(b, m, solver.Options{}))
	if err != nil {
		b.Fatal(err)
	}
	lp.SetBounds(tables, 0, 10)
	s, err := solver.Open(lp)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for i := 0; b.Loop(); i++ {
		lp.SetRange(hours, -inf, 30+float64(i%5))
		if r, err := s.Solve(ctx, solver.Options{}); err != nil || r.Claim != solver.Optimal {
			b.Fatal(r, err)
		}
	}
}
