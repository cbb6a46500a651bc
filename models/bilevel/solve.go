package bilevel

import (
	"context"
	"errors"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/solver"
)

// Options say how well to answer.
type Options struct {
	Gap float64 // relative
	// Enough is money that the bound may be over what is earned whatever the gap.
	Enough float64
	Start  []Choice
	Seed   int64
	// Rounds is the most masters that are solved, 0 for a usual number.
	Rounds int
}

// Answer is a best bid found with its certificate.
type Answer struct {
	Bid       []Choice
	Sales     []Sale  // by scenario, by the seller's real answer
	Profit    float64 // expected
	Objective float64 // Profit, or what the problem's risk puts in its place
	Bound     float64 // no bid is worth more; at least Objective
	Status    auction.Status
}

const (
	// usualRounds is the usual number of masters.
	usualRounds = 25
	// noise is the share of what all lots are worth that a bound may be over a profit for the tolerances of the
	// master alone.
	noise = 1e-7
	// polishing is how many bids are tried to improve one, at most.
	polishing = 400
	// masterGap is the share of the gap asked for to which the master is solved.
	masterGap = 0.25
	// patience is after how many masters without a better bound the search ends.
	patience = 4
	// masterNodes is the most nodes of one master.
	masterNodes = 50
	// mostSteps is after how many simplex steps of all masters no other is begun.
	mostSteps = 20_000
)

// fine are the tolerances of the master: of a price times a binary that is off but for them, ties are made.
var fine = map[string]any{"mip_feasibility_tolerance": 1e-8}

// Solve answers a problem. A limit on rounds or the end of the context leaves the best bid so far with a bound. An error is
// a failure of the solver.
func Solve(ctx context.Context, p *Problem, o Options) (*Answer, error) {
	if o.Rounds == 0 {
		o.Rounds = usualRounds
	}
	g, err := newGame(ctx, p, o.Seed)
	if err != nil {
		return nil, err
	}
	h := &hunt{game: g, o: o, ctx: ctx, top: p.Ceiling(), best: &Answer{Objective: math.Inf(-1), Bound: math.Inf(1)}}
	if err = h.run(); err == nil && !h.done() {
		err = h.exchange(polishing / 2)
	}
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	if h.best.Sales == nil { // stopped before the seller answered anything: bidding nothing gains nothing
		return nil, ctx.Err()
	}
	if err := h.prune(); err != nil && ctx.Err() == nil {
		return nil, err
	}
	a := h.best
	a.Bound = math.Max(a.Objective, math.Min(a.Bound, h.top))
	if a.Bound-a.Objective <= h.rounding() {
		a.Bound = a.Objective
	}
	a.Conclude(ctx, o.Gap)
	return a, nil
}

// Conclude sets the status by what the bound leaves.
func (a *Answer) Conclude(ctx context.Context, gap float64) {
	switch left := a.Bound - a.Objective; {
	case left == 0:
		a.Status = auction.Optimal
	case left <= gap*math.Abs(a.Bound):
		a.Status = auction.WithinGap
	case errors.Is(ctx.Err(), context.Canceled):
		a.Status = auction.Interrupted
	default:
		a.Status = auction.LimitStruck
	}
}

// hunt is one run of Solve.
type hunt struct {
	*game
	o     Options
	ctx   context.Context
	best  *Answer
	cuts  []cut
	added int     // packages
	idle  int     // masters since the bound was better
	work  int64   // simplex steps of all masters
	top   float64 // Ceiling
}

func (h *hunt) rounding() float64 { return noise * math.Abs(h.top) }

func (h *hunt) done() bool {
	left := h.best.Bound - h.best.Objective
	closed := !math.IsInf(left, 1) && left <= max(h.o.Gap*math.Abs(h.best.Bound), h.o.Enough, h.rounding())
	return closed || h.ctx.Err() != nil
}

// Ceiling bounds what any bid is worth by what all lots are worth at the reserves.
func (p *Problem) Ceiling() float64 {
	lots := p.Network.Lots()
	price, most := make([]float64, len(lots)), make([]float64, len(lots))
	free := map[int]bool{} // of packages by amount: reserves hold in sum
	for i := range p.Items {
		it := &p.Items[i]
		volume := 0.0
		for _, r := range it.Rows {
			volume += r.Quantity
		}
		for _, r := range it.Rows {
			free[r.Lot] = free[r.Lot] || len(it.Rows) > 1 && it.Step != p.Case.Rules.PriceStep*volume
		}
	}
	for n, l := range lots {
		most[n] = p.Case.Lots[l].Capacity
		if !free[l] {
			price[n] = math.Max(0, p.Case.Lots[l].Reserve)
		}
	}
	return p.Network.Priced(price).Value(most) - p.Network.Value(make([]float64, len(lots)))
}

func (h *hunt) run() error {
	if err := h.glance(); err != nil || h.done() {
		return err
	}
	for _, bid := range [][]Choice{h.o.Start, nil, h.lowest()} {
		if err := h.polish(bid, polishing); err != nil {
			return err
		}
	}
	if err := h.pairs(polishing); err != nil {
		return err
	}
	if err := h.generate(); err != nil {
		return err
	}
	if _, err := h.tell(h.best.Bid); err != nil {
		return err
	}
	for range h.o.Rounds {
		if more, err := h.round(); err != nil || !more {
			return err
		}
	}
	return nil
}

// glance solves a master before the bid is polished, so that there is a bound, and may be done. What it is told by the way is
// forgotten, for where windows and thresholds stand says what polishing tries. Packages that are yet to come it knows nothing of.
func (h *hunt) glance() error {
	if h.Packages > 0 {
		return nil
	}
	was := slices.Clone(h.items)
	for i := range was {
		h.items[i].windows, h.items[i].thresholds = slices.Clone(was[i].windows), slices.Clone(was[i].thresholds)
	}
	if _, err := h.tell(h.o.Start); err != nil {
		return err
	}
	_, err := h.round()
	h.items, h.cuts, h.idle, h.work = was, nil, 0, 0
	return err
}

// round solves a master and tells it the seller's answers to the bid that it chooses; more is false where nothing more is
// to be had.
func (h *hunt) round() (more bool, err error) {
	if h.done() || h.idle == patience || h.work > mostSteps {
		return false, nil
	}
	bid, bound, steps, err := h.formulate(h.cuts).solve(h.ctx, solver.Options{
		RelGap: masterGap * h.o.Gap, Seed: h.o.Seed, Extra: fine, NodeLimit: masterNodes,
	})
	if err != nil {
		return false, err
	}
	h.work += steps
	if h.idle++; bound < h.best.Bound-math.Max(h.o.Gap*math.Abs(bound), h.rounding()) {
		h.idle = 0
	}
	h.best.Bound = math.Min(h.best.Bound, bound)
	if h.done() || bid == nil {
		return false, nil
	}
	news, err := h.tell(bid)
	if err != nil {
		return false, err
	}
	for _, k := range bid {
		if h.items[k.Item].split(k.Tick) {
			news = true
		}
	}
	// What loses ties wins a tick higher.
	over := slices.Clone(bid)
	for k := range over {
		over[k].Tick++
	}
	higher, err := h.tell(over)
	if err != nil {
		return false, err
	}
	news = news || higher
	was := h.best.Objective
	if err := h.polish(bid, polishing/4); err != nil {
		return false, err
	}
	if h.best.Objective > was {
		better, err := h.tell(h.best.Bid)
		if err != nil {
			return false, err
		}
		news = news || better
	}
	return news, nil // else the master knows all that it could be told of its bid
}

// lowest is all of every item at its lowest price, of a group the first: what is worth something only together is found
// from there.
func (h *hunt) lowest() []Choice {
	var bid []Choice
	groups := map[string]bool{}
	for i := range h.items {
		it := &h.items[i]
		if len(it.Rows) > 1 || groups[it.Group] {
			continue
		}
		groups[it.Group] = it.Group != ""
		bid = append(bid, Choice{Item: i, Tick: it.windows[0].low, Fraction: 1})
	}
	return bid
}

// pairs looks, where no bid is better than none so far, for two items that are worth something only together: one at its
// lowest price, the other at prices over all its range, for a limit on revenue may ask for any.
func (h *hunt) pairs(tries int) error {
	for i := range h.items {
		for k := range h.items {
			windows := h.items[k].windows
			low, high := windows[0].low, windows[len(windows)-1].high
			for tick := low; tick <= high; tick += max(1, (high-low)/firstWindows) {
				if tries--; i == k || tries < 0 || len(h.best.Bid) > 0 || h.ctx.Err() != nil {
					continue
				}
				bid := []Choice{{Item: i, Tick: h.items[i].windows[0].low, Fraction: 1}, {Item: k, Tick: tick, Fraction: 1}}
				if _, err := h.try(bid); err != nil {
					return err
				}
			}
		}
	}
	if len(h.best.Bid) == 0 {
		return nil
	}
	return h.polish(h.best.Bid, polishing/4)
}

// exchange looks for two changes that gain only together: less of an item that is bid for, such as what makes room under a
// limit, and another item at prices over its range.
func (h *hunt) exchange(tries int) error {
	for improved := true; improved; {
		improved = false
		was := slices.Clone(h.best.Bid)
		for at, c := range was {
			for k := range h.items {
				if slices.ContainsFunc(was, func(o Choice) bool { return o.Item == k }) {
					continue
				}
				fractions := h.fractions(c.Item, c.Fraction)
				if room := c.Fraction - h.items[k].volume/h.items[c.Item].volume; !h.items[c.Item].Whole && room > nearFraction {
					fractions = append([]float64{room}, fractions...)
				}
				for _, f := range fractions {
					for _, w := range h.items[k].windows {
						if tries--; tries < 0 || improved || h.done() {
							break
						}
						bid := append(slices.Clone(was), Choice{Item: k, Tick: w.low, Fraction: 1})
						bid[at].Fraction = f
						before := h.best.Objective
						if _, err := h.try(bid); err != nil {
							return err
						}
						improved = h.best.Objective > before+h.rounding()
					}
				}
			}
		}
		if improved {
			if err := h.polish(slices.Clone(h.best.Bid), polishing/4); err != nil {
				return err
			}
		}
	}
	return nil
}

// fractions are those of an item at which something changes, and the one at hand.
func (h *hunt) fractions(i int, now float64) []float64 {
	it := &h.items[i]
	fractions := []float64{now}
	if !it.Whole {
		fractions = append(fractions, it.thresholds...)
		useful := 0.0
		for _, r := range it.Rows {
			useful += math.Min(r.Quantity, h.Network.Useful(h.place[r.Lot]))
		}
		if u := useful / it.volume; u > nearFraction {
			fractions = append(fractions, u)
		}
	}
	slices.Sort(fractions)
	return slices.Compact(fractions)
}

// try arranges a bid, asks the seller for its answers if the language has it, and keeps the bid if it is the best.
func (h *hunt) try(bid []Choice) ([]Sale, error) {
	h.canonical(bid)
	for _, k := range bid {
		it := &h.items[k.Item]
		if k.Tick < it.windows[0].low || k.Tick > it.windows[len(it.windows)-1].high {
			return nil, nil
		}
	}
	sales, err := h.ask(h.ctx, bid, h.o.Seed)
	if err != nil {
		return nil, err
	}
	objective, mean := h.Worth(sales)
	if objective > h.best.Objective {
		h.best.Bid, h.best.Sales, h.best.Objective, h.best.Profit = slices.Clone(bid), sales, objective, mean
	}
	return sales, nil
}

// tell tells the master the seller's answers to a bid, and says whether they are new to it.
func (h *hunt) tell(bid []Choice) (news bool, err error) {
	sales, err := h.try(bid)
	if err != nil {
		return false, err
	}
	for n := range sales {
		a, s := &sales[n], &h.scenes[n]
		if !a.sold {
			continue
		}
		c := cut{scene: n, rest: a.rest + s.ties(a.Rivals), rivals: a.Rivals}
		for k, x := range a.Own {
			if theta := x * bid[k].Fraction; theta > nearFraction {
				c.of, c.theta, c.tick = append(c.of, bid[k].Item), append(c.theta, theta), append(c.tick, bid[k].Tick)
			}
		}
		_, dearer, cheaper := h.fragile(&c)
		if slices.ContainsFunc(h.cuts, func(k cut) bool { return k.same(&c, dearer || cheaper) }) {
			continue
		}
		if c.foot, err = h.foot(&c); err != nil {
			return false, err
		}
		if c.foot != nil {
			for k, i := range c.of {
				h.items[i].threshold(c.foot.theta[k])
			}
		}
		for k, i := range c.of {
			h.items[i].threshold(c.theta[k])
		}
		h.cuts = append(h.cuts, c)
		news = true
	}
	return news, nil
}

// polish improves a bid by other prices of one item, other quantities of it, and leaving it out, until none gains.
func (h *hunt) polish(bid []Choice, tries int) error {
	sales, err := h.try(bid)
	if err != nil || sales == nil {
		return err
	}
	value, _ := h.Worth(sales)
	for improved := true; improved; {
		improved = false
		for i := range h.items {
			for _, other := range h.around(bid, i) {
				if tries--; tries < 0 || h.ctx.Err() != nil {
					return nil
				}
				sales, err := h.try(other)
				if err != nil {
					return err
				}
				if sales == nil {
					continue
				}
				if v, _ := h.Worth(sales); v > value+h.rounding() {
					bid, value, improved = other, v, true
				}
			}
		}
	}
	return nil
}

// prune leaves out of the best bid what is never accepted, unless it is worth something all the same.
func (h *hunt) prune() error {
	least := h.best.Objective - h.rounding()
	for k := len(h.best.Bid) - 1; k >= 0; k-- {
		if slices.ContainsFunc(h.best.Sales, func(s Sale) bool { return s.Own[k] > 0 }) {
			continue
		}
		bid := slices.Delete(slices.Clone(h.best.Bid), k, k+1)
		sales, err := h.ask(h.ctx, bid, h.o.Seed)
		if err != nil {
			return err
		}
		if objective, mean := h.Worth(sales); objective >= least {
			h.best.Bid, h.best.Sales, h.best.Objective, h.best.Profit = bid, sales, objective, mean
		}
	}
	return nil
}

// around returns a bid with one item at other prices and quantities, and without it.
func (h *hunt) around(bid []Choice, i int) [][]Choice {
	it := &h.items[i]
	var rest []Choice
	now := Choice{Item: i, Tick: -1, Fraction: 1}
	for _, c := range bid {
		if c.Item == i {
			now = c
		} else {
			rest = append(rest, c)
		}
	}
	with := func(c Choice) []Choice {
		return append(slices.Clone(rest), c)
	}
	var bids [][]Choice
	var ticks []int64
	if now.Tick >= 0 {
		ticks = append(ticks, now.Tick-1, now.Tick+1)
	}
	for _, w := range it.windows {
		ticks = append(ticks, w.low)
	}
	slices.Sort(ticks)
	ticks = slices.Compact(ticks)
	fractions := h.fractions(i, now.Fraction)
	for _, t := range ticks {
		bids = append(bids, with(Choice{Item: i, Tick: t, Fraction: now.Fraction}))
	}
	if now.Tick >= 0 {
		for _, f := range fractions {
			bids = append(bids, with(Choice{Item: i, Tick: now.Tick, Fraction: f}))
		}
	} else {
		for _, f := range fractions {
			for _, t := range ticks {
				if f != now.Fraction {
					bids = append(bids, with(Choice{Item: i, Tick: t, Fraction: f}))
				}
			}
		}
	}
	return append(bids, rest) // last: what one item alone does not gain, two may
}
