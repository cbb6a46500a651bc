package verify

import (
	"math"
	"sort"
)

// A run of bid may be averse to risk: what its bound bounds, and its objective is, is then
//
//	(1 - a) E[profit] + a CVaR,   CVaR = max over t of t - E[(t - profit)+] / tail
//
// where the largest is attained at one of the profits (the function is concave and piecewise linear).

// defaultTail is the tail of a run that states none.
const defaultTail = 0.05

func (k *checker) tail() float64 {
	if k.o.Risk.Tail == 0 {
		return defaultTail
	}
	return k.o.Risk.Tail
}

// tailMean is the CVaR of profits with their probabilities.
func (k *checker) tailMean(profit, probability []float64) float64 {
	best := math.Inf(-1)
	for _, t := range profit {
		short := 0.0
		for i, x := range profit {
			short += probability[i] * math.Max(0, t-x)
		}
		best = math.Max(best, t-short/k.tail())
	}
	return best
}

// averse is the objective of a profit with its distribution.
func (k *checker) averse(mean float64, profit, probability []float64) float64 {
	a := k.o.Risk.Aversion
	if a == 0 {
		return mean
	}
	return (1-a)*mean + a*k.tailMean(profit, probability)
}

// worthStated is the objective of a type by the profits that profit_scenarios.csv states.
func (k *checker) worthStated(g *group, mean float64) float64 {
	if k.o.Risk.Aversion == 0 {
		return mean
	}
	var profit, probability []float64
	for i := range k.r.ProfitScenarios {
		if r := &k.r.ProfitScenarios[i]; r.Type == k.c.Bidders[g.bidder].Types[g.typ].Name {
			profit, probability = append(profit, r.Profit), append(probability, r.Probability)
		}
	}
	return k.averse(mean, profit, probability)
}

// profits are what a bid earns by scenario, with the scenarios' probabilities.
func (x *reply) profits() (profit, probability []float64) {
	for i := range x.scenarios {
		profit, probability = append(profit, x.scenarios[i].profit), append(probability, x.scenarios[i].probability)
	}
	return profit, probability
}

// attackTail looks for a bid that is worth more than the stated bound: those of most expected profit, by the scenarios'
// probabilities and by others that give the recommended bid's worst scenarios their weight in CVaR.
func (k *checker) attackTail(p *play, a *arena, g *group, res *arenaResult, find func(string, int, string, string, ...any)) {
	x, ok := k.reply(p, g)
	if !ok {
		return
	}
	order := make([]int, len(x.scenarios))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return x.scenarios[order[i]].profit < x.scenarios[order[j]].profit })
	dark := append([]world(nil), p.beliefs...)
	left := 1.0
	for _, i := range order {
		z := math.Min(left, dark[i].probability/k.tail())
		left -= z
		dark[i].probability = (1-k.o.Risk.Aversion)*dark[i].probability + k.o.Risk.Aversion*z
	}
	for _, worlds := range [][]world{p.beliefs, dark} {
		k.besiege(a, g, worlds, res, func(s *siege, best attempt) {
			other := &strategy{}
			for i, f := range s.fronts {
				for j, c := range best.bid[i] {
					for _, b := range c {
						other.rows = append(other.rows, bidRow{lot: f.part.lots[j], price: f.prices[j][b.price], quantity: b.quantity})
					}
				}
			}
			y, ok := k.replyWith(p, g, other)
			if !ok {
				return
			}
			mean := y.expect(func(s *scenario) float64 { return s.profit })
			profit, probability := y.profits()
			if v := k.averse(mean, profit, probability); v > g.bound && !near(v, g.bound, y.scale) {
				find(tableEquilibrium, g.first, "best_response_bound", "%.10g, but the bid %s is worth %.10g to %s", g.bound, s.describe(best.bid), v, k.groupName(g))
			}
		})
	}
}
