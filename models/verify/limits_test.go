package verify

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"lotwise/models/auction"
)

// drawLimited draws a small case with packages, groups, requirements, divisible bids in halves, caps, preferences and
// limits of every kind.
func drawLimited(r *rand.Rand) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules()}
	if r.IntN(3) == 0 {
		c.Rules.Objective = auction.Contribution
	}
	for l := range 2 + r.IntN(2) {
		c.Lots = append(c.Lots, auction.Lot{
			Name: fmt.Sprint("L", l), Zone: fmt.Sprint("Z", l%2), Capacity: float64(2 + r.IntN(5)), Reserve: float64(r.IntN(3)), Cost: float64(r.IntN(3)),
			Attributes: map[string]string{"rural": fmt.Sprint(r.IntN(2))},
		})
	}
	for b := range 2 + r.IntN(2) {
		c.Bidders = append(c.Bidders, auction.Bidder{
			Name: fmt.Sprint("B", b), Class: []string{"small", "large"}[b%2], Budget: math.Inf(1), MaxVolume: math.Inf(1),
			AccessCost: math.NaN(), CurrentVolume: math.NaN(), CurrentPayment: math.NaN(),
		})
		if r.IntN(4) == 0 {
			c.Bidders[b].Budget = float64(10 + r.IntN(20))
		}
		if r.IntN(4) == 0 {
			c.Bidders[b].MaxVolume = float64(2 + r.IntN(5))
		}
	}
	for n := range 4 + r.IntN(3) {
		b := auction.Bid{Bidder: r.IntN(len(c.Bidders)), Name: fmt.Sprint("row ", n+2), Requires: -1, MinFraction: []float64{0, 0.5, 1, 1}[r.IntN(4)]}
		for l := range c.Lots {
			if r.IntN(3) == 0 || l == len(c.Lots)-1 && len(b.Rows) == 0 {
				q := float64(r.IntN(4)) // 0 counts for nothing
				b.Rows = append(b.Rows, auction.BidRow{Lot: l, Quantity: q, Price: float64(2 + r.IntN(8))})
				b.Amount += q * b.Rows[len(b.Rows)-1].Price
			}
		}
		if r.IntN(4) == 0 {
			b.Group = "g"
		}
		for m := range c.Bids {
			if c.Bids[m].Bidder == b.Bidder && r.IntN(5) == 0 {
				b.Requires = m
			}
		}
		c.Bids = append(c.Bids, b)
	}
	for range r.IntN(2) {
		c.Adjustments = append(c.Adjustments, auction.Adjustment{Name: "a", Where: []string{"class=small", "zone=Z0;class=large", ""}[r.IntN(3)], Factor: 1 + float64(r.IntN(3))/4, Add: float64(r.IntN(2))})
	}
	for n := range 1 + r.IntN(3) {
		l := auction.Limit{
			Name: fmt.Sprint("limit ", n), Measure: []string{"volume", "revenue", "lots", "winners", "bids"}[r.IntN(5)],
			Of: []string{"", "capacity", "accepted"}[r.IntN(3)], Per: []string{"", "zone", "bidder", "class", "bidder;zone", "lot"}[r.IntN(6)],
			Where: []string{"", "class=small", "rural=1", "zone=Z0;bidder!=B0", "capacity>=4"}[r.IntN(5)],
			Min:   math.NaN(), Max: math.NaN(), OrNothing: r.IntN(3) == 0, Penalty: math.NaN(),
		}
		most := 4.0
		if l.Measure == "revenue" {
			most = 20
		}
		if l.Of != "" {
			most = 1
		}
		if r.IntN(2) == 0 {
			l.Min = most / 4 * float64(r.IntN(4))
		}
		if r.IntN(2) == 0 || math.IsNaN(l.Min) {
			l.Max = most / 4 * float64(1+r.IntN(4))
			if l.Min > l.Max {
				l.Min = l.Max
			}
		}
		if r.IntN(2) == 0 {
			l.Penalty = float64(1 + r.IntN(6))
		}
		c.Limits = append(c.Limits, l)
	}
	return c
}

// cellOf is a cell of a row's lot or bidder, by the name of its column.
func cellOf(c *auction.Case, bidder, lot int, column string) string {
	switch column {
	case "zone":
		return c.Lots[lot].Zone
	case "lot":
		return c.Lots[lot].Name
	case "rural":
		return c.Lots[lot].Attributes["rural"]
	case "bidder":
		return c.Bidders[bidder].Name
	case "class":
		return c.Bidders[bidder].Class
	}
	panic(column)
}

// meets evaluates one of the conditions of drawLimited for a row.
func meets(c *auction.Case, bidder, lot int, where string) bool {
	for _, part := range strings.Split(where, ";") {
		switch part {
		case "":
		case "capacity>=4":
			if c.Lots[lot].Capacity < 4 {
				return false
			}
		case "bidder!=B0":
			if bidder >= 0 && c.Bidders[bidder].Name == "B0" {
				return false
			}
		default:
			column, value, _ := strings.Cut(part, "=")
			if column == "class" && bidder < 0 {
				continue
			}
			if cellOf(c, bidder, lot, column) != value {
				return false
			}
		}
	}
	return true
}

// byDefinition is what an acceptance earns, straight from the definitions; ok is false where it breaks a rule.
func byDefinition(c *auction.Case, x []float64, limits []auction.Limit) (earned float64, ok bool) {
	used := make([]float64, len(c.Lots))
	money, volume := make([]float64, len(c.Bidders)), make([]float64, len(c.Bidders))
	groups := map[int]int{}
	needed := make([]bool, len(x)) // accepted or required by one that is, and then not to nothing
	for i := range x {
		for j := i; x[i] > 0 && j >= 0; j = c.Bids[j].Requires {
			if needed[j] = true; x[j] == 0 {
				return 0, false
			}
		}
	}
	for i, b := range c.Bids {
		void := false
		for _, r := range b.Rows {
			void = void || r.Price < c.Lots[r.Lot].Reserve
		}
		if needed[i] && (void || x[i] < b.MinFraction) {
			return 0, false
		}
		if needed[i] && b.Group != "" {
			if groups[b.Bidder]++; groups[b.Bidder] > 1 {
				return 0, false
			}
		}
		for _, r := range b.Rows {
			q := r.Quantity * x[i]
			used[r.Lot] += q
			volume[b.Bidder] += q
			money[b.Bidder] += q * r.Price
			price := r.Price
			for _, a := range c.Adjustments {
				if meets(c, b.Bidder, r.Lot, a.Where) {
					price = price*a.Factor + a.Add
				}
			}
			if c.Rules.Objective == auction.Contribution {
				price -= c.Lots[r.Lot].Cost
			}
			earned += q * price
		}
	}
	for l := range used {
		if used[l] > c.Lots[l].Capacity {
			return 0, false
		}
	}
	for b := range money {
		if money[b] > c.Bidders[b].Budget || volume[b] > c.Bidders[b].MaxVolume {
			return 0, false
		}
	}
	for _, l := range limits {
		lost, ok := limitByDefinition(c, x, l)
		if !ok {
			return 0, false
		}
		earned -= lost
	}
	return earned, true
}

// limitByDefinition is what a limit's violations cost; ok is false where a hard one is broken.
func limitByDefinition(c *auction.Case, x []float64, l auction.Limit) (lost float64, ok bool) {
	for _, broken := range brokenByDefinition(c, x, l) {
		if broken > 0 && math.IsNaN(l.Penalty) {
			return 0, false
		}
		if broken > 0 {
			lost += l.Penalty * broken
		}
	}
	return lost, true
}

// brokenByDefinition is by how much a limit is broken in each of its scopes.
func brokenByDefinition(c *auction.Case, x []float64, l auction.Limit) map[string]float64 {
	columns := columnsOf(l.Per)
	ofLots, ofBidders := false, false
	for _, column := range columns {
		isBidder := column == "bidder" || column == "class"
		ofBidders, ofLots = ofBidders || isBidder, ofLots || !isBidder
	}
	text := func(bidder, lot int, all bool) string {
		var parts []string
		for _, column := range columns {
			if isBidder := column == "bidder" || column == "class"; all || !isBidder {
				if isBidder && bidder < 0 || !isBidder && lot < 0 {
					continue
				}
				parts = append(parts, column+"="+cellOf(c, bidder, lot, column))
			}
		}
		return strings.Join(parts, ";")
	}
	lotsOf := map[string]string{} // scope: its lots' part of the text
	switch {
	case ofLots && ofBidders:
		for _, b := range c.Bids {
			for _, r := range b.Rows {
				if meets(c, b.Bidder, r.Lot, l.Where) {
					lotsOf[text(b.Bidder, r.Lot, true)] = text(-1, r.Lot, false)
				}
			}
		}
	case ofLots:
		for lot := range c.Lots {
			if meets(c, -1, lot, l.Where) {
				lotsOf[text(-1, lot, true)] = text(-1, lot, false)
			}
		}
	case ofBidders:
		for b := range c.Bidders {
			if !(strings.Contains(l.Where, "class=small") && c.Bidders[b].Class != "small") && !(strings.Contains(l.Where, "B0") && c.Bidders[b].Name == "B0") {
				lotsOf[text(b, -1, true)] = ""
			}
		}
	default:
		lotsOf[""] = ""
	}
	value := func(in func(bidder, lot int) bool) float64 {
		sum := 0.0
		seen := map[string]bool{}
		for i, b := range c.Bids {
			for _, r := range b.Rows {
				if x[i] == 0 || r.Quantity == 0 || !in(b.Bidder, r.Lot) {
					continue
				}
				switch l.Measure {
				case "volume":
					sum += r.Quantity * x[i]
				case "revenue":
					sum += r.Quantity * x[i] * r.Price
				case "lots":
					seen[fmt.Sprint(r.Lot)] = true
				case "winners":
					seen[fmt.Sprint(b.Bidder)] = true
				case "bids":
					seen[fmt.Sprint(i)] = true
				}
			}
		}
		return sum + float64(len(seen))
	}
	out := map[string]float64{}
	for scope, lots := range lotsOf {
		base := 1.0
		onLots := func(_, lot int) bool { return meets(c, -1, lot, l.Where) && text(-1, lot, false) == lots }
		switch l.Of {
		case "capacity":
			base = 0
			for lot := range c.Lots {
				if onLots(-1, lot) {
					base += c.Lots[lot].Capacity
				}
			}
		case "accepted":
			base = value(onLots)
		}
		v := value(func(bidder, lot int) bool {
			return meets(c, bidder, lot, l.Where) && (len(columns) == 0 || text(bidder, lot, true) == scope)
		})
		out[scope] = 0
		if v > l.Max*base+1e-9 {
			out[scope] = v - l.Max*base
		}
		if v < l.Min*base-1e-9 && !(l.OrNothing && v == 0) {
			out[scope] = l.Min*base - v
		}
	}
	return out
}

// sellerOf is the problem of a case under some of its limits.
func sellerOf(c *auction.Case) *acceptance {
	return newChecker(c, &auction.Results{}, Options{EnumerationLimit: defaultEnumerationLimit}).newAcceptance()
}

// TestSellerAgainstEnumeration compares the optimum with trying every acceptance in steps (all of them where every bid is
// whole or nothing): no acceptance earns more, the answer earns what it says, and where bids are whole the two are equal.
func TestSellerAgainstEnumeration(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	trials := 600
	if testing.Short() {
		trials = 150
	}
	feasible, equal, impossible := 0, 0, 0
	for trial := range trials {
		c := drawLimited(r)
		whole := trial%2 == 0
		if whole {
			for i := range c.Bids {
				c.Bids[i].MinFraction = 1
			}
		}
		best, apart := math.Inf(-1), math.Inf(-1) // apart: without the bids of the first bidder
		x := make([]float64, len(c.Bids))
		var walk func(i int)
		walk = func(i int) {
			if i == len(x) {
				if v, ok := byDefinition(c, x, c.Limits); ok {
					best = math.Max(best, v)
					took := false
					for i := range x {
						took = took || x[i] > 0 && c.Bids[i].Bidder == 0
					}
					if !took {
						apart = math.Max(apart, v)
					}
				}
				return
			}
			for _, v := range []float64{0, 0.25, 0.5, 0.75, 1} {
				if v == 0 || v == 1 || !whole && v >= c.Bids[i].MinFraction {
					x[i] = v
					walk(i + 1)
				}
			}
			x[i] = 0
		}
		walk(0)
		a := sellerOf(c)
		o := a.seller.best(nil, nil)
		if !o.exact() && !(math.IsInf(o.low, -1) && math.IsInf(o.high, -1)) {
			t.Fatalf("trial %d: a case this small is not solved: %+v", trial, o)
		}
		if best > o.high+1e-6 {
			t.Fatalf("trial %d: an acceptance earns %g, over the optimum %g\n%+v", trial, best, o.high, c)
		}
		if whole && best != o.low && math.Abs(best-o.low) > 1e-6 {
			t.Fatalf("trial %d: the optimum is %g, by enumeration %g\n%+v", trial, o.low, best, c)
		}
		if w := a.seller.best(map[int]bool{0: true}, nil); whole && apart != w.low && math.Abs(apart-w.low) > 1e-6 || apart > w.high+1e-6 {
			t.Fatalf("trial %d: without the first bidder the optimum is %g to %g, by enumeration %g\n%+v", trial, w.low, w.high, apart, c)
		}
		if math.IsInf(o.low, -1) {
			impossible++
			continue
		}
		feasible++
		if math.Abs(best-o.low) < 1e-6 {
			equal++
		}
		// The answer itself: in the checker's own terms, which the lies of limits are found by.
		for _, g := range a.seller.segments {
			for n, i := range g.bids {
				a.x[i] = g.best(nil, nil).x[n]
			}
		}
		earned := 0.0
		for i := range c.Bids {
			earned += a.score[i] * a.x[i]
		}
		for _, s := range a.seller.scopes {
			v := a.gauge(s, a.x)
			if math.IsNaN(s.limit.Penalty) && v.violation > 1e-6 {
				t.Fatalf("trial %d: limit %q on %q is violated by %g", trial, s.limit.Name, s.text, v.violation)
			} else if !math.IsNaN(s.limit.Penalty) {
				earned -= s.limit.Penalty * v.violation
			}
		}
		a.feasible()
		if math.Abs(earned-o.low) > 1e-5 || len(a.report.Findings) > 0 {
			t.Fatalf("trial %d: the answer earns %g, not %g; %v", trial, earned, o.low, a.report.Findings)
		}
	}
	t.Logf("%d feasible, %d of them with the optimum in steps of a quarter, %d infeasible", feasible, equal, impossible)
	if feasible < trials/3 || impossible < trials/50 {
		t.Errorf("%d feasible and %d infeasible of %d", feasible, impossible, trials)
	}
}

// TestWeakDuality compares the bracket of segments that are taken for too large with their optima.
func TestWeakDuality(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	tight, close, all := 0, 0, 0
	for trial := range 300 {
		c := drawLimited(r)
		if trial%2 == 0 {
			c.Limits = nil
			for i := range c.Bids {
				c.Bids[i].MinFraction, c.Bids[i].Requires = 0, -1
			}
		}
		a := sellerOf(c)
		for _, g := range a.seller.segments {
			o := g.best(nil, nil)
			if math.IsInf(o.high, -1) {
				continue
			}
			low := math.Inf(-1)
			w := g.large(nil, nil)
			if x := w.x; x != nil {
				low = w.low
				for n, i := range g.bids {
					a.x[i] = x[n]
				}
			}
			if w.low > o.low+1e-6 || w.high < o.high-1e-6 {
				t.Fatalf("trial %d: the optimum %g is not within %g and %g", trial, o.low, w.low, w.high)
			}
			if trial%2 == 0 {
				all++
				if w.high-o.high <= 0.01*math.Abs(o.high) {
					tight++
				}
				if o.low-low <= 0.1*math.Abs(o.low) {
					close++
				}
			}
		}
		a.feasible()
		for _, f := range a.report.Findings {
			t.Fatalf("trial %d: a greedy answer breaks a rule: %s", trial, f)
		}
	}
	t.Logf("of %d segments of divisible bids %d have a bound within 1%%, %d an answer within 10%%", all, tight, close)
	if tight < all*9/10 || close < all*8/10 {
		t.Errorf("weak duality proves little: %d and %d of %d", tight, close, all)
	}
}
