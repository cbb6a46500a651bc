package solver

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"lotwise/solver/highs"
)

// hessian is the Hessian of the minimised objective, the lower triangle by columns: q v² becomes 2q on the
// diagonal and q v w becomes q off it. nil when the objective is linear.
func (m *Model) hessian() *highs.Matrix {
	if len(m.quad) == 0 {
		return nil
	}
	q := slices.Clone(m.quad)
	slices.SortStableFunc(q, func(a, b quadratic) int { return cmp.Or(cmp.Compare(a.w, b.w), cmp.Compare(a.v, b.v)) })
	h := &highs.Matrix{Start: make([]int32, len(m.cost)+1)}
	for k := 0; k < len(q); {
		v, w, c := q[k].v, q[k].w, 0.0
		for ; k < len(q) && q[k].v == v && q[k].w == w; k++ {
			c += q[k].coef
		}
		if v == w {
			c *= 2
		}
		h.Index, h.Value = append(h.Index, v), append(h.Value, m.sign()*c)
		h.Start[w+1]++
	}
	for j := range m.cost {
		h.Start[j+1] += h.Start[j]
	}
	return h
}

const (
	// pivotTolerance is the share of the largest diagonal entry below which a pivot of the Hessian counts as 0.
	pivotTolerance = 1e-10
	// denseLimit is the largest connected block of the Hessian whose curvature is checked here; its
	// factorisation takes about a second.
	denseLimit = 1500
)

// checkConvex refuses a Hessian that is not positive semidefinite, block by connected block, by an LDL'
// factorisation. HiGHS would return a wrong optimum for some of them.
func (m *Model) checkConvex(h *highs.Matrix) error {
	if h == nil {
		return nil
	}
	if m.Integers() > 0 {
		return fmt.Errorf("model %s: a quadratic objective with integer variables cannot be solved: linearise it or fix the integers", m.name)
	}
	root := make([]int32, len(m.cost))
	for j := range root {
		root[j] = int32(j)
	}
	find := func(j int32) int32 {
		for root[j] != j {
			root[j] = root[root[j]]
			j = root[j]
		}
		return j
	}
	touched := map[int32]bool{}
	for j := range m.cost {
		for k := h.Start[j]; k < h.Start[j+1]; k++ {
			touched[int32(j)], touched[h.Index[k]] = true, true
			root[find(h.Index[k])] = find(int32(j))
		}
	}
	blocks := map[int32][]int32{}
	for j := range m.cost {
		if touched[int32(j)] {
			r := find(int32(j))
			blocks[r] = append(blocks[r], int32(j))
		}
	}
	place := make([]int, len(m.cost))
	for _, block := range blocks {
		n := len(block)
		if n > denseLimit {
			continue
		}
		a := make([]float64, n*n)
		for p, j := range block {
			place[j] = p
		}
		for p, j := range block {
			for k := h.Start[j]; k < h.Start[j+1]; k++ {
				a[place[h.Index[k]]*n+p] = h.Value[k]
			}
		}
		if p := notPSD(a, n); p >= 0 {
			need := "convex"
			if m.sense == Maximize {
				need = "concave"
			}
			return fmt.Errorf("model %s: the quadratic objective is not %s in %s", m.name, need, Var{m, block[p]})
		}
	}
	return nil
}

// notPSD is the first pivot of the symmetric n×n matrix a, of which the lower triangle is given and overwritten,
// that shows it not positive semidefinite; -1 if there is none.
func notPSD(a []float64, n int) int {
	scale := 0.0
	for i := range n {
		scale = max(scale, math.Abs(a[i*n+i]))
	}
	tol := pivotTolerance * scale
	for p := range n {
		pivot := a[p*n+p]
		if pivot < -tol {
			return p
		}
		if pivot <= tol {
			for i := p + 1; i < n; i++ {
				if math.Abs(a[i*n+p]) > math.Sqrt(pivotTolerance)*scale || scale == 0 && a[i*n+p] != 0 {
					return p
				}
			}
			continue
		}
		for i := p + 1; i < n; i++ {
			l := a[i*n+p] / pivot
			if l == 0 {
				continue
			}
			for k := p + 1; k <= i; k++ {
				a[i*n+k] -= l * a[k*n+p]
			}
		}
	}
	return -1
}
