package allocation

import (
	"context"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/solver"
)

// Many prices proven by one program. Each loser b has a price p_b at which it wins. Let the seller choose among all of them
// at once, at any price up to p_b:
//
//	max { V(x) + Σ_b (σ_b m_b / Q_b + τ_b x_b) : floor_b Q_b x_b ≤ m_b ≤ p_b Q_b x_b }
//
// If that is W, no one wins at less than its p_b, together with others or alone, and all prices are proven. If it is more,
// the losers that the program accepts are left to programs of their own, and the others tried again.

const (
	// togetherRounds bounds the tries.
	togetherRounds = 40
)

// together proves prices of losers that are known to win at high. The trials are of one component, all of it proven.
func together(ctx context.Context, trials []*trial, o solver.Options, e *effort) error {
	for range togetherRounds {
		if len(trials) < 2 || e.spent() || ctx.Err() != nil {
			return nil
		}
		t := trials[0]
		f := t.k.formulate(true)
		for _, t := range trials {
			t.offer(f)
		}
		allowed := t.k.allowance(t.w)
		o.Start = f.values(t.k, t.x)
		o.RelGap, o.NodeLimit = 0, e.nodes()
		o = t.k.counting(o)
		if o.Extra == nil {
			o.Extra = map[string]any{}
		}
		o.Extra["objective_target"] = -(t.w + 2*allowed) / f.unit // of the minimisation
		s, err := solver.Solve(ctx, f.Model, o)
		if err != nil {
			return err
		}
		e.spend(s)
		if s.Bound*f.unit <= t.w+allowed {
			for _, t := range trials {
				t.low, t.exact = t.high, true
			}
			return nil
		}
		if !s.HasValues() || s.Objective*f.unit <= t.w+allowed {
			return nil
		}
		var left []*trial
		for _, t := range trials {
			if s.Value(f.x[t.j]) < auction.LeastFraction {
				left = append(left, t)
			}
		}
		if len(left) == len(trials) {
			return nil
		}
		trials = left
	}
	return nil
}

// winning are the trials of losers that are known to win at a price.
func (p *part) winning(losers []*loser) []*trial {
	var trials []*trial
	for _, l := range losers {
		if !p.proven || l.exact || l.never != "" || math.IsInf(l.high, 1) {
			continue
		}
		j, _ := slices.BinarySearch(p.bids, l.bid)
		// Limits with controls repeat the rows that money enters.
		if t := l.known(p, j); len(p.component.controls) == 0 || len(t.paying()) == 0 {
			trials = append(trials, t)
		}
	}
	return trials
}

// offer lets a program accept the bid at any price up to high.
func (t *trial) offer(f *formulation) {
	x, paying := f.x[t.j], t.paying()
	if len(paying) == 0 {
		f.SetCost(x, t.score(t.high)/f.unit)
		return
	}
	money := f.Continuous("money", t.k.key(t.j), 0, math.Inf(1))
	for _, u := range paying {
		f.SetCoef(f.rows[u.row], x, 0)
		f.SetCoef(f.rows[u.row], money, u.coef/(t.at*t.packages)*f.unit/f.per[u.row])
	}
	f.SetCost(x, t.rest/f.unit)
	f.SetCost(money, t.slope/t.packages)
	f.AtMost("dearest", t.k.key(t.j), []solver.Term{money.Times(1), x.Times(-t.high * t.packages / f.unit)}, 0)
	f.AtLeast("reserve", t.k.key(t.j), []solver.Term{money.Times(1), x.Times(-t.floor * t.packages / f.unit)}, 0)
}
