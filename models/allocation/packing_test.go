package allocation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"lotwise/models/auction"
	"lotwise/models/auction/generate"
	"lotwise/solver"
)

// bundleCase draws bundles of few goods for small whole amounts, so that ties abound: most goods once, some in a
// quantity of which one fits or all of whose bids are for more than half.
func bundleCase(r *rand.Rand, goods, bids int) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules()}
	for l := range goods {
		c.Lots = append(c.Lots, auction.Lot{Name: fmt.Sprint("g", l), Capacity: float64(1 + r.IntN(2)*4)})
	}
	for len(c.Bids) < bids {
		i := len(c.Bidders)
		c.Bidders = append(c.Bidders, auction.Bidder{Name: fmt.Sprint("b", i), Budget: math.Inf(1), MaxVolume: math.Inf(1)})
		group := []string{"xor", "xor", ""}[r.IntN(3)]
		for range 1 + r.IntN(4) {
			b := auction.Bid{Bidder: i, Name: fmt.Sprint(len(c.Bids)), MinFraction: 1, Group: group, Requires: -1, ByAmount: true}
			for _, l := range r.Perm(goods)[:1+r.IntN(min(4, goods))] {
				quantity := math.Floor(c.Lots[l].Capacity/2) + 1
				if r.IntN(30) == 0 {
					quantity = c.Lots[l].Capacity + 1
				}
				b.Rows = append(b.Rows, auction.BidRow{Lot: l, Quantity: quantity})
				b.Amount += float64(r.IntN(4))
			}
			c.Bids = append(c.Bids, b)
		}
	}
	return c
}

// packings are the components of a case that are packings.
func packings(p *Problem) (all []*component) {
	parts, _ := p.components()
	for _, k := range parts {
		if q, _ := k.packing(); q != nil {
			all = append(all, k)
		}
	}
	return all
}

// A packing and the mixed-integer program without its reductions have the same first optimum.
func TestPackingIsTheMixedIntegerProgram(t *testing.T) {
	members := 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 21))
		p, _ := NewProblem(bundleCase(r, 2+r.IntN(14), 4+r.IntN(40)))
		if r.IntN(3) == 0 {
			p.Fee, p.AnyOptimum = make([]float64, len(p.Case.Bidders)), true
			for i := range p.Fee {
				p.Fee[i] = float64(r.IntN(4))
			}
		}
		for _, k := range packings(p) {
			q, at := k.packing()
			a, err := k.packed(t.Context(), q, at, solver.Options{})
			if err != nil {
				t.Fatal(err)
			}
			b, err := k.indivisible(t.Context(), solver.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(a.objective-b.objective) > near || !a.proven || !b.proven {
				t.Fatalf("seed %d: packed %v (bound %v), as a program %v (bound %v)", seed, a.objective, a.bound, b.objective, b.bound)
			}
			if !p.AnyOptimum && (!a.settled || !slices.Equal(a.x, b.x)) {
				t.Fatalf("seed %d: packed %v (settled %v), as a program %v\n%s", seed, a.x, a.settled, b.x, show(p.Case))
			}
			members += len(at)
		}
	}
	if members < 1000 {
		t.Fatalf("only %d bids in packings", members)
	}
}

// A few bundles against every combination of them.
func TestPackingAgainstEnumeration(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 22))
		c := bundleCase(r, 2+r.IntN(5), 2+r.IntN(8))
		want, got := enumerate(c), determine(t, c, auction.Options{Gap: 1e-4, Threads: 1})
		if !got.Proven || !got.TiesSettled || math.Abs(got.Objective-want.objective) > near {
			t.Fatalf("seed %d: %v (bound %v, settled %v), enumerated %v\n%s", seed, got.Objective, got.Bound, got.TiesSettled, want.objective, show(c))
		}
		for b := range got.X {
			if math.Abs(got.X[b]-want.best[b]) > near {
				t.Fatalf("seed %d: accepted %v, enumerated %v\n%s", seed, got.X, want.best, show(c))
			}
		}
	}
}

// Bounds hold against the optimum that another formulation proves, whatever stops the search.
func TestPackingBoundHolds(t *testing.T) {
	for _, distribution := range generate.Distributions {
		c, err := generate.CATS(distribution, 30, 60, 3)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := NewProblem(c)
		for _, k := range packings(p) {
			program, err := k.indivisible(t.Context(), solver.Options{})
			if err != nil {
				t.Fatal(err)
			}
			q, at := k.packing()
			for price := range 20 {
				r, err := q.relax()
				if err != nil {
					t.Fatal(err)
				}
				random := rand.New(rand.NewPCG(uint64(price), 1))
				for range r.cliques {
					r.price = append(r.price, random.Float64()*q.value[0])
				}
				r.assess()
				if r.bound < program.objective-near {
					t.Errorf("%s: any prices bound the optimum %v, these say %v", distribution, program.objective, r.bound)
				}
				for i, j := range at {
					if program.x[j] > 0 && r.with(int32(i)) < program.objective-near {
						t.Errorf("%s: an optimum of %v accepts %d, said to allow %v", distribution, program.objective, j, r.with(int32(i)))
					}
				}
				r.close()
			}
			packed, err := k.packed(t.Context(), q, at, solver.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(packed.objective-program.objective) > near*math.Abs(program.objective) || packed.bound < program.objective-near {
				t.Errorf("%s: packed %v (bound %v), as a program %v", distribution, packed.objective, packed.bound, program.objective)
			}
		}
	}
}

// The local search ends with members that fit together and are worth no less than those it started from.
func TestLocalSearchFits(t *testing.T) {
	for seed := range uint64(20) {
		c, err := generate.CATS("regions", 25, 80, seed)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := NewProblem(c)
		for _, k := range packings(p) {
			q, _ := k.packing()
			start := q.rounded(q.value, make([]bool, len(q.value)))
			found := q.localSearch(int64(seed), start).run(200, math.Inf(1), func() bool { return false })
			if !q.fits(found) || q.worth(found) < q.worth(start) {
				t.Errorf("seed %d: %v from %v", seed, found, start)
			}
		}
	}
}
