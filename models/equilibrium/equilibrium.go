// Package equilibrium solves the whole auction: bids from which no bidder gains more than epsilon by
// leaving, and the proof of it.
//
// The profile's regret of bidder i of type t is
//
//	regret_it = best_response_bound_it - profit_it
//
// against everyone else's strategies and types, where the bound is the dual bound of an exact best
// response (package bidding) and never an incumbent; epsilon is the largest expectation over a bidder's
// types (ex ante), relative epsilon the largest quotient of that and the expected bound. Lots that never
// interact fall into blocks, each a game of its own, solved alone and in parallel:
//
//   - pure: best-response dynamics from several starts (dynamics.go);
//   - mixed: double oracle over polymatrix games (mixed.go, lemke.go);
//   - correlated: a linear program over profiles of no-regret play (correlated.go).
//
// A large block is first solved as games apart, without the facilities that join them (apart.go).
package equilibrium

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/network"
)

// The concepts of equilibrium, from the strictest.
const (
	Auto       = "auto"
	Pure       = "pure"
	Mixed      = "mixed"
	Correlated = "correlated"
)

// Solve finds bids for every strategic bidder, the allocation they lead to, payments and the certificate.
// It returns *auction.Unsupported for a case whose rules it does not model, *auction.Infeasible where a
// demand cannot be met without lots. A time limit or a cancelled context gives the best bids found so
// far, with the certificate they have, and says so in the status.
func Solve(ctx context.Context, c *auction.Case, o auction.Options) (*auction.Results, error) {
	c = c.Floored()
	fixed, err := fixedRows(c)
	if err != nil {
		return nil, err
	}
	if err := network.Check(c); err != nil {
		return nil, err
	}
	limited := ctx
	if o.TimeLimit > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, o.TimeLimit)
		defer cancel()
	}
	nets := networks(c)
	// Budgets and volume caps join lots only where they bind: first without, then with those that the
	// bids break. Leaving a cap out of a best response can only raise its bound.
	coupled := map[int]bool{}
	for {
		found, err := solveBlocks(limited, c, nets, blocks(c, nets, coupled), fixed, o)
		if err != nil {
			return nil, err
		}
		broken := overspent(c, found)
		fresh := false
		for _, i := range broken {
			fresh = fresh || !coupled[i]
			coupled[i] = true
		}
		if !fresh {
			return results(c, nets, found, fixed, o, stopped(ctx, limited))
		}
	}
}

// stopped says what, if anything, cut the search short.
func stopped(ctx, limited context.Context) auction.Status {
	switch {
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return auction.Interrupted
	case limited.Err() != nil:
		return auction.LimitStruck
	}
	return ""
}

// fixedRows returns, by lot, the rows of bidders that bid exactly their rows, and refuses what the merit
// order does not answer.
func fixedRows(c *auction.Case) (map[int][]bidding.Row, error) {
	var refused auction.Unsupported
	refuse := func(s auction.Source, format string, args ...any) {
		refused.Reasons = append(refused.Reasons, auction.Conflict{What: fmt.Sprintf(format, args...), Source: s})
	}
	if c.Rules.Payment != auction.PayAsBid {
		refuse(auction.Source{File: "rules.csv"}, "solve models payment %s only; allocate knows the other rules; found %q", auction.PayAsBid, c.Rules.Payment)
	}
	fixed := map[int][]bidding.Row{}
	spent, volume := map[int]float64{}, map[int]float64{}
	for k := range c.Bids {
		b := &c.Bids[k]
		if c.Bidders[b.Bidder].Strategic() {
			continue
		}
		if len(b.Rows) > 1 || !b.Divisible() {
			refuse(b.Source, "bid %q of %s, which has no demand and so bids its rows: in solve such a bid must be one divisible row (no package, min_fraction, group or requires)", b.Name, c.Bidders[b.Bidder].Name)
			continue
		}
		row := b.Rows[0]
		fixed[row.Lot] = append(fixed[row.Lot], bidding.Row{Bidder: b.Bidder, Price: row.Price, Quantity: row.Quantity})
		spent[b.Bidder] += row.Price * row.Quantity
		volume[b.Bidder] += row.Quantity
	}
	for i := range c.Bidders {
		b := &c.Bidders[i]
		if !within(spent[i], b.Budget) || !within(volume[i], b.MaxVolume) {
			refuse(b.Source, "the rows of %s in bids.csv come to %g for %g packages, over its budget %g or max_volume %g: in solve they must fit even when all are accepted", b.Name, spent[i], volume[i], b.Budget, b.MaxVolume)
		}
	}
	if len(refused.Reasons) > 0 {
		return nil, &refused
	}
	return fixed, nil
}

// within says whether a sum of bids fits a budget or volume cap; sums of decimals carry rounding.
func within(sum, limit float64) bool { return sum <= limit*(1+1e-9) }

// overspent returns the bidders whose bids in different blocks break a budget or volume cap together.
func overspent(c *auction.Case, found []*outcome) []int {
	type key struct{ bidder, typ int }
	money, volume := map[key]float64{}, map[key]float64{}
	for _, out := range found {
		perBlock := map[key][2]float64{}
		for _, a := range out.agents() {
			top := [2]float64{}
			for _, st := range a.strategies {
				var m, v float64
				for _, b := range st.bid {
					m += b.Quantity * c.Rules.Price(b.Tick)
					v += b.Quantity
				}
				top[0], top[1] = max(top[0], m), max(top[1], v)
			}
			perBlock[key{a.bidder, a.typ}] = top
		}
		for k, top := range perBlock {
			money[k] += top[0]
			volume[k] += top[1]
		}
	}
	var out []int
	for i := range c.Bidders {
		for t := range c.Bidders[i].Types {
			if k := (key{i, t}); !within(money[k], c.Bidders[i].Budget) || !within(volume[k], c.Bidders[i].MaxVolume) {
				out = append(out, i)
				break
			}
		}
	}
	return out
}

// An outcome is the play found in one block with its certificates, by seat.
type outcome struct {
	g            *game
	play         *play
	certificates []certificate
	concept      string
	steps        []auction.ConvergenceRow // of the search that found it
}

// step notes how far from equilibrium a step of the search is.
func (g *game) step(stage string, regret float64) {
	if g.steps != nil {
		n := len(*g.steps) + 1
		*g.steps = append(*g.steps, auction.ConvergenceRow{Block: g.block, Stage: stage, Step: float64(n), RelativeEpsilon: regret})
	}
}

// solveBlocks solves every block, at most o.Threads at once.
func solveBlocks(ctx context.Context, c *auction.Case, nets [][]*network.Network, lots [][]int, fixed map[int][]bidding.Row, o auction.Options) ([]*outcome, error) {
	found := make([]*outcome, len(lots))
	var group errgroup.Group
	group.SetLimit(max(1, o.Threads))
	var mu sync.Mutex
	done, worst := 0, 0.0
	for k := range lots {
		group.Go(func() error {
			name := ""
			if len(lots) > 1 {
				name = fmt.Sprintf("B%0*d", len(fmt.Sprint(len(lots))), k+1)
			}
			s := &search{c: c, nets: nets, lots: lots[k], fixed: fixed, name: name, whole: largestWhole, o: o}
			var err error
			if found[k], err = s.run(ctx, o.Concept); err != nil {
				return fmt.Errorf("block %s: %w", name, err)
			}
			found[k].steps = s.steps
			mu.Lock()
			defer mu.Unlock()
			done++
			worst = max(worst, found[k].g.relativeRegret(found[k].certificates))
			o.Report(auction.Progress{Stage: "blocks", Done: done, Total: len(lots), Objective: math.NaN(), Bound: math.NaN(), Epsilon: worst})
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	// One joint distribution needs all bidders of a block to play together; so when one block is
	// correlated, those that mix independently are written as the product they are.
	if conceptOf(found) == Correlated {
		for _, out := range found {
			if err := out.expand(); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// conceptOf returns the loosest concept of the blocks.
func conceptOf(found []*outcome) string {
	concept := Pure
	for _, out := range found {
		if out.concept == Correlated || concept == Pure {
			concept = out.concept
		}
	}
	return concept
}

// A search is the work on one block.
type search struct {
	c     *auction.Case
	nets  [][]*network.Network
	lots  []int
	fixed map[int][]bidding.Row
	name  string
	o     auction.Options
	steps []auction.ConvergenceRow
	whole int // lots up to which it is solved as one game from the start
}

// How far the search goes in one block before it takes what it has.
const (
	autoStarts   = 4   // of best-response dynamics where other concepts may follow
	pureStarts   = 40  // where none may
	passes       = 300 // of dynamics from one start
	oracleSteps  = 200 // best responses to all seats, mixed
	autoSteps    = 12  // the same for more than two bidders, where correlated play may follow
	programSteps = 60  // best responses to all seats, correlated
	autoMixers   = 3   // types of bidders in a block up to which auto tries mixtures of more than two bidders
	poolFromPlay = 60  // visited profiles that start the pools
)

// run solves the block under a concept.
func (s *search) run(ctx context.Context, concept string) (*outcome, error) {
	fine := newGame(s.c, s.nets, s.lots, s.fixed, false, s.o.Seed)
	fine.block, fine.steps = s.name, &s.steps
	// The gap of best responses is part of every regret: a fraction of what is asked for.
	o := bidding.Options{Gap: math.Min(s.o.Gap, s.o.Epsilon/8), Seed: s.o.Seed}
	var joint *outcome
	if concept == Auto || concept == Correlated {
		var err error
		if joint, err = s.apart(ctx, fine, o); err != nil {
			return s.fallback(ctx, fine, nil, err)
		}
		if joint != nil && joint.epsilon() <= s.o.Epsilon {
			return joint, nil
		}
	}
	best, visited, err := s.pure(ctx, fine, concept, o)
	if joint != nil {
		for _, f := range joint.play.profiles {
			visited = append(visited, f.choice)
		}
		if best == nil || joint.epsilon() < best.epsilon() {
			best = joint
		}
	}
	if err != nil {
		return s.fallback(ctx, fine, best, err)
	}
	if best != nil && (concept == Pure || best.epsilon() <= s.o.Epsilon) {
		if concept == Mixed || concept == Correlated {
			best.concept = concept
		}
		return best, nil
	}
	if from := len(visited) - poolFromPlay; from > 0 {
		near := min(len(fine.near(s.o.Near)), poolFromPlay/2)
		visited = slices.Concat(visited[:near], visited[from+near:])
	}
	if bidders, types := fine.size(); concept == Mixed || concept == Auto && (bidders <= 2 || types <= autoMixers) {
		whole := newGame(s.c, s.nets, s.lots, s.fixed, true, s.o.Seed)
		whole.block, whole.steps = s.name, &s.steps
		for _, choice := range visited {
			transfer(fine, whole, choice)
		}
		steps := oracleSteps
		if concept == Auto && bidders > 2 {
			steps = autoSteps
		}
		pl, certificates, err := whole.mix(ctx, s.o.Epsilon, steps, o)
		if pl != nil {
			out := &outcome{g: whole, play: pl, certificates: certificates, concept: Mixed}
			if out.epsilon() <= s.o.Epsilon || best == nil || concept == Mixed && out.epsilon() < best.epsilon() {
				best = out
			}
		}
		if err != nil && (ctx.Err() != nil || concept == Mixed) {
			return s.fallback(ctx, fine, best, err)
		}
		if best != nil && (concept == Mixed || best.epsilon() <= s.o.Epsilon) {
			return best, nil
		}
	}
	mixed := len(fine.near(s.o.Near)) > 1
	pl, certificates, err := fine.correlate(ctx, visited, mixed, s.o.Seed, s.o.Epsilon, programSteps, o)
	if pl != nil {
		out := &outcome{g: fine, play: pl, certificates: certificates, concept: Correlated}
		if best == nil || out.epsilon() < best.epsilon() {
			best = out
		}
	}
	if err != nil {
		return s.fallback(ctx, fine, best, err)
	}
	return best, nil
}

func (out *outcome) epsilon() float64 { return out.g.relativeRegret(out.certificates) }

// size counts the bidders that meet in the game, and their types.
func (g *game) size() (bidders, types int) {
	for a, s := range g.seats {
		switch {
		case a == 0 || g.seats[a-1].bidder != s.bidder:
			bidders++
			types++
		case g.seats[a-1].typ != s.typ:
			types++
		}
	}
	return bidders, types
}

// pure runs best-response dynamics from several starts: what a neighbour plays, where there is one; everyone bids
// what its lots are worth to it; nobody bids; then random bids of those seen. It returns the best settled profile, if any, and the
// profiles visited.
func (s *search) pure(ctx context.Context, g *game, concept string, o bidding.Options) (*outcome, [][]int, error) {
	random := rand.New(rand.NewPCG(uint64(s.o.Seed), uint64(s.lots[0]))) //nolint:gosec // reproducible on purpose
	starts := autoStarts
	if concept == Pure {
		starts = pureStarts
	}
	var best *outcome
	near := g.near(s.o.Near)
	visited := slices.Clone(near)
	first := 0
	if len(near) > 0 {
		first = -1
	}
	if len(near) > 1 && concept == Auto {
		starts = 0 // where the neighbour found no pure equilibrium there is rarely one
	}
	for n := first; n < starts; n++ {
		start := make([]int, len(g.seats))
		switch n {
		case -1:
			start = near[0]
		case 0:
			start = g.breakEven()
		case 1: // nobody bids
		default:
			for a, seat := range g.seats {
				start[a] = random.IntN(len(seat.pool))
			}
		}
		last, settled, path, err := g.dynamics(ctx, start, passes, s.o.Epsilon/2, o)
		visited = append(visited, path...)
		if err != nil {
			return best, visited, err
		}
		if len(path) == 0 {
			visited = append(visited, last)
		}
		if !settled && (concept != Pure || n < starts-1) {
			continue
		}
		out := &outcome{g: g, play: pure(last), concept: Pure, certificates: make([]certificate, len(g.seats))}
		for a, seat := range g.seats {
			if out.certificates[a], err = g.certify(ctx, seat, out.play, o); err != nil {
				return best, visited, err
			}
		}
		if best == nil || out.epsilon() < best.epsilon() {
			best = out
		}
		if best.epsilon() <= s.o.Epsilon {
			break
		}
	}
	return best, visited, nil
}

// breakEven returns the profile in which each seat bids, for each of its lots, what all it could get there
// is worth to it alone.
func (g *game) breakEven() []int {
	start := make([]int, len(g.seats))
	for a, s := range g.seats {
		var bid auction.Strategy
		for _, p := range s.parts {
			values := p.problem.Values
			base := values.Value(make([]float64, len(p.lots)))
			for j, l := range p.lots {
				won := make([]float64, len(p.lots))
				won[j] = g.c.Lots[l].Capacity
				used := 0.0
				for _, f := range values.Deliver(won).Flows {
					if f.Lot == l {
						used += f.Volume
					}
				}
				if used <= 0 {
					continue
				}
				won[j] = used
				worth := (values.Value(won) - base) / used
				// The highest price of the grid that does not lose.
				if tick := g.c.Rules.TickOver(worth) - 1; tick >= g.c.Rules.TickUp(g.c.Lots[l].Reserve) {
					bid = append(bid, auction.LotBid{Lot: l, Tick: tick, Quantity: used})
				}
			}
		}
		// A budget or cap joins all lots in one part.
		if capped(&g.c.Bidders[s.bidder]) && !s.parts[0].problem.Fits(bid) {
			continue
		}
		start[a] = g.add(s, bid)
	}
	return start
}

// fallback gives what a search that was cut short has: its best play, or that nobody bids, with bounds that
// need no search. An error that is not the context's is passed on.
func (s *search) fallback(ctx context.Context, g *game, best *outcome, err error) (*outcome, error) {
	if ctx.Err() == nil {
		return nil, err
	}
	if best != nil {
		return best, nil
	}
	concept := s.o.Concept
	if concept == Auto {
		concept = Pure
	}
	out := &outcome{g: g, play: pure(make([]int, len(g.seats))), concept: concept, certificates: make([]certificate, len(g.seats))}
	for a, seat := range g.seats {
		for _, p := range seat.parts {
			out.certificates[a].bound += g.freeBound(p)
		}
	}
	return out, nil
}

// freeBound bounds what a seat can earn in a part by what all of its lots would be worth to it for nothing.
func (g *game) freeBound(p *part) float64 {
	all := make([]float64, len(p.lots))
	for j, l := range p.lots {
		all[j] = g.c.Lots[l].Capacity
	}
	return p.problem.Values.Value(all) - p.problem.Values.Value(make([]float64, len(p.lots)))
}
