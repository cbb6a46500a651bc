package verify

import (
	"math"
	"strings"

	"lotwise/models/auction"
)

// That no acceptance keeps to the rules is certified by a set of rules in conflict: hard limits scope by scope,
// budgets, volume caps and capacities. It is right where
//
//	the case cannot be obeyed,
//	the named rules alone cannot be obeyed, all others given up,
//	the named rules without any one of them can be obeyed, all others given up
//
// while what bids are (least fractions, groups, requirements, reserves) always holds. Each of these is the
// seller's problem with no money in it.

// A rule is one that the certificate names.
type rule struct {
	limit  int    // row of limits.csv, -1 for none
	scope  string // of it; every where the text names none
	every  bool
	kind   string // capacity, budget or max_volume; blank for a limit
	of     int    // lot or bidder
	source auction.Source
}

// CheckInfeasible recomputes what allocate says of a case that it cannot solve: that the conflicts named cannot be
// obeyed together, and that none of them could be left out. A finding's Table is the input table of the rule at fault,
// blank where that is none alone.
func CheckInfeasible(c *auction.Case, e *auction.Infeasible, o Options) *Report {
	if o.EnumerationLimit <= 0 {
		o.EnumerationLimit = defaultEnumerationLimit
	}
	k := newChecker(c, &auction.Results{Command: "allocate"}, o)
	a := k.newAcceptance()
	a.score = make([]float64, len(c.Bids)) // nothing is gained: the first answer will do
	rules := k.named(e)
	hard := func(s *scope) bool { return math.IsNaN(s.limit.Penalty) }
	all := k.scopes()

	whole := a.feasibleUnder(all, hard, nil, true)
	switch whole {
	case no:
	case yes:
		k.find("", -1, "", "the case can be obeyed")
	case unknown:
		k.checked("whether the case can be obeyed was not recomputed: it is too large for %d steps", o.EnumerationLimit)
	}
	alone := a.feasibleUnder(all, hard, rules, false)
	switch {
	case alone == yes:
		k.find("", -1, "", "the %d conflicts named can be obeyed together", len(rules))
	case alone == unknown:
		k.checked("whether the conflicts named can be obeyed together was not recomputed: it is too large for %d steps", o.EnumerationLimit)
	case whole != unknown:
		k.checked("the case cannot be obeyed, nor can the %d conflicts named alone", len(rules))
	}
	spared, open := 0, 0
	for i := range rules {
		rest := append(append([]rule(nil), rules[:i]...), rules[i+1:]...)
		switch a.feasibleUnder(all, hard, rest, false) {
		case no:
			k.find(rules[i].source.File, -1, "", "line %d: the others conflict without it", rules[i].source.Line)
		case unknown:
			open++
		default:
			spared++
		}
	}
	k.checked("without any one of %d of the conflicts named the others can be obeyed; %d were too large to recompute", spared, open)
	return &k.report
}

// named finds the rules of a certificate.
func (k *checker) named(e *auction.Infeasible) (rules []rule) {
	for _, x := range e.Conflicts {
		r, ok := k.namedBy(x)
		if !ok {
			k.find(x.Source.File, -1, "", "line %d: no rule that could conflict stands there: %s", x.Source.Line, x.What)
			continue
		}
		r.source = x.Source
		rules = append(rules, r)
	}
	if len(rules) == 0 {
		k.find("", -1, "", "no conflict is named")
	}
	return rules
}

// namedBy finds the rule of a conflict by its source, and by its text where a row makes several.
func (k *checker) namedBy(x auction.Conflict) (rule, bool) {
	for i := range k.c.Limits {
		l := &k.c.Limits[i]
		if l.Source != x.Source {
			continue
		}
		r := rule{limit: i, every: true}
		scopes, _ := k.scopesOf(l)
		for _, s := range scopes {
			if s.text != "" && strings.Contains(x.What, " for "+s.text+" ") {
				r.scope, r.every = s.text, false
			}
		}
		return r, math.IsNaN(l.Penalty)
	}
	for i := range k.c.Lots {
		if k.c.Lots[i].Source == x.Source {
			return rule{limit: -1, kind: "capacity", of: i}, true
		}
	}
	for i := range k.c.Bidders {
		if k.c.Bidders[i].Source == x.Source {
			for _, kind := range []string{"max_volume", "budget"} {
				if strings.Contains(x.What, kind) {
					return rule{limit: -1, kind: kind, of: i}, true
				}
			}
		}
	}
	return rule{}, false
}

// A verdict is whether rules can be obeyed.
type verdict int

const (
	no verdict = iota
	yes
	unknown
)

// feasibleUnder says whether the bids can obey some rules alone, or all that the case has.
func (a *acceptance) feasibleUnder(all []*scope, hard func(*scope) bool, rules []rule, every bool) verdict {
	s := &seller{k: a.checker, score: a.score, void: a.void, budget: &a.work, perAsk: int64(a.o.EnumerationLimit) * workPerStep}
	if !every {
		s.free = &freedom{make([]bool, len(a.c.Lots)), make([]bool, len(a.c.Bidders)), make([]bool, len(a.c.Bidders))}
		for _, free := range [][]bool{s.free.capacity, s.free.budget, s.free.volume} {
			for i := range free {
				free[i] = true
			}
		}
		for _, r := range rules {
			switch r.kind {
			case "capacity":
				s.free.capacity[r.of] = false
			case "budget":
				s.free.budget[r.of] = false
			case "max_volume":
				s.free.volume[r.of] = false
			}
		}
	}
	for _, sc := range all {
		in := every
		for _, r := range rules {
			in = in || r.kind == "" && sc.limit == &a.c.Limits[r.limit] && (r.every || r.scope == sc.text)
		}
		if in && hard(sc) {
			s.scopes = append(s.scopes, sc)
		}
	}
	s.open()
	o := s.best(nil, nil)
	switch {
	case math.IsInf(o.high, -1):
		return no
	case !math.IsInf(o.low, -1):
		return yes
	default:
		return unknown
	}
}
