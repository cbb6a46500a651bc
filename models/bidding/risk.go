package bidding

import (
	"context"
	"fmt"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/network"
	"lotwise/solver"
)

// Risk. With π_s(b) what bid b earns in scenario s and τ the tail,
//
//	J(b) = (1−a) Σ_s p_s π_s(b) + a CVaR(b),   CVaR(b) = max_η η − Σ_s p_s (η − π_s(b))⁺ / τ        (primal)
//	     = min { Σ_s q_s π_s(b) : q = (1−a) p + a z, Σ_s z_s = 1, 0 ≤ z_s ≤ p_s / τ }               (dual)
//
// (Rockafellar and Uryasev 2000; Artzner, Delbaen, Eber and Heath 1999). For any such q the problem without aversion and
// with q for the probabilities bounds J from above:
//
//	max_b J(b) ≤ max_b Σ_s q_s π_s(b)
//
// The q of the least such bound is sought by cutting planes, a row for every bid found; the bids found are evaluated by
// the definition. That least bound is the value of mixing bids, which no single bid need attain: the MIP, with the primal
// for the tail, decides what is left open in a small problem.

const (
	// reweightings is the most probabilities q that are tried, and each is halfway from the best ones to those of the
	// cutting planes.
	reweightings = 30
	// settled is the share of the gap asked for within which the cutting planes are done.
	settled = 0.1
)

// Worth returns what an outcome is worth under the problem's risk: without aversion, its expected profit.
func (p *Problem) Worth(o *Outcome) float64 {
	if p.Risk.Aversion == 0 {
		return o.Profit
	}
	return p.Risk.Worth(o.Profit, o.CVaR(p.Risk))
}

// CVaR returns the mean profit of the worst cases.
func (o *Outcome) CVaR(k auction.Risk) float64 {
	profit, probability := make([]float64, len(o.Cases)), make([]float64, len(o.Cases))
	for i := range o.Cases {
		profit[i], probability[i] = o.Cases[i].Profit, o.Cases[i].Probability
	}
	return k.CVaR(profit, probability)
}

// weighted returns the problem without aversion and with other probabilities.
func (p *Problem) weighted(q []float64) *Problem {
	w := *p
	w.Risk, w.seen, w.Values = auction.Risk{}, nil, p.view().values
	w.Scenarios = slices.Clone(p.Scenarios)
	for s := range w.Scenarios {
		w.Scenarios[s].Probability = q[s]
	}
	return &w
}

// A wary search is one answer under aversion to risk.
type wary struct {
	p     *Problem
	known []auction.Strategy
	earns [][]float64 // by bid known and scenario
	best  auction.Strategy
	value float64 // J of best
	bound float64
}

// keep evaluates a bid that fits the caps.
func (w *wary) keep(s auction.Strategy) {
	if !w.p.Fits(s) || slices.ContainsFunc(w.known, func(k auction.Strategy) bool { return slices.Equal(k, s) }) {
		return
	}
	out := w.p.Evaluate(s)
	profit := make([]float64, len(w.p.Scenarios))
	for i, c := range out.Case {
		profit[i] = out.Cases[c].Profit
	}
	w.known, w.earns = append(w.known, s), append(w.earns, profit)
	if v := w.p.Worth(out); v > w.value {
		w.best, w.value = s, v
	}
}

// averse is BestResponse under aversion to risk.
func (p *Problem) averse(ctx context.Context, o Options) (*Response, error) {
	w := &wary{p: p, value: math.Inf(-1), bound: math.Inf(1)}
	w.keep(nil)
	w.keep(o.Start)
	done := func() bool {
		return w.bound <= w.value+max(o.Gap*math.Abs(w.bound), w.rounding()) || ctx.Err() != nil
	}
	center := make([]float64, len(p.Scenarios)) // the q of the least bound
	for s := range center {
		center[s] = p.Scenarios[s].Probability
	}
	q := center
	for range reweightings {
		r, err := BestResponse(ctx, p.weighted(q), Options{Gap: o.Gap / 4, Start: w.best, Seed: o.Seed, Threads: o.Threads})
		if err != nil {
			return nil, err
		}
		w.keep(r.Strategy)
		if r.Bound < w.bound {
			w.bound, center = r.Bound, q
		}
		if done() {
			break
		}
		next, least, err := w.least(ctx)
		if err != nil {
			return nil, err
		}
		if next == nil || w.bound-least <= settled*o.Gap*math.Abs(w.bound) {
			break
		}
		q = make([]float64, len(next))
		for s := range q {
			q[s] = (next[s] + center[s]) / 2
		}
	}
	w.mix()
	parts := p.parts(w.best)
	size := 0
	for _, t := range parts {
		size += len(t.lots) * len(p.Scenarios)
	}
	if !done() && size <= largestMIP {
		s, bound, err := p.solveMIP(ctx, parts, p.capped(), w.best, solver.Options{RelGap: o.Gap / 4, Seed: o.Seed})
		if err != nil {
			return nil, err
		}
		w.bound = min(w.bound, bound)
		w.keep(p.shrink(s))
		w.keep(p.tidy(s))
	}
	out := &Response{Strategy: w.best, Profit: p.Evaluate(w.best).Profit, Objective: w.value, Bound: max(w.bound, w.value)}
	slices.SortFunc(out.Strategy, compare)
	if out.Bound <= out.Objective+w.rounding() {
		out.Bound = out.Objective
	}
	out.claim(ctx, o.Gap)
	return out, nil
}

// rounding is what counts as none of a difference of profits.
func (w *wary) rounding() float64 { return noise * math.Abs(w.p.view().zero) }

// least returns the q of the least bound as far as the bids known tell, and that bound, nil where the solver was stopped:
//
//	min v  s.t.  v ≥ Σ_s q_s π_s(b) every bid b known,  q = (1−a) p + a z,  Σ z = 1,  0 ≤ z ≤ p/τ
func (w *wary) least(ctx context.Context) (q []float64, bound float64, err error) {
	k := w.p.Risk
	unit := 1.0
	for _, e := range w.earns {
		for _, x := range e {
			unit = max(unit, math.Abs(x))
		}
	}
	m := solver.NewModel("probabilities", solver.Minimize)
	v := m.Continuous("v", "", math.Inf(-1), math.Inf(1))
	m.Objective(v.Times(1))
	var z []solver.Var
	var one []solver.Term
	for s := range w.p.Scenarios {
		z = append(z, m.Continuous("z", fmt.Sprint(s), 0, w.p.Scenarios[s].Probability/k.Of()))
		one = append(one, z[s].Times(1))
	}
	m.Equal("one", "", one, 1)
	for b, e := range w.earns {
		mean := 0.0
		row := []solver.Term{v.Times(1)}
		for s, x := range e {
			mean += w.p.Scenarios[s].Probability * x
			row = append(row, z[s].Times(-k.Aversion*x/unit))
		}
		m.AtLeast("bid", fmt.Sprint(b), row, (1-k.Aversion)*mean/unit)
	}
	s, err := solver.Solve(ctx, m, solver.Options{})
	if err != nil || !s.HasValues() {
		return nil, 0, err
	}
	// Any q in the set bounds; one beside it by the solver's tolerance is moved into it.
	sum := 0.0
	for i := range z {
		most := w.p.Scenarios[i].Probability / k.Of()
		q = append(q, max(0, min(most, s.Value(z[i]))))
		sum += q[i]
	}
	for i := range q {
		if sum > 1 {
			q[i] /= sum
		} else if room := 1/k.Of() - sum; room > 0 {
			q[i] += (1 - sum) * (w.p.Scenarios[i].Probability/k.Of() - q[i]) / room
		}
		q[i] = (1-k.Aversion)*w.p.Scenarios[i].Probability + k.Aversion*q[i]
	}
	return q, s.Objective * unit, nil
}

// mix puts into the best bid what other bids known say of a component, as long as that gains.
func (w *wary) mix() {
	known := w.known
	for _, n := range w.p.Network.Components() {
		in := map[int]bool{}
		for _, l := range n.Lots() {
			in[l] = true
		}
		for _, other := range known {
			var s auction.Strategy
			for _, b := range w.best {
				if !in[b.Lot] {
					s = append(s, b)
				}
			}
			for _, b := range other {
				if in[b.Lot] {
					s = append(s, b)
				}
			}
			w.keep(s)
		}
	}
}

// tail adds a CVaR to the objective of the MIP:
//
//	a (η − Σ_s p_s short_s / τ),  short_s ≥ η − Σ_t (V_t(w_ts) − pay_ts − V_t(0)),  short ≥ 0
func (f *formulation) tail(p *Problem, worth [][][]solver.Term, paid [][][]network.Linear) {
	a, v := p.Risk.Aversion, p.view()
	eta := f.m.Continuous("eta", "", math.Inf(-1), math.Inf(1))
	f.m.Objective(eta.Times(a))
	profit := make([][]solver.Var, len(f.parts)) // by part, scene: what it earns, V(0) apart
	zero := 0.0
	for i, t := range f.parts {
		zero += t.zero / f.unit
		for k := range t.scenes {
			key := fmt.Sprint(i, ".", k)
			x := f.m.Continuous("profit", key, math.Inf(-1), math.Inf(1))
			terms := append([]solver.Term{x.Times(-1)}, worth[i][k]...)
			for l := range t.lots {
				for _, y := range paid[i][l][t.scenes[k].supply[l]].Terms {
					terms = append(terms, y.Var.Times(-y.Coef))
				}
			}
			f.m.Equal("profit", key, terms, 0)
			profit[i] = append(profit[i], x)
		}
	}
	merged := map[string]int{} // scenarios that are one in every part
	var weight []float64
	var rows [][]solver.Term
	for s := range p.Scenarios {
		key := ""
		for _, t := range f.parts {
			key += fmt.Sprint(t.sceneOf[s], ".")
		}
		n, ok := merged[key]
		if !ok {
			n = len(rows)
			merged[key] = n
			weight = append(weight, 0)
			var row []solver.Term
			for i, t := range f.parts {
				row = append(row, profit[i][t.sceneOf[s]].Times(1))
			}
			rows = append(rows, row)
		}
		weight[n] += p.Scenarios[s].Probability / v.weight
	}
	for n, row := range rows {
		short := f.m.Continuous("short", fmt.Sprint(n), 0, math.Inf(1))
		f.m.AtLeast("short", fmt.Sprint(n), append(row, short.Times(1), eta.Times(-1)), zero)
		f.m.Objective(short.Times(-a * weight[n] / p.Risk.Of()))
	}
}
