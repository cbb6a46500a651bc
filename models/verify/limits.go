package verify

import (
	"math"
	"sort"
	"strings"

	"lotwise/models/auction"
)

// Limits: in every scope of a limit
//
//	min x base <= measure <= max x base
//
// where base is 1, the capacity of the scope's lots, or the same measure over those lots and all bidders. A
// soft limit loses its penalty for each unit of violation.

const (
	// leastFraction is the accepted fraction from which a bid counts in the measures lots, winners and bids.
	leastFraction = 1e-6
	// counted is the same for a fraction that is read from quantities, which are written with 14 digits.
	counted = leastFraction * (1 - relTol)
)

// A ref is a row of a bid with a quantity.
type ref struct{ bid, row int }

// A scope is one combination of the columns of per, with the rows it measures.
type scope struct {
	limit    *auction.Limit
	text     string  // zone=010;bidder=Amazon, blank without per
	rows     []ref   // what where and per select
	base     []ref   // of accepted: every row in its lots
	capacity float64 // of its lots
}

// columnsOf splits a per cell.
func columnsOf(per string) (list []string) {
	for _, p := range strings.Split(per, ";") {
		if p = strings.TrimSpace(p); p != "" {
			list = append(list, p)
		}
	}
	return list
}

// scopesOf returns the scopes of a limit: without per one; of columns of lots alone (bidders alone) one for each
// combination that a selected lot (bidder) has; of both, one for each that a selected row of bids.csv has. ok
// is false where a cell names a column that is not there.
func (k *checker) scopesOf(l *auction.Limit) (list []*scope, ok bool) {
	sel, ok := k.selects(l.Where)
	if !ok {
		return nil, false
	}
	columns := columnsOf(l.Per)
	lotCells, bidderCells := make([][]string, len(columns)), make([][]string, len(columns))
	ofLots, ofBidders := false, false
	for i, column := range columns {
		if lotCells[i] = k.lotColumn(column); lotCells[i] != nil {
			ofLots = true
		} else if bidderCells[i] = k.bidderColumn(column); bidderCells[i] != nil {
			ofBidders = true
		} else {
			return nil, false
		}
	}
	// textOf names a combination; with bidder or lot -1 the part that the other decides.
	textOf := func(bidder, lot int) string {
		var parts []string
		for i, column := range columns {
			switch {
			case lotCells[i] != nil && lot >= 0:
				parts = append(parts, column+"="+lotCells[i][lot])
			case bidderCells[i] != nil && bidder >= 0:
				parts = append(parts, column+"="+bidderCells[i][bidder])
			}
		}
		return strings.Join(parts, ";")
	}
	// What the columns of lots alone say: capacity and rows by combination.
	capacity, base := map[string]float64{}, map[string][]ref{}
	for lot := range k.c.Lots {
		if sel.lots[lot] {
			capacity[textOf(-1, lot)] += k.c.Lots[lot].Capacity
		}
	}
	if l.Of == "accepted" {
		k.eachRow(func(r ref, bidder, lot int) {
			if sel.lots[lot] && k.c.Bids[r.bid].Rows[r.row].Quantity > 0 {
				base[textOf(-1, lot)] = append(base[textOf(-1, lot)], r)
			}
		})
	}
	at := map[string]*scope{}
	add := func(text, lots string) {
		if at[text] == nil {
			at[text] = &scope{limit: l, text: text, capacity: capacity[lots], base: base[lots]}
			list = append(list, at[text])
		}
	}
	switch {
	case ofLots && ofBidders:
		k.eachRow(func(_ ref, bidder, lot int) {
			if sel.lots[lot] && sel.bidders[bidder] {
				add(textOf(bidder, lot), textOf(-1, lot))
			}
		})
	case ofLots:
		for lot := range k.c.Lots {
			if sel.lots[lot] {
				add(textOf(-1, lot), textOf(-1, lot))
			}
		}
	case ofBidders:
		for bidder := range k.c.Bidders {
			if sel.bidders[bidder] {
				add(textOf(bidder, -1), "")
			}
		}
	default:
		add("", "")
	}
	k.eachRow(func(r ref, bidder, lot int) {
		if sel.lots[lot] && sel.bidders[bidder] && k.c.Bids[r.bid].Rows[r.row].Quantity > 0 {
			s := at[textOf(bidder, lot)]
			s.rows = append(s.rows, r)
		}
	})
	return list, true
}

// eachRow visits every row of bids.csv.
func (k *checker) eachRow(visit func(r ref, bidder, lot int)) {
	for b := range k.c.Bids {
		for n := range k.c.Bids[b].Rows {
			visit(ref{b, n}, k.c.Bids[b].Bidder, k.c.Bids[b].Rows[n].Lot)
		}
	}
}

// scopes returns the scopes of all limits in the order of the file.
func (k *checker) scopes() (list []*scope) {
	for i := range k.c.Limits {
		l := &k.c.Limits[i]
		of, ok := k.scopesOf(l)
		if !ok {
			k.checked("limit %q was not checked: its where or per names no column of lots.csv or bidders.csv", l.Name)
			continue
		}
		list = append(list, of...)
	}
	return list
}

// measure evaluates a measure over some rows at the accepted fractions.
func (k *checker) measure(what string, rows []ref, x []float64) float64 {
	total := 0.0
	seen := map[int]bool{}
	for _, r := range rows {
		b := &k.c.Bids[r.bid]
		row := &b.Rows[r.row]
		switch {
		case what == "volume":
			total += x[r.bid] * row.Quantity
		case what == "revenue":
			total += x[r.bid] * row.Quantity * row.Price
		case x[r.bid] >= counted:
			seen[k.thing(what, r)] = true
		}
	}
	return total + float64(len(seen))
}

// thing is what a measure that counts takes a row for: its lot, its bidder or its bid.
func (k *checker) thing(measure string, r ref) int {
	switch b := &k.c.Bids[r.bid]; measure {
	case "lots":
		return b.Rows[r.row].Lot
	case "winners":
		return b.Bidder
	default:
		return r.bid
	}
}

// A gauge is what a scope measures, in the measure's own unit; min and max are NaN where there is none.
type gauge struct {
	value, min, max, violation float64
	slack                      float64 // what is left to the nearer side; NaN where there is none
}

func (k *checker) gauge(s *scope, x []float64) gauge {
	l := s.limit
	base := 1.0
	switch l.Of {
	case "capacity":
		base = s.capacity
	case "accepted":
		base = k.measure(l.Measure, s.base, x)
	}
	g := gauge{value: k.measure(l.Measure, s.rows, x), min: share(l.Min, base), max: share(l.Max, base)}
	if g.value > g.max {
		g.violation = g.value - g.max
	}
	if g.value < g.min && !(l.OrNothing && same(g.value, 0)) {
		g.violation = g.min - g.value
	}
	g.slack = math.NaN()
	for _, left := range []float64{g.value - g.min, g.max - g.value} {
		if !math.IsNaN(left) && !(g.slack <= left) {
			g.slack = math.Max(0, left)
		}
	}
	return g
}

// share is of x base, where a share of 0 is 0 of an infinite base too.
func share(of, base float64) float64 {
	if of == 0 {
		return 0
	}
	return of * base
}

// checkLimits checks limits.csv on the accepted fractions, and limit_results.csv; it returns the penalties of the
// soft limits.
func (k *checker) checkLimits(scopes []*scope, x []float64) (penalty float64) {
	type place struct{ limit, scope string }
	rowOf := map[place]int{}
	for i, r := range k.r.Limits {
		at := place{r.Limit, r.Scope}
		if first, dup := rowOf[at]; dup {
			k.find(tableLimits, i, "scope", "limit %q on %q already stands in row %d", r.Limit, r.Scope, first+1)
			continue
		}
		rowOf[at] = i
	}
	stated := map[int]bool{}
	for _, s := range scopes {
		l := s.limit
		g := k.gauge(s, x)
		hard := math.IsNaN(l.Penalty)
		if !hard {
			penalty += l.Penalty * g.violation
		} else if g.violation > 0 && !same(g.value, g.value+g.violation) && !same(g.value, g.value-g.violation) {
			k.find(tableAllocation, -1, "quantity", "limit %q on %s (%s) is violated by %.10g: the value is %.10g", l.Name, l.Measure, s.text, g.violation, g.value)
		}
		i, ok := rowOf[place{l.Name, s.text}]
		if !ok {
			k.find(tableLimits, -1, "scope", "limit %q has no row for its scope %q", l.Name, s.text)
			continue
		}
		stated[i] = true
		k.limitRow(i, s, g)
	}
	for i, r := range k.r.Limits {
		if at := (place{r.Limit, r.Scope}); rowOf[at] == i && !stated[i] {
			column := "limit"
			for j := range k.c.Limits {
				if k.c.Limits[j].Name == r.Limit {
					column = "scope"
				}
			}
			k.find(tableLimits, i, column, "limits.csv makes no limit %q on %q", r.Limit, r.Scope)
		}
	}
	if len(k.c.Limits) > 0 {
		k.checked("%d limits in %d scopes, each in limit_results.csv with its value, bounds and violation", len(k.c.Limits), len(scopes))
	}
	return penalty
}

// limitRow compares a row of limit_results.csv with what the scope measures.
func (k *checker) limitRow(i int, s *scope, g gauge) {
	r := &k.r.Limits[i]
	if r.Measure != s.limit.Measure {
		k.find(tableLimits, i, "measure", "%q, limits.csv says %q", r.Measure, s.limit.Measure)
	}
	for _, c := range []struct {
		column       string
		stated, want float64
	}{{"value", r.Value, g.value}, {"min", r.Min, g.min}, {"max", r.Max, g.max}, {"violation", r.Violation, g.violation}, {"slack", r.Slack, g.slack}} {
		if math.IsNaN(c.want) && math.IsNaN(c.stated) || same(c.stated, c.want) {
			continue
		}
		k.find(tableLimits, i, c.column, "%s, the scope has %s", cell(c.stated), cell(c.want))
	}
}

// cell writes a number of a table whose NaN is a blank cell.
func cell(x float64) string {
	if math.IsNaN(x) {
		return "blank"
	}
	return number(x)
}

// bidsOf returns the bids of some rows, ascending, each once.
func bidsOf(rows ...[]ref) []int {
	seen := map[int]bool{}
	var list []int
	for _, refs := range rows {
		for _, r := range refs {
			if !seen[r.bid] {
				seen[r.bid] = true
				list = append(list, r.bid)
			}
		}
	}
	sort.Ints(list)
	return list
}
