package verify

import "math"

// optimum compares the stated objective and bound with what can be earned: the optimum, segment by segment, where
// branch and bound ends within its work, and a bracket of it elsewhere.
func (a *acceptance) optimum(objective float64) {
	total := a.seller.best(nil, a.hint)
	solved := 0
	for _, g := range a.seller.segments {
		if g.best(nil, a.hint).exact() {
			solved++
		}
	}
	all := solved == len(a.seller.segments)
	bound, row, ok := a.number("bound")
	if ok && total.low > bound && !same(total.low, bound) {
		what := "a feasible acceptance earns"
		if all {
			what = "the optimum is"
		}
		a.find(tableSummary, row, "value", "bound is %.10g, but %s %.10g", bound, what, total.low)
	}
	if a.hint != nil && !atMost(objective, total.high) {
		if row, ok := a.metric["objective"]; ok {
			a.find(tableSummary, row, "value", "objective is %.10g, and no acceptance earns more than %.10g", objective, total.high)
		}
	}
	if statusRow, ok := a.metric["status"]; ok && a.done() {
		if lost := total.low - objective; lost > math.Max(a.o.Gap, optimalGap)*math.Max(math.Abs(total.low), math.Abs(objective))+relTol {
			what := "what a feasible acceptance earns,"
			if all {
				what = "the optimum"
			}
			a.find(tableSummary, statusRow, "value", "status is %s, but the objective %.10g is %.10g under %s %.10g", a.r.Summary[statusRow].Text, objective, lost, what, total.low)
		}
	}
	switch {
	case math.IsInf(total.high, -1):
		a.checked("no acceptance keeps to all rules of the case: there is no optimum")
	case all:
		a.checked("the true optimum %.10g by branch and bound (%d independent parts)", total.low, solved)
	case ok && atMost(total.high, bound):
		a.checked("the bound %.10g by weak duality; the optimum of %d of %d independent parts by branch and bound, the others being too large: in all it is between %.10g and %.10g", bound, solved, len(a.seller.segments), total.low, total.high)
	default:
		a.checked("the optimum was not recomputed in %d of %d independent parts, too large for branch and bound within %d steps: in all it is between %.10g and %.10g, and the bound was compared with the former alone", len(a.seller.segments)-solved, len(a.seller.segments), a.o.EnumerationLimit, total.low, total.high)
	}
}

// limitCosts checks the stated cost of each limit: what the objective would gain without any of its scopes.
func (a *acceptance) limitCosts(objective float64) {
	type bracket struct{ low, high float64 }
	known := map[string]bracket{}
	stated, bracketed := 0, 0
	for i, r := range a.r.Limits {
		at := -1
		for j := range a.c.Limits {
			if a.c.Limits[j].Name == r.Limit {
				at = j
			}
		}
		if at < 0 || math.IsNaN(r.Cost) {
			continue
		}
		stated++
		b, ok := known[r.Limit]
		if !ok {
			var kept []*scope
			for _, s := range a.seller.scopes {
				if s.limit != &a.c.Limits[at] {
					kept = append(kept, s)
				}
			}
			without := a.newSeller(kept).best(nil, a.hint)
			b = bracket{without.low - objective, without.high - objective}
			known[r.Limit] = b
			if !without.exact() {
				bracketed++
			}
		}
		slack := relTol * math.Max(1, math.Max(math.Abs(r.Cost), math.Abs(objective)))
		if r.Cost < -slack {
			a.find(tableLimits, i, "cost", "%.10g: without limit %q the seller cannot earn less", r.Cost, r.Limit)
			continue
		}
		if !a.optimal() {
			slack += a.o.Gap * math.Abs(objective)
		}
		if r.Cost < b.low-slack || r.Cost > b.high+slack {
			if same(b.low, b.high) {
				a.find(tableLimits, i, "cost", "%.10g, without limit %q the seller would earn %.10g more", r.Cost, r.Limit, b.low)
			} else {
				a.find(tableLimits, i, "cost", "%.10g, without limit %q the seller would earn %.10g to %.10g more", r.Cost, r.Limit, b.low, b.high)
			}
		}
	}
	if stated > 0 {
		a.checked("%d costs of %d limits, each by an optimum without it; of %d of them only a bracket was recomputed", stated, len(known), bracketed)
	}
}
