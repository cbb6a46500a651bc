package payment

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// program is the program of nearest.go in fractions: a d ≤ b row by row, bounds included.
type program struct {
	a [][]*big.Rat
	b []*big.Rat
	v []*big.Rat
}

func rat(a float64) *big.Rat { return new(big.Rat).SetFloat64(a) }

func (g *nearest) program() *program {
	p := &program{}
	n := len(g.v)
	row := func(b float64, of ...int) []*big.Rat {
		r := make([]*big.Rat, n)
		for i := range r {
			r[i] = new(big.Rat)
		}
		for _, i := range of {
			r[i] = big.NewRat(1, 1)
		}
		p.a, p.b = append(p.a, r), append(p.b, rat(b))
		return r
	}
	for i, v := range g.v {
		p.v = append(p.v, rat(v))
		row(v, i)
		row(0, i)[i] = big.NewRat(-1, 1)
	}
	for _, c := range g.cuts {
		row(c.room, c.outside...)
	}
	return p
}

// solve solves the square system m x = y exactly; nil where it is singular.
func solve(m [][]*big.Rat, y []*big.Rat) []*big.Rat {
	n := len(y)
	a := make([][]*big.Rat, n)
	for i := range a {
		for _, c := range append(append([]*big.Rat{}, m[i]...), y[i]) {
			a[i] = append(a[i], new(big.Rat).Set(c))
		}
	}
	t := new(big.Rat)
	for k := range n {
		pivot := k
		for pivot < n && a[pivot][k].Sign() == 0 {
			pivot++
		}
		if pivot == n {
			return nil
		}
		a[k], a[pivot] = a[pivot], a[k]
		for i := range n {
			if i == k || a[i][k].Sign() == 0 {
				continue
			}
			f := new(big.Rat).Quo(a[i][k], a[k][k])
			for j := k; j <= n; j++ {
				a[i][j].Sub(a[i][j], t.Mul(f, a[k][j]))
			}
		}
	}
	x := make([]*big.Rat, n)
	for i := range x {
		x[i] = new(big.Rat).Quo(a[i][n], a[i][i])
	}
	return x
}

func inner(a, b []*big.Rat) *big.Rat {
	s, t := new(big.Rat), new(big.Rat)
	for i := range a {
		s.Add(s, t.Mul(a[i], b[i]))
	}
	return s
}

// enumerate is the optimum by enumeration: the largest total at any vertex, and the nearest to v of its projections
// on the intersections of that total with any of the rows that lie within the others.
func (p *program) enumerate() (total *big.Rat, d []*big.Rat) {
	n := len(p.v)
	ones := make([]*big.Rat, n)
	for i := range ones {
		ones[i] = big.NewRat(1, 1)
	}
	within := func(x []*big.Rat) bool {
		for i := range p.a {
			if inner(p.a[i], x).Cmp(p.b[i]) > 0 {
				return false
			}
		}
		return true
	}
	var chosen []int
	var choose func(from, most int, visit func())
	choose = func(from, most int, visit func()) {
		visit()
		if len(chosen) == most {
			return
		}
		for i := from; i < len(p.a); i++ {
			chosen = append(chosen, i)
			choose(i+1, most, visit)
			chosen = chosen[:len(chosen)-1]
		}
	}
	choose(0, n, func() {
		if len(chosen) != n {
			return
		}
		var m [][]*big.Rat
		var y []*big.Rat
		for _, i := range chosen {
			m, y = append(m, p.a[i]), append(y, p.b[i])
		}
		if x := solve(m, y); x != nil && within(x) {
			if s := inner(ones, x); total == nil || s.Cmp(total) > 0 {
				total = s
			}
		}
	})
	var least *big.Rat
	choose(0, n-1, func() {
		rows, rhs := [][]*big.Rat{ones}, []*big.Rat{total}
		for _, i := range chosen {
			rows, rhs = append(rows, p.a[i]), append(rhs, p.b[i])
		}
		// x = v - N λ with N' x = rhs
		gram, y := make([][]*big.Rat, len(rows)), make([]*big.Rat, len(rows))
		for i := range rows {
			for j := range rows {
				gram[i] = append(gram[i], inner(rows[i], rows[j]))
			}
			y[i] = new(big.Rat).Sub(inner(rows[i], p.v), rhs[i])
		}
		lambda := solve(gram, y)
		if lambda == nil {
			return
		}
		x := make([]*big.Rat, n)
		far, t := new(big.Rat), new(big.Rat)
		for k := range n {
			x[k] = new(big.Rat).Set(p.v[k])
			for i := range rows {
				x[k].Sub(x[k], t.Mul(lambda[i], rows[i][k]))
			}
			t.Sub(x[k], p.v[k])
			far.Add(far, t.Mul(t, t))
		}
		if within(x) && (least == nil || far.Cmp(least) < 0) {
			least, d = far, x
		}
	})
	return total, d
}

// amounts of very different sizes, with ties.
func drawAmount(r *rand.Rand, scale float64) float64 {
	if scale == 0 {
		scale = math.Pow(10, float64(r.IntN(12)-2))
	}
	return math.Round(float64(1+r.IntN(20))*scale*100) / 100
}

// The optimum against enumeration in exact fractions, at scales from cents to billions and mixed: no discount is off by
// more than a hundred rounding errors, a thousandth of a cent in a billion of money.
func TestNearestAgainstEnumeration(t *testing.T) {
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 21))
		scale := []float64{0, 0.01, 1, 1e4, 1e9}[r.IntN(5)]
		n := 2 + r.IntN(3)
		v := make([]float64, n)
		largest := 0.0
		for i := range v {
			v[i] = drawAmount(r, scale)
			if r.IntN(8) == 0 {
				v[i] = 0
			}
			largest = max(largest, v[i])
		}
		g := newNearest(v)
		for range 1 + r.IntN(6) {
			var outside []int
			room := 0.0
			for i := range v {
				if r.IntN(2) == 0 {
					outside = append(outside, i)
					room += v[i]
				}
			}
			room = math.Round(room*100*r.Float64()) / 100
			if r.IntN(6) == 0 {
				room = drawAmount(r, scale)
			}
			g.add(Alternative{outside, room})
			if r.IntN(2) == 0 { // go on from the optimum before
				if err := g.solve(); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		}
		if err := g.solve(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		total, d := g.program().enumerate()
		stated := new(big.Rat)
		for i := range d {
			want, _ := d[i].Float64()
			if !(math.Abs(g.d[i]-want) <= 1e-14*largest) {
				t.Errorf("seed %d: discounts %v, enumerated %v at %d", seed, g.d, want, i)
			}
			stated.Add(stated, rat(g.d[i]))
		}
		if off, _ := new(big.Rat).Sub(stated, total).Float64(); !(math.Abs(off) <= 1e-14*float64(n)*largest) {
			t.Errorf("seed %d: total off by %v", seed, off)
		}
	}
}

// With many bidders and coalitions, the conditions of optimality in exact fractions: d is within every row, and both the
// total and the way back to VCG are combinations of the normals of active rows, with multipliers of the right signs.
func TestNearestOfMany(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 22))
		scale := []float64{0, 1, 1e9}[r.IntN(3)]
		n := 5 + r.IntN(60)
		v := make([]float64, n)
		all := 0.0
		for i := range v {
			v[i] = drawAmount(r, scale)
			all += v[i]
		}
		g := newNearest(v)
		for range 10 + r.IntN(150) {
			var outside []int
			room := 0.0
			for i := range v {
				if r.IntN(4) == 0 {
					outside = append(outside, i)
					room += v[i]
				}
			}
			g.add(Alternative{outside, math.Round(room * (0.2 + 0.8*r.Float64()))})
			if r.IntN(10) == 0 {
				if err := g.solve(); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		}
		if err := g.solve(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i, d := range g.discounts() {
			if d < 0 || d > v[i] || math.Abs(d-g.d[i]) > 1e-15*all {
				t.Errorf("seed %d: discount %v is not within 0 and %v", seed, d, v[i])
			}
		}
		for n := range g.cuts {
			if over, _ := g.excess(&g.cuts[n]); over > 1e-14*all {
				t.Errorf("seed %d: a coalition's discounts exceed its room by %v", seed, over)
			}
		}
		big, rest := make([]float64, n), make([]float64, n)
		for i := range v {
			big[i], rest[i] = 1, v[i]-g.d[i]
			sign := float64(g.held[i])
			big[i] -= sign * g.price[i].big
			rest[i] -= sign * g.price[i].rest
			if g.held[i] != free && (g.price[i].big < 0 || g.price[i].big == 0 && g.price[i].rest < -1e-13*all) {
				t.Errorf("seed %d: the multiplier of a bound is %+v", seed, g.price[i])
			}
		}
		for k, c := range g.active {
			if over, _ := g.excess(&g.cuts[c]); over < -1e-14*all {
				t.Errorf("seed %d: an active coalition has %v left", seed, -over)
			}
			if l := g.lambda[k]; l.big < 0 || l.big == 0 && l.rest < -1e-13*all {
				t.Errorf("seed %d: the multiplier of a coalition is %+v", seed, l)
			}
			for _, i := range g.cuts[c].outside {
				big[i] -= g.lambda[k].big
				rest[i] -= g.lambda[k].rest
			}
		}
		for i := range v {
			if math.Abs(big[i]) > 1e-9 || math.Abs(rest[i]) > 1e-13*all {
				t.Errorf("seed %d: stationarity is off by %v M + %v", seed, big[i], rest[i])
			}
		}
	}
}
