package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"lotwise/models/allocation"
	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/equilibrium"
	"lotwise/models/network"
	"lotwise/models/verify"
)

// anyCase is a random case with everything that solve and bid model: stations, shared and scarce routes,
// optional demand, services, types, budgets and caps, bidders with given bids, beliefs, either objective.
func anyCase(r *rand.Rand) *auction.Case {
	c := &auction.Case{Name: "any", Rules: auction.DefaultRules(), Has: map[string]bool{}}
	c.Rules.PriceStep = []float64{0.5, 1}[r.IntN(2)]
	if r.IntN(4) == 0 {
		c.Rules.Objective = auction.Contribution
	}
	services := []string{"", "fast", "slow"}
	zones := 1 + r.IntN(2)
	for l := range 1 + r.IntN(3) {
		c.Lots = append(c.Lots, auction.Lot{
			Name: fmt.Sprintf("L%d", l), Zone: fmt.Sprintf("Z%d", l%zones), Service: services[r.IntN(3)],
			Capacity: float64(2 + r.IntN(9)), Reserve: float64(r.IntN(3)), Cost: float64(r.IntN(3)),
		})
	}
	strategic := 1 + r.IntN(3)
	for i := range strategic + r.IntN(2) {
		b := auction.Bidder{
			Name: fmt.Sprintf("B%d", i), Budget: math.Inf(1), MaxVolume: math.Inf(1), AccessCost: float64(r.IntN(2)),
			CurrentVolume: math.NaN(), CurrentPayment: math.NaN(), Types: []auction.Type{auction.Known},
		}
		if i >= strategic {
			for range 1 + r.IntN(2) {
				l := r.IntN(len(c.Lots))
				c.Bids = append(c.Bids, auction.Bid{Bidder: i, Name: fmt.Sprintf("row %d", len(c.Bids)+2), Requires: -1, Rows: []auction.BidRow{{
					Lot: l, Quantity: float64(1 + r.IntN(4)), Price: float64(r.IntN(16)) / 2,
				}}})
				last := &c.Bids[len(c.Bids)-1]
				last.Amount = last.Rows[0].Price * last.Rows[0].Quantity
			}
			c.Bidders = append(c.Bidders, b)
			continue
		}
		if r.IntN(3) == 0 {
			b.Budget = float64(5 + r.IntN(40))
		}
		if r.IntN(4) == 0 {
			b.MaxVolume = float64(2 + r.IntN(8))
		}
		for f := range r.IntN(3) {
			capacity := math.Inf(1)
			if r.IntN(3) == 0 {
				capacity = float64(3 + r.IntN(6))
			}
			b.Facilities = append(b.Facilities, auction.Facility{Name: fmt.Sprintf("S%d", f), FixedCost: float64(r.IntN(20)), Capacity: capacity})
		}
		for z := range zones {
			zone := fmt.Sprintf("Z%d", z)
			for _, accepted := range [][]string{nil, {"fast"}, {"slow", "fast"}}[:1+r.IntN(3)] {
				d := auction.Demand{Zone: zone, Services: accepted, Volume: float64(1 + r.IntN(6)), Value: math.NaN()}
				if r.IntN(3) == 0 {
					d.Value = float64(2 + r.IntN(10))
				}
				b.Demand = append(b.Demand, d)
			}
			b.Routes = append(b.Routes, auction.Route{Name: "carrier", Zone: zone, UnitCost: float64(5 + r.IntN(6)), Capacity: math.Inf(1), Facility: -1})
			if len(b.Facilities) > 0 {
				b.Routes = append(b.Routes, auction.Route{
					Name: "own", Zone: zone, Service: services[r.IntN(3)], UnitCost: float64(r.IntN(5)),
					Capacity: []float64{math.Inf(1), float64(2 + r.IntN(5))}[r.IntN(2)], Facility: r.IntN(len(b.Facilities)),
				})
			}
		}
		if r.IntN(3) == 0 {
			low, high := auction.Known, auction.Known
			low.Name, low.Probability, low.UnitCostFactor = "low", 0.25, 0.8
			high.Name, high.Probability, high.VolumeFactor, high.FixedCostFactor = "high", 0.75, 1.5, 1.2
			b.Types = []auction.Type{low, high}
		}
		c.Bidders = append(c.Bidders, b)
	}
	for s := range 1 + r.IntN(3) {
		belief := auction.Belief{Scenario: fmt.Sprintf("s%d", s)}
		for i := range c.Bidders {
			for l := range c.Lots {
				if r.IntN(2) == 0 {
					row := auction.BidRow{Lot: l, Quantity: float64(1 + r.IntN(5)), Price: float64(r.IntN(14)) / 2}
					belief.Bids = append(belief.Bids, auction.Bid{
						Bidder: i, Name: fmt.Sprintf("row %d", len(belief.Bids)+2), Requires: -1, Rows: []auction.BidRow{row}, Amount: row.Price * row.Quantity,
					})
				}
			}
		}
		c.Beliefs = append(c.Beliefs, belief)
	}
	for s := range c.Beliefs {
		c.Beliefs[s].Probability = 1 / float64(len(c.Beliefs))
	}
	return c
}

// What solve, bid and allocate say of random cases holds before the verifier, which shares no code with them:
// outcomes, profits, payments, and bounds that no bid it can think of beats.
func TestCommandsAgreeWithVerifier(t *testing.T) {
	trials := 60
	if testing.Short() {
		trials = 10
	}
	r := rand.New(rand.NewPCG(11, 11))
	ctx := context.Background()
	reached, solved := 0, 0
	for trial := range trials {
		c := anyCase(r)
		if err := network.Check(c); err != nil {
			t.Fatalf("trial %d: %v", trial, err)
		}
		concept := []string{equilibrium.Auto, equilibrium.Mixed, equilibrium.Correlated}[trial%3]
		o := auction.Options{Gap: 1e-4, Epsilon: 1e-3, Concept: concept, Threads: 2, Seed: int64(trial)}
		check := func(r *auction.Results, err error) {
			t.Helper()
			if err != nil {
				t.Errorf("trial %d: %v", trial, err)
				return
			}
			report := verify.Check(c, r, verify.Options{Command: r.Command, Gap: o.Gap, Epsilon: o.Epsilon, Concept: o.Concept})
			for _, f := range report.Findings {
				t.Errorf("trial %d, %s: %s", trial, r.Command, f)
			}
		}
		res, err := equilibrium.Solve(ctx, c, o)
		check(res, err)
		if err == nil {
			solved++
			for _, m := range res.Summary {
				if m.Name == "relative_epsilon" && m.Number <= o.Epsilon {
					reached++
				}
			}
		}
		for i := range c.Bidders {
			if c.Bidders[i].Strategic() {
				check(bidding.Solve(ctx, c, i, o))
			}
		}
		check(allocation.Solve(ctx, c, o))
	}
	// An equilibrium exists in each; the search may miss a few.
	if reached*10 < solved*9 {
		t.Errorf("%d of %d reach epsilon", reached, solved)
	}
}
