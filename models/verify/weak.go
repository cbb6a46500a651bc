package verify

import (
	"math"
	"sort"
)

// A segment too large for branch and bound is bracketed: from below by what some feasible acceptances earn, from
// above by weak duality, for any prices λ >= 0 of the capacities and caps
//
//	Σ_r λ_r most_r + Σ_groups max(0, max_{b of group} score_b - Σ_r λ_r use_br)   >=  optimum
//
// where limits, least fractions and requirements, which only take away, are left out. The prices start at
// the stated shadow prices of the lots and are improved by subgradient steps (Held, Wolfe and Crowder 1974).

const (
	// duals is the number of subgradient steps.
	duals = 200
	// slowAfter is the number of steps without improvement after which they are halved.
	slowAfter = 10
)

// large brackets what a large segment earns without the bids of some bidders.
func (g *segment) large(out map[int]bool, hint []float64) outcome {
	o := outcome{low: math.Inf(-1)}
	keep := func(x map[int]float64) {
		if v, ok := g.earns(x); ok && v > o.low {
			o.low, o.x = v, make([]float64, len(g.bids))
			for n, i := range g.bids {
				o.x[n] = x[i]
			}
		}
	}
	if hint != nil {
		x := map[int]float64{}
		for _, i := range g.bids {
			if !out[g.s.k.c.Bids[i].Bidder] {
				x[i] = hint[i]
			}
		}
		keep(x)
	}
	for _, order := range g.orders(out, hint) {
		keep(g.take(order))
	}
	o.high = math.Max(o.low, g.ceiling(out, o.low))
	return o
}

// earns returns what accepted fractions of the segment's bids, which fit its capacities, caps and groups, earn; ok
// is false where a hard limit does not allow them.
func (g *segment) earns(x map[int]float64) (value float64, ok bool) {
	for _, i := range g.bids {
		value += g.s.score[i] * x[i]
	}
	if len(g.scopes) == 0 {
		return value, true
	}
	dense := make([]float64, len(g.s.k.c.Bids))
	for _, i := range g.bids {
		dense[i] = x[i]
	}
	for _, sc := range g.scopes {
		v := g.s.k.gauge(sc, dense)
		if math.IsNaN(sc.limit.Penalty) {
			if v.violation > 0 && !same(v.value, v.value+v.violation) {
				return 0, false
			}
		} else {
			value -= sc.limit.Penalty * v.violation
		}
	}
	return value, true
}

// orders are sequences in which to take bids: by score for the scarcest capacities, by score, and the same after
// those that the hint accepts.
func (g *segment) orders(out map[int]bool, hint []float64) (list [][]int) {
	c := g.s.k.c
	bids := make([]int, 0, len(g.bids))
	density := map[int]float64{}
	for _, i := range g.bids {
		if out[c.Bids[i].Bidder] || g.s.score[i] <= 0 {
			continue
		}
		bids = append(bids, i)
		most := 0.0
		for _, r := range c.Bids[i].Rows {
			if capacity := c.Lots[r.Lot].Capacity; capacity > 0 {
				most += r.Quantity / capacity
			}
		}
		density[i] = g.s.score[i] / math.Max(most, relTol)
	}
	for _, key := range []func(i int) float64{
		func(i int) float64 { return density[i] },
		func(i int) float64 { return g.s.score[i] },
		func(i int) float64 {
			if hint != nil && hint[i] > wholeTol {
				return math.Inf(1)
			}
			return density[i]
		},
	} {
		order := append([]int(nil), bids...)
		sort.SliceStable(order, func(m, n int) bool { return key(order[m]) > key(order[n]) })
		list = append(list, order)
	}
	return list
}

// take accepts bids in order, each as far as it fits.
func (g *segment) take(order []int) map[int]float64 {
	c := g.s.k.c
	left := map[int]float64{}
	money, volume := map[int]float64{}, map[int]float64{}
	x := map[int]float64{}
	type group struct {
		bidder int
		name   string
	}
	taken := map[group]bool{}
	for _, i := range order {
		b := &c.Bids[i]
		if b.Group != "" && taken[group{b.Bidder, b.Group}] {
			continue
		}
		if r := b.Requires; r >= 0 && x[r] < counted {
			continue
		}
		most, packages := 1.0, 0.0
		need := map[int]float64{}
		for _, r := range b.Rows {
			need[r.Lot] += r.Quantity
			packages += r.Quantity
		}
		for l, q := range need {
			if _, ok := left[l]; !ok {
				left[l] = g.s.capacity(l)
			}
			if q > 0 {
				most = math.Min(most, left[l]/q)
			}
		}
		if b.Amount > 0 {
			most = math.Min(most, (g.s.budgetOf(b.Bidder)-money[b.Bidder])/b.Amount)
		}
		if packages > 0 {
			most = math.Min(most, (g.s.volumeOf(b.Bidder)-volume[b.Bidder])/packages)
		}
		if most <= 0 || most < b.MinFraction {
			continue
		}
		x[i] = most
		money[b.Bidder] += most * b.Amount
		volume[b.Bidder] += most * packages
		for l, q := range need {
			left[l] -= most * q
		}
		if b.Group != "" {
			taken[group{b.Bidder, b.Group}] = true
		}
	}
	return x
}

// ceiling is the least of the weak duality bounds that the steps come to; target is what is known to be earned.
func (g *segment) ceiling(out map[int]bool, target float64) float64 {
	c := g.s.k.c
	at := map[int]int{}
	for n, i := range g.bids {
		at[i] = n
	}
	// Rows are divided by their right-hand sides, so that all prices are money for the whole of a resource.
	use := make([][]term, len(g.bids)) // by bid: resources
	barred := make([]bool, len(g.bids))
	price, shadow := make([]float64, len(g.resources)), g.s.k.shadow()
	for r, res := range g.resources {
		for _, t := range res.terms {
			n := at[t.at]
			if res.most <= 0 {
				barred[n] = barred[n] || t.of > 0
			} else {
				use[n] = append(use[n], term{r, t.of / res.most})
			}
		}
		if res.lot >= 0 {
			price[r] = shadow[res.lot] * res.most
		}
	}
	type group struct {
		bidder int
		name   string
	}
	groups := map[group]int{}
	choice := make([]int, len(g.bids)) // by bid: the group it is chosen in
	sizes := 0
	for n, i := range g.bids {
		b := &c.Bids[i]
		id := sizes
		if b.Group != "" {
			known, ok := groups[group{b.Bidder, b.Group}]
			if !ok {
				groups[group{b.Bidder, b.Group}] = sizes
				sizes++
			} else {
				id = known
			}
		} else {
			sizes++
		}
		choice[n] = id
	}
	gain, chosen := make([]float64, sizes), make([]int, sizes)
	slope := make([]float64, len(price))
	least, pace, since := math.Inf(1), 1.0, 0
	for range duals {
		clear(gain)
		for n := range chosen {
			chosen[n] = -1
		}
		for n, i := range g.bids {
			if barred[n] || out[c.Bids[i].Bidder] {
				continue
			}
			worth := g.s.score[i]
			for _, t := range use[n] {
				worth -= price[t.at] * t.of
			}
			if worth > gain[choice[n]] {
				gain[choice[n]], chosen[choice[n]] = worth, n
			}
		}
		total := 0.0
		for r, p := range price {
			total += p
			slope[r] = 1
		}
		for id, v := range gain {
			total += v
			if n := chosen[id]; n >= 0 {
				for _, t := range use[n] {
					slope[t.at] -= t.of
				}
			}
		}
		if since++; total < least {
			if total < least-relTol*math.Abs(total) {
				since = 0
			}
			least = total
		}
		if since >= slowAfter {
			pace, since = pace/2, 0
		}
		aim := target
		if math.IsInf(aim, -1) {
			aim = 0
		}
		norm := 0.0
		for r, v := range slope {
			if v > 0 && price[r] == 0 {
				slope[r] = 0
			}
			norm += slope[r] * slope[r]
		}
		if norm == 0 || total <= aim {
			break
		}
		step := pace * (total - aim) / norm
		for r := range price {
			price[r] = math.Max(0, price[r]-step*slope[r])
		}
	}
	return least
}

// shadow returns the stated shadow prices by lot, 0 where there is none.
func (k *checker) shadow() []float64 {
	price := make([]float64, len(k.c.Lots))
	for _, r := range k.r.Lots {
		if l, ok := k.lot[r.Lot]; ok && r.ShadowPrice > 0 && !math.IsInf(r.ShadowPrice, 1) {
			price[l] = r.ShadowPrice
		}
	}
	return price
}
