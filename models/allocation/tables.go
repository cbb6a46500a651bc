package allocation

import (
	"lotwise/models/auction"
	"lotwise/models/payment"
	"lotwise/solver"
)

// tables are the results of an outcome and what is charged for it.
func tables(c *auction.Case, out *Outcome, paid *payment.Charge, status auction.Status) *auction.Results {
	r := &auction.Results{Command: "allocate", Status: status}
	r.Lots = make([]auction.LotResult, len(c.Lots))
	for l := range c.Lots {
		lot := &c.Lots[l]
		r.Lots[l] = auction.LotResult{Lot: lot.Name, Zone: lot.Zone, Service: lot.Service, Capacity: lot.Capacity, ShadowPrice: out.ShadowPrice[l]}
	}
	r.Payments = make([]auction.PaymentRow, len(c.Bidders))
	for i := range c.Bidders {
		r.Payments[i] = auction.PaymentRow{Bidder: c.Bidders[i].Name, CoreViolation: paid.CoreViolation}
	}
	var revenue, cost, volume, capacity solver.Sum
	for b, x := range out.X {
		if x <= 0 {
			continue
		}
		bid := &c.Bids[b]
		bidder := &r.Payments[bid.Bidder]
		bidder.BidAmount += bid.Amount * x
		bidder.Payment += paid.Bids[b]
		revenue.Add(paid.Bids[b])
		for n, row := range bid.Rows {
			quantity := row.Quantity * x
			if quantity == 0 {
				continue
			}
			payment := paid.Bids[b] * shareOf(bid, n)
			r.Allocation = append(r.Allocation, auction.AllocationRow{
				Bidder: c.Bidders[bid.Bidder].Name, Bid: bid.Name, Lot: c.Lots[row.Lot].Name,
				Quantity: quantity, Price: row.Price, Payment: payment,
			})
			r.Lots[row.Lot].Sold += quantity
			r.Lots[row.Lot].Revenue += payment
			volume.Add(quantity)
			cost.Add(c.Lots[row.Lot].Cost * quantity)
		}
	}
	for i := range r.Payments {
		p := &r.Payments[i]
		p.Discount = p.BidAmount - p.Payment
	}
	for l := range c.Lots {
		capacity.Add(c.Lots[l].Capacity)
	}
	share := 0.0
	if capacity.Value() > 0 {
		share = volume.Value() / capacity.Value()
	}
	ties := "settled"
	if !out.TiesSettled {
		ties = "unsettled"
	}
	money := c.Rules.Currency
	r.Summary = append([]auction.Metric{
		{Name: "status", Text: string(r.Status)},
		{Name: "objective", Number: out.Objective, Unit: money},
		{Name: "bound", Number: out.Bound, Unit: money},
		{Name: "gap", Number: out.Gap()},
		{Name: "revenue", Number: revenue.Value(), Unit: money},
		{Name: "contribution", Number: revenue.Value() - cost.Value(), Unit: money},
		{Name: "volume", Number: volume.Value(), Unit: "packages"},
		{Name: "sold_share", Number: share},
		{Name: "maximised", Text: c.Rules.Objective},
		{Name: "payment_rule", Text: c.Rules.Payment},
		{Name: "ties", Text: ties},
	}, paid.Metrics...)
	r.Summary = append(r.Summary, auction.Outcomes(c, r)...)
	return r
}

// shareOf is a row's share of its bid's money: by price, or by packages where all prices are 0.
func shareOf(bid *auction.Bid, n int) float64 {
	var money, packages float64
	for _, r := range bid.Rows {
		money += r.Price * r.Quantity
		packages += r.Quantity
	}
	if money > 0 {
		return bid.Rows[n].Price * bid.Rows[n].Quantity / money
	}
	return bid.Rows[n].Quantity / packages
}
