package solver

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"lotwise/solver/highs"
)

// ErrFeasible is what IIS returns of a model that has a solution.
var ErrFeasible = errors.New("the model is feasible")

const (
	// A trial of IIS that proves nothing within these is taken for feasible: what it left out stays in the answer,
	// which is then still infeasible but perhaps not irreducible.
	trialNodes = 10_000
	trialTime  = 20 * time.Second
)

// IIS finds an irreducible infeasible subsystem of m: constraints, and variables by their bounds, that
// cannot hold together, while they can without any one of them. An infeasible relaxation is preferred to the use
// of integrality. The error wraps ErrFeasible where m has a solution, and the context's where it ended.
//
// HiGHS proposes a subsystem of the relaxation; a deletion filter by halves, k log n solves for k members
// (as in Junker's QuickXplain, 2004), makes it irreducible and serves alone where integrality matters.
func IIS(ctx context.Context, m *Model) ([]Con, []Var, error) {
	if m.err != nil {
		return nil, nil, m.err
	}
	f := m.clone()
	f.quad = nil
	clear(f.cost)
	for j := range f.kinds {
		f.kinds[j] = highs.VarTypeContinuous
	}
	relaxed, err := Solve(ctx, f, Options{})
	if err != nil {
		return nil, nil, err
	}
	if relaxed.Claim != Infeasible {
		copy(f.kinds, m.kinds)
		whole, err := Solve(ctx, f, Options{})
		switch {
		case err != nil:
			return nil, nil, err
		case ctx.Err() != nil:
			return nil, nil, fmt.Errorf("model %s: infeasible subsystem: %w", m.name, ctx.Err())
		case whole.HasValues():
			return nil, nil, fmt.Errorf("model %s: infeasible subsystem: %w", m.name, ErrFeasible)
		case whole.Claim != Infeasible:
			return nil, nil, fmt.Errorf("model %s: infeasible subsystem: the model is not known to be infeasible, the claim is %s", m.name, whole.Claim)
		}
	}
	w := &filter{ctx: ctx, f: f}
	if relaxed.Claim == Infeasible {
		if err := w.propose(); err != nil {
			return nil, nil, err
		}
	}
	if w.s, err = Open(w.f); err != nil {
		return nil, nil, err
	}
	defer w.s.Close()
	var members []member
	for i := range f.rowLower {
		members = append(members, member{int32(i), true})
	}
	rows, err := w.reduce(members)
	if err != nil {
		return nil, nil, err
	}
	members = members[:0]
	for j := range f.lower {
		members = append(members, member{int32(j), false})
	}
	bounds, err := w.reduce(members)
	if err != nil {
		return nil, nil, err
	}
	var cons []Con
	for _, r := range rows {
		cons = append(cons, Con{m, r.i})
	}
	var vars []Var
	for _, b := range bounds {
		vars = append(vars, Var{m, b.i})
	}
	return cons, vars, nil
}

// member is a constraint or the bounds of a variable.
type member struct {
	i   int32
	row bool
}

type filter struct {
	ctx context.Context
	f   *Model // what is left: members that were dropped are free in it
	s   *Session
}

// interval is the place of a member's bounds in the model.
func (w *filter) interval(x member) (lo, hi *float64) {
	if x.row {
		return &w.f.rowLower[x.i], &w.f.rowUpper[x.i]
	}
	return &w.f.lower[x.i], &w.f.upper[x.i]
}

// reduce drops what it can of members, leaving f infeasible, and returns the rest.
func (w *filter) reduce(members []member) (kept []member, err error) {
	var bound []member
	for _, x := range members {
		if lo, hi := w.interval(x); !math.IsInf(*lo, -1) || !math.IsInf(*hi, 1) {
			bound = append(bound, x)
		}
	}
	if len(bound) == 0 {
		return nil, nil
	}
	saved := make([][2]float64, len(bound))
	for k, x := range bound {
		lo, hi := w.interval(x)
		saved[k] = [2]float64{*lo, *hi}
		*lo, *hi = math.Inf(-1), math.Inf(1)
	}
	trial, err := w.s.Solve(w.ctx, Options{NodeLimit: trialNodes, TimeLimit: trialTime})
	if err != nil {
		return nil, err
	}
	if w.ctx.Err() != nil {
		return nil, fmt.Errorf("model %s: infeasible subsystem: %w", w.f.name, w.ctx.Err())
	}
	if trial.Claim == Infeasible {
		return nil, nil
	}
	for k, x := range bound {
		lo, hi := w.interval(x)
		*lo, *hi = saved[k][0], saved[k][1]
	}
	if len(bound) == 1 {
		return bound, nil
	}
	for _, half := range [][]member{bound[:len(bound)/2], bound[len(bound)/2:]} {
		k, err := w.reduce(half)
		if err != nil {
			return nil, err
		}
		kept = append(kept, k...)
	}
	return kept, nil
}

// propose frees in f all but the constraints that HiGHS finds in conflict, if those are infeasible indeed.
func (w *filter) propose() error {
	s, err := Open(w.f)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.load(); err != nil {
		return err
	}
	if err := s.in.SetInt("iis_strategy", highs.IisStrategyFromLpRowPriority); err != nil {
		return err
	}
	defer s.in.CancelOn(w.ctx)()
	found, err := s.in.IIS()
	if err != nil || len(found.Rows) == 0 {
		return nil // the filter does without
	}
	left := w.f.clone()
	in := make([]bool, len(left.rowLower))
	for _, i := range found.Rows {
		in[i] = true
	}
	for i := range in {
		if !in[i] {
			left.rowLower[i], left.rowUpper[i] = math.Inf(-1), math.Inf(1)
		}
	}
	check, err := Solve(w.ctx, left, Options{})
	if err != nil {
		return err
	}
	if check.Claim == Infeasible {
		w.f = left
	}
	return nil
}
