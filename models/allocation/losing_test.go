package allocation

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lotwise/models/auction"
)

// repriced is the case with bid b at the average price p a package, or without it where p is negative.
func repriced(c *auction.Case, b int, p float64) *auction.Case {
	other := *c
	other.Bids = slices.Clone(c.Bids)
	bid := &other.Bids[b]
	if p < 0 {
		// For more than there is of it: never accepted, and never met as a requirement.
		bid.Rows, bid.MinFraction = slices.Clone(bid.Rows), 1
		bid.Rows[0].Quantity = 1e9
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
func checkLosing(t *testing.T, c *auction.Case, x []float64, rows []auction.LosingBid, solve func(*auction.Case) ([]float64, float64)) (exact, never, open int) {
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
		if packages(&c.Bids[b], c.Bids[b].Bidder) == 0 {
			continue // which has no price
		}
		_, w := solve(repriced(c, b, -1))
		wins := func(p float64) bool {
			best, objective := solve(repriced(c, b, p))
			if objective > w+2*near && best[b] < auction.LeastFraction {
				t.Fatalf("bid %d at %v: earns %v, without %v, and is not accepted\n%s", b, p, objective, w, show(c))
			}
			return objective > w+2*near
		}
		under := func(p float64, what string) {
			t.Helper()
			for _, f := range []float64{0, 0.2, 0.5, 0.8, 0.95, 1} {
				if p == 0 {
					break
				}
				if at := f * p * (1 - off); wins(at) {
					t.Errorf("bid %d wins at %v, %s %v\n%s", b, at, what, p, show(c))
				}
			}
		}
		switch {
		case !math.IsNaN(row.AcceptedFrom):
			exact++
			under(row.AcceptedFrom, "under accepted_from")
			if at := row.AcceptedFrom*(1+off) + off; !wins(at) && !wins(row.AcceptedFrom) {
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
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 11))
		c := randomCase(r, 1+r.IntN(5))
		out := determine(t, c, auction.Options{Threads: 1})
		result, err := Solve(t.Context(), c, auction.Options{Threads: 1, Losing: auction.LosingExact})
		if err != nil {
			t.Fatal(err)
		}
		e, n, o := checkLosing(t, c, out.X, result.Losing, enumerated)
		exact, never, open = exact+e, never+n, open+o
	}
	if t.Logf("%d exact, %d never, %d open", exact, never, open); exact == 0 || never == 0 || open > 0 {
		t.Errorf("%d exact, %d never, %d open", exact, never, open)
	}
}

func enumerated(c *auction.Case) ([]float64, float64) {
	o := enumerate(c)
	return o.best, o.objective
}

// With limits and adjustments, on bids that are accepted whole or not at all.
func TestLosingBidsUnderLimits(t *testing.T) {
	var exact, never, open int
	for seed := range uint64(60) {
		c := limitedCase(rand.New(rand.NewPCG(seed, 11)))
		result, err := Solve(t.Context(), c, auction.Options{Threads: 1, Losing: auction.LosingExact})
		if err != nil {
			continue // limits that cannot be met
		}
		out := determine(t, c, auction.Options{Threads: 1})
		e, n, o := checkLosing(t, c, out.X, result.Losing, subsets)
		exact, never, open = exact+e, never+n, open+o
	}
	if t.Logf("%d exact, %d never, %d open", exact, never, open); exact == 0 || never == 0 || open > 0 {
		t.Errorf("%d exact, %d never, %d open", exact, never, open)
	}
}

// Brackets hold where the work that is left tells no exact price.
func TestLosingBidsBracketed(t *testing.T) {
	open := 0
	bracketed := func(c *auction.Case, work float64, solve func(*auction.Case) ([]float64, float64)) {
		t.Helper()
		p, _ := NewProblem(c)
		o := auction.Options{Threads: 2, Losing: auction.LosingAuto}
		out, err := p.Determine(t.Context(), o)
		if err != nil {
			return // limits that cannot be met
		}
		for _, part := range out.parts {
			part.component.effort = 0
		}
		rows, err := (&questions{p: p, o: o, out: out}).losing(t.Context(), work)
		if err != nil {
			t.Fatal(err)
		}
		_, _, left := checkLosing(t, c, out.X, rows, solve)
		open += left
	}
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 13))
		work := float64(r.IntN(100))
		bracketed(randomCase(r, 1+r.IntN(5)), work, enumerated)
		bracketed(limitedCase(r), work, subsets)
	}
	if t.Logf("%d left open", open); open < 15 {
		t.Errorf("%d prices left open are too few", open)
	}
}

// Prices that can be told by hand: what displaces the winners of published instances.
func TestLosingBidsOfPublishedInstances(t *testing.T) {
	for _, tt := range []struct {
		source string
		bids   []string
		want   []float64 // amounts of the losers, in their order
	}{
		{"local-local-global", []string{"A 80", "B 60", "AB 100"}, []float64{140}},
		{"Ausubel and Milgrom", []string{"AB 2", "A 2", "B 2"}, []float64{4}},
		{"one good", []string{"A 10", "A 20", "A 30"}, []float64{30, 30}},
		{"Ausubel and Baranov", []string{"A 8", "B 6", "AB 10"}, []float64{14}},
		{"a package against its parts", []string{"AB 100", "A 30", "B 40"}, []float64{60, 70}},
	} {
		r, err := Solve(t.Context(), combinatorial(tt.bids...), auction.Options{Losing: auction.LosingExact})
		if err != nil {
			t.Fatal(err)
		}
		var got []float64
		for _, l := range r.Losing {
			got = append(got, l.Amount)
		}
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.source, diff)
		}
	}
}
