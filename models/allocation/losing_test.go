package allocation

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"lotwise/models/auction"
)

// repriced is the case with bid b at the average price p a package, or without it where p is negative.
func repriced(c *auction.Case, b int, p float64) *auction.Case {
	other := *c
	other.Bids = slices.Clone(c.Bids)
	bid := &other.Bids[b]
	if p < 0 {
		// For more than there is of it, all or nothing: never accepted, and never met as a requirement.
		other.Lots = append(slices.Clone(c.Lots), auction.Lot{Name: "none"})
		bid.Rows, bid.MinFraction = []auction.BidRow{{Lot: len(c.Lots), Quantity: 1}}, 1
		return &other
	}
	own, volume := bid.Amount, packages(bid, bid.Bidder)
	bid.Rows, bid.Amount = slices.Clone(bid.Rows), p*volume
	for i := range bid.Rows {
		if r := &bid.Rows[i]; own == 0 {
			r.Price = p
		} else {
			r.Price *= p * volume / own
		}
	}
	return &other
}

// checkLosing compares the table of losing bids with what enumeration says at prices around them.
func checkLosing(t *testing.T, c *auction.Case, x []float64, rows []auction.LosingBid) (exact, never, open int) {
	t.Helper()
	const off = 1e-4 // how far from a price the enumeration is asked, as a share and a number
	n := 0
	for b := range c.Bids {
		if x[b] >= auction.LeastFraction {
			continue
		}
		if n == len(rows) || rows[n].Bidder != c.Bidders[c.Bids[b].Bidder].Name || rows[n].Bid != c.Bids[b].Name {
			t.Fatalf("row %d of %d is not of losing bid %d\n%s", n, len(rows), b, show(c))
		}
		row := rows[n]
		n++
		w := enumerate(repriced(c, b, -1)).objective
		wins := func(p float64) bool {
			o := enumerate(repriced(c, b, p))
			if o.objective > w+2*near && o.best[b] < auction.LeastFraction {
				t.Fatalf("bid %d at %v: earns %v, without %v, and is not accepted\n%s", b, p, o.objective, w, show(c))
			}
			return o.objective > w+2*near
		}
		under := func(p float64, what string) {
			t.Helper()
			for _, f := range []float64{0, 0.2, 0.5, 0.8, 0.95, 1} {
				if at := f * p * (1 - off); wins(at) {
					t.Errorf("bid %d wins at %v, %s %v\n%s", b, at, what, p, show(c))
				}
			}
		}
		switch {
		case !math.IsNaN(row.AcceptedFrom):
			exact++
			under(row.AcceptedFrom, "under accepted_from")
			if at := row.AcceptedFrom*(1+off) + off; !wins(at) {
				t.Errorf("bid %d loses at %v, over accepted_from %v\n%s", b, at, row.AcceptedFrom, show(c))
			}
		case math.IsNaN(row.AtLeast):
			never++
			if row.Reason == "" {
				t.Errorf("bid %d has no price and no reason\n%s", b, show(c))
			}
			for p := 0.0; p < 40; p += 0.37 {
				if wins(p) {
					t.Errorf("bid %d wins at %v, though %s\n%s", b, p, row.Reason, show(c))
				}
			}
		default:
			open++
			under(row.AtLeast, "under at_least")
			won := math.IsNaN(row.AtMost)
			for i := 0; i <= 20 && !won; i++ {
				won = wins(row.AtMost + off - (row.AtMost-row.AtLeast)*float64(i)/20)
			}
			if !won {
				t.Errorf("bid %d loses from at_least %v to at_most %v\n%s", b, row.AtLeast, row.AtMost, show(c))
			}
		}
	}
	if n != len(rows) {
		t.Errorf("%d rows for %d losing bids", len(rows), n)
	}
	return exact, never, open
}

func TestLosingBidsAgainstEnumeration(t *testing.T) {
	var exact, never, open int
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 11))
		c := randomCase(r, 1+r.IntN(5))
		out := determine(t, c, auction.Options{Threads: 1})
		result, err := Solve(t.Context(), c, auction.Options{Threads: 1, Losing: auction.LosingExact})
		if err != nil {
			t.Fatal(err)
		}
		e, n, o := checkLosing(t, c, out.X, result.Losing)
		exact, never, open = exact+e, never+n, open+o
	}
	t.Logf("%d exact, %d never, %d open", exact, never, open)
}
