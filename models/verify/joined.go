package verify

import (
	"math"
	"slices"

	"lotwise/models/auction"
)

// In a run of bid whose seller decides over lots together, what the recommended bid wins in each scenario is
// recomputed by the branch and bound that checks allocate, on the scenario's bids and the bidder's. Of several optima
// that of the tie rule is found by programs of its own (joined_ties.go).

const (
	// joinedTries is how many other bids a type's bound is attacked with.
	joinedTries = 60
	// sliverShare is the share of the rivals' money on which the acceptance of bids hangs that a bound leaves out: to win by
	// more than that, they would pay no more than that.
	sliverShare = 1e-5
	// outcomeChecks is how many times the work of a check of allocate may go into what the recommended bid leads to; once that
	// work each into other bids and into the points of curves.
	outcomeChecks = 3
)

// allow lets the seller's answers from here on take so many times the work of a check of allocate, or a part of it.
func (k *checker) allow(checks, of int) {
	k.left = int64(k.o.EnumerationLimit) * workPerStep * questionsPerCheck * int64(checks) / int64(of)
}

// A settlement is what the seller accepts in one scenario.
type settlement struct {
	own    []float64 // by row of the strategy: accepted packages
	rivals []float64 // by bid
	bids   []auction.Bid
	sold   bool
}

// joinedBids are the rivals' bids of a scenario, those of bidders that choose nothing among them.
func (k *checker) joinedBids(p *play, n int) []auction.Bid {
	believed := map[int]bool{p.me: true}
	for _, s := range k.c.Beliefs {
		for _, b := range s.Bids {
			believed[b.Bidder] = true
		}
	}
	var bids []auction.Bid
	take := func(from []auction.Bid, wanted func(b *auction.Bid) bool) {
		at := map[int]int{}
		first := len(bids)
		for i := range from {
			if wanted(&from[i]) {
				at[i] = len(bids)
				bids = append(bids, from[i])
			}
		}
		for i := range bids[first:] {
			if r := bids[first+i].Requires; r >= 0 {
				bids[first+i].Requires = at[r]
			}
		}
	}
	take(k.c.Beliefs[n].Bids, func(b *auction.Bid) bool { return b.Bidder != p.me })
	take(k.c.Bids, func(b *auction.Bid) bool { return !k.c.Bidders[b.Bidder].Strategic() && !believed[b.Bidder] })
	return bids
}

// ask returns the seller's answer to a bid in a scenario; ok is false where it was too large, or ties not told.
func (k *checker) ask(p *play, n int, rows []bidRow) (a settlement, ok bool) {
	a.bids = k.joinedBids(p, n)
	rivals := len(a.bids)
	var of []int // by row: its bid
	packages := map[string]int{}
	for _, r := range rows {
		at, known := packages[r.whole]
		if r.whole == "" || !known {
			at = len(a.bids)
			a.bids = append(a.bids, auction.Bid{Bidder: p.me, Requires: -1})
			if r.whole != "" {
				packages[r.whole] = at
				a.bids[at].MinFraction = 1
			}
		}
		b := &a.bids[at]
		b.Amount += r.price * r.quantity
		b.Rows = append(b.Rows, auction.BidRow{Lot: r.lot, Quantity: r.quantity, Price: r.price})
		of = append(of, at)
	}
	c := *k.c
	c.Beliefs, c.Bids = nil, a.bids
	seller := newChecker(&c, &auction.Results{Command: "allocate"}, Options{Command: "allocate", EnumerationLimit: k.o.EnumerationLimit})
	acc := seller.newAcceptance()
	before := min(acc.work, k.left)
	acc.work = before
	x, sold, ok := acc.seller.first()
	k.left -= before - acc.work
	if !ok {
		return a, false
	}
	a.sold = sold
	a.rivals = x[:rivals]
	for i, r := range rows {
		a.own = append(a.own, x[of[i]]*r.quantity)
	}
	return a, true
}

// joinedReply computes what rows get in every scenario.
func (k *checker) joinedReply(p *play, g *group, s *strategy) (x *reply, answers []settlement, ok bool) {
	b := &k.c.Bidders[p.me]
	x = &reply{k: k, p: p, g: g, s: s, network: newNetwork(k.c, b, b.Types[g.typ])}
	for _, part := range x.network.parts {
		x.zero += part.none().net
		x.scale += math.Abs(part.none().net)
	}
	for n := range k.c.Beliefs {
		a, ok := k.ask(p, n, s.rows)
		if !ok {
			return nil, nil, false
		}
		sc := scenario{probability: k.c.Beliefs[n].Probability, won: map[int]float64{}, rows: make([]expectation, len(s.rows))}
		for j, r := range s.rows {
			won := a.own[j]
			sc.rows[j] = expectation{quantity: won, payment: won * r.price}
			if won > relTol*math.Min(1, r.quantity) {
				sc.rows[j].win = 1
			}
			sc.won[r.lot] += won
			sc.volume += won
			sc.payment += won * r.price
		}
		for _, part := range x.network.parts {
			if len(part.lots) > 0 {
				sc.profit += part.at(sc.in(part)).net - part.none().net
			}
		}
		sc.profit -= sc.payment
		x.scenarios = append(x.scenarios, sc)
		answers = append(answers, a)
	}
	return x, answers, true
}

// checkJoined recomputes the run's outcome; it returns what is sold and each type's expected delivery, or that it
// could not.
func (k *checker) checkJoined(p *play) (sold sales, results []*arenaResult, ok bool) {
	sold = sales{}
	res := &arenaResult{sold: sold, hauls: map[int]*expectedHaul{p.me: {}}}
	k.replies = map[*group]*reply{}
	var attacked []*group
	k.allow(outcomeChecks, 1)
	for _, a := range p.arenas {
		for _, g := range a.groups {
			if len(g.strategies) != 1 {
				k.checked("outcomes were not recomputed: %s has several strategies", k.groupName(g))
				return nil, nil, false
			}
			s := g.strategies[0]
			x, answers, ok := k.joinedReply(p, g, s)
			if !ok {
				k.checked("outcomes of %s were not recomputed: a scenario is too large, or its ties are not told apart", k.groupName(g))
				return nil, nil, false
			}
			k.replies[g] = x
			weight := p.weight[[2]int{p.me, g.typ}]
			for j, row := range s.bids {
				r := &k.r.RecommendedBids[row]
				e := expectation{}
				for n := range x.scenarios {
					y := &x.scenarios[n]
					e.quantity += y.probability * y.rows[j].quantity
					e.payment += y.probability * y.rows[j].payment
					e.win += y.probability * y.rows[j].win
				}
				k.expected(tableBids, row, "expected_quantity", r.ExpectedQuantity, e.quantity, 0)
				k.expected(tableBids, row, "expected_payment", r.ExpectedPayment, e.payment, 0)
				k.expected(tableBids, row, "win_probability", r.WinProbability, e.win, probTol)
				sold.add(p.me, s.rows[j].lot, weight*e.quantity, weight*e.payment)
			}
			for n := range x.scenarios {
				y := &x.scenarios[n]
				q := weight * y.probability
				for i, f := range answers[n].rivals {
					b := &answers[n].bids[i]
					for _, r := range b.Rows {
						sold.add(b.Bidder, r.Lot, q*f*r.Quantity, q*f*r.Quantity*r.Price)
					}
				}
				for _, part := range k.partsIn(x.network, a) { // the rest is the same whatever is won
					d := part.at(y.in(part))
					lazy, eager := d, d
					if by := part.leanBy(); by > 0 {
						lazy, eager = part.leaning(-by).at(y.in(part)), part.leaning(by).at(y.in(part))
					}
					res.hauls[p.me].add(q, d, lazy, eager)
				}
			}
			attacked = append(attacked, g)
			s.profit, s.known = x.expect(func(y *scenario) float64 { return y.profit }), true
			if stated := k.r.Equilibrium[s.row].Profit; !near(stated, s.profit, x.scale) {
				k.find(tableEquilibrium, s.row, "profit", "%.10g, recomputed %.10g", stated, s.profit)
			}
		}
	}
	for _, g := range attacked {
		k.allow(1, len(attacked))
		k.attackJoined(p, g, g.strategies[0])
	}
	k.checked("%d scenarios: the seller's optimum over the rivals' bids and the recommended one, recomputed by branch and bound", len(k.c.Beliefs))
	return sold, []*arenaResult{res}, true
}

// checkJoinedPoint recomputes a point of a curve: the seller's optima over the bid with one row, or the package that it is of,
// at another price. It returns false where that is too much work.
func (k *checker) checkJoinedPoint(x *reply, i, row int) bool {
	r := &k.r.BidCurves[i]
	rows := slices.Clone(x.s.rows)
	for j := range rows {
		if j == row || rows[j].whole != "" && rows[j].whole == rows[row].whole {
			rows[j].price = r.Price
		}
	}
	y, _, ok := k.joinedReply(x.p, x.g, &strategy{rows: rows})
	if !ok {
		return false
	}
	profit, quantity, payment, win := 0.0, 0.0, 0.0, 0.0
	for n := range y.scenarios {
		s := &y.scenarios[n]
		profit += s.probability * s.profit
		quantity += s.probability * s.rows[row].quantity
		payment += s.probability * s.rows[row].payment
		win += s.probability * s.rows[row].win
	}
	k.expected(tableCurves, i, "win_probability", r.WinProbability, win, probTol)
	k.expected(tableCurves, i, "expected_quantity", r.ExpectedQuantity, quantity, 0)
	k.expected(tableCurves, i, "expected_payment", r.ExpectedPayment, payment, 0)
	k.expected(tableCurves, i, "expected_profit", r.ExpectedProfit, profit, valueTol*(x.scale+payment))
	if r.Fits != "yes" {
		k.find(tableCurves, i, "fits", "%q, the seller keeps to budget and volume cap", r.Fits)
	}
	return true
}

// attackJoined changes the recommended bid one row at a time: a step more or less, half of it, none; and what lots the
// network uses are bid for at their reserve and at rivals' prices.
func (k *checker) attackJoined(p *play, g *group, s *strategy) {
	if math.IsInf(g.bound, 1) {
		return
	}
	var others []*strategy
	step := k.c.Rules.PriceStep
	for j := range s.rows {
		change := func(f func(r *bidRow)) {
			rows := slices.Clone(s.rows)
			f(&rows[j])
			for n := range rows { // a package has one price
				if rows[n].whole != "" && rows[n].whole == rows[j].whole {
					rows[n].price = rows[j].price
				}
			}
			if rows[j].quantity > 0 && !k.under(rows[j].price, rows[j].lot) {
				others = append(others, &strategy{rows: rows})
			}
		}
		change(func(r *bidRow) { r.price = k.onGrid(r.price + step) })
		change(func(r *bidRow) { r.price = k.onGrid(r.price - step) })
		if s.rows[j].whole != "" {
			without := slices.DeleteFunc(slices.Clone(s.rows), func(r bidRow) bool { return r.whole == s.rows[j].whole })
			others = append(others, &strategy{rows: without})
			continue
		}
		change(func(r *bidRow) { r.quantity /= 2 })
		change(func(r *bidRow) { r.quantity = k.c.Lots[r.lot].Capacity })
		others = append(others, &strategy{rows: slices.Delete(slices.Clone(s.rows), j, j+1)})
	}
	for _, part := range k.replies[g].network.parts {
		for _, l := range part.lots {
			if slices.ContainsFunc(s.rows, func(r bidRow) bool { return r.lot == l }) {
				continue
			}
			for _, n := range []float64{0, 1} {
				price := k.onGrid(math.Ceil(k.c.Lots[l].Reserve/step-gridTol)*step + n*step)
				others = append(others, &strategy{rows: append(slices.Clone(s.rows), bidRow{lot: l, price: price, quantity: k.c.Lots[l].Capacity})})
			}
		}
	}
	sliver := 0.0 // money
	preferences := k.preferences()
	for n := range k.c.Beliefs {
		all := 0.0
		for _, b := range k.joinedBids(p, n) {
			all += math.Abs(k.score(&b, preferences))
		}
		sliver = math.Max(sliver, sliverShare*all)
	}
	others = others[:min(len(others), joinedTries)]
	tried := 0
	for _, o := range others {
		y, _, ok := k.joinedReply(p, g, o)
		if k.left <= 0 {
			break
		}
		if !ok {
			continue
		}
		tried++
		mean := y.expect(func(s *scenario) float64 { return s.profit })
		profit, probability := y.profits()
		if v := k.averse(mean, profit, probability); v > g.bound+sliver && !near(v, g.bound, y.scale) {
			k.find(tableEquilibrium, g.first, "best_response_bound", "%.10g, but another bid is worth %.10g to %s", g.bound, v, k.groupName(g))
		}
	}
	k.checked("the best-response bound of %s attacked with %d of %d other bids that change one row", k.groupName(g), tried, len(others))
}
