package payment

import (
	"context"
	"sync"

	"lotwise/models/auction"
)

// vcg charges every winner what its presence costs the others:
//
//	p_i = A_i(x) - (W - W(-i)),  at least the reserve value of what i won
//
// (Vickrey 1961, Clarke 1971, Groves 1973). Where W or W(-i) is not proven optimal, the payment may be
// anything within the bracket that their bounds leave, of which the widest is stated.
func vcg(ctx context.Context, a *Auction) (*Charge, error) {
	amount, _ := a.won()
	discount, doubts, err := a.discounts(ctx)
	if err != nil {
		return nil, err
	}
	total := make([]float64, len(amount))
	for i := range total {
		total[i] = amount[i] - discount[i]
	}
	return &Charge{Bids: a.spread(total), Metrics: doubts}, nil
}

// cents is the doubt on a payment that is not worth stating.
const cents = 1e-4

// discounts are, by bidder, what VCG takes off the bids, W - W(-i), as far as the reserves let it. The metrics
// are the brackets of the payments that are not exact.
func (a *Auction) discounts(ctx context.Context) (discount []float64, doubts []auction.Metric, err error) {
	amount, reserve := a.won()
	discount = make([]float64, len(amount))
	low, high, errs := make([]float64, len(amount)), make([]float64, len(amount)), make([]error, len(amount))
	slots := make(chan struct{}, max(1, a.Threads))
	var wait sync.WaitGroup
	for i := range amount {
		most := amount[i] - reserve[i]
		if most <= 0 {
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			discount[i], low[i], high[i], errs[i] = a.Worth(ctx, i)
			for _, d := range []*float64{&discount[i], &low[i], &high[i]} {
				*d = min(max(*d, 0), most)
			}
		})
	}
	wait.Wait()
	for i := range errs {
		if errs[i] != nil {
			return nil, nil, errs[i]
		}
		if high[i]-low[i] > cents {
			name, unit := a.Case.Bidders[i].Name, a.Case.Rules.Currency
			doubts = append(doubts,
				auction.Metric{Name: "least_vcg_payment:" + name, Number: amount[i] - high[i], Unit: unit},
				auction.Metric{Name: "most_vcg_payment:" + name, Number: amount[i] - low[i], Unit: unit})
		}
	}
	return discount, doubts, nil
}
