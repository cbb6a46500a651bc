package allocation

import (
	"cmp"
	"math"
	"slices"
)

// greedy is an allocation found without a solver: where a program starts, and what is left of it when no
// time was. Bids come by what they earn for their share of what is scarce, each as far as it still fits;
// those that require another wait for it. Limits that more accepted bids may satisfy are not looked at; it is nil where
// the end does not.
func (k *component) greedy() *point {
	best := k.filled(make([]float64, len(k.value)))
	if known := k.known(); known != nil {
		for _, p := range []*point{k.stated(slices.Clone(known)), k.filled(known)} {
			if p != nil && (best == nil || p.objective > best.objective) {
				best = p
			}
		}
	}
	return best
}

// stated is the point at x, nil where it is not feasible.
func (k *component) stated(x []float64) *point {
	k.settle(x)
	if !k.fits(x) {
		return nil
	}
	return &point{x: x, y: k.on(x), objective: k.earns(x), price: make([]float64, len(k.rows))}
}

// known is the allocation that the problem starts from, the part in this component; nil for none.
func (k *component) known() []float64 {
	if k.problem.Start == nil {
		return nil
	}
	x := make([]float64, len(k.value))
	for j, b := range k.bids {
		x[j] = k.problem.Start[b]
	}
	return x
}

// filled is x with what else fits accepted greedily, or nothing accepted where that is worth more; nil where neither
// meets the limits.
func (k *component) filled(x []float64) *point {
	packs := make([]bool, len(k.rows))
	for i := range k.rows {
		packs[i] = k.rows[i].packs()
	}
	earn := make([]float64, len(k.bids))
	order := make([]int, 0, len(k.bids))
	for j := range k.bids {
		share := 0.0
		for _, u := range k.uses[j] {
			if packs[u.row] {
				share += u.coef / k.rows[u.row].rhs
			}
		}
		earn[j] = k.value[j] / share
		if k.value[j] > 0 {
			order = append(order, j)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(earn[b], earn[a]) })
	needs := make([]int, len(k.bids))
	for j := range needs {
		needs[j] = -1
	}
	for _, r := range k.requires {
		needs[r[0]] = r[1]
	}
	group, taken := make([]int, len(k.bids)), make([]bool, len(k.groups)+1)
	for g, bids := range k.groups {
		for _, j := range bids {
			group[j] = g + 1
		}
	}
	left := make([]float64, len(k.rows))
	for i := range k.rows {
		left[i] = k.rows[i].rhs
	}
	gates := k.gates()
	accept := func(j int, fit float64) {
		x[j] = fit
		taken[group[j]] = group[j] > 0
		for _, u := range k.uses[j] {
			if packs[u.row] {
				left[u.row] = max(0, left[u.row]-u.coef*fit)
			}
		}
	}
	for j := range k.bids {
		if x[j] > 0 {
			accept(j, x[j])
			gates.admit(j)
		}
	}
	for changed := true; changed; {
		changed = false
		for _, j := range order {
			if x[j] > 0 || taken[group[j]] || needs[j] >= 0 && x[needs[j]] == 0 {
				continue
			}
			fit := 1.0
			for _, u := range k.uses[j] {
				if packs[u.row] {
					fit = min(fit, left[u.row]/u.coef)
				}
			}
			if fit <= 0 || fit < k.least[j] || !gates.admit(j) {
				continue
			}
			accept(j, fit)
			changed = true
		}
	}
	k.settle(x)
	if !k.fits(x) || k.earns(x) < 0 {
		clear(x)
		k.settle(x)
		if !k.fits(x) {
			return nil
		}
	}
	return &point{x: x, y: k.on(x), objective: k.earns(x), price: make([]float64, len(k.rows))}
}

// packs says whether accepting less never breaks the row.
func (r *row) packs() bool {
	return r.family != limited || r.only == 0 && !slices.ContainsFunc(r.terms, func(t term) bool { return t.coef < 0 })
}

// gates let bids in while the hard limits on numbers have room for what they add to.
type gates struct {
	k    *component
	room []float64   // by count
	of   [][]passage // by bid: what it adds to
	open []bool      // by control
}

// A passage is a bid's way into a count, by itself or as the first of a control.
type passage struct {
	count, control int // control -1 for by itself
	coef           float64
}

func (k *component) gates() *gates {
	g := &gates{k: k, room: make([]float64, len(k.counts)), of: make([][]passage, len(k.bids)), open: make([]bool, len(k.controls))}
	for i := range k.counts {
		n := &k.counts[i]
		g.room[i] = n.rhs
		if !math.IsNaN(n.penalty) || n.only > 0 {
			continue
		}
		for _, d := range n.terms {
			if d.bid >= 0 {
				g.of[d.bid] = append(g.of[d.bid], passage{i, -1, d.coef})
				continue
			}
			for _, j := range k.controls[d.control].members {
				g.of[j] = append(g.of[j], passage{i, d.control, d.coef})
			}
		}
	}
	return g
}

// admit lets a bid in if there is room.
func (g *gates) admit(j int) bool {
	add := func(sign float64) (within bool) {
		within = true
		for _, w := range g.of[j] {
			if w.control < 0 || !g.open[w.control] {
				g.room[w.count] -= sign * w.coef
				within = within && (g.room[w.count] >= -countSlack || w.coef <= 0)
			}
		}
		return within
	}
	if !add(1) {
		add(-1)
		return false
	}
	for _, w := range g.of[j] {
		if w.control >= 0 {
			g.open[w.control] = true
		}
	}
	return true
}
