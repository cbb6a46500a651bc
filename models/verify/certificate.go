package verify

import (
	"fmt"
	"math"
	"sort"
)

// Certificates: of each type in each block,
//
//	regret_bound = best_response_bound - sum over strategies of probability x profit   >= 0
//
// where no bid gains more than best_response_bound. A bidder's regret is the expectation over its types of
// the sum over blocks; epsilon is the largest, relative_epsilon the largest quotient with the same sum of
// bounds.

// checkCertificates checks the arithmetic from equilibrium.csv to the summary.
func (k *checker) checkCertificates(p *play) {
	regret, bound := map[int]float64{}, map[int]float64{}
	for _, a := range p.arenas {
		for _, g := range a.groups {
			profit := 0.0
			for _, s := range g.strategies {
				profit += s.probability * k.r.Equilibrium[s.row].Profit
			}
			scale := math.Abs(profit) + math.Abs(g.bound)
			if want := g.bound - profit; !near(g.regret, math.Max(0, want), scale) && !near(g.regret, want, scale) {
				k.find(tableEquilibrium, g.first, "regret_bound", "%.10g, best_response_bound %.10g less the expected profit %.10g is %.10g", g.regret, g.bound, profit, want)
			}
			if g.regret < -relTol*math.Max(1, scale) || math.IsNaN(g.regret) {
				k.find(tableEquilibrium, g.first, "regret_bound", "%.10g is negative: the bound is under what is earned", g.regret)
			}
			if !atMost(profit, g.bound) {
				k.find(tableEquilibrium, g.first, "best_response_bound", "%.10g is under the expected profit %.10g", g.bound, profit)
			}
			w := p.weight[[2]int{g.bidder, g.typ}]
			regret[g.bidder] += w * g.regret
			bound[g.bidder] += w * g.bound
		}
	}
	epsilon, relative := 0.0, 0.0
	for b, r := range regret {
		epsilon = math.Max(epsilon, r)
		switch {
		case r <= 0:
		case bound[b] > 0:
			relative = math.Max(relative, r/bound[b])
		default:
			relative = math.Inf(1)
		}
	}
	k.expectMetric("epsilon", epsilon)
	k.expectMetric("relative_epsilon", relative)
	k.checked("%d certificates: regret, epsilon %.6g and relative epsilon %.6g follow from bounds and profits", len(k.r.Equilibrium), epsilon, relative)
	if k.o.Command == "solve" && k.done() && relative > k.o.Epsilon*(1+relTol)+relTol {
		k.find(tableSummary, k.metric["status"], "value", "status is %s with a relative epsilon of %.6g, over the %.6g asked", k.r.Summary[k.metric["status"]].Text, relative, k.o.Epsilon)
	}
}

// looseness orders the concepts: an equilibrium of one is one of all that follow.
var looseness = map[string]int{"pure": 0, "mixed": 1, "correlated": 2}

// checkConcept checks the stated concept against the tables.
func (k *checker) checkConcept(p *play) {
	row, ok := k.metric["concept"]
	if !ok {
		k.find(tableSummary, -1, "metric", "there is no %q", "concept")
		return
	}
	if k.o.Command != "solve" {
		return
	}
	concept := k.r.Summary[row].Text
	level, known := looseness[concept]
	if !known {
		k.find(tableSummary, row, "value", "concept %q is none of pure, mixed, correlated", concept)
		return
	}
	if asked, ok := looseness[k.o.Concept]; ok && level > asked {
		k.find(tableSummary, row, "value", "concept is %s, asked was %s", concept, k.o.Concept)
	}
	joint := 0
	for _, a := range p.arenas {
		if len(a.profiles) > 0 {
			joint++
		}
		for _, g := range a.groups {
			if concept == "pure" && len(g.strategies) > 1 {
				k.find(tableEquilibrium, g.first, "strategy", "concept is pure, %s has %d strategies", k.groupName(g), len(g.strategies))
			}
		}
	}
	if concept != "correlated" && joint > 0 {
		k.find(tableSummary, row, "value", "concept is %s, profiles.csv holds joint distributions of %d blocks", concept, joint)
	}
	if concept == "correlated" && joint == 0 && len(p.arenas) > 0 {
		k.find(tableSummary, row, "value", "concept is correlated, profiles.csv holds no joint distribution")
	}
}

// The search for better bids. Between two rival prices the lower price wins the same, so the candidates in
// a lot are the reserve, each rival's price and one step over it; between two breakpoints of the residual
// supply and of the network the profit is linear in quantity, so the candidates are what is left over in
// some joint outcome, the demands and the capacities. Where few enough bids can be made of them in a part
// of the network, all are tried; elsewhere each played strategy (and bidding nothing) is changed one lot at
// a time, then the best is improved lot by lot until no change helps.

// A choice is what a bid says in one lot: rows of candidate prices.
type choice []pick

type pick struct {
	price    int // position in the lot's candidate prices
	quantity float64
}

// A front is one part of a network under attack: the candidate bids in its lots and the joint outcomes of
// the rivals there.
type front struct {
	part       *part
	prices     [][]float64 // by lot of the part
	quantities [][]float64
	probes     []probe
	offset     []int // first probe of each lot
	states     []state
	capacity   []float64
}

// attack looks for a bid of the group that earns more than its stated bound.
func (k *checker) attack(p *play, a *arena, g *group, res *arenaResult, find func(string, int, string, string, ...any)) {
	if math.IsInf(g.bound, 1) || len(a.lots) == 0 {
		return
	}
	worlds := k.worlds(p, a, g.bidder, nil, nil)
	var fronts []*front
	for _, part := range k.partsIn(g.network, a) {
		f, ok := k.newFront(part, g, worlds)
		if !ok {
			res.skipped = append(res.skipped, fmt.Sprintf("better bids of %s: over %d joint outcomes of its rivals", k.groupName(g), k.o.EnumerationLimit))
			return
		}
		fronts = append(fronts, f)
	}
	if len(fronts) == 0 {
		return
	}
	res.searched++
	s := &siege{k: k, g: g, fronts: fronts, res: res}
	best := s.run()
	scale := math.Abs(g.bound)
	for _, f := range fronts {
		scale += math.Abs(f.part.none().net)
	}
	if best.profit > g.bound && !near(best.profit, g.bound, scale) {
		find(tableEquilibrium, g.first, "best_response_bound", "%.10g, but the bid %s earns %s %.10g", g.bound, s.describe(best.bid), k.groupName(g), best.profit)
	}
}

// newFront finds the candidates and the joint outcomes of the rivals in a part.
func (k *checker) newFront(part *part, g *group, worlds []world) (*front, bool) {
	f := &front{part: part}
	step := k.c.Rules.PriceStep
	for _, l := range part.lots {
		lot := &k.c.Lots[l]
		var prices []float64
		add := func(p float64) {
			p = k.onGrid(p)
			if k.under(p, l) {
				return
			}
			for _, q := range prices {
				if k.samePrice(p, q) {
					return
				}
			}
			prices = append(prices, p)
		}
		add(k.onGrid(math.Ceil(lot.Reserve/step-gridTol) * step))
		for _, w := range worlds {
			for _, r := range w.rivals {
				for _, o := range r.options {
					for _, row := range o.rows {
						if row.lot == l {
							add(math.Ceil(row.price/step-gridTol) * step)
							add((math.Floor(row.price/step+gridTol) + 1) * step)
						}
					}
				}
			}
		}
		for _, s := range g.strategies {
			for _, row := range s.rows {
				if row.lot == l {
					add(row.price)
				}
			}
		}
		sort.Float64s(prices)
		f.offset = append(f.offset, len(f.probes))
		for _, p := range prices {
			f.probes = append(f.probes, probe{l, p})
		}
		f.prices = append(f.prices, prices)
		f.capacity = append(f.capacity, lot.Capacity)
	}
	var ok bool
	if f.states, ok = k.facing(g.bidder, f.probes, worlds, k.o.EnumerationLimit); !ok {
		return nil, false
	}
	for at, l := range part.lots {
		seen := map[float64]bool{0: true}
		var list []float64
		add := func(q float64) {
			if q = math.Min(q, f.capacity[at]); q > 0 && !seen[q] {
				seen[q] = true
				list = append(list, q)
			}
		}
		// What is left over at each price, in the order of the outcomes.
		for _, st := range f.states {
			for j := range f.prices[at] {
				add(f.capacity[at] - st.ahead[f.offset[at]+j])
			}
		}
		for _, w := range part.ways {
			if w.lot == at {
				sum := 0.0
				for _, d := range w.serves {
					add(part.volume[d])
					sum += part.volume[d]
				}
				add(sum)
				for other := range part.lots {
					if other != at {
						add(sum - f.capacity[other])
					}
				}
				for _, c := range part.limit {
					if !math.IsInf(c, 1) {
						add(sum - c)
					}
				}
			} else if w.lot < 0 && !math.IsInf(w.capacity, 1) {
				add(part.total - w.capacity)
			}
		}
		for _, s := range g.strategies {
			for _, row := range s.rows {
				if row.lot == l {
					add(row.quantity)
				}
			}
		}
		sort.Float64s(list)
		f.quantities = append(f.quantities, thin(list))
	}
	return f, true
}

// mostQuantities is how many breakpoints of one lot are tried: rivals whose quantities all differ leave
// more than the search has time for.
const mostQuantities = 12

// thin keeps mostQuantities of an ascending list, evenly by position, the ends included.
func thin(list []float64) []float64 {
	if len(list) <= mostQuantities {
		return list
	}
	out := make([]float64, mostQuantities)
	for i := range out {
		out[i] = list[i*(len(list)-1)/(mostQuantities-1)]
	}
	return out
}

// onGrid rounds a price that is a multiple of the step, up to rounding, to the float nearest to it.
func (k *checker) onGrid(p float64) float64 {
	ticks := math.Round(p/k.c.Rules.PriceStep) + 0 // + 0: no negative zero
	if n := math.Round(1 / k.c.Rules.PriceStep); n >= 1 && math.Abs(n*k.c.Rules.PriceStep-1) < gridTol*gridTol {
		return ticks / n
	}
	return ticks * k.c.Rules.PriceStep
}

// A siege is the search for one group: bids are one choice for each lot of each front.
type siege struct {
	k      *checker
	g      *group
	fronts []*front
	res    *arenaResult
}

type attempt struct {
	bid    [][]choice // by front and lot
	profit float64
}

// run returns the best bid found.
func (s *siege) run() attempt {
	b := &s.k.c.Bidders[s.g.bidder]
	if math.IsInf(b.Budget, 1) && math.IsInf(b.MaxVolume, 1) {
		// Nothing joins the parts: each has a best bid of its own.
		whole, all := attempt{bid: s.nothing()}, true
		for i, f := range s.fronts {
			bid, profit, ok := s.enumerate(f)
			if !ok {
				all = false
				best := s.best([]int{i})
				bid, profit = best.bid[i], best.profit
			}
			whole.bid[i] = bid
			whole.profit += profit
		}
		if all {
			s.res.enumerated++
		}
		return whole
	}
	every := make([]int, len(s.fronts))
	for i := range every {
		every[i] = i
	}
	return s.best(every)
}

func (s *siege) nothing() [][]choice {
	bid := make([][]choice, len(s.fronts))
	for i, f := range s.fronts {
		bid[i] = make([]choice, len(f.prices))
	}
	return bid
}

// best climbs in the given fronts from every start.
func (s *siege) best(at []int) attempt {
	best := attempt{bid: s.nothing()}
	for _, start := range s.starts(at) {
		if try := s.climb(at, start); try.profit > best.profit {
			best = try
		}
	}
	return best
}

// starts returns bidding nothing and each played strategy, in the given fronts alone, without repeats.
func (s *siege) starts(at []int) [][][]choice {
	list := [][][]choice{s.nothing()}
	seen := map[string]bool{fmt.Sprint(list[0]): true}
	for _, st := range s.g.strategies {
		bid := s.nothing()
		for _, i := range at {
			f := s.fronts[i]
			for j, l := range f.part.lots {
				for _, row := range st.rows {
					if row.lot != l {
						continue
					}
					for n, p := range f.prices[j] {
						if s.k.samePrice(p, row.price) {
							bid[i][j] = append(bid[i][j], pick{n, row.quantity})
						}
					}
				}
			}
		}
		if key := fmt.Sprint(bid); !seen[key] {
			seen[key] = true
			list = append(list, bid)
		}
	}
	return list
}

// climb changes one lot at a time to its best choice until no change helps.
func (s *siege) climb(at []int, bid [][]choice) attempt {
	for {
		improved := false
		for _, i := range at {
			for j := range bid[i] {
				if s.change(i, j, bid) {
					improved = true
				}
			}
		}
		if !improved {
			break
		}
	}
	best := attempt{bid: bid}
	for _, i := range at {
		best.profit += s.profit(s.fronts[i], bid[i])
	}
	return best
}

// change sets the choice of lot j of front i to the best one, the others staying; it says whether that
// gained anything. Rivals' outcomes that look alike to the unchanged lots are taken together.
func (s *siege) change(i, j int, bid [][]choice) bool {
	f := s.fronts[i]
	groupOf := make([]int, len(f.states))
	var groups [][]float64 // what the unchanged lots win
	index := map[string]int{}
	old := bid[i][j]
	bid[i][j] = nil
	for n, st := range f.states {
		won, _ := f.outcome(bid[i], st)
		key := vectorKey(won)
		at, ok := index[key]
		if !ok {
			at = len(groups)
			index[key] = at
			groups = append(groups, won)
		}
		groupOf[n] = at
	}
	bid[i][j] = old
	type event struct {
		at int
		x  float64
	}
	memo := map[event]float64{}
	value := func(at int, x float64) float64 { // V with x packages of lot j
		v, ok := memo[event{at, x}]
		if !ok {
			w := append([]float64(nil), groups[at]...)
			w[j] = x
			v = f.part.at(w).net
			memo[event{at, x}] = v
		}
		return v
	}
	// gain is E[V - payment for this lot] of a choice.
	gain := func(c choice) (total float64) {
		for n, st := range f.states {
			won, paid := f.inLot(j, c, st)
			total += st.probability * (value(groupOf[n], won) - paid)
		}
		return total
	}
	best, bestGain := old, gain(old)
	start := bestGain
	allowed := func(c choice) bool {
		keep := bid[i][j]
		bid[i][j] = c
		fits := s.fits(bid)
		bid[i][j] = keep
		return fits
	}
	consider := func(c choice) {
		if !allowed(c) {
			return
		}
		s.res.tried++
		if v := gain(c); v > bestGain {
			best, bestGain = c, v
		}
	}
	consider(nil)
	for n := range f.prices[j] {
		// For one price the outcomes differ only in what is left over: merge them once for all quantities.
		merged := map[event]float64{}
		for m, st := range f.states {
			merged[event{groupOf[m], math.Max(0, f.capacity[j]-st.ahead[f.offset[j]+n])}] += st.probability
		}
		list := make([]event, 0, len(merged))
		for l := range merged {
			list = append(list, l)
		}
		sort.Slice(list, func(a, b int) bool {
			return list[a].at < list[b].at || list[a].at == list[b].at && list[a].x < list[b].x
		})
		for _, q := range f.quantities[j] {
			c := choice{{n, q}}
			if !allowed(c) {
				continue
			}
			s.res.tried++
			v := 0.0
			for _, l := range list {
				won := math.Min(q, l.x)
				v += merged[l] * (value(l.at, won) - won*f.prices[j][n])
			}
			if v > bestGain {
				best, bestGain = c, v
			}
		}
	}
	if len(old) > 0 && len(old) < s.k.c.Rules.BidSteps {
		for n := range f.prices[j] {
			for _, q := range f.quantities[j] {
				consider(append(append(choice(nil), old...), pick{n, q}))
			}
		}
	}
	if bestGain > start+relTol*math.Max(1, math.Abs(start)) {
		bid[i][j] = best
		return true
	}
	return false
}

// fits says whether the whole bid fits budget and volume cap when all of it is accepted.
func (s *siege) fits(bid [][]choice) bool {
	b := &s.k.c.Bidders[s.g.bidder]
	if math.IsInf(b.Budget, 1) && math.IsInf(b.MaxVolume, 1) {
		return true
	}
	money, volume := 0.0, 0.0
	for i, f := range s.fronts {
		for j, c := range bid[i] {
			for _, x := range c {
				money += f.prices[j][x.price] * x.quantity
				volume += x.quantity
			}
		}
	}
	return money <= b.Budget && volume <= b.MaxVolume
}

// inLot returns what a choice wins and pays in lot j in a state.
func (f *front) inLot(j int, c choice, st state) (won, paid float64) {
	for n, x := range c {
		before := st.ahead[f.offset[j]+x.price]
		for m, y := range c {
			if m != n && (y.price > x.price || y.price == x.price && m < n) {
				before += y.quantity
			}
		}
		w := math.Min(x.quantity, math.Max(0, f.capacity[j]-before))
		won += w
		paid += w * f.prices[j][x.price]
	}
	return won, paid
}

// outcome returns what a bid wins in each lot and pays in all, in a state.
func (f *front) outcome(bid []choice, st state) (won []float64, paid float64) {
	won = make([]float64, len(bid))
	for j, c := range bid {
		w, m := f.inLot(j, c, st)
		won[j] = w
		paid += m
	}
	return won, paid
}

// profit returns E[V(w) - payment] - V(0) of a bid in the front.
func (s *siege) profit(f *front, bid []choice) float64 {
	total := 0.0
	zero := f.part.none().net
	for _, st := range f.states {
		won, paid := f.outcome(bid, st)
		total += st.probability * (f.part.at(won).net - zero - paid)
	}
	return total
}

// enumerate tries every combination of candidates in a front; ok is false where they are too many.
func (s *siege) enumerate(f *front) (best []choice, profit float64, ok bool) {
	work := float64(len(f.states))
	for j := range f.prices {
		work *= float64(1 + len(f.prices[j])*len(f.quantities[j]))
	}
	if work > float64(s.k.o.EnumerationLimit) || s.k.c.Rules.BidSteps > 1 {
		return nil, 0, false
	}
	bid := make([]choice, len(f.prices))
	best = make([]choice, len(f.prices))
	var walk func(j int)
	walk = func(j int) {
		if j == len(bid) {
			s.res.tried++
			if v := s.profit(f, bid); v > profit {
				profit = v
				copy(best, bid)
			}
			return
		}
		bid[j] = nil
		walk(j + 1)
		for n := range f.prices[j] {
			for _, q := range f.quantities[j] {
				bid[j] = choice{{n, q}}
				walk(j + 1)
			}
		}
		bid[j] = nil
	}
	walk(0)
	return best, profit, true
}

// describe writes a bid for people.
func (s *siege) describe(bid [][]choice) string {
	text := ""
	for i, f := range s.fronts {
		for j, c := range bid[i] {
			for _, x := range c {
				if text != "" {
					text += ", "
				}
				text += fmt.Sprintf("%s %.10g at %.10g", s.k.c.Lots[f.part.lots[j]].Name, x.quantity, f.prices[j][x.price])
			}
		}
	}
	return text
}
