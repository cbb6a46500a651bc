package auction

import "math"

// gridSlack is how far, in price steps, a price may lie from a multiple of the step and still be that
// multiple: decimal prices and steps such as 0.1 have no exact binary value.
const gridSlack = 1e-6

// Price returns tick k of the price grid. A step that is a decimal fraction gives the float nearest to
// the decimal price, so that equal prices are equal floats.
func (r *Rules) Price(k int64) float64 {
	if n := math.Round(1 / r.PriceStep); n >= 1 && math.Abs(n*r.PriceStep-1) < 1e-12 {
		return float64(k) / n
	}
	return float64(k) * r.PriceStep
}

// TickUp returns the least k with Price(k) >= price.
func (r *Rules) TickUp(price float64) int64 {
	return int64(math.Ceil(price/r.PriceStep - gridSlack))
}

// TickOver returns the least k with Price(k) > price.
func (r *Rules) TickOver(price float64) int64 {
	return int64(math.Floor(price/r.PriceStep+gridSlack)) + 1
}

// OnGrid says whether price is a multiple of the price step.
func (r *Rules) OnGrid(price float64) bool {
	q := price / r.PriceStep
	return math.Abs(q-math.Round(q)) <= gridSlack
}
