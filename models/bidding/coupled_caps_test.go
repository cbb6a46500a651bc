package bidding

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"lotwise/models/auction"
	"lotwise/models/bilevel"
	"lotwise/models/network"
)

// Under limits that cap what one bidder wins of one lot, any bid earns by the seller's optimum what it does by the merit order
// over the rivals' trimmed bids and what the cap leaves.
func TestCaps(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	bound := 0 // cases in which a cap makes a difference
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 5))
		c := &auction.Case{Rules: auction.DefaultRules()}
		c.Rules.PriceStep, c.Rules.BidSteps = 1, 2
		if r.IntN(4) == 0 {
			c.Rules.Objective = auction.Contribution
		}
		for i := range 3 {
			c.Bidders = append(c.Bidders, auction.Bidder{
				Name: fmt.Sprint("b", i), Class: []string{"small", "large"}[r.IntN(2)], AccessCost: nan, Types: []auction.Type{auction.Known}, Budget: inf, MaxVolume: inf,
			})
		}
		me := &c.Bidders[1]
		me.AccessCost = 0
		for l := range 2 {
			name := string(rune('A' + l))
			c.Lots = append(c.Lots, auction.Lot{Name: name, Zone: name, Capacity: float64(2 + r.IntN(9)), Reserve: float64(r.IntN(3)), Cost: float64(r.IntN(3))})
			me.Demand = append(me.Demand, auction.Demand{Zone: name, Volume: float64(1 + r.IntN(8)), Value: nan})
			me.Routes = append(me.Routes, auction.Route{Zone: name, UnitCost: 6, Capacity: inf, Facility: -1})
		}
		for s := range 2 {
			b := auction.Belief{Scenario: fmt.Sprint("s", s), Probability: 0.5}
			for n := range r.IntN(6) {
				row := auction.BidRow{Lot: r.IntN(2), Quantity: float64(1 + r.IntN(8)), Price: float64(r.IntN(7))}
				b.Bids = append(b.Bids, auction.Bid{
					Bidder: 2 * r.IntN(2), Name: fmt.Sprint("r", n), Rows: []auction.BidRow{row}, Amount: row.Price * row.Quantity, Requires: -1,
				})
			}
			c.Beliefs = append(c.Beliefs, b)
		}
		for n := range 1 + r.IntN(2) {
			l := auction.Limit{
				Name: fmt.Sprint("cap", n), Measure: auction.MeasureVolume, Per: []string{"lot;bidder", "bidder;zone"}[r.IntN(2)], Min: nan, Max: float64(1 + r.IntN(5)), Penalty: nan,
			}
			if r.IntN(2) == 0 {
				l.Of, l.Max = auction.OfCapacity, 0.1+0.8*r.Float64()
			}
			l.Where = []string{"", "class=small", "bidder=b1", "lot=A"}[r.IntN(4)]
			c.Limits = append(c.Limits, l)
		}
		p := &bilevel.Problem{Case: c, Bidder: 1, Network: network.New(c, 1, 0)}
		p.Items = lotItems(c, p.Network)
		b := bilevel.Block{Problem: p, Lots: p.Network.Lots()}
		most, ok := byMerit(&b)
		if !ok {
			t.Fatalf("%d: %v is not known as caps", seed, c.Limits)
		}
		merit := most.against(c.Floored(), 1, p.Network)
		plain := caps{}.against(c.Floored(), 1, p.Network)
		for range 5 {
			var s auction.Strategy
			for _, l := range p.Network.Lots() {
				top := 1 + r.IntN(7)
				for k := range r.IntN(3) {
					if top-k > 0 {
						s = append(s, auction.LotBid{Lot: l, Tick: int64(top - k), Quantity: float64(1 + r.IntN(int(c.Lots[l].Capacity)))})
					}
				}
			}
			bid := choices(p, s)
			p.Arrange(bid)
			sales, err := bilevel.NewSeller(p, 1).Answer(context.Background(), bid)
			if err != nil {
				t.Fatal(err)
			}
			want, _ := p.Worth(sales)
			if got := merit.Evaluate(s).Profit; math.Abs(got-want) > 1e-6 {
				t.Errorf("%d: %v earns %v by the merit order under %v, the seller's optimum %v", seed, s, got, most, want)
			}
			if math.Abs(plain.Evaluate(s).Profit-want) > 1e-6 {
				bound++
			}
		}
	}
	if bound < 200 {
		t.Errorf("caps make a difference to %d bids: too few to tell anything", bound)
	}
}

// What does more than cap one bidder in one lot is not taken for it.
func TestNoCaps(t *testing.T) {
	nan := math.NaN()
	c := &auction.Case{Rules: auction.DefaultRules(), Bidders: []auction.Bidder{{Name: "a", Class: "x"}, {Name: "b", Class: "x"}}}
	for _, name := range []string{"A", "B"} {
		c.Lots = append(c.Lots, auction.Lot{Name: name, Zone: "Z", Capacity: 4})
	}
	c.Beliefs = []auction.Belief{{Probability: 1}}
	for l := range c.Lots {
		c.Beliefs[0].Bids = append(c.Beliefs[0].Bids, auction.Bid{Rows: []auction.BidRow{{Lot: l, Quantity: 1, Price: 1}}, Requires: -1})
	}
	for _, l := range []auction.Limit{
		{Measure: auction.MeasureVolume, Per: "bidder;zone", Min: nan, Max: 1, Penalty: nan},
		{Measure: auction.MeasureVolume, Per: "lot", Min: nan, Max: 1, Penalty: nan},
		{Measure: auction.MeasureVolume, Per: "lot;bidder", Of: auction.OfAccepted, Min: nan, Max: 0.5, Penalty: nan},
		{Measure: auction.MeasureVolume, Per: "lot;bidder", Min: 1, Max: 2, Penalty: nan},
		{Measure: auction.MeasureVolume, Per: "lot;bidder", Min: nan, Max: 1, Penalty: 3},
		{Measure: auction.MeasureRevenue, Per: "lot;bidder", Min: nan, Max: 1, Penalty: nan},
		{Measure: auction.MeasureVolume, Per: "lot;class", Min: nan, Max: 1, Penalty: nan},
	} {
		c.Limits = []auction.Limit{l}
		p := &bilevel.Problem{Case: c, Bidder: 1}
		for at := range c.Lots {
			p.Items = append(p.Items, bilevel.Item{Rows: []auction.BidRow{{Lot: at, Quantity: 4}}, Step: 4})
		}
		if most, ok := capsOf(&bilevel.Block{Problem: p, Lots: []int{0, 1}}); ok {
			t.Errorf("%+v is taken for the caps %v", l, most)
		}
	}
}
