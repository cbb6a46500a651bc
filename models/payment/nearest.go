package payment

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"lotwise/solver"
)

// The point that the core rule asks for, among the coalitions c that are known:
//
//	max Σ_i d_i, then min ½ Σ_i (d_i - v_i)²
//	s.t. Σ_{i ∈ S_c} d_i ≤ b_c    every c            v: the discounts of VCG
//	     0 ≤ d_i ≤ v_i            every i
//
// With M larger than any number it is the least of ½ Σ_i (d_i - v_i)² - M Σ_i d_i, a strictly convex quadratic
// program with one optimum (Mangasarian 1984). A dual active set method finds it (Goldfarb and Idnani 1983), with
// multipliers of the form a M + b, compared by a first: it starts from d = v, where every d_i ≤ v_i is active with
// multiplier M, and takes in the violated constraints one after the other, most violated first. In between, d is always
// the optimum for the active constraints alone,
//
//	v_i + M - d_i = Σ_{c active, i ∈ S_c} λ_c + (the multiplier of i's own bound)
//
// with multipliers of the right sign, so that more coalitions only mean going on from there.
//
// A direction lives on the few i that no active bound holds; there the active coalitions' rows, of zeros and ones, are
// kept factored (factor.go). d is recomputed from its active constraints and the residual's correction at each of them, so that
// its error is that of rounding v and b, whatever steps were taken.

// A nearest is the program as far as its coalitions are known, and its optimum.
type nearest struct {
	v      []float64 // by bidder: the largest discount, that of VCG
	cuts   []cut
	d      []float64  // by bidder: the optimum
	held   []hold     // by bidder: which of its bounds is active
	price  []bigFloat // by bidder: the multiplier of that bound
	active []int      // cuts that are
	lambda []bigFloat // their multipliers
	factor factor     // of the active cuts' rows, as far as they concern free discounts
}

// A cut is Σ_{i ∈ outside} d_i ≤ room: the winners that a coalition does without, and what the objective loses by it.
type cut struct {
	outside []int
	room    float64
}

// A hold is which bound of a discount is active.
type hold int8

const (
	free    hold = 0
	atVCG   hold = 1 // d_i = v_i
	nothing hold = -1
)

// A bigFloat is big M + rest, M larger than any number.
type bigFloat struct{ big, rest float64 }

func (a bigFloat) compare(b bigFloat) int {
	return cmp.Or(cmp.Compare(snap(a.big-b.big), 0), cmp.Compare(a.rest, b.rest))
}

// minus is a - t r.
func (a bigFloat) minus(t bigFloat, r float64) bigFloat {
	return bigFloat{snap(a.big - t.big*r), a.rest - t.rest*r}
}

func (a bigFloat) over(r float64) bigFloat { return bigFloat{snap(a.big / r), a.rest / r} }

const (
	// exactly is what rounding leaves of a number that is zero in the linear algebra of rows of zeros and ones: their
	// solutions are fractions of small numbers.
	exactly = 1e-9
	// roundoff is by how much a sum of discounts may exceed its room, as a share of what it sums, and be equal to it:
	// some rounding errors of a hundred terms.
	roundoff = 1e-14
)

// snap makes zero what is zero but for rounding.
func snap(a float64) float64 {
	if math.Abs(a) <= exactly {
		return 0
	}
	return a
}

func newNearest(v []float64) *nearest {
	g := &nearest{v: v, d: slices.Clone(v), held: make([]hold, len(v)), price: make([]bigFloat, len(v)), factor: factor{size: len(v)}}
	for i := range v {
		g.held[i], g.price[i].big = atVCG, 1
	}
	return g
}

// add takes in a coalition, unless one with as little room that does without the same winners is known.
func (g *nearest) add(a Alternative) {
	var s []int
	for _, i := range a.Without {
		if g.v[i] > 0 {
			s = append(s, i)
		}
	}
	if len(s) == 0 {
		return
	}
	room := max(0, a.Loss)
	for _, c := range g.cuts {
		if slices.Equal(c.outside, s) && c.room <= room {
			return
		}
	}
	g.cuts = append(g.cuts, cut{s, room})
}

// discounts are d, within the bounds that rounding may have left.
func (g *nearest) discounts() []float64 {
	d := slices.Clone(g.d)
	for i := range d {
		d[i] = min(max(d[i], 0), g.v[i])
	}
	return d
}

// blocks is by how much a coalition gains from blocking d.
func (g *nearest) blocks(a Alternative) float64 {
	over, _ := g.excess(&cut{a.Without, a.Loss})
	return over
}

// excess is by how much the discounts exceed the cut's room, and what counts as nothing there.
func (g *nearest) excess(c *cut) (over, none float64) {
	var s solver.Sum
	s.Add(-c.room)
	size := c.room
	for _, i := range c.outside {
		s.Add(g.d[i])
		size += g.v[i]
	}
	return s.Value(), roundoff * size
}

// errStuck says that rounding has led the steps astray.
var errStuck = errors.New("payment core: the steps to the point nearest to VCG do not end")

// solve moves d to the optimum.
func (g *nearest) solve() error {
	for left := 100 + 20*(len(g.v)+len(g.cuts)); left > 0; {
		c, i := g.violated()
		if c < 0 && i < 0 {
			return nil
		}
		steps, err := g.take(c, i, left)
		if err != nil {
			return err
		}
		left -= steps
	}
	return errStuck
}

// violated is the cut or, if that is -1, the bidder whose bound is violated most; both are -1 where none is.
func (g *nearest) violated() (c, i int) {
	c, i = -1, -1
	most := 0.0
	for n := range g.cuts {
		if over, none := g.excess(&g.cuts[n]); over > none && over > most && !slices.Contains(g.active, n) {
			c, most = n, over
		}
	}
	for n, d := range g.d {
		if over := max(-d, d-g.v[n]); g.held[n] == free && over > roundoff*g.v[n] && over > most {
			c, i, most = -1, n, over
		}
	}
	return c, i
}

// take makes a violated constraint active, one step after the other: each goes as far as a multiplier reaches zero,
// whose constraint is let go, or the violation is gone.
func (g *nearest) take(c, i, limit int) (steps int, err error) {
	normal := make([]float64, len(g.v)) // of the constraint, normal·d ≤ its right-hand side
	if c >= 0 {
		for _, n := range g.cuts[c].outside {
			normal[n] = 1
		}
	} else {
		normal[i] = 1
		if g.d[i] < 0 {
			normal[i] = -1
		}
	}
	var own bigFloat // its multiplier
	for ; steps < limit; steps++ {
		var over float64
		if c >= 0 {
			over, _ = g.excess(&g.cuts[c])
		} else {
			over = max(-g.d[i], g.d[i]-g.v[i])
		}
		// Per unit of own the multipliers of active cuts fall by r, those of bounds by q, and d by z.
		r, q, z, square := g.direction(normal)
		blockCut, blockBound := -1, -1
		step, ends := bigFloat{}, square > exactly
		if ends {
			step = bigFloat{0, over / square}
		}
		blocked := func(at bigFloat) bool {
			if ends && at.compare(step) >= 0 {
				return false
			}
			step, ends = at, true
			return true
		}
		for n := range g.active {
			if r[n] > exactly && blocked(g.lambda[n].over(r[n])) {
				blockCut, blockBound = n, -1
			}
		}
		for n, h := range g.held {
			if h != free && q[n] > exactly && blocked(g.price[n].over(q[n])) {
				blockCut, blockBound = -1, n
			}
		}
		if !ends {
			return steps, errors.New("payment core: coalitions leave no discounts") // none is always among them
		}
		own = own.minus(step, -1)
		for n := range g.active {
			g.lambda[n] = g.lambda[n].minus(step, r[n])
		}
		for n, h := range g.held {
			if h != free {
				g.price[n] = g.price[n].minus(step, q[n])
			} else {
				g.d[n] -= step.rest * z[n]
			}
		}
		switch {
		case blockCut >= 0:
			g.active = slices.Delete(g.active, blockCut, blockCut+1)
			g.lambda = slices.Delete(g.lambda, blockCut, blockCut+1)
			g.factor.remove(blockCut)
		case blockBound >= 0:
			g.held[blockBound], g.price[blockBound] = free, bigFloat{}
			g.factor.free(blockBound, g.across(blockBound))
		case c >= 0:
			g.active, g.lambda = append(g.active, c), append(g.lambda, own)
			g.factor.grow(g.row(c))
			g.refresh()
			return steps + 1, nil
		default:
			g.held[i], g.price[i] = hold(normal[i]), own
			g.factor.hold(i)
			g.refresh()
			return steps + 1, nil
		}
	}
	return steps, errStuck
}

// direction is what raising the multiplier of a constraint does: z is the normal's part, on the free discounts, that
// is orthogonal to the active cuts, and square its square; r are the coefficients of the rest.
func (g *nearest) direction(normal []float64) (r, q, z []float64, square float64) {
	r, z = g.factor.split(normal)
	for n := range g.d {
		if g.held[n] == free {
			square += z[n] * z[n]
		}
	}
	q = slices.Clone(normal)
	for n, c := range g.active {
		for _, i := range g.cuts[c].outside {
			q[i] -= r[n]
		}
	}
	for n, h := range g.held {
		if h == nothing {
			q[n] = -q[n]
		}
	}
	return r, q, z, square
}

// refresh recomputes d and the multipliers from what is active:
//
//	d = v + M - Σ_c λ_c 1_c  on the free ones,  Σ_{i ∈ S_c} d_i = b_c  every active c
func (g *nearest) refresh() {
	for i, h := range g.held {
		switch h {
		case atVCG:
			g.d[i] = g.v[i]
		case nothing:
			g.d[i] = 0
		default:
			g.d[i] = g.v[i]
		}
	}
	if g.factor.changes > freshEvery {
		g.factor.reset()
		for _, c := range g.active {
			g.factor.grow(g.row(c))
		}
	}
	ones := make([]float64, len(g.v))
	for i := range ones {
		ones[i] = 1
	}
	big, _ := g.factor.split(ones)
	rest := make([]float64, len(g.active))
	for range refinements {
		over := make([]float64, len(g.active))
		for n, c := range g.active {
			over[n], _ = g.excess(&g.cuts[c])
		}
		step := g.factor.gram(over)
		for n, c := range g.active {
			rest[n] += step[n]
			for _, i := range g.cuts[c].outside {
				if g.held[i] == free {
					g.d[i] -= step[n]
				}
			}
		}
	}
	for n := range g.active {
		g.lambda[n] = bigFloat{snap(big[n]), rest[n]}
	}
	for i, h := range g.held {
		if h == free {
			continue
		}
		p := bigFloat{1, g.v[i] - g.d[i]}
		for n, c := range g.active {
			if _, ok := slices.BinarySearch(g.cuts[c].outside, i); ok {
				p.big -= g.lambda[n].big
				p.rest -= g.lambda[n].rest
			}
		}
		if h == nothing {
			p.big, p.rest = -p.big, -p.rest
		}
		p.big = snap(p.big)
		g.price[i] = p
	}
}

// refinements is how often what is left of the active constraints' residual is corrected: each time takes off about
// ten digits of it.
const refinements = 3

// row is a cut's row as far as it concerns free discounts.
func (g *nearest) row(c int) []float64 {
	row := make([]float64, len(g.v))
	for _, i := range g.cuts[c].outside {
		if g.held[i] == free {
			row[i] = 1
		}
	}
	return row
}

// across is, by active cut, whether it concerns a discount.
func (g *nearest) across(i int) []float64 {
	across := make([]float64, len(g.active))
	for n, c := range g.active {
		if _, ok := slices.BinarySearch(g.cuts[c].outside, i); ok {
			across[n] = 1
		}
	}
	return across
}
