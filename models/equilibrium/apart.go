package equilibrium

import (
	"context"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/network"
)

// A large block is often joined by a few facilities that serve many places, and hardly a bid turns on them:
// where lots are worth having at all, they are there to close such a facility. So a large block is first
// solved as several games apart, in which these facilities are closed for good, with their routes. The games'
// plays, drawn together by one common random number u in [0, 1), which in each game picks the profile whose
// share of [0, 1) holds u, are a joint play of the whole block. What it is worth there, facilities and all,
// is for the certificates of the block's own game to say; where they are too far apart it is a start.

// largestWhole is how many lots a block may have to be solved as one game from the start.
const largestWhole = 8

// apart solves a block as games apart and returns their joint play with its certificates in the block's game;
// nil where the block is small or no facility joins it.
func (s *search) apart(ctx context.Context, g *game, o bidding.Options) (*outcome, error) {
	c, nets, lots := s.loosen()
	if len(lots) < 2 {
		return nil, nil
	}
	found := make([]*outcome, len(lots))
	for k := range lots {
		one := &search{c: c, nets: nets, lots: lots[k], fixed: s.fixed, name: s.name, whole: len(lots[k]), o: s.o}
		var err error
		if found[k], err = one.run(ctx, Correlated); err != nil {
			return nil, err
		}
	}
	out := &outcome{g: g, play: g.together(found), concept: Correlated, certificates: make([]certificate, len(g.seats))}
	if len(out.play.profiles) == 1 {
		out.concept = Pure
	}
	for a, seat := range g.seats {
		var err error
		if out.certificates[a], err = g.certify(ctx, seat, out.play, o); err != nil {
			return nil, err
		}
	}
	g.step(out.concept, out.epsilon())
	return out, nil
}

// loosen closes facilities of the block, always the one that joins most lots of the largest game left, until
// no game is too large, and returns the case without them, its networks within the block, and the lots of each game.
// A facility without which a demand cannot be met stays.
func (s *search) loosen() (*auction.Case, [][]*network.Network, [][]int) {
	if len(s.lots) <= s.whole {
		return nil, nil, nil
	}
	c := *s.c
	c.Bidders = slices.Clone(c.Bidders)
	nets := make([][]*network.Network, len(s.nets))
	for i := range s.nets {
		for t := range s.nets[i] {
			if capped(&c.Bidders[i]) && len(intersect(s.nets[i][t].Lots(), s.lots)) > 0 {
				return nil, nil, nil // what a budget joins is not loosened
			}
			nets[i] = append(nets[i], s.nets[i][t].Restrict(s.lots))
		}
	}
	type station struct{ bidder, facility int }
	tried := map[station]bool{}
	for {
		lots := blocks(&c, nets, nil)
		var large []int
		for _, ls := range lots {
			if len(ls) > len(large) {
				large = ls
			}
		}
		next, most := station{-1, -1}, 0
		for i := range nets {
			for f := range c.Bidders[i].Facilities {
				if x := (station{i, f}); !tried[x] {
					if n := joins(&c, nets[i], i, f, large); n > most {
						next, most = x, n
					}
				}
			}
		}
		if len(large) <= s.whole || most == 0 {
			return &c, nets, lots
		}
		tried[next] = true
		routes := c.Bidders[next.bidder].Routes
		c.Bidders[next.bidder].Routes = slices.DeleteFunc(slices.Clone(routes), func(r auction.Route) bool { return r.Facility == next.facility })
		if network.CheckBidders(&c, next.bidder) != nil {
			c.Bidders[next.bidder].Routes = routes
			continue
		}
		for t := range nets[next.bidder] {
			nets[next.bidder][t] = network.New(&c, next.bidder, t).Restrict(s.lots)
		}
	}
}

// joins counts the lots, of those given, in the zones that a bidder's facility serves, where it serves several.
func joins(c *auction.Case, nets []*network.Network, bidder, facility int, lots []int) int {
	zones := map[string]bool{}
	for _, r := range c.Bidders[bidder].Routes {
		if r.Facility == facility {
			zones[r.Zone] = true
		}
	}
	met, count := map[string]bool{}, 0
	for _, l := range lots {
		zone := c.Lots[l].Zone
		if zones[zone] && slices.ContainsFunc(nets, func(n *network.Network) bool { return slices.Contains(n.Lots(), l) }) {
			met[zone] = true
			count++
		}
	}
	if len(met) < 2 {
		return 0
	}
	return count
}

// together is the joint play of games apart, in the game of them all, by a common random number.
func (g *game) together(found []*outcome) *play {
	seatOf := func(s *seat) *seat {
		for _, own := range g.seats {
			if own.bidder == s.bidder && own.typ == s.typ && slices.Contains(own.lots, s.lots[0]) {
				return own
			}
		}
		return nil
	}
	whole := make([][]*seat, len(found)) // by game and its seats
	for n, out := range found {
		for _, s := range out.g.seats {
			whole[n] = append(whole[n], seatOf(s))
		}
	}
	at, left := make([]int, len(found)), make([]float64, len(found))
	for n, out := range found {
		left[n] = out.play.profiles[0].probability
	}
	joint := &play{}
	seen := map[string]int{}
	for {
		share := 1.0
		for n := range found {
			share = math.Min(share, left[n])
		}
		bids := make([]auction.Strategy, len(g.seats))
		for n, out := range found {
			for a, s := range out.g.seats {
				if own := whole[n][a]; own != nil {
					bids[own.index] = append(bids[own.index], s.pool[out.play.profiles[at[n]].choice[a]]...)
				}
			}
		}
		choice := make([]int, len(g.seats))
		for a, s := range g.seats {
			choice[a] = g.add(s, bids[a])
		}
		key := choiceKey(choice)
		if k, again := seen[key]; again {
			joint.profiles[k].probability += share
		} else {
			seen[key] = len(joint.profiles)
			joint.profiles = append(joint.profiles, profile{share, choice})
		}
		for n, out := range found {
			left[n] -= share
			for left[n] <= quantileNoise {
				at[n]++
				if at[n] == len(out.play.profiles) {
					weights := make([]float64, len(joint.profiles))
					for k := range joint.profiles {
						weights[k] = joint.profiles[k].probability
					}
					normalise(weights)
					for k := range weights {
						joint.profiles[k].probability = weights[k]
					}
					return joint
				}
				left[n] += out.play.profiles[at[n]].probability
			}
		}
	}
}
