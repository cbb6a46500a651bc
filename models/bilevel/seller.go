package bilevel

import (
	"fmt"
	"math"

	"lotwise/models/auction"
	"lotwise/solver"
)

// What the rules allow the seller, in the master. It is the seller's problem of package allocation with the bidder's
// columns at unknown prices and quantities; where these matter, or a bid may count by a millionth, more is allowed than
// the rules do, never less.

// A column is a bid of a rival, or an item of the bidder, in one scenario.
type column struct {
	bidder    int
	rows      []auction.BidRow
	x         []solver.Term // accepted fraction
	low, high []solver.Term // the money, at the lowest and the highest price of each window
	y         solver.Var    // whether it is accepted; not valid until it is needed
	named     []solver.Term // of an item: whether it is bid for
	volume    float64
}

// block is the seller's side of a scenario.
type block struct {
	*master
	scene   int
	columns []*column
	value   []solver.Term
	sold    solver.Var // whether anything is; valid only where nothing need be
}

// seller states what is allowed in a scenario and returns the seller's value.
func (m *master) seller(n int) []solver.Term {
	g, s := m.g, &m.g.scenes[n]
	k := &block{master: m, scene: n}
	at := make([]*column, len(s.rivals))
	for b := range s.rivals {
		bid := &s.rivals[b]
		if s.void[b] {
			continue
		}
		key := fmt.Sprint(n, ".", b)
		c := &column{bidder: bid.Bidder, rows: bid.Rows}
		for _, r := range bid.Rows {
			c.volume += r.Quantity
		}
		var x solver.Var
		if bid.MinFraction == 1 {
			x = m.m.Binary("x", key)
			c.y = x
		} else {
			x = m.m.Continuous("x", key, 0, 1)
			if bid.MinFraction > 0 || bid.Group != "" || bid.Requires >= 0 {
				c.y = m.m.Binary("accepted", key)
				m.m.AtMost("accept", key, []solver.Term{x.Times(1), c.y.Times(-1)}, 0)
				if bid.MinFraction > 0 {
					m.m.AtLeast("least", key, []solver.Term{x.Times(1), c.y.Times(-bid.MinFraction)}, 0)
				}
			}
		}
		c.x = []solver.Term{x.Times(1)}
		c.low = []solver.Term{x.Times(bid.Amount / m.unit)}
		c.high = c.low
		k.value = append(k.value, x.Times((s.value[b]+s.tie[bid.Bidder]*c.volume)/m.unit))
		at[b] = c
		k.columns = append(k.columns, c)
	}
	groups := map[string][]solver.Term{}
	for b := range s.rivals {
		bid := &s.rivals[b]
		if at[b] == nil {
			continue
		}
		if bid.Group != "" {
			key := fmt.Sprint(n, ".", bid.Bidder, ".", bid.Group)
			groups[key] = append(groups[key], at[b].y.Times(1))
		}
		if r := bid.Requires; r >= 0 {
			terms := []solver.Term{at[b].y.Times(1)}
			if at[r] != nil {
				terms = append(terms, k.accepted(at[r]).Times(-1))
			}
			m.m.AtMost("requires", fmt.Sprint(n, ".", b), terms, 0)
		}
	}
	for i := range g.items {
		it := &g.items[i]
		c := &column{bidder: g.Bidder, rows: it.Rows, volume: it.volume}
		for j, w := range it.windows {
			f := m.f[n][i][j]
			c.x = append(c.x, f.Times(1))
			c.low = append(c.low, f.Times(it.Step*float64(w.low)/m.unit))
			c.high = append(c.high, f.Times(it.Step*float64(w.high)/m.unit))
			c.named = append(c.named, m.y[i][j].Times(1))
			most := math.Max(it.base+it.slope*float64(w.low), it.base+it.slope*float64(w.high)) + s.tie[g.Bidder]*it.volume
			k.value = append(k.value, f.Times(most/m.unit))
		}
		if it.Group != "" {
			key := fmt.Sprint(n, ".own.", it.Group)
			groups[key] = append(groups[key], c.x...)
		}
		k.columns = append(k.columns, c)
	}
	for _, key := range sortedKeys(groups) {
		m.m.AtMost("xor", key, groups[key], 1)
	}
	k.caps()
	if math.IsNaN(s.alone) { // nothing is sold unless the bidder's bids let the limits be met
		k.sold = m.m.Binary("sold", fmt.Sprint(n))
		for b, c := range k.columns {
			m.m.AtMost("sold", fmt.Sprint(n, ".", b), append(times(c.x, 1), k.sold.Times(-1)), 0)
		}
	}
	for l := range s.limits {
		k.limit(l)
	}
	if !math.IsNaN(s.alone) {
		m.m.AtLeast("alone", fmt.Sprint(n), k.value, s.alone/m.unit)
	}
	return k.value
}

// caps states capacities, budgets and volume caps.
func (k *block) caps() {
	c := k.g.Case
	lots := make([][]solver.Term, len(c.Lots))
	money, volume := make([][]solver.Term, len(c.Bidders)), make([][]solver.Term, len(c.Bidders))
	for _, b := range k.columns {
		for _, r := range b.rows {
			lots[r.Lot] = append(lots[r.Lot], times(b.x, r.Quantity/k.unit)...)
		}
		money[b.bidder] = append(money[b.bidder], b.low...)
		volume[b.bidder] = append(volume[b.bidder], times(b.x, b.volume/k.unit)...)
	}
	for l := range lots {
		k.m.AtMost("capacity", fmt.Sprint(k.scene, ".", l), lots[l], c.Lots[l].Capacity/k.unit)
	}
	for i := range c.Bidders {
		if b := &c.Bidders[i]; len(money[i]) > 0 {
			if !math.IsInf(b.Budget, 1) {
				k.m.AtMost("budget", fmt.Sprint(k.scene, ".", i), money[i], b.Budget/k.unit)
			}
			if !math.IsInf(b.MaxVolume, 1) {
				k.m.AtMost("max_volume", fmt.Sprint(k.scene, ".", i), volume[i], b.MaxVolume/k.unit)
			}
		}
	}
}

// accepted says whether a column counts as accepted: it may say yes of any that is bid for.
func (k *block) accepted(c *column) solver.Var {
	if !c.y.Valid() {
		key := fmt.Sprint(k.scene, ".", k.m.Vars())
		c.y = k.m.Binary("accepted", key)
		k.m.AtMost("accept", key, append(times(c.x, 1), c.y.Times(-1)), 0)
		if c.named != nil {
			k.m.AtMost("named", key, append(times(c.named, -1), c.y.Times(1)), 0)
		}
	}
	return c.y
}

// An entry is a row of a column that counts in a limit.
type entry struct {
	*column
	row *auction.BidRow
}

// limit states a limit in every scope.
func (k *block) limit(l int) {
	s := k.g.scenes[k.scene].limits[l]
	inside := make([][]entry, len(s.Scopes))
	parts := map[int][]entry{}
	for _, c := range k.columns {
		for r := range c.rows {
			row := &c.rows[r]
			if row.Quantity <= 0 {
				continue
			}
			if part := s.LotPart(row.Lot); part >= 0 {
				parts[part] = append(parts[part], entry{c, row})
			}
			if scope := s.Scope(c.bidder, row.Lot); scope >= 0 {
				inside[scope] = append(inside[scope], entry{c, row})
			}
		}
	}
	for n := range s.Scopes {
		all := parts[s.Scopes[n].LotPart]
		key := fmt.Sprint(k.scene, ".", l, ".", n)
		base := 1.0
		if s.Of == auction.OfCapacity {
			base = s.Scopes[n].Capacity
		}
		// side states value ≤ share base for least false, share base ≤ value for least true; both as terms ≤ rhs.
		side := func(least bool, share float64) {
			if math.IsNaN(share) || math.IsInf(share, 0) {
				return
			}
			sign := 1.0
			if least {
				sign = -1
			}
			scale := 1.0
			if s.Sums() {
				scale = k.unit
			}
			terms := times(k.measure(s, inside[n], key, least), sign)
			rhs := sign * share * base / scale
			if s.Of == auction.OfAccepted {
				terms = append(terms, times(k.measure(s, all, key, !least), -sign*share)...)
				rhs = 0
			}
			if k.sold.Valid() && rhs < 0 { // selling nothing misses it
				terms, rhs = append(terms, k.sold.Times(-rhs)), 0
			}
			if least && s.OrNothing {
				k.orNothing(terms, rhs, inside[n], s, key)
				return
			}
			if !math.IsNaN(s.Penalty) {
				miss := k.m.Continuous("missed", fmt.Sprint(key, least), 0, math.Inf(1))
				terms = append(terms, miss.Times(-1))
				k.value = append(k.value, miss.Times(-s.Penalty*scale/k.unit))
			}
			k.m.AtMost("limit", fmt.Sprint(key, least), terms, rhs)
		}
		side(true, s.Min)
		side(false, s.Max)
	}
}

// orNothing states a minimum that applies only where something is accepted.
func (k *block) orNothing(terms []solver.Term, rhs float64, inside []entry, s *auction.ScopedLimit, key string) {
	if !math.IsNaN(s.Penalty) {
		return // a soft minimum of something or nothing: not told to the master, which may then miss it for free
	}
	on := k.m.Binary("something", key)
	seen := map[*column]bool{}
	for n, e := range inside {
		if !seen[e.column] {
			seen[e.column] = true
			k.m.AtMost("something", fmt.Sprint(key, ".", n), append(times(e.x, 1), on.Times(-1)), 0)
		}
	}
	most := -rhs // what the terms are at most over the right-hand side
	for _, t := range terms {
		if t.Coef > 0 {
			_, up := t.Var.Bounds()
			most += t.Coef * up
		}
	}
	if most <= 0 || math.IsInf(most, 0) {
		return
	}
	k.m.AtMost("limit", fmt.Sprint(key, ".or nothing"), append(terms, on.Times(most)), rhs+most)
}

// measure is a limit's measure over entries; the most that it may be for high, else the least.
func (k *block) measure(s *auction.ScopedLimit, entries []entry, key string, high bool) []solver.Term {
	var terms []solver.Term
	if s.Sums() {
		for _, e := range entries {
			switch {
			case s.Measure == auction.MeasureVolume:
				terms = append(terms, times(e.x, e.row.Quantity/k.unit)...)
			case e.named == nil:
				terms = append(terms, times(e.x, e.row.Quantity*e.row.Price/k.unit)...)
			case high:
				terms = append(terms, times(e.high, e.row.Quantity/e.volume)...)
			default:
				terms = append(terms, times(e.low, e.row.Quantity/e.volume)...)
			}
		}
		return terms
	}
	thing := map[string][]solver.Var{}
	for _, e := range entries {
		var what string
		switch s.Measure {
		case auction.MeasureLots:
			what = fmt.Sprint(e.row.Lot)
		case auction.MeasureWinners:
			what = fmt.Sprint(e.bidder)
		default:
			what = fmt.Sprintf("%p", e.column)
		}
		thing[what] = append(thing[what], k.accepted(e.column))
	}
	for _, what := range sortedKeys(thing) {
		list := thing[what]
		name := fmt.Sprint(key, ".", what, ".", k.m.Vars())
		z := k.m.Continuous("counts", name, 0, 1)
		terms = append(terms, z.Times(1))
		sum := []solver.Term{z.Times(1)}
		for n, y := range list {
			sum = append(sum, y.Times(-1))
			if !high {
				k.m.AtMost("counts", fmt.Sprint(name, ".", n), []solver.Term{y.Times(1), z.Times(-1)}, 0)
			}
		}
		if high {
			k.m.AtMost("counts", name, sum, 0)
		}
	}
	return terms
}

func times(terms []solver.Term, by float64) []solver.Term {
	out := make([]solver.Term, len(terms))
	for i, t := range terms {
		out[i] = t.Var.Times(t.Coef * by)
	}
	return out
}
