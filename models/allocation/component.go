package allocation

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"lotwise/models/auction"
	"lotwise/solver"
)

// A point is an allocation of a component.
type point struct {
	x         []float64 // by bid: the accepted fraction
	y         []bool    // by bid: whether it is accepted, if it is to decide
	first     bool      // by the tie rule, of the best at its decisions
	objective float64
	price     []float64 // by row: its shadow price, the decisions fixed
}

// A part is what a component's solve found.
type part struct {
	point
	component *component
	bids      []int     // the component's
	bound     float64   // no allocation earns more
	proven    bool      // the point is optimal
	settled   bool      // the point is the first of the optima by the tie rule
	cliques   [][]int32 // of a packing: those of its relaxation
}

// most is what no allocation earns more than, without the bound's allowance where the objective is proven.
func (p *part) most() float64 {
	if p.proven {
		return p.objective
	}
	return p.bound
}

const (
	// Up to exactDecisions (and ten times as many bids), a gap is not made use of: the optimum is proven, if exactNodes nodes of branch
	// and bound do it, which takes seconds.
	exactDecisions = 500
	exactNodes     = 1000
	// interiorRows is from how many rows on the root relaxation is left to the interior point method, where
	// simplex takes minutes.
	interiorRows = 500
	// decisionTries is how often decisions may be found that fit within the solver's tolerances but not
	// exactly, and be forbidden, before the component is given up.
	decisionTries = 20
)

const (
	// provenShare and provenMoney, the latter in the unit of the formulation, are what a solver's bound may
	// lie above a proven optimum: it is told with an allowance for what rounding and the pruning of branch and
	// bound may have cost.
	provenShare = 2e-9
	provenMoney = 1e-5
)

// countTolerance is what constraints and integers may be missed by where bids count from auction.LeastFraction on.
// HiGHS's own, also a millionth, does not tell such a bid from one that is not accepted: of 3000 random problems with
// limits on numbers, 29 were given bounds that exclude the optimum.
const countTolerance = 1e-9

// counting is o for a component in which bids count from a millionth on.
func (k *component) counting(o solver.Options) solver.Options {
	if slices.Contains(k.least, auction.LeastFraction) {
		o.Extra = map[string]any{"mip_feasibility_tolerance": countTolerance}
	}
	return o
}

// allowance is how far a solver's objective or bound may lie from the optimum w and be it.
func (k *component) allowance(w float64) float64 {
	return provenMoney*k.unit(k.value) + provenShare*math.Abs(w)
}

// work is a guess of how long the component takes compared with others.
func (k *component) work() float64 {
	w := float64(len(k.bids))
	for j := range k.decide {
		if k.decide[j] {
			w += 20
		}
	}
	return w
}

// solve solves the component. A limit or an ended context leaves what was found until then.
func (k *component) solve(ctx context.Context, o solver.Options) (*part, error) {
	switch {
	case len(k.rows) == 0 && !slices.Contains(k.decide, true):
		return k.unlimited(), nil
	case k.oneLot():
		return k.merit(), nil
	case !slices.Contains(k.decide, true):
		return k.divisible(ctx, o)
	default:
		if p, members := k.packing(); p != nil {
			return k.packed(ctx, p, members, o)
		}
		return k.indivisible(ctx, k.counting(o))
	}
}

// unlimited accepts every bid that loses nothing.
func (k *component) unlimited() *part {
	x := make([]float64, len(k.value))
	for j := range k.bids {
		if k.value[j] >= 0 {
			x[j] = 1
		}
	}
	w := k.earns(x)
	return &part{point: point{x: x, objective: w}, bound: w, proven: true, settled: true}
}

// oneLot says whether the component is divisible bids for one lot, short of nothing but its capacity.
func (k *component) oneLot() bool {
	if len(k.rows) != 1 || k.rows[0].family != capacity || slices.Contains(k.decide, true) {
		return false
	}
	for j := range k.bids {
		if len(k.bid(j).Rows) != 1 {
			return false
		}
	}
	return true
}

// merit serves one lot by the order of merit. The shadow price is what one more package would earn: the
// price of the first row that is not served in full.
func (k *component) merit() *part {
	r := &k.rows[0]
	lot := auction.Lot{Capacity: r.rhs}
	offers := make([]auction.Offer, len(r.terms))
	for i, t := range r.terms {
		offers[i] = auction.Offer{Bidder: k.bidder(t.bid), Price: k.value[t.bid] / t.coef, Quantity: t.coef}
	}
	level(offers)
	x := make([]float64, len(k.bids))
	for j := range x {
		if k.value[j] >= 0 {
			x[j] = 1 // bids for no packages are in no row
		}
	}
	var m auction.Merit
	won := m.Serve(nil, &lot, offers)
	for i, t := range r.terms {
		x[t.bid] = won[i] / t.coef
	}
	price := 0.0
	for _, i := range m.Rank(&lot, offers) {
		if won[i] < offers[i].Quantity {
			price = offers[i].Price
			break
		}
	}
	w := k.earns(x)
	return &part{point: point{x: x, objective: w, price: []float64{price}}, bound: w, proven: true, settled: true}
}

// level makes prices that differ by rounding alone equal, so that they are ties: a price recovered from the money for
// all packages has lost its last digit.
func level(offers []auction.Offer) {
	byPrice := make([]int, len(offers))
	for i := range byPrice {
		byPrice[i] = i
	}
	slices.SortStableFunc(byPrice, func(a, b int) int { return cmp.Compare(offers[a].Price, offers[b].Price) })
	for n := 1; n < len(byPrice); n++ {
		low, high := offers[byPrice[n-1]].Price, &offers[byPrice[n]].Price
		if *high-low <= tieShare*math.Abs(*high) {
			*high = low
		}
	}
}

// divisible solves a component without decisions, a linear program.
func (k *component) divisible(ctx context.Context, o solver.Options) (*part, error) {
	lo, up := k.open()
	for j := range k.bids {
		up[j] = 1
	}
	// Rows of a lot, a bidder or a limit have next to nothing in common, so that presolve takes longer than what it
	// saves: on 2,000 lots and 40,000 bids, half of the whole solve.
	o.Extra = map[string]any{"presolve": "off"}
	found, bound, err := k.allotted(ctx, lo, up, o)
	if err != nil {
		return nil, err
	}
	if found == nil {
		if found = k.greedy(); found == nil {
			return nil, k.none(ctx, bound)
		}
	}
	bound = max(bound, found.objective)
	return &part{point: *found, bound: bound, proven: bound-found.objective <= k.allowance(found.objective), settled: found.first}, nil
}

// allotted is the best allotment at given decisions, of these the first by the tie rule unless any will
// do, and a bound on it. The point is nil where the decisions do not fit or there was no time.
func (k *component) allotted(ctx context.Context, lo, up []float64, o solver.Options) (p *point, bound float64, err error) {
	if slices.Equal(lo[:len(k.bids)], up[:len(k.bids)]) {
		lo = slices.Clone(lo)
		k.settle(lo)
		if !k.fits(lo) {
			return nil, math.Inf(-1), nil
		}
		w := k.earns(lo)
		return &point{x: lo, first: true, objective: w, price: make([]float64, len(k.rows))}, w, nil
	}
	m := k.allot(lo, up)
	s, err := solver.Solve(ctx, m.Model, o)
	if err != nil {
		return nil, 0, err
	}
	k.effort += s.Iterations + perSolve
	if !s.HasDuals() {
		if s.Termination == solver.Failed {
			return nil, 0, fmt.Errorf("allocation: the solver failed on the linear program of %d bids from %s on", len(k.bids), k.key(0))
		}
		return nil, s.Bound * m.unit, nil
	}
	x := make([]float64, len(k.value))
	for j := range x {
		x[j] = s.Value(m.x[j])
	}
	p = &point{price: m.duals(s)}
	if !k.problem.AnyOptimum {
		f := &face{k, slices.Clone(x), slices.Clone(lo), slices.Clone(up), make([]bool, len(k.rows))}
		f.restrict(k.value, p.price)
		settled, err := f.first(ctx, o)
		if err != nil {
			return nil, 0, err
		}
		if settled && k.repair(f.x, lo, up) {
			p.x, p.first, p.objective = f.x, true, k.earns(f.x)
		}
	}
	// The solver's own point, where the face's was not wanted or has lost something.
	if !k.repair(x, lo, up) {
		if p.x == nil {
			return nil, s.Bound * m.unit, nil
		}
	} else if w := k.earns(x); p.x == nil || w > p.objective+k.allowance(w) {
		p.x, p.first, p.objective = x, false, w
	}
	return p, s.Bound * m.unit, nil
}

// indivisible solves a component with decisions, a mixed-integer program.
func (k *component) indivisible(ctx context.Context, o solver.Options) (*part, error) {
	f := k.formulate(true)
	if len(k.rows) > interiorRows {
		o.MIPLPSolver = "ipm"
	}
	best := k.greedy()
	if tell := o.Progress; tell != nil {
		o.Progress = func(s solver.Progress) {
			s.Objective, s.Bound = s.Objective*f.unit, s.Bound*f.unit
			if math.IsNaN(s.Objective) && best != nil {
				s.Objective = best.objective
			}
			tell(s)
		}
	}
	session, err := solver.Open(f.Model)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	deadline := time.Now().Add(o.TimeLimit)
	bound := math.Inf(1)
	if k.passing != nil {
		k.pass(f, &o)
	}
	var s *solver.Solution
	for try := range decisionTries {
		o.Start = nil
		if best != nil {
			o.Start = f.values(k, best.x)
		}
		if s, err = k.search(ctx, f, session, o, deadline); err != nil {
			return nil, err
		}
		bound = s.Bound * f.unit
		if !s.HasValues() {
			if s.Termination == solver.Failed || s.Claim == solver.Infeasible && best != nil {
				return nil, fmt.Errorf("allocation: the solver found no allocation of %d bids from %s on", len(k.bids), k.key(0))
			}
			break
		}
		found, err := k.at(ctx, f, s, left(o, deadline))
		if err != nil {
			return nil, err
		}
		if found != nil {
			if best == nil || found.objective >= best.objective {
				best = found
			}
			break
		}
		if ctx.Err() != nil || try == decisionTries-1 {
			break
		}
		f.exclude(k, k.decisions(f, s))
	}
	if best == nil {
		return nil, k.none(ctx, bound)
	}
	p := &part{point: *best, bound: max(bound, best.objective)}
	p.proven = p.bound-p.objective <= k.allowance(p.objective)
	if p.proven && !k.problem.AnyOptimum {
		p.settled, err = k.breakTies(ctx, &p.point, left(o, deadline))
	}
	return p, err
}

// pass ends the search with a point that earns more than enough, and passes on the points before.
func (k *component) pass(f *formulation, o *solver.Options) {
	o.Extra = maps.Clone(o.Extra)
	if o.Extra == nil {
		o.Extra = map[string]any{}
	}
	o.Extra["objective_target"] = -k.enough / f.unit // programs are solved as minimisations
	o.Improving = func(_ float64, values []float64) {
		x := make([]float64, len(k.value))
		lo, up := k.open()
		for j := range x {
			x[j] = values[f.x[j].Index()]
			if j < len(k.bids) && (!f.y[j].Valid() || values[f.y[j].Index()] > 0.5) {
				lo[j], up[j] = k.least[j], 1
			}
		}
		if k.repair(x, lo, up) {
			k.passing(x)
		}
	}
}

// search solves the program, to proven optimality where that is cheap.
func (k *component) search(ctx context.Context, f *formulation, session *solver.Session, o solver.Options, deadline time.Time) (*solver.Solution, error) {
	if o.RelGap > 0 && f.Integers() <= exactDecisions && len(k.bids) <= 10*exactDecisions {
		exact := left(o, deadline)
		exact.RelGap, exact.NodeLimit = 0, exactNodes
		s, err := session.Solve(ctx, exact)
		if err == nil {
			k.effort += s.Iterations + perSolve
		}
		if err != nil || s.HasValues() && s.Gap() <= o.RelGap || s.Limit == solver.LimitTime || ctx.Err() != nil {
			return s, err
		}
		if s.HasValues() {
			o.Start = nil // the session goes on from its own
		}
	}
	s, err := session.Solve(ctx, left(o, deadline))
	if err == nil {
		k.effort += s.Iterations + perSolve
	}
	return s, err
}

// left is o with the time that is left to the deadline.
func left(o solver.Options, deadline time.Time) solver.Options {
	if o.TimeLimit > 0 {
		o.TimeLimit = max(time.Until(deadline), time.Millisecond)
	}
	return o
}

// at is the best allotment at the decisions of s, nil where they do not fit.
func (k *component) at(ctx context.Context, f *formulation, s *solver.Solution, o solver.Options) (*point, error) {
	o.RelGap, o.NodeLimit, o.Start, o.Progress = 0, 0, nil, nil
	y := k.decisions(f, s)
	lo, up := k.given(y)
	k = k.applying(y)
	p, _, err := k.allotted(ctx, lo, up, o)
	if p == nil && err == nil {
		// No time: the program's own fractions.
		x := make([]float64, len(k.value))
		for j := range x {
			x[j] = s.Value(f.x[j])
		}
		if k.repair(x, lo, up) {
			p = &point{x: x, objective: k.earns(x), price: make([]float64, len(k.rows))}
		}
	}
	if p != nil {
		p.y = y
	}
	return p, err
}

// decisions are the bids that s may accept.
func (k *component) decisions(f *formulation, s *solver.Solution) []bool {
	y := make([]bool, len(k.decide))
	for j := range y {
		y[j] = !k.decide[j] || s.Value(f.y[j]) > 0.5
	}
	k.complete(y)
	return y
}

// exclude excludes the decisions y, and those that only take back bids without a least fraction, which
// allot nothing else: Σ_{y_b = 0} y_b + Σ_{y_b = 1, f_b > 0} (1 - y_b) ≥ 1.
func (f *formulation) exclude(k *component, y []bool) solver.Con {
	var differ []solver.Term
	ones := 0.0
	for j, v := range f.y {
		switch {
		case !k.decide[j]:
		case !y[j]:
			differ = append(differ, v.Times(1))
		case k.least[j] > 0:
			differ = append(differ, v.Times(-1))
			ones++
		}
	}
	return f.AtLeast("other", "", differ, 1-ones)
}

// values are the values of all variables at x.
func (f *formulation) values(k *component, x []float64) []float64 {
	v := make([]float64, f.Vars())
	for j := range x {
		v[f.x[j].Index()] = x[j]
	}
	on := k.on(x)
	for j, is := range on {
		if k.decide[j] && is {
			v[f.y[j].Index()] = 1
		}
	}
	for i, over := range f.over {
		if over.Valid() {
			v[over.Index()] = k.over(&k.counts[i], on)
		}
	}
	for i, z := range f.z {
		for _, j := range k.entries[i].bids {
			if x[j] > 0 {
				v[z.Index()] = 1
			}
		}
	}
	return v
}
