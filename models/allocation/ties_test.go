package allocation

import (
	"testing"

	"lotwise/models/auction"
	"lotwise/models/auction/generate"
)

// TestTiesUnderLimitsAreSettled draws auctions in which a limit on numbers leaves much undecided that allots nothing, lots that
// may be sold and are not, and wants the tie rule settled for not much more than the optimum.
func TestTiesUnderLimitsAreSettled(t *testing.T) {
	for seed := range uint64(4) {
		c := generate.Postal{
			Lots: 6, Bidders: 5, Bids: 60, AllOrNothing: 0.4, Fractions: 0.1, Packages: 12, MinLots: 2, MaxLots: 4,
			Budgets: 0.5, Caps: 0.3, Limits: 10, Seed: seed + 1,
		}.Case()
		var effort [2]int64
		for i, anyOptimum := range []bool{true, false} {
			p, _ := NewProblem(c)
			p.AnyOptimum = anyOptimum
			out, err := p.Determine(t.Context(), auction.Options{Threads: 1})
			if err != nil || !out.Proven {
				t.Fatal(out, err)
			}
			if !anyOptimum && !out.TiesSettled {
				t.Errorf("seed %d: ties are left", seed+1)
			}
			for _, part := range out.parts {
				effort[i] += part.component.effort
			}
		}
		if t.Logf("seed %d: effort %d, with ties %d", seed+1, effort[0], effort[1]); effort[1] > 5000+3*effort[0] {
			t.Errorf("seed %d: ties took %d steps, the optimum %d", seed+1, effort[1]-effort[0], effort[0])
		}
	}
}
