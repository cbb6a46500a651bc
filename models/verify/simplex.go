package verify

import "math"

const (
	// pivotTol is the least coefficient or reduced profit taken for non-zero after rows and profits are scaled.
	pivotTol = 1e-10
	// fitTol is by how much a scaled row or bound may be broken: a thousandth of the least fraction that
	// counts as accepted.
	fitTol = 1e-9
	// meetTol is by how much, relatively, the bound of a solved program may be over its value.
	meetTol = 1e-8
	// refreshAfter is the number of pivots after which the tableau is made anew from the rows: rounding adds up.
	refreshAfter = 400
	// pivotsPerLine bounds the pivots of one solve, a variable and row, before Bland's rule chooses, and then
	// before the solve is given up: what it proved until then holds.
	pivotsPerLine = 20
)

// A program is
//
//	max  profit·x   s.t.  rows x <= most,  lo <= x <= up     (every bound finite)
//
// solved by the dual simplex method (Lemke 1954) on a dense tableau with bounded variables. As slacks are
// bounded too, every basis is dual feasible once each nonbasic variable stands at the bound that its reduced
// profit prefers, so that a solve starts from the basis of the last one whatever bounds and profits have
// changed since. What it claims is proven from the rows themselves, not the tableau: the bound by weak
// duality, infeasibility by Farkas' lemma (Neumaier and Shcherbina 2004).
type program struct {
	profit []float64
	lo, up []float64
	rows   []row
	work   int64 // multiplications so far

	slack    []float64   // by row: the most its slack can be at the bounds the program was opened with
	tableau  [][]float64 // basic variable i is constant[i] - tableau[i]·(nonbasic variables)
	constant []float64
	basis    []int // by row of the tableau: its basic variable, n+k for the slack of row k
	column   []int // by column: its nonbasic variable
	atUp     []bool
	reduced  []float64 // by column: the profit of raising its variable, in units of unit
	unit     float64
	value    []float64 // of the basic variables
	pivots   int       // since the tableau was made
}

// A row is Σ of·x <= most.
type row struct {
	terms []term
	most  float64
}

type term struct {
	at int
	of float64
}

// variable adds a variable and returns its number.
func (p *program) variable(profit, lo, up float64) int {
	p.profit, p.lo, p.up = append(p.profit, profit), append(p.lo, lo), append(p.up, up)
	return len(p.profit) - 1
}

// atMost adds a row, scaled so that its largest coefficient is 1.
func (p *program) atMost(terms []term, most float64) {
	if math.IsInf(most, 1) {
		return
	}
	scale := 0.0
	for _, t := range terms {
		scale = math.Max(scale, math.Abs(t.of))
	}
	if scale == 0 {
		scale = math.Max(1, math.Abs(most))
	}
	r := row{terms: make([]term, len(terms)), most: most / scale}
	for i, t := range terms {
		r.terms[i] = term{t.at, t.of / scale}
	}
	p.rows = append(p.rows, r)
}

// size is the number of cells of the tableau.
func (p *program) size() int { return len(p.profit) * len(p.rows) }

// open makes the tableau of the slack basis.
func (p *program) open() {
	n, m := len(p.profit), len(p.rows)
	if p.slack == nil {
		p.slack = make([]float64, m)
		for k, r := range p.rows {
			p.slack[k] = r.most
			for _, t := range r.terms {
				p.slack[k] -= math.Min(t.of*p.lo[t.at], t.of*p.up[t.at])
			}
			p.slack[k] = math.Max(0, p.slack[k])
		}
		p.tableau, p.constant = make([][]float64, m), make([]float64, m)
		p.basis, p.column = make([]int, m), make([]int, n)
		p.atUp, p.reduced, p.value = make([]bool, n), make([]float64, n), make([]float64, m)
		for k := range p.tableau {
			p.tableau[k] = make([]float64, n)
		}
	}
	for k, r := range p.rows {
		clear(p.tableau[k])
		for _, t := range r.terms {
			p.tableau[k][t.at] += t.of
		}
		p.constant[k], p.basis[k] = r.most, n+k
	}
	for j := range p.column {
		p.column[j] = j
	}
	p.pivots = 0
	p.work += int64(p.size())
	p.price()
}

// price recomputes the reduced profits, as after a change of profit.
func (p *program) price() {
	p.unit = 0
	for _, c := range p.profit {
		p.unit = math.Max(p.unit, math.Abs(c))
	}
	if p.unit == 0 {
		p.unit = 1
	}
	for j, v := range p.column {
		p.reduced[j] = p.profitOf(v)
	}
	for i, v := range p.basis {
		if c := p.profitOf(v); c != 0 {
			for j, a := range p.tableau[i] {
				p.reduced[j] -= c * a
			}
		}
	}
	p.work += int64(len(p.profit))
}

func (p *program) profitOf(v int) float64 {
	if v < len(p.profit) {
		return p.profit[v] / p.unit
	}
	return 0
}

// bounds of a variable or slack.
func (p *program) bounds(v int) (lo, up float64) {
	if n := len(p.profit); v >= n {
		return 0, p.slack[v-n]
	}
	return p.lo[v], p.up[v]
}

func (p *program) nonbasicValue(j int) float64 {
	lo, up := p.bounds(p.column[j])
	if p.atUp[j] {
		return up
	}
	return lo
}

// An answer of a program. bound is never under the optimum, and -Inf where infeasibility is proven; x is nil
// where the program is infeasible or was given up.
type answer struct {
	x            []float64
	value, bound float64
}

// solve finds the optimum at the present bounds and profits.
func (p *program) solve() answer {
	if p.tableau == nil || p.pivots > refreshAfter {
		p.open()
	}
	a, sound := p.try()
	if !sound { // rounding has spoilt the tableau: again from the rows
		p.open()
		if a, sound = p.try(); !sound {
			a.x = nil
		}
	}
	return a
}

// try solves on the tableau as it stands; sound is false where what it found does not hold in the rows.
func (p *program) try() (a answer, sound bool) {
	for j := range p.column {
		if p.reduced[j] > pivotTol {
			p.atUp[j] = true
		} else if p.reduced[j] < -pivotTol {
			p.atUp[j] = false
		}
	}
	for i := range p.value {
		p.value[i] = p.constant[i]
	}
	for j := range p.column {
		if v := p.nonbasicValue(j); v != 0 {
			for i := range p.value {
				p.value[i] -= p.tableau[i][j] * v
			}
		}
	}
	p.work += int64(p.size())
	patience := pivotsPerLine * (len(p.profit) + len(p.rows))
	for steps := 0; ; steps++ {
		r, short := p.leaving(steps > patience)
		if r < 0 {
			break
		}
		e := p.entering(r, short, steps > patience)
		if e < 0 {
			if p.impossible(r) {
				return answer{value: math.Inf(-1), bound: math.Inf(-1)}, true
			}
			return answer{value: math.Inf(-1), bound: p.bound()}, false
		}
		if steps > 2*patience {
			return answer{value: math.Inf(-1), bound: p.bound()}, false
		}
		p.pivot(r, e, !short)
	}
	a = answer{x: make([]float64, len(p.profit)), bound: p.bound()}
	for j, v := range p.column {
		if v < len(a.x) {
			a.x[v] = p.nonbasicValue(j)
		}
	}
	for i, v := range p.basis {
		if v < len(a.x) {
			a.x[v] = math.Min(math.Max(p.value[i], p.lo[v]), p.up[v])
		}
	}
	for j, c := range p.profit {
		a.value += c * a.x[j]
	}
	return a, p.fits(a.x) && a.bound-a.value <= meetTol*math.Max(p.unit, math.Abs(a.value))
}

// fits says whether a point satisfies the rows.
func (p *program) fits(x []float64) bool {
	for _, r := range p.rows {
		sum := 0.0
		for _, t := range r.terms {
			sum += t.of * x[t.at]
		}
		if sum > r.most+10*fitTol*math.Max(1, math.Abs(r.most)) {
			return false
		}
	}
	return true
}

// leaving returns the row whose basic variable is furthest outside its bounds (the first such variable by
// Bland's rule), and whether it is short of the lower one; -1 where all are within.
func (p *program) leaving(bland bool) (r int, short bool) {
	r = -1
	most := fitTol
	for i, v := range p.basis {
		lo, up := p.bounds(v)
		if under := lo - p.value[i]; under > most {
			r, short = i, true
			most = under
		} else if over := p.value[i] - up; over > most {
			r, short = i, false
			most = over
		}
		if bland && r == i {
			// the least variable outside
			for h := i + 1; h < len(p.basis); h++ {
				if lo, up := p.bounds(p.basis[h]); p.basis[h] < p.basis[r] && (lo-p.value[h] > fitTol || p.value[h]-up > fitTol) {
					r, short = h, lo-p.value[h] > fitTol
				}
			}
			return r, short
		}
	}
	return r, short
}

// entering returns the column that moves the basic variable of the row towards its bound and loses its
// preference for its own bound first; among those that tie the one with the largest pivot, or the least
// variable by Bland's rule. -1 where none moves it.
func (p *program) entering(r int, short, bland bool) int {
	moves := func(j int) bool {
		a := p.tableau[r][j]
		if short {
			a = -a
		}
		if p.atUp[j] {
			a = -a
		}
		if a <= pivotTol {
			return false
		}
		lo, up := p.bounds(p.column[j])
		return lo < up
	}
	least := math.Inf(1)
	for j := range p.column {
		if moves(j) {
			least = math.Min(least, (math.Abs(p.reduced[j])+pivotTol)/math.Abs(p.tableau[r][j]))
		}
	}
	best := -1
	for j := range p.column {
		if !moves(j) || math.Abs(p.reduced[j])/math.Abs(p.tableau[r][j]) > least {
			continue
		}
		if best < 0 || bland && p.column[j] < p.column[best] || !bland && math.Abs(p.tableau[r][j]) > math.Abs(p.tableau[r][best]) {
			best = j
		}
	}
	return best
}

// pivot exchanges the basic variable of row r, which goes to a bound, with the nonbasic variable of column e.
func (p *program) pivot(r, e int, toUp bool) {
	leaves, enters := p.basis[r], p.column[e]
	lo, up := p.bounds(leaves)
	target := lo
	if toUp {
		target = up
	}
	line := p.tableau[r]
	by := (p.value[r] - target) / line[e] // how far the entering variable moves
	entered := p.nonbasicValue(e) + by
	a := line[e]
	for j := range line {
		line[j] /= a
	}
	line[e] = 1 / a
	p.constant[r] /= a
	for i, other := range p.tableau {
		f := other[e]
		if i == r || f == 0 {
			continue
		}
		p.value[i] -= f * by
		p.constant[i] -= f * p.constant[r]
		for j, v := range line {
			other[j] -= f * v
		}
		other[e] = -f / a
		p.work += int64(len(line))
	}
	f := p.reduced[e]
	for j, v := range line {
		p.reduced[j] -= f * v
	}
	p.reduced[e] = -f / a
	p.basis[r], p.column[e] = enters, leaves
	p.value[r], p.atUp[e] = entered, toUp
	p.pivots++
	p.work += 2 * int64(len(line))
}

// bound is an upper bound on the optimum by weak duality, for whatever the reduced profits have come to:
//
//	y·most + Σ_j max over lo <= x_j <= up of (profit_j - y·rows_j) x_j + Σ_k max over 0 <= s_k <= slack_k of -y_k s_k
func (p *program) bound() float64 {
	n := len(p.profit)
	rest := make([]float64, n)
	copy(rest, p.profit)
	total := 0.0
	for j, v := range p.column {
		if v < n || p.reduced[j] == 0 {
			continue
		}
		y := -p.reduced[j] * p.unit
		total += math.Max(0, -y*p.slack[v-n])
		total += y * p.rows[v-n].most
		for _, t := range p.rows[v-n].terms {
			rest[t.at] -= y * t.of
		}
	}
	for j, r := range rest {
		total += math.Max(r*p.lo[j], r*p.up[j])
	}
	return total
}

// impossible proves from the rows that the basic variable of row r cannot reach its bounds, or that the sum of
// rows that its line stands for cannot hold: Σ_k w_k (rows_k x + slack_k - most_k) is never 0.
func (p *program) impossible(r int) bool {
	n := len(p.profit)
	w := make([]float64, len(p.rows))
	for j, v := range p.column {
		if v >= n {
			w[v-n] = p.tableau[r][j]
		}
	}
	if v := p.basis[r]; v >= n {
		w[v-n] = 1
	}
	rest := make([]float64, n)
	low, high, scale := 0.0, 0.0, 0.0
	for k, f := range w {
		if f == 0 {
			continue
		}
		low -= f * p.rows[k].most
		high -= f * p.rows[k].most
		scale = math.Max(scale, math.Abs(f))
		if f > 0 { // a slack is at least 0; the most it can be follows from the rows
			high += f * p.slack[k]
		} else {
			low += f * p.slack[k]
		}
		for _, t := range p.rows[k].terms {
			rest[t.at] += f * t.of
		}
	}
	for j, f := range rest {
		low += math.Min(f*p.lo[j], f*p.up[j])
		high += math.Max(f*p.lo[j], f*p.up[j])
	}
	return low > fitTol*scale/2 || high < -fitTol*scale/2
}
