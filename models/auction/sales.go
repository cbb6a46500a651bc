package auction

import (
	"math"
	"strconv"
)

// Sales adds up what bidders win and pay in expectation, by bidder and lot, where they pay what they bid.
type Sales struct {
	c                 *Case
	quantity, payment [][]float64 // by bidder, lot
}

// NewSales returns an empty sum.
func NewSales(c *Case) *Sales {
	s := &Sales{c: c}
	for range c.Bidders {
		s.quantity = append(s.quantity, make([]float64, len(c.Lots)))
		s.payment = append(s.payment, make([]float64, len(c.Lots)))
	}
	return s
}

// Add adds packages that a bidder wins of a lot and what it pays for them.
func (s *Sales) Add(bidder, lot int, quantity, payment float64) {
	s.quantity[bidder][lot] += quantity
	s.payment[bidder][lot] += payment
}

// Fill writes the allocation, payments and lot results. No bid and no shadow price belongs to an expectation.
func (s *Sales) Fill(r *Results) {
	for i := range s.c.Bidders {
		total := 0.0
		for l := range s.c.Lots {
			if q := s.quantity[i][l]; q > 0 {
				paid := s.payment[i][l]
				total += paid
				r.Allocation = append(r.Allocation, AllocationRow{
					Bidder: s.c.Bidders[i].Name, Lot: s.c.Lots[l].Name, Quantity: q, Price: paid / q, Payment: paid,
				})
			}
		}
		r.Payments = append(r.Payments, PaymentRow{Bidder: s.c.Bidders[i].Name, BidAmount: total, Payment: total, CoreViolation: math.NaN()})
	}
	for l := range s.c.Lots {
		lot := &s.c.Lots[l]
		row := LotResult{Lot: lot.Name, Zone: lot.Zone, Service: lot.Service, Capacity: lot.Capacity, ShadowPrice: math.NaN()}
		for i := range s.c.Bidders {
			row.Sold += s.quantity[i][l]
			row.Revenue += s.payment[i][l]
		}
		r.Lots = append(r.Lots, row)
	}
}

// RowName names a row of a strategy by its lot, and by its place there where it names several prices: pasted
// into bids.csv, each row stays a bid of its own.
func (c *Case) RowName(s Strategy, k int) string {
	place := 1
	for _, b := range s[:k] {
		if b.Lot == s[k].Lot {
			place++
		}
	}
	name := c.Lots[s[k].Lot].Name
	if place > 1 {
		name += "/" + strconv.Itoa(place)
	}
	return name
}
