package bilevel

import "math"

// Ties. Of the seller's optima the first by the tie rule counts: the one that gives the earliest bidder most packages, of
// these the one that gives the next most, and so on. The master is told of it by a value of so little a package of
// bidder k that all of them together are under δ:
//
//	ε_k = δ / 2B^(k+1),   B one more than all packages there are,   k = 0, 1, ... in the order of bidders.csv
//
// Where all bids are accepted whole or not at all and all amounts are multiples of one sum of money, that sum is δ, and the
// rule is told exactly. Elsewhere only the first of those who bid, the bidder among them, has an ε: an optimum by the
// tie rule gives it no less than any that is worth as much. What is worth more by under δ = worthless × all that is bid
// counts as worth as much then, so bids whose acceptance hangs on less are not looked at. Other ties the master breaks for
// the bidder, which bounds what it gets.

const (
	// leastTie is the least ε, in units of the master, that its tolerances let it see.
	leastTie = 1e-6
	// worthless is the share of the seller's value that a tie may differ by.
	worthless = 1e-5
)

// tie returns ε by bidder, 0 where the rule is left to the bidder's favour.
func (g *game) tie(n int) []float64 {
	if tie := g.wholeTie(n); tie != nil {
		return tie
	}
	s := &g.scenes[n]
	tie := make([]float64, len(g.Case.Bidders))
	first, all, packages := g.Bidder, 0.0, 0.0
	for b := range s.rivals {
		if !s.void[b] {
			first = min(first, s.rivals[b].Bidder)
		}
	}
	for n := range g.scenes {
		sum := 0.0
		for _, v := range g.scenes[n].value {
			sum += math.Abs(v)
		}
		all = math.Max(all, sum)
	}
	for l := range g.Case.Lots {
		packages += g.Case.Lots[l].Capacity
	}
	all = math.Max(all, packages*g.Case.Rules.PriceStep) // where rivals name no price but 0
	if packages > 0 {
		tie[first] = worthless * all / packages
	}
	return tie
}

// wholeTie is tie where all is whole, nil elsewhere.
func (g *game) wholeTie(n int) []float64 {
	s := &g.scenes[n]
	tie := make([]float64, len(g.Case.Bidders))
	if len(g.Case.Adjustments) > 0 || len(g.Case.Limits) > 0 {
		return nil
	}
	var money []float64
	packages := 0.0
	take := func(amount, volume float64) bool {
		money = append(money, amount)
		packages += volume
		return volume == math.Trunc(volume)
	}
	present := make([]bool, len(tie))
	present[g.Bidder] = true
	for b := range s.rivals {
		if s.void[b] {
			continue
		}
		volume := 0.0
		for _, r := range s.rivals[b].Rows {
			volume += r.Quantity
		}
		if s.rivals[b].MinFraction != 1 || !take(s.value[b], volume) {
			return nil
		}
		present[s.rivals[b].Bidder] = true
	}
	top := 0.0
	for i := range g.items {
		it := &g.items[i]
		if !it.Whole || !take(it.base, it.volume) || !take(it.slope, 0) {
			return nil
		}
		top = math.Max(top, it.volume)
	}
	delta := common(money)
	if delta == 0 {
		return nil
	}
	next := delta / 2
	for k := range tie {
		if !present[k] {
			continue
		}
		if next /= packages + 1; next < leastTie*top/resolution {
			break
		}
		tie[k] = next
	}
	return tie
}

// sameMoney is by what share of the largest of them sums of money differ from multiples that they are but for rounding.
const sameMoney = 1e-9

// common returns the largest sum of money that all are multiples of.
func common(money []float64) float64 {
	top := 0.0
	for _, a := range money {
		top = math.Max(top, math.Abs(a))
	}
	gcd := 0.0
	for _, a := range money {
		b := math.Abs(a)
		for b > sameMoney*top {
			rest := math.Mod(gcd, b)
			if b-rest <= sameMoney*top {
				rest = 0
			}
			gcd, b = b, rest
		}
	}
	return gcd
}
