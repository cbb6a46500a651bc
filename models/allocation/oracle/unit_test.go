package oracle_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"lotwise/models/allocation/oracle"
	"lotwise/models/auction"
)

// goods is an auction of single goods: every line a bidder with one bundle "AB 20", all or nothing.
func goods(lines ...string) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules()}
	lot := map[rune]int{}
	for i, line := range lines {
		var bundle string
		var amount float64
		if _, err := fmt.Sscan(line, &bundle, &amount); err != nil {
			panic(err)
		}
		c.Bidders = append(c.Bidders, auction.Bidder{Name: fmt.Sprint("b", i+1), Budget: math.Inf(1), MaxVolume: math.Inf(1)})
		b := auction.Bid{Bidder: i, Name: bundle, Amount: amount, ByAmount: true, MinFraction: 1, Requires: -1}
		for _, g := range bundle {
			if _, known := lot[g]; !known {
				lot[g] = len(c.Lots)
				c.Lots = append(c.Lots, auction.Lot{Name: string(g), Capacity: 1})
			}
			b.Rows = append(b.Rows, auction.BidRow{Lot: lot[g], Quantity: 1, Price: amount / float64(len(bundle))})
		}
		c.Bids = append(c.Bids, b)
	}
	return c
}

// Published values and payments; and discounts that are not those of the core are told from them.
func TestPublished(t *testing.T) {
	for _, tt := range []struct {
		source    string
		bids      []string
		w         float64
		vcg, core []float64 // discounts
		wrong     []float64 // feasible, of the largest total, not the nearest; nil where there is none
	}{
		{
			"Day and Raghavan 2007",
			[]string{"AB 20", "C 20", "D 20", "ABC 28", "ABD 26", "AB 10", "C 10", "D 10"},
			60,
			[]float64{10, 10, 10},
			[]float64{4, 8, 10},
			[]float64{3, 9, 10},
		},
		{"local-local-global", []string{"A 80", "B 60", "AB 100"}, 140, []float64{40, 40}, []float64{20, 20}, []float64{30, 10}},
		{"Ausubel and Milgrom", []string{"AB 2", "A 2", "B 2"}, 4, []float64{0, 2, 2}, []float64{0, 1, 1}, []float64{0, 2, 0}},
		{"one good", []string{"A 10", "A 20", "A 30"}, 30, []float64{0, 0, 10}, []float64{0, 0, 10}, nil},
		{"Nebel and Wölfl", []string{"1234 8", "236 6", "145 5", "28 2", "56 2"}, 11, nil, nil, nil},
	} {
		c := goods(tt.bids...)
		v := oracle.Enumerate(c)
		if v.All() != tt.w {
			t.Errorf("%s: W %g, want %g", tt.source, v.All(), tt.w)
		}
		if tt.vcg == nil {
			continue
		}
		full := func(d []float64) []float64 {
			return append(d[:len(d):len(d)], make([]float64, len(c.Bidders)-len(d))...)
		}
		x := make([]float64, len(c.Bids))
		for i, d := range tt.vcg {
			if d > 0 {
				x[i] = 1
			}
		}
		got := v.Discounts(c, x)
		for i, want := range full(tt.vcg) {
			if got[i] != want {
				t.Errorf("%s: VCG discounts %v, want %v", tt.source, got, tt.vcg)
			}
		}
		if err := v.CheckCore(got, full(tt.core), 1e-9); err != nil {
			t.Errorf("%s: %v", tt.source, err)
		}
		more, less := full(tt.core), full(tt.core)
		more = append([]float64(nil), more...)
		more[len(tt.core)-1] += 0.01
		less = append([]float64(nil), less...)
		less[len(tt.core)-1] -= 0.01
		for n, d := range [][]float64{more, less, tt.wrong} {
			if d == nil {
				continue
			}
			if err := v.CheckCore(got, full(d), 1e-6); err == nil {
				t.Errorf("%s: discounts %v (%d) pass for the core's", tt.source, d, n)
			}
		}
	}
}

// Whatever an allocation breaks is told.
func TestJudge(t *testing.T) {
	c := goods("A 4", "A 3", "B 2")
	c.Bidders[2].Budget = 1
	c.Bids[0].MinFraction, c.Bids[1].MinFraction, c.Bids[2].MinFraction = 0.5, 0, 0
	c.Limits = []auction.Limit{
		{Name: "few", Measure: "bids", Max: 1, Min: math.NaN(), Penalty: math.NaN()},
		{Name: "volume", Measure: "volume", Per: "lot", Max: math.NaN(), Min: 0.5, Penalty: 2},
	}
	for _, tt := range []struct {
		x         []float64
		broken    []string
		objective float64
	}{
		{[]float64{1, 0, 0}, nil, 4 - 2*0.5},
		{[]float64{0, 0, 0.5}, nil, 1 - 2*0.5},
		{[]float64{0.25, 0, 0}, []string{"bid A is accepted to 0.25"}, 1 - 2*0.25 - 2*0.5},
		{[]float64{1, 1, 0}, []string{"lot A sells 2", "limit few"}, 7 - 2*0.5},
		{[]float64{0, 0, 1}, []string{"bidder b3 wins 1 packages for 2"}, 2 - 2*0.5},
	} {
		j := oracle.Judge(c, tt.x, 1e-9)
		if math.Abs(j.Objective-tt.objective) > 1e-12 || len(j.Broken) != len(tt.broken) {
			t.Errorf("%v: %+v, want %g and %q", tt.x, j, tt.objective, tt.broken)
			continue
		}
		for n, want := range tt.broken {
			if !strings.Contains(j.Broken[n], want) {
				t.Errorf("%v: %q, want %q", tt.x, j.Broken[n], want)
			}
		}
	}
}
