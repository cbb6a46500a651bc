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

	missed   []bool // by bidder: the seller would miss it, as far as is known
	variants map[*part]*variants
	clubs    []*club // of blocking
}

// openVariants opens those of parts that are packings.
func (q *questions) openVariants() error {
	if q.variants != nil {
		return nil
	}
	q.variants = make(map[*part]*variants)
	for _, part := range q.out.parts {
		if part.component.easy() {
			continue
		}
		v, err := part.component.variants(part.cliques)
		if err != nil {
			return err
		}
		if v != nil {
			v.remember(v.chosen(part.x))
			q.variants[part] = v
		}
	}
	return nil
}

// close gives the solvers back.
func (q *questions) close() {
	for _, v := range q.variants {
		v.close()
	}
	for _, c := range q.clubs {
		if c.own {
			c.variants.close()
		}
	}
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

// jobs runs jobs on the threads, in order.
func (q *questions) jobs(n int, run func(i int) error) error {
	errs := make([]error, n)
	slots := make(chan struct{}, max(1, q.o.Threads))
	var wait sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			errs[i] = run(i)
		})
	}
	wait.Wait()
	return cmp.Or(errs...)
}

// An absence is the answer for one bidder while it is put together.
type absence struct {
	bidder          int
	accepted        []int32 // by bidder: bids accepted in the best known allocation without it
	loss, low, high solver.Sum
	pivotal         bool
}

// without is what the seller would do without each of some winners. Components in which a bidder has nothing accepted
// are as good without it, as far as they are proven; the others are solved again, from the rest of the allocation on.
func (q *questions) without(ctx context.Context, bidders []int) ([]*payment.Absence, error) {
	if err := q.openVariants(); err != nil {
		return nil, err
	}
	all := make([]*absence, len(bidders))
	again := make([][]*part, len(bidders)) // by bidder: what is to be solved again as a whole
	packed := make(map[*part][]*absence)   // by packing: whose absences are to be found in it
	var packings []*part
	for n, i := range bidders {
		a := &absence{bidder: i, accepted: q.accepted()}
		all[n] = a
		for _, part := range q.out.parts {
			switch part.presence(i) {
			case none:
			case loses:
				a.high.Add(part.most() - part.objective)
			default:
				switch {
				case part.component.easy():
					a.easily(part)
				case q.variants[part] != nil:
					if packed[part] == nil {
						packings = append(packings, part)
					}
					packed[part] = append(packed[part], a)
				default:
					again[n] = append(again[n], part)
				}
			}
		}
	}
	// A bidder may be in several parts: what the jobs find is added up in one order, afterwards.
	var jobs []func() (tell func(), err error)
	for _, part := range packings {
		jobs = append(jobs, func() (func(), error) { return q.absent(ctx, part, packed[part]) })
	}
	for n, parts := range again {
		if parts != nil {
			jobs = append(jobs, func() (func(), error) { return q.solveAgain(ctx, all[n], parts) })
		}
	}
	tells := make([]func(), len(jobs))
	if err := q.jobs(len(jobs), func(i int) (err error) { tells[i], err = jobs[i](); return err }); err != nil {
		return nil, err
	}
	for _, tell := range tells {
		tell()
	}
	out := make([]*payment.Absence, len(bidders))
	for n, a := range all {
		out[n] = &payment.Absence{
			Alternative: payment.Alternative{Without: q.missing(a.accepted), Loss: a.loss.Value()}, Low: a.low.Value(), High: a.high.Value(),
		}
		if a.pivotal {
			inf := math.Inf(1)
			out[n] = &payment.Absence{Alternative: payment.Alternative{Without: []int{a.bidder}, Loss: inf}, Low: inf, High: inf}
		}
		q.missed[a.bidder] = out[n].Loss > 0
	}
	return out, nil
}

const (
	none = iota
	loses
	wins
)

// presence is whether a bidder has bids in the part, and any accepted.
func (p *part) presence(bidder int) int {
	at := none
	for j := range p.component.bids {
		if p.component.bidder(j) == bidder {
			if p.x[j] > 0 {
				return wins
			}
			at = loses
		}
	}
	return at
}

// answer takes what a part earns without the bidder: at x, and no more than most.
func (a *absence) answer(p *part, x []float64, objective, most float64) {
	p.component.exchange(a.accepted, p.x, x)
	a.loss.Add(p.objective)
	a.loss.Add(-objective)
	a.low.Add(p.objective)
	a.low.Add(-most)
	a.high.Add(p.most())
	a.high.Add(-objective)
}

// easy says whether the component is solved without a solver.
func (k *component) easy() bool {
	return len(k.entries) == 0 && (k.oneLot() || len(k.rows) == 0 && !slices.Contains(k.decide, true))
}

// easily answers for an easy component: the same with nothing to gain or to use up by the bidder's bids.
func (a *absence) easily(p *part) {
	k := p.component
	less := &component{problem: k.problem, bids: k.bids, value: slices.Clone(k.value), decide: k.decide, rows: slices.Clone(k.rows)}
	for j := range k.bids {
		if k.bidder(j) == a.bidder {
			less.value[j] = -1
		}
	}
	for i := range k.rows {
		less.rows[i].terms = slices.DeleteFunc(slices.Clone(k.rows[i].terms), func(t term) bool { return k.bidder(t.bid) == a.bidder })
	}
	rest := less.unlimited
	if len(less.rows) > 0 {
		rest = less.merit
	}
	r := rest()
	a.answer(p, r.x, r.objective, r.objective)
}

// solveAgain answers for a bidder in the parts that are programs of any kind; tell gives it the answer.
func (q *questions) solveAgain(ctx context.Context, a *absence, parts []*part) (tell func(), err error) {
	p := *q.p
	p.AnyOptimum = true
	p.Out, p.Within, p.Start = slices.Clone(q.p.Out), make([]bool, len(q.p.Out)), slices.Clone(q.out.X)
	for _, part := range parts {
		for j, b := range part.bids {
			p.Within[b] = true
			if part.component.bidder(j) == a.bidder {
				p.Out[b], p.Start[b] = true, 0
			}
		}
	}
	out, err := p.Determine(ctx, q.options(1))
	if errors.As(err, new(*unmet)) { // the limits cannot be met without the bidder
		return func() { a.pivotal = true }, nil
	}
	if err != nil {
		return nil, err
	}
	// What limits cost whatever is accepted is in the outcome, and in no part.
	known := *q.p
	known.Within = p.Within
	offset := known.restrain(known.unreachable()).offset
	return func() {
		for _, s := range []*solver.Sum{&a.loss, &a.low, &a.high} {
			s.Add(offset)
		}
		for _, part := range parts {
			x := make([]float64, len(part.bids))
			for j, b := range part.bids {
				x[j] = out.X[b]
			}
			part.component.exchange(a.accepted, part.x, x)
			a.loss.Add(part.objective)
			a.low.Add(part.objective)
			a.high.Add(part.most())
		}
		a.loss.Add(-out.Objective)
		a.low.Add(-out.most())
		a.high.Add(-out.Objective)
	}, nil
}

// accepted are, by bidder, the bids accepted in the allocation at hand.
func (q *questions) accepted() []int32 {
	n := make([]int32, len(q.p.Case.Bidders))
	for b, x := range q.out.X {
		if x > 0 {
			n[q.p.Case.Bids[b].Bidder]++
		}
	}
	return n
}

// exchange changes these by what is accepted in the component.
func (k *component) exchange(accepted []int32, from, to []float64) {
	for j := range k.bids {
		if from[j] > 0 {
			accepted[k.bidder(j)]--
		}
		if to[j] > 0 {
			accepted[k.bidder(j)]++
		}
	}
}

// missing are the winners that have nothing accepted any more.
func (q *questions) missing(accepted []int32) []int {
	var missing []int
	for i, n := range q.accepted() {
		if n > 0 && accepted[i] == 0 {
			missing = append(missing, i)
		}
	}
	return missing
}
