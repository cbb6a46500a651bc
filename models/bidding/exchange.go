package bidding

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"lotwise/solver"
)

// Exchange moves many lots at once within the caps. Around bids of all parts, a lot's other choices c gain gain_lc if the other
// lots stay, and take take_rlc more of the caps r:
//
//	max Σ_lc gain_lc x_lc   s.t.  Σ_l∈pool Σ_c x_lc ≤ 1,  Σ_lc take_rlc x_lc ≤ limit_r − use_r,  x binary
//
// What is chosen is judged anew, filled up, and searched around again. Lots of other pools interact through facilities alone,
// so that the gains of lots that move together nearly add up.

const (
	// swaps is how often it is searched around a bid at most.
	swaps = 8
	// offers is how many other choices a lot may have; of one price, offersEach.
	offers, offersEach = 12, 2
	// exchangeNodes is the most nodes of one search.
	exchangeNodes = 20
)

// An offer is another choice in a lot.
type offer struct {
	part, lot  int
	choice     *choice
	gain, loss float64 // of profit; against the best choice under the multipliers
}

// exchange searches around bids of the parts, which need not fit, with the multipliers as they stand, and keeps what fits. It
// overwrites the stands.
func (h *hunt) exchange(stands []*stand) error {
	was := math.Inf(-1)
	for range swaps {
		chosen, err := h.swap(stands)
		if err != nil || chosen == nil || h.r.ctx.Err() != nil {
			return err
		}
		for _, o := range chosen {
			stands[o.part].chosen[o.lot] = o.choice
		}
		for i, t := range h.r.parts {
			t.price(nil)
			stands[i].tally()
		}
		h.fit(stands)
		sum := 0.0
		for _, s := range stands {
			sum += s.value
		}
		if sum <= was*(1+noise) {
			break
		}
		was = sum
	}
	return nil
}

// swap returns the choices of the best exchange around bids; nil where there is none.
func (h *hunt) swap(stands []*stand) ([]offer, error) {
	use := h.uses(stands...)
	charges := h.charges()
	lists := make([][]offer, len(stands))
	h.r.each(func(i int) {
		h.r.parts[i].price(charges)
		lists[i] = h.offers(i, stands[i])
	})
	unit := max(1, math.Abs(h.value), h.bound-h.value)
	if math.IsInf(unit, 1) {
		unit = max(1, math.Abs(h.value))
	}
	m := solver.NewModel("exchange", solver.Maximize)
	rows := make([][]solver.Term, len(h.rows))
	type choosable struct {
		offer
		v solver.Var
	}
	var all []choosable
	for i, list := range lists {
		pools := make([][]solver.Term, len(h.r.parts[i].pools))
		for n, o := range list {
			v := m.Binary("move", fmt.Sprint(i, ".", n))
			m.Objective(v.Times(o.gain / unit))
			z := h.r.parts[i].lots[o.lot].pool
			pools[z] = append(pools[z], v.Times(1))
			for r := range h.rows {
				c := &h.rows[r]
				if x := c.takes(stands[i].t, o.lot, o.choice) - c.use(stands[i], o.lot); x != 0 {
					rows[r] = append(rows[r], v.Times(x/c.scale()))
				}
			}
			all = append(all, choosable{o, v})
		}
		for z, terms := range pools {
			if len(terms) > 1 {
				m.AtMost("pool", fmt.Sprint(i, ".", z), terms, 1)
			}
		}
	}
	for r := range h.rows {
		m.AtMost("cap", fmt.Sprint(r), rows[r], (h.rows[r].limit-use[r])/h.rows[r].scale())
	}
	s, err := solver.Solve(h.r.ctx, m, solver.Options{AbsGap: h.r.o.Gap / 4, NodeLimit: exchangeNodes, Seed: h.r.o.Seed})
	if err != nil || !s.HasValues() {
		return nil, err
	}
	if s.Objective <= h.r.o.Gap/8 && h.fits(use) {
		return nil, nil
	}
	var out []offer
	for _, c := range all {
		if s.Value(c.v) > 0.5 {
			out = append(out, c.offer)
		}
	}
	return out, nil
}

// offers lists the choices that come near the best of each lot under the part's charges.
func (h *hunt) offers(part int, s *stand) []offer {
	t := s.t
	var out []offer
	for l := range t.lots {
		lot := &t.lots[l]
		worth := s.worth(l)
		earns := func(c *choice) float64 {
			v := 0.0
			for k := range worth {
				v += worth[k][c.won[k]] - lot.weight[k]*c.paid[k]
			}
			return v
		}
		now := earns(s.chosen[l])
		var list []offer
		consider := func(rows []step) {
			c := lot.choose(rows)
			v := 0.0
			for k := range worth {
				v += worth[k][c.won[k]]
			}
			list = append(list, offer{part: part, lot: l, choice: c, gain: earns(c) - now, loss: lot.charge(c) - v})
		}
		consider(nil)
		extra := s.beside(l)
		for j := range lot.ticks {
			from := len(list)
			levels := lot.useful[j]
			if len(extra) > 0 {
				levels = slices.Compact(slices.Sorted(slices.Values(slices.Concat(levels, extra))))
			}
			for _, q := range levels {
				if q > 0 && q <= lot.top[j] {
					consider([]step{{j, q}})
				}
			}
			slices.SortStableFunc(list[from:], byLoss)
			list = list[:min(len(list), from+offersEach)]
		}
		slices.SortStableFunc(list, byLoss)
		list = slices.DeleteFunc(list, func(o offer) bool { return slices.Equal(o.choice.rows, s.chosen[l].rows) })
		out = append(out, list[:min(len(list), offers)]...)
	}
	return out
}

func byLoss(a, b offer) int { return cmp.Compare(a.loss, b.loss) }
