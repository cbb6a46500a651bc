package generate

import (
	"cmp"
	"math"
	"slices"
)

// The parameters of regions and arbitrary, by their names in the paper.
const (
	maxGoodValue         = 100.0 // a good's common value is uniform in [1, max_good_value]
	maxSubstitutableBids = 5     // alternatives beside the first bundle
	removeNeighbor       = 0.1   // a side of a square that is no border of two regions
	additionalNeighbor   = 0.2   // a corner at which regions meet
	additionalLocation   = 0.9   // one more good in the first bundle
	jumpProbability      = 0.05  // it is any good, not one nearby
	additivity           = 0.2   // n goods together are worth n^(1 + additivity) more
	privateDeviation     = 0.5   // private values are within this share of max_good_value
	budgetFactor         = 1.5   // an alternative is worth at most this multiple of the first bundle
	resaleFactor         = 0.5   // and its common value at least this multiple of the first one's
)

// Whether goods lie on a grid.
const (
	regions   = true
	arbitrary = false
)

// A regionMap is what goods have to do with each other, and how a bidder sees them:
//
//	value(B) = Σ_{g ∈ B} (c_g + p_g) + |B|^(1 + additivity)
//
// c_g the common value, p_g uniform in ± deviation · max_good_value the bidder's own. A bundle grows from a good
// drawn in proportion to n_g = p_g + deviation · max_good_value by goods drawn in proportion to n_g Σ_{h ∈ B} e_gh.
// In regions e_gh is 1 for neighbours on a grid of squares, else 0; in arbitrary it is uniform in [0, 1] for
// every pair.
type regionMap struct {
	draw
	goods  int
	jump   float64
	common []float64
	near   [][]int // of regions: by good, its neighbours
	salt   uint64  // of arbitrary: what the pairs' weights are made of

	own, liking []float64 // p, n of the bidder
	reach       []float64 // by good: n_g Σ_{h ∈ B} e_gh of the bundle that grows, 0 in it
	in          []bool    // by good: whether it is in it
}

func newMap(d draw, goods int, grid bool) *regionMap {
	m := &regionMap{
		draw: d, goods: goods, common: make([]float64, goods), own: make([]float64, goods),
		liking: make([]float64, goods), reach: make([]float64, goods), in: make([]bool, goods),
	}
	for g := range m.common {
		m.common[g] = d.between(1, maxGoodValue)
	}
	if !grid {
		m.salt = d.Uint64()
		return m
	}
	m.jump = jumpProbability
	for m.near = nil; m.near == nil || slices.ContainsFunc(m.near, func(n []int) bool { return len(n) == 0 }); {
		m.border()
	}
	return m
}

// border draws which goods are neighbours: squares in rows of √goods, the last row perhaps not full.
func (m *regionMap) border() {
	columns := max(1, int(math.Sqrt(float64(m.goods))))
	m.near = make([][]int, m.goods)
	connect := func(g, h int) {
		if g < m.goods && h < m.goods {
			m.near[g], m.near[h] = append(m.near[g], h), append(m.near[h], g)
		}
	}
	for g := range m.goods {
		inner := g%columns < columns-1 // it has a column to the right
		if !m.chance(removeNeighbor) {
			connect(g, g+columns)
		}
		if !m.chance(removeNeighbor) && inner {
			connect(g, g+1)
		}
		if m.chance(additionalNeighbor) && inner {
			if m.chance(0.5) {
				connect(g, g+columns+1)
			} else {
				connect(g+1, g+columns)
			}
		}
	}
}

// together is e_gh of arbitrary, uniform in [0, 1): a hash of the pair, so that many goods need no matrix
// (the finaliser of SplitMix64, Steele, Lea and Flood 2014).
func (m *regionMap) together(g, h int) float64 {
	z := m.salt + 0x9e3779b97f4a7c15*(uint64(min(g, h))*uint64(m.goods)+uint64(max(g, h))+1)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}

// add puts a good into the bundle.
func (m *regionMap) add(bundle []int, g int) []int {
	m.in[g], m.reach[g] = true, 0
	if m.near != nil {
		for _, h := range m.near[g] {
			if !m.in[h] {
				m.reach[h] += m.liking[h]
			}
		}
		return append(bundle, g)
	}
	for h := range m.reach {
		if !m.in[h] {
			m.reach[h] += m.liking[h] * m.together(g, h)
		}
	}
	return append(bundle, g)
}

// grow adds one more good, one nearby unless it jumps or there is none.
func (m *regionMap) grow(bundle []int) []int {
	if len(bundle) == m.goods {
		return bundle
	}
	g := -1
	if !m.chance(m.jump) {
		g = m.picked(m.reach)
	}
	for g < 0 {
		if h := m.IntN(m.goods); !m.in[h] {
			g = h
		}
	}
	return m.add(bundle, g)
}

// from is a bundle that grows from a good until more says no.
func (m *regionMap) from(g int, more func(goods int) bool) []int {
	clear(m.reach)
	clear(m.in)
	bundle := m.add(nil, g)
	for len(bundle) < m.goods && more(len(bundle)) {
		bundle = m.grow(bundle)
	}
	return bundle
}

func (m *regionMap) value(bundle []int) (value, common float64) {
	for _, g := range bundle {
		value += m.common[g] + m.own[g]
		common += m.common[g]
	}
	return value + math.Pow(float64(len(bundle)), 1+additivity), common
}

func (m *regionMap) alternatives() []bundle {
	for g := range m.own {
		m.own[g] = m.between(-privateDeviation*maxGoodValue, privateDeviation*maxGoodValue)
		m.liking[g] = m.own[g] + privateDeviation*maxGoodValue
	}
	first := m.from(m.picked(m.liking), func(int) bool { return m.chance(additionalLocation) })
	value, common := m.value(first)
	if value <= 0 {
		return nil
	}
	var others []bundle
	for _, g := range first {
		other := m.from(g, func(goods int) bool { return goods < len(first) })
		if v, c := m.value(other); v >= 0 && v <= budgetFactor*value && c >= resaleFactor*common {
			others = append(others, newBundle(other, v))
		}
	}
	slices.SortStableFunc(others, func(a, b bundle) int { return cmp.Compare(b.amount, a.amount) })
	all := []bundle{newBundle(first, value)}
	for _, b := range others {
		if len(all) > maxSubstitutableBids {
			break
		}
		if !slices.ContainsFunc(all, func(a bundle) bool { return slices.Equal(a.goods, b.goods) }) {
			all = append(all, b)
		}
	}
	return all
}
