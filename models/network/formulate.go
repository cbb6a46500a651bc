package network

import (
	"fmt"
	"math"

	"lotwise/solver"
)

// Linear is a linear expression over a model's variables.
type Linear struct {
	Terms    []solver.Term
	Constant float64
}

// Formulate adds weight·V(w) to the objective of a maximisation, see Express. It returns the binaries that say
// which facilities are open.
func (n *Network) Formulate(m *solver.Model, name string, weight, unit float64, won []Linear) []solver.Var {
	value, open := n.Express(m, name, unit, won)
	for _, t := range value {
		m.Objective(t.Var.Times(weight * t.Coef))
	}
	return open
}

// Express adds what delivers volumes won, an expression for each lot by position in Lots(), and returns what that is
// worth, which is V(w) where it is maximised, and the binaries that say which facilities are open. Volumes are in units of
// so many packages, money too, so that a solver's absolute tolerances mean shares. name tells one network's variables
// from another's.
func (n *Network) Express(m *solver.Model, name string, unit float64, won []Linear) (value []solver.Term, open []solver.Var) {
	served := make([][]solver.Term, len(n.rows))
	supply := func(family string, i int, capacity, cost float64, fit []int) []solver.Term {
		var out []solver.Term
		for _, r := range fit {
			d := &n.rows[r]
			x := m.Continuous(family, fmt.Sprint(name, i, ",", r), 0, math.Min(capacity, d.volume)/unit)
			gain := -cost
			if d.optional {
				gain += d.value
			}
			value = append(value, x.Times(gain))
			served[r] = append(served[r], x.Times(1))
			out = append(out, x.Times(1))
		}
		return out
	}
	for i, l := range n.lots {
		through := supply("lot", i, math.Inf(1), l.access, l.rows)
		for _, t := range won[i].Terms {
			through = append(through, t.Var.Times(-t.Coef))
		}
		m.AtMost("won", fmt.Sprint(name, i), through, won[i].Constant)
	}
	open = make([]solver.Var, len(n.facilities))
	through := make([][]solver.Term, len(n.facilities))
	for f, g := range n.facilities {
		open[f] = m.Binary("open", fmt.Sprint(name, f))
		value = append(value, open[f].Times(-g.fixed/unit))
	}
	for i, k := range n.routes {
		x := supply("route", i, k.capacity, k.cost, k.rows)
		switch {
		case k.facility >= 0:
			// Row by row: a route carries of a demand at most all of it.
			for j, r := range k.rows {
				m.AtMost("closed", fmt.Sprint(name, i, ",", r), []solver.Term{x[j], open[k.facility].Times(-math.Min(k.capacity, n.rows[r].volume) / unit)}, 0)
			}
			if len(k.rows) > 1 && k.binds() {
				m.AtMost("route", fmt.Sprint(name, i), x, k.capacity/unit)
			}
			through[k.facility] = append(through[k.facility], x...)
		case k.binds():
			m.AtMost("route", fmt.Sprint(name, i), x, k.capacity/unit)
		}
	}
	for f, g := range n.facilities {
		if g.binds {
			m.AtMost("facility", fmt.Sprint(name, f), append(through[f], open[f].Times(-g.capacity/unit)), 0)
		}
	}
	for r, d := range n.rows {
		if d.optional {
			m.AtMost("demand", fmt.Sprint(name, r), served[r], d.volume/unit)
		} else {
			m.Equal("demand", fmt.Sprint(name, r), served[r], d.volume/unit)
		}
	}
	return value, open
}
