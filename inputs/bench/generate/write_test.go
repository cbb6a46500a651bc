package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/models/auction/generate"
)

// What is written is a valid case, and reads as the one that was drawn.
func TestWritten(t *testing.T) {
	cases := []*auction.Case{
		generate.Postal{
			Lots: 120, Bidders: 30, Bids: 300, AllOrNothing: 0.2, Fractions: 0.2, Packages: 60, Budgets: 0.5, Caps: 0.5,
			Limits: len(generate.PostalLimits), Adjustments: len(generate.PostalAdjustments), Contribution: true, Payment: auction.Core, Seed: 3,
		}.Case(),
		generate.Postal{Lots: 1, Bidders: 1, Bids: 1, Packages: 3, Seed: 4}.Case(),
		generate.Divisible(40, 400, 5).Case(),
	}
	for seed := range uint64(100) {
		cases = append(cases, generate.Mixed(1+int(seed)%30, seed))
	}
	for _, distribution := range generate.Distributions {
		c, err := generate.CATS(distribution, 37, 150, 2)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	written(t, cases, cmp.Options{})
}

// A market's rows have no lines until they are read.
func TestMarketWritten(t *testing.T) {
	var cases []*auction.Case
	for seed := range uint64(4) {
		m := generate.Market{Lots: 9 + int(seed), Windows: 1 + int(seed)%2, Zones: 3, Scenarios: 4, Rivals: 3, Seed: seed}
		if seed > 1 {
			m.Station, m.Budget, m.MaxVolume, m.Steps = 0.6, 0.5, 0.4, 2
		}
		cases = append(cases, m.Case())
	}
	written(t, cases, cmpopts.IgnoreTypes(auction.Source{}))
}

// written fails where what is written is not what is read.
func written(t *testing.T, cases []*auction.Case, ignored cmp.Option) {
	t.Helper()
	same := cmp.Options{ignored, cmpopts.IgnoreFields(auction.Case{}, "Name", "Has"), cmpopts.EquateNaNs(), cmpopts.EquateEmpty()}
	for _, want := range cases {
		folder := t.TempDir()
		if err := write(folder, want); err != nil {
			t.Fatal(err)
		}
		got, err := inputs.Read(folder)
		if err != nil {
			t.Errorf("%s: %v", want.Name, err)
			continue
		}
		if diff := cmp.Diff(want, got, same); diff != "" {
			t.Errorf("%s (-drawn +read)\n%s", want.Name, diff)
		}
	}
}
