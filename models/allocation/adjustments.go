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
	adjust := adjustments(c)
	for b := range c.Bids {
		bid := &c.Bids[b]
		score[b] = bid.Amount
		for n := range bid.Rows {
			r := &bid.Rows[n]
			score[b] += (adjust.price(bid.Bidder, r.Lot, r.Price) - r.Price) * r.Quantity
		}
	}
	return score
}

// adjusting are the adjustments of a case, ready for use.
type adjusting struct {
	c      *auction.Case
	wheres []auction.Filter
}

func adjustments(c *auction.Case) *adjusting {
	a := &adjusting{c: c, wheres: make([]auction.Filter, len(c.Adjustments))}
	for i := range c.Adjustments {
		a.wheres[i], _ = auction.ParseFilter(c.Adjustments[i].Where)
	}
	return a
}

// price is what a bidder's price for a lot is scored at.
func (a *adjusting) price(bidder, lot int, price float64) float64 {
	for i, where := range a.wheres {
		if a.c.Selects(where, bidder, lot) {
			price = price*a.c.Adjustments[i].Factor + a.c.Adjustments[i].Add
		}
	}
	return price
}
