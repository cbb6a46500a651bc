package equilibrium

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/network"
)

// An agent is a bidder of a type in a block, with the strategies it plays there.
type agent struct {
	bidder, typ int
	probability float64 // of the type
	seats       []*seat
	strategies  []strategy
	profit      float64 // expected over its strategies
	bound       float64
}

// A strategy is what an agent plays: one bid of each of its seats.
type strategy struct {
	name        string
	probability float64
	picks       []int // pool positions, by the agent's seats
	bid         auction.Strategy
}

// agents returns the agents of a block with the strategies in the support, the most likely first.
func (out *outcome) agents() []*agent {
	var list []*agent
	for _, s := range out.g.seats {
		n := len(list)
		if n == 0 || list[n-1].bidder != s.bidder || list[n-1].typ != s.typ {
			list = append(list, &agent{bidder: s.bidder, typ: s.typ, probability: s.probability})
			n++
		}
		a := list[n-1]
		a.seats = append(a.seats, s)
		a.profit += out.certificates[s.index].profit
		a.bound += out.certificates[s.index].bound
	}
	for _, a := range list {
		a.strategies = out.strategies(a)
	}
	return list
}

// strategies returns the combinations of seat bids that an agent plays. Under independent mixtures an
// agent has one seat.
func (out *outcome) strategies(a *agent) []strategy {
	var list []strategy
	add := func(probability float64, picks []int) {
		for k := range list {
			if slices.Equal(list[k].picks, picks) {
				list[k].probability += probability
				return
			}
		}
		var bid auction.Strategy
		for j, s := range a.seats {
			bid = append(bid, s.pool[picks[j]]...)
		}
		slices.SortFunc(bid, compareBids)
		list = append(list, strategy{probability: probability, picks: picks, bid: bid})
	}
	if out.play.mixed != nil {
		for k, w := range out.play.mixed[a.seats[0].index] {
			if w > 0 {
				add(w, []int{k})
			}
		}
	}
	for _, f := range out.play.profiles {
		add(f.probability, f.picks(a))
	}
	slices.SortStableFunc(list, func(x, y strategy) int {
		return cmp.Or(cmp.Compare(y.probability, x.probability), slices.CompareFunc(x.bid, y.bid, compareBids))
	})
	for k := range list {
		list[k].name = fmt.Sprintf("s%d", k+1)
	}
	return list
}

func compareBids(a, b auction.LotBid) int {
	return cmp.Or(cmp.Compare(a.Lot, b.Lot), cmp.Compare(b.Tick, a.Tick), cmp.Compare(a.Quantity, b.Quantity))
}

// picks returns what a profile chooses for an agent's seats.
func (f *profile) picks(a *agent) []int {
	picks := make([]int, len(a.seats))
	for j, s := range a.seats {
		picks[j] = f.choice[s.index]
	}
	return picks
}

// largestProduct is how many profiles an independent mixture may have when it is written as a joint
// distribution.
const largestProduct = 100_000

// expand writes independent mixtures as the joint distribution that they are.
func (out *outcome) expand() error {
	if out.play.mixed == nil {
		out.concept = Correlated
		return nil
	}
	list := []profile{{1, make([]int, len(out.g.seats))}}
	for a, x := range out.play.mixed {
		var next []profile
		for _, f := range list {
			for k, w := range x {
				if w > 0 {
					choice := slices.Clone(f.choice)
					choice[a] = k
					next = append(next, profile{f.probability * w, choice})
				}
			}
		}
		if len(next) > largestProduct {
			return fmt.Errorf("block %s: the independent mixtures have over %d profiles; ask for --concept mixed or correlated", out.g.block, largestProduct)
		}
		list = next
	}
	out.play = &play{profiles: list}
	out.concept = Correlated
	return nil
}

// results fills the tables from the plays of all blocks.
func results(c *auction.Case, nets [][]*network.Network, found []*outcome, fixed map[int][]bidding.Row, o auction.Options, cut auction.Status) (*auction.Results, error) {
	r := &auction.Results{Command: "solve"}
	n := len(c.Bidders)
	profit, regret, bound := make([]float64, n), make([]float64, n), make([]float64, n)
	sold := auction.NewSales(c)
	deliveries := network.NewDeliveries(c)
	concept := conceptOf(found)
	sampled := false
	lots, bidders := map[string]int{}, map[string]int{}
	for l := range c.Lots {
		lots[c.Lots[l].Name] = l
	}
	for i := range c.Bidders {
		bidders[c.Bidders[i].Name] = i
	}
	for _, out := range found {
		sampled = sampled || out.g.sampled
		for _, a := range out.agents() {
			i := a.bidder
			gap := math.Max(0, a.bound-a.profit)
			profit[i] += a.probability * a.profit
			bound[i] += a.probability * a.bound
			regret[i] += a.probability * gap
			for _, st := range a.strategies {
				row := auction.EquilibriumRow{
					Bidder: c.Bidders[i].Name, Type: c.Bidders[i].Types[a.typ].Name, Strategy: st.name,
					Probability: st.probability, BestResponseBound: a.bound, RegretBound: gap, Block: out.g.block,
				}
				first := len(r.RecommendedBids)
				for j, s := range a.seats {
					for _, p := range s.parts {
						own := p.restrict(s.pool[st.picks[j]])
						t := out.g.faced(s, p, out.play, func(f *profile) bool { return slices.Equal(f.picks(a), st.picks) })
						e := p.against(t).Evaluate(own)
						row.Profit += e.Profit
						for _, k := range e.Cases {
							deliveries.Add(i, p.problem.Values.Deliver(k.Won), a.probability*st.probability*k.Probability)
						}
						for k, b := range own {
							r.RecommendedBids = append(r.RecommendedBids, auction.RecommendedBid{
								Bidder: row.Bidder, Type: row.Type, Strategy: st.name, Probability: st.probability, Bid: c.RowName(own, k),
								Lot: c.Lots[b.Lot].Name, Quantity: b.Quantity, Price: c.Rules.Price(b.Tick),
								ExpectedQuantity: e.Bids[k].Quantity, WinProbability: e.Bids[k].Win, ExpectedPayment: e.Bids[k].Payment, Block: out.g.block,
							})
							sold.Add(i, b.Lot, a.probability*st.probability*e.Bids[k].Quantity, a.probability*st.probability*e.Bids[k].Payment)
						}
					}
				}
				slices.SortStableFunc(r.RecommendedBids[first:], func(x, y auction.RecommendedBid) int {
					return cmp.Or(cmp.Compare(lots[x.Lot], lots[y.Lot]), cmp.Compare(y.Price, x.Price))
				})
				r.Equilibrium = append(r.Equilibrium, row)
			}
		}
		if concept == Correlated {
			r.Profiles = append(r.Profiles, out.profileRows(c)...)
		}
	}
	for l := range c.Lots {
		if len(fixed[l]) == 0 {
			continue
		}
		var in *outcome
		for _, out := range found {
			if _, ok := out.g.at[l]; ok {
				in = out
			}
		}
		fixedOutcome(c, l, in, fixed[l], func(bidder int, quantity, payment float64) { sold.Add(bidder, l, quantity, payment) })
	}
	// Blocks were the order of the work; a reader looks for a bidder.
	slices.SortStableFunc(r.RecommendedBids, func(x, y auction.RecommendedBid) int {
		return cmp.Compare(bidders[x.Bidder], bidders[y.Bidder])
	})
	slices.SortStableFunc(r.Equilibrium, func(x, y auction.EquilibriumRow) int {
		return cmp.Compare(bidders[x.Bidder], bidders[y.Bidder])
	})
	for _, out := range found {
		r.Convergence = append(r.Convergence, out.steps...)
	}
	outside(c, nets, deliveries)
	sold.Fill(r)
	r.Network = deliveries.Rows()
	r.WithoutLots = network.WithoutLots(c, nets...)
	summarise(c, r, o, cut, concept, sampled, profit, regret, bound)
	return r, nil
}

// profileRows lists the joint distribution of a block.
func (out *outcome) profileRows(c *auction.Case) []auction.ProfileRow {
	agents := out.agents()
	var rows []auction.ProfileRow
	for k := range out.play.profiles {
		f := &out.play.profiles[k]
		for _, a := range agents {
			picks := f.picks(a)
			for _, st := range a.strategies {
				if slices.Equal(st.picks, picks) {
					rows = append(rows, auction.ProfileRow{
						Profile: fmt.Sprintf("p%d", k+1), Probability: f.probability,
						Bidder: c.Bidders[a.bidder].Name, Type: c.Bidders[a.bidder].Types[a.typ].Name, Strategy: st.name, Block: out.g.block,
					})
				}
			}
		}
	}
	return rows
}

// fixedOutcome adds up what the fixed rows of a lot win in expectation over the block's play.
func fixedOutcome(c *auction.Case, lot int, out *outcome, rows []bidding.Row, add func(bidder int, quantity, payment float64)) {
	var merit auction.Merit
	var won []float64
	serve := func(probability float64, others []auction.Offer) {
		offers := slices.Clone(others)
		for _, r := range rows {
			offers = append(offers, auction.Offer{Bidder: r.Bidder, Price: r.Price, Quantity: r.Quantity})
		}
		won = merit.Serve(won, &c.Lots[lot], offers)
		for k, r := range rows {
			if q := won[len(others)+k]; q > 0 {
				add(r.Bidder, probability*q, probability*q*r.Price)
			}
		}
	}
	if out == nil {
		serve(1, nil)
		return
	}
	g := out.g
	observer := &part{lots: []int{lot}}
	g.meet(&seat{bidder: -1}, observer)
	visit := func(weight float64, atoms [][]atom) {
		var walk func(r int, probability float64, others []auction.Offer)
		walk = func(r int, probability float64, others []auction.Offer) {
			if r == len(atoms) {
				serve(probability, others)
				return
			}
			for _, a := range atoms[r] {
				next := slices.Clone(others)
				for _, b := range g.offers[g.at[lot]].list[a.offers[0]] {
					next = append(next, auction.Offer{Bidder: observer.rivals[r].bidder, Price: c.Rules.Price(b.Tick), Quantity: b.Quantity})
				}
				walk(r+1, probability*a.probability, next)
			}
		}
		walk(0, weight, nil)
	}
	if out.play.mixed != nil {
		visit(1, g.productAtoms(observer, out.play.mixed))
		return
	}
	for _, f := range out.play.profiles {
		visit(f.probability, g.pureAtoms(observer, f.choice))
	}
}

// outside adds the deliveries of the parts of networks that no lot could help.
func outside(c *auction.Case, nets [][]*network.Network, d *network.Deliveries) {
	for i := range nets {
		for t, net := range nets[i] {
			for _, comp := range net.Components() {
				if len(comp.Lots()) == 0 {
					d.Add(i, comp.Deliver(nil), c.Bidders[i].Types[t].Probability)
				}
			}
		}
	}
}

// summarise writes the summary and the status.
func summarise(c *auction.Case, r *auction.Results, o auction.Options, cut auction.Status, concept string, sampled bool, profit, regret, bound []float64) {
	var epsilon, revenue, cost, volume, capacity float64
	for i := range c.Bidders {
		epsilon = math.Max(epsilon, regret[i])
	}
	relative := largestQuotient(regret, bound)
	for k := range r.Lots {
		revenue += r.Lots[k].Revenue
		volume += r.Lots[k].Sold
		cost += c.Lots[k].Cost * r.Lots[k].Sold
		capacity += r.Lots[k].Capacity
	}
	r.Status = auction.WithinGap
	switch {
	case relative <= roundingRegret:
		r.Status = auction.Optimal
	case relative > o.Epsilon && cut != "":
		r.Status = cut
	case relative > o.Epsilon:
		r.Status = auction.LimitStruck
	}
	certificate := "exact"
	if sampled {
		certificate = "sampled"
	}
	objective := revenue
	if c.Rules.Objective == auction.Contribution {
		objective = revenue - cost
	}
	money := c.Rules.Currency
	number := func(name string, v float64, unit string) {
		r.Summary = append(r.Summary, auction.Metric{Name: name, Number: v, Unit: unit})
	}
	text := func(name, v string) { r.Summary = append(r.Summary, auction.Metric{Name: name, Text: v}) }
	text("status", string(r.Status))
	number("objective", objective, money)
	number("bound", objective, money) // the merit order's answer is optimal: it needs no solver
	number("gap", 0, "")
	number("revenue", revenue, money)
	number("contribution", revenue-cost, money)
	number("volume", volume, "packages")
	number("sold_share", share(volume, capacity), "")
	text("concept", concept)
	text("certificate", certificate)
	number("epsilon", epsilon, money)
	number("relative_epsilon", relative, "")
	for i := range c.Bidders {
		v := profit[i]
		if !c.Bidders[i].Strategic() {
			v = math.NaN() // what its lots are worth to it is not in the case
		}
		number("profit:"+c.Bidders[i].Name, v, money)
	}
	r.Summary = append(r.Summary, auction.Outcomes(c, r)...)
}

func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}
