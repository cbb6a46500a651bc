package verify

import (
	"math"
	"slices"
	"strings"
)

// The tables of bid that say why its bid is what it is are recomputed scenario by scenario: what the recommended rows
// win against the scenario's rivals, and what that is worth to the network; with one lot's packages more, fewer or
// other; with one row at another price; and with the facilities that are said to be open.

const (
	// packageTol is the error in what one package is worth, relative to the value of the part of the network of
	// which it is a difference: the rounding of some hundred sums.
	packageTol = 1e-12
	// shareTol is the error in a standard deviation, relative to the profits that it is of.
	shareTol = 1e-6
)

// A scenario is what one type of the bidder gets in one scenario of its beliefs.
type scenario struct {
	probability     float64
	rivals          map[int][]rival // by lot
	won             map[int]float64 // by lot
	rows            []expectation   // of the strategy's rows
	profit          float64
	volume, payment float64
}

// A reply is the bid of one type with what it gets.
type reply struct {
	k         *checker
	p         *play
	g         *group
	s         *strategy
	network   *network
	scenarios []scenario
	scale     float64 // of the values that profits are differences of
	zero      float64 // V(0)
}

// checkBid checks the tables that bid alone writes.
func (k *checker) checkBid(p *play) {
	t := &k.r.BidTables
	if len(t.BidLots)+len(t.BidCurves)+len(t.ProfitScenarios)+len(t.Facilities)+len(t.NetworkScenarios) == 0 {
		return
	}
	replies := map[string]*reply{} // by type
	var order []*reply
	for _, a := range p.arenas {
		for _, g := range a.groups {
			x, ok := k.reply(p, g)
			if !ok {
				k.checked("bid_lots, bid_curves, profit_scenarios and facility_results of %s were not recomputed: the type has several strategies, or too many joint outcomes", k.groupName(g))
				return
			}
			replies[k.c.Bidders[p.me].Types[g.typ].Name] = x
			order = append(order, x)
		}
	}
	of := func(table string, row int, bidder, typ string) *reply {
		if b, ok := k.bidder[bidder]; !ok || b != p.me {
			k.find(table, row, "bidder", "%q, the run is of %q", bidder, k.c.Bidders[p.me].Name)
			return nil
		}
		x := replies[typ]
		if x == nil {
			k.find(table, row, "type", "the run has no bid of type %q", typ)
		}
		return x
	}
	k.checkProfitScenarios(of, order)
	k.checkBidLots(of, order)
	k.checkBidCurves(of)
	k.checkFacilities(p, of, order)
	k.checkNetworkScenarios(p, of)
	k.checkRisk(p, order)
}

// reply recomputes what a type's bid gets in every scenario.
func (k *checker) reply(p *play, g *group) (*reply, bool) {
	if x := k.replies[g]; x != nil {
		return x, true
	}
	if len(g.strategies) != 1 {
		return nil, false
	}
	return k.replyWith(p, g, g.strategies[0])
}

// replyWith computes what some rows get in every scenario.
func (k *checker) replyWith(p *play, g *group, s *strategy) (*reply, bool) {
	b := &k.c.Bidders[p.me]
	x := &reply{k: k, p: p, g: g, s: s, network: newNetwork(k.c, b, b.Types[g.typ])}
	for _, part := range x.network.parts {
		x.zero += part.none().net
		x.scale += math.Abs(part.none().net)
	}
	for _, w := range p.beliefs {
		s := scenario{probability: w.probability, rivals: byLot(w.rivals)}
		s.rows = make([]expectation, len(x.s.rows))
		for _, l := range lotsOf(x.s.rows) {
			var own []bidRow
			var at []int
			for j, b := range x.s.rows {
				if b.lot == l {
					own, at = append(own, b), append(at, j)
				}
			}
			e, ok := k.expect(p.me, own, []world{{1, s.rivals[l]}})
			if !ok {
				return nil, false
			}
			for m, j := range at {
				s.rows[j] = e[m]
			}
		}
		s.won = map[int]float64{}
		for j, e := range s.rows {
			s.won[x.s.rows[j].lot] += e.quantity
			s.volume += e.quantity
			s.payment += e.payment
		}
		for _, part := range x.network.parts {
			if len(part.lots) > 0 {
				s.profit += part.at(s.in(part)).net - part.none().net
			}
		}
		s.profit -= s.payment
		x.scenarios = append(x.scenarios, s)
	}
	return x, true
}

// in returns what is won of a part's lots.
func (s *scenario) in(p *part) []float64 {
	w := make([]float64, len(p.lots))
	for i, l := range p.lots {
		w[i] = s.won[l]
	}
	return w
}

// at says where a row of a table, told apart by a key, stands; one that stands there already is reported.
type rowsAt map[[3]string]int

func (at rowsAt) add(k *checker, table string, row int, column string, key [3]string) bool {
	if first, dup := at[key]; dup {
		k.find(table, row, column, "%q already stands in row %d", key[2], first+1)
		return false
	}
	at[key] = row
	return true
}

type replyOf func(table string, row int, bidder, typ string) *reply

// typeName is the name of the reply's type.
func (x *reply) typeName() string { return x.k.c.Bidders[x.p.me].Types[x.g.typ].Name }

// expected compares a cell with its recomputed value.
func (k *checker) expected(table string, row int, column string, got, want, tolerance float64) {
	right := got == want
	if !math.IsInf(got, 0) && !math.IsInf(want, 0) {
		right = same(got, want) || math.Abs(got-want) <= tolerance
	}
	if !right {
		k.find(table, row, column, "%.10g, recomputed %.10g", got, want)
	}
}

// checkProfitScenarios checks every scenario of every type, and the expectation against equilibrium.csv.
func (k *checker) checkProfitScenarios(of replyOf, order []*reply) {
	at := rowsAt{}
	place := map[string]int{}
	for i := range k.c.Beliefs {
		place[k.c.Beliefs[i].Scenario] = i
	}
	mean := map[*reply]float64{}
	for i, r := range k.r.ProfitScenarios {
		x := of(tableProfits, i, r.Bidder, r.Type)
		if x == nil {
			continue
		}
		n, ok := place[r.Scenario]
		if !ok {
			k.find(tableProfits, i, "scenario", "the beliefs have no scenario %q", r.Scenario)
			continue
		}
		if !at.add(k, tableProfits, i, "scenario", [3]string{r.Bidder, r.Type, r.Scenario}) {
			continue
		}
		s := &x.scenarios[n]
		k.expected(tableProfits, i, "probability", r.Probability, s.probability, 0)
		k.expected(tableProfits, i, "profit", r.Profit, s.profit, valueTol*(x.scale+s.payment))
		k.expected(tableProfits, i, "volume", r.Volume, s.volume, 0)
		k.expected(tableProfits, i, "payment", r.Payment, s.payment, 0)
		mean[x] += r.Probability * r.Profit
	}
	for _, x := range order {
		for i := range k.c.Beliefs {
			if _, ok := at[[3]string{k.c.Bidders[x.p.me].Name, x.typeName(), k.c.Beliefs[i].Scenario}]; !ok {
				k.find(tableProfits, -1, "scenario", "scenario %q of type %q is missing", k.c.Beliefs[i].Scenario, x.typeName())
			}
		}
		if stated := k.r.Equilibrium[x.s.row].Profit; !near(stated, mean[x], x.scale) {
			k.find(tableProfits, -1, "profit", "the expectation over scenarios of type %q is %.10g, its profit in equilibrium.csv %.10g", x.typeName(), mean[x], stated)
		}
	}
	k.checked("%d rows of profit_scenarios.csv: what the bid wins, is worth and costs in each scenario, and their expectation", len(k.r.ProfitScenarios))
}

// part returns the part of a lot and the lot's place there; nil where the type's network cannot use the lot.
func (x *reply) part(lot int) (*part, int) {
	i, ok := x.network.partOf[lot]
	if !ok {
		return nil, 0
	}
	return x.network.parts[i], slices.Index(x.network.parts[i].lots, lot)
}

// expect returns the expectation over scenarios.
func (x *reply) expect(f func(s *scenario) float64) float64 {
	sum := 0.0
	for i := range x.scenarios {
		sum += x.scenarios[i].probability * f(&x.scenarios[i])
	}
	return sum
}

// checkBidLots checks what each lot is worth and what the bid for it leads to.
func (k *checker) checkBidLots(of replyOf, order []*reply) {
	at := rowsAt{}
	for i, r := range k.r.BidLots {
		x := of(tableBidLots, i, r.Bidder, r.Type)
		if x == nil {
			continue
		}
		l, ok := k.lotNamed(tableBidLots, i, r.Lot)
		if !ok || !at.add(k, tableBidLots, i, "lot", [3]string{r.Bidder, r.Type, r.Lot}) {
			continue
		}
		part, place := x.part(l)
		if part == nil {
			k.find(tableBidLots, i, "lot", "lot %q is of no use to type %q", r.Lot, r.Type)
			continue
		}
		quantity, money, expected, payment := 0.0, 0.0, 0.0, 0.0
		for j, b := range x.s.rows {
			if b.lot == l {
				quantity += b.quantity
				money += b.quantity * b.price
				expected += x.expect(func(s *scenario) float64 { return s.rows[j].quantity })
				payment += x.expect(func(s *scenario) float64 { return s.rows[j].payment })
			}
		}
		wins := x.expect(func(s *scenario) float64 {
			for j, b := range x.s.rows {
				if b.lot == l && s.rows[j].win > 0 {
					return 1
				}
			}
			return 0
		})
		with := func(s *scenario, q float64) float64 {
			w := s.in(part)
			w[place] = q
			return part.at(w).net
		}
		rounding := packageTol * math.Abs(part.none().net)
		worth := func(column string, got, q float64) {
			want := x.expect(func(s *scenario) float64 { return with(s, q) - with(s, 0) }) / q
			k.expected(tableBidLots, i, column, got, want, rounding/q)
		}
		k.expected(tableBidLots, i, "quantity", r.Quantity, quantity, 0)
		k.expected(tableBidLots, i, "win_probability", r.WinProbability, wins, 0)
		k.expected(tableBidLots, i, "expected_quantity", r.ExpectedQuantity, expected, 0)
		k.expected(tableBidLots, i, "expected_payment", r.ExpectedPayment, payment, 0)
		useful := math.Min(k.c.Lots[l].Capacity, part.reach[place])
		k.expected(tableBidLots, i, "useful_quantity", r.UsefulQuantity, useful, 0)
		next := math.Min(1, useful)
		more := x.expect(func(s *scenario) float64 { return with(s, s.won[l]+next) - with(s, s.won[l]) }) / next
		k.expected(tableBidLots, i, "break_even_next", r.BreakEvenNext, more, rounding/next)
		worth("break_even_lot", r.BreakEvenLot, useful)
		if quantity > 0 {
			k.expected(tableBidLots, i, "price", r.Price, money/quantity, 0)
			worth("break_even_bid", r.BreakEvenBid, quantity)
		} else {
			if !math.IsNaN(r.Price) {
				k.find(tableBidLots, i, "price", "%.10g, there is no bid for lot %q", r.Price, r.Lot)
			}
			if !math.IsNaN(r.BreakEvenBid) {
				k.find(tableBidLots, i, "break_even_bid", "%.10g, there is no bid for lot %q", r.BreakEvenBid, r.Lot)
			}
		}
		stake := x.expect(func(s *scenario) float64 { return with(s, s.won[l]) - with(s, 0) }) - payment
		k.expected(tableBidLots, i, "profit_at_stake", r.ProfitAtStake, stake, valueTol*(math.Abs(part.none().net)+payment))
	}
	for _, x := range order {
		for _, p := range x.network.parts {
			for _, l := range p.lots {
				if _, ok := at[[3]string{k.c.Bidders[x.p.me].Name, x.typeName(), k.c.Lots[l].Name}]; !ok {
					k.find(tableBidLots, -1, "lot", "lot %q, which type %q can use, is missing", k.c.Lots[l].Name, x.typeName())
				}
			}
		}
	}
	k.checked("%d rows of bid_lots.csv: break-even prices and what is at stake, lot by lot", len(k.r.BidLots))
}

// checkBidCurves checks the points of the curves: one row at another price.
func (k *checker) checkBidCurves(of replyOf) {
	every := 1
	if work := len(k.r.BidCurves) * len(k.c.Beliefs); work > k.o.EnumerationLimit {
		every = 1 + work/k.o.EnumerationLimit
	}
	own := map[[3]string]bool{}     // by type, bid, lot: whether the bid's own price is there
	first := map[[3]string]int{}    // its first row
	last := map[[3]string]float64{} // the price before
	var keys [][3]string
	recomputed := 0
	k.allow(1, 1)
	for i, r := range k.r.BidCurves {
		x := of(tableCurves, i, r.Bidder, r.Type)
		if x == nil {
			continue
		}
		l, ok := k.lotNamed(tableCurves, i, r.Lot)
		if !ok {
			continue
		}
		row := slices.IndexFunc(x.s.bids, func(n int) bool {
			return k.r.RecommendedBids[n].Bid == r.Bid && k.r.RecommendedBids[n].Lot == r.Lot
		})
		if row < 0 {
			column := "lot"
			if !slices.ContainsFunc(x.s.bids, func(n int) bool { return k.r.RecommendedBids[n].Bid == r.Bid }) {
				column = "bid"
			}
			k.find(tableCurves, i, column, "recommended_bids.csv has no bid %q for lot %q", r.Bid, r.Lot)
			continue
		}
		key := [3]string{r.Type, r.Bid, r.Lot}
		if _, known := first[key]; !known {
			first[key] = i
			keys = append(keys, key)
		} else if !(r.Price > last[key]) {
			k.find(tableCurves, i, "price", "%.10g stands after %.10g", r.Price, last[key])
		}
		last[key] = r.Price
		if q := r.Price / k.c.Rules.PriceStep; math.Abs(q-math.Round(q)) > gridTol || math.IsNaN(q) {
			k.find(tableCurves, i, "price", "%.10g is no multiple of the price step %g", r.Price, k.c.Rules.PriceStep)
			continue
		}
		if k.under(r.Price, l) {
			k.find(tableCurves, i, "price", "%.10g is under the lot's reserve %g", r.Price, k.c.Lots[l].Reserve)
		}
		recommended := k.samePrice(r.Price, x.s.rows[row].price)
		own[key] = own[key] || recommended
		if want := map[bool]string{true: "yes"}[recommended]; r.Recommended != want {
			k.find(tableCurves, i, "recommended", "%q, the bid's price is %.10g", r.Recommended, x.s.rows[row].price)
		}
		k.expected(tableCurves, i, "quantity", r.Quantity, x.s.rows[row].quantity, 0)
		if (i%every == 0 || recommended) && k.checkPoint(x, i, row, l) {
			recomputed++
		}
		if k.o.Risk.Aversion == 0 && r.Fits == "yes" && !atMost(r.ExpectedProfit, x.g.bound) && !near(r.ExpectedProfit, x.g.bound, x.scale) {
			k.find(tableCurves, i, "expected_profit", "%.10g, over the best-response bound %.10g", r.ExpectedProfit, x.g.bound)
		}
	}
	for _, key := range keys {
		if !own[key] {
			k.find(tableCurves, -1, "price", "the curve of bid %q, type %q lacks the bid's own price", key[1], key[0])
		}
	}
	k.checked("%d of %d points of bid_curves.csv: one row of the bid at another price", recomputed, len(k.r.BidCurves))
}

// checkPoint recomputes one point: of the strategy's rows, those for the lot change what they win. It returns
// false where that is too much work.
func (k *checker) checkPoint(x *reply, i, row, lot int) bool {
	if k.unmodelled() != "" {
		return k.checkJoinedPoint(x, i, row)
	}
	r := &k.r.BidCurves[i]
	var moved []bidRow
	own := -1
	var at []int // of moved, into the strategy's rows
	for j, b := range x.s.rows {
		if b.lot != lot {
			continue
		}
		if j == row {
			own = len(moved)
			b.price = r.Price
		}
		moved, at = append(moved, b), append(at, j)
	}
	part, place := x.part(lot)
	profit, quantity, payment, win := 0.0, 0.0, 0.0, 0.0
	b := &k.c.Bidders[x.p.me]
	fits := true
	for n := range x.scenarios {
		s := &x.scenarios[n]
		e, ok := k.expect(x.p.me, moved, []world{{1, s.rivals[lot]}})
		if !ok {
			return false
		}
		paid, volume, here := s.payment, s.volume, 0.0
		for m, j := range at {
			paid += e[m].payment - s.rows[j].payment
			volume += e[m].quantity - s.rows[j].quantity
			here += e[m].quantity
		}
		fits = fits && atMost(paid, b.Budget) && atMost(volume, b.MaxVolume)
		change := s.payment - paid
		if part != nil {
			w := s.in(part)
			before := part.at(w).net
			w[place] = here
			change += part.at(w).net - before
		}
		profit += s.probability * (s.profit + change)
		quantity += s.probability * e[own].quantity
		payment += s.probability * e[own].payment
		win += s.probability * e[own].win
	}
	k.expected(tableCurves, i, "win_probability", r.WinProbability, win, 0)
	k.expected(tableCurves, i, "expected_quantity", r.ExpectedQuantity, quantity, 0)
	k.expected(tableCurves, i, "expected_payment", r.ExpectedPayment, payment, 0)
	k.expected(tableCurves, i, "expected_profit", r.ExpectedProfit, profit, valueTol*(x.scale+payment))
	if want := yesNo(fits); r.Fits != want {
		k.find(tableCurves, i, "fits", "%q, recomputed %q", r.Fits, want)
	}
	return true
}

// byLot splits rivals' rows by lot.
func byLot(rivals []rival) map[int][]rival {
	split := map[int][]rival{}
	for _, r := range rivals {
		for _, b := range r.options[0].rows {
			here := split[b.lot]
			if n := len(here); n == 0 || here[n-1].bidder != r.bidder {
				here = append(here, rival{r.bidder, []option{{probability: 1}}})
			}
			o := &here[len(here)-1].options[0]
			o.rows = append(o.rows, b)
			split[b.lot] = here
		}
	}
	return split
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// checkFacilities checks facility_results.csv: which facilities are open in which scenario must be a best delivery of
// what is won there, and the sums over types those of network.csv.
func (k *checker) checkFacilities(p *play, of replyOf, order []*reply) {
	b := &k.c.Bidders[p.me]
	at := rowsAt{}
	place := map[string]int{}
	for f := range b.Facilities {
		place[b.Facilities[f].Name] = f
	}
	// By reply: the facilities open in each scenario and, last, where nothing is won; nil where a row is wrong.
	open := map[*reply][][]bool{}
	for _, x := range order {
		for range len(x.scenarios) + 1 {
			open[x] = append(open[x], make([]bool, len(b.Facilities)))
		}
	}
	row := map[*reply][]int{}
	cost, volume := make([]float64, len(b.Facilities)), make([]float64, len(b.Facilities))
	sound := true
	for i, r := range k.r.Facilities {
		x := of(tableFacilities, i, r.Bidder, r.Type)
		if x == nil {
			sound = false
			continue
		}
		f, ok := place[r.Facility]
		if !ok {
			k.find(tableFacilities, i, "facility", "%q has no facility %q", b.Name, r.Facility)
			sound = false
			continue
		}
		if !at.add(k, tableFacilities, i, "facility", [3]string{r.Bidder, r.Type, r.Facility}) {
			sound = false
			continue
		}
		if row[x] == nil {
			row[x] = make([]int, len(b.Facilities))
		}
		row[x][f] = i
		k.expected(tableFacilities, i, "capacity", r.Capacity, b.Facilities[f].Capacity, 0)
		fixed := b.Facilities[f].FixedCost * b.Types[x.g.typ].FixedCostFactor
		k.expected(tableFacilities, i, "fixed_cost", r.FixedCost, fixed, 0)
		closed, good := k.scenariosNamed(i, r.ClosedIn)
		sound = sound && good
		probability := 0.0
		for n := range x.scenarios {
			if good && !closed[n] {
				open[x][n][f] = true
				probability += x.scenarios[n].probability
			}
		}
		k.expected(tableFacilities, i, "open_probability", r.OpenProbability, probability, 0)
		without := 0.0
		switch r.OpenWithoutLots {
		case "yes":
			open[x][len(x.scenarios)][f] = true
			without = fixed
		case "no":
		default:
			k.find(tableFacilities, i, "open_without_lots", "%q is neither yes nor no", r.OpenWithoutLots)
			sound = false
		}
		k.expected(tableFacilities, i, "cost", r.Cost, probability*fixed, 0)
		k.expected(tableFacilities, i, "saved_cost", r.SavedCost, without-probability*fixed, 0)
		if r.Volume < -relTol || probability > 0 && !atMost(r.Volume, probability*b.Facilities[f].Capacity) || probability == 0 && !same(r.Volume, 0) || math.IsNaN(r.Volume) {
			k.find(tableFacilities, i, "volume", "%.10g is not within 0 and the capacity %.10g times the probability %.10g of being open", r.Volume, b.Facilities[f].Capacity, probability)
		}
		if good {
			k.checkClosers(x, i, closed)
		}
		weight := p.weight[[2]int{p.me, x.g.typ}]
		cost[f] += weight * r.Cost
		volume[f] += weight * r.Volume
	}
	for _, x := range order {
		for f := range b.Facilities {
			if _, ok := at[[3]string{b.Name, x.typeName(), b.Facilities[f].Name}]; !ok {
				k.find(tableFacilities, -1, "facility", "facility %q of type %q is missing", b.Facilities[f].Name, x.typeName())
				sound = false
			}
		}
	}
	if sound {
		for _, x := range order {
			k.checkOpen(x, open[x], row[x])
		}
		k.checkThrough(p, cost, volume)
	}
	k.checked("%d rows of facility_results.csv: the facilities open in each scenario are those of a best delivery", len(k.r.Facilities))
}

// scenariosNamed reads a list of scenarios.
func (k *checker) scenariosNamed(row int, cell string) (marked []bool, ok bool) {
	marked = make([]bool, len(k.c.Beliefs))
	if cell == "" {
		return marked, true
	}
	if cell == "all" {
		for i := range marked {
			marked[i] = true
		}
		return marked, true
	}
	rest := cell
	// Names may hold the separator: they stand in the order of the scenarios.
	for i := range k.c.Beliefs {
		name := k.c.Beliefs[i].Scenario
		if rest == name {
			marked[i] = true
			return marked, true
		}
		if after, found := strings.CutPrefix(rest, name+";"); found {
			marked[i] = true
			rest = after
		}
	}
	k.find(tableFacilities, row, "closed_in", "%q is no list of scenarios", cell)
	return nil, false
}

// checkClosers checks that the lots that close a facility are won where it is closed.
func (k *checker) checkClosers(x *reply, row int, closed []bool) {
	r := &k.r.Facilities[row]
	if r.ClosedBy == "" {
		if r.OpenWithoutLots == "yes" && slices.Contains(closed, true) {
			k.find(tableFacilities, row, "closed_by", "blank: facility %q is open without lots and closed in some scenarios", r.Facility)
		}
		return
	}
	if r.OpenWithoutLots == "no" {
		k.find(tableFacilities, row, "closed_by", "%q: the facility is closed without any lot", r.ClosedBy)
		return
	}
	rest := r.ClosedBy
	for rest != "" {
		best := -1
		for l := range k.c.Lots { // names may hold the separator: the longest that fits
			name := k.c.Lots[l].Name
			if (rest == name || strings.HasPrefix(rest, name+";")) && (best < 0 || len(name) > len(k.c.Lots[best].Name)) {
				best = l
			}
		}
		if best < 0 {
			k.find(tableFacilities, row, "closed_by", "%q is no list of lots", r.ClosedBy)
			return
		}
		won := false
		for n := range x.scenarios {
			won = won || closed[n] && x.scenarios[n].won[best] > 0
		}
		if !won {
			k.find(tableFacilities, row, "closed_by", "lot %q is won in no scenario in which facility %q is closed", k.c.Lots[best].Name, r.Facility)
		}
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, k.c.Lots[best].Name), ";")
	}
}

// checkOpen checks that the facilities said to be open in each scenario, and without lots, are those of a best delivery.
func (k *checker) checkOpen(x *reply, open [][]bool, row []int) {
	for _, part := range x.network.parts {
		if len(part.fixed) == 0 {
			continue
		}
		for n := range open {
			won := make([]float64, len(part.lots))
			column, what := "open_without_lots", "without lots"
			if n < len(x.scenarios) {
				won = x.scenarios[n].in(part)
				column, what = "closed_in", "in scenario "+k.c.Beliefs[n].Scenario
			}
			best := part.at(won).net
			if got := part.given(won, open[n]); !near(got, best, math.Abs(best)) {
				k.find(tableFacilities, row[part.facilities[0]], column, "%s, delivery with the facilities that are said to be open is worth %.10g, at best %.10g (this facility or one beside it)", what, got, best)
			}
		}
	}
}

// given returns the value of the best delivery of won volumes when exactly these of the bidder's facilities are open.
func (p *part) given(won []float64, open []bool) float64 {
	w := make([]float64, len(won))
	for i := range w {
		w[i] = math.Min(won[i], p.reach[i])
	}
	value := 0.0
	for d, v := range p.value {
		if !math.IsNaN(v) {
			value += (v + p.lean) * p.volume[d]
		}
	}
	for _, q := range p.pieces {
		f := p.ship(q, w, func(f int) bool { return open[p.facilities[f]] })
		if !f.ok {
			return math.Inf(-1)
		}
		value -= f.cost
	}
	for f := range p.fixed {
		if open[p.facilities[f]] {
			value -= p.fixed[f]
		}
	}
	return value
}

// checkThrough checks the facilities' expected costs and volumes, over types, against network.csv.
func (k *checker) checkThrough(p *play, cost, volume []float64) {
	b := &k.c.Bidders[p.me]
	stated, through := make([]float64, len(b.Facilities)), make([]float64, len(b.Facilities))
	for i := range k.r.Network {
		r := &k.r.Network[i]
		if r.Bidder != b.Name {
			continue
		}
		if _, lot := k.lot[r.Channel]; lot {
			continue
		}
		if n := nearestRoute(b, r); n >= 0 {
			if f := b.Routes[n].Facility; f >= 0 {
				through[f] += r.Volume
			}
			continue
		}
		for f := range b.Facilities {
			if b.Facilities[f].Name == r.Channel {
				stated[f] += r.Cost
			}
		}
	}
	for f := range b.Facilities {
		for i, r := range k.r.Facilities {
			if r.Facility != b.Facilities[f].Name {
				continue
			}
			if !same(stated[f], cost[f]) {
				k.find(tableFacilities, i, "cost", "over types facility %q costs %.10g, in network.csv %.10g", r.Facility, cost[f], stated[f])
			}
			if !same(through[f], volume[f]) {
				k.find(tableFacilities, i, "volume", "over types %.10g packages pass facility %q, in network.csv %.10g", volume[f], r.Facility, through[f])
			}
			break
		}
	}
}

// checkNetworkScenarios checks that deliveries scenario by scenario have those of network.csv for their expectation.
func (k *checker) checkNetworkScenarios(p *play, of replyOf) {
	if len(k.r.NetworkScenarios) == 0 {
		return
	}
	place := map[string]int{}
	for i := range k.c.Beliefs {
		place[k.c.Beliefs[i].Scenario] = i
	}
	type channel struct{ zone, service, name string }
	type sum struct{ volume, cost float64 }
	got := map[channel]sum{}
	first := map[channel]int{}
	for i, r := range k.r.NetworkScenarios {
		x := of(tableNetworkScenarios, i, r.Bidder, r.Type)
		if x == nil {
			continue
		}
		n, ok := place[r.Scenario]
		if !ok {
			k.find(tableNetworkScenarios, i, "scenario", "the beliefs have no scenario %q", r.Scenario)
			continue
		}
		at := channel{r.Zone, r.Service, r.Channel}
		if _, known := first[at]; !known {
			first[at] = i
		}
		weight := p.weight[[2]int{p.me, x.g.typ}] * x.scenarios[n].probability
		got[at] = sum{got[at].volume + weight*r.Volume, got[at].cost + weight*r.Cost}
	}
	matched := 0
	for _, r := range k.r.Network {
		if r.Bidder != k.c.Bidders[p.me].Name {
			continue
		}
		at := channel{r.Zone, r.Service, r.Channel}
		i, ok := first[at]
		if !ok {
			k.find(tableNetworkScenarios, -1, "channel", "channel %q of network.csv is missing", r.Channel)
			continue
		}
		matched++
		if !same(got[at].volume, r.Volume) {
			k.find(tableNetworkScenarios, i, "volume", "%.10g packages through channel %q over scenarios, in network.csv %.10g", got[at].volume, r.Channel, r.Volume)
		}
		if !same(got[at].cost, r.Cost) {
			k.find(tableNetworkScenarios, i, "cost", "channel %q costs %.10g over scenarios, in network.csv %.10g", r.Channel, got[at].cost, r.Cost)
		}
	}
	if matched < len(first) {
		k.find(tableNetworkScenarios, -1, "channel", "network.csv lacks %d of its channels", len(first)-matched)
	}
	k.checked("%d rows of network_scenarios.csv: their expectation is network.csv", len(k.r.NetworkScenarios))
}

// checkRisk checks the metrics of the profit's distribution over types and scenarios.
func (k *checker) checkRisk(p *play, order []*reply) {
	mean, square, loss, worst, cvar := 0.0, 0.0, 0.0, math.Inf(1), 0.0
	for _, x := range order {
		cvar += p.weight[[2]int{p.me, x.g.typ}] * k.tailMean(x.profits())
	}
	each := func(f func(x *reply, weight, profit float64)) {
		for _, x := range order {
			for i := range x.scenarios {
				f(x, p.weight[[2]int{p.me, x.g.typ}]*x.scenarios[i].probability, x.scenarios[i].profit)
			}
		}
	}
	scale := 0.0
	each(func(_ *reply, w, profit float64) {
		mean += w * profit
		worst = math.Min(worst, profit)
		scale = math.Max(scale, math.Abs(profit))
	})
	doubtful := 0.0 // of no loss, but for the rounding of a branch and bound
	each(func(x *reply, w, profit float64) {
		if k.replies != nil && math.Abs(profit) <= relTol*math.Max(1, x.scale) {
			doubtful += w
		}
		square += w * (profit - mean) * (profit - mean)
		if profit < -valueTol*math.Abs(x.zero) {
			loss += w
		}
	})
	for _, m := range []struct {
		name            string
		want, tolerance float64
	}{
		{"profit_standard_deviation", math.Sqrt(square), shareTol * scale},
		{"loss_probability", loss, doubtful},
		{"worst_profit", worst, shareTol * scale},
		{"cvar", cvar, shareTol * scale},
		{"tail", k.tail(), 0},
		{"risk_aversion", k.o.Risk.Aversion, 0},
	} {
		if got, row, ok := k.number(m.name); ok && !same(got, m.want) && !(math.Abs(got-m.want) <= m.tolerance) {
			k.find(tableSummary, row, "value", "%s is %.10g, recomputed %.10g", m.name, got, m.want)
		}
	}
}
