package allocation

import (
	"cmp"
	"slices"

	"lotwise/solver"
)

// Zero-half cuts: half the sum of an odd number of cliques, rounded down,
//
//	Σ_v ⌊n_v / 2⌋ x_v ≤ (|C| - 1) / 2      n_v: how many of the cliques in C member v is in
//
// which every packing obeys. Fractions x violate it by half of
//
//	1 - Σ_{q ∈ C} (1 - Σ_{v ∈ q} x_v) - Σ_{n_v odd} x_v
//
// so what is wanted are cliques that are nearly full, an odd number of them, of which few fractions are in an odd number. They are
// found by elimination modulo 2, the largest fraction first (Caprara and Fischetti 1996; Andreello, Caprara and Fischetti
// 2007). Where no clique is violated, fractions are halves along odd cycles mostly: these cuts rule them out.

// A half is such a cut.
type half struct {
	members []int32
	coef    []float64 // by members
	rhs     float64
	from    [][]int32 // the cliques
	row     solver.Con
	price   float64
}

const (
	// halvesARound and halvesOverlap bound the cuts added at a time: so many, and no member in more than so many on average
	// over the members of a cut. There are never more than manyHalves times as many as cliques.
	halvesARound  = 100
	halvesOverlap = 4
	manyHalves    = 3
)

// A parity is a sum of cliques modulo 2.
type parity struct {
	odd  bits // of the members with fractions: those in an odd number of them
	from bits // the cliques
}

// add adds another sum.
func (p parity) add(o parity) {
	for i, w := range o.odd {
		p.odd[i] ^= w
	}
	for i, w := range o.from {
		p.from[i] ^= w
	}
}

// violatedHalves are zero-half cuts that x violates, the most violated first.
func (r *relaxation) violatedHalves(x []float64) []half {
	var support []int32
	for v, f := range x {
		if f > integralSlack && f < 1-integralSlack {
			support = append(support, int32(v))
		}
	}
	slices.SortStableFunc(support, func(a, b int32) int { return cmp.Compare(x[b], x[a]) })
	at := placesOf(support, len(x))
	const most = 1 - 2*violated // of what is not full and of odd fractions
	var cliques [][]int32
	var room []float64 // by clique
	for _, q := range r.cliques {
		sum, fractional := 0.0, false
		for _, v := range q {
			sum += x[v]
			fractional = fractional || at[v] >= 0
		}
		if fractional && 1-sum < most {
			cliques, room = append(cliques, q), append(room, max(0, 1-sum))
		}
	}
	odd, from := newBits(len(cliques), len(support)), newBits(len(cliques), len(cliques))
	rows := make([]parity, len(cliques))
	for n, q := range cliques {
		rows[n] = parity{odd[n], from[n]}
		rows[n].from.add(int32(n))
		for _, v := range q {
			if at[v] >= 0 {
				rows[n].odd.add(at[v])
			}
		}
	}
	roomOf := func(p parity) (total float64) {
		for n := range p.from.all() {
			total += room[n]
		}
		return total
	}
	oddOf := func(p parity) (total float64) {
		for i := range p.odd.all() {
			total += x[support[i]]
		}
		return total
	}
	type cut struct {
		half
		over float64
	}
	var cuts []cut
	for i := range support {
		pivot, least := -1, 0.0
		for n, p := range rows {
			if p.odd.has(int32(i)) {
				if have := roomOf(p); pivot < 0 || have < least {
					pivot, least = n, have
				}
			}
		}
		if pivot < 0 {
			continue
		}
		p := rows[pivot]
		rows = slices.Delete(rows, pivot, pivot+1)
		rows = slices.DeleteFunc(rows, func(other parity) bool {
			if !other.odd.has(int32(i)) {
				return false
			}
			other.add(p)
			have := roomOf(other)
			if n := other.from.count(); n%2 == 1 && have+oddOf(other) < most {
				var some [][]int32
				for n := range other.from.all() {
					some = append(some, cliques[n])
				}
				h := zeroHalf(some, len(x))
				if by := h.over(x); by > violated {
					cuts = append(cuts, cut{h, by})
				}
			}
			return have >= most
		})
	}
	slices.SortStableFunc(cuts, func(a, b cut) int { return cmp.Compare(b.over, a.over) })
	var out []half
	for _, c := range apart(cuts, func(c cut) []int32 { return c.members }, len(x), halvesOverlap, halvesARound) {
		out = append(out, c.half)
	}
	return out
}

// zeroHalf is the cut from an odd number of cliques of so many members.
func zeroHalf(cliques [][]int32, members int) half {
	h := half{from: cliques, rhs: float64(len(cliques) / 2)}
	count := make([]int32, members)
	for _, q := range cliques {
		for _, v := range q {
			count[v]++
		}
	}
	for v, n := range count {
		if n > 1 {
			h.members, h.coef = append(h.members, int32(v)), append(h.coef, float64(n/2))
		}
	}
	return h
}

// over is by how much x violates the cut.
func (h *half) over(x []float64) float64 {
	over := -h.rhs
	for i, v := range h.members {
		over += h.coef[i] * x[v]
	}
	return over
}

// halve adds the cuts of this kind that its point violates, and says whether there were any new ones.
func (r *relaxation) halve() bool {
	if len(r.halves) >= manyHalves*len(r.cliques) {
		return false
	}
	n := len(r.halves)
	for _, h := range r.violatedHalves(r.x) {
		r.placedHalf(h)
	}
	return len(r.halves) > n
}

// placedHalf is the place of a cut, which is added unless one with its members is there.
func (r *relaxation) placedHalf(h half) int {
	key := "half" + keyOf(h.members)
	if n, ok := r.place[key]; ok {
		return n
	}
	n := len(r.halves)
	r.place[key] = n
	terms := make([]solver.Term, len(h.members))
	for i, v := range h.members {
		terms[i] = r.vars[v].Times(h.coef[i])
	}
	h.row, h.price = r.model.AtMost("half", "", terms, h.rhs), 0
	r.halves = append(r.halves, h)
	return n
}

// among is the cut as far as it concerns members that have a place at theirs, -1 for none; false where it says nothing of them.
func (h *half) among(at []int32) (half, bool) {
	kept := half{rhs: h.rhs}
	total := 0.0
	for i, v := range h.members {
		if at[v] >= 0 {
			kept.members, kept.coef = append(kept.members, at[v]), append(kept.coef, h.coef[i])
			total += h.coef[i]
		}
	}
	for _, q := range h.from {
		kept.from = append(kept.from, renamed(q, at))
	}
	return kept, total > h.rhs
}

// carry takes over the prices of a relaxation of some members, with its cliques and cuts extended to all.
func (r *relaxation) carry(of *relaxation, members []int32) {
	extended := func(q []int32) []int32 { return r.maximal(renamed(q, members), r.value) }
	type priced struct {
		at    int
		price float64
	}
	var cliques, halves []priced
	for q, price := range of.price {
		if price > 0 {
			cliques = append(cliques, priced{r.placed(extended(of.cliques[q])), price})
		}
	}
	for i := range of.halves {
		if h := &of.halves[i]; h.price > 0 {
			var from [][]int32
			for _, q := range h.from {
				if len(q) > 0 {
					q = extended(q)
				}
				from = append(from, q)
			}
			halves = append(halves, priced{r.placedHalf(zeroHalf(from, len(r.value))), h.price})
		}
	}
	r.price = make([]float64, len(r.cliques))
	for i := range r.halves {
		r.halves[i].price = 0
	}
	for _, p := range cliques {
		r.price[p.at] += p.price
	}
	for _, p := range halves {
		r.halves[p.at].price += p.price
	}
	r.assess()
}
