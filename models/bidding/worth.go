package bidding

import (
	"fmt"

	"lotwise/models/auction"
	"lotwise/models/network"
)

// Worth is what the bids that each of some runs recommends to a bidder earn against c.Beliefs, in expectation over
// scenarios, the bidder's types, and the strategies it draws; a block's strategies are drawn by themselves. The runs may be of
// other cases with the same lots, bidders and types: what they bid under a reserve of this one loses.
func Worth(c *auction.Case, bidder int, runs []*auction.Results) ([]float64, error) {
	c = pictured(c.Floored(), bidder)
	if err := supported(c, bidder); err != nil {
		return nil, err
	}
	problems := make([]*Problem, len(c.Bidders[bidder].Types))
	for t := range problems {
		problems[t] = Against(c, bidder, network.New(c, bidder, t))
	}
	worth := make([]float64, len(runs))
	for i, r := range runs {
		var err error
		if worth[i], err = worthOf(c, bidder, r, problems); err != nil {
			return nil, err
		}
	}
	return worth, nil
}

// worthOf is what one run's bids earn in the problems of the bidder's types.
func worthOf(c *auction.Case, bidder int, r *auction.Results, problems []*Problem) (float64, error) {
	lots := map[string]int{}
	for l := range c.Lots {
		lots[c.Lots[l].Name] = l
	}
	type drawn struct{ typ, block, strategy string }
	bids := map[drawn]auction.Strategy{}
	for i := range r.RecommendedBids {
		b := &r.RecommendedBids[i]
		if b.Bidder != c.Bidders[bidder].Name {
			continue
		}
		l, ok := lots[b.Lot]
		if !ok {
			return 0, fmt.Errorf("the run bids for lot %q, which the case does not have", b.Lot)
		}
		key := drawn{b.Type, b.Block, b.Strategy}
		bids[key] = append(bids[key], auction.LotBid{Lot: l, Tick: c.Rules.TickUp(b.Price), Quantity: b.Quantity})
	}
	total := 0.0
	for t := range c.Bidders[bidder].Types {
		typ := &c.Bidders[bidder].Types[t]
		for i := range r.Equilibrium {
			e := &r.Equilibrium[i]
			if e.Bidder != c.Bidders[bidder].Name || e.Type != typ.Name {
				continue
			}
			total += typ.Probability * e.Probability * problems[t].Evaluate(bids[drawn{e.Type, e.Block, e.Strategy}]).Profit
		}
	}
	return total, nil
}
