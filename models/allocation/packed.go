package allocation

import (
	"context"
	"math"
	"slices"
	"time"

	"lotwise/solver"
)

const (
	// cutRounds bounds the rounds of cliques that cut off fractions, and cutGain is the share of the gap that one has to
	// close for another.
	cutRounds = 50
	cutGain   = 0.005
	// searchSteps is how many steps a local search takes.
	searchSteps = 20_000
)

// packed solves a component that is a packing. The relaxation is solved first: it is whole, or nearly so, in many
// auctions. Reduced costs and a packing found by local search leave few members for branch and bound.
func (k *component) packed(ctx context.Context, p *packing, members []int, o solver.Options) (*part, error) {
	s := &packer{packing: p, k: k, members: members, o: o, deadline: time.Now().Add(o.TimeLimit), bound: math.Inf(1)}
	if len(members) == 0 {
		return &part{point: *s.point(nil), proven: true, settled: true}, nil
	}
	r, err := p.relax()
	if err != nil {
		return nil, err
	}
	defer r.close()
	s.begin()
	if err := s.tighten(ctx, r); err != nil {
		return nil, err
	}
	if !s.closed() && !s.sweep(ctx, r) {
		if err := s.branch(ctx, r); err != nil {
			return nil, err
		}
	}
	out := &part{point: *s.point(s.best), bound: max(s.bound, s.worth(s.best))}
	out.bound = max(out.bound, out.objective)
	out.proven = out.bound-out.objective <= k.allowance(out.objective)
	if out.settled = s.settled; out.proven && !out.settled && !k.problem.AnyOptimum {
		if out.settled = s.settle(r, &out.point); !out.settled {
			out.settled, err = k.breakTies(ctx, &out.point, left(o, s.deadline))
		}
		out.bound = max(out.bound, out.objective)
	}
	return out, err
}

// packer is the search for the best packing of a component.
type packer struct {
	*packing
	k        *component
	members  []int // of the packing: bids of the component
	o        solver.Options
	deadline time.Time
	best     []int32
	most     float64 // what best is worth
	bound    float64 // what no packing is worth more than
	settled  bool    // best is the first of the optima
}

// offer takes a packing if it is better.
func (s *packer) offer(members []int32) {
	if w := s.worth(members); w > s.most || s.best == nil {
		s.best, s.most = slices.Clone(members), w
	}
}

// slack is how far a bound may lie over the best packing that is proven optimal by it: half of what is allowed, so that the sum
// of several stays within.
func (s *packer) slack() float64 { return s.k.allowance(s.most) / 2 }

func (s *packer) closed() bool { return s.bound <= s.most+s.slack() }

// stopped says whether time is up.
func (s *packer) stopped(ctx context.Context) bool {
	return ctx.Err() != nil || s.o.TimeLimit > 0 && !time.Now().Before(s.deadline)
}

// tell reports progress.
func (s *packer) tell() {
	if s.o.Progress != nil {
		s.o.Progress(solver.Progress{Objective: s.most, Bound: max(s.bound, s.most)})
	}
}

// begin starts from the greedy allocation.
func (s *packer) begin() {
	s.offer(nil)
	g := s.k.greedy()
	if g == nil {
		return
	}
	var start []int32
	for i, j := range s.members {
		if g.x[j] > 0 {
			start = append(start, int32(i))
		}
	}
	if s.fits(start) {
		s.offer(start)
	}
}

// tighten solves the relaxation, with cliques that cut off fractions as long as they close the gap.
func (s *packer) tighten(ctx context.Context, r *relaxation) error {
	searched := false
	last := math.Inf(1)
	for range cutRounds {
		ok, err := r.solve(ctx, left(s.o, s.deadline))
		if !ok || err != nil {
			return err
		}
		s.bound = min(s.bound, r.bound)
		s.tell()
		if whole, ok := r.whole(); ok {
			s.offer(whole)
		}
		s.offer(s.rounded(r.x, r.dropped))
		if s.closed() {
			return nil
		}
		if !searched {
			searched = true
			s.offer(s.localSearch(s.o.Seed, s.best).run(searchSteps, s.bound-s.slack(), func() bool { return s.stopped(ctx) }))
		}
		s.fix(r)
		if s.closed() || last-s.bound < cutGain*(s.bound-s.most) {
			return nil
		}
		last = s.bound
		added := false
		for _, q := range r.violatedCliques(r.x) {
			added = r.add(q) || added
		}
		if !added {
			return nil
		}
	}
	return nil
}

// fix drops what no optimum accepts.
func (s *packer) fix(r *relaxation) {
	for v := range r.value {
		if !r.dropped[v] && r.with(int32(v)) < s.most-s.slack() {
			r.drop(int32(v))
		}
	}
}

// branch solves what is left by branch and bound.
func (s *packer) branch(ctx context.Context, r *relaxation) error {
	m := solver.NewModel("packing", solver.Maximize)
	vars := make([]solver.Var, len(s.value))
	start := []float64{}
	for v, value := range s.value {
		if !r.dropped[v] {
			vars[v] = m.Binary("x", s.k.key(s.members[v]))
			m.Objective(vars[v].Times(value / r.unit))
			x := 0.0
			if slices.Contains(s.best, int32(v)) {
				x = 1
			}
			start = append(start, x)
		}
	}
	for q, members := range r.cliques {
		if q >= len(s.cliques) && (q >= len(r.price) || r.price[q] == 0) { // cut in after the last prices, or worth nothing
			continue
		}
		var terms []solver.Term
		for _, v := range members {
			if vars[v].Valid() {
				terms = append(terms, vars[v].Times(1))
			}
		}
		if len(terms) > 1 {
			m.AtMost("clique", "", terms, 1)
		}
	}
	o := left(s.o, s.deadline)
	o.Start, o.RelGap = start, 0
	if tell := s.o.Progress; tell != nil {
		o.Progress = func(p solver.Progress) {
			p.Objective, p.Bound = p.Objective*r.unit, min(s.bound, p.Bound*r.unit)
			tell(p)
		}
	}
	// To the optimum where that is cheap, as elsewhere; else to the gap asked for.
	if s.o.RelGap > 0 {
		o.NodeLimit = exactNodes
	}
	sol, err := solver.Solve(ctx, m, o)
	if err != nil {
		return err
	}
	if s.o.RelGap > 0 && sol.Limit == solver.LimitNodes && sol.Gap() > s.o.RelGap {
		o.NodeLimit, o.RelGap, o.TimeLimit = 0, s.o.RelGap, left(s.o, s.deadline).TimeLimit
		if sol.HasValues() {
			o.Start = slices.Clone(sol.Values())
		}
		if sol, err = solver.Solve(ctx, m, o); err != nil {
			return err
		}
	}
	if sol.HasValues() {
		var found []int32
		for v, x := range vars {
			if x.Valid() && sol.Value(x) > 0.5 {
				found = append(found, int32(v))
			}
		}
		if s.fits(found) {
			s.offer(found)
		}
	}
	s.bound = min(s.bound, max(sol.Bound*r.unit, s.most))
	return nil
}

// point is the packing as an allocation of the component.
func (s *packer) point(members []int32) *point {
	x := make([]float64, len(s.k.bids))
	for _, v := range members {
		x[s.members[v]] = 1
	}
	return &point{x: x, y: s.k.on(x), first: true, objective: s.k.earns(x), price: make([]float64, len(s.k.rows))}
}

// settle moves best, a proven optimum, to the first of the optima by the tie rule. It returns false where that took
// too long.
func (s *packer) settle(r *relaxation, best *point) bool {
	var open []int32
	for v := range s.value {
		if !r.dropped[v] && r.with(int32(v)) >= s.most-s.slack() {
			open = append(open, int32(v))
		}
	}
	in := newBits(1, len(s.value))[0]
	for _, v := range s.best {
		in.add(v)
	}
	var all []int32
	settled := true
	for _, members := range s.parts(open) {
		var now []int32
		for i, v := range members {
			if in.has(v) {
				now = append(now, int32(i))
			}
		}
		if len(now) < len(members) {
			bidder, volume := make([]int, len(members)), make([]float64, len(members))
			for i, v := range members {
				bidder[i], volume[i] = s.k.bidder(s.members[v]), s.k.volume[s.members[v]]
			}
			c := r.choice(members)
			c.volume = volume
			first, ok := c.first(now, bidder)
			now, settled = first, settled && ok
		}
		for _, i := range now {
			all = append(all, members[i])
		}
	}
	slices.Sort(all)
	if s.fits(all) {
		*best = *s.point(all)
		return settled
	}
	return false
}

// choice is the search among some of the members, by the prices of the relaxation.
func (r *relaxation) choice(members []int32) *choice {
	at := make([]int32, len(r.value))
	for v := range at {
		at[v] = -1
	}
	value := make([]float64, len(members))
	for i, v := range members {
		at[v], value[i] = int32(i), r.value[v]
	}
	var cliques [][]int32
	var price []float64
	for q, all := range r.cliques {
		var kept []int32
		for _, v := range all {
			if at[v] >= 0 {
				kept = append(kept, at[v])
			}
		}
		if len(kept) > 1 || len(kept) == 1 && q < len(r.price) && r.price[q] > 0 {
			cliques = append(cliques, kept)
			p := 0.0
			if q < len(r.price) {
				p = r.price[q]
			}
			price = append(price, p)
		}
	}
	return newPacking(value, cliques).choice(price)
}
