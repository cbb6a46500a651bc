package verify

import (
	"math"
	"sort"

	"lotwise/models/auction"
)

// Fixtures are runs that are right, made by code that shares nothing with the verifier: outcomes by
// running through every joint draw of types and strategies and serving each lot by hand, values by a
// formula written for each case.

// A fixture is a case, a run of it and the options the run was made with.
type fixture struct {
	name string
	c    *auction.Case
	r    *auction.Results
	o    Options
}

// offer is one row of a strategy.
type offer struct {
	lot             int
	price, quantity float64
}

// drawn is one strategy of a bidder's type in a block.
type drawn struct {
	bidder, typ int
	block       string
	name        string
	probability float64
	offers      []offer
}

// joint is one profile: strategy names by {bidder, type}.
type joint struct {
	name        string
	probability float64
	choice      map[[2]int]string
}

// game is what everyone plays.
type rules struct {
	drawn  []drawn
	joint  map[string][]joint // by block; none for independent play
	fixed  map[int][]offer
	bound  func(bidder, typ int, block string) float64
	value  func(bidder, typ int, won []float64) float64 // V(w) - V(0)
	blocks map[string][]int                             // lots by block
	net    []auction.NetworkRow
}

// serve gives out one lot: highest price, then earlier bidder, then earlier row.
func serve(capacity float64, rows []struct {
	bidder int
	offer
},
) []float64 {
	at := make([]int, len(rows))
	for i := range at {
		at[i] = i
	}
	sort.SliceStable(at, func(i, j int) bool {
		a, b := rows[at[i]], rows[at[j]]
		if math.Abs(a.price-b.price) > 1e-9 {
			return a.price > b.price
		}
		return a.bidder < b.bidder
	})
	won := make([]float64, len(rows))
	for _, i := range at {
		won[i] = math.Min(capacity, rows[i].quantity)
		capacity -= won[i]
	}
	return won
}

// draw runs through every joint draw in a block: a type for each bidder, and a strategy for each.
func (g *rules) draw(c *auction.Case, block string, visit func(probability float64, play map[int]*drawn)) {
	players := []int{}
	seen := map[int]bool{}
	for _, d := range g.drawn {
		if d.block == block && !seen[d.bidder] {
			seen[d.bidder] = true
			players = append(players, d.bidder)
		}
	}
	run := func(weight float64, allowed func(d *drawn) float64) {
		var walk func(n int, probability float64, play map[int]*drawn)
		walk = func(n int, probability float64, play map[int]*drawn) {
			if n == len(players) {
				visit(probability, play)
				return
			}
			for i := range g.drawn {
				d := &g.drawn[i]
				if d.block == block && d.bidder == players[n] {
					if w := allowed(d); w > 0 {
						play[d.bidder] = d
						walk(n+1, probability*w*c.Bidders[d.bidder].Types[d.typ].Probability, play)
						delete(play, d.bidder)
					}
				}
			}
		}
		walk(0, weight, map[int]*drawn{})
	}
	if len(g.joint[block]) == 0 {
		run(1, func(d *drawn) float64 { return d.probability })
		return
	}
	for _, j := range g.joint[block] {
		run(j.probability, func(d *drawn) float64 {
			if j.choice[[2]int{d.bidder, d.typ}] == d.name {
				return 1
			}
			return 0
		})
	}
}

// run makes the results of solve.
func (g *rules) run(c *auction.Case, concept string, epsilonAsked float64) *auction.Results {
	r := &auction.Results{Command: "solve", Status: auction.WithinGap}
	blocks := []string{}
	for b := range g.blocks {
		blocks = append(blocks, b)
	}
	sort.Strings(blocks)
	quantity, paid := map[[2]int]float64{}, map[[2]int]float64{}
	profit, regret, bound := make([]float64, len(c.Bidders)), make([]float64, len(c.Bidders)), make([]float64, len(c.Bidders))
	for _, block := range blocks {
		type tally struct {
			mass, value float64
			rows        []auction.RecommendedBid
		}
		tallies := map[*drawn]*tally{}
		g.draw(c, block, func(probability float64, play map[int]*drawn) {
			won := make([]map[int]float64, len(c.Bidders))
			pay := make([]float64, len(c.Bidders))
			rowWon := map[*drawn][]float64{}
			for b := range won {
				won[b] = map[int]float64{}
				if d := play[b]; d != nil {
					rowWon[d] = make([]float64, len(d.offers))
				}
			}
			for _, lot := range g.blocks[block] {
				var rows []struct {
					bidder int
					offer
				}
				var from []int
				for b := range c.Bidders {
					list := g.fixed[b]
					if d := play[b]; d != nil {
						list = d.offers
					}
					for n, o := range list {
						if o.lot == lot {
							rows = append(rows, struct {
								bidder int
								offer
							}{b, o})
							from = append(from, n)
						}
					}
				}
				for n, w := range serve(c.Lots[lot].Capacity, rows) {
					b := rows[n].bidder
					won[b][lot] += w
					pay[b] += w * rows[n].price
					quantity[[2]int{b, lot}] += probability * w
					paid[[2]int{b, lot}] += probability * w * rows[n].price
					if d := play[b]; d != nil {
						rowWon[d][from[n]] = w
					}
				}
			}
			for b, d := range play {
				t := tallies[d]
				if t == nil {
					t = &tally{rows: make([]auction.RecommendedBid, len(d.offers))}
					tallies[d] = t
				}
				w := make([]float64, len(c.Lots))
				for lot, v := range won[b] {
					w[lot] = v
				}
				t.mass += probability
				t.value += probability * (g.value(b, d.typ, w) - pay[b])
				for n := range d.offers {
					t.rows[n].ExpectedQuantity += probability * rowWon[d][n]
					t.rows[n].ExpectedPayment += probability * rowWon[d][n] * d.offers[n].price
					if rowWon[d][n] > 0 {
						t.rows[n].WinProbability += probability
					}
				}
			}
		})
		expected := map[[2]int]float64{}
		for i := range g.drawn {
			if d := &g.drawn[i]; d.block == block {
				expected[[2]int{d.bidder, d.typ}] += d.probability * tallies[d].value / tallies[d].mass
			}
		}
		for at, v := range expected {
			b, w := at[0], c.Bidders[at[0]].Types[at[1]].Probability
			profit[b] += w * v
			bound[b] += w * g.bound(b, at[1], block)
			regret[b] += w * (g.bound(b, at[1], block) - v)
		}
		for i := range g.drawn {
			d := &g.drawn[i]
			if d.block != block {
				continue
			}
			t := tallies[d]
			name, typ := c.Bidders[d.bidder].Name, c.Bidders[d.bidder].Types[d.typ].Name
			limit := g.bound(d.bidder, d.typ, block)
			r.Equilibrium = append(r.Equilibrium, auction.EquilibriumRow{
				Bidder: name, Type: typ, Strategy: d.name, Probability: d.probability, Profit: t.value / t.mass,
				BestResponseBound: limit, RegretBound: limit - expected[[2]int{d.bidder, d.typ}], Block: block,
			})
			for n, o := range d.offers {
				row := t.rows[n]
				r.RecommendedBids = append(r.RecommendedBids, auction.RecommendedBid{
					Bidder: name, Type: typ, Strategy: d.name, Probability: d.probability, Bid: c.Lots[o.lot].Name, Lot: c.Lots[o.lot].Name,
					Quantity: o.quantity, Price: o.price, ExpectedQuantity: row.ExpectedQuantity / t.mass,
					WinProbability: row.WinProbability / t.mass, ExpectedPayment: row.ExpectedPayment / t.mass, Block: block,
				})
			}
		}
		for _, j := range g.joint[block] {
			keys := [][2]int{}
			for at := range j.choice {
				keys = append(keys, at)
			}
			sort.Slice(keys, func(m, n int) bool {
				return keys[m][0] < keys[n][0] || keys[m][0] == keys[n][0] && keys[m][1] < keys[n][1]
			})
			for _, at := range keys {
				r.Profiles = append(r.Profiles, auction.ProfileRow{
					Profile: j.name, Probability: j.probability, Bidder: c.Bidders[at[0]].Name,
					Type: c.Bidders[at[0]].Types[at[1]].Name, Strategy: j.choice[at], Block: block,
				})
			}
		}
	}
	for b := range c.Bidders {
		total := 0.0
		for l := range c.Lots {
			if q := quantity[[2]int{b, l}]; q > 0 {
				m := paid[[2]int{b, l}]
				total += m
				r.Allocation = append(r.Allocation, auction.AllocationRow{Bidder: c.Bidders[b].Name, Lot: c.Lots[l].Name, Quantity: q, Price: m / q, Payment: m})
			}
		}
		r.Payments = append(r.Payments, auction.PaymentRow{Bidder: c.Bidders[b].Name, BidAmount: total, Payment: total, CoreViolation: math.NaN()})
	}
	revenue, cost, volume, capacity := 0.0, 0.0, 0.0, 0.0
	for l, lot := range c.Lots {
		row := auction.LotResult{Lot: lot.Name, Zone: lot.Zone, Service: lot.Service, Capacity: lot.Capacity, ShadowPrice: math.NaN()}
		for b := range c.Bidders {
			row.Sold += quantity[[2]int{b, l}]
			row.Revenue += paid[[2]int{b, l}]
		}
		revenue, volume = revenue+row.Revenue, volume+row.Sold
		cost, capacity = cost+row.Sold*lot.Cost, capacity+lot.Capacity
		r.Lots = append(r.Lots, row)
	}
	r.Network = g.net
	epsilon, relative := 0.0, 0.0
	for b := range c.Bidders {
		epsilon = math.Max(epsilon, regret[b])
		if regret[b] > 1e-12 {
			relative = math.Max(relative, regret[b]/bound[b])
		}
	}
	if relative > epsilonAsked {
		r.Status = auction.LimitStruck
	}
	r.Summary = []auction.Metric{
		{Name: "status", Text: string(r.Status)},
		{Name: "objective", Number: revenue},
		{Name: "bound", Number: revenue},
		{Name: "gap", Number: 0},
		{Name: "revenue", Number: revenue},
		{Name: "contribution", Number: revenue - cost},
		{Name: "volume", Number: volume},
		{Name: "sold_share", Number: volume / capacity},
		{Name: "concept", Text: concept},
		{Name: "certificate", Text: "exact"},
		{Name: "epsilon", Number: epsilon},
		{Name: "relative_epsilon", Number: relative},
	}
	for b := range c.Bidders {
		if c.Bidders[b].Strategic() {
			r.Summary = append(r.Summary, auction.Metric{Name: "profit:" + c.Bidders[b].Name, Number: profit[b]})
		}
	}
	return r
}

func lot(name, zone string, capacity, reserve float64) auction.Lot {
	return auction.Lot{Name: name, Zone: zone, Capacity: capacity, Reserve: reserve}
}

// shopper wants volume packages in a zone, each worth value to it.
func shopper(name, zone string, volume, value float64) auction.Bidder {
	return auction.Bidder{
		Name: name, Budget: math.Inf(1), MaxVolume: math.Inf(1), CurrentVolume: math.NaN(), CurrentPayment: math.NaN(),
		Demand: []auction.Demand{{Zone: zone, Volume: volume, Value: value}},
		Types:  []auction.Type{auction.Known},
	}
}

func caseOf(step float64, lots []auction.Lot, bidders ...auction.Bidder) *auction.Case {
	c := &auction.Case{Name: "test", Lots: lots, Bidders: bidders, Rules: auction.DefaultRules()}
	c.Rules.PriceStep = step
	return c
}

// delivery is a row of network.csv.
func channelRow(bidder, zone, channel string, volume, cost float64) auction.NetworkRow {
	return auction.NetworkRow{Bidder: bidder, Zone: zone, Channel: channel, Volume: volume, Cost: cost}
}

// firstPrice is one lot of one package, worth 10 to the first bidder and 7 to the second, who both bid 7.
// Against 7 the first earns 3 by 7 and no bid earns more; the second earns nothing and could only lose.
func firstPrice() fixture {
	c := caseOf(1, []auction.Lot{lot("L", "Z", 1, 0)}, shopper("a", "Z", 1, 10), shopper("b", "Z", 1, 7))
	g := &rules{
		drawn: []drawn{
			{0, 0, "", "s1", 1, []offer{{0, 7, 1}}},
			{1, 0, "", "s1", 1, []offer{{0, 7, 1}}},
		},
		blocks: map[string][]int{"": {0}},
		bound:  func(b, _ int, _ string) float64 { return []float64{3, 0}[b] },
		value:  func(b, _ int, w []float64) float64 { return []float64{10, 7}[b] * math.Min(1, w[0]) },
		net:    []auction.NetworkRow{channelRow("a", "Z", "L", 1, 0)},
	}
	return fixture{"first price", c, g.run(c, "pure", 1e-3), Options{Command: "solve", Gap: 1e-4, Epsilon: 1e-3, Concept: "auto"}}
}

// capacityGame is three packages and two bidders that want two each at value 1, on a grid of tenths: both
// draw from F(p) = p / (1 - p), which is an equilibrium up to the step. The bound is the best of every
// price and quantity on the grid.
func capacityGame() fixture {
	c := caseOf(0.1, []auction.Lot{lot("L", "Z", 3, 0)}, shopper("a", "Z", 2, 1), shopper("b", "Z", 2, 1))
	g := &rules{
		blocks: map[string][]int{"": {0}},
		value:  func(_, _ int, w []float64) float64 { return math.Min(2, w[0]) },
	}
	last := 0.0
	var prices, weights []float64
	for n := 0; n <= 5; n++ {
		p := float64(n) / 10
		prices, weights = append(prices, p), append(weights, p/(1-p)-last)
		last = p / (1 - p)
	}
	for b := range 2 {
		for n := 1; n <= 5; n++ {
			g.drawn = append(g.drawn, drawn{b, 0, "", "s" + string(rune('0'+n)), weights[n], []offer{{0, prices[n], 2}}})
		}
	}
	g.bound = func(b, _ int, _ string) float64 {
		best := 0.0
		for n := 0; n <= 10; n++ {
			for q := 1.0; q <= 2; q++ {
				p, e := float64(n)/10, 0.0
				for m := 1; m <= 5; m++ {
					left := 3.0
					if prices[m] > p+1e-9 || math.Abs(prices[m]-p) < 1e-9 && b == 1 {
						left = 1
					}
					e += weights[m] * math.Min(q, left) * (1 - p)
				}
				best = math.Max(best, e)
			}
		}
		return best
	}
	r := g.run(c, "mixed", 0.5)
	for b := range 2 {
		q := 0.0
		for _, row := range r.Allocation {
			if row.Bidder == c.Bidders[b].Name {
				q += row.Quantity
			}
		}
		r.Network = append(r.Network, channelRow(c.Bidders[b].Name, "Z", "L", q, 0))
	}
	return fixture{"capacity game", c, r, Options{Command: "solve", Gap: 1e-4, Epsilon: 0.5, Concept: "auto"}}
}

// station is a bidder that must deliver 10 packages: by its station (20 to keep, 1 a package), by a
// carrier (8 a package) or through two lots (1 a package) of 5 packages each. One lot alone saves nothing,
// since 5 by carrier cost 40 and the station stays; both save 30 - 10 = 20. A rival without demand bids 1
// on the first lot. The large type has twice the packages: it keeps its station and saves nothing.
func station() fixture {
	c := caseOf(0.5, []auction.Lot{lot("north", "Z", 5, 0.5), lot("south", "Z", 5, 0.5), lot("far", "Y", 2, 0)},
		auction.Bidder{Name: "rival", Budget: math.Inf(1), MaxVolume: math.Inf(1), AccessCost: math.NaN(), Types: []auction.Type{auction.Known}},
		auction.Bidder{
			Name: "me", Budget: math.Inf(1), MaxVolume: math.Inf(1), AccessCost: 1,
			Demand:     []auction.Demand{{Zone: "Z", Volume: 10, Value: math.NaN()}},
			Facilities: []auction.Facility{{Name: "station", FixedCost: 20, Capacity: math.Inf(1)}},
			Routes: []auction.Route{
				{Name: "own", Zone: "Z", UnitCost: 1, Capacity: math.Inf(1), Facility: 0},
				{Name: "carrier", Zone: "Z", UnitCost: 8, Capacity: math.Inf(1), Facility: -1},
			},
			Types: []auction.Type{
				{Name: "small", Probability: 0.75, ValueFactor: 1, VolumeFactor: 1, AccessCostFactor: 1, UnitCostFactor: 1, FixedCostFactor: 1},
				{Name: "large", Probability: 0.25, ValueFactor: 1, VolumeFactor: 2, AccessCostFactor: 1, UnitCostFactor: 1, FixedCostFactor: 1},
			},
		})
	c.Bids = []auction.Bid{
		{Bidder: 0, Name: "row 2", Rows: []auction.BidRow{{Lot: 0, Quantity: 3, Price: 1}}, Amount: 3, Requires: -1},
		{Bidder: 0, Name: "row 3", Rows: []auction.BidRow{{Lot: 2, Quantity: 1, Price: 2}}, Amount: 2, Requires: -1},
	}
	g := &rules{
		drawn: []drawn{
			{1, 0, "", "both", 1, []offer{{0, 1.5, 5}, {1, 0.5, 5}}},
			{1, 1, "", "none", 1, nil},
		},
		fixed:  map[int][]offer{0: {{0, 1, 3}, {2, 2, 1}}},
		blocks: map[string][]int{"": {0, 1, 2}},
		// Against 1 on north the small type pays 1.5 x 5 + 0.5 x 5 = 10 for a gain of 20; cheaper does not win.
		bound: func(_, typ int, _ string) float64 { return []float64{10, 0}[typ] },
		value: func(_, typ int, w []float64) float64 {
			if typ == 0 && w[0]+w[1] >= 10 {
				return 20
			}
			return 0
		},
		// small: 10 through lots; large: 20 by the station.
		net: []auction.NetworkRow{
			channelRow("me", "Z", "north", 3.75, 3.75), channelRow("me", "Z", "south", 3.75, 3.75),
			channelRow("me", "Z", "own", 5, 5), channelRow("me", "Z", "station", 0, 5),
		},
	}
	r := g.run(c, "pure", 1e-3)
	// Without lots both types keep the station and drive 10 or 20 packages from it.
	r.WithoutLots = []auction.NetworkRow{channelRow("me", "", "station", 0, 20), channelRow("me", "Z", "own", 12.5, 12.5)}
	return fixture{"station", c, r, Options{Command: "solve", Gap: 1e-4, Epsilon: 1e-3, Concept: "auto"}}
}

// twoBlocks is two lots in two zones. In the first, two bidders who want one package each toss one coin
// for who wins at 1 and who at 2; in the second a bidder with two types meets one that bids nothing in
// half of the profiles.
func twoBlocks() fixture {
	a := shopper("a", "Z1", 2, 4)
	a.Demand = append(a.Demand, auction.Demand{Zone: "Z2", Volume: 2, Value: 3})
	b := shopper("b", "Z1", 2, 4)
	b.Demand = append(b.Demand, auction.Demand{Zone: "Z2", Volume: 2, Value: 2})
	b.Types = []auction.Type{
		{Name: "high", Probability: 0.4, ValueFactor: 2, VolumeFactor: 1, AccessCostFactor: 1, UnitCostFactor: 1, FixedCostFactor: 1},
		{Name: "low", Probability: 0.6, ValueFactor: 1, VolumeFactor: 1, AccessCostFactor: 1, UnitCostFactor: 1, FixedCostFactor: 1},
	}
	c := caseOf(1, []auction.Lot{lot("one", "Z1", 3, 1), lot("two", "Z2", 2, 1)}, a, b)
	c.Lots[0].Service, c.Lots[0].Cost = "same_day", 0.5
	c.Bidders[0].AccessCost, c.Bidders[1].AccessCost = 0.25, 0
	value := func(b, typ int, w []float64) float64 {
		unit := [][2]float64{{4 - 0.25, 3 - 0.25}, {4, 2}}[b]
		if b == 1 && typ == 0 {
			unit = [2]float64{8, 4}
		}
		return unit[0]*math.Min(2, w[0]) + unit[1]*math.Min(2, w[1])
	}
	g := &rules{
		drawn: []drawn{
			{0, 0, "B1", "s1", 0.5, []offer{{0, 1, 2}}},
			{0, 0, "B1", "s2", 0.5, []offer{{0, 2, 2}}},
			{1, 0, "B1", "s1", 0.5, []offer{{0, 1, 2}}},
			{1, 0, "B1", "s2", 0.5, []offer{{0, 2, 2}}},
			{1, 1, "B1", "s1", 0.5, []offer{{0, 2, 1}}},
			{1, 1, "B1", "s2", 0.5, []offer{{0, 3, 1}}},
			{0, 0, "B2", "s1", 0.75, []offer{{1, 1, 2}}},
			{0, 0, "B2", "s2", 0.25, nil},
			{1, 0, "B2", "s1", 1, []offer{{1, 2, 1}}},
			{1, 1, "B2", "s1", 0.25, []offer{{1, 1, 2}}},
			{1, 1, "B2", "s2", 0.75, nil},
		},
		joint: map[string][]joint{
			"B1": {
				{"p1", 0.5, map[[2]int]string{{0, 0}: "s1", {1, 0}: "s2", {1, 1}: "s2"}},
				{"p2", 0.5, map[[2]int]string{{0, 0}: "s2", {1, 0}: "s1", {1, 1}: "s1"}},
			},
			"B2": {
				{"p1", 0.75, map[[2]int]string{{0, 0}: "s1", {1, 0}: "s1", {1, 1}: "s2"}},
				{"p2", 0.25, map[[2]int]string{{0, 0}: "s2", {1, 0}: "s1", {1, 1}: "s1"}},
			},
		},
		blocks: map[string][]int{"B1": {0}, "B2": {1}},
		value:  value,
		bound:  func(int, int, string) float64 { return 0 },
	}
	// The best of every price and quantity against the joint distribution, straight from its definition.
	g.bound = func(b, typ int, block string) float64 {
		l, best := g.blocks[block][0], 0.0
		for p := 1.0; p <= 8; p++ {
			for q := 1.0; q <= 3; q++ {
				e, mass := 0.0, 0.0
				g.draw(c, block, func(probability float64, play map[int]*drawn) {
					if play[b].typ != typ {
						return
					}
					rows := []struct {
						bidder int
						offer
					}{{b, offer{l, p, q}}}
					for _, o := range play[1-b].offers {
						rows = append(rows, struct {
							bidder int
							offer
						}{1 - b, o})
					}
					w := make([]float64, 2)
					w[l] = serve(c.Lots[l].Capacity, rows)[0]
					mass += probability
					e += probability * (value(b, typ, w) - p*w[l])
				})
				best = math.Max(best, e/mass)
			}
		}
		return best
	}
	r := g.run(c, "correlated", 1)
	for i, b := range c.Bidders {
		for l, zone := range []string{"Z1", "Z2"} {
			for _, row := range r.Allocation {
				if row.Bidder == b.Name && row.Lot == c.Lots[l].Name {
					n := channelRow(b.Name, zone, row.Lot, row.Quantity, row.Quantity*c.Bidders[i].AccessCost)
					n.Service = c.Lots[l].Service
					r.Network = append(r.Network, n)
				}
			}
		}
	}
	return fixture{"two blocks", c, r, Options{Command: "solve", Gap: 1e-4, Epsilon: 1, Concept: "correlated"}}
}

// threeLots is the optimal bid against beliefs: lots A, B, C worth 10, 8, 6, here without synergies;
// rivals bid (6, 5, 4), (9, 4, 7) or (3, 9, 2) with probabilities 0.5, 0.3, 0.2, and ties go to them. The
// best bids are 7 on A (3 x 0.7 = 2.1; 10 earns nothing), 6 on B (2 x 0.8 = 1.6; 5 earns 3 x 0.3) and 3 or
// 5 on C (3 x 0.2 = 0.6; 1 x 0.7 = 0.7): 4.4 in all.
func threeLots() fixture {
	rival := auction.Bidder{Name: "rival", Budget: math.Inf(1), MaxVolume: math.Inf(1), AccessCost: math.NaN(), Types: []auction.Type{auction.Known}}
	me := shopper("me", "A", 1, 10)
	me.Demand = append(me.Demand, auction.Demand{Zone: "B", Volume: 1, Value: 8}, auction.Demand{Zone: "C", Volume: 1, Value: 6})
	c := caseOf(1, []auction.Lot{lot("A", "A", 1, 0), lot("B", "B", 1, 0), lot("C", "C", 1, 0)}, rival, me)
	probability := []float64{0.5, 0.3, 0.2}
	rivals := [][]float64{{6, 5, 4}, {9, 4, 7}, {3, 9, 2}}
	for s, p := range probability {
		belief := auction.Belief{Scenario: string(rune('x' + s)), Probability: p}
		for l, price := range rivals[s] {
			belief.Bids = append(belief.Bids, auction.Bid{Bidder: 0, Name: "row", Rows: []auction.BidRow{{Lot: l, Quantity: 1, Price: price}}, Amount: price, Requires: -1})
		}
		c.Beliefs = append(c.Beliefs, belief)
	}
	bids, values := []float64{7, 6, 5}, []float64{10, 8, 6}
	r := &auction.Results{Command: "bid", Status: auction.Optimal}
	profit, revenue, volume := 0.0, 0.0, 0.0
	for l, price := range bids {
		win := 0.0
		for s, p := range probability {
			if price > rivals[s][l] {
				win += p
			}
		}
		name := c.Lots[l].Name
		profit += win * (values[l] - price)
		revenue += win * price
		volume += win
		r.RecommendedBids = append(r.RecommendedBids, auction.RecommendedBid{
			Bidder: "me", Strategy: "best", Probability: 1, Bid: name, Lot: name, Quantity: 1, Price: price,
			ExpectedQuantity: win, WinProbability: win, ExpectedPayment: win * price,
		})
		r.Allocation = append(r.Allocation, auction.AllocationRow{Bidder: "me", Bid: name, Lot: name, Quantity: win, Price: price, Payment: win * price})
		r.Lots = append(r.Lots, auction.LotResult{Lot: name, Zone: name, Capacity: 1, Sold: win, Revenue: win * price, ShadowPrice: math.NaN()})
		r.Network = append(r.Network, channelRow("me", name, name, win, 0))
	}
	r.Payments = coreless(auction.PaymentRow{Bidder: "me", BidAmount: revenue, Payment: revenue})
	r.Equilibrium = []auction.EquilibriumRow{{Bidder: "me", Strategy: "best", Probability: 1, Profit: profit, BestResponseBound: 4.4, RegretBound: 4.4 - profit}}
	r.Summary = []auction.Metric{
		{Name: "status", Text: "optimal"},
		{Name: "objective", Number: profit},
		{Name: "bound", Number: 4.4},
		{Name: "gap", Number: 0},
		{Name: "revenue", Number: revenue},
		{Name: "contribution", Number: revenue},
		{Name: "volume", Number: volume},
		{Name: "sold_share", Number: volume / 3},
		{Name: "profit:me", Number: profit},
		{Name: "concept", Text: "best_response"},
		{Name: "epsilon", Number: 4.4 - profit},
		{Name: "relative_epsilon", Number: 0},
	}
	return fixture{"three lots", c, r, Options{Command: "bid", Gap: 1e-4, Epsilon: 1e-3, Concept: "auto"}}
}

// packages is an allocation by hand. Lots A and B hold 10 packages each. Bids: a takes A and B whole, 8 each
// at 5 (80 in all); b takes 6 of A at 9, any part; c takes B at 4, any part of 10, or exclusively at 3; d
// asks 1 for A, under its reserve of 2.
//
// With a's package 2 are left in each lot: 80 + 2 x 9 + 2 x 4 = 106; without it 54 + 40 = 94. So the
// optimum is 106. One more package of A brings 9, one more of B brings 4.
func packages() fixture {
	bidder := func(name string) auction.Bidder {
		return auction.Bidder{Name: name, Budget: math.Inf(1), MaxVolume: math.Inf(1), Types: []auction.Type{auction.Known}}
	}
	c := caseOf(0.01, []auction.Lot{lot("A", "Z1", 10, 2), lot("B", "Z2", 10, 0)}, bidder("a"), bidder("b"), bidder("c"), bidder("d"))
	c.Lots[0].Service, c.Lots[1].Service, c.Lots[1].Cost = "same_day", "next_day", 1
	c.Bids = []auction.Bid{
		{Bidder: 0, Name: "both", Rows: []auction.BidRow{{Lot: 0, Quantity: 8, Price: 5}, {Lot: 1, Quantity: 8, Price: 5}}, Amount: 80, MinFraction: 1, Requires: -1},
		{Bidder: 1, Name: "some", Rows: []auction.BidRow{{Lot: 0, Quantity: 6, Price: 9}}, Amount: 54, Requires: -1},
		{Bidder: 2, Name: "any", Rows: []auction.BidRow{{Lot: 1, Quantity: 10, Price: 4}}, Amount: 40, Group: "g", Requires: -1},
		{Bidder: 2, Name: "less", Rows: []auction.BidRow{{Lot: 1, Quantity: 10, Price: 3}}, Amount: 30, Group: "g", Requires: -1},
		{Bidder: 3, Name: "low", Rows: []auction.BidRow{{Lot: 0, Quantity: 4, Price: 1}}, Amount: 4, Requires: -1},
	}
	r := &auction.Results{
		Command: "allocate", Status: auction.Optimal,
		Allocation: []auction.AllocationRow{
			{Bidder: "a", Bid: "both", Lot: "A", Quantity: 8, Price: 5, Payment: 40},
			{Bidder: "a", Bid: "both", Lot: "B", Quantity: 8, Price: 5, Payment: 40},
			{Bidder: "b", Bid: "some", Lot: "A", Quantity: 2, Price: 9, Payment: 18},
			{Bidder: "c", Bid: "any", Lot: "B", Quantity: 2, Price: 4, Payment: 8},
		},
		Payments: coreless(
			auction.PaymentRow{Bidder: "a", BidAmount: 80, Payment: 80}, auction.PaymentRow{Bidder: "b", BidAmount: 18, Payment: 18},
			auction.PaymentRow{Bidder: "c", BidAmount: 8, Payment: 8}, auction.PaymentRow{Bidder: "d"},
		),
		Lots: []auction.LotResult{
			{Lot: "A", Zone: "Z1", Service: "same_day", Capacity: 10, Sold: 10, Revenue: 58, ShadowPrice: 9},
			{Lot: "B", Zone: "Z2", Service: "next_day", Capacity: 10, Sold: 10, Revenue: 48, ShadowPrice: 4},
		},
		VoidBids: []auction.VoidBid{{Bidder: "d", Bid: "low", Lot: "A", Reason: "price 1 is under the reserve 2"}},
		Summary: []auction.Metric{
			{Name: "status", Text: "optimal"},
			{Name: "objective", Number: 106, Unit: "USD"},
			{Name: "bound", Number: 106},
			{Name: "gap"},
			{Name: "revenue", Number: 106},
			{Name: "contribution", Number: 96},
			{Name: "volume", Number: 20},
			{Name: "sold_share", Number: 1},
		},
	}
	return fixture{"packages", c, r, Options{Command: "allocate", Gap: 1e-4}}
}

// limited is packages under limits: a may win 8 of the 10 packages of a lot, which it does; b should win 0.15 of all 20
// and wins 2, one short at a penalty of 5, since more of b costs the package of a; three win; d would have to win
// 3 or nothing. The optimum is 106 - 5, and the second limit costs 5.
func limited() fixture {
	f := packages()
	nan := math.NaN()
	f.c.Limits = []auction.Limit{
		{Name: "max_share", Measure: "volume", Of: "capacity", Per: "bidder;zone", Min: nan, Max: 0.8, Penalty: nan},
		{Name: "set_aside", Measure: "volume", Of: "accepted", Where: "bidder=b", Min: 0.15, Max: nan, Penalty: 5},
		{Name: "spread", Measure: "winners", Min: 3, Max: 3, Penalty: nan},
		{Name: "enough", Measure: "volume", Per: "bidder", Where: "bidder=d|c", Min: 2, Max: nan, OrNothing: true, Penalty: nan},
	}
	f.r.Limits = []auction.LimitResult{
		{Limit: "max_share", Scope: "bidder=a;zone=Z1", Measure: "volume", Value: 8, Min: nan, Max: 8},
		{Limit: "max_share", Scope: "bidder=a;zone=Z2", Measure: "volume", Value: 8, Min: nan, Max: 8},
		{Limit: "max_share", Scope: "bidder=b;zone=Z1", Measure: "volume", Value: 2, Min: nan, Max: 8, Slack: 6},
		{Limit: "max_share", Scope: "bidder=c;zone=Z2", Measure: "volume", Value: 2, Min: nan, Max: 8, Slack: 6},
		{Limit: "max_share", Scope: "bidder=d;zone=Z1", Measure: "volume", Value: 0, Min: nan, Max: 8, Slack: 8},
		{Limit: "set_aside", Measure: "volume", Value: 2, Min: 3, Max: nan, Violation: 1, Cost: 5},
		{Limit: "spread", Measure: "winners", Value: 3, Min: 3, Max: 3},
		{Limit: "enough", Scope: "bidder=c", Measure: "volume", Value: 2, Min: 2, Max: nan},
		{Limit: "enough", Scope: "bidder=d", Measure: "volume", Value: 0, Min: 2, Max: nan},
	}
	f.r.Summary[1].Number, f.r.Summary[2].Number = 101, 101
	f.name = "limits"
	return f
}

// priced is local, local, global: the locals win against 100 for both, which would win from 140 on, and pay by a rule.
func priced(rule string, pays ...float64) fixture {
	c := goods("A:80", "B:60", "AB:100")
	c.Rules.Payment = rule
	r := runOf(c, []float64{1, 1, 0}, pays)
	r.Losing = []auction.LosingBid{{Bidder: "bidder 2", Bid: "row 2", Price: 50, AcceptedFrom: 70, AtLeast: math.NaN(), AtMost: math.NaN(), Amount: 140}}
	return fixture{rule, c, r, Options{Command: "allocate", Gap: 1e-4}}
}

func fixtures() []fixture {
	return []fixture{
		firstPrice(), capacityGame(), station(), twoBlocks(), threeLots(), hub(), packages(), limited(),
		priced(auction.VCG, 40, 20, 0), priced(auction.Core, 60, 40, 0),
	}
}

// coreless are payments of another rule than core, which have no core_violation.
func coreless(rows ...auction.PaymentRow) []auction.PaymentRow {
	for i := range rows {
		rows[i].CoreViolation = math.NaN()
	}
	return rows
}
