package generate

import (
	"fmt"
	"math"
	"math/rand/v2"

	"lotwise/models/auction"
)

// A Market is the problem of one bidder against scenarios of rivals; it says how large and how tight the market is. Its
// zones lie in regions; a region has a station of the bidder, which carries what the zones' own routes deliver. Every zone
// has some packages that may go by any service and fewer that must go the same day; carriers deliver either at a higher price.
type Market struct {
	Lots      int
	Windows   int     // lots a zone: the first is same_day where there are several, the others next_day
	Zones     int     // zones a station serves
	Scenarios int     // of rivals, equally likely
	Rivals    int     // that bid in about half of the lots each
	Station   float64 // capacity of a station as a share of what its zones need; 0 for no limit
	Budget    float64 // as a share of what all demand costs at the reserves; 0 for none
	MaxVolume float64 // as a share of all demand; 0 for none
	Steps     int     // bid_steps, at least 1
	Seed      uint64
}

// MarketBidder is the position of the answering bidder, named "me", among the bidders of a Market: rivals come before and
// after it in the order of ties.
const MarketBidder = 1

// Case returns the market with beliefs about the rivals.
func (m Market) Case() *auction.Case {
	d := draw{rand.New(rand.NewPCG(m.Seed, 0x6d61726b6574))}
	c := newCase("market", m.Seed)
	c.Has = map[string]bool{"lots": true, "bidders": true, "demand": true, "beliefs": true, "rules": true}
	c.Rules.PriceStep = 0.05
	c.Rules.BidSteps = max(1, m.Steps)
	for i := range m.Rivals + 1 {
		c.Bidders = append(c.Bidders, newBidder(fmt.Sprint("rival ", i)))
	}
	me := &c.Bidders[MarketBidder]
	me.Name, me.AccessCost = "me", 0.3
	must := math.NaN()
	need, spend := 0.0, 0.0
	for zone := 0; len(c.Lots) < m.Lots; zone++ {
		station := zone / m.Zones
		if zone%m.Zones == 0 {
			me.Facilities = append(me.Facilities, auction.Facility{Name: fmt.Sprint("station ", station), Capacity: math.Inf(1)})
		}
		name := fmt.Sprintf("z%04d", zone)
		volume := math.Round(d.between(200, 4000)) * 1000
		same := 0.0
		if m.Windows > 1 {
			same = math.Round(volume/1000*d.between(0.05, 0.25)) * 1000
			me.Demand = append(me.Demand, auction.Demand{Zone: name, Services: []string{"same_day"}, Volume: same, Value: must})
		}
		me.Demand = append(me.Demand, auction.Demand{Zone: name, Volume: volume, Value: must})
		own := cents(d.between(2.2, 3.8))
		me.Routes = append(me.Routes,
			auction.Route{Name: "own", Zone: name, Service: "next_day", UnitCost: own, Capacity: math.Inf(1), Facility: station},
			auction.Route{Name: "small carrier", Zone: name, Service: "next_day", UnitCost: cents(own + d.between(1, 2)), Capacity: math.Round(volume/1000*d.between(0.1, 0.4)) * 1000, Facility: -1},
			auction.Route{Name: "carrier", Zone: name, Service: "next_day", UnitCost: cents(own + d.between(2, 5)), Capacity: math.Inf(1), Facility: -1},
		)
		if m.Windows > 1 {
			me.Routes = append(me.Routes,
				auction.Route{Name: "own same day", Zone: name, Service: "same_day", UnitCost: cents(own + d.between(0.8, 1.6)), Capacity: math.Round(same/1000*d.between(0.3, 1.2)) * 1000, Facility: -1},
				auction.Route{Name: "couriers", Zone: name, Service: "same_day", UnitCost: cents(own + d.between(3, 6)), Capacity: math.Inf(1), Facility: -1},
			)
		}
		f := &me.Facilities[station]
		f.FixedCost += math.Round(d.between(0.3, 0.9) * volume)
		if m.Station > 0 {
			if math.IsInf(f.Capacity, 1) {
				f.Capacity = 0
			}
			f.Capacity += math.Round(m.Station * volume)
		}
		need += volume + same
		for w := range m.Windows {
			if len(c.Lots) == m.Lots {
				break
			}
			l := auction.Lot{Name: fmt.Sprint(name, "-", w), Zone: name, Service: "next_day", Capacity: math.Round(volume/1000*d.between(0.8, 2.5)) * 1000, Reserve: cents(d.between(1.8, 2.6))}
			mine := volume / float64(max(1, m.Windows-1))
			if w == 0 && m.Windows > 1 {
				l.Service, l.Capacity, l.Reserve, mine = "same_day", math.Round(same/1000*d.between(0.8, 3))*1000, cents(d.between(2.2, 3)), same
			}
			l.Cost = cents(0.7 * l.Reserve)
			spend += mine * l.Reserve
			c.Lots = append(c.Lots, l)
		}
	}
	if m.Budget > 0 {
		me.Budget = math.Round(m.Budget * spend)
	}
	if m.MaxVolume > 0 {
		me.MaxVolume = math.Round(m.MaxVolume * need)
	}
	// In a scenario all rivals are more or less eager, each of them too, and each in each lot.
	type habit struct {
		bids            bool
		quantity, price float64
	}
	habits := make([][]habit, m.Rivals)
	for k := range habits {
		for l := range c.Lots {
			habits[k] = append(habits[k], habit{d.Float64() < 0.5, c.Lots[l].Capacity * d.between(0.1, 0.6), c.Lots[l].Reserve * d.between(0.95, 1.35)})
		}
	}
	line := 2 // of beliefs.csv, by which a bid without a name is known
	for s := range m.Scenarios {
		b := auction.Belief{Scenario: fmt.Sprintf("s%03d", s), Probability: 1 / float64(m.Scenarios)}
		all := d.between(0.9, 1.15)
		for k := range habits {
			eager, large := all*d.between(0.95, 1.08), d.between(0.6, 1.4)
			rival := k
			if k >= MarketBidder {
				rival++
			}
			for l, h := range habits[k] {
				if !h.bids || d.Float64() < 0.1 {
					continue
				}
				row := auction.BidRow{Lot: l, Quantity: math.Round(large * h.quantity * d.between(0.8, 1.2)), Price: cents(h.price * eager * d.between(0.97, 1.03))}
				b.Bids = append(b.Bids, auction.Bid{Bidder: rival, Name: fmt.Sprint("row ", line), Requires: -1, Rows: []auction.BidRow{row}})
				priced(&b.Bids[len(b.Bids)-1])
				line++
			}
		}
		c.Beliefs = append(c.Beliefs, b)
	}
	return c
}
