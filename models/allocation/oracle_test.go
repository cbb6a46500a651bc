package allocation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"lotwise/models/auction"
)

// The oracle solves a case by its definition: every combination of accepted bids, and of each every
// vertex of the linear program that is left, compared by objective and then by the tie rule. It shares no
// code with what it checks. It is for a handful of bids with small whole numbers.
type oracle struct {
	c         *auction.Case
	value     []float64
	best      []float64
	objective float64
}

const near = 1e-7

func enumerate(c *auction.Case) *oracle {
	o := &oracle{c: c, objective: math.Inf(-1)}
	for _, b := range c.Bids {
		v := b.Amount
		if c.Rules.Objective == auction.Contribution {
			for _, r := range b.Rows {
				v -= c.Lots[r.Lot].Cost * r.Quantity
			}
		}
		o.value = append(o.value, v)
	}
	y := make([]bool, len(c.Bids))
	var decide func(b int)
	decide = func(b int) {
		if b == len(y) {
			if o.allowed(y) {
				o.vertices(y)
			}
			return
		}
		y[b] = false
		decide(b + 1)
		if !o.void(&c.Bids[b]) {
			y[b] = true
			decide(b + 1)
			y[b] = false
		}
	}
	decide(0)
	return o
}

func (o *oracle) void(b *auction.Bid) bool {
	reserves := 0.0
	for _, r := range b.Rows {
		lot := o.c.Lots[r.Lot]
		if !b.ByAmount && r.Price < lot.Reserve {
			return true
		}
		reserves += lot.Reserve * r.Quantity
	}
	return b.ByAmount && b.Amount < reserves
}

func (o *oracle) allowed(y []bool) bool {
	for i, a := range o.c.Bids {
		if !y[i] {
			continue
		}
		if a.Requires >= 0 && !y[a.Requires] {
			return false
		}
		for j, b := range o.c.Bids[:i] {
			if y[j] && a.Group != "" && a.Group == b.Group && a.Bidder == b.Bidder {
				return false
			}
		}
	}
	return true
}

// rows are all constraints as Σ coef x ≤ rhs.
func (o *oracle) rows(y []bool) (coef [][]float64, rhs []float64) {
	n := len(y)
	add := func(r float64, of func(b *auction.Bid) float64) {
		if math.IsInf(r, 1) {
			return
		}
		row := make([]float64, n)
		for b := range row {
			row[b] = of(&o.c.Bids[b])
		}
		coef, rhs = append(coef, row), append(rhs, r)
	}
	for l := range o.c.Lots {
		add(o.c.Lots[l].Capacity, func(b *auction.Bid) (q float64) {
			for _, r := range b.Rows {
				if r.Lot == l {
					q += r.Quantity
				}
			}
			return q
		})
	}
	for i := range o.c.Bidders {
		add(o.c.Bidders[i].Budget, func(b *auction.Bid) float64 {
			if b.Bidder != i {
				return 0
			}
			return b.Amount
		})
		add(o.c.Bidders[i].MaxVolume, func(b *auction.Bid) float64 { return packages(b, i) })
	}
	for b := range y {
		low, high := make([]float64, n), make([]float64, n)
		low[b], high[b] = -1, 1
		least, most := 0.0, 0.0
		if y[b] {
			least, most = o.c.Bids[b].MinFraction, 1
			if slices.ContainsFunc(o.c.Bids, func(a auction.Bid) bool { return a.Requires == b }) {
				least = max(least, auction.LeastFraction)
			}
		}
		coef, rhs = append(coef, low, high), append(rhs, -least, most)
	}
	return coef, rhs
}

func packages(b *auction.Bid, bidder int) (q float64) {
	if b.Bidder != bidder {
		return 0
	}
	for _, r := range b.Rows {
		q += r.Quantity
	}
	return q
}

// vertices tries every vertex of the allotments at y: all ways to make as many constraints tight as
// there are bids.
func (o *oracle) vertices(y []bool) {
	coef, rhs := o.rows(y)
	n := len(y)
	tight := make([]int, 0, n)
	x := make([]float64, n)
	// A bid that is not accepted, or all-or-nothing, is fixed: both of its bounds are one equation.
	for b := range y {
		if !y[b] || o.c.Bids[b].MinFraction == 1 {
			tight = append(tight, len(coef)-2*n+2*b)
		}
	}
	fixed := slices.Clone(tight)
	tight = tight[:0]
	var free func(from, more int)
	free = func(from, more int) {
		if more == 0 {
			all := append(slices.Clone(fixed), tight...)
			if gauss(coef, rhs, all, x) && inside(coef, rhs, x) {
				o.offer(x)
			}
			return
		}
		for i := from; i <= len(coef)-more; i++ {
			if i >= len(coef)-2*n {
				if b := (i - (len(coef) - 2*n)) / 2; !y[b] || o.c.Bids[b].MinFraction == 1 {
					continue
				}
			}
			tight = append(tight, i)
			free(i+1, more-1)
			tight = tight[:len(tight)-1]
		}
	}
	free(0, n-len(fixed))
}

// gauss solves the equations; it returns false where they are dependent.
func gauss(coef [][]float64, rhs []float64, rows []int, x []float64) bool {
	n := len(x)
	a := make([][]float64, n)
	for i, r := range rows {
		a[i] = append(slices.Clone(coef[r]), rhs[r])
	}
	for p := range n {
		best := p
		for i := p + 1; i < n; i++ {
			if math.Abs(a[i][p]) > math.Abs(a[best][p]) {
				best = i
			}
		}
		if math.Abs(a[best][p]) < 1e-9 {
			return false
		}
		a[p], a[best] = a[best], a[p]
		for i := range n {
			if i == p || a[i][p] == 0 {
				continue
			}
			m := a[i][p] / a[p][p]
			for j := p; j <= n; j++ {
				a[i][j] -= m * a[p][j]
			}
		}
	}
	for p := range n {
		x[p] = a[p][n] / a[p][p]
	}
	return true
}

func inside(coef [][]float64, rhs []float64, x []float64) bool {
	for i, row := range coef {
		use := 0.0
		for j, a := range row {
			use += a * x[j]
		}
		if use > rhs[i]+near {
			return false
		}
	}
	return true
}

func (o *oracle) offer(x []float64) {
	w := 0.0
	for b, v := range o.value {
		w += v * x[b]
	}
	if w > o.objective+near || w > o.objective-near && o.first(x) {
		o.objective, o.best = w, slices.Clone(x)
	}
}

// first says whether the tie rule puts x before the best.
func (o *oracle) first(x []float64) bool {
	for i := range o.c.Bidders {
		u, v := 0.0, 0.0
		for b := range o.c.Bids {
			u += packages(&o.c.Bids[b], i) * x[b]
			v += packages(&o.c.Bids[b], i) * o.best[b]
		}
		if math.Abs(u-v) > near {
			return u > v
		}
	}
	for b := range x {
		if math.Abs(x[b]-o.best[b]) > near {
			return x[b] > o.best[b]
		}
	}
	return false
}

// randomCase draws a case with everything mixed and small whole numbers, in which ties are common.
func randomCase(r *rand.Rand, bids int) *auction.Case {
	inf := math.Inf(1)
	c := &auction.Case{Rules: auction.DefaultRules()}
	if r.IntN(3) == 0 {
		c.Rules.Objective = auction.Contribution
	}
	for l := range 1 + r.IntN(3) {
		lot := auction.Lot{Name: fmt.Sprint("L", l), Zone: "Z", Capacity: float64(r.IntN(7))}
		if r.IntN(3) == 0 {
			lot.Reserve = float64(r.IntN(3))
		}
		if r.IntN(2) == 0 {
			lot.Cost = float64(r.IntN(3))
		}
		c.Lots = append(c.Lots, lot)
	}
	for i := range 1 + r.IntN(3) {
		b := auction.Bidder{Name: fmt.Sprint("B", i), Budget: inf, MaxVolume: inf, Types: []auction.Type{auction.Known}}
		if r.IntN(3) == 0 {
			b.Budget = float64(r.IntN(15))
		}
		if r.IntN(4) == 0 {
			b.MaxVolume = float64(r.IntN(8))
		}
		c.Bidders = append(c.Bidders, b)
	}
	divisible := r.IntN(3) == 0
	for n := range bids {
		b := auction.Bid{Name: fmt.Sprint("b", n), Bidder: r.IntN(len(c.Bidders)), Requires: -1}
		for _, l := range r.Perm(len(c.Lots))[:1+r.IntN(len(c.Lots))] {
			b.Rows = append(b.Rows, auction.BidRow{Lot: l, Quantity: float64(r.IntN(5)), Price: float64(r.IntN(5))})
			if r.IntN(2) == 0 {
				break
			}
		}
		for _, row := range b.Rows {
			b.Amount += row.Price * row.Quantity
		}
		if volume := packages(&b, b.Bidder); r.IntN(5) == 0 && volume > 0 {
			b.ByAmount, b.Amount = true, float64(r.IntN(12))
			for i := range b.Rows {
				b.Rows[i].Price = b.Amount / volume
			}
		}
		if !divisible {
			b.MinFraction = []float64{0, 0.5, 1, 1}[r.IntN(4)]
			b.Group = []string{"", "", "g", "h"}[r.IntN(4)]
		}
		c.Bids = append(c.Bids, b)
	}
	for n := range c.Bids {
		if m := r.IntN(bids); !divisible && r.IntN(4) == 0 && m != n && c.Bids[m].Bidder == c.Bids[n].Bidder {
			c.Bids[n].Requires = m
		}
	}
	return c
}
