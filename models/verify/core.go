package verify

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

// Core payments, in discounts d_i off the bids, with w(C) the seller's optimum with the bids of C alone:
//
//	Σ_{i not in C} d_i <= W - w(C)    every coalition C        no coalition blocks
//	0 <= d_i <= vcg_i                 every winner i
//	Σ d_i largest, and of these points the nearest to vcg
//
// As bids only add to what the seller can earn, the coalitions that count leave out winners alone. The constraints
// fall into groups of winners that share segments; a group with few winners is checked against every coalition, a larger
// one by searching for the coalition that blocks most: the seller's problem in which taking part costs a bidder's
// bids its discount.
//
// The least total is compared with the linear program over the coalitions. A point of a polyhedron is its nearest to
// vcg where vcg - d is a sum of the normals of what holds there with equality, all with their signs:
//
//	vcg - d = Σ_C λ_C 1(i not in C) + μ 1 + (bounds' multipliers)    λ >= 0
//
// (Karush, Kuhn and Tucker). What this misses by in its largest component is by how much, in each, vcg would have to be
// moved for d to be right; as projecting on a convex set brings no two points further apart, d is no further from the
// right one in total.

const (
	// allCoalitions is the number of winners of a group up to which every coalition is tried.
	allCoalitions = 10
	// mostCuts bounds the coalitions that are searched for in a larger group.
	mostCuts = 200
	// coreTol is the error relative to the seller's optimum that a blocking value may show: the run's own search
	// stops at 1e-8 of it.
	coreTol = 1e-7
	// nearTol is how far, relative to the largest VCG discount, payments may be from the nearest to VCG's: what
	// a quadratic program solved to 1e-7 leaves.
	nearTol = 1e-4
)

// A club is winners that share segments, which their discounts join.
type club struct {
	a        *acceptance
	winners  []int
	segments []*segment
	vcg, d   []float64 // by winner
	cuts     []cut
	searched *seller // of the search, nil where every coalition is known
	scale    float64 // money that errors are relative to
}

// A cut is Σ_{in} d <= room; in are positions in the club's winners.
type cut struct {
	in   []int
	room float64
}

// core checks that payments are in the core, of least total and nearest to VCG.
func (a *acceptance) core(c *charge) {
	stated := 0.0
	if _, ok := a.metric["core_violation"]; ok {
		stated, _, _ = a.number("core_violation")
	} else {
		a.find(tableSummary, -1, "metric", "there is no %q", "core_violation")
	}
	slack := centTol + coreTol*math.Max(1, math.Abs(c.objective))
	doubted := false
	for b, i := range c.row {
		if i >= 0 && c.discount[b] > c.worth[b].high+c.tol[b] {
			a.find(tablePayments, i, "payment", "%.10g is under the VCG payment of %q, %.10g: the seller and the rest would block", a.r.Payments[i].Payment, a.c.Bidders[b].Name, c.amount[b]-c.worth[b].high)
		}
		doubted = doubted || c.doubted[b]
	}
	violation, every, searched, open := 0.0, 0, 0, 0
	// The stated payments can only be judged as least and nearest where the run does not say that it stopped short.
	finished := a.optimal() && c.known && !doubted && stated <= slack
	for _, k := range a.clubs(c) {
		worst, who, exact := k.block(k.d)
		violation += math.Max(0, worst)
		switch {
		case !exact:
			open++
		case k.searched != nil:
			searched++
		default:
			every++
		}
		if worst > stated+slack {
			a.find(tablePayments, -1, "payment", "the coalition without %s would offer the seller %.10g more: payments are not in the core", who, worst)
			continue
		}
		if finished && worst <= slack {
			k.least(slack)
		}
	}
	if i, ok := a.metric["core_violation"]; ok && violation > stated+slack {
		a.find(tableSummary, i, "value", "core_violation is %.10g, coalitions block by %.10g", stated, violation)
	}
	a.checked("core payments: %d groups of winners against every coalition, %d by a search for the coalition that blocks most, %d in which that search was too large to finish", every, searched, open)
	if !finished {
		a.checked("core payments were not compared with the least total and the nearest to VCG: the run or this check has no exact VCG payments, or the run states a violation")
	}
}

// clubs groups the winners that have something to lose.
func (a *acceptance) clubs(c *charge) (list []*club) {
	segments := a.seller.segments
	join := newForest(len(segments))
	first := map[int]int{}
	winner := func(b int) bool { return c.worth[b].high > 0 }
	for n, g := range segments {
		for _, b := range g.bidders {
			if !winner(b) {
				continue
			}
			if m, ok := first[b]; ok {
				join.union(n, m)
			}
			first[b] = n
		}
	}
	for _, set := range join.sets() {
		k := &club{a: a, scale: math.Max(1, math.Abs(c.objective))}
		seen := map[int]bool{}
		for _, n := range set {
			k.segments = append(k.segments, segments[n])
			for _, b := range segments[n].bidders {
				if winner(b) && !seen[b] {
					seen[b] = true
					k.winners = append(k.winners, b)
				}
			}
		}
		if len(k.winners) == 0 {
			continue
		}
		sort.Ints(k.winners)
		for _, b := range k.winners {
			k.vcg = append(k.vcg, c.worth[b].low)
			k.d = append(k.d, c.discount[b])
		}
		k.coalitions()
		list = append(list, k)
	}
	return list
}

// without brackets what the club's segments earn without some winners.
func (k *club) without(out map[int]bool) outcome {
	var total outcome
	for _, g := range k.segments {
		o := g.best(out, k.a.hint)
		total.low, total.high = total.low+o.low, total.high+o.high
	}
	return total
}

// coalitions lists the constraints of every coalition where there are few.
func (k *club) coalitions() {
	if n := len(k.winners); n > allCoalitions || 1<<n > k.a.o.EnumerationLimit {
		k.search()
		return
	}
	all := k.without(nil)
	for set := 1; set < 1<<len(k.winners); set++ {
		out := map[int]bool{}
		var in []int
		for n, b := range k.winners {
			if set>>n&1 == 1 {
				out[b] = true
				in = append(in, n)
			}
		}
		o := k.without(out)
		if !o.exact() || !all.exact() {
			k.search() // what is known is not enough
			return
		}
		if room := all.low - o.low; !math.IsInf(room, 1) {
			k.cuts = append(k.cuts, cut{in, math.Max(0, room)})
		}
	}
}

// search prepares the seller's problem with fees over the bids of the club.
func (k *club) search() {
	k.cuts = nil
	enter := map[int]bool{}
	for _, b := range k.winners {
		enter[b] = true
	}
	in := map[int]bool{}
	var scopes []*scope
	for _, g := range k.segments {
		for _, i := range g.bids {
			in[i] = true
		}
		scopes = append(scopes, g.scopes...)
	}
	void := make([]bool, len(k.a.void))
	for i := range void {
		void[i] = k.a.void[i] || !in[i]
	}
	k.searched = &seller{k: k.a.checker, score: k.a.score, void: void, scopes: scopes, enter: enter, budget: &k.a.work, perAsk: k.a.seller.perAsk}
	k.searched.open()
	for n := range k.winners {
		k.cuts = append(k.cuts, cut{[]int{n}, k.vcg[n]})
	}
}

// block returns by how much the coalition that blocks discounts d most betters the seller, and whom it leaves out;
// exact is false where a coalition that was not found may do more.
func (k *club) block(d []float64) (worst float64, who string, exact bool) {
	exact = true
	if k.searched != nil {
		exact = k.find(d)
	}
	for _, c := range k.cuts {
		over := -c.room
		for _, n := range c.in {
			over += d[n]
		}
		if over > worst {
			worst, who = over, k.names(c.in)
		}
	}
	return worst, who, exact
}

func (k *club) names(in []int) string {
	var list []string
	for _, n := range in {
		list = append(list, fmt.Sprintf("%q", k.a.c.Bidders[k.winners[n]].Name))
	}
	return strings.Join(list, ", ")
}

// find adds the constraint of the coalition that blocks d most; exact is false where the search did not end.
func (k *club) find(d []float64) (exact bool) {
	all := k.without(nil)
	exact = all.exact()
	here := map[int]bool{} // winners in the coalition
	earned := 0.0
	for _, g := range k.searched.segments {
		if g.p == nil && len(g.bids) <= mostBids {
			g.formulate()
		}
		if g.p == nil || g.p.size() > mostCells {
			return false
		}
		for n, b := range k.winners {
			if e, ok := g.entries[b]; ok {
				g.p.profit[e] = -math.Max(0, d[n])
			}
		}
		if g.p.tableau != nil {
			g.p.price()
		}
		before := g.p.work
		var hint []float64
		if k.a.hint != nil {
			hint = g.decisions(nil, k.a.hint)
		}
		x, ended := g.p.maximise(g.whole, hint, min(g.s.perAsk, max(0, *g.s.budget)))
		*g.s.budget -= g.p.work - before
		exact = exact && ended
		if x.x == nil {
			return false
		}
		earned += x.value
		for n, b := range k.winners {
			if e, ok := g.entries[b]; ok && x.x[e] > 0.5 {
				here[n] = true
				earned += math.Max(0, d[n])
			}
		}
	}
	var in []int
	for n := range k.winners {
		if !here[n] {
			in = append(in, n)
		}
	}
	if len(in) > 0 {
		k.cuts = append(k.cuts, cut{in, math.Max(0, all.high-earned)})
	}
	return exact
}

// least checks that the discounts are the largest in total and, of these, the nearest to VCG's.
func (k *club) least(slack float64) {
	stated := 0.0
	for _, d := range k.d {
		stated += d
	}
	allowed := slack + relTol*stated
	for cuts := 0; ; cuts++ {
		total, d, ok := k.largest()
		if !ok || cuts > mostCuts {
			k.a.checked("the core payments of %s were not compared with the least total: over %d coalitions would have to be searched for", k.names(k.everybody()), mostCuts)
			return
		}
		if stated >= total-allowed {
			break
		}
		if k.searched != nil {
			if worst, _, exact := k.block(d); worst > slack/2 {
				continue
			} else if !exact {
				k.a.checked("the core payments of %s were not compared with the least total: the search for coalitions was too large to finish", k.names(k.everybody()))
				return
			}
		}
		k.a.find(tablePayments, -1, "payment", "%s pay %.10g more in total than the core asks for", k.names(k.everybody()), total-stated)
		return
	}
	k.nearest(stated, slack)
}

func (k *club) everybody() []int {
	list := make([]int, len(k.winners))
	for n := range list {
		list[n] = n
	}
	return list
}

// largest solves max Σ d over the known coalitions.
func (k *club) largest() (total float64, d []float64, ok bool) {
	p := &program{}
	for _, v := range k.vcg {
		p.variable(1, 0, v)
	}
	for _, c := range k.cuts {
		p.atMost(ones(c.in), c.room)
	}
	a := p.solve()
	return a.bound, a.x, a.x != nil
}

func ones(in []int) []term {
	terms := make([]term, len(in))
	for i, n := range in {
		terms[i] = term{n, 1}
	}
	return terms
}

// nearest checks the conditions of Karush, Kuhn and Tucker at the stated discounts, and where they fail looks for a point
// nearer to VCG's, in the direction of which the search finds the coalitions that are missing.
func (k *club) nearest(stated, slack float64) {
	largest := 1.0
	for _, v := range k.vcg {
		largest = math.Max(largest, v)
	}
	allowed := nearTol*largest + slack
	for range mostCuts {
		off := k.misses(slack)
		if off <= allowed {
			return
		}
		if k.searched == nil {
			k.a.find(tablePayments, -1, "payment", "of the core payments of least total those of %s are not the nearest to VCG's: they are off by about %.3g", k.names(k.everybody()), off)
			return
		}
		d, ok := k.nearer(stated, slack)
		if !ok {
			break
		}
		worst, _, exact := k.block(d)
		if worst > 2*slack { // over what the known coalitions were allowed
			continue
		}
		if !exact {
			k.a.checked("the core payments of %s were not compared with the nearest to VCG: the search for coalitions was too large to finish", k.names(k.everybody()))
			return
		}
		k.a.find(tablePayments, -1, "payment", "of the core payments of least total those of %s are not the nearest to VCG's: they are off by about %.3g", k.names(k.everybody()), off)
		return
	}
	k.a.checked("the core payments of %s were not compared with the nearest to VCG: over %d coalitions would have to be searched for", k.names(k.everybody()), mostCuts)
}

// misses returns by how much, in its largest component, vcg - d misses the cone of the normals of what holds with
// equality at the stated discounts, but for the slack.
func (k *club) misses(slack float64) (off float64) {
	g := make([]float64, len(k.d))
	most := 1.0
	for n := range g {
		g[n] = k.vcg[n] - k.d[n]
		most = math.Max(most, math.Abs(g[n]))
	}
	// A generous bound on multipliers of rows of zeros and ones: one that is too small finds payments wrong, none right.
	box := 10 * most * float64(len(g)+1)
	p := &program{}
	off0 := p.variable(-1, 0, 2*most)
	mu := p.variable(0, -box, box)
	sum := make([][]term, len(g)) // by winner: what the multipliers add up to
	for n := range g {
		sum[n] = append(sum[n], term{mu, 1})
		if k.d[n] >= k.vcg[n]-slack {
			sum[n] = append(sum[n], term{p.variable(0, 0, box), 1})
		}
		if k.d[n] <= slack {
			sum[n] = append(sum[n], term{p.variable(0, 0, box), -1})
		}
	}
	for _, c := range k.cuts {
		left := c.room
		for _, n := range c.in {
			left -= k.d[n]
		}
		if left > slack {
			continue
		}
		v := p.variable(0, 0, box)
		for _, n := range c.in {
			sum[n] = append(sum[n], term{v, 1})
		}
	}
	for n := range g {
		p.atMost(append(append([]term(nil), sum[n]...), term{off0, -1}), g[n])
		for i := range sum[n] {
			sum[n][i].of = -sum[n][i].of
		}
		p.atMost(append(sum[n], term{off0, -1}), -g[n])
	}
	return -p.solve().bound
}

// nearer returns, of the points of the stated total that the known coalitions allow, the one that lies furthest in the
// direction from the stated point to VCG's.
func (k *club) nearer(stated, slack float64) (d []float64, ok bool) {
	p := &program{}
	all := make([]term, len(k.d))
	for n, v := range k.vcg {
		p.variable(v-k.d[n], 0, v)
		all[n] = term{n, -1}
	}
	p.atMost(all, -stated+slack)
	for _, c := range k.cuts {
		p.atMost(ones(c.in), c.room+slack)
	}
	a := p.solve()
	if a.x == nil {
		return nil, false
	}
	return a.x, true
}
