package allocation

import (
	"cmp"
	"context"
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
// Where decisions y are open, the rule is climbed priority by priority: each is maximised by a program
// that must keep the optimal value and the priorities before. Decisions that no optimum takes are fixed
// first by reduced costs, and a single optimum is recognised by looking for another, so that a problem
// without ties costs two programs, not one a bidder.

const (
	// tieNodes bounds each of these searches, and tiePrograms their number in one component: ties that
	// are not settled within are left where the solver found them, and the summary says so.
	tieNodes    = 20_000
	tiePrograms = 500
)

// priorities are what the tie rule maximises, the most important first, as far as the given bids have a
// part in it. Bids are ascending.
func (k *component) priorities(bids []int) [][]term {
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
	var s sum
	for _, t := range p {
		s.add(t.coef * x[t.bid])
	}
	return s.value()
}

// before says whether the tie rule puts a before b.
func (k *component) before(a, b []float64) bool {
	all := make([]int, len(a))
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
	o.RelGap, o.Start, o.NodeLimit, o.TimeLimit = 0, nil, tieNodes, 0
	t := &ties{k: k, formulation: k.formulate(true), best: best, o: o}
	if err := t.decided(ctx); err != nil {
		return false, err
	}
	t.AtLeast("optimal", "", t.objective(k), best.objective-slack(best.objective))
	t.differ = t.AtLeast("differ", "", nil, math.Inf(-1))
	var err error
	if t.session, err = solver.Open(t.Model); err != nil {
		return false, err
	}
	defer t.session.Close()

	all := make([]int, len(k.bids))
	for j := range all {
		all[j] = j
	}
	volumes, fractions := k.priorities(all), []([]term)(nil)
	volumes, fractions = volumes[:len(volumes)-len(all)], volumes[len(volumes)-len(all):]
	for _, ps := range [][][]term{volumes, fractions} {
		single, err := t.single(ctx)
		if single || err != nil {
			return single, err
		}
		for _, p := range ps {
			if ok, err := t.climb(ctx, p); !ok || err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// ties is a program whose solutions are the optimal allocations that are not behind best.
type ties struct {
	*formulation
	k       *component
	session *solver.Session
	o       solver.Options
	best    *point
	open    []int // bids whose decision is not the same in all optima, for all that is known
	differ  solver.Con
	solved  int
}

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
	w := t.best.objective - slack(t.best.objective) - provenShare*math.Abs(t.best.objective)
	for j, y := range relaxed.y {
		if !t.k.decide[j] {
			continue
		}
		if s.HasDuals() {
			switch r, v := s.ReducedCost(y), s.Value(y); {
			case v < 0.5 && s.Objective+r < w:
				t.SetBounds(t.y[j], 0, 0)
				continue
			case v > 0.5 && s.Objective-r < w:
				t.SetBounds(t.y[j], 1, 1)
				continue
			}
		}
		t.open = append(t.open, j)
	}
	return nil
}

// single says whether no solution has other decisions than best.
func (t *ties) single(ctx context.Context) (bool, error) {
	ones := 0.0
	for _, j := range t.open {
		sign := 1.0
		if t.best.x[j] > 0 {
			sign = -1
			ones++
		}
		t.SetCoef(t.differ, t.y[j], sign)
	}
	if len(t.open) == 0 {
		return true, nil
	}
	t.SetRange(t.differ, 1-ones, math.Inf(1))
	t.maximize(nil)
	s, err := t.session.Solve(ctx, t.o)
	t.SetRange(t.differ, math.Inf(-1), math.Inf(1))
	return err == nil && s.Claim == solver.Infeasible, err
}

// climb moves best to the solutions with the most of the priority. It returns false where that is not
// proven.
func (t *ties) climb(ctx context.Context, p []term) (bool, error) {
	if worth(p, t.best.x) < t.most(p) {
		if t.solved++; t.solved > tiePrograms {
			return false, nil
		}
		t.maximize(p)
		s, err := t.session.Solve(ctx, t.o)
		if err != nil || s.Claim != solver.Optimal {
			return false, err
		}
		found, err := t.k.at(ctx, t.formulation, s, t.o)
		if err != nil || found == nil {
			return false, err
		}
		if found.objective >= t.best.objective-slack(t.best.objective) && t.k.before(found.x, t.best.x) {
			*t.best = *found
		}
	}
	w := worth(p, t.best.x)
	t.AtLeast("served", "", t.terms(p), w-slack(w))
	return true, nil
}

// most bounds the priority by what the decisions leave open.
func (t *ties) most(p []term) float64 {
	var s sum
	for _, at := range p {
		if y := t.y[at.bid]; y.Valid() {
			_, up := y.Bounds()
			s.add(at.coef * up)
		} else {
			s.add(at.coef)
		}
	}
	return s.value()
}

// maximize makes the priority the objective; nil makes it 0.
func (t *ties) maximize(p []term) {
	for j := range t.Vars() {
		t.SetCost(t.Var(j), 0)
	}
	t.Objective(t.terms(p)...)
}

func (t *ties) terms(p []term) []solver.Term {
	terms := make([]solver.Term, len(p))
	for i, at := range p {
		terms[i] = t.x[at.bid].Times(at.coef)
	}
	return terms
}

// objective is what the component earns.
func (f *formulation) objective(k *component) []solver.Term {
	var terms []solver.Term
	for j, x := range f.x {
		terms = append(terms, x.Times(k.value[j]))
	}
	for i, z := range f.z {
		terms = append(terms, z.Times(-k.entries[i].fee))
	}
	return terms
}
