package verify

import (
	"math"

	"lotwise/models/auction"
)

// What winners pay. With A_i what bidder i won at bid prices, R_i its value at the reserves, W the seller's optimum and
// W(-i) the same without i's bids:
//
//	pay_as_bid  A_b x_b
//	uniform     in each lot the highest price of a bid that is not accepted whole, at least the reserve
//	vcg         A_i - min(W - W(-i), A_i - R_i)
//	core        see core.go
//
// vcg and core charge bidders, and their rows in proportion to what they are accepted for.

// centTol is the doubt on a payment that a run need not state: a hundredth of a cent.
const centTol = 1e-4

// payments checks what the rule of the case charges.
func (a *acceptance) payments(objective float64) {
	switch a.c.Rules.Payment {
	case auction.Uniform:
		a.uniform()
	case auction.VCG, auction.Core:
		a.rows()
		c := a.newCharge(objective)
		a.rational(c)
		if a.c.Rules.Payment == auction.VCG {
			a.vcg(c)
		} else {
			a.core(c)
		}
	}
}

// uniform checks each row against the highest rejected price in its lot. A bid whose fraction is 1 but for rounding may
// count as accepted whole or not.
func (a *acceptance) uniform() {
	for i := range a.c.Bids {
		if b := &a.c.Bids[i]; len(b.Rows) != 1 || !b.Divisible() || len(a.c.Limits) > 0 {
			a.find(tableSummary, a.metric["payment_rule"], "value", "rule uniform is for single-lot divisible bids without limits; bid %q or limits.csv are not", b.Name)
			return
		}
	}
	low, high := make([]float64, len(a.c.Lots)), make([]float64, len(a.c.Lots))
	for l := range low {
		low[l], high[l] = a.c.Lots[l].Reserve, a.c.Lots[l].Reserve
	}
	for i := range a.c.Bids {
		r := &a.c.Bids[i].Rows[0]
		if a.x[i] < 1 {
			high[r.Lot] = math.Max(high[r.Lot], r.Price)
		}
		if a.x[i] < 1-relTol {
			low[r.Lot] = math.Max(low[r.Lot], r.Price)
		}
	}
	for i, r := range a.r.Allocation {
		l, ok := a.lot[r.Lot]
		if !ok {
			continue
		}
		if !same(r.Payment, low[l]*r.Quantity) && !same(r.Payment, high[l]*r.Quantity) {
			a.find(tableAllocation, i, "payment", "%.10g for %.10g packages of lot %q, whose highest rejected price is %.10g", r.Payment, r.Quantity, r.Lot, high[l])
		}
	}
	a.checked("%d payments by the highest rejected price of each lot", len(a.r.Allocation))
}

// rows checks that what each bidder pays is spread over its rows in proportion to their money at bid prices.
func (a *acceptance) rows() {
	money, paid := make([]float64, len(a.c.Bidders)), make([]float64, len(a.c.Bidders))
	for _, r := range a.r.Allocation {
		if b, ok := a.bidder[r.Bidder]; ok {
			money[b] += r.Price * r.Quantity
		}
	}
	for _, r := range a.r.Payments {
		if b, ok := a.bidder[r.Bidder]; ok {
			paid[b] = r.Payment
		}
	}
	for i, r := range a.r.Allocation {
		b, ok := a.bidder[r.Bidder]
		if !ok || money[b] <= 0 {
			continue
		}
		if want := paid[b] * r.Price * r.Quantity / money[b]; !same(r.Payment, want) {
			a.find(tableAllocation, i, "payment", "%.10g, in proportion to the bids of %q, which pays %.10g for what it bid %.10g for, it is %.10g", r.Payment, r.Bidder, paid[b], money[b], want)
		}
	}
}

// A charge is what each bidder pays, in discounts off its bids, and what bounds them.
type charge struct {
	objective float64
	row       []int     // of payments.csv, -1 for none
	amount    []float64 // A_i
	discount  []float64 // as stated
	most      []float64 // A_i - R_i
	tol       []float64 // error that the arithmetic of W may leave
	worth     []bracket // W - W(-i) within 0 and most
	known     bool      // whether all of worth are known exactly
	doubted   []bool    // bidders on whose payments the run states a bracket
}

// A bracket holds a number.
type bracket struct{ low, high float64 }

func (a *acceptance) newCharge(objective float64) *charge {
	n := len(a.c.Bidders)
	c := &charge{
		objective: objective, row: make([]int, n), amount: a.amount(), discount: make([]float64, n), most: make([]float64, n),
		tol: make([]float64, n), worth: make([]bracket, n), known: true, doubted: make([]bool, n),
	}
	for b := range c.row {
		c.row[b] = -1
	}
	for i, r := range a.r.Payments {
		if b, ok := a.bidder[r.Bidder]; ok && c.row[b] < 0 {
			c.row[b] = i
			c.discount[b] = c.amount[b] - r.Payment
		}
	}
	copy(c.most, c.amount)
	for i := range a.c.Bids {
		for _, r := range a.c.Bids[i].Rows {
			c.most[a.c.Bids[i].Bidder] -= a.c.Lots[r.Lot].Reserve * r.Quantity * a.x[i]
		}
	}
	exact := 0
	winners := 0
	for b := range c.most {
		c.most[b] = math.Max(0, c.most[b])
		if c.amount[b] <= 0 {
			continue
		}
		winners++
		w := a.worth(b)
		c.worth[b] = bracket{math.Min(math.Max(w.low, 0), c.most[b]), math.Min(math.Max(w.high, 0), c.most[b])}
		c.tol[b] = centTol + relTol*c.amount[b] + valueTol*math.Abs(objective)
		if c.worth[b].high-c.worth[b].low <= c.tol[b] {
			exact++
		}
		_, least := a.metric["least_vcg_payment:"+a.c.Bidders[b].Name]
		_, most := a.metric["most_vcg_payment:"+a.c.Bidders[b].Name]
		c.doubted[b] = least || most
	}
	c.known = exact == winners
	if c.known {
		a.checked("what the seller would earn without each of %d winners, by branch and bound", winners)
	} else {
		a.checked("what the seller would earn without each winner: exactly for %d of %d, for the others a bracket from feasible answers and weak duality, their segments being too large", exact, winners)
	}
	return c
}

// worth brackets W - W(-i), over the segments that the bidder is in.
func (a *acceptance) worth(bidder int) bracket {
	var with, without outcome
	out := map[int]bool{bidder: true}
	for _, g := range a.seller.segments {
		for _, b := range g.bidders {
			if b == bidder {
				o := g.best(nil, a.hint)
				with.low, with.high = with.low+o.low, with.high+o.high
				o = g.best(out, a.hint)
				without.low, without.high = without.low+o.low, without.high+o.high
			}
		}
	}
	return bracket{with.low - without.high, with.high - without.low}
}

// rational checks that nobody pays more than it bid, less than the reserves or anything for nothing.
func (a *acceptance) rational(c *charge) {
	for b := range c.row {
		if c.row[b] < 0 {
			continue
		}
		r := &a.r.Payments[c.row[b]]
		if slack := relTol * math.Max(1, c.amount[b]); c.discount[b] < -slack {
			a.find(tablePayments, c.row[b], "payment", "%.10g is over the %.10g that %q bid", r.Payment, c.amount[b], r.Bidder)
		} else if c.discount[b] > c.most[b]+slack {
			a.find(tablePayments, c.row[b], "payment", "%.10g is under the reserves of what %q won, %.10g", r.Payment, r.Bidder, c.amount[b]-c.most[b])
		}
	}
}

// vcg checks each payment, and the brackets that the run states where it could not prove one.
func (a *acceptance) vcg(c *charge) {
	within := 0
	for b, i := range c.row {
		if i < 0 || c.amount[b] <= 0 {
			continue
		}
		name, payment := a.c.Bidders[b].Name, a.r.Payments[i].Payment
		low, high := c.amount[b]-c.worth[b].high, c.amount[b]-c.worth[b].low
		if c.doubted[b] {
			least, leastRow, ok1 := a.number("least_vcg_payment:" + name)
			most, mostRow, ok2 := a.number("most_vcg_payment:" + name)
			if !ok1 || !ok2 {
				continue
			}
			within++
			if payment < least-c.tol[b] || payment > most+c.tol[b] {
				a.find(tablePayments, i, "payment", "%.10g is not within %.10g and %.10g, the bracket of summary.csv", payment, least, most)
			}
			if least > high+c.tol[b] {
				a.find(tableSummary, leastRow, "value", "%.10g, the VCG payment of %q is at most %.10g", least, name, high)
			}
			if most < low-c.tol[b] {
				a.find(tableSummary, mostRow, "value", "%.10g, the VCG payment of %q is at least %.10g", most, name, low)
			}
			continue
		}
		if payment >= low-c.tol[b] && payment <= high+c.tol[b] {
			continue
		}
		if high-low <= c.tol[b] {
			a.find(tablePayments, i, "payment", "%.10g, the VCG payment of %q is %.10g", payment, name, low)
		} else {
			a.find(tablePayments, i, "payment", "%.10g, the VCG payment of %q is within %.10g and %.10g", payment, name, low, high)
		}
	}
	if within > 0 {
		a.checked("%d VCG payments are within the brackets that the run states, and these hold what was recomputed", within)
	}
}
