package payment

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever columns have come and gone and rows been freed and held, Q R is the matrix, Q orthonormal, R triangular.
func TestFactorChanges(t *testing.T) {
	const near = 1e-10
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 9))
		size := 3 + r.IntN(12)
		f := &factor{size: size}
		var columns [][]float64
		open := make([]bool, size)
		matrix := func(columns [][]float64) [][]float64 {
			kept := make([][]float64, len(columns))
			for n := range columns {
				kept[n] = slices.Clone(columns[n])
				for i := range open {
					if !open[i] {
						kept[n][i] = 0
					}
				}
			}
			return kept
		}
		independent := func(columns [][]float64) bool {
			fresh := &factor{size: size}
			for n, a := range matrix(columns) {
				fresh.grow(a)
				if !(fresh.r[n][n] > 1e-6) {
					return false
				}
			}
			return true
		}
		for step := range 60 {
			i := r.IntN(size)
			switch r.IntN(4) {
			case 0, 1:
				a := make([]float64, size)
				for i := range a {
					a[i] = float64(r.IntN(2))
				}
				if more := append(slices.Clone(columns), a); independent(more) {
					columns = more
					f.grow(matrix(columns)[len(columns)-1])
				}
			case 2:
				if n := len(columns); n > 0 && r.IntN(2) == 0 {
					p := r.IntN(n)
					columns = slices.Delete(columns, p, p+1)
					f.remove(p)
				}
			case 3:
				if open[i] = !open[i]; open[i] {
					across := make([]float64, len(columns))
					for n := range columns {
						across[n] = columns[n][i]
					}
					f.free(i, across)
				} else if independent(columns) {
					f.hold(i)
				} else {
					open[i] = true
				}
			}
			for n, a := range matrix(columns) {
				if len(f.r[n]) != n+1 {
					t.Fatalf("seed %d step %d: column %d of R has %d entries", seed, step, n, len(f.r[n]))
				}
				for i := range a {
					for k, s := range f.r[n] {
						a[i] -= s * f.q[k][i]
					}
					if math.Abs(a[i]) > near {
						t.Fatalf("seed %d step %d: column %d is off by %v", seed, step, n, a[i])
					}
				}
				for k := range n + 1 {
					want := 0.0
					if k == n {
						want = 1
					}
					if got := dot(f.q[k], f.q[n]); math.Abs(got-want) > near {
						t.Fatalf("seed %d step %d: columns %d and %d of Q have product %v", seed, step, k, n, got)
					}
				}
			}
		}
	}
}
