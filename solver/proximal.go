package solver

import (
	"context"
	"math"
	"slices"
	"time"
)

// maxProximal is how many regularised QPs are tried; those that HiGHS fails on take a handful.
const maxProximal = 60

// proximal solves a convex QP that HiGHS's active-set method has failed on, which on a singular Hessian it may do
// with a wrong optimum for an answer, by the proximal point algorithm (Rockafellar 1976): from the last point x_k on,
//
//	x_{k+1} = argmin f(x) + ρ/2 ‖x - x_k‖²
//
// has a Hessian that is far from singular, and the duals of a fixed point are those of f. failed is what is known.
func (m *Model) proximal(ctx context.Context, o Options, failed *Solution) (*Solution, error) {
	begin := time.Now()
	sign := m.sign()
	near := m.clone()
	rho := 0.0
	for _, q := range m.quad {
		rho = max(rho, math.Abs(q.coef))
	}
	for j := range m.cost {
		near.quad = append(near.quad, quadratic{int32(j), int32(j), sign * rho / 2})
	}
	x := make([]float64, len(m.cost))
	if failed.HasValues() {
		copy(x, failed.values)
	} else {
		m.clamp(x)
	}
	s, err := Open(near)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	best := failed
	for range maxProximal {
		if o.TimeLimit > 0 {
			if left := o.TimeLimit - time.Since(begin); left > 0 {
				o.TimeLimit, begin = left, time.Now()
			} else {
				best.Termination, best.Limit = StruckLimit, LimitTime
				break
			}
		}
		for j := range m.cost {
			near.cost[j] = m.cost[j] - sign*rho*x[j]
		}
		if err := s.load(); err != nil {
			return nil, err
		}
		step, err := s.run(ctx, o)
		if err != nil {
			return nil, err
		}
		if step.Termination == StruckLimit || step.Termination == Cancelled {
			best.Termination, best.Limit = step.Termination, step.Limit
			break
		}
		if !step.HasValues() {
			break
		}
		copy(x, step.values)
		if !step.HasDuals() {
			continue
		}
		sol := m.unsolved(Completed, LimitNone)
		sol.Iterations = best.Iterations + step.Iterations
		if !sol.take(slices.Clone(x)) {
			continue
		}
		y := near.signed(step.duals)
		(&Session{m: m}).conclude(sol, Optimal, y, m.reduced(x, y))
		if sol.Claim == Optimal && sol.Bound == sol.Objective {
			return sol, nil
		}
		if sign*sol.Bound < sign*best.Bound {
			sol.Bound = best.Bound
		}
		if !best.HasValues() || sign*sol.Objective <= sign*best.Objective {
			best = sol
		}
	}
	return best, nil
}
