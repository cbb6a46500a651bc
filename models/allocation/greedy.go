package allocation

import (
	"cmp"
	"slices"
)

// greedy is an allocation found without a solver: where a program starts, and what is left of it when no
// time was. Bids come by what they earn for their share of what is scarce, each as far as it still fits;
// those that require another wait for it.
func (k *component) greedy() *point {
	earn := make([]float64, len(k.bids))
	order := make([]int, 0, len(k.bids))
	for j := range k.bids {
		share := 0.0
		for _, u := range k.uses[j] {
			share += u.coef / k.rows[u.row].rhs
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
	x := make([]float64, len(k.bids))
	for changed := true; changed; {
		changed = false
		for _, j := range order {
			if x[j] > 0 || taken[group[j]] || needs[j] >= 0 && x[needs[j]] == 0 {
				continue
			}
			fit := 1.0
			for _, u := range k.uses[j] {
				fit = min(fit, left[u.row]/u.coef)
			}
			if fit <= 0 || fit < k.least[j] {
				continue
			}
			x[j], changed = fit, true
			taken[group[j]] = group[j] > 0
			for _, u := range k.uses[j] {
				left[u.row] = max(0, left[u.row]-u.coef*fit)
			}
		}
	}
	if !k.fits(x) || k.earns(x) < 0 {
		clear(x)
	}
	p := &point{x: x, y: make([]bool, len(x)), objective: k.earns(x), price: make([]float64, len(k.rows))}
	for j := range x {
		p.y[j] = x[j] > 0
	}
	return p
}
