package verify

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"lotwise/models/auction"
)

// game checks a run of bid or solve: it reads what everyone plays, recomputes the expected outcome of the
// seller's merit order, each strategy's profit and the tables that follow, and attacks the certificates.
func (k *checker) game() {
	p, sound := k.readPlay()
	k.checked("%d recommended bid rows, %d strategies and %d profile rows: names, grid, reserves, probabilities, caps", len(k.r.RecommendedBids), len(k.r.Equilibrium), len(k.r.Profiles))
	k.checkConcept(p)
	k.checkCertificates(p)
	if k.o.Command == "bid" && p.me < 0 {
		k.find(tableEquilibrium, -1, "", "there is no strategy of any bidder")
		return
	}
	if !sound {
		k.checked("outcomes were not recomputed: the strategies do not hold together")
		return
	}
	reason := k.unmodelled()
	if reason != "" && k.o.Command == "bid" && k.c.Rules.Payment == auction.PayAsBid {
		if sold, results, ok := k.checkJoined(p); ok {
			k.checkOutcome(p, results, sold)
		}
		return
	}
	if reason != "" {
		k.checked("outcomes, profits and better bids were not recomputed: the seller's answer is not the merit order (%s)", reason)
		return
	}
	if row, ok := k.metric["certificate"]; ok {
		switch text := k.r.Summary[row].Text; text {
		case "exact":
		case "sampled":
			if k.o.Command == "bid" {
				k.checked("the run drew its scenarios: what follows holds for those; its figures on fresh ones were not recomputed")
				break
			}
			k.checked("outcomes, profits and better bids were not recomputed: the run sampled its scenarios")
			return
		default:
			k.find(tableSummary, row, "value", "certificate %q is neither exact nor sampled", text)
		}
	}

	// Blocks never interact: each is recomputed alone, as many at once as there are processors. Each works
	// on networks of its own, since they remember their answers.
	results := make([]*arenaResult, len(p.arenas))
	var work sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	whole := map[[2]int]*network{} // by bidder and type
	for i, a := range p.arenas {
		for _, g := range a.groups {
			at := [2]int{g.bidder, g.typ}
			if whole[at] == nil {
				whole[at] = newNetwork(k.c, &k.c.Bidders[g.bidder], k.c.Bidders[g.bidder].Types[g.typ])
			}
			g.network = whole[at].within(a.lots)
		}
		work.Add(1)
		go func() {
			defer work.Done()
			slots <- struct{}{}
			results[i] = k.recompute(p, a)
			<-slots
		}()
	}
	work.Wait()

	sold, complete := sales{}, true
	searched, enumerated, thinned, bids := 0, 0, 0, 0
	var skipped []string
	for _, res := range results {
		for _, f := range res.findings {
			k.find(f.Table, f.Row, f.Column, "%s", f.Problem)
		}
		for _, at := range res.sold.keys() {
			sold.add(at[0], at[1], res.sold[at].quantity, res.sold[at].payment)
		}
		complete = complete && len(res.skipped) == 0
		skipped = append(skipped, res.skipped...)
		searched, enumerated, thinned, bids = searched+res.searched, enumerated+res.enumerated, thinned+res.thinned, bids+res.tried
	}
	if !k.sellRest(p, sold) {
		complete = false
		skipped = append(skipped, "a lot that no network uses has too many joint bids")
	}
	for _, s := range skipped {
		k.checked("not recomputed: %s", s)
	}
	k.checked("best-response bounds of %d bidders' types and blocks attacked with %d other bids: in %d of them every candidate bid was tried, in %d some candidates were left out for time", searched, bids, enumerated, thinned)
	if complete {
		k.checkOutcome(p, results, sold)
	}
}

// checkOutcome checks the tables that follow from what is sold.
func (k *checker) checkOutcome(p *play, results []*arenaResult, sold sales) {
	k.checkSales(p, sold)
	if k.ownOnly(p) {
		sold = sold.of(p.me)
	}
	paid := sold.paid(len(k.c.Bidders))
	k.checkPayments(paid, paid, func(b int) bool { return k.o.Command == "bid" && paid[b] == 0 })
	k.checkLots(sold)
	revenue, contribution := k.checkTotals(sold)
	k.checkProfits(p, sold, revenue, contribution)
	k.checkNetwork(p, results, sold)
	if k.o.Command == "bid" {
		k.checkBid(p)
	}
}

// An arenaResult is what one block comes to.
type arenaResult struct {
	findings   []Finding
	skipped    []string
	sold       sales
	hauls      map[int]*expectedHaul // by bidder, over its types and strategies
	searched   int                   // groups whose bound was attacked
	enumerated int                   // of them, those where every candidate bid was tried
	thinned    int                   // of them, those where candidates were left out for time
	tried      int                   // other bids
}

// An expectedHaul is the recomputed delivery of a bidder: E[V(w)], its cost, and the least and most
// packages that some best delivery has.
type expectedHaul struct{ value, cost, least, most float64 }

func (h *expectedHaul) add(weight float64, d, lazy, eager delivery) {
	h.value += weight * d.net
	h.cost += weight * d.cost
	h.least += weight * lazy.volume
	h.most += weight * eager.volume
}

// leanShare is the part of the largest value by which values lean to decide ties: far over rounding, far
// under any difference of prices.
const leanShare = 1e-7

// leanBy returns what the part's values lean by: a share of the largest, where all are 0 of the largest cost, where
// these are 0 too of 1; 0 where nothing is optional.
func (p *part) leanBy() float64 {
	optional, value, cost := false, 0.0, 0.0
	for _, v := range p.value {
		if !math.IsNaN(v) {
			optional, value = true, math.Max(value, math.Abs(v))
		}
	}
	for _, w := range p.ways {
		cost = math.Max(cost, math.Abs(w.cost))
	}
	switch {
	case !optional:
		return 0
	case value > 0:
		return leanShare * value
	case cost > 0:
		return leanShare * cost
	default:
		return leanShare
	}
}

// recompute checks one block: what each recommended row brings, each strategy's profit, and whether some
// other bid beats the stated bound.
func (k *checker) recompute(p *play, a *arena) *arenaResult {
	res := &arenaResult{sold: sales{}, hauls: map[int]*expectedHaul{}}
	find := func(table string, row int, column, format string, args ...any) {
		res.findings = append(res.findings, Finding{table, row, column, fmt.Sprintf(format, args...)})
	}
	skip := func(format string, args ...any) { res.skipped = append(res.skipped, fmt.Sprintf(format, args...)) }
	for _, g := range a.groups {
		weight := p.weight[[2]int{g.bidder, g.typ}]
		for _, s := range g.strategies {
			worlds := k.worlds(p, a, g.bidder, g, s)
			if len(worlds) == 0 { // a strategy that no profile plays has no conditional expectation
				s.known = s.probability <= probTol
				continue
			}
			e, ok := k.expect(g.bidder, s.rows, worlds)
			if !ok {
				skip("strategy %q of %s: over %d joint outcomes in a lot", s.name, k.groupName(g), k.o.EnumerationLimit)
				continue
			}
			paid := 0.0
			for j, row := range s.bids {
				r := &k.r.RecommendedBids[row]
				if !same(r.ExpectedQuantity, e[j].quantity) {
					find(tableBids, row, "expected_quantity", "%.10g, recomputed %.10g", r.ExpectedQuantity, e[j].quantity)
				}
				if math.Abs(r.WinProbability-e[j].win) > probTol {
					find(tableBids, row, "win_probability", "%.10g, recomputed %.10g", r.WinProbability, e[j].win)
				}
				if !same(r.ExpectedPayment, e[j].payment) {
					find(tableBids, row, "expected_payment", "%.10g, recomputed %.10g", r.ExpectedPayment, e[j].payment)
				}
				paid += e[j].payment
				res.sold.add(g.bidder, s.rows[j].lot, weight*s.probability*e[j].quantity, weight*s.probability*e[j].payment)
			}
			value, scale := 0.0, 0.0
			known := true
			for _, part := range k.partsIn(g.network, a) {
				v, expected, ok := k.worth(g.bidder, part, s.rows, worlds)
				if !ok {
					known = false
					skip("the profit of strategy %q of %s: over %d joint outcomes", s.name, k.groupName(g), k.o.EnumerationLimit)
					break
				}
				value += v
				scale += math.Abs(part.none().net)
				if res.hauls[g.bidder] == nil {
					res.hauls[g.bidder] = &expectedHaul{}
				}
				lazy, eager := expected, expected
				if by := part.leanBy(); by > 0 {
					_, lazy, _ = k.worth(g.bidder, part.leaning(-by), s.rows, worlds)
					_, eager, _ = k.worth(g.bidder, part.leaning(by), s.rows, worlds)
				}
				res.hauls[g.bidder].add(weight*s.probability, expected, lazy, eager)
			}
			if !known {
				continue
			}
			s.profit, s.known = value-paid, true
			if stated := k.r.Equilibrium[s.row].Profit; !near(stated, s.profit, scale+math.Abs(paid)) {
				find(tableEquilibrium, s.row, "profit", "%.10g, recomputed %.10g", stated, s.profit)
			}
		}
	}
	for b := range k.c.Bidders {
		// The rows of a bidder that chooses nothing, where this block's lots are.
		if k.o.Command == "bid" || len(p.fixed[b]) == 0 {
			continue
		}
		var here []bidRow
		for _, r := range p.fixed[b] {
			if containsInt(a.lots, r.lot) {
				here = append(here, r)
			}
		}
		e, ok := k.expect(b, here, k.worlds(p, a, b, nil, nil))
		if !ok {
			skip("the bids of %q: over %d joint outcomes", k.c.Bidders[b].Name, k.o.EnumerationLimit)
		}
		for j := range e {
			res.sold.add(b, here[j].lot, e[j].quantity, e[j].payment)
		}
	}
	for _, g := range a.groups {
		k.attack(p, a, g, res, find)
		g.network.forget()
	}
	return res
}

// near says whether two profits are equal up to rounding, where scale is what they are differences of.
func near(a, b, scale float64) bool {
	return same(a, b) || math.Abs(a-b) <= valueTol*scale
}

// partsIn returns the parts of a network that have lots in the arena.
func (k *checker) partsIn(n *network, a *arena) []*part {
	var out []*part
	seen := map[int]bool{}
	for _, l := range a.lots {
		if i, ok := n.partOf[l]; ok && !seen[i] {
			seen[i] = true
			out = append(out, n.parts[i])
		}
	}
	return out
}

func containsInt(list []int, x int) bool {
	for _, v := range list {
		if v == x {
			return true
		}
	}
	return false
}

// sellRest adds what is sold beyond the blocks: to bidders without demand in lots that no strategic bidder
// uses, and, in bid, to the rivals of the beliefs.
func (k *checker) sellRest(p *play, sold sales) bool {
	if k.o.Command == "bid" {
		return k.sellRivals(p, sold)
	}
	inside := map[int]bool{}
	for _, a := range p.arenas {
		for _, l := range a.lots {
			inside[l] = true
		}
	}
	for b := range p.fixed {
		var rows []bidRow
		for _, r := range p.fixed[b] {
			if !inside[r.lot] {
				rows = append(rows, r)
			}
		}
		e, ok := k.expect(b, rows, k.worlds(p, &arena{}, b, nil, nil))
		if !ok {
			return false
		}
		for j := range e {
			sold.add(b, rows[j].lot, e[j].quantity, e[j].payment)
		}
	}
	return true
}

// sellRivals adds what the rivals of a bidder's beliefs get while it plays what is recommended.
func (k *checker) sellRivals(p *play, sold sales) bool {
	var own []option
	for t := range k.c.Bidders[p.me].Types {
		joint := []option{{probability: p.weight[[2]int{p.me, t}]}}
		for _, a := range p.arenas {
			for _, g := range a.groups {
				if g.typ != t {
					continue
				}
				var next []option
				for _, o := range joint {
					for _, s := range g.strategies {
						next = append(next, option{probability: o.probability * s.probability, rows: append(append([]bidRow(nil), o.rows...), s.rows...)})
					}
				}
				joint = next
			}
		}
		for _, o := range joint {
			own = append(own, optionOf(o.probability, o.rows))
		}
	}
	for _, w := range p.beliefs {
		for i, r := range w.rivals {
			others := append(append([]rival(nil), w.rivals[:i]...), w.rivals[i+1:]...)
			others = append(others, rival{p.me, own})
			rows := r.options[0].rows
			e, ok := k.expect(r.bidder, rows, []world{{1, others}})
			if !ok {
				return false
			}
			for j := range e {
				sold.add(r.bidder, rows[j].lot, w.probability*e[j].quantity, w.probability*e[j].payment)
			}
		}
	}
	return true
}

// ownOnly says whether a run of bid lists the bidder's own sales alone: its tables may leave out the
// rivals, whose bids are only believed.
func (k *checker) ownOnly(p *play) bool {
	if k.o.Command != "bid" {
		return false
	}
	for _, r := range k.r.Allocation {
		if b, ok := k.bidder[r.Bidder]; ok && b != p.me {
			return false
		}
	}
	return true
}

// checkSales checks allocation.csv against the recomputed expectations, summed by bidder and lot.
func (k *checker) checkSales(p *play, sold sales) {
	own := k.ownOnly(p)
	listed := sales{}
	first := map[[2]int]int{}
	// In bid the bidder's own rows may name its bids, then all of them do.
	names, named := map[[2]string]bool{}, false
	if k.o.Command == "bid" {
		for _, r := range k.r.RecommendedBids {
			names[[2]string{r.Bid, r.Lot}] = true
		}
		for _, r := range k.r.Allocation {
			named = named || r.Bid != "" && k.bidder[r.Bidder] == p.me
		}
	}
	for i, r := range k.r.Allocation {
		b, ok1 := k.bidderNamed(tableAllocation, i, r.Bidder)
		l, ok2 := k.lotNamed(tableAllocation, i, r.Lot)
		if k.o.Command == "solve" && r.Bid != "" {
			k.find(tableAllocation, i, "bid", "%q, blank is due: the rows are expectations over bids", r.Bid)
		}
		if named && ok1 && b == p.me && !names[[2]string{r.Bid, r.Lot}] {
			k.find(tableAllocation, i, "bid", "recommended_bids.csv has no bid %q for lot %q", r.Bid, r.Lot)
		}
		if !ok1 || !ok2 {
			continue
		}
		if !same(r.Payment, r.Price*r.Quantity) {
			column := "payment"
			if s := sold[[2]int{b, l}]; same(r.Payment, s.payment) && same(r.Quantity, s.quantity) {
				column = "price"
			}
			k.find(tableAllocation, i, column, "price %.10g x quantity %.10g is %.10g, payment is %.10g", r.Price, r.Quantity, r.Price*r.Quantity, r.Payment)
		}
		at := [2]int{b, l}
		if other, dup := first[at]; !dup {
			first[at] = i
		} else if k.o.Command == "solve" {
			k.find(tableAllocation, i, "lot", "%q and %q already stand in row %d", r.Bidder, r.Lot, other+1)
		}
		listed.add(b, l, r.Quantity, r.Payment)
	}
	for at, row := range first {
		got, want := listed[at], sold[at]
		bidder, lot := k.c.Bidders[at[0]].Name, k.c.Lots[at[1]].Name
		if !same(got.quantity, want.quantity) {
			k.find(tableAllocation, row, "quantity", "bidder %q gets %.10g of lot %q, recomputed %.10g", bidder, got.quantity, lot, want.quantity)
		}
		if !same(got.payment, want.payment) {
			k.find(tableAllocation, row, "payment", "bidder %q pays %.10g for lot %q, recomputed %.10g", bidder, got.payment, lot, want.payment)
		}
	}
	for _, at := range sold.keys() {
		if _, ok := first[at]; !ok && sold[at].quantity > relTol && !(own && at[0] != p.me) {
			k.find(tableAllocation, -1, "quantity", "bidder %q gets %.10g of lot %q and is not listed", k.c.Bidders[at[0]].Name, sold[at].quantity, k.c.Lots[at[1]].Name)
		}
	}
	k.checked("%d rows of allocation.csv against the recomputed merit order", len(k.r.Allocation))
}

// checkProfits checks objective, bound and each bidder's profit in the summary.
func (k *checker) checkProfits(p *play, sold sales, revenue, contribution float64) {
	profit := map[int]float64{}
	known := map[int]bool{}
	for at := range p.weight {
		known[at[0]] = true
	}
	for _, a := range p.arenas {
		for _, g := range a.groups {
			for _, s := range g.strategies {
				profit[g.bidder] += p.weight[[2]int{g.bidder, g.typ}] * s.probability * s.profit
				known[g.bidder] = known[g.bidder] && s.known
			}
		}
	}
	for b := range k.c.Bidders {
		name := "profit:" + k.c.Bidders[b].Name
		row, ok := k.metric[name]
		switch {
		case known[b]:
			k.expectMetric(name, profit[b])
		case ok:
			// What lots are worth to a bidder without demand is not in the case: its payment is all
			// that could be counted.
			got := k.r.Summary[row].Number
			if !math.IsNaN(got) && !same(got, 0) && !same(got, -sold.paid(len(k.c.Bidders))[b]) {
				k.find(tableSummary, row, "value", "%s is %.10g: what its lots are worth to it is not in the case", name, got)
			}
		}
	}
	if k.o.Command == "bid" {
		objective, bound := profit[p.me], 0.0
		if k.o.Risk.Aversion > 0 {
			objective = 0
			for _, a := range p.arenas {
				for _, g := range a.groups {
					for _, s := range g.strategies {
						objective += p.weight[[2]int{g.bidder, g.typ}] * s.probability * k.worthStated(g, s.profit)
					}
				}
			}
		}
		k.expectMetric("objective", objective)
		for _, a := range p.arenas {
			for _, g := range a.groups {
				bound += p.weight[[2]int{g.bidder, g.typ}] * g.bound
			}
		}
		k.expectMetric("bound", bound)
		k.bracket()
		return
	}
	if k.c.Rules.Objective == auction.Contribution {
		k.expectMetric("objective", contribution)
	} else {
		k.expectMetric("objective", revenue)
	}
	// The seller's answer to divisible bids is the merit order, which is optimal: nothing is left to gap.
	k.expectMetric("bound", k.metricOr("objective"))
	k.expectMetric("gap", 0)
}

func (k *checker) metricOr(name string) float64 {
	if row, ok := k.metric[name]; ok {
		return k.r.Summary[row].Number
	}
	return math.NaN()
}
