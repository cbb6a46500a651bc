package bidding_test

import (
	"context"
	"math"
	"testing"

	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/network"
)

// threeLots are lots A, B, C of one package, worth 10, 8 and 6, 5 more with A and B, 4 more with B and C: a
// package of demand in each of three zones, delivered at these costs without a lot, by two stations that each serve
// two of the zones and cost 5 and 4. A station closes only when both its zones are won. Half of B's demand is the
// first station's, half the second's, told apart by service.
func threeLots(first bool) (*auction.Case, int) {
	me, rival := 1, auction.Bidder{Name: "rival", AccessCost: math.NaN(), Types: []auction.Type{auction.Known}}
	c := &auction.Case{Rules: auction.DefaultRules(), Bidders: []auction.Bidder{rival, {}, rival}}
	c.Rules.PriceStep = 1
	if first {
		c.Bidders = c.Bidders[1:]
		me = 0
	}
	for _, name := range []string{"A", "B", "C"} {
		c.Lots = append(c.Lots, auction.Lot{Name: name, Zone: name, Capacity: 1, Reserve: 2})
	}
	must := math.NaN()
	c.Bidders[me] = auction.Bidder{
		Name: "me", AccessCost: 0, Types: []auction.Type{auction.Known}, Budget: math.Inf(1), MaxVolume: math.Inf(1),
		Demand: []auction.Demand{
			{Zone: "A", Volume: 1, Value: must},
			{Zone: "B", Services: []string{"x"}, Volume: 0.5, Value: must},
			{Zone: "B", Services: []string{"y"}, Volume: 0.5, Value: must},
			{Zone: "C", Volume: 1, Value: must},
		},
		Facilities: []auction.Facility{{FixedCost: 5, Capacity: math.Inf(1)}, {FixedCost: 4, Capacity: math.Inf(1)}},
		Routes: []auction.Route{
			{Zone: "A", UnitCost: 10, Capacity: math.Inf(1), Facility: 0},
			{Zone: "B", Service: "x", UnitCost: 8, Capacity: math.Inf(1), Facility: 0},
			{Zone: "B", Service: "y", UnitCost: 8, Capacity: math.Inf(1), Facility: 1},
			{Zone: "C", UnitCost: 6, Capacity: math.Inf(1), Facility: 1},
		},
	}
	return c, me
}

func against(c *auction.Case, me int) *bidding.Problem {
	net := network.New(c, me, 0)
	p := &bidding.Problem{Rules: &c.Rules, Network: net, Lots: net.Lots(), Budget: math.Inf(1), MaxVolume: math.Inf(1), FitAlways: true}
	rival := 0
	if me == 0 {
		rival = 1
	}
	for _, s := range []struct {
		probability float64
		bids        [3]float64
	}{{0.5, [3]float64{6, 5, 4}}, {0.3, [3]float64{9, 4, 7}}, {0.2, [3]float64{3, 9, 2}}} {
		sc := bidding.Scenario{Probability: s.probability}
		for l, b := range s.bids {
			sc.Supply = append(sc.Supply, bidding.ResidualSupply(c, me, l, []bidding.Row{{Bidder: rival, Price: b, Quantity: 1}}))
		}
		p.Scenarios = append(p.Scenarios, sc)
	}
	return p
}

// The three lots of the literature's bidder with synergies: 8.9 at (7, 6, 5) where ties lose, 11.1 at (6, 5, 4)
// where they win, and 7.7 at (6, 5, none) where besides the sum of bids is at most 12 and lots go whole.
func TestThreeLots(t *testing.T) {
	whole := func(ticks ...int64) auction.Strategy {
		var s auction.Strategy
		for l, k := range ticks {
			if k > 0 {
				s = append(s, auction.LotBid{Lot: l, Tick: k, Quantity: 1})
			}
		}
		return s
	}
	for _, x := range []struct {
		first bool
		want  float64
		at    auction.Strategy
	}{{false, 8.9, whole(7, 6, 5)}, {true, 11.1, whole(6, 5, 4)}} {
		p := against(threeLots(x.first))
		r, err := bidding.BestResponse(context.Background(), p, bidding.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !near(r.Profit, x.want) || r.Bound != r.Profit || r.Status != auction.Optimal {
			t.Errorf("profit %v, bound %v, %s; want %v", r.Profit, r.Bound, r.Status, x.want)
		}
		if len(r.Strategy) != 3 {
			t.Fatalf("bid %v, want %v", r.Strategy, x.at)
		}
		for i := range x.at {
			if r.Strategy[i] != x.at[i] {
				t.Errorf("bid %v, want %v", r.Strategy, x.at)
			}
		}
		best, at := math.Inf(-1), auction.Strategy(nil)
		for a := range int64(16) {
			for b := range int64(16) {
				for k := range int64(16) {
					if v := p.Evaluate(whole(a, b, k)).Profit; v > best+1e-9 {
						best, at = v, whole(a, b, k)
					}
				}
			}
		}
		if !near(best, x.want) {
			t.Errorf("enumeration %v at %v", best, at)
		}
	}
	p := against(threeLots(true))
	p.Budget = 12
	best := math.Inf(-1)
	for a := range int64(13) {
		for b := range 13 - a {
			for k := range 13 - a - b {
				best = max(best, p.Evaluate(whole(a, b, k)).Profit)
			}
		}
	}
	r, err := bidding.BestResponse(context.Background(), p, bidding.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !near(best, 7.7) || !near(p.Evaluate(whole(6, 5, 0)).Profit, 7.7) {
		t.Errorf("of whole lots %v, want 7.7", best)
	}
	if r.Profit < 7.7-1e-9 || !p.Fits(r.Strategy) || r.Bound > r.Profit+1e-5 {
		t.Errorf("with parts of lots profit %v, bound %v at %v", r.Profit, r.Bound, r.Strategy)
	}
}

// Two lots, rivals' best bids independent and uniform on [0, 1]; each lot is worth x and both a more: the best bid
// is x/(2−a) on each, with profit x²/(2−a). On n prices that holds up to the step.
func TestUniformRivals(t *testing.T) {
	const n, x, a = 30, 0.9, 0.6
	c := &auction.Case{Rules: auction.DefaultRules(), Bidders: make([]auction.Bidder, 2)}
	c.Rules.PriceStep = 1. / n
	for _, name := range []string{"A", "B"} {
		c.Lots = append(c.Lots, auction.Lot{Name: name, Zone: name, Capacity: 1})
	}
	c.Bidders[0] = auction.Bidder{
		Name: "me", AccessCost: 0, Types: []auction.Type{auction.Known},
		Demand:     []auction.Demand{{Zone: "A", Volume: 1, Value: math.NaN()}, {Zone: "B", Volume: 1, Value: math.NaN()}},
		Facilities: []auction.Facility{{FixedCost: a, Capacity: math.Inf(1)}},
		Routes:     []auction.Route{{Zone: "A", UnitCost: x, Capacity: math.Inf(1)}, {Zone: "B", UnitCost: x, Capacity: math.Inf(1)}},
	}
	net := network.New(c, 0, 0)
	p := &bidding.Problem{Rules: &c.Rules, Network: net, Lots: net.Lots(), Budget: math.Inf(1), MaxVolume: math.Inf(1)}
	var supply [n]*bidding.Supply
	for k := range supply {
		supply[k] = bidding.ResidualSupply(c, 0, 0, []bidding.Row{{Bidder: 1, Price: float64(k+1) / n, Quantity: 1}})
	}
	for i := range n {
		for j := range n {
			p.Scenarios = append(p.Scenarios, bidding.Scenario{Probability: 1. / n / n, Supply: []*bidding.Supply{supply[i], supply[j]}})
		}
	}
	r, err := bidding.BestResponse(context.Background(), p, bidding.Options{Gap: 1e-6})
	if err != nil {
		t.Fatal(err)
	}
	if want := x * x / (2 - a); math.Abs(r.Profit-want) > 1./n || r.Bound > r.Profit*(1+1e-6) {
		t.Errorf("profit %v, bound %v, want about %v", r.Profit, r.Bound, want)
	}
	for _, b := range r.Strategy {
		if want := x / (2 - a); math.Abs(c.Rules.Price(b.Tick)-want) > 1.5/n || b.Quantity != 1 {
			t.Errorf("bid %v at %v, want about %v", b.Quantity, c.Rules.Price(b.Tick), want)
		}
	}
}
