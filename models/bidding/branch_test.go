package bidding

import (
	"context"
	"math"
	"slices"
	"testing"

	"lotwise/models/auction/generate"
	"lotwise/models/network"
	"lotwise/solver"
)

// Branch and bound over prices and quantities never bounds under what the MIP earns, wherever it is stopped, and in the end
// leaves less open than the multipliers alone. Budgets bind, volume caps too.
func TestBranchAndBound(t *testing.T) {
	prices, levels, closer := 0, 0, 0
	for seed := range uint64(24) {
		p := market(seed, 1+int(seed%2), 3)
		p.FitAlways = seed%3 == 0
		money, volume := p.takes(p.Improve(nil))
		p.Budget = math.Round(money * (0.3 + 0.05*float64(seed%10)))
		if seed%4 == 3 {
			p.MaxVolume = math.Round(0.7 * volume)
		}
		parts := p.parts(nil)
		s, _, err := p.solveMIP(context.Background(), parts, true, nil, solver.Options{RelGap: 1e-6})
		if err != nil {
			t.Fatal(err)
		}
		best := p.Evaluate(p.shrink(s)).Profit
		for _, nodes := range []int{2, 6, 200} {
			r := &responder{p: p, ctx: context.Background(), o: Options{Gap: 1e-7}, parts: p.parts(nil)}
			free := r.local()
			h := r.hunt(nil)
			if err := h.relax(free, capRounds, 0); err != nil {
				t.Fatal(err)
			}
			if h.done() || !h.branchable() {
				continue
			}
			root := h.bound
			if h.cuts, err = h.newCuts(); err != nil {
				t.Fatal(err)
			}
			h.split = func(c cut) {
				if c.byLevel {
					levels++
				} else {
					prices++
				}
			}
			if err := h.branch(h.multipliers(), nodes); err != nil {
				t.Fatal(err)
			}
			h.cuts.session.Close()
			if h.bound < best-1e-6*math.Abs(best) || h.bound < h.value {
				t.Errorf("seed %d, %d nodes: bound %v, profit %v, a bid earns %v", seed, nodes, h.bound, h.value, best)
			}
			if h.bound < root-1e-6*math.Abs(root) {
				closer++
			}
		}
	}
	if prices == 0 || levels == 0 || closer == 0 {
		t.Errorf("%d splits of prices, %d of quantities, %d bounds lowered: want some of each", prices, levels, closer)
	}
	t.Logf("%d splits of prices, %d of quantities, %d bounds lowered", prices, levels, closer)
}

// Few stations with a budget close, to the same answer with any number of threads.
func TestFewStations(t *testing.T) {
	c := generate.Market{Lots: 24, Windows: 2, Zones: 4, Scenarios: 5, Rivals: 6, Budget: 0.6, Seed: 1}.Case()
	var answers []*Response
	for _, threads := range []int{1, 3} {
		p := Against(c, generate.MarketBidder, network.New(c, generate.MarketBidder, 0))
		r, err := BestResponse(context.Background(), p, Options{Gap: 1e-3, Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		if r.Bound-r.Profit > 1e-3*r.Bound || !p.Fits(r.Strategy) {
			t.Errorf("%d threads: profit %v, bound %v", threads, r.Profit, r.Bound)
		}
		answers = append(answers, r)
	}
	if a, b := answers[0], answers[1]; a.Profit != b.Profit || a.Bound != b.Bound || !slices.Equal(a.Strategy, b.Strategy) {
		t.Errorf("1 and 3 threads: profits %v and %v, bounds %v and %v", a.Profit, b.Profit, a.Bound, b.Bound)
	}
}
