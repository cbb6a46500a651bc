package bidding

import (
	"math"
	"slices"
)

// Stations whose capacity is scarce. With the facilities O open a capacity is one row of a linear program, and pools are told
// its price m_f ≥ 0 a package instead:
//
//	V(w) = max_O { Σ_f∈O min over m_f of [ Σ_z of f v_z(w_z | O, m_f) + m_f capacity_f ] + Σ_other z v_z(w_z | O) − fixed(O) }
//
// where v_z(· | O, m) is the pool's value when a package through its station costs m more. It is convex and piecewise linear in
// m, and bends only where the station's dearer route costs as much as another way: at a known few prices, whatever is won.
// Between these it is the mean of the values at the next two. So the values at these prices tell V exactly, as the
// least over all pools' prices, and the bound of any price in any scene, in which it is a multiplier beside the weights:
// Σ_z weight_zs(O) = −fixed(O) + Σ_f∈O m_fs capacity_f.

// scarce is what a part knows of its scarce stations; every pool uses one at most.
type scarce struct {
	stations []station
	offset   []int // by set: where its cells begin in a scene's row of stand.total
	wide     int   // cells of a scene
}

// A station is a facility whose capacity can be short.
type station struct {
	bit      uint64
	capacity float64
	prices   []float64 // at which the value of some of its pools bends, ascending from 0
}

// priced is what a pool knows of its scarce station.
type priced struct {
	station int       // into scarce.stations
	prices  []float64 // at which the pool's value bends, ascending from the station's first price to its last
	first   []int     // by own set: its first column
	open    []bool    // by own set: it has the station open, and a column for each price
	onto    []between // by price of the station
}

// A between is a place between two columns: share of the way from the at-th price to the next.
type between struct {
	at    int
	share float64
}

// between returns where a price lies.
func (p *priced) between(price float64) between {
	i := 0
	for i+2 < len(p.prices) && p.prices[i+1] <= price {
		i++
	}
	share := (price - p.prices[i]) / (p.prices[i+1] - p.prices[i])
	return between{i, min(1, max(0, share))}
}

// value returns the value of an own set, of values by column.
func (p *priced) value(v []float64, set int, b between) float64 {
	i := p.first[set]
	if !p.open[set] {
		return v[i]
	}
	i += b.at
	return v[i] + b.share*(v[i+1]-v[i])
}

// use returns what goes through the station next to a price, a package more and a package less dear: the slopes of the value.
func (p *priced) use(v []float64, set int, b between) (dearer, cheaper float64) {
	i := p.first[set] + b.at
	slope := func(j int) float64 {
		n := j - p.first[set]
		return max(0, (v[j]-v[j+1])/(p.prices[n+1]-p.prices[n]))
	}
	dearer = slope(i)
	cheaper = dearer
	switch {
	case b.share <= atPrice && b.at > 0:
		cheaper = slope(i - 1)
	case b.share >= 1-atPrice && b.at+2 < len(p.prices):
		dearer = slope(i + 1)
	}
	return dearer, cheaper
}

const (
	// atPrice is how near, as a share of the way to the next, a price counts as one at which a value bends.
	atPrice = 1e-9
	// samePrice is the share of the dearest within which two prices are one: rounding of differences of costs.
	samePrice = 1e-9
)

// priceStations gives pools their prices, where all sets of facilities are considered and no pool uses two scarce stations.
func (t *part) priceStations() {
	if !t.net.Scarce() || len(t.sets) != 1<<t.net.Facilities() {
		return
	}
	s := &scarce{}
	of := make([]int, len(t.pools)) // by pool: its station, -1 for none
	at := make([]int, t.net.Facilities())
	for f := range at {
		at[f] = -1
		if capacity, short := t.net.Short(f); short {
			at[f] = len(s.stations)
			s.stations = append(s.stations, station{bit: 1 << f, capacity: capacity, prices: []float64{0}})
		}
	}
	for z := range t.pools {
		of[z] = -1
		for _, f := range t.pools[z].Facilities() {
			if at[f] < 0 {
				continue
			}
			if of[z] >= 0 {
				return
			}
			of[z] = at[f]
			x := &s.stations[at[f]]
			x.prices = append(x.prices, t.pools[z].Breaks(f)...)
		}
	}
	longest := 0
	for i := range s.stations {
		x := &s.stations[i]
		slices.Sort(x.prices)
		same := samePrice * x.prices[len(x.prices)-1]
		x.prices = slices.CompactFunc(x.prices, func(a, b float64) bool { return math.Abs(b-a) <= same })
		if len(x.prices) < 2 {
			return // nothing can take a package's place: a capacity that cannot be short of what must go through
		}
		longest = max(longest, len(x.prices))
	}
	for n := range longest {
		price := make([]float64, t.net.Facilities())
		for f := range price {
			if at[f] >= 0 {
				x := s.stations[at[f]].prices
				price[f] = x[min(n, len(x)-1)]
			}
		}
		dear := t.net.Dearer(price).Pools()
		for z := range t.pools {
			if of[z] < 0 {
				continue
			}
			q, x := &t.pools[z], &s.stations[of[z]]
			if n == 0 {
				q.priced = &priced{station: of[z]}
				q.stride++
			}
			if n >= len(x.prices) {
				continue
			}
			p := q.priced
			f := slices.Index(at, of[z])
			same := samePrice * x.prices[len(x.prices)-1]
			bends := slices.ContainsFunc(q.Breaks(f), func(b float64) bool { return math.Abs(b-x.prices[n]) <= same })
			if n == 0 || n == len(x.prices)-1 || bends {
				p.prices = append(p.prices, x.prices[n])
				q.dear = append(q.dear, dear[z])
			}
		}
	}
	for z := range t.pools {
		if q := &t.pools[z]; q.priced != nil {
			q.price(&s.stations[of[z]], slices.Index(q.Facilities(), slices.Index(at, of[z])))
		}
	}
	for _, set := range t.sets {
		s.offset = append(s.offset, s.wide)
		s.wide++
		for i := range s.stations {
			if s.stations[i].bit&set != 0 {
				s.wide += len(s.stations[i].prices)
			}
		}
	}
	t.scarce = s
}

// price lists the columns of a pool whose f-th facility is scarce.
func (q *poolView) price(x *station, f int) {
	p := q.priced
	q.columns = nil
	for _, set := range q.own {
		open := set>>f&1 == 1
		p.first, p.open = append(p.first, len(q.columns)), append(p.open, open)
		if !open {
			q.columns = append(q.columns, column{q.Pool, set})
			continue
		}
		for _, dear := range q.dear {
			q.columns = append(q.columns, column{dear, set})
		}
	}
	for _, price := range x.prices {
		p.onto = append(p.onto, p.between(price))
	}
}

// some returns prices to try: from none to the highest.
func (s *scarce) some() []float64 {
	if s == nil {
		return []float64{0}
	}
	top := 0.0
	for i := range s.stations {
		top = max(top, s.stations[i].prices[len(s.stations[i].prices)-1])
	}
	return []float64{0, top / 3, 2 * top / 3}
}

// add adds sign times a pool's values to a scene's row of cells: for each set one cell of what no scarce station bears on, and
// for each of its stations a cell by price.
func (t *part) add(row []float64, q *poolView, v []float64, sign float64) {
	for o, local := range q.local {
		at := t.scarce.offset[o]
		if q.priced == nil || !q.priced.open[local] {
			if q.priced != nil {
				local = q.priced.first[local]
			}
			row[at] += sign * v[local]
			continue
		}
		cells := t.cells(row, o, q.priced.station)
		for i, b := range q.priced.onto {
			cells[i] += sign * q.priced.value(v, local, b)
		}
	}
}

// cells returns the cells of an open station in a set's part of a scene's row.
func (t *part) cells(row []float64, o, station int) []float64 {
	at := t.scarce.offset[o] + 1
	for i := range station {
		if x := &t.scarce.stations[i]; x.bit&t.sets[o] != 0 {
			at += len(x.prices)
		}
	}
	return row[at : at+len(t.scarce.stations[station].prices)]
}

// empty fills a scene's row without any pool.
func (t *part) empty(row []float64) {
	for o := range t.sets {
		row[t.scarce.offset[o]] = -t.fixed[o]
		for i := range t.scarce.stations {
			x := &t.scarce.stations[i]
			if x.bit&t.sets[o] == 0 {
				continue
			}
			cells := t.cells(row, o, i)
			for n, price := range x.prices {
				cells[n] = price * x.capacity
			}
		}
	}
}

// setValue returns what a set is worth in a scene's row without the cells of one station; -1 for with all.
func (t *part) setValue(row []float64, o, without int) float64 {
	v := row[t.scarce.offset[o]]
	for i := range t.scarce.stations {
		if i != without && t.scarce.stations[i].bit&t.sets[o] != 0 {
			v += slices.Min(t.cells(row, o, i))
		}
	}
	return v
}

// tallyScarce is tally where capacities are scarce.
func (s *stand) tallyScarce() {
	t := s.t
	wide := t.scarce.wide
	if s.total == nil {
		s.total = make([]float64, wide*len(t.scenes))
	}
	for k := range t.scenes {
		row := s.total[k*wide : (k+1)*wide]
		t.empty(row)
		for z := range t.pools {
			q := &t.pools[z]
			t.add(row, q, t.value(q, s.won(q, k)), 1)
		}
		best := math.Inf(-1)
		for o := range t.sets {
			best = max(best, t.setValue(row, o, -1))
		}
		s.gross += t.scenes[k].probability * best
	}
}

// worthScarce is worth where capacities are scarce.
func (s *stand) worthScarce(l int, worth [][]float64) [][]float64 {
	t := s.t
	lot := &t.lots[l]
	q := &t.pools[lot.pool]
	wide := t.scarce.wide
	row, others := make([]float64, wide), make([]float64, len(t.sets))
	matter := lot.matter(s.beside(l))
	station := -1
	if q.priced != nil {
		station = q.priced.station
	}
	for k := range t.scenes {
		won := s.won(q, k)
		copy(row, s.total[k*wide:(k+1)*wide])
		t.add(row, q, t.value(q, won), -1)
		for o := range others {
			others[o] = t.setValue(row, o, station)
		}
		h := worth[t.scenes[k].supply[l]]
		for _, v := range matter {
			if int(v) >= len(h) {
				break
			}
			won[lot.place] = v
			x := t.value(q, won)
			best := math.Inf(-1)
			for o, local := range q.local {
				if q.priced == nil {
					best = max(best, others[o]+x[local])
					continue
				}
				if !q.priced.open[local] {
					best = max(best, others[o]+x[q.priced.first[local]])
					continue
				}
				least := math.Inf(1)
				for i, c := range t.cells(row, o, station) {
					least = min(least, c+q.priced.value(x, local, q.priced.onto[i]))
				}
				best = max(best, others[o]+least)
			}
			h[v] += t.scenes[k].probability * best
		}
	}
	return worth
}

// capacityPrices returns by scene and station the price at which the part's value is least at a stand: with the best set of those
// that have the station open.
func (t *part) capacityPrices(at *stand) []float64 {
	n := len(t.scarce.stations)
	wide := t.scarce.wide
	out := make([]float64, n*len(t.scenes))
	row := make([]float64, wide)
	for k := range t.scenes {
		t.empty(row)
		for z := range t.pools {
			q := &t.pools[z]
			t.add(row, q, t.value(q, at.won(q, k)), 1)
		}
		for i := range n {
			x := &t.scarce.stations[i]
			best := math.Inf(-1)
			for o := range t.sets {
				if x.bit&t.sets[o] == 0 {
					continue
				}
				if v := t.setValue(row, o, -1); v > best {
					best = v
					cells := t.cells(row, o, i)
					out[k*n+i] = x.prices[slices.Index(cells, slices.Min(cells))]
				}
			}
		}
	}
	return out
}

// charge puts the prices of a stand into the weights.
func (s *bounder) charge(weights [][]float64, at *stand) {
	t := s.t
	prices, n := t.capacityPrices(at), len(t.scarce.stations)
	for z := range t.pools {
		if q := &t.pools[z]; q.priced != nil {
			for k := range t.scenes {
				weights[z][k*q.stride+len(t.sets)] = prices[k*n+q.priced.station]
			}
		}
	}
}

// rent returns what the capacities of a set's stations cost in a scene.
func (t *part) rent(weights [][]float64, k, o int) float64 {
	if t.scarce == nil {
		return 0
	}
	sum := 0.0
	for i := range t.scarce.stations {
		if x := &t.scarce.stations[i]; x.bit&t.sets[o] != 0 {
			z := slices.IndexFunc(t.pools, func(q poolView) bool { return q.priced != nil && q.priced.station == i })
			sum += x.capacity * weights[z][k*t.pools[z].stride+len(t.sets)]
		}
	}
	return sum
}

// local writes a pool's values by set of the part, of values by column, at its price in a scene.
func (t *part) local(q *poolView, v, weights []float64, k int, into []float64) []float64 {
	into = slices.Grow(into[:0], len(t.sets))[:len(t.sets)]
	if q.priced == nil {
		for o, local := range q.local {
			into[o] = v[local]
		}
		return into
	}
	b := q.priced.between(weights[k*q.stride+len(t.sets)])
	for o, local := range q.local {
		into[o] = q.priced.value(v, local, b)
	}
	return into
}

// A slope is how the bound of known choices changes with the price of a station in a scene.
type slope struct {
	scene, station int
	share          float64 // of a quarter of the capacity
	stop           float64 // price beyond which it would rise again; NaN for not known
}

// spare is the share of a capacity that counts as much as a set that pools do not agree on.
const spare = 0.25

// slopes returns the prices that are to move: where pools that chose these sets leave capacity, or need more.
func (s *bounder) slopes(weights [][]float64, chosen []*choice, picked []int32) []slope {
	t := s.t
	if t.scarce == nil {
		return nil
	}
	var out []slope
	for k := range t.scenes {
		for i := range t.scarce.stations {
			x := &t.scarce.stations[i]
			rent, least, most, price, together := 0.0, 0.0, 0.0, 0.0, true
			cells := make([]float64, len(x.prices))
			for n, p := range x.prices {
				cells[n] = p * x.capacity
			}
			for j, z := range s.tied {
				q := &t.pools[z]
				o := picked[j*len(t.scenes)+k]
				open := x.bit&t.sets[o] != 0
				together = together && open
				if open {
					rent += x.capacity / float64(len(s.tied))
				}
				if q.priced == nil || q.priced.station != i {
					continue
				}
				price = weights[z][k*q.stride+len(t.sets)]
				if !open {
					continue
				}
				v := t.value(q, at(t, q, chosen, k))
				dearer, cheaper := q.priced.use(v, q.local[o], q.priced.between(price))
				least += dearer
				most += cheaper
				for n, b := range q.priced.onto {
					cells[n] += q.priced.value(v, q.local[o], b)
				}
			}
			g := 0.0
			switch {
			case rent-most > 0:
				g = rent - most
			case rent-least < 0:
				g = rent - least
			}
			if price <= 0 && g > 0 || price >= x.prices[len(x.prices)-1] && g < 0 || math.Abs(g) <= atPrice*x.capacity {
				continue
			}
			m := slope{scene: k, station: i, share: g / (spare * x.capacity), stop: math.NaN()}
			if together {
				m.stop = x.prices[slices.Index(cells, slices.Min(cells))]
			}
			out = append(out, m)
		}
	}
	return out
}

// at returns the levels that a scene gives in a pool's lots.
func at(t *part, q *poolView, chosen []*choice, k int) []int32 {
	var won []int32
	for _, l := range q.lots {
		won = append(won, chosen[l].won[t.scenes[k].supply[l]])
	}
	return won
}

// reprice moves a price, and what all pools are paid for the sets with its station by it.
func (s *bounder) reprice(weights [][]float64, m slope, move float64) {
	t := s.t
	x := &t.scarce.stations[m.station]
	was, now := math.NaN(), math.NaN()
	for _, z := range s.tied {
		q := &t.pools[z]
		if q.priced == nil || q.priced.station != m.station {
			continue
		}
		p := &weights[z][m.scene*q.stride+len(t.sets)]
		if math.IsNaN(now) {
			was = *p
			now = min(max(0, was-move*m.share/(spare*x.capacity)), x.prices[len(x.prices)-1])
			if m.share > 0 && m.stop <= was {
				now = max(now, m.stop)
			} else if m.share < 0 && m.stop >= was {
				now = min(now, m.stop)
			}
		}
		*p = now
	}
	each := (now - was) * x.capacity / float64(len(s.tied))
	for _, z := range s.tied {
		for o, set := range t.sets {
			if x.bit&set != 0 {
				weights[z][m.scene*t.pools[z].stride+o] += each
			}
		}
	}
}

// splitScarce is split where quantities between the levels matter too: both sides have the level at which they meet. The best bid
// known counts among the choices.
func (t *part) splitScarce(d *node, best *stand) []*node {
	lot, width, byTick, at := -1, 0.0, false, 0
	for l := range t.lots {
		p := d.spread[l]
		p.add(best.chosen[l])
		if w := float64(p.mostTick-p.leastTick) / float64(len(t.lots[l].ticks)+1); w > width {
			if mid := floorMid(p.leastTick, p.mostTick); d.boxes[l].leastTick <= mid && mid < d.boxes[l].mostTick {
				lot, width, byTick, at = l, w, true, mid
			}
		}
	}
	if lot >= 0 {
		return t.halves(d, lot, byTick, at, 1)
	}
	for l := range t.lots {
		p, b := d.spread[l], d.boxes[l]
		p.add(best.chosen[l])
		mid, near := int32(-1), int32(math.MaxInt32)
		for v := b.leastLevel + 1; v < b.mostLevel; v++ {
			if off := max(v-(p.leastLevel+p.mostLevel)/2, (p.leastLevel+p.mostLevel)/2-v); off < near && t.complete(l, v) {
				mid, near = v, off
			}
		}
		if w := float64(p.mostLevel-p.leastLevel) / float64(len(t.lots[l].levels)); mid >= 0 && w > width {
			lot, width, at = l, w, int(mid)
		}
	}
	if lot < 0 {
		return nil
	}
	return t.halves(d, lot, false, at, 0)
}

// tightNodes is how many nodes of branch and bound parts with scarce stations get together, by what their bounds leave open.
const tightNodes = 120

// tighten lowers the bound at multipliers where pools that share a scarce station leave much open: by branch and bound part by
// part. Bids found on the way are added to the cuts, and all parts' best together made to fit.
func (h *hunt) tighten(center []float64) {
	if !slices.ContainsFunc(h.r.parts, func(t *part) bool { return t.scarce != nil && t.whole && t.bounded() }) {
		return
	}
	h.set(center)
	charges := h.charges()
	bounds := make([]float64, len(h.parts))
	h.r.each(func(i int) {
		b := h.parts[i]
		b.t.price(charges)
		b.best = h.cuts.best(i)
		d := h.roots[i].copy()
		d.bound = math.Inf(1)
		if bounds[i] = d.bound; b.t.whole && b.t.bounded() {
			b.ascend(h.r.ctx, d, nodeSteps)
			bounds[i] = d.bound
		}
	})
	open := 0.0
	for i, b := range h.parts {
		if b.t.scarce != nil {
			open += bounds[i] - b.best.value
		}
	}
	if open <= 0 || math.IsInf(open, 1) {
		return
	}
	share := h.r.o.Gap / 4 * math.Abs(h.value) / float64(len(h.parts))
	h.r.each(func(i int) {
		b := h.parts[i]
		nodes := int(tightNodes * (bounds[i] - b.best.value) / open)
		if b.t.scarce == nil || nodes < 2 {
			return
		}
		found, bound := b.t.certify(h.r.ctx, b.best, limits{share: share, target: math.Inf(-1), nodes: nodes})
		b.best, bounds[i] = found, min(bounds[i], bound)
	})
	h.learn(bounds)
	h.fit(h.stands())
}
