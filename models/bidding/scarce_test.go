package bidding

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"lotwise/models/auction"
	"lotwise/models/auction/generate"
	"lotwise/models/network"
	"lotwise/solver"
)

// scarceMarket is a market of a few lots with scarce stations.
func scarceMarket(seed uint64) *Problem {
	m := generate.Market{
		Lots: 4 + int(seed%5), Windows: 1 + int(seed%2), Zones: 1 + int(seed/2%3), Scenarios: 1 + int(seed%4), Rivals: 3,
		Station: 0.2 + 0.1*float64(seed%8), Seed: seed,
	}
	if seed%3 == 0 {
		m.Budget = 0.4
	}
	if seed%5 == 0 {
		m.MaxVolume = 0.4
	}
	c := m.Case()
	return Against(c, generate.MarketBidder, network.New(c, generate.MarketBidder, 0))
}

// random returns a bid.
func (t *part) random(r *rand.Rand) []*choice {
	chosen := t.nothing()
	for l := range t.lots {
		lot := &t.lots[l]
		if len(lot.ticks) > 0 && len(lot.levels) > 1 && r.IntN(4) > 0 {
			chosen[l] = lot.choose([]step{{r.IntN(len(lot.ticks)), int32(1 + r.IntN(len(lot.levels)-1))}})
		}
	}
	return chosen
}

// Pools at the prices of capacity tell V itself, and so what a lot is worth; and at any prices and weights that add up to what
// facilities cost, what pools earn at most bounds every bid.
func TestScarce(t *testing.T) {
	stations, dear := 0, 0
	for seed := range uint64(40) {
		p := scarceMarket(seed)
		r := rand.New(rand.NewPCG(seed, 2))
		for _, x := range p.parts(nil) {
			if x.scarce == nil {
				continue
			}
			stations++
			for range 10 {
				chosen := x.random(r)
				pools, exact := x.with(false, chosen), x.with(true, chosen)
				if math.Abs(pools.value-exact.value) > 1e-9*x.scale {
					t.Fatalf("seed %d: pools say %v, the network %v", seed, pools.value, exact.value)
				}
				l := r.IntN(len(x.lots))
				worth, want := pools.worth(l), exact.worth(l)
				for k := range worth {
					for _, v := range x.lots[l].matter(pools.beside(l)) {
						if int(v) < len(worth[k]) && math.Abs(worth[k][v]-want[k][v]) > 1e-9*x.scale {
							t.Fatalf("seed %d: lot %d worth %v at level %d, %v by the network", seed, l, worth[k][v], v, want[k][v])
						}
					}
				}
				s := newBounder(x, exact, limits{target: math.Inf(-1)})
				weights := s.agree(x.with(false, x.random(r)))
				n := len(x.sets)
				for i := range x.scarce.stations {
					for k := range x.scenes {
						if r.IntN(2) == 0 {
							s.reprice(weights, slope{scene: k, station: i, share: r.NormFloat64(), stop: math.NaN()}, 0.2*x.scarce.stations[i].capacity)
						}
					}
				}
				for k := range x.scenes {
					for o := range x.sets {
						sum := 0.0
						for _, z := range s.tied {
							sum += weights[z][k*x.pools[z].stride+o]
						}
						if want := x.rent(weights, k, o) - x.fixed[o]; math.Abs(sum-want) > 1e-9*x.scale {
							t.Fatalf("seed %d: weights of set %d add up to %v, want %v", seed, o, sum, want)
						}
					}
					for _, z := range s.tied {
						if q := &x.pools[z]; q.priced != nil && weights[z][k*q.stride+n] > 0 {
							dear++
						}
					}
				}
				if !x.whole || !x.bounded() {
					continue
				}
				root := &node{boxes: x.anything(), weights: weights, bound: math.Inf(1)}
				s.ascend(context.Background(), root, 1+r.IntN(12))
				if root.bound < exact.value-x.slack() {
					t.Fatalf("seed %d: bound %v, a bid earns %v", seed, root.bound, exact.value)
				}
			}
		}
	}
	if stations < 40 || dear < 100 {
		t.Errorf("%d scarce stations, %d prices over 0: want more", stations, dear)
	}
}

// With scarce stations, budgets and volume caps mixed no bound is under what the MIP earns, wherever the search ends.
func TestScarceBounds(t *testing.T) {
	closed, open := 0, 0
	for seed := range uint64(24) {
		p := scarceMarket(seed)
		p.FitAlways = seed%4 == 1
		s, _, err := p.solveMIP(context.Background(), p.parts(nil), true, nil, solver.Options{RelGap: 1e-6})
		if err != nil {
			t.Fatal(err)
		}
		best := 0.0
		if s = p.shrink(s); p.Fits(s) {
			best = p.Evaluate(s).Profit
		}
		check := func(what string, profit, bound float64, bid auction.Strategy) {
			if bound < best-1e-6*math.Abs(best) || bound < profit {
				t.Errorf("seed %d, %s: bound %v, profit %v, a bid earns %v", seed, what, bound, profit, best)
			}
			if bid != nil && (!p.Fits(bid) || math.Abs(p.Evaluate(bid).Profit-profit) > 1e-9*math.Abs(profit)) {
				t.Errorf("seed %d, %s: claims %v, earns %v, fits %v", seed, what, profit, p.Evaluate(bid).Profit, p.Fits(bid))
			}
		}
		for _, nodes := range []int{1, 8, 60} {
			r := &responder{p: p, ctx: context.Background(), o: Options{Gap: 1e-6}, parts: p.parts(nil)}
			free := r.local()
			if p.capped() {
				h := r.hunt(nil)
				if err := h.relax(free, 2+nodes/4, 0); err != nil {
					t.Fatal(err)
				}
				check("multipliers", h.value, h.bound, h.best)
				if !h.done() && h.branchable() {
					if h.cuts, err = h.newCuts(); err != nil {
						t.Fatal(err)
					}
					h.tighten(h.multipliers())
					check("part by part", h.value, h.bound, h.best)
					if err := h.branch(h.multipliers(), nodes); err != nil {
						t.Fatal(err)
					}
					h.cuts.session.Close()
				}
				check("branch and bound", h.value, h.bound, h.best)
				continue
			}
			value, bound := 0.0, 0.0
			var bid auction.Strategy
			for i := range r.parts {
				x, b := r.pooled(i, limits{gap: 1e-6, target: math.Inf(-1), nodes: nodes})
				value += x.value
				bound += b
				bid = append(bid, x.strategy()...)
			}
			check("pools", value, bound, bid)
			if bound <= value*(1+1e-4) {
				closed++
			} else {
				open++
			}
		}
	}
	if closed == 0 || open == 0 {
		t.Errorf("%d searches closed, %d open: want some of each", closed, open)
	}
}
