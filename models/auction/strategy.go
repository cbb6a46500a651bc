package auction

// A LotBid is a price, on the grid, for up to Quantity packages of one lot. Tick counts price steps.
type LotBid struct {
	Lot      int
	Tick     int64
	Quantity float64
}

// A Strategy is a bid in the language of the merit order: divisible lot bids, at most Rules.BidSteps
// prices a lot. Bidding nothing is the empty strategy.
type Strategy []LotBid
