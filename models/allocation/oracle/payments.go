package oracle

import (
	"fmt"
	"math"
	"math/big"

	"lotwise/models/auction"
)

// Discounts are what VCG takes off each bidder's bids at an allocation that is optimal: W - W(-i), at least 0 and at
// most what the bids are over the reserves of what is won; all of that where the limits cannot be met without i.
func (v Values) Discounts(c *auction.Case, x []float64) []float64 {
	most := make([]float64, len(c.Bidders))
	for b, fraction := range x {
		bid := &c.Bids[b]
		most[bid.Bidder] += bid.Amount * fraction
		for _, r := range bid.Rows {
			most[bid.Bidder] -= c.Lots[r.Lot].Reserve * r.Quantity * fraction
		}
	}
	for i := range most {
		if worth := v.All() - v.Without(i); worth < most[i] {
			most[i] = worth
		}
		most[i] = max(0, most[i])
	}
	return most
}

// CheckCore says what is wrong with discounts d off the bids at payment rule core, nil where nothing is: they must be
// feasible,
//
//	Σ_{i ∉ C} d_i ≤ W - w(C)   every set of bidders C that can meet the limits
//	0 ≤ d_i ≤ vcg_i            every bidder i
//
// of the largest total, T, and of these the nearest to vcg: as d is the nearest point of a convex set to vcg exactly
// where (vcg - d)·(z - d) ≤ 0 for all z in it, the largest (vcg - d)·z is found by a linear program. Tolerance is money.
func (v Values) CheckCore(vcg, d []float64, tolerance float64) error {
	n := len(d)
	var a [][]*big.Rat
	var rhs []*big.Rat
	unit := func(in func(i int) bool, sign int64) []*big.Rat {
		row := make([]*big.Rat, n)
		for i := range row {
			row[i] = new(big.Rat)
			if in(i) {
				row[i].SetInt64(sign)
			}
		}
		return row
	}
	for set := range v {
		if math.IsNaN(v[set]) {
			continue
		}
		outside := func(i int) bool { return set>>i&1 == 0 }
		room, taken := max(0, v.All()-v[set]), 0.0
		for i := range d {
			if outside(i) {
				taken += d[i]
			}
		}
		if taken > room+tolerance {
			return fmt.Errorf("bidders outside of set %b save %g, their presence is worth %g", set, taken, room)
		}
		a, rhs = append(a, unit(outside, 1)), append(rhs, rational(room))
	}
	total := 0.0
	for i := range d {
		if d[i] < -tolerance || d[i] > vcg[i]+tolerance {
			return fmt.Errorf("bidder %d saves %g, by VCG %g", i, d[i], vcg[i])
		}
		total += d[i]
		a, rhs = append(a, unit(func(j int) bool { return i == j }, 1)), append(rhs, rational(vcg[i]))
	}
	all := unit(func(int) bool { return true }, 1)
	most, _ := maximise(all, a, rhs)
	if largest, _ := most.Float64(); math.Abs(total-largest) > tolerance {
		return fmt.Errorf("discounts sum to %g, they could to %g", total, largest)
	}
	a, rhs = append(a, unit(func(int) bool { return true }, -1)), append(rhs, new(big.Rat).Neg(most))
	toward := make([]*big.Rat, n)
	own := 0.0
	for i := range toward {
		toward[i] = rational(vcg[i] - d[i])
		own += (vcg[i] - d[i]) * d[i]
	}
	farthest, z := maximise(toward, a, rhs)
	apart := 1.0
	for i := range d {
		apart += math.Abs(vcg[i] - d[i])
	}
	if best, _ := farthest.Float64(); best-own > tolerance*apart { // the squared distance of d to the nearest, at most
		return fmt.Errorf("discounts %v are not the nearest to %v: %v is more on its side, by %g", d, vcg, z, best-own)
	}
	return nil
}
