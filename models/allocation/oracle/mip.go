package oracle

import (
	"fmt"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/solver"
)

// LeastFraction is the least accepted fraction that counts in lots, winners and bids.
const LeastFraction = 1e-6

// An MIP is the seller's problem as one mixed-integer program, as it is defined, nothing left out and nothing added:
//
//	max  Σ_b score_b x_b - Σ_s penalty_s over_s
//	s.t. Σ_b q_bl x_b ≤ capacity_l                   every lot l
//	     Σ_{b of i} A_b x_b ≤ budget_i               every bidder i, likewise max_volume
//	     f_b y_b ≤ x_b ≤ y_b                         every bid b; f_b at least LeastFraction where a bid requires it
//	     Σ_{b ∈ g} y_b ≤ 1                           every group g
//	     y_b ≤ y_r                                   every b that requires r
//	     M_s - max B_s ≤ over_s                      every scope s of a limit; over_s = 0 where it is hard
//	     min B_s - M_s ≤ over_s + big (1 - on_s)     on_s = 1 but for or_nothing, where x_b ≤ on_s for every
//	                                                 b that adds to M_s
//	     0 ≤ x_b ≤ 1,  y_b, on_s ∈ {0, 1}
//
// The measure M_s is Σ q x or Σ p q x over the scope's rows, or counts bids, lots or winners: d_b of bids, with
// x_b ≤ d_b ≤ x_b / LeastFraction and d_b ≤ y_b (of a bid with a least fraction d_b is y_b), and of others u with d_b ≤ u ≤ Σ_b d_b
// over its bids. The base B_s is 1, a capacity, or the same measure over all bidders, a variable of its own.
//
// Where f_b is 1, x_b is y_b; where it is 0 and nothing asks whether b is accepted there is no y_b: a divisible case is
// a linear program. Rows that cannot bind are stated all the same.
type MIP struct {
	*solver.Model
	X []solver.Var // by bid: the accepted fraction; no variable for a void bid
}

type mip struct {
	*solver.Model
	c     *auction.Case
	out   []bool
	x     []solver.Var
	y, d  []solver.Var
	bases map[*base]solver.Var
}

// NewMIP states the seller's problem of a case.
func NewMIP(c *auction.Case) *MIP {
	n := len(c.Bids)
	m := &mip{
		Model: solver.NewModel(c.Name, solver.Maximize), c: c, out: voids(c),
		x: make([]solver.Var, n), y: make([]solver.Var, n), d: make([]solver.Var, n), bases: map[*base]solver.Var{},
	}
	score := scores(c)
	asked, required := make([]bool, n), make([]bool, n) // whether something depends on y, whether a bid requires it
	for b := range c.Bids {
		bid := &c.Bids[b]
		asked[b] = asked[b] || bid.MinFraction > 0 || bid.Group != "" || bid.Requires >= 0
		if bid.Requires >= 0 {
			asked[bid.Requires], required[bid.Requires] = true, true
		}
	}
	for b := range c.Bids {
		if m.out[b] {
			continue
		}
		least := c.Bids[b].MinFraction
		if required[b] {
			least = max(least, LeastFraction)
		}
		if least == 1 {
			m.x[b] = m.Binary("x", m.key(b))
			m.y[b] = m.x[b]
		} else {
			m.x[b] = m.Continuous("x", m.key(b), 0, 1)
			if asked[b] {
				m.y[b] = m.Binary("y", m.key(b))
				m.AtMost("accept", m.key(b), []solver.Term{m.x[b].Times(1), m.y[b].Times(-1)}, 0)
			}
			if least > 0 {
				m.AtLeast("least", m.key(b), []solver.Term{m.x[b].Times(1 / least), m.y[b].Times(-1)}, 0)
				m.d[b] = m.y[b]
			}
		}
		m.Objective(m.x[b].Times(score[b]))
	}
	m.caps()
	m.decisions()
	for _, s := range scopes(c, m.out) {
		m.limit(&s)
	}
	return &MIP{m.Model, m.x}
}

func (m *mip) key(b int) string { return m.c.Bidders[m.c.Bids[b].Bidder].Name + "/" + m.c.Bids[b].Name }

// caps states capacities, budgets and volume caps.
func (m *mip) caps() {
	lots := make([][]solver.Term, len(m.c.Lots))
	money, packages := make([][]solver.Term, len(m.c.Bidders)), make([][]solver.Term, len(m.c.Bidders))
	for b := range m.c.Bids {
		if m.out[b] {
			continue
		}
		bid := &m.c.Bids[b]
		for _, r := range bid.Rows {
			lots[r.Lot] = append(lots[r.Lot], m.x[b].Times(r.Quantity))
		}
		money[bid.Bidder] = append(money[bid.Bidder], m.x[b].Times(bid.Amount))
		packages[bid.Bidder] = append(packages[bid.Bidder], m.x[b].Times(volume(bid)))
	}
	for l := range lots {
		m.AtMost("capacity", m.c.Lots[l].Name, lots[l], m.c.Lots[l].Capacity)
	}
	for i := range m.c.Bidders {
		bidder := &m.c.Bidders[i]
		if !math.IsInf(bidder.Budget, 1) {
			m.AtMost("budget", bidder.Name, money[i], bidder.Budget)
		}
		if !math.IsInf(bidder.MaxVolume, 1) {
			m.AtMost("max_volume", bidder.Name, packages[i], bidder.MaxVolume)
		}
	}
}

// decisions states groups and requirements.
func (m *mip) decisions() {
	for _, g := range alternatives(m.c) {
		var terms []solver.Term
		for _, b := range g {
			if !m.out[b] {
				terms = append(terms, m.y[b].Times(1))
			}
		}
		m.AtMost("xor", m.key(g[0]), terms, 1)
	}
	for b := range m.c.Bids {
		r := m.c.Bids[b].Requires
		if m.out[b] || r < 0 {
			continue
		}
		terms := []solver.Term{m.y[b].Times(1)}
		if !m.out[r] {
			terms = append(terms, m.y[r].Times(-1))
		}
		m.AtMost("requires", m.key(b), terms, 0)
	}
}

// counted is the variable that says whether a bid is accepted to a fraction that counts.
func (m *mip) counted(b int) solver.Var {
	if m.c.Bids[b].MinFraction == 1 {
		return m.y[b]
	}
	if !m.d[b].Valid() {
		m.d[b] = m.Binary("d", m.key(b))
		m.AtMost("counts", m.key(b), []solver.Term{m.x[b].Times(1), m.d[b].Times(-1)}, 0)
		m.AtLeast("counted", m.key(b), []solver.Term{m.x[b].Times(1 / LeastFraction), m.d[b].Times(-1)}, 0)
		if m.y[b].Valid() {
			m.AtMost("counts", m.key(b), []solver.Term{m.d[b].Times(1), m.y[b].Times(-1)}, 0)
		}
	}
	return m.d[b]
}

// measure is M over some entries, and the variables that hold a bid back where nothing is to be accepted.
func (m *mip) measure(s *scope, name string, entries []entry) (sum, parts []solver.Term) {
	if !s.counts() {
		for _, e := range entries {
			if a := s.adds(e); a != 0 {
				sum, parts = append(sum, m.x[e.bid].Times(a)), append(parts, m.x[e.bid].Times(1))
			}
		}
		return sum, parts
	}
	var order []int
	bids := map[int][]int{}
	for _, e := range entries {
		if e.quantity == 0 {
			continue
		}
		item := s.item(e)
		if bids[item] == nil {
			order = append(order, item)
		}
		if !slices.Contains(bids[item], e.bid) {
			bids[item] = append(bids[item], e.bid)
		}
	}
	for _, item := range order {
		if s.limit.Measure == "bids" {
			d := m.counted(item)
			sum, parts = append(sum, d.Times(1)), append(parts, d.Times(1))
			continue
		}
		key := fmt.Sprint(name, " ", item)
		u := m.Binary("u", key)
		some := []solver.Term{u.Times(-1)}
		for _, b := range bids[item] {
			d := m.counted(b)
			m.AtMost("has", key, []solver.Term{d.Times(1), u.Times(-1)}, 0)
			some, parts = append(some, d.Times(1)), append(parts, d.Times(1))
		}
		m.AtLeast("some", key, some, 0)
		sum = append(sum, u.Times(1))
	}
	return sum, parts
}

// limit states both sides of a scope.
func (m *mip) limit(s *scope) {
	own, parts := m.measure(s, s.name, s.entries)
	base, number := []solver.Term(nil), s.number()
	if s.all != nil {
		base, number = []solver.Term{m.base(s).Times(1)}, 0
	}
	side := func(name string, sign, share float64, on solver.Var) {
		// sign M - sign share B ≤ over + big (1 - on)
		var terms []solver.Term
		for _, t := range own {
			terms = append(terms, t.Var.Times(sign*t.Coef))
		}
		for _, t := range base {
			terms = append(terms, t.Var.Times(-sign*share*t.Coef))
		}
		rhs := sign * share * number
		if on.Valid() {
			big := -rhs
			for _, t := range terms {
				lo, hi := t.Var.Bounds()
				big += max(t.Coef*lo, t.Coef*hi)
			}
			terms = append(terms, on.Times(max(0, big)))
			rhs += max(0, big)
		}
		if !math.IsNaN(s.limit.Penalty) {
			over := m.Continuous("over", name+" "+s.name, 0, math.Inf(1))
			m.Objective(over.Times(-s.limit.Penalty))
			terms = append(terms, over.Times(-1))
		}
		m.AtMost(name, s.name, terms, rhs)
	}
	if !math.IsNaN(s.limit.Max) {
		side("max", 1, s.limit.Max, solver.Var{})
	}
	if !math.IsNaN(s.limit.Min) {
		var on solver.Var
		if s.limit.OrNothing {
			on = m.Binary("on", s.name)
			for _, t := range parts {
				m.AtMost("or_nothing", s.name, []solver.Term{t, on.Times(-1)}, 0)
			}
		}
		side("min", -1, s.limit.Min, on)
	}
}

// base is the measure over all bidders on the lots of a scope.
func (m *mip) base(s *scope) solver.Var {
	if t, known := m.bases[s.all]; known {
		return t
	}
	terms, _ := m.measure(s, s.all.name+" all", s.all.entries)
	most, least := 0.0, 0.0
	for _, t := range terms {
		most += max(0, t.Coef)
		least += min(0, t.Coef)
	}
	t := m.Continuous("base", s.all.name, least, most)
	m.Equal("base", s.all.name, append(terms, t.Times(-1)), 0)
	m.bases[s.all] = t
	return t
}
