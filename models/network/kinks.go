package network

import "slices"

// sets is how many sets of open facilities Kinks looks at: all of up to three facilities of a pool.
const sets = 8

func (e *evaluator) kinks(lot int, won []float64, where []int) []float64 {
	for i, j := range where {
		e.w[i] = min(won[j], e.n.lots[i].useful)
	}
	var ks []float64
	follow := func(p *plan, f *flow, facilities []int) {
		for open := range uint64(min(sets, 1<<min(len(facilities), 8))) {
			ks = append(ks, p.kinks(f, lot, e.w, func(g int) bool {
				// The sets with most open come first.
				j := slices.Index(facilities, g)
				return open>>j&1 == 0
			})...)
		}
	}
	for i := range e.pools {
		p := &e.pools[i]
		if !slices.Contains(p.lots, lot) {
			continue
		}
		if p.plan == nil {
			single := e.n.plan(p.lots, p.rows, p.routes, false)
			follow(single, single.flow(), p.facilities)
		} else {
			follow(p.plan, p.flow, p.facilities)
		}
	}
	if e.n.tight {
		follow(e.n.whole, e.whole, all(len(e.n.facilities)))
	}
	slices.Sort(ks)
	return slices.Compact(ks)
}
