package oracle_test

import (
	"context"
	"math"
	"testing"

	"lotwise/models/auction/generate"
	"lotwise/models/bidding"
	"lotwise/models/bidding/oracle"
	"lotwise/models/network"
	"lotwise/solver"
)

// agree is the relative difference between two MIPs solved to gaps of a hundredth of it.
const agree = 1e-5

// TestFormulationsAgree solves small markets by the decomposition, by the formulation that it falls back on, and as the textbook
// has it.
func TestFormulationsAgree(t *testing.T) {
	ctx := context.Background()
	earning := 0
	for seed := range uint64(12) {
		m := generate.Market{Lots: 4, Windows: 1 + int(seed%2), Zones: 2, Scenarios: 3, Rivals: 3, Seed: seed}
		if seed%3 > 0 {
			m.Budget = 0.4
		}
		if seed%4 > 1 {
			m.Station = 0.6
		}
		if seed%5 > 2 {
			m.MaxVolume = 0.4
		}
		c := m.Case()
		p := bidding.Against(c, generate.MarketBidder, network.New(c, generate.MarketBidder, 0))
		r, err := bidding.BestResponse(ctx, p, bidding.Options{Gap: agree / 100})
		if err != nil {
			t.Fatal(err)
		}
		cells, unit := p.Program()
		book := oracle.NewProgram(p)
		for _, f := range []struct {
			name string
			m    *solver.Model
			unit float64
		}{{"cells", cells, unit}, {"textbook", book.Model, book.Unit}} {
			s, err := solver.Solve(ctx, f.m, solver.Options{RelGap: agree / 100})
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Objective * f.unit; math.Abs(got-r.Profit) > agree*max(1, math.Abs(r.Profit)) {
				t.Errorf("seed %d: %s gives %v, the decomposition %v to %v", seed, f.name, got, r.Profit, r.Bound)
			}
		}
		if root := p.RootBound(ctx); root < r.Profit-agree*max(1, r.Profit) {
			t.Errorf("seed %d: before branching no bid gains more than %v, one gains %v", seed, root, r.Profit)
		}
		if r.Profit > 0 {
			earning++
		}
	}
	if earning < 8 {
		t.Errorf("%d markets have a bid that earns something", earning)
	}
}
