package bilevel

import (
	"context"
	"fmt"
	"math"
	"slices"

	"lotwise/models/network"
	"lotwise/solver"
)

// The master. Item i names a price in window j (y_ij) for the fraction q_i of its quantities, and is accepted to f_ijs in
// scenario s:
//
//	max  J of  V(w_s) − Σ_ij low_ij f_ijs − V(0)
//	s.t. Σ_j y_ij ≤ 1,  q_i ≤ Σ_j y_ij,  f_ijs ≤ y_ij,  Σ_j f_ijs ≤ q_i        (whole items: q, f binary)
//	     (f_s, x_s) is allowed by the rules                                        seller.go
//	     value_s ≥ the value of every alternative known                        (cut)
//
// where value_s = Σ_ij value_ij(high) f_ijs + R_s(x_s). An alternative is an allocation (θ, x*) that the seller chose once:
// it can choose it again, or with less of the bidder's where less is bid, so that
//
//	value_s ≥ Σ_ij value_ij(low) min(θ_i, q_i) y_ij + R_s(x*)
//
// Where giving the bidder less may break a limit (rigid) the cut holds only if q_i ≥ θ_i for all i, unless it has a ramp
// (ramp.go), and where a higher or lower price may, only in the windows where it does not; elsewhere it is switched off.

// resolution is how many units of volume the largest item has in the master.
const resolution = 10

// master is the master as a model of the solver.
type master struct {
	g    *game
	m    *solver.Model
	unit float64        // packages and money
	y    [][]solver.Var // by item, window
	q    []solver.Var   // by item
	over [][]solver.Var // by item, threshold: whether as much is bid
	fill [][]solver.Var // by item, threshold and one more: what is bid between them
	f    [][][]solver.Var
	less map[lessKey][]solver.Var // min(θ_i, q_i) y_ij by window
}

type lessKey struct{ item, threshold int }

// formulate states the master with the cuts known.
func (g *game) formulate(cuts []cut) *master {
	m := &master{g: g, m: solver.NewModel("bilevel", solver.Maximize), unit: 1, less: map[lessKey][]solver.Var{}}
	top := 0.0
	for i := range g.items {
		top = math.Max(top, g.items[i].volume)
	}
	if top > 0 {
		m.unit = top / resolution
	}
	for i := range g.items {
		it := &g.items[i]
		var y []solver.Var
		var one []solver.Term
		for j := range it.windows {
			y = append(y, m.m.Binary("y", fmt.Sprint(i, ".", j)))
			one = append(one, y[j].Times(1))
		}
		m.y = append(m.y, y)
		m.m.AtMost("window", fmt.Sprint(i), one, 1)
		if it.Whole {
			m.q, m.over, m.fill = append(m.q, solver.Var{}), append(m.over, nil), append(m.fill, nil)
			continue
		}
		q := m.m.Continuous("q", fmt.Sprint(i), 0, 1)
		m.q = append(m.q, q)
		m.m.AtMost("bid", fmt.Sprint(i), append([]solver.Term{q.Times(1)}, negative(one)...), 0)
		m.quantities(i)
	}
	m.order()
	value := m.scenes()
	for n := range cuts {
		m.cut(&cuts[n], n, value[cuts[n].scene])
	}
	return m
}

// order has the prices of items for the same rows descend: bids that differ in which is which are one.
func (m *master) order() {
	for i := range m.g.items {
		k := m.g.twin(i)
		if k < 0 {
			continue
		}
		var named, price []solver.Term
		top := math.Max(1, float64(m.g.items[i].windows[len(m.g.items[i].windows)-1].high))
		for j, w := range m.g.items[k].windows {
			named = append(named, m.y[k][j].Times(-1))
			price = append(price, m.y[k][j].Times(-float64(w.high)/top))
		}
		for j, w := range m.g.items[i].windows {
			named = append(named, m.y[i][j].Times(1))
			price = append(price, m.y[i][j].Times(float64(w.low)/top))
		}
		m.m.AtMost("order", fmt.Sprint(i, ".named"), named, 0)
		m.m.AtMost("order", fmt.Sprint(i), price, 0)
	}
}

// quantities tells apart what is bid at the thresholds: fill_k is full where over_k, and empty where not over_k-1.
func (m *master) quantities(i int) {
	it := &m.g.items[i]
	sum := []solver.Term{m.q[i].Times(-1)}
	var over, fill []solver.Var
	from := 0.0
	for k := range len(it.thresholds) + 1 {
		to := 1.0
		if k < len(it.thresholds) {
			to = it.thresholds[k]
		}
		key := fmt.Sprint(i, ".", k)
		x := m.m.Continuous("fill", key, 0, to-from)
		fill = append(fill, x)
		sum = append(sum, x.Times(1))
		if k > 0 {
			m.m.AtMost("after", key, []solver.Term{x.Times(1), over[k-1].Times(from - to)}, 0)
		}
		if k < len(it.thresholds) {
			v := m.m.Binary("over", key)
			over = append(over, v)
			m.m.AtMost("full", key, []solver.Term{v.Times(to - from), x.Times(-1)}, 0)
		}
		from = to
	}
	m.m.Equal("fill", fmt.Sprint(i), sum, 0)
	m.over, m.fill = append(m.over, over), append(m.fill, fill)
}

// scenes states what happens in every scenario and the objective, and returns the seller's values.
func (m *master) scenes() [][]solver.Term {
	g := m.g
	a := g.Risk.Aversion
	var eta solver.Var
	if a > 0 {
		eta = m.m.Continuous("eta", "", math.Inf(-1), math.Inf(1))
		m.m.Objective(eta.Times(a))
	}
	values := make([][]solver.Term, len(g.scenes))
	m.f = make([][][]solver.Var, len(g.scenes))
	for n := range g.scenes {
		s := &g.scenes[n]
		won := make([]network.Linear, len(g.lots))
		var paid []solver.Term
		m.f[n] = make([][]solver.Var, len(g.items))
		for i := range g.items {
			it := &g.items[i]
			var all []solver.Term
			for j, w := range it.windows {
				key := fmt.Sprint(n, ".", i, ".", j)
				var f solver.Var
				if it.Whole {
					f = m.m.Binary("f", key)
				} else {
					f = m.m.Continuous("f", key, 0, g.reach(n, i, w))
				}
				m.f[n][i] = append(m.f[n][i], f)
				m.m.AtMost("named", key, []solver.Term{f.Times(1), m.y[i][j].Times(-1)}, 0)
				all = append(all, f.Times(1))
				paid = append(paid, f.Times(it.Step*float64(w.low)/m.unit))
				for _, r := range it.Rows {
					at := g.place[r.Lot]
					won[at].Terms = append(won[at].Terms, f.Times(r.Quantity/m.unit))
				}
			}
			if !it.Whole {
				m.m.AtMost("offered", fmt.Sprint(n, ".", i), append(all, m.q[i].Times(-1)), 0)
			}
		}
		values[n] = m.seller(n)
		worth, _ := g.Network.Express(m.m, fmt.Sprint(n, "."), m.unit, won)
		profit := slices.Concat(worth, negative(paid))
		for _, t := range profit {
			m.m.Objective(t.Var.Times((1 - a) * s.probability * t.Coef))
		}
		m.m.Offset(-(1 - a) * s.probability * g.zero / m.unit)
		if a > 0 {
			short := m.m.Continuous("short", fmt.Sprint(n), 0, math.Inf(1))
			m.m.AtLeast("short", fmt.Sprint(n), append(profit, short.Times(1), eta.Times(-1)), g.zero/m.unit)
			m.m.Objective(short.Times(-a * s.probability / g.Risk.Of()))
		}
	}
	return values
}

// A cut is an alternative of the seller in a scenario.
type cut struct {
	scene  int
	of     []int     // items that it accepts
	theta  []float64 // to these fractions of the items' quantities
	tick   []int64   // of the bid at which it was chosen
	rest   float64   // R_s(x*)
	rivals []float64 // accepted fractions
	foot   *foot     // see ramp.go; nil for none
}

// same says whether two alternatives are the same; priced where they depend on the prices at which they were chosen.
func (a *cut) same(b *cut, priced bool) bool {
	if a.scene != b.scene || len(a.of) != len(b.of) || math.Abs(a.rest-b.rest) > 1e-9*math.Max(1, math.Abs(a.rest)) {
		return false
	}
	for k := range a.of {
		if a.of[k] != b.of[k] || math.Abs(a.theta[k]-b.theta[k]) > nearFraction || priced && a.tick[k] != b.tick[k] {
			return false
		}
	}
	return true
}

// cut states an alternative.
func (m *master) cut(a *cut, n int, value []solver.Term) {
	g := m.g
	s := &g.scenes[a.scene]
	terms := append([]solver.Term(nil), value...)
	rhs := a.rest
	off := 0.0 // what switching the cut off has to make up for, in money
	var switches []solver.Term
	rigid, dearer, cheaper := g.fragile(a)
	for k, i := range a.of {
		it := &g.items[i]
		off += math.Abs(it.base) + math.Abs(it.slope)*float64(it.windows[len(it.windows)-1].high) + s.tie[g.Bidder]*it.volume
		for j, w := range it.windows {
			if dearer && w.high > a.tick[k] || cheaper && w.low < a.tick[k] {
				switches = append(switches, m.y[i][j].Times(1))
			}
		}
	}
	off += math.Abs(a.rest)
	if math.IsNaN(s.alone) {
		off += g.loss(a.scene)
	} else {
		off += math.Abs(s.alone)
	}
	if a.foot != nil {
		m.ramp(a, n, value, off, switches)
		return
	}
	for k, i := range a.of {
		it := &g.items[i]
		for j, w := range it.windows {
			terms = append(terms, m.min(i, a.theta[k])[j].Times(-m.least(it, s, w)/m.unit))
		}
		switch {
		case !rigid:
		case it.Whole:
			for _, y := range m.y[i] { // off unless it is bid for
				switches = append(switches, y.Times(-1))
			}
		default:
			switches = append(switches, m.whether(i, a.theta[k]).Times(-1))
		}
	}
	// Σ switches counts what is wrong, from −(items that have to be bid for) on.
	must := 0.0
	if rigid {
		must = float64(len(a.of))
	}
	for _, t := range switches {
		terms = append(terms, t.Var.Times(t.Coef*off/m.unit))
	}
	m.m.AtLeast("cut", fmt.Sprint(n), terms, rhs/m.unit-must*off/m.unit)
}

// at returns the position of a threshold, or of none where the fraction is all.
func (it *item) at(theta float64) int {
	for k, t := range it.thresholds {
		if math.Abs(t-theta) <= nearFraction {
			return k
		}
	}
	return len(it.thresholds)
}

// whether is 1 only where at least the fraction is bid for, and has to be where more is. The whole of an item is
// bid for where its last cell is full, which a binary says too.
func (m *master) whether(i int, theta float64) solver.Var {
	it := &m.g.items[i]
	if k := it.at(theta); k < len(it.thresholds) {
		return m.over[i][k]
	}
	if len(m.over[i]) == len(it.thresholds) {
		v := m.m.Binary("over", fmt.Sprint(i, ".all"))
		m.m.AtMost("full", fmt.Sprint(i, ".all"), []solver.Term{v.Times(1), m.q[i].Times(-1)}, 0)
		m.over[i] = append(m.over[i], v)
	}
	return m.over[i][len(it.thresholds)]
}

// min returns min(θ, q_i) y_ij by window.
func (m *master) min(i int, theta float64) []solver.Var {
	it := &m.g.items[i]
	if it.Whole {
		return m.y[i]
	}
	k := it.at(theta)
	if v, ok := m.less[lessKey{i, k}]; ok {
		return v
	}
	level := 1.0
	if k < len(it.thresholds) {
		level = it.thresholds[k]
	}
	var sum []solver.Term // min(θ, q)
	for _, x := range m.fill[i][:k+1] {
		sum = append(sum, x.Times(-1))
	}
	var v []solver.Var
	for j := range it.windows {
		key := fmt.Sprint(i, ".", k, ".", j)
		x := m.m.Continuous("less", key, 0, level)
		m.m.AtMost("less", key, []solver.Term{x.Times(1), m.y[i][j].Times(-level)}, 0)
		sum = append(sum, x.Times(1))
		v = append(v, x)
	}
	m.m.Equal("less", fmt.Sprint(i, ".", k), sum, 0)
	m.less[lessKey{i, k}] = v
	return v
}

func negative(terms []solver.Term) []solver.Term {
	var out []solver.Term
	for _, t := range terms {
		out = append(out, t.Var.Times(-t.Coef))
	}
	return out
}

// solve solves the master and returns the bid it chooses, nil where there is none, a bound on any, and the steps of the
// solver.
func (m *master) solve(ctx context.Context, o solver.Options) (bid []Choice, bound float64, steps int64, err error) {
	s, err := solver.Solve(ctx, m.m, o)
	if err != nil {
		return nil, math.Inf(1), 0, err
	}
	bound = s.Bound * m.unit
	if !s.HasValues() {
		return nil, bound, s.Iterations, nil
	}
	bid = []Choice{}
	for i := range m.g.items {
		it := &m.g.items[i]
		for j, w := range it.windows {
			if s.Value(m.y[i][j]) < 0.5 {
				continue
			}
			c := Choice{Item: i, Tick: w.low, Fraction: 1}
			if !it.Whole {
				if c.Fraction = s.Value(m.q[i]); c.Fraction < nearFraction {
					continue
				}
				c.Fraction = m.tidy(it, c.Fraction)
			}
			bid = append(bid, c)
		}
	}
	return bid, bound, s.Iterations, nil
}

// tidy undoes the solver's noise: a fraction that is a threshold, all, or a whole number of packages but for it.
func (m *master) tidy(it *item, q float64) float64 {
	if k := it.at(q); k < len(it.thresholds) {
		return it.thresholds[k]
	}
	if q > 1-nearFraction {
		return 1
	}
	if n := math.Round(q * it.volume); n > 0 && math.Abs(n-q*it.volume) < nearFraction*it.volume {
		return n / it.volume
	}
	return q
}
