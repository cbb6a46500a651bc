package solver

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"lotwise/solver/highs"
)

// Solve solves m once. That there is no solution, or that a limit or the context stopped the solve, is no
// error but said by the Solution; an error is a mistake in the model or the options, or a failure of the
// solver.
func Solve(ctx context.Context, m *Model, o Options) (*Solution, error) {
	s, err := Open(m)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Solve(ctx, o)
}

// Session keeps a model loaded in a solver. Between solves the model may change: bounds, costs and
// coefficients, and new variables and constraints. The next solve passes on the changes alone; an LP
// continues from the last basis, a MIP from the last solution if that is still feasible. A session serves one
// goroutine; different sessions may run at once.
type Session struct {
	m  *Model
	in *highs.Instance // nil before the first solve and after one that had to be abandoned

	// What the instance was last given, to see what has changed.
	lower, upper, cost []float64
	rowLower, rowUpper []float64
	offset             float64
	cells, quad        int

	incumbent []float64
	closed    bool
}

// Open starts a session on m. Close it to give the solver back.
func Open(m *Model) (*Session, error) {
	if m == nil {
		return nil, errors.New("solver: no model")
	}
	return &Session{m: m}, nil
}

// Close gives the solver back; a closed session solves no more.
func (s *Session) Close() {
	s.closed = true
	if s.in != nil {
		s.in.Release()
		s.in = nil
	}
}

// Solve solves the model as it is now; see the function Solve.
func (s *Session) Solve(ctx context.Context, o Options) (*Solution, error) {
	begin := time.Now()
	sol, err := s.solve(ctx, o)
	if err != nil {
		return nil, err
	}
	sol.Time = time.Since(begin)
	return sol, nil
}

func (s *Session) solve(ctx context.Context, o Options) (*Solution, error) {
	if s.closed {
		return nil, errors.New("solver: session is closed")
	}
	m := s.m
	if m.err != nil {
		return nil, m.err
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("model %s: %w", m.name, err)
	}
	if ctx.Err() != nil {
		return s.m.unsolved(Cancelled, LimitNone), nil
	}
	if len(m.cost) == 0 {
		return m.solveEmpty(), nil
	}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("model %s: %w", m.name, err)
	}
	spent := Solution{}
	if m.Integers() > 0 {
		began := time.Now()
		o.Start = m.complete(ctx, o, &spent)
		if o.TimeLimit > 0 {
			o.TimeLimit = max(o.TimeLimit-time.Since(began), time.Millisecond)
		}
	}
	sol, err := s.run(ctx, o)
	if errors.Is(err, errUnsolved) && m.Integers() > 0 && o.Extra["presolve"] != "off" {
		// Now and then HiGHS fails on what its own presolve has made of a MIP.
		extra := map[string]any{"presolve": "off"}
		for name, value := range o.Extra {
			extra[name] = value
		}
		o.Extra = extra
		if err = s.load(); err == nil {
			sol, err = s.run(ctx, o)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", m.name, err)
	}
	if len(m.quad) > 0 && sol.Termination == Failed && ctx.Err() == nil {
		return s.m.proximal(ctx, o, sol)
	}
	if m.Integers() > 0 && (sol.Claim == Unbounded || sol.Claim == InfeasibleOrUnbounded) {
		return s.m.boundless(ctx, o, sol)
	}
	sol.Nodes, sol.Iterations = sol.Nodes+spent.Nodes, sol.Iterations+spent.Iterations
	s.incumbent = sol.values
	return sol, nil
}

// unsolved is the solution that says nothing but the trivial bound.
func (m *Model) unsolved(t Termination, l Limit) *Solution {
	return &Solution{Termination: t, Limit: l, Objective: math.NaN(), Bound: m.sign() * m.trivialBound(), model: m}
}

// solveEmpty solves a model without variables, of which HiGHS says only that it is empty.
func (m *Model) solveEmpty() *Solution {
	for i := range m.rowLower {
		if m.rowLower[i] > 0 || m.rowUpper[i] < 0 {
			return &Solution{Claim: Infeasible, Objective: math.NaN(), Bound: m.sign() * math.Inf(1), model: m}
		}
	}
	return &Solution{
		Claim: Optimal, Objective: m.offset, Bound: m.offset, model: m,
		values: []float64{}, duals: make([]float64, len(m.rowLower)), reduce: []float64{},
	}
}

// boundless settles what HiGHS leaves open for a MIP whose relaxation has no optimum: whether there is any
// solution at all. With rational data a feasible MIP is unbounded when its relaxation is (Meyer 1974).
func (m *Model) boundless(ctx context.Context, o Options, sol *Solution) (*Solution, error) {
	any := m.clone()
	clear(any.cost)
	any.quad = nil
	o.Start, o.Progress, o.Improving = nil, nil, nil
	found, err := Solve(ctx, any, o)
	if err != nil {
		return nil, err
	}
	sol.Nodes += found.Nodes
	sol.Iterations += found.Iterations
	switch {
	case found.HasValues():
		sol.Claim, sol.Bound = Unbounded, -m.sign()*math.Inf(1)
	case found.Claim == Infeasible:
		sol.Claim, sol.Bound = Infeasible, m.sign()*math.Inf(1)
	default:
		sol.Termination, sol.Limit = found.Termination, found.Limit
		sol.Claim, sol.Bound = InfeasibleOrUnbounded, -m.sign()*math.Inf(1)
	}
	return sol, nil
}

// load passes the model, whole the first time and later what has changed. After a failure the next load starts
// afresh.
func (s *Session) load() (err error) {
	if s.m.quad != nil {
		if err := s.m.checkConvex(s.m.hessian()); err != nil {
			return err
		}
	}
	if s.in == nil {
		if s.in, err = highs.Acquire(); err != nil {
			return err
		}
		err = s.pass()
	} else {
		err = s.update()
	}
	if err != nil {
		s.in.Release()
		s.in = nil
		return err
	}
	m := s.m
	s.lower, s.upper, s.cost = append(s.lower[:0], m.lower...), append(s.upper[:0], m.upper...), append(s.cost[:0], m.cost...)
	s.rowLower, s.rowUpper = append(s.rowLower[:0], m.rowLower...), append(s.rowUpper[:0], m.rowUpper...)
	s.offset, s.cells, s.quad = m.offset, len(m.cells), len(m.quad)
	return nil
}

// pass loads the whole model as a minimisation.
func (s *Session) pass() error {
	m := s.m
	p := &highs.Problem{
		Offset: m.sign() * m.offset, Cost: m.signed(m.cost), Lower: m.lower, Upper: m.upper,
		RowLower: m.rowLower, RowUpper: m.rowUpper, A: m.rows(0), H: m.hessian(),
	}
	if m.Integers() > 0 {
		p.Kinds = m.kinds
	}
	return s.in.PassModel(p)
}

// signed is cost in the minimising sense.
func (m *Model) signed(cost []float64) []float64 {
	if m.sense == Minimize {
		return cost
	}
	c := make([]float64, len(cost))
	for j := range cost {
		c[j] = -cost[j]
	}
	return c
}

// rows are the constraints from one on as a matrix without gaps.
func (m *Model) rows(from int) highs.Matrix {
	if from == len(m.start) {
		return highs.Matrix{Rowwise: true}
	}
	if !m.gaps {
		first := m.start[from]
		a := highs.Matrix{Rowwise: true, Start: m.start[from:], Index: m.index[first:], Value: m.value[first:]}
		if first > 0 {
			a.Start = slices.Clone(a.Start)
			for i := range a.Start {
				a.Start[i] -= first
			}
		}
		return a
	}
	a := highs.Matrix{Rowwise: true}
	for i := from; i < len(m.start); i++ {
		a.Start = append(a.Start, int32(len(a.Index)))
		a.Index = append(a.Index, m.index[m.start[i]:m.end[i]]...)
		a.Value = append(a.Value, m.value[m.start[i]:m.end[i]]...)
	}
	return a
}

// update passes on what has changed since the instance was loaded.
func (s *Session) update() error {
	m, in := s.m, s.in
	cols, rows := len(s.cost), len(s.rowLower)
	sign := m.sign()

	var set []int32
	var a, b []float64
	for j := range cols {
		if m.cost[j] != s.cost[j] {
			set, a = append(set, int32(j)), append(a, sign*m.cost[j])
		}
	}
	if err := in.SetCosts(set, a); err != nil {
		return err
	}
	set, a = set[:0], a[:0]
	for j := range cols {
		if m.lower[j] != s.lower[j] || m.upper[j] != s.upper[j] {
			set, a, b = append(set, int32(j)), append(a, m.lower[j]), append(b, m.upper[j])
		}
	}
	if err := in.SetBounds(set, a, b); err != nil {
		return err
	}
	set, a, b = set[:0], a[:0], b[:0]
	for i := range rows {
		if m.rowLower[i] != s.rowLower[i] || m.rowUpper[i] != s.rowUpper[i] {
			set, a, b = append(set, int32(i)), append(a, m.rowLower[i]), append(b, m.rowUpper[i])
		}
	}
	if err := in.SetRowBounds(set, a, b); err != nil {
		return err
	}
	if m.offset != s.offset {
		if err := in.SetOffset(sign * m.offset); err != nil {
			return err
		}
	}
	if n := len(m.cost); n > cols {
		if err := in.AddCols(m.signed(m.cost[cols:]), m.lower[cols:], m.upper[cols:], highs.Matrix{}); err != nil {
			return err
		}
		set = set[:0]
		var kinds []int32
		for j := cols; j < n; j++ {
			if m.kinds[j] != highs.VarTypeContinuous {
				set, kinds = append(set, int32(j)), append(kinds, m.kinds[j])
			}
		}
		if err := in.SetKinds(set, kinds); err != nil {
			return err
		}
	}
	if len(m.rowLower) > rows {
		if err := in.AddRows(m.rowLower[rows:], m.rowUpper[rows:], m.rows(rows)); err != nil {
			return err
		}
	}
	for _, c := range m.cells[s.cells:] {
		if int(c.row) >= rows {
			continue // passed with its row
		}
		if err := in.SetCoef(int(c.row), int(c.col), m.coef(c)); err != nil {
			return err
		}
	}
	if len(m.quad) != s.quad || len(m.quad) > 0 && len(m.cost) > cols {
		return in.PassHessian(*m.hessian())
	}
	return nil
}

func (m *Model) coef(c cell) float64 {
	for k := m.start[c.row]; k < m.end[c.row]; k++ {
		if m.index[k] == c.col {
			return m.value[k]
		}
	}
	return 0
}

// begin gives a MIP its starting point: the caller's, or the last solution if it is still feasible.
func (s *Session) begin(start []float64) error {
	m := s.m
	if m.Integers() == 0 {
		return nil
	}
	if err := s.in.ClearSolver(); err != nil {
		return err
	}
	if start == nil && len(s.incumbent) > 0 {
		full := make([]float64, len(m.cost))
		copy(full, s.incumbent)
		for j := len(s.incumbent); j < len(full); j++ {
			full[j] = min(max(0, m.lower[j]), m.upper[j])
		}
		if out, _ := m.Violation(full); out > feasible {
			return nil
		}
		start = full
	}
	if start == nil {
		return nil
	}
	return s.in.SetSolution(start)
}

const (
	// grace is how long a cancelled solve may take to notice: HiGHS asks between the LPs of a MIP and not in
	// presolve. One that has not noticed is abandoned: it runs to its next question in the background while
	// the caller gets the best solution seen so far.
	grace = 600 * time.Millisecond
	// overtime is what a solve may take beyond its time limit, plus a twentieth of it, before it is stopped like a cancelled one.
	overtime = 500 * time.Millisecond
)

// run solves the model that is loaded.
func (s *Session) run(ctx context.Context, o Options) (*Solution, error) {
	m, in := s.m, s.in
	if err := in.ResetOptions(); err != nil {
		return nil, err
	}
	if err := o.apply(in, m.Nonzeros()); err != nil {
		return nil, err
	}
	if err := s.begin(o.Start); err != nil {
		return nil, err
	}
	w := watch{m: m, o: o, begin: time.Now(), objective: math.NaN(), bound: math.Inf(-1)}
	inner, stop := context.WithCancel(ctx)
	defer stop()
	type outcome struct {
		err      error
		panicked any
	}
	done := make(chan outcome, 1)
	go func() {
		var out outcome
		defer func() {
			out.panicked = recover()
			done <- out
		}()
		out.err = in.Run(inner, w.events())
	}()
	var late <-chan time.Time
	if o.TimeLimit > 0 {
		t := time.NewTimer(o.TimeLimit + o.TimeLimit/20 + overtime)
		defer t.Stop()
		late = t.C
	}
	timedOut := false
	select {
	case out := <-done:
		return s.finish(out.err, out.panicked, o, false)
	case <-ctx.Done():
	case <-late:
		timedOut = true
		stop()
	}
	select {
	case out := <-done:
		return s.finish(out.err, out.panicked, o, timedOut)
	case <-time.After(grace):
	}
	w.close()
	s.in = nil // the next solve takes another instance
	go func() {
		<-done
		in.Release()
	}()
	return w.abandoned(timedOut), nil
}

// watch keeps what a running MIP tells: its best solution and bound, for the case that it must be abandoned, and
// passes it on to the caller.
type watch struct {
	sync.Mutex
	m         *Model
	o         Options
	begin     time.Time
	values    []float64
	objective float64 // of values, NaN for none, minimising like bound
	bound     float64
	nodes     int64
	iter      int64
	shut      bool
}

func (w *watch) events() highs.Events {
	sign, mip := w.m.sign(), w.m.Integers() > 0
	if !mip && w.o.Progress == nil {
		return highs.Events{}
	}
	return highs.Events{
		Progress: func(p highs.Progress) {
			w.Lock()
			defer w.Unlock()
			if w.shut {
				return
			}
			w.nodes, w.iter = p.Nodes, p.Iterations
			objective, bound := math.NaN(), math.Inf(-1)
			if mip {
				if !math.IsInf(p.Bound, 0) {
					w.bound = max(w.bound, p.Bound)
				}
				objective, bound = w.objective, w.bound
			}
			if w.o.Progress != nil {
				w.o.Progress(Progress{time.Since(w.begin), sign * objective, sign * bound, p.Nodes, p.Iterations})
			}
		},
		Improving: func(objective float64, x []float64) {
			w.Lock()
			defer w.Unlock()
			if w.shut || len(x) != len(w.m.cost) {
				return
			}
			w.objective, w.values = objective, x
			if w.o.Improving != nil {
				x = slices.Clone(x)
				w.m.clamp(x)
				w.m.roundIntegers(x)
				w.o.Improving(w.m.Evaluate(x), x)
			}
		},
	}
}

func (w *watch) close() {
	w.Lock()
	w.shut = true
	w.Unlock()
}

// abandoned is the solution of a solve that did not stop when asked.
func (w *watch) abandoned(timedOut bool) *Solution {
	t, l := Cancelled, LimitNone
	if timedOut {
		t, l = StruckLimit, LimitTime
	}
	s := w.m.unsolved(t, l)
	s.Nodes, s.Iterations = w.nodes, w.iter
	if w.values != nil {
		s.take(w.values)
	}
	if w.m.Integers() > 0 {
		s.Bound = w.m.sign() * w.m.mipBound(w.bound, w.m.sign()*s.Objective)
	}
	return s
}

// take makes x the solution's values, evaluated here. It refuses a point that is not of the model.
func (s *Solution) take(x []float64) bool {
	m := s.model
	m.clamp(x)
	m.roundIntegers(x)
	if out, _ := m.Violation(x); !(out <= trusted) {
		return false
	}
	s.values, s.Objective, s.Claim = x, m.Evaluate(x), Feasible
	return true
}

// errUnsolved says that HiGHS gave up on a model for reasons of its own.
var errUnsolved = errors.New("the solver failed")

// finish reads the result of a run that came to its end.
func (s *Session) finish(err error, panicked any, o Options, timedOut bool) (*Solution, error) {
	if panicked != nil {
		s.in.Release()
		s.in = nil
		panic(panicked)
	}
	status := s.in.Status()
	if err != nil {
		s.in.Release()
		s.in = nil
		if status == highs.ModelStatusSolveError {
			err = errors.Join(errUnsolved, err)
		}
		return nil, err
	}
	m, in, sign := s.m, s.in, s.m.sign()
	sol := m.unsolved(Completed, LimitNone)
	switch status {
	case highs.ModelStatusOptimal:
		sol.Claim = Optimal
	case highs.ModelStatusInfeasible:
		sol.Claim, sol.Bound = Infeasible, sign*math.Inf(1)
	case highs.ModelStatusUnbounded:
		sol.Claim, sol.Bound = Unbounded, -sign*math.Inf(1)
	case highs.ModelStatusUnboundedOrInfeasible:
		sol.Claim, sol.Bound = InfeasibleOrUnbounded, -sign*math.Inf(1)
	case highs.ModelStatusTimeLimit:
		sol.Termination, sol.Limit = StruckLimit, LimitTime
	case highs.ModelStatusIterationLimit:
		sol.Termination, sol.Limit = StruckLimit, LimitIterations
	case highs.ModelStatusObjectiveBound, highs.ModelStatusObjectiveTarget:
		sol.Termination, sol.Limit = StruckLimit, LimitObjective
	case highs.ModelStatusSolutionLimit:
		sol.Termination, sol.Limit = StruckLimit, LimitOther
		if o.NodeLimit > 0 {
			sol.Limit = LimitNodes
		}
	case highs.ModelStatusInterrupt:
		sol.Termination = Cancelled
		if timedOut {
			sol.Termination, sol.Limit = StruckLimit, LimitTime
		}
	case highs.ModelStatusUnknown:
		sol.Termination = Failed
	default:
		return nil, fmt.Errorf("HiGHS ended with model status %d", status)
	}
	sol.count(in)
	if sol.Claim != Optimal && sol.Claim != Unknown {
		return sol, nil
	}
	return sol, s.read(sol)
}

// count sums up the work done.
func (s *Solution) count(in *highs.Instance) {
	s.Nodes, _ = in.Int64Info("mip_node_count")
	s.Nodes = max(s.Nodes, 0)
	for _, name := range []string{
		"simplex_iteration_count", "ipm_iteration_count", "crossover_iteration_count",
		"pdlp_iteration_count", "qp_iteration_count",
	} {
		if n, err := in.IntInfo(name); err == nil && n > 0 {
			s.Iterations += int64(n)
		}
	}
}

// read takes values, duals and bound from the instance; sol.Claim says what HiGHS claims, Optimal or Unknown.
func (s *Session) read(sol *Solution) error {
	m, in, sign := s.m, s.in, s.m.sign()
	claimed := sol.Claim
	sol.Claim = Unknown
	x, d := make([]float64, len(m.cost)), make([]float64, len(m.cost))
	y := make([]float64, len(m.rowLower))
	if err := in.Solution(x, d, nil, y); err != nil {
		return err
	}
	primal, err := in.IntInfo("primal_solution_status")
	if err != nil {
		return err
	}
	if primal == highs.SolutionStatusFeasible && !sol.take(x) || claimed == Optimal && primal != highs.SolutionStatusFeasible {
		sol.Termination = Failed
	}
	objective := sign * sol.Objective
	if m.Integers() > 0 {
		reported, err := in.FloatInfo("mip_dual_bound")
		if err != nil {
			return err
		}
		sol.Bound = sign * m.mipBound(reported, objective)
		if claimed == Optimal && sol.HasValues() {
			sol.Claim = Optimal
		}
		return nil
	}
	s.conclude(sol, claimed, y, d)
	return nil
}

// conclude settles an LP's or QP's bound by its duals, and whether they confirm the optimum that HiGHS claims.
func (s *Session) conclude(sol *Solution, claimed Claim, y, d []float64) {
	m, sign := s.m, s.m.sign()
	objective := sign * sol.Objective
	bound := m.settle(m.dualBound(sol.values, y), objective)
	sol.Bound = sign * bound
	if claimed != Optimal || !sol.HasValues() {
		return
	}
	switch gap := (objective - bound) / max(1, math.Abs(objective)); {
	case gap > refuted:
		sol.Termination = Failed
		return
	case gap <= closed:
		sol.Bound = sol.Objective
	}
	sol.Claim = Optimal
	sol.duals, sol.reduce = m.signed(y), m.signed(d)
}
