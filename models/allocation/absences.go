package allocation

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"lotwise/solver"
)

// What a packing is worth without each of its winners. With W(-i) ≤ U(-i) for the others, a packing without k that is worth
// more than T ≥ U(-j) has j among its winners: without j it would be worth no more than that. So the winners that are missed most
// come first, and the more of them are known, the more are needed in what is still looked for.

// absent answers for some winners of a packing; tell gives them the answers.
func (q *questions) absent(ctx context.Context, p *part, of []*absence) (tell func(), err error) {
	v := q.variants[p]
	quests := make([]*quest, len(of))
	var open []int
	for n, a := range of {
		o := q.options(1)
		s := v.quest(v.with(nil, a.bidder), nil, math.Inf(-1), solver.Options{Seed: o.Seed, TimeLimit: o.TimeLimit})
		s.bound = p.most()
		quests[n] = s
		if err := s.relax(ctx); err != nil {
			return nil, err
		}
		if v.remember(s.best); !s.closed() {
			open = append(open, n)
		}
	}
	slices.SortStableFunc(open, func(a, b int) int { return cmp.Compare(quests[a].most, quests[b].most) })
	for _, n := range open {
		s := quests[n]
		s.deadline = time.Now().Add(s.o.TimeLimit)
		s.again(v.known)
		for j, other := range quests {
			if j != n && other.bound <= s.target() {
				s.needs = append(s.needs, v.of(of[j].bidder))
			}
		}
		if err := s.run(ctx); err != nil {
			return nil, err
		}
		v.remember(s.best)
	}
	return func() {
		for n, a := range of {
			s := quests[n]
			x := v.point(s.best)
			objective := v.k.earns(x)
			most := max(s.bound, objective)
			if most-objective <= v.k.allowance(objective) {
				most = objective
			}
			a.answer(p, x, objective, most)
		}
	}, nil
}

// of are the members of a bidder.
func (v *variants) of(bidder int) []int32 {
	var members []int32
	for m, i := range v.bidder {
		if i == bidder {
			members = append(members, int32(m))
		}
	}
	return members
}
