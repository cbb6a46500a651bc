package solver

import (
	"fmt"
	"math"
	"time"

	"lotwise/solver/highs"
)

// Options say how to solve. The zero Options solve to proven optimality on one thread without limits.
type Options struct {
	RelGap float64 // stop when |objective - bound| ≤ RelGap·|objective|; 0: only at the optimum
	AbsGap float64 // or when |objective - bound| ≤ AbsGap; 0: only at the optimum

	TimeLimit time.Duration // of wall clock; 0: none
	NodeLimit int           // of branch and bound; 0: none

	Threads int   // 0 means 1, with which a solve is the same on every machine
	Seed    int64 // of the solver's random choices

	// Start is where a MIP starts, a value for each variable by [Var.Index]; NaN, or a slice that ends
	// early, leaves the rest to the solver. A start that cannot be completed to a feasible point is ignored.
	Start []float64

	MIPLPSolver string         // HiGHS's mip_lp_solver: "choose", "simplex", "ipm"
	LPSolver    string         // HiGHS's solver: "choose", "simplex", "ipm", "pdlp"
	Extra       map[string]any // any other HiGHS options by name: bool, int, float64 or string

	// Progress is called about ten times a second while solving, Improving for every better solution
	// of a MIP with its values, which the callee may keep. Both run while Solve does, one call at a time,
	// not on the caller's goroutine.
	Progress  func(Progress)
	Improving func(objective float64, values []float64)
}

// Progress is where a running solve stands.
type Progress struct {
	Elapsed    time.Duration
	Objective  float64 // best found; NaN while there is none
	Bound      float64 // dual bound, not guarded; infinite while there is none
	Nodes      int64
	Iterations int64 // simplex or interior point
}

func (o Options) check() error {
	for _, g := range []struct {
		name  string
		value float64
	}{{"RelGap", o.RelGap}, {"AbsGap", o.AbsGap}} {
		if !(g.value >= 0) {
			return fmt.Errorf("option %s is %g, want at least 0", g.name, g.value)
		}
	}
	if o.TimeLimit < 0 || o.NodeLimit < 0 || o.Threads < 0 {
		return fmt.Errorf("options TimeLimit %v, NodeLimit %d, Threads %d: want none negative", o.TimeLimit, o.NodeLimit, o.Threads)
	}
	return nil
}

// smallModel is the number of coefficients up to which HiGHS's feasibility jump, a start heuristic that takes some ten
// milliseconds whatever the size, is left out: the whole solve takes one.
const smallModel = 2000

// apply sets the options on an instance that has its defaults, for a model with so many coefficients.
func (o Options) apply(in *highs.Instance, nonzeros int) error {
	threads := max(o.Threads, 1)
	set := []struct {
		name  string
		value any
		when  bool
	}{
		{"mip_rel_gap", o.RelGap, true},
		{"mip_abs_gap", o.AbsGap, true},
		{"time_limit", o.TimeLimit.Seconds(), o.TimeLimit > 0},
		{"mip_max_nodes", min(o.NodeLimit, math.MaxInt32), o.NodeLimit > 0},
		{"mip_heuristic_run_feasibility_jump", false, nonzeros <= smallModel},
		{"threads", threads, threads != 1},
		{"random_seed", int(uint64(o.Seed) % (1 << 31)), true},
		{"mip_lp_solver", o.MIPLPSolver, o.MIPLPSolver != ""},
		{"solver", o.LPSolver, o.LPSolver != ""},
	}
	for _, s := range set {
		if !s.when {
			continue
		}
		if err := in.Set(s.name, s.value); err != nil {
			return err
		}
	}
	for name, value := range o.Extra {
		if err := in.Set(name, value); err != nil {
			return err
		}
	}
	return nil
}
