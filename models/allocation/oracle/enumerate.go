package oracle

import (
	"math"
	"math/big"

	"lotwise/models/auction"
)

// Values is what the seller's problem is worth with the bids of some bidders alone, by set of bidders: bit i of the
// index is bidder i. NaN where no allocation meets the limits.
type Values []float64

// All is the value with everybody.
func (v Values) All() float64 { return v[len(v)-1] }

// Without is the value without one bidder.
func (v Values) Without(bidder int) float64 { return v[(len(v)-1)&^(1<<bidder)] }

// What a bid is, of all that is decided about it; the rest is a linear program.
const (
	out     = iota // x = 0, and what requires it is out
	in             // least fraction ≤ x ≤ 1
	counted        // LeastFraction ≤ x ≤ 1, of a bid without least fraction that a bid requires or a limit may count
)

// Enumerate solves the seller's problem of a case for every set of bidders: every combination of decisions, and of each
// the linear program that is left, in rational arithmetic. It is for a handful of bids and bidders.
//
// Sums of a limit with or_nothing are zero exactly where all its bids are out: the linear program of another
// combination may leave them zero too, and then misses a minimum that would not apply, but the better combination is
// tried as well.
func Enumerate(c *auction.Case) Values {
	e := &enumeration{
		c: c, out: voids(c), score: scores(c), state: make([]int, len(c.Bids)), choices: make([][]int, len(c.Bids)),
		groups: alternatives(c), best: make([]*big.Rat, 1<<len(c.Bidders)),
	}
	e.scopes = scopes(c, e.out)
	required, counts := make([]bool, len(c.Bids)), make([]bool, len(c.Bids))
	for b := range c.Bids {
		if r := c.Bids[b].Requires; r >= 0 {
			required[r] = true
		}
	}
	for _, s := range e.scopes {
		if !s.counts() {
			continue
		}
		all := s.entries
		if s.all != nil {
			all = s.all.entries
		}
		for _, entry := range all {
			counts[entry.bid] = true
		}
	}
	for b := range c.Bids {
		e.choices[b] = []int{out}
		if e.out[b] {
			continue
		}
		whole := c.Bids[b].MinFraction > 0
		if !whole && (required[b] || counts[b]) {
			e.choices[b] = append(e.choices[b], counted)
		} else {
			e.choices[b] = append(e.choices[b], in)
		}
	}
	e.decide(0)
	values := make(Values, len(e.best))
	for set := range values {
		var best *big.Rat
		for part, w := range e.best {
			if part&^set == 0 && w != nil && (best == nil || w.Cmp(best) > 0) {
				best = w
			}
		}
		values[set] = math.NaN()
		if best != nil {
			values[set], _ = best.Float64()
		}
	}
	return values
}

type enumeration struct {
	c       *auction.Case
	out     []bool
	score   []float64
	groups  [][]int
	scopes  []scope
	choices [][]int
	state   []int
	best    []*big.Rat // by the set of bidders with bids that are not out; nil where no allocation is feasible
}

func (e *enumeration) decide(b int) {
	if b == len(e.state) {
		if e.allowed() {
			e.allot()
		}
		return
	}
	for _, state := range e.choices[b] {
		e.state[b] = state
		if e.fits(b) {
			e.decide(b + 1)
		}
	}
}

// lower is the least that a state makes x.
func (e *enumeration) lower(b int) float64 {
	switch e.state[b] {
	case in:
		return e.c.Bids[b].MinFraction
	case counted:
		return LeastFraction
	}
	return 0
}

// fits says whether the decisions up to a bid leave room in its lots: without, none of what follows is looked at.
func (e *enumeration) fits(last int) bool {
	for _, r := range e.c.Bids[last].Rows {
		used := 0.0
		for b := range last + 1 {
			for _, other := range e.c.Bids[b].Rows {
				if other.Lot == r.Lot {
					used += e.lower(b) * other.Quantity
				}
			}
		}
		if used > e.c.Lots[r.Lot].Capacity*(1+rounding)+rounding {
			return false
		}
	}
	return true
}

// allowed says whether groups and requirements hold.
func (e *enumeration) allowed() bool {
	for _, g := range e.groups {
		accepted := 0
		for _, b := range g {
			if e.state[b] != out {
				accepted++
			}
		}
		if accepted > 1 {
			return false
		}
	}
	for b := range e.c.Bids {
		if r := e.c.Bids[b].Requires; r >= 0 && e.state[b] != out && e.state[r] == out {
			return false
		}
	}
	return true
}

// A program is max value + c'x s.t. A x ≤ b, x ≥ 0 as it is put together.
type program struct {
	value *big.Rat
	c     []*big.Rat
	rows  []map[int]*big.Rat
	rhs   []*big.Rat
}

func rational(v float64) *big.Rat {
	r := new(big.Rat).SetFloat64(v)
	if r == nil {
		panic("oracle: a number that is not finite")
	}
	return r
}

// add adds a·x_j to a row.
func addTo(row map[int]*big.Rat, j int, a *big.Rat) {
	if row[j] == nil {
		row[j] = new(big.Rat)
	}
	row[j].Add(row[j], a)
}

func (p *program) atMost(row map[int]*big.Rat, rhs *big.Rat) {
	p.rows, p.rhs = append(p.rows, row), append(p.rhs, rhs)
}

// A sum is constant + Σ coef x.
type sum struct {
	constant *big.Rat
	coef     map[int]*big.Rat
}

func newSum() sum { return sum{new(big.Rat), map[int]*big.Rat{}} }

// add adds a·t.
func (s sum) add(a *big.Rat, t sum) {
	s.constant.Add(s.constant, product(a, t.constant))
	for j, coef := range t.coef {
		addTo(s.coef, j, product(a, coef))
	}
}

// allot solves what the decisions leave.
func (e *enumeration) allot() {
	c := e.c
	p := &program{value: new(big.Rat)}
	fraction := make([]sum, len(c.Bids)) // x_b by the variables x_b - lower_b
	set := 0
	for b := range c.Bids {
		fraction[b] = newSum()
		if e.state[b] != out {
			set |= 1 << c.Bids[b].Bidder
		}
		if e.state[b] != in && e.state[b] != counted {
			continue
		}
		low, score := rational(e.lower(b)), rational(e.score[b])
		fraction[b].constant.Set(low)
		p.value.Add(p.value, product(low, score))
		if e.lower(b) == 1 {
			continue
		}
		j := len(p.c)
		p.c = append(p.c, score)
		addTo(fraction[b].coef, j, big.NewRat(1, 1))
		p.atMost(map[int]*big.Rat{j: big.NewRat(1, 1)}, new(big.Rat).Sub(big.NewRat(1, 1), low))
	}
	capped := func(most float64, of func(bid *auction.Bid) float64) {
		if math.IsInf(most, 1) {
			return
		}
		use := newSum()
		for b := range c.Bids {
			use.add(rational(of(&c.Bids[b])), fraction[b])
		}
		p.atMost(use.coef, new(big.Rat).Sub(rational(most), use.constant))
	}
	for l := range c.Lots {
		capped(c.Lots[l].Capacity, func(bid *auction.Bid) float64 {
			used := 0.0
			for _, r := range bid.Rows {
				if r.Lot == l {
					used += r.Quantity
				}
			}
			return used
		})
	}
	for i := range c.Bidders {
		own := func(of func(bid *auction.Bid) float64) func(bid *auction.Bid) float64 {
			return func(bid *auction.Bid) float64 {
				if bid.Bidder != i {
					return 0
				}
				return of(bid)
			}
		}
		capped(c.Bidders[i].Budget, own(func(bid *auction.Bid) float64 { return bid.Amount }))
		capped(c.Bidders[i].MaxVolume, own(volume))
	}
	for n := range e.scopes {
		e.limit(p, &e.scopes[n], fraction)
	}
	a := make([][]*big.Rat, len(p.rows))
	for i, row := range p.rows {
		if len(row) == 0 && p.rhs[i].Sign() < 0 {
			return
		}
		a[i] = make([]*big.Rat, len(p.c))
		for j := range a[i] {
			if a[i][j] = row[j]; row[j] == nil {
				a[i][j] = new(big.Rat)
			}
		}
	}
	more, _ := maximise(p.c, a, p.rhs)
	if more == nil {
		return
	}
	more.Add(more, p.value)
	if e.best[set] == nil || more.Cmp(e.best[set]) > 0 {
		e.best[set] = more
	}
}

// measure is the scope's measure over entries, and whether anything adds to it.
func (e *enumeration) measure(s *scope, entries []entry, fraction []sum) (m sum, some bool) {
	m = newSum()
	seen := map[int]bool{}
	for _, entry := range entries {
		state := e.state[entry.bid]
		if state != in && state != counted {
			continue
		}
		if !s.counts() {
			a := rational(s.adds(entry))
			some = some || a.Sign() != 0
			m.add(a, fraction[entry.bid])
			continue
		}
		if item := s.item(entry); entry.quantity > 0 && !seen[item] {
			seen[item], some = true, true
			m.constant.Add(m.constant, big.NewRat(1, 1))
		}
	}
	return m, some
}

// limit states both sides of a scope.
func (e *enumeration) limit(p *program, s *scope, fraction []sum) {
	own, some := e.measure(s, s.entries, fraction)
	base := newSum()
	if s.all != nil {
		base, _ = e.measure(s, s.all.entries, fraction)
	} else {
		base.constant.Set(rational(s.number()))
	}
	side := func(sign int64, share float64) {
		// sign (M - share B) ≤ over
		over := newSum()
		over.add(big.NewRat(sign, 1), own)
		over.add(product(big.NewRat(-sign, 1), rational(share)), base)
		if !math.IsNaN(s.limit.Penalty) {
			j := len(p.c)
			p.c = append(p.c, rational(-s.limit.Penalty))
			addTo(over.coef, j, big.NewRat(-1, 1))
		}
		p.atMost(over.coef, new(big.Rat).Neg(over.constant))
	}
	if !math.IsNaN(s.limit.Max) {
		side(1, s.limit.Max)
	}
	if !math.IsNaN(s.limit.Min) && (some || !s.limit.OrNothing) {
		side(-1, s.limit.Min)
	}
}
