package allocation

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"lotwise/models/auction"
)

// What a losing bid would have had to offer. At the average price p a package bid b of Q_b packages, all its row prices
// scaled alike, is money for Q_b p and scores
//
//	s_b(p) = σ_b p + τ_b
//
// where the price counts for σ_b (Q_b, unless adjustments say otherwise) and τ_b is the rest: costs, where the objective
// is contribution, and what adjustments add. With W the optimal value of the seller's problem (problem.go) without b
// and W_b(p) that with b at p,
//
//	accepted_from_b = inf { p ≥ its reserves : W_b(p) > W }
//
// so that b is accepted above it; at it, accepting b is as good as not, and the tie rule decides, unless p is its
// reserves'. W_b heeds that a higher price uses up more of the bidder's budget and of limits on revenue: a bid may lose
// because its price is too high.

// A loser is a losing bid and what is known of its price.
type loser struct {
	bid int // its position in the case
	ask
	low, high float64 // the price is from low to high; high is infinite where no price is known to do
	exact     bool    // the price is low
	never     string  // why no price does
	open      string  // why the price is not known exactly
}

// An ask is what a bid is at any price.
type ask struct {
	packages    float64 // Q_b
	price       float64 // its own average price a package
	floor       float64 // the least average price that meets its reserves
	slope, rest float64 // σ_b and τ_b
}

// losing finds the prices that losing bids would have had to offer, in the order of the case.
func (q *questions) losing() []auction.LosingBid {
	c := q.p.Case
	losers := make([]loser, 0, len(c.Bids))
	of := make(map[int]*loser)
	adjust := adjustments(c)
	for b, x := range q.out.X {
		if x < auction.LeastFraction {
			losers = append(losers, q.p.loser(b, adjust))
		}
	}
	for i := range losers {
		of[losers[i].bid] = &losers[i]
	}
	paid := make([]float64, len(c.Bidders))
	for b, x := range q.out.X {
		paid[c.Bids[b].Bidder] += c.Bids[b].Amount * x
	}
	for _, part := range q.out.parts {
		var mine []*loser
		for j, b := range part.bids {
			if l := of[b]; l != nil && l.never == "" && part.x[j] < auction.LeastFraction {
				mine = append(mine, l)
			}
		}
		switch k := part.component; {
		case len(k.rows) == 0 && !slices.Contains(k.decide, true):
			for _, l := range mine {
				l.settle(0)
			}
		case k.oneLot():
			k.outbid(part, mine)
		}
	}
	rows := make([]auction.LosingBid, len(losers))
	for i := range losers {
		l := &losers[i]
		i := c.Bids[l.bid].Bidder
		if l.exact && paid[i]+l.low*l.packages*auction.LeastFraction > c.Bidders[i].Budget {
			l.exact, l.high = false, math.Inf(1) // a budget that could not run out does
		}
	}
	for i := range losers {
		rows[i] = losers[i].row(c)
	}
	return rows
}

// loser is the bid and what can be told of its price without looking at others.
func (p *Problem) loser(b int, adjust *adjusting) loser {
	l := loser{bid: b, ask: p.ask(b, adjust), high: math.Inf(1), open: "bounds alone are known"}
	l.low = l.floor
	l.never = p.obstacle(&l)
	return l
}

// ask is what bid b is at any price. A bid of price 0 asks the same price of each row.
func (p *Problem) ask(b int, adjust *adjusting) ask {
	c := p.Case
	bid := &c.Bids[b]
	var a ask
	for _, r := range bid.Rows {
		a.packages += r.Quantity
	}
	a.price, a.slope = bid.Amount/a.packages, a.packages
	reserves := 0.0
	for _, r := range bid.Rows {
		share := 1.0 // of the average price
		if bid.Amount > 0 {
			share = r.Price / a.price
		}
		reserve := c.Lots[r.Lot].Reserve
		reserves += reserve * r.Quantity
		if reserve > 0 {
			a.floor = max(a.floor, reserve/share)
		}
		add := adjust.price(bid.Bidder, r.Lot, 0)
		a.rest += add * r.Quantity
		a.slope += (adjust.price(bid.Bidder, r.Lot, 1) - add - 1) * share * r.Quantity
		if c.Rules.Objective == auction.Contribution {
			a.rest -= c.Lots[r.Lot].Cost * r.Quantity
		}
	}
	if bid.ByAmount {
		a.floor = reserves / a.packages
	}
	return a
}

// obstacle says why no price does, as far as that is not for the other bids to say.
func (p *Problem) obstacle(l *loser) string {
	c := p.Case
	bid := &c.Bids[l.bid]
	bidder := &c.Bidders[bid.Bidder]
	if l.packages == 0 {
		return "it is for no packages"
	}
	if math.IsInf(l.floor, 1) {
		for _, r := range bid.Rows {
			if lot := &c.Lots[r.Lot]; r.Price == 0 && lot.Reserve > 0 {
				return fmt.Sprintf("its price for lot %s is 0, and the reserve %g: no multiple of its prices reaches it", lot.Name, lot.Reserve)
			}
		}
	}
	for r, n := bid.Requires, 0; r >= 0 && n < len(c.Bids); r, n = c.Bids[r].Requires, n+1 {
		if p.Out[r] && r != l.bid {
			return fmt.Sprintf("it requires bid %s, which is void", c.Bids[r].Name)
		}
	}
	share, part := max(bid.MinFraction, auction.LeastFraction), ""
	if bid.MinFraction < 1 {
		part = "to be accepted at all "
	}
	wanted := make(map[int]float64)
	for _, r := range bid.Rows {
		wanted[r.Lot] += r.Quantity * share
		if lot := &c.Lots[r.Lot]; wanted[r.Lot] > lot.Capacity+slack(lot.Capacity) {
			return fmt.Sprintf("%sit needs %g packages of lot %s, which has %g", part, wanted[r.Lot], lot.Name, lot.Capacity)
		}
	}
	if v := l.packages * share; v > bidder.MaxVolume+slack(bidder.MaxVolume) {
		return fmt.Sprintf("%sit needs %g packages, and max_volume is %g", part, v, bidder.MaxVolume)
	}
	if m := l.packages * share * l.floor; m > bidder.Budget+slack(bidder.Budget) {
		return fmt.Sprintf("%sit costs %g at the reserves, and the budget is %g", part, m, bidder.Budget)
	}
	return ""
}

// settle makes the price that at which the bid scores s, its reserves at least.
func (l *loser) settle(s float64) {
	l.low = max(l.floor, (s-l.rest)/l.slope)
	l.high, l.exact = l.low, true
}

// outbid finds the prices that divisible bids for one lot have to outbid: that of the last row served, where the lot
// is full, else nothing.
func (k *component) outbid(p *part, losers []*loser) {
	r := &k.rows[0]
	var winners []term
	left := r.rhs
	for _, t := range r.terms {
		if p.x[t.bid] > 0 {
			winners = append(winners, t)
			left -= t.coef * p.x[t.bid]
		}
	}
	slices.SortFunc(winners, func(a, b term) int { return cmp.Compare(k.value[a.bid]/a.coef, k.value[b.bid]/b.coef) })
	for _, l := range losers {
		// What the bid needs to be accepted at all comes off what is left, then off the cheapest winners.
		need, worth := l.packages*auction.LeastFraction-left, 0.0
		for _, t := range winners {
			if need <= 0 {
				break
			}
			worth = k.value[t.bid] / t.coef
			need -= t.coef * p.x[t.bid]
		}
		l.settle(worth * l.packages)
	}
}

// row is the loser's row of the table.
func (l *loser) row(c *auction.Case) auction.LosingBid {
	bid := &c.Bids[l.bid]
	nan := math.NaN()
	r := auction.LosingBid{
		Bidder: c.Bidders[bid.Bidder].Name, Bid: bid.Name, Price: l.price,
		AcceptedFrom: nan, AtLeast: nan, AtMost: nan, Amount: nan,
	}
	switch {
	case l.never != "":
		r.Reason = l.never
	case l.exact:
		r.AcceptedFrom, r.Amount = l.low, l.low*l.packages
	default:
		r.AtLeast, r.Reason = l.low, l.open
		if !math.IsInf(l.high, 1) {
			r.AtMost = l.high
		}
	}
	return r
}
