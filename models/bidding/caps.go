package bidding

import (
	"math"
	"slices"
	"sort"

	"lotwise/models/auction"
	"lotwise/solver"
)

// Bids that budget or volume cap bind. For multipliers λ ≥ 0 of the budget and ν ≥ 0 of the cap,
//
//	profit ≤ max { profit − λ payment − ν volume } + λ budget + ν max_volume
//
// with payment and volume either of all that is bid (FitAlways) or expected over scenarios, which holds where
// every scenario fits. The right side splits over parts again.

// bisections is how many multipliers are tried: each halves the interval that holds the best.
const bisections = 14

// capped answers the problem with caps, from the answer without.
func (r *responder) capped(start, free auction.Strategy, bound float64) (auction.Strategy, float64, error) {
	p := r.p
	best := r.fill(start)
	value := p.Evaluate(best).Profit
	keep := func(s auction.Strategy) {
		if !p.Fits(s) {
			return
		}
		s = r.fill(s)
		if v := p.Evaluate(s).Profit; v > value {
			best, value = s, v
		}
	}
	var fee toll
	fee.offered = p.FitAlways
	now := free
	// One multiplier at a time; twice round where both caps bind.
	for range 2 {
		for _, c := range []struct {
			lambda *float64
			most   float64
			of     func(s auction.Strategy) float64
			high   float64
		}{
			{&fee.money, p.Budget, p.payment, 1},
			{&fee.volume, p.MaxVolume, p.volume, r.highest()},
		} {
			if math.IsInf(c.most, 1) || r.ctx.Err() != nil {
				continue
			}
			if *c.lambda == 0 && c.of(now) <= c.most {
				continue
			}
			low, high := 0.0, c.high
			for range bisections {
				s, b, err := r.relaxed(fee)
				if err != nil {
					return nil, 0, err
				}
				bound = min(bound, b+r.owed(fee))
				keep(s)
				now = s
				if bound <= value+r.o.Gap*math.Abs(bound) || r.ctx.Err() != nil {
					return best, bound, nil
				}
				if c.of(s) > c.most {
					low = *c.lambda
					if high <= low {
						high = 2 * low
					}
					if low == c.high {
						high, c.high = 4*low, 4*low
					}
				} else {
					high = *c.lambda
				}
				*c.lambda = (low + high) / 2
			}
		}
	}
	size := 0
	for _, t := range r.parts {
		size += len(t.scenes) * len(t.lots)
	}
	if size > largestMIP || r.ctx.Err() != nil {
		return best, bound, nil
	}
	s, b, err := p.solveMIP(r.ctx, r.parts, true, best, solver.Options{RelGap: r.o.Gap, Seed: r.o.Seed})
	if err != nil {
		return nil, 0, err
	}
	bound = min(bound, b)
	if s != nil {
		if s = p.shrink(s); p.Fits(s) {
			if v := p.Evaluate(s).Profit; v > value {
				best, value = s, v
			}
		}
	}
	return best, bound, nil
}

// owed is what the multipliers add to the bound.
func (r *responder) owed(fee toll) float64 {
	sum := 0.0
	if fee.money > 0 {
		sum += fee.money * r.p.Budget
	}
	if fee.volume > 0 {
		sum += fee.volume * r.p.MaxVolume
	}
	if !fee.offered {
		sum *= r.p.view().weight
	}
	return sum
}

// relaxed answers every part under a toll, without MIPs.
func (r *responder) relaxed(fee toll) (auction.Strategy, float64, error) {
	var s auction.Strategy
	bound := 0.0
	for _, t := range r.parts {
		e, b, err := r.part(t, fee, limits{gap: r.o.Gap / 4, target: math.Inf(-1), nodes: scarceNodes}, false)
		if err != nil {
			return nil, 0, err
		}
		s = append(s, e.strategy()...)
		bound += b
	}
	return s, bound, nil
}

// highest returns a price over which no package is worth anything to anyone: a first multiplier of the volume.
func (r *responder) highest() float64 {
	top := 0.0
	for _, t := range r.parts {
		for l := range t.lots {
			if n := len(t.lots[l].ticks); n > 0 {
				top = max(top, t.lots[l].price[n-1])
			}
		}
	}
	return max(top, 1e-9)
}

// payment and volume are what a bid takes of budget and cap: all of it, or the most in any scenario.
func (p *Problem) payment(s auction.Strategy) float64 {
	most := 0.0
	if p.FitAlways {
		for _, b := range s {
			most += b.Quantity * p.Rules.Price(b.Tick)
		}
		return most
	}
	for _, c := range p.Evaluate(s).Cases {
		most = max(most, c.Payment)
	}
	return most
}

func (p *Problem) volume(s auction.Strategy) float64 {
	most := 0.0
	if p.FitAlways {
		for _, b := range s {
			most += b.Quantity
		}
		return most
	}
	for _, c := range p.Evaluate(s).Cases {
		sum := 0.0
		for _, w := range c.Won {
			sum += w
		}
		most = max(most, sum)
	}
	return most
}

// shrink lowers quantities by the solver's tolerance where a bid leaves a cap by no more than that.
func (p *Problem) shrink(s auction.Strategy) auction.Strategy {
	for range 3 {
		if p.Fits(s) {
			return s
		}
		factor := min(p.Budget/max(p.payment(s), 1e-300), p.MaxVolume/max(p.volume(s), 1e-300), 1)
		if factor < 1-100*nearLevel {
			return s
		}
		s = slices.Clone(s)
		for i := range s {
			s[i].Quantity *= factor
		}
	}
	return s
}

// fill improves a bid lot by lot within the caps: in each lot the best of its choices that fits, also with the
// quantity that uses up what the caps leave.
func (r *responder) fill(s auction.Strategy) auction.Strategy {
	p := r.p
	value := p.Evaluate(s).Profit
	for range fillings {
		before := value
		for _, t := range r.parts {
			at := t.stand(toll{}, false, s)
			for l := range t.lots {
				id := t.lots[l].id
				others := slices.DeleteFunc(slices.Clone(s), func(b auction.LotBid) bool { return b.Lot == id })
				if r.ctx.Err() != nil {
					return s
				}
				for n, rows := range at.ranking(l) {
					if n == ranked {
						break
					}
					try := t.lots[l].strategy(slices.Clone(others), t.lots[l].choose(rows))
					if !p.Fits(try) {
						try = p.within(others, try[len(others):])
					}
					if v := p.Evaluate(try).Profit; v > value*(1+over) && p.Fits(try) {
						s, value = try, v
						at = t.stand(toll{}, false, s)
						break
					}
				}
			}
		}
		if value <= before*(1+over) {
			break
		}
	}
	return s
}

const (
	// fillings is how often fill goes round at most.
	fillings = 8
	// ranked is how many of a lot's choices fill looks at.
	ranked = 12
)

// within cuts the quantities of one lot's rows to what the caps leave beside the others.
func (p *Problem) within(others, rows auction.Strategy) auction.Strategy {
	factor := 1.0
	price, volume := 0.0, 0.0
	for _, b := range rows {
		price += b.Quantity * p.Rules.Price(b.Tick)
		volume += b.Quantity
	}
	if price > 0 {
		factor = min(factor, (p.Budget-p.payment(others))/price)
	}
	if volume > 0 {
		factor = min(factor, (p.MaxVolume-p.volume(others))/volume)
	}
	out := slices.Clone(others)
	if factor <= 0 {
		return out
	}
	for _, b := range rows {
		b.Quantity *= factor
		out = append(out, b)
	}
	return out
}

// ranking returns a lot's single-row choices, the most valuable first while the others stay, and nothing.
func (s *stand) ranking(l int) [][]step {
	lot := &s.t.lots[l]
	worth := s.worth(l)
	type ranked struct {
		rows  []step
		value float64
	}
	none := 0.0
	for k := range worth {
		none += worth[k][0]
	}
	list := []ranked{{nil, none}}
	for j := range lot.ticks {
		for _, q := range lot.useful[j] {
			v := 0.0
			for k := range lot.most {
				w := min(q, lot.most[k][j])
				v += worth[k][w] - lot.price[j]*lot.weight[k]*lot.levels[w]
			}
			list = append(list, ranked{[]step{{j, q}}, v})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].value > list[j].value })
	var out [][]step
	for _, x := range list {
		out = append(out, x.rows)
	}
	return out
}
