package allocation

import (
	"cmp"
	"math"
	"slices"

	"lotwise/solver"
)

// The tie rule in a packing. Prices that prove an optimum leave few members that an optimum can accept; they fall
// into parts without a conflict between them, and the rule settles each by itself, as the sum of what the parts
// give to a priority is largest where each part gives most. In a part the priorities are gone through in order: is
// there an optimum that gives more than the one at hand, the priorities before kept?
//
// Optima are searched by the prices. What is accepted is worth
//
//	bound - Σ_{v accepted} reduced_v - Σ_{q empty} π_q
//
// so an optimum is a choice of members whose reduced costs, with the prices of the cliques that have none, keep
// within a budget, the bound less the optimum. A clique with a larger price must have a member: the search fills the one
// with the fewest candidates first, and soon finds an optimum or that there is none.

// tieSteps bounds the steps of these searches in one part: some seconds.
const tieSteps = 500_000

// A choice is the search for members of a packing that are worth enough.
type choice struct {
	*packing
	reduced []float64 // by member, none negative
	price   []float64 // by clique with a price; +Inf for one that must have a member
	mask    []bits    // by clique with a price: its members
	of      []bits    // by member: the cliques with a price that it is in; nil when these have changed
	volume  []float64 // by member: packages
	demands []demand
	bound   float64     // what no choice is worth more than
	least   float64     // what one is to be worth
	steps   int         // left
	stop    func() bool // asked now and then whether to give up; nil for never
	chosen  []int32
	found   func(chosen []int32) // takes every choice there is, and may raise least; nil: the first ends the search
}

// A demand is volume that some members are to have together.
type demand struct {
	members bits
	volume  float64
}

// choice opens the search among all members, given prices of all cliques. Other constraints charge the members so much, and
// any packing room in all at most.
func (p *packing) choice(price, charge []float64, room float64) *choice {
	c := &choice{packing: p, reduced: make([]float64, len(p.value)), steps: tieSteps}
	var bound solver.Sum
	bound.Add(room)
	for v, value := range p.value {
		c.reduced[v] = charge[v] - value
	}
	for q, members := range p.cliques {
		if price[q] <= 0 {
			continue
		}
		c.open(members, price[q])
		bound.Add(price[q])
		for _, v := range members {
			c.reduced[v] += price[q]
		}
	}
	for v, d := range c.reduced {
		if d < 0 {
			c.open([]int32{int32(v)}, -d)
			bound.Add(-d)
			c.reduced[v] = 0
		}
	}
	c.bound = bound.Value()
	return c
}

// open adds a clique with a price, shut takes the last one back.
func (c *choice) open(members []int32, price float64) {
	mask := newBits(1, len(c.value))[0]
	for _, v := range members {
		mask.add(v)
	}
	c.mask, c.price, c.of = append(c.mask, mask), append(c.price, price), nil
}

func (c *choice) shut() {
	c.mask, c.price, c.of = c.mask[:len(c.mask)-1], c.price[:len(c.price)-1], nil
}

// supplied says whether all demands can be met by what is chosen and those alive.
func (c *choice) supplied(alive bits) bool {
	for i := range c.demands {
		d := &c.demands[i]
		volume := 0.0
		for _, v := range c.chosen {
			if d.members.has(v) {
				volume += c.volume[v]
			}
		}
		for v := range d.members.all() {
			if alive.has(v) {
				volume += c.volume[v]
			}
		}
		if volume < d.volume {
			return false
		}
	}
	return true
}

// find finds a choice among the candidates, those of must accepted, that is worth least. It returns false where there
// is none or no step is left.
func (c *choice) find(candidates bits, must ...int32) bool {
	if c.of == nil {
		c.of = newBits(len(c.value), len(c.mask))
		for q, mask := range c.mask {
			for v := range mask.all() {
				c.of[v].add(int32(q))
			}
		}
	}
	c.chosen = c.chosen[:0]
	alive, empty := slices.Clone(candidates), newBits(1, len(c.mask))[0]
	for q := range c.mask {
		empty.add(int32(q))
	}
	budget := c.bound - c.least
	for _, v := range must {
		if !alive.has(v) {
			return false
		}
		budget -= c.reduced[v]
		c.take(v, alive, empty)
	}
	return c.fill(alive, empty, budget)
}

// take accepts v.
func (c *choice) take(v int32, alive, empty bits) {
	c.chosen = append(c.chosen, v)
	alive.cut(c.conflicts[v])
	alive.remove(v)
	empty.cut(c.of[v])
}

// fill goes on from what is chosen with the members alive, the cliques that are empty and the budget that is left.
// It may change the sets.
func (c *choice) fill(alive, empty bits, budget float64) bool {
	if c.steps--; c.steps%stopSteps == 0 && c.stop != nil && c.stop() {
		c.steps = -1
	}
	if c.steps < 0 {
		return false
	}
	var pick int32
	for changed := true; changed; {
		changed, pick = false, -1
		fewest, must := math.MaxInt, false
		for q := range empty.all() {
			n := c.mask[q].shared(alive)
			if n == 0 {
				if budget -= c.price[q]; budget < 0 {
					return false
				}
				empty.remove(q)
				changed = true
				continue
			}
			if m := c.price[q] > budget; m && !must || m == must && n < fewest {
				pick, fewest, must = q, n, m
			}
		}
		for v := range alive.all() {
			if c.reduced[v] > budget {
				alive.remove(v)
				changed = true
			}
		}
	}
	if !c.supplied(alive) {
		return false
	}
	if pick < 0 {
		return c.complete(alive, empty, budget)
	}
	var order []int32
	for v := range c.mask[pick].all() {
		if alive.has(v) {
			order = append(order, v)
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(c.reduced[a], c.reduced[b]) })
	depth := len(c.chosen)
	next, left := slices.Clone(alive), slices.Clone(empty)
	for _, v := range order {
		copy(next, alive)
		copy(left, empty)
		c.take(v, next, left)
		if c.fill(next, left, budget-c.reduced[v]) {
			return true
		}
		c.chosen = c.chosen[:depth]
		alive.remove(v)
	}
	if c.price[pick] > budget {
		return false
	}
	return c.fill(alive, empty, budget) // it stays empty
}

// complete ends a choice where no clique with a price is empty: what is left costs nothing, and only demands take of it.
func (c *choice) complete(alive, empty bits, budget float64) bool {
	if budget < 0 || c.worth(c.chosen) < c.least {
		return false
	}
	if c.found != nil {
		if alive.count() == 0 {
			c.found(c.chosen)
			return false
		}
	} else if len(c.demands) == 0 || c.supplied(newBits(1, len(c.value))[0]) {
		return true
	}
	for v := range alive.all() {
		next, left := slices.Clone(alive), slices.Clone(empty)
		c.take(v, next, left)
		if c.fill(next, left, budget-c.reduced[v]) {
			return true
		}
		c.chosen = c.chosen[:len(c.chosen)-1]
		alive.remove(v)
	}
	if c.found != nil && c.steps >= 0 {
		c.found(c.chosen)
	}
	return false
}

// first moves best, an optimum, to the first by the tie rule; members are bids in ascending order, of these bidders. It
// returns false where that took too many steps.
func (c *choice) first(best []int32, bidder []int) ([]int32, bool) {
	for { // an optimum to the last cent
		w := c.worth(best)
		c.least = w + slack(w)
		if !c.find(c.everyone()) {
			c.least = w - slack(w)
			break
		}
		best = slices.Clone(c.chosen)
	}
	candidates := c.everyone()
	groups := make(map[int][]int32)
	var order []int
	for v, i := range bidder {
		if groups[i] == nil {
			order = append(order, i)
		}
		groups[i] = append(groups[i], int32(v))
	}
	slices.Sort(order)
	for _, i := range order {
		if group := groups[i]; c.alternatives(group) {
			best, candidates = c.mostOfOne(group, best, candidates)
		} else {
			best = c.mostOf(group, best, candidates)
		}
	}
	var must []int32
	for v := range c.everyone().all() {
		if !candidates.has(v) {
			continue
		}
		if !slices.Contains(best, v) {
			if !c.find(candidates, append(must, v)...) {
				candidates.remove(v)
				continue
			}
			best = slices.Clone(c.chosen)
		}
		must = append(must, v)
		candidates.cut(c.conflicts[v])
	}
	slices.Sort(best)
	return best, c.steps >= 0
}

// alternatives says whether no two of the members fit together.
func (c *choice) alternatives(members []int32) bool {
	for n, v := range members {
		for _, u := range members[:n] {
			if !c.conflicts[v].has(u) {
				return false
			}
		}
	}
	return true
}

// mostOfOne moves best to an optimum among the candidates that accepts the largest of alternatives, and leaves those as large among
// the candidates.
func (c *choice) mostOfOne(group, best []int32, candidates bits) ([]int32, bits) {
	won := 0.0
	for _, v := range group {
		if slices.Contains(best, v) {
			won = c.volume[v]
		}
	}
	alike := func(v int32, volume float64) bool { return math.Abs(c.volume[v]-volume) <= slack(volume) }
	as := func(volume float64) (members []int32, among bits) {
		among = slices.Clone(candidates)
		for _, v := range group {
			if alike(v, volume) {
				members = append(members, v)
			} else {
				among.remove(v)
			}
		}
		return members, among
	}
	byVolume := slices.Clone(group)
	slices.SortStableFunc(byVolume, func(a, b int32) int { return cmp.Compare(c.volume[b], c.volume[a]) })
	for n, v := range byVolume {
		volume := c.volume[v]
		if volume <= won || alike(v, won) {
			break
		}
		if n > 0 && alike(v, c.volume[byVolume[n-1]]) {
			continue
		}
		members, among := as(volume)
		c.open(members, math.Inf(1))
		found := c.find(among)
		c.shut()
		if found {
			best, won = slices.Clone(c.chosen), volume
			break
		}
	}
	members, among := as(won)
	if won > slack(0) {
		c.open(members, math.Inf(1))
	}
	return best, among
}

// mostOf moves best to an optimum among the candidates that accepts most of the group's volume, and demands it from then on.
func (c *choice) mostOf(group, best []int32, candidates bits) []int32 {
	d := demand{members: newBits(1, len(c.value))[0]}
	for _, v := range group {
		d.members.add(v)
	}
	won := func() (volume float64) {
		for _, v := range best {
			if d.members.has(v) {
				volume += c.volume[v]
			}
		}
		return volume
	}
	n := len(c.demands)
	c.demands = append(c.demands, d)
	for {
		w := won()
		c.demands[n].volume = w + 2*slack(w)
		if !c.find(candidates) {
			c.demands[n].volume = w - slack(w)
			return best
		}
		best = slices.Clone(c.chosen)
	}
}

// everyone are all members.
func (c *choice) everyone() bits {
	all := newBits(1, len(c.value))[0]
	for v := range c.value {
		all.add(int32(v))
	}
	return all
}
