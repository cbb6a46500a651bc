package network

import (
	"cmp"
	"slices"

	"lotwise/models/auction"
)

// Deliveries adds up expected volumes and costs by bidder and channel: what network.csv says.
type Deliveries struct {
	c    *auction.Case
	at   map[auction.NetworkRow]int // by the row's names
	rank map[string]int             // of bidders
	rows []auction.NetworkRow
}

// NewDeliveries returns an empty sum.
func NewDeliveries(c *auction.Case) *Deliveries {
	d := &Deliveries{c: c, at: map[auction.NetworkRow]int{}, rank: map[string]int{}}
	for i := range c.Bidders {
		d.rank[c.Bidders[i].Name] = i
	}
	return d
}

// Add adds a bidder's delivery times a weight: a row for each lot and route, by its own zone and service, and one
// with volume 0 for each open facility.
func (d *Deliveries) Add(bidder int, x Delivery, weight float64) {
	b := &d.c.Bidders[bidder]
	for _, f := range x.Flows {
		row := auction.NetworkRow{Bidder: b.Name}
		if f.Lot >= 0 {
			l := &d.c.Lots[f.Lot]
			row.Zone, row.Service, row.Channel = l.Zone, l.Service, l.Name
		} else {
			r := &b.Routes[f.Route]
			row.Zone, row.Service, row.Channel = r.Zone, r.Service, r.Name
		}
		d.add(row, weight*f.Volume, weight*f.Cost)
	}
	for _, s := range x.Facilities {
		d.add(auction.NetworkRow{Bidder: b.Name, Channel: b.Facilities[s.Facility].Name}, 0, weight*s.FixedCost)
	}
}

// WithoutLots says how bidders deliver with no lot at all, each given by the networks of its types, by their probabilities.
func WithoutLots(c *auction.Case, bidders ...[]*Network) []auction.NetworkRow {
	d := NewDeliveries(c)
	for _, types := range bidders {
		for _, n := range types {
			weight := 1.0 // of a type that is asked for alone
			if len(types) > 1 {
				weight = c.Bidders[n.bidder].Types[n.typ].Probability
			}
			d.Add(n.bidder, n.Deliver(make([]float64, len(n.ids))), weight)
		}
	}
	return d.Rows()
}

func (d *Deliveries) add(names auction.NetworkRow, volume, cost float64) {
	k, found := d.at[names]
	if !found {
		k = len(d.rows)
		d.at[names] = k
		d.rows = append(d.rows, names)
	}
	d.rows[k].Volume += volume
	d.rows[k].Cost += cost
}

// Rows returns the sums in the order of bidders, then by zone, service and channel.
func (d *Deliveries) Rows() []auction.NetworkRow {
	rows := slices.Clone(d.rows)
	slices.SortFunc(rows, func(a, b auction.NetworkRow) int {
		return cmp.Or(cmp.Compare(d.rank[a.Bidder], d.rank[b.Bidder]), cmp.Compare(a.Zone, b.Zone),
			cmp.Compare(a.Service, b.Service), cmp.Compare(a.Channel, b.Channel))
	})
	return rows
}
