package bilevel_test

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

// stations is a random market of four lots, whose zones two stations share: what closes one is a package that no zone or
// station is made of.
func stations(r *rand.Rand) *bilevel.Problem {
	inf, nan := math.Inf(1), math.NaN()
	c := &auction.Case{Rules: auction.DefaultRules()}
	c.Rules.PriceStep = 1
	for _, name := range []string{"rival", "me", "late"} {
		c.Bidders = append(c.Bidders, auction.Bidder{Name: name, AccessCost: nan, Types: []auction.Type{auction.Known}, Budget: inf, MaxVolume: inf})
	}
	me := &c.Bidders[1]
	me.AccessCost = 0
	for f := range 2 {
		me.Facilities = append(me.Facilities, auction.Facility{Name: fmt.Sprint("hub", f), FixedCost: float64(2 + r.IntN(12)), Capacity: inf})
	}
	for l := range 4 {
		zone := fmt.Sprint("Z", l)
		c.Lots = append(c.Lots, auction.Lot{Name: fmt.Sprint("L", l), Zone: zone, Capacity: float64(1 + r.IntN(2)), Reserve: float64(r.IntN(2))})
		me.Demand = append(me.Demand, auction.Demand{Zone: zone, Volume: float64(1 + r.IntN(2)), Value: nan})
		me.Routes = append(me.Routes, auction.Route{Zone: zone, UnitCost: float64(1 + r.IntN(4)), Capacity: inf, Facility: r.IntN(2)})
	}
	n := 2 + r.IntN(2)
	for s := range n {
		b := auction.Belief{Scenario: fmt.Sprint("s", s), Probability: 1 / float64(n)}
		for k := range 2 + r.IntN(4) {
			bid := auction.Bid{Bidder: 2 * r.IntN(2), Name: fmt.Sprint("r", k), Requires: -1, MinFraction: float64(r.IntN(2))}
			for l := range c.Lots {
				if r.IntN(4) == 0 || l == 3 && len(bid.Rows) == 0 {
					row := auction.BidRow{Lot: l, Quantity: c.Lots[l].Capacity, Price: float64(r.IntN(9))}
					bid.Rows = append(bid.Rows, row)
					bid.Amount += row.Price * row.Quantity
				}
			}
			b.Bids = append(b.Bids, bid)
		}
		c.Beliefs = append(c.Beliefs, b)
	}
	p := &bilevel.Problem{Case: c, Bidder: 1, Network: network.New(c, 1, 0)}
	for l := range c.Lots {
		p.Items = append(p.Items, bilevel.Item{Name: c.Lots[l].Name, Rows: []auction.BidRow{{Lot: l, Quantity: c.Lots[l].Capacity}}, Step: c.Lots[l].Capacity})
	}
	return p
}

// best is the most that one package earns, of all sets of lots, as much of each as there is use for, at all prices that whole
// ticks make.
func best(t *testing.T, p *bilevel.Problem) float64 {
	net := p.Network
	most := 0.0
	for set := range 1 << len(net.Lots()) {
		it := bilevel.Item{Whole: true}
		for n, l := range net.Lots() {
			if q := math.Min(p.Case.Lots[l].Capacity, net.Useful(n)); set>>n&1 == 1 && q > 0 {
				it.Rows = append(it.Rows, auction.BidRow{Lot: l, Quantity: q})
				it.Step += q
			}
		}
		if len(it.Rows) < 2 {
			continue
		}
		one := *p
		one.Items = []bilevel.Item{it}
		seller := bilevel.NewSeller(&one, 0)
		for tick := range int64(16) {
			sales, err := seller.Answer(context.Background(), []bilevel.Choice{{Item: 0, Tick: tick, Fraction: 1}})
			if err != nil {
				t.Fatal(err)
			}
			v := 0.0
			for n, s := range sales {
				v += s.Profit * p.Case.Beliefs[n].Probability
			}
			most = math.Max(most, v)
		}
	}
	return most
}

// Of all packages that there are, those that are priced out are worth most but for one case in 40: the bid earns what the
// best of an enumeration earns, and more than without packages somewhere.
func TestPricedOut(t *testing.T) {
	more, added, missed, cases := 0, 0, 0, casesOf(6, 200)
	for seed := range uint64(cases) {
		p := stations(rand.New(rand.NewPCG(seed, 21)))
		without, err := bilevel.Solve(context.Background(), p, bilevel.Options{Gap: 1e-4, Rounds: 1})
		if err != nil {
			t.Fatal(err)
		}
		p.Packages = 8
		a, err := bilevel.Solve(context.Background(), p, bilevel.Options{Gap: 1e-4, Rounds: 1})
		if err != nil {
			t.Fatal(err)
		}
		if v := best(t, p); a.Objective < v-closeTo*math.Max(1, v) {
			missed++
			t.Logf("%d: the bid earns %v, a package %v: %v", seed, a.Objective, v, p.Items[4:])
		}
		if got := earns(t, p, a.Bid); math.Abs(got-a.Objective) > 1e-6 {
			t.Errorf("%d: the bid earns %v, the answer says %v", seed, got, a.Objective)
		}
		added += len(p.Items) - 4
		if a.Objective > without.Objective+closeTo {
			more++
		}
	}
	t.Logf("%d packages, %d bids better for them", added, more)
	if missed*40 > cases {
		t.Errorf("a package is better in %d of %d cases", missed, cases)
	}
	if more == 0 {
		t.Error("no bid is better for packages")
	}
}
