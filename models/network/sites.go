package network

import (
	"context"

	"lotwise/solver"
)

// sites chooses the open facilities of a component with many by a MIP. The value is that of the flow with these
// facilities.
func (n *Network) sites(e *evaluator) outcome {
	unit := 1.0
	for _, d := range n.rows {
		unit = max(unit, d.volume)
	}
	won := make([]Linear, len(n.lots))
	for i := range won {
		won[i].Constant = e.w[i] / unit
	}
	m := solver.NewModel("sites", solver.Maximize)
	open := n.Formulate(m, "", 1, unit, won)
	s, err := solver.Solve(context.Background(), m, solver.Options{})
	if err != nil {
		panic(err) // a mistake in the model
	}
	o := outcome{value: negInf, sites: make([]bool, len(n.facilities))}
	if !s.HasValues() {
		return o
	}
	for f := range o.sites {
		o.sites[f] = s.Value(open[f]) > 0.5
	}
	o.value = n.whole.value(e.whole, e.w, func(f int) bool { return o.sites[f] })
	for f, is := range o.sites {
		if is {
			o.value -= n.facilities[f].fixed
		}
	}
	return o
}
