package bidding

import (
	"context"
	"fmt"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/bilevel"
	"lotwise/models/network"
)

// Concept is what the summary calls a best response to beliefs.
const Concept = "best_response"

// Solve answers the bid command: the optimal bid of each type of the bidder, or of o.Type alone, against
// c.Beliefs, with a bound that no bid exceeds, and what it leads to in expectation over types and scenarios.
//
// It returns an *auction.Unsupported for rules and beliefs that the merit order does not cover, and an
// *auction.Infeasible where the bidder's own routes cannot deliver its demand. When the context ends or
// o.TimeLimit strikes, it returns the best bids so far with their bounds, the status saying so.
func Solve(ctx context.Context, c *auction.Case, bidder int, o auction.Options) (*auction.Results, error) {
	if c.Rules.Payment != auction.PayAsBid {
		return nil, supported(c, bidder)
	}
	c = pictured(c, bidder)
	together := c.Rules.PackageBids || len(joined(c, bidder)) > 0
	if !together {
		c = c.Floored()
	}
	if err := network.CheckBidders(c, bidder); err != nil {
		return nil, err
	}
	if o.TimeLimit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.TimeLimit)
		defer cancel()
	}
	e := &expectation{c: c, bidder: bidder, sales: auction.NewSales(c), deliveries: network.NewDeliveries(c)}
	r := &auction.Results{Command: "bid", Status: auction.Optimal}
	rank := map[auction.Status]int{auction.Optimal: 0, auction.WithinGap: 1, auction.LimitStruck: 2, auction.Interrupted: 3}
	var chosen []played
	var total Response // over types
	types := c.Bidders[bidder].Types
	var nets []*network.Network
	for t := range types {
		weight := types[t].Probability
		switch {
		case o.Type == types[t].Name:
			weight = 1
		case o.Type != "":
			continue
		}
		o.Report(auction.Progress{Stage: "best responses", Done: t, Total: len(types), Objective: math.NaN(), Bound: math.NaN(), Epsilon: math.NaN()})
		p := Against(c, bidder, network.New(c, bidder, t))
		p.Risk = o.Risk
		nets = append(nets, p.Network)
		var answer *Response
		var out *Outcome
		var err error
		if together {
			answer, out, err = e.solveJoined(ctx, p, o)
		} else {
			answer, err = BestResponse(ctx, p, Options{Gap: o.Gap, Seed: o.Seed, Threads: o.Threads})
		}
		if err != nil {
			return nil, err
		}
		if rank[answer.Status] > rank[r.Status] {
			r.Status = answer.Status
		}
		total.Profit += weight * answer.Profit
		total.Objective += weight * answer.Objective
		total.Bound += weight * answer.Bound
		if !together {
			out = p.Evaluate(answer.Strategy)
		}
		name := c.Bidders[bidder].Name
		for k, b := range answer.Strategy {
			r.RecommendedBids = append(r.RecommendedBids, auction.RecommendedBid{
				Bidder: name, Type: types[t].Name, Strategy: "s1", Probability: 1, Bid: e.rowName(answer.Strategy, k),
				Lot: c.Lots[b.Lot].Name, Quantity: b.Quantity, Price: c.Rules.Price(b.Tick),
				ExpectedQuantity: out.Bids[k].Quantity, WinProbability: out.Bids[k].Win, ExpectedPayment: out.Bids[k].Payment,
				MinFraction: e.least(k),
			})
		}
		r.Equilibrium = append(r.Equilibrium, auction.EquilibriumRow{
			Bidder: name, Type: types[t].Name, Strategy: "s1", Probability: 1,
			Profit: answer.Profit, BestResponseBound: answer.Bound, RegretBound: answer.Bound - answer.Objective,
		})
		if together {
			e.own(answer.Strategy, out, weight)
			e.addJoined(p, weight)
		} else {
			e.add(p, answer.Strategy, out, weight)
		}
		if err := e.explain(ctx, &r.BidTables, p, answer.Strategy, out, o); err != nil {
			return nil, err
		}
		chosen = append(chosen, played{weight: weight, problem: p, strategy: answer.Strategy, out: out, asked: e.asked})
	}
	o.Report(auction.Progress{Stage: "best responses", Done: len(types), Total: len(types), Objective: total.Objective, Bound: total.Bound, Epsilon: share(total.Bound-total.Objective, total.Bound)})
	e.sales.Fill(r)
	r.Network = e.deliveries.Rows()
	r.WithoutLots = network.WithoutLots(c, nets)
	e.summary(r, &total)
	e.risk(r, chosen, o.Risk)
	if o.Sample != nil {
		if err := e.outOfSample(ctx, r, chosen, o); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// pictured returns the case with its beliefs completed: bidders without demand bid their rows of bids.csv in
// every scenario, unless the beliefs speak of them, which then are the whole picture of them.
func pictured(c *auction.Case, bidder int) *auction.Case {
	spoken := map[int]bool{bidder: true}
	for _, s := range c.Beliefs {
		for i := range s.Bids {
			spoken[s.Bids[i].Bidder] = true
		}
	}
	var given []auction.Bid
	at := map[int]int{}
	for i, b := range c.Bids {
		if !c.Bidders[b.Bidder].Strategic() && !spoken[b.Bidder] {
			at[i] = len(given)
			given = append(given, b)
		}
	}
	out := *c
	out.Beliefs = slices.Clone(c.Beliefs)
	for s := range out.Beliefs {
		before := len(c.Beliefs[s].Bids)
		out.Beliefs[s].Bids = slices.Concat(c.Beliefs[s].Bids, given)
		for i := range out.Beliefs[s].Bids[before:] {
			if b := &out.Beliefs[s].Bids[before+i]; b.Requires >= 0 {
				b.Requires = before + at[b.Requires]
			}
		}
	}
	return &out
}

// supported returns an *auction.Unsupported that names what the case asks beyond the merit order, pay as bid.
func supported(c *auction.Case, bidder int) error {
	var no auction.Unsupported
	if c.Rules.Payment != auction.PayAsBid {
		no.Reasons = append(no.Reasons, auction.Conflict{
			What: fmt.Sprintf("bid answers under payment %s alone, the rules say %s: set payment to %s in rules.csv", auction.PayAsBid, c.Rules.Payment, auction.PayAsBid),
		})
	}
	for _, x := range joined(c, bidder) {
		x.What = "other runs' bids are compared where the seller decides lot by lot, not with " + x.What
		no.Reasons = append(no.Reasons, x)
	}
	if len(no.Reasons) > 0 {
		return &no
	}
	return nil
}

// Against returns the problem of a bidder's type, which has this network, against the beliefs.
func Against(c *auction.Case, bidder int, net *network.Network) *Problem {
	b := &c.Bidders[bidder]
	p := &Problem{Rules: &c.Rules, Network: net, Lots: net.Lots(), Budget: b.Budget, MaxVolume: b.MaxVolume}
	for i := range c.Beliefs {
		rows := make([][]Row, len(c.Lots))
		for _, x := range rivals(&c.Beliefs[i], bidder) {
			rows[x.lot] = append(rows[x.lot], x.Row)
		}
		s := Scenario{Probability: c.Beliefs[i].Probability}
		for _, l := range p.Lots {
			s.Supply = append(s.Supply, ResidualSupply(c, bidder, l, rows[l]))
		}
		p.Scenarios = append(p.Scenarios, s)
	}
	return p
}

type rivalRow struct {
	Row
	lot int
}

// rivals returns the rows that others than the bidder bid in a scenario.
func rivals(s *auction.Belief, bidder int) []rivalRow {
	var list []rivalRow
	for i := range s.Bids {
		if b := &s.Bids[i]; b.Bidder != bidder {
			for _, r := range b.Rows {
				list = append(list, rivalRow{Row{Bidder: b.Bidder, Price: r.Price, Quantity: r.Quantity}, r.Lot})
			}
		}
	}
	return list
}

// played is what one of the bidder's types bids.
type played struct {
	weight   float64 // probability of the type
	problem  *Problem
	strategy auction.Strategy
	out      *Outcome
	asked    *asked // where the seller decides over lots together
}

// expectation adds up what bids lead to over types and scenarios.
type expectation struct {
	c          *auction.Case
	bidder     int
	sales      *auction.Sales
	deliveries *network.Deliveries
	merit      auction.Merit
	won        []float64
	packages   []string       // by row of the bid: the package that it is of, blank for none; nil where there are none
	asked      *asked         // the bid that joint answers
	joint      []bilevel.Sale // by scenario: the answer to the type at hand of a seller who decides over lots together
}

// add adds one type's strategy.
func (e *expectation) add(p *Problem, s auction.Strategy, out *Outcome, weight float64) {
	mine := make([][]auction.Offer, len(e.c.Lots))
	for _, b := range s {
		mine[b.Lot] = append(mine[b.Lot], auction.Offer{Bidder: e.bidder, Price: e.c.Rules.Price(b.Tick), Quantity: b.Quantity})
	}
	for i := range e.c.Beliefs {
		offers := make([][]auction.Offer, len(e.c.Lots))
		for l := range offers {
			offers[l] = append(offers[l], mine[l]...)
		}
		for _, r := range rivals(&e.c.Beliefs[i], e.bidder) {
			offers[r.lot] = append(offers[r.lot], auction.Offer{Bidder: r.Bidder, Price: r.Price, Quantity: r.Quantity})
		}
		for l := range offers {
			e.won = e.merit.Serve(e.won, &e.c.Lots[l], offers[l])
			for k, w := range e.won {
				x := weight * e.c.Beliefs[i].Probability * w
				e.sales.Add(offers[l][k].Bidder, l, x, x*offers[l][k].Price)
			}
		}
	}
	values := p.view().values
	for _, k := range out.Cases {
		e.deliveries.Add(e.bidder, values.Deliver(k.Won), weight*k.Probability)
	}
}

// summary fills the summary. The objective is the bidder's expected profit, or what its risk puts in its place; of rivals
// the beliefs say bids, not profits.
func (e *expectation) summary(r *auction.Results, total *Response) {
	gap := total.Bound - total.Objective
	var revenue, cost, volume, capacity float64
	for l := range r.Lots {
		revenue += r.Lots[l].Revenue
		volume += r.Lots[l].Sold
		cost += e.c.Lots[l].Cost * r.Lots[l].Sold
		capacity += r.Lots[l].Capacity
	}
	money := e.c.Rules.Currency
	number := func(name string, v float64, unit string) {
		r.Summary = append(r.Summary, auction.Metric{Name: name, Number: v, Unit: unit})
	}
	text := func(name, v string) { r.Summary = append(r.Summary, auction.Metric{Name: name, Text: v}) }
	text("status", string(r.Status))
	number("objective", total.Objective, money)
	number("bound", total.Bound, money)
	number("gap", share(gap, total.Bound), "")
	number("revenue", revenue, money)
	number("contribution", revenue-cost, money)
	number("volume", volume, "packages")
	number("sold_share", share(volume, capacity), "")
	text("concept", Concept)
	text("certificate", "exact")
	number("scenarios", float64(len(e.c.Beliefs)), "")
	number("epsilon", gap, money)
	number("relative_epsilon", share(gap, total.Bound), "")
	for i := range e.c.Bidders {
		v := math.NaN()
		if i == e.bidder {
			v = total.Profit
		}
		number("profit:"+e.c.Bidders[i].Name, v, money)
	}
}

func share(part, whole float64) float64 {
	if part == 0 || whole == 0 {
		return 0
	}
	return part / whole
}
