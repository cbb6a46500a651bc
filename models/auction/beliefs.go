package auction

import (
	"math"
	"strings"
)

// A BeliefRow is one row of the beliefs.csv that a run writes: the columns are those of the case's table, so that
// it can be edited and read back.
type BeliefRow struct {
	Scenario    string  `csv:"scenario"`
	Probability float64 `csv:"probability"`
	Bidder      string  `csv:"bidder"`
	Bid         string  `csv:"bid"`
	Lot         string  `csv:"lot"`
	Quantity    float64 `csv:"quantity"`
	Price       float64 `csv:"price"`
	Amount      float64 `csv:"amount"`
	MinFraction float64 `csv:"min_fraction"`
	Group       string  `csv:"group"`
}

// unnamed begins the name of a bid that was given none, see Bid.Name.
const unnamed = "row "

// BeliefRows writes the case's beliefs as rows. A scenario in which nobody bids is a row without bidder.
func (c *Case) BeliefRows() []BeliefRow {
	var rows []BeliefRow
	nan := math.NaN()
	for i := range c.Beliefs {
		s := &c.Beliefs[i]
		blank := BeliefRow{Scenario: s.Scenario, Probability: s.Probability, Quantity: nan, Price: nan, Amount: nan, MinFraction: nan}
		if len(s.Bids) == 0 {
			rows = append(rows, blank)
		}
		for j := range s.Bids {
			b := &s.Bids[j]
			for k, r := range b.Rows {
				row := blank
				row.Bidder, row.Lot, row.Quantity = c.Bidders[b.Bidder].Name, c.Lots[r.Lot].Name, r.Quantity
				if !strings.HasPrefix(b.Name, unnamed) {
					row.Bid = b.Name
				}
				switch {
				case !b.ByAmount:
					row.Price = r.Price
				case k == 0:
					row.Amount = b.Amount
				}
				if b.MinFraction > 0 {
					row.MinFraction = b.MinFraction
				}
				row.Group = b.Group
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// An IndexPrice is one row of a price index: what the lots that it fits are believed to fetch.
type IndexPrice struct {
	Lot           int     // case lot, -1 for any
	Zone, Service string  // blank for any
	Bidder        int     // whose price it is, -1 for the market's
	Price         float64 // a package
	Spread        float64 // the price's standard deviation as a share of it; NaN where the row does not say
	Quantity      float64 // packages wanted at that price; NaN for a lot's whole capacity
	Source        Source
}

// A Sample says where scenarios that were drawn at random come from, and how the bid that is best against them is
// to be judged by others.
type Sample struct {
	// Draw returns n more outcomes, equal ones merged; with another stream, independent ones.
	Draw    func(n int, stream uint64) []Belief
	Size    int // outcomes drawn for the case's beliefs
	Fresh   int // outcomes to evaluate the bid on
	Batches int // samples of the same size to bound the optimality gap with; 0 for none
}
