package allocation

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"lotwise/models/auction"
	"lotwise/models/auction/generate"
)

func determine(t testing.TB, c *auction.Case, o auction.Options) *Outcome {
	t.Helper()
	p, _ := NewProblem(c)
	out, err := p.Determine(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAgainstEnumeration(t *testing.T) {
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := randomCase(r, 1+r.IntN(5))
		want := enumerate(c)
		got := determine(t, c, auction.Options{Gap: 1e-4, Threads: 1})
		if !got.Proven || math.Abs(got.Objective-want.objective) > near {
			t.Errorf("seed %d: objective %v (bound %v), enumerated %v\n%s", seed, got.Objective, got.Bound, want.objective, show(c))
			continue
		}
		if !got.TiesSettled {
			t.Errorf("seed %d: ties unsettled\n%s", seed, show(c))
		}
		for b := range got.X {
			if math.Abs(got.X[b]-want.best[b]) > near {
				t.Errorf("seed %d: accepted %v, enumerated %v\n%s", seed, got.X, want.best, show(c))
				break
			}
		}
	}
}

func show(c *auction.Case) string {
	s := "maximise " + c.Rules.Objective + "\n"
	for _, l := range c.Lots {
		s += fmt.Sprintf("  %s capacity %v reserve %v cost %v\n", l.Name, l.Capacity, l.Reserve, l.Cost)
	}
	for _, b := range c.Bidders {
		s += fmt.Sprintf("  %s budget %v max_volume %v\n", b.Name, b.Budget, b.MaxVolume)
	}
	for _, b := range c.Bids {
		s += fmt.Sprintf("  %s of %s amount %v (by amount %v) least %v group %q requires %d:", b.Name, c.Bidders[b.Bidder].Name, b.Amount, b.ByAmount, b.MinFraction, b.Group, b.Requires)
		for _, r := range b.Rows {
			s += fmt.Sprintf(" %s %v@%v", c.Lots[r.Lot].Name, r.Quantity, r.Price)
		}
		s += "\n"
	}
	return s
}

// Where nothing is earned at best, the bound says so, and the gap is none.
func TestOptimumOfNothing(t *testing.T) {
	for _, seed := range []uint64{0, 11, 16, 18} {
		out := determine(t, generate.Mixed(4+int(seed)%12, seed), auction.Options{Gap: 1e-4, Threads: 1})
		if !out.Proven || out.Objective != 0 || out.Bound != 0 || out.Gap() != 0 {
			t.Errorf("seed %d: objective %v, bound %v, gap %v, proven %v", seed, out.Objective, out.Bound, out.Gap(), out.Proven)
		}
	}
}
