package allocation

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"lotwise/models/auction"
	"lotwise/solver"
)

// Why limits cannot be met is told by a smallest set of rules that cannot be obeyed together: scopes of hard limits,
// budgets, volume caps and capacities. Least fractions, groups and required bids are what the bids are, not
// rules, and always hold.
//
// A set of rules is smallest when it hits every correction set, a set of rules without which the rest can be obeyed
// (Reiter 1987). So: take a smallest set that hits the correction sets found so far. If it cannot be obeyed it is the
// answer. If it can, add rules for as long as they can all be obeyed; those left over are another correction set
// (Ignatiev, Previti, Liffiton, Marques-Silva 2015, SMUS). A deletion filter first tells which rules are in
// some conflict at all, and is the answer where smallest would take too long.

// explainSolves bounds the trials of the search for a smallest conflict; an irreducible one is told beyond.
const explainSolves = 2000

// A rule is one that may be given up to see whether the others can be obeyed.
type rule struct {
	limit, scope int // of a limit; limit -1 for none
	family       string
	of           int // the lot or bidder
}

// explain is the *auction.Infeasible of limits that cannot be met.
func (p *Problem) explain(ctx context.Context, e *unmet, o auction.Options) error {
	if len(e.sides) > 0 {
		s := e.sides[0]
		return &auction.Infeasible{Conflicts: []auction.Conflict{p.limitConflict(s.limit, s.scope)}}
	}
	x := &explanation{problem: *p, ctx: ctx, o: o}
	x.problem.AnyOptimum, x.problem.Fee = true, nil
	x.problem.Value = make([]float64, len(p.Value))
	x.problem.Waived = make([]bool, len(p.scoped)) // soft limits can always be met
	for n, s := range p.scoped {
		x.problem.Waived[n] = !math.IsNaN(s.Penalty)
	}
	x.problem.Within = make([]bool, len(p.Case.Bids))
	for _, b := range e.bids {
		x.problem.Within[b] = true
	}
	rules, err := x.conflict()
	if err != nil {
		return err
	}
	conflicts := make([]auction.Conflict, len(rules))
	for i, r := range rules {
		conflicts[i] = p.conflict(r)
	}
	if len(rules) == 1 && rules[0].limit >= 0 && p.enough(rules[0].limit, rules[0].scope) {
		conflicts[0].What += "; their groups, required bids and least fractions do not let it be met"
	}
	return &auction.Infeasible{Conflicts: conflicts}
}

type explanation struct {
	problem Problem
	ctx     context.Context
	o       auction.Options
	rules   []rule
	solves  int
}

// conflict is a smallest set of rules that cannot be obeyed together.
func (x *explanation) conflict() ([]rule, error) {
	x.rules = x.problem.rules()
	all := make([]bool, len(x.rules))
	for i := range all {
		all[i] = true
	}
	small, err := x.irreducible(all)
	if err != nil {
		return nil, err
	}
	if size(small) > 1 {
		if small, err = x.smallest(small); err != nil {
			return nil, err
		}
	}
	var rules []rule
	for i, in := range small {
		if in {
			rules = append(rules, x.rules[i])
		}
	}
	return rules, nil
}

// rules are those that the bids have a part in, limits first.
func (p *Problem) rules() []rule {
	lots, bidders := make([]bool, len(p.Case.Lots)), make([]bool, len(p.Case.Bidders))
	var rules []rule
	touched, shared := make([][]bool, len(p.scoped)), make([][]bool, len(p.scoped)) // by scope; of accepted, by lot part
	for n, s := range p.scoped {
		touched[n], shared[n] = make([]bool, len(s.Scopes)), make([]bool, len(p.Case.Lots)+1)
	}
	for b := range p.Case.Bids {
		if !p.Within[b] {
			continue
		}
		bid := &p.Case.Bids[b]
		bidders[bid.Bidder] = true
		for i := range bid.Rows {
			lots[bid.Rows[i].Lot] = true
			for n, s := range p.scoped {
				if scope := s.Scope(bid.Bidder, bid.Rows[i].Lot); scope >= 0 {
					touched[n][scope] = true
				}
				if part := s.LotPart(bid.Rows[i].Lot); part >= 0 && s.Of == auction.OfAccepted {
					shared[n][part] = true
				}
			}
		}
	}
	for n, s := range p.scoped {
		for scope := range s.Scopes {
			if (touched[n][scope] || shared[n][s.Scopes[scope].LotPart]) && math.IsNaN(s.Penalty) {
				rules = append(rules, rule{limit: n, scope: scope})
			}
		}
	}
	for i := range bidders {
		if b := &p.Case.Bidders[i]; bidders[i] {
			if !math.IsInf(b.Budget, 1) {
				rules = append(rules, rule{limit: -1, family: budget, of: i})
			}
			if !math.IsInf(b.MaxVolume, 1) {
				rules = append(rules, rule{limit: -1, family: maxVolume, of: i})
			}
		}
	}
	for l := range lots {
		if lots[l] {
			rules = append(rules, rule{limit: -1, family: capacity, of: l})
		}
	}
	return rules
}

// met says whether some of the rules can be obeyed together.
func (x *explanation) met(some []bool) (bool, error) {
	x.solves++
	p := x.problem
	p.given = map[rule]bool{}
	for i, in := range some {
		if !in {
			p.given[x.rules[i]] = true
		}
	}
	o := x.o
	o.Gap, o.Progress = 0, nil
	_, err := p.Determine(x.ctx, o)
	switch {
	case errors.As(err, new(*unmet)):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("the limits cannot be met; which of them conflict was not found: %w", err)
	}
	return true, nil
}

// irreducible leaves out what it can of rules in conflict, by halves (Junker 2004).
func (x *explanation) irreducible(rules []bool) ([]bool, error) {
	left := slices.Clone(rules)
	var members []int
	for i, in := range rules {
		if in {
			members = append(members, i)
		}
	}
	var reduce func(members []int) error
	reduce = func(members []int) error {
		for _, i := range members {
			left[i] = false
		}
		ok, err := x.met(left)
		if err != nil || !ok {
			return err
		}
		for _, i := range members {
			left[i] = true
		}
		if len(members) == 1 {
			return nil
		}
		half := len(members) / 2
		// The last first: what is left is the earliest there is, limits before capacities.
		if err := reduce(members[half:]); err != nil {
			return err
		}
		return reduce(members[:half])
	}
	return left, reduce(members)
}

// smallest is a set of no more rules than small that cannot be obeyed, the smallest there is.
func (x *explanation) smallest(small []bool) ([]bool, error) {
	m := solver.NewModel("conflict", solver.Minimize)
	in := make([]solver.Var, len(x.rules))
	for i := range in {
		in[i] = m.Binary("rule", fmt.Sprint(i))
		m.Objective(in[i].Times(1 + float64(i)/float64(len(in))/(1+float64(size(small)))))
	}
	for x.solves < explainSolves {
		s, err := solver.Solve(x.ctx, m, solver.Options{})
		if err != nil {
			return nil, err
		}
		if !s.HasValues() {
			return small, nil
		}
		some := make([]bool, len(in))
		for i, v := range in {
			some[i] = s.Value(v) > 0.5
		}
		if size(some) >= size(small) {
			return small, nil
		}
		ok, err := x.met(some)
		if err != nil {
			return nil, err
		}
		if !ok {
			return some, nil
		}
		hit, err := x.correction(some)
		if err != nil {
			return nil, err
		}
		var terms []solver.Term
		for _, i := range hit {
			terms = append(terms, in[i].Times(1))
		}
		m.AtLeast("hit", "", terms, 1)
	}
	return small, nil
}

// correction adds rules to some that can be obeyed for as long as all can, and returns those left over.
func (x *explanation) correction(some []bool) (left []int, err error) {
	var grow func(members []int) error
	grow = func(members []int) error {
		for _, i := range members {
			some[i] = true
		}
		ok, err := x.met(some)
		if err != nil || ok {
			return err
		}
		for _, i := range members {
			some[i] = false
		}
		if len(members) == 1 {
			left = append(left, members[0])
			return nil
		}
		half := len(members) / 2
		if err := grow(members[:half]); err != nil {
			return err
		}
		return grow(members[half:])
	}
	var rest []int
	for i, in := range some {
		if !in {
			rest = append(rest, i)
		}
	}
	return left, grow(rest)
}

func size(set []bool) int {
	n := 0
	for _, in := range set {
		if in {
			n++
		}
	}
	return n
}

// conflict tells a rule in the user's own words.
func (p *Problem) conflict(r rule) auction.Conflict {
	if r.limit >= 0 {
		return p.limitConflict(r.limit, r.scope)
	}
	switch r.family {
	case capacity:
		l := &p.Case.Lots[r.of]
		return auction.Conflict{What: fmt.Sprintf("lot %q has a capacity of %s packages", l.Name, decimal(l.Capacity)), Source: l.Source}
	case budget:
		b := &p.Case.Bidders[r.of]
		return auction.Conflict{What: fmt.Sprintf("bidder %q has a budget of %s", b.Name, decimal(b.Budget)), Source: b.Source}
	default:
		b := &p.Case.Bidders[r.of]
		return auction.Conflict{What: fmt.Sprintf("bidder %q has a max_volume of %s packages", b.Name, decimal(b.MaxVolume)), Source: b.Source}
	}
}

// limitConflict tells a scope of a limit.
func (p *Problem) limitConflict(limit, scope int) auction.Conflict {
	s := p.scoped[limit]
	of := ""
	unit := map[string]string{
		auction.MeasureVolume: "packages", auction.MeasureRevenue: "of revenue", auction.MeasureLots: "lots",
		auction.MeasureWinners: "winners", auction.MeasureBids: "accepted bids",
	}[s.Measure]
	base := 1.0
	switch s.Of {
	case auction.OfCapacity:
		base = s.Scopes[scope].Capacity
		of = fmt.Sprintf(", %%s of the capacity %s", decimal(base))
	case auction.OfAccepted:
		of = fmt.Sprintf("%%s of the %s accepted", s.Measure)
	}
	var sides []string
	say := func(word string, v float64) {
		switch {
		case math.IsNaN(v):
		case s.Of == auction.OfAccepted:
			sides = append(sides, word+" "+fmt.Sprintf(of, decimal(v)))
		case s.Of == auction.OfCapacity:
			sides = append(sides, fmt.Sprintf("%s %s %s", word, decimal(v*base), unit)+fmt.Sprintf(of, decimal(v)))
		default:
			sides = append(sides, fmt.Sprintf("%s %s %s", word, decimal(v), unit))
		}
	}
	say("at least", s.Min)
	say("at most", s.Max)
	what := fmt.Sprintf("limit %q", s.Name)
	if name := s.Scopes[scope].Name; name != "" {
		what += " for " + name
	}
	if name := s.Scopes[scope].Name; s.Where != "" && s.Where != name {
		what += " where " + s.Where
	}
	what += " asks for " + strings.Join(sides, " and ")
	if s.OrNothing {
		what += ", or nothing"
	}
	if offered := p.offered(limit, scope); !math.IsNaN(s.Min) && offered != "" {
		what += "; " + offered
	}
	return auction.Conflict{What: what, Source: s.Source}
}

// offered says how much of a limit's measure there is in all bids that are not void.
func (p *Problem) offered(limit, scope int) string {
	if p.scoped[limit].Of == auction.OfAccepted {
		return ""
	}
	return fmt.Sprintf("all bids together come to %s", decimal(p.all(limit, scope).Value))
}

// enough says whether all bids together come to what a limit asks for at least.
func (p *Problem) enough(limit, scope int) bool {
	r := p.all(limit, scope)
	return r.Value >= r.Min
}

// all reads a limit with all bids that are not void accepted.
func (p *Problem) all(limit, scope int) auction.Reading {
	x := make([]float64, len(p.Case.Bids))
	for b, out := range p.unreachable() {
		if !out {
			x[b] = 1
		}
	}
	return p.scoped[limit].Read(p.Case, x)[scope]
}

// decimal writes a number as people do.
func decimal(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.6f", v), "0"), ".")
}
