package payment

import (
	"context"
	"math"

	"lotwise/models/auction"
)

// vcg charges every winner what its presence costs the others:
//
//	p_i = A_i(x) - (W - W(-i)),  at least the reserve value of what i won
//
// (Vickrey 1961, Clarke 1971, Groves 1973). Where W or W(-i) is not proven optimal, the payment may be
// anything within the bracket that their bounds leave, which is stated. A winner without whom the limits
// cannot be met is pivotal: nothing but the reserves holds its discount back.
func vcg(ctx context.Context, a *Auction) (*Charge, error) {
	amount, _ := a.won()
	v, err := a.discounts(ctx)
	if err != nil {
		return nil, err
	}
	total := make([]float64, len(amount))
	for i := range total {
		total[i] = amount[i] - v.discount[i]
	}
	return &Charge{Bids: a.spread(total), CoreViolation: math.NaN(), Open: v.doubt, Metrics: v.metrics}, nil
}

// cents is the doubt on a payment that is not worth stating.
const cents = 1e-4

// discounts are what VCG takes off the bids.
type discounts struct {
	discount []float64        // by bidder: W - W(-i), as far as the reserves let it
	others   []Alternative    // the allocations of the W(-i)
	doubt    bool             // a payment is not exact
	metrics  []auction.Metric // the brackets of those that are not, and the pivotal winners
}

// discounts asks for all of them.
func (a *Auction) discounts(ctx context.Context) (*discounts, error) {
	amount, reserve := a.won()
	v := &discounts{discount: make([]float64, len(amount))}
	var winners []int
	for i := range amount {
		if amount[i] > reserve[i] {
			winners = append(winners, i)
		}
	}
	absences, err := a.Without(ctx, winners)
	if err != nil {
		return nil, err
	}
	for n, w := range absences {
		i := winners[n]
		within := func(d float64) float64 { return min(max(d, 0), amount[i]-reserve[i]) }
		v.discount[i] = within(w.Loss)
		name, unit := a.Case.Bidders[i].Name, a.Case.Rules.Currency
		if math.IsInf(w.Low, 1) {
			v.metrics = append(v.metrics, auction.Metric{Name: "pivotal:" + name, Number: 1})
			continue
		}
		v.others = append(v.others, w.Alternative)
		if low, high := within(w.Low), within(w.High); high-low > cents {
			v.doubt = true
			v.metrics = append(v.metrics,
				auction.Metric{Name: "least_vcg_payment:" + name, Number: amount[i] - high, Unit: unit},
				auction.Metric{Name: "most_vcg_payment:" + name, Number: amount[i] - low, Unit: unit})
		}
	}
	return v, nil
}
