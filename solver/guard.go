package solver

import (
	"math"
	"slices"

	"lotwise/solver/highs"
)

// HiGHS works to tolerances and its bounds inherit them. What leaves this package as a bound is guarded:
//
//   - models are passed as minimisations, the sense in which HiGHS's bounds are exercised most;
//   - the incumbent is evaluated here, in compensated arithmetic, and the bound never passes it;
//   - a MIP's bound is lowered by what the search may have cut off, see prune;
//   - an LP's or QP's bound is recomputed here from the duals, any of which prove one;
//   - no bound is weaker than the one that the variables' bounds imply.
//
// Everything in this file is in the minimising sense.
const (
	// feasible is HiGHS's own tolerance on constraints and integrality of a MIP (mip_feasibility_tolerance).
	feasible = 1e-6
	// prune is what branch and bound may cut off under an incumbent: HiGHS discards nodes whose bound is not
	// better by mip_feasibility_tolerance.
	prune = 1e-6
	// boundSlack is the share of a MIP's bound that rounding in the LPs behind it can have cost: their optimality
	// tolerance, 1e-7, on duals of the objective's scale is hardly ever felt beyond the ninth digit.
	boundSlack = 1e-9
	// dualTolerance is HiGHS's tolerance on reduced costs (dual_feasibility_tolerance), times ten for the scaling
	// that it is applied under.
	dualTolerance = 1e-6
	// closed is the relative distance up to which a recomputed dual objective confirms that an LP's objective is
	// its bound.
	closed = 1e-6
	// refuted is the relative distance from which on it shows that HiGHS stopped short of the optimum.
	refuted = 1e-4
	// trusted is how far a point that HiGHS calls feasible may be outside the model, by Model.Violation, to be handed on.
	trusted = 1e-5
)

// mipBound guards the dual bound that HiGHS reports for a MIP. objective is the incumbent's, NaN for none.
func (m *Model) mipBound(reported, objective float64) float64 {
	bound := math.Inf(-1)
	if !math.IsInf(reported, 0) && !math.IsNaN(reported) {
		bound = reported - boundSlack*math.Abs(reported)
	}
	offset := m.sign() * m.offset
	if scale := m.integralScale(); scale > 0 {
		// The objective moves in steps of 1/scale: a bound holds up to the next one.
		bound = math.Ceil((bound-offset)*scale-stepTolerance)/scale + offset
	} else if !math.IsNaN(objective) {
		bound = min(bound, objective-prune)
	}
	return m.settle(bound, objective)
}

// stepTolerance is the share of a step of an integral objective by which a bound may exceed the step below
// and still be rounding error.
const stepTolerance = 1e-4

// settle puts a bound between the trivial one and the incumbent.
func (m *Model) settle(bound, objective float64) float64 {
	bound = max(bound, m.trivialBound())
	if !math.IsNaN(objective) {
		bound = min(bound, objective)
	}
	return bound
}

// integralScale is the smallest power of ten up to 1e5 by which all costs are integers, and 0 where there is none
// or a continuous variable has a cost: objective values then differ by multiples of 1/scale.
func (m *Model) integralScale() float64 {
	if len(m.quad) > 0 {
		return 0
	}
	scale := 1.0
	for j, c := range m.cost {
		if c == 0 {
			continue
		}
		if m.kinds[j] != highs.VarTypeInteger {
			return 0
		}
		for math.Abs(c*scale-math.Round(c*scale)) > 1e-12*math.Abs(c*scale) {
			if scale *= 10; scale > 1e5 {
				return 0
			}
		}
	}
	return scale
}

// trivialBound is Σ_j min over [lower_j, upper_j] of c_j x_j. A convex quadratic part is at least 0.
func (m *Model) trivialBound() float64 {
	sign := m.sign()
	t := Sum{total: sign * m.offset}
	for j, c := range m.cost {
		switch c *= sign; {
		case c > 0 && !math.IsInf(m.lower[j], -1):
			t.Add(c * m.lower[j])
		case c < 0 && !math.IsInf(m.upper[j], 1):
			t.Add(c * m.upper[j])
		case c != 0:
			return math.Inf(-1)
		}
	}
	return t.Value()
}

// dualBound is what row duals y prove of an LP or convex QP. With the gradient g of the objective f at x, and
// f(x') ≥ f(x) + g'(x'-x) by convexity,
//
//	f(x') ≥ f(x) - g'x + Σ_i y_i (lo_i or hi_i) + Σ_j d_j (lower_j or upper_j),   d = g - A'y,
//
// lo where y_i > 0, hi where y_i < 0, lower where d_j > 0, upper where d_j < 0; any y will do
// (Neumaier and Shcherbina 2004), so y_i that point at an infinite bound are taken for 0. A d_j within tolerance that points
// at an infinite bound is charged at x_j. x may be nil for an LP.
func (m *Model) dualBound(x, y []float64) float64 {
	if len(m.quad) > 0 && x == nil {
		return math.Inf(-1)
	}
	sign := m.sign()
	t := Sum{total: sign * m.offset}
	for _, q := range m.quad {
		t.Add(-sign * q.coef * x[q.v] * x[q.w]) // f(x) - g'x, less the offset, is minus the quadratic part
	}
	y = slices.Clone(y)
	for i, yi := range y {
		end := m.rowLower[i]
		if yi < 0 {
			end = m.rowUpper[i]
		}
		if math.IsInf(end, 0) {
			y[i] = 0
		} else if yi != 0 {
			t.Add(yi * end)
		}
	}
	for j, dj := range m.reduced(x, y) {
		end := m.lower[j]
		if dj < 0 {
			end = m.upper[j]
		}
		switch {
		case dj == 0:
		case !math.IsInf(end, 0):
			t.Add(dj * end)
		case x != nil && math.Abs(dj) <= dualTolerance*max(1, math.Abs(m.cost[j])):
			t.Add(dj * x[j])
		default:
			return math.Inf(-1)
		}
	}
	return t.Value()
}

// reduced are the reduced costs d = g - A'y at x, which may be nil for an LP.
func (m *Model) reduced(x, y []float64) []float64 {
	sign := m.sign()
	d := make([]float64, len(m.cost))
	for j, c := range m.cost {
		d[j] = sign * c
	}
	for _, q := range m.quad {
		d[q.v] += sign * q.coef * x[q.w]
		d[q.w] += sign * q.coef * x[q.v]
	}
	for i, yi := range y {
		if yi == 0 {
			continue
		}
		for k := m.start[i]; k < m.end[i]; k++ {
			d[m.index[k]] -= yi * m.value[k]
		}
	}
	return d
}

func (m *Model) sign() float64 {
	if m.sense == Maximize {
		return -1
	}
	return 1
}

// roundIntegers rounds the integer variables of x that are within tolerance of an integer, unless that breaks
// a constraint that held.
func (m *Model) roundIntegers(x []float64) {
	var rounded []float64
	for j, k := range m.kinds {
		if r := math.Round(x[j]); k == highs.VarTypeInteger && r != x[j] && math.Abs(r-x[j]) <= feasible {
			if rounded == nil {
				rounded = append(rounded, x...)
			}
			rounded[j] = r
		}
	}
	if rounded == nil {
		return
	}
	before, _ := m.Violation(x)
	if after, _ := m.Violation(rounded); after <= max(before, feasible) {
		copy(x, rounded)
	}
}

// clamp moves values that tolerances let slip out of their bounds back onto them, -0 to 0 too.
func (m *Model) clamp(x []float64) {
	for j := range x {
		x[j] = min(max(x[j], m.lower[j]), m.upper[j]) + 0
	}
}
