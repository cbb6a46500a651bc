package verify

import (
	"fmt"
	"math"
	"sort"
)

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
	tried      [][]int     // positions of the prices that are tried in changes
	quantities [][]float64
	probes     []probe
	offset     []int // first probe of each lot
	states     []state
	rooms      [][]float64 // by lot: what is left over of it at some price in some state
	left       [][][]int   // by lot, price and state: position in rooms
	capacity   []float64
	thinned    bool // whether some candidates were left out
}

// attack looks for a bid of the group that earns more than its stated bound.
func (k *checker) attack(p *play, a *arena, g *group, res *arenaResult, find func(string, int, string, string, ...any)) {
	if math.IsInf(g.bound, 1) || len(a.lots) == 0 {
		return
	}
	worlds := k.worlds(p, a, g.bidder, nil, nil)
	if k.o.Risk.Aversion > 0 {
		k.attackTail(p, a, g, res, find)
		return
	}
	k.besiege(a, g, worlds, res, func(s *siege, best attempt) {
		scale := math.Abs(g.bound)
		for _, f := range s.fronts {
			scale += math.Abs(f.part.none().net)
		}
		if best.profit > g.bound && !near(best.profit, g.bound, scale) {
			find(tableEquilibrium, g.first, "best_response_bound", "%.10g, but the bid %s earns %s %.10g", g.bound, s.describe(best.bid), k.groupName(g), best.profit)
		}
	})
}

// besiege searches the bid of most expected profit against the rivals' worlds.
func (k *checker) besiege(a *arena, g *group, worlds []world, res *arenaResult, found func(s *siege, best attempt)) {
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
	if s.thinned {
		res.thinned++
	}
	found(s, best)
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
				for n := range r.options {
					for _, row := range r.options[n].near(l) {
						if row.lot == l {
							add(math.Ceil(row.price/step-gridTol) * step)
							add((math.Floor(row.price/step+gridTol) + 1) * step)
						}
					}
				}
			}
		}
		sort.Float64s(prices)
		f.thinned = f.thinned || len(prices) > mostPrices
		prices = thin(prices, mostPrices)
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
		f.leftover(at)
		seen := map[float64]bool{0: true}
		var list []float64
		add := func(q float64) {
			if q = math.Min(q, f.capacity[at]); q > 0 && !seen[q] {
				seen[q] = true
				list = append(list, q)
			}
		}
		for _, room := range f.rooms[at] {
			add(room)
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
		f.thinned = f.thinned || len(list) > mostQuantities
		f.quantities = append(f.quantities, thin(list, mostQuantities))
		every := make([]int, len(f.prices[at]))
		for n := range every {
			every[n] = n
		}
		f.tried = append(f.tried, every)
	}
	return f, true
}

// leftover finds what is left over of a lot at each price in each state.
func (f *front) leftover(lot int) {
	at := map[float64]int{}
	var rooms []float64
	left := make([][]int, len(f.prices[lot]))
	for n := range left {
		left[n] = make([]int, len(f.states))
		for m, st := range f.states {
			room := math.Max(0, f.capacity[lot]-st.ahead[f.offset[lot]+n])
			i, ok := at[room]
			if !ok {
				i = len(rooms)
				at[room] = i
				rooms = append(rooms, room)
			}
			left[n][m] = i
		}
	}
	f.rooms, f.left = append(f.rooms, rooms), append(f.left, left)
}

// The candidates kept in one lot: rivals whose prices or quantities all differ leave more than the search
// has time for.
const (
	mostPrices     = 48
	mostQuantities = 12
)

// thin keeps n of an ascending list, evenly by position, the ends included.
func thin[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	if n < 2 {
		return list[:n]
	}
	out := make([]T, n)
	for i := range out {
		out[i] = list[i*(len(list)-1)/(n-1)]
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

	thinned bool // whether some candidates were left out
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
			s.thinned = s.thinned || f.thinned
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

// How far the search goes for one group.
const (
	// workPerLimit bounds the work, in joint outcomes evaluated, as a multiple of the enumeration limit.
	workPerLimit = 50
	// fewStarts is how many starts are left where the work is bounded: nothing and the likeliest strategies.
	fewStarts = 3
	// lastRounds is how many rounds through all lots are kept for improving the best bid found.
	lastRounds = 2
	// fewQuantities is how many quantities a lot keeps before prices are left out.
	fewQuantities = 4
)

// best changes every start one lot at a time, then improves the best bid found in the same way until no
// change helps.
func (s *siege) best(at []int) attempt {
	starts := s.starts(at)
	cost := func() (work float64) {
		for _, i := range at {
			f := s.fronts[i]
			for j := range f.tried {
				work += float64(len(f.states)) * float64(len(f.tried[j])*len(f.quantities[j]))
			}
		}
		return work * float64(len(starts)+lastRounds)
	}
	allowed := float64(workPerLimit * s.k.o.EnumerationLimit)
	bounded := false
	if cost() > allowed {
		bounded = true
		starts = starts[:min(len(starts), fewStarts)]
		for _, i := range at {
			for j := range s.fronts[i].quantities {
				s.fronts[i].quantities[j] = thin(s.fronts[i].quantities[j], fewQuantities)
			}
		}
		if share := allowed / cost(); share < 1 {
			for _, i := range at {
				for j := range s.fronts[i].tried {
					s.fronts[i].tried[j] = thin(s.fronts[i].tried[j], max(2, int(share*float64(len(s.fronts[i].tried[j])))))
				}
			}
		}
	}
	best := attempt{bid: s.nothing()}
	for _, bid := range starts {
		s.round(at, bid)
		if try := s.earns(at, bid); try.profit > best.profit {
			best = try
		}
	}
	for n := 0; (n < lastRounds || !bounded) && s.round(at, best.bid); n++ {
	}
	for _, i := range at {
		s.thinned = s.thinned || bounded || s.fronts[i].thinned
	}
	return s.earns(at, best.bid)
}

// round sets each lot in turn to its best choice; it says whether anything improved.
func (s *siege) round(at []int, bid [][]choice) (improved bool) {
	for _, i := range at {
		for j := range bid[i] {
			if s.change(i, j, bid) {
				improved = true
			}
		}
	}
	return improved
}

// earns adds up what a bid earns in the given fronts.
func (s *siege) earns(at []int, bid [][]choice) attempt {
	out := attempt{bid: bid}
	for _, i := range at {
		out.profit += s.profit(s.fronts[i], bid[i])
	}
	return out
}

// starts returns bidding nothing and each played strategy, the likeliest first, in the given fronts alone
// and without repeats.
func (s *siege) starts(at []int) [][][]choice {
	list := [][][]choice{s.nothing()}
	seen := map[string]bool{fmt.Sprint(list[0]): true}
	played := append([]*strategy(nil), s.g.strategies...)
	sort.SliceStable(played, func(i, j int) bool { return played[i].probability > played[j].probability })
	for _, st := range played {
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
	value := func(at int, x float64) float64 { // V with x packages of lot j
		w := append([]float64(nil), groups[at]...)
		w[j] = x
		return f.part.at(w).net
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
		bid[i][j] = c
		fits := s.fits(bid)
		bid[i][j] = old
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
	// One price in this lot: the outcomes differ only in what the others win and what is left over. mass is
	// their probability by both, seen the value where the left over or a quantity is won.
	rooms, quantities, tried := f.rooms[j], f.quantities[j], f.tried[j]
	mass := make([]float64, len(groups)*len(rooms))
	width := len(rooms) + len(quantities)
	seen := make([]float64, len(groups)*width)
	for n := range seen {
		seen[n] = math.NaN()
	}
	var touched []int
	for _, n := range tried {
		price := f.prices[j][n]
		touched = touched[:0]
		for m, st := range f.states {
			if st.probability == 0 { // of a scenario that CVaR gives no weight
				continue
			}
			at := groupOf[m]*len(rooms) + f.left[j][n][m]
			if mass[at] == 0 {
				touched = append(touched, at)
			}
			mass[at] += st.probability
		}
		for m, q := range quantities {
			c := choice{{n, q}}
			if !allowed(c) {
				continue
			}
			s.res.tried++
			v := 0.0
			for _, at := range touched {
				group, room := at/len(rooms), at%len(rooms)
				won, memo := rooms[room], group*width+room
				if q < won {
					won, memo = q, group*width+len(rooms)+m
				}
				if math.IsNaN(seen[memo]) {
					seen[memo] = value(group, won)
				}
				v += mass[at] * (seen[memo] - won*price)
			}
			if v > bestGain {
				best, bestGain = c, v
			}
		}
		for _, at := range touched {
			mass[at] = 0
		}
	}
	if len(old) > 0 && len(old) < s.k.c.Rules.BidSteps {
		for _, n := range f.tried[j] {
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
