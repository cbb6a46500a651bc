package generate

import (
	"container/heap"
	"math"
)

// The parameters of paths, by their names in the paper and the test suite.
const (
	initialConnections = 2   // a city is joined to so many of its nearest first
	edgeDensity        = 2   // goods a city, at most
	buildingPenalty    = 1.7 // the cost of a road that would have to be built, a unit of distance
	shippingCostFactor = 1.5 // shipping is worth at most so much a unit of distance
	maxBidSetSize      = 5   // alternatives a bidder
)

// finished is how many pairs of cities in a row that need no new road say that the network needs another city.
const finished = 20

// roads are a network of cities in the unit square; its edges are the goods. A city is joined to its nearest, then
// pairs of cities by a cheapest way over roads that are there, at their length, and roads to be built, at
// buildingPenalty times theirs, which are built: until there are as many roads as goods. A network in which nobody
// builds any more gets another city.
//
// A bidder ships between two cities. The shipping is worth d, uniform in [1, shippingCostFactor] times their
// distance; it bids d less its length for each of the shortest ways, at most maxBidSetSize, shorter than d.
type roads struct {
	draw
	at    [][2]float64
	edges [][]edge // by city
	built int
	goods int
}

type edge struct {
	to, good int
	length   float64
}

func newRoads(d draw, goods int) *roads {
	r := &roads{draw: d, goods: goods}
	for range max(3, goods/edgeDensity) {
		r.at, r.edges = append(r.at, [2]float64{d.Float64(), d.Float64()}), append(r.edges, nil)
	}
	for i := range r.at {
		r.connect(i)
	}
	for idle := 0; r.built < goods; idle++ {
		if idle == finished {
			r.at, r.edges = append(r.at, [2]float64{d.Float64(), d.Float64()}), append(r.edges, nil)
			r.connect(len(r.at) - 1)
			idle = 0
		}
		before := r.built
		way := r.cheapest(r.pair())
		for n := range len(way) - 1 {
			r.build(way[n], way[n+1])
		}
		if r.built > before {
			idle = 0
		}
	}
	return r
}

// connect joins a city to its nearest.
func (r *roads) connect(i int) {
	nearest := make([]int, len(r.at))
	for j := range nearest {
		nearest[j] = j
	}
	byDistance(nearest, func(j int) float64 { return hypot(r.at[i], r.at[j]) })
	for _, j := range nearest[1:min(len(nearest), 1+initialConnections)] { // the nearest is itself
		r.build(i, j)
	}
}

// pair is two cities.
func (r *roads) pair() (from, to int) {
	from, to = r.IntN(len(r.at)), r.IntN(len(r.at)-1)
	if to >= from {
		to++
	}
	return from, to
}

func (r *roads) joined(i, j int) bool {
	for _, e := range r.edges[i] {
		if e.to == j {
			return true
		}
	}
	return false
}

// build joins two cities that are not joined yet, as long as goods are left.
func (r *roads) build(i, j int) {
	if r.built == r.goods || r.joined(i, j) {
		return
	}
	length := hypot(r.at[i], r.at[j])
	r.edges[i] = append(r.edges[i], edge{j, r.built, length})
	r.edges[j] = append(r.edges[j], edge{i, r.built, length})
	r.built++
}

// cheapest is a cheapest way over roads built or not (A*, Hart, Nilsson and Raphael 1968, on the complete graph with
// the distance that is left as its estimate).
func (r *roads) cheapest(from, to int) []int {
	cost, left := make([]float64, len(r.at)), make([]float64, len(r.at))
	before, done := make([]int, len(r.at)), make([]bool, len(r.at))
	for i := range cost {
		cost[i], left[i] = math.Inf(1), hypot(r.at[i], r.at[to])
	}
	cost[from] = 0
	for {
		i := -1
		for j := range cost {
			if !done[j] && (i < 0 || cost[j]+left[j] < cost[i]+left[i]) {
				i = j
			}
		}
		if i == to {
			break
		}
		done[i] = true
		relax := func(j int, length float64) {
			if c := cost[i] + length; c < cost[j] && c+left[j] < cost[to] {
				cost[j], before[j] = c, i
			}
		}
		relax(to, buildingPenalty*left[i])
		for j := range cost {
			if !done[j] {
				relax(j, buildingPenalty*hypot(r.at[i], r.at[j]))
			}
		}
		for _, e := range r.edges[i] {
			relax(e.to, e.length)
		}
	}
	way := []int{to}
	for i := to; i != from; {
		i = before[i]
		way = append(way, i)
	}
	return way
}

func (r *roads) alternatives() []bundle {
	from, to := r.pair()
	worth := r.between(1, shippingCostFactor) * hypot(r.at[from], r.at[to])
	var all []bundle
	for _, w := range r.shortest(from, to, maxBidSetSize, worth) {
		all = append(all, newBundle(w.goods, worth-w.length))
	}
	return all
}

// A way is a simple path that has come to a city.
type way struct {
	city   int
	goods  []int
	cities []int
	length float64
	least  float64 // length of the shortest path that begins so, or less
}

// A frontier is ways by their least length.
type frontier []way

func (f frontier) Len() int           { return len(f) }
func (f frontier) Less(i, j int) bool { return f[i].least < f[j].least }
func (f frontier) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(w any)        { *f = append(*f, w.(way)) }
func (f *frontier) Pop() any {
	last := len(*f) - 1
	w := (*f)[last]
	*f = (*f)[:last]
	return w
}

// shortest are the k shortest simple paths shorter than most, shortest first (A* over paths, with the distance
// that is left over roads as its estimate).
func (r *roads) shortest(from, to, k int, most float64) []way {
	left := r.distances(to)
	f := &frontier{{city: from, cities: []int{from}, least: left[from]}}
	var found []way
	for f.Len() > 0 && len(found) < k {
		w := heap.Pop(f).(way)
		if w.least >= most {
			break
		}
		if w.city == to {
			found = append(found, w)
			continue
		}
		for _, e := range r.edges[w.city] {
			next := way{city: e.to, length: w.length + e.length}
			if next.least = next.length + left[e.to]; next.least >= most || contains(w.cities, e.to) {
				continue
			}
			next.goods = append(append(next.goods, w.goods...), e.good)
			next.cities = append(append(next.cities, w.cities...), e.to)
			heap.Push(f, next)
		}
	}
	return found
}

func contains(cities []int, city int) bool {
	for _, c := range cities {
		if c == city {
			return true
		}
	}
	return false
}

// distances are those over roads to a city, +Inf where there is no way.
func (r *roads) distances(to int) []float64 {
	length := make([]float64, len(r.at))
	for i := range length {
		length[i] = math.Inf(1)
	}
	length[to] = 0
	f := &frontier{{city: to}}
	for f.Len() > 0 {
		w := heap.Pop(f).(way)
		if w.length > length[w.city] {
			continue
		}
		for _, e := range r.edges[w.city] {
			if l := w.length + e.length; l < length[e.to] {
				length[e.to] = l
				heap.Push(f, way{city: e.to, length: l, least: l})
			}
		}
	}
	return length
}
