package verify

import (
	"math"
	"sort"
)

// A sale is what a bidder gets in one lot, in expectation where the run is random.
type sale struct{ quantity, payment float64 }

// sales maps {bidder, lot} to what is sold.
type sales map[[2]int]sale

func (s sales) add(bidder, lot int, quantity, payment float64) {
	v := s[[2]int{bidder, lot}]
	s[[2]int{bidder, lot}] = sale{v.quantity + quantity, v.payment + payment}
}

// keys returns the bidders and lots in order: sums must not depend on the order of a map.
func (s sales) keys() [][2]int {
	list := make([][2]int, 0, len(s))
	for at := range s {
		list = append(list, at)
	}
	sort.Slice(list, func(i, j int) bool {
		return list[i][0] < list[j][0] || list[i][0] == list[j][0] && list[i][1] < list[j][1]
	})
	return list
}

// paid sums what each bidder pays.
func (s sales) paid(bidders int) []float64 {
	out := make([]float64, bidders)
	for _, at := range s.keys() {
		out[at[0]] += s[at].payment
	}
	return out
}

// of returns the sales of one bidder.
func (s sales) of(bidder int) sales {
	out := sales{}
	for at, v := range s {
		if at[0] == bidder {
			out[at] = v
		}
	}
	return out
}

// The tables that follow from what is sold are payments, lot_results and the seller's lines of the
// summary.

// checkPayments checks payments.csv: every bidder once, amount the money at bid prices, payment what the
// rows say, discount their difference. A bidder that optional names may be missing.
func (k *checker) checkPayments(amount, payment []float64, optional func(bidder int) bool) {
	row := map[int]int{}
	for i, r := range k.r.Payments {
		b, ok := k.bidderNamed(tablePayments, i, r.Bidder)
		if !ok {
			continue
		}
		if first, dup := row[b]; dup {
			k.find(tablePayments, i, "bidder", "%q already stands in row %d", r.Bidder, first+1)
			continue
		}
		row[b] = i
		if !same(r.BidAmount, amount[b]) {
			k.find(tablePayments, i, "bid_amount", "%.10g, what %q won comes to %.10g at bid prices", r.BidAmount, r.Bidder, amount[b])
		}
		if !same(r.Payment, payment[b]) {
			k.find(tablePayments, i, "payment", "%.10g, what %q won costs it %.10g", r.Payment, r.Bidder, payment[b])
		}
		if want := r.BidAmount - r.Payment; !same(r.Discount, want) {
			k.find(tablePayments, i, "discount", "%.10g, bid_amount less payment is %.10g", r.Discount, want)
		}
		if metric, ok := k.metric["core_violation"]; ok {
			if want := k.r.Summary[metric].Number; !same(r.CoreViolation, want) && !(math.IsNaN(r.CoreViolation) && math.IsNaN(want) && !k.done()) {
				k.find(tablePayments, i, "core_violation", "%.10g, the summary says %.10g", r.CoreViolation, want)
			}
		} else if !math.IsNaN(r.CoreViolation) {
			k.find(tablePayments, i, "core_violation", "%.10g, the run has no core payments", r.CoreViolation)
		}
	}
	for b := range k.c.Bidders {
		if _, ok := row[b]; !ok && !optional(b) {
			k.find(tablePayments, -1, "bidder", "bidder %q is missing", k.c.Bidders[b].Name)
		}
	}
	k.checked("%d rows of payments.csv against what each bidder won", len(k.r.Payments))
}

// checkLots checks lot_results.csv: every lot once, with the case's own cells and what was sold.
func (k *checker) checkLots(sold sales) {
	row := map[int]int{}
	quantity, money := make([]float64, len(k.c.Lots)), make([]float64, len(k.c.Lots))
	for _, at := range sold.keys() {
		quantity[at[1]] += sold[at].quantity
		money[at[1]] += sold[at].payment
	}
	for i, r := range k.r.Lots {
		l, ok := k.lotNamed(tableLots, i, r.Lot)
		if !ok {
			continue
		}
		if first, dup := row[l]; dup {
			k.find(tableLots, i, "lot", "%q already stands in row %d", r.Lot, first+1)
			continue
		}
		row[l] = i
		lot := &k.c.Lots[l]
		if r.Zone != lot.Zone {
			k.find(tableLots, i, "zone", "%q, lots.csv says %q", r.Zone, lot.Zone)
		}
		if r.Service != lot.Service {
			k.find(tableLots, i, "service", "%q, lots.csv says %q", r.Service, lot.Service)
		}
		if !same(r.Capacity, lot.Capacity) {
			k.find(tableLots, i, "capacity", "%.10g, lots.csv says %.10g", r.Capacity, lot.Capacity)
		}
		if !same(r.Sold, quantity[l]) {
			k.find(tableLots, i, "sold", "%.10g, the bidders get %.10g of lot %q", r.Sold, quantity[l], r.Lot)
		}
		if !atMost(r.Sold, lot.Capacity) {
			k.find(tableLots, i, "sold", "%.10g is over the capacity %.10g", r.Sold, lot.Capacity)
		}
		if !same(r.Revenue, money[l]) {
			k.find(tableLots, i, "revenue", "%.10g, the bidders pay %.10g for lot %q", r.Revenue, money[l], r.Lot)
		}
		if math.IsInf(r.ShadowPrice, 0) || r.ShadowPrice < -relTol {
			k.find(tableLots, i, "shadow_price", "%.10g: capacity is never worth less than nothing", r.ShadowPrice)
		}
	}
	for l := range k.c.Lots {
		if _, ok := row[l]; !ok {
			k.find(tableLots, -1, "lot", "lot %q is missing", k.c.Lots[l].Name)
		}
	}
	k.checked("%d rows of lot_results.csv against what was sold", len(k.r.Lots))
}

// checkTotals checks the seller's lines of the summary and returns revenue and contribution.
func (k *checker) checkTotals(sold sales) (revenue, contribution float64) {
	volume, cost, capacity := 0.0, 0.0, 0.0
	for _, at := range sold.keys() {
		revenue += sold[at].payment
		volume += sold[at].quantity
		cost += sold[at].quantity * k.c.Lots[at[1]].Cost
	}
	for _, l := range k.c.Lots {
		capacity += l.Capacity
	}
	k.expectMetric("revenue", revenue)
	k.expectMetric("contribution", revenue-cost)
	k.expectMetric("volume", volume)
	if capacity > 0 {
		k.expectMetric("sold_share", volume/capacity)
	} else {
		k.expectMetric("sold_share", 0)
	}
	return revenue, revenue - cost
}
