package oracle

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"lotwise/models/auction"
)

// A filter is the conditions of a cell `where`.
type filter auction.Filter

func newFilter(where string) filter {
	f, err := auction.ParseFilter(where)
	if err != nil {
		panic(err) // a case that was read has none such
	}
	return filter(f)
}

func (f filter) selectsLot(c *auction.Case, l int) bool {
	return f.holds(lotCells(&c.Lots[l]))
}

func (f filter) selectsBidder(c *auction.Case, i int) bool {
	return f.holds(bidderCells(&c.Bidders[i]))
}

// holds says whether the conditions on columns that are there hold; the others are the other table's.
func (f filter) holds(cells map[string]string) bool {
	for _, condition := range f {
		cell, there := cells[condition.Column]
		if !there {
			continue
		}
		same := slices.ContainsFunc(condition.Values, func(v string) bool { return equal(cell, v) })
		x, a := strconv.ParseFloat(cell, 64)
		y, b := strconv.ParseFloat(condition.Values[0], 64)
		numbers := a == nil && b == nil
		ok := false
		switch condition.Op {
		case "=":
			ok = same
		case "!=":
			ok = !same
		case "<":
			ok = numbers && x < y
		case "<=":
			ok = numbers && x <= y
		case ">":
			ok = numbers && x > y
		case ">=":
			ok = numbers && x >= y
		}
		if !ok {
			return false
		}
	}
	return true
}

// equal compares cells, as numbers where both are.
func equal(a, b string) bool {
	x, err := strconv.ParseFloat(a, 64)
	y, other := strconv.ParseFloat(b, 64)
	return a == b || err == nil && other == nil && x == y
}

func lotCells(l *auction.Lot) map[string]string {
	cells := map[string]string{
		"lot": l.Name, "zone": l.Zone, "service": l.Service,
		"capacity": decimal(l.Capacity), "reserve": decimal(l.Reserve), "cost": decimal(l.Cost),
	}
	for name, cell := range l.Attributes {
		cells[name] = cell
	}
	return cells
}

func bidderCells(b *auction.Bidder) map[string]string {
	cells := map[string]string{
		"bidder": b.Name, "class": b.Class, "budget": decimal(b.Budget), "max_volume": decimal(b.MaxVolume),
		"access_cost": decimal(b.AccessCost), "current_volume": decimal(b.CurrentVolume), "current_payment": decimal(b.CurrentPayment),
	}
	for name, cell := range b.Attributes {
		cells[name] = cell
	}
	return cells
}

// decimal writes a number; NaN is a blank cell.
func decimal(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// A scope is what one combination of a limit's `per` bounds: the measure over the entries, which are rows of bids for
// the lots and bidders of the scope; of a share, in shares of the measure over all.
type scope struct {
	limit    *auction.Limit
	name     string
	text     string  // zone=010;bidder=Beta in the order of per
	capacity float64 // of the scope's lots
	entries  []entry
	all      *base // of a limit of accepted
}

// A base is the rows for the lots of some scopes of a limit, of all bidders.
type base struct {
	name    string
	entries []entry
}

// An entry is a row of a bid that is not void.
type entry struct {
	bid, bidder, lot int
	quantity, money  float64 // at x = 1
}

// scopes are those of all limits of a case, see the sections on limits in case.md: combinations of columns of lots
// alone occur in a lot that is selected, of bidders alone in such a bidder, of both in a row of a bid.
func scopes(c *auction.Case, out []bool) []scope {
	lots, bidders := make([]map[string]string, len(c.Lots)), make([]map[string]string, len(c.Bidders))
	for l := range c.Lots {
		lots[l] = lotCells(&c.Lots[l])
	}
	for i := range c.Bidders {
		bidders[i] = bidderCells(&c.Bidders[i])
	}
	var found []scope
	for n := range c.Limits {
		limit := &c.Limits[n]
		where := newFilter(limit.Where)
		var per []string
		if limit.Per != "" {
			per = strings.Split(limit.Per, ";")
		}
		ofLots, ofBidders := false, false
		for _, column := range per {
			if _, is := lots[0][column]; is {
				ofLots = true
			} else {
				ofBidders = true
			}
		}
		// Blank for what is not selected.
		lotKey, bidderKey := make([]string, len(c.Lots)), make([]string, len(c.Bidders))
		key := func(cells map[string]string) string {
			text := "."
			for _, column := range per {
				if cell, is := cells[column]; is {
					text += column + "=" + cell + ";"
				}
			}
			return text
		}
		for l := range lots {
			if where.holds(lots[l]) {
				lotKey[l] = key(lots[l])
			}
		}
		for i := range bidders {
			if where.holds(bidders[i]) {
				bidderKey[i] = key(bidders[i])
			}
		}
		at := map[[2]string]int{}
		bases := map[string]*base{}
		occurs := func(lot, bidder string) {
			k := [2]string{lot, bidder}
			if _, known := at[k]; lot == "" || bidder == "" || known {
				return
			}
			at[k] = len(found)
			s := scope{limit: limit, name: limit.Name + " " + lot + bidder}
			pairs := strings.Split(lot[1:]+bidder[1:], ";")
			for i, column := range per {
				n := slices.IndexFunc(pairs, func(pair string) bool { return strings.HasPrefix(pair, column+"=") })
				s.text += []string{"", ";"}[min(i, 1)] + pairs[n]
			}
			for l := range lots {
				if lotKey[l] == lot {
					s.capacity += c.Lots[l].Capacity
				}
			}
			if limit.Of == "accepted" {
				if bases[lot] == nil {
					bases[lot] = &base{name: limit.Name + " " + lot}
				}
				s.all = bases[lot]
			}
			found = append(found, s)
		}
		switch {
		case ofLots && ofBidders:
			for b := range c.Bids {
				for _, r := range c.Bids[b].Rows {
					occurs(lotKey[r.Lot], bidderKey[c.Bids[b].Bidder])
				}
			}
		case ofLots:
			for l := range lots {
				occurs(lotKey[l], ".")
			}
		case ofBidders:
			for i := range bidders {
				occurs(".", bidderKey[i])
			}
		default:
			occurs(".", ".")
		}
		for b := range c.Bids {
			if out[b] {
				continue
			}
			bid := &c.Bids[b]
			for _, r := range bid.Rows {
				e := entry{b, bid.Bidder, r.Lot, r.Quantity, r.Price * r.Quantity}
				if n, is := at[[2]string{lotKey[r.Lot], bidderKey[bid.Bidder]}]; is {
					found[n].entries = append(found[n].entries, e)
				}
				if all := bases[lotKey[r.Lot]]; all != nil {
					all.entries = append(all.entries, e)
				}
			}
		}
	}
	return found
}

// counts says whether the measure counts rather than sums.
func (s *scope) counts() bool {
	return s.limit.Measure == "lots" || s.limit.Measure == "winners" || s.limit.Measure == "bids"
}

// adds is what the entry adds to a measure that sums.
func (s *scope) adds(e entry) float64 {
	if s.limit.Measure == "revenue" {
		return e.money
	}
	return e.quantity
}

// item is what the entry is counted as.
func (s *scope) item(e entry) int {
	switch s.limit.Measure {
	case "lots":
		return e.lot
	case "winners":
		return e.bidder
	default:
		return e.bid
	}
}

// number is the base of the bounds of a limit that is not of accepted.
func (s *scope) number() float64 {
	if s.limit.Of == "capacity" {
		return s.capacity
	}
	return 1
}
