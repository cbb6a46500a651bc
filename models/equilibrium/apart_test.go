package equilibrium

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"lotwise/models/auction"
	"lotwise/models/bidding"
)

// searchOf is the search in a block of a case.
func searchOf(t *testing.T, c *auction.Case, whole int) []*search {
	t.Helper()
	fixed, err := fixedRows(c)
	if err != nil {
		t.Fatal(err)
	}
	nets := networks(c)
	var list []*search
	for _, lots := range blocks(c, nets, nil) {
		list = append(list, &search{c: c, nets: nets, lots: lots, fixed: fixed, whole: whole, o: options(Correlated)})
	}
	return list
}

// Random games of two lots, solved as one game a lot where a facility joins them: the certificates of the joint play
// hold in the whole block, against every bid on the grid.
func TestApart(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	tried, close := 0, 0
	for range 60 {
		c := randomCase(r)
		list := searchOf(t, c, 1)
		if len(list) != 1 || len(list[0].lots) != 2 {
			continue
		}
		s := list[0]
		g := newGame(c, s.nets, s.lots, s.fixed, false, 1)
		out, err := s.apart(context.Background(), g, bidding.Options{Gap: 1e-4, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if out == nil {
			continue
		}
		tried++
		if out.epsilon() <= s.o.Epsilon {
			close++
		}
		sum := 0.0
		for _, f := range out.play.profiles {
			sum += f.probability
		}
		near(t, "probabilities of a joint play", sum, 1, 1e-12)
		results, err := results(c, s.nets, []*outcome{out}, s.fixed, s.o, "")
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range measure(t, c, results) {
			if limit := certified(results, c.Bidders[i].Name); m > limit+1e-7 {
				t.Errorf("%s can gain %g, certified %g", c.Bidders[i].Name, m, limit)
			}
		}
	}
	if tried < 10 || close < 2 || close == tried {
		t.Errorf("%d games solved apart, %d of them to an equilibrium of the whole: too few of either kind", tried, close)
	}
}

// chain is a case of short lots, each with two rivals of its own, that one bidder's station joins; without dear, it has no
// other way to deliver.
func chain(lots int, dear bool) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules(), Has: map[string]bool{}}
	c.Rules.PriceStep = 0.25
	carrier := auction.Bidder{Name: "carrier", Facilities: []auction.Facility{{Name: "hub", FixedCost: float64(6 * lots), Capacity: math.Inf(1)}}}
	c.Bidders = make([]auction.Bidder, 3)
	for l := range lots {
		zone := fmt.Sprintf("Z%02d", l)
		c.Lots = append(c.Lots, auction.Lot{Name: "L" + zone, Zone: zone, Capacity: 5, Reserve: 1})
		carrier.Demand = append(carrier.Demand, auction.Demand{Zone: zone, Volume: 2, Value: math.NaN()})
		carrier.Routes = append(carrier.Routes, auction.Route{Name: "vans", Zone: zone, UnitCost: 4, Capacity: math.Inf(1), Facility: 0})
		if dear {
			carrier.Routes = append(carrier.Routes, auction.Route{Name: "post", Zone: zone, UnitCost: 9, Capacity: math.Inf(1), Facility: -1})
		}
		for i := range 2 {
			c.Bidders[1+i].Demand = append(c.Bidders[1+i].Demand, auction.Demand{Zone: zone, Volume: 2, Value: 3 + float64(i)})
		}
	}
	c.Bidders[0] = carrier
	for i := range c.Bidders {
		b := &c.Bidders[i]
		b.Budget, b.MaxVolume, b.Types = math.Inf(1), math.Inf(1), []auction.Type{auction.Known}
		if b.Name == "" {
			b.Name = fmt.Sprintf("rival %d", i)
		}
	}
	return c
}

// A block of twenty lots, each short, that a station joins falls into twenty games, and their joint play is an
// equilibrium of the whole: the station closes. A station that nothing replaces is never taken out.
func TestApartStation(t *testing.T) {
	const lots = 20
	list := searchOf(t, chain(lots, true), largestWhole)
	if len(list) != 1 || len(list[0].lots) != lots {
		t.Fatalf("%d blocks", len(list))
	}
	if _, _, games := list[0].loosen(); len(games) != lots {
		t.Errorf("%d games, want %d", len(games), lots)
	}
	r := solve(t, chain(lots, true), options(Auto))
	if r.Status != auction.WithinGap && r.Status != auction.Optimal {
		t.Errorf("status %s", r.Status)
	}
	if e := metric(t, r, "relative_epsilon"); e > 1e-3 {
		t.Errorf("relative epsilon %g", e)
	}
	for _, n := range r.Network {
		if n.Bidder == "carrier" && n.Channel == "vans" && n.Volume > 1e-6 {
			t.Errorf("the station delivers %g packages in %s", n.Volume, n.Zone)
			break
		}
	}
	if _, _, games := searchOf(t, chain(lots, false), largestWhole)[0].loosen(); len(games) != 1 {
		t.Errorf("%d games without the only way to deliver", len(games))
	}
}
