package beliefs

import (
	"fmt"
	"math"

	"lotwise/models/auction"
)

// FromIndex is what a price index says that lots fetch. Of its rows a lot takes those that fit it most closely: those
// that name it, else those of its zone and service, of its zone, of its service, and of any lot; a lot without
// a row fetches nothing. Several rows that fit alike are bids beside each other, such as a ladder of prices and
// quantities. A row's bidder bids its quantity, or the lot's whole capacity, at its price; a row without bidder
// is the market's, for which the first rival with demand stands. All prices move together by the correlation. Where the
// price falls under the reserve nobody bids.
//
// It returns an *auction.Unsupported for a row of the bidder itself and for a market without any rival.
func FromIndex(c *auction.Case, bidder int, index []auction.IndexPrice, o Options) (*Source, error) {
	c = c.Floored()
	var no auction.Unsupported
	refuse := func(at auction.Source, format string, args ...any) {
		no.Reasons = append(no.Reasons, auction.Conflict{What: fmt.Sprintf(format, args...), Source: at})
	}
	market := marketOf(c, bidder)
	fit := func(p *auction.IndexPrice, l int) int {
		lot := &c.Lots[l]
		if p.Lot >= 0 && p.Lot != l || p.Zone != "" && p.Zone != lot.Zone || p.Service != "" && p.Service != lot.Service {
			return -1
		}
		close := 0
		for _, x := range []struct {
			says bool
			rank int
		}{{p.Lot >= 0, 4}, {p.Zone != "", 2}, {p.Service != "", 1}} {
			if x.says {
				close += x.rank
			}
		}
		return close
	}
	for i := range index {
		switch {
		case index[i].Bidder == bidder:
			refuse(index[i].Source, "a price of %s, which is the bidder itself: an index is of its rivals; leave the column bidder blank", c.Bidders[bidder].Name)
		case index[i].Bidder < 0 && market < 0:
			refuse(index[i].Source, "%s has no rival whose price this could be: add a bidder", c.Bidders[bidder].Name)
		}
	}
	if len(no.Reasons) > 0 {
		return nil, &no
	}
	var rows []row
	for l := range c.Lots {
		best := -1
		for i := range index {
			best = max(best, fit(&index[i], l))
		}
		for i := range index {
			p := &index[i]
			if best < 0 || fit(p, l) < best {
				continue
			}
			r := row{bidder: p.Bidder, lot: l, quantity: p.Quantity, price: p.Price, spread: p.Spread, floor: math.Inf(-1)}
			if r.bidder < 0 {
				r.bidder = market
			}
			if math.IsNaN(r.quantity) {
				r.quantity = c.Lots[l].Capacity
			}
			if math.IsNaN(r.spread) {
				r.spread = o.Spread
			}
			rows = append(rows, r)
		}
	}
	return &Source{
		c: c, correlation: o.Correlation, spread: spreadIn(rows),
		draw: func(func([]alternative) int) []row { return rows },
	}, nil
}

// marketOf returns who stands for the market: the first rival with demand, else the first rival; -1 for none.
func marketOf(c *auction.Case, bidder int) int {
	market := -1
	for b := range c.Bidders {
		if b == bidder {
			continue
		}
		if c.Bidders[b].Strategic() {
			return b
		}
		if market < 0 {
			market = b
		}
	}
	return market
}
