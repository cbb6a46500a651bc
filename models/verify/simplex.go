package verify

import "math"

const (
	// pivotTol is the least coefficient or reduced cost taken for non-zero after the rows are scaled.
	pivotTol = 1e-10
	// blandAfter is the number of steepest pivots, a variable, after which Bland's rule, which cannot
	// cycle, chooses the rest.
	blandAfter = 10
)

// simplex solves
//
//	max c·x   s.t.  A x <= b,  x >= 0,   with b >= 0
//
// on a dense tableau (Dantzig 1951, with Bland's rule against cycling). The origin is feasible because
// b >= 0, so one phase is enough. ok is false where the problem is unbounded.
func simplex(c []float64, a [][]float64, b []float64) (x []float64, value float64, ok bool) {
	m, n := len(a), len(c)
	t := make([][]float64, m+1) // rows of [A I b] over the objective row [-c 0 0]
	basis := make([]int, m)
	for i := range m {
		t[i] = make([]float64, n+m+1)
		scale := 0.0
		for _, v := range a[i] {
			scale = math.Max(scale, math.Abs(v))
		}
		if scale == 0 {
			scale = 1
		}
		for j, v := range a[i] {
			t[i][j] = v / scale
		}
		t[i][n+i] = 1
		t[i][n+m] = math.Max(0, b[i]/scale)
		basis[i] = n + i
	}
	t[m] = make([]float64, n+m+1)
	largest := 1.0
	for _, v := range c {
		largest = math.Max(largest, math.Abs(v))
	}
	for j, v := range c {
		t[m][j] = -v
	}
	for pivots := 0; ; pivots++ {
		bland := pivots > blandAfter*(n+m)
		enter := -1
		for j := range n + m {
			if t[m][j] < -pivotTol*largest && (enter < 0 || !bland && t[m][j] < t[m][enter]) {
				enter = j
				if bland {
					break
				}
			}
		}
		if enter < 0 {
			break
		}
		leave := -1
		for i := range m {
			if t[i][enter] <= pivotTol {
				continue
			}
			if leave < 0 {
				leave = i
				continue
			}
			ri, rl := t[i][n+m]/t[i][enter], t[leave][n+m]/t[leave][enter]
			if ri < rl || ri == rl && basis[i] < basis[leave] {
				leave = i
			}
		}
		if leave < 0 {
			return nil, math.Inf(1), false
		}
		p := t[leave][enter]
		for j := range t[leave] {
			t[leave][j] /= p
		}
		for i := range t {
			if f := t[i][enter]; i != leave && f != 0 {
				for j, v := range t[leave] {
					t[i][j] -= f * v
				}
			}
		}
		basis[leave] = enter
	}
	x = make([]float64, n)
	for i, j := range basis {
		if j < n {
			x[j] = t[i][n+m]
		}
	}
	for j := range c {
		value += c[j] * x[j]
	}
	return x, value, true
}
