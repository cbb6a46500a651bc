package bidding

import (
	"context"
	"fmt"
	"math"

	"lotwise/models/auction"
	"lotwise/models/network"
	"lotwise/solver"
)

// The MIP of a bidder's problem. For lot l, row b = 1..bid_steps (the highest price first), tick j and cells i
// between the distinct residual supplies r_0 = 0 < r_1 < ... at that tick:
//
//	max  Σ_s π_s V(w_s) − Σ_s π_s pay_s − V(0)
//	s.t. Σ_i u_lbji = Σ_i d_lbji = y_lbj,   Σ_j y_lbj ≤ 1      row b names tick j or none      (tick, lower)
//	     upper_lb = Σ_ji r_{i-1} u_lbji + (r_i − r_{i-1}) t_lbji,  0 ≤ t_lbji ≤ u_lbji          (cell)
//	     lower_lb likewise with d and its own t; lower_lb ≤ upper_lb
//	     lower_l1 = 0;  lower_l,b+1 = upper_lb where row b+1 is used; ticks fall             (stack)
//	     w_ls = Σ_b Σ_j min(upper_lb, R_ls(j)) − min(lower_lb, R_ls(j))                  inside won
//	     pay_ls = the same with each term times the price of j
//	     Σ_l pay_ls ≤ budget, Σ_l w_ls ≤ max_volume  every s, or with q for w            (budget, volume)
//
// upper and lower are a row's cumulative quantities after and before it. Within a cell min(upper, R) is linear:
// it is R where R ≤ r_{i-1}, upper where R ≥ r_i, and a cell has no R inside. So the volume that the seller gives,
// and makes the bidder pay for, is exact for every quantity, not for those of a grid alone; a lot's cells are the
// convex hull of what a row can win and pay. V's own formula, its facilities free in every scenario, is the
// network's (network.Formulate).

// resolution is how many units of volume the largest lot has in the MIP: the solver is exact to about 1e-6 units
// and 1e-6 of the money that they cost.
const resolution = 1000

// formulation is a MIP over some parts.
type formulation struct {
	m     *solver.Model
	parts []*part
	unit  float64 // packages: the largest lot has resolution of them
	rows  [][][]mipRow
}

// mipRow is one row of one lot.
type mipRow struct {
	pick         []solver.Var // y by tick
	upper, lower network.Linear
	cells        [][2][]mipCell // by tick: of upper, of lower
}

type mipCell struct {
	from, to  float64 // in units
	in, share solver.Var
}

// largestMIP is the most scenes times lots that a MIP is tried with: beyond, HiGHS would take hours.
const largestMIP = 40_000

func (p *Problem) formulate(parts []*part, capped bool) *formulation {
	f := &formulation{m: solver.NewModel("best response", solver.Maximize), parts: parts, unit: 1}
	top := 0.0
	for _, t := range parts {
		for i := range t.lots {
			l := t.lots[i].levels
			top = max(top, l[len(l)-1])
		}
	}
	if top > 0 {
		f.unit = top / resolution
	}
	// By part, lot, supply: what is won and paid.
	won, paid := make([][][]network.Linear, len(parts)), make([][][]network.Linear, len(parts))
	worth := make([][][]solver.Term, len(parts)) // by part, scene
	mean := 1 - p.Risk.Aversion
	var offered, volume []solver.Term
	for i, t := range parts {
		f.rows = append(f.rows, make([][]mipRow, len(t.lots)))
		won[i], paid[i] = make([][]network.Linear, len(t.lots)), make([][]network.Linear, len(t.lots))
		for l := range t.lots {
			lot := &t.lots[l]
			won[i][l], paid[i][l] = make([]network.Linear, len(lot.most)), make([]network.Linear, len(lot.most))
			f.rows[i][l] = f.lot(lot, fmt.Sprint(i, ".", l), p.Rules.BidSteps, won[i][l], paid[i][l])
			for k := range paid[i][l] {
				for _, x := range paid[i][l][k].Terms {
					f.m.Objective(x.Var.Times(-mean * lot.weight[k] * x.Coef))
				}
			}
			for _, r := range f.rows[i][l] {
				for j, cells := range r.cells {
					for side, sign := range []float64{1, -1} {
						for _, c := range cells[side] {
							for _, x := range c.terms() {
								volume = append(volume, x.Var.Times(sign*x.Coef))
								offered = append(offered, x.Var.Times(sign*x.Coef*lot.price[j]))
							}
						}
					}
				}
			}
		}
		for k := range t.scenes {
			w := make([]network.Linear, len(t.lots))
			for l := range w {
				w[l] = won[i][l][t.scenes[k].supply[l]]
			}
			value, _ := t.net.Express(f.m, fmt.Sprint(i, ".", k, "."), f.unit, w)
			for _, x := range value {
				f.m.Objective(x.Var.Times(mean * t.scenes[k].probability * x.Coef))
			}
			worth[i] = append(worth[i], value)
		}
		f.m.Offset(-mean * t.weight * t.zero / f.unit)
	}
	if p.Risk.Aversion > 0 {
		f.tail(p, worth, paid)
	}
	if capped {
		f.caps(p, offered, volume, won, paid)
	}
	return f
}

// Program returns the whole problem as the one MIP above, to compare with: BestResponse takes it apart. Its money and volumes
// are in units of so many.
func (p *Problem) Program() (m *solver.Model, unit float64) {
	f := p.formulate(p.parts(nil), p.capped())
	return f.m, f.unit
}

// lot adds the rows of one lot and writes what is won and paid, by supply.
func (f *formulation) lot(lot *lotView, name string, steps int, won, paid []network.Linear) []mipRow {
	m := f.m
	var rows []mipRow
	for b := range min(steps, len(lot.ticks)) {
		r := mipRow{}
		var one, height, before []solver.Term
		for j := range lot.ticks {
			key := fmt.Sprint(name, ".", b, ".", j)
			y := m.Binary("row", key)
			r.pick = append(r.pick, y)
			one = append(one, y.Times(1))
			height = append(height, y.Times(float64(j+1)))
			var cells [2][]mipCell
			for side := range cells {
				if side == 1 && b == 0 {
					continue
				}
				cells[side] = f.cells(lot, j, []string{"upper", "lower"}[side], key, y)
				for _, c := range cells[side] {
					sum := &r.upper
					sign := 1.0
					if side == 1 {
						sum, sign = &r.lower, -1
					}
					sum.Terms = append(sum.Terms, c.terms()...)
					for k := range lot.most {
						R := lot.levels[lot.most[k][j]] / f.unit
						add := func(v solver.Var, x float64) {
							if x != 0 {
								won[k].Terms = append(won[k].Terms, v.Times(sign*x))
								paid[k].Terms = append(paid[k].Terms, v.Times(sign*x*lot.price[j]))
							}
						}
						if R >= c.to {
							add(c.in, c.from)
							add(c.share, c.to-c.from)
						} else {
							add(c.in, R)
						}
					}
				}
			}
			r.cells = append(r.cells, cells)
		}
		m.AtMost("tick", fmt.Sprint(name, ".", b), one, 1)
		if b > 0 {
			key := fmt.Sprint(name, ".", b)
			last := &rows[b-1]
			top := lot.levels[len(lot.levels)-1] / f.unit
			// lower_b ≤ upper_{b-1}, and no less where row b is used; lower_b ≤ upper_b.
			m.AtMost("stack", key, minus(r.lower.Terms, last.upper.Terms), 0)
			slack := minus(last.upper.Terms, r.lower.Terms)
			for _, y := range one {
				slack = append(slack, y.Var.Times(top))
			}
			m.AtMost("stack", key+"+", slack, top)
			m.AtMost("rise", key, minus(r.lower.Terms, r.upper.Terms), 0)
			// A row that is used is under the one before it, which is used: ticks count from 1.
			for j, y := range last.pick {
				before = append(before, y.Times(float64(j+1)))
			}
			order := minus(height, before)
			for _, y := range one {
				order = append(order, y.Var.Times(1))
			}
			m.AtMost("fall", key, order, 0)
		}
		rows = append(rows, r)
	}
	return rows
}

// cells adds the cells of one row's cumulative quantity at one tick.
func (f *formulation) cells(lot *lotView, j int, family, key string, y solver.Var) []mipCell {
	at := map[int32]bool{}
	for k := range lot.most {
		at[lot.most[k][j]] = true
	}
	var cells []mipCell
	sum := []solver.Term{y.Times(-1)}
	from := 0.0
	for v := int32(1); int(v) < len(lot.levels); v++ {
		if !at[v] {
			continue
		}
		c := mipCell{from: from, to: lot.levels[v] / f.unit}
		c.in = f.m.Binary(family, fmt.Sprint(key, ".", v))
		c.share = f.m.Continuous(family+" share", fmt.Sprint(key, ".", v), 0, 1)
		f.m.AtMost("cell", fmt.Sprint(family, key, ".", v), []solver.Term{c.share.Times(1), c.in.Times(-1)}, 0)
		sum = append(sum, c.in.Times(1))
		cells = append(cells, c)
		from = c.to
	}
	f.m.Equal(family, key, sum, 0)
	return cells
}

func (c mipCell) terms() []solver.Term {
	t := []solver.Term{c.share.Times(c.to - c.from)}
	if c.from != 0 {
		t = append(t, c.in.Times(c.from))
	}
	return t
}

func minus(a, b []solver.Term) []solver.Term {
	out := append([]solver.Term(nil), a...)
	for _, t := range b {
		out = append(out, t.Var.Times(-t.Coef))
	}
	return out
}

// caps adds budget and volume cap.
func (f *formulation) caps(p *Problem, offered, volume []solver.Term, won, paid [][][]network.Linear) {
	cap := func(name, key string, terms []solver.Term, most float64) {
		if !math.IsInf(most, 1) {
			f.m.AtMost(name, key, terms, most/f.unit)
		}
	}
	if p.FitAlways {
		cap("budget", "", offered, p.Budget)
		cap("max_volume", "", volume, p.MaxVolume)
		return
	}
	seen := map[string]bool{}
	v := p.view()
	for s := range p.Scenarios {
		var pay, get []solver.Term
		key := ""
		for i, t := range f.parts {
			for l := range t.lots {
				k := t.supplyOf(v, s, l)
				key += fmt.Sprint(k, ".")
				pay = append(pay, paid[i][l][k].Terms...)
				get = append(get, won[i][l][k].Terms...)
			}
		}
		if !seen[key] {
			seen[key] = true
			cap("budget", key, pay, p.Budget)
			cap("max_volume", key, get, p.MaxVolume)
		}
	}
}

// strategy reads a bid from a solution.
func (f *formulation) strategy(s *solver.Solution) auction.Strategy {
	var out auction.Strategy
	for i, t := range f.parts {
		for l := range t.lots {
			before := 0.0
			for _, r := range f.rows[i][l] {
				at := -1
				for j, y := range r.pick {
					if s.Value(y) > 0.5 {
						at = j
					}
				}
				if at < 0 {
					continue
				}
				upper := 0.0
				for _, c := range r.cells[at][0] {
					if s.Value(c.in) > 0.5 {
						upper = c.from + (c.to-c.from)*s.Value(c.share)
						for v := range t.lots[l].levels { // a level that was meant
							if math.Abs(t.lots[l].levels[v]/f.unit-upper) < nearLevel*resolution {
								upper = t.lots[l].levels[v] / f.unit
							}
						}
					}
				}
				if q := upper - before; q > nearLevel*resolution {
					out = append(out, auction.LotBid{Lot: t.lots[l].id, Tick: t.lots[l].ticks[at], Quantity: f.round(q * f.unit)})
					before = upper
				}
			}
		}
	}
	return out
}

// nearLevel is how far, as a share of the largest lot, the solver's quantities may lie from what they mean: its
// feasibility tolerance.
const nearLevel = 1e-6

// round undoes the division by the unit where the quantity was a whole number of packages.
func (f *formulation) round(q float64) float64 {
	if r := math.Round(q); math.Abs(r-q) <= 1e-9*f.unit*resolution {
		return r
	}
	return q
}

// start is where the MIP starts: the rows of a strategy; the solver completes flows and facilities.
func (f *formulation) start(s auction.Strategy) []float64 {
	x := make([]float64, f.m.Vars())
	for i := range x {
		x[i] = math.NaN()
	}
	for i, t := range f.parts {
		for l := range t.lots {
			rows := t.lots[l].fit(s)
			before := int32(0)
			for b, r := range f.rows[i][l] {
				for j, y := range r.pick {
					used := b < len(rows) && rows[b].tick == j
					x[y.Index()] = number(used)
					for side := range 2 {
						var q float64
						if used && side == 0 {
							q = t.lots[l].levels[rows[b].level] / f.unit
						} else if used {
							q = t.lots[l].levels[before] / f.unit
						}
						placed := !used
						for n, c := range r.cells[j][side] {
							in := !placed && (q <= c.to || n == len(r.cells[j][side])-1)
							placed = placed || in
							x[c.in.Index()] = number(in)
							x[c.share.Index()] = 0
							if in {
								x[c.share.Index()] = min(1, max(0, (q-c.from)/(c.to-c.from)))
							}
						}
					}
				}
				if b < len(rows) {
					before = rows[b].level
				}
			}
		}
	}
	return x
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// solveMIP solves parts as one MIP from a start and returns a bid and a bound on the profit of any; the bid is nil
// where none was found. o.AbsGap is money.
func (p *Problem) solveMIP(ctx context.Context, parts []*part, capped bool, start auction.Strategy, o solver.Options) (auction.Strategy, float64, error) {
	f := p.formulate(parts, capped)
	o.Start = f.start(start)
	o.AbsGap /= f.unit
	s, err := solver.Solve(ctx, f.m, o)
	if err != nil {
		return nil, math.Inf(1), err
	}
	if !s.HasValues() {
		return nil, s.Bound * f.unit, nil
	}
	return f.strategy(s), s.Bound * f.unit, nil
}
