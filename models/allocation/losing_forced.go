package allocation

import (
	"context"
	"math"

	"lotwise/models/auction"
	"lotwise/solver"
)

// The price of one bid, exactly. With V(x) what an allocation x earns but for the bid itself, and ξ the fraction of it
// that x accepts, the bid at the price p adds (σ p + τ) ξ, so it wins from
//
//	p* = min { ((W - V(x)) / ξ - τ) / σ : x accepts the bid }
//
// a fractional program, solved by Dinkelbach's method (1967): at the price p of the best x found so far, find
// the x of most gain V(x) + (σ p + τ) ξ - W. If that is nothing, p is p*; else x wins at a lower price. Each step is
// the seller's problem with the bid at one price, and bounds p* from below too: with the bound B of its gain,
//
//	p* ≥ p - B / (σ ξ₀)     ξ₀ the least fraction where B > 0, else 1
//
// Where the bid's money enters a budget or a limit on revenue, which x are allowed depends on the price. The money m
// that is paid for the bid is then a variable in the place of A_b ξ, and
//
//	p* = min { m / (Q ξ) : V(x) + σ m / Q + τ ξ ≥ W + η,  m ≥ floor Q ξ,  x allowed when the bid pays m }
//
// by the same method, the gain being p Q ξ - m. The margin η > 0 is what the bid has to add to win: where a price only
// moves its bidder's money from one bid to another, none wins. The price is then that from which the decisions found add
// anything, η = 0: what they add is a concave function of the price.

const (
	// quotients bounds the steps of Dinkelbach's method, which takes a handful.
	quotients = 50
	// quotientShare is by how much, as a share, a price has to fall to be a lower one.
	quotientShare = 1e-10
	// largestShare of the largest fraction of a bid is certainly allowed, whatever rounding has done to it.
	largestShare = 0.999
	// margins is η in what a solver's objective may be off, see allowance.
	margins = 2
)

// A forced program is a component that has to accept a bid, at a price that is not fixed.
type forced struct {
	*formulation
	t       *trial
	k       *component // with the bid at some price
	money   solver.Var // what is paid for the bid, where that enters rows
	earns   solver.Con // that the bid adds the margin, likewise
	margin  float64    // η
	rate    float64    // gain for each unit of price and fraction: σ or Q
	session *solver.Session
}

// A winning is an allocation that accepts the bid.
type winning struct {
	x        []float64
	price    float64 // from which it wins; infinite where it does not
	quotient float64 // the same with the margin
}

// least is the fraction that the bid is accepted to at least.
func (t *trial) least() float64 { return max(t.k.least[t.j], auction.LeastFraction) }

// search narrows the price down, to a point unless the effort is spent or the context ends. What the price brings into
// play that the component does not have is for the caller to look at.
func (t *trial) search(ctx context.Context, o solver.Options, e *effort) error {
	g := t.forced()
	o = g.k.counting(o)
	var err error
	if g.session, err = solver.Open(g.Model); err != nil {
		return err
	}
	defer g.session.Close()
	allowed := g.k.allowance(t.w) / g.rate
	largest := math.IsInf(t.high, 1) && t.k.least[t.j] == 0 // to find any price, as much of the bid as possible
	low, best, p := t.low, t.high, t.high                   // best: the lowest price so far, with the margin
	if math.IsInf(p, 1) {
		p = max(t.low, t.price)
	}
	for range quotients {
		if e.spent() {
			return nil
		}
		g.aim(p, largest)
		o.RelGap, o.NodeLimit = 0, e.nodes()
		s, err := g.session.Solve(ctx, o)
		if err != nil {
			return err
		}
		e.spend(s)
		if s.Claim == solver.Infeasible || largest && s.Bound < 1 {
			t.never = nothing
			return nil
		}
		gain := g.gain(s.Bound)
		if !largest {
			low = max(low, p-gain/(g.rate*t.fraction(gain)))
			t.raise(low - g.margin/t.slope)
		}
		if !s.HasValues() {
			return nil
		}
		found, err := g.point(ctx, s, largest, o)
		if err != nil || found == nil && g.Integers() == 0 {
			return err
		}
		if found == nil {
			g.exclude(g.k, g.k.decisions(g.formulation, s))
			continue
		}
		better := found.quotient < p-quotientShare*math.Abs(p)
		best = min(best, found.quotient)
		t.win(found.price, found.x)
		aimed := !largest && p == best
		switch {
		case best-low <= allowed || t.high <= t.low || aimed && !better && gain <= allowed*g.rate:
			t.low, t.exact = t.high, true
			return nil
		case math.IsInf(best, 1) || aimed && !better:
			return nil
		}
		p, largest = best, false
	}
	return nil
}

// raise makes the price at least p.
func (l *loser) raise(p float64) { l.low = min(max(l.low, p), l.high) }

// win notes that the bid wins from price p on, with the fractions x.
func (t *trial) win(p float64, x []float64) {
	if p = max(p, t.floor); p < t.high {
		t.high, t.found = p, x
		t.low = min(t.low, p)
	}
}

// fraction is ξ₀ for a bound on the gain.
func (t *trial) fraction(gain float64) float64 {
	if gain > 0 {
		return t.least()
	}
	return 1
}

// atFloor looks at the least price alone: whether the bid wins at it, and whether it certainly does not.
func (t *trial) atFloor(ctx context.Context, o solver.Options, e *effort) (wins, loses bool, err error) {
	k := t.priced(t.floor)
	f := k.formulate(true)
	if t.k.decide[t.j] {
		f.SetBounds(f.y[t.j], 1, 1)
	}
	o = k.counting(o)
	o.NodeLimit = e.nodes()
	s, err := solver.Solve(ctx, f.Model, o)
	if err != nil {
		return false, false, err
	}
	e.spend(s)
	allowed := k.allowance(t.w)
	if wins = s.HasValues() && s.Objective*f.unit > t.most+allowed; wins {
		t.low, t.high, t.exact = t.floor, t.floor, true
	}
	return wins, s.Claim == solver.Infeasible || s.Bound*f.unit <= t.w+allowed, nil
}

// forced states the program.
func (t *trial) forced() *forced {
	g := &forced{t: t, k: t.priced(t.at), rate: t.slope}
	paying := t.paying()
	if len(paying) > 0 {
		// Rows that the price makes tighter hold at the least price; the others have the money in them.
		g.k = t.priced(t.low)
	}
	g.formulation = g.k.formulate(true)
	if t.k.decide[t.j] {
		g.SetBounds(g.y[t.j], 1, 1)
	}
	if len(paying) > 0 {
		g.pay(paying)
	}
	return g
}

// pay puts the money that the bid pays into the rows in which it counts, and asks that the bid earn what it
// displaces.
func (g *forced) pay(paying []use) {
	t, x := g.t, g.x[g.t.j]
	most := math.Inf(1)
	for _, u := range paying {
		if t.k.rows[u.row].only > 0 {
			most = t.dearest()
		}
	}
	g.rate, g.margin = t.packages, margins*t.k.allowance(t.w)
	g.money = g.Continuous("money", t.k.key(t.j), 0, most/g.unit)
	for _, u := range paying {
		r, con := &t.k.rows[u.row], g.rows[u.row]
		coef := u.coef / (t.at * t.packages) * g.unit / g.per[u.row]
		g.SetCoef(con, x, 0)
		g.SetCoef(con, g.money, coef)
		if r.only > 0 && coef > 0 {
			// While the row's control is off, whatever is paid is allowed.
			c, more := g.y[len(t.k.bids)+r.only-1], coef*most/g.unit
			off := more
			for v, a := range con.Terms() {
				if v == c {
					off += a
				}
			}
			_, rhs := con.Range()
			g.SetCoef(con, c, off)
			g.SetRange(con, math.Inf(-1), rhs+more)
		}
	}
	var earns []solver.Term
	for i := range g.Vars() {
		if v := g.Var(i); v != x && v.Cost() != 0 {
			earns = append(earns, v.Times(v.Cost()))
		}
	}
	earns = append(earns, g.money.Times(t.slope/t.packages), x.Times(t.rest/g.unit))
	g.earns = g.AtLeast("earns", t.k.key(t.j), earns, (t.w+g.margin)/g.unit)
	g.AtLeast("reserve", t.k.key(t.j), []solver.Term{g.money.Times(1), x.Times(-t.floor * t.packages / g.unit)}, 0)
}

// dearest is more than what is paid for the bid at any price that wins.
func (t *trial) dearest() float64 {
	k := t.k
	most := math.Abs(t.most) + math.Abs(t.rest)
	for j := range k.bids {
		most += math.Abs(k.value[j])
	}
	for _, m := range k.misses {
		reach := math.Abs(k.rows[m.row].rhs)
		for _, x := range k.rows[m.row].terms {
			reach += math.Abs(x.coef)
		}
		most += m.penalty * reach
	}
	for i := range k.counts {
		if n := &k.counts[i]; n.penalty > 0 {
			most += n.penalty * (k.countOff(n) + math.Abs(n.rhs))
		}
	}
	return 2 * most * t.packages / t.slope
}

// aim makes the gain at price p the objective or, to find any price, the fraction of the bid in least fractions.
func (g *forced) aim(p float64, largest bool) {
	for i := range g.Vars() {
		g.SetCost(g.Var(i), 0)
	}
	switch x := g.x[g.t.j]; {
	case largest:
		g.SetCost(x, 1/auction.LeastFraction)
	case g.money.Valid():
		g.SetCost(x, p*g.t.packages/g.unit)
		g.SetCost(g.money, -1)
	default:
		g.k.value[g.t.j] = g.t.score(p)
		g.Objective(g.objective(g.k)...)
	}
}

// gain is what the objective says of the gain at most.
func (g *forced) gain(bound float64) float64 {
	if g.money.Valid() {
		return bound * g.unit
	}
	return bound*g.unit - g.t.w
}

// point is the best allocation at the decisions of s, nil where they do not fit exactly.
func (g *forced) point(ctx context.Context, s *solver.Solution, largest bool, o solver.Options) (*winning, error) {
	t := g.t
	o.NodeLimit = 0
	y := g.k.decisions(g.formulation, s)
	if g.money.Valid() {
		return g.paid(ctx, s, y, o)
	}
	lo, up := g.k.given(y)
	if largest {
		lo[t.j] = max(lo[t.j], s.Value(g.x[t.j])*largestShare)
	}
	k := g.k.applying(y)
	at, _, err := k.allotted(ctx, lo, up, o)
	if at == nil || err != nil {
		return nil, err
	}
	price := math.Inf(1)
	if at.x[t.j] >= auction.LeastFraction {
		price = ((t.most-t.bare(k, at.x))/at.x[t.j] - t.rest) / t.slope
	}
	return &winning{at.x, price, price}, nil
}

// paid is point where the bid's money is a variable: first with the margin, then without it.
func (g *forced) paid(ctx context.Context, s *solver.Solution, y []bool, o solver.Options) (*winning, error) {
	t := g.t
	lp, err := g.FixIntegers(s)
	if err != nil {
		return nil, err
	}
	session, err := solver.Open(lp)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	quotient, x := g.quotient(s)
	for _, margin := range []float64{g.margin, 0} {
		lp.SetRange(g.earns, (t.w+margin)/g.unit, math.Inf(1))
		price := quotient
		for range quotients {
			if math.IsInf(price, 1) {
				return &winning{x, price, price}, nil
			}
			lp.SetCost(g.x[t.j], price*t.packages/g.unit)
			lp.SetCost(g.money, -1)
			s, err := session.Solve(ctx, o)
			if err != nil {
				return nil, err
			}
			if !s.HasValues() {
				break
			}
			lower, at := g.quotient(s)
			if lower >= price-quotientShare*price {
				break
			}
			price, x = lower, at
		}
		if margin > 0 {
			quotient = price
			continue
		}
		return g.exactly(price, quotient, x, y), nil
	}
	return nil, nil
}

// quotient is the price that is paid for the bid in s, and the fractions of all columns.
func (g *forced) quotient(s *solver.Solution) (price float64, x []float64) {
	x = make([]float64, len(g.x))
	for j := range x {
		x[j] = s.Value(g.x[j])
	}
	if x[g.t.j] < auction.LeastFraction {
		return math.Inf(1), x
	}
	return s.Value(g.money) * g.unit / (g.t.packages * x[g.t.j]), x
}

// exactly is x made to fit exactly with the bid at about the price; nil where it does not.
func (g *forced) exactly(price, quotient float64, x []float64, y []bool) *winning {
	t := g.t
	lo, up := t.k.given(y)
	for range 2 {
		price = max(price, t.floor)
		k := t.priced(price).applying(y)
		if !k.repair(x, lo, up) || x[t.j] < auction.LeastFraction {
			return nil
		}
		// What rounding has lost is for the price to make up.
		lost := t.most - k.earns(x)
		if lost <= k.allowance(t.w) {
			return &winning{x, price, max(price, quotient)}
		}
		price += lost / (t.slope * x[t.j])
	}
	return nil
}

// effort is the work that may still be spent, in simplex iterations and a number for each solve; nil for any.
type effort struct{ left int64 }

// perSolve is what the overhead of a solve counts for.
const perSolve = 20

// bidsPerEffort is how many bids of a case are looked at in the time of one simplex iteration.
const bidsPerEffort = 50

func (e *effort) spend(s *solver.Solution) { e.use(s.Iterations + perSolve) }

func (e *effort) use(n int64) {
	if e != nil {
		e.left -= n
	}
}

func (e *effort) spent() bool { return e != nil && e.left <= 0 }

// nodes are those that one solve may take.
func (e *effort) nodes() int {
	if e == nil {
		return 0
	}
	return effortNodes
}

// effortNodes keeps one solve from taking much more than the effort that is left.
const effortNodes = 100
