package allocation

import (
	"context"
	"math"
	"slices"

	"lotwise/solver"
)

// What divisible bids have to outbid, all at once. Where nothing is to be decided, or once it is, the seller's problem is the
// linear program
//
//	v(ξ) = max { c·x : A x ≤ b - a ξ,  lo ≤ x ≤ up }
//
// with ξ of a losing bid that uses a of the rows, and v is concave: a bid that loses at v(0) = W wins from the score
//
//	s* = -v'(0+) = max { y·a : y an optimal dual }
//
// (Bertsimas and Tsitsiklis 1997, section 5.2). In most rows all optimal duals agree: those that are not tight have dual 0,
// and every fraction x_j strictly between its bounds says Σ_i a_ij y_i = c_j. Where these equations leave a row's dual
// open, a lot that winners fill to the last package, say, the maximum is found by its own dual, the best way to make
// room,
//
//	v'(0+) = max { Σ_j (c_j - Σ_{i known} y_i a_ij) d_j : Σ_j a_ij d_j ≤ -a_i  for the open rows i }
//
// d_j ≥ 0 where x_j is at its lower bound and ≤ 0 at its upper. The bid's own money in a row, a_i(p) = p a_i, makes
// its reduced cost r(p) = σ p + τ - max y·a(p) a concave function of the price; its least root is found by Newton's method
// from below.

const (
	// atBound is how far a fraction may lie from a bound and be there: what repair puts on the bound.
	atBound = fractionSlack
	// pivotShare is how small, as a share of an equation's largest coefficient, one may be that rounding has left.
	pivotShare = 1e-9
	// nothingShare is how small, as a share of its terms, a reduced cost or its slope is nothing: duals are exact to a
	// hundredth of that.
	nothingShare = 1e-8
	// mostPivots bounds the work of the elimination, which grows with the square of their number.
	mostPivots = 5000
	// newtonSteps bounds Newton's method, which takes one step where duals agree and a handful elsewhere.
	newtonSteps = 30
)

// A dualFace are the optimal duals of a component at decisions.
type dualFace struct {
	k      *component // with the rows that apply
	x      []float64  // by column
	lo, up []float64
	y      []float64 // by row: an optimal dual
	open   []int     // by row: the number of its piece, -1 where all optimal duals agree
	pieces []*makingRoom
}

// makingRoom is the linear program of v'(0+) over open rows that share columns.
type makingRoom struct {
	*formulation
	session *solver.Session
	rows    []int // of the component
}

func (d *dualFace) close() {
	for _, m := range d.pieces {
		if m.session != nil {
			m.session.Close()
		}
	}
}

// optimalDuals are those of the component at the point, of which y are some.
func (k *component) optimalDuals(x, lo, up, y []float64) *dualFace {
	d := &dualFace{k: k, x: x, lo: lo, up: up, y: slices.Clone(y), open: make([]int, len(k.rows))}
	tight := make([]bool, len(k.rows))
	for i := range k.rows {
		r := &k.rows[i]
		tight[i] = !math.IsInf(r.rhs, 1) && r.rhs-r.at(x) <= r.slack(x)
		d.open[i] = -1
	}
	var equations [][]use
	for j := range k.value {
		if d.free(j) && !d.lower(j) && !d.upper(j) {
			var of []use
			for _, u := range k.uses[j] {
				if tight[u.row] {
					of = append(of, u)
				}
			}
			equations = append(equations, of)
		}
	}
	known := determined(len(k.rows), equations)
	open := newSets(len(k.rows))
	for j := range k.value {
		first := -1
		for _, u := range k.uses[j] {
			if !tight[u.row] || known[u.row] || !d.free(j) {
				continue
			}
			if first < 0 {
				first = u.row
			}
			open.join(first, u.row)
		}
	}
	piece := make(map[int]int)
	for i := range k.rows {
		if !tight[i] || known[i] {
			continue
		}
		n, ok := piece[open.root(i)]
		if !ok {
			n = len(d.pieces)
			piece[open.root(i)] = n
			d.pieces = append(d.pieces, &makingRoom{})
		}
		d.open[i] = n
		d.pieces[n].rows = append(d.pieces[n].rows, i)
	}
	return d
}

func (d *dualFace) free(j int) bool  { return d.lo[j] < d.up[j] }
func (d *dualFace) lower(j int) bool { return d.x[j] <= d.lo[j]+atBound }
func (d *dualFace) upper(j int) bool { return d.x[j] >= d.up[j]-atBound }

// determined says which of n unknowns the equations determine, by Gauss-Jordan elimination; those with a single unknown,
// which are most, go first.
func determined(n int, equations [][]use) []bool {
	known := make([]bool, n)
	of := make([][]int, n) // equations by unknown
	left := make([]int, len(equations))
	var ready []int
	for e, terms := range equations {
		left[e] = len(terms)
		for _, u := range terms {
			of[u.row] = append(of[u.row], e)
		}
		if left[e] == 1 {
			ready = append(ready, e)
		}
	}
	for len(ready) > 0 {
		e := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		for _, u := range equations[e] {
			if known[u.row] {
				continue
			}
			known[u.row] = true
			for _, f := range of[u.row] {
				if left[f]--; left[f] == 1 {
					ready = append(ready, f)
				}
			}
		}
	}
	// pivot[i] is unknown i in terms of others that are no pivots, up to constants.
	pivot := make(map[int][]use)
	var order []int // of pivots
	for e, terms := range equations {
		if left[e] < 2 {
			continue
		}
		if len(order) == mostPivots {
			break // the others stay unknown
		}
		scale := 0.0
		var sum []use
		for _, u := range terms {
			if known[u.row] {
				continue
			}
			scale = max(scale, math.Abs(u.coef))
			if of, ok := pivot[u.row]; ok {
				sum = plus(sum, u.coef, of)
			} else {
				sum = plus(sum, 1, []use{u})
			}
		}
		at := -1
		for n, u := range sum {
			if math.Abs(u.coef) > pivotShare*scale && (at < 0 || math.Abs(u.coef) > math.Abs(sum[at].coef)) {
				at = n
			}
		}
		if at < 0 {
			continue // it follows from the others
		}
		p := sum[at]
		rest := slices.Delete(slices.Clone(sum), at, at+1)
		for n := range rest {
			rest[n].coef /= -p.coef
		}
		for _, i := range order {
			if n, in := slices.BinarySearchFunc(pivot[i], p.row, func(u use, row int) int { return u.row - row }); in {
				coef := pivot[i][n].coef
				pivot[i] = plus(slices.Delete(slices.Clone(pivot[i]), n, n+1), coef, rest)
			}
		}
		pivot[p.row] = rest
		order = append(order, p.row)
	}
	for i, rest := range pivot {
		small := 0.0
		for _, u := range rest {
			small = max(small, math.Abs(u.coef))
		}
		known[i] = small == 0
	}
	return known
}

// plus is a + c·b, over rows in ascending order; what rounding leaves of nothing is dropped.
func plus(a []use, c float64, b []use) []use {
	sum := make([]use, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].row < b[0].row:
			sum, a = append(sum, a[0]), a[1:]
		case len(a) == 0 || b[0].row < a[0].row:
			sum, b = append(sum, use{b[0].row, c * b[0].coef}), b[1:]
		default:
			if s := a[0].coef + c*b[0].coef; math.Abs(s) > pivotShare*math.Abs(a[0].coef) {
				sum = append(sum, use{a[0].row, s})
			}
			a, b = a[1:], b[1:]
		}
	}
	return sum
}

// A toll is what room in the rows costs a bid.
type toll struct {
	fixed, rate float64 // for what it is, and for each unit of its price, the money in rows
	moves       bool    // other duals may hold at another price
	infinite    bool    // there is no room to be made
	unknown     bool    // it was not found
}

// toll is the largest y·a over the optimal duals for the bid of t at price p.
func (d *dualFace) toll(ctx context.Context, t *trial, p float64, o solver.Options, e *effort) (toll, error) {
	var sum toll
	a := make(map[int][]use) // by piece: the uses of open rows, at price p
	add := func(u use, y float64) {
		if t.k.costly(&d.k.rows[u.row]) {
			sum.rate += u.coef / t.at * y
		} else {
			sum.fixed += u.coef * y
		}
	}
	var pieces []int
	for _, u := range t.k.uses[t.j] {
		n := d.open[u.row]
		if n < 0 {
			add(u, d.y[u.row])
			continue
		}
		if a[n] == nil {
			pieces = append(pieces, n)
		}
		sum.moves = sum.moves || t.k.costly(&d.k.rows[u.row])
		a[n] = append(a[n], u)
	}
	for _, n := range pieces {
		m := d.pieces[n]
		if m.session == nil {
			if err := d.state(m); err != nil {
				return sum, err
			}
		}
		for _, i := range m.rows {
			m.SetRange(m.formulation.rows[i], math.Inf(-1), 0)
		}
		for _, u := range a[n] {
			coef := u.coef
			if t.k.costly(&d.k.rows[u.row]) {
				coef *= p / t.at
			}
			m.SetRange(m.formulation.rows[u.row], math.Inf(-1), -coef/m.per[u.row])
		}
		s, err := m.session.Solve(ctx, o)
		if err != nil {
			return sum, err
		}
		e.spend(s)
		switch {
		case s.Claim == solver.Infeasible:
			sum.infinite = true
			return sum, nil
		case !s.HasDuals():
			sum.unknown = true
			return sum, nil
		}
		for _, u := range a[n] {
			add(u, s.Dual(m.formulation.rows[u.row])*m.unit/m.per[u.row])
		}
	}
	return sum, nil
}

// state states the linear program of a piece.
func (d *dualFace) state(m *makingRoom) error {
	m.formulation = &formulation{
		Model: solver.NewModel("room", solver.Maximize), unit: d.k.unit(d.k.value),
		x: make([]solver.Var, len(d.k.value)), rows: make([]solver.Con, len(d.k.rows)), per: make([]float64, len(d.k.rows)),
	}
	in := make(map[int]bool)
	for _, i := range m.rows {
		in[i] = true
	}
	for _, i := range m.rows {
		r := &d.k.rows[i]
		most := 0.0
		var terms []solver.Term
		for _, t := range r.terms {
			if !d.free(t.bid) {
				continue
			}
			if !m.x[t.bid].Valid() {
				low, high := math.Inf(-1), math.Inf(1)
				if d.lower(t.bid) {
					low = 0
				}
				if d.upper(t.bid) {
					high = 0
				}
				c := d.k.value[t.bid]
				for _, u := range d.k.uses[t.bid] {
					if !in[u.row] {
						c -= u.coef * d.y[u.row]
					}
				}
				m.x[t.bid] = m.Continuous("d", "", low, high)
				m.Objective(m.x[t.bid].Times(c / m.unit))
			}
			most = max(most, math.Abs(t.coef))
			terms = append(terms, m.x[t.bid].Times(t.coef))
		}
		m.per[i] = unit(most)
		for n := range terms {
			terms[n].Coef /= m.per[i]
		}
		m.formulation.rows[i] = m.AtMost(r.family, "", terms, 0)
	}
	var err error
	m.session, err = solver.Open(m.Model)
	return err
}

// price is from which price on the bid of t pays for its room: its price where nothing is decided in the component; else it
// wins at that price, and perhaps at a lower one. Loses says that it never pays.
func (d *dualFace) price(ctx context.Context, t *trial, o solver.Options, e *effort) (p float64, wins, loses bool, err error) {
	p = t.floor
	for range newtonSteps {
		c, err := d.toll(ctx, t, p, o, e)
		if err != nil || c.unknown {
			return p, false, false, err
		}
		if c.infinite {
			return p, false, true, nil
		}
		slope := t.slope - c.rate
		rising := slope > nothingShare*t.slope
		switch gain, nothing := c.gain(t, p); {
		case gain > nothing:
			return p, true, false, nil
		case gain >= -nothing && rising:
			if !c.moves {
				return p, true, false, nil
			}
			// The room that its money takes may be dearer above the price: something must be left.
			above := over(d.k.problem.Case, p)
			c, err := d.toll(ctx, t, above, o, e)
			if err != nil || c.unknown {
				return p, false, false, err
			}
			gain, nothing := c.gain(t, above)
			wins = !c.infinite && gain > nothing
			return p, wins, !wins, nil
		case !rising:
			return p, false, true, nil
		}
		p = (c.fixed - t.rest) / slope
	}
	return p, false, false, nil
}

// gain is the bid's reduced cost at price p, and what is nothing beside its terms.
func (c *toll) gain(t *trial, p float64) (gain, nothing float64) {
	size := math.Abs(t.slope*p) + math.Abs(t.rest) + math.Abs(c.fixed) + math.Abs(c.rate*p)
	return t.slope*p + t.rest - c.fixed - c.rate*p, nothingShare * size
}
