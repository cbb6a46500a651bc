package allocation

import "lotwise/models/auction"

// scores are what the objective counts for each bid's money when all of it is accepted:
//
//	score_b = Σ_rows (p · factor + add) q
//
// over the adjustments whose where selects the row, in the order of adjustments.csv; without any the bid's
// amount. The price of a row of a package with an amount is the package's even price. Nobody pays a score.
func scores(c *auction.Case) []float64 {
	score := make([]float64, len(c.Bids))
	wheres := make([]auction.Filter, len(c.Adjustments))
	for i := range c.Adjustments {
		wheres[i], _ = auction.ParseFilter(c.Adjustments[i].Where)
	}
	for b := range c.Bids {
		bid := &c.Bids[b]
		score[b] = bid.Amount
		for n := range bid.Rows {
			r := &bid.Rows[n]
			price := r.Price
			for i := range c.Adjustments {
				if c.Selects(wheres[i], bid.Bidder, r.Lot) {
					price = price*c.Adjustments[i].Factor + c.Adjustments[i].Add
				}
			}
			score[b] += (price - r.Price) * r.Quantity
		}
	}
	return score
}
