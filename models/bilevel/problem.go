// Package bilevel answers one bidder's question where the seller does not decide lot by lot: it solves winner
// determination (package allocation) over the bidder's and its rivals' bids in every scenario, with packages, groups,
// least fractions, budgets, volume caps, limits and adjustments.
//
//	max_b  J(π_s(b)),  π_s(b) = V(w_s) − payment_s − V(0)
//	s.t.   (w_s, x_s) is the seller's answer to b and the rivals' bids of scenario s: of the optima of
//
//	           max  Σ_i value_i(b) f_i + R_s(x)   over the allocations (f, x) that the rules allow
//
//	       the first by the tie rule
//
// f_i is the accepted fraction of the own bid i, R_s what the seller's objective has besides. J is the expectation, or
// what auction.Risk says.
//
// Value-function cuts (Lozano and Smith, Operations Research 65, 2017; Zeng and An, 2014). The master (master.go) chooses the
// bid and, in every scenario, any allowed allocation at which the seller's value is at least that of every alternative
// known so far; it bounds J from above whatever is known. The seller's real answers to the master's bid are the next
// alternatives, and they tell what the bid is worth. It ends when the two meet, or nothing is left that the master could
// be told (solve.go): prices stand in windows, wide at first, and ties are broken in the bidder's favour where the
// master cannot tell them apart, so that a gap may stay.
//
// If the limits cannot be met in a scenario, nothing is sold there.
package bilevel

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"lotwise/models/allocation"
	"lotwise/models/auction"
	"lotwise/models/network"
)

// An Item is one bid that the bidder may make: what is open is its price, and its quantity where it is divisible.
type Item struct {
	Name  string
	Rows  []auction.BidRow // Quantity: the most that it may bid; Price is not used
	Whole bool             // accepted all or not at all, at these quantities
	Group string           // the seller accepts one of a group at most
	Step  float64          // money that a tick is for all of it
}

// A Problem is one type of a bidder against the scenarios of Case.Beliefs.
type Problem struct {
	Case    *auction.Case
	Bidder  int
	Network *network.Network // of the type
	Items   []Item
	Risk    auction.Risk
	// Packages is how many packages Solve may add to Items at most, those that it prices out (packages.go).
	Packages int
}

// A Choice is an item that is bid for: at so many ticks of its Step for all of it, and this fraction of its
// quantities.
type Choice struct {
	Item     int
	Tick     int64
	Fraction float64
}

// A Sale is the seller's answer in one scenario.
type Sale struct {
	Own     []float64 // by choice: the accepted fraction of the bid
	Won     []float64 // by position in Network.Lots()
	Payment float64
	Profit  float64
	Rivals  []float64 // by bid of the scenario, the bidder's left out: its accepted fraction
	sold    bool
	rest    float64 // R_s
}

// scene is a scenario.
type scene struct {
	probability float64
	rivals      []auction.Bid
	void        []bool
	value       []float64 // by rival's bid
	alone       float64   // the seller's value without the bidder; NaN where the limits cannot be met then
	limits      []*auction.ScopedLimit
	tie         []float64 // by bidder: what a package of its counts for besides, see tie.go
}

// game is a problem ready for use.
type game struct {
	*Problem
	lots   []int
	place  map[int]int
	values *network.Evaluator
	zero   float64
	items  []item
	scenes []scene
	sales  map[string][]Sale
}

// item is an Item with the prices that may be named for it.
type item struct {
	*Item
	volume      float64
	base, slope float64 // the seller's value of all of it at tick t: base + slope t
	windows     []window
	thresholds  []float64 // fractions at which something depends on how much is bid, ascending
}

// A window is prices that the master does not tell apart: the bidder pays the lowest, the seller counts the
// highest.
type window struct{ low, high int64 }

// Bid returns a choice as a bid.
func (p *Problem) Bid(c Choice) auction.Bid {
	it := &p.Items[c.Item]
	b := auction.Bid{Bidder: p.Bidder, Name: it.Name, Group: it.Group, Requires: -1}
	if it.Whole {
		b.MinFraction = 1
	}
	volume := 0.0
	for _, r := range it.Rows {
		volume += r.Quantity
	}
	for _, r := range it.Rows {
		r.Quantity *= c.Fraction
		r.Price = p.price(it, volume, c.Tick)
		b.Rows = append(b.Rows, r)
	}
	b.Amount = it.Step * float64(c.Tick) * c.Fraction
	if len(it.Rows) > 1 {
		b.ByAmount = it.Step != p.Case.Rules.PriceStep*volume
	}
	return b
}

// Arrange puts a bid in the order in which its rows are written, which breaks the seller's ties between them: by lot, of
// bids for the same lot the dearer first.
func (p *Problem) Arrange(bid []Choice) {
	slices.SortStableFunc(bid, func(a, b Choice) int {
		lot := func(c Choice) int { return p.Items[c.Item].Rows[0].Lot }
		return cmp.Or(cmp.Compare(lot(a), lot(b)), cmp.Compare(b.Tick, a.Tick), cmp.Compare(a.Item, b.Item))
	})
}

// twin is the item before this one that is alike, -1 for none.
func (g *game) twin(i int) int {
	if i == 0 {
		return -1
	}
	a, b := g.items[i-1].Item, g.items[i].Item
	if a.Whole != b.Whole || a.Group != b.Group || a.Step != b.Step || !slices.Equal(a.Rows, b.Rows) {
		return -1
	}
	return i - 1
}

// canonical puts a bid in order, and names the dearest of items that are alike by the first of them.
func (g *game) canonical(bid []Choice) {
	g.Arrange(bid)
	for from := 0; from < len(g.items); {
		to := from + 1
		for to < len(g.items) && g.twin(to) >= 0 {
			to++
		}
		next := from
		for k := range bid {
			if to-from > 1 && bid[k].Item >= from && bid[k].Item < to {
				bid[k].Item = next
				next++
			}
		}
		from = to
	}
}

// price is what a tick of an item is a package.
func (p *Problem) price(it *Item, volume float64, tick int64) float64 {
	if it.Step == p.Case.Rules.PriceStep*volume {
		return p.Case.Rules.Price(tick)
	}
	return it.Step * float64(tick) / volume
}

// with is the seller's case in a scenario: the rivals' bids and the bidder's.
func (g *game) with(s *scene, own []auction.Bid) *auction.Case {
	c := *g.Case
	c.Beliefs = nil
	c.Bids = slices.Concat(s.rivals, own)
	return &c
}

// templates are all items at full size, at tick 0.
func (g *game) templates(tick int64) []auction.Bid {
	var own []auction.Bid
	for i := range g.items {
		own = append(own, g.Bid(Choice{Item: i, Tick: tick, Fraction: 1}))
	}
	return own
}

// farTick is the tick at which the slope of values is measured.
const farTick = 1000

// bare is a problem with its scenarios' rivals: enough to ask the seller.
func (p *Problem) bare() *game {
	g := &game{Problem: p, lots: p.Network.Lots(), place: map[int]int{}, values: p.Network.NewEvaluator(), sales: map[string][]Sale{}}
	for n, l := range g.lots {
		g.place[l] = n
	}
	g.zero = g.values.Value(make([]float64, len(g.lots)))
	for n := range p.Case.Beliefs {
		s := scene{probability: p.Case.Beliefs[n].Probability}
		at := map[int]int{}
		for k, b := range p.Case.Beliefs[n].Bids {
			if b.Bidder != p.Bidder {
				at[k] = len(s.rivals)
				s.rivals = append(s.rivals, b)
			}
		}
		for k := range s.rivals {
			if r := s.rivals[k].Requires; r >= 0 {
				s.rivals[k].Requires = at[r]
			}
		}
		g.scenes = append(g.scenes, s)
	}
	return g
}

// A Seller tells what it accepts of bids of a problem.
type Seller struct {
	g    *game
	seed int64
}

// NewSeller is the seller of a problem.
func NewSeller(p *Problem, seed int64) *Seller { return &Seller{g: p.bare(), seed: seed} }

// Answer returns the seller's answers to a bid in its order, by scenario of Case.Beliefs. An error is that of the context, or a failure
// of the solver.
func (s *Seller) Answer(ctx context.Context, bid []Choice) ([]Sale, error) {
	return s.g.ask(ctx, bid, s.seed)
}

func newGame(ctx context.Context, p *Problem, seed int64) (*game, error) {
	g := p.bare()
	for i := range p.Items {
		g.items = append(g.items, g.item(i))
	}
	for n := range g.scenes {
		s := &g.scenes[n]
		q, _ := allocation.NewProblem(g.with(s, nil))
		s.void, s.value = q.Out, q.Value
		all := g.with(s, g.templates(0))
		for k := range p.Case.Limits {
			s.limits = append(s.limits, all.Scoped(&p.Case.Limits[k]))
		}
		out, err := g.determine(ctx, q, seed)
		switch {
		case allocation.Unmet(err):
			s.alone = math.NaN()
		case err != nil:
			return nil, err
		default:
			s.alone = out.Objective
		}
	}
	for i := range g.items {
		g.price(i)
	}
	for n := range g.scenes {
		g.scenes[n].tie = g.tie(n)
	}
	return g, nil
}

// item returns an item of the problem with the seller's values.
func (g *game) item(i int) item {
	it := item{Item: &g.Items[i]}
	for _, r := range it.Rows {
		it.volume += r.Quantity
	}
	value := func(tick int64) float64 {
		q, _ := allocation.NewProblem(g.with(&scene{}, []auction.Bid{g.Bid(Choice{Item: i, Tick: tick, Fraction: 1})}))
		return q.Value[0]
	}
	it.base = value(0)
	it.slope = (value(farTick) - it.base) / farTick
	return it
}

// open makes the last of the problem's items, which is new, ready for use.
func (g *game) open() {
	g.items = append(g.items, g.item(len(g.Items)-1))
	g.price(len(g.items) - 1)
	for n := range g.scenes {
		g.scenes[n].tie = g.tie(n)
	}
}

// determine is the seller's answer; the error of the context where it ended before that was known.
func (g *game) determine(ctx context.Context, q *allocation.Problem, seed int64) (*allocation.Outcome, error) {
	out, err := q.Determine(ctx, auction.Options{Threads: 1, Seed: seed})
	if stopped := ctx.Err(); err == nil && stopped != nil && !(out.Proven && out.TiesSettled) {
		return nil, stopped // what was found until then is not the seller's answer
	}
	return out, err
}

// ask returns the seller's answers to a bid, scenario by scenario.
func (g *game) ask(ctx context.Context, bid []Choice, seed int64) ([]Sale, error) {
	key := fmt.Sprint(bid)
	if known, ok := g.sales[key]; ok {
		return known, nil
	}
	var own []auction.Bid
	for _, c := range bid {
		own = append(own, g.Bid(c))
	}
	sales := make([]Sale, len(g.scenes))
	for n := range g.scenes {
		s, a := &g.scenes[n], &sales[n]
		*a = Sale{Own: make([]float64, len(bid)), Won: make([]float64, len(g.lots)), Rivals: make([]float64, len(s.rivals))}
		q, _ := allocation.NewProblem(g.with(s, own))
		out, err := g.determine(ctx, q, seed)
		if allocation.Unmet(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		a.sold, a.rest = true, out.Objective
		copy(a.Rivals, out.X[:len(s.rivals)])
		for k, b := range own {
			x := out.X[len(s.rivals)+k]
			a.Own[k] = x
			a.rest -= q.Value[len(s.rivals)+k] * x
			a.Payment += b.Amount * x
			for _, r := range b.Rows {
				a.Won[g.place[r.Lot]] += r.Quantity * x
			}
		}
		a.Profit = g.values.Value(a.Won) - a.Payment - g.zero
	}
	g.sales[key] = sales
	return sales, nil
}

// Worth is what the bidder maximises of answers by scenario of Case.Beliefs, and their expected profit.
func (p *Problem) Worth(sales []Sale) (objective, mean float64) {
	var profit, probability []float64
	for n := range sales {
		profit, probability = append(profit, sales[n].Profit), append(probability, p.Case.Beliefs[n].Probability)
		mean += probability[n] * sales[n].Profit
	}
	return p.Risk.Worth(mean, p.Risk.CVaR(profit, probability)), mean
}
