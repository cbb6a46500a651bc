package allocation

import (
	"context"
	"math"
	"slices"

	"lotwise/solver"
)

// A relaxation is a packing's linear relaxation over maximal cliques. Any prices π ≥ 0 of cliques bound what a packing is
// worth by weak duality, whatever program they come from:
//
//	bound = Σ_q π_q + Σ_v max(0, -reduced_v),   reduced_v = Σ_{q ∋ v} π_q - value_v
//
// and the same with other cuts that have prices (halves.go), times their right-hand side and coefficients;
// and one that accepts v by bound - max(0, reduced_v). Both are computed here; the solver only proposes.
type relaxation struct {
	*packing
	cliques [][]int32      // maximal, those of the packing and those that cut off fractions
	place   map[string]int // of cliques and halves, by key
	model   *solver.Model
	session *solver.Session
	vars    []solver.Var
	rows    []solver.Con
	unit    float64 // of the model's objective
	dropped []bool  // by member: not accepted any more

	halves []half // cuts from odd numbers of cliques

	x       []float64 // by member: the fraction accepted
	price   []float64 // by clique
	reduced []float64 // by member
	bound   float64

	iterations int64 // of the solver, since it was opened
}

const (
	// priceNoise is the share of the largest value from which on a price is one: what a solver's tolerance on reduced
	// costs leaves of prices that are zero.
	priceNoise = 1e-9
	// integralSlack is how near to whole numbers fractions are whole.
	integralSlack = 1e-6
	// modelValue is what the largest value is stated as, so that absolute tolerances are fine.
	modelValue = 1 << 10
)

// relax opens the relaxation; close it.
func (p *packing) relax() (*relaxation, error) {
	r := &relaxation{packing: p, model: solver.NewModel("packing", solver.Maximize), place: map[string]int{}, unit: 1}
	if most := slices.Max(p.value); most > 0 {
		_, exp := math.Frexp(most / modelValue)
		r.unit = math.Ldexp(1, exp)
	}
	r.x, r.reduced, r.dropped = make([]float64, len(p.value)), make([]float64, len(p.value)), make([]bool, len(p.value))
	for _, value := range p.value {
		x := r.model.Continuous("x", "", 0, 1)
		r.model.Objective(x.Times(value / r.unit))
		r.vars = append(r.vars, x)
	}
	for _, q := range p.cliques {
		r.add(p.maximal(q, p.value))
	}
	r.assess() // without prices, the sum of all values
	var err error
	r.session, err = solver.Open(r.model)
	return r, err
}

func (r *relaxation) close() { r.session.Close() }

// tighten adds the cliques that its point violates, and says whether there were any new ones.
func (r *relaxation) tighten() bool {
	added := false
	for _, q := range r.violatedCliques(r.x) {
		added = r.add(q) || added
	}
	return added
}

// add adds a clique, unless it is there, and says whether it did.
func (r *relaxation) add(q []int32) bool {
	n := len(r.cliques)
	return r.placed(q) == n
}

// placed is the place of a clique, which is added unless it is there.
func (r *relaxation) placed(q []int32) int {
	slices.Sort(q)
	key := keyOf(q)
	if n, ok := r.place[key]; ok {
		return n
	}
	n := len(r.cliques)
	r.place[key] = n
	terms := make([]solver.Term, len(q))
	for i, v := range q {
		terms[i] = r.vars[v].Times(1)
	}
	r.cliques = append(r.cliques, q)
	r.rows = append(r.rows, r.model.AtMost("clique", "", terms, 1))
	return n
}

// drop keeps a member out from now on.
func (r *relaxation) drop(v int32) {
	r.dropped[v] = true
	r.model.SetBounds(r.vars[v], 0, 0)
}

// open are the members not dropped.
func (r *relaxation) open() (members []int32) {
	for v, out := range r.dropped {
		if !out {
			members = append(members, int32(v))
		}
	}
	return members
}

// solve solves the relaxation as it is. It returns false where a limit or the context stopped it; the bound stands.
func (r *relaxation) solve(ctx context.Context, o solver.Options) (bool, error) {
	o = solver.Options{TimeLimit: o.TimeLimit, Seed: o.Seed, Extra: map[string]any{"presolve": "off"}}
	s, err := r.session.Solve(ctx, o)
	if err != nil {
		return false, err
	}
	if r.iterations += s.Iterations; !s.HasDuals() {
		return false, nil
	}
	for v, x := range r.vars {
		r.x[v] = s.Value(x)
	}
	r.price = r.price[:0]
	priceOf := func(row solver.Con) float64 {
		price := s.Dual(row) * r.unit
		if price < priceNoise*modelValue*r.unit {
			price = 0
		}
		return price
	}
	for _, row := range r.rows {
		r.price = append(r.price, priceOf(row))
	}
	for n := range r.halves {
		r.halves[n].price = priceOf(r.halves[n].row)
	}
	r.assess()
	return true, nil
}

// assess computes reduced costs and bound from the prices.
func (r *relaxation) assess() {
	var total solver.Sum
	for v, value := range r.value {
		r.reduced[v] = -value
	}
	for q, price := range r.price {
		if price == 0 {
			continue
		}
		total.Add(price)
		for _, v := range r.cliques[q] {
			r.reduced[v] += price
		}
	}
	for n := range r.halves {
		h := &r.halves[n]
		total.Add(h.price * h.rhs)
		for i, v := range h.members {
			r.reduced[v] += h.price * h.coef[i]
		}
	}
	for v, d := range r.reduced {
		if d < 0 && !r.dropped[v] {
			total.Add(-d)
		}
	}
	r.bound = total.Value()
}

// with bounds what a packing is worth that accepts v.
func (r *relaxation) with(v int32) float64 { return r.bound - max(0, r.reduced[v]) }

// whole are the members accepted, where no fraction is open.
func (r *relaxation) whole() (members []int32, ok bool) {
	for v, x := range r.x {
		switch {
		case x > 1-integralSlack:
			members = append(members, int32(v))
		case x > integralSlack:
			return nil, false
		}
	}
	return members, r.fits(members)
}

// keyOf names a set of members.
func keyOf(q []int32) string {
	b := make([]byte, 0, 4*len(q))
	for _, v := range q {
		b = append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
	}
	return string(b)
}
