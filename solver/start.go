package solver

import (
	"context"
	"math"

	"lotwise/solver/highs"
)

// complete returns the start of a MIP with all its values, nil where it cannot be completed: where values are missing, or those
// given do not fit, the integers given are fixed and the rest is solved for. HiGHS would do so by itself, but a solve that is
// stopped before its own root is solved then has the bound of that smaller problem.
func (m *Model) complete(ctx context.Context, o Options, spent *Solution) []float64 {
	start := o.Start
	if len(start) == 0 {
		return nil
	}
	full := make([]float64, len(m.cost))
	given := 0
	for j := range full {
		full[j] = math.NaN()
		if j < len(start) && !math.IsNaN(start[j]) {
			full[j] = min(max(start[j], m.lower[j]), m.upper[j])
			given++
		}
	}
	switch given {
	case 0:
		return nil
	case len(full):
		if out, _ := m.Violation(full); out <= feasible {
			return full
		}
	}
	rest := m.clone()
	for j, x := range full {
		if m.kinds[j] == highs.VarTypeInteger && !math.IsNaN(x) {
			rest.lower[j], rest.upper[j] = math.Round(x), math.Round(x)
		}
	}
	o.Start, o.Progress, o.Improving = nil, nil, nil
	o.NodeLimit = completing
	s, err := Solve(ctx, rest, o)
	if err != nil {
		return nil // the solve itself will say what is wrong
	}
	spent.Nodes, spent.Iterations = s.Nodes, s.Iterations
	if !s.HasValues() {
		return nil
	}
	return s.values
}

// completing is how many nodes of branch and bound may go into completing a start.
const completing = 100
