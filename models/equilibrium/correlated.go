package equilibrium

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"lotwise/models/bidding"
	"lotwise/solver"
)

// A coarse correlated equilibrium is a distribution over profiles from which no seat gains by leaving for
// one fixed bid. The restricted problem over profiles k and each seat's pool is the linear program
//
//	min  ε
//	s.t. Σ_k p_k (u_a(b; k) - u_a(k)) <= r_a      every seat a, bid b of its pool   (deviation)
//	     Σ_a π_a r_a <= ε scale_i                 every bidder i over its seats     (regret)
//	     Σ_k p_k = 1                              p, r, ε >= 0
//
// Profiles come from no-regret play on the pools (regret matching+, Tammelin 2014) and from pricing: a
// search for profiles of negative reduced cost under the program's duals. Best responses to its solution
// add bids to the pools, until the best-response bounds certify the regret.
type correlation struct {
	g        *game
	random   *rand.Rand
	profiles [][]int
	known    map[string]bool
	regrets  [][]float64 // of no-regret play, by seat and pool position
	scale    map[int]float64
}

// Rounds of no-regret play: enough to fill the program with profiles at first, then to answer the bids
// that best responses have added.
const (
	firstRounds = 300
	laterRounds = 100
	pricingRuns = 6
	reprices    = 20 // of one restricted program before best responses are asked again
)

func newCorrelation(g *game, seed int64, start [][]int) *correlation {
	c := &correlation{
		g: g, random: rand.New(rand.NewPCG(uint64(seed), uint64(g.lots[0]))), //nolint:gosec // reproducible on purpose
		known: map[string]bool{}, scale: map[int]float64{}, regrets: make([][]float64, len(g.seats)),
	}
	for _, choice := range start {
		c.addProfile(choice)
	}
	return c
}

// addProfile remembers a profile and says whether it is new.
func (c *correlation) addProfile(choice []int) bool {
	key := choiceKey(choice)
	if c.known[key] {
		return false
	}
	c.known[key] = true
	c.profiles = append(c.profiles, slices.Clone(choice))
	return true
}

// noRegret plays rounds of regret matching+ on the pools and remembers the profiles visited.
func (c *correlation) noRegret(ctx context.Context, rounds int) {
	g := c.g
	for range rounds {
		if ctx.Err() != nil {
			return
		}
		choice := make([]int, len(g.seats))
		for a, s := range g.seats {
			for len(c.regrets[a]) < len(s.pool) {
				c.regrets[a] = append(c.regrets[a], 0)
			}
			choice[a] = c.draw(c.regrets[a])
		}
		c.addProfile(choice)
		for a, s := range g.seats {
			now := g.profit(s, choice[a], choice)
			for k := range s.pool {
				c.regrets[a][k] = math.Max(0, c.regrets[a][k]+g.profit(s, k, choice)-now)
			}
		}
	}
}

// draw draws an index with probability proportional to its weight, evenly where all are 0.
func (c *correlation) draw(weights []float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	if sum == 0 {
		return c.random.IntN(len(weights))
	}
	u := c.random.Float64() * sum
	for k, w := range weights {
		u -= w
		if u < 0 {
			return k
		}
	}
	return len(weights) - 1
}

// A masterSolution is the restricted program's answer.
type masterSolution struct {
	play    *play
	epsilon float64
	weight  [][]float64 // dual of the deviations, by seat and pool position
}

// master solves the restricted program.
func (c *correlation) master(ctx context.Context) (*masterSolution, error) {
	g := c.g
	m := solver.NewModel("coarse correlated equilibrium", solver.Minimize)
	eps := m.Continuous("epsilon", "", 0, math.Inf(1))
	m.Objective(eps.Times(1))
	p := make([]solver.Var, len(c.profiles))
	one := make([]solver.Term, len(c.profiles))
	for k := range c.profiles {
		p[k] = m.Continuous("p", fmt.Sprint(k), 0, math.Inf(1))
		one[k] = p[k].Times(1)
	}
	m.Equal("distribution", "", one, 1)
	deviation := make([][]solver.Con, len(g.seats))
	byBidder := map[int][]solver.Term{}
	var bidders []int
	for a, s := range g.seats {
		unit := c.unit(s.bidder)
		r := m.Continuous("r", fmt.Sprint(a), 0, math.Inf(1))
		if _, found := byBidder[s.bidder]; !found {
			bidders = append(bidders, s.bidder)
		}
		byBidder[s.bidder] = append(byBidder[s.bidder], r.Times(s.probability))
		now := make([]float64, len(c.profiles))
		for k, choice := range c.profiles {
			now[k] = g.profit(s, choice[a], choice)
		}
		for b := range s.pool {
			terms := make([]solver.Term, 0, len(c.profiles)+1)
			for k, choice := range c.profiles {
				if d := (g.profit(s, b, choice) - now[k]) / unit; d != 0 {
					terms = append(terms, p[k].Times(d))
				}
			}
			terms = append(terms, r.Times(-1))
			deviation[a] = append(deviation[a], m.AtMost("deviation", fmt.Sprintf("%d,%d", a, b), terms, 0))
		}
	}
	for _, i := range bidders {
		m.AtMost("regret", g.c.Bidders[i].Name, append(byBidder[i], eps.Times(-1)), 0)
	}
	sol, err := solver.Solve(ctx, m, solver.Options{})
	if err != nil {
		return nil, err
	}
	if !sol.HasValues() {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("block %s: the program of correlated play has no solution: %v", g.block, sol.Claim)
	}
	out := &masterSolution{play: &play{}, epsilon: sol.Objective}
	weights := make([]float64, len(p))
	for k := range p {
		weights[k] = sol.Value(p[k])
	}
	normalise(weights)
	for k, w := range weights {
		if w > 0 {
			out.play.profiles = append(out.play.profiles, profile{w, c.profiles[k]})
		}
	}
	out.weight = make([][]float64, len(g.seats))
	for a := range deviation {
		for _, con := range deviation[a] {
			out.weight[a] = append(out.weight[a], math.Abs(sol.Dual(con))/c.unit(g.seats[a].bidder))
		}
	}
	return out, nil
}

// unit is what a bidder's regrets are measured in: what it could earn, so that ε is relative.
func (c *correlation) unit(bidder int) float64 {
	top := 0.0
	for _, v := range c.scale {
		top = math.Max(top, v)
	}
	if top == 0 {
		top = 1
	}
	return math.Max(c.scale[bidder], smallShare*top)
}

// smallShare is the share of the block's largest earnings under which a bidder's relative regret is
// measured against that share: a bidder with next to nothing to win would otherwise rule the program.
const smallShare = 1e-4

// price searches, from the support of the restricted solution, for profiles of negative reduced cost, by
// changing one seat's bid at a time, and remembers them. It says whether it found a new one.
func (c *correlation) price(ctx context.Context, sol *masterSolution) bool {
	g := c.g
	type dev struct {
		seat int
		bid  []int
	}
	var active []dev
	for a := range g.seats {
		d := dev{seat: a}
		for b, w := range sol.weight[a] {
			if w > 0 {
				d.bid = append(d.bid, b)
			}
		}
		if len(d.bid) > 0 {
			active = append(active, d)
		}
	}
	cost := func(choice []int) float64 {
		v := 0.0
		for _, d := range active {
			s := g.seats[d.seat]
			now := g.profit(s, choice[d.seat], choice)
			for _, b := range d.bid {
				v += sol.weight[d.seat][b] * (g.profit(s, b, choice) - now)
			}
		}
		return v
	}
	found := false
	for run := range pricingRuns {
		// Starts: profiles of the support, then random ones.
		choice := make([]int, len(g.seats))
		if support := sol.play.profiles; run%2 == 0 {
			copy(choice, support[c.random.IntN(len(support))].choice)
		} else {
			for a, s := range g.seats {
				choice[a] = c.random.IntN(len(s.pool))
			}
		}
		value := cost(choice)
		for improved := true; improved && ctx.Err() == nil; {
			improved = false
			for a, s := range g.seats {
				bestK, keep := choice[a], choice[a]
				for k := range s.pool {
					if k == keep {
						continue
					}
					choice[a] = k
					if v := cost(choice); v < value-1e-12*math.Abs(value)-1e-15 {
						value, bestK, improved = v, k, true
					}
				}
				choice[a] = bestK
			}
			if improved && c.addProfile(choice) {
				found = true
			}
		}
	}
	return found
}

// answer adds the support to the program, with each seat in turn at the better bid that it found.
func (c *correlation) answer(pl *play, certificates []certificate) {
	for _, f := range pl.profiles {
		for a := range certificates {
			if certificates[a].gain > 0 {
				choice := slices.Clone(f.choice)
				choice[a] = certificates[a].best
				c.addProfile(choice)
			}
		}
	}
}

// correlate searches a coarse correlated equilibrium of relative regret target, and returns the best play
// found with its certificates, by seat. Where the start is what a neighbour mixes (near), it may do without more play.
func (g *game) correlate(ctx context.Context, start [][]int, near bool, seed int64, target float64, steps int, o bidding.Options) (*play, []certificate, error) {
	c := newCorrelation(g, seed, start)
	for _, s := range g.seats {
		top := 0.0
		for _, choice := range start {
			top = math.Max(top, g.profit(s, choice[s.index], choice))
		}
		c.scale[s.bidder] += s.probability * top
	}
	var bestPlay *play
	var bestCertificates []certificate
	best := math.Inf(1)
	rounds := firstRounds
	for step := range steps {
		if step > 0 || !near {
			c.noRegret(ctx, rounds)
			rounds = laterRounds
		}
		sol, err := c.master(ctx)
		if err != nil {
			return bestPlay, bestCertificates, err
		}
		if step == 0 && near && sol.epsilon > target/4 {
			continue
		}
		for range reprices {
			if sol.epsilon <= target/4 || !c.price(ctx, sol) {
				break
			}
			if sol, err = c.master(ctx); err != nil {
				return bestPlay, bestCertificates, err
			}
		}
		certificates := make([]certificate, len(g.seats))
		for a, s := range g.seats {
			certificates[a] = g.probe(s, sol.play)
		}
		if g.relativeRegret(certificates) > target/2 && (step < steps-1 || bestPlay != nil) {
			c.answer(sol.play, certificates)
			continue
		}
		scale := map[int]float64{}
		for a, s := range g.seats {
			if certificates[a], err = g.certify(ctx, s, sol.play, o); err != nil {
				return bestPlay, bestCertificates, err
			}
			scale[s.bidder] += s.probability * certificates[a].bound
		}
		c.scale = scale
		r := g.relativeRegret(certificates)
		g.step(Correlated, r)
		if r < best {
			best, bestPlay, bestCertificates = r, sol.play, certificates
		}
		if best <= target {
			break
		}
		c.answer(sol.play, certificates)
	}
	return bestPlay, bestCertificates, nil
}

// relativeRegret is the largest quotient, over bidders, of expected regret and expected best-response
// bound in the block, which steers the search there.
func (g *game) relativeRegret(certificates []certificate) float64 {
	regret, bound := make([]float64, len(g.c.Bidders)), make([]float64, len(g.c.Bidders))
	for a, s := range g.seats {
		regret[s.bidder] += s.probability * certificates[a].regret()
		bound[s.bidder] += s.probability * certificates[a].bound
	}
	return largestQuotient(regret, bound)
}

// negligible is far over the relative accuracy of a mixed-integer program and far under any regret asked for.
const negligible = 1e-6

// largestQuotient is the largest quotient of regret and bound, by bidder. A bound under negligible of the largest counts
// as that: what is left of a bidder who can earn nothing is the rounding of its program.
func largestQuotient(regret, bound []float64) float64 {
	least := negligible * max(0, slices.Max(bound))
	worst := 0.0
	for i, r := range regret {
		worst = max(worst, quotient(r, max(bound[i], least)))
	}
	return worst
}

// quotient is regret over bound, 0 where there is no regret, and infinite where nothing bounds it.
func quotient(regret, bound float64) float64 {
	switch {
	case regret == 0:
		return 0
	case math.IsInf(regret, 1):
		return regret
	}
	return regret / math.Max(bound, math.SmallestNonzeroFloat64)
}
