package bidding_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lotwise/models/auction"
	"lotwise/models/bidding"
)

// The counts below are of seeds, the same every time; rapid draws as many again anew.
const (
	// counted is how many cases of each of the features are compared with enumeration; 10 features make 500.
	counted = 50
	// stopped is how many searches of each feature are stopped at random; with those of package bilevel they make 2,000.
	stopped = 160
)

// features are the random cases, feature by feature and mixed.
var features = []struct {
	name  string
	grain float64 // of the enumerated quantities
	shape shape
	risk  bool
}{
	{"take or pay", 1, shape{lots: 1, zones: 1, rows: 2, routes: 2, scenarios: 4, rivals: 3, prices: 5, volume: 6}, false},
	{"facilities", 1, shape{lots: 2, zones: 2, rows: 2, facilities: 2, routes: 4, scenarios: 3, rivals: 2, prices: 4, volume: 4}, false},
	{"scarce facilities", 1, shape{lots: 2, zones: 2, rows: 3, facilities: 2, routes: 5, scenarios: 2, rivals: 2, prices: 3, volume: 3, scarce: true}, false},
	{"budgets and caps", 1, shape{lots: 2, zones: 2, rows: 2, facilities: 1, routes: 3, scenarios: 3, rivals: 2, prices: 3, volume: 3, capped: true}, false},
	{"budgets and caps on all", 1, shape{lots: 2, zones: 2, rows: 2, facilities: 1, routes: 3, scenarios: 3, rivals: 2, prices: 3, volume: 3, capped: true, always: true}, false},
	{"bid_steps", 1, shape{lots: 2, zones: 1, rows: 2, facilities: 1, routes: 3, scenarios: 2, rivals: 2, prices: 3, volume: 2, steps: 2, services: true}, false},
	{"substitutable services", 1, shape{lots: 3, zones: 2, rows: 3, facilities: 1, routes: 4, scenarios: 2, rivals: 1, prices: 2, volume: 2, services: true}, false},
	{"windows of a zone", 1, shape{lots: 3, zones: 1, rows: 2, facilities: 1, routes: 3, scenarios: 2, rivals: 1, prices: 2, volume: 2, services: true}, false},
	{"risk", 0.5, shape{lots: 2, zones: 2, rows: 2, facilities: 1, routes: 3, scenarios: 4, rivals: 2, prices: 3, volume: 2}, true},
	{"mixed", 1, shape{lots: 2, zones: 2, rows: 3, facilities: 2, routes: 4, scenarios: 3, rivals: 2, prices: 2, volume: 2, steps: 2, services: true, scarce: true, capped: true}, false},
}

// drawnRisk is a problem with a risk, which is nothing where the feature has none.
func drawnRisk(h shape, risk bool) *rapid.Generator[*problem] {
	return rapid.Custom(func(t *rapid.T) *problem {
		p := draw(t, h)
		if risk {
			p.Risk = drawRisk(t)
		}
		return p
	})
}

// best is the most that a bid on whole prices and multiples of the grain is worth.
func (p *problem) best(prices int, grain float64) float64 {
	if p.Risk.Aversion > 0 {
		return p.enumerateRisk(p.Risk, prices, grain)
	}
	v, _ := p.enumerate(prices, grain)
	return v
}

// value is what a bid is worth by the seller's merit order, and whether it fits.
func (p *problem) value(s auction.Strategy) (float64, bool) {
	v := p.Network.NewEvaluator().Value
	if p.Risk.Aversion > 0 {
		return p.worth(s, p.Risk, v)
	}
	return p.measure(s, v)
}

// The optimal bid is that of enumeration over the grid, feature by feature and mixed, with a bound that says so.
func TestOptimalBids(t *testing.T) {
	for _, f := range features {
		t.Run(f.name, func(t *testing.T) {
			random := drawnRisk(f.shape, f.risk)
			for seed := range counted {
				p := random.Example(seed)
				best := p.best(f.shape.prices+1, f.grain)
				r, err := bidding.BestResponse(context.Background(), p.Problem, bidding.Options{Gap: 1e-6})
				if err != nil {
					t.Fatal(err)
				}
				v, fits := p.value(r.Strategy)
				if !fits || !near(v, r.Objective) || r.Bound < r.Objective {
					t.Errorf("%d: the bid %v is worth %v, fits %v; the answer says %v, bound %v", seed, r.Strategy, v, fits, r.Objective, r.Bound)
				}
				if !near(max(best, r.Objective), r.Objective) || !near(r.Bound, r.Objective) {
					t.Errorf("%d: enumeration %v, answer %v, bound %v, %s", seed, best, r.Objective, r.Bound, r.Status)
				}
			}
		})
	}
}

// A pulse is a context that ends when it has been looked at so many times: a limit that strikes at some point of the work,
// the same every time.
type pulse struct {
	context.Context
	cancel context.CancelFunc
	left   int
}

func (c *pulse) Err() error {
	if c.left--; c.left < 0 {
		c.cancel()
	}
	return c.Context.Err()
}

// limit returns a context that ends at random: at once, after some looks at it, or after some time.
func limit(r *rand.Rand) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	switch r.IntN(8) {
	case 0:
		cancel()
		return ctx, cancel
	case 1, 2, 3:
		cancel()
		return context.WithTimeout(context.Background(), time.Duration(r.IntN(5_000))*time.Microsecond)
	default:
		return &pulse{ctx, cancel, r.IntN(1 << r.IntN(8))}, cancel
	}
}

// Stopped at random, no answer has a bound under the true optimum, and its bid is worth what it says.
func TestStoppedAtRandom(t *testing.T) {
	for _, f := range features {
		t.Run(f.name, func(t *testing.T) {
			struck := 0
			random := drawnRisk(f.shape, f.risk)
			for seed := range stopped {
				p := random.Example(counted + seed)
				best := p.best(f.shape.prices+1, f.grain)
				r := rand.New(rand.NewPCG(uint64(seed), 3))
				ctx, cancel := limit(r)
				o := bidding.Options{Gap: []float64{0, 1e-4, 0.3}[r.IntN(3)], Nodes: r.IntN(3)}
				a, err := bidding.BestResponse(ctx, p.Problem, o)
				cancel()
				if err != nil {
					t.Fatal(err)
				}
				if a.Bound > a.Objective {
					struck++
				}
				v, fits := p.value(a.Strategy)
				if !fits || !near(v, a.Objective) || a.Bound < a.Objective || a.Bound < best-1e-6*max(1, best) {
					t.Errorf("%d: the bid is worth %v, fits %v; the answer says %v, bound %v; enumeration %v", seed, v, fits, a.Objective, a.Bound, best)
				}
			}
			t.Logf("%d of %d stopped with a gap", struck, stopped)
		})
	}
}
