package allocation

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"lotwise/models/auction"
)

// combinatorial is an auction of single goods, one lot of one package each: every line is a bidder with
// alternative bundles "AB 20", all or nothing. Numbers in bundles are goods too.
func combinatorial(lines ...string) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules()}
	lot := map[rune]int{}
	for i, line := range lines {
		c.Bidders = append(c.Bidders, auction.Bidder{Name: fmt.Sprint("b", i+1), Budget: math.Inf(1), MaxVolume: math.Inf(1)})
		for _, bundle := range strings.Split(line, ",") {
			var goods string
			var amount float64
			if _, err := fmt.Sscan(bundle, &goods, &amount); err != nil {
				panic(err)
			}
			b := auction.Bid{Bidder: i, Name: goods, Amount: amount, ByAmount: true, MinFraction: 1, Group: "xor", Requires: -1}
			for _, g := range goods {
				l, ok := lot[g]
				if !ok {
					l = len(c.Lots)
					lot[g] = l
					c.Lots = append(c.Lots, auction.Lot{Name: string(g), Zone: "Z", Capacity: 1})
				}
				b.Rows = append(b.Rows, auction.BidRow{Lot: l, Quantity: 1, Price: amount / float64(len(goods))})
			}
			c.Bids = append(c.Bids, b)
		}
	}
	return c
}

// winners are the accepted bundles as "b1 AB".
func winners(c *auction.Case, out *Outcome) []string {
	var w []string
	for b, x := range out.X {
		if x > 0 {
			w = append(w, c.Bidders[c.Bids[b].Bidder].Name+" "+c.Bids[b].Name)
		}
	}
	return w
}

// Published instances of winner determination.
func TestPublishedInstances(t *testing.T) {
	for _, tt := range []struct {
		source  string
		bids    []string
		w       float64
		winners []string // nil where the optimum is not unique
	}{
		{"Day and Raghavan 2007", []string{"AB 20", "C 20", "D 20", "ABC 28", "ABD 26", "AB 10", "C 10", "D 10"}, 60, []string{"b1 AB", "b2 C", "b3 D"}},
		{"Wurman et al. 2004", []string{
			"A 10, B 3, AB 18, C 2, AC 18, BC 10, ABC 20", "A 4, B 9, AB 15, C 3, AC 12, BC 18, ABC 20",
			"A 1, B 3, AB 11, C 9, AC 16, BC 17, ABC 25", "A 7, B 7, AB 16, C 7, AC 16, BC 16, ABC 20",
		}, 28, nil},
		{"local-local-global", []string{"A 80", "B 60", "AB 100"}, 140, []string{"b1 A", "b2 B"}},
		{"mechlib", []string{"A 20", "B 20", "C 20", "D 20", "A 10", "AB 18", "BCD 16"}, 80, []string{"b1 A", "b2 B", "b3 C", "b4 D"}},
		{"mechlib", []string{"A 20, BC 30", "B 20, AD 25", "CD 20", "A 5", "B 5"}, 60, []string{"b1 A", "b2 B", "b3 CD"}},
		{"one good", []string{"A 10", "A 20", "A 30"}, 30, []string{"b3 A"}},
		{"bnelearn", []string{"A 12", "B 6", "AB 10"}, 18, []string{"b1 A", "b2 B"}},
		{"Ausubel and Baranov", []string{"A 8", "B 6", "AB 10"}, 14, []string{"b1 A", "b2 B"}},
		{"Nebel and Wölfl", []string{"1234 8", "236 6", "145 5", "28 2", "56 2"}, 11, nil},
		{"Ausubel and Milgrom", []string{"AB 2", "A 2", "B 2"}, 4, []string{"b2 A", "b3 B"}},
	} {
		c := combinatorial(tt.bids...)
		out := determine(t, c, auction.Options{Gap: 1e-4})
		if math.Abs(out.Objective-tt.w) > 1e-9 || !out.Proven {
			t.Errorf("%s: W %v with bound %v, want %v", tt.source, out.Objective, out.Bound, tt.w)
		}
		if got := winners(c, out); tt.winners != nil && !slices.Equal(got, tt.winners) {
			t.Errorf("%s: winners %v, want %v", tt.source, got, tt.winners)
		}
	}
}

// Units of one good are one lot: {1:2} {1:2} {2:3} for two units, and unit bids for three.
func TestPublishedMultiUnitInstances(t *testing.T) {
	units := func(capacity float64, bids ...[3]float64) *auction.Case { // bidder, quantity, amount
		c := &auction.Case{Rules: auction.DefaultRules(), Lots: []auction.Lot{{Name: "units", Capacity: capacity}}}
		for n, b := range bids {
			for len(c.Bidders) <= int(b[0]) {
				c.Bidders = append(c.Bidders, auction.Bidder{Name: fmt.Sprint("b", len(c.Bidders)+1), Budget: math.Inf(1), MaxVolume: math.Inf(1)})
			}
			c.Bids = append(c.Bids, auction.Bid{
				Bidder: int(b[0]), Name: fmt.Sprint(n + 1), Amount: b[2], MinFraction: 1, Requires: -1,
				Rows: []auction.BidRow{{Quantity: b[1], Price: b[2] / b[1]}},
			})
		}
		return c
	}
	for _, tt := range []struct {
		source string
		c      *auction.Case
		w      float64
	}{
		{"mechlib", units(2, [3]float64{0, 1, 2}, [3]float64{1, 1, 2}, [3]float64{2, 2, 3}), 4},
		{"bnelearn", units(3,
			[3]float64{0, 1, 3}, [3]float64{0, 1, 2}, [3]float64{0, 1, 1},
			[3]float64{1, 1, 3.7}, [3]float64{1, 1, 2}, [3]float64{1, 1, 0},
			[3]float64{2, 1, 3.6}, [3]float64{2, 1, 2.99}, [3]float64{2, 1, 1.99}), 10.3},
	} {
		if out := determine(t, tt.c, auction.Options{}); math.Abs(out.Objective-tt.w) > 1e-9 {
			t.Errorf("%s: W %v, want %v", tt.source, out.Objective, tt.w)
		}
	}
}
