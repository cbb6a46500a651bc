package verify

import (
	"math"
	"strconv"
	"strings"
)

// Side constraints and preferences select accepted rows by columns of the bidder and of the lot.

// A clause is one condition of a where cell.
type clause struct {
	column, op string
	values     []string
}

// operators, the longer first: "<=" would else be read as "<".
var operators = []string{"!=", "<=", ">=", "=", "<", ">"}

// readWhere splits a where cell; ok is false where a part is no condition.
func readWhere(text string) (list []clause, ok bool) {
	for _, part := range strings.Split(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		at, op := -1, ""
		for _, o := range operators {
			if i := strings.Index(part, o); i > 0 && (at < 0 || i < at) {
				at, op = i, o
			}
		}
		if at < 0 {
			return nil, false
		}
		c := clause{column: strings.TrimSpace(part[:at]), op: op}
		for _, v := range strings.Split(part[at+len(op):], "|") {
			c.values = append(c.values, strings.TrimSpace(v))
		}
		list = append(list, c)
	}
	return list, true
}

// lotCell and bidderCell return a cell by its column's name.
func (k *checker) lotCell(lot int, column string) (string, bool) {
	l := &k.c.Lots[lot]
	switch column {
	case "lot":
		return l.Name, true
	case "zone":
		return l.Zone, true
	case "service":
		return l.Service, true
	case "capacity":
		return number(l.Capacity), true
	case "reserve":
		return number(l.Reserve), true
	case "cost":
		return number(l.Cost), true
	}
	for i := range k.c.Lots { // an attribute that this lot leaves blank
		if _, ok := k.c.Lots[i].Attributes[column]; ok {
			return l.Attributes[column], true
		}
	}
	return "", false
}

func (k *checker) bidderCell(bidder int, column string) (string, bool) {
	b := &k.c.Bidders[bidder]
	switch column {
	case "bidder":
		return b.Name, true
	case "class":
		return b.Class, true
	case "budget":
		return number(b.Budget), true
	case "max_volume":
		return number(b.MaxVolume), true
	case "access_cost":
		return number(b.AccessCost), true
	case "current_volume":
		return number(b.CurrentVolume), true
	case "current_payment":
		return number(b.CurrentPayment), true
	}
	for i := range k.c.Bidders {
		if _, ok := k.c.Bidders[i].Attributes[column]; ok {
			return b.Attributes[column], true
		}
	}
	return "", false
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// holds says whether a cell satisfies a clause: as numbers where both are, else as text.
func (c *clause) holds(cell string) bool {
	x, errCell := strconv.ParseFloat(cell, 64)
	for _, v := range c.values {
		y, err := strconv.ParseFloat(v, 64)
		numeric := errCell == nil && err == nil
		equal := cell == v || numeric && x == y && !strings.HasPrefix(cell+" "+v, "0")
		switch c.op {
		case "=":
			if equal {
				return true
			}
		case "!=":
			if equal {
				return false
			}
		case "<":
			return numeric && x < y
		case "<=":
			return numeric && x <= y
		case ">":
			return numeric && x > y
		case ">=":
			return numeric && x >= y
		}
	}
	return c.op == "!="
}

// selects says whether the clauses hold for a lot (bidder < 0: those on bidders' columns are passed over)
// and a bidder; known is false where a column is not in the case.
func (k *checker) selects(clauses []clause, bidder, lot int) (yes, known bool) {
	for i := range clauses {
		c := &clauses[i]
		cell, ok := k.lotCell(lot, c.column)
		if !ok {
			if bidder < 0 {
				continue
			}
			if cell, ok = k.bidderCell(bidder, c.column); !ok {
				return false, false
			}
		}
		if !c.holds(cell) {
			return false, true
		}
	}
	return true, true
}

// adjusted returns the price at which the seller scores a row of a bidder in a lot.
func (k *checker) adjusted(bidder, lot int, price float64) float64 {
	for _, a := range k.c.Adjustments {
		if clauses, ok := readWhere(a.Where); ok {
			if yes, _ := k.selects(clauses, bidder, lot); yes {
				price = price*a.Factor + a.Add
			}
		}
	}
	return price
}

// checkLimits checks limits.csv on accepted fractions by bid and returns the penalties of the soft ones.
func (k *checker) checkLimits(x []float64) (penalty float64) {
	scopes := 0
	for _, lim := range k.c.Limits {
		clauses, ok := readWhere(lim.Where)
		var per []string
		for _, p := range strings.Split(lim.Per, ";") {
			if p = strings.TrimSpace(p); p != "" {
				per = append(per, p)
			}
		}
		// keyOf names the scope of a bidder's row in a lot; lotKey the part of it that lots decide.
		keyOf := func(bidder, lot int) (key, lotKey string) {
			for _, column := range per {
				cell, isLot := k.lotCell(lot, column)
				if isLot {
					lotKey += column + "=" + cell + ";"
				} else {
					var found bool
					if cell, found = k.bidderCell(bidder, column); !found {
						ok = false
					}
				}
				key += column + "=" + cell + ";"
			}
			return key, lotKey
		}
		type scope struct{ lotKey string }
		occurs := map[string]scope{}
		var order []string
		for i := range k.c.Bids {
			for _, r := range k.c.Bids[i].Rows {
				yes, known := k.selects(clauses, k.c.Bids[i].Bidder, r.Lot)
				ok = ok && known
				if key, lotKey := keyOf(k.c.Bids[i].Bidder, r.Lot); yes {
					if _, seen := occurs[key]; !seen {
						occurs[key] = scope{lotKey}
						order = append(order, key)
					}
				}
			}
		}
		if !ok {
			k.checked("limit %q was not checked: its where or per names no column of lots.csv or bidders.csv", lim.Name)
			continue
		}
		for _, key := range order {
			scopes++
			inScope := func(bidder, lot int) bool {
				yes, _ := k.selects(clauses, bidder, lot)
				mine, _ := keyOf(bidder, lot)
				return yes && mine == key
			}
			onLots := func(_, lot int) bool {
				yes, _ := k.selects(clauses, -1, lot)
				_, lotKey := keyOf(0, lot)
				return yes && lotKey == occurs[key].lotKey
			}
			value, base := k.measure(lim.Measure, x, inScope), 1.0
			switch lim.Of {
			case "capacity":
				base = 0
				for l := range k.c.Lots {
					if onLots(-1, l) {
						base += k.c.Lots[l].Capacity
					}
				}
			case "accepted":
				base = k.measure(lim.Measure, x, onLots)
			}
			violation := 0.0
			if !math.IsNaN(lim.Max) && !atMost(value, lim.Max*base) {
				violation = value - lim.Max*base
			}
			if !math.IsNaN(lim.Min) && !atMost(lim.Min*base, value) && !(lim.OrNothing && same(value, 0)) {
				violation = math.Max(violation, lim.Min*base-value)
			}
			if !math.IsNaN(lim.Penalty) {
				penalty += lim.Penalty * violation
			} else if violation > 0 {
				k.find(tableAllocation, -1, "quantity", "limit %q on %s (%s) is violated by %.10g: the value is %.10g", lim.Name, lim.Measure, strings.TrimSuffix(key, ";"), violation, value)
			}
		}
	}
	if len(k.c.Limits) > 0 {
		k.checked("%d limits in %d scopes", len(k.c.Limits), scopes)
	}
	return penalty
}

// measure evaluates a measure over the accepted rows that in selects.
func (k *checker) measure(what string, x []float64, in func(bidder, lot int) bool) float64 {
	total := 0.0
	seen := map[int]bool{}
	for i := range k.c.Bids {
		b := &k.c.Bids[i]
		for _, r := range b.Rows {
			q := x[i] * r.Quantity
			if q <= relTol || !in(b.Bidder, r.Lot) {
				continue
			}
			switch what {
			case "volume":
				total += q
			case "revenue":
				total += q * r.Price
			case "lots":
				seen[r.Lot] = true
			case "winners":
				seen[b.Bidder] = true
			case "bids":
				seen[i] = true
			}
		}
	}
	return total + float64(len(seen))
}
