package bidding

import (
	"cmp"
	"context"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/bilevel"
)

// Where the seller decides over lots together, another price of one row may change what is won anywhere, so every point of
// a curve and every fresh scenario is an answer of the seller's.

const (
	// curveAnswers is the most lots of the answers of the seller that curves take, an answer a point and scenario of the row's
	// block; the first curve is worked out whatever it takes.
	curveAnswers = 50_000
	// freshAnswers is the most fresh scenarios in which the seller is asked.
	freshAnswers = 200
)

// asked is a bid to a seller who decides over lots together.
type asked struct {
	problem *bilevel.Problem
	blocks  []bilevel.Block
	bid     []bilevel.Choice // in the order of the strategy's rows, which breaks ties between the bidder's own
	choice  []int            // by row of the strategy: its place in bid
}

// joinedCurves returns the curves of the rows with most at stake, as many as o.Curves and curveAnswers allow: what the whole
// bid earns by the seller's real answers when one row, or the package that it is of, names another price. The prices are those
// at which a rival's bid for one of its lots is met or beaten, the reserve, and its own.
func (e *expectation) joinedCurves(ctx context.Context, s auction.Strategy, stakes []stake, o auction.Options) ([]auction.CurvePoint, error) {
	var rows []int // one a bid
	profit := make([]float64, len(s))
	for l := range stakes {
		for _, r := range stakes[l].rows {
			profit[r] = stakes[l].profit
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Or(cmp.Compare(profit[b], profit[a]), a-b) })
	var list []auction.CurvePoint
	blocks := e.asked.blocks
	done := map[int]bool{} // by choice
	answers := 0
	for _, r := range rows {
		at := e.asked.choice[r]
		if done[at] {
			continue
		}
		ticks := e.curveTicks(at)
		b := &blocks[slices.IndexFunc(blocks, func(b bilevel.Block) bool { return slices.Contains(b.Of, e.asked.bid[at].Item) })]
		answers += len(ticks) * len(b.Case.Beliefs) * len(b.Lots)
		if len(done) == o.Curves || len(done) > 0 && answers > curveAnswers {
			break
		}
		done[at] = true
		points, err := e.joinedCurve(ctx, b, o.Seed, s, r, ticks)
		if ctx.Err() != nil {
			break // the curves that there are, are whole
		}
		if err != nil {
			return nil, err
		}
		list = append(list, points...)
	}
	return list, nil
}

// curveTicks are the prices of a curve.
func (e *expectation) curveTicks(at int) []int64 {
	x := e.asked.bid[at]
	it := &e.asked.problem.Items[x.Item]
	lots := map[int]bool{}
	least := int64(0)
	for _, r := range it.Rows {
		lots[r.Lot] = true
		reserve := e.c.Rules.TickUp(e.c.Lots[r.Lot].Reserve)
		for auction.UnderReserve(e.c.Rules.Price(reserve), e.c.Lots[r.Lot].Reserve) {
			reserve++
		}
		least = max(least, reserve)
	}
	ticks := []int64{least, x.Tick}
	for i := range e.c.Beliefs {
		for _, b := range e.c.Beliefs[i].Bids {
			volume := 0.0
			meets := false
			for _, r := range b.Rows {
				volume += r.Quantity
				meets = meets || lots[r.Lot] && r.Quantity > 0
			}
			if b.Bidder != e.bidder && meets {
				ticks = append(ticks, e.c.Rules.TickUp(b.Amount/volume), e.c.Rules.TickOver(b.Amount/volume))
			}
		}
	}
	slices.Sort(ticks)
	return slices.DeleteFunc(slices.Compact(ticks), func(t int64) bool { return t < least })
}

// joinedCurve returns the points of one row, whose price changes nothing outside of its block.
func (e *expectation) joinedCurve(ctx context.Context, b *bilevel.Block, seed int64, s auction.Strategy, row int, ticks []int64) ([]auction.CurvePoint, error) {
	at := e.asked.choice[row]
	item := slices.Index(b.Of, e.asked.bid[at].Item)
	seller := bilevel.NewSeller(b.Problem, seed)
	bid := b.Part(e.asked.bid)
	mine := slices.IndexFunc(bid, func(c bilevel.Choice) bool { return c.Item == item })
	expected := func(tick int64) (x auction.CurvePoint, err error) {
		bid := slices.Clone(bid)
		bid[mine].Tick = tick
		sales, err := seller.Answer(ctx, bid)
		x = auction.CurvePoint{
			Bid: e.rowName(s, row), Lot: e.c.Lots[s[row].Lot].Name, Quantity: s[row].Quantity, Price: e.c.Rules.Price(tick), Fits: "yes",
		}
		for i := range sales {
			q := b.Case.Beliefs[i].Probability
			w := sales[i].Own[mine] * x.Quantity
			x.ExpectedProfit += q * sales[i].Profit
			x.ExpectedQuantity += q * w
			x.ExpectedPayment += q * w * x.Price
			if w > won*min(1, x.Quantity) {
				x.WinProbability += q
			}
		}
		return x, err
	}
	here, err := expected(s[row].Tick)
	if err != nil {
		return nil, err
	}
	elsewhere := -here.ExpectedProfit
	for i := range e.joint {
		elsewhere += e.c.Beliefs[i].Probability * e.joint[i].Profit
	}
	var list []auction.CurvePoint
	for _, tick := range ticks {
		x, err := expected(tick)
		if err != nil {
			return nil, err
		}
		x.ExpectedProfit += elsewhere
		if tick == s[row].Tick {
			x.Recommended = "yes"
		}
		list = append(list, x)
	}
	return list, nil
}

// freshJoined evaluates the bids on fresh scenarios by the seller's answers, at most freshAnswers of them.
func (e *expectation) freshJoined(ctx context.Context, chosen []played, o auction.Options) (*tally, error) {
	t := &tally{}
	size := min(o.Sample.Fresh, freshAnswers)
	o.Report(auction.Progress{Stage: "fresh scenarios", Total: size, Objective: math.NaN(), Bound: math.NaN(), Epsilon: math.NaN()})
	if size == 0 || ctx.Err() != nil {
		return t, nil
	}
	c := e.meeting(o.Sample.Draw(size, freshStream))
	profit := make([]float64, len(c.Beliefs))
	for _, x := range chosen {
		p := *x.asked.problem
		p.Case = c
		sales, err := bilevel.NewSeller(&p, o.Seed).Answer(ctx, x.asked.bid)
		if ctx.Err() != nil {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range sales {
			profit[i] += x.weight * sales[i].Profit
		}
	}
	for i := range c.Beliefs {
		t.profit = append(t.profit, profit[i])
		t.weight = append(t.weight, c.Beliefs[i].Probability*float64(size))
	}
	t.n = size
	return t, nil
}

// gap returns by how much any bid on the same items may earn more than this one against other beliefs.
func (a *asked) gap(ctx context.Context, c *auction.Case, o auction.Options) (float64, error) {
	p := *a.problem
	p.Case, p.Packages = c, 0
	sales, err := bilevel.NewSeller(&p, o.Seed).Answer(ctx, a.bid)
	if err != nil {
		return 0, err
	}
	earned := 0.0
	for i := range sales {
		earned += c.Beliefs[i].Probability * sales[i].Profit
	}
	o.Threads = 1 // batches are worked on side by side
	blocks, err := blocksOf(ctx, &p, o)
	if err != nil {
		return 0, err
	}
	answer, err := respond(ctx, &p, blocks, slices.Clone(a.bid), o)
	if err != nil {
		return 0, err
	}
	return max(0, answer.Bound-earned), nil // where the bid is dearer than what the bound is over, it is one of all
}
