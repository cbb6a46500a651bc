package bidding

import (
	"cmp"
	"slices"
	"strings"

	"lotwise/models/auction"
)

// facilityRows returns what becomes of each of the bidder's facilities under the bid, in their order.
//
// A facility that is open without lots is closed by those won lots without any one of which it would be open again: the
// likeliest first. Looked at are the lots that may deliver what its routes may; where none of these is won, the bid
// frees other routes to take its place, and all lots are. Where no lot alone makes the difference, all of them close it
// together, the largest expected volume first.
func (p *Problem) facilityRows(c *auction.Case, domains []*domain) []auction.FacilityResult {
	b := &c.Bidders[p.Network.Bidder()]
	t := &b.Types[p.Network.Type()]
	list := make([]auction.FacilityResult, len(b.Facilities))
	for f := range list {
		x := &b.Facilities[f]
		list[f] = auction.FacilityResult{Facility: x.Name, Capacity: x.Capacity, FixedCost: x.FixedCost * t.FixedCostFactor, OpenWithoutLots: "no"}
	}
	closed := make([][]bool, len(list)) // by scenario
	for f := range closed {
		closed[f] = make([]bool, len(p.Scenarios))
		for i := range closed[f] {
			closed[f][i] = true
		}
	}
	for _, h := range domains {
		none := h.open(b, make([]float64, len(h.lots)))
		for f := range none {
			list[f].OpenWithoutLots = "yes"
		}
		open := make([]map[int]float64, len(h.takes))
		for k := range h.takes {
			open[k] = h.open(b, h.takes[k].won)
			for f, volume := range open[k] {
				list[f].OpenProbability += h.takes[k].probability
				list[f].Volume += h.takes[k].probability * volume
			}
		}
		for i, k := range h.of {
			for f := range open[k] {
				closed[f][i] = false
			}
		}
		for f := range none {
			list[f].ClosedBy = h.closers(c, b, f, open)
		}
	}
	for f := range list {
		x := &list[f]
		x.Cost = x.OpenProbability * x.FixedCost
		if x.SavedCost = -x.Cost; x.OpenWithoutLots == "yes" {
			x.SavedCost += x.FixedCost
		}
		x.ClosedIn = named(c, closed[f])
	}
	return list
}

// named lists the scenarios that are marked.
func named(c *auction.Case, marked []bool) string {
	if !slices.Contains(marked, false) {
		return "all"
	}
	var names []string
	for i, is := range marked {
		if is {
			names = append(names, c.Beliefs[i].Scenario)
		}
	}
	return strings.Join(names, ";")
}

// open returns the facilities that are open with these volumes won, and what goes through them.
func (h *domain) open(b *auction.Bidder, won []float64) map[int]float64 {
	d := h.values.Deliver(won)
	open := map[int]float64{}
	for _, s := range d.Facilities {
		open[s.Facility] = 0
	}
	for _, f := range d.Flows {
		if f.Route >= 0 && b.Routes[f.Route].Facility >= 0 {
			open[b.Routes[f.Route].Facility] += f.Volume
		}
	}
	return open
}

// closers names the lots that close a facility; open says of each take which are open.
func (h *domain) closers(c *auction.Case, b *auction.Bidder, facility int, open []map[int]float64) string {
	type closer struct {
		lot             string
		pivotal, volume float64 // probability that it alone makes the difference; expected packages won where it is closed
	}
	look := func(at func(lot int) bool) (list []closer) {
		for j, l := range h.net.Lots() {
			if !at(l) {
				continue
			}
			x := closer{lot: c.Lots[l].Name}
			for k := range h.takes {
				t := &h.takes[k]
				if _, is := open[k][facility]; is || t.won[j] == 0 {
					continue
				}
				x.volume += t.probability * t.won[j]
				without := slices.Clone(t.won)
				without[j] = 0
				if _, is := h.open(b, without)[facility]; is {
					x.pivotal += t.probability
				}
			}
			if x.volume > 0 {
				list = append(list, x)
			}
		}
		return list
	}
	list := look(func(l int) bool { return replaces(c, b, l, facility) })
	if len(list) == 0 {
		list = look(func(int) bool { return true })
	}
	if slices.ContainsFunc(list, func(x closer) bool { return x.pivotal > 0 }) {
		list = slices.DeleteFunc(list, func(x closer) bool { return x.pivotal == 0 })
	}
	slices.SortStableFunc(list, func(x, y closer) int {
		return cmp.Or(cmp.Compare(y.pivotal, x.pivotal), cmp.Compare(y.volume, x.volume))
	})
	var names []string
	for _, x := range list {
		names = append(names, x.lot)
	}
	return strings.Join(names, ";")
}

// replaces says whether a lot may deliver some demand that a route of the facility may.
func replaces(c *auction.Case, b *auction.Bidder, lot, facility int) bool {
	l := &c.Lots[lot]
	for i := range b.Demand {
		d := &b.Demand[i]
		if d.Zone != l.Zone || !d.Accepts(l.Service) {
			continue
		}
		for k := range b.Routes {
			if r := &b.Routes[k]; r.Facility == facility && r.Zone == d.Zone && d.Accepts(r.Service) {
				return true
			}
		}
	}
	return false
}
