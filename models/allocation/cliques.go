package allocation

import (
	"cmp"
	"slices"
)

// maximal is the clique with members added until none is left that fits with none of it, those of most weight first.
func (p *packing) maximal(q []int32, weight []float64) []int32 {
	common := slices.Clone(p.conflicts[q[0]])
	for _, v := range q[1:] {
		common.meet(p.conflicts[v])
	}
	q = slices.Clone(q)
	for {
		best := int32(-1)
		for v := range common.all() {
			if best < 0 || weight[v] > weight[best] {
				best = v
			}
		}
		if best < 0 {
			return q
		}
		q = append(q, best)
		common.meet(p.conflicts[best])
	}
}

const (
	// violated is by how much the fractions of a clique exceed 1 at least to be worth a row.
	violated = 1e-3
	// cutsARound and cutOverlap bound the rows added at a time: so many, and no member in more than so many on average
	// over the members of a clique.
	cutsARound = 300
	cutOverlap = 4
)

// violatedCliques are maximal cliques whose fractions exceed 1, the most violated first. They are found greedily: from
// every two members that do not fit together, by falling fraction.
func (p *packing) violatedCliques(x []float64) [][]int32 {
	var support []int32
	for v := range x {
		if x[v] > integralSlack {
			support = append(support, int32(v))
		}
	}
	slices.SortStableFunc(support, func(a, b int32) int { return cmp.Compare(x[b], x[a]) })
	at := make([]int32, len(x))
	for i, v := range support {
		at[v] = int32(i)
	}
	in := newBits(1, len(x))[0]
	for _, v := range support {
		in.add(v)
	}
	conflicts := newBits(len(support), len(support)) // among the support, by falling fraction
	near := make(bits, len(in))
	for i, v := range support {
		copy(near, p.conflicts[v])
		near.meet(in)
		for u := range near.all() {
			conflicts[i].add(at[u])
		}
	}
	type cut struct {
		members []int32
		over    float64
	}
	var cuts []cut
	seen := map[string]bool{}
	common := newBits(1, len(support))[0]
	for i := range conflicts {
		for j := range conflicts[i].all() {
			if int(j) < i {
				continue
			}
			copy(common, conflicts[i])
			common.meet(conflicts[j])
			q := []int32{support[i], support[j]}
			total := x[support[i]] + x[support[j]]
			for v := range common.all() {
				if !common.has(v) {
					continue // left meanwhile
				}
				q, total = append(q, support[v]), total+x[support[v]]
				common.meet(conflicts[v])
			}
			if total <= 1+violated {
				continue
			}
			slices.Sort(q)
			if key := keyOf(q); !seen[key] {
				seen[key] = true
				cuts = append(cuts, cut{q, total - 1})
			}
		}
	}
	slices.SortStableFunc(cuts, func(a, b cut) int { return cmp.Compare(b.over, a.over) })
	var out [][]int32
	for _, c := range apart(cuts, func(c cut) []int32 { return c.members }, len(x), cutOverlap, cutsARound) {
		out = append(out, p.maximal(c.members, p.value))
	}
	return out
}

// apart returns at most so many of the cuts, in their order, without those whose members, of size in all, are on average in more
// than overlap of the cuts before.
func apart[T any](cuts []T, members func(T) []int32, size, overlap, most int) []T {
	used := make([]int, size)
	var out []T
	for _, c := range cuts {
		shared := 0
		for _, v := range members(c) {
			shared += used[v]
		}
		if shared > overlap*len(members(c)) {
			continue
		}
		for _, v := range members(c) {
			used[v]++
		}
		if out = append(out, c); len(out) == most {
			break
		}
	}
	return out
}
