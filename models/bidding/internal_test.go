package bidding

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"lotwise/models/auction"
	"lotwise/models/network"
	"lotwise/solver"
)

// market is a problem of two regions with a station each, in which nothing joins the regions.
func market(seed uint64, regions, scenarios int) *Problem {
	r := rand.New(rand.NewPCG(seed, 1))
	c := &auction.Case{Rules: auction.DefaultRules(), Bidders: make([]auction.Bidder, 3)}
	c.Rules.PriceStep = 0.5
	b := &c.Bidders[1]
	*b = auction.Bidder{AccessCost: 0.25, Types: []auction.Type{auction.Known}}
	for region := range regions {
		b.Facilities = append(b.Facilities, auction.Facility{FixedCost: float64(50 + r.IntN(100)), Capacity: math.Inf(1)})
		for z := range 2 {
			name := string(rune('a' + 2*region + z))
			b.Demand = append(b.Demand, auction.Demand{Zone: name, Volume: float64(50 + r.IntN(50)), Value: math.NaN()}, auction.Demand{Zone: name, Services: []string{"same"}, Volume: float64(r.IntN(20)), Value: math.NaN()})
			b.Routes = append(b.Routes, auction.Route{Zone: name, UnitCost: 1.5, Capacity: math.Inf(1), Facility: region}, auction.Route{Zone: name, UnitCost: 4, Capacity: math.Inf(1), Facility: -1})
			c.Lots = append(c.Lots, auction.Lot{Zone: name, Service: "same", Capacity: float64(40 + r.IntN(60))}, auction.Lot{Zone: name, Service: "next", Capacity: float64(40 + r.IntN(60))})
		}
	}
	n := network.New(c, 1, 0)
	p := &Problem{Rules: &c.Rules, Network: n, Lots: n.Lots(), Budget: math.Inf(1), MaxVolume: math.Inf(1), FitAlways: true}
	for range scenarios {
		s := Scenario{Probability: 1 / float64(scenarios)}
		for _, l := range p.Lots {
			var rows []Row
			for rival := range r.IntN(3) {
				rows = append(rows, Row{Bidder: 2 * rival, Price: 0.5 * float64(r.IntN(6)), Quantity: float64(10 + r.IntN(60))})
			}
			s.Supply = append(s.Supply, ResidualSupply(c, 1, l, rows))
		}
		p.Scenarios = append(p.Scenarios, s)
	}
	return p
}

// The MIP over all regions, the MIP region by region, and the search by pools agree.
func TestThreeWays(t *testing.T) {
	for seed := range uint64(4) {
		p := market(seed, 2, 3)
		r, err := BestResponse(context.Background(), p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		parts := p.parts(nil)
		if len(parts) != 2 {
			t.Fatalf("%d parts, want 2", len(parts))
		}
		const gap = 1e-6
		together, bound, err := p.solveMIP(context.Background(), parts, false, nil, solver.Options{RelGap: gap})
		if err != nil {
			t.Fatal(err)
		}
		apart, sum := 0.0, 0.0
		for _, one := range parts {
			s, b, err := p.solveMIP(context.Background(), []*part{one}, false, nil, solver.Options{RelGap: gap})
			if err != nil {
				t.Fatal(err)
			}
			apart += p.Evaluate(s).Profit
			sum += b
		}
		whole := p.Evaluate(together).Profit
		for what, v := range map[string]float64{"bound": r.Bound, "one MIP": whole, "its bound": bound, "MIPs by region": apart, "their bounds": sum} {
			if math.Abs(v-r.Profit) > 1e-5*math.Abs(r.Profit) {
				t.Errorf("seed %d: %s %v, profit %v", seed, what, v, r.Profit)
			}
		}
	}
}

// The MIP says what its bid earns: its objective at the start that it is given is the start's profit.
func TestStartOfMIP(t *testing.T) {
	for seed := range uint64(6) {
		p := market(seed, 1, 3)
		p.Rules.BidSteps = 1 + int(seed%2)
		s := p.Improve(nil)
		parts := p.parts(s)
		f := p.formulate(parts, false)
		for i, v := range f.start(s) { // the bid is fixed, flows and facilities are left to the solver
			if !math.IsNaN(v) {
				f.m.SetBounds(f.m.Var(i), v, v)
			}
		}
		got, err := solver.Solve(context.Background(), f.m, solver.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if want := p.Evaluate(s).Profit; !got.HasValues() || math.Abs(got.Objective*f.unit-want) > 1e-5*math.Abs(want) {
			t.Errorf("seed %d: the MIP gives the bid %v, it earns %v", seed, got.Objective*f.unit, want)
		}
	}
}

func BenchmarkBestResponse(b *testing.B) {
	p := market(1, 1, 30)
	for b.Loop() {
		if _, err := BestResponse(context.Background(), p, Options{Gap: 1e-4}); err != nil {
			b.Fatal(err)
		}
	}
}
