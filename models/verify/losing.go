package verify

import (
	"math"

	"lotwise/models/auction"
)

// A losing bid states the price p, an average a package, from which it would win: with W the seller's optimum with nothing of
// the bid accepted and W(p) with it, all its row prices scaled to p,
//
//	accepted_from = inf { p that meets its reserves : W(p) > W }
//
// So just over it W(p) > W, and under it W(p) = W. Where at_least and at_most are stated, the same holds under the
// former and just over the latter; where neither, at no price.

const (
	// losingStep is how far from a stated price, relatively, the bid is tried.
	losingStep = 1e-3
	// mostLosing is the number of losing bids, times the bids of the case, that are tried: a few optima each.
	mostLosing = 200_000
	// hopeless is how many losing bids of one segment could not be told, before one could, until no others of it are tried: it
	// is too large.
	hopeless = 5
)

// checkLosing checks losing_bids.csv.
func (a *acceptance) checkLosing() {
	if a.r.Losing == nil {
		return
	}
	type name struct {
		bidder int
		bid    string
	}
	at := map[name]int{}
	for i, b := range a.c.Bids {
		at[name{b.Bidder, b.Name}] = i
	}
	stated := map[int]bool{}
	segment := make([]int, len(a.c.Bids))
	for b := range segment {
		segment[b] = -1 // void
	}
	for g, s := range a.seller.segments {
		for _, b := range s.bids {
			segment[b] = g
		}
	}
	tried, open, skipped := 0, 0, 0
	failed := map[int]int{} // by segment: losing bids that could not be told; negative where one could
	for i := range a.r.Losing {
		r := &a.r.Losing[i]
		b, ok := a.bidderNamed(tableLosing, i, r.Bidder)
		if !ok {
			continue
		}
		n, ok := at[name{b, r.Bid}]
		switch {
		case !ok:
			a.find(tableLosing, i, "bid", "bidder %q has no bid %q", r.Bidder, r.Bid)
			continue
		case stated[n]:
			a.find(tableLosing, i, "bid", "bid %q of %q stands in another row", r.Bid, r.Bidder)
			continue
		case a.x[n] >= counted:
			a.find(tableLosing, i, "bid", "bid %q of %q is accepted at the fraction %.10g", r.Bid, r.Bidder, a.x[n])
		}
		stated[n] = true
		packages := packagesOf(&a.c.Bids[n])
		if want := a.c.Bids[n].Amount / packages; !same(r.Price, want) && !(math.IsNaN(r.Price) && packages == 0) {
			a.find(tableLosing, i, "price", "%s, the bid is %.10g for %.10g packages", cell(r.Price), a.c.Bids[n].Amount, packages)
		}
		if want := r.AcceptedFrom * packages; !same(r.Amount, want) && !(math.IsNaN(r.Amount) && math.IsNaN(want)) {
			a.find(tableLosing, i, "amount", "%s, %s for each of %.10g packages is %s", cell(r.Amount), cell(r.AcceptedFrom), packages, cell(want))
		}
		if !math.IsNaN(r.AcceptedFrom) && (!math.IsNaN(r.AtLeast) || !math.IsNaN(r.AtMost)) {
			a.find(tableLosing, i, "at_least", "the price is stated exactly: at_least and at_most say something else")
		}
		if r.AtMost < r.AtLeast {
			a.find(tableLosing, i, "at_most", "%.10g is under at_least %.10g", r.AtMost, r.AtLeast)
		}
		if math.IsNaN(r.AcceptedFrom) && r.Reason == "" {
			a.find(tableLosing, i, "reason", "accepted_from is blank and no reason is given")
		}
		if packages == 0 || a.hint == nil || (tried+1)*len(a.c.Bids) > mostLosing {
			continue
		}
		g := segment[n]
		switch {
		case failed[g] >= hopeless:
			skipped++
			continue
		case a.threshold(i, n):
			failed[g] = math.MinInt
		default:
			failed[g]++
			open++
		}
		tried++
	}
	for n, x := range a.x {
		if x < counted && !stated[n] {
			a.find(tableLosing, -1, "bid", "bid %q of %q is accepted at nothing and missing", a.c.Bids[n].Name, a.c.Bidders[a.c.Bids[n].Bidder].Name)
		}
	}
	a.checked("%d losing bids; %d of them by optima just under and over the stated price, of which %d could not be told; %d left out in parts too large", len(a.r.Losing), tried, open, skipped)
}

func packagesOf(b *auction.Bid) (total float64) {
	for _, r := range b.Rows {
		total += r.Quantity
	}
	return total
}

// A trial is the seller's problem as far as one bid at different prices has a part in it.
type trial struct {
	a       *acceptance
	bid     int
	void    []bool // every bid that has no part in it
	scopes  []*scope
	without outcome // optimum without the bid
}

// threshold tries a losing bid at prices around those that its row states; told is false where the optima are not known well
// enough.
func (a *acceptance) threshold(row, bid int) (told bool) {
	r := &a.r.Losing[row]
	t := a.newTrial(bid)
	if !t.without.exact() {
		return false
	}
	own := a.c.Bids[bid].Amount / packagesOf(&a.c.Bids[bid])
	step := func(p float64) float64 { return losingStep * math.Max(p, math.Max(own, losingStep)) }
	loses := func(column string, prices ...float64) bool {
		for _, p := range prices {
			if p < 0 || p == r.AcceptedFrom || p == r.AtLeast {
				continue
			}
			wins, known := t.wins(p)
			if !known {
				return false
			}
			if wins {
				a.find(tableLosing, row, column, "at %.10g a package bid %q of %q would be accepted", p, r.Bid, r.Bidder)
				return true
			}
		}
		return true
	}
	wins := func(column string, p float64) bool {
		won, known := t.wins(p)
		if known && !won && a.c.Bids[bid].MinFraction < losingStep && t.counts() { // a millionth of it may do: no optimum tells
			return false
		}
		if known && !won {
			a.find(tableLosing, row, column, "%.10g, but at %.10g a package bid %q of %q would not be accepted", p-step(p)/(1+losingStep), p, r.Bid, r.Bidder)
		}
		return known
	}
	switch {
	case !math.IsNaN(r.AcceptedFrom):
		p := r.AcceptedFrom
		if t.spends() { // what money is limited may leave room for the bid at this price and for no higher one
			told = loses("accepted_from", p-step(p), p/2)
			for _, at := range []float64{p, p * (1 + relTol), p + step(p)} {
				if won, known := t.wins(at); won && known {
					return told
				}
			}
			return false
		}
		over := wins("accepted_from", p+step(p))
		return loses("accepted_from", p-step(p), p/2) && over
	case !math.IsNaN(r.AtLeast):
		told = loses("at_least", r.AtLeast-step(r.AtLeast), r.AtLeast/2)
		if !math.IsNaN(r.AtMost) && !t.spends() {
			told = wins("at_most", r.AtMost+step(r.AtMost)) && told
		}
		return told
	case t.spends():
		return loses("accepted_from", own, 2*own)
	default:
		// At a price that makes up for everything else that its segment could earn.
		return loses("accepted_from", own, (1+math.Abs(t.without.high)+t.most())/math.Max(a.c.Bids[bid].MinFraction, leastFraction)/packagesOf(&a.c.Bids[bid]))
	}
}

// newTrial finds the bids that can matter: the segment of the bid, and where money is limited those of all bids of its
// bidder.
func (a *acceptance) newTrial(bid int) *trial {
	t := &trial{a: a, bid: bid, void: make([]bool, len(a.void))}
	bidder := a.c.Bids[bid].Bidder
	in := map[int]bool{bid: true}
	for _, g := range a.seller.segments {
		has := false
		for _, i := range g.bids {
			has = has || i == bid || a.c.Bids[i].Bidder == bidder && !math.IsInf(a.c.Bidders[bidder].Budget, 1)
		}
		for _, i := range g.bids {
			in[i] = in[i] || has
		}
		if has {
			t.scopes = append(t.scopes, g.scopes...)
		}
	}
	if t.spends() || a.void[bid] {
		t.scopes = a.seller.scopes
		for i := range a.c.Bids {
			in[i] = true
		}
	}
	for i := range t.void {
		t.void[i] = a.void[i] || !in[i]
	}
	t.without = t.ask(math.NaN())
	return t
}

// spends says whether a higher price can shut a bid out, by a budget or a limit on revenue.
func (t *trial) spends() bool {
	c := t.a.c
	for _, l := range c.Limits {
		if l.Measure == "revenue" {
			return true
		}
	}
	return !math.IsInf(c.Bidders[c.Bids[t.bid].Bidder].Budget, 1)
}

// counts says whether limits count what is accepted.
func (t *trial) counts() bool {
	for _, s := range t.scopes {
		if t.a.seller.counts(s) {
			return true
		}
	}
	return false
}

// most is no less than what all bids but one could lose.
func (t *trial) most() float64 {
	total := 0.0
	for i, s := range t.a.score {
		if !t.void[i] {
			total += math.Abs(s)
		}
	}
	for _, l := range t.a.c.Limits {
		if !math.IsNaN(l.Penalty) {
			total += l.Penalty * float64(len(t.a.c.Bids)+1)
		}
	}
	return total
}

// wins says whether the seller earns more with the bid at a price than without; known is false where neither is certain.
func (t *trial) wins(price float64) (wins, known bool) {
	o := t.ask(price)
	slack := 2 * valueTol * (1 + math.Abs(t.without.high) + price*packagesOf(&t.a.c.Bids[t.bid]))
	switch {
	case o.low > t.without.high+slack:
		return true, true
	case o.high <= t.without.low+slack:
		return false, true
	default:
		return false, o.exact()
	}
}

// ask solves with the bid at a price, or without it where that is NaN.
func (t *trial) ask(price float64) outcome {
	c := *t.a.c
	c.Bids = append([]auction.Bid(nil), c.Bids...)
	b := &c.Bids[t.bid]
	void := append([]bool(nil), t.void...)
	k := newChecker(&c, t.a.r, t.a.o)
	score := append([]float64(nil), t.a.score...)
	if math.IsNaN(price) {
		void[t.bid] = true
	} else {
		scaled(b, price)
		_, _, void[t.bid] = k.void(b)
		score[t.bid] = k.score(b, k.preferences())
	}
	s := &seller{k: k, score: score, void: void, scopes: t.scopes, budget: &t.a.work, perAsk: t.a.seller.perAsk}
	s.open()
	return s.best(nil, t.a.hint)
}

// scaled changes the prices of a bid to an average a package.
func scaled(b *auction.Bid, price float64) {
	packages := packagesOf(b)
	own := b.Amount / packages
	b.Rows = append([]auction.BidRow(nil), b.Rows...)
	for i := range b.Rows {
		if b.ByAmount || own == 0 {
			b.Rows[i].Price = price
		} else {
			b.Rows[i].Price *= price / own
		}
	}
	b.Amount = price * packages
}
