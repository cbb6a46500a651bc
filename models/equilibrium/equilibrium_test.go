package equilibrium

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lotwise/models/auction"
	"lotwise/models/network"
)

// wants is a bidder of one lot who earns value on each of volume packages.
type wants struct{ volume, value float64 }

// oneLot is a case of one lot and bidders with optional demand there.
func oneLot(capacity, step float64, bidders ...wants) *auction.Case {
	c := &auction.Case{Name: "one lot", Rules: auction.DefaultRules(), Has: map[string]bool{}}
	c.Rules.PriceStep = step
	c.Lots = []auction.Lot{{Name: "L", Zone: "Z", Capacity: capacity}}
	for i, w := range bidders {
		c.Bidders = append(c.Bidders, auction.Bidder{
			Name: fmt.Sprintf("B%d", i+1), Budget: math.Inf(1), MaxVolume: math.Inf(1),
			Demand: []auction.Demand{{Zone: "Z", Volume: w.volume, Value: w.value}},
			Types:  []auction.Type{auction.Known},
		})
	}
	return c
}

func options(concept string) auction.Options {
	return auction.Options{Gap: 1e-4, Epsilon: 1e-3, Concept: concept, Threads: 2, Seed: 1}
}

func solve(t *testing.T, c *auction.Case, o auction.Options) *auction.Results {
	t.Helper()
	r, err := Solve(context.Background(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func metric(t *testing.T, r *auction.Results, name string) float64 {
	t.Helper()
	for _, m := range r.Summary {
		if m.Name == name {
			return m.Number
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: got %g, want %g within %g", what, got, want, tolerance)
	}
}

// Values 10 and 7, whole bids, ties to the first: the pure equilibria are exactly (p, p) for p from 6 to 10.
func TestFirstPriceWhole(t *testing.T) {
	c := oneLot(1, 1, wants{1, 10}, wants{1, 7})
	r := solve(t, c, options(Auto))
	if r.Status != auction.Optimal {
		t.Errorf("status %s", r.Status)
	}
	price := map[string]float64{}
	for _, b := range r.RecommendedBids {
		price[b.Bidder] = b.Price
	}
	if price["B1"] != price["B2"] || price["B1"] < 6 || price["B1"] > 10 {
		t.Errorf("bids %v are not one of the equilibria (6,6) to (10,10)", price)
	}
	near(t, "profit of the first", metric(t, r, "profit:B1"), 10-price["B1"], 1e-9)
}

// Capacity 3, two bidders each wanting 2 at value 1: profit 1 each, prices on [0, 1/2] distributed by
// F(p) = p/(1-p), revenue 1. On a grid of step h the profit moves by at most the step times the volume,
// and epsilon times the profit on top.
func TestCapacityCompetition(t *testing.T) {
	for _, concept := range []string{Auto, Mixed} {
		const h = 0.01
		r := solve(t, oneLot(3, h, wants{2, 1}, wants{2, 1}), options(concept))
		tolerance := 2*h + 2e-3
		near(t, "relative epsilon", metric(t, r, "relative_epsilon"), 0, 1e-3)
		near(t, "profit", metric(t, r, "profit:B1"), 1, tolerance)
		near(t, "profit", metric(t, r, "profit:B2"), 1, tolerance)
		near(t, "revenue", metric(t, r, "revenue"), 1, 2*tolerance)
		for _, b := range r.RecommendedBids {
			if b.Price > 0.5+2*h {
				t.Errorf("price %g lies over 1/2", b.Price)
			}
		}
		for _, name := range []string{"B1", "B2"} {
			for p := 0.1; p < 0.5; p += 0.1 {
				f := 0.0
				for _, b := range r.RecommendedBids {
					if b.Bidder == name && b.Price <= p {
						f += b.Probability
					}
				}
				// Between grid equilibria F may move by a step's worth of both neighbours.
				near(t, fmt.Sprintf("%s: F(%g)", name, p), f, p/(1-p), 0.08)
			}
		}
	}
}

// Capacity 4, wanting 3 and 2 at value 1: profits 2 and 4/3, bids on [0, 1/3], the larger bids the reserve
// with probability 1/3, revenue 2/3.
func TestCapacityCompetitionUnequal(t *testing.T) {
	const h = 0.01
	r := solve(t, oneLot(4, h, wants{3, 1}, wants{2, 1}), options(Mixed))
	near(t, "profit of the larger", metric(t, r, "profit:B1"), 2, 3*h)
	near(t, "profit of the smaller", metric(t, r, "profit:B2"), 4./3, 3*h)
	near(t, "revenue", metric(t, r, "revenue"), 2./3, 6*h)
}

// First price, two bidders, values uniform on a grid of [0, 1]: bids near v/2, utility near 1/6 each,
// revenue near 1/3 (Vickrey 1961). n values and a price step h move utilities by the order of 1/n + h.
func TestFirstPriceTypes(t *testing.T) {
	const n, h = 11, 0.05
	c := oneLot(1, h, wants{1, 1}, wants{1, 1})
	for i := range c.Bidders {
		c.Bidders[i].Types = nil
		for k := range n {
			typ := auction.Known
			typ.Name = fmt.Sprintf("v%d", k)
			typ.Probability = 1. / n
			typ.ValueFactor = float64(k) / (n - 1)
			c.Bidders[i].Types = append(c.Bidders[i].Types, typ)
		}
	}
	r := solve(t, c, options(Auto))
	near(t, "relative epsilon", metric(t, r, "relative_epsilon"), 0, 1e-3)
	near(t, "utility", metric(t, r, "profit:B1")+metric(t, r, "profit:B2"), 1./3, 2*h)
	near(t, "revenue", metric(t, r, "revenue"), 1./3, 2*h)
}

// uniform gives a bidder n equally likely values: the middles of n equal parts of [0, top].
func uniform(b *auction.Bidder, n int, top float64) {
	b.Types = nil
	for k := range n {
		typ := auction.Known
		typ.Name = fmt.Sprintf("v%d", k)
		typ.Probability = 1 / float64(n)
		typ.ValueFactor = top * (float64(k) + 0.5) / float64(n)
		b.Types = append(b.Types, typ)
	}
}

// First price, weak uniform on [0, 1] against strong uniform on [0, 2] (Kaplan and Zamir 2012): revenue
// 0.459005, utilities 0.096933 and 0.506898, top bid 2/3. Types and prices on grids of 1/8 and 1/32 move the
// numbers by less than a price step.
func TestFirstPriceAsymmetric(t *testing.T) {
	const h = 1. / 32
	c := oneLot(1, h, wants{1, 1}, wants{1, 1})
	uniform(&c.Bidders[0], 8, 1)
	uniform(&c.Bidders[1], 16, 2)
	r := solve(t, c, options(Auto))
	near(t, "relative epsilon", metric(t, r, "relative_epsilon"), 0, 1e-3)
	near(t, "utility of the weak", metric(t, r, "profit:B1"), 0.096933, h)
	near(t, "utility of the strong", metric(t, r, "profit:B2"), 0.506898, h)
	near(t, "revenue", metric(t, r, "revenue"), 0.459005, h)
	for _, b := range r.RecommendedBids {
		if b.Price > 2./3+2*h {
			t.Errorf("%s %s bids %g, over 2/3", b.Bidder, b.Type, b.Price)
		}
	}
}

// Two bidders, two units, flat value uniform on [0, 1], pay as bid: v/2 on both units, so utility 1/3 each
// and revenue 2/3, up to the price step a unit.
func TestTwoUnits(t *testing.T) {
	const h = 1. / 32
	c := oneLot(2, h, wants{2, 1}, wants{2, 1})
	uniform(&c.Bidders[0], 10, 1)
	uniform(&c.Bidders[1], 10, 1)
	r := solve(t, c, options(Auto))
	near(t, "relative epsilon", metric(t, r, "relative_epsilon"), 0, 1e-3)
	near(t, "utilities", metric(t, r, "profit:B1")+metric(t, r, "profit:B2"), 2./3, 4*h)
	near(t, "revenue", metric(t, r, "revenue"), 2./3, 4*h)
}

// Scarce lots with many bidders, some of two types, and prices of five cents: epsilon is reached.
func TestManyBidders(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, n := range []int{3, 5, 8} {
		for _, types := range []int{1, 2} {
			var w []wants
			total := 0.0
			for range n {
				v := float64(1 + r.IntN(9))
				total += v
				w = append(w, wants{v, 3 + 3*r.Float64()})
			}
			c := oneLot(math.Floor(total*0.75), 0.05, w...)
			c.Lots[0].Reserve = 2
			if types == 2 {
				for i := range 3 {
					low, high := auction.Known, auction.Known
					low.Name, low.Probability = "low", 0.5
					high.Name, high.Probability, high.ValueFactor = "high", 0.5, 1.15
					c.Bidders[i].Types = []auction.Type{low, high}
				}
			}
			got := solve(t, c, options(Auto))
			if e := metric(t, got, "relative_epsilon"); e > 1e-3 {
				t.Errorf("%d bidders, %d types: relative epsilon %g", n, types, e)
			}
		}
	}
}

// The concepts agree with the tables they write.
func TestConcepts(t *testing.T) {
	c := oneLot(3, 0.1, wants{2, 1}, wants{2, 1}, wants{1, 0.8})
	for _, concept := range []string{Mixed, Correlated, Auto} {
		r := solve(t, c, options(concept))
		if e := metric(t, r, "relative_epsilon"); e > 1e-3 {
			t.Errorf("%s: relative epsilon %g", concept, e)
		}
		measured := measure(t, c, r)
		for i, m := range measured {
			if certified := certified(r, c.Bidders[i].Name); m > certified+1e-9 {
				t.Errorf("%s: %s can gain %g, certified %g", concept, c.Bidders[i].Name, m, certified)
			}
		}
	}
	// There is no pure equilibrium: Edgeworth's cycle.
	if r := solve(t, c, options(Pure)); r.Status != auction.LimitStruck {
		t.Errorf("pure: status %s, epsilon %g", r.Status, metric(t, r, "relative_epsilon"))
	}
}

func certified(r *auction.Results, bidder string) float64 {
	sum := 0.0
	seen := map[string]bool{}
	for _, e := range r.Equilibrium {
		if e.Bidder == bidder && !seen[e.Block] {
			seen[e.Block] = true
			sum += e.RegretBound
		}
	}
	return sum
}

// measure plays the written tables of a case without types: for each bidder the largest gain
// over its expected profit of any bid on the whole grid, at whole quantities, in every lot.
func measure(t *testing.T, c *auction.Case, r *auction.Results) []float64 {
	t.Helper()
	type bid = auction.Strategy
	lot := map[string]int{}
	for l := range c.Lots {
		lot[c.Lots[l].Name] = l
	}
	// Each block draws on its own; within one, the joint distribution is of its profiles or the product of
	// its bidders' strategies.
	type joint struct {
		p    float64
		bids map[string]bid // by bidder
	}
	strategies := map[string]bid{}
	var blocks []string
	for _, e := range r.Equilibrium {
		if !slices.Contains(blocks, e.Block) {
			blocks = append(blocks, e.Block)
		}
	}
	for _, b := range r.RecommendedBids {
		key := b.Block + "/" + b.Bidder + "/" + b.Strategy
		strategies[key] = append(strategies[key], auction.LotBid{Lot: lot[b.Lot], Tick: int64(math.Round(b.Price / c.Rules.PriceStep)), Quantity: b.Quantity})
	}
	cross := func(a, b []joint) []joint {
		var out []joint
		for _, x := range a {
			for _, y := range b {
				z := joint{x.p * y.p, map[string]bid{}}
				for k, v := range x.bids {
					z.bids[k] = append(z.bids[k], v...)
				}
				for k, v := range y.bids {
					z.bids[k] = append(z.bids[k], v...)
				}
				out = append(out, z)
			}
		}
		return out
	}
	all := []joint{{1, map[string]bid{}}}
	for _, block := range blocks {
		if len(r.Profiles) > 0 {
			var list []joint
			at := map[string]int{}
			for _, f := range r.Profiles {
				if f.Block != block {
					continue
				}
				k, ok := at[f.Profile]
				if !ok {
					k = len(list)
					at[f.Profile] = k
					list = append(list, joint{f.Probability, map[string]bid{}})
				}
				list[k].bids[f.Bidder] = strategies[block+"/"+f.Bidder+"/"+f.Strategy]
			}
			all = cross(all, list)
			continue
		}
		for i := range c.Bidders {
			var list []joint
			for _, e := range r.Equilibrium {
				if e.Bidder == c.Bidders[i].Name && e.Block == block {
					list = append(list, joint{e.Probability, map[string]bid{e.Bidder: strategies[block+"/"+e.Bidder+"/"+e.Strategy]}})
				}
			}
			if len(list) > 0 {
				all = cross(all, list)
			}
		}
	}
	// Every bid on the grid: a price and a whole quantity in each lot.
	var grid func(l int) []bid
	grid = func(l int) []bid {
		if l == len(c.Lots) {
			return []bid{nil}
		}
		var out []bid
		for _, rest := range grid(l + 1) {
			out = append(out, rest)
			for tick := int64(0); tick <= 12; tick++ {
				for q := 1.0; q <= c.Lots[l].Capacity; q++ {
					out = append(out, append(bid{{Lot: l, Tick: tick, Quantity: q}}, rest...))
				}
			}
		}
		return out
	}
	every := grid(0)
	out := make([]float64, len(c.Bidders))
	for i := range c.Bidders {
		net := network.New(c, i, 0)
		base := net.Value(make([]float64, len(net.Lots())))
		profit := func(own bid, j joint) float64 {
			won := make([]float64, len(net.Lots()))
			paid := 0.0
			for k, l := range net.Lots() {
				var offers []auction.Offer
				for o := range c.Bidders {
					b := j.bids[c.Bidders[o].Name]
					if o == i {
						b = own
					}
					for _, x := range b {
						if x.Lot == l {
							offers = append(offers, auction.Offer{Bidder: o, Price: c.Rules.Price(x.Tick), Quantity: x.Quantity})
						}
					}
				}
				for n, q := range auction.MeritOrder(&c.Lots[l], offers) {
					if offers[n].Bidder == i {
						won[k] += q
						paid += q * offers[n].Price
					}
				}
			}
			return net.Value(won) - base - paid
		}
		now := 0.0
		for _, j := range all {
			now += j.p * profit(j.bids[c.Bidders[i].Name], j)
		}
		near(t, "profit of "+c.Bidders[i].Name, metric(t, r, "profit:"+c.Bidders[i].Name), now, 1e-7)
		for _, b := range every {
			u := 0.0
			for _, j := range all {
				u += j.p * profit(b, j)
			}
			out[i] = math.Max(out[i], u-now)
		}
	}
	return out
}

// Random games of one or two lots, two or three bidders, stations and routes: what any bid on the grid gains
// is never more than the certificate, whatever the concept.
func TestMeasuredRegretIsCertified(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	trials := 24
	if testing.Short() {
		trials = 6
	}
	for trial := range trials {
		c := randomCase(r)
		for _, concept := range []string{Auto, Correlated} {
			got := solve(t, c, options(concept))
			for i, m := range measure(t, c, got) {
				if limit := certified(got, c.Bidders[i].Name); m > limit+1e-7 {
					t.Errorf("trial %d, %s: %s can gain %g, certified %g", trial, concept, c.Bidders[i].Name, m, limit)
				}
			}
			if e := metric(t, got, "relative_epsilon"); e > 1e-3 {
				t.Logf("trial %d, %s: relative epsilon %g", trial, concept, e)
			}
		}
	}
}

func randomCase(r *rand.Rand) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules(), Has: map[string]bool{}}
	c.Rules.PriceStep = 1
	lots := 1 + r.IntN(2)
	for l := range lots {
		c.Lots = append(c.Lots, auction.Lot{Name: fmt.Sprintf("L%d", l), Zone: fmt.Sprintf("Z%d", l), Capacity: float64(1 + r.IntN(3)), Reserve: float64(r.IntN(3))})
	}
	for i := range 2 + r.IntN(2) {
		b := auction.Bidder{Name: fmt.Sprintf("B%d", i), Budget: math.Inf(1), MaxVolume: math.Inf(1), AccessCost: float64(r.IntN(2)), Types: []auction.Type{auction.Known}}
		if station := r.IntN(2) == 0; station {
			b.Facilities = []auction.Facility{{Name: "S", FixedCost: float64(r.IntN(12)), Capacity: math.Inf(1)}}
		}
		for l := range lots {
			zone := c.Lots[l].Zone
			volume := float64(1 + r.IntN(2))
			if r.IntN(3) == 0 {
				b.Demand = append(b.Demand, auction.Demand{Zone: zone, Volume: volume, Value: float64(2 + r.IntN(10))})
				continue
			}
			b.Demand = append(b.Demand, auction.Demand{Zone: zone, Volume: volume, Value: math.NaN()})
			b.Routes = append(b.Routes, auction.Route{Name: "dear", Zone: zone, UnitCost: float64(4 + r.IntN(8)), Capacity: math.Inf(1), Facility: -1})
			if len(b.Facilities) > 0 {
				b.Routes = append(b.Routes, auction.Route{Name: "own", Zone: zone, UnitCost: float64(r.IntN(4)), Capacity: math.Inf(1), Facility: 0})
			}
		}
		c.Bidders = append(c.Bidders, b)
	}
	return c
}

// The tables are the same whatever the number of threads, and on a second run.
func TestDeterminism(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 5 {
		c := randomCase(r)
		o := options(Correlated)
		first := solve(t, c, o)
		o.Threads = 1
		if d := cmp.Diff(first, solve(t, c, o), cmpopts.EquateNaNs()); d != "" {
			t.Fatal(d)
		}
	}
}

// Budgets that bind across lots: bids fit them in every combination.
func TestBudgetCouplesBlocks(t *testing.T) {
	c := oneLot(1, 1, wants{1, 10}, wants{1, 7})
	c.Lots = append(c.Lots, auction.Lot{Name: "M", Zone: "Y", Capacity: 1})
	for i := range c.Bidders {
		c.Bidders[i].Demand = append(c.Bidders[i].Demand, auction.Demand{Zone: "Y", Volume: 1, Value: 8})
	}
	c.Bidders[0].Budget = 9
	r := solve(t, c, options(Auto))
	spent := map[string]float64{}
	for _, b := range r.RecommendedBids {
		if b.Bidder == "B1" {
			spent[b.Strategy] += b.Price * b.Quantity
		}
	}
	for s, v := range spent {
		if v > 9 {
			t.Errorf("strategy %s spends %g of a budget of 9", s, v)
		}
	}
	for i, m := range measure(t, c, r) {
		if c.Bidders[i].Name == "B1" {
			continue // the measure knows no budget
		}
		if limit := certified(r, c.Bidders[i].Name); m > limit+1e-7 {
			t.Errorf("%s can gain %g, certified %g", c.Bidders[i].Name, m, limit)
		}
	}
}

// What the merit order does not answer is refused, by row.
func TestRefuses(t *testing.T) {
	c := oneLot(1, 1, wants{1, 10})
	c.Bidders = append(c.Bidders, auction.Bidder{Name: "F", Budget: math.Inf(1), MaxVolume: math.Inf(1), Types: []auction.Type{auction.Known}})
	c.Bids = []auction.Bid{{Bidder: 1, Name: "x", Rows: []auction.BidRow{{Lot: 0, Quantity: 1, Price: 1}}, MinFraction: 1, Requires: -1, Source: auction.Source{File: "bids.csv", Line: 2}}}
	if _, err := Solve(context.Background(), c, options(Auto)); err == nil {
		t.Error("an all-or-nothing row was taken")
	}
	c.Bids[0].MinFraction = 0
	c.Rules.Payment = auction.VCG
	if _, err := Solve(context.Background(), c, options(Auto)); err == nil {
		t.Error("vcg was taken")
	}
}

// A cancelled search gives bids and a bound that still holds.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := oneLot(3, 0.1, wants{2, 1}, wants{2, 1})
	r, err := Solve(ctx, c, options(Auto))
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != auction.Interrupted {
		t.Errorf("status %s", r.Status)
	}
	for i, m := range measure(t, c, r) {
		if limit := certified(r, c.Bidders[i].Name); m > limit+1e-9 {
			t.Errorf("%s can gain %g, certified %g", c.Bidders[i].Name, m, limit)
		}
	}
}

// Rivals too many to enumerate combine by convolution in a lone lot, and give what enumeration gives; where
// lots interact they are sampled, and the certificate says so.
func TestJointOffers(t *testing.T) {
	c := oneLot(9, 1, wants{3, 9}, wants{2, 8}, wants{2, 7}, wants{3, 8}, wants{1, 6})
	nets := networks(c)
	g := newGame(c, nets, []int{0}, nil, true, 1)
	r := rand.New(rand.NewPCG(1, 1))
	mixed := make([][]float64, len(g.seats))
	for a, s := range g.seats {
		for range 4 {
			g.add(s, auction.Strategy{{Lot: 0, Tick: int64(r.IntN(8)), Quantity: float64(1 + r.IntN(3))}})
		}
		mixed[a] = make([]float64, len(s.pool))
		for k := range mixed[a] {
			mixed[a][k] = r.Float64()
		}
		normalise(mixed[a])
	}
	for _, s := range g.seats {
		p := s.parts[0]
		atoms := g.productAtoms(p, mixed)
		exact, convolved, sampled := newTally(), newTally(), newTally()
		g.enumerate(exact, s, p, atoms, 1)
		if !g.convolve(convolved, s, p, atoms, 1) {
			t.Fatal("the convolution grew too large")
		}
		g.sample(sampled, s, p, atoms, 1)
		if !g.sampled || !p.sampled {
			t.Error("sampling is not remembered")
		}
		margin := g.samplingError(p, sampled.list)
		for tick := int64(0); tick < 9; tick++ {
			for q := 1.0; q <= 3; q++ {
				bid := auction.Strategy{{Lot: 0, Tick: tick, Quantity: q}}
				want := p.against(exact).Evaluate(bid).Profit
				near(t, "convolved profit", p.against(convolved).Evaluate(bid).Profit, want, 1e-9)
				near(t, "sampled profit", p.against(sampled).Evaluate(bid).Profit, want, margin)
			}
		}
	}
}
