package bidding

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"lotwise/solver"
)

// Kelley's cutting planes on the Lagrangian of the caps, with a row for every bid of a part that was best under some
// multipliers:
//
//	min Σ_r m_r limit_r + Σ_t v_t
//	s.t. v_t + Σ_r m_r use_r(bid) ≥ profit(bid)      every bid known of part t, bidding nothing among them      (bid)
//	     m ≥ 0
//
// This is the dual of Dantzig and Wolfe's master problem: its own dual mixes the bids of each part, and no more parts
// have a true mixture than caps bind.
type cuts struct {
	h          *hunt
	m          *solver.Model
	session    *solver.Session
	unit       float64 // money
	multiplier []solver.Var
	worth      []solver.Var // v
	known      [][]*known   // by part
}

// known is a bid of a part.
type known struct {
	*stand
	use    []float64 // by row
	profit float64
	row    solver.Con
	share  float64 // of the part's mixture
	out    bool    // of the node of branch and bound that is looked at
}

// steep bounds the multipliers of the LP: what a cap's last thousandth is worth, as a share of the unit, while bids that
// use little of it are not yet known.
const steep = 1000

func (h *hunt) newCuts() (*cuts, error) {
	k := &cuts{h: h, m: solver.NewModel("multipliers", solver.Minimize), unit: 1, known: make([][]*known, len(h.parts))}
	for _, b := range h.parts {
		k.unit += math.Abs(b.best.value)
	}
	for i, c := range h.rows {
		k.multiplier = append(k.multiplier, k.m.Continuous("multiplier", fmt.Sprint(i), 0, steep))
		k.m.Objective(k.multiplier[i].Times(c.limit / c.scale()))
	}
	for i := range h.parts {
		k.worth = append(k.worth, k.m.Continuous("worth", fmt.Sprint(i), math.Inf(-1), math.Inf(1)))
		k.m.Objective(k.worth[i].Times(1))
	}
	for i, b := range h.parts {
		k.add(i, b.t.stand(false, nil))
		k.add(i, b.best)
	}
	var err error
	k.session, err = solver.Open(k.m)
	return k, err
}

// scale is the unit of what a cap limits: multipliers of the LP are what all of the limit costs.
func (c *capRow) scale() float64 { return max(c.limit, 1) }

// add adds a bid of a part, unless it is known.
func (k *cuts) add(part int, s *stand) {
	same := func(o *known) bool {
		return slices.EqualFunc(o.chosen, s.chosen, func(a, b *choice) bool { return slices.Equal(a.rows, b.rows) })
	}
	if slices.ContainsFunc(k.known[part], same) {
		return
	}
	n := &known{stand: s.clone(), use: k.h.uses(s), profit: s.gross}
	for l, c := range s.chosen {
		for j, paid := range c.paid {
			n.profit -= s.t.lots[l].weight[j] * paid
		}
	}
	terms := []solver.Term{k.worth[part].Times(1)}
	for i, c := range k.h.rows {
		terms = append(terms, k.multiplier[i].Times(n.use[i]/c.scale()))
	}
	n.row = k.m.AtLeast("bid", fmt.Sprint(part, ".", len(k.known[part])), terms, n.profit/k.unit)
	k.known[part] = append(k.known[part], n)
}

func (k *cuts) solve(ctx context.Context) (*solver.Solution, error) {
	return k.session.Solve(ctx, solver.Options{})
}

// multipliers reads them from a solution.
func (k *cuts) multipliers(s *solver.Solution) []float64 {
	var m []float64
	for i, c := range k.h.rows {
		m = append(m, max(0, s.Value(k.multiplier[i]))*k.unit/c.scale())
	}
	return m
}

// likely returns of each part the bid that has the largest share of its mixture.
func (k *cuts) likely() []*stand {
	var out []*stand
	for _, list := range k.known {
		best := slices.MaxFunc(list, func(a, b *known) int {
			return cmp.Compare(a.share, b.share)
		})
		out = append(out, best.clone())
	}
	return out
}

// worthOf returns what a bid is worth under multipliers.
func (n *known) worthOf(multipliers []float64) float64 {
	v := n.profit
	for i, m := range multipliers {
		v -= m * n.use[i]
	}
	return v
}

// value returns the Lagrangian at multipliers as far as the bids known tell: no more than it is.
func (k *cuts) value(multipliers []float64) float64 {
	sum := 0.0
	for i, m := range multipliers {
		sum += m * k.h.rows[i].limit
	}
	for _, list := range k.known {
		best := math.Inf(-1)
		for _, n := range list {
			best = max(best, n.worthOf(multipliers))
		}
		sum += best
	}
	return sum
}

// best returns a part's best bid known under the multipliers.
func (k *cuts) best(part int) *stand {
	m := k.h.multipliers()
	at, best := 0, math.Inf(-1)
	for i, n := range k.known[part] {
		if v := n.worthOf(m); v > best {
			at, best = i, v
		}
	}
	s := k.known[part][at].clone()
	s.recharge()
	return s
}

const (
	// mixNodes is the most nodes of the master's branch and bound.
	mixNodes = 500
)

// master chooses one of the bids known of each part, the best together that fit, and fills them up:
//
//	max Σ_b profit_b x_b   s.t.  Σ_{b of t} x_b = 1,  Σ_b use_rb x_b ≤ limit_r,  x binary
func (h *hunt) master() error {
	k := h.cuts
	m := solver.NewModel("master", solver.Maximize)
	use := make([][]solver.Term, len(h.rows))
	x := make([][]solver.Var, len(k.known))
	for t, list := range k.known {
		var one []solver.Term
		for i, n := range list {
			v := m.Binary("bid", fmt.Sprint(t, ".", i))
			x[t] = append(x[t], v)
			one = append(one, v.Times(1))
			m.Objective(v.Times(n.profit / k.unit))
			for r, c := range h.rows {
				use[r] = append(use[r], v.Times(n.use[r]/c.scale()))
			}
		}
		m.Equal("one", fmt.Sprint(t), one, 1)
	}
	for r, c := range h.rows {
		m.AtMost("cap", fmt.Sprint(r), use[r], c.limit/c.scale())
	}
	s, err := solver.Solve(h.r.ctx, m, solver.Options{RelGap: h.r.o.Gap / 4, NodeLimit: mixNodes, Seed: h.r.o.Seed})
	if err != nil || !s.HasValues() {
		return err
	}
	var stands []*stand
	for t, list := range k.known {
		for i, v := range x[t] {
			if s.Value(v) > 0.5 {
				stands = append(stands, list[i].clone())
			}
		}
	}
	h.fit(stands)
	return nil
}
