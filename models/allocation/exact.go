package allocation

import (
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/solver"
)

const (
	// fractionSlack is how far a fraction that a solver returns may lie from a bound and be that bound:
	// ten times the accuracy solvers keep on numbers of this size, and under a package in ten million.
	fractionSlack = 1e-8
	// rowSlack and rowShare are by how much a capacity or budget may be exceeded, absolutely and as a share
	// of it: rounding of sums of decimals, far under a cent in a billion and a thousandth of a package.
	rowSlack = 1e-7
	rowShare = 1e-12
	// limitShare is by how much a limit on a sum may be missed, as a share of what it sums: a solver's fractions are
	// put on bounds that they are within fractionSlack of.
	limitShare = 1e-8
	// countSlack is the same for limits on numbers; shares of numbers are sums of decimals.
	countSlack = 1e-9
)

// slack is the rounding error that a comparison with a forgives.
func slack(a float64) float64 { return rowSlack + rowShare*math.Abs(a) }

// repair turns a solver's fractions into ones that hold in exact terms: what lies within tolerance of a
// bound is put there, and where a row is still exceeded, divisible bids give way, the last first. It
// returns false where that is not enough: the decisions do not fit.
func (k *component) repair(x, lo, up []float64) bool {
	for j := range x {
		switch {
		case x[j] < lo[j]+fractionSlack:
			x[j] = lo[j]
		case x[j] > up[j]-fractionSlack:
			x[j] = up[j]
		}
	}
	k.settle(x)
	for i := range k.rows {
		r := &k.rows[i]
		if !r.packs() {
			continue
		}
		for t := len(r.terms) - 1; t >= 0; t-- {
			over := r.at(x) - r.rhs
			if over <= 0 {
				break
			}
			if j, coef := r.terms[t].bid, r.terms[t].coef; x[j] > lo[j] && x[j] < up[j] {
				x[j] = max(lo[j], x[j]-over/coef)
			}
		}
	}
	k.settle(x)
	return k.fits(x)
}

// fits says whether x is within every row and every hard limit on numbers.
func (k *component) fits(x []float64) bool {
	on := k.on(x)
	for i := range k.rows {
		if r := &k.rows[i]; k.holds(r.only, on) && r.at(x) > r.rhs+r.slack(x) {
			return false
		}
	}
	for i := range k.counts {
		if n := &k.counts[i]; math.IsNaN(n.penalty) && k.over(n, on) > countSlack {
			return false
		}
	}
	return true
}

// slack is the rounding error that the row forgives.
func (r *row) slack(x []float64) float64 {
	if r.family != limited {
		return slack(r.rhs)
	}
	size := math.Abs(r.rhs)
	for _, t := range r.terms {
		size += math.Abs(t.coef * x[t.bid])
	}
	return rowSlack + limitShare*size
}

// on says, by bid and then control, what is accepted at x, and which controls are on for it.
func (k *component) on(x []float64) []bool {
	on := make([]bool, len(k.decide))
	for j := range k.bids {
		on[j] = x[j] > 0
	}
	for i := range k.controls {
		c := &k.controls[i]
		on[len(k.bids)+i] = slices.ContainsFunc(c.members, func(j int) bool {
			return x[j] >= auction.LeastFraction || c.nothing && x[j] > 0
		})
	}
	return on
}

// holds says whether a constraint with this control applies.
func (k *component) holds(only int, on []bool) bool { return only == 0 || on[len(k.bids)+only-1] }

// over is by how much the limit on numbers is exceeded.
func (k *component) over(n *count, on []bool) float64 {
	if !k.holds(n.only, on) {
		return 0
	}
	total := -n.rhs
	for _, d := range n.terms {
		at := d.bid
		if at < 0 {
			at = len(k.bids) + d.control
		}
		if on[at] {
			total += d.coef
		}
	}
	return max(0, total)
}

// settle sets the misses to what soft limits on sums are missed by.
func (k *component) settle(x []float64) {
	if len(k.misses) == 0 {
		return
	}
	on := k.on(x)
	for i := range k.misses {
		r := &k.rows[k.misses[i].row]
		at := len(k.bids) + i
		x[at] = 0
		if k.holds(r.only, on) {
			x[at] = max(0, r.at(x)-r.rhs)
		}
	}
}

// earns is the objective at x, the misses of which are settled.
func (k *component) earns(x []float64) float64 {
	var s solver.Sum
	for j := range x {
		s.Add(k.value[j] * x[j])
	}
	if len(k.counts) > 0 {
		on := k.on(x)
		for i := range k.counts {
			if n := &k.counts[i]; n.penalty > 0 {
				s.Add(-n.penalty * k.over(n, on))
			}
		}
	}
	for _, e := range k.entries {
		for _, j := range e.bids {
			if x[j] > 0 {
				s.Add(-e.fee)
				break
			}
		}
	}
	return s.Value()
}
