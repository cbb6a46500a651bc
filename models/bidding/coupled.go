package bidding

import (
	"context"
	"fmt"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/bilevel"
	"lotwise/models/network"
)

// Where a rule joins lots or makes bids more than divisible rows, the seller's answer is no merit order: it solves winner
// determination, and package bilevel answers the bidder. Its bids are a price and a quantity a row, and packages; the
// seller keeps to the bidder's budget and volume cap as to every other rule, so that a bid may come to more than them.

// joined returns what of the case makes the seller decide over lots together; nothing where the merit order is its
// answer. The beliefs are complete.
func joined(c *auction.Case, bidder int) []auction.Conflict {
	var list []auction.Conflict
	add := func(at auction.Source, format string, args ...any) {
		list = append(list, auction.Conflict{What: fmt.Sprintf(format, args...), Source: at})
	}
	for _, l := range c.Limits {
		add(l.Source, "the limit %s", l.Name)
	}
	for _, a := range c.Adjustments {
		add(a.Source, "the adjustment %s", a.Name)
	}
	for _, s := range c.Beliefs {
		money, volume := make([]float64, len(c.Bidders)), make([]float64, len(c.Bidders))
		for i := range s.Bids {
			b := &s.Bids[i]
			if b.Bidder == bidder {
				continue
			}
			who := fmt.Sprintf("scenario %s, bid %s of %s", s.Scenario, b.Name, c.Bidders[b.Bidder].Name)
			switch {
			case len(b.Rows) > 1:
				add(b.Source, "%s, which covers %d lots", who, len(b.Rows))
			case b.MinFraction > 0:
				add(b.Source, "%s, which has min_fraction %.10g", who, b.MinFraction)
			case b.Group != "":
				add(b.Source, "%s, which is in group %s", who, b.Group)
			case b.Requires >= 0:
				add(b.Source, "%s, which requires another", who)
			}
			if _, void := b.Void(c.Lots); !void {
				money[b.Bidder] += b.Amount
				for _, r := range b.Rows {
					volume[b.Bidder] += r.Quantity
				}
			}
		}
		for i := range c.Bidders {
			if rival := &c.Bidders[i]; money[i] > rival.Budget*(1+over) || volume[i] > rival.MaxVolume*(1+over) {
				add(s.Source, "scenario %s, in which the bids of %s come to more than its budget or max_volume", s.Scenario, rival.Name)
			}
		}
	}
	return list
}

// lotItems are the bids of a network's bidder, as many for each lot as it may name prices.
func lotItems(c *auction.Case, net *network.Network) []bilevel.Item {
	var items []bilevel.Item
	for _, l := range net.Lots() {
		lot := &c.Lots[l]
		for range c.Rules.BidSteps {
			if lot.Capacity > 0 {
				items = append(items, bilevel.Item{
					Name: lot.Name, Rows: []auction.BidRow{{Lot: l, Quantity: lot.Capacity}}, Step: c.Rules.PriceStep * lot.Capacity,
				})
			}
		}
	}
	return items
}

// mostPriced is the most packages that are priced out beside those of zones and facilities.
const mostPriced = 8

// packageItems are the packages that the bidder may bid for: of the lots of a zone, and of the zones in which a facility
// delivers, as much as the network can use of each. A package has one price for a package of any of its lots.
func packageItems(c *auction.Case, bidder int, net *network.Network) []bilevel.Item {
	var items []bilevel.Item
	seen := map[string]bool{}
	add := func(name string, in func(zone string) bool) {
		it := bilevel.Item{Name: name, Whole: true}
		key, volume := "", 0.0
		for n, l := range net.Lots() {
			if q := min(c.Lots[l].Capacity, net.Useful(n)); q > 0 && in(c.Lots[l].Zone) {
				it.Rows = append(it.Rows, auction.BidRow{Lot: l, Quantity: q})
				volume += q
				key += fmt.Sprint(l, ".")
			}
		}
		if len(it.Rows) > 1 && !seen[key] {
			seen[key] = true
			it.Step = c.Rules.PriceStep * volume
			items = append(items, it)
		}
	}
	zones := map[string]bool{}
	for _, l := range net.Lots() {
		if zone := c.Lots[l].Zone; !zones[zone] {
			zones[zone] = true
			add("zone "+zone, func(z string) bool { return z == zone })
		}
	}
	b := &c.Bidders[bidder]
	for f := range b.Facilities {
		add("facility "+b.Facilities[f].Name, func(zone string) bool {
			return slices.ContainsFunc(b.Routes, func(r auction.Route) bool { return r.Facility == f && r.Zone == zone })
		})
	}
	return items
}

// solveJoined answers one type where the seller decides over lots together.
func (e *expectation) solveJoined(ctx context.Context, p *Problem, o auction.Options) (*Response, *Outcome, error) {
	net := p.Network
	b := &bilevel.Problem{Case: e.c, Bidder: e.bidder, Network: net, Items: lotItems(e.c, net), Risk: o.Risk}
	if e.c.Rules.PackageBids {
		b.Items = append(b.Items, packageItems(e.c, e.bidder, net)...)
		b.Packages = mostPriced
	}
	if list := b.Overlooked(); len(list) > 0 {
		return nil, nil, &auction.Unsupported{Reasons: list}
	}
	// The search starts from the bid that would be best if the seller decided lot by lot.
	apart, err := BestResponse(ctx, p, Options{Gap: o.Gap, Seed: o.Seed, Threads: o.Threads})
	if err != nil {
		return nil, nil, err
	}
	blocks, err := blocksOf(ctx, b, o)
	if err != nil {
		return nil, nil, err
	}
	answer, err := respond(ctx, b, blocks, choices(b, apart.Strategy), o)
	if err != nil {
		return nil, nil, err
	}
	if len(blocks) == 1 {
		blocks[0] = b.Whole() // packages may have been priced out
	}
	// Row by row, in the order of strategies.
	type part struct {
		choice int
		bid    auction.LotBid
	}
	var parts []part
	for k, x := range answer.Bid {
		for _, r := range b.Items[x.Item].Rows {
			parts = append(parts, part{k, auction.LotBid{Lot: r.Lot, Tick: x.Tick, Quantity: r.Quantity * x.Fraction}})
		}
	}
	slices.SortStableFunc(parts, func(x, y part) int { return compare(x.bid, y.bid) })
	r := &Response{Profit: answer.Profit, Objective: answer.Objective, Bound: answer.Bound, Status: answer.Status}
	out := &Outcome{Profit: answer.Profit, Bids: make([]BidOutcome, len(parts))}
	e.asked = &asked{problem: b, blocks: blocks}
	place := map[int]int{}
	for _, x := range parts {
		at, known := place[x.choice]
		if !known {
			at = len(e.asked.bid)
			place[x.choice] = at
			e.asked.bid = append(e.asked.bid, answer.Bid[x.choice])
		}
		e.asked.choice = append(e.asked.choice, at)
	}
	e.joint, e.packages = make([]bilevel.Sale, len(answer.Sales)), nil
	for _, x := range parts {
		r.Strategy = append(r.Strategy, x.bid)
		name := ""
		if it := &b.Items[answer.Bid[x.choice].Item]; it.Whole {
			name = it.Name
		}
		e.packages = append(e.packages, name)
	}
	for i := range answer.Sales {
		sale := answer.Sales[i]
		q := e.c.Beliefs[i].Probability
		own := make([]float64, len(parts))
		for n, x := range parts {
			own[n] = sale.Own[x.choice]
			w := own[n] * x.bid.Quantity
			out.Bids[n].Quantity += q * w
			out.Bids[n].Payment += q * w * e.c.Rules.Price(x.bid.Tick)
			if w > won*min(1, x.bid.Quantity) {
				out.Bids[n].Win += q
			}
		}
		sale.Own = own
		e.joint[i] = sale
		out.Cases = append(out.Cases, Result{Probability: q, Won: sale.Won, Payment: sale.Payment, Profit: sale.Profit})
		out.Case = append(out.Case, int32(i))
	}
	return r, out, nil
}

// rowName names a row of the bid: rows of one package have its name.
func (e *expectation) rowName(s auction.Strategy, k int) string {
	if e.packages != nil && e.packages[k] != "" {
		return e.packages[k]
	}
	return e.c.RowName(s, k)
}

// least is the least fraction of a row that may be accepted.
func (e *expectation) least(k int) float64 {
	if e.packages != nil && e.packages[k] != "" {
		return 1
	}
	return 0
}

// winsAny returns the probability that some of the bidder's rows for a lot wins.
func (e *expectation) winsAny(s auction.Strategy, lot string) float64 {
	probability := 0.0
	for i := range e.joint {
		for k, b := range s {
			if w := e.joint[i].Own[k] * b.Quantity; e.c.Lots[b.Lot].Name == lot && w > won*min(1, b.Quantity) {
				probability += e.c.Beliefs[i].Probability
				break
			}
		}
	}
	return probability
}

// own adds what the bidder wins where the seller decided over lots together.
func (e *expectation) own(s auction.Strategy, out *Outcome, weight float64) {
	for k, b := range s {
		e.sales.Add(e.bidder, b.Lot, weight*out.Bids[k].Quantity, weight*out.Bids[k].Payment)
	}
}

// addJoined adds what is sold where the seller decided over lots together.
func (e *expectation) addJoined(p *Problem, weight float64) {
	for i := range e.joint {
		x, q := &e.joint[i], weight*e.c.Beliefs[i].Probability
		at := 0
		for k := range e.c.Beliefs[i].Bids {
			b := &e.c.Beliefs[i].Bids[k]
			if b.Bidder == e.bidder {
				continue
			}
			for _, r := range b.Rows {
				w := r.Quantity * x.Rivals[at]
				e.sales.Add(b.Bidder, r.Lot, q*w, q*w*r.Price)
			}
			at++
		}
		e.deliveries.Add(e.bidder, p.view().values.Deliver(x.Won), q)
	}
}
