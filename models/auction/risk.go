package auction

import "slices"

// A Risk says what of an uncertain profit π is maximised:
//
//	(1 − a) E π + a CVaR π
//
// CVaR, the conditional value at risk, is the mean of the worst Tail of outcomes, by probability; an outcome that is only
// partly among them counts with that part (Rockafellar and Uryasev, Journal of Risk 2, 2000).
type Risk struct {
	Aversion float64 // a, from 0, expected profit, to 1, the worst alone
	Tail     float64 // a probability over 0; 0 for DefaultTail
}

// DefaultTail is the tail where none is given.
const DefaultTail = 0.05

// Of returns the share of outcomes that are the worst.
func (k Risk) Of() float64 {
	if k.Tail == 0 {
		return DefaultTail
	}
	return min(k.Tail, 1)
}

// CVaR returns the mean of the worst outcomes. Probabilities sum to 1 but for rounding.
func (k Risk) CVaR(profit, probability []float64) float64 {
	order := make([]int, len(profit))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case profit[a] < profit[b]:
			return -1
		case profit[a] > profit[b]:
			return 1
		}
		return 0
	})
	sum, left := 0.0, k.Of()
	for n, i := range order {
		q := min(probability[i], left)
		if n == len(order)-1 {
			q = left // what rounding left of the probabilities
		}
		sum += q * profit[i]
		left -= q
	}
	return sum / k.Of()
}

// Worth returns what is maximised, of an expectation and a CVaR.
func (k Risk) Worth(mean, cvar float64) float64 {
	if k.Aversion == 0 {
		return mean
	}
	return (1-k.Aversion)*mean + k.Aversion*cvar
}
