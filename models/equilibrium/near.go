package equilibrium

import (
	"slices"

	"lotwise/models/auction"
)

// near returns the profiles of a game that are as near as can be to what another run plays in its lots, the
// likeliest first: under other costs the play of a neighbour is a start that is often an equilibrium or close to one.
// Bids that do not fit the game, for lots or beyond a budget that are not there, are left out.
func (g *game) near(r *auction.Results) [][]int {
	if r == nil {
		return nil
	}
	lots := map[string]int{}
	for _, l := range g.lots {
		lots[g.c.Lots[l].Name] = l
	}
	type agent struct{ bidder, typ string }
	type played struct {
		agent
		strategy, block string
	}
	bids := map[played]auction.Strategy{}
	block := "" // of the other run, the one with the first of the game's lots
	known := false
	for i := range r.RecommendedBids {
		b := &r.RecommendedBids[i]
		l, ok := lots[b.Lot]
		if !ok {
			continue
		}
		if !known || b.Block == block {
			block, known = b.Block, true
		}
		tick := g.c.Rules.TickUp(b.Price)
		key := played{agent{b.Bidder, b.Type}, b.Strategy, b.Block}
		bids[key] = append(bids[key], auction.LotBid{Lot: l, Tick: tick, Quantity: b.Quantity})
	}
	// By agent, its strategies in the block, the likeliest first as the tables have them.
	strategies := map[agent][]string{}
	for i := range r.Equilibrium {
		if e := &r.Equilibrium[i]; e.Block == block {
			a := agent{e.Bidder, e.Type}
			strategies[a] = append(strategies[a], e.Strategy)
		}
	}
	choose := func(pick func(agent) string) []int {
		choice := make([]int, len(g.seats))
		for n, s := range g.seats {
			b := &g.c.Bidders[s.bidder]
			a := agent{b.Name, b.Types[s.typ].Name}
			var bid auction.Strategy
			for _, x := range bids[played{a, pick(a), block}] {
				if slices.Contains(s.lots, x.Lot) && x.Tick >= g.c.Rules.TickUp(g.c.Lots[x.Lot].Reserve) && x.Quantity <= g.c.Lots[x.Lot].Capacity {
					bid = append(bid, x)
				}
			}
			slices.SortFunc(bid, compareBids)
			if !capped(b) || s.parts[0].problem.Fits(bid) {
				choice[n] = g.add(s, bid)
			}
		}
		return choice
	}
	first := func(a agent) string {
		if list := strategies[a]; len(list) > 0 {
			return list[0]
		}
		return ""
	}
	profiles := [][]int{choose(first)}
	var names []string // of the joint profiles of the block, in order
	joint := map[string]map[agent]string{}
	for i := range r.Profiles {
		p := &r.Profiles[i]
		if p.Block != block {
			continue
		}
		if joint[p.Profile] == nil {
			joint[p.Profile] = map[agent]string{}
			names = append(names, p.Profile)
		}
		joint[p.Profile][agent{p.Bidder, p.Type}] = p.Strategy
	}
	for _, name := range names {
		profiles = append(profiles, choose(func(a agent) string { return joint[name][a] }))
	}
	if len(names) == 0 { // independent mixtures: the k-th strategy of everyone
		for k := 1; ; k++ {
			more := false
			profiles = append(profiles, choose(func(a agent) string {
				list := strategies[a]
				if k < len(list) {
					more = true
					return list[k]
				}
				return first(a)
			}))
			if !more {
				profiles = profiles[:len(profiles)-1]
				break
			}
		}
	}
	return profiles
}
