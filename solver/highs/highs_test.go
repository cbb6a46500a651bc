package highs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"
)

var inf = math.Inf(1)

func acquire(t testing.TB) *Instance {
	t.Helper()
	in, err := Acquire()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Release)
	return in
}

// must fails the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-6*max(1, math.Abs(want))) {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

// diet is
//
//	min  2x + 3y
//	s.t. x + y ≥ 4     (volume)
//	     x + 3y ≥ 6    (protein)
//	     0 ≤ x ≤ 3, 0 ≤ y
//
// with optimum 9 at (3, 1), where both rows and x ≤ 3 hold with equality.
func diet() *Problem {
	return &Problem{
		Cost: []float64{2, 3}, Lower: []float64{0, 0}, Upper: []float64{3, inf},
		RowLower: []float64{4, 6}, RowUpper: []float64{inf, inf},
		A: Matrix{Start: []int32{0, 2, 4}, Index: []int32{0, 1, 0, 1}, Value: []float64{1, 1, 1, 3}},
	}
}

func TestLinearProgram(t *testing.T) {
	in := acquire(t)
	must(t, in.PassModel(diet()))
	must(t, in.Run(context.Background(), Events{}))
	if in.Status() != ModelStatusOptimal {
		t.Fatalf("status %d", in.Status())
	}
	near(t, "objective", in.Objective(), 9)
	x, d, r, y := make([]float64, 2), make([]float64, 2), make([]float64, 2), make([]float64, 2)
	must(t, in.Solution(x, d, r, y))
	near(t, "x", x[0], 3)
	near(t, "y", x[1], 1)
	near(t, "volume", r[0], 4)
	near(t, "protein", r[1], 6)
	near(t, "dual objective", 4*y[0]+6*y[1]+3*d[0], 9)
	cols, rows, err := in.Basis()
	must(t, err)
	basic := 0
	for _, s := range append(cols, rows...) {
		if s == BasisStatusBasic {
			basic++
		}
	}
	if basic != 2 {
		t.Errorf("basis of %d members", basic)
	}

	// The basis serves a second instance, which then has nothing to do.
	other := acquire(t)
	must(t, other.PassModel(diet()))
	must(t, other.SetBasis(cols, rows))
	must(t, other.Run(context.Background(), Events{}))
	n, err := other.IntInfo("simplex_iteration_count")
	must(t, err)
	near(t, "objective", other.Objective(), 9)
	if n != 0 {
		t.Errorf("%d iterations from the optimal basis", n)
	}
}

func TestRowwiseIsTheSame(t *testing.T) {
	in := acquire(t)
	p := diet()
	p.A = Matrix{Rowwise: true, Start: []int32{0, 2}, Index: []int32{0, 1, 0, 1}, Value: []float64{1, 1, 1, 3}}
	must(t, in.PassModel(p))
	must(t, in.Run(context.Background(), Events{}))
	near(t, "objective", in.Objective(), 9)
	if in.Nonzeros() != 4 || in.Cols() != 2 || in.Rows() != 2 {
		t.Errorf("%d nonzeros, %d columns, %d rows", in.Nonzeros(), in.Cols(), in.Rows())
	}
}

func TestChanges(t *testing.T) {
	in := acquire(t)
	must(t, in.PassModel(diet()))
	run := func(want float64) {
		t.Helper()
		must(t, in.Run(context.Background(), Events{}))
		if in.Status() != ModelStatusOptimal {
			t.Fatalf("status %d", in.Status())
		}
		near(t, "objective", in.Objective(), want)
	}
	run(9)
	must(t, in.SetBounds([]int32{0}, []float64{0}, []float64{1}))
	run(11) // (1, 3)
	must(t, in.SetCosts([]int32{0, 1}, []float64{1, 1}))
	run(4)
	must(t, in.SetRowBounds([]int32{0}, []float64{5}, []float64{7}))
	run(5)
	must(t, in.SetOffset(100))
	run(105)
	must(t, in.SetCoef(0, 1, 0.5)) // x + y/2 ≥ 5, x ≤ 1: y = 8
	run(109)
	must(t, in.AddCols([]float64{0.25}, []float64{0}, []float64{inf}, Matrix{Start: []int32{0}, Index: []int32{0, 1}, Value: []float64{1, 1}}))
	run(101.5) // z = 6 for protein
	must(t, in.AddRows([]float64{-inf}, []float64{2}, Matrix{Rowwise: true, Start: []int32{0}, Index: []int32{2}, Value: []float64{1}}))
	run(100 + 0.5 + 1 + 4) // x = 1, z = 2, y = 4
	must(t, in.SetKinds([]int32{1}, []int32{VarTypeInteger}))
	must(t, in.SetRowBounds([]int32{0}, []float64{5.25}, []float64{7}))
	run(100 + 0.5 + 0.75 + 5) // y = 4.5 rounded up, which spares a quarter of x
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		name      string
		p         *Problem
		status    ModelStatus
		objective float64
	}{
		{"no columns, no rows", &Problem{}, ModelStatusModelEmpty, 0},
		{"no rows", &Problem{Cost: []float64{1, -2}, Lower: []float64{-3, 0}, Upper: []float64{5, 4}}, ModelStatusOptimal, -11},
		{"no rows, unbounded", &Problem{Cost: []float64{-1}, Lower: []float64{0}, Upper: []float64{inf}}, ModelStatusUnbounded, 0},
		{"empty rows", &Problem{
			Cost: []float64{1}, Lower: []float64{2}, Upper: []float64{3},
			RowLower: []float64{-1, -inf}, RowUpper: []float64{1, inf}, A: Matrix{Start: []int32{0}},
		}, ModelStatusOptimal, 2},
		{"empty row that cannot hold", &Problem{
			Cost: []float64{1}, Lower: []float64{2}, Upper: []float64{3},
			RowLower: []float64{1}, RowUpper: []float64{1}, A: Matrix{Start: []int32{0}},
		}, ModelStatusInfeasible, 0},
		{"free variable", &Problem{
			Cost: []float64{1}, Lower: []float64{-inf}, Upper: []float64{inf},
			RowLower: []float64{-7}, RowUpper: []float64{inf}, A: Matrix{Start: []int32{0}, Index: []int32{0}, Value: []float64{1}},
		}, ModelStatusOptimal, -7},
		{"integers, no rows", &Problem{Cost: []float64{-1}, Lower: []float64{0}, Upper: []float64{2.5}, Kinds: []int32{VarTypeInteger}}, ModelStatusOptimal, -2},
		{"maximise", &Problem{Maximize: true, Cost: []float64{1}, Lower: []float64{0}, Upper: []float64{2.5}}, ModelStatusOptimal, 2.5},
		// (x-1)² + (y-2)² with x + y ≤ 2: optimum ½ at (½, 1½)
		{"quadratic", &Problem{
			Offset: 5, Cost: []float64{-2, -4}, Lower: []float64{-inf, -inf}, Upper: []float64{inf, inf},
			RowLower: []float64{-inf}, RowUpper: []float64{2},
			A: Matrix{Start: []int32{0, 1}, Index: []int32{0, 0}, Value: []float64{1, 1}},
			H: &Matrix{Start: []int32{0, 1}, Index: []int32{0, 1}, Value: []float64{2, 2}},
		}, ModelStatusOptimal, 0.5},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := acquire(t)
			must(t, in.PassModel(c.p))
			must(t, in.Run(context.Background(), Events{}))
			if in.Status() != c.status {
				t.Fatalf("status %d, want %d", in.Status(), c.status)
			}
			if c.status == ModelStatusOptimal {
				near(t, "objective", in.Objective(), c.objective)
			}
		})
	}
}

func TestErrorsNameBothFunctions(t *testing.T) {
	in := acquire(t)
	must(t, in.PassModel(diet()))
	for _, c := range []struct {
		err  error
		want []string
	}{
		{in.Set("no_such_option", true), []string{"SetBool", "Highs_setBoolOptionValue", "no_such_option"}},
		{in.Set("threads", "two"), []string{"SetString", "Highs_setStringOptionValue", "threads"}},
		{in.Set("time_limit", -1.0), []string{"SetFloat", "Highs_setDoubleOptionValue", "time_limit"}},
		{in.Set("mip_max_nodes", math.MaxInt64), []string{"SetInt", "Highs_setIntOptionValue", "mip_max_nodes"}},
		{in.Set("presolve", struct{}{}), []string{"Set", "presolve", "struct {}"}},
		{in.SetBounds([]int32{7}, []float64{0}, []float64{1}), []string{"SetBounds", "Highs_changeColsBoundsBySet"}},
		{in.SetCosts([]int32{0, 1}, []float64{0}), []string{"SetCosts", "Highs_changeColsCostBySet", "2 indices, 1 values"}},
		{in.SetCoef(3, 0, 1), []string{"SetCoef", "Highs_changeCoeff"}},
		{in.PassModel(&Problem{Cost: []float64{1}}), []string{"PassModel", "Highs_passModel"}},
		{in.PassModel(&Problem{
			Cost: []float64{1}, Lower: []float64{0}, Upper: []float64{1}, RowLower: []float64{0}, RowUpper: []float64{1},
			A: Matrix{Start: []int32{0}, Index: []int32{5}, Value: []float64{1}},
		}), []string{"PassModel", "Highs_passModel"}},
		{in.Solution(make([]float64, 1), nil, nil, nil), []string{"Solution", "Highs_getSolution", "1 of 2"}},
		{in.WriteModel(filepath.Join(t.TempDir(), "no", "such", "model.lp")), []string{"WriteModel", "Highs_writeModel"}},
	} {
		var e *Error
		if !errors.As(c.err, &e) {
			t.Errorf("no error that names %q: %v", c.want, c.err)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(c.err.Error(), w) {
				t.Errorf("%q does not name %q", c.err, w)
			}
		}
	}
}

func TestOptionsOfAllTypesAndReset(t *testing.T) {
	in := acquire(t)
	must(t, in.Set("mip_detect_symmetry", false))
	must(t, in.Set("mip_max_nodes", 17))
	must(t, in.Set("mip_rel_gap", 0.25))
	must(t, in.Set("time_limit", 60)) // an int for a double
	must(t, in.Set("presolve", "off"))
	check := func(b bool, n int, gap float64, presolve string) {
		t.Helper()
		gotB, err := in.Bool("mip_detect_symmetry")
		must(t, err)
		gotN, err := in.Int("mip_max_nodes")
		must(t, err)
		gotGap, err := in.Float("mip_rel_gap")
		must(t, err)
		gotPresolve, err := in.Text("presolve")
		must(t, err)
		if gotB != b || gotN != n || gotGap != gap || gotPresolve != presolve {
			t.Errorf("options are %v %v %v %v, want %v %v %v %v", gotB, gotN, gotGap, gotPresolve, b, n, gap, presolve)
		}
	}
	check(false, 17, 0.25, "off")
	must(t, in.ResetOptions())
	check(true, math.MaxInt32, 1e-4, "choose")
	if console, err := in.Bool("log_to_console"); err != nil || console {
		t.Errorf("the console is on after a reset: %v", err)
	}
}

func TestModelFilesKeepNames(t *testing.T) {
	for _, ext := range []string{"lp", "mps"} {
		in := acquire(t)
		must(t, in.PassModel(diet()))
		must(t, in.NameModel("diet"))
		for j, n := range []string{"x(rice)", "x(beans)"} {
			must(t, in.NameCol(j, n))
		}
		for i, n := range []string{"volume", "protein"} {
			must(t, in.NameRow(i, n))
		}
		path := filepath.Join(t.TempDir(), "diet."+ext)
		must(t, in.WriteModel(path))
		text, err := os.ReadFile(path)
		must(t, err)
		for _, n := range []string{"x(rice)", "x(beans)", "volume", "protein"} {
			if !strings.Contains(string(text), n) {
				t.Errorf("%s lacks %s", ext, n)
			}
		}
		back := acquire(t)
		must(t, back.ReadModel(path))
		must(t, back.Run(context.Background(), Events{}))
		near(t, "objective of the "+ext+" file", back.Objective(), 9)
	}
}

func TestIIS(t *testing.T) {
	in := acquire(t)
	// x + y ≤ 1 and x - y ≥ 2 conflict with y ≥ 0; x ≤ 9 has no part in it.
	must(t, in.PassModel(&Problem{
		Cost: []float64{0, 0}, Lower: []float64{0, 0}, Upper: []float64{9, 9},
		RowLower: []float64{-inf, 2, -inf}, RowUpper: []float64{1, inf, 50},
		A: Matrix{Rowwise: true, Start: []int32{0, 2, 4}, Index: []int32{0, 1, 0, 1, 0, 1}, Value: []float64{1, 1, 1, -1, 1, 1}},
	}))
	must(t, in.SetInt("iis_strategy", IisStrategyFromLpRowPriority))
	iis, err := in.IIS()
	must(t, err)
	rows := map[int32]int32{}
	for k, r := range iis.Rows {
		rows[r] = iis.RowBounds[k]
	}
	if len(rows) != 2 || rows[0] != IisBoundUpper || rows[1] != IisBoundLower {
		t.Errorf("rows %v with bounds %v", iis.Rows, iis.RowBounds)
	}
}

// knapsacks is a random multiple knapsack of n binaries and k constraints, which keeps branch and bound busy: seconds at 40 by 5.
func knapsacks(seed uint64, n, k int) *Problem {
	r := rand.New(rand.NewPCG(seed, 1))
	p := &Problem{Maximize: true, A: Matrix{Rowwise: true}}
	for range n {
		p.Cost = append(p.Cost, float64(500+r.IntN(100)))
		p.Lower, p.Upper, p.Kinds = append(p.Lower, 0), append(p.Upper, 1), append(p.Kinds, VarTypeInteger)
	}
	for range k {
		p.A.Start = append(p.A.Start, int32(len(p.A.Index)))
		sum := 0.0
		for j := range n {
			a := float64(400 + r.IntN(300))
			p.A.Index, p.A.Value = append(p.A.Index, int32(j)), append(p.A.Value, a)
			sum += a
		}
		p.RowLower, p.RowUpper = append(p.RowLower, -inf), append(p.RowUpper, math.Floor(sum/3))
	}
	return p
}

func TestStartAndImprovingSolutions(t *testing.T) {
	in := acquire(t)
	p := knapsacks(3, 25, 3)
	must(t, in.PassModel(p))
	start := make([]float64, 25)
	start[4], start[9] = 1, 1
	must(t, in.SetSolution(start))
	must(t, in.SetFloat("mip_rel_gap", 0))
	var objectives []float64
	progress := 0
	must(t, in.Run(context.Background(), Events{
		Progress: func(Progress) { progress++ },
		Improving: func(objective float64, x []float64) {
			sum := 0.0
			for j, v := range x {
				sum += p.Cost[j] * v
			}
			near(t, "objective of an improving solution", objective, sum)
			objectives = append(objectives, objective)
		},
	}))
	if in.Status() != ModelStatusOptimal || len(objectives) == 0 || progress == 0 {
		t.Fatalf("status %d, %d improving solutions, %d times progress", in.Status(), len(objectives), progress)
	}
	for k := 1; k < len(objectives); k++ {
		if objectives[k] <= objectives[k-1] {
			t.Errorf("solution %d of %g does not improve on %g", k, objectives[k], objectives[k-1])
		}
	}
	near(t, "last improving solution", objectives[len(objectives)-1], in.Objective())
	bound, err := in.FloatInfo("mip_dual_bound")
	must(t, err)
	near(t, "dual bound", bound, in.Objective())
	nodes, err := in.Int64Info("mip_node_count")
	must(t, err)
	if nodes < 1 {
		t.Errorf("%d nodes", nodes)
	}

	// A start that is optimal stays, with no time to find another.
	best := make([]float64, 25)
	must(t, in.Solution(best, nil, nil, nil))
	want := in.Objective()
	again := acquire(t)
	must(t, again.PassModel(p))
	var index []int32
	var value []float64
	for j, x := range best[:20] {
		index, value = append(index, int32(j)), append(value, math.Round(x))
	}
	must(t, again.SetSparseSolution(index, value))
	must(t, again.SetInt("mip_max_nodes", 0))
	must(t, again.Run(context.Background(), Events{}))
	near(t, "objective from the start", again.Objective(), want)
}

// dense is an LP with every coefficient nonzero, which takes simplex and interior point seconds from about 1,000 rows on.
func dense(seed uint64, rows, cols int) *Problem {
	r := rand.New(rand.NewPCG(seed, 2))
	p := &Problem{Maximize: true, A: Matrix{Rowwise: true}}
	for range cols {
		p.Cost = append(p.Cost, 1+r.Float64())
		p.Lower, p.Upper = append(p.Lower, 0), append(p.Upper, inf)
	}
	for range rows {
		p.A.Start = append(p.A.Start, int32(len(p.A.Index)))
		for j := range cols {
			p.A.Index, p.A.Value = append(p.A.Index, int32(j)), append(p.A.Value, 1+r.Float64())
		}
		p.RowLower, p.RowUpper = append(p.RowLower, -inf), append(p.RowUpper, float64(cols))
	}
	return p
}

// TestCancel stops LPs by simplex and interior point and a MIP, each of which would run on for long, and then
// solves with the same instance: nothing of the wish to stop may stay.
func TestCancel(t *testing.T) {
	for _, c := range []struct {
		name   string
		p      *Problem
		option string
	}{
		{"simplex", dense(1, 700, 900), "simplex"},
		{"ipm", dense(1, 900, 900), "ipm"},
		{"mip", knapsacks(1, 120, 8), "choose"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, err := Acquire()
			must(t, err)
			must(t, in.PassModel(c.p))
			must(t, in.SetString("solver", c.option))
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			timer := time.AfterFunc(300*time.Millisecond, cancel)
			defer timer.Stop()
			best := -inf
			must(t, in.Run(ctx, Events{Improving: func(z float64, _ []float64) { best = z }}))
			if in.Status() != ModelStatusInterrupt {
				t.Fatalf("status %d, want an interrupt", in.Status())
			}
			if c.p.Kinds != nil {
				near(t, "objective kept", in.Objective(), best)
				x := make([]float64, len(c.p.Cost))
				must(t, in.Solution(x, nil, nil, nil))
				z := 0.0
				for j, v := range x {
					z += c.p.Cost[j] * v
				}
				near(t, "objective of the solution kept", z, best)
			}
			in.Release()
			again := acquire(t)
			if again != in {
				t.Fatal("the pool gave another instance than the last released")
			}
			must(t, again.PassModel(diet()))
			must(t, again.SetString("presolve", "off"))
			must(t, again.Run(context.Background(), Events{}))
			near(t, "objective after a cancelled run", again.Objective(), 9)
		})
	}
}

// A context that ends as its run does stops no later run: a cancellation that is under way is waited for.
func TestCancelledAtTheEnd(t *testing.T) {
	in := acquire(t)
	must(t, in.PassModel(diet()))
	must(t, in.SetString("presolve", "off"))
	for n := range 2000 {
		ctx, cancel := context.WithCancel(context.Background())
		off := in.CancelOn(ctx)
		cancel()
		off()
		must(t, in.ClearSolver())
		must(t, in.Run(context.Background(), Events{}))
		if in.Status() != ModelStatusOptimal {
			t.Fatalf("%d: status %d of a run that nobody cancelled", n, in.Status())
		}
	}
}

func TestCancelledBeforehand(t *testing.T) {
	in := acquire(t)
	must(t, in.PassModel(knapsacks(1, 120, 8)))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	must(t, in.Run(ctx, Events{}))
	if in.Status() != ModelStatusInterrupt {
		t.Errorf("status %d", in.Status())
	}
}

func TestPanicOfAnEvent(t *testing.T) {
	in := acquire(t)
	must(t, in.PassModel(knapsacks(1, 120, 8)))
	defer func() {
		if p := recover(); p != "mine" {
			t.Errorf("recovered %v", p)
		}
		must(t, in.PassModel(diet()))
		must(t, in.Run(context.Background(), Events{}))
		near(t, "objective afterwards", in.Objective(), 9)
	}()
	_ = in.Run(context.Background(), Events{Progress: func(Progress) { panic("mine") }})
	t.Error("no panic")
}

// TestConcurrentSolves solves many models from many goroutines, some on two threads, and expects of each what
// it gave alone.
func TestConcurrentSolves(t *testing.T) {
	const models = 12
	solve := func(seed uint64, threads int) (float64, error) {
		in, err := Acquire()
		if err != nil {
			return 0, err
		}
		defer in.Release()
		if err := in.SetInt("threads", threads); err != nil {
			return 0, err
		}
		if err := in.SetFloat("mip_rel_gap", 0); err != nil {
			return 0, err
		}
		if err := in.PassModel(knapsacks(seed, 15, 2)); err != nil {
			return 0, err
		}
		if err := in.Run(context.Background(), Events{Progress: func(Progress) { runtime.Gosched() }}); err != nil {
			return 0, err
		}
		if in.Status() != ModelStatusOptimal {
			return 0, fmt.Errorf("status %d", in.Status())
		}
		return in.Objective(), nil
	}
	want := make([]float64, models)
	for k := range want {
		var err error
		want[k], err = solve(uint64(k), 1)
		must(t, err)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for k := range want {
				seed := (k + g) % models
				got, err := solve(uint64(seed), 1+(g+k)%2)
				if err != nil || math.Abs(got-want[seed]) > 1e-6 {
					t.Errorf("goroutine %d, model %d: %g, %v, alone %g", g, seed, got, err, want[seed])
				}
			}
		})
	}
	wg.Wait()
}

// TestMemoryStaysFlat solves 10,000 small models and expects no growth after the first 2,000.
func TestMemoryStaysFlat(t *testing.T) {
	resident := func() int {
		debug.FreeOSMemory()
		text, err := os.ReadFile("/proc/self/statm")
		if err != nil {
			t.Skip("no /proc/self/statm here")
		}
		var size, pages int
		if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
			t.Fatal(err)
		}
		return pages * os.Getpagesize()
	}
	mip := knapsacks(1, 6, 1)
	solve := func(k int) {
		in, err := Acquire()
		must(t, err)
		defer in.Release()
		p := diet()
		if k%10 == 0 {
			p = mip
		}
		must(t, in.PassModel(p))
		must(t, in.SetBool("mip_heuristic_run_feasibility_jump", false)) // ten milliseconds whatever the size
		must(t, in.NameCol(0, "first"))
		must(t, in.Run(context.Background(), Events{Improving: func(float64, []float64) {}, Progress: func(Progress) {}}))
		if in.Status() != ModelStatusOptimal {
			t.Fatalf("status %d", in.Status())
		}
	}
	// A leak grows in every round; the allocators' own ups and downs do not. 2,500 leaks of 500 bytes would be
	// 1.2 MB a round.
	const rounds, solves, allowed = 4, 2500, 600 << 10
	least := math.MaxInt
	before := resident()
	for range rounds {
		for k := range solves {
			solve(k)
		}
		after := resident()
		least = min(least, after-before)
		before = after
	}
	if least > allowed {
		t.Errorf("resident memory grew by at least %d bytes in each of %d rounds of %d solves", least, rounds, solves)
	}
}

func TestLogFileOnDemand(t *testing.T) {
	in := acquire(t)
	path := filepath.Join(t.TempDir(), "highs.log")
	must(t, in.SetString("log_file", path))
	must(t, in.PassModel(diet()))
	must(t, in.Run(context.Background(), Events{}))
	must(t, in.Clear()) // closes the file
	text, err := os.ReadFile(path)
	must(t, err)
	if !strings.Contains(string(text), "Optimal") {
		t.Errorf("the log is %q", text)
	}
}
