package allocation

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"lotwise/models/auction"
	"lotwise/solver"
)

// An Outcome is an allocation with its certificate.
type Outcome struct {
	X         []float64 // by bid: the accepted fraction
	Objective float64   // what the allocation earns
	Bound     float64   // no allocation earns more
	// Proven says that the objective is optimal. The bound can still be a little over it, as told by a
	// solver that allows for rounding.
	Proven bool
	// ShadowPrice is, by lot, what one more package of capacity would earn, the accepted bids being those
	// they are: the dual of the capacity in the linear program that is left when it is decided which
	// indivisible bids are accepted.
	ShadowPrice []float64
	// TiesSettled says whether the allocation is the first of the optimal ones by the tie rule.
	TiesSettled bool
	Interrupted bool // the context ended before the requested gap was reached
	parts       []*part
}

// most is what no allocation earns more than: the bound, without its allowance where the objective is proven.
func (o *Outcome) most() float64 {
	if o.Proven {
		return o.Objective
	}
	return o.Bound
}

// Gap is by how much the objective may be short of the optimum, as a share of the objective.
func (o *Outcome) Gap() float64 {
	switch {
	case o.Bound <= o.Objective:
		return 0
	case o.Objective == 0:
		return math.Inf(1)
	default:
		return (o.Bound - o.Objective) / math.Abs(o.Objective)
	}
}

// Determine solves the problem, its components on Options.Threads threads. The outcome does not depend
// on the number of threads unless a time limit strikes or the context ends; what was found until then is
// returned with its bound, not as an error. Where the limits cannot be met the error is *unmet.
func (p *Problem) Determine(ctx context.Context, o auction.Options) (*Outcome, error) {
	components, limits := p.components()
	if len(limits.broken) > 0 {
		return nil, &unmet{sides: limits.broken}
	}
	parts := make([]*part, len(components))
	errs := make([]error, len(components))

	// The largest first, so that no thread is left with it at the end.
	order := make([]int, len(components))
	total := 0.0
	for i := range order {
		order[i] = i
		total += components[i].work()
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(components[b].work(), components[a].work()) })

	deadline := time.Now().Add(o.TimeLimit)
	threads := max(1, min(o.Threads, len(components)))
	var mu sync.Mutex
	var wait sync.WaitGroup
	next, done := 0, 0
	objective, bound := make([]float64, len(components)), make([]float64, len(components))
	for i := range components {
		objective[i], bound[i] = math.NaN(), math.NaN()
	}
	report := func(i int, w, most float64) { // with mu held
		objective[i], bound[i] = w, most
		if o.Progress != nil {
			o.Progress(auction.Progress{
				Stage: "allocation", Done: done, Total: len(components),
				Objective: known(objective), Bound: known(bound), Epsilon: math.NaN(),
			})
		}
	}
	for range threads {
		wait.Go(func() {
			for {
				mu.Lock()
				if next == len(order) {
					mu.Unlock()
					return
				}
				i := order[next]
				next++
				so := solver.Options{RelGap: o.Gap, Seed: o.Seed, Threads: 1}
				if o.TimeLimit > 0 {
					// A component gets its share of the time that the threads have left.
					share := min(1, float64(threads)*components[i].work()/total)
					so.TimeLimit = max(time.Duration(share*float64(time.Until(deadline))), time.Millisecond)
				}
				total -= components[i].work()
				mu.Unlock()

				if o.Progress != nil {
					so.Progress = func(s solver.Progress) {
						mu.Lock()
						defer mu.Unlock()
						report(i, s.Objective, s.Bound)
					}
				}

				found, err := components[i].solve(ctx, so)

				mu.Lock()
				parts[i], errs[i] = found, err
				if done++; err == nil {
					report(i, found.objective, found.bound)
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if err := first(errs); err != nil {
		return nil, err
	}

	out := &Outcome{
		X: make([]float64, len(p.Case.Bids)), ShadowPrice: make([]float64, len(p.Case.Lots)),
		TiesSettled: true, Proven: true, parts: parts,
	}
	var earned, most solver.Sum
	earned.Add(limits.offset)
	most.Add(limits.offset)
	for i, k := range components {
		parts[i].component, parts[i].bids = k, k.bids
		for j, b := range k.bids {
			out.X[b] = parts[i].x[j]
		}
		for n, price := range parts[i].price {
			if r := &k.rows[n]; r.family == capacity {
				out.ShadowPrice[r.of] = max(0, price)
			}
		}
		earned.Add(parts[i].objective)
		most.Add(parts[i].bound)
		out.Proven = out.Proven && parts[i].proven
		out.TiesSettled = out.TiesSettled && parts[i].settled
	}
	out.Objective, out.Bound = earned.Value(), max(most.Value(), earned.Value())
	if out.Proven && out.Objective == 0 { // the allowance of a bound is no share of nothing
		out.Bound = 0
	}
	out.Interrupted = ctx.Err() != nil && !out.Proven && out.Gap() > o.Gap
	return out, nil
}

// first is the error to tell: that limits cannot be met, else the first.
func first(errs []error) error {
	for _, err := range errs {
		if errors.As(err, new(*unmet)) {
			return err
		}
	}
	return cmp.Or(errs...)
}

// known is the sum, NaN while a part of it is not known.
func known(parts []float64) float64 {
	total := 0.0
	for _, a := range parts {
		total += a
	}
	if math.IsInf(total, 0) {
		return math.NaN()
	}
	return total
}
