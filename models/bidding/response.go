package bidding

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"lotwise/models/auction"
	"lotwise/solver"
)

// Options say how well to answer.
type Options struct {
	Gap float64 // relative: stop when the bound is within this share of itself of the profit
	// Target stops the search as soon as no bid can gain more than this by Gap: what the caller earns already.
	Target float64
	Start  auction.Strategy // a bid to start from; nil for none
	Nodes  int              // of branch and bound before the MIP takes over; 0 for a usual number
	Seed   int64
	// Threads is how many components are worked on at once, 0 for one. The answer does not depend on it.
	Threads int
}

// usualNodes is how many nodes of the own branch and bound a component gets.
const usualNodes = 400

// Response is a best bid found with its certificate.
type Response struct {
	Strategy auction.Strategy
	Profit   float64 // of Strategy, by Evaluate
	// Objective is what Strategy is worth under Problem.Risk: without aversion, Profit.
	Objective float64
	Bound     float64 // no bid is worth more; at least Objective
	Status    auction.Status
}

// BestResponse answers a problem: a bid, and a bound on what any bid on the price grid, with any
// quantities, can gain.
//
// Where budget and volume cap cannot bind, or do not for the best bid without them, components of the network
// are answered one by one. A component's bid is found by local search, its bound by Lagrangian decomposition over
// pools with branch and bound; the MIP decides what these leave open. Bids that caps do bind are found and bounded
// by Lagrangian relaxation of the caps, and then by the MIP over all components.
//
// When the context ends it returns the best bid so far with its bound, the Status saying so. An error is a
// failure of the solver.
func BestResponse(ctx context.Context, p *Problem, o Options) (*Response, error) {
	if o.Nodes == 0 {
		o.Nodes = usualNodes
	}
	if p.barred() {
		return &Response{Status: auction.Optimal}, nil
	}
	if p.Risk.Aversion > 0 {
		return p.averse(ctx, o)
	}
	r := &responder{p: p, ctx: ctx, o: o, parts: p.parts(o.Start)}
	start := r.start()
	var best auction.Strategy
	var bound float64
	err := error(nil)
	if best = r.local(); p.Fits(best) {
		best, bound, err = r.separate()
	}
	if err == nil && !p.Fits(best) {
		best, bound, err = r.capped(start, best)
	}
	if err != nil {
		return nil, err
	}
	out := &Response{Strategy: best, Profit: p.Evaluate(best).Profit, Bound: bound}
	if given := p.Evaluate(start).Profit; given > out.Profit || out.Profit < 0 {
		out.Strategy, out.Profit = start, given
		if given < 0 {
			out.Strategy, out.Profit = nil, 0
		}
	}
	slices.SortFunc(out.Strategy, compare)
	if tidy := p.tidy(out.Strategy); p.Fits(tidy) {
		if v := p.Evaluate(tidy).Profit; v >= out.Profit-tidyLoss*math.Abs(out.Profit) {
			out.Strategy, out.Profit = tidy, v
		}
	}
	rounding := 0.0
	for _, t := range r.parts {
		rounding += t.slack()
	}
	if out.Bound > out.Profit+rounding {
		out.Bound = math.Max(out.Profit, math.Min(out.Bound, p.cheapest()))
	}
	if out.Bound <= out.Profit+rounding {
		out.Bound = out.Profit
	}
	out.Objective = out.Profit
	out.claim(ctx, o.Gap)
	return out, nil
}

// barred says whether budget and volume cap leave nothing to win: without volume, or without money where no scenario
// leaves anything at a price of 0. The bound is then exactly 0, which searches come near to only.
func (p *Problem) barred() bool {
	if p.MaxVolume <= 0 {
		return true
	}
	if p.Budget > 0 {
		return false
	}
	for _, supplies := range p.view().supplies {
		for _, s := range supplies {
			if s.At(0) > 0 {
				return false
			}
		}
	}
	return true
}

// claim sets the status.
func (r *Response) claim(ctx context.Context, gap float64) {
	switch left := r.Bound - r.Objective; {
	case left <= 0:
		r.Status = auction.Optimal
	case left <= gap*math.Abs(r.Bound) && !math.IsInf(left, 1):
		r.Status = auction.WithinGap
	case errors.Is(ctx.Err(), context.Canceled):
		r.Status = auction.Interrupted
	default:
		r.Status = auction.LimitStruck
	}
}

// tidyReach is how far, as a share of what the network can use of a lot, a quantity may lie from a round one
// and still be taken for it: the accuracy to which the MIP meets its rows. tidyLoss is the share of the profit that this
// may cost.
const (
	tidyReach = 2e-7
	tidyLoss  = 1e-6
)

// tidy returns the bid with quantities that are round but for the solver's noise made round: 2999999.7
// packages are three million. A round quantity has four digits after the first.
func (p *Problem) tidy(s auction.Strategy) auction.Strategy {
	out := slices.Clone(s)
	for r := range out {
		useful := p.Network.Useful(p.view().position[out[r].Lot])
		if useful <= 0 {
			continue
		}
		q := out[r].Quantity
		var round float64
		if digit := math.Pow10(int(math.Floor(math.Log10(useful))) - 4); digit >= 1 {
			round = math.Round(q/digit) * digit
		} else {
			round = math.Round(q*math.Round(1/digit)) / math.Round(1/digit)
		}
		if round > 0 && math.Abs(round-q) <= tidyReach*useful {
			out[r].Quantity = round
		}
	}
	return out
}

// cheapest bounds the profit of every bid by what lots are worth where each has its lowest price at which
// rivals ever leave anything, and the most that they ever leave. It is a flow and not a MIP, and so tells nothing
// to gain from next to nothing to gain.
func (p *Problem) cheapest() float64 {
	price, most := make([]float64, len(p.Lots)), make([]float64, len(p.Lots))
	for l := range p.Lots {
		low := int64(math.MaxInt64)
		for s := range p.Scenarios {
			supply := p.Scenarios[s].Supply[l]
			for k, v := range supply.Volumes {
				if v > 0 {
					low = min(low, supply.Ticks[k])
					most[l] = max(most[l], v)
				}
			}
		}
		if most[l] > 0 {
			price[l] = max(0, p.Rules.Price(low))
		}
	}
	return p.view().weight * (p.Network.Priced(price).Value(most) - p.view().zero)
}

// compare orders rows by lot, the highest price first.
func compare(a, b auction.LotBid) int {
	switch {
	case a.Lot != b.Lot:
		return a.Lot - b.Lot
	case a.Tick > b.Tick:
		return -1
	case a.Tick < b.Tick:
		return 1
	}
	return 0
}

// Improve returns a bid that is never worse than s and that no other choice in one lot betters: a local search
// without a bound. A bid s that does not fit the caps is made to.
func (p *Problem) Improve(s auction.Strategy) auction.Strategy {
	r := &responder{p: p, ctx: context.Background(), o: Options{Start: s}, parts: p.parts(s)}
	best := r.local()
	if !p.Fits(best) {
		h := r.hunt(r.start())
		_ = h.relax(best, exactly, 0) // a failure of the solver leaves what was found
		best = h.best
	}
	slices.SortFunc(best, compare)
	if p.Fits(s) && p.Evaluate(best).Profit <= p.Evaluate(s).Profit {
		return s
	}
	return best
}

func (p *Problem) capped() bool { return !math.IsInf(p.Budget, 1) || !math.IsInf(p.MaxVolume, 1) }

// responder is one run of BestResponse.
type responder struct {
	p      *Problem
	ctx    context.Context
	o      Options
	parts  []*part
	stands []*stand // by part: what local search found
}

// each calls work for every part, several at once.
func (r *responder) each(work func(part int)) {
	if r.o.Threads < 2 || len(r.parts) < 2 {
		for i := range r.parts {
			work(i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(r.o.Threads, len(r.parts)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(r.parts); i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	wait.Wait()
}

// start returns the given start where it fits.
func (r *responder) start() auction.Strategy {
	if len(r.o.Start) > 0 && r.p.Fits(r.o.Start) {
		return slices.Clone(r.o.Start)
	}
	return nil
}

// local searches every part without regard to caps.
func (r *responder) local() auction.Strategy {
	r.stands = make([]*stand, len(r.parts))
	r.each(func(i int) {
		t := r.parts[i]
		starts := []*stand{t.stand(false, nil)}
		if len(r.o.Start) > 0 {
			starts = append(starts, t.stand(false, r.o.Start))
		}
		r.stands[i] = t.improve(starts...)
	})
	var s auction.Strategy
	for _, x := range r.stands {
		s = append(s, x.strategy()...)
	}
	return s
}

// separate answers every part alone and adds up. A part may first leave its even share of the gap of all, however little
// it is worth itself; where that leaves too much in sum, the MIP decides the parts that leave the most.
func (r *responder) separate() (auction.Strategy, float64, error) {
	n := len(r.parts)
	stands, bounds, errs := make([]*stand, n), make([]float64, n), make([]error, n)
	value := 0.0
	for _, s := range r.stands {
		value += s.value
	}
	m := limits{gap: r.o.Gap, share: r.o.Gap * max(0, value) / float64(max(1, n)), target: math.Inf(-1), nodes: r.o.Nodes}
	if n == 1 {
		m.target = r.o.Target
	}
	r.each(func(i int) {
		stands[i], bounds[i] = r.pooled(i, m)
		r.parts[i].forget()
	})
	leave := r.leave(stands, bounds, m)
	r.each(func(i int) {
		if leave[i] >= 0 {
			stands[i], bounds[i], errs[i] = r.program(i, stands[i], bounds[i], leave[i])
		}
	})
	if err := errors.Join(errs...); err != nil {
		return nil, 0, err
	}
	var best auction.Strategy
	bound := 0.0
	for i, s := range stands {
		best = append(best, s.strategy()...)
		bound += bounds[i]
	}
	return best, bound, nil
}

// pooled answers one part by its pools; the bound is infinite where they do not tell one.
func (r *responder) pooled(i int, m limits) (*stand, float64) {
	t, best := r.parts[i], r.stands[i]
	if !t.whole || !t.bounded() {
		return best, math.Inf(1)
	}
	if t.told() && t.scarce == nil {
		return t.certify(r.ctx, best, m)
	}
	// The pools do not tell V: their bound holds, their bids are judged by V.
	if t.scarce == nil {
		m.nodes = min(m.nodes, scarceNodes)
	}
	s, bound := t.certify(r.ctx, t.with(false, best.chosen), m)
	if e := t.with(true, s.chosen); e.value > best.value+t.slack() {
		best = e
	}
	return best, max(bound, best.value)
}

// RootBound bounds the profit of every bid by the decomposition alone, before any branching: what the relaxation of Program
// is compared with. Budget and volume cap are left out; it is infinite where some part's pools tell no bound.
func (p *Problem) RootBound(ctx context.Context) float64 {
	r := &responder{p: p, ctx: ctx, parts: p.parts(nil)}
	r.local()
	bound := 0.0
	for i := range r.parts {
		_, b := r.pooled(i, limits{target: math.Inf(-1), nodes: 1})
		bound += b
	}
	return bound
}

// leave chooses the parts that the MIP must decide for the sum to come within the gap: as few as possible, those that
// leave most open first. It returns how much each of them may leave then, and -1 for the others.
func (r *responder) leave(stands []*stand, bounds []float64, m limits) []float64 {
	leave := make([]float64, len(stands))
	order := make([]int, len(stands))
	left, value := 0.0, 0.0
	for i, s := range stands {
		leave[i], order[i] = -1, i
		left += bounds[i] - s.value
		value += s.value
	}
	if len(stands) == 1 && m.enough(stands[0].t, bounds[0], value) {
		return leave
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Compare(bounds[j]-stands[j].value, bounds[i]-stands[i].value)
	})
	most := m.gap * max(0, value)
	count := 0
	for ; count < len(order) && left > most; count++ {
		left = 0
		for _, i := range order[count+1:] {
			left += bounds[i] - stands[i].value
		}
	}
	for _, i := range order[:count] {
		if t := stands[i].t; bounds[i]-stands[i].value > t.slack() {
			leave[i] = max(t.slack(), (most-left)/float64(count))
		}
	}
	return leave
}

// program lets the MIP answer one part, which may leave so much, from what is known of it.
func (r *responder) program(i int, best *stand, bound, leave float64) (*stand, float64, error) {
	t := r.parts[i]
	if r.ctx.Err() != nil || len(t.scenes)*len(t.lots) > largestMIP {
		return best, max(bound, best.value), nil
	}
	o := solver.Options{AbsGap: leave, Seed: r.o.Seed}
	if len(r.parts) == 1 || best.value <= 0 {
		o.RelGap = r.o.Gap
	}
	s, b, err := r.p.solveMIP(r.ctx, []*part{t}, false, best.strategy(), o)
	if err != nil {
		return nil, 0, err
	}
	if s != nil {
		// On levels of its own, so that its quantities are among them.
		u := newPart(r.p, t.net, r.p.view(), s)
		if e := u.improve(u.stand(false, s)); e.value > best.value+t.slack() {
			best = e
		}
	}
	return best, max(min(bound, b), best.value), nil
}

// scarceNodes is how far the branch and bound goes where facilities' scarce capacity keeps its bound from
// closing.
const scarceNodes = 30

// bounded says whether poolBest is exact for every pool.
func (t *part) bounded() bool {
	for z := range t.pools {
		if n := len(t.pools[z].lots); n > 2 || n == 2 && t.p.Rules.BidSteps > 1 {
			return false
		}
	}
	return true
}
