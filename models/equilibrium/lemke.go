package equilibrium

import (
	"errors"
	"math"
)

// A linear complementarity problem asks for z >= 0 with w = Mz + q >= 0 and z'w = 0.

// errRay says that Lemke's method ended on a secondary ray: no solution was found.
var errRay = errors.New("the complementary path ends in a ray")

// pivotTolerance is the least magnitude, relative to its column's largest entry, that may serve as a
// pivot: smaller ones are rounding noise of the entries that cancelled.
const pivotTolerance = 1e-11

// lemke solves the linear complementarity problem (M, q) by Lemke's method with the covering vector of
// ones (Lemke 1965; Cottle, Pang and Stone 1992, algorithm 4.4.1). q must be generic, or the path may
// cycle through degenerate bases. It returns errRay where the path ends in a ray, which
// copositive-plus matrices such as those of polymatrix games rule out (Miller and Zucker 1991).
func lemke(m [][]float64, q []float64, maxPivots int) ([]float64, error) {
	n := len(q)
	least := 0
	for i := range q {
		if q[i] < q[least] {
			least = i
		}
	}
	z := make([]float64, n)
	if n == 0 || q[least] >= 0 {
		return z, nil
	}
	// The tableau holds I w - M z - 1 z0 = q. Columns: w (n), z (n), z0, right-hand side.
	width := 2*n + 2
	rhs, z0 := 2*n+1, 2*n
	t := make([][]float64, n)
	basis := make([]int, n)
	for i := range t {
		t[i] = make([]float64, width)
		t[i][i] = 1
		for j := range m[i] {
			t[i][n+j] = -m[i][j]
		}
		t[i][z0] = -1
		t[i][rhs] = q[i]
		basis[i] = i
	}
	pivot := func(row, col int) {
		p := t[row]
		inv := 1 / p[col]
		for j := range p {
			p[j] *= inv
		}
		p[col] = 1
		for i, r := range t {
			if i == row || r[col] == 0 {
				continue
			}
			f := r[col]
			for j, v := range p {
				if v != 0 {
					r[j] -= f * v
				}
			}
			r[col] = 0
		}
		basis[row] = col
	}
	complement := func(v int) int {
		if v < n {
			return v + n
		}
		return v - n
	}
	leaving := basis[least]
	pivot(least, z0)
	entering := complement(leaving)
	for range maxPivots {
		row := leastRatio(t, basis, entering, rhs, z0)
		if row < 0 {
			return nil, errRay
		}
		leaving = basis[row]
		pivot(row, entering)
		if leaving == z0 {
			for i, b := range basis {
				if b >= n && b < 2*n {
					z[b-n] = math.Max(0, t[i][rhs])
				}
			}
			return z, nil
		}
		entering = complement(leaving)
	}
	return nil, errors.New("the complementary path is too long")
}

// leastRatio returns the row of the least ratio of the entering column, or -1 where the column has no
// positive entry. Among rows equal up to rounding z0 leaves, else the one with the largest pivot.
func leastRatio(t [][]float64, basis []int, col, rhs, z0 int) int {
	largest := 1.0
	for i := range t {
		largest = math.Max(largest, math.Abs(t[i][col]))
	}
	least := math.Inf(1)
	for i := range t {
		if t[i][col] > pivotTolerance*largest {
			least = math.Min(least, t[i][rhs]/t[i][col])
		}
	}
	best := -1
	for i := range t {
		if t[i][col] <= pivotTolerance*largest || t[i][rhs]/t[i][col] > least+1e-15 {
			continue
		}
		if basis[i] == z0 {
			return i
		}
		if best < 0 || t[i][col] > t[best][col] {
			best = i
		}
	}
	return best
}

// polymatrix returns an equilibrium of the polymatrix game in which agent a of strategies 0..sizes[a]-1
// earns sum over c of x_a' payoff[a][c] x_c + x_a' own[a]. payoff[a][c] may be nil for agents that do not
// meet. Agents' earnings are shifted and scaled, which moves no equilibrium. (Howson 1972; Miller and
// Zucker 1991: the linear complementarity problem is
//
//	w = C x - E'v >= 0,  E x - 1 = 0,  x'w = 0
//
// with costs C = shift - payoff and E the sums of each agent's probabilities. Every entry of C is
// positive, that of agents who do not meet too: as each agent's probabilities sum to 1 that adds a
// constant to its costs, and makes the matrix copositive-plus, so that the path ends in a solution.
// Costs are perturbed by up to perturbation of their scale, so that no tie makes the path cycle: the
// result is an equilibrium up to a regret of that size.)
func polymatrix(sizes []int, payoff [][][][]float64, own [][]float64) ([][]float64, error) {
	start := make([]int, len(sizes)+1)
	for a, s := range sizes {
		start[a+1] = start[a] + s
	}
	nx := start[len(sizes)]
	n := nx + len(sizes)
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
	}
	q := make([]float64, n)
	for a := range sizes {
		scale, top := 0.0, math.Inf(-1)
		each(a, sizes, payoff, own, func(_, _, _ int, v float64) {
			scale = math.Max(scale, math.Abs(v))
			top = math.Max(top, v)
		})
		if scale == 0 {
			scale = 1
		}
		for b := range sizes[a] {
			for j := range nx {
				m[start[a]+b][j] = 1
			}
		}
		// own[a] is spread over the agents a meets, itself where it meets none: their probabilities sum to 1.
		each(a, sizes, payoff, own, func(b, c, s int, v float64) {
			m[start[a]+b][start[c]+s] = (top-v)/scale + 1
		})
		for b := range sizes[a] {
			m[start[a]+b][nx+a] = -1
			q[start[a]+b] = perturbation * scatter(start[a]+b)
			m[nx+a][start[a]+b] = 1
		}
		q[nx+a] = -1
	}
	z, err := lemke(m, q, 50*n+1000)
	if err != nil {
		return nil, err
	}
	x := make([][]float64, len(sizes))
	for a, s := range sizes {
		x[a] = make([]float64, s)
		copy(x[a], z[start[a]:start[a]+s])
		normalise(x[a])
	}
	return x, nil
}

// perturbation breaks ties between strategies, relative to an agent's largest payoff. It is far under
// every regret that a user can ask for and far over rounding.
const perturbation = 1e-9

// scatter maps i to a number in [0, 1), the same on every run: the fractional parts of multiples of the
// golden ratio (Knuth 1973, 6.4), which are far apart from each other.
func scatter(i int) float64 {
	_, f := math.Modf(float64(i+1) * 0.6180339887498949)
	return f
}

// each visits the payoffs of agent a's strategy b against strategy s of agent c, own[a] spread evenly
// over the agents it meets.
func each(a int, sizes []int, payoff [][][][]float64, own [][]float64, visit func(b, c, s int, v float64)) {
	meets := 0
	for c := range sizes {
		if c != a && payoff[a][c] != nil {
			meets++
		}
	}
	for c := range sizes {
		switch {
		case c != a && payoff[a][c] != nil:
			for b := range sizes[a] {
				for s := range sizes[c] {
					visit(b, c, s, payoff[a][c][b][s]+own[a][b]/float64(meets))
				}
			}
		case c == a && meets == 0:
			for b := range sizes[a] {
				for s := range sizes[a] {
					visit(b, a, s, own[a][b])
				}
			}
		}
	}
}

// normalise clears rounding noise from a distribution and makes it sum to 1.
func normalise(x []float64) {
	const noise = 1e-12
	sum := 0.0
	for i, v := range x {
		if v < noise {
			x[i] = 0
		}
		sum += x[i]
	}
	if sum == 0 {
		x[0], sum = 1, 1
	}
	for i := range x {
		x[i] /= sum
	}
}
