package bilevel

import (
	"maps"
	"math"
	"slices"

	"lotwise/models/auction"
)

// What the rules of a scenario say of exchanging what the seller gives to whom.

// fragile says what may break an alternative when less is bid than it accepts (rigid), or at higher or lower
// prices than those at which it was chosen.
func (g *game) fragile(a *cut) (rigid, dearer, cheaper bool) {
	s := &g.scenes[a.scene]
	for _, l := range s.limits {
		for _, i := range a.of {
			for _, r := range g.items[i].Rows {
				inside := l.Scope(g.Bidder, r.Lot) >= 0
				based := l.Of == auction.OfAccepted && l.LotPart(r.Lot) >= 0
				if !inside && !based {
					continue
				}
				rigid = rigid || based || !math.IsNaN(l.Min)
				if l.Measure == auction.MeasureRevenue {
					dearer = dearer || based || !math.IsNaN(l.Max)
					cheaper = cheaper || based || !math.IsNaN(l.Min)
				}
			}
		}
	}
	money := 0.0
	for k, i := range a.of {
		it := &g.items[i]
		money += a.theta[k] * it.Step * float64(it.windows[len(it.windows)-1].high)
	}
	return rigid, dearer || money > g.Case.Bidders[g.Bidder].Budget, cheaper
}

// loss bounds how far under 0 what the seller earns in a scenario can be.
func (g *game) loss(n int) float64 {
	s := &g.scenes[n]
	sum, money, packages, bids := 0.0, 0.0, 0.0, float64(len(s.rivals)+len(g.items))
	for b := range s.rivals {
		sum += math.Abs(s.value[b])
		money += math.Abs(s.rivals[b].Amount)
	}
	for i := range g.items {
		it := &g.items[i]
		top := float64(it.windows[len(it.windows)-1].high)
		sum += math.Abs(it.base) + math.Abs(it.slope)*top
		money += it.Step * top
	}
	for l := range g.Case.Lots {
		packages += g.Case.Lots[l].Capacity
	}
	for _, l := range s.limits {
		if math.IsNaN(l.Penalty) {
			continue
		}
		most := bids + float64(len(g.Case.Lots))
		switch l.Measure {
		case auction.MeasureVolume:
			most = packages
		case auction.MeasureRevenue:
			most = money
		}
		if !math.IsNaN(l.Min) {
			most += math.Abs(l.Min) * math.Max(1, most)
		}
		sum += l.Penalty * most * float64(len(l.Scopes))
	}
	return sum
}

// reach is the largest fraction of an item of one lot that the seller may accept at a price of a window: where a
// rival's divisible bid scores more, or as much and its bidder is served first, a package can be given to it in the
// bidder's place, unless a rule keeps it from that. So it is served in full if the bidder wins anything.
func (g *game) reach(n, i int, w window) float64 {
	it, s := &g.items[i], &g.scenes[n]
	if it.Whole || len(it.Rows) > 1 || math.IsNaN(s.alone) {
		return 1
	}
	lot := it.Rows[0].Lot
	left := g.Case.Lots[lot].Capacity
	most := math.Max(it.base+it.slope*float64(w.low), it.base+it.slope*float64(w.high)) / it.volume
	for b := range s.rivals {
		bid := &s.rivals[b]
		if s.void[b] || len(bid.Rows) > 1 || bid.Rows[0].Lot != lot || !bid.Divisible() || bid.Rows[0].Quantity <= 0 {
			continue
		}
		score := s.value[b] / bid.Rows[0].Quantity
		slack := sameScore * math.Max(math.Abs(score), math.Abs(most))
		if score > most+slack || score >= most-slack && bid.Bidder < g.Bidder {
			if g.exchangeable(n, bid) {
				left -= bid.Rows[0].Quantity
			}
		}
	}
	return math.Max(0, math.Min(1, left/it.Rows[0].Quantity))
}

// sameScore is by what share scores differ at most that are the same but for rounding.
const sameScore = 1e-9

// exchangeable says whether no rule can keep the seller from giving a package of a rival's divisible bid for one lot
// in the place of one of the bidder's.
func (g *game) exchangeable(n int, bid *auction.Bid) bool {
	s := &g.scenes[n]
	money, volume := 0.0, 0.0
	for b := range s.rivals {
		if o := &s.rivals[b]; o.Bidder == bid.Bidder && !s.void[b] {
			money += o.Amount
			for _, r := range o.Rows {
				volume += r.Quantity
			}
		}
	}
	if rival := &g.Case.Bidders[bid.Bidder]; money > rival.Budget || volume > rival.MaxVolume {
		return false
	}
	lot := bid.Rows[0].Lot
	// What scores more pays more.
	dearer := len(g.Case.Adjustments) == 0 && g.Case.Rules.Objective == auction.Revenue
	for _, l := range s.limits {
		mine, his := l.Scope(g.Bidder, lot), l.Scope(bid.Bidder, lot)
		part := l.LotPart(lot)
		switch {
		case mine < 0 && his < 0 && (l.Of != auction.OfAccepted || part < 0):
		case (l.Measure == auction.MeasureVolume || l.Measure == auction.MeasureLots) && mine == his:
		case l.Measure == auction.MeasureVolume && !(mine >= 0 && !math.IsNaN(l.Min)) && !(his >= 0 && !math.IsNaN(l.Max)):
		case l.Measure == auction.MeasureRevenue && dearer && !(his >= 0 && !math.IsNaN(l.Max)) &&
			(math.IsNaN(l.Min) || l.Of != auction.OfAccepted && (mine < 0 || mine == his)): // a base only grows
		default:
			return false
		}
	}
	return true
}

// Overlooked returns the minimums that are not modelled: those of scopes that come into being by what the bidder bids
// for, and would bind only who bids.
func (p *Problem) Overlooked() []auction.Conflict {
	var list []auction.Conflict
	g := &game{Problem: p}
	for i := range p.Items {
		g.items = append(g.items, item{Item: &p.Items[i]})
	}
	own := g.templates(0)
	for i := range p.Case.Limits {
		l := &p.Case.Limits[i]
		if math.IsNaN(l.Min) || l.Min <= 0 || l.OrNothing {
			continue
		}
		for n := range p.Case.Beliefs {
			with, without := *p.Case, *p.Case
			without.Bids = p.Case.Beliefs[n].Bids
			with.Bids = slices.Concat(without.Bids, own)
			if len(with.Scoped(l).Scopes) > len(without.Scoped(l).Scopes) {
				list = append(list, auction.Conflict{
					What: "bid does not model a minimum by lots and bidders that bind only who bids, as that of " + l.Name + ": set or_nothing or leave out min", Source: l.Source,
				})
				break
			}
		}
	}
	return list
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
