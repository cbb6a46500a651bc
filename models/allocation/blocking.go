package allocation

import (
	"context"
	"slices"
	"time"

	"lotwise/models/auction"
	"lotwise/models/payment"
	"lotwise/solver"
)

// Which coalitions block discounts d: those whose bids earn the seller more than it keeps, d paid as a fee by each bidder
// that has bids accepted,
//
//	max Σ_b value_b x_b - Σ_i d_i [a bid of i is accepted]  >  W - Σ_i d_i
//
// over the allocations of the seller's problem.

// A club is a component of that problem: bidders that share nothing scarce, not even through others or by a fee, block or do
// not block by themselves.
type club struct {
	*component
	kept     []float64 // the allocation at hand
	earned   float64   // what it earns, fees aside
	variants *variants // where it is a packing
	own      bool      // these are the club's own

	asked []float64 // by entry: the fees of the last search
	found []payment.Alternative
	most  float64 // what any coalition gained from blocking these
}

// open splits the problem into clubs. A bidder that the seller would not miss has no discount and pays no fee. Where nothing is
// short but one lot, of divisible bids, what the seller earns is submodular in the set of bidders: they are substitutes,
// the discounts of VCG are never blocked (Ausubel and Milgrom 2002), and smaller ones neither.
func (q *questions) open() error {
	p := *q.p
	p.AnyOptimum, p.Fee, p.Start = true, make([]float64, len(q.missed)), q.out.X
	for i, missed := range q.missed {
		if missed {
			p.Fee[i] = 1
		}
	}
	easy := make([]bool, len(q.out.X))
	for _, part := range q.out.parts {
		for _, b := range part.bids {
			easy[b] = part.component.easy()
		}
	}
	components, _ := p.components()
	q.clubs = []*club{}
	for _, k := range components {
		if len(k.entries) == 0 || !slices.ContainsFunc(k.bids, func(b int) bool { return !easy[b] }) {
			continue
		}
		c := &club{component: k, kept: k.known()}
		k.settle(c.kept)
		c.earned = k.withoutFees().earns(c.kept)
		if err := q.pack(c); err != nil {
			return err
		}
		q.clubs = append(q.clubs, c)
	}
	return nil
}

// pack gives a club that is a packing its variants: those of the part with the same bids, if there is one.
func (q *questions) pack(c *club) (err error) {
	if p, _ := c.packing(); p == nil {
		return nil
	}
	for _, part := range q.out.parts {
		if v := q.variants[part]; v != nil && slices.Equal(part.bids, c.bids) {
			c.variants = v
			return nil
		}
	}
	c.variants, err = c.withoutFees().variants(nil)
	c.own = c.variants != nil
	return err
}

func (k *component) withoutFees() *component {
	c := *k
	c.entries = nil
	return &c
}

// blocking looks in each club for allocations that earn more, each bidder's discount paid as a fee, than the one at
// hand: their winners block. The search of a club ends with the first that it comes by, and whatever it passed on the
// way is told too. Without any, most is what the proofs leave.
func (q *questions) blocking(ctx context.Context, discounts []float64, slack float64) (found []payment.Alternative, most float64, err error) {
	if q.clubs == nil {
		if err := q.open(); err != nil {
			return nil, 0, err
		}
	}
	o := q.options(1)
	// How often this is asked is not known, and hardly a club takes long: each round may take half of the time that is
	// left, each club half of what is left of that.
	end := time.Now().Add(time.Until(q.deadline) / 2)
	err = q.jobs(len(q.clubs), func(n int) error {
		o := o
		if o.TimeLimit > 0 {
			o.TimeLimit = max(time.Until(end)/2, time.Millisecond)
		}
		return q.ask(ctx, q.clubs[n], discounts, slack/float64(len(q.clubs)), o)
	})
	var total solver.Sum
	for _, c := range q.clubs {
		found = append(found, c.found...)
		total.Add(c.most)
	}
	return found, total.Value(), err
}

// ask searches one club, unless its discounts are those of the last search.
func (q *questions) ask(ctx context.Context, c *club, discounts []float64, slack float64, o auction.Options) error {
	fees := make([]float64, len(c.entries))
	for i := range c.entries {
		fees[i] = discounts[c.entries[i].bidder]
	}
	if slices.Equal(fees, c.asked) {
		return nil
	}
	for i := range fees {
		c.entries[i].fee = fees[i]
	}
	c.asked, c.found = fees, nil
	kept := c.earns(c.kept)
	search := c.search
	if c.variants != nil {
		search = c.searchPackings
	}
	found, most, err := search(ctx, kept, slack, solver.Options{Seed: o.Seed, TimeLimit: o.TimeLimit})
	if err != nil {
		return err
	}
	c.most = max(0, most-kept)
	for _, x := range found {
		if c.earns(x)-kept <= slack {
			continue
		}
		before := len(c.found)
		for _, part := range c.exchanges(x) {
			if c.fits(part) && c.earns(part)-kept > slack {
				c.found = append(c.found, q.alternative(c, part))
				if c.variants != nil {
					c.variants.remember(c.variants.chosen(part))
				}
			}
		}
		if len(c.found) == before {
			c.found = append(c.found, q.alternative(c, x))
		}
	}
	return nil
}

// search looks for allocations that earn more than is kept, fees paid.
func (c *club) search(ctx context.Context, kept, slack float64, o solver.Options) (found [][]float64, most float64, err error) {
	c.enough = kept + slack + c.allowance(kept)
	c.passing = func(x []float64) {
		if c.fits(x) {
			found = append(found, x)
		}
	}
	p, err := c.solve(ctx, o)
	if err != nil {
		return nil, 0, err
	}
	return append(found, p.x), p.most(), nil
}

// searchPackings looks for them in a packing.
func (c *club) searchPackings(ctx context.Context, kept, slack float64, o solver.Options) (found [][]float64, most float64, err error) {
	fees := make([]float64, len(c.problem.Case.Bidders))
	for _, e := range c.entries {
		fees[e.bidder] = e.fee
	}
	v := c.variants
	s := v.quest(v.with(fees, -1), v.chosen(c.kept), kept+slack, o)
	s.enough = true
	if err := s.run(ctx); err != nil {
		return nil, 0, err
	}
	v.remember(s.best)
	most = max(s.bound, s.most)
	if most <= max(s.most, kept)+slack+v.k.allowance(s.most) {
		most = max(s.most, kept)
	}
	for _, members := range s.passed {
		found = append(found, v.point(members))
	}
	return append(found, v.point(s.best)), most, nil
}

// exchanges are the allocation at hand with parts of what another accepts differently, each of which can be exchanged by
// itself: smaller coalitions that block, and more of them.
func (c *club) exchanges(x []float64) [][]float64 {
	if len(c.counts) > 0 || len(c.controls) > 0 {
		return [][]float64{x}
	}
	changed := func(j int) bool { return j < len(c.bids) && x[j] != c.kept[j] }
	sets := newSets(len(c.bids))
	join := func(n int, bid func(i int) int) {
		first := -1
		for i := range n {
			switch j := bid(i); {
			case !changed(j):
			case first < 0:
				first = j
			default:
				sets.join(first, j)
			}
		}
	}
	for i := range c.rows {
		terms := c.rows[i].terms
		join(len(terms), func(i int) int { return terms[i].bid })
	}
	for _, g := range c.groups {
		join(len(g), func(i int) int { return g[i] })
	}
	for _, r := range c.requires {
		join(2, func(i int) int { return r[i] })
	}
	for _, e := range c.entries {
		join(len(e.bids), func(i int) int { return e.bids[i] })
	}
	var parts [][]float64
	at := make(map[int]int)
	for j := range c.bids {
		if !changed(j) {
			continue
		}
		n, ok := at[sets.root(j)]
		if !ok {
			n = len(parts)
			at[sets.root(j)] = n
			parts = append(parts, slices.Clone(c.kept))
		}
		parts[n][j] = x[j]
	}
	for _, part := range parts {
		c.settle(part)
	}
	return parts
}

// alternative is the allocation at hand with x in one club.
func (q *questions) alternative(c *club, x []float64) payment.Alternative {
	accepted := q.accepted()
	c.exchange(accepted, c.kept, x)
	return payment.Alternative{Without: q.missing(accepted), Loss: c.earned - c.withoutFees().earns(x)}
}
