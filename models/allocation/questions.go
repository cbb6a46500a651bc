package allocation

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"lotwise/models/auction"
	"lotwise/models/payment"
	"lotwise/solver"
)

// questions are what payment rules ask of the seller's problem: what it is worth without a bidder, and which
// coalitions block discounts. Each is the problem once more with few changes, so little of it is solved again: only the
// components that the change touches, from the allocation that is known, and no further than the answer needs.
type questions struct {
	p        *Problem
	out      *Outcome
	o        auction.Options
	deadline time.Time
	left     atomic.Int64 // about how many are to come

	missed []bool  // by bidder: the seller would miss it, as far as is known
	clubs  []*club // of blocking
	work   struct{ programs, nodes atomic.Int64 }
}

// options are for one question: exact, and with its share of the time that is left.
func (q *questions) options(threads int) auction.Options {
	o := q.o
	o.Gap, o.Threads, o.Progress = 0, threads, nil
	if o.TimeLimit > 0 {
		share := time.Until(q.deadline) / time.Duration(max(2, q.left.Add(-1)))
		o.TimeLimit = max(share, time.Millisecond)
	}
	return o
}

// without is what the seller would do without a winner. Components in which the bidder has nothing accepted are as
// good without it, as far as they are proven; in the others the search starts from the rest of the allocation.
func (q *questions) without(ctx context.Context, bidder int) (*payment.Absence, error) {
	p := *q.p
	p.AnyOptimum = true
	p.Out, p.Within, p.Start = slices.Clone(q.p.Out), make([]bool, len(q.p.Out)), slices.Clone(q.out.X)
	x := slices.Clone(q.out.X)
	var loss, low, high solver.Sum
	again := false
	for _, part := range q.out.parts {
		k := part.component
		wins, bids := false, false
		for j := range k.bids {
			if k.bidder(j) == bidder {
				wins, bids = wins || part.x[j] > 0, true
			}
		}
		switch {
		case !bids:
		case !wins:
			high.Add(part.most() - part.objective)
		case k.easy():
			rest := k.less(bidder).easily()
			for j, b := range k.bids {
				x[b] = rest.x[j]
			}
			for _, s := range []*solver.Sum{&loss, &low, &high} {
				s.Add(part.objective - rest.objective)
			}
		default:
			again = true
			loss.Add(part.objective)
			low.Add(part.objective)
			high.Add(part.most())
			for j, b := range k.bids {
				p.Within[b] = true
				if k.bidder(j) == bidder {
					p.Out[b], p.Start[b] = true, 0
				}
			}
		}
	}
	if again {
		out, err := p.Determine(ctx, q.options(1))
		if errors.As(err, new(*unmet)) { // the limits cannot be met without the bidder
			q.missed[bidder] = true
			inf := math.Inf(1)
			return &payment.Absence{Alternative: payment.Alternative{Without: []int{bidder}, Loss: inf}, Low: inf, High: inf}, nil
		}
		if err != nil {
			return nil, err
		}
		q.count(out.parts...)
		loss.Add(-out.Objective)
		low.Add(-out.most())
		high.Add(-out.Objective)
		for b, within := range p.Within {
			if within {
				x[b] = out.X[b]
			}
		}
	}
	q.missed[bidder] = loss.Value() > 0
	return &payment.Absence{
		Alternative: payment.Alternative{Without: q.missing(x), Loss: loss.Value()}, Low: low.Value(), High: high.Value(),
	}, nil
}

// easy says whether the component is solved without a solver.
func (k *component) easy() bool {
	return len(k.entries) == 0 && (k.oneLot() || len(k.rows) == 0 && !slices.Contains(k.decide, true))
}

func (k *component) easily() *part {
	if len(k.rows) == 0 {
		return k.unlimited()
	}
	return k.merit()
}

// less is an easy component with nothing to gain or to use up by a bidder's bids.
func (k *component) less(bidder int) *component {
	k = &component{problem: k.problem, bids: k.bids, value: slices.Clone(k.value), decide: k.decide, rows: slices.Clone(k.rows)}
	for j := range k.bids {
		if k.bidder(j) == bidder {
			k.value[j] = -1
		}
	}
	for i := range k.rows {
		k.rows[i].terms = slices.DeleteFunc(slices.Clone(k.rows[i].terms), func(t term) bool { return k.bidder(t.bid) == bidder })
	}
	return k
}

// missing are the winners that have nothing accepted at x.
func (q *questions) missing(x []float64) []int {
	won, kept := make([]bool, len(q.p.Case.Bidders)), make([]bool, len(q.p.Case.Bidders))
	for b := range x {
		i := q.p.Case.Bids[b].Bidder
		won[i], kept[i] = won[i] || q.out.X[b] > 0, kept[i] || x[b] > 0
	}
	var missing []int
	for i := range won {
		if won[i] && !kept[i] {
			missing = append(missing, i)
		}
	}
	return missing
}

// count counts the work of some parts.
func (q *questions) count(parts ...*part) {
	for _, p := range parts {
		q.work.programs.Add(p.programs)
		q.work.nodes.Add(p.nodes)
	}
}

// A club is a component of the problem in which bidders with a discount pay it as a fee once any of their bids is
// accepted: bidders that share nothing scarce, not even through others, block or do not block by themselves.
type club struct {
	*component
	kept   []float64 // the allocation at hand
	earned float64   // what it earns, fees aside

	asked []float64 // by entry: the fees of the last search
	found []payment.Alternative
	most  float64 // what any coalition gained from blocking these
}

// open splits the problem into clubs. A bidder that the seller would not miss has no discount and pays no fee. Where nothing is
// short but one lot, of divisible bids, what the seller earns is submodular in the set of bidders: they are substitutes,
// the discounts of VCG are never blocked (Ausubel and Milgrom 2002), and smaller ones neither.
func (q *questions) open() {
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
		q.clubs = append(q.clubs, c)
	}
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
		q.open()
	}
	o := q.options(1)
	if o.TimeLimit > 0 { // clubs wait for each other
		rounds := (len(q.clubs) + max(1, q.o.Threads) - 1) / max(1, q.o.Threads)
		o.TimeLimit = max(o.TimeLimit/time.Duration(max(1, rounds)), time.Millisecond)
	}
	errs := make([]error, len(q.clubs))
	slots := make(chan struct{}, max(1, q.o.Threads))
	var wait sync.WaitGroup
	for n, c := range q.clubs {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			errs[n] = q.ask(ctx, c, discounts, slack/float64(len(q.clubs)), o)
		})
	}
	wait.Wait()
	var total solver.Sum
	for _, c := range q.clubs {
		found = append(found, c.found...)
		total.Add(c.most)
	}
	return found, total.Value(), cmp.Or(errs...)
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
	c.enough = kept + slack + c.allowance(kept)
	var passed [][]float64
	c.passing = func(x []float64) { passed = append(passed, x) }
	p, err := c.solve(ctx, solver.Options{Seed: o.Seed, Threads: 1, TimeLimit: o.TimeLimit})
	if err != nil {
		return err
	}
	q.count(p)
	c.most = max(0, p.most()-kept)
	for _, x := range append(passed, p.x) {
		if c.fits(x) && c.earns(x)-kept > slack {
			c.found = append(c.found, q.alternative(c, x))
		}
	}
	return nil
}

// alternative is the allocation at hand with x in one club.
func (q *questions) alternative(c *club, x []float64) payment.Alternative {
	all := slices.Clone(q.out.X)
	for j, b := range c.bids {
		all[b] = x[j]
	}
	return payment.Alternative{Without: q.missing(all), Loss: c.earned - c.withoutFees().earns(x)}
}
