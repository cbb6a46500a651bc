package bidding

import (
	"context"
	"testing"
	"time"

	"lotwise/models/auction/generate"
	"lotwise/models/network"
	"lotwise/solver"
)

// TestStartBoundsNothing stops the MIP of a market within its presolve: the bound is then not that of the start, which is
// completed first.
func TestStartBoundsNothing(t *testing.T) {
	c := generate.Market{Lots: 100, Windows: 2, Zones: 4, Scenarios: 20, Rivals: 6, Station: 0.6, Budget: 0.6, Seed: 1}.Case()
	p := Against(c, generate.MarketBidder, network.New(c, generate.MarketBidder, 0))
	best := p.Improve(nil)
	earns := p.Evaluate(best).Profit
	poor := best[:len(best)/2]
	parts := p.parts(best)
	for _, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		_, bound, err := p.solveMIP(ctx, parts, true, poor, solver.Options{RelGap: 1e-3})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		if bound < earns {
			t.Errorf("stopped after %v: bound %v, a bid earns %v", wait, bound, earns)
		}
	}
}
