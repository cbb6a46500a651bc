package generate

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"lotwise/models/auction"
)

// Mixed draws a case of so many bids (at least 1) in which everything that the seller's problem knows may occur:
// divisible bids, least fractions, all or nothing; prices and amounts; groups, requirements; reserves, costs,
// budgets, volume caps; both objectives; limits of every measure, base, scope and condition, hard and soft,
// or_nothing; adjustments. Numbers are small and whole, or simple shares, so that ties are common and every
// edge (nothing for sale, nothing to spend, a bid for nothing of a lot) is met.
//
// A hard limit may make a case infeasible; of a few hundred cases a small part are.
func Mixed(bids int, seed uint64) *auction.Case {
	d := newDraw("mixed", seed)
	c := newCase(fmt.Sprintf("mixed-%d", bids), seed)
	if d.chance(0.35) {
		c.Rules.Objective = auction.Contribution
	}
	c.Rules.Payment = one(d, auction.PayAsBid, auction.VCG, auction.Core)
	for l := range d.whole(1, 2+bids/3) {
		lot := auction.Lot{
			Name: fmt.Sprint("L", l+1), Zone: one(d, "Z1", "Z2", "Z3"), Service: one(d, "same_day", "next_day", ""), Capacity: float64(d.IntN(7)),
			Attributes: map[string]string{"rural": one(d, "0", "1", ""), "density": one(d, "0.5", "12", "40", ""), "kind": one(d, "hub", "dock", "")},
		}
		if d.chance(0.3) {
			lot.Reserve = float64(d.IntN(3))
		}
		if d.chance(0.5) {
			lot.Cost = float64(d.whole(-1, 2))
		}
		c.Lots = append(c.Lots, lot)
	}
	for i := range d.whole(1, 2+bids/3) {
		b := newBidder(fmt.Sprint("B", i+1))
		b.Class = one(d, "small", "large", "")
		b.Attributes = map[string]string{"fleet": one(d, "3", "20", ""), "local": one(d, "yes", "no")}
		if d.chance(0.3) {
			b.Budget = float64(d.IntN(16))
		}
		if d.chance(0.25) {
			b.MaxVolume = float64(d.IntN(9))
		}
		if d.chance(0.3) {
			b.CurrentVolume = float64(d.IntN(5))
		}
		c.Bidders = append(c.Bidders, b)
	}
	divisible := d.chance(0.2) // all of it
	for n := range bids {
		c.Bids = append(c.Bids, mixedBid(d, c, n, divisible))
	}
	if !divisible {
		for n := range c.Bids { // requirements point back: no circles
			if m := d.IntN(n + 1); d.chance(0.25) && m < n && c.Bids[m].Bidder == c.Bids[n].Bidder {
				c.Bids[n].Requires = m
				if r := &c.Bids[m]; r.MinFraction == 0 && n%2 == 0 {
					r.MinFraction = 0.25
				}
			}
		}
	}
	for n := range d.IntN(4) {
		c.Limits = append(c.Limits, mixedLimit(d, c, fmt.Sprint("limit", n+1)))
	}
	for n := range d.IntN(3) {
		c.Adjustments = append(c.Adjustments, auction.Adjustment{
			Name: fmt.Sprint("adjustment", n+1), Where: mixedWhere(d, c, d.IntN(3)), Factor: one(d, 1, 1, 0.5, 1.1, 2), Add: one(d, 0, 0, -0.5, 1),
		})
	}
	return number(c)
}

func mixedBid(d draw, c *auction.Case, n int, divisible bool) auction.Bid {
	b := auction.Bid{Name: fmt.Sprint("b", n+1), Bidder: d.IntN(len(c.Bidders)), Requires: -1}
	packages := 0.0
	for k, l := range d.Perm(len(c.Lots)) {
		if k > 0 && d.chance(0.6) {
			break
		}
		r := auction.BidRow{Lot: l, Quantity: float64(d.IntN(5)), Price: float64(d.IntN(6))}
		if k == 0 {
			r.Quantity = float64(d.whole(1, 4)) // no bid for nothing at all
		}
		b.Rows = append(b.Rows, r)
		packages += r.Quantity
	}
	priced(&b)
	if d.chance(0.2) {
		byAmount(&b, packages*float64(d.IntN(6)))
	}
	if !divisible {
		b.MinFraction = one(d, 0, 0, 0.25, 0.5, 1, 1, 1)
		b.Group = one(d, "", "", "g", "h")
	}
	return b
}

// mixedLimit draws a limit whose bounds are of the size of what the case can reach.
func mixedLimit(d draw, c *auction.Case, name string) auction.Limit {
	l := limit(name, one(d, "volume", "revenue", "lots", "winners", "bids"), one(d, "", "", "capacity", "accepted"), "", "", math.NaN(), math.NaN())
	l.Where = mixedWhere(d, c, d.IntN(3))
	var per []string
	for _, column := range []string{"lot", "zone", "service", "rural", "kind", "bidder", "class", "local", "fleet"} {
		if d.chance(0.12) {
			per = append(per, column)
		}
	}
	d.Shuffle(len(per), func(i, j int) { per[i], per[j] = per[j], per[i] })
	l.Per = strings.Join(per, ";")
	var bound func() float64
	switch {
	case l.Of == "accepted" || l.Of == "capacity" && l.Measure == "volume":
		bound = func() float64 { return one(d, 0.1, 0.25, 0.4, 0.5, 0.75, 1) }
	case l.Of == "capacity" && l.Measure == "revenue": // money a package on offer
		bound = func() float64 { return one(d, 0.25, 0.5, 1, 2) }
	case l.Of == "capacity": // lots, winners, bids a package on offer
		bound = func() float64 { return one(d, 0.1, 0.2, 0.5) }
	case l.Measure == "volume":
		bound = func() float64 { return float64(d.whole(1, 8)) }
	case l.Measure == "revenue":
		bound = func() float64 { return float64(d.whole(1, 20)) }
	default:
		bound = func() float64 { return float64(d.whole(0, 3)) }
	}
	switch d.IntN(4) {
	case 0, 1:
		l.Max = bound()
	case 2:
		l.Min = bound()
	default:
		l.Min, l.Max = bound(), bound()
		l.Min, l.Max = min(l.Min, l.Max), max(l.Min, l.Max)
	}
	if !math.IsNaN(l.Min) {
		l.OrNothing = d.chance(0.5)
		// A hard least amount is often out of reach: most are soft.
		if d.chance(0.7) {
			l.Penalty = one(d, 0.0, 0.5, 1, 3, 10)
		}
	} else if d.chance(0.4) {
		l.Penalty = one(d, 0.0, 0.5, 1, 3, 10)
	}
	return l
}

// mixedWhere draws so many conditions, with every operator that fits, written as inputs would hand them on:
// numbers as plain decimals.
func mixedWhere(d draw, c *auction.Case, conditions int) string {
	plain := func(v float64) string {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "5"
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	lot, bidder := &c.Lots[d.IntN(len(c.Lots))], &c.Bidders[d.IntN(len(c.Bidders))]
	// Columns with a value that occurs, numbers first.
	columns := []struct{ name, value string }{
		{"capacity", plain(lot.Capacity)},
		{"reserve", plain(lot.Reserve)},
		{"cost", plain(lot.Cost)},
		{"budget", plain(bidder.Budget)},
		{"max_volume", plain(bidder.MaxVolume)},
		{"current_volume", plain(bidder.CurrentVolume)},
		{"rural", "1"},
		{"density", "12"},
		{"fleet", "3"},
		{"lot", lot.Name},
		{"zone", lot.Zone},
		{"service", "same_day"},
		{"kind", "hub"},
		{"bidder", bidder.Name},
		{"class", "small"},
		{"local", "no"},
	}
	const numeric = 9
	others := map[string][]string{
		"lot": names(c.Lots, func(l auction.Lot) string { return l.Name }), "zone": names(c.Lots, func(l auction.Lot) string { return l.Zone }),
		"bidder": names(c.Bidders, func(b auction.Bidder) string { return b.Name }), "service": {"next_day"}, "kind": {"dock"}, "class": {"large"},
		"local": {"yes"}, "rural": {"0"}, "density": {"0.5", "40"}, "fleet": {"20"},
	}
	var pairs []string
	for _, k := range d.Perm(len(columns))[:conditions] {
		op := one(d, "=", "!=")
		if k < numeric {
			op = one(d, "=", "!=", "<", "<=", ">", ">=")
		}
		value := columns[k].value
		if more := others[columns[k].name]; len(more) > 0 && (op == "=" || op == "!=") && d.chance(0.4) {
			if other := one(d, more...); other != value {
				value += "|" + other
			}
		}
		pairs = append(pairs, columns[k].name+op+value)
	}
	return strings.Join(pairs, ";")
}

// names are those that occur, each once.
func names[T any](all []T, of func(T) string) []string {
	var found []string
	for _, one := range all {
		if name := of(one); !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}
