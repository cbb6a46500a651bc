package payment

import (
	"context"
	"fmt"
	"math"

	"lotwise/models/auction"
)

// uniform charges all winners of a lot the same price a package, the highest rejected one and at least
// the reserve:
//
//	price_l = max(reserve_l, max {p_b : b bids for l, x_b < 1})
//
// A bid under the reserve is rejected too, but its price is under the other term.
func uniform(_ context.Context, a *Auction) (*Charge, error) {
	price := make([]float64, len(a.Case.Lots))
	for l := range price {
		price[l] = a.Case.Lots[l].Reserve
	}
	for b, x := range a.X {
		if r := &a.Case.Bids[b].Rows[0]; x < 1 {
			price[r.Lot] = max(price[r.Lot], r.Price)
		}
	}
	c := &Charge{Bids: make([]float64, len(a.X)), CoreViolation: math.NaN()}
	for b, x := range a.X {
		r := &a.Case.Bids[b].Rows[0]
		c.Bids[b] = price[r.Lot] * r.Quantity * x
	}
	return c, nil
}

// notUniform names what takes a case out of the order of merit, without which the highest rejected price
// can be over a winner's own.
func notUniform(c *auction.Case) []auction.Conflict {
	var why []auction.Conflict
	refuse := func(s auction.Source, format string, args ...any) {
		why = append(why, auction.Conflict{What: "payment uniform is for divisible bids for one lot each, accepted in order of price: " +
			fmt.Sprintf(format, args...), Source: s})
	}
	amount, volume := make([]float64, len(c.Bidders)), make([]float64, len(c.Bidders))
	for b := range c.Bids {
		bid := &c.Bids[b]
		if len(bid.Rows) != 1 || !bid.Divisible() {
			refuse(bid.Source, "bid %s of %s is a package, has a least fraction, a group or a required bid", bid.Name, c.Bidders[bid.Bidder].Name)
		}
		if _, void := bid.Void(c.Lots); !void {
			amount[bid.Bidder] += bid.Amount
			for _, r := range bid.Rows {
				volume[bid.Bidder] += r.Quantity
			}
		}
	}
	for i := range c.Bidders {
		b := &c.Bidders[i]
		if amount[i] > b.Budget {
			refuse(b.Source, "the bids of %s, %g in all, are over its budget of %g", b.Name, amount[i], b.Budget)
		}
		if volume[i] > b.MaxVolume {
			refuse(b.Source, "the bids of %s, %g packages in all, are over its max_volume of %g", b.Name, volume[i], b.MaxVolume)
		}
	}
	for _, l := range c.Limits {
		refuse(l.Source, "limit %s", l.Name)
	}
	for _, a := range c.Adjustments {
		refuse(a.Source, "adjustment %s", a.Name)
	}
	return why
}
