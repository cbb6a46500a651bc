package bidding

import (
	"math"
	"math/rand/v2"
	"slices"

	"lotwise/models/auction"
	"lotwise/solver"
)

// Bids that budget or volume cap bind. A cap is a row Σ_l use_rl(bid) ≤ limit_r: in every scenario what is paid, and
// what is won, or, with FitAlways, all the money and all the packages that are bid. For multipliers m_r ≥ 0
//
//	profit ≤ L(m) = max { profit − Σ_r m_r use_r } + Σ_r m_r limit_r
//
// and the maximum splits over parts again, where the multipliers are charges on payments and packages. The multipliers
// of the least L come from cutting planes (cuts); bids that are best under them are made to fit and filled up (fit), lots are
// exchanged (exchange), and bids mixed anew part by part (master). Branch and bound over L closes what is left open (branch),
// and the MIP what that leaves in a small problem.

const (
	// capRounds is the most multipliers tried until the cutting planes have converged.
	capRounds = 100
	// exactly is every how many rounds the bound is proven where that is dear, and a bid made to fit.
	exactly = 6
	// converged is the share of the gap asked for within which the cutting planes are done.
	converged = 0.1
	// batches is how often new bids are drawn around the best multipliers, about drawn lots' worth at a time; stray is
	// the deviation of the multipliers' logarithms.
	batches, drawn, stray = 6, 1000, 0.2
)

// A capRow is one cap.
type capRow struct {
	scenario   int // of the Problem; -1: on all that is bid
	money      bool
	limit      float64
	multiplier float64
}

// capRows lists the caps.
func (p *Problem) capRows() []capRow {
	var rows []capRow
	add := func(money bool, limit float64) {
		switch {
		case math.IsInf(limit, 1):
		case p.FitAlways:
			rows = append(rows, capRow{scenario: -1, money: money, limit: limit})
		default:
			for s := range p.Scenarios {
				rows = append(rows, capRow{scenario: s, money: money, limit: limit})
			}
		}
	}
	add(true, p.Budget)
	add(false, p.MaxVolume)
	return rows
}

// use returns what a stand's choice in one lot takes of the cap.
func (c *capRow) use(s *stand, l int) float64 { return c.takes(s.t, l, s.chosen[l]) }

// takes returns what a choice in one lot of a part takes of the cap.
func (c *capRow) takes(t *part, l int, x *choice) float64 {
	switch {
	case c.scenario < 0 && c.money:
		return x.offered
	case c.scenario < 0:
		return x.volume
	}
	k := t.scenes[t.sceneOf[c.scenario]].supply[l]
	if c.money {
		return x.paid[k]
	}
	return t.lots[l].levels[x.won[k]]
}

// A hunt looks for the best bid within the caps.
type hunt struct {
	r     *responder
	rows  []capRow
	best  auction.Strategy
	value float64
	bound float64
	parts []*bounder
	roots []*node // by part: the weights kept from multipliers to multipliers
	cuts  *cuts
	split func(cut) // told of every split of branch and bound, for tests; may be nil
}

// capped answers the problem with caps, from a start that fits and a bid that is good without caps.
func (r *responder) capped(start, free auction.Strategy) (auction.Strategy, float64, error) {
	h := r.hunt(start)
	if err := h.relax(free, capRounds, batches); err != nil || h.done() {
		return h.best, h.bound, err
	}
	if slices.ContainsFunc(r.parts, func(t *part) bool { return t.net.Scarce() && t.scarce == nil }) {
		if err := h.congest(); err != nil || h.done() {
			return h.best, h.bound, err
		}
	}
	size := 0
	for _, t := range r.parts {
		size += len(t.scenes) * len(t.lots)
	}
	if size > largestMIP {
		return h.best, h.bound, nil
	}
	s, b, err := r.p.solveMIP(r.ctx, r.parts, true, h.best, solver.Options{RelGap: r.o.Gap, Seed: r.o.Seed})
	if err != nil {
		return nil, 0, err
	}
	h.bound = min(h.bound, b)
	h.keep(r.p.shrink(s))
	return h.best, h.bound, nil
}

// hunt starts from bidding nothing and, where it fits, from a bid.
func (r *responder) hunt(start auction.Strategy) *hunt {
	h := &hunt{r: r, rows: r.p.capRows(), bound: math.Inf(1), value: math.Inf(-1)}
	h.keep(nil)
	h.keep(start)
	return h
}

// done says whether nothing is left to find.
func (h *hunt) done() bool {
	closed := !math.IsInf(h.bound, 1) && h.bound <= h.value+h.r.o.Gap*math.Abs(h.bound)
	return closed || h.r.ctx.Err() != nil
}

// keep keeps a bid that fits if it is the best.
func (h *hunt) keep(s auction.Strategy) {
	if !h.r.p.Fits(s) {
		return
	}
	if v := h.r.p.Evaluate(s).Profit; v > h.value {
		h.best, h.value = s, v
	}
}

// relax searches the multipliers, from the bid without caps, and bids that fit.
func (h *hunt) relax(free auction.Strategy, rounds, batches int) error {
	share := 0.0
	if s := h.r.p.Evaluate(free).Profit; s > 0 {
		share = h.r.o.Gap / 4 * s / float64(len(h.r.parts))
	}
	for _, t := range h.r.parts {
		t.price(nil)
		s := t.stand(false, free)
		h.parts = append(h.parts, newBounder(t, s, limits{gap: h.r.o.Gap / 4, share: share, target: math.Inf(-1)}))
		h.roots = append(h.roots, &node{boxes: t.anything(), weights: h.parts[len(h.parts)-1].agree(s)})
	}
	defer func() {
		for _, t := range h.r.parts {
			t.price(nil)
		}
	}()
	var err error
	if h.cuts, err = h.newCuts(); err != nil {
		return err
	}
	defer h.cuts.session.Close()
	center := make([]float64, len(h.rows)) // the best multipliers
	exact := false
	for round := 1; round <= rounds; round++ {
		exact = exact || round%exactly == 0 || round == rounds
		h.pass(exact)
		if exact {
			h.fit(h.stands())
		}
		if h.done() {
			return nil
		}
		now := h.multipliers()
		least := h.cuts.value(center)
		if v := h.cuts.value(now); v < least {
			least, center = v, now
		}
		s, err := h.cuts.solve(h.r.ctx)
		if err != nil || !s.HasValues() {
			return err
		}
		if exact {
			h.cuts.mix(s)
			h.fit(h.cuts.likely())
		}
		low := s.Objective * h.cuts.unit
		if over := least - low; over <= converged*h.r.o.Gap*math.Abs(least)+noise*h.cuts.unit {
			if exact {
				break
			}
			exact = true // what bounds it is proven before it counts
			h.set(center)
			continue
		}
		exact = false
		// Halfway from the best multipliers to those of the LP, which leap from corner to corner (Wentges 1997).
		next := h.cuts.multipliers(s)
		for i := range next {
			next[i] = (next[i] + center[i]) / 2
		}
		h.set(next)
	}
	if err := h.draw(center, batches); err != nil || h.done() || batches == 0 {
		return err
	}
	if err := h.exchanges(center); err != nil || h.done() {
		return err
	}
	if h.tighten(center); h.done() || !h.branchable() {
		return nil
	}
	return h.branch(center, branchNodes)
}

// exchanges exchanges around the bids that are best under the best multipliers, and around the best that fits.
func (h *hunt) exchanges(center []float64) error {
	h.set(center)
	h.pass(false)
	if err := h.exchange(h.stands()); err != nil || h.done() {
		return err
	}
	var best []*stand
	for _, t := range h.r.parts {
		t.price(nil)
		best = append(best, t.stand(false, h.best))
	}
	h.set(center)
	return h.exchange(best)
}

// draw mixes the bids known, and draws more around the multipliers until that no longer pays.
func (h *hunt) draw(center []float64, batches int) error {
	random := rand.New(rand.NewPCG(uint64(h.r.o.Seed), 1))
	for batch := 0; !h.done(); batch++ {
		was := h.value
		if err := h.master(); err != nil {
			return err
		}
		if batch == batches || batch > 1 && h.value <= was {
			break
		}
		for range max(1, drawn/len(h.r.p.Lots)) {
			now := slices.Clone(center)
			for i := range now {
				now[i] *= math.Exp(stray * random.NormFloat64())
			}
			h.set(now)
			h.pass(false)
			h.fit(h.stands())
			if h.done() {
				return nil
			}
		}
	}
	return nil
}

// pass finds each part's best bid under the multipliers, locally or, where that is cheap or asked for, with a bound, and
// adds it to the cuts.
func (h *hunt) pass(exact bool) {
	charges := h.charges()
	bounds := make([]float64, len(h.parts))
	h.r.each(func(i int) {
		b, d := h.parts[i], h.roots[i]
		b.t.price(charges)
		b.best = h.cuts.best(i)
		b.best.climb()
		bounds[i] = math.Inf(1)
		if (exact || !b.dear) && b.t.whole && b.t.bounded() {
			d.bound = math.Inf(1)
			b.ascend(h.r.ctx, d, nodeSteps)
			bounds[i] = d.bound
		}
	})
	h.learn(bounds)
}

// learn adds each part's best bid to the cuts, and takes the bound that the parts' at the multipliers are together.
func (h *hunt) learn(bounds []float64) {
	sum := 0.0
	for i := range h.rows {
		sum += h.rows[i].multiplier * h.rows[i].limit
	}
	for i, b := range h.parts {
		sum += bounds[i]
		h.cuts.add(i, b.best)
	}
	h.bound = min(h.bound, sum)
}

// stands returns the parts' best bids.
func (h *hunt) stands() []*stand {
	var s []*stand
	for _, b := range h.parts {
		s = append(s, b.best.clone())
	}
	return s
}

func (h *hunt) multipliers() []float64 {
	var m []float64
	for _, c := range h.rows {
		m = append(m, c.multiplier)
	}
	return m
}

func (h *hunt) set(multipliers []float64) {
	for i := range h.rows {
		h.rows[i].multiplier = multipliers[i]
	}
}

// charges are the payments and the multipliers.
func (h *hunt) charges() *charges {
	c := &charges{}
	for s := range h.r.p.Scenarios {
		c.money = append(c.money, h.r.p.Scenarios[s].Probability)
		c.volume = append(c.volume, 0)
	}
	for _, r := range h.rows {
		switch {
		case r.scenario < 0 && r.money:
			c.bidMoney = r.multiplier
		case r.scenario < 0:
			c.bidVolume = r.multiplier
		case r.money:
			c.money[r.scenario] += r.multiplier
		default:
			c.volume[r.scenario] += r.multiplier
		}
	}
	return c
}

// uses returns what bids take of each cap.
func (h *hunt) uses(stands ...*stand) []float64 {
	use := make([]float64, len(h.rows))
	for i := range h.rows {
		for _, s := range stands {
			for l := range s.chosen {
				use[i] += h.rows[i].use(s, l)
			}
		}
	}
	return use
}

// shrink lowers quantities where a bid leaves a cap by no more than the solver's tolerance.
func (p *Problem) shrink(s auction.Strategy) auction.Strategy {
	money, volume := p.takes(s)
	factor := min(p.Budget/max(money, math.SmallestNonzeroFloat64), p.MaxVolume/max(volume, math.SmallestNonzeroFloat64), 1)
	if factor == 1 || factor < 1-100*nearLevel {
		return s
	}
	s = slices.Clone(s)
	for i := range s {
		s[i].Quantity *= factor
	}
	return s
}
