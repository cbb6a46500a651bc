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
	// quickSteps is how many steps a local search takes beside the relaxation, and searchSteps before a long search.
	quickSteps  = 500
	searchSteps = 20_000
	longSteps   = 50_000 // before mixed-integer programming
	// manySearches is how many local searches of longSteps at most come before mixed-integer programming: 16 take half a second,
	// and find on 500 members what its own heuristics take a third of its time for.
	manySearches = 16
	// largeMembers, between the 500 and the 1,000 that were measured, is from how many members on mixed-integer programming takes
	// so long that its start is worth a wide search: a round for so many membersARound, mostRounds at most, 4 s on 1,000 members and
	// 9 on 2,000. Local searches, in the same time, ended 0.3 to 1.4% lower on regions of 250 goods.
	largeMembers  = 750
	membersARound = 10
	mostRounds    = 200
	// closeEnough is up to which gap, as a share, branch and bound by relaxations is given closeNodes nodes after manySearches of a
	// large packing, and closeWork iterations. On regions of 100 goods and 1,000 bids it ends within these, in a fifth of the time of
	// what would follow and after 5,000 iterations at most; on 250 goods each node takes 1,300, and hundreds end nothing.
	closeEnough = 0.03
	closeNodes  = 100
	closeWork   = 10_000
	// narrow is up to which gap, as a share, branch and bound by relaxations comes before long searches without: there they say
	// nearly all. narrowNodes is how many nodes it is given.
	narrow      = 0.02
	narrowNodes = 300
	// wide is from which gap on mixed-integer programming has little hope.
	wide = 0.15
	// anotherProof is up to how many iterations of a proof by branch and bound another one for ties is worth it.
	anotherProof = 10_000
	// fewMembers is up to how many members no relaxation is solved before a short search without it.
	fewMembers = 64
	// quickChoice bounds the steps of searches by prices before others are tried, and optimaChoice of those for the first of the
	// optima before branch and bound is asked whether there is another.
	quickChoice  = 10_000
	optimaChoice = 20_000
)

// packed solves a component that is a packing. A few members are searched at once. Of others the relaxation is solved first:
// it is whole, or nearly so, in many auctions. Reduced costs and a packing found by local search leave few members, for
// searches by prices and trees where the relaxation is tight, by clique covers where much conflicts; and for mixed-integer
// programming where these take long.
func (k *component) packed(ctx context.Context, p *packing, members []int, o solver.Options) (*part, error) {
	s := &packer{packing: p, k: k, members: members, o: o, deadline: time.Now().Add(o.TimeLimit), bound: math.Inf(1)}
	if len(members) == 0 {
		return &part{point: *s.point(nil), proven: true, settled: true}, nil
	}
	s.begin()
	var r *relaxation
	if len(members) > fewMembers || !s.sweep(ctx, make([]bool, len(members)), coverTrial) {
		var err error
		if r, err = p.relax(); err != nil {
			return nil, err
		}
		defer r.close()
		if err := s.prove(ctx, r); err != nil {
			return nil, err
		}
	}
	var err error
	if s.closed() && !s.settled && !k.problem.AnyOptimum && r != nil {
		err = s.settle(ctx, r)
	}
	out := &part{point: *s.point(s.best), bound: max(s.bound, s.worth(s.best))}
	if r != nil {
		out.cliques = r.cliques
	}
	out.bound = max(out.bound, out.objective)
	out.proven = out.bound-out.objective <= k.allowance(out.objective)
	if out.settled = s.settled; err == nil && out.proven && !out.settled && !k.problem.AnyOptimum && s.effort <= anotherProof {
		out.settled, err = k.breakTies(ctx, &out.point, left(o, s.deadline))
		out.bound = max(out.bound, out.objective)
	}
	return out, err
}

// prove finds the best packing by relaxations and searches.
func (s *packer) prove(ctx context.Context, r *relaxation) error {
	s.bound = r.bound
	if err := s.tighten(ctx, r); err != nil || s.closed() || s.stopped(ctx) {
		return err
	}
	if s.deepen(ctx, r, quickChoice) {
		return nil
	}
	if s.bound-s.most <= narrow*math.Abs(s.most) {
		if s.sweep(ctx, r.dropped, coverTrial/8) {
			return nil
		}
		if done, err := s.grow(ctx, r, narrowNodes, math.MaxInt64); done || err != nil {
			return err
		}
		s.fix(r)
		if err := s.branch(ctx, r, exactNodes, 0); err != nil || s.closed() {
			return err
		}
	} else {
		if s.sweep(ctx, r.dropped, coverTrial) {
			return nil
		}
		s.search(ctx, r, searchSteps)
		s.fix(r)
		work := sweepWork
		if s.bound-s.most > wide*math.Abs(s.most) {
			work = coverWork
		}
		if s.closed() || s.sweep(ctx, r.dropped, work) {
			return nil
		}
		large := len(s.members) >= largeMembers && s.bound-s.most <= wide*math.Abs(s.most)
		for n := range manySearches {
			if s.closed() || s.stopped(ctx) {
				break
			}
			s.searchFrom(ctx, r, longSteps, s.o.Seed+int64(n))
			s.fix(r)
		}
		if large && !s.closed() && s.bound-s.most <= closeEnough*math.Abs(s.most) {
			if done, err := s.grow(ctx, r, closeNodes, closeWork); done || err != nil {
				return err
			}
			s.fix(r)
		}
		if large {
			s.large = true
			s.searchWide(ctx, r, min(len(s.members)/membersARound, mostRounds))
			s.fix(r)
		}
		if s.closed() {
			return nil
		}
	}
	return s.branch(ctx, r, 0, s.o.RelGap)
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
	effort   int64   // of branch and bound, in iterations
	large    bool    // branch and bound takes long
	// anyBetter says that branch and bound by relaxations ends with the first packing that is better.
	anyBetter bool
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
	last := math.Inf(1)
	for round := range cutRounds {
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
		s.fix(r)
		if round == 0 {
			s.search(ctx, r, quickSteps)
			s.fix(r)
		}
		if s.closed() || last-s.bound < cutGain*(s.bound-s.most) {
			return nil
		}
		last = s.bound
		if !r.tighten() {
			return nil
		}
	}
	return nil
}

// search improves the best packing by local search among the members that are left.
func (s *packer) search(ctx context.Context, r *relaxation, steps int) {
	s.searchFrom(ctx, r, steps, s.o.Seed)
}

// searchFrom is search with random choices of another seed.
func (s *packer) searchFrom(ctx context.Context, r *relaxation, steps int, seed int64) {
	open := r.open()
	at := make(map[int32]int32, len(open))
	for i, v := range open {
		at[v] = int32(i)
	}
	var start []int32
	for _, v := range s.best {
		if i, ok := at[v]; ok {
			start = append(start, i)
		}
	}
	found := s.among(open).localSearch(seed, start).run(steps, s.bound-s.slack(), func() bool { return s.stopped(ctx) })
	for i, v := range found {
		found[i] = open[v]
	}
	s.offer(found)
}

// fix drops what no optimum accepts.
func (s *packer) fix(r *relaxation) {
	for v := range r.value {
		if !r.dropped[v] && r.with(int32(v)) < s.most-s.slack() {
			r.drop(int32(v))
		}
	}
}

// A program is what is left of a packing as a mixed-integer program.
type program struct {
	*solver.Model
	vars []solver.Var // by member
}

// program states what is left: the members not dropped, and the cliques of the packing and of the relaxation that have prices.
// On 1,000 members those of the packing alone are half of the coefficients, and a node takes less; but HiGHS finds few of the others
// itself: a gap of 3.8% with all after 60 s was 5.3% without.
func (s *packer) program(r *relaxation) *program {
	m := &program{solver.NewModel("packing", solver.Maximize), make([]solver.Var, len(s.value))}
	for v, value := range s.value {
		if !r.dropped[v] {
			m.vars[v] = m.Binary("x", s.k.key(s.members[v]))
			m.Objective(m.vars[v].Times(value / r.unit))
		}
	}
	for q, members := range r.cliques {
		if q >= len(s.cliques) && (q >= len(r.price) || r.price[q] == 0) { // cut in after the last prices, or worth nothing
			continue
		}
		var terms []solver.Term
		for _, v := range members {
			if m.vars[v].Valid() {
				terms = append(terms, m.vars[v].Times(1))
			}
		}
		if len(terms) > 1 {
			m.AtMost("clique", "", terms, 1)
		}
	}
	for _, h := range r.halves {
		if h.price == 0 {
			continue
		}
		var terms []solver.Term
		for i, v := range h.members {
			if m.vars[v].Valid() {
				terms = append(terms, m.vars[v].Times(h.coef[i]))
			}
		}
		m.AtMost("half", "", terms, h.rhs)
	}
	return m
}

// start is the values of members.
func (m *program) start(members []int32) []float64 {
	var values []float64
	for v, x := range m.vars {
		if x.Valid() {
			value := 0.0
			if slices.Contains(members, int32(v)) {
				value = 1
			}
			values = append(values, value)
		}
	}
	return values
}

// members are those that a solution accepts.
func (m *program) members(sol *solver.Solution) []int32 {
	found := []int32{}
	for v, x := range m.vars {
		if x.Valid() && sol.Value(x) > 0.5 {
			found = append(found, int32(v))
		}
	}
	return found
}

// other demands that not just these members are accepted, or takes so much off what they are worth; 0: it demands it.
func (m *program) other(members []int32, less float64) {
	var differ []solver.Term
	for v, x := range m.vars {
		if x.Valid() && !slices.Contains(members, int32(v)) {
			differ = append(differ, x.Times(1))
		}
	}
	for _, v := range members {
		differ = append(differ, m.vars[v].Times(-1))
	}
	if less > 0 {
		same := m.Continuous("same", "", 0, 1)
		m.Objective(same.Times(-less))
		differ = append(differ, same.Times(1))
	}
	m.AtLeast("other", "", differ, float64(1-len(members)))
}

// withoutDives leaves out those heuristics of HiGHS that solve smaller programs by branch and bound. Local search has come before,
// and they take a third of the time on auctions of 300 to 500 goods.
func withoutDives() map[string]any {
	return map[string]any{
		"mip_heuristic_run_rens": false, "mip_heuristic_run_rins": false, "mip_heuristic_run_root_reduced_cost": false,
	}
}

const (
	// fewTrials is how many trials of a variable's branches HiGHS takes for enough in large packings, in place of 8: each takes
	// hundreds of iterations there.
	fewTrials = 1
	// hopeless is from which gap on, as a share, a proof takes long, and then HiGHS tries once more and looks for cuts not at the root
	// alone. On regions of 250 goods and 1,000 bids it closed gaps of 2.3 and 3.1% in 28 and 52 s without, in 28 and 63 s with; of one of
	// 5.1% it left 5.0% after 60 s without and 4.4% with.
	hopeless = 0.04
)

// branch looks for packings other than the best that are worth as much or more by branch and bound of so many nodes, 0 for any
// number, to a gap. Ties are settled where there are few. The best is left among what is looked for, but for a little less than
// it is worth: so it is a start, and what is worth as much is better. To a gap there is none of that, as the row that says so has
// all members and makes each relaxation dearer.
func (s *packer) branch(ctx context.Context, r *relaxation, nodes int, gap float64) error {
	seen := [][]int32{s.best} // worth the same
	for {
		m := s.program(r)
		ties := !s.k.problem.AnyOptimum && len(seen) <= tieOptima && gap == 0
		o := left(s.o, s.deadline)
		o.RelGap, o.NodeLimit, o.Start, o.Extra = gap, nodes, m.start(s.best), withoutDives()
		if s.large {
			if s.bound-s.most > hopeless*math.Abs(s.most) {
				o.Extra["mip_pscost_minreliable"] = fewTrials + 1
			} else {
				o.Extra["mip_pscost_minreliable"], o.Extra["mip_allow_cut_separation_at_nodes"] = fewTrials, false
			}
		}
		less := 0.0
		if ties {
			less = 2*slack(s.most) + provenMoney*r.unit + provenShare*math.Abs(s.most)
			for _, members := range seen {
				if slices.Equal(members, s.best) {
					m.other(members, less/r.unit)
					o.Start = append(o.Start, 1)
				} else {
					m.other(members, 0)
				}
			}
		}
		if s.o.Progress != nil {
			o.Progress = func(solver.Progress) { s.tell() }
		}
		sol, err := solver.Solve(ctx, m.Model, o)
		if err != nil {
			return err
		}
		s.effort += sol.Iterations
		most := s.most
		var found []int32
		if sol.HasValues() {
			if found = m.members(sol); s.fits(found) {
				s.offer(found)
			}
		}
		s.bound = min(s.bound, max(s.most, most-less, sol.Bound*r.unit))
		done := sol.Termination == solver.Completed && sol.Claim == solver.Optimal
		better := s.most > most+slack(most)
		switch {
		case !done || !ties || !s.closed():
			return nil
		case better:
			seen = nil
			s.fix(r)
		case slices.Equal(found, s.best) || s.worth(found) < s.most-slack(s.most):
			s.settled = true
			return nil
		case s.k.before(s.point(found).x, s.point(s.best).x):
			s.best = found
		}
		if len(seen) < 2 && s.first(ctx, r, optimaChoice) {
			return nil
		}
		if better && nodes == 0 { // another search as long is not worth it
			return nil
		}
		seen = append(seen, found)
	}
}

// beat looks for a packing that is worth more than most by branch and bound.
func (s *packer) beat(ctx context.Context, r *relaxation) error {
	m := s.program(r)
	enough := s.most + s.slack()/2
	o := left(s.o, s.deadline)
	o.RelGap, o.Extra = 0, map[string]any{"objective_bound": -enough / r.unit} // programs are solved as minimisations
	sol, err := solver.Solve(ctx, m.Model, o)
	if err != nil {
		return err
	}
	if sol.Termination == solver.Completed && sol.Claim == solver.Infeasible {
		s.bound = min(s.bound, s.most+s.slack())
		return nil
	}
	if sol.HasValues() {
		if found := m.members(sol); s.fits(found) {
			s.offer(found)
		}
	}
	s.bound = min(s.bound, max(s.most, enough, sol.Bound*r.unit))
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

// settle moves best, a proven optimum, to the first of the optima by the tie rule, as far as that does not take too long.
func (s *packer) settle(ctx context.Context, r *relaxation) error {
	if s.first(ctx, r, optimaChoice) {
		return nil
	}
	if s.effort <= anotherProof {
		if err := s.branch(ctx, r, tieNodes, 0); err != nil || s.settled {
			return err
		}
	}
	s.first(ctx, r, tieSteps)
	return nil
}

// deepen searches by the prices of the relaxation for packings that are worth nearly as much as the bound, then a little less
// and so on down to the best: the less is given away, the shorter a search.
func (s *packer) deepen(ctx context.Context, r *relaxation, steps int) bool {
	for share := 1.0 / 32; share < 1; share *= 2 {
		least := s.bound - share*(s.bound-s.most)
		var open []int32
		for v := range s.value {
			if !r.dropped[v] && r.with(int32(v)) >= least {
				open = append(open, int32(v))
			}
		}
		if len(open) == 0 {
			continue
		}
		c := r.choice(open)
		c.least, c.steps, c.stop = least, steps, func() bool { return s.stopped(ctx) }
		found := c.find(c.everyone())
		if found {
			members := make([]int32, len(c.chosen))
			for i, v := range c.chosen {
				members[i] = open[v]
			}
			slices.Sort(members)
			if s.fits(members) {
				s.offer(members)
			}
			s.fix(r)
			break
		}
		if c.steps < 0 {
			return false
		}
		s.bound = min(s.bound, least)
	}
	return s.first(ctx, r, steps)
}

// first moves best to the first of the optima by the prices of the relaxation, and proves it optimal. It returns false where that
// takes more steps in a part of what is left or was stopped.
func (s *packer) first(ctx context.Context, r *relaxation, steps int) bool {
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
	room := 0.0
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
			c.volume, c.steps, c.stop = volume, steps, func() bool { return s.stopped(ctx) }
			first, ok := c.first(now, bidder)
			if !ok {
				return false
			}
			now, room = first, room+slack(s.most)
		}
		for _, i := range now {
			all = append(all, members[i])
		}
	}
	slices.Sort(all)
	w := s.worth(all)
	if !s.fits(all) || w < s.most-slack(s.most)-room {
		return false
	}
	s.best, s.most, s.settled = all, w, true
	s.bound = min(s.bound, s.most+room)
	return true
}

// choice is the search among some of the members, by the prices of the relaxation.
func (r *relaxation) choice(members []int32) *choice {
	at := placesOf(members, len(r.value))
	value := make([]float64, len(members))
	for i, v := range members {
		value[i] = r.value[v]
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
	charge, room := make([]float64, len(members)), 0.0
	for i := range r.halves {
		if h, says := r.halves[i].among(at); says && r.halves[i].price > 0 {
			room += r.halves[i].price * h.rhs
			for n, v := range h.members {
				charge[v] += r.halves[i].price * h.coef[n]
			}
		}
	}
	return newPacking(value, cliques).choice(price, charge, room)
}
