package oracle

import "math/big"

// maximise solves max c'x s.t. A x ≤ b, x ≥ 0 in rational arithmetic: the simplex method on dictionaries with Bland's
// rule, which ends (Chvátal 1983, chapters 2 and 3), started by the auxiliary variable where b has a negative. It
// returns nil where there is no x. The program must be bounded.
func maximise(c []*big.Rat, a [][]*big.Rat, b []*big.Rat) (value *big.Rat, x []*big.Rat) {
	d := &dictionary{n: len(c), value: new(big.Rat)}
	worst := -1
	for i := range b {
		d.rows = append(d.rows, append(append([]*big.Rat{}, copied(a[i])...), big.NewRat(-1, 1)))
		d.rhs = append(d.rhs, new(big.Rat).Set(b[i]))
		d.basic = append(d.basic, d.n+1+i)
		if b[i].Sign() < 0 && (worst < 0 || b[i].Cmp(b[worst]) < 0) {
			worst = i
		}
	}
	for j := range d.n + 1 { // the last is the auxiliary variable
		d.free = append(d.free, j)
	}
	d.cost = make([]*big.Rat, d.n+1)
	for j := range d.cost {
		d.cost[j] = new(big.Rat)
	}
	if worst >= 0 {
		d.cost[d.n].SetInt64(-1)
		d.pivot(worst, d.n)
		d.improve()
		if d.value.Sign() < 0 {
			return nil, nil
		}
		for i, v := range d.basic { // at 0, by a degenerate step out of the basis
			if v != d.n {
				continue
			}
			for j := range d.free {
				if d.rows[i][j].Sign() != 0 {
					d.pivot(i, j)
					break
				}
			}
		}
	}
	// From here on the auxiliary variable is 0. One that is still basic has a row of zeros.
	for j, v := range d.free {
		if v == d.n {
			for i := range d.rows {
				d.rows[i][j] = new(big.Rat)
			}
		}
	}
	d.value = new(big.Rat)
	for j := range d.cost {
		d.cost[j] = new(big.Rat)
	}
	for j, v := range d.free {
		if v < d.n {
			d.cost[j].Add(d.cost[j], c[v])
		}
	}
	for i, v := range d.basic {
		if v >= d.n {
			continue
		}
		d.value.Add(d.value, product(c[v], d.rhs[i]))
		for j := range d.cost {
			d.cost[j].Sub(d.cost[j], product(c[v], d.rows[i][j]))
		}
	}
	d.improve()
	x = make([]*big.Rat, d.n)
	for j := range x {
		x[j] = new(big.Rat)
	}
	for i, v := range d.basic {
		if v < d.n {
			x[v] = d.rhs[i]
		}
	}
	return d.value, x
}

// A dictionary states basic variables by the others: basic_i = rhs_i - Σ_j rows_ij free_j, and the objective
// likewise, value + Σ_j cost_j free_j.
type dictionary struct {
	n           int
	rows        [][]*big.Rat
	rhs, cost   []*big.Rat
	value       *big.Rat
	basic, free []int
}

// improve pivots until no variable improves the objective, always entering and leaving with the least index.
func (d *dictionary) improve() {
	for {
		enter := -1
		for j := range d.free {
			if d.cost[j].Sign() > 0 && (enter < 0 || d.free[j] < d.free[enter]) {
				enter = j
			}
		}
		if enter < 0 {
			return
		}
		leave := -1
		var least *big.Rat
		for i := range d.rows {
			if d.rows[i][enter].Sign() <= 0 {
				continue
			}
			ratio := new(big.Rat).Quo(d.rhs[i], d.rows[i][enter])
			if less := leave < 0 || ratio.Cmp(least) < 0; less || ratio.Cmp(least) == 0 && d.basic[i] < d.basic[leave] {
				leave, least = i, ratio
			}
		}
		if leave < 0 {
			panic("oracle: an unbounded program")
		}
		d.pivot(leave, enter)
	}
}

// pivot exchanges the basic variable of row i with free variable j.
func (d *dictionary) pivot(i, j int) {
	inverse := new(big.Rat).Inv(d.rows[i][j])
	row := make([]*big.Rat, len(d.free))
	for k := range row {
		row[k] = product(d.rows[i][k], inverse)
	}
	row[j] = inverse
	rhs := product(d.rhs[i], inverse)
	for r := range d.rows {
		if r == i || d.rows[r][j].Sign() == 0 {
			continue
		}
		by := d.rows[r][j]
		d.rows[r][j] = new(big.Rat)
		for k := range row {
			d.rows[r][k].Sub(d.rows[r][k], product(by, row[k]))
		}
		d.rhs[r].Sub(d.rhs[r], product(by, rhs))
	}
	by := d.cost[j]
	d.cost[j] = new(big.Rat)
	for k := range row {
		d.cost[k].Sub(d.cost[k], product(by, row[k]))
	}
	d.value.Add(d.value, product(by, rhs))
	d.rows[i], d.rhs[i] = row, rhs
	d.basic[i], d.free[j] = d.free[j], d.basic[i]
}

func product(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

func copied(row []*big.Rat) []*big.Rat {
	fresh := make([]*big.Rat, len(row))
	for j := range row {
		fresh[j] = new(big.Rat).Set(row[j])
	}
	return fresh
}
