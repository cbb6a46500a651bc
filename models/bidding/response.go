package bidding

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
	Gap float64 // relative: stop when the bound is within this share of itself of the profit
	// Target stops the search as soon as no bid can gain more than this by Gap: what the caller earns already.
	Target float64
	Start  auction.Strategy // a bid to start from; nil for none
	Nodes  int              // of branch and bound before the MIP takes over; 0 for a usual number
	Seed   int64
}

// usualNodes is how many nodes of the own branch and bound a component gets.
const usualNodes = 400

// Response is a best bid found with its certificate.
type Response struct {
	Strategy auction.Strategy
	Profit   float64 // of Strategy, by Evaluate
	Bound    float64 // no bid gains more; at least Profit
	Status   auction.Status
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
	r := &responder{p: p, ctx: ctx, o: o, parts: p.parts(o.Start)}
	start := r.start()
	best, bound, err := r.separate(toll{})
	if err != nil {
		return nil, err
	}
	if p.capped() && !p.Fits(best) {
		if best, bound, err = r.capped(start, best, bound); err != nil {
			return nil, err
		}
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
	switch gap := out.Bound - out.Profit; {
	case gap <= 0:
		out.Status = auction.Optimal
	case gap <= o.Gap*math.Abs(out.Bound) && !math.IsInf(gap, 1):
		out.Status = auction.WithinGap
	case errors.Is(ctx.Err(), context.Canceled):
		out.Status = auction.Interrupted
	default:
		out.Status = auction.LimitStruck
	}
	return out, nil
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
	propose := func(fee toll) (auction.Strategy, float64, error) {
		var out auction.Strategy
		for _, t := range r.parts {
			out = append(out, t.improve(fee, t.stand(fee, false, s), t.stand(fee, false, nil)).strategy()...)
		}
		return out, math.Inf(1), nil
	}
	best, _, _ := propose(toll{})
	if !p.Fits(best) {
		h := r.hunt(r.start(), math.Inf(1))
		h.keep(best)
		_ = h.multipliers(best, propose) // propose does not fail
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
	p     *Problem
	ctx   context.Context
	o     Options
	parts []*part
}

// start returns the given start where it fits.
func (r *responder) start() auction.Strategy {
	if len(r.o.Start) > 0 && r.p.Fits(r.o.Start) {
		return slices.Clone(r.o.Start)
	}
	return nil
}

// separate answers every part alone and adds up.
func (r *responder) separate(fee toll) (auction.Strategy, float64, error) {
	var best auction.Strategy
	bound := 0.0
	for _, t := range r.parts {
		target := math.Inf(-1)
		if len(r.parts) == 1 && fee == (toll{}) {
			target = r.o.Target
		}
		s, b, err := r.part(t, fee, limits{gap: r.o.Gap, target: target, nodes: r.o.Nodes}, true)
		if err != nil {
			return nil, 0, err
		}
		best = append(best, s.strategy()...)
		bound += b
	}
	return best, bound, nil
}

// part answers one part under a toll.
func (r *responder) part(t *part, fee toll, m limits, mip bool) (*stand, float64, error) {
	starts := []*stand{t.stand(fee, false, nil)}
	if len(r.o.Start) > 0 {
		starts = append(starts, t.stand(fee, false, r.o.Start))
	}
	best := t.improve(fee, starts...)
	bound := math.Inf(1)
	pools := t.net.Scarce() || len(t.sets) != 1<<t.net.Facilities() // the pools do not tell V
	if t.whole && t.bounded() {
		from := best
		if pools {
			from = t.with(fee, false, best.chosen)
			m.nodes = min(m.nodes, scarceNodes)
		}
		s, b := t.certify(r.ctx, fee, from, m)
		bound = b
		if pools {
			if e := t.with(fee, true, s.chosen); e.value > best.value+t.slack() {
				best = e
			}
		} else {
			best = s
		}
	}
	if m.enough(t, bound, best.value) || !mip || fee != (toll{}) || r.ctx.Err() != nil || len(t.scenes)*len(t.lots) > largestMIP {
		return best, max(bound, best.value), nil
	}
	s, b, err := r.p.solveMIP(r.ctx, []*part{t}, false, best.strategy(), solver.Options{RelGap: m.gap, AbsGap: t.slack(), Seed: r.o.Seed})
	if err != nil {
		return nil, 0, err
	}
	if s != nil {
		// On levels of its own, so that its quantities are among them.
		u := newPart(r.p, t.net, r.p.view(), s)
		if e := u.improve(fee, u.stand(fee, false, s)); e.value > best.value+t.slack() {
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
