// Package bidding answers one bidder's question: what to bid, given what rivals may bid.
//
//	max  Σ_s π_s (V(w_s) − payment_s) − V(0)             or what risk.go puts in its place
//	s.t. w_sl = what the seller's merit order gives the bid in lot l in scenario s
//	     payment_s ≤ budget, Σ_l w_sl ≤ max_volume       in every scenario
//	     up to bid_steps prices a lot, on the price grid, each with a quantity ≥ 0
//
// Pay as bid; V is what won lots are worth, see package network.
package bidding

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"lotwise/models/auction"
	"lotwise/models/network"
)

// Supply is the residual supply of one lot in one scenario: at an own price of at least Ticks[j] and under
// Ticks[j+1] the rivals leave Volumes[j] packages. Ticks ascend, Volumes increase strictly; Ticks[0] is the
// least tick that meets the reserve, under which nothing is won.
type Supply struct {
	Ticks   []int64
	Volumes []float64
}

// Scenario is what a bidder faces in all its lots with a probability.
type Scenario struct {
	Probability float64
	Supply      []*Supply // by position in Problem.Lots
}

// Problem is one bidder type's problem. Its fields do not change once it has been used, and one goroutine
// uses it at a time.
type Problem struct {
	Rules     *auction.Rules
	Network   *network.Network
	Lots      []int // Network.Lots()
	Scenarios []Scenario
	Budget    float64 // most the bidder may pay, +Inf for any
	MaxVolume float64 // most packages it may win, +Inf for any
	// FitAlways says that a bid must respect Budget and MaxVolume even when all of it is accepted; else in
	// every scenario.
	FitAlways bool
	// Risk is what is maximised; the zero value, expected profit.
	Risk auction.Risk
	// Values, where it is not nil, is the Network's evaluator, so that problems of one network share what
	// they know of it.
	Values *network.Evaluator

	seen *view
}

// Row is one rival's divisible bid for a lot. Its price may lie off the grid.
type Row struct {
	Bidder   int
	Price    float64 // a package
	Quantity float64
}

// ResidualSupply returns what rivals' rows leave of a lot to the bidder at each own price. At equal price
// the earlier of two bidders is served first; rows under the reserve are void.
func ResidualSupply(c *auction.Case, bidder, lot int, rivals []Row) *Supply {
	l := &c.Lots[lot]
	type step struct {
		tick   int64 // least own tick that is served before the row
		volume float64
	}
	reserve := c.Rules.TickUp(l.Reserve)
	for auction.UnderReserve(c.Rules.Price(reserve), l.Reserve) {
		reserve++
	}
	var steps []step
	for _, r := range rivals {
		if auction.UnderReserve(r.Price, l.Reserve) || r.Quantity <= 0 {
			continue
		}
		// The grid's arithmetic says about which tick; the merit order compares prices as they are.
		k := c.Rules.TickUp(r.Price)
		before := func(k int64) bool {
			p := c.Rules.Price(k)
			return p > r.Price || p == r.Price && bidder < r.Bidder
		}
		for !before(k) {
			k++
		}
		for before(k - 1) {
			k--
		}
		if k > reserve {
			steps = append(steps, step{k, r.Quantity})
		}
	}
	// Sorted and summed from the top in one order, so that equal supplies are equal numbers.
	sort.Slice(steps, func(i, j int) bool {
		if steps[i].tick != steps[j].tick {
			return steps[i].tick > steps[j].tick
		}
		return steps[i].volume > steps[j].volume
	})
	s := &Supply{}
	add := func(tick int64, served float64) {
		v := leftover(l.Capacity-served, l.Capacity)
		if n := len(s.Ticks); n > 0 && s.Volumes[n-1] == v {
			s.Ticks[n-1] = tick // as much for less
			return
		}
		s.Ticks = append(s.Ticks, tick)
		s.Volumes = append(s.Volumes, v)
	}
	served := 0.0 // at higher prices than the bidder's
	for i, x := range steps {
		if i == 0 || steps[i-1].tick != x.tick {
			add(x.tick, served)
		}
		served += x.volume
	}
	add(reserve, served)
	slices.Reverse(s.Ticks)
	slices.Reverse(s.Volumes)
	return s
}

// crumb is the share of a lot's capacity under which what rivals leave is the rounding of their sum, and so
// nothing: quantities such as a third of a lot have no exact binary value.
const crumb = 1e-12

// leftover returns what is left of a capacity, 0 for a crumb.
func leftover(left, capacity float64) float64 {
	if left <= crumb*capacity {
		return 0
	}
	return left
}

// At returns the residual supply at an own tick.
func (s *Supply) At(tick int64) float64 {
	k := sort.Search(len(s.Ticks), func(k int) bool { return s.Ticks[k] > tick })
	if k == 0 {
		return 0
	}
	return s.Volumes[k-1]
}

// Outcome is what a bid leads to.
type Outcome struct {
	Profit float64 // expected, over staying out
	Bids   []BidOutcome
	Cases  []Result
	Case   []int32 // by scenario: its place in Cases
}

// BidOutcome is what one row of the strategy leads to, by its position there.
type BidOutcome struct {
	Quantity float64 // expected packages won
	Win      float64 // probability of winning any
	Payment  float64 // expected
}

// Result is what the bid wins in some of the scenarios, those where it wins the same.
type Result struct {
	Probability float64
	Won         []float64 // by position in Problem.Lots
	Payment     float64
	Profit      float64 // V(Won) − Payment − V(0)
}

// won is the share of a package, or of a smaller bid, that counts as winning: less is what rounding leaves
// between quantities that were meant to fill the lot.
const won = 1e-6

// view is what Evaluate looks up again and again.
type view struct {
	position map[int]int // of a case lot in Lots
	supplies [][]*Supply // by lot, the distinct ones
	index    [][]int32   // by scenario, lot: into supplies
	values   *network.Evaluator
	zero     float64 // V(0)
	weight   float64 // Σ π_s
	of       *Scenario
}

func (p *Problem) view() *view {
	var of *Scenario
	if len(p.Scenarios) > 0 {
		of = &p.Scenarios[0]
	}
	if p.seen != nil && p.seen.of == of && len(p.seen.index) == len(p.Scenarios) {
		return p.seen
	}
	v := &view{position: make(map[int]int, len(p.Lots)), supplies: make([][]*Supply, len(p.Lots)), values: p.Values, of: of}
	for i, l := range p.Lots {
		v.position[l] = i
	}
	at := make([]map[*Supply]int32, len(p.Lots))
	for l := range at {
		at[l] = map[*Supply]int32{}
	}
	cells := make([]int32, len(p.Scenarios)*len(p.Lots))
	for s := range p.Scenarios {
		v.weight += p.Scenarios[s].Probability
		row := cells[s*len(p.Lots) : (s+1)*len(p.Lots)]
		for l, x := range p.Scenarios[s].Supply {
			k, ok := at[l][x]
			if !ok {
				k = int32(len(v.supplies[l]))
				at[l][x] = k
				v.supplies[l] = append(v.supplies[l], x)
			}
			row[l] = k
		}
		v.index = append(v.index, row)
	}
	if v.values == nil {
		v.values = p.Network.NewEvaluator()
	}
	v.zero = v.values.Value(make([]float64, len(p.Lots)))
	p.seen = v
	return v
}

// order returns the positions of a lot's rows in the order in which the seller serves them: the highest
// price first, at equal price the earlier row.
func order(s auction.Strategy, rows []int) {
	slices.SortStableFunc(rows, func(a, b int) int {
		switch {
		case s[a].Tick > s[b].Tick:
			return -1
		case s[a].Tick < s[b].Tick:
			return 1
		}
		return 0
	})
}

// Evaluate returns exactly what a strategy leads to: row after row, the highest price first, wins
// min(quantity, R(price) − what higher rows won). It panics for a bid on a lot that is none of the Problem's.
func (p *Problem) Evaluate(s auction.Strategy) *Outcome {
	v := p.view()
	o := &Outcome{Bids: make([]BidOutcome, len(s)), Case: make([]int32, len(p.Scenarios))}
	rows := p.rows(v, s)
	type answer struct{ won, payment float64 }
	answers := make([][]answer, len(p.Lots)) // by lot, supply
	gets := make([][]float64, len(s))        // by row, supply
	var bidding []int                        // lots
	for l, mine := range rows {
		if len(mine) == 0 {
			continue
		}
		bidding = append(bidding, l)
		answers[l] = make([]answer, len(v.supplies[l]))
		for _, r := range mine {
			gets[r] = make([]float64, len(v.supplies[l]))
		}
		for k, x := range v.supplies[l] {
			a := &answers[l][k]
			for _, r := range mine {
				w := min(s[r].Quantity, max(0, x.At(s[r].Tick)-a.won))
				gets[r][k] = w
				a.won += w
				a.payment += w * p.Rules.Price(s[r].Tick)
			}
		}
	}
	at := map[string]int{}
	var key []byte
	for i := range p.Scenarios {
		q := p.Scenarios[i].Probability
		key = key[:0]
		for _, l := range bidding {
			k := v.index[i][l]
			for _, r := range rows[l] {
				if w := gets[r][k]; w > 0 {
					o.Bids[r].Quantity += q * w
					if w > won*min(1, s[r].Quantity) {
						o.Bids[r].Win += q
					}
					o.Bids[r].Payment += q * w * p.Rules.Price(s[r].Tick)
				}
			}
			key = appendFloat(key, answers[l][k].won)
			key = appendFloat(key, answers[l][k].payment)
		}
		c, ok := at[string(key)]
		if !ok {
			c = len(o.Cases)
			at[string(key)] = c
			r := Result{Won: make([]float64, len(p.Lots))}
			for _, l := range bidding {
				a := answers[l][v.index[i][l]]
				r.Won[l] = a.won
				r.Payment += a.payment
			}
			r.Profit = v.values.Value(r.Won) - r.Payment - v.zero
			o.Cases = append(o.Cases, r)
		}
		o.Cases[c].Probability += q
		o.Case[i] = int32(c)
	}
	for i := range o.Cases {
		o.Profit += o.Cases[i].Probability * o.Cases[i].Profit
	}
	return o
}

// rows returns the strategy's rows by lot, in the order in which they are served.
func (p *Problem) rows(v *view, s auction.Strategy) [][]int {
	rows := make([][]int, len(p.Lots))
	for r := range s {
		l, ok := v.position[s[r].Lot]
		if !ok {
			panic(fmt.Sprintf("bidding: a bid on lot %d, which is not in the problem", s[r].Lot))
		}
		rows[l] = append(rows[l], r)
	}
	for l := range rows {
		order(s, rows[l])
	}
	return rows
}

// over is by which share sums of money and of packages may exceed a budget or cap: rounding.
const over = 1e-9

// Fits says whether a strategy respects the budget and the volume cap, in every scenario or, with FitAlways,
// even when all of it is accepted.
func (p *Problem) Fits(s auction.Strategy) bool {
	if math.IsInf(p.Budget, 1) && math.IsInf(p.MaxVolume, 1) {
		return true
	}
	money, volume := p.takes(s)
	return money <= p.Budget*(1+over) && volume <= p.MaxVolume*(1+over)
}

// takes returns what a bid takes of the budget and of the volume cap: all that it bids, or the most in any scenario.
func (p *Problem) takes(s auction.Strategy) (money, volume float64) {
	if p.FitAlways {
		for _, b := range s {
			money += b.Quantity * p.Rules.Price(b.Tick)
			volume += b.Quantity
		}
		return money, volume
	}
	for _, c := range p.Evaluate(s).Cases {
		sum := 0.0
		for _, w := range c.Won {
			sum += w
		}
		money, volume = max(money, c.Payment), max(volume, sum)
	}
	return money, volume
}

func appendFloat(key []byte, x float64) []byte {
	b := math.Float64bits(x)
	return append(key, byte(b), byte(b>>8), byte(b>>16), byte(b>>24), byte(b>>32), byte(b>>40), byte(b>>48), byte(b>>56))
}
