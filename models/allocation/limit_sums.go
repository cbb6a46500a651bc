package allocation

import (
	"lotwise/models/auction"
)

// sums states a limit on a measure m(x) = Σ_b m_b x_b that sums, volume or revenue, with base T: 1, the
// capacity of the scope's lots, or the same measure over them and all bidders, T(x) = Σ_b T_b x_b.
//
//	m(x) - max T ≤ s                 (limit max)    s = 0, or s ≥ 0 at a penalty where the limit is soft
//	min T - m(x) ≤ s                 (limit min)    with or_nothing, while v is on:
//	x_b ≤ v                          every b with m_b > 0, or nothing of them
//
// Linear but for v. Where T is a number and m ≤ max T alone is asked for, it is a row like a capacity.
func (t *restraints) sums(p *Problem, limit int, s *auction.ScopedLimit, out []bool) {
	scope, all := make([]row, len(s.Scopes)), make([]row, len(p.Case.Lots)+1) // by scope; by lot part
	inside := p.walk(s, out, func(b, at, part int, r *auction.BidRow) {
		if at >= 0 {
			scope[at].add(b, s.AddedBy(r))
		}
		if part >= 0 {
			all[part].add(b, s.AddedBy(r))
		}
	})
	t.both(p, limit, s, inside, func(n int) (func() []int, statement) {
		mine := scope[n].terms
		var total []term
		if s.Of == auction.OfAccepted {
			total = all[s.Scopes[n].LotPart].terms
		}
		members := func() []int { return bidsOf(mine) }
		return members, func(at side, own, base, rhs float64, only int) {
			t.sum(at, combine(own, mine, base, total), rhs, s.Penalty, only)
		}
	})
}

// sum states Σ terms ≤ rhs, unless it holds whatever is accepted.
func (t *restraints) sum(at side, terms []term, rhs, penalty float64, only int) {
	most := 0.0
	for _, x := range terms {
		most += max(0, x.coef)
	}
	switch {
	case only == 0 && most <= rhs:
	case len(terms) == 0:
		t.empty(at, rhs, penalty)
	default:
		t.rows = append(t.rows, row{family: limited, of: t.side(at), terms: terms, rhs: rhs, only: only})
		t.penalty = append(t.penalty, penalty)
	}
}

// combine is a·s + b·t, over bids in ascending order.
func combine(a float64, s []term, b float64, t []term) []term {
	var sum []term
	add := func(x term) {
		if x.coef != 0 {
			sum = append(sum, x)
		}
	}
	for len(s) > 0 || len(t) > 0 {
		switch {
		case len(t) == 0 || len(s) > 0 && s[0].bid < t[0].bid:
			add(term{s[0].bid, a * s[0].coef})
			s = s[1:]
		case len(s) == 0 || t[0].bid < s[0].bid:
			add(term{t[0].bid, b * t[0].coef})
			t = t[1:]
		default:
			add(term{s[0].bid, a*s[0].coef + b*t[0].coef})
			s, t = s[1:], t[1:]
		}
	}
	return sum
}

// bidsOf are the bids of some terms.
func bidsOf(terms []term) []int {
	bids := make([]int, len(terms))
	for i, t := range terms {
		bids[i] = t.bid
	}
	return bids
}
