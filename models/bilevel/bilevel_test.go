package bilevel_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"lotwise/models/auction"
	"lotwise/models/bilevel"
	"lotwise/models/network"
)

// packages are lots A and B of one package, worth 6 and 5 to "me" and 16 together, against a rival that bids one of A, B
// and both: the amounts of the oracle row. What lots are worth is made of deliveries: with neither, A's package costs 6
// and B's 5 by a station that costs 5 and closes when both are won.
func packages(first bool) *bilevel.Problem {
	inf, nan := math.Inf(1), math.NaN()
	rival := auction.Bidder{Name: "rival", AccessCost: nan, Types: []auction.Type{auction.Known}, Budget: inf, MaxVolume: inf}
	me := auction.Bidder{
		Name: "me", AccessCost: 0, Types: []auction.Type{auction.Known}, Budget: inf, MaxVolume: inf,
		Demand:     []auction.Demand{{Zone: "A", Volume: 1, Value: nan}, {Zone: "B", Volume: 1, Value: nan}},
		Facilities: []auction.Facility{{Name: "station", FixedCost: 5, Capacity: inf}},
		Routes: []auction.Route{
			{Zone: "A", UnitCost: 6, Capacity: inf, Facility: 0}, {Zone: "B", UnitCost: 5, Capacity: inf, Facility: 0},
		},
	}
	c := &auction.Case{Rules: auction.DefaultRules(), Bidders: []auction.Bidder{rival, me}}
	bidder, other := 1, 0
	if first {
		c.Bidders[0], c.Bidders[1] = me, rival
		bidder, other = 0, 1
	}
	c.Rules.PriceStep = 1
	for _, name := range []string{"A", "B"} {
		c.Lots = append(c.Lots, auction.Lot{Name: name, Zone: name, Capacity: 1})
	}
	a, b := auction.BidRow{Lot: 0, Quantity: 1}, auction.BidRow{Lot: 1, Quantity: 1}
	shapes := [][]auction.BidRow{{a}, {b}, {a, b}}
	for n, amounts := range [][]float64{{5, 4, 10}, {8, 2, 9}, {3, 7, 12}} {
		s := auction.Belief{Scenario: fmt.Sprint(n), Probability: []float64{0.5, 0.25, 0.25}[n]}
		for k, rows := range shapes {
			bid := auction.Bid{Bidder: other, Name: fmt.Sprint(k), Amount: amounts[k], ByAmount: true, MinFraction: 1, Group: "one", Requires: -1}
			for _, r := range rows {
				r.Price = amounts[k] / float64(len(rows))
				bid.Rows = append(bid.Rows, r)
			}
			s.Bids = append(s.Bids, bid)
		}
		c.Beliefs = append(c.Beliefs, s)
	}
	p := &bilevel.Problem{Case: c, Bidder: bidder, Network: network.New(c, bidder, 0)}
	for k, rows := range shapes {
		p.Items = append(p.Items, bilevel.Item{Name: fmt.Sprint("own", k), Rows: rows, Whole: true, Group: "own", Step: 1})
	}
	return p
}

// The seller re-optimises over packages: 19/4 where ties go to the bidder, 15/4 where they go against it.
func TestPackages(t *testing.T) {
	for _, first := range []bool{true, false} {
		want := 15. / 4
		if first {
			want = 19. / 4
		}
		a, err := bilevel.Solve(context.Background(), packages(first), bilevel.Options{Gap: 1e-6})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(a.Profit-want) > 1e-9 || math.Abs(a.Bound-want) > 1e-5 {
			t.Errorf("first %v: profit %v, bound %v, %s, bid %v; want %v", first, a.Profit, a.Bound, a.Status, a.Bid, want)
		}
	}
}
