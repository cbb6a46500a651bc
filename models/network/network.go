// Package network says what lots are worth to a bidder: the best value of delivering its demand with the
// lots it won and its own routes.
//
//	V(w) = max  Σ_r value_r · delivered_r − access costs − route costs − Σ_f fixed_f · open_f
//	s.t. volume through lot l ≤ w_l                                   every lot l
//	     volume on route k ≤ capacity_k                               every route k
//	     Σ_{k of f} volume on route k ≤ capacity_f · open_f           every facility f
//	     delivered_r = volume_r where r must be delivered, ≤ volume_r where delivery is optional
//	     open_f ∈ {0,1}
//
// Given which facilities are open, this is a min-cost flow and concave in w; the maximum over the sets of
// open facilities is not, which is what makes lots complements of each other as well as substitutes.
package network

import (
	"math"
	"slices"
	"sync"

	"lotwise/models/auction"
)

// Network is one bidder type's network, its numbers multiplied by the type's factors, over the lots that it
// can use, or a part of one. It does not change once made and may be shared between goroutines.
type Network struct {
	bidder, typ int
	lots        []lot
	rows        []row
	routes      []route
	facilities  []facility

	ids   []int // case lots, by position
	pools []pool
	whole *plan  // the flow of the whole network, facilities' capacities in it
	must  uint64 // facilities that cost nothing to open, or earn by it
	tight bool   // whether some facility's capacity can bind

	once  sync.Once
	parts []*Network // components, once asked for
}

// A lot is one of the case's lots.
type lot struct {
	id     int // case lot
	access float64
	rows   []int // demand rows it may deliver
	useful float64
}

// A row is a row of demand with positive volume.
type row struct {
	id       int // into the bidder's Demand
	zone     string
	services []string
	volume   float64
	value    float64
	optional bool
}

// A route is a way to deliver without a lot.
type route struct {
	id       int // into the bidder's Routes
	cost     float64
	capacity float64
	facility int // into Network.facilities, -1 for none
	rows     []int
	reach    float64 // volume of all its rows
}

// binds says whether the route's own capacity can ever be short.
func (r *route) binds() bool { return r.capacity < r.reach }

// A facility is a station.
type facility struct {
	id       int // into the bidder's Facilities
	fixed    float64
	capacity float64
	binds    bool // its capacity can be short of what its routes may carry
}

// New returns the network of one type of a bidder.
func New(c *auction.Case, bidder, typ int) *Network {
	b := &c.Bidders[bidder]
	t := &b.Types[typ]
	var rows []row
	for i := range b.Demand {
		d := &b.Demand[i]
		if v := d.Volume * t.VolumeFactor; v > 0 {
			rows = append(rows, row{id: i, zone: d.Zone, services: d.Services, volume: v, value: d.Value * t.ValueFactor, optional: d.Optional()})
		}
	}
	byZone := map[string][]int{}
	for i := range rows {
		byZone[rows[i].zone] = append(byZone[rows[i].zone], i)
	}
	fits := func(zone, service string) (fit []int) {
		for _, i := range byZone[zone] {
			if b.Demand[rows[i].id].Accepts(service) {
				fit = append(fit, i)
			}
		}
		return fit
	}
	var routes []route
	for i := range b.Routes {
		r := &b.Routes[i]
		if fit := fits(r.Zone, r.Service); len(fit) > 0 && r.Capacity > 0 {
			routes = append(routes, route{id: i, cost: r.UnitCost * t.UnitCostFactor, capacity: r.Capacity, facility: r.Facility, rows: fit})
		}
	}
	var facilities []facility
	for i := range b.Facilities {
		f := &b.Facilities[i]
		facilities = append(facilities, facility{id: i, fixed: f.FixedCost * t.FixedCostFactor, capacity: f.Capacity})
	}
	serving := make([][]int, len(rows)) // routes by row
	for k := range routes {
		for _, r := range routes[k].rows {
			serving[r] = append(serving[r], k)
		}
	}
	var lots []lot
	for id := range c.Lots {
		l := &c.Lots[id]
		access, ok := b.LotAccess(id)
		if !ok || l.Capacity <= 0 {
			continue
		}
		access *= t.AccessCostFactor
		if fit := fits(l.Zone, l.Service); len(fit) > 0 && canHelp(access, fit, rows, routes, serving) {
			lots = append(lots, lot{id: id, access: access, rows: fit})
		}
	}
	return assemble(bidder, typ, lots, rows, routes, facilities)
}

// canHelp says whether a lot may save or earn anything at all. It cannot where each of its rows has a
// substitute that is never dearer and never short: leaving the row undelivered for at most its value, or
// a route that needs no facility and could carry everything it may carry. serving are the routes by row.
func canHelp(access float64, fit []int, rows []row, routes []route, serving [][]int) bool {
	for _, r := range fit {
		if rows[r].optional && rows[r].value <= access {
			continue
		}
		if !slices.ContainsFunc(serving[r], func(n int) bool {
			k := &routes[n]
			reach := 0.0
			for _, q := range k.rows {
				reach += rows[q].volume
			}
			return k.facility < 0 && k.cost <= access && k.capacity >= reach
		}) {
			return true
		}
	}
	return false
}

// assemble makes a network of its parts and drops facilities that no route uses. The routes' facilities
// and all rows index into the slices given.
func assemble(bidder, typ int, lots []lot, rows []row, routes []route, facilities []facility) *Network {
	n := &Network{bidder: bidder, typ: typ, lots: lots, rows: rows}
	used := make([]float64, len(facilities)) // what its routes may carry
	carries := make([]bool, len(facilities))
	touched := make([]map[int]bool, len(facilities))
	for _, k := range routes {
		k.reach = 0
		for _, r := range k.rows {
			k.reach += rows[r].volume
		}
		n.routes = append(n.routes, k)
		if f := k.facility; f >= 0 {
			carries[f] = true
			used[f] += min(k.capacity, k.reach)
			if touched[f] == nil {
				touched[f] = map[int]bool{}
			}
			for _, r := range k.rows {
				touched[f][r] = true
			}
		}
	}
	place := make([]int, len(facilities))
	for f := range facilities {
		place[f] = -1
		if !carries[f] && facilities[f].fixed >= 0 {
			continue
		}
		place[f] = len(n.facilities)
		g := facilities[f]
		demand := 0.0
		for r := range rows {
			if touched[f][r] {
				demand += rows[r].volume
			}
		}
		g.binds = g.capacity < min(used[f], demand)
		if g.fixed <= 0 && place[f] < 64 {
			n.must |= 1 << place[f]
		}
		n.tight = n.tight || g.binds
		n.facilities = append(n.facilities, g)
	}
	for i := range n.routes {
		if k := &n.routes[i]; k.facility >= 0 {
			k.facility = place[k.facility]
		}
	}
	for i := range n.lots {
		l := &n.lots[i]
		l.useful = 0
		for _, r := range l.rows {
			l.useful += rows[r].volume
		}
		n.ids = append(n.ids, l.id)
	}
	n.pools = n.makePools()
	n.whole = n.plan(all(len(n.lots)), all(len(n.rows)), all(len(n.routes)), true)
	return n
}

func all(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// Bidder and Type say whose network it is.
func (n *Network) Bidder() int { return n.bidder }

// Type is the bidder's type whose factors are applied.
func (n *Network) Type() int { return n.typ }

// Lots returns the case's lots that the network can use, ascending: those accessible, with zone and service
// acceptable to some demand, and not superfluous whatever else is won. The caller must not change it.
func (n *Network) Lots() []int { return n.ids }

// Facilities returns how many facilities the network may open.
func (n *Network) Facilities() int { return len(n.facilities) }

// Useful returns the most packages of the lot, by position, that the network could put to use: winning more
// is worth nothing more.
func (n *Network) Useful(lot int) float64 { return n.lots[lot].useful }

// Components splits the network into parts that share no demand, route or facility: V is the sum of the
// parts' values. Parts without lots are included, so that delivery costs add up. They are in the order of
// their first lots, those without lots last.
func (n *Network) Components() []*Network {
	n.once.Do(func() {
		if n.parts = n.split(nil); len(n.parts) == 1 {
			n.parts[0] = n
		}
	})
	return n.parts
}

// Restrict returns the union of the components that hold one of these case lots.
func (n *Network) Restrict(lots []int) *Network {
	wanted := map[int]bool{}
	for _, l := range lots {
		wanted[l] = true
	}
	return n.split(wanted)[0]
}

// split returns each component, or, with wanted lots, the one union of the components that hold any.
func (n *Network) split(wanted map[int]bool) []*Network {
	// Nodes: rows, then lots, routes and facilities.
	nl, nr, nk := len(n.lots), len(n.rows), len(n.routes)
	u := NewUnion(nr + nl + nk + len(n.facilities))
	for i, l := range n.lots {
		for _, r := range l.rows {
			u.Join(r, nr+i)
		}
	}
	for i, k := range n.routes {
		for _, r := range k.rows {
			u.Join(r, nr+nl+i)
		}
		if k.facility >= 0 {
			u.Join(nr+nl+nk+k.facility, nr+nl+i)
		}
	}
	// A component is numbered by where it first appears: in its lots, else in its rows or facilities.
	number := map[int]int{}
	count := 0
	if wanted != nil {
		count = 1
		for i, l := range n.lots {
			if wanted[l.id] {
				number[u.Find(nr+i)] = 0
			}
		}
	} else {
		visit := func(node int) {
			if _, ok := number[u.Find(node)]; !ok {
				number[u.Find(node)] = count
				count++
			}
		}
		for i := range n.lots {
			visit(nr + i)
		}
		for r := range n.rows {
			visit(r)
		}
		for f := range n.facilities {
			visit(nr + nl + nk + f)
		}
	}
	type parts struct {
		lots       []lot
		rows       []row
		routes     []route
		facilities []facility
	}
	part := make([]parts, count)
	rowAt, facilityAt := make([]int, nr), make([]int, len(n.facilities))
	for r := range n.rows {
		if c, ok := number[u.Find(r)]; ok {
			rowAt[r] = len(part[c].rows)
			part[c].rows = append(part[c].rows, n.rows[r])
		}
	}
	for f := range n.facilities {
		if c, ok := number[u.Find(nr+nl+nk+f)]; ok {
			facilityAt[f] = len(part[c].facilities)
			part[c].facilities = append(part[c].facilities, n.facilities[f])
		}
	}
	renumber := func(rows []int) []int {
		s := make([]int, len(rows))
		for i, r := range rows {
			s[i] = rowAt[r]
		}
		return s
	}
	for i, l := range n.lots {
		if c, ok := number[u.Find(nr+i)]; ok {
			l.rows = renumber(l.rows)
			part[c].lots = append(part[c].lots, l)
		}
	}
	for i, k := range n.routes {
		if c, ok := number[u.Find(nr+nl+i)]; ok {
			k.rows = renumber(k.rows)
			if k.facility >= 0 {
				k.facility = facilityAt[k.facility]
			}
			part[c].routes = append(part[c].routes, k)
		}
	}
	nets := make([]*Network, count)
	for c, p := range part {
		nets[c] = assemble(n.bidder, n.typ, p.lots, p.rows, p.routes, p.facilities)
	}
	return nets
}

// Priced returns the network with price[j] a package added to the access cost of the lot at position j. Its
// value is what won lots are worth when every package that is put to use is paid for.
func (n *Network) Priced(price []float64) *Network {
	lots := slices.Clone(n.lots)
	for j := range lots {
		lots[j].access += price[j]
	}
	return assemble(n.bidder, n.typ, lots, n.rows, n.routes, n.facilities)
}

// Renumbered returns the network in a case in which its lots have these numbers.
func (n *Network) Renumbered(at map[int]int) *Network {
	lots := slices.Clone(n.lots)
	for j := range lots {
		lots[j].id = at[lots[j].id]
	}
	return assemble(n.bidder, n.typ, lots, n.rows, n.routes, n.facilities)
}

// Union is a disjoint-set forest: which of the numbers from 0 on are joined.
type Union []int

// NewUnion returns n numbers of which none are joined.
func NewUnion(n int) Union { return all(n) }

// Find returns the number that stands for all that a is joined with, the least of them.
func (u Union) Find(a int) int {
	for u[a] != a {
		u[a] = u[u[a]]
		a = u[a]
	}
	return a
}

// Sets returns, ascending, the sets of joined numbers that hold any of these, in the order of their least.
func (u Union) Sets(held []int) [][]int {
	at := map[int]int{} // by what stands for a set: its place, -1 until it is met
	for _, a := range held {
		at[u.Find(a)] = -1
	}
	var sets [][]int
	for a := range u {
		root := u.Find(a)
		k, wanted := at[root]
		if !wanted {
			continue
		}
		if k < 0 {
			k = len(sets)
			at[root] = k
			sets = append(sets, nil)
		}
		sets[k] = append(sets[k], a)
	}
	return sets
}

// Join joins a and b.
func (u Union) Join(a, b int) {
	a, b = u.Find(a), u.Find(b)
	u[max(a, b)] = min(a, b)
}

// negInf is the value of what cannot be delivered.
var negInf = math.Inf(-1)
