package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"lotwise/models/allocation"
	"lotwise/models/auction"
	"lotwise/models/auction/generate"
	"lotwise/models/verify"
)

// anySale is a random case of the seller's: packages with least fractions, alternatives and requirements, caps,
// preferences, limits of every kind, each payment rule.
func anySale(r *rand.Rand) *auction.Case {
	nan, inf := math.NaN(), math.Inf(1)
	c := &auction.Case{Name: "any", Rules: auction.DefaultRules(), Has: map[string]bool{}}
	c.Rules.Payment = []string{auction.PayAsBid, auction.VCG, auction.Core, auction.Core}[r.IntN(4)]
	if r.IntN(3) == 0 {
		c.Rules.Objective = auction.Contribution
	}
	for l := range 2 + r.IntN(4) {
		c.Lots = append(c.Lots, auction.Lot{
			Name: fmt.Sprintf("L%d", l), Zone: fmt.Sprintf("Z%d", l%2), Capacity: float64(5 + r.IntN(20)), Reserve: float64(r.IntN(3)), Cost: float64(r.IntN(3)),
			Attributes: map[string]string{"rural": fmt.Sprint(r.IntN(2))},
		})
	}
	for i := range 3 + r.IntN(3) {
		b := auction.Bidder{
			Name: fmt.Sprintf("B%d", i), Class: []string{"small", "large"}[i%2], Budget: inf, MaxVolume: inf, AccessCost: nan,
			CurrentVolume: nan, CurrentPayment: nan, Types: []auction.Type{auction.Known},
		}
		if r.IntN(4) == 0 {
			b.Budget = float64(30 + r.IntN(90))
		}
		if r.IntN(4) == 0 {
			b.MaxVolume = float64(8 + r.IntN(15))
		}
		c.Bidders = append(c.Bidders, b)
	}
	for n := range 8 + r.IntN(10) {
		b := auction.Bid{Bidder: r.IntN(len(c.Bidders)), Name: fmt.Sprintf("row %d", n+2), Requires: -1, MinFraction: []float64{0, 0.3, 1, 1}[r.IntN(4)]}
		for l := range c.Lots {
			if r.IntN(3) == 0 || l == len(c.Lots)-1 && len(b.Rows) == 0 {
				b.Rows = append(b.Rows, auction.BidRow{Lot: l, Quantity: float64(1 + r.IntN(9)), Price: float64(4+r.IntN(20)) / 4})
			}
		}
		packages := 0.0
		for _, row := range b.Rows {
			b.Amount += row.Price * row.Quantity
			packages += row.Quantity
		}
		if r.IntN(3) == 0 {
			b.ByAmount = true
			for k := range b.Rows {
				b.Rows[k].Price = b.Amount / packages
			}
		}
		if r.IntN(4) == 0 {
			b.Group = "g"
		}
		for m := range c.Bids {
			if c.Bids[m].Bidder == b.Bidder && r.IntN(6) == 0 {
				b.Requires = m
			}
		}
		c.Bids = append(c.Bids, b)
	}
	for n := range r.IntN(3) {
		c.Adjustments = append(c.Adjustments, auction.Adjustment{
			Name: fmt.Sprint("a", n), Where: []string{"class=small", "zone=Z0;class=large", ""}[r.IntN(3)], Factor: 1 + float64(r.IntN(3))/10, Add: float64(r.IntN(2)) / 4,
		})
	}
	for n := range r.IntN(4) {
		l := auction.Limit{
			Name: fmt.Sprint("limit ", n), Measure: []string{"volume", "volume", "revenue", "lots", "winners", "bids"}[r.IntN(6)],
			Of: []string{"", "capacity", "accepted"}[r.IntN(3)], Per: []string{"", "zone", "bidder", "class", "bidder;zone", "lot"}[r.IntN(6)],
			Where: []string{"", "class=small", "rural=1", "zone=Z0;bidder!=B0", "capacity>=8"}[r.IntN(5)],
			Min:   nan, Max: nan, OrNothing: r.IntN(3) == 0, Penalty: nan,
		}
		most := map[string]float64{"volume": 20, "revenue": 50}[l.Measure]
		if most == 0 {
			most = 4
		}
		if l.Of == "accepted" || l.Of == "capacity" && most > 4 {
			most = 1
		}
		if r.IntN(2) == 0 {
			l.Min = most / 5 * float64(r.IntN(3))
		}
		if r.IntN(2) == 0 || math.IsNaN(l.Min) {
			l.Max = most / 5 * float64(2+r.IntN(4))
		}
		if r.IntN(2) == 0 {
			l.Penalty = float64(1+r.IntN(20)) / 4
		}
		c.Limits = append(c.Limits, l)
	}
	for i := range c.Lots {
		c.Lots[i].Source = auction.Source{File: "lots.csv", Line: i + 2}
	}
	for i := range c.Bidders {
		c.Bidders[i].Source = auction.Source{File: "bidders.csv", Line: i + 2}
	}
	for i := range c.Limits {
		c.Limits[i].Source = auction.Source{File: "limits.csv", Line: i + 2}
	}
	return c
}

// What allocate says of random cases under limits holds before the verifier, which shares no code with it: feasibility,
// optimum, payments under every rule, limits and what they cost, prices of losing bids.
func TestAllocateAgreesWithVerifier(t *testing.T) {
	trials := 600
	if testing.Short() {
		trials = 60
	}
	r := rand.New(rand.NewPCG(1, 77))
	done, limited, priced, impossible, told := 0, 0, 0, 0, 0
	for trial := range trials {
		c := anySale(r)
		o := auction.Options{Gap: 1e-4, Threads: 2, Seed: int64(trial), LimitCosts: trial%4 < 2, Losing: auction.LosingExact}
		if trial%5 == 0 {
			o.Losing = auction.LosingAuto
		}
		if trial%2 == 1 {
			c = generate.Mixed(8+trial%12, uint64(trial))
		}
		res, err := allocation.Solve(context.Background(), c, o)
		if conflict := new(auction.Infeasible); errors.As(err, &conflict) {
			impossible++
			report := verify.CheckInfeasible(c, conflict, verify.Options{})
			for _, f := range report.Findings {
				t.Errorf("trial %d: %s\n%v", trial, f, conflict)
			}
			continue
		}
		if err != nil {
			t.Errorf("trial %d: %v", trial, err)
			continue
		}
		done++
		for _, l := range res.Losing {
			if !math.IsNaN(l.AcceptedFrom) {
				told++
			}
		}
		if len(c.Limits) > 0 {
			limited++
		}
		if c.Rules.Payment != auction.PayAsBid {
			priced++
		}
		report := verify.Check(c, res, verify.Options{Command: res.Command, Gap: o.Gap})
		for _, f := range report.Findings {
			t.Errorf("trial %d, %s: %s", trial, c.Rules.Payment, f)
		}
		for _, line := range report.Checked {
			if strings.Contains(line, "not recomputed") || res.Status == auction.Optimal && strings.Contains(line, "not compared") || strings.Contains(line, "a bracket from") {
				t.Errorf("trial %d, %s: a case this small must be recomputed whole: %s", trial, c.Rules.Payment, line)
			}
		}
	}
	t.Logf("%d runs, %d under limits, %d with vcg or core payments; %d infeasible; %d prices of losing bids", done, limited, priced, impossible, told)
	if told < 3*trials {
		t.Errorf("%d prices of losing bids are too few", told)
	}
	if limited < trials/4 || priced < trials/4 {
		t.Errorf("%d under limits and %d with payments recomputed are too few", limited, priced)
	}
}
