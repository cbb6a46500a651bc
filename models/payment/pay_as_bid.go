package payment

import (
	"context"
	"math"
)

// payAsBid charges A_b x_b for each bid.
func payAsBid(_ context.Context, a *Auction) (*Charge, error) {
	c := &Charge{Bids: make([]float64, len(a.X)), CoreViolation: math.NaN()}
	for b, x := range a.X {
		c.Bids[b] = a.Case.Bids[b].Amount * x
	}
	return c, nil
}
