package verify

import (
	"fmt"
	"math"
	"sort"

	"lotwise/models/auction"
)

// void says why a bid is never accepted: row is the first row under its reserve, -1 for a package whose
// amount is under the sum of its reserves.
func (k *checker) void(b *auction.Bid) (row int, reason string, void bool) {
	if b.ByAmount {
		reserves := 0.0
		for _, r := range b.Rows {
			reserves += k.c.Lots[r.Lot].Reserve * r.Quantity
		}
		if b.Amount < reserves-relTol*relTol*math.Max(1, reserves) {
			return -1, fmt.Sprintf("its amount %.10g is under the reserves %.10g", b.Amount, reserves), true
		}
		return -1, "", false
	}
	for i, r := range b.Rows {
		if reserve := k.c.Lots[r.Lot].Reserve; r.Price < reserve-relTol*relTol*math.Max(1, reserve) {
			return i, fmt.Sprintf("its price %.10g in lot %q is under the reserve %.10g", r.Price, k.c.Lots[r.Lot].Name, reserve), true
		}
	}
	return -1, "", false
}

// score is what the seller counts for a bid at x = 1.
func (k *checker) score(b *auction.Bid, preferences []preference) float64 {
	total := 0.0
	if b.ByAmount && len(preferences) == 0 {
		total = b.Amount
	}
	for _, r := range b.Rows {
		if !b.ByAmount || len(preferences) > 0 {
			total += adjusted(preferences, b.Bidder, r.Lot, r.Price) * r.Quantity
		}
		if k.c.Rules.Objective == auction.Contribution {
			total -= k.c.Lots[r.Lot].Cost * r.Quantity
		}
	}
	return total
}

// allocate checks a run of allocate.
func (k *checker) allocate() {
	a := k.newAcceptance()
	sold := a.read()
	a.feasible()
	a.voidBids()
	k.checkPayments(a.amount(), sold.paid(len(k.c.Bidders)), func(int) bool { return false })
	k.checkLots(sold)
	k.checkTotals(sold)
	objective := -k.checkLimits(a.seller.scopes, a.x)
	for i := range k.c.Bids {
		objective += a.score[i] * a.x[i]
	}
	k.expectMetric("objective", objective)
	k.expectText("maximised", k.c.Rules.Objective)
	k.expectText("payment_rule", k.c.Rules.Payment)
	k.bracket()
	a.meritOrder()
	a.shadowPrices()
	a.hint = a.x
	for _, f := range k.report.Findings {
		if f.Table == tableAllocation {
			a.hint = nil // no acceptance to start from
		}
	}
	a.optimum(objective)
	a.limitCosts(objective)
	a.payments(objective)
	a.checkLosing()
}

// An acceptance is the accepted fractions that allocation.csv states, with what is known of each bid.
type acceptance struct {
	*checker
	x      []float64
	score  []float64 // at x = 1
	void   []bool
	seller *seller
	hint   []float64 // x where it keeps to the rules, else nil
	work   int64     // multiplications that are left for solving
}

func (k *checker) newAcceptance() *acceptance {
	a := &acceptance{checker: k, x: make([]float64, len(k.c.Bids)), score: make([]float64, len(k.c.Bids)), void: make([]bool, len(k.c.Bids))}
	preferences := k.preferences()
	for i := range k.c.Bids {
		_, _, a.void[i] = k.void(&k.c.Bids[i])
		a.score[i] = k.score(&k.c.Bids[i], preferences)
	}
	a.work = int64(k.o.EnumerationLimit) * workPerStep * questionsPerCheck
	a.seller = a.newSeller(k.scopes())
	return a
}

// newSeller returns the seller's problem under some of the limits.
func (a *acceptance) newSeller(scopes []*scope) *seller {
	s := &seller{k: a.checker, score: a.score, void: a.void, scopes: scopes, budget: &a.work, perAsk: int64(a.o.EnumerationLimit) * workPerStep}
	s.open()
	return s
}

// amount is what each bidder's accepted bids come to at bid prices.
func (a *acceptance) amount() []float64 {
	amount := make([]float64, len(a.c.Bidders))
	for i := range a.c.Bids {
		amount[a.c.Bids[i].Bidder] += a.c.Bids[i].Amount * a.x[i]
	}
	return amount
}

// read finds the accepted fractions, checking each row against its bid, and returns what is sold.
func (a *acceptance) read() sales {
	sold := sales{}
	type bidName struct {
		bidder int
		bid    string
	}
	byName := map[bidName]int{}
	for i, b := range a.c.Bids {
		byName[bidName{b.Bidder, b.Name}] = i
	}
	rowsOf := make([][]int, len(a.c.Bids))      // rows of allocation.csv by bid and row of the bid, -1 for none
	fractions := make([][]float64, len(rowsOf)) // what each of them says x is
	for i, b := range a.c.Bids {
		rowsOf[i] = make([]int, len(b.Rows))
		for j := range rowsOf[i] {
			rowsOf[i][j] = -1
		}
	}
	for i, r := range a.r.Allocation {
		b, ok1 := a.bidderNamed(tableAllocation, i, r.Bidder)
		l, ok2 := a.lotNamed(tableAllocation, i, r.Lot)
		if !ok1 || !ok2 {
			continue
		}
		sold.add(b, l, r.Quantity, r.Payment)
		n, ok := byName[bidName{b, r.Bid}]
		if !ok {
			a.find(tableAllocation, i, "bid", "bidder %q has no bid %q", r.Bidder, r.Bid)
			continue
		}
		bid := &a.c.Bids[n]
		at, in := -1, false
		for j, row := range bid.Rows {
			if row.Lot == l {
				in = true
				if at < 0 && rowsOf[n][j] < 0 {
					at = j
				}
			}
		}
		if !in {
			a.find(tableAllocation, i, "lot", "bid %q of %q has no row for lot %q", r.Bid, r.Bidder, r.Lot)
			continue
		}
		if at < 0 {
			a.find(tableAllocation, i, "lot", "lot %q of bid %q of %q already stands in another row", r.Lot, r.Bid, r.Bidder)
			continue
		}
		rowsOf[n][at] = i
		row := &bid.Rows[at]
		if !same(r.Price, row.Price) {
			a.find(tableAllocation, i, "price", "%.10g, bid %q says %.10g", r.Price, r.Bid, row.Price)
		}
		if want := row.Price * r.Quantity; a.c.Rules.Payment == auction.PayAsBid && !same(r.Payment, want) {
			column := "payment"
			if same(r.Payment, row.Price*row.Quantity) { // then it is the quantity that does not follow
				column = "quantity"
			}
			a.find(tableAllocation, i, column, "payment %.10g for %.10g packages at %.10g, which come to %.10g", r.Payment, r.Quantity, row.Price, want)
		}
		if row.Quantity > 0 {
			fractions[n] = append(fractions[n], r.Quantity/row.Quantity)
		} else if !same(r.Quantity, 0) {
			a.find(tableAllocation, i, "quantity", "%.10g, the bid is for none", r.Quantity)
		}
	}
	if a.c.Rules.Payment == auction.PayAsBid {
		a.checked("%d rows of allocation.csv: names, prices, payments, one fraction a bid", len(a.r.Allocation))
	} else {
		a.checked("%d rows of allocation.csv: names, prices, one fraction a bid", len(a.r.Allocation))
	}
	for n := range a.c.Bids {
		if len(fractions[n]) == 0 {
			continue
		}
		sorted := append([]float64(nil), fractions[n]...)
		sort.Float64s(sorted)
		a.x[n] = sorted[len(sorted)/2] // the median: one row astray does not hide which one it is
		for j, i := range rowsOf[n] {
			want := a.x[n] * a.c.Bids[n].Rows[j].Quantity
			if i < 0 && !same(want, 0) {
				a.find(tableAllocation, -1, "lot", "bid %q of %q is accepted at %.10g and its lot %q is missing", a.c.Bids[n].Name, a.c.Bidders[a.c.Bids[n].Bidder].Name, a.x[n], a.c.Lots[a.c.Bids[n].Rows[j].Lot].Name)
			}
			if i >= 0 && !same(a.r.Allocation[i].Quantity, want) {
				a.find(tableAllocation, i, "quantity", "%.10g, the rest of bid %q is accepted at the fraction %.10g, which makes %.10g", a.r.Allocation[i].Quantity, a.c.Bids[n].Name, a.x[n], want)
			}
		}
		least := a.c.Bids[n].MinFraction
		if x := a.x[n]; x < -relTol || x > 1+relTol || x > relTol && x < least-relTol {
			a.find(tableAllocation, firstRow(rowsOf[n]), "quantity", "bid %q is accepted at the fraction %.10g, neither 0 nor within %.10g and 1", a.c.Bids[n].Name, x, least)
		}
		if a.void[n] && a.x[n] > relTol {
			_, reason, _ := a.checker.void(&a.c.Bids[n])
			a.find(tableAllocation, firstRow(rowsOf[n]), "bid", "bid %q is accepted although %s", a.c.Bids[n].Name, reason)
		}
	}
	return sold
}

func firstRow(rows []int) int {
	first := -1
	for _, i := range rows {
		if i >= 0 && (first < 0 || i < first) {
			first = i
		}
	}
	return first
}

// feasible checks capacities, budgets, volume caps, groups and requirements.
func (a *acceptance) feasible() {
	volume := make([]float64, len(a.c.Lots))
	money, won := make([]float64, len(a.c.Bidders)), make([]float64, len(a.c.Bidders))
	// counted is the least set of bids that must be accepted for the stated fractions: those with x > 0 and
	// all they require. A required bid without least fraction may be accepted at 0.
	counted := map[int]bool{}
	for i := range a.c.Bids {
		b := &a.c.Bids[i]
		money[b.Bidder] += b.Amount * a.x[i]
		for _, r := range b.Rows {
			volume[r.Lot] += r.Quantity * a.x[i]
			won[b.Bidder] += r.Quantity * a.x[i]
		}
		if a.x[i] <= relTol {
			continue
		}
		for j := i; j >= 0 && !counted[j]; j = a.c.Bids[j].Requires {
			counted[j] = true
			q, least := &a.c.Bids[j], a.c.Bids[j].MinFraction-relTol
			if j != i {
				least = math.Max(least, leastFraction*(1-relTol))
			}
			if a.void[j] && j != i || a.x[j] < least {
				a.find(tableAllocation, -1, "bid", "bid %q of %q is accepted and requires %q, which is not", b.Name, a.c.Bidders[b.Bidder].Name, q.Name)
			}
		}
	}
	for l, v := range volume {
		if !atMost(v, a.c.Lots[l].Capacity) {
			a.find(tableAllocation, -1, "quantity", "lot %q gives %.10g packages, over its capacity %.10g", a.c.Lots[l].Name, v, a.c.Lots[l].Capacity)
		}
	}
	for b := range a.c.Bidders {
		if !atMost(money[b], a.c.Bidders[b].Budget) {
			a.find(tableAllocation, -1, "payment", "bidder %q wins for %.10g at bid prices, over its budget %.10g", a.c.Bidders[b].Name, money[b], a.c.Bidders[b].Budget)
		}
		if !atMost(won[b], a.c.Bidders[b].MaxVolume) {
			a.find(tableAllocation, -1, "quantity", "bidder %q wins %.10g packages, over its max_volume %.10g", a.c.Bidders[b].Name, won[b], a.c.Bidders[b].MaxVolume)
		}
	}
	type group struct {
		bidder int
		name   string
	}
	in := map[group]int{}
	for i := range a.c.Bids {
		b := &a.c.Bids[i]
		if !counted[i] || b.Group == "" {
			continue
		}
		if other, dup := in[group{b.Bidder, b.Group}]; dup {
			a.find(tableAllocation, -1, "bid", "bids %q and %q of %q are both accepted, of group %q only one may be", a.c.Bids[other].Name, b.Name, a.c.Bidders[b.Bidder].Name, b.Group)
		}
		in[group{b.Bidder, b.Group}] = i
	}
	a.checked("%d capacities, %d budgets and volume caps, groups and requirements of %d bids", len(a.c.Lots), len(a.c.Bidders), len(a.c.Bids))
}

// voidBids checks that exactly the bids under a reserve are listed.
func (a *acceptance) voidBids() {
	listed := map[int]bool{}
	for i, v := range a.r.VoidBids {
		b, ok := a.bidderNamed(tableVoid, i, v.Bidder)
		if !ok {
			continue
		}
		at := -1
		for n := range a.c.Bids {
			if a.c.Bids[n].Bidder == b && a.c.Bids[n].Name == v.Bid {
				at = n
			}
		}
		if at < 0 {
			a.find(tableVoid, i, "bid", "bidder %q has no bid %q", v.Bidder, v.Bid)
			continue
		}
		if !a.void[at] {
			a.find(tableVoid, i, "bid", "bid %q of %q meets every reserve", v.Bid, v.Bidder)
			continue
		}
		listed[at] = true
		under := v.Lot == "" && a.c.Bids[at].ByAmount
		for _, r := range a.c.Bids[at].Rows {
			under = under || !a.c.Bids[at].ByAmount && a.c.Lots[r.Lot].Name == v.Lot && r.Price < a.c.Lots[r.Lot].Reserve
		}
		if !under {
			a.find(tableVoid, i, "lot", "bid %q of %q is under no reserve of %q", v.Bid, v.Bidder, v.Lot)
		}
	}
	count := 0
	for n := range a.c.Bids {
		if a.void[n] {
			count++
		}
		if a.void[n] && !listed[n] {
			_, reason, _ := a.checker.void(&a.c.Bids[n])
			a.find(tableVoid, -1, "bid", "bid %q of %q is not listed although %s", a.c.Bids[n].Name, a.c.Bidders[a.c.Bids[n].Bidder].Name, reason)
		}
	}
	a.checked("%d void bids are listed and not accepted", count)
}

// simpleLots says whether the optimum is the merit order lot by lot: divisible rows of one lot, and
// nothing that joins them.
func (a *acceptance) simpleLots() bool {
	if len(a.c.Limits) > 0 {
		return false
	}
	for i := range a.c.Bids {
		if b := &a.c.Bids[i]; len(b.Rows) > 1 || !b.Divisible() || !a.uncapped(b.Bidder) {
			return false
		}
	}
	return true
}

func (a *acceptance) uncapped(bidder int) bool {
	return math.IsInf(a.c.Bidders[bidder].Budget, 1) && math.IsInf(a.c.Bidders[bidder].MaxVolume, 1)
}

// optimal says whether the run calls itself optimal.
func (a *acceptance) optimal() bool {
	row, ok := a.metric["status"]
	return ok && auction.Status(a.r.Summary[row].Text) == auction.Optimal
}

// meritOrder compares an optimal run of divisible lot bids with the merit order, which is the one optimum
// that serves earlier bidders first. Rows of one bidder with one score are taken together, and rows that
// gain the seller nothing may be taken or not.
func (a *acceptance) meritOrder() {
	if !a.optimal() || !a.simpleLots() {
		return
	}
	if row, ok := a.metric["ties"]; ok && a.r.Summary[row].Text == "unsettled" {
		a.checked("the order of equal bids was not checked: the run says that it left ties unsettled")
		return
	}
	order := make([]int, 0, len(a.c.Bids))
	unit := make([]float64, len(a.c.Bids))
	for i := range a.c.Bids {
		if q := a.c.Bids[i].Rows[0].Quantity; q > 0 && !a.void[i] {
			unit[i] = a.score[i] / q
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(m, n int) bool {
		i, j := order[m], order[n]
		if !alike(unit[i], unit[j]) {
			return unit[i] > unit[j]
		}
		return a.c.Bids[i].Bidder < a.c.Bids[j].Bidder
	})
	left := map[int]float64{}
	for l := range a.c.Lots {
		left[l] = a.c.Lots[l].Capacity
	}
	for n := 0; n < len(order); {
		i := order[n]
		b := a.c.Bids[i].Bidder
		// wanted and got by lot, over the rows of this bidder at this score
		wanted, got := map[int]float64{}, map[int]float64{}
		var lots []int
		for ; n < len(order) && a.c.Bids[order[n]].Bidder == b && alike(unit[order[n]], unit[i]); n++ {
			r := &a.c.Bids[order[n]].Rows[0]
			if wanted[r.Lot] == 0 {
				lots = append(lots, r.Lot)
			}
			wanted[r.Lot] += r.Quantity
			got[r.Lot] += a.x[order[n]] * r.Quantity
		}
		if unit[i] <= relTol {
			break
		}
		for _, l := range lots {
			want := math.Min(wanted[l], left[l])
			left[l] -= want
			if same(got[l], want) {
				continue
			}
			row := -1
			for j, r := range a.r.Allocation {
				if r.Bidder == a.c.Bidders[b].Name && r.Lot == a.c.Lots[l].Name && row < 0 {
					row = j
				}
			}
			a.find(tableAllocation, row, "quantity", "bidder %q gets %.10g of lot %q at %.10g, in merit order (ties to the earlier bidder) %.10g", a.c.Bidders[b].Name, got[l], a.c.Lots[l].Name, unit[i], want)
		}
	}
	a.checked("the merit order of %d divisible bids in %d lots", len(order), len(a.c.Lots))
}

// scoreTol is up to which share of itself a score a package may come from rounding: prices further apart are two, such
// as a million and a cent beside a million.
const scoreTol = 1e-11

func alike(a, b float64) bool {
	return math.Abs(a-b) <= scoreTol*math.Max(math.Abs(a), math.Abs(b))
}

// shadowPrices checks complementary slackness, which every optimal dual satisfies with every optimal
// primal: capacity that is left is worth nothing, a divisible bid is accepted whole where it pays more
// than its capacity is worth and not at all where it pays less.
func (a *acceptance) shadowPrices() {
	if !a.optimal() {
		return
	}
	price := make([]float64, len(a.c.Lots))
	row := make([]int, len(a.c.Lots))
	for l := range price {
		price[l], row[l] = math.NaN(), -1
	}
	stated := 0
	for i, r := range a.r.Lots {
		if l, ok := a.lot[r.Lot]; ok && !math.IsNaN(r.ShadowPrice) {
			price[l], row[l] = r.ShadowPrice, i
			stated++
		}
	}
	if stated == 0 {
		return
	}
	used := make([]float64, len(a.c.Lots))
	for i := range a.c.Bids {
		for _, r := range a.c.Bids[i].Rows {
			used[r.Lot] += a.x[i] * r.Quantity
		}
	}
	for l := range price {
		if price[l] > relTol*math.Max(1, a.c.Lots[l].Reserve) && !atMost(a.c.Lots[l].Capacity, used[l]) {
			a.find(tableLots, row[l], "shadow_price", "%.10g, but %.10g of %.10g packages are left: one more is worth nothing", price[l], a.c.Lots[l].Capacity-used[l], a.c.Lots[l].Capacity)
		}
	}
	required := map[int]bool{}
	for _, b := range a.c.Bids {
		required[b.Requires] = true
	}
	compared := 0
	for i := range a.c.Bids {
		b := &a.c.Bids[i]
		if len(a.c.Limits) > 0 || !b.Divisible() || required[i] || a.void[i] || !a.uncapped(b.Bidder) {
			continue
		}
		gain, at := a.score[i], -1
		for _, r := range b.Rows {
			gain -= price[r.Lot] * r.Quantity
			if at < 0 {
				at = row[r.Lot]
			}
		}
		slack := relTol * math.Max(1, math.Abs(a.score[i]))
		if math.IsNaN(gain) {
			continue
		}
		compared++
		if gain > slack && a.x[i] < 1-relTol {
			a.find(tableLots, at, "shadow_price", "at these prices bid %q of %q would gain %.10g, but it is accepted at %.10g alone", b.Name, a.c.Bidders[b.Bidder].Name, gain, a.x[i])
		}
		if gain < -slack && a.x[i] > relTol {
			a.find(tableLots, at, "shadow_price", "at these prices bid %q of %q loses %.10g, but it is accepted at %.10g", b.Name, a.c.Bidders[b.Bidder].Name, -gain, a.x[i])
		}
	}
	a.checked("%d shadow prices by complementary slackness with capacities and %d divisible bids; where they are not unique, any that satisfies it passes", stated, compared)
}
