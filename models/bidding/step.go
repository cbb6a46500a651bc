package bidding

import (
	"math"
	"slices"

	"lotwise/models/auction"
)

// A choice is what is bid in one lot, and what comes of it.
type choice struct {
	rows    []step    // the highest tick first
	won     []int32   // level won, by supply
	paid    []float64 // by supply
	offered float64   // payment if all of it is accepted
	volume  float64   // quantity of all rows
}

// A step is one row: what brings the lot's cumulative quantity up to a level at a tick.
type step struct {
	tick  int // into lotView.ticks
	level int32
}

// charges are what a bid is charged: at least the probability of the scenario for a unit of money paid there, and more
// where multipliers of the budget and the volume cap come on top, on what is paid and won in a scenario or, where bids
// must fit even when all is accepted, on what is bid.
type charges struct {
	money, volume       []float64 // by scenario of the Problem; nil: the probabilities, and nothing
	bidMoney, bidVolume float64
}

// price sets what the part's bids are charged; nil stands for payments alone.
func (t *part) price(c *charges) {
	for k := range t.scenes {
		t.scenes[k].money, t.scenes[k].volume = t.scenes[k].probability, 0
	}
	if c != nil && c.money != nil {
		for k := range t.scenes {
			t.scenes[k].money = 0
		}
		for s, k := range t.sceneOf {
			t.scenes[k].money += c.money[s]
			t.scenes[k].volume += c.volume[s]
		}
	}
	for i := range t.lots {
		l := &t.lots[i]
		clear(l.money)
		clear(l.volume)
		for k := range t.scenes {
			x := &t.scenes[k]
			l.money[x.supply[i]] += x.money
			l.volume[x.supply[i]] += x.volume
		}
		l.bidMoney, l.bidVolume = 0, 0
		if c != nil {
			l.bidMoney, l.bidVolume = c.bidMoney, c.bidVolume
		}
		l.costs()
	}
}

// costs computes what a row is charged, by tick and level q:
//
//	Σ_k (money_k·price_j + volume_k) min(q, R_kj) + (bidMoney·price_j + bidVolume) q
//
// Σ_k x_k min(q, R_kj) = q Σ_{k: R_kj > q} x_k + Σ_{k: R_kj ≤ q} x_k R_kj costs an addition a supply and q, or a supply
// and j.
func (l *lotView) costs() {
	n, levels := len(l.ticks), len(l.levels)
	if len(l.cost) < n {
		l.cost = make([][]float64, n)
		for j := range l.cost {
			l.cost[j] = make([]float64, levels)
		}
	}
	over := make([]float64, 2*n)
	money, volume := over[:n], over[n:]
	for q := range levels {
		clear(over)
		for k, j := range l.over[q] {
			if int(j) < n {
				money[j] += l.money[k]
				volume[j] += l.volume[k]
			}
		}
		m, v := 0.0, 0.0
		for j := range n {
			m += money[j]
			v += volume[j]
			l.cost[j][q] = l.levels[q] * (m*l.price[j] + v + l.bidMoney*l.price[j] + l.bidVolume)
		}
	}
	under := make([]float64, levels)
	for j := range n {
		clear(under)
		for k := range l.most {
			r := l.most[k][j]
			under[r] += l.levels[r] * (l.money[k]*l.price[j] + l.volume[k])
		}
		sum := 0.0
		for q := range under {
			sum += under[q]
			l.cost[j][q] += sum
		}
	}
}

// charge returns what a choice is charged.
func (l *lotView) charge(c *choice) float64 {
	sum := l.bidMoney*c.offered + l.bidVolume*c.volume
	for k, paid := range c.paid {
		sum += l.money[k]*paid + l.volume[k]*l.levels[c.won[k]]
	}
	return sum
}

// choose fills in what comes of rows.
func (l *lotView) choose(rows []step) *choice {
	c := &choice{rows: rows, won: make([]int32, len(l.most)), paid: make([]float64, len(l.most))}
	before := int32(0)
	for _, r := range rows {
		q := l.levels[r.level] - l.levels[before]
		c.volume += q
		c.offered += q * l.price[r.tick]
		for k := range l.most {
			if R := l.most[k][r.tick]; R > before { // then all rows before were served in full
				w := min(r.level, R)
				c.paid[k] += (l.levels[w] - l.levels[before]) * l.price[r.tick]
				c.won[k] = w
			}
		}
		before = r.level
	}
	return c
}

// rows writes the choice as rows of a strategy.
func (l *lotView) strategy(s auction.Strategy, c *choice) auction.Strategy {
	before := int32(0)
	for _, r := range c.rows {
		s = append(s, auction.LotBid{Lot: l.id, Tick: l.ticks[r.tick], Quantity: l.levels[r.level] - l.levels[before]})
		before = r.level
	}
	return s
}

// fit returns the lot's share of a strategy as a choice that is never worse: prices at ticks that matter,
// quantities within what can be won and used.
func (l *lotView) fit(s auction.Strategy) []step {
	var mine []int
	for r := range s {
		if s[r].Lot == l.id {
			mine = append(mine, r)
		}
	}
	order(s, mine)
	var rows []step
	sum := 0.0
	top := len(l.levels) - 1
	for _, r := range mine {
		sum += s[r].Quantity
		j, exact := slices.BinarySearch(l.ticks, s[r].Tick)
		if !exact {
			j--
		}
		q, _ := slices.BinarySearch(l.levels, min(sum, l.levels[top]))
		switch n := len(rows); {
		case j < 0:
		case n > 0 && rows[n-1].tick == j:
			rows[n-1].level = int32(q)
		case n > 0 && rows[n-1].level >= int32(q), q == 0:
		default:
			rows = append(rows, step{j, int32(q)})
		}
	}
	return rows
}

// A box is what a lot's choice may be: ticks and levels from least to most, both inclusive. Bidding nothing
// has tick -1 and level 0. With zero it also stands for quantities that go to 0 at any tick, which matter where quantities
// between the levels do.
type box struct {
	leastTick, mostTick   int
	leastLevel, mostLevel int32
	zero                  bool
}

// none says whether bidding nothing lies in the box.
func (b box) none() bool { return b.leastLevel == 0 && (b.leastTick < 0 || b.zero) }

func (l *lotView) anything() box {
	return box{leastTick: -1, mostTick: len(l.ticks) - 1, mostLevel: int32(len(l.levels) - 1)}
}

// best returns the choice of largest Σ_k worth[k][won_k] − charge in the box, worth[k][v] being what
// winning level v is worth under supply k times k's probability, and that sum. It returns nil, -Inf for an
// empty box. Quantities are those that matter at the tick, and extra ones.
func (l *lotView) best(worth [][]float64, steps int, b box, extra []int32) (*choice, float64) {
	if steps > 1 {
		return l.bestSteps(worth, steps)
	}
	best, at, level := math.Inf(-1), -2, int32(0)
	if b.none() {
		best, at = 0, -1
		for k := range worth {
			best += worth[k][0]
		}
	}
	// Of a row at tick j for level q, the supplies that leave more than q give q, the others what they leave:
	//
	//	Σ_k worth_k(min(q, R_kj)) = Σ_{k: R_kj > q} worth_k(q) + Σ_{k: R_kj ≤ q} worth_k(R_kj)
	//
	// The first sum grows with j for every q, the second with q for every j, so that both cost one addition a
	// supply and q, or a supply and j, instead of one for all three.
	n := len(l.ticks)
	first := l.table(n, worth, extra)
	for j := max(0, b.leastTick); j <= b.mostTick; j++ {
		second := l.second[:l.top[j]+1]
		clear(second)
		for k := range l.most {
			r := l.most[k][j]
			second[r] += worth[k][r]
		}
		for q := 1; q < len(second); q++ {
			second[q] += second[q-1]
		}
		try := func(q int32) {
			if q < b.leastLevel || q > b.mostLevel || q > l.top[j] {
				return
			}
			if v := first[int(q)*n+j] + second[q] - l.cost[j][q]; v > best {
				best, at, level = v, j, q
			}
		}
		for _, q := range l.useful[j] {
			try(q)
		}
		for _, q := range extra {
			try(q)
		}
	}
	switch at {
	case -2:
		return nil, best
	case -1:
		return l.choose(nil), best
	}
	return l.choose([]step{{at, level}}), best
}

// table returns Σ_{k: R_kj > q} worth_k(q) by level q and tick j, n ticks a level, for the levels that matter.
func (l *lotView) table(n int, worth [][]float64, extra []int32) []float64 {
	if l.first == nil {
		l.first = make([]float64, len(l.levels)*n)
		l.second = make([]float64, len(l.levels))
	}
	fill := func(q int32) {
		row := l.first[int(q)*n : (int(q)+1)*n]
		clear(row)
		for k, over := range l.over[q] {
			if int(over) < n {
				row[over] += worth[k][q]
			}
		}
		for j := 1; j < n; j++ {
			row[j] += row[j-1]
		}
	}
	for _, q := range l.base {
		fill(q)
	}
	for _, q := range extra {
		fill(q)
	}
	return l.first
}

// bestSteps is best with several rows, without a box: a dynamic programme over rows from the highest price
// down. Rows up to a cumulative quantity before are served in full under the supplies that leave more than
// that at the next price, and residual supplies fall with the price; so a row at price p from cumulative
// quantity q to q' adds
//
//	Σ_{k: R_k(p) > q} worth_k(min(q', R_k(p))) − worth_k(q) − (money_k p + volume_k) (min(q', R_k(p)) − q)
//
// whatever the rows before it were.
func (l *lotView) bestSteps(worth [][]float64, steps int) (*choice, float64) {
	n := len(l.levels)
	type state struct {
		value float64
		row   step
		from  int32
		used  bool
	}
	// value[b][q]: the most that b rows at ticks looked at so far add, with cumulative quantity q.
	table := make([][][]state, len(l.ticks)+1)
	fresh := func() [][]state {
		s := make([][]state, steps+1)
		for b := range s {
			s[b] = make([]state, n)
			for q := range s[b] {
				s[b][q].value = math.Inf(-1)
			}
		}
		return s
	}
	table[len(l.ticks)] = fresh()
	none := 0.0
	for k := range worth {
		none += worth[k][0]
	}
	table[len(l.ticks)][0][0].value = none
	for j := len(l.ticks) - 1; j >= 0; j-- {
		above := table[j+1]
		here := fresh()
		for b := range here {
			for q := range here[b] {
				here[b][q] = state{value: above[b][q].value}
			}
		}
		for from := range int32(n) {
			open := false
			for b := range steps {
				open = open || !math.IsInf(above[b][from].value, -1)
			}
			if !open {
				continue
			}
			for _, q := range l.useful[j] {
				if q <= from {
					continue
				}
				v := 0.0
				for k := range l.most {
					if R := l.most[k][j]; R > from {
						w := min(q, R)
						v += worth[k][w] - worth[k][from] - (l.money[k]*l.price[j]+l.volume[k])*(l.levels[w]-l.levels[from])
					}
				}
				v -= (l.bidMoney*l.price[j] + l.bidVolume) * (l.levels[q] - l.levels[from])
				for b := range steps {
					if x := above[b][from].value + v; x > here[b+1][q].value {
						here[b+1][q] = state{value: x, row: step{j, q}, from: from, used: true}
					}
				}
			}
		}
		table[j] = here
	}
	best, rows, level := math.Inf(-1), 0, int32(0)
	for b := range table[0] {
		for q := range table[0][b] {
			if v := table[0][b][q].value; v > best {
				best, rows, level = v, b, int32(q)
			}
		}
	}
	var list []step
	for j := 0; rows > 0; j++ {
		if s := table[j][rows][level]; s.used {
			list = append(list, s.row)
			rows, level = rows-1, s.from
		}
	}
	slices.Reverse(list)
	return l.choose(list), best
}
