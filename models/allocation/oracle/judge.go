package oracle

import (
	"fmt"
	"math"

	"lotwise/models/auction"
)

// A Judgement is what an allocation is worth, and what it breaks.
type Judgement struct {
	Objective float64
	Broken    []string // capacities, budgets, fractions, groups, requirements and hard limits that are missed
	Scopes    []Reading
}

// A Reading is one scope of a limit at an allocation, in the measure's own unit. Bounds that there are not are NaN.
type Reading struct {
	Limit, Scope               string
	Value, Min, Max, Violation float64
}

// Judge measures accepted fractions x, by bid, against the case's definition. Slack is by how much, relatively, sums
// may exceed what bounds them.
func Judge(c *auction.Case, x []float64, slack float64) Judgement {
	var j Judgement
	out := voids(c)
	broken := func(format string, a ...any) { j.Broken = append(j.Broken, fmt.Sprintf(format, a...)) }
	over := func(value, most float64) bool { return value > most+slack*max(1, math.Abs(most)) }
	score := scores(c)
	lots, money, packages := make([]float64, len(c.Lots)), make([]float64, len(c.Bidders)), make([]float64, len(c.Bidders))
	for b, fraction := range x {
		bid := &c.Bids[b]
		j.Objective += score[b] * fraction
		for _, r := range bid.Rows {
			lots[r.Lot] += r.Quantity * fraction
		}
		money[bid.Bidder] += bid.Amount * fraction
		packages[bid.Bidder] += volume(bid) * fraction
		if out[b] && fraction > 0 || fraction < 0 || fraction > 1 || fraction > 0 && over(bid.MinFraction, fraction) {
			broken("bid %s is accepted to %g", bid.Name, fraction)
		}
		for n := b; fraction > 0 && c.Bids[n].Requires >= 0; {
			n = c.Bids[n].Requires
			if out[n] || x[n] < LeastFraction {
				broken("bid %s requires %s", bid.Name, c.Bids[n].Name)
			}
		}
	}
	for l, used := range lots {
		if over(used, c.Lots[l].Capacity) {
			broken("lot %s sells %g", c.Lots[l].Name, used)
		}
	}
	for i := range c.Bidders {
		if over(money[i], c.Bidders[i].Budget) || over(packages[i], c.Bidders[i].MaxVolume) {
			broken("bidder %s wins %g packages for %g", c.Bidders[i].Name, packages[i], money[i])
		}
	}
	for _, g := range alternatives(c) {
		accepted := 0
		for _, b := range g {
			if x[b] > 0 {
				accepted++
			}
		}
		if accepted > 1 {
			broken("%d bids of group %s", accepted, c.Bids[g[0]].Group)
		}
	}
	for _, s := range scopes(c, out) {
		value, base := s.value(s.entries, x), s.number()
		if s.all != nil {
			base = s.value(s.all.entries, x)
		}
		r := Reading{Limit: s.limit.Name, Scope: s.text, Value: value, Min: s.limit.Min * base, Max: s.limit.Max * base}
		if r.Value > r.Max {
			r.Violation = r.Value - r.Max
		}
		if r.Value < r.Min && !(s.limit.OrNothing && value == 0) {
			r.Violation = r.Min - r.Value
		}
		switch {
		case !math.IsNaN(s.limit.Penalty):
			j.Objective -= s.limit.Penalty * r.Violation
		case r.Violation > slack*max(1, math.Abs(value)):
			broken("limit %s: %g is not within %g and %g", s.name, value, r.Min, r.Max)
		}
		j.Scopes = append(j.Scopes, r)
	}
	return j
}

// value is the measure over entries at x.
func (s *scope) value(entries []entry, x []float64) float64 {
	total := 0.0
	seen := map[int]bool{}
	for _, e := range entries {
		switch {
		case !s.counts():
			total += s.adds(e) * x[e.bid]
		case e.quantity > 0 && x[e.bid] >= LeastFraction && !seen[s.item(e)]:
			seen[s.item(e)] = true
			total++
		}
	}
	return total
}
