package beliefs

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lotwise/inputs"
	"lotwise/inputs/cases"
	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/equilibrium"
	"lotwise/models/network"
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

// additive is a case of a bidder and a rival whose zones have nothing to do with each other: carriers deliver for 4 and
// 5, access to a lot costs 0.5, and so the lots save 3.5 and 4.5 a package. Two lots of zone a offer the same.
func additive() *auction.Case {
	nan, inf := math.NaN(), math.Inf(1)
	known := []auction.Type{auction.Known}
	c := &auction.Case{Rules: auction.DefaultRules()}
	c.Lots = []auction.Lot{
		{Name: "a1", Zone: "a", Service: "next", Capacity: 60, Reserve: 1},
		{Name: "a2", Zone: "a", Service: "same", Capacity: 80, Reserve: 1.5},
		{Name: "b", Zone: "b", Service: "next", Capacity: 50, Reserve: 1},
		{Name: "dear", Zone: "b", Service: "same", Capacity: 50, Reserve: 6},
	}
	rival := auction.Bidder{Name: "rival", Budget: inf, MaxVolume: inf, AccessCost: 0.5, CurrentVolume: nan, CurrentPayment: nan, Types: known}
	rival.Demand = []auction.Demand{{Zone: "a", Volume: 100, Value: nan}, {Zone: "b", Volume: 100, Value: nan}}
	rival.Routes = []auction.Route{
		{Name: "carrier", Zone: "a", UnitCost: 4, Capacity: inf, Facility: -1},
		{Name: "carrier", Zone: "b", UnitCost: 5, Capacity: inf, Facility: -1},
	}
	me := rival
	me.Name = "me"
	c.Bidders = []auction.Bidder{me, rival}
	return c
}

// What additive lots are worth is what they save, whatever else is won; where two lots of a zone cover more than its
// demand, the cheaper is filled first.
func TestCostsAdditive(t *testing.T) {
	c := additive()
	s, err := FromCosts(c, 0, Options{Shade: 0.1, Correlation: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	list, ok := s.Enumerate(1)
	if !ok || len(list) != 1 || list[0].Probability != 1 {
		t.Fatalf("one outcome is certain: %v", list)
	}
	type bid struct {
		lot             int
		quantity, price float64
	}
	var got []bid
	for _, b := range list[0].Bids {
		got = append(got, bid{b.Rows[0].Lot, b.Rows[0].Quantity, b.Rows[0].Price})
	}
	// 3.5 and 4.5 less a tenth; a2 for the 40 packages that a1 leaves; dear saves 4.5 and costs 6.
	if d := cmp.Diff([]bid{{0, 60, 3.15}, {1, 40, 3.15}, {2, 50, 4.05}}, got, cmp.AllowUnexported(bid{})); d != "" {
		t.Error(d)
	}
	// At the largest shade it bids the reserve, which is worth paying.
	s, err = FromCosts(c, 0, Options{Shade: 1, Correlation: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	list, _ = s.Enumerate(1)
	for i, want := range []float64{1, 1.5, 1} {
		if p := list[0].Bids[i].Rows[0].Price; p != want {
			t.Errorf("bid %d at %g, the reserve is %g", i, p, want)
		}
	}
	// A budget of a quarter of its bids, 315 + 202.5, cuts all of them to a quarter.
	c.Bidders[1].Budget = (100*3.15 + 50*4.05) / 4
	s, err = FromCosts(c, 0, Options{Shade: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	list, _ = s.Enumerate(1)
	if q := list[0].Bids[2].Rows[0].Quantity; math.Abs(q-12.5) > 1e-9 {
		t.Errorf("%g packages, want 12.5", q)
	}
}

// Break-even prices share out exactly what the whole plan is worth, complements and substitutes alike, and a lot of
// the plan is worth its reserve on top of the others.
func TestCostsShareOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := additive()
		b := &c.Bidders[1]
		number := func(name string, most int) float64 { return float64(rapid.IntRange(0, most).Draw(t, name)) }
		for l := range c.Lots {
			c.Lots[l].Capacity = number("capacity", 100)
			c.Lots[l].Reserve = number("reserve", 3)
		}
		b.Facilities = []auction.Facility{{Name: "station", FixedCost: 10 * number("fixed", 30), Capacity: math.Inf(1)}}
		for i, zone := range []string{"a", "b"} {
			b.Routes = append(b.Routes, auction.Route{Name: "vans", Zone: zone, UnitCost: number(fmt.Sprint("vans", i), 4), Capacity: math.Inf(1), Facility: 0})
		}
		plan := breakEvens(c, 1, 0)
		n := network.New(c, 1, 0)
		x := make([]float64, len(n.Lots()))
		shared, reserves := 0.0, 0.0
		for _, w := range plan {
			for j, l := range n.Lots() {
				if l == w.lot {
					x[j] = w.quantity
				}
			}
			shared += w.breakEven * w.quantity
			reserves += c.Lots[w.lot].Reserve * w.quantity
		}
		worth := n.Value(x) - n.Value(make([]float64, len(x)))
		if math.Abs(shared-worth) > 1e-9*(1+worth) {
			t.Errorf("%g shared out of %g", shared, worth)
		}
		if worth < reserves-1e-9 {
			t.Errorf("a plan worth %g for reserves of %g", worth, reserves)
		}
		// No other purchase at the reserves is better: whole lots and none.
		for set := range 1 << len(x) {
			y := make([]float64, len(x))
			paid := 0.0
			for j, l := range n.Lots() {
				if set>>j&1 == 1 {
					y[j] = c.Lots[l].Capacity
				}
			}
			for _, f := range n.Deliver(y).Flows {
				if f.Lot >= 0 {
					paid += c.Lots[f.Lot].Reserve * f.Volume
				}
			}
			if gain := n.Value(y) - n.Value(make([]float64, len(x))) - paid; gain > worth-reserves+1e-9 {
				t.Errorf("buying %v gains %g, the plan %g", y, gain, worth-reserves)
			}
		}
	})
}

// Types are drawn by their probabilities, and their names name the scenarios.
func TestCostsTypes(t *testing.T) {
	c := additive()
	lean, dear := auction.Known, auction.Known
	lean.Name, lean.Probability, lean.UnitCostFactor = "lean", 0.25, 0.5
	dear.Name, dear.Probability = "dear", 0.75
	c.Bidders[1].Types = []auction.Type{lean, dear}
	s, err := FromCosts(c, 0, Options{Shade: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Enumerate(1); ok {
		t.Error("two outcomes in a list of one")
	}
	list, ok := s.Enumerate(2)
	if !ok || len(list) != 2 || list[0].Scenario != "lean" || list[0].Probability != 0.25 || list[1].Scenario != "dear" || list[1].Probability != 0.75 {
		t.Fatalf("%v", list)
	}
	// Half of 4 less 0.5 is 1.5 a package, 1.35 shaded.
	if p := list[0].Bids[0].Rows[0].Price; p != 1.35 {
		t.Errorf("the lean type bids %g", p)
	}
	// A sample of the same has these frequencies, and the same bids.
	sample := s.Sample(4000, rand.New(rand.NewPCG(1, 0)))
	if len(sample) != 2 {
		t.Fatalf("%d scenarios of two outcomes", len(sample))
	}
	for _, b := range sample {
		for _, e := range list {
			if keyOf(b.Bids) == keyOf(e.Bids) && math.Abs(b.Probability-e.Probability) > 0.03 {
				t.Errorf("frequency %g, probability %g", b.Probability, e.Probability)
			}
		}
	}
}

// Prices have the mean, standard deviation and correlation that were asked for, the same for the same seed.
func TestSpread(t *testing.T) {
	c := additive()
	c.Rules.PriceStep = 0.0001
	for l := range c.Lots {
		c.Lots[l].Reserve = 0
	}
	s, err := FromIndex(c, 0, []auction.IndexPrice{{Lot: -1, Bidder: -1, Price: 2, Spread: 0.2, Quantity: math.NaN()}}, Options{Correlation: 0.3})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Enumerate(1_000_000); ok {
		t.Error("a spread has no list of outcomes")
	}
	const n = 20_000
	list := s.Sample(n, rand.New(rand.NewPCG(7, 0)))
	var sum, squares, product float64
	for _, b := range list {
		x, y := b.Bids[0].Rows[0].Price, b.Bids[1].Rows[0].Price
		w := b.Probability
		sum += w * x
		squares += w * (x - 2) * (x - 2)
		product += w * (math.Log(x) - math.Log(2)) * (math.Log(y) - math.Log(2))
	}
	// Standard errors are 0.4/√n = 0.003 of the mean, about 0.002 of the deviation.
	if math.Abs(sum-2) > 0.012 || math.Abs(math.Sqrt(squares)-0.4) > 0.012 {
		t.Errorf("mean %g, standard deviation %g; want 2 and 0.4", sum, math.Sqrt(squares))
	}
	variance := math.Log1p(0.04)
	if rho := (product - variance*variance/4) / variance; math.Abs(rho-0.3) > 0.03 {
		t.Errorf("correlation %g, want 0.3", rho)
	}
	again := s.Sample(50, rand.New(rand.NewPCG(7, 0)))
	if !reflect.DeepEqual(again, s.Sample(50, rand.New(rand.NewPCG(7, 0)))) {
		t.Error("the same seed draws something else")
	}
	if reflect.DeepEqual(again, s.Sample(50, rand.New(rand.NewPCG(7, 1)))) {
		t.Error("another stream draws the same")
	}
}

// A lot takes the rows of an index that fit it most closely.
func TestIndex(t *testing.T) {
	c := additive()
	nan := math.NaN()
	price := func(lot int, zone, service string, price, quantity float64) auction.IndexPrice {
		return auction.IndexPrice{Lot: lot, Zone: zone, Service: service, Bidder: -1, Price: price, Spread: nan, Quantity: quantity}
	}
	s, err := FromIndex(c, 0, []auction.IndexPrice{
		price(-1, "", "", 9, nan),
		price(-1, "", "next", 8, nan),
		price(-1, "b", "", 7, nan),
		price(-1, "b", "next", 3, nan),
		price(0, "", "", 2, 20),
		price(0, "", "", 1.5, 40),
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, ok := s.Enumerate(1)
	if !ok {
		t.Fatal("an index without spread is certain")
	}
	var got []string
	for _, b := range list[0].Bids {
		got = append(got, fmt.Sprint(c.Bidders[b.Bidder].Name, " ", c.Lots[b.Rows[0].Lot].Name, " ", b.Rows[0].Quantity, " ", b.Rows[0].Price))
	}
	if d := cmp.Diff([]string{"rival a1 20 2", "rival a1 40 1.5", "rival a2 80 9", "rival b 50 3", "rival dear 50 7"}, got); d != "" {
		t.Error(d)
	}
	own := price(-1, "", "", 1, nan)
	own.Bidder, own.Source = 0, auction.Source{File: "index.csv", Line: 3}
	if _, err := FromIndex(c, 0, []auction.IndexPrice{own}, Options{}); err == nil || !strings.Contains(err.Error(), "index.csv:3: a price of me") {
		t.Errorf("a price of the bidder itself: %v", err)
	}
}

// Against the play of an equilibrium, what the best bid can gain is what the equilibrium's certificate says: pure,
// mixed and correlated, with types and without.
func TestRunOfSolve(t *testing.T) {
	for _, x := range []struct{ name, concept string }{
		{"first-price", "auto"},
		{"first-price-types", "auto"},
		{"capacity-competition", "mixed"},
		{"capacity-competition-unequal", "correlated"},
		{"template", "auto"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := embedded(t, x.name)
			o := auction.Options{Gap: 1e-9, Epsilon: 1e-3, Concept: x.concept, Threads: 1, Seed: 1}
			run, err := equilibrium.Solve(context.Background(), c, o)
			if err != nil {
				t.Fatal(err)
			}
			for b := range c.Bidders {
				if !c.Bidders[b].Strategic() {
					continue
				}
				s, err := FromRun(c, b, run, "run", Options{})
				if err != nil {
					t.Fatal(err)
				}
				list, ok := s.Enumerate(100_000)
				if !ok {
					t.Fatal("too many outcomes")
				}
				believing := *c
				inputs.Believe(&believing, list)
				r, err := bidding.Solve(context.Background(), &believing, b, o)
				if err != nil {
					t.Fatal(err)
				}
				want := 0.0
				seen := map[string]bool{}
				for _, e := range run.Equilibrium {
					if key := e.Type + "\x00" + e.Block; e.Bidder == c.Bidders[b].Name && !seen[key] {
						seen[key] = true
						for _, ty := range c.Bidders[b].Types {
							if ty.Name == e.Type {
								want += ty.Probability * e.BestResponseBound
							}
						}
					}
				}
				for _, m := range r.Summary {
					if m.Name == "bound" && math.Abs(m.Number-want) > 1e-6*(1+math.Abs(want)) {
						t.Errorf("%s: at most %g against the run, whose certificate says %g", c.Bidders[b].Name, m.Number, want)
					}
				}
			}
		})
	}
}

// Of an allocation, the others bid what they won, and the market the shadow price for the rest.
func TestRunOfAllocate(t *testing.T) {
	c := additive()
	r := &auction.Results{
		Command: "allocate",
		Allocation: []auction.AllocationRow{
			{Bidder: "me", Bid: "x", Lot: "a1", Quantity: 45, Price: 2, Payment: 90},
			{Bidder: "rival", Bid: "y", Lot: "a1", Quantity: 15, Price: 2.5, Payment: 37.5},
			{Bidder: "rival", Bid: "z", Lot: "b", Quantity: 50, Price: 1, Payment: 50},
		},
		Lots: []auction.LotResult{{Lot: "a1", ShadowPrice: 1.8}, {Lot: "a2", ShadowPrice: 0}, {Lot: "b", ShadowPrice: 0.5}, {Lot: "dear", ShadowPrice: math.NaN()}},
	}
	s, err := FromRun(c, 0, r, "run", Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, ok := s.Enumerate(1)
	if !ok {
		t.Fatal("an allocation is certain")
	}
	var got []string
	for _, b := range list[0].Bids {
		got = append(got, fmt.Sprint(c.Bidders[b.Bidder].Name, " ", c.Lots[b.Rows[0].Lot].Name, " ", b.Rows[0].Quantity, " ", b.Rows[0].Price))
	}
	if d := cmp.Diff([]string{"rival a1 15 2.5", "rival a1 45 1.8", "rival b 50 1"}, got); d != "" {
		t.Error(d)
	}
}

// A run of another case is refused row by row, and one of bid that leaves rivals out.
func TestRunRefused(t *testing.T) {
	c := additive()
	r := &auction.Results{
		Command:         "solve",
		Equilibrium:     []auction.EquilibriumRow{{Bidder: "rival", Strategy: "s1", Probability: 0.5}, {Bidder: "stranger", Strategy: "s1", Probability: 1}},
		RecommendedBids: []auction.RecommendedBid{{Bidder: "rival", Strategy: "s2", Lot: "a1"}, {Bidder: "rival", Strategy: "s1", Lot: "nowhere"}},
	}
	_, err := FromRun(c, 0, r, "run", Options{})
	for _, want := range []string{
		"run/equilibrium.csv:3: the case has no bidder stranger", "have probability 0.5 together",
		"run/recommended_bids.csv:2: equilibrium.csv has no strategy s2", "run/recommended_bids.csv:3: the case has no lot nowhere",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if _, err := FromRun(c, 0, &auction.Results{Command: "bid"}, "run", Options{}); err == nil || !strings.Contains(err.Error(), "does not say what rival bids") {
		t.Errorf("a run of bid without the rival: %v", err)
	}
}
