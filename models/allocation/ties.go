package allocation

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"

	"lotwise/solver"
)

// The tie rule. Among optimal allocations the one is taken that serves earlier bidders first: the one
// with the largest accepted volume of the first bidder of bidders.csv, of these the one with the
// largest volume of the second, and so on; among allocations alike in all volumes, the one with the
// largest accepted fraction of the first bid of bids.csv, then of the second. No two allocations are
// alike in all of these, so the rule names exactly one. For divisible lot bids it is the order of merit.
//
// Where decisions y are open, optima with other decisions are looked for one after the other, each search
// forbidding the decisions seen; the best allotment at each is computed exactly, and the first by the rule
// kept, until no optimum is left. Decisions that no optimum takes are fixed before by reduced costs, so that
// a problem without ties costs one more program. Where optima abound, the rule is climbed instead, priority by
// priority: each is maximised by a program that must keep the optimal value and the priorities before. When all bidders' volumes
// are known, few optima are left in general, and they are looked for again.

const (
	// tieFew, and one a bidder, is how many optima are looked at one by one before the rule is climbed from bidder to bidder,
	// and tieOptima how many of those that serve all bidders alike before it is climbed from bid to bid.
	tieFew    = 4
	tieOptima = 60
	// tieNodes bounds each of these programs, and tiePrograms their number in one component: ties that
	// are not settled within are left where the solver found them, and the summary says so.
	tieNodes    = 20_000
	tiePrograms = 500
	// tieEffort, and tieShareOfEffort times what the optimum took, is the work that one component's ties may take: seconds.
	tieEffort        = 30_000
	tieShareOfEffort = 20
	// tieFraction is from which fraction of a bid on another optimum is looked for that accepts it, where a limit on
	// numbers has to be given up for it: what a smaller one would earn is less than what bounds are certain to.
	tieFraction = 1e-4
)

// holdSlack is by how much the searches may fall short of what they must keep. It has to be larger than the
// solver's tolerance on rows, 1e-6, of which presolve may use up a multiple; what it lets in is told apart afterwards, when the
// allotment at the decisions found is computed exactly.
func holdSlack(a float64) float64 { return 1e-5 + rowShare*math.Abs(a) }

// priorities are what the tie rule maximises, the most important first, as far as the given bids have a
// part in it. Bids are ascending.
func (k *component) priorities(bids []int) [][]term {
	bids = slices.DeleteFunc(slices.Clone(bids), func(j int) bool { return j >= len(k.bids) }) // misses have none
	byBidder := slices.Clone(bids)
	slices.SortStableFunc(byBidder, func(a, b int) int { return cmp.Compare(k.bidder(a), k.bidder(b)) })
	var p [][]term
	for n, j := range byBidder {
		if n == 0 || k.bidder(j) != k.bidder(byBidder[n-1]) {
			p = append(p, nil)
		}
		p[len(p)-1] = append(p[len(p)-1], term{j, k.volume[j]})
	}
	for _, j := range bids {
		p = append(p, []term{{j, 1}})
	}
	return p
}

// worth is the priority's value at x.
func worth(p []term, x []float64) float64 {
	var s solver.Sum
	for _, t := range p {
		s.Add(t.coef * x[t.bid])
	}
	return s.Value()
}

// before says whether the tie rule puts a before b.
func (k *component) before(a, b []float64) bool {
	all := make([]int, len(k.bids))
	for j := range all {
		all[j] = j
	}
	for _, p := range k.priorities(all) {
		if u, v := worth(p, a), worth(p, b); math.Abs(u-v) > slack(v) {
			return u > v
		}
	}
	return false
}

// breakTies moves best, a proven optimum, to the first of the optima. It returns false where that took
// too long or was stopped.
func (k *component) breakTies(ctx context.Context, best *point, o solver.Options) (bool, error) {
	if o.TimeLimit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.TimeLimit)
		defer cancel()
	}
	o.RelGap, o.Start, o.NodeLimit, o.TimeLimit, o.Progress = 0, nil, tieNodes, 0, nil
	t := &ties{k: k, formulation: k.formulate(true), best: best, o: o, optimum: best.objective}
	if err := t.decided(ctx); err != nil {
		return false, err
	}
	session, err := solver.Open(t.Model)
	if err != nil {
		return false, err
	}
	defer session.Close()
	t.session = session
	t.exact = best.first
	t.effort = k.effort + tieEffort + tieShareOfEffort*k.effort
	all := make([]int, len(k.bids))
	for j := range all {
		all[j] = j
	}
	p := k.priorities(all)
	served, accepted := p[:len(p)-len(all)], p[len(p)-len(all):]
	done, stopped, err := t.enumerate(ctx, tieFew+len(served))
	if !done && !stopped && err == nil {
		if stopped, err = t.climb(ctx, served); !stopped && err == nil {
			if done, stopped, err = t.enumerate(ctx, tieOptima); !done && !stopped && err == nil {
				stopped, err = t.climb(ctx, accepted)
				done = !stopped
			}
		}
	}
	return done && t.exact, err
}

// ties is the search for the first optimum.
type ties struct {
	*formulation
	k        *component
	session  *solver.Session
	o        solver.Options
	optimum  float64
	best     *point
	programs int   // solved by climbing
	effort   int64 // the component's when the search ends at the latest
	exact    bool  // every allotment looked at is the first at its decisions
}

// near is what a solver's objective at an optimum is at least.
func (t *ties) near() float64 { return t.optimum - t.k.allowance(t.optimum) }

// decided fixes the decisions that are the same in every optimum: those that would cost more than nothing
// to change, by their reduced costs in the relaxation.
func (t *ties) decided(ctx context.Context) error {
	relaxed := t.k.formulate(false)
	o := t.o
	o.NodeLimit = 0
	s, err := solver.Solve(ctx, relaxed.Model, o)
	if err != nil {
		return err
	}
	for j, y := range relaxed.y {
		if t.k.decide[j] && s.HasDuals() {
			switch r, v := s.ReducedCost(y), s.Value(y); {
			case v < 0.5 && (s.Objective+r)*t.unit < t.near():
				t.SetBounds(t.y[j], 0, 0)
			case v > 0.5 && (s.Objective-r)*t.unit < t.near():
				t.SetBounds(t.y[j], 1, 1)
			}
		}
	}
	return nil
}

// enumerate looks at the optima with other decisions than best, up to so many. None is left if it says so; stopped says
// that it could not go on.
func (t *ties) enumerate(ctx context.Context, optima int) (none, stopped bool, err error) {
	t.maximize(t.objective(t.k))
	// Any optimum will do: nothing worse is looked at, and the first ends the search.
	o := t.o
	o.Extra = map[string]any{"objective_bound": -t.near() / t.unit, "objective_target": -t.near() / t.unit}
	maps.Copy(o.Extra, t.o.Extra)
	seen := []solver.Con{t.apart(t.best)}
	for range optima {
		s, err := t.solve(ctx, o)
		if err != nil || t.k.effort > t.effort {
			return false, true, err
		}
		if s.Claim == solver.Infeasible || s.Bound*t.unit < t.near() {
			return true, false, nil
		}
		if s.Claim != solver.Optimal && s.Limit != solver.LimitObjective || !s.HasValues() {
			return false, true, nil
		}
		if s.Objective*t.unit < t.near() {
			return true, false, nil
		}
		found, err := t.look(ctx, s)
		if err != nil || ctx.Err() != nil {
			return false, true, err
		}
		if found != nil {
			seen = append(seen, t.apart(found))
		}
	}
	for _, r := range seen {
		t.SetRange(r, math.Inf(-1), math.Inf(1))
	}
	return false, false, nil
}

// solve solves the program as it is.
func (t *ties) solve(ctx context.Context, o solver.Options) (*solver.Solution, error) {
	s, err := t.session.Solve(ctx, o)
	if err == nil {
		t.k.effort += s.Iterations + perSolve
	}
	return s, err
}

// look is the first optimum at the decisions of s, which it takes. Where there is none, they are optimal within a program's tolerances
// alone, and forbidden from then on.
func (t *ties) look(ctx context.Context, s *solver.Solution) (*point, error) {
	found, err := t.k.at(ctx, t.formulation, s, t.o)
	switch {
	case err != nil || ctx.Err() != nil:
		return nil, err
	case found == nil:
		t.exclude(t.k, t.k.decisions(t.formulation, s))
	case found.objective < t.optimum-slack(t.optimum):
		t.apart(found)
	default:
		t.exact = t.exact && found.first
		t.take(found)
		return found, t.spare(ctx, found)
	}
	return nil, nil
}

// spare looks at the optimum without the bids that p accepts next to nothing of for no reason.
func (t *ties) spare(ctx context.Context, p *point) error {
	spare, _ := t.k.tokens(p)
	if len(spare) == 0 {
		return nil
	}
	y := slices.Clone(p.y)
	for _, j := range spare {
		y[j] = false
	}
	for n := range t.k.controls {
		if at := len(t.k.bids) + n; t.k.controls[n].needed {
			y[at] = slices.ContainsFunc(t.k.controls[n].members, func(j int) bool { return y[j] })
		}
	}
	lo, up := t.k.given(y)
	found, _, err := t.k.applying(y).allotted(ctx, lo, up, t.o)
	if err != nil || found == nil {
		return err
	}
	found.y = y
	t.exact = t.exact && found.first
	t.take(found)
	return nil
}

// take keeps the better of found and best, of points as good the first by the rule.
func (t *ties) take(found *point) {
	off := found.objective - t.best.objective
	if off > slack(t.optimum) || off >= -slack(t.optimum) && t.k.before(found.x, t.best.x) {
		*t.best = *found
	}
}

// apart demands an allocation that is none of those at the decisions of p: one that accepts a bid which they leave no
// fraction of, not one that they demand a fraction of, or nothing where a limit applies to what they accept only.
//
//	Σ_{b: up_b = 0} ω_b + Σ_{b: f_b > 0, y_b = 1} (1 - y_b) + Σ_{nothing, on} (1 - v) ≥ 1
//
// where ω_b is y_b, or x_b / tieFraction of a bid whose y_b says nothing of x_b. Decisions that differ without any
// difference to what can be accepted, such as a lot that may be sold and is not, are the same so.
func (t *ties) apart(p *point) solver.Con {
	k := t.k
	_, up := k.given(p.y)
	spare, token := k.tokens(p)
	var differ []solver.Term
	ones := 0.0
	for j := range k.bids {
		switch {
		case up[j] == 0 && (k.least[j] >= tieFraction || token && k.least[j] > 0):
			differ = append(differ, t.y[j].Times(1))
		case up[j] == 0:
			differ = append(differ, t.x[j].Times(1/tieFraction))
		case k.decide[j] && k.least[j] > 0 && !slices.Contains(spare, j):
			differ = append(differ, t.y[j].Times(-1))
			ones++
		}
	}
	for n := range k.controls {
		if y := len(k.bids) + n; k.controls[n].nothing && p.y[y] {
			differ = append(differ, t.y[y].Times(-1))
			ones++
		}
	}
	return t.AtLeast("other", "", differ, 1-ones)
}

// tokens are the bids of which p accepts next to nothing: those that nothing asks for, and whether any is needed for a
// minimum, for which others might do.
func (k *component) tokens(p *point) (spare []int, needed bool) {
	x := slices.Clone(p.x)
	for j := range k.bids {
		if !p.y[j] || !k.decide[j] || k.least[j] == 0 || x[j] >= tieFraction {
			continue
		}
		before := k.on(x)
		x[j] = 0
		after := k.on(x)
		more := func(n count) bool { return k.over(&n, after) > k.over(&n, before)+countSlack }
		switch {
		case slices.ContainsFunc(k.counts, more):
			x[j], needed = p.x[j], true
		case slices.ContainsFunc(k.requires, func(r [2]int) bool { return r[1] == j && after[r[0]] }):
			x[j] = p.x[j]
		default:
			spare = append(spare, j)
		}
	}
	return spare, needed
}

// climb maximises priority after priority over the optimal allocations. Stopped says that it could not prove one.
func (t *ties) climb(ctx context.Context, priorities [][]term) (stopped bool, err error) {
	t.hold(t.objective(t.k), t.optimum/t.unit)
	o := t.o
	// The rows that must be kept leave so little room that presolve takes it for none.
	o.Extra = map[string]any{"presolve": "off"}
	maps.Copy(o.Extra, t.o.Extra)
	for _, p := range priorities {
		terms, per := t.terms(p)
		t.maximize(terms)
		for worth(p, t.best.x) < t.most(p) {
			if t.programs++; t.programs > tiePrograms {
				return true, nil
			}
			s, err := t.solve(ctx, o)
			if err != nil || s.Claim != solver.Optimal || t.k.effort > t.effort {
				return true, err
			}
			if s.Bound*per <= worth(p, t.best.x)+slack(worth(p, t.best.x)) {
				break
			}
			found, err := t.look(ctx, s)
			if err != nil || ctx.Err() != nil {
				return true, err
			}
			if found != nil {
				break
			}
		}
		t.hold(terms, worth(p, t.best.x)/per)
	}
	return false, nil
}

// hold keeps what is worth w at least that.
func (t *ties) hold(terms []solver.Term, w float64) {
	t.AtLeast("held", "", terms, w-holdSlack(w))
}

// most bounds the priority by what the decisions leave open.
func (t *ties) most(p []term) float64 {
	var s solver.Sum
	for _, at := range p {
		if y := t.y[at.bid]; y.Valid() {
			_, up := y.Bounds()
			s.Add(at.coef * up)
		} else {
			s.Add(at.coef)
		}
	}
	return s.Value()
}

// maximize makes the terms the objective.
func (t *ties) maximize(terms []solver.Term) {
	for j := range t.Vars() {
		t.SetCost(t.Var(j), 0)
	}
	t.Objective(terms...)
}

// terms are the priority in units of per.
func (t *ties) terms(p []term) (terms []solver.Term, per float64) {
	most := 0.0
	for _, at := range p {
		most = max(most, at.coef)
	}
	per = unit(most)
	for _, at := range p {
		terms = append(terms, t.x[at.bid].Times(at.coef/per))
	}
	return terms, per
}

// objective is what the component earns, in the formulation's unit.
func (f *formulation) objective(k *component) []solver.Term {
	var terms []solver.Term
	for j, x := range f.x {
		terms = append(terms, x.Times(k.value[j]/f.unit))
	}
	for i, z := range f.z {
		terms = append(terms, z.Times(-k.entries[i].fee/f.unit))
	}
	for i, v := range f.over {
		if v.Valid() {
			terms = append(terms, v.Times(-k.counts[i].penalty/f.unit))
		}
	}
	return terms
}
