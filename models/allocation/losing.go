package allocation

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"lotwise/models/auction"
	"lotwise/solver"
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

const (
	// autoEffort is the work that LosingAuto may do even where the allocation took less, some seconds of it.
	autoEffort = 5000
	// priceRounds is how often a price may bring more budgets and limits into play: each once, in practice.
	priceRounds = 10
)

// losing finds the prices that losing bids would have had to offer, in the order of the case: with LosingAuto by so much
// work, or what the allocation took.
func (q *questions) losing(ctx context.Context, work float64) ([]auction.LosingBid, error) {
	c := q.p.Case
	losers := make([]loser, 0, len(c.Bids))
	adjust := adjustments(c)
	for b, x := range q.out.X {
		if x < auction.LeastFraction {
			losers = append(losers, q.p.loser(b, adjust))
		}
	}
	w := q.workbench()
	if q.o.TimeLimit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, q.deadline)
		defer cancel()
	}
	// By part; those of none, which are void, come last.
	of := make([][]*loser, len(q.out.parts)+1)
	open := 0
	for i := range losers {
		if l := &losers[i]; l.never == "" {
			n := w.part[l.bid]
			if n < 0 {
				n = len(q.out.parts)
			}
			of[n] = append(of[n], l)
			open++
		}
	}
	err := inParallel(len(of), q.o.Threads, func(i int) error {
		if len(of[i]) == 0 {
			return nil
		}
		share := int64(work * float64(len(of[i])) / float64(open))
		return w.examine(ctx, i, of[i], share)
	})
	if err != nil {
		return nil, err
	}
	rows := make([]auction.LosingBid, len(losers))
	for i := range losers {
		rows[i] = losers[i].row(c)
	}
	return rows, nil
}

// inParallel does n things on some threads and returns the first error by their order.
func inParallel(n, threads int, do func(i int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range max(1, min(threads, n)) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				errs[i] = do(int(i))
			}
		})
	}
	wait.Wait()
	return cmp.Or(errs...)
}

// examine finds the prices of the losers of a part, or of those of none.
func (w *workbench) examine(ctx context.Context, part int, losers []*loser, share int64) error {
	var e *effort
	if w.q.o.Losing == auction.LosingAuto {
		e = &effort{left: share}
	}
	if part < len(w.q.out.parts) {
		p := w.q.out.parts[part]
		if e != nil {
			e.left = max(e.left, p.component.effort)
		}
		if err := w.atOnce(ctx, p, losers, share); err != nil {
			return err
		}
		if err := together(ctx, p.winning(losers), solver.Options{Seed: w.q.o.Seed}, e); err != nil {
			return err
		}
		if err := w.brackets(ctx, p, losers, e); err != nil {
			return err
		}
	}
	// One program over so many bids may take more than all of the effort, which is looked at between programs alone.
	large := e != nil && part < len(w.q.out.parts) && len(w.q.out.parts[part].bids) > mostSearched
	for _, l := range losers {
		if !l.exact && l.never == "" && ctx.Err() == nil && !e.spent() && !large {
			if err := w.find(ctx, l, e); err != nil {
				return err
			}
		}
		l.open = w.open(ctx, part)
		if l.never == nothing {
			var err error
			if l.never, err = w.why(ctx, l, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// mostSearched is the most bids of a component in which auto searches for the price of one by programs of its own.
const mostSearched = 10_000

// open says why prices of a part are not known exactly.
func (w *workbench) open(ctx context.Context, part int) string {
	switch {
	case ctx.Err() != nil:
		return "stopped before it was computed exactly"
	case part < len(w.q.out.parts) && !w.q.out.parts[part].proven:
		return "the allocation is not proven optimal"
	case w.q.o.Losing == auction.LosingAuto:
		return "exact would take more work than the allocation; --losing-bids exact does it"
	default:
		return "it was not found exactly"
	}
}

// atOnce finds what can be said of all losers of a part without a program for each.
func (w *workbench) atOnce(ctx context.Context, p *part, losers []*loser, share int64) error {
	e := &effort{left: max(share, p.component.effort)}
	k := p.component
	decisions := slices.Contains(k.decide, true)
	switch {
	case len(k.rows) == 0 && !decisions:
		for _, l := range losers {
			l.settle(0)
		}
	case k.oneLot():
		k.outbid(p, losers)
	case len(p.price) == len(k.rows):
		if err := w.facing(ctx, p, losers, e); err != nil {
			return err
		}
	}
	for _, l := range losers {
		if math.IsInf(l.high, 1) {
			continue
		}
		j, _ := slices.BinarySearch(p.bids, l.bid)
		if t := l.known(p, j); w.lacks(t, l.high, p.x, e) {
			l.exact, l.high = false, math.Inf(1)
		}
	}
	return nil
}

// facing bounds prices by the optimal duals of the part at its decisions: without decisions that is what they are.
func (w *workbench) facing(ctx context.Context, p *part, losers []*loser, e *effort) error {
	k := p.component
	lo, up := k.open()
	for j := range k.bids {
		up[j] = 1
	}
	decisions := slices.Contains(k.decide, true)
	if decisions {
		if p.y == nil {
			return nil
		}
		lo, up = k.given(p.y)
		k = k.applying(p.y)
	}
	d := k.optimalDuals(p.x, lo, up, p.price)
	defer d.close()
	for _, l := range losers {
		j, _ := slices.BinarySearch(p.bids, l.bid)
		if l.slope <= 0 || !d.free(j) || ctx.Err() != nil || e.spent() {
			continue
		}
		price, wins, loses, err := d.price(ctx, l.known(p, j), solver.Options{Seed: w.q.o.Seed}, e)
		if err != nil {
			return err
		}
		switch {
		case wins && p.proven:
			l.high = price
			if !decisions {
				l.low, l.exact = price, true
			}
		case loses && p.proven && !decisions:
			l.never = nothing
		}
	}
	return nil
}

// find finds the price of one bid.
func (w *workbench) find(ctx context.Context, l *loser, e *effort) error {
	c, o := w.q.p.Case, solver.Options{Seed: w.q.o.Seed}
	var t *trial
	if i := w.part[l.bid]; i >= 0 && l.slope > 0 {
		p := w.q.out.parts[i]
		j, _ := slices.BinarySearch(p.bids, l.bid)
		t = l.known(p, j)
		if len(t.paying()) == 0 && p.proven {
			l.raise(l.price) // it has lost at its own
		}
	} else {
		t = w.trial(l, l.floor, nil, e)
	}
	if l.slope <= 0 {
		_, loses, err := t.atFloor(ctx, o, e)
		if loses {
			l.never = "adjustments score it no higher at a higher price"
		}
		return err
	}
	if l.floor == 0 && w.q.p.counts(l.bid, true) {
		// At price 0 it is nothing to limits on revenue or nothing.
		if wins, _, err := w.trial(l, 0, nil, e).atFloor(ctx, o, e); wins || err != nil {
			return err
		}
	}
	if t.at == 0 && w.q.p.counts(l.bid, false) {
		t = w.trial(l, over(c, l.floor), nil, e) // a limit may ask for its money
	}
	for range priceRounds {
		if err := t.search(ctx, o, e); err != nil {
			return err
		}
		if l.never != "" || math.IsInf(l.high, 1) || t.found == nil || !w.lacks(t, l.high, t.found, e) {
			return nil
		}
		l.exact, l.high = false, math.Inf(1)
		t = w.trial(l, over(c, l.low), nil, e)
	}
	return nil
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
