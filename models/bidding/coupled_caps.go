package bidding

import (
	"cmp"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/bilevel"
	"lotwise/models/network"
)

// A limit that does no more than cap how many packages one bidder may win of one lot leaves the seller with the merit order:
// the sets of packages that fit under the capacity and the caps are a polymatroid, so that serving the highest prices first
// is optimal (Edmonds 1970). Of a rival the lowest prices beyond its cap are void then, and the bidder wins its cap at most.

// holding is what one bidder wins of one lot.
type holding struct{ bidder, lot int }

// caps are the most packages that a bidder may win of a lot, where there is a limit on them.
type caps map[holding]float64

// capsOf returns a block's limits as caps; false where one does anything else, or leaves the bidder nothing of a lot.
func capsOf(b *bilevel.Block) (caps, bool) {
	c := *b.Case
	c.Bids = nil
	for n := range c.Beliefs {
		c.Bids = append(c.Bids, c.Beliefs[n].Bids...)
	}
	for i := range b.Items {
		c.Bids = append(c.Bids, b.Bid(bilevel.Choice{Item: i, Fraction: 1}))
	}
	most := caps{}
	for k := range c.Limits {
		l := &c.Limits[k]
		if l.Measure != auction.MeasureVolume || l.Of == auction.OfAccepted || !math.IsNaN(l.Min) || !math.IsNaN(l.Penalty) || math.IsNaN(l.Max) {
			return nil, false
		}
		s := c.Scoped(l)
		holds := map[int]holding{}
		for i := range c.Bids {
			for _, r := range c.Bids[i].Rows {
				at, n := holding{c.Bids[i].Bidder, r.Lot}, s.Scope(c.Bids[i].Bidder, r.Lot)
				if n < 0 {
					continue
				}
				if other, known := holds[n]; known && other != at {
					return nil, false
				}
				holds[n] = at
				bound := l.Max
				if l.Of == auction.OfCapacity {
					bound *= s.Scopes[n].Capacity
				}
				if was, known := most[at]; !known || bound < was {
					most[at] = bound
				}
				if at.bidder == b.Bidder && bound <= 0 {
					return nil, false
				}
			}
		}
	}
	return most, true
}

// against is Against under caps.
func (m caps) against(c *auction.Case, bidder int, net *network.Network) *Problem {
	p := Against(m.trim(c, bidder), bidder, net)
	for _, s := range p.Scenarios {
		for n, l := range p.Lots {
			if most, capped := m[holding{bidder, l}]; capped {
				s.Supply[n] = s.Supply[n].upTo(most)
			}
		}
	}
	return p
}

// upTo returns what is left where no more than so much can be won at any price.
func (s *Supply) upTo(most float64) *Supply {
	at := slices.IndexFunc(s.Volumes, func(v float64) bool { return v >= most })
	if at < 0 {
		return s
	}
	t := &Supply{Ticks: s.Ticks[:at+1], Volumes: slices.Clone(s.Volumes[:at+1])}
	t.Volumes[at] = most
	return t
}

// trim returns the case without what the rivals bid beyond their caps, the lowest prices first.
func (m caps) trim(c *auction.Case, bidder int) *auction.Case {
	t := *c
	t.Beliefs = slices.Clone(c.Beliefs)
	for n := range t.Beliefs {
		bids := slices.Clone(t.Beliefs[n].Bids)
		var order []int
		for k := range bids {
			if _, capped := m[holding{bids[k].Bidder, bids[k].Rows[0].Lot}]; capped && bids[k].Bidder != bidder {
				order = append(order, k)
			}
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(bids[b].Rows[0].Price, bids[a].Rows[0].Price) })
		left := map[holding]float64{}
		for _, k := range order {
			r := bids[k].Rows[0]
			at := holding{bids[k].Bidder, r.Lot}
			if _, begun := left[at]; !begun {
				left[at] = max(0, m[at])
			}
			q := min(r.Quantity, left[at])
			left[at] -= q
			r.Quantity = q
			bids[k].Rows = []auction.BidRow{r}
		}
		t.Beliefs[n].Bids = bids
	}
	return &t
}
