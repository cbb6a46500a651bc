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
// with payment and volume either of all that is bid (FitAlways) or expected over scenarios, which holds where every
// scenario fits. The right side splits over parts again. Bids that are best under multipliers and fit, or
// are made to fit, are candidates; the MIP decides what remains open.

const (
	// bisections is how many values of a multiplier are tried: each halves the interval that holds the best.
	bisections = 14
	// rounds is how often the multipliers take turns: two caps are rarely both binding.
	rounds = 2
	// fillings is how often fill goes round all lots at most.
	fillings = 8
	// ranked is how many of a lot's choices fill tries.
	ranked = 12
)

// A hunt looks for the best bid within the caps.
type hunt struct {
	r     *responder
	best  auction.Strategy
	value float64
	bound float64
}

// capped answers the problem with caps, from a start that fits and the answer without caps.
func (r *responder) capped(start, free auction.Strategy, bound float64) (auction.Strategy, float64, error) {
	h := r.hunt(start, bound)
	h.keep(free)
	err := h.multipliers(free, func(fee toll) (auction.Strategy, float64, error) {
		var s auction.Strategy
		sum := h.owed(fee)
		for _, t := range r.parts {
			e, b, err := r.part(t, fee, limits{gap: r.o.Gap / 4, target: math.Inf(-1), nodes: scarceNodes}, false)
			if err != nil {
				return nil, 0, err
			}
			s = append(s, e.strategy()...)
			sum += b
		}
		return s, sum, nil
	})
	if err != nil || h.done() {
		return h.best, h.bound, err
	}
	size := 0
	for _, t := range r.parts {
		size += len(t.scenes) * len(t.lots)
	}
	if size > largestMIP {
		return h.best, h.bound, nil
	}
	s, b, err := r.p.solveMIP(r.ctx, r.parts, true, h.best, solver.Options{RelGap: r.o.Gap, Seed: r.o.Seed})
	if err != nil {
		return nil, 0, err
	}
	h.bound = min(h.bound, b)
	h.keep(r.p.shrink(s))
	return h.best, h.bound, nil
}

func (r *responder) hunt(start auction.Strategy, bound float64) *hunt {
	h := &hunt{r: r, bound: bound}
	h.best = h.fill(start)
	h.value = r.p.Evaluate(h.best).Profit
	return h
}

// done says whether nothing is left to find.
func (h *hunt) done() bool {
	return h.bound <= h.value+h.r.o.Gap*math.Abs(h.bound) || h.r.ctx.Err() != nil
}

// keep makes a bid fit, improves it within the caps, and keeps it if it is the best.
func (h *hunt) keep(s auction.Strategy) {
	s = h.fill(h.repair(s))
	if v := h.r.p.Evaluate(s).Profit; v > h.value {
		h.best, h.value = s, v
	}
}

// multipliers searches the multipliers by bisection, one at a time, from the bid without caps. answer returns the best
// bid under a toll and the bound that it proves.
func (h *hunt) multipliers(free auction.Strategy, answer func(fee toll) (auction.Strategy, float64, error)) error {
	p := h.r.p
	fee := toll{offered: p.FitAlways}
	now := free
	for range rounds {
		for _, c := range []struct {
			multiplier *float64
			most       float64
			of         func(s auction.Strategy) float64
			first      float64 // to try
		}{
			{&fee.money, p.Budget, p.payment, 1},
			{&fee.volume, p.MaxVolume, p.volume, h.r.highest()},
		} {
			if math.IsInf(c.most, 1) || *c.multiplier == 0 && c.of(now) <= c.most {
				continue
			}
			low, high := 0.0, math.Inf(1)
			*c.multiplier = c.first
			for range bisections {
				s, b, err := answer(fee)
				if err != nil {
					return err
				}
				h.bound = min(h.bound, b)
				h.keep(s)
				now = s
				if h.done() {
					return nil
				}
				if c.of(s) > c.most {
					low = *c.multiplier
				} else {
					high = *c.multiplier
				}
				if math.IsInf(high, 1) {
					*c.multiplier *= 4
				} else {
					*c.multiplier = (low + high) / 2
				}
			}
		}
	}
	return nil
}

// owed is what the multipliers add to the bound.
func (h *hunt) owed(fee toll) float64 {
	p := h.r.p
	sum := 0.0
	if fee.money > 0 {
		sum += fee.money * p.Budget
	}
	if fee.volume > 0 {
		sum += fee.volume * p.MaxVolume
	}
	if !fee.offered {
		sum *= p.view().weight
	}
	return sum
}

// highest returns the highest price that matters, the first multiplier of the volume to try.
func (r *responder) highest() float64 {
	top := 0.0
	for _, t := range r.parts {
		for l := range t.lots {
			if n := len(t.lots[l].ticks); n > 0 {
				top = max(top, t.lots[l].price[n-1])
			}
		}
	}
	return max(top, r.p.Rules.PriceStep)
}

// payment and volume are what a bid takes of budget and cap: all of it, or the most in any scenario.
func (p *Problem) payment(s auction.Strategy) float64 {
	money, _ := p.takes(s)
	return money
}

func (p *Problem) volume(s auction.Strategy) float64 {
	_, volume := p.takes(s)
	return volume
}

// shrink lowers quantities where a bid leaves a cap by no more than the solver's tolerance.
func (p *Problem) shrink(s auction.Strategy) auction.Strategy {
	money, volume := p.takes(s)
	factor := min(p.Budget/max(money, math.SmallestNonzeroFloat64), p.MaxVolume/max(volume, math.SmallestNonzeroFloat64), 1)
	if factor == 1 || factor < 1-100*nearLevel {
		return s
	}
	s = slices.Clone(s)
	for i := range s {
		s[i].Quantity *= factor
	}
	return s
}

// repair makes a bid fit the caps: it cuts the lot whose cut costs the least profit, for what it frees where no
// single lot's cut is enough.
func (h *hunt) repair(s auction.Strategy) auction.Strategy {
	p := h.r.p
	for !p.Fits(s) {
		money, volume := p.takes(s)
		value := p.Evaluate(s).Profit
		var fit, less auction.Strategy
		most, rate := math.Inf(-1), math.Inf(1)
		for i := range s {
			if i > 0 && s[i].Lot == s[i-1].Lot {
				continue
			}
			var others, mine auction.Strategy
			for _, b := range s {
				if b.Lot == s[i].Lot {
					mine = append(mine, b)
				} else {
					others = append(others, b)
				}
			}
			if p.Fits(others) {
				cut := p.within(others, mine)
				if v := p.Evaluate(cut).Profit; v > most && p.Fits(cut) {
					fit, most = cut, v
				}
				continue
			}
			m, v := p.takes(others)
			freed := (money-m)/p.Budget + (volume-v)/p.MaxVolume
			if loss := (value - p.Evaluate(others).Profit) / max(freed, math.SmallestNonzeroFloat64); loss < rate {
				less, rate = others, loss
			}
		}
		if fit != nil || math.IsInf(rate, 1) {
			return fit
		}
		s = less
	}
	return s
}

// within cuts the quantities of one lot's rows to what the caps leave beside the others.
func (p *Problem) within(others, rows auction.Strategy) auction.Strategy {
	money, volume := p.takes(others)
	price, quantity := 0.0, 0.0
	for _, b := range rows {
		price += b.Quantity * p.Rules.Price(b.Tick)
		quantity += b.Quantity
	}
	factor := 1.0
	if price > 0 {
		factor = min(factor, (p.Budget-money)/price)
	}
	if quantity > 0 {
		factor = min(factor, (p.MaxVolume-volume)/quantity)
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

// fill improves a bid lot by lot within the caps: in each lot the best of its choices that fits, cut to what
// the caps leave where it does not.
func (h *hunt) fill(s auction.Strategy) auction.Strategy {
	p := h.r.p
	value := p.Evaluate(s).Profit
	for range fillings {
		before := value
		for _, t := range h.r.parts {
			at := t.stand(toll{}, false, s)
			for l := range t.lots {
				id := t.lots[l].id
				others := slices.DeleteFunc(slices.Clone(s), func(b auction.LotBid) bool { return b.Lot == id })
				if h.r.ctx.Err() != nil {
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
					if v := p.Evaluate(try).Profit; v > value+over*math.Abs(value) && p.Fits(try) {
						s, value = try, v
						at = t.stand(toll{}, false, s)
						break
					}
				}
			}
		}
		if value <= before+over*math.Abs(before) {
			break
		}
	}
	return s
}

// ranking returns a lot's choices of one row, and of none, the most valuable first while the others stay.
func (s *stand) ranking(l int) [][]step {
	lot := &s.t.lots[l]
	worth := s.worth(l)
	type valued struct {
		rows  []step
		value float64
	}
	none := 0.0
	for k := range worth {
		none += worth[k][0]
	}
	list := []valued{{nil, none}}
	for j := range lot.ticks {
		for _, q := range lot.useful[j] {
			v := 0.0
			for k := range lot.most {
				w := min(q, lot.most[k][j])
				v += worth[k][w] - lot.price[j]*lot.weight[k]*lot.levels[w]
			}
			list = append(list, valued{[]step{{j, q}}, v})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].value > list[j].value })
	var out [][]step
	for _, x := range list {
		out = append(out, x.rows)
	}
	return out
}
