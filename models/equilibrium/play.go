package equilibrium

import (
	"context"
	"math"

	"lotwise/models/auction"
	"lotwise/models/bidding"
)

// A play is what the seats of a game do: a joint distribution over profiles, or, where mixed is set,
// independent mixtures over each seat's pool.
type play struct {
	profiles []profile
	mixed    [][]float64 // by seat and pool position
}

// A profile is one pool position for each seat.
type profile struct {
	probability float64
	choice      []int
}

// pure is the play of one profile.
func pure(choice []int) *play {
	return &play{profiles: []profile{{1, choice}}}
}

// weights returns the probability with which the seat plays each strategy of its pool.
func (pl *play) weights(s *seat) []float64 {
	w := make([]float64, len(s.pool))
	if pl.mixed != nil {
		copy(w, pl.mixed[s.index])
		return w
	}
	for _, p := range pl.profiles {
		w[p.choice[s.index]] += p.probability
	}
	return w
}

// faced returns the scenarios that a part of a seat faces in a play, given that keep holds for the profile
// (nil for all); under independent mixtures they do not depend on what the seat itself does.
func (g *game) faced(s *seat, p *part, pl *play, keep func(*profile) bool) *tally {
	t := newTally()
	if pl.mixed != nil {
		g.addAll(t, s, p, g.productAtoms(p, pl.mixed), 1)
		return t
	}
	total := 0.0
	for k := range pl.profiles {
		if keep == nil || keep(&pl.profiles[k]) {
			total += pl.profiles[k].probability
		}
	}
	for k := range pl.profiles {
		f := &pl.profiles[k]
		if keep != nil && !keep(f) {
			continue
		}
		weight := f.probability / total
		for _, sc := range g.situationOf(s, p, f.choice).problem.Scenarios {
			t.add(p, sc, weight)
		}
	}
	return t
}

// add adds a scenario of supplies that the part has interned.
func (t *tally) add(p *part, sc bidding.Scenario, weight float64) {
	key := p.supplyKey(sc.Supply)
	k, found := t.at[key]
	if !found {
		k = len(t.list)
		t.at[key] = k
		t.list = append(t.list, bidding.Scenario{Supply: sc.Supply})
	}
	t.list[k].Probability += weight * sc.Probability
}

// A certificate says how far one seat is from a better bid.
type certificate struct {
	profit float64 // expected, of what it plays
	bound  float64 // no bid gains more
	best   int     // pool position of the best bid found
	gain   float64 // of the best bid found over profit, at least 0
}

func (c *certificate) regret() float64 { return math.Max(0, c.bound-c.profit) }

// likely returns the pool position that the seat plays most, a good bid to start a search from.
func (pl *play) likely(s *seat) int {
	weights := pl.weights(s)
	best := 0
	for k, w := range weights {
		if w > weights[best] {
			best = k
		}
	}
	return best
}

// earned returns what a seat earns in one part in a play, against the problem that it faces there.
func (g *game) earned(s *seat, p *part, pl *play, problem *bidding.Problem) float64 {
	profit := 0.0
	if pl.mixed != nil {
		for k, w := range pl.mixed[s.index] {
			if w > 0 {
				profit += w * problem.Evaluate(p.restrict(s.pool[k])).Profit
			}
		}
		return profit
	}
	for _, f := range pl.profiles {
		profit += f.probability * g.situationOf(s, p, f.choice).of(s, p, f.choice[s.index])
	}
	return profit
}

// probe is certify without the proof: a local search for a better bid. Its bound is the profit of the bid
// found. Where it finds one, no proof is needed to go on.
func (g *game) probe(s *seat, pl *play) certificate {
	var out certificate
	var best auction.Strategy
	for _, p := range s.parts {
		problem := p.against(g.faced(s, p, pl, nil))
		profit := g.earned(s, p, pl, problem)
		bid := problem.Improve(p.restrict(s.pool[pl.likely(s)]))
		found := math.Max(profit, problem.Evaluate(bid).Profit)
		out.profit += profit
		out.bound += found
		out.gain += found - profit
		best = append(best, bid...)
	}
	out.best = g.add(s, best)
	return out
}

// certify answers a play for one seat: what it earns and a bound on what any bid could earn.
func (g *game) certify(ctx context.Context, s *seat, pl *play, o bidding.Options) (certificate, error) {
	var out certificate
	var best auction.Strategy
	for _, p := range s.parts {
		problem := p.against(g.faced(s, p, pl, nil))
		profit := g.earned(s, p, pl, problem)
		own := o
		own.Start = p.restrict(s.pool[pl.likely(s)])
		r, err := bidding.BestResponse(ctx, problem, own)
		if err != nil {
			return out, err
		}
		out.profit += profit
		out.bound += math.Max(math.Min(r.Bound, g.freeBound(p)), profit)
		if p.sampled {
			// The sample may flatter what is played and slight what could be.
			out.bound += 2 * g.samplingError(p, problem.Scenarios)
		}
		if r.Profit > profit {
			out.gain += r.Profit - profit
		}
		best = append(best, r.Strategy...)
	}
	out.best = g.add(s, best)
	return out, nil
}
