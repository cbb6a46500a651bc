package verify

import (
	"math"
	"math/rand/v2"
	"testing"

	"lotwise/models/auction"
)

// TestLosingBids takes random cases under limits, of bids that are whole or nothing, and the prices of their losing bids by
// enumeration: these hold, and none does that is a hundredth away.
func TestLosingBids(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	held, never, moved := 0, 0, 0
	for trial := range 250 {
		c := drawLimited(r)
		c.Adjustments = nil
		for i := range c.Bids {
			c.Bids[i].MinFraction = 1
		}
		for i := range c.Bidders {
			c.Bidders[i].Budget = math.Inf(1)
		}
		for i := range c.Limits {
			if c.Limits[i].Measure == "revenue" {
				c.Limits[i].Measure = "volume"
			}
		}
		best, x := math.Inf(-1), make([]float64, len(c.Bids))
		y := make([]float64, len(c.Bids))
		for set := range 1 << len(y) {
			for i := range y {
				y[i] = float64(set >> i & 1)
			}
			if v, ok := byDefinition(c, y, c.Limits); ok && v > best {
				best = v
				copy(x, y)
			}
		}
		if math.IsInf(best, -1) {
			continue
		}
		run := &auction.Results{Command: "allocate", Summary: []auction.Metric{{Name: "status", Text: "optimal"}}}
		nan := math.NaN()
		for b, bid := range c.Bids {
			if x[b] > 0 || packagesOf(&bid) == 0 {
				continue
			}
			// What is earned with the bid and without it, but for the bid's own money.
			with, without := math.Inf(-1), math.Inf(-1)
			free := *c
			free.Bids = append([]auction.Bid(nil), c.Bids...)
			f := &free.Bids[b]
			f.Rows = append([]auction.BidRow(nil), f.Rows...)
			floor := 0.0
			own := bid.Amount / packagesOf(&bid)
			for n, row := range f.Rows {
				floor = math.Max(floor, c.Lots[row.Lot].Reserve/row.Price*own)
				f.Rows[n].Price = math.Max(row.Price, c.Lots[row.Lot].Reserve) // not void
			}
			money := 0.0
			for _, row := range f.Rows {
				money += row.Price * row.Quantity
			}
			for set := range 1 << len(y) {
				for i := range y {
					y[i] = float64(set >> i & 1)
				}
				if v, ok := byDefinition(&free, y, c.Limits); ok {
					if y[b] > 0 {
						with = math.Max(with, v-money)
					} else {
						without = math.Max(without, v)
					}
				}
			}
			row := auction.LosingBid{Bidder: c.Bidders[bid.Bidder].Name, Bid: bid.Name, Price: own, AcceptedFrom: nan, AtLeast: nan, AtMost: nan, Amount: nan}
			if math.IsInf(with, -1) {
				row.Reason = "the others and the limits leave no room for it"
				never++
			} else {
				row.AcceptedFrom = math.Max(floor, (without-with)/packagesOf(&bid))
				row.Amount = row.AcceptedFrom * packagesOf(&bid)
				held++
			}
			run.Losing = append(run.Losing, row)
		}
		judge := func(run *auction.Results) (wrong []Finding) {
			k := newChecker(c, run, Options{EnumerationLimit: defaultEnumerationLimit})
			a := k.newAcceptance()
			a.x, a.hint = x, x
			a.checkLosing()
			for _, f := range k.report.Findings {
				if f.Row >= 0 {
					wrong = append(wrong, f)
				}
			}
			return wrong
		}
		if wrong := judge(run); len(wrong) > 0 {
			t.Fatalf("trial %d: %v\n%+v\n%+v", trial, wrong, run.Losing, c)
		}
		for i, row := range run.Losing {
			for _, by := range []float64{1.01, 0.99} {
				if wrong := row.AcceptedFrom * by; wrong > 0 {
					changed := *run
					changed.Losing = append([]auction.LosingBid(nil), run.Losing...)
					changed.Losing[i].AcceptedFrom, changed.Losing[i].Amount = wrong, wrong*row.Amount/row.AcceptedFrom
					moved++
					if len(judge(&changed)) == 0 {
						t.Errorf("trial %d: bid %q from %g instead of %g, and nothing is found", trial, row.Bid, wrong, row.AcceptedFrom)
					}
				}
			}
			if row.Reason != "" {
				changed := *run
				changed.Losing = append([]auction.LosingBid(nil), run.Losing...)
				changed.Losing[i].AcceptedFrom, changed.Losing[i].Amount = 100, 100*packagesOf(bidNamed(c, row))
				if len(judge(&changed)) == 0 {
					t.Errorf("trial %d: bid %q from 100 instead of never, and nothing is found", trial, row.Bid)
				}
			} else {
				changed := *run
				changed.Losing = append([]auction.LosingBid(nil), run.Losing...)
				changed.Losing[i].AcceptedFrom, changed.Losing[i].Amount, changed.Losing[i].Reason = nan, nan, "no reason"
				if len(judge(&changed)) == 0 {
					t.Errorf("trial %d: bid %q never instead of from %g, and nothing is found", trial, row.Bid, row.AcceptedFrom)
				}
			}
		}
	}
	t.Logf("%d prices, %d bids that no price wins, %d wrong prices", held, never, moved)
	if held < 150 || never < 50 {
		t.Errorf("%d prices and %d bids without one are too few", held, never)
	}
}

func bidNamed(c *auction.Case, row auction.LosingBid) *auction.Bid {
	for i := range c.Bids {
		if c.Bids[i].Name == row.Bid {
			return &c.Bids[i]
		}
	}
	return nil
}
