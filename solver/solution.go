package solver

import (
	"fmt"
	"math"
	"time"
)

// Termination says why the solver stopped.
type Termination int

// Why the solver stopped.
const (
	Completed   Termination = iota // nothing was left to do within the gap asked for
	StruckLimit                    // a limit of Options, see Solution.Limit
	Cancelled                      // the context ended
	Failed                         // numerical trouble; what is claimed still holds
)

func (t Termination) String() string {
	return [...]string{"completed", "struck limit", "cancelled", "failed"}[t]
}

// Limit says which limit stopped the solver.
type Limit int

// Which limit stopped the solver.
const (
	LimitNone Limit = iota
	LimitTime
	LimitNodes
	LimitIterations
	LimitObjective // a target or bound on the objective given in Options.Extra
	LimitOther     // of solutions or leaves given in Options.Extra
)

func (l Limit) String() string {
	return [...]string{"none", "time", "nodes", "iterations", "objective", "other"}[l]
}

// Claim says what is known of the model.
type Claim int

// What is known of the model.
const (
	Unknown               Claim = iota // nothing: no solution, no proof
	Optimal                            // a solution within the gap asked for, proven
	Feasible                           // a solution
	Infeasible                         // there is no solution, proven
	Unbounded                          // solutions get better without end
	InfeasibleOrUnbounded              // one of the two
)

func (c Claim) String() string {
	return [...]string{"unknown", "optimal", "feasible", "infeasible", "unbounded", "infeasible or unbounded"}[c]
}

// Solution is what a solve found.
//
// Bound is a bound on the optimum from the side that no solution reaches: from below when minimising. It is
// not taken on trust: Objective is evaluated at the values in own arithmetic, and Bound is never on
// the wrong side of it, nor weaker than what the variables' bounds alone imply; see guard.go. It is infinite where nothing is known. Of an
// infeasible model it is +Inf when minimising and -Inf when maximising, of an unbounded one the
// other infinity.
type Solution struct {
	Termination Termination
	Limit       Limit // where Termination is StruckLimit
	Claim       Claim

	Objective float64 // at the values; NaN without values
	Bound     float64 // dual bound

	Nodes      int64 // of branch and bound
	Iterations int64 // of simplex, interior point, first-order or active-set steps, all LPs together
	Time       time.Duration

	model         *Model
	values        []float64
	duals, reduce []float64 // nil unless an LP or QP was solved to optimality
}

// HasValues says whether a solution was found.
func (s *Solution) HasValues() bool { return s.values != nil }

// Values are the values of all variables by [Var.Index], nil without a solution; they are the solution's
// own and must not be changed. Integer variables have integer values exactly, unless rounding them
// would leave a constraint by more than the feasibility tolerance of 1e-6.
func (s *Solution) Values() []float64 { return s.values }

// Value is the value of v. It panics without a solution or for a variable of another model.
func (s *Solution) Value(v Var) float64 {
	if s.values == nil {
		panic(fmt.Sprintf("solver: value of %s: there is no solution, the claim is %s", v, s.Claim))
	}
	s.own(v.m)
	return s.values[v.i]
}

// HasDuals says whether [Solution.Dual] and [Solution.ReducedCost] can be asked: the model is an LP or QP and was
// solved to optimality. For a MIP see [Model.FixIntegers].
func (s *Solution) HasDuals() bool { return s.duals != nil }

// Dual is the shadow price of c: by how much the objective grows per unit that the constraint's bounds grow,
// in the model's own sense. A binding capacity of a maximisation has a dual ≥ 0. It panics without duals.
func (s *Solution) Dual(c Con) float64 {
	s.needDuals()
	s.own(c.m)
	return s.duals[c.i]
}

// ReducedCost is by how much the objective grows per unit that v is forced up. It panics without duals.
func (s *Solution) ReducedCost(v Var) float64 {
	s.needDuals()
	s.own(v.m)
	return s.reduce[v.i]
}

func (s *Solution) needDuals() {
	if s.duals == nil {
		panic("solver: duals exist only for an LP or QP solved to optimality; Model.FixIntegers makes one of a MIP")
	}
}

func (s *Solution) own(m *Model) {
	if m == nil || m != s.model && m != s.model.origin {
		panic("solver: handle belongs to another model than the solution")
	}
}

// Gap is |Objective - Bound| / |Objective|: how far from the optimum the solution can be. It is 0 where the two
// agree and +Inf without a solution or without a bound.
func (s *Solution) Gap() float64 {
	switch diff := s.AbsGap(); {
	case diff == 0:
		return 0
	case s.Objective == 0 || math.IsInf(diff, 1):
		return math.Inf(1)
	default:
		return diff / math.Abs(s.Objective)
	}
}

// AbsGap is |Objective - Bound|, +Inf without a solution or without a bound.
func (s *Solution) AbsGap() float64 {
	if s.values == nil || math.IsInf(s.Bound, 0) {
		return math.Inf(1)
	}
	return math.Abs(s.Objective - s.Bound)
}
