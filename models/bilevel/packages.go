package bilevel

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"lotwise/models/allocation"
	"lotwise/models/auction"
	"lotwise/models/network"
	"lotwise/solver"
)

// Packages are priced out: column generation (Gilmore and Gomory, Operations Research 9, 1961) for bids whose price depends on
// what they are. A package of w_l packages of each lot, at the amount A, wins scenario s where A is over what it costs
// the seller, its critical price
//
//	c_s(w) = W_s(0) − W_s(w),   W_s(w) the seller's optimum over the rivals' bids when w is given away
//
// Where the rivals' bids are divisible W_s is concave, and by the shadow prices μ of what is left at some w_k
//
//	c_s(w) ≥ c_s(w_k) + μ_sk (w − w_k)                                             (Kelley 1960)
//
// so that no package gains more than the one of largest potential: beside the bids i of the best bid that are kept (k_i), which win
// v_is for p_is as before and for none of its lots,
//
//	max  Σ_s π_s (V(ω_s + Σ_i k_i v_is) − A_s − Σ_i k_i p_is)
//	s.t. ω_s ≤ w,  ω_s ≤ capacity u_s,  A_s ≥ A − M (1 − u_s)
//	     A ≥ c_s(w_k) + μ_sk (w − w_k) − M (1 − u_s)                every k known
//	     w_l ≤ capacity_l (1 − k_i)                                every lot l of i
//
// The seller is asked what it does with that package at the prices at which it may win, and its critical prices are the
// next to be known, until no potential is left. Bids that are not divisible are so here, and limits on numbers not
// heeded: then the potential only guides the search.

const (
	// pricedCells is the most lots times scenarios of one program; the most probable scenarios are taken.
	pricedCells = 400
	// pricedNodes is the most nodes of one program.
	pricedNodes = 50
	// pricedTries is at how many prices a package is tried.
	pricedTries = 10
	// allButAll is the fraction of a bid that counts as all of it.
	allButAll = 1 - 1e-6
)

// pricing is the search for packages.
type pricing struct {
	*hunt
	at    []int     // the scenarios looked at
	free  []float64 // by position in at: W_s(0); NaN where the limits cannot be met without the bidder
	most  []float64 // by network lot: what can be put to use
	known []tangent
}

// A tangent bounds the critical prices of a scenario from below.
type tangent struct {
	scene int // position in at
	at    []float64
	price float64   // c_s(at)
	slope []float64 // μ
}

// generate adds packages to the items as long as one has potential, at most as many as the problem allows.
func (h *hunt) generate() error {
	if h.Packages == 0 || len(h.lots) < 2 {
		return nil
	}
	p := &pricing{hunt: h}
	for n := range h.Case.Beliefs {
		p.at = append(p.at, n)
	}
	slices.SortStableFunc(p.at, func(a, b int) int { return cmp.Compare(h.scenes[b].probability, h.scenes[a].probability) })
	p.at = p.at[:min(len(p.at), max(1, pricedCells/len(h.lots)))]
	slices.Sort(p.at)
	for n, l := range h.lots {
		p.most = append(p.most, math.Min(h.Case.Lots[l].Capacity, h.Network.Useful(n)))
	}
	for _, n := range p.at {
		free, _, err := p.without(n, nil, true)
		if err != nil {
			return err
		}
		p.free = append(p.free, free)
	}
	for _, w := range [][]float64{make([]float64, len(p.most)), p.most} {
		if _, err := p.learn(w); err != nil {
			return err
		}
	}
	for range h.Packages {
		w, keep, potential, err := p.price()
		if err != nil || h.ctx.Err() != nil {
			return err
		}
		worth := 0.0
		for _, n := range p.at {
			worth += h.scenes[n].probability * h.best.Sales[n].Profit
		}
		if w == nil || potential-worth <= math.Max(h.o.Gap*math.Abs(worth), h.rounding()) || !h.add(w) {
			return nil
		}
		prices, err := p.learn(w)
		if err != nil {
			return err
		}
		if err := p.test(w, keep, prices); err != nil {
			return err
		}
	}
	return nil
}

// without returns what the seller earns of the rivals when w, by network lot, is given away, NaN where it cannot be, and the
// shadow prices of what is left; relaxed where every bid is divisible.
func (p *pricing) without(n int, w []float64, relaxed bool) (value float64, slope []float64, err error) {
	c := p.with(&p.scenes[n], nil)
	if relaxed {
		for b := range c.Bids {
			bid := &c.Bids[b]
			bid.MinFraction, bid.Group, bid.Requires = 0, "", -1
		}
		c.Limits = slices.DeleteFunc(slices.Clone(c.Limits), func(l auction.Limit) bool {
			return l.OrNothing || l.Measure != auction.MeasureVolume && l.Measure != auction.MeasureRevenue
		})
	}
	own := auction.Bid{Bidder: p.Bidder, MinFraction: 1, Requires: -1}
	for k, l := range p.lots {
		if len(w) > 0 && w[k] > 0 {
			own.Rows = append(own.Rows, auction.BidRow{Lot: l, Quantity: w[k], Price: math.Max(0, p.Case.Lots[l].Reserve)})
			own.Amount += own.Rows[len(own.Rows)-1].Price * w[k]
		}
	}
	if relaxed {
		own.MinFraction = 0
	}
	prize := 1.0
	if len(own.Rows) > 0 {
		c.Bids = append(c.Bids, own)
	}
	q, _ := allocation.NewProblem(c)
	q.AnyOptimum = true
	for _, v := range q.Value {
		prize += 2 * math.Abs(v)
	}
	at := len(c.Bids) - 1
	if len(own.Rows) > 0 {
		q.Value[at] = prize // so that it is accepted if it can be
	}
	out, err := p.determine(p.ctx, q, p.o.Seed)
	switch {
	case allocation.Unmet(err):
		return math.NaN(), nil, nil
	case err != nil:
		return 0, nil, err
	}
	value = out.Objective
	if len(own.Rows) > 0 {
		if out.X[at] < allButAll {
			return math.NaN(), nil, nil
		}
		value -= prize * out.X[at]
	}
	for _, l := range p.lots {
		slope = append(slope, out.ShadowPrice[l])
	}
	return value, slope, nil
}

// learn learns the tangents at w, and returns what w costs the seller in truth by position in at, NaN where it cannot give it.
func (p *pricing) learn(w []float64) (prices []float64, err error) {
	for k, n := range p.at {
		value, slope, err := p.without(n, w, true)
		if err != nil {
			return nil, err
		}
		if price := p.free[k] - value; !math.IsNaN(price) {
			p.known = append(p.known, tangent{k, w, math.Max(0, price), slope})
		}
		truly, _, err := p.without(n, w, false)
		if err != nil {
			return nil, err
		}
		alone := p.scenes[n].alone
		if math.IsNaN(alone) { // nothing is sold without the bidder
			alone = 0
		}
		prices = append(prices, math.Max(0, alone-truly))
	}
	return prices, nil
}

// price returns the package of largest potential, by network lot, which bids of the best one it keeps, and what all are worth then in
// the scenarios looked at; nil where none was found.
func (p *pricing) price() (w []float64, keep []bool, potential float64, err error) {
	unit := 1.0
	for i := range p.items {
		unit = math.Max(unit, p.items[i].volume/resolution)
	}
	m := solver.NewModel("package", solver.Maximize)
	top := p.top + p.best.Profit
	amount := m.Continuous("amount", "", 0, top/unit)
	var vol, in []solver.Var
	var lots []solver.Term
	reserve := []solver.Term{amount.Times(1)}
	cost := make([]float64, len(p.most)) // what a package has to pay the seller besides
	for n, l := range p.lots {
		key := fmt.Sprint(n)
		if p.Case.Rules.Objective == auction.Contribution {
			cost[n] = p.Case.Lots[l].Cost
		}
		least := math.Min(1, p.most[n])
		vol = append(vol, m.Continuous("w", key, 0, p.most[n]/unit))
		in = append(in, m.Binary("in", key))
		m.AtLeast("in", key, []solver.Term{vol[n].Times(1), in[n].Times(-least / unit)}, 0)
		if least > 0 {
			lots = append(lots, in[n].Times(1))
		}
		reserve = append(reserve, vol[n].Times(-math.Max(0, p.Case.Lots[l].Reserve)))
	}
	m.AtLeast("lots", "", lots, 2)
	m.AtLeast("reserve", "", reserve, 0)
	var kept []solver.Var
	for k, c := range p.best.Bid {
		kept = append(kept, m.Binary("keep", fmt.Sprint(k)))
		for _, r := range p.items[c.Item].Rows {
			n := p.place[r.Lot]
			m.AtMost("apart", fmt.Sprint(k, ".", n), []solver.Term{vol[n].Times(1), kept[k].Times(p.most[n] / unit)}, p.most[n]/unit)
		}
	}
	for k, n := range p.at {
		s, sale := &p.scenes[n], &p.best.Sales[n]
		key := fmt.Sprint(n)
		u := m.Binary("wins", key)
		paid := m.Continuous("paid", key, 0, top/unit)
		m.AtLeast("pays", key, []solver.Term{paid.Times(1), amount.Times(-1), u.Times(-top / unit)}, -top/unit)
		profit := []solver.Term{paid.Times(-1)}
		won := make([]network.Linear, len(vol))
		for l := range vol {
			x := m.Continuous("won", fmt.Sprint(n, ".", l), 0, p.most[l]/unit)
			m.AtMost("won", fmt.Sprint(n, ".", l), []solver.Term{x.Times(1), vol[l].Times(-1)}, 0)
			m.AtMost("wins", fmt.Sprint(n, ".", l), []solver.Term{x.Times(1), u.Times(-p.most[l] / unit)}, 0)
			won[l].Terms = append(won[l].Terms, x.Times(1))
		}
		for j, c := range p.best.Bid {
			b := p.Bid(c)
			profit = append(profit, kept[j].Times(-sale.Own[j]*b.Amount/unit))
			for _, r := range b.Rows {
				at := p.place[r.Lot]
				won[at].Terms = append(won[at].Terms, kept[j].Times(sale.Own[j]*r.Quantity/unit))
			}
		}
		worth, _ := p.Network.Express(m, key+".", unit, won)
		for _, t := range append(profit, worth...) {
			m.Objective(t.Var.Times(s.probability * t.Coef))
		}
		m.Offset(-s.probability * p.zero / unit)
		for i, t := range p.known {
			if t.scene != k {
				continue
			}
			terms, rhs, most := []solver.Term{amount.Times(1)}, t.price, t.price
			for l := range vol {
				terms = append(terms, vol[l].Times(-t.slope[l]-cost[l]))
				rhs -= t.slope[l] * t.at[l]
				most += t.slope[l]*(p.most[l]-t.at[l]) + cost[l]*p.most[l]
			}
			if most > 0 {
				m.AtLeast("critical", fmt.Sprint(n, ".", i), append(terms, u.Times(-most/unit)), (rhs-most)/unit)
			}
		}
	}
	s, err := solver.Solve(p.ctx, m, solver.Options{RelGap: masterGap * p.o.Gap, Seed: p.o.Seed, NodeLimit: pricedNodes})
	if err != nil || !s.HasValues() {
		return nil, nil, 0, err
	}
	w = make([]float64, len(vol))
	for n := range vol {
		x := s.Value(vol[n]) * unit
		if near := math.Round(x); math.Abs(x-near) <= nearFraction*math.Max(unit, x) {
			x = near
		}
		if x > nearFraction*unit {
			w[n] = x
		}
	}
	for _, k := range kept {
		keep = append(keep, s.Value(k) > 0.5)
	}
	return w, keep, s.Objective * unit, nil
}

// add makes a package an item; it says whether there was none like it.
func (h *hunt) add(w []float64) bool {
	it := Item{Name: fmt.Sprint("package ", h.added+1), Whole: true}
	volume := 0.0
	for n, l := range h.lots {
		if w[n] > 0 {
			it.Rows = append(it.Rows, auction.BidRow{Lot: l, Quantity: w[n]})
			volume += w[n]
		}
	}
	if len(it.Rows) < 2 || slices.ContainsFunc(h.Items, func(o Item) bool { return o.Whole && slices.Equal(o.Rows, it.Rows) }) {
		return false
	}
	h.added++
	it.Step = h.Case.Rules.PriceStep * volume
	h.Items = append(h.Items, it)
	h.open()
	return true
}

// test asks the seller about the newest package beside the bids that are kept, at the prices that its critical prices
// promise most of.
func (p *pricing) test(w []float64, keep []bool, prices []float64) error {
	newest := len(p.items) - 1
	it := &p.items[newest]
	var rest []Choice
	for k, c := range p.best.Bid {
		if keep[k] {
			rest = append(rest, c)
		}
	}
	sales := p.best.Sales
	won, kept := make([]float64, len(p.at)), make([]float64, len(p.at)) // profits with the package, but for its price, and without
	for k, n := range p.at {
		x, paid := make([]float64, len(w)), 0.0
		for j, c := range p.best.Bid {
			if b := p.Bid(c); keep[j] {
				paid += sales[n].Own[j] * b.Amount
				for _, r := range b.Rows {
					x[p.place[r.Lot]] += sales[n].Own[j] * r.Quantity
				}
			}
		}
		kept[k] = p.values.Value(x) - paid
		for l := range x {
			x[l] += w[l]
		}
		won[k] = p.values.Value(x) - paid
	}
	type trial struct {
		tick  int64
		worth float64
	}
	var trials []trial
	for k := range prices {
		if math.IsNaN(prices[k]) || it.slope <= 0 {
			continue
		}
		for over := range int64(2) {
			t := trial{tick: max(it.windows[0].low, int64(math.Ceil((prices[k]-it.base)/it.slope-1e-6))+over)}
			for j, n := range p.at {
				gain := kept[j]
				if it.base+it.slope*float64(t.tick) >= prices[j] {
					gain = won[j] - it.Step*float64(t.tick)
				}
				t.worth += p.scenes[n].probability * gain
			}
			if !slices.ContainsFunc(trials, func(o trial) bool { return o.tick == t.tick }) {
				trials = append(trials, t)
			}
		}
	}
	slices.SortStableFunc(trials, func(a, b trial) int { return cmp.Or(cmp.Compare(b.worth, a.worth), cmp.Compare(a.tick, b.tick)) })
	was := p.best.Objective
	for _, t := range trials[:min(len(trials), pricedTries)] {
		if p.ctx.Err() != nil {
			return nil
		}
		if _, err := p.try(append(slices.Clone(rest), Choice{Item: newest, Tick: t.tick, Fraction: 1})); err != nil {
			return err
		}
	}
	if p.best.Objective > was {
		return p.polish(slices.Clone(p.best.Bid), polishing/4)
	}
	return nil
}
