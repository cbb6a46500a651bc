package network

import (
	"context"
	"fmt"
	"math"

	"lotwise/solver"
)

// sites chooses the open facilities of a component with many by a MIP, the formula of the package comment
// word for word, in units of the largest demand so that the solver's absolute tolerances mean shares. The value
// is that of the flow with these facilities.
func (n *Network) sites(e *evaluator) outcome {
	m := solver.NewModel("sites", solver.Maximize)
	unit := 0.0
	for _, d := range n.rows {
		unit = math.Max(unit, d.volume)
	}
	served := make([][]solver.Term, len(n.rows))
	supply := func(family string, i int, capacity, cost float64, fit []int) []solver.Term {
		var out []solver.Term
		for _, r := range fit {
			x := m.Continuous(family, fmt.Sprint(i, ",", r), 0, math.Min(capacity, n.rows[r].volume)/unit)
			gain := -cost
			if n.rows[r].optional {
				gain += n.rows[r].value
			}
			m.Objective(x.Times(gain))
			served[r] = append(served[r], x.Times(1))
			out = append(out, x.Times(1))
		}
		return out
	}
	for i, l := range n.lots {
		m.AtMost("won", fmt.Sprint(i), supply("lot", i, e.w[i], l.access, l.rows), e.w[i]/unit)
	}
	open := make([]solver.Var, len(n.facilities))
	through := make([][]solver.Term, len(n.facilities))
	for f, g := range n.facilities {
		open[f] = m.Binary("open", fmt.Sprint(f))
		m.Objective(open[f].Times(-g.fixed / unit))
	}
	for i, k := range n.routes {
		x := supply("route", i, k.capacity, k.cost, k.rows)
		switch {
		case k.facility >= 0:
			through[k.facility] = append(through[k.facility], x...)
			m.AtMost("route", fmt.Sprint(i), append(x, open[k.facility].Times(-min(k.capacity, k.reach)/unit)), 0)
		case k.binds():
			m.AtMost("route", fmt.Sprint(i), x, k.capacity/unit)
		}
	}
	for f, g := range n.facilities {
		if g.binds {
			m.AtMost("facility", fmt.Sprint(f), append(through[f], open[f].Times(-g.capacity/unit)), 0)
		}
	}
	for r, d := range n.rows {
		if d.optional {
			m.AtMost("demand", fmt.Sprint(r), served[r], d.volume/unit)
		} else {
			m.Equal("demand", fmt.Sprint(r), served[r], d.volume/unit)
		}
	}
	s, err := solver.Solve(context.Background(), m, solver.Options{})
	if err != nil {
		panic(err) // a mistake in the model above
	}
	if !s.HasValues() {
		return outcome{value: negInf, sites: make([]bool, len(n.facilities))}
	}
	o := outcome{sites: make([]bool, len(n.facilities))}
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
