package verify

import (
	"math"
	"sort"
)

// largestTableau is how many variables and rows the tableau simplex is given: beyond, one problem would
// take seconds.
const largestTableau = 600

// optimum compares the stated bound with what can be earned: the true optimum, part by part of the case
// where acceptance sets can be enumerated, and everywhere the best of greedy answers. A part is bids that
// share a lot, a group, a requirement, or a bidder with a budget or volume cap.
func (a *acceptance) optimum(objective float64) {
	if len(a.c.Limits) > 0 {
		a.checked("the optimum was not recomputed: limits.csv bounds what is accepted")
		return
	}
	join := newForest(len(a.c.Bids))
	byLot, byBidder, byGroup := map[int]int{}, map[int]int{}, map[[2]any]int{}
	for i := range a.c.Bids {
		b := &a.c.Bids[i]
		for _, r := range b.Rows {
			if j, ok := byLot[r.Lot]; ok {
				join.union(i, j)
			}
			byLot[r.Lot] = i
		}
		if !a.uncapped(b.Bidder) {
			if j, ok := byBidder[b.Bidder]; ok {
				join.union(i, j)
			}
			byBidder[b.Bidder] = i
		}
		if b.Group != "" {
			if j, ok := byGroup[[2]any{b.Bidder, b.Group}]; ok {
				join.union(i, j)
			}
			byGroup[[2]any{b.Bidder, b.Group}] = i
		}
		if b.Requires >= 0 {
			join.union(i, b.Requires)
		}
	}
	total, solved, parts := 0.0, 0, 0
	for _, bids := range join.sets() {
		parts++
		stated := 0.0
		for _, i := range bids {
			stated += a.score[i] * a.x[i]
		}
		value, ok := a.enumerate(bids)
		if ok {
			solved++
		} else {
			value = math.Max(stated, a.greedy(bids))
		}
		total += value
	}
	bound, row, ok := a.number("bound")
	if ok && total > bound && !same(total, bound) {
		what := "a feasible acceptance earns"
		if solved == parts {
			what = "the optimum is"
		}
		a.find(tableSummary, row, "value", "bound is %.10g, but %s %.10g", bound, what, total)
	}
	if solved == parts {
		if statusRow, ok := a.metric["status"]; ok && a.done() {
			if lost := total - objective; lost > math.Max(a.o.Gap, optimalGap)*math.Max(math.Abs(total), math.Abs(objective))+relTol {
				a.find(tableSummary, statusRow, "value", "status is %s, but the objective %.10g is %.10g under the optimum %.10g", a.r.Summary[statusRow].Text, objective, lost, total)
			}
		}
		a.checked("the true optimum %.10g by enumeration of acceptance sets (%d independent parts)", total, parts)
	} else {
		a.checked("the true optimum of %d of %d independent parts by enumeration; in the others, too large for %d acceptance sets or a small simplex, greedy answers against the bound", solved, parts, a.o.EnumerationLimit)
	}
}

// enumerate returns the optimum over some bids that nothing joins to others; ok is false where more than
// the limit of acceptance sets would have to be tried.
func (a *acceptance) enumerate(bids []int) (best float64, ok bool) {
	var whole, free []int // bids that need a decision, bids that do not
	for _, i := range bids {
		switch b := &a.c.Bids[i]; {
		case a.void[i]:
		case b.Divisible():
			free = append(free, i)
		default:
			whole = append(whole, i)
		}
	}
	room := newRoom(a, bids)
	if len(whole)+2*len(free)+len(room.lots)+len(room.caps) > largestTableau {
		return 0, false
	}
	// A set of accepted bids earns at most what all its members and all free bids earn whole.
	optimistic := 0.0
	for _, i := range free {
		optimistic += math.Max(0, a.score[i])
	}
	rest := make([]float64, len(whole)+1)
	for n := len(whole) - 1; n >= 0; n-- {
		rest[n] = rest[n+1] + math.Max(0, a.score[whole[n]])
	}
	steps := 0
	accepted := map[int]bool{}
	taken := map[string]bool{}
	best = 0
	var walk func(n int, ceiling float64) bool
	walk = func(n int, ceiling float64) bool {
		if steps++; steps > a.o.EnumerationLimit {
			return false
		}
		if ceiling+rest[n]+optimistic <= best {
			return true
		}
		if n == len(whole) {
			for i := range accepted {
				if r := a.c.Bids[i].Requires; r >= 0 && (a.void[r] || !a.c.Bids[r].Divisible() && !accepted[r]) {
					return true
				}
			}
			value, feasible := room.fill(accepted, free)
			steps += len(free) // a linear program is as much work as that many sets
			if feasible && value > best {
				best = value
			}
			return true
		}
		i := whole[n]
		b := &a.c.Bids[i]
		key := ""
		if b.Group != "" {
			key = a.c.Bidders[b.Bidder].Name + "\x00" + b.Group
		}
		if key == "" || !taken[key] {
			accepted[i], taken[key] = true, true
			if room.holds(accepted) && !walk(n+1, ceiling+math.Max(0, a.score[i])) {
				return false
			}
			delete(accepted, i)
			delete(taken, key)
		}
		return walk(n+1, ceiling)
	}
	if !walk(0, 0) {
		return 0, false
	}
	return best, true
}

// A room is the capacities of a part: those of its lots, and the caps of its bidders.
type room struct {
	a    *acceptance
	bids []int
	lots []int
	caps []limit
}

// A limit is a bidder's budget or volume cap.
type limit struct {
	bidder int
	money  bool
	most   float64
}

func newRoom(a *acceptance, bids []int) *room {
	r := &room{a: a, bids: bids}
	seenLot, seenBidder := map[int]bool{}, map[int]bool{}
	for _, i := range bids {
		b := &a.c.Bids[i]
		for _, row := range b.Rows {
			if !seenLot[row.Lot] {
				seenLot[row.Lot] = true
				r.lots = append(r.lots, row.Lot)
			}
		}
		if seenBidder[b.Bidder] {
			continue
		}
		seenBidder[b.Bidder] = true
		if most := a.c.Bidders[b.Bidder].Budget; !math.IsInf(most, 1) {
			r.caps = append(r.caps, limit{b.Bidder, true, most})
		}
		if most := a.c.Bidders[b.Bidder].MaxVolume; !math.IsInf(most, 1) {
			r.caps = append(r.caps, limit{b.Bidder, false, most})
		}
	}
	return r
}

// use returns how much of each capacity a bid takes at x = 1: lots, then caps.
func (r *room) use(bid int) []float64 {
	b := &r.a.c.Bids[bid]
	use := make([]float64, len(r.lots)+len(r.caps))
	volume := 0.0
	for _, row := range b.Rows {
		for n, l := range r.lots {
			if l == row.Lot {
				use[n] += row.Quantity
			}
		}
		volume += row.Quantity
	}
	for n, c := range r.caps {
		if c.bidder == b.Bidder {
			if use[len(r.lots)+n] = volume; c.money {
				use[len(r.lots)+n] = b.Amount
			}
		}
	}
	return use
}

// capacity returns the capacities in the order of use.
func (r *room) capacity() []float64 {
	var out []float64
	for _, l := range r.lots {
		out = append(out, r.a.c.Lots[l].Capacity)
	}
	for _, c := range r.caps {
		out = append(out, c.most)
	}
	return out
}

// left returns the capacities less what the accepted bids take at their least fractions.
func (r *room) left(accepted map[int]bool) []float64 {
	left := r.capacity()
	for _, i := range r.bids { // in order: sums must not depend on the order of a map
		if accepted[i] {
			for n, u := range r.use(i) {
				left[n] -= u * r.a.c.Bids[i].MinFraction
			}
		}
	}
	return left
}

// holds says whether the accepted bids fit at their least fractions.
func (r *room) holds(accepted map[int]bool) bool {
	capacity := r.capacity()
	for n, v := range r.left(accepted) {
		if v < 0 && !same(capacity[n]-v, capacity[n]) {
			return false
		}
	}
	return true
}

// fill returns the best value with the given bids accepted, between their least fractions and 1, and the
// free ones between 0 and 1: a linear program in what each bid takes over its least fraction.
func (r *room) fill(accepted map[int]bool, free []int) (value float64, feasible bool) {
	var vars []int
	for _, i := range r.bids {
		if accepted[i] {
			vars = append(vars, i)
		}
	}
	vars = append(vars, free...)
	b := r.left(accepted)
	rows := make([][]float64, len(b), len(b)+len(vars))
	for n := range rows {
		rows[n] = make([]float64, len(vars))
	}
	c := make([]float64, len(vars))
	base := 0.0
	for j, i := range vars {
		least := 0.0
		if accepted[i] {
			least = r.a.c.Bids[i].MinFraction
		}
		c[j] = r.a.score[i]
		base += least * r.a.score[i]
		for n, u := range r.use(i) {
			rows[n][j] = u
		}
		bound := make([]float64, len(vars))
		bound[j] = 1
		rows, b = append(rows, bound), append(b, 1-least)
	}
	for n := range b {
		b[n] = math.Max(0, b[n])
	}
	_, value, ok := simplex(c, rows, b)
	return base + value, ok
}

// greedy returns the best of some feasible answers over the bids of a part: in the order of score for
// the scarcest capacity, of score, and with the stated acceptance first.
func (a *acceptance) greedy(bids []int) float64 {
	density := func(i int) float64 {
		most := 0.0
		for _, r := range a.c.Bids[i].Rows {
			if c := a.c.Lots[r.Lot].Capacity; c > 0 {
				most += r.Quantity / c
			}
		}
		return a.score[i] / math.Max(most, relTol)
	}
	best := 0.0
	for _, key := range []func(i int) float64{
		density,
		func(i int) float64 { return a.score[i] },
		func(i int) float64 {
			if a.x[i] > relTol {
				return math.Inf(1)
			}
			return density(i)
		},
	} {
		order := append([]int(nil), bids...)
		sort.SliceStable(order, func(m, n int) bool { return key(order[m]) > key(order[n]) })
		best = math.Max(best, a.take(order))
	}
	return best
}

// take accepts bids in order, each as far as it fits, and returns what they earn.
func (a *acceptance) take(order []int) float64 {
	left := map[int]float64{}
	money, volume := map[int]float64{}, map[int]float64{}
	x := map[int]float64{}
	taken := map[[2]any]bool{}
	total := 0.0
	for _, i := range order {
		b := &a.c.Bids[i]
		if a.void[i] || a.score[i] <= 0 || b.Group != "" && taken[[2]any{b.Bidder, b.Group}] {
			continue
		}
		if r := b.Requires; r >= 0 && x[r] == 0 {
			continue
		}
		most, packages := 1.0, 0.0
		need := map[int]float64{}
		for _, r := range b.Rows {
			need[r.Lot] += r.Quantity
			packages += r.Quantity
		}
		for l, q := range need {
			if _, ok := left[l]; !ok {
				left[l] = a.c.Lots[l].Capacity
			}
			if q > 0 {
				most = math.Min(most, left[l]/q)
			}
		}
		if b.Amount > 0 {
			most = math.Min(most, (a.c.Bidders[b.Bidder].Budget-money[b.Bidder])/b.Amount)
		}
		if packages > 0 {
			most = math.Min(most, (a.c.Bidders[b.Bidder].MaxVolume-volume[b.Bidder])/packages)
		}
		if most <= 0 || most < b.MinFraction {
			continue
		}
		x[i] = most
		total += most * a.score[i]
		money[b.Bidder] += most * b.Amount
		volume[b.Bidder] += most * packages
		for l, q := range need {
			left[l] -= most * q
		}
		if b.Group != "" {
			taken[[2]any{b.Bidder, b.Group}] = true
		}
	}
	return total
}
