package allocation

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"lotwise/models/auction"
)

// limitedCase draws a case of bids that are accepted whole or not at all, with limits of every kind.
func limitedCase(r *rand.Rand) *auction.Case {
	c := randomCase(r, 2+r.IntN(7))
	regions, sizes := []string{"n", "s"}, []string{"small", "large"}
	for l := range c.Lots {
		c.Lots[l].Attributes = map[string]string{"region": regions[r.IntN(2)], "rural": fmt.Sprint(r.IntN(2))}
		c.Lots[l].Zone = fmt.Sprint("Z", r.IntN(2))
		c.Lots[l].Capacity += 3
	}
	for i := range c.Bidders {
		c.Bidders[i].Class = sizes[r.IntN(2)]
		c.Bidders[i].Attributes = map[string]string{"age": fmt.Sprint(r.IntN(4))}
	}
	for b := range c.Bids {
		c.Bids[b].MinFraction = 1
	}
	wheres := []string{"", "", "zone=Z0", "region=n", "class=small", "class!=small", "rural=1", "age>=2", "age<2;zone=Z1", "lot=L0|L1", "bidder=B0", "cost>0"}
	pers := []string{"", "", "zone", "bidder", "bidder;zone", "class", "region;class", "lot"}
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	nan := math.NaN()
	for n := range r.IntN(4) {
		l := auction.Limit{
			Name: fmt.Sprint("limit", n), Measure: pick([]string{"volume", "revenue", "lots", "winners", "bids"}),
			Of: pick([]string{"", "", "capacity", "accepted"}), Per: pick(pers), Where: pick(wheres), Min: nan, Max: nan, Penalty: nan, OrNothing: r.IntN(3) == 0,
		}
		scale := 1.0
		switch {
		case l.Of == "capacity" && !l.Sums():
			scale = 0.3
		case l.Of == "" && !l.Sums():
			scale = 3
		case l.Of == "":
			scale = 12
		}
		side := func() float64 { return math.Round(r.Float64()*scale*4) / 4 }
		switch r.IntN(3) {
		case 0:
			l.Min = side() / 2
		case 1:
			l.Max = side()
		default:
			l.Min = side() / 3
			l.Max = l.Min + side()
		}
		if r.IntN(3) == 0 {
			l.Penalty = float64(r.IntN(6)) / 2
		}
		c.Limits = append(c.Limits, l)
	}
	for n := range r.IntN(3) {
		c.Adjustments = append(c.Adjustments, auction.Adjustment{Name: fmt.Sprint("adj", n), Where: pick(wheres), Factor: []float64{1, 1.5, 0.5}[r.IntN(3)], Add: float64(r.IntN(3)) - 0.5})
	}
	return c
}

// subsets tries every set of bids accepted whole, by the definitions alone.
func subsets(c *auction.Case) (best []float64, objective float64) {
	objective = math.Inf(-1)
	o := &oracle{c: c}
	x := make([]float64, len(c.Bids))
	for set := range 1 << len(c.Bids) {
		y := make([]bool, len(x))
		ok := true
		for b := range x {
			y[b] = set>>b&1 == 1
			x[b] = 0
			if y[b] {
				x[b] = 1
				ok = ok && !o.void(&c.Bids[b])
			}
		}
		if !ok || !o.allowed(y) {
			continue
		}
		coef, rhs := o.rows(y)
		if !inside(coef, rhs, x) {
			continue
		}
		w, ok := scored(c, x)
		if !ok {
			continue
		}
		o.value = make([]float64, len(x)) // the tie rule alone is asked
		if w > objective+near || w > objective-near && (best == nil || o.firstOf(x, best)) {
			objective, best = w, append([]float64(nil), x...)
		}
	}
	return best, objective
}

func (o *oracle) firstOf(x, than []float64) bool {
	o.best = than
	return o.first(x)
}

// scored is the objective at x, and whether every hard limit is met.
func scored(c *auction.Case, x []float64) (w float64, ok bool) {
	selects := func(where string, bidder, lot int) bool {
		if where == "" {
			return true
		}
		f, _ := auction.ParseFilter(where)
		return c.Selects(f, bidder, lot)
	}
	for b, bid := range c.Bids {
		for _, r := range bid.Rows {
			price := r.Price
			for _, a := range c.Adjustments {
				if selects(a.Where, bid.Bidder, r.Lot) {
					price = price*a.Factor + a.Add
				}
			}
			w += (price - r.Price) * r.Quantity * x[b]
			if c.Rules.Objective == auction.Contribution {
				w -= c.Lots[r.Lot].Cost * r.Quantity * x[b]
			}
		}
		w += bid.Amount * x[b]
	}
	ok = true
	for i := range c.Limits {
		l := &c.Limits[i]
		for _, r := range c.Scoped(l).Read(c, x) {
			if r.Violation <= near {
				continue
			}
			if math.IsNaN(l.Penalty) {
				ok = false
			} else {
				w -= l.Penalty * r.Violation
			}
		}
	}
	return w, ok
}

func TestLimitsAreObeyedOptimally(t *testing.T) {
	unmetCases, bound := 0, 0
	for seed := range uint64(600) {
		c := limitedCase(rand.New(rand.NewPCG(seed, 11)))
		best, objective := subsets(c)
		p, _ := NewProblem(c)
		out, err := p.Determine(t.Context(), auction.Options{Threads: 1})
		if none := new(unmet); errors.As(err, &none) {
			unmetCases++
			if best != nil {
				t.Errorf("seed %d: said to be infeasible, but %v earns %v", seed, best, objective)
			}
			continue
		}
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if best == nil {
			t.Errorf("seed %d: %v earns %v, but nothing meets the limits", seed, out.X, out.Objective)
			continue
		}
		if len(c.Limits) > 0 {
			bound++
		}
		if math.Abs(out.Objective-objective) > near || !out.Proven {
			t.Errorf("seed %d: %v earns %v (proven %v, bound %v), best %v earns %v", seed, out.X, out.Objective, out.Proven, out.Bound, best, objective)
			continue
		}
		if !out.TiesSettled {
			t.Errorf("seed %d: ties unsettled", seed)
			continue
		}
		for b := range best {
			if math.Abs(best[b]-out.X[b]) > near {
				t.Errorf("seed %d: %v, the first optimum is %v (%v)", seed, out.X, best, objective)
				break
			}
		}
	}
	if unmetCases < 60 || bound < 200 {
		t.Errorf("%d infeasible cases and %d others with limits are too few to say anything", unmetCases, bound)
	}
}

// Divisible bids: what is accepted meets the limits, and no allocation tried at random earns more than the bound.
func TestLimitsOnDivisibleBids(t *testing.T) {
	met := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 13))
		c := limitedCase(r)
		for b := range c.Bids {
			c.Bids[b].MinFraction = []float64{0, 0, 0.5, 1}[r.IntN(4)]
		}
		p, _ := NewProblem(c)
		out, err := p.Determine(t.Context(), auction.Options{Threads: 1})
		if errors.As(err, new(*unmet)) {
			continue
		}
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		met++
		w, ok := scored(c, out.X)
		if !ok || math.Abs(w-out.Objective) > near {
			t.Errorf("seed %d: %v earns %v, stated %v, meets the limits: %v", seed, out.X, w, out.Objective, ok)
		}
		if !out.Proven || !out.TiesSettled {
			t.Errorf("seed %d: objective %v, bound %v, ties settled %v", seed, out.Objective, out.Bound, out.TiesSettled)
		}
		o := &oracle{c: c}
		for range 300 {
			x, y := make([]float64, len(c.Bids)), make([]bool, len(c.Bids))
			for b := range x {
				if r.IntN(2) == 0 && !o.void(&c.Bids[b]) {
					y[b], x[b] = true, max(c.Bids[b].MinFraction, r.Float64())
				}
			}
			coef, rhs := o.rows(y)
			if w, ok := scored(c, x); ok && o.allowed(y) && inside(coef, rhs, x) && w > out.Bound+near {
				t.Errorf("seed %d: %v earns %v, over the bound %v", seed, x, w, out.Bound)
			}
		}
	}
	if met < 150 {
		t.Errorf("%d cases are too few to say anything", met)
	}
}

// A bidder without whom a limit cannot be met is pivotal: under vcg and core it pays its reserves, and the others what they would.
func TestPivotalBidders(t *testing.T) {
	for _, payment := range []string{auction.VCG, auction.Core} {
		for _, soft := range []bool{false, true} {
			lot := func(name string) auction.Lot { return auction.Lot{Name: name, Zone: "Z", Capacity: 10, Reserve: 1} }
			c := &auction.Case{Rules: auction.DefaultRules(), Lots: []auction.Lot{lot("A"), lot("B")}}
			bid := func(bidder string, class string, lot int, price float64) {
				c.Bids = append(c.Bids, auction.Bid{
					Bidder: len(c.Bidders), Name: bidder, Amount: 10 * price, MinFraction: 1, Requires: -1,
					Rows: []auction.BidRow{{Lot: lot, Quantity: 10, Price: price}},
				})
				c.Bidders = append(c.Bidders, auction.Bidder{Name: bidder, Class: class, Budget: math.Inf(1), MaxVolume: math.Inf(1)})
			}
			bid("needed", "small", 0, 3)
			bid("beaten", "large", 0, 4)
			bid("first", "large", 1, 6)
			bid("second", "large", 1, 5)
			c.Rules.Payment = payment
			c.Limits = []auction.Limit{{Name: "small", Measure: "winners", Where: "class=small", Min: 1, Max: math.NaN(), Penalty: math.NaN()}}
			if soft { // without it, the seller would pay the penalty and take the better bid
				c.Limits[0].Penalty = 12
			}
			r, err := Solve(t.Context(), c, auction.Options{Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			pivotal := slices.ContainsFunc(r.Summary, func(m auction.Metric) bool { return m.Name == "pivotal:needed" })
			paid := map[string]float64{}
			for _, p := range r.Payments {
				paid[p.Bidder] = p.Payment
			}
			needed := 10.0 // its reserves
			if soft {
				needed = 28 // W = 30 + 60, W without it = 40 + 60 - 12
			}
			if pivotal == soft || math.Abs(paid["needed"]-needed) > near || math.Abs(paid["first"]-50) > near || paid["beaten"] != 0 {
				t.Errorf("%s, soft %v: pivotal %v, paid %v", payment, soft, pivotal, paid)
			}
		}
	}
}

// What a limit costs whatever is accepted is no reason for a discount.
func TestUnmeetableSoftLimitsDoNotMatterToPayments(t *testing.T) {
	c := &auction.Case{Rules: auction.DefaultRules(), Lots: []auction.Lot{{Name: "A", Zone: "1", Capacity: 1}, {Name: "B", Zone: "2", Capacity: 1}}}
	for i, amount := range []float64{10, 7} { // with none of lot B, which counts for nothing
		c.Bidders = append(c.Bidders, auction.Bidder{Name: fmt.Sprint("b", i), Budget: math.Inf(1), MaxVolume: math.Inf(1)})
		c.Bids = append(c.Bids, auction.Bid{
			Bidder: i, Name: "package", Amount: amount, ByAmount: true, MinFraction: 1, Requires: -1,
			Rows: []auction.BidRow{{Lot: 0, Quantity: 1, Price: amount}, {Lot: 1, Price: amount}},
		})
	}
	c.Limits = []auction.Limit{{Name: "bids", Measure: "bids", Per: "zone", Min: 1, Max: math.NaN(), Penalty: 4}}
	for _, payment := range []string{auction.VCG, auction.Core} {
		c.Rules.Payment = payment
		r, err := Solve(t.Context(), c, auction.Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		if paid := r.Payments[0].Payment; math.Abs(paid-7) > near {
			t.Errorf("%s: the winner pays %v", payment, paid)
		}
	}
}
