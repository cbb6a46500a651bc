package allocation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"lotwise/models/auction"
	"lotwise/solver"
)

// mediumCase draws a case that is too large to enumerate: lots in clusters, so that it has several
// components, with prices on a coarse grid.
func mediumCase(r *rand.Rand, clusters int) *auction.Case {
	c := randomCase(r, 1)
	rules := c.Rules
	c = &auction.Case{Rules: rules}
	for range clusters {
		part := randomCase(r, 12)
		lots, bidders, bids := len(c.Lots), len(c.Bidders), len(c.Bids)
		c.Lots = append(c.Lots, part.Lots...)
		c.Bidders = append(c.Bidders, part.Bidders...)
		for _, b := range part.Bids {
			b.Bidder += bidders
			if b.Requires >= 0 {
				b.Requires += bids
			}
			for i := range b.Rows {
				b.Rows[i].Lot += lots
			}
			c.Bids = append(c.Bids, b)
		}
	}
	return c
}

// every runs a test on some medium cases.
func every(t *testing.T, cases, clusters int, test func(t *testing.T, c *auction.Case, r *rand.Rand)) {
	for seed := range uint64(cases) {
		r := rand.New(rand.NewPCG(seed, 7))
		t.Run(fmt.Sprint(seed), func(t *testing.T) { test(t, mediumCase(r, clusters), r) })
	}
}

// earned is the optimal value.
func earned(t *testing.T, c *auction.Case) float64 {
	p, _ := NewProblem(c)
	p.AnyOptimum = true
	return run(t, p, 1).Objective
}

func solved(t *testing.T, c *auction.Case, threads int) *Outcome {
	p, _ := NewProblem(c)
	return run(t, p, threads)
}

func run(t *testing.T, p *Problem, threads int) *Outcome {
	out, err := p.Determine(t.Context(), auction.Options{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	if !out.Proven {
		t.Fatalf("objective %v, bound %v", out.Objective, out.Bound)
	}
	return out
}

// Whatever is accepted obeys the case, in plain arithmetic.
func TestAllocationIsFeasible(t *testing.T) {
	every(t, 60, 2, func(t *testing.T, c *auction.Case, _ *rand.Rand) {
		out := solved(t, c, 2)
		used, paid, won := make([]float64, len(c.Lots)), make([]float64, len(c.Bidders)), make([]float64, len(c.Bidders))
		type group struct {
			bidder int
			name   string
		}
		alternatives := map[group]int{}
		for b, x := range out.X {
			bid := &c.Bids[b]
			if x == 0 {
				continue
			}
			if x < bid.MinFraction || x > 1 || x < 0 {
				t.Fatalf("bid %d is accepted at %v, least %v", b, x, bid.MinFraction)
			}
			for _, r := range bid.Rows {
				used[r.Lot] += r.Quantity * x
				won[bid.Bidder] += r.Quantity * x
			}
			paid[bid.Bidder] += bid.Amount * x
			if bid.Group != "" {
				if alternatives[group{bid.Bidder, bid.Group}]++; alternatives[group{bid.Bidder, bid.Group}] > 1 {
					t.Fatalf("two of group %s of bidder %d", bid.Group, bid.Bidder)
				}
			}
			if r := bid.Requires; r >= 0 && out.X[r] < auction.LeastFraction {
				t.Fatalf("bid %d is accepted without %d, which it requires", b, r)
			}
			if _, void := bid.Void(c.Lots); void {
				t.Fatalf("void bid %d is accepted", b)
			}
		}
		const rounding = 1e-12
		for l := range used {
			if used[l] > c.Lots[l].Capacity+rounding {
				t.Fatalf("lot %d: %v of %v", l, used[l], c.Lots[l].Capacity)
			}
		}
		for i := range paid {
			if paid[i] > c.Bidders[i].Budget+rounding || won[i] > c.Bidders[i].MaxVolume+rounding {
				t.Fatalf("bidder %d: %v of budget %v, %v of volume %v", i, paid[i], c.Bidders[i].Budget, won[i], c.Bidders[i].MaxVolume)
			}
		}
	})
}

func TestOneMoreBidNeverEarnsLess(t *testing.T) {
	every(t, 60, 2, func(t *testing.T, c *auction.Case, r *rand.Rand) {
		more := *c
		b := randomCase(r, 1).Bids[0]
		b.Bidder = r.IntN(len(c.Bidders))
		b.Group, b.Requires = "", -1
		for i := range b.Rows {
			b.Rows[i].Lot = r.IntN(len(c.Lots))
		}
		more.Bids = append(slices.Clone(c.Bids), b)
		if before, after := earned(t, c), earned(t, &more); after < before-near {
			t.Fatalf("%v, with another bid %v", before, after)
		}
	})
}

func TestOrderOfBidsDoesNotMatterToObjective(t *testing.T) {
	every(t, 60, 2, func(t *testing.T, c *auction.Case, r *rand.Rand) {
		other := *c
		order := r.Perm(len(c.Bids))
		at := make([]int, len(order))
		for n, b := range order {
			at[b] = n
		}
		other.Bids = nil
		for _, b := range order {
			bid := c.Bids[b]
			if bid.Requires >= 0 {
				bid.Requires = at[bid.Requires]
			}
			other.Bids = append(other.Bids, bid)
		}
		if a, b := earned(t, c), earned(t, &other); math.Abs(a-b) > near {
			t.Fatalf("%v, in another order %v", a, b)
		}
	})
}

// scaledCase is the case with money and volumes in other units.
func scaledCase(c *auction.Case, money, volume float64) *auction.Case {
	other := *c
	other.Lots, other.Bidders, other.Bids = slices.Clone(c.Lots), slices.Clone(c.Bidders), slices.Clone(c.Bids)
	for l := range other.Lots {
		other.Lots[l].Capacity *= volume
		other.Lots[l].Reserve *= money
		other.Lots[l].Cost *= money
	}
	for i := range other.Bidders {
		other.Bidders[i].Budget *= money * volume
		other.Bidders[i].MaxVolume *= volume
	}
	for b := range other.Bids {
		other.Bids[b].Amount *= money * volume
		other.Bids[b].Rows = slices.Clone(c.Bids[b].Rows)
		for i := range other.Bids[b].Rows {
			other.Bids[b].Rows[i].Quantity *= volume
			other.Bids[b].Rows[i].Price *= money
		}
	}
	return &other
}

// Money in other units, volumes in other units: the same fractions. Powers of two keep all ties.
func TestUnitsDoNotMatter(t *testing.T) {
	every(t, 60, 2, func(t *testing.T, c *auction.Case, r *rand.Rand) {
		money, volume := math.Ldexp(1, r.IntN(21)-4), math.Ldexp(1, r.IntN(21)-4)
		other := scaledCase(c, money, volume)
		a, b := solved(t, c, 1), solved(t, other, 1)
		off := math.Abs(a.Objective*money*volume - b.Objective)
		if off > max(near*money*volume, slack(b.Objective)) { // what a required bid costs at a millionth may be a tie in small money
			t.Fatalf("%v, scaled by %v and %v: %v", a.Objective, money, volume, b.Objective)
		}
		for n := range a.X {
			if a.TiesSettled && b.TiesSettled && off <= near*money*volume && math.Abs(a.X[n]-b.X[n]) > near {
				t.Fatalf("%v, scaled by %v and %v: %v", a.X, money, volume, b.X)
			}
		}
	})
}

func TestThreadsDoNotMatter(t *testing.T) {
	every(t, 60, 3, func(t *testing.T, c *auction.Case, _ *rand.Rand) {
		a, b := solved(t, c, 1), solved(t, c, 4)
		if !slices.Equal(a.X, b.X) || a.Objective != b.Objective || a.Bound != b.Bound || !slices.Equal(a.ShadowPrice, b.ShadowPrice) {
			t.Fatalf("one thread %v, four %v", a, b)
		}
	})
}

// The components solved as one have the sum of their objectives, and the same first optimum.
func TestComponentsTogetherAreTheWhole(t *testing.T) {
	for seed := range uint64(40) {
		c := mediumCase(rand.New(rand.NewPCG(seed, 3)), 2)
		p, _ := NewProblem(c)
		whole := &component{problem: p}
		objective := 0.0
		var x []float64
		parts, _ := p.components()
		for _, k := range parts {
			part, err := k.solve(t.Context(), solver.Options{})
			if err != nil {
				t.Fatal(err)
			}
			objective += part.objective
			x = append(x, part.x...)
			whole.join(k)
		}
		part, err := whole.solve(t.Context(), solver.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(part.objective-objective) > near {
			t.Errorf("seed %d: together %v, apart %v", seed, part.objective, objective)
		}
		if !part.settled {
			t.Errorf("seed %d: ties unsettled", seed)
		}
		for j := range x {
			if math.Abs(x[j]-part.x[j]) > near {
				t.Errorf("seed %d: together %v, apart %v", seed, part.x, x)
				break
			}
		}
	}
}

// join adds another component's bids and constraints.
func (k *component) join(o *component) {
	from, rows := len(k.bids), len(k.rows)
	k.bids, k.value, k.volume = append(k.bids, o.bids...), append(k.value, o.value...), append(k.volume, o.volume...)
	k.least, k.decide = append(k.least, o.least...), append(k.decide, o.decide...)
	for _, uses := range o.uses {
		uses = slices.Clone(uses)
		for i := range uses {
			uses[i].row += rows
		}
		k.uses = append(k.uses, uses)
	}
	for _, r := range o.rows {
		r.terms = slices.Clone(r.terms)
		for i := range r.terms {
			r.terms[i].bid += from
		}
		k.rows = append(k.rows, r)
	}
	for _, g := range o.groups {
		g = slices.Clone(g)
		for i := range g {
			g[i] += from
		}
		k.groups = append(k.groups, g)
	}
	for _, r := range o.requires {
		k.requires = append(k.requires, [2]int{r[0] + from, r[1] + from})
	}
}
