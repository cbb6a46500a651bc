package allocation

import (
	"fmt"
	"slices"

	"lotwise/models/auction"
)

// count states a limit on a measure that counts: bids, or lots or winners of which any bid is accepted.
//
//	Σ_{d ∈ scope} d - max T ≤ s      (limit max)    s = 0, or s ≥ 0 at a penalty where the limit is soft
//	min T - Σ_{d ∈ scope} d ≤ s      (limit min)    with or_nothing, while v is on
//	y_b ≤ d ≤ Σ_b y_b                every lot or winner d, its bids b; for the measure bids d is y_b
//	y_b ≤ v                          every b of the scope, or nothing of them
//
// with T a number or, of accepted, Σ d over the scope's lots and all bidders. The bids of a d that is
// wanted have to be decided, and accepted to at least auction.LeastFraction; where d is only bounded from above,
// x_b ≤ d does for divisible bids.
func (t *restraints) count(p *Problem, limit int, s *auction.ScopedLimit, out []bool) {
	scope, all := make([]counted, len(s.Scopes)), make([]counted, len(p.Case.Lots)+1) // by scope; by lot part
	inside := p.walk(s, out, func(b, at, part int, r *auction.BidRow) {
		if r.Quantity <= 0 {
			return
		}
		of := s.Counted(b, p.Case.Bids[b].Bidder, r)
		if at >= 0 {
			scope[at].add(of, b)
		}
		if part >= 0 {
			all[part].add(of, b)
		}
	})
	t.both(p, limit, s, inside, func(n int) (func() []int, statement) {
		key := scopeKey(s, n)
		mine := t.items(s, key, &scope[n])
		var total []decision
		if s.Of == auction.OfAccepted {
			part := &all[s.Scopes[n].LotPart]
			if part.items == nil {
				part.items = t.items(s, key+" all", part)
			}
			total = part.items
		}
		return scope[n].bids, func(at side, own, base, rhs float64, only int) {
			t.number(at, join(own, mine, base, total), rhs, s.Penalty, only)
		}
	})
}

// counted are the things that a scope counts, in the order of their first bid, with the bids of each.
type counted struct {
	at    map[int]int
	of    []int
	each  [][]int
	items []decision // once stated
}

func (k *counted) add(of, bid int) {
	n, ok := k.at[of]
	if !ok {
		if k.at == nil {
			k.at = map[int]int{}
		}
		n = len(k.of)
		k.at[of] = n
		k.of, k.each = append(k.of, of), append(k.each, nil)
	}
	if e := k.each[n]; len(e) == 0 || e[len(e)-1] != bid {
		k.each[n] = append(e, bid)
	}
}

// bids are the bids of all of them, ascending.
func (k *counted) bids() []int {
	all := slices.Concat(k.each...)
	slices.Sort(all)
	return slices.Compact(all)
}

// items are the decisions that are counted: bids themselves, of others a control each.
func (t *restraints) items(s *auction.ScopedLimit, key string, k *counted) []decision {
	items := make([]decision, len(k.of))
	for n := range k.of {
		if s.Measure == auction.MeasureBids {
			items[n] = decision{bid: k.of[n]}
			continue
		}
		items[n] = decision{bid: -1, control: len(t.switches)}
		t.switches = append(t.switches, control{members: k.each[n], key: fmt.Sprint(key, " ", k.of[n])})
	}
	return items
}

// number states Σ terms ≤ rhs, unless it holds whatever is accepted.
func (t *restraints) number(at side, terms []decision, rhs, penalty float64, only int) {
	most := 0.0
	for _, d := range terms {
		most += max(0, d.coef)
	}
	switch {
	case only == 0 && most <= rhs:
	case len(terms) == 0:
		t.empty(at, rhs, penalty)
	default:
		t.counts = append(t.counts, count{limit: t.side(at), terms: terms, rhs: rhs, penalty: penalty, only: only})
	}
}

// join is a·s + b·t. Controls of one are not those of the other; bids may be, and add up.
func join(a float64, s []decision, b float64, t []decision) []decision {
	var sum []decision
	at := map[int]int{}
	add := func(d decision, coef float64) {
		if n, ok := at[d.bid]; ok && d.bid >= 0 {
			sum[n].coef += coef
			return
		}
		if d.bid >= 0 {
			at[d.bid] = len(sum)
		}
		d.coef = coef
		sum = append(sum, d)
	}
	for _, d := range s {
		add(d, a)
	}
	for _, d := range t {
		add(d, b)
	}
	return slices.DeleteFunc(sum, func(d decision) bool { return d.coef == 0 })
}
