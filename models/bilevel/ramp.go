package bilevel

import (
	"fmt"
	"math"

	"lotwise/models/allocation"
	"lotwise/models/auction"
	"lotwise/solver"
)

// Ramps. An alternative A whose limits may break where less is bid holds there in part all the same if there is another, B,
// that accepts no more of any item and takes the same decisions: what is between the two is allowed too, since what
// the rules say of fractions is convex then, and so
//
//	value_s ≥ value(B) + λ (value(A) − value(B)),   λ = min_i (min(θ_i, q_i) − φ_i) / (θ_i − φ_i)
//
// where θ_i and φ_i are what A and B accept of item i, if q_i ≥ φ_i for all i. B is what the seller does with A's bids where all
// items are cut to a share κ of θ, the least at which the decisions are the same.

const (
	// leastRamp is the least difference of fractions over which a ramp is told: steeper ones are beyond the tolerances
	// of the master.
	leastRamp = 1e-4
	// rampHalvings is by how many halvings the least share of a ramp is looked for.
	rampHalvings = 3
	// slight is the fraction of a bid that what counts as accepted has to exceed if another allocation leaves it out: between the two it
	// would count no more near the one.
	slight = 1e-4
)

// A foot is the lower end of a ramp.
type foot struct {
	theta []float64 // by item of the cut
	rest  float64
}

// foot finds the lower end of a cut's ramp, nil where there is none.
func (h *hunt) foot(a *cut) (*foot, error) {
	if rigid, _, _ := h.fragile(a); !rigid {
		return nil, nil
	}
	best, err := h.under(a, 0)
	if err != nil || best != nil {
		return best, err
	}
	low, high := 0.0, 1.0
	for range rampHalvings {
		share := (low + high) / 2
		f, err := h.under(a, share)
		if err != nil {
			return nil, err
		}
		if f == nil {
			low = share
		} else {
			best, high = f, share
		}
	}
	return best, nil
}

// under is what the seller does with the bids of an alternative where each item that can be divided is cut to a share, nil where
// that cannot be mixed with the alternative.
func (h *hunt) under(a *cut, share float64) (*foot, error) {
	s := &h.scenes[a.scene]
	var full, own []auction.Bid
	for k, i := range a.of {
		c := Choice{Item: i, Tick: a.tick[k], Fraction: 1}
		full = append(full, h.Bid(c))
		if !h.items[i].Whole {
			c.Fraction = share * a.theta[k]
		}
		if c.Fraction > 0 {
			own = append(own, h.Bid(c))
		}
	}
	q, _ := allocation.NewProblem(h.with(s, own))
	for b := range s.rivals {
		q.Out[b] = q.Out[b] || a.rivals[b] < auction.LeastFraction
	}
	out, err := h.determine(h.ctx, q, h.o.Seed)
	if allocation.Unmet(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f := &foot{theta: make([]float64, len(a.of)), rest: out.Objective}
	at := len(s.rivals)
	for k, i := range a.of {
		part := share * a.theta[k]
		if h.items[i].Whole {
			part = 1
		}
		if part > 0 {
			f.theta[k] = part * out.X[at]
			f.rest -= q.Value[at] * out.X[at]
			at++
		}
		if f.theta[k] <= nearFraction {
			f.theta[k] = 0
		}
	}
	f.rest += s.ties(out.X[:len(s.rivals)])
	ramped := false
	for k, i := range a.of {
		d := a.theta[k] - f.theta[k]
		if h.items[i].Whole && d != 0 || d != 0 && d < leastRamp {
			return nil, nil
		}
		ramped = ramped || d > 0
	}
	c := h.with(s, full)
	from := append(append([]float64(nil), a.rivals...), a.theta...)
	to := append(append([]float64(nil), out.X[:len(s.rivals)]...), f.theta...)
	if !ramped || !mixed(c, s.limits, from, to) {
		return nil, nil
	}
	return f, nil
}

// ties is what the rivals' accepted fractions count for besides, see tie.go.
func (s *scene) ties(x []float64) float64 {
	sum := 0.0
	for b := range s.rivals {
		for _, r := range s.rivals[b].Rows {
			sum += s.tie[s.rivals[b].Bidder] * r.Quantity * x[b]
		}
	}
	return sum
}

// mixed says whether all mixtures of two allocations that the rules of a case allow are allowed too, and lose no more by
// penalties than the mixture of what these lose.
func mixed(c *auction.Case, limits []*auction.ScopedLimit, a, b []float64) bool {
	const least = auction.LeastFraction
	half := make([]float64, len(a))
	groups := map[string]bool{}
	for k := range a {
		bid := &c.Bids[k]
		in, out := math.Max(a[k], b[k]) >= least, math.Min(a[k], b[k]) < least
		half[k] = (a[k] + b[k]) / 2
		if !in {
			half[k] = 0
			continue
		}
		if out && (bid.MinFraction > 0 || math.Max(a[k], b[k]) < slight) {
			return false
		}
		if bid.Group != "" {
			key := fmt.Sprint(bid.Bidder, ".", bid.Group)
			if groups[key] {
				return false
			}
			groups[key] = true
		}
		if r := bid.Requires; r >= 0 && math.Min(a[r], b[r]) < slight {
			return false
		}
	}
	for _, l := range limits {
		if l.Sums() && !l.OrNothing {
			continue
		}
		at, to, between := l.Read(c, a), l.Read(c, b), l.Read(c, half)
		for n := range at {
			switch x, y := at[n].Value, to[n].Value; {
			case l.Sums():
				if (x == 0) != (y == 0) {
					return false
				}
			case x == y && between[n].Value == x && at[n].Violation == to[n].Violation && at[n].Violation == between[n].Violation:
			case l.Of == "" && math.IsNaN(l.Penalty) && math.IsNaN(l.Min) && between[n].Violation == 0:
			default:
				return false
			}
		}
	}
	return true
}

// ramp states an alternative with a foot; off is what has to be made up for where it does not hold.
func (m *master) ramp(a *cut, n int, value []solver.Term, off float64, switches []solver.Term) {
	g := m.g
	s := &g.scenes[a.scene]
	f := a.foot
	key := fmt.Sprint(n)
	var shares [][]solver.Term // λ_i
	terms := append([]solver.Term(nil), value...)
	must := 0.0
	for k, i := range a.of {
		it := &g.items[i]
		if f.theta[k] > 0 || it.Whole {
			must++
			if it.Whole {
				for _, y := range m.y[i] {
					switches = append(switches, y.Times(-1))
				}
			} else {
				switches = append(switches, m.whether(i, f.theta[k]).Times(-1))
			}
		}
		if d := a.theta[k] - f.theta[k]; d > 0 {
			from, to := 0, it.at(a.theta[k])
			if f.theta[k] > 0 {
				from = it.at(f.theta[k]) + 1
			}
			var share []solver.Term
			for _, x := range m.fill[i][from : to+1] {
				share = append(share, x.Times(1/d))
			}
			shares = append(shares, share)
		}
	}
	lambda := m.m.Continuous("ramp", key, 0, 1)
	var one []solver.Term
	for k, share := range shares {
		m.m.AtMost("ramp", fmt.Sprint(n, ".", k), append(negative(share), lambda.Times(1)), 0)
		if len(shares) == 1 {
			m.m.AtLeast("ramp", key, append(negative(share), lambda.Times(1)), 0)
			continue
		}
		z := m.m.Binary("least", fmt.Sprint(n, ".", k))
		one = append(one, z.Times(1))
		m.m.AtLeast("least", fmt.Sprint(n, ".", k), append(negative(share), lambda.Times(1), z.Times(-1)), -1)
	}
	if len(one) > 0 {
		m.m.Equal("least", key, one, 1)
	}
	for k, i := range a.of {
		it := &g.items[i]
		d := a.theta[k] - f.theta[k]
		sum := []solver.Term{lambda.Times(-1)}
		for j, w := range it.windows {
			least := m.least(it, s, w)
			terms = append(terms, m.y[i][j].Times(-least*f.theta[k]/m.unit))
			if d <= 0 {
				continue
			}
			x := m.m.Continuous("ramp", fmt.Sprint(n, ".", k, ".", j), 0, 1)
			m.m.AtMost("ramped", fmt.Sprint(n, ".", k, ".", j), []solver.Term{x.Times(1), m.y[i][j].Times(-1)}, 0)
			sum = append(sum, x.Times(1))
			terms = append(terms, x.Times(-least*d/m.unit))
		}
		if d > 0 {
			m.m.Equal("ramped", fmt.Sprint(n, ".", k), sum, 0)
		}
	}
	terms = append(terms, lambda.Times((f.rest-a.rest)/m.unit))
	off += math.Abs(f.rest)
	for _, t := range switches {
		terms = append(terms, t.Var.Times(t.Coef*off/m.unit))
	}
	m.m.AtLeast("cut", key, terms, (f.rest-must*off)/m.unit)
}

// least is the least that the seller may count for all of an item at a price of a window.
func (m *master) least(it *item, s *scene, w window) float64 {
	return math.Min(it.base+it.slope*float64(w.low), it.base+it.slope*float64(w.high)) + s.tie[m.g.Bidder]*it.volume
}
