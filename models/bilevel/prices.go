package bilevel

import (
	"math"
	"slices"

	"lotwise/models/auction"
)

// Prices. The language has a highest price for each item: dearest times the highest price a package that a rival
// names for one of its lots in any scenario, its reserves, or what a package of its lots is worth to the bidder, on
// top of all others or alone.
const (
	dearest = 2
	// firstWindows is how many windows an item begins with at most.
	firstWindows = 24
)

// price finds the windows of an item: they begin where a rival's price is met, or beaten.
func (g *game) price(i int) {
	it := &g.items[i]
	least := int64(0)
	void := func(t int64) bool {
		b := g.Bid(Choice{Item: i, Tick: t, Fraction: 1})
		_, under := b.Void(g.Case.Lots)
		return under
	}
	for _, r := range it.Rows {
		least = max(least, int64(g.Case.Lots[r.Lot].Reserve*it.volume/it.Step)-1)
	}
	if it.Step != g.Case.Rules.PriceStep*it.volume { // by amount
		sum := 0.0
		for _, r := range it.Rows {
			sum += g.Case.Lots[r.Lot].Reserve * r.Quantity
		}
		least = int64(sum/it.Step) - 1
	}
	for least = max(least, 0); void(least); least++ {
	}
	highest := g.most(i)
	var ticks []int64
	for n := range g.scenes {
		s := &g.scenes[n]
		for b := range s.rivals {
			if s.void[b] || !g.meets(it, &s.rivals[b]) {
				continue
			}
			volume := 0.0
			for _, r := range s.rivals[b].Rows {
				volume += r.Quantity
			}
			if volume <= 0 {
				continue
			}
			price := s.rivals[b].Amount / volume
			highest = math.Max(highest, price)
			at := price * it.volume
			if it.Whole && it.slope > 0 { // what it takes the place of
				at = (s.value[b] - it.base) / it.slope * it.Step
				highest = math.Max(highest, at/it.volume)
			}
			t := int64(math.Ceil(at/it.Step - 1e-6))
			ticks = append(ticks, t, t+1)
		}
	}
	top := max(least, int64(math.Ceil(dearest*highest*it.volume/it.Step)))
	ticks = append(ticks, least)
	slices.Sort(ticks)
	ticks = slices.DeleteFunc(slices.Compact(ticks), func(t int64) bool { return t < least || t > top })
	if n := len(ticks); n > firstWindows {
		var few []int64
		for k := range firstWindows {
			few = append(few, ticks[k*(n-1)/(firstWindows-1)])
		}
		ticks = slices.Compact(few)
	}
	for k, t := range ticks {
		high := top
		if k+1 < len(ticks) {
			high = ticks[k+1] - 1
		}
		it.windows = append(it.windows, window{t, high})
	}
}

// meets says whether a rival's bid has a lot of the item.
func (g *game) meets(it *item, b *auction.Bid) bool {
	return slices.ContainsFunc(b.Rows, func(r auction.BidRow) bool {
		return slices.ContainsFunc(it.Rows, func(own auction.BidRow) bool { return own.Lot == r.Lot })
	})
}

// most is the highest of what a package of the item's lots is worth and of their reserves.
func (g *game) most(i int) float64 {
	it := &g.items[i]
	all, rest, alone := make([]float64, len(g.lots)), make([]float64, len(g.lots)), make([]float64, len(g.lots))
	for n, l := range g.lots {
		all[n] = g.Case.Lots[l].Capacity
		rest[n] = all[n]
	}
	useful, highest := 0.0, 0.0
	for _, r := range it.Rows {
		n := g.place[r.Lot]
		rest[n], alone[n] = 0, r.Quantity
		useful += math.Min(r.Quantity, g.Network.Useful(n))
		highest = math.Max(highest, g.Case.Lots[r.Lot].Reserve)
	}
	if useful > 0 {
		worth := math.Max(g.values.Value(all)-g.values.Value(rest), g.values.Value(alone)-g.zero)
		highest = math.Max(highest, worth/useful)
	}
	return highest
}

// split makes a tick a window of its own and halves what is left above it; it says whether that changed anything.
func (it *item) split(tick int64) bool {
	for k, w := range it.windows {
		if tick < w.low || tick > w.high {
			continue
		}
		if w.low == w.high {
			return false
		}
		var parts []window
		if w.low < tick {
			parts = append(parts, window{w.low, tick - 1})
		}
		parts = append(parts, window{tick, tick})
		if tick < w.high {
			middle := tick + 1 + (w.high-tick-1)/2
			parts = append(parts, window{tick + 1, middle})
			if middle < w.high {
				parts = append(parts, window{middle + 1, w.high})
			}
		}
		it.windows = slices.Replace(it.windows, k, k+1, parts...)
		return true
	}
	return false
}

// threshold makes a fraction one at which the master tells quantities apart.
func (it *item) threshold(fraction float64) {
	if it.Whole || fraction <= nearFraction || fraction >= 1-nearFraction {
		return
	}
	k, found := slices.BinarySearchFunc(it.thresholds, fraction, func(a, b float64) int {
		switch {
		case math.Abs(a-b) <= nearFraction:
			return 0
		case a < b:
			return -1
		}
		return 1
	})
	if !found {
		it.thresholds = slices.Insert(it.thresholds, k, fraction)
	}
}

// nearFraction is by how much fractions of a lot's capacity differ at least that are told apart.
const nearFraction = 1e-7
