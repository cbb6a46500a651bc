package allocation

import (
	"context"
	"math"

	"lotwise/solver"
)

// tieShare is how near to zero, as a share of the terms it is the difference of, a reduced cost is a tie:
// rounding error of prices and duals stays a thousand times smaller, a cent in a million of money is larger.
const tieShare = 1e-11

// noiseShare is what rounding leaves of a reduced cost that is zero, as a share of the largest cost.
const noiseShare = 1e-13

// A face is the set of optimal allotments of a linear program: by complementary slackness with any one
// optimal dual solution, exactly those in which every x with a positive reduced cost is at its upper
// bound, every x with a negative one at its lower, and every row with a positive dual is tight. Stating it
// this way, rather than by a row that holds the objective, gives away none of it to tolerances.
type face struct {
	k      *component
	x      []float64 // a point of the face
	lo, up []float64 // of x; equal where the face leaves no choice
	tight  []bool    // by row
}

// free are the bids whose fraction the face leaves open.
func (f *face) free() []int {
	var free []int
	for j := range f.lo {
		if f.lo[j] < f.up[j] {
			free = append(free, j)
		}
	}
	return free
}

// restrict cuts the face down to what is optimal for cost as well, given optimal duals.
func (f *face) restrict(cost, dual []float64) {
	most := 0.0
	for _, c := range cost {
		most = max(most, math.Abs(c))
	}
	// What is closed stays: only open bids, and the rows that they are in, can change.
	var open []int
	beside := make([]bool, len(f.k.rows))
	for j := range f.lo {
		if f.lo[j] < f.up[j] {
			open = append(open, j)
			for _, u := range f.k.uses[j] {
				beside[u.row] = true
			}
		}
	}
	scale := make([]float64, len(cost)) // by bid, of those looked at; 0 where not yet
	scaled := func(j int) float64 {
		if scale[j] == 0 {
			scale[j] = math.Abs(cost[j])
			for _, u := range f.k.uses[j] {
				scale[j] += math.Abs(dual[u.row] * u.coef)
			}
		}
		return scale[j]
	}
	zero := func(a float64, j int) bool { return math.Abs(a) <= tieShare*scaled(j)+noiseShare*most }
	for i := range f.k.rows {
		if !beside[i] || f.tight[i] || dual[i] == 0 {
			continue
		}
		for _, t := range f.k.rows[i].terms {
			if !zero(dual[i]*t.coef, t.bid) {
				f.tight[i] = true
				break
			}
		}
	}
	for _, j := range open {
		reduced := cost[j]
		for _, u := range f.k.uses[j] {
			reduced -= dual[u.row] * u.coef
		}
		switch {
		case zero(reduced, j):
		case reduced > 0:
			f.lo[j] = f.up[j]
		default:
			f.up[j] = f.lo[j]
		}
	}
}

// peel finds fractions that tight rows leave no choice for: a row with one open fraction determines it,
// which may leave one in another row. It returns false where a row asks for a fraction out of bounds, which
// is a dual solution told apart from zero by rounding alone.
func (f *face) peel() bool {
	open := make([]int, len(f.k.rows))
	for j := range f.lo {
		if f.lo[j] < f.up[j] {
			for _, u := range f.k.uses[j] {
				open[u.row]++
			}
		}
	}
	var rows []int
	for i := range open {
		if f.tight[i] && open[i] == 1 {
			rows = append(rows, i)
		}
	}
	for len(rows) > 0 {
		r := &f.k.rows[rows[len(rows)-1]]
		rows = rows[:len(rows)-1]
		var rest solver.Sum
		rest.Add(r.rhs)
		at := term{bid: -1}
		for _, t := range r.terms {
			if f.lo[t.bid] < f.up[t.bid] {
				at = t
			} else {
				rest.Add(-t.coef * f.lo[t.bid])
			}
		}
		if at.bid < 0 {
			continue // determined by another row meanwhile
		}
		j, x := at.bid, rest.Value()/at.coef
		if x < f.lo[j]-fractionSlack || x > f.up[j]+fractionSlack {
			return false
		}
		x = min(max(x, f.lo[j]), f.up[j])
		f.lo[j], f.up[j] = x, x
		for _, u := range f.k.uses[j] {
			if open[u.row]--; f.tight[u.row] && open[u.row] == 1 {
				rows = append(rows, u.row)
			}
		}
	}
	return true
}

// first moves x to the point of the face that is first by the tie rule: the priorities are maximised one
// after the other, each over what the ones before leave open. It returns false where it could not.
func (f *face) first(ctx context.Context, o solver.Options) (bool, error) {
	if !f.peel() {
		return false, nil // x stays: an optimum, to the accuracy of the duals
	}
	free := f.free()
	if len(free) > 0 {
		done, err := f.climb(ctx, free, o)
		if !done || err != nil {
			return false, err
		}
	}
	for j := range f.x {
		f.x[j] = min(max(f.x[j], f.lo[j]), f.up[j])
	}
	return true, nil
}

// climb maximises the priorities over the fractions that peeling leaves open.
func (f *face) climb(ctx context.Context, free []int, o solver.Options) (done bool, err error) {
	lp := f.open(free)
	session, err := solver.Open(lp.Model)
	if err != nil {
		return false, err
	}
	defer session.Close()
	single, err := lp.single(ctx, session, free, o)
	if err != nil {
		return false, err
	}
	if single != nil {
		for _, j := range free {
			f.x[j] = single.Value(lp.x[j])
		}
		return true, nil
	}
	cost := make([]float64, len(f.x))
	for _, p := range f.k.priorities(free) {
		clear(cost)
		touched := false
		for _, t := range p {
			cost[t.bid] = t.coef
			touched = touched || f.lo[t.bid] < f.up[t.bid]
		}
		if !touched {
			continue
		}
		lp.unit = f.k.unit(cost)
		for _, j := range free {
			lp.SetCost(lp.x[j], cost[j]/lp.unit)
			lp.SetBounds(lp.x[j], f.lo[j], f.up[j])
		}
		for i, r := range lp.rows {
			if f.tight[i] && r.Valid() {
				_, rhs := r.Range()
				lp.SetRange(r, rhs, rhs)
			}
		}
		s, err := session.Solve(ctx, o)
		if err != nil {
			return false, err
		}
		if !s.HasDuals() {
			return false, nil
		}
		for _, j := range free {
			f.x[j] = s.Value(lp.x[j])
		}
		f.restrict(cost, lp.duals(s))
		if !f.peel() {
			return false, nil
		}
	}
	return true, nil
}

// open states the face over the fractions it leaves open.
func (f *face) open(free []int) *formulation {
	lp := &formulation{Model: solver.NewModel("ties", solver.Maximize), unit: 1, per: make([]float64, len(f.tight))}
	lp.x, lp.rows = make([]solver.Var, len(f.x)), make([]solver.Con, len(f.tight))
	for _, j := range free {
		lp.x[j] = lp.Continuous("x", f.k.key(j), f.lo[j], f.up[j])
	}
	for i := range f.k.rows {
		var terms []solver.Term
		var rest solver.Sum
		r := &f.k.rows[i]
		if math.IsInf(r.rhs, 1) {
			continue // its control is off
		}
		rest.Add(r.rhs)
		most := 0.0
		for _, t := range r.terms {
			if lp.x[t.bid].Valid() {
				terms = append(terms, lp.x[t.bid].Times(t.coef))
				most = max(most, math.Abs(t.coef))
			} else {
				rest.Add(-t.coef * f.lo[t.bid])
			}
		}
		lp.per[i] = unit(most)
		for n := range terms {
			terms[n].Coef /= lp.per[i]
		}
		switch rhs := rest.Value() / lp.per[i]; {
		case len(terms) == 0:
		case f.tight[i]:
			lp.rows[i] = lp.Equal(r.family, f.k.name(r), terms, rhs)
		default:
			lp.rows[i] = lp.AtMost(r.family, f.k.name(r), terms, rhs)
		}
	}
	return lp
}

// golden is the golden ratio: its multiples modulo 1 are spread evenly and satisfy no linear equation with
// rational coefficients, so no face of rational data with two points is level in a direction made of them.
const golden = math.Phi

// single returns the point of a face that has but one, nil of others: a face is a point if a generic
// direction is level on it.
func (f *formulation) single(ctx context.Context, session *solver.Session, free []int, o solver.Options) (*solver.Solution, error) {
	var ends [2]*solver.Solution
	scale := 0.0
	for i, sign := range []float64{1, -1} {
		scale = 0
		for n, j := range free {
			_, g := math.Modf(float64(n+1) * golden)
			f.SetCost(f.x[j], sign*(0.5+g))
			scale++
		}
		s, err := session.Solve(ctx, o)
		if err != nil || !s.HasDuals() {
			return nil, err
		}
		ends[i] = s
	}
	if ends[0].Objective+ends[1].Objective > fractionSlack*scale {
		return nil, nil
	}
	return ends[0], nil
}
