package allocation

import (
	"context"
	"fmt"
	"math"
	"strings"

	"lotwise/models/auction"
	"lotwise/solver"
)

// Why no price does is told by what would have to give way: a limit without which the bid could be accepted, what it requires, or,
// where it could be accepted but not win, the budget or the limit on revenue that its money enters.

// nothing stands for a reason that is yet to be told.
const nothing = "nothing"

// why tells it in the user's own words.
func (w *workbench) why(ctx context.Context, l *loser, e *effort) (string, error) {
	c := w.q.p.Case
	bid := &c.Bids[l.bid]
	general := "at no price do the budgets, limits and other bids leave room for it"
	if e.spent() || ctx.Err() != nil {
		return general, nil
	}
	waived := make([]bool, len(w.q.p.scoped))
	if ok, err := w.possible(ctx, l, waived, e); err != nil {
		return "", err
	} else if ok {
		if names := w.dear(l); names != "" {
			return "no price that wins fits " + names, nil
		}
		return general, nil
	}
	var hard []int
	for n, s := range w.q.p.scoped {
		if math.IsNaN(s.Penalty) {
			hard = append(hard, n)
		}
	}
	for _, n := range hard {
		if e.spent() {
			return general, nil
		}
		waived[n] = true
		ok, err := w.possible(ctx, l, waived, e)
		if err != nil {
			return "", err
		}
		if ok {
			return fmt.Sprintf("limit %s cannot be met with it", c.Limits[n].Name), nil
		}
		waived[n] = false
	}
	for _, n := range hard {
		waived[n] = true
	}
	ok, err := w.possible(ctx, l, waived, e)
	switch {
	case err != nil:
		return "", err
	case ok:
		return "the limits cannot be met with it", nil
	case bid.Requires >= 0:
		return fmt.Sprintf("it cannot be accepted together with bid %s, which it requires", c.Bids[bid.Requires].Name), nil
	}
	return general, nil
}

// possible says whether the bid can be accepted at any price, whatever that displaces, without the waived limits.
func (w *workbench) possible(ctx context.Context, l *loser, waived []bool, e *effort) (bool, error) {
	t := w.trial(l, over(w.q.p.Case, l.floor), waived, e)
	g := t.forced()
	if g.earns.Valid() {
		g.SetRange(g.earns, math.Inf(-1), math.Inf(1))
	}
	g.aim(0, true)
	s, err := solver.Solve(ctx, g.Model, g.k.counting(solver.Options{Seed: w.q.o.Seed, NodeLimit: exactNodes}))
	if err != nil {
		return false, err
	}
	e.spend(s)
	return s.HasValues() && s.Value(g.x[t.j]) >= auction.LeastFraction, nil
}

// dear names the budget and the limits on revenue that the bid's money enters.
func (w *workbench) dear(l *loser) string {
	c := w.q.p.Case
	bid := &c.Bids[l.bid]
	var names []string
	if b := c.Bidders[bid.Bidder].Budget; !math.IsInf(b, 1) {
		names = append(names, "the budget of "+decimal(b))
	}
	for n, s := range w.q.p.scoped {
		if s.Measure != auction.MeasureRevenue {
			continue
		}
		for i := range bid.Rows {
			if s.LotPart(bid.Rows[i].Lot) >= 0 {
				names = append(names, "limit "+c.Limits[n].Name)
				break
			}
		}
	}
	return strings.Join(names, " and ")
}
