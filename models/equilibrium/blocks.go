package equilibrium

import (
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/network"
)

// networks returns the network of every type of every bidder that chooses its bids, by bidder and type;
// nil for the others.
func networks(c *auction.Case) [][]*network.Network {
	nets := make([][]*network.Network, len(c.Bidders))
	for i := range c.Bidders {
		if !c.Bidders[i].Strategic() {
			continue
		}
		for t := range c.Bidders[i].Types {
			nets[i] = append(nets[i], network.New(c, i, t))
		}
	}
	return nets
}

// capped says whether the bidder has a budget or a volume cap.
func capped(b *auction.Bidder) bool {
	return !math.IsInf(b.Budget, 1) || !math.IsInf(b.MaxVolume, 1)
}

// blocks returns the sets of lots that never interact: the connected components of lots over the networks
// of all bidders, and over the budgets and volume caps of the bidders in coupled. Lots no network uses are
// in none. Blocks and their lots are in the order of lots.csv.
func blocks(c *auction.Case, nets [][]*network.Network, coupled map[int]bool) [][]int {
	u := network.NewUnion(len(c.Lots))
	var used []int
	unite := func(lots []int) {
		for _, l := range lots {
			used = append(used, l)
			u.Join(lots[0], l)
		}
	}
	for i := range nets {
		var all []int
		for _, n := range nets[i] {
			for _, part := range n.Components() {
				unite(part.Lots())
			}
			all = append(all, n.Lots()...)
		}
		if coupled[i] {
			unite(all)
		}
	}
	return u.Sets(used)
}

// intersect returns the members of a that are in the ascending b.
func intersect(a, b []int) []int {
	var out []int
	for _, x := range a {
		if _, found := slices.BinarySearch(b, x); found {
			out = append(out, x)
		}
	}
	return out
}
