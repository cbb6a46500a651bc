package main

import (
	"context"
	"math"
	"testing"

	"lotwise/inputs"
	"lotwise/models/allocation"
	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/equilibrium"
	"lotwise/models/verify"
)

// Every teaching case agrees with the closed form that its README derives, within the tolerance stated there,
// and its results hold before the verifier.
func TestTeachingCases(t *testing.T) {
	options := auction.Options{Gap: 1e-4, Epsilon: 1e-3, Concept: equilibrium.Auto, Threads: 2, Seed: 1}
	solve := func(c *auction.Case) (*auction.Results, error) {
		return equilibrium.Solve(context.Background(), c, options)
	}
	type within struct{ low, high float64 }
	about := func(v, tolerance float64) within { return within{v - tolerance, v + tolerance} }
	for _, tc := range []struct {
		name    string
		command func(*auction.Case) (*auction.Results, error)
		want    map[string]within
	}{
		{"first-price", solve, map[string]within{
			"revenue": {6, 10}, "profit:strong": {0, 4}, "profit:weak": about(0, 1e-9),
		}},
		{"first-price-types", solve, map[string]within{
			"profit:first": about(1./6, 0.05), "profit:second": about(1./6, 0.05), "revenue": about(1./3, 0.05),
		}},
		{"capacity-competition", solve, map[string]within{
			"profit:first": about(1, 0.04), "profit:second": about(1, 0.04), "revenue": about(1, 0.08),
		}},
		{"capacity-competition-unequal", solve, map[string]within{
			"profit:large": about(2, 0.06), "profit:small": about(4./3, 0.04), "revenue": about(2./3, 0.1),
		}},
		{"station", solve, map[string]within{
			"profit:shipper": {100 - 1e-9, 150 + 1e-9}, "profit:rival": about(0, 1e-9), "revenue": {100 - 1e-9, 150 + 1e-9},
		}},
		{"station", func(c *auction.Case) (*auction.Results, error) {
			return bidding.Solve(context.Background(), c, 0, options)
		}, map[string]within{"profit:shipper": about(100, 1e-9), "bound": about(100, 1e-9)}},
		{"local-local-global", func(c *auction.Case) (*auction.Results, error) {
			return allocation.Solve(context.Background(), c, options)
		}, map[string]within{"objective": about(140, 1e-6), "revenue": about(100, 1e-6)}},
	} {
		c, err := inputs.Read(tc.name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := tc.command(c)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		got := map[string]float64{}
		for _, m := range r.Summary {
			got[m.Name] = m.Number
		}
		for name, want := range tc.want {
			v, found := got[name]
			if !found || !(v >= want.low && v <= want.high) {
				t.Errorf("%s %s: %s is %g, want %g to %g", r.Command, tc.name, name, v, want.low, want.high)
			}
		}
		if r.Command == "solve" && got["relative_epsilon"] > options.Epsilon {
			t.Errorf("%s: relative epsilon %g", tc.name, got["relative_epsilon"])
		}
		report := verify.Check(c, r, verify.Options{Command: r.Command, Gap: options.Gap, Epsilon: options.Epsilon, Concept: options.Concept})
		for _, f := range report.Findings {
			t.Errorf("%s %s: %s", r.Command, tc.name, f)
		}
	}
	// The first-price prices are one of the five equilibria, the winner's and the loser's alike.
	c, err := inputs.Read("first-price")
	if err != nil {
		t.Fatal(err)
	}
	r, err := solve(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range r.RecommendedBids {
		if b.Price != r.RecommendedBids[0].Price || b.Price != math.Round(b.Price) || b.Price < 6 || b.Price > 10 {
			t.Errorf("first-price: %s bids %g", b.Bidder, b.Price)
		}
	}
}
