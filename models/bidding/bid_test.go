package bidding_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lotwise/inputs"
	"lotwise/inputs/cases"
	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/verify"
)

func embedded(t *testing.T, name string) *auction.Case {
	t.Helper()
	folder, ok := cases.Open(name)
	if !ok {
		t.Fatalf("no case %s", name)
	}
	c, err := inputs.ReadFS(folder, name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func options() auction.Options {
	return auction.Options{Gap: 1e-4, Epsilon: 1e-3, Curves: 20, NetworkScenarios: true, Threads: 2}
}

func metric(t interface{ Fatalf(string, ...any) }, r *auction.Results, name string) auction.Metric {
	for _, m := range r.Summary {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("no %s in the summary", name)
	return auction.Metric{}
}

func check(t interface {
	Errorf(string, ...any)
}, c *auction.Case, r *auction.Results, typ string,
) {
	v := verify.Check(c, r, verify.Options{Command: "bid", Gap: 1e-4, Epsilon: 1e-3, Concept: "auto", Type: typ})
	for _, f := range v.Findings {
		t.Errorf("%v", f)
	}
}

// The cases that come with the program: every bidder's answer is optimal and stands up to an independent check.
func TestSolveCases(t *testing.T) {
	for _, name := range []string{"station", "template", "usps2026"} {
		t.Run(name, func(t *testing.T) {
			c := embedded(t, name)
			for b := range c.Bidders {
				if !c.Bidders[b].Strategic() {
					continue
				}
				r, err := bidding.Solve(context.Background(), c, b, options())
				if err != nil {
					t.Fatal(err)
				}
				if r.Status != auction.Optimal && r.Status != auction.WithinGap {
					t.Errorf("%s: %s", c.Bidders[b].Name, r.Status)
				}
				check(t, c, r, "")
			}
		})
	}
}

// The teaching case of the station: both lots at the prices of the keen scenario earn 100, as its README
// derives; lots of equal worth are complements.
func TestStation(t *testing.T) {
	c := embedded(t, "station")
	r, err := bidding.Solve(context.Background(), c, 0, options())
	if err != nil {
		t.Fatal(err)
	}
	want := []auction.RecommendedBid{
		{Bidder: "shipper", Strategy: "s1", Probability: 1, Bid: "oak", Lot: "oak", Quantity: 100, Price: 1, ExpectedQuantity: 100, WinProbability: 1, ExpectedPayment: 100},
		{Bidder: "shipper", Strategy: "s1", Probability: 1, Bid: "elm", Lot: "elm", Quantity: 100, Price: 0.5, ExpectedQuantity: 100, WinProbability: 1, ExpectedPayment: 50},
	}
	if d := cmp.Diff(want, r.RecommendedBids); d != "" {
		t.Error(d)
	}
	if v := metric(t, r, "objective"); v.Number != 100 || metric(t, r, "bound").Number != 100 || metric(t, r, "status").Text != "optimal" {
		t.Errorf("objective %v", v)
	}
	if !math.IsNaN(metric(t, r, "profit:rival").Number) {
		t.Error("the profit of a rival is known")
	}
}

// drawn makes a case of beliefs of a drawn problem, with two types.
func drawn(t *rapid.T, h shape) *auction.Case {
	p := draw(t, h)
	c := p.c
	for b := range c.Bidders {
		if b != bidder {
			c.Bidders[b] = auction.Bidder{AccessCost: math.NaN(), Types: []auction.Type{auction.Known}, Budget: math.Inf(1), MaxVolume: math.Inf(1)}
		}
		c.Bidders[b].Name = fmt.Sprint("b", b)
		c.Bidders[b].CurrentVolume, c.Bidders[b].CurrentPayment = math.NaN(), math.NaN()
	}
	c.Bidders[bidder].Budget, c.Bidders[bidder].MaxVolume = p.Budget, p.MaxVolume
	for i := range c.Bidders[bidder].Routes {
		c.Bidders[bidder].Routes[i].Name = fmt.Sprint("route", i)
	}
	for i := range c.Bidders[bidder].Demand {
		c.Bidders[bidder].Demand[i].Value += 0.25 // so that delivering is never just as good as not
	}
	for i := range c.Bidders[bidder].Facilities {
		c.Bidders[bidder].Facilities[i].Name = fmt.Sprint("facility", i)
	}
	if rapid.Bool().Draw(t, "types") {
		low, high := auction.Known, auction.Known
		low.Name, low.Probability, low.VolumeFactor = "low", 0.25, 0.5
		high.Name, high.Probability, high.UnitCostFactor, high.ValueFactor = "high", 0.75, 2, 2
		c.Bidders[bidder].Types = []auction.Type{low, high}
	}
	for k, rows := range p.rivals {
		s := auction.Belief{Scenario: fmt.Sprint("s", k), Probability: p.Scenarios[k].Probability}
		for l := range rows {
			for i, r := range rows[l] {
				s.Bids = append(s.Bids, auction.Bid{
					Bidder: r.Bidder, Name: fmt.Sprint("row", k, l, i), Amount: r.Price * r.Quantity, Requires: -1,
					Rows: []auction.BidRow{{Lot: l, Quantity: r.Quantity, Price: r.Price}},
				})
			}
		}
		c.Beliefs = append(c.Beliefs, s)
	}
	return c
}

// Random cases stand up to the independent check: expectations, payments, deliveries, totals, and no bid that it
// can find beats the bound.
func TestSolveVerified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawn(t, shape{
			lots: 3, zones: 2, rows: 3, facilities: 2, routes: 4, scenarios: 3, rivals: 2, prices: 3, volume: 4, services: true,
			scarce: rapid.Bool().Draw(t, "scarce"), capped: rapid.Bool().Draw(t, "capped"), steps: rapid.IntRange(1, 2).Draw(t, "steps"),
		})
		if rapid.Bool().Draw(t, "contribution") {
			c.Rules.Objective = auction.Contribution
			for l := range c.Lots {
				c.Lots[l].Cost = float64(rapid.IntRange(0, 4).Draw(t, "cost"))
			}
		}
		o := options()
		if n := len(c.Bidders[bidder].Types); n > 1 && rapid.Bool().Draw(t, "one type") {
			o.Type = c.Bidders[bidder].Types[n-1].Name
		}
		r, err := bidding.Solve(context.Background(), c, bidder, o)
		if err != nil {
			t.Fatal(err)
		}
		check(t, c, r, o.Type)
	})
}

func TestSolveRefuses(t *testing.T) {
	base := func() *auction.Case {
		c, me := threeLots(false)
		c.Beliefs = []auction.Belief{{Scenario: "s", Probability: 1, Bids: []auction.Bid{
			{Bidder: me, Name: "own", MinFraction: 1, Group: "g", Rows: make([]auction.BidRow, 2)}, // ignored
			{Bidder: 0, Name: "b", Rows: []auction.BidRow{{Lot: 0, Quantity: 1, Price: 3}}, Source: auction.Source{File: "beliefs.csv", Line: 7}},
		}}}
		return c
	}
	if _, err := bidding.Solve(context.Background(), base(), 1, options()); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(c *auction.Case){
		"payment": func(c *auction.Case) { c.Rules.Payment = auction.VCG },
		"bind only who bids": func(c *auction.Case) {
			c.Limits = []auction.Limit{{Name: "x", Measure: auction.MeasureVolume, Per: "bidder;lot", Min: 1, Max: math.NaN(), Penalty: math.NaN()}}
		},
	} {
		c := base()
		change(c)
		_, err := bidding.Solve(context.Background(), c, 1, options())
		var no *auction.Unsupported
		if !errors.As(err, &no) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	c := base()
	c.Bidders[1].Routes = c.Bidders[1].Routes[1:]
	var conflict *auction.Infeasible
	if _, err := bidding.Solve(context.Background(), c, 1, options()); !errors.As(err, &conflict) {
		t.Errorf("demand that no route delivers: %v", err)
	}
}

// An interrupt or a time limit leaves an answer with a bound, and the status says which it was.
func TestSolveStopped(t *testing.T) {
	c := embedded(t, "usps2026")
	full, err := bidding.Solve(context.Background(), c, 0, options())
	if err != nil {
		t.Fatal(err)
	}
	best := metric(t, full, "objective").Number
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, x := range []struct {
		ctx    context.Context
		limit  time.Duration
		status auction.Status
	}{{cancelled, 0, auction.Interrupted}, {context.Background(), time.Nanosecond, auction.LimitStruck}} {
		o := options()
		o.TimeLimit = x.limit
		r, err := bidding.Solve(x.ctx, c, 0, o)
		if err != nil {
			t.Fatal(err)
		}
		if metric(t, r, "bound").Number < best || metric(t, r, "objective").Number > best*(1+1e-9) {
			t.Errorf("%s: bound %v and profit %v, the optimum is %v", x.status, metric(t, r, "bound").Number, metric(t, r, "objective").Number, best)
		}
		if r.Status != x.status && r.Status != auction.Optimal && r.Status != auction.WithinGap {
			t.Errorf("status %s, want %s", r.Status, x.status)
		}
		if math.IsInf(metric(t, r, "bound").Number, 0) {
			t.Errorf("%s: no bound", x.status)
		}
		check(t, c, r, "")
	}
}

// The answer is the same every time.
func TestSolveRepeats(t *testing.T) {
	c := embedded(t, "template")
	a, err := bidding.Solve(context.Background(), c, 0, options())
	if err != nil {
		t.Fatal(err)
	}
	b, err := bidding.Solve(context.Background(), c, 0, options())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(fmt.Sprint(a), fmt.Sprint(b)); d != "" {
		t.Error(d)
	}
}
