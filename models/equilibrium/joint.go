package equilibrium

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"lotwise/models/bidding"
)

// How independent rivals combine into the scenarios a part faces: exactly, by enumerating their joint
// offers or, in a lone lot with one price a bidder, by convolving what they are served before each price;
// where there are too many for either, by sampling, and then the certificate is a confidence bound.

// largestJoint is how many joint offers are enumerated, and how many sums a convolution may hold, before
// the next way is taken: about a second's work.
const largestJoint = 200_000

// samples is how many joint offers are drawn where they are too many to enumerate.
const samples = 4096

// confidence is the probability with which a sampled certificate holds.
const confidence = 0.99

// addAll adds the joint offers of independent rivals, weighted.
func (g *game) addAll(t *tally, s *seat, p *part, atoms [][]atom, weight float64) {
	switch {
	case jointCount(atoms) <= largestJoint:
		g.enumerate(t, s, p, atoms, weight)
	case len(p.lots) == 1 && g.c.Rules.BidSteps == 1 && g.convolve(t, s, p, atoms, weight):
	default:
		g.sample(t, s, p, atoms, weight)
	}
}

// enumerate adds every joint offer of independent rivals, weighted.
func (g *game) enumerate(t *tally, s *seat, p *part, atoms [][]atom, weight float64) {
	columns := make([][]int32, len(p.lots)) // offers by lot and rival
	for j := range columns {
		columns[j] = make([]int32, len(atoms))
	}
	var visit func(r int, probability float64)
	visit = func(r int, probability float64) {
		if r < len(atoms) {
			for _, a := range atoms[r] {
				for j := range columns {
					columns[j][r] = a.offers[j]
				}
				visit(r+1, probability*a.probability)
			}
			return
		}
		supplies := make([]*bidding.Supply, len(p.lots))
		for j := range columns {
			supplies[j] = g.supplyAt(s, p, j, columns[j]).Supply
		}
		t.add(p, bidding.Scenario{Probability: probability, Supply: supplies}, 1)
	}
	visit(0, weight)
}

// convolve adds the distribution of the residual supply of a part's only lot. A bid with one price p earns
// what the distribution of the residual supply R(p) at that price gives it, however supplies at different
// prices are joined; so each R(p) is found by convolving the independent volumes that rivals are served
// before p, and the prices are joined by quantiles, which keeps every supply a function that rises with the
// price. It returns false, having added nothing, where the convolution grows too large.
func (g *game) convolve(t *tally, s *seat, p *part, atoms [][]atom, weight float64) bool {
	// What each rival's atom leaves, as a supply of its own.
	alone := make([][]*bidding.Supply, len(atoms))
	var ticks []int64
	l := p.lots[0]
	capacity := g.c.Lots[l].Capacity
	for r := range atoms {
		for _, a := range atoms[r] {
			var rows []bidding.Row
			for _, b := range g.offers[g.at[l]].list[a.offers[0]] {
				rows = append(rows, bidding.Row{Bidder: p.rivals[r].bidder, Price: g.c.Rules.Price(b.Tick), Quantity: min(b.Quantity, capacity)})
			}
			sup := bidding.ResidualSupply(g.c, s.bidder, l, rows)
			alone[r] = append(alone[r], sup)
			ticks = append(ticks, sup.Ticks...)
		}
	}
	known := bidding.ResidualSupply(g.c, s.bidder, l, g.fixed[l])
	ticks = append(ticks, known.Ticks...)
	slices.Sort(ticks)
	ticks = slices.Compact(ticks)
	levels := make([][]weighted, len(ticks)) // residual volume at each price, ascending
	for k, tick := range ticks {
		sums := []weighted{{capacity - at(known, tick), 1}}
		for r := range atoms {
			next := make([]weighted, 0, len(sums)*len(atoms[r]))
			for _, x := range sums {
				for j, a := range atoms[r] {
					next = append(next, weighted{math.Min(capacity, x.value+capacity-at(alone[r][j], tick)), x.probability * a.probability})
				}
			}
			if len(next) > largestJoint {
				return false
			}
			sums = gather(next)
		}
		for j := range sums {
			sums[j].value = capacity - sums[j].value
		}
		slices.Reverse(sums)
		levels[k] = sums
	}
	// Walk the quantiles of all prices at once.
	place := make([]int, len(levels))
	left := make([]float64, len(levels))
	for k := range levels {
		left[k] = levels[k][0].probability
	}
	for {
		step := 1.0
		for k := range levels {
			step = math.Min(step, left[k])
		}
		sup := &bidding.Supply{}
		for k, tick := range ticks {
			v := levels[k][place[k]].value
			if n := len(sup.Ticks); n == 0 || v > sup.Volumes[n-1] {
				sup.Ticks = append(sup.Ticks, tick)
				sup.Volumes = append(sup.Volumes, v)
			}
		}
		t.add(p, bidding.Scenario{Probability: step, Supply: []*bidding.Supply{p.intern(0, sup).Supply}}, weight)
		for k := range levels {
			left[k] -= step
			for left[k] <= quantileNoise {
				place[k]++
				if place[k] == len(levels[k]) {
					t.normalise(weight)
					return true
				}
				left[k] += levels[k][place[k]].probability
			}
		}
	}
}

// quantileNoise is the probability that rounding may leave over between two cumulative sums of 1.
const quantileNoise = 1e-14

// normalise makes the probabilities of a tally that holds one distribution alone sum to its weight.
func (t *tally) normalise(weight float64) {
	sum := 0.0
	for k := range t.list {
		sum += t.list[k].Probability
	}
	for k := range t.list {
		t.list[k].Probability *= weight / sum
	}
}

type weighted struct{ value, probability float64 }

// gather sorts by value and adds up equal ones.
func gather(list []weighted) []weighted {
	sort.Slice(list, func(i, j int) bool { return list[i].value < list[j].value })
	out := list[:0]
	for _, x := range list {
		if n := len(out); n > 0 && out[n-1].value == x.value {
			out[n-1].probability += x.probability
		} else {
			out = append(out, x)
		}
	}
	return out
}

// at returns the residual supply at a tick.
func at(s *bidding.Supply, tick int64) float64 {
	k := sort.Search(len(s.Ticks), func(k int) bool { return s.Ticks[k] > tick })
	if k == 0 {
		return 0
	}
	return s.Volumes[k-1]
}

// sample adds joint offers drawn with the seed, and remembers that the part's certificate is sampled.
func (g *game) sample(t *tally, s *seat, p *part, atoms [][]atom, weight float64) {
	g.sampled = true
	p.sampled = true
	random := rand.New(rand.NewPCG(uint64(g.seed), uint64(s.index))) //nolint:gosec // reproducible on purpose
	offers := make([][]int32, len(p.lots))
	for j := range offers {
		offers[j] = make([]int32, len(atoms))
	}
	for range samples {
		for r := range atoms {
			u := random.Float64()
			k := 0
			for k < len(atoms[r])-1 && u >= atoms[r][k].probability {
				u -= atoms[r][k].probability
				k++
			}
			for j := range offers {
				offers[j][r] = atoms[r][k].offers[j]
			}
		}
		supplies := make([]*bidding.Supply, len(p.lots))
		for j := range offers {
			supplies[j] = g.supplyAt(s, p, j, offers[j]).Supply
		}
		t.add(p, bidding.Scenario{Probability: 1. / samples, Supply: supplies}, weight)
	}
}

// samplingError bounds, with the confidence, how far the expected profit of any bid of a part may lie from
// its mean over the samples: Hoeffding's inequality for profits within spread of each other, over all bids
// at once by the union bound. Bids are a price of the grid up to the highest that a rival's bid calls for and
// one of quantityGrid even shares of what a lot can use, in each lot.
func (g *game) samplingError(p *part, scenarios []bidding.Scenario) float64 {
	none, all := make([]float64, len(p.lots)), make([]float64, len(p.lots))
	bids, paid := 0.0, 0.0
	for j, l := range p.lots {
		all[j] = g.c.Lots[l].Capacity
		low, high := g.c.Rules.TickUp(g.c.Lots[l].Reserve), int64(math.MinInt64)
		for _, sc := range scenarios {
			ticks := sc.Supply[j].Ticks
			high = max(high, ticks[len(ticks)-1])
		}
		bids += math.Log(float64(high-low+1)*quantityGrid + 1)
		paid += g.c.Rules.Price(high) * p.net.Useful(j)
	}
	// No bid earns more than all of the lots for nothing, or loses more than it pays at the highest price.
	spread := p.problem.Values.Value(all) - p.problem.Values.Value(none) + paid
	return spread * math.Sqrt((bids+math.Log(2/(1-confidence)))/(2*samples))
}

// quantityGrid is in how many even shares a sampled certificate divides a lot's quantity.
const quantityGrid = 4096
