package bidding

import (
	"math"
	"slices"

	"lotwise/models/auction"
)

const (
	// raises is how often multipliers of exceeded caps are raised at most until a bid fits, from firstRaise of
	// themselves on, every time by more.
	raises, firstRaise, moreRaise = 24, 0.02, 1.5
	// leastRaise is what counts as a multiplier of a cap that had none, as a share of the largest.
	leastRaise = 0.1
	// fillings is how often fill goes round all lots at most.
	fillings = 8
)

// fit makes bids of the parts fit the caps together, fills up what is left, and keeps the bid if it is the best. It
// overwrites the stands.
func (h *hunt) fit(stands []*stand) {
	use := h.uses(stands...)
	if !h.lower(stands, use) {
		return
	}
	for i, t := range h.r.parts {
		t.price(nil)
		stands[i].recharge()
	}
	for range fillings {
		gained := false
		for _, s := range stands {
			for l := range s.chosen {
				gained = h.move(s, l, use, true) || gained
			}
		}
		if !gained || h.r.ctx.Err() != nil {
			break
		}
	}
	var out auction.Strategy
	for _, s := range stands {
		out = append(out, s.strategy()...)
	}
	h.keep(out)
}

// lower raises the multipliers of exceeded caps bit by bit and moves lot by lot to what is best under them, until the bids
// fit. It says whether they do.
func (h *hunt) lower(stands []*stand, use []float64) bool {
	was := h.multipliers()
	defer h.set(was)
	top := slices.Max(was)
	if top == 0 {
		top = 1
	}
	share := firstRaise
	for range raises {
		if h.fits(use) {
			return true
		}
		for i := range h.rows {
			if c := &h.rows[i]; use[i] > c.limit {
				c.multiplier += share * max(c.multiplier, leastRaise*top)
			}
		}
		share *= moreRaise
		charges := h.charges()
		for i, t := range h.r.parts {
			t.price(charges)
			stands[i].recharge()
		}
		for _, s := range stands {
			for l := range s.chosen {
				if h.fits(use) {
					return true
				}
				h.move(s, l, use, false)
			}
		}
	}
	return h.fits(use)
}

// fits says whether no cap is exceeded; half of the rounding that Fits allows is left for sums in another order.
func (h *hunt) fits(use []float64) bool {
	for i := range h.rows {
		if use[i] > h.rows[i].limit*(1+over/2) {
			return false
		}
	}
	return true
}

// move moves one lot to its best choice under the part's charges, where that is better than the present one: any, or,
// within the caps, what the other lots leave. It keeps account of use.
func (h *hunt) move(s *stand, l int, use []float64, within bool) bool {
	lot := &s.t.lots[l]
	old, before := s.chosen[l], s.value
	var c *choice
	if within {
		c = lot.within(s.worth(l), h.room(s, l, use))
	} else {
		c, _ = lot.best(s.worth(l), s.t.p.Rules.BidSteps, lot.anything(), s.beside(l))
	}
	if c == nil || slices.Equal(c.rows, old.rows) {
		return false
	}
	taken := make([]float64, len(use))
	for i := range use {
		taken[i] = h.rows[i].use(s, l)
	}
	s.chosen[l] = c
	s.tally()
	if s.value <= before+s.t.slack() {
		s.chosen[l] = old
		s.tally()
		return false
	}
	for i := range use {
		use[i] += h.rows[i].use(s, l) - taken[i]
	}
	return true
}

// A room is what the caps leave to one lot: by supply money and packages, and of what is bid.
type room struct {
	money, volume       []float64
	bidMoney, bidVolume float64
}

func (h *hunt) room(s *stand, l int, use []float64) *room {
	n := len(s.t.lots[l].most)
	r := &room{money: make([]float64, n), volume: make([]float64, n), bidMoney: math.Inf(1), bidVolume: math.Inf(1)}
	for k := range n {
		r.money[k], r.volume[k] = math.Inf(1), math.Inf(1)
	}
	for i := range h.rows {
		c := &h.rows[i]
		var x *float64
		switch {
		case c.scenario < 0 && c.money:
			x = &r.bidMoney
		case c.scenario < 0:
			x = &r.bidVolume
		case c.money:
			x = &r.money[s.t.scenes[s.t.sceneOf[c.scenario]].supply[l]]
		default:
			x = &r.volume[s.t.scenes[s.t.sceneOf[c.scenario]].supply[l]]
		}
		*x = min(*x, max(0, c.limit-use[i]+c.use(s, l)))
	}
	return r
}

// most returns the largest quantity of one row at a tick that the room leaves.
func (r *room) most(l *lotView, j int) float64 {
	packages := func(money, volume float64) float64 {
		if l.price[j] > 0 {
			return min(volume, money/l.price[j])
		}
		return volume
	}
	q := packages(r.bidMoney, r.bidVolume)
	for k := range l.most {
		if x := packages(r.money[k], r.volume[k]); l.levels[l.most[k][j]] > x {
			q = min(q, x)
		}
	}
	return q
}

// within returns the best choice of at most one row in a room, worth as in best.
func (l *lotView) within(worth [][]float64, r *room) *choice {
	best, at := 0.0, step{tick: -1}
	for k := range worth {
		best += worth[k][0]
	}
	for j := range l.ticks {
		most := r.most(l, j)
		try := func(q int32) {
			v := -l.cost[j][q]
			for k := range worth {
				v += worth[k][min(q, l.most[k][j])]
			}
			if v > best {
				best, at = v, step{j, q}
			}
		}
		last := int32(0)
		for _, q := range l.base {
			if q > 0 && q <= l.top[j] && l.levels[q] <= most {
				last = q
			}
		}
		for _, q := range l.useful[j] {
			if l.levels[q] <= most {
				try(q)
			}
		}
		if last > 0 {
			try(last)
		}
	}
	if at.tick < 0 {
		return l.choose(nil)
	}
	return l.choose([]step{at})
}

// clone returns a copy that moves by itself.
func (s *stand) clone() *stand {
	c := *s
	c.chosen, c.total, c.temp = slices.Clone(s.chosen), slices.Clone(s.total), nil
	return &c
}
