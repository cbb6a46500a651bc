package verify

import (
	"math"
	"sort"
	"strconv"
	"strings"
)

// The seller's problem: which fraction x_b of each bid is accepted,
//
//	max  Σ_b score_b x_b - Σ_i fee_i e_i - Σ_s penalty_s v_s
//	s.t. Σ_b q_bl x_b <= capacity_l            every lot
//	     Σ_{b of i} amount_b x_b <= budget_i   every bidder, likewise max_volume
//	     least_b y_b <= x_b <= y_b             every bid to decide on; y_b <= y_r where it requires r
//	     Σ_{b of group} y_b <= 1               every group
//	     x_b <= e_i                            every bid of a bidder that pays to enter
//	     min_s base_s - v_s <= m_s <= max_s base_s + v_s    every scope of a limit
//	     y_b, e_i in {0, 1}
//
// where score is the money at the scored prices, less the seller's cost under objective contribution. A measure m
// that counts is Σ z, with max of y_b <= z <= Σ y_b over the bids of each thing counted.
//
// The problem falls into segments that share nothing, each solved by branch and bound for any set of
// bidders that take part.

const (
	// mostCells bounds the tableau of a segment: beyond, one linear program would take seconds.
	mostCells = 1 << 20
	mostBids  = 1 << 12
	// workPerStep is the multiplications that count as one of Options.EnumerationLimit: by default one
	// question of a segment takes about a second at most.
	workPerStep = 10_000
	// questionsPerCheck is how many such seconds all questions of one check may take together.
	questionsPerCheck = 20
)

// A seller is the problem of a case, or of one that differs from it in what its fields say.
type seller struct {
	k        *checker
	score    []float64 // by bid, at x = 1
	void     []bool    // by bid: never accepted
	scopes   []*scope
	free     *freedom     // capacities and caps that do not hold; nil for none
	enter    map[int]bool // bidders that may be asked a fee for taking part
	budget   *int64       // work that is left for the whole check
	perAsk   int64        // work that one question of a segment may take
	fixed    float64      // penalties of scopes that no bid has part in
	broken   bool         // a hard limit that nothing can meet
	segments []*segment
}

// A freedom says which capacities, by lot, and which budgets and volume caps, by bidder, do not hold.
type freedom struct {
	capacity, budget, volume []bool
}

// capacity, budgetOf and volumeOf are the capacities and caps that hold, infinite where none does.
func (s *seller) capacity(lot int) float64 {
	if s.free != nil && s.free.capacity[lot] {
		return math.Inf(1)
	}
	return s.k.c.Lots[lot].Capacity
}

func (s *seller) budgetOf(bidder int) float64 {
	if s.free != nil && s.free.budget[bidder] {
		return math.Inf(1)
	}
	return s.k.c.Bidders[bidder].Budget
}

func (s *seller) volumeOf(bidder int) float64 {
	if s.free != nil && s.free.volume[bidder] {
		return math.Inf(1)
	}
	return s.k.c.Bidders[bidder].MaxVolume
}

// A segment is bids that nothing joins to others, and the scopes that bind them.
type segment struct {
	s         *seller
	bids      []int
	bidders   []int // ascending
	scopes    []*scope
	resources []resource

	p       *program
	whole   []int
	of      map[int][]int  // variables by bidder
	x       map[int][]term // by bid: its accepted fraction
	decided []decision     // what each whole variable stands for
	entries map[int]int    // variable of a bidder's entry
	memo    map[string]outcome
}

// A decision is what a whole variable stands for: that some bid is accepted, from a least fraction on. chain is true
// for a bid that is accepted too where another that requires it is.
type decision struct {
	bids  []int
	least float64
	chain bool
}

// An outcome brackets the optimum of a segment, or of the whole: low is what a feasible acceptance earns (-Inf
// where none is known), high no less than the optimum (-Inf where there is none).
type outcome struct {
	low, high float64
	x         []float64 // by position in the segment's bids: what earns low, nil for none
}

// exact says whether the optimum is known.
func (o outcome) exact() bool {
	return o.high == o.low || o.high-o.low <= valueTol*math.Max(1, math.Abs(o.high))
}

// A resource is what bids use up: a lot's capacity, a bidder's budget or volume.
type resource struct {
	lot   int // -1 for a cap
	terms []term
	most  float64
}

// open cuts the problem into segments.
func (s *seller) open() {
	c := s.k.c
	join := newForest(len(c.Bids))
	unite := func(bids []int) {
		for _, i := range bids[min(1, len(bids)):] {
			join.union(bids[0], i)
		}
	}
	resources := s.resources()
	for _, r := range resources {
		for _, t := range r.terms {
			join.union(r.terms[0].at, t.at)
		}
	}
	type group struct {
		bidder int
		name   string
	}
	groups := map[group]int{}
	entered := map[int]int{}
	for i := range c.Bids {
		b := &c.Bids[i]
		if b.Group != "" {
			if j, ok := groups[group{b.Bidder, b.Group}]; ok {
				join.union(i, j)
			}
			groups[group{b.Bidder, b.Group}] = i
		}
		if b.Requires >= 0 {
			join.union(i, b.Requires)
		}
		if s.enter[b.Bidder] && !s.void[i] {
			if j, ok := entered[b.Bidder]; ok {
				join.union(i, j)
			}
			entered[b.Bidder] = i
		}
	}
	in := make([][]int, len(s.scopes))
	for n, sc := range s.scopes {
		in[n] = s.alive(bidsOf(sc.rows, sc.base))
		if len(in[n]) == 0 {
			g := s.k.gauge(sc, make([]float64, len(c.Bids)))
			if math.IsNaN(sc.limit.Penalty) {
				s.broken = s.broken || g.violation > 0
			} else {
				s.fixed -= sc.limit.Penalty * g.violation
			}
			continue
		}
		unite(in[n])
	}
	at := make([]*segment, len(c.Bids))
	for _, bids := range join.sets() {
		g := &segment{s: s, bids: s.alive(bids), memo: map[string]outcome{}}
		if len(g.bids) == 0 {
			continue
		}
		seen := map[int]bool{}
		for _, i := range g.bids {
			at[i] = g
			if b := c.Bids[i].Bidder; !seen[b] {
				seen[b] = true
				g.bidders = append(g.bidders, b)
			}
		}
		sort.Ints(g.bidders)
		s.segments = append(s.segments, g)
	}
	for n, bids := range in {
		if len(bids) > 0 {
			at[bids[0]].scopes = append(at[bids[0]].scopes, s.scopes[n])
		}
	}
	for _, r := range resources {
		g := at[r.terms[0].at]
		g.resources = append(g.resources, r)
	}
}

// alive returns the bids that are not void.
func (s *seller) alive(bids []int) (list []int) {
	for _, i := range bids {
		if !s.void[i] {
			list = append(list, i)
		}
	}
	return list
}

// resources returns the capacities and caps that the bids could exceed, with terms by bid.
func (s *seller) resources() (list []resource) {
	c := s.k.c
	lots, money, volume := make([][]term, len(c.Lots)), make([][]term, len(c.Bidders)), make([][]term, len(c.Bidders))
	for i := range c.Bids {
		if s.void[i] {
			continue
		}
		b := &c.Bids[i]
		packages := 0.0
		for _, r := range b.Rows {
			packages += r.Quantity
			lots[r.Lot] = plus(lots[r.Lot], i, r.Quantity)
		}
		money[b.Bidder] = plus(money[b.Bidder], i, b.Amount)
		volume[b.Bidder] = plus(volume[b.Bidder], i, packages)
	}
	add := func(lot int, terms []term, most float64) {
		all := 0.0
		for _, t := range terms {
			all += t.of
		}
		if all > most {
			list = append(list, resource{lot, terms, most})
		}
	}
	for l := range lots {
		add(l, lots[l], s.capacity(l))
	}
	for i := range c.Bidders {
		add(-1, money[i], s.budgetOf(i))
		add(-1, volume[i], s.volumeOf(i))
	}
	return list
}

// plus adds to the term of a bid, which is the last one or a new one.
func plus(terms []term, bid int, of float64) []term {
	if n := len(terms); n > 0 && terms[n-1].at == bid {
		terms[n-1].of += of
		return terms
	}
	if of == 0 {
		return terms
	}
	return append(terms, term{bid, of})
}

// formulate states the segment as a program. The accepted fraction of a bid with a least one is least y + x, with
// 0 <= x <= (1 - least) y.
func (g *segment) formulate() {
	c := g.s.k.c
	p := &program{}
	g.p, g.x, g.of, g.entries = p, map[int][]term{}, map[int][]int{}, map[int]int{}
	required := map[int]bool{}
	for _, i := range g.bids {
		if r := c.Bids[i].Requires; r >= 0 {
			required[r] = true
		}
	}
	counts := map[int]bool{} // by some scope
	for _, sc := range g.scopes {
		if !g.s.counts(sc) {
			continue
		}
		for _, i := range g.s.alive(bidsOf(sc.rows, sc.base)) {
			counts[i] = true
		}
	}
	y, count := map[int]int{}, map[int]int{} // variables by bid: whether it is accepted, whether it counts
	yesNo := func(bidder int, profit float64, d decision) int {
		v := p.variable(profit, 0, 1)
		g.whole, g.decided = append(g.whole, v), append(g.decided, d)
		if bidder >= 0 {
			g.of[bidder] = append(g.of[bidder], v)
		}
		return v
	}
	for _, i := range g.bids {
		b := &c.Bids[i]
		least, score := b.MinFraction, g.s.score[i]
		if required[i] || counts[i] && least > 0 {
			least = math.Max(least, leastFraction)
		}
		from := -1 // the variable from which the fraction starts at least
		if least > 0 || b.Group != "" || b.Requires >= 0 || required[i] {
			y[i] = yesNo(b.Bidder, least*score, decision{[]int{i}, wholeTol, true})
			if from = y[i]; least > 0 {
				count[i] = from
			}
		}
		if counts[i] && least == 0 {
			least = leastFraction
			count[i] = yesNo(b.Bidder, least*score, decision{[]int{i}, counted, false})
			if from >= 0 {
				p.atMost([]term{{count[i], 1}, {from, -1}}, 0)
			}
			from = count[i]
		}
		if from >= 0 && least > 0 {
			g.x[i] = append(g.x[i], term{from, least})
		}
		if least < 1 {
			x := p.variable(score, 0, 1)
			g.x[i] = append(g.x[i], term{x, 1})
			g.of[b.Bidder] = append(g.of[b.Bidder], x)
			if from >= 0 {
				p.atMost([]term{{x, 1}, {from, least - 1}}, 0)
			}
		}
	}
	for _, r := range g.resources {
		var terms []term
		for _, t := range r.terms {
			terms = append(terms, times(t.of, g.x[t.at])...)
		}
		p.atMost(terms, r.most)
	}
	type group struct {
		bidder int
		name   string
	}
	groups := map[group][]term{}
	var order []group
	for _, i := range g.bids {
		b := &c.Bids[i]
		if b.Group != "" {
			at := group{b.Bidder, b.Group}
			if groups[at] == nil {
				order = append(order, at)
			}
			groups[at] = append(groups[at], term{y[i], 1})
		}
		if r := b.Requires; r >= 0 {
			if v, ok := y[r]; ok {
				p.atMost([]term{{y[i], 1}, {v, -1}}, 0)
			} else { // of a void bid
				p.atMost([]term{{y[i], 1}}, 0)
			}
		}
	}
	for _, at := range order {
		if len(groups[at]) > 1 {
			p.atMost(groups[at], 1)
		}
	}
	for _, i := range g.bidders {
		if !g.s.enter[i] {
			continue
		}
		var mine []int
		for _, j := range g.bids {
			if c.Bids[j].Bidder == i {
				mine = append(mine, j)
			}
		}
		e := yesNo(i, 0, decision{mine, wholeTol, false})
		g.entries[i] = e
		for _, j := range mine {
			v, ok := y[j]
			if !ok {
				v = g.x[j][len(g.x[j])-1].at
			}
			p.atMost([]term{{v, 1}, {e, -1}}, 0)
		}
	}
	f := &counter{segment: g, count: count, known: map[string]int{}}
	for _, sc := range g.scopes {
		f.state(sc, yesNo)
	}
}

// times is a sum of terms multiplied.
func times(of float64, terms []term) []term {
	list := make([]term, len(terms))
	for n, t := range terms {
		list[n] = term{t.at, of * t.of}
	}
	return list
}

// counts says whether a scope counts what is accepted and its sides could be broken.
func (s *seller) counts(sc *scope) bool {
	l := sc.limit
	base := 1.0
	switch {
	case l.Measure == "volume" || l.Measure == "revenue":
		return false
	case l.Of == "capacity":
		base = sc.capacity
	case l.Of == "accepted":
		return l.Min > 0 || l.Max < 1
	}
	things := map[int]bool{}
	for _, r := range sc.rows {
		if !s.void[r.bid] {
			things[s.k.thing(l.Measure, r)] = true
		}
	}
	return l.Min*base > 0 || l.Max*base < float64(len(things))
}

// A counter states the scopes of limits.
type counter struct {
	*segment
	count map[int]int    // variable by bid: whether it counts
	known map[string]int // variable by the bids of which it says whether any counts
}

// state adds the rows of a scope.
func (f *counter) state(sc *scope, yesNo func(int, float64, decision) int) {
	l := sc.limit
	if l.Measure != "volume" && l.Measure != "revenue" && !f.s.counts(sc) {
		return
	}
	measured, base := f.terms(l.Measure, sc.rows), []term(nil)
	fixed := 1.0
	switch l.Of {
	case "capacity":
		fixed = sc.capacity
	case "accepted":
		fixed, base = 0, f.terms(l.Measure, sc.base)
	}
	all := func(terms []term) (most float64) {
		for _, t := range terms {
			most += math.Max(0, t.of)
		}
		return most
	}
	side := func(terms []term, most float64) {
		reach := all(terms) - most // by how much the side can be broken
		if reach <= 0 {
			return
		}
		if !math.IsNaN(l.Penalty) {
			v := f.p.variable(-l.Penalty*reach, 0, 1)
			terms = append(terms, term{v, -reach})
		}
		f.p.atMost(terms, most)
	}
	if !math.IsNaN(l.Max) {
		side(combine(1, measured, -l.Max, base), share(l.Max, fixed))
	}
	if math.IsNaN(l.Min) {
		return
	}
	terms, most := combine(l.Min, base, -1, measured), -share(l.Min, fixed)
	reach := all(terms) - most
	if l.OrNothing && reach > 0 {
		if len(measured) == 0 {
			return // nothing it is
		}
		u := yesNo(-1, 0, decision{f.s.alive(bidsOf(sc.rows)), wholeTol, false})
		for _, t := range measured {
			if t.of != 0 { // a price of 0 adds no revenue
				f.p.atMost([]term{{t.at, 1}, {u, -1}}, 0)
			}
		}
		terms, most = append(terms, term{u, reach}), most+reach
	}
	side(terms, most)
}

// terms are a measure over some rows.
func (f *counter) terms(measure string, rows []ref) []term {
	c := f.s.k.c
	var list []term
	things := map[int][]int{} // bids by lot, bidder or bid
	var order []int
	for _, r := range rows {
		if f.s.void[r.bid] {
			continue
		}
		b := &c.Bids[r.bid]
		row := &b.Rows[r.row]
		switch measure {
		case "volume":
			list = append(list, times(row.Quantity, f.x[r.bid])...)
			continue
		case "revenue":
			list = append(list, times(row.Quantity*row.Price, f.x[r.bid])...)
			continue
		}
		thing := f.s.k.thing(measure, r)
		if of := things[thing]; len(of) == 0 {
			order = append(order, thing)
		} else if of[len(of)-1] == r.bid {
			continue
		}
		things[thing] = append(things[thing], r.bid)
	}
	for _, t := range order {
		list = append(list, term{f.any(things[t]), 1})
	}
	return list
}

// any returns the variable that is 1 where any of the bids counts.
func (f *counter) any(bids []int) int {
	if len(bids) == 1 {
		return f.count[bids[0]]
	}
	var key strings.Builder
	for _, i := range bids {
		key.WriteString(strconv.Itoa(i))
		key.WriteByte(' ')
	}
	if v, ok := f.known[key.String()]; ok {
		return v
	}
	z := f.p.variable(0, 0, 1)
	f.known[key.String()] = z
	sum := []term{{z, 1}}
	for _, i := range bids {
		f.p.atMost([]term{{f.count[i], 1}, {z, -1}}, 0)
		sum = append(sum, term{f.count[i], -1})
	}
	f.p.atMost(sum, 0)
	return z
}

// combine is a s + b t, without what rounding leaves of terms that cancel.
func combine(a float64, s []term, b float64, t []term) []term {
	var list []term
	var size []float64
	at := map[int]int{}
	add := func(of float64, terms []term) {
		for _, x := range terms {
			n, ok := at[x.at]
			if !ok {
				n = len(list)
				at[x.at] = n
				list, size = append(list, term{at: x.at}), append(size, 0)
			}
			list[n].of += of * x.of
			size[n] += math.Abs(of * x.of)
		}
	}
	add(a, s)
	add(b, t)
	kept := list[:0]
	for n, x := range list {
		if math.Abs(x.of) > pivotTol*size[n] {
			kept = append(kept, x)
		}
	}
	return kept
}

// key names the set of a segment's bidders that are out.
func (g *segment) key(out map[int]bool) string {
	b := make([]byte, len(g.bidders))
	for n, i := range g.bidders {
		if out[i] {
			b[n] = 1
		}
	}
	return string(b)
}

// best brackets what the segment earns without the bids of some bidders. hint is a feasible acceptance by bid to
// begin with, of which the rest of those bids is taken; nil for none.
func (g *segment) best(out map[int]bool, hint []float64) outcome {
	key := g.key(out)
	if o, ok := g.memo[key]; ok {
		return o
	}
	o := g.ask(out, hint)
	g.memo[key] = o
	return o
}

func (g *segment) ask(out map[int]bool, hint []float64) outcome {
	if g.p == nil && len(g.bids) <= mostBids {
		g.formulate()
	}
	if g.p == nil || g.p.size() > mostCells || *g.s.budget <= 0 {
		return g.large(out, hint)
	}
	for _, i := range g.bidders {
		for _, v := range g.of[i] {
			if g.p.up[v] = 1; out[i] {
				g.p.up[v] = 0
			}
		}
	}
	before := g.p.work
	a, _ := g.p.maximise(g.whole, g.decisions(out, hint), min(g.s.perAsk, *g.s.budget))
	*g.s.budget -= g.p.work - before
	o := outcome{low: a.value, high: a.bound}
	if a.x != nil {
		o.x = make([]float64, len(g.bids))
		for n, i := range g.bids {
			for _, t := range g.x[i] {
				o.x[n] += t.of * a.x[t.at]
			}
		}
	}
	return o
}

// decisions translates an acceptance into the whole variables.
func (g *segment) decisions(out map[int]bool, x []float64) []float64 {
	if x == nil {
		return nil
	}
	c := g.s.k.c
	accepted := map[int]bool{} // with what the accepted bids require
	for _, i := range g.bids {
		if x[i] > wholeTol && !out[c.Bids[i].Bidder] {
			for j := i; j >= 0 && !accepted[j]; j = c.Bids[j].Requires {
				accepted[j] = true
			}
		}
	}
	values := make([]float64, len(g.whole))
	for n, d := range g.decided {
		for _, i := range d.bids {
			if d.chain && accepted[i] || !out[c.Bids[i].Bidder] && x[i] >= d.least {
				values[n] = 1
			}
		}
	}
	return values
}

// best brackets what the seller earns without the bids of some bidders.
func (s *seller) best(out map[int]bool, hint []float64) outcome {
	if s.broken {
		return outcome{low: math.Inf(-1), high: math.Inf(-1)}
	}
	total := outcome{low: s.fixed, high: s.fixed}
	for _, g := range s.segments {
		o := g.best(out, hint)
		total.low, total.high = total.low+o.low, total.high+o.high
	}
	if math.IsInf(total.high, -1) { // no segment's surplus makes up for one without an answer
		total.low = math.Inf(-1)
	}
	return total
}
