// Package oracle writes a bidder's problem down a second time, as a textbook would: a yardstick for the formulation of
// package bidding, and a witness of its optima in tests.
package oracle

import (
	"fmt"
	"math"
	"slices"

	"lotwise/models/bidding"
	"lotwise/models/network"
	"lotwise/solver"
)

// Program is a bidder's problem as one MIP with big constants. For lot l with residual supplies R_k, candidate prices p_j
// and the most that any leaves, M_l:
//
//	max  Σ_s π_s V(w_s) − Σ_s π_s pay_s − V(0)
//	s.t. Σ_j z_lj ≤ 1,  0 ≤ q_l ≤ M_l Σ_j z_lj                                     one price, or no bid         (price, offer)
//	     w_lk = Σ_j v_lkj,  0 ≤ v_lkj ≤ R_k(p_j) z_lj,  w_lk ≤ q_l                 no more than is left         (left, bid)
//	     w_lk ≥ q_l − M_l b_lk,  w_lk ≥ Σ_j R_k(p_j) z_lj − M_l (1 − b_lk)         and no less than the smaller (all, rest)
//	     pay_lk = Σ_j p_j v_lkj
//	     Σ_l pay_ls ≤ budget, Σ_l w_ls ≤ max_volume                                every s      (budget, max_volume)
//
// with z and b binary. The seller makes the bidder pay for all that it wins, wanted or not, so that w = min(q, R) must
// hold from below too. It knows bids of one price a lot, and caps in every scenario. Money and volumes are in units of so
// many packages that the largest lot has a thousand; Unit says how many.
type Program struct {
	Model *solver.Model
	Unit  float64
}

// NewProgram writes a problem's program. It panics where bids may name several prices or must fit whatever happens.
func NewProgram(p *bidding.Problem) Program {
	if p.Rules.BidSteps > 1 || p.FitAlways || p.Risk.Aversion > 0 {
		panic("oracle: one price a lot, caps by scenario, no risk")
	}
	f := Program{Model: solver.NewModel("textbook", solver.Maximize), Unit: 1}
	m := f.Model
	type key struct{ lot, supply int }
	supplies := make([][]*bidding.Supply, len(p.Lots)) // the distinct ones
	index := make([][]int, len(p.Scenarios))           // by scenario, lot
	most := make([]float64, len(p.Lots))
	for l := range p.Lots {
		at := map[string]int{}
		for s := range p.Scenarios {
			x := p.Scenarios[s].Supply[l]
			name := fmt.Sprint(x.Ticks, x.Volumes)
			k, ok := at[name]
			if !ok {
				k = len(supplies[l])
				at[name] = k
				supplies[l] = append(supplies[l], x)
			}
			index[s] = append(index[s], k)
			if n := len(x.Volumes); n > 0 {
				most[l] = max(most[l], x.Volumes[n-1])
			}
		}
		f.Unit = max(f.Unit, most[l]/1000)
	}
	won, paid := map[key]network.Linear{}, map[key][]solver.Term{}
	for l := range p.Lots {
		name := fmt.Sprint(l)
		ticks := candidates(supplies[l])
		top := most[l] / f.Unit
		q := m.Continuous("quantity", name, 0, top)
		var z []solver.Var
		var one []solver.Term
		offer := []solver.Term{q.Times(1)}
		for j := range ticks {
			z = append(z, m.Binary("price", fmt.Sprint(l, ".", j)))
			one = append(one, z[j].Times(1))
			offer = append(offer, z[j].Times(-top))
		}
		m.AtMost("price", name, one, 1)
		m.AtMost("offer", name, offer, 0)
		for k, x := range supplies[l] {
			key := key{l, k}
			name := fmt.Sprint(l, ".", k)
			var w, pay, rest []solver.Term
			for j, tick := range ticks {
				left := x.At(tick) / f.Unit
				if left == 0 {
					continue
				}
				v := m.Continuous("won", fmt.Sprint(name, ".", j), 0, left)
				m.AtMost("left", fmt.Sprint(name, ".", j), []solver.Term{v.Times(1), z[j].Times(-left)}, 0)
				w = append(w, v.Times(1))
				pay = append(pay, v.Times(p.Rules.Price(tick)))
				rest = append(rest, z[j].Times(-left))
			}
			b := m.Binary("short", name)
			m.AtMost("bid", name, append([]solver.Term{q.Times(-1)}, w...), 0)
			m.AtLeast("all", name, append([]solver.Term{q.Times(-1), b.Times(top)}, w...), 0)
			m.AtLeast("rest", name, append(append([]solver.Term{b.Times(-top)}, w...), rest...), -top)
			won[key], paid[key] = network.Linear{Terms: w}, pay
		}
	}
	for s := range p.Scenarios {
		q := p.Scenarios[s].Probability
		w := make([]network.Linear, len(p.Lots))
		var money, volume []solver.Term
		for l := range p.Lots {
			k := key{l, index[s][l]}
			w[l] = won[k]
			money, volume = append(money, paid[k]...), append(volume, won[k].Terms...)
		}
		for _, t := range money {
			m.Objective(t.Var.Times(-q * t.Coef))
		}
		p.Network.Formulate(m, fmt.Sprint(s, "."), q, f.Unit, w)
		m.Offset(-q * p.Network.NewEvaluator().Value(make([]float64, len(p.Lots))) / f.Unit)
		if !math.IsInf(p.Budget, 1) {
			m.AtMost("budget", fmt.Sprint(s), money, p.Budget/f.Unit)
		}
		if !math.IsInf(p.MaxVolume, 1) {
			m.AtMost("max_volume", fmt.Sprint(s), volume, p.MaxVolume/f.Unit)
		}
	}
	return f
}

// candidates returns the ticks at which some residual supply grows, ascending.
func candidates(supplies []*bidding.Supply) []int64 {
	var ticks []int64
	for _, x := range supplies {
		ticks = append(ticks, x.Ticks...)
	}
	slices.Sort(ticks)
	return slices.Compact(ticks)
}
