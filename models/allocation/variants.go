package allocation

import (
	"context"
	"math"
	"slices"
	"time"

	"lotwise/solver"
)

// Variants of a packing have other values, and some members out. Payment rules ask for the best of many: without a
// bidder, or with discounts as fees. The conflicts are the same in all of them, and so are the cliques that cut off fractions:
// one relaxation is kept, in which only costs and bounds change, and goes on from its last basis. What was the best
// packing of one is a good start for others.
type variants struct {
	*packing // at the component's own values
	k        *component
	members  []int // of the packing: bids of the component
	bidder   []int // by member
	relaxed  *relaxation
	near     [][]int32 // by member: its conflicts
	known    [][]int32 // packings that were the best of a variant for a while
	wide     bool      // the relaxation leaves nearly all members: it is not worth solving
}

// variants opens the variants of a component that is a packing; nil where it is none. Cliques are those of a relaxation
// that was solved before, over the same members; close it.
func (k *component) variants(cliques [][]int32) (*variants, error) {
	p, members := k.packing()
	if p == nil || len(members) == 0 {
		return nil, nil
	}
	r, err := p.relax()
	if err != nil {
		return nil, err
	}
	for _, q := range cliques {
		r.add(slices.Clone(q))
	}
	problem, own := *k.problem, *k
	problem.AnyOptimum, own.problem = true, &problem
	v := &variants{packing: p, k: &own, members: members, relaxed: r, near: p.neighbours()}
	for _, j := range members {
		v.bidder = append(v.bidder, k.bidder(j))
	}
	return v, nil
}

func (v *variants) close() { v.relaxed.close() }

// with is a variant with fees, by bidder, taken off the values, and without the bids of a bidder (-1 for none). Members that are out
// have negative values.
func (v *variants) with(fees []float64, absent int) *packing {
	p := *v.packing
	p.value = slices.Clone(v.value)
	for m, i := range v.bidder {
		if fees != nil {
			p.value[m] -= fees[i]
		}
		if i == absent {
			p.value[m] = -1
		}
	}
	return &p
}

// remember keeps a packing as a start for others.
func (v *variants) remember(members []int32) {
	if !slices.ContainsFunc(v.known, func(k []int32) bool { return slices.Equal(k, members) }) {
		v.known = append(v.known, slices.Clone(members))
	}
}

// chosen are the members that are accepted at x.
func (v *variants) chosen(x []float64) []int32 {
	var members []int32
	for m, j := range v.members {
		if x[j] > 0 {
			members = append(members, int32(m))
		}
	}
	return members
}

// point is the packing as an allocation of the component.
func (v *variants) point(members []int32) []float64 {
	x := make([]float64, len(v.k.bids))
	for _, m := range members {
		x[v.members[m]] = 1
	}
	return x
}

// become makes the relaxation that of another packing of the same conflicts.
func (r *relaxation) become(p *packing) {
	r.packing, r.bound = p, math.Inf(1)
	for v, value := range p.value {
		r.model.SetCost(r.vars[v], value/r.unit)
		up := 1.0
		if r.dropped[v] = value < 0; r.dropped[v] {
			up = 0
		}
		r.model.SetBounds(r.vars[v], 0, up)
	}
}

// A quest is the search for the best packing of a variant, as far as it is worth more than a floor.
type quest struct {
	*packing // at the variant's values
	v        *variants
	o        solver.Options
	deadline time.Time
	// needs are sets of members of which any packing that is looked for accepts one each.
	needs [][]int32

	best   []int32
	most   float64   // what best is worth
	floor  float64   // nothing that is not worth more is looked for
	enough bool      // the first that is worth more ends the search
	bound  float64   // nothing is worth more than this and the target
	passed [][]int32 // packings worth more than the floor, where the first is enough
}

const (
	// variantSteps is how many steps a local search takes in a variant, from a packing that is nearly the best, and wideSteps where
	// the relaxation says little.
	variantSteps = 500
	wideSteps    = 5000
	// blockingSteps is how many it takes to find packings that are worth more than the floor from the best, and aroundSteps from each of
	// mostStarts others before branch and bound looks for one, which takes as long as ten times as many. asGood is by which share
	// of what the best is worth these may be worth less.
	blockingSteps = 200
	aroundSteps   = 200
	mostStarts    = 20
	asGood        = 1e-6
	// wideShare is the share of members that the relaxation leaves open at least where it is not worth solving.
	wideShare = 0.8
	// mostPassed is how many packings a search passes on.
	mostPassed = 30
	// variantCuts is the share of the gap that a round of cuts has to close for another.
	variantCuts = 0.002
	// fewShare is up to what share of the members what the relaxation leaves is relaxed by itself.
	fewShare = 0.5
	// variantChoice bounds the steps of searches by prices before others are tried.
	variantChoice = 3000
	// firstChoice bounds them before other searches, quickChoice after.
	firstChoice = 1000
	// variantNodes is how many nodes branch and bound by relaxations is given, and tightNodes where mixed-integer programming has
	// hope: what these do not close it sometimes does in a hundredth of the time.
	variantNodes = 3000
	tightNodes   = 300
	// deepest is the share of the gap that a search by prices from the bound down gives away first.
	deepest = 1.0 / 32
	// tightGap is the share of the bound up to which a gap is left to mixed-integer programming before long searches without it.
	tightGap = 0.02
	// tightWork is how much work a search by covers may be going to need there, and judged a share of it after which it is judged.
	tightWork = 4 * coverTrial
	judged    = 32
)

func (v *variants) quest(p *packing, known []int32, floor float64, o solver.Options) *quest {
	s := &quest{packing: p, v: v, o: o, deadline: time.Now().Add(o.TimeLimit), floor: floor, most: math.Inf(-1), bound: math.Inf(1)}
	s.offer(known)
	s.again(v.known)
	return s
}

// again looks at packings that are known.
func (s *quest) again(known [][]int32) {
	for _, k := range known {
		s.offer(k)
	}
}

// offer takes a packing if it is better, without the members that are out.
func (s *quest) offer(members []int32) {
	kept := s.kept(members)
	w := s.worth(kept)
	if w > s.most {
		s.best, s.most = kept, w
	}
	if s.enough && w > s.floor && len(s.passed) < mostPassed && !slices.ContainsFunc(s.passed, func(p []int32) bool { return slices.Equal(p, kept) }) {
		s.passed = append(s.passed, kept)
	}
}

// kept are the members that are not out.
func (s *quest) kept(members []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(members), func(m int32) bool { return s.value[m] < 0 })
}

// fill accepts what else fits with the best.
func (s *quest) fill() {
	weight := slices.Clone(s.value)
	most := max(0, slices.Max(weight))
	for _, m := range s.best {
		weight[m] += most
	}
	out := make([]bool, len(weight))
	for m, w := range s.value {
		out[m] = w < 0
	}
	s.offer(s.rounded(weight, out))
}

// target is what a packing is to be worth more than.
func (s *quest) target() float64 {
	t := max(s.most, s.floor)
	return t + slack(t)
}

// found says whether a packing is enough.
func (s *quest) found() bool { return s.enough && s.most > s.floor }

func (s *quest) closed() bool { return s.found() || s.bound <= s.target() }

func (s *quest) stopped(ctx context.Context) bool {
	return ctx.Err() != nil || s.o.TimeLimit > 0 && !time.Now().Before(s.deadline)
}

// run searches.
func (s *quest) run(ctx context.Context) error {
	if err := s.relax(ctx); err != nil || s.closed() || s.stopped(ctx) {
		return err
	}
	return s.prove(ctx)
}

// relax searches as far as the relaxation leads, and around the best.
func (s *quest) relax(ctx context.Context) error {
	if s.fill(); s.closed() {
		return nil
	}
	r := s.v.relaxed
	if !s.v.wide {
		r.become(s.packing)
		if err := s.tighten(ctx, r); err != nil || s.closed() || s.stopped(ctx) {
			return err
		}
		if s.tight() && s.choose(ctx, firstChoice) {
			return nil
		}
		if s.enough {
			if s.around(ctx); s.closed() {
				return nil
			}
		}
		if s.few(r) {
			if err := s.sharpen(ctx, r); err != nil || s.closed() || s.stopped(ctx) {
				return err
			}
			if s.tight() && s.choose(ctx, quickChoice) {
				return nil
			}
		}
		if !s.enough {
			s.localSearch(ctx, s.best, variantSteps)
		}
		s.fix(r)
		s.v.wide = !s.tight() && float64(len(r.open())) > wideShare*float64(s.members())
	}
	if s.v.wide {
		s.localSearch(ctx, s.best, wideSteps)
	}
	return nil
}

// tight says whether the relaxation leaves a small gap.
func (s *quest) tight() bool {
	return s.v.relaxed.bound-s.target() <= tightGap*math.Abs(s.target())
}

// members is how many are not out.
func (s *quest) members() (n int) {
	for _, w := range s.value {
		if w >= 0 {
			n++
		}
	}
	return n
}

// choose closes the gap by the prices of the relaxation, where that takes few steps. From the bound down it looks for packings that
// are worth nearly as much, then a little less and so on: the less is given away, the shorter a search.
func (s *quest) choose(ctx context.Context, steps int) bool {
	if s.v.wide {
		return false
	}
	r := s.v.relaxed
	for share := deepest; share < 1 && !s.closed(); share *= 2 {
		least := s.bound - share*(s.bound-s.target())
		var open []int32
		for v := range s.value {
			if !r.dropped[v] && r.with(int32(v)) >= least {
				open = append(open, int32(v))
			}
		}
		needs, ok := s.within(open, open)
		if len(open) > 0 && ok {
			c := r.choice(open)
			for _, need := range needs {
				c.open(need, math.Inf(1))
			}
			c.least, c.steps, c.stop = least, steps, func() bool { return s.stopped(ctx) }
			if c.find(c.everyone()) {
				s.offer(chosen(c, open))
				s.v.remember(s.best)
				s.fix(r)
				share = deepest / 2
				continue
			}
			if c.steps < 0 {
				break
			}
		}
		s.bound = least
	}
	return s.closed() || s.sweep(ctx, 0)
}

// chosen are the members that a choice among some has taken.
func chosen(c *choice, among []int32) []int32 {
	chosen := make([]int32, len(c.chosen))
	for i, v := range c.chosen {
		chosen[i] = among[v]
	}
	slices.Sort(chosen)
	return chosen
}

// prove closes the gap that the relaxation leaves.
func (s *quest) prove(ctx context.Context) error {
	r := s.v.relaxed
	if !(s.enough && s.tight()) && s.choose(ctx, quickChoice) || s.closed() || s.stopped(ctx) {
		return nil
	}
	work := coverWork
	if !s.v.wide {
		done, err := s.grow(ctx)
		if done || err != nil || s.closed() || s.stopped(ctx) {
			return err
		}
		if s.tight() {
			work = tightWork
		}
	}
	if s.sweep(ctx, work) || s.closed() || s.stopped(ctx) {
		return nil
	}
	if s.v.wide {
		r.become(s.packing)
		if err := s.tighten(ctx, r); err != nil || s.closed() || s.stopped(ctx) {
			return err
		}
	}
	b := s.packer(s.target())
	err := b.beat(ctx, r)
	s.offer(b.best)
	if s.bound = min(s.bound, b.bound); s.bound <= b.most+b.slack() { // told with an allowance
		s.bound = min(s.bound, s.target())
	}
	return err
}

// grow closes the gap by branch and bound by relaxations, and says whether that came to its end.
func (s *quest) grow(ctx context.Context) (bool, error) {
	b := s.packer(max(s.most, s.floor))
	b.anyBetter = s.enough
	nodes := variantNodes
	if s.tight() {
		nodes = tightNodes
	}
	done, err := b.grow(ctx, s.v.relaxed, nodes, math.MaxInt64)
	s.offer(b.best)
	if s.bound = min(s.bound, b.bound); done {
		s.bound = min(s.bound, s.target())
	}
	return done, err
}

// packer is the search for what is worth more than most in the same packing.
func (s *quest) packer(most float64) *packer {
	return &packer{packing: s.packing, k: s.v.k, members: s.v.members, o: s.o, deadline: s.deadline, best: s.best, most: most, bound: s.bound}
}

// tighten solves the relaxation, with cliques that cut off fractions as long as they close the gap.
func (s *quest) tighten(ctx context.Context, r *relaxation) error {
	last := math.Inf(1)
	for round := range cutRounds {
		ok, err := r.solve(ctx, left(s.o, s.deadline))
		if !ok || err != nil {
			return err
		}
		s.bound = min(s.bound, r.bound)
		if whole, ok := r.whole(); ok {
			s.offer(whole)
		}
		s.offer(s.rounded(r.x, r.dropped))
		if s.enough && round == 0 && s.bound > s.target() { // more than one that blocks saves more searches than it takes
			s.localSearch(ctx, s.best, blockingSteps)
		}
		if s.closed() {
			return nil
		}
		s.fix(r)
		if last-s.bound < variantCuts*(s.bound-s.target()) {
			return nil
		}
		last = s.bound
		if s.few(r) || !r.tighten() && !r.halve() {
			return nil
		}
	}
	return nil
}

// few says whether the relaxation leaves so few members that what is left is better relaxed by itself.
func (s *quest) few(r *relaxation) bool {
	return float64(len(r.open())) < fewShare*float64(len(s.value))
}

// sharpen tightens the relaxation of the members that are left, by itself. Its prices are carried over.
func (s *quest) sharpen(ctx context.Context, r *relaxation) error {
	sub, open := s.packer(s.most).rest(r)
	x, err := sub.relax()
	if err != nil {
		return err
	}
	defer x.close()
	x.inherit(r, open)
	last := math.Inf(1)
	for range cutRounds {
		if ok, err := x.solve(ctx, left(s.o, s.deadline)); !ok || err != nil {
			return err
		}
		s.bound = min(s.bound, max(x.bound, s.most))
		if whole, ok := x.whole(); ok {
			s.offer(renamed(whole, open))
		}
		s.offer(renamed(x.rounded(x.x, x.dropped), open))
		if s.closed() {
			break
		}
		for v := range x.value {
			if !x.dropped[v] && x.with(int32(v)) < s.most-slack(s.most) {
				x.drop(int32(v))
			}
		}
		if last-x.bound < variantCuts*(x.bound-s.target()) {
			break
		}
		last = x.bound
		if cliques, halves := x.tighten(), x.halve(); !cliques && !halves {
			break
		}
	}
	r.carry(x, open)
	s.fix(r)
	return nil
}

// localSearch looks around a packing, among the members that are left.
func (s *quest) localSearch(ctx context.Context, start []int32, steps int) {
	l := newLocalSearch(s.packing, s.v.near, s.o.Seed)
	l.among = slices.DeleteFunc(l.among, func(m int32) bool { return s.value[m] < 0 || !s.v.wide && s.v.relaxed.dropped[m] })
	if len(l.among) == 0 {
		return
	}
	for _, m := range start {
		l.accept(m)
	}
	if s.enough {
		l.passing = func(members []int32, worth float64) {
			if worth > s.floor {
				s.offer(slices.Sorted(slices.Values(members)))
			}
		}
	}
	s.offer(l.run(steps, s.bound, func() bool { return s.stopped(ctx) }))
}

// around looks around the packings that are known and worth as much as the best. Those of coalitions that held discounts down
// before are: what blocks now often differs from one of them in a few members.
func (s *quest) around(ctx context.Context) {
	var starts [][]int32
	for _, k := range s.v.known {
		if kept := s.kept(k); s.worth(kept) >= s.most-asGood*math.Abs(s.most) {
			starts = append(starts, kept)
		}
	}
	n := min(len(starts), mostStarts)
	for i := 0; i < n && len(s.passed) < mostPassed; i++ {
		s.localSearch(ctx, starts[i*len(starts)/n], aroundSteps)
	}
}

// fix drops what neither the best nor anything better accepts.
func (s *quest) fix(r *relaxation) {
	least := s.most - slack(s.most)
	for v := range r.value {
		if !r.dropped[v] && r.with(int32(v)) < least {
			r.drop(int32(v))
		}
	}
}

// sweep searches what the relaxation leaves, part by part, by its prices and then by covers with some work. It returns false
// where a part takes more.
func (s *quest) sweep(ctx context.Context, work int) bool {
	r := s.v.relaxed
	var open []int32
	for v, w := range s.value {
		if w >= 0 && (s.v.wide || !r.dropped[v]) {
			open = append(open, int32(v))
		}
	}
	best := newBits(1, len(s.value))[0]
	for _, v := range s.best {
		best.add(v)
	}
	parts := s.parts(open)
	var all []int32
	done := true
	for _, members := range parts {
		now := slices.DeleteFunc(slices.Clone(members), func(v int32) bool { return !best.has(v) })
		now, proven := s.part(ctx, open, members, now, slack(s.most)/float64(len(parts)), work)
		done = done && proven
		all = append(all, now...)
	}
	slices.Sort(all)
	if s.fits(all) {
		s.offer(all)
	}
	if done {
		s.bound = min(s.bound, s.target())
	}
	return done
}

// part is the best packing of some members of those open, from one that is known on, and whether nothing is worth more than it and
// the gain.
func (s *quest) part(ctx context.Context, open, members, best []int32, gain float64, work int) (found []int32, proven bool) {
	if len(members) == len(best) {
		return best, true
	}
	needs, ok := s.within(members, open)
	if !ok {
		return best, true
	}
	most := s.worth(best)
	better := func(other []int32) float64 {
		best, most = other, s.worth(other)
		if len(members) == len(open) {
			s.offer(other)
			s.v.remember(other)
		}
		return most + gain
	}
	if work == 0 {
		c := s.v.relaxed.choice(members)
		c.steps = variantChoice
		for _, need := range needs {
			c.open(need, math.Inf(1))
		}
		for c.least = most + gain; c.find(c.everyone()); {
			c.least = better(chosen(c, members))
		}
		return best, c.steps >= 0
	}
	n := s.needSearch(members, needs)
	n.target, n.found = most+gain, better
	n.stop = func() bool {
		return n.work > work/judged && float64(n.work) > float64(work)*n.progress || !s.v.wide && s.found() || s.stopped(ctx)
	}
	proven = n.run()
	return best, proven
}

// within are the needs of the part with these members, by their position among them. A need that spreads over parts is nobody's;
// one of which nothing is open cannot be met.
func (s *quest) within(members, open []int32) (needs [][]int32, ok bool) {
	for _, need := range s.needs {
		var at []int32
		left := 0
		for _, v := range need {
			if _, ok := slices.BinarySearch(open, v); !ok {
				continue
			}
			left++
			if i, ok := slices.BinarySearch(members, v); ok {
				at = append(at, int32(i))
			}
		}
		switch {
		case left == 0:
			return nil, false
		case len(at) == left:
			needs = append(needs, at)
		}
	}
	return needs, true
}
