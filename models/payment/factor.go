package payment

import (
	"math"
	"slices"
)

// A factor is N = Q R of columns that come and go, and of rows of which some are zero for a while: Q's columns are
// orthonormal (a new one by Gram and Schmidt, twice, which makes it so to rounding), R is upper triangular. Changes are rotations
// of two columns of Q and the same two rows of R (Daniel, Gragg, Kaufman and Stewart 1976): they take as long as a few products with
// N, where factoring anew takes as many as there are columns.
type factor struct {
	size    int
	q       [][]float64
	r       [][]float64 // by column
	changes int         // by rotations
}

// freshEvery is after how many changes by rotations a factor is made anew: each adds a rounding error to Q and R.
const freshEvery = 50

func (f *factor) reset() { f.q, f.r, f.changes = f.q[:0], f.r[:0], 0 }

// project takes the part in Q off a and adds its coefficients to s.
func (f *factor) project(a, s []float64) {
	for range 2 {
		for n, q := range f.q {
			c := dot(q, a)
			if c == 0 {
				continue
			}
			s[n] += c
			for i := range a {
				a[i] -= c * q[i]
			}
		}
	}
}

// grow adds a column.
func (f *factor) grow(a []float64) {
	s := make([]float64, len(f.q)+1)
	f.project(a, s)
	norm := math.Sqrt(dot(a, a))
	s[len(f.q)] = norm
	for i := range a {
		a[i] /= norm
	}
	f.q, f.r = append(f.q, a), append(f.r, s)
}

// remove takes a column out.
func (f *factor) remove(p int) {
	f.changes++
	f.r = slices.Delete(f.r, p, p+1)
	for j := p; j < len(f.r); j++ { // column j has an entry under the diagonal
		c, s := rotation(f.r[j][j], f.r[j][j+1])
		for _, column := range f.r[j:] {
			column[j], column[j+1] = c*column[j]+s*column[j+1], c*column[j+1]-s*column[j]
		}
		f.r[j] = f.r[j][:j+1]
		rotate(f.q[j], f.q[j+1], c, s)
	}
	f.q = f.q[:len(f.r)]
}

// free makes a row that has been zero one with the numbers t, by column.
func (f *factor) free(i int, t []float64) {
	f.changes++
	e := make([]float64, f.size) // orthogonal to Q, whose row i is zero
	e[i] = 1
	for j := range f.q {
		if t[j] == 0 {
			continue
		}
		c, s := rotation(f.r[j][j], t[j])
		for n := j; n < len(f.r); n++ {
			f.r[n][j], t[n] = c*f.r[n][j]+s*t[n], c*t[n]-s*f.r[n][j]
		}
		rotate(f.q[j], e, c, s)
	}
}

// hold makes a row zero. The unit vector of it must not be in the space of the columns.
func (f *factor) hold(i int) {
	f.changes++
	e := make([]float64, f.size)
	e[i] = 1
	w, t := make([]float64, len(f.q)), make([]float64, len(f.q))
	f.project(e, w)
	norm := math.Sqrt(dot(e, e))
	for n := range e {
		e[n] /= norm
	}
	for j := len(f.q) - 1; j >= 0; j-- { // until e is the unit vector and t the row
		c, s := rotation(norm, w[j])
		norm = math.Hypot(norm, w[j])
		for n := j; n < len(f.r); n++ {
			t[n], f.r[n][j] = c*t[n]+s*f.r[n][j], c*f.r[n][j]-s*t[n]
		}
		rotate(e, f.q[j], c, s)
		f.q[j][i] = 0
	}
}

// rotation is the cosine and sine of the rotation that makes (a, b) a multiple of (1, 0).
func rotation(a, b float64) (c, s float64) {
	h := math.Hypot(a, b)
	return a / h, b / h
}

func rotate(a, b []float64, c, s float64) {
	for i := range a {
		a[i], b[i] = c*a[i]+s*b[i], c*b[i]-s*a[i]
	}
}

// split is a = N r + z with z orthogonal to N.
func (f *factor) split(a []float64) (r, z []float64) {
	z, r = slices.Clone(a), make([]float64, len(f.q))
	f.project(z, r)
	f.back(r)
	return r, z
}

// gram solves N'N x = a.
func (f *factor) gram(a []float64) []float64 {
	x := slices.Clone(a)
	for n := range x { // R' y = a
		for k := range n {
			x[n] -= f.r[n][k] * x[k]
		}
		x[n] /= f.r[n][n]
	}
	f.back(x)
	return x
}

// back solves R x = x.
func (f *factor) back(x []float64) {
	for n := len(x) - 1; n >= 0; n-- {
		x[n] /= f.r[n][n]
		for k := range n {
			x[k] -= f.r[n][k] * x[n]
		}
	}
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}
