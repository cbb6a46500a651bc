package network

import (
	"encoding/binary"
	"math"
)

const (
	// enumerable is the most facilities of a component whose open sets are searched here; beyond, the
	// number of sets calls for the MIP.
	enumerable = 12
	// memory is how many outcomes an Evaluator remembers of each pool and component before it starts
	// afresh: some tens of megabytes.
	memory = 1 << 17
)

// An Evaluator computes values of one network and remembers them. It is for one goroutine; the values do
// not depend on what was asked before.
type Evaluator struct {
	n     *Network
	parts []*evaluator // components
	where [][]int      // the positions of a component's lots in n.Lots()
}

// An evaluator is the Evaluator of one component.
type evaluator struct {
	n     *Network
	pools []poolMemory
	whole *flow
	known map[string]outcome // where pools alone do not tell
	key   []byte
	w     []float64
	now   []*pooled // the pools' values at w
	best  outcome
}

// An outcome is the best set of open facilities with what it is worth.
type outcome struct {
	value float64
	open  uint64
	sites []bool // instead of open where the MIP chose
}

type poolMemory struct {
	*pool
	flow  *flow
	known map[string]*pooled
	tight bool // some facility of it may be short of capacity
}

// pooled is a pool's value with some volumes won, by set of its own open facilities; NaN where not yet known.
type pooled struct {
	value []float64
	use   [][]float64 // what each of its facilities carries, where the pool is tight
}

// NewEvaluator returns an Evaluator of the network.
func (n *Network) NewEvaluator() *Evaluator {
	e := &Evaluator{n: n}
	position := make(map[int]int, len(n.ids))
	for i, id := range n.ids {
		position[id] = i
	}
	for _, c := range n.Components() {
		e.parts = append(e.parts, newEvaluator(c))
		var where []int
		for _, id := range c.ids {
			where = append(where, position[id])
		}
		e.where = append(e.where, where)
	}
	return e
}

func newEvaluator(n *Network) *evaluator {
	e := &evaluator{n: n, known: map[string]outcome{}, w: make([]float64, len(n.lots)), now: make([]*pooled, len(n.pools))}
	e.whole = n.whole.flow()
	for i := range n.pools {
		p := &n.pools[i]
		m := poolMemory{pool: p, known: map[string]*pooled{}}
		if p.plan != nil {
			m.flow = p.plan.flow()
		}
		for _, f := range p.facilities {
			m.tight = m.tight || n.facilities[f].binds
		}
		e.pools = append(e.pools, m)
	}
	return e
}

// Value returns V(w): the best value of delivering the demand with these volumes won, by position in Lots().
// It is -Inf where some demand that must be delivered cannot be, which Check excludes.
func (e *Evaluator) Value(won []float64) float64 {
	total := 0.0
	for i, p := range e.parts {
		total += p.solve(won, e.where[i]).value
	}
	return total
}

// Value returns V(won), won by position in Lots(). To ask for many values use an Evaluator.
func (n *Network) Value(won []float64) float64 { return n.NewEvaluator().Value(won) }

// solve returns the best open facilities and the value of the component.
func (e *evaluator) solve(won []float64, where []int) outcome {
	for i, j := range where {
		e.w[i] = min(won[j], e.n.lots[i].useful)
	}
	searched := len(e.n.facilities) <= enumerable
	if e.n.tight || !searched {
		e.key = e.key[:0]
		for _, x := range e.w {
			e.key = binary.LittleEndian.AppendUint64(e.key, math.Float64bits(x))
		}
		if o, ok := e.known[string(e.key)]; ok {
			return o
		}
	}
	if searched {
		for i := range e.pools {
			e.now[i] = e.pools[i].at(e.w, &e.key)
		}
		e.best = outcome{value: negInf}
		e.search(1<<len(e.n.facilities)-1, 0, e.n.paid(), e.relaxed(1<<len(e.n.facilities)-1))
	} else {
		e.best = e.n.sites(e)
	}
	if e.n.tight || !searched {
		if len(e.known) >= memory {
			clear(e.known)
		}
		e.key = e.key[:0]
		for _, x := range e.w {
			e.key = binary.LittleEndian.AppendUint64(e.key, math.Float64bits(x))
		}
		e.known[string(e.key)] = e.best
	}
	return e.best
}

// paid returns the fixed costs of the facilities that are always open, which cost nothing to open or earn by it.
func (n *Network) paid() float64 {
	total := 0.0
	for f := range n.facilities {
		if n.must>>f&1 == 1 {
			total += n.facilities[f].fixed
		}
	}
	return total
}

// search decides facility by facility, from the f-th on, whether it is open: branch and bound, bounded by
// the pools' values with every undecided facility open and free of charge. open holds the facilities that
// are open or undecided, paid the fixed costs of those that are open for certain, value the pools' values with open.
func (e *evaluator) search(open uint64, f int, paid, value float64) {
	if value-paid <= e.best.value {
		return
	}
	if f < len(e.n.facilities) {
		if e.n.must>>f&1 == 1 {
			e.search(open, f+1, paid, value)
			return
		}
		without := open &^ (1 << f)
		e.search(without, f+1, paid, e.relaxed(without))
		e.search(open, f+1, paid+e.n.facilities[f].fixed, value)
		return
	}
	if e.n.tight && !e.fits(open) {
		value = e.n.whole.value(e.whole, e.w, func(f int) bool { return open>>f&1 == 1 })
	}
	if v := value - paid; v > e.best.value {
		e.best = outcome{value: v, open: open}
	}
}

// relaxed returns the pools' values with these facilities open, as if no facility's capacity were short.
func (e *evaluator) relaxed(open uint64) float64 {
	v := 0.0
	for i := range e.now {
		p := &e.pools[i]
		mine := p.local(open)
		x := e.now[i].value[mine]
		if math.IsNaN(x) {
			var use []float64
			if p.tight {
				use = make([]float64, len(p.facilities))
				e.now[i].use[mine] = use
			}
			x = p.solve(p.flow, e.w, mine, use)
			e.now[i].value[mine] = x
		}
		v += x
	}
	return v
}

// fits says whether the pools' own optima, taken together, respect the facilities' capacities.
func (e *evaluator) fits(open uint64) bool {
	for f := range e.n.facilities {
		if !e.n.facilities[f].binds || open>>f&1 == 0 {
			continue
		}
		used := 0.0
		for i := range e.now {
			p := &e.pools[i]
			if !p.tight {
				continue
			}
			for j, g := range p.facilities {
				if g == f {
					used += e.now[i].use[p.local(open)][j]
				}
			}
		}
		if used > e.n.facilities[f].capacity {
			return false
		}
	}
	return true
}

// local returns the pool's own part of a set of open facilities.
func (p *pool) local(open uint64) uint64 {
	mine := uint64(0)
	for j, f := range p.facilities {
		mine |= open >> f & 1 << j
	}
	return mine
}

// at returns what is known of the pool's values with w won.
func (m *poolMemory) at(w []float64, key *[]byte) *pooled {
	k := (*key)[:0]
	for _, l := range m.lots {
		k = binary.LittleEndian.AppendUint64(k, math.Float64bits(w[l]))
	}
	*key = k
	v, ok := m.known[string(k)]
	if !ok {
		if len(m.known) >= memory {
			clear(m.known)
		}
		v = &pooled{value: make([]float64, 1<<len(m.facilities))}
		for i := range v.value {
			v.value[i] = math.NaN()
		}
		if m.tight {
			v.use = make([][]float64, len(v.value))
		}
		m.known[string(k)] = v
	}
	return v
}

// A Delivery is how demand is delivered at best.
type Delivery struct {
	Value       float64
	Flows       []Flow // with positive volume, by demand
	Undelivered []Flow // optional demand left undelivered: Lot and Route are -1
	Facilities  []Site // the open ones
}

// A Flow is packages of one row of the bidder's Demand that go through one lot or route.
type Flow struct {
	Demand int     // into the bidder's Demand
	Lot    int     // case lot, -1 where a route delivers
	Route  int     // into the bidder's Routes, -1 where a lot delivers
	Volume float64 // packages
	Cost   float64 // access or route costs, money; 0 of what is undelivered
}

// A Site is an open facility.
type Site struct {
	Facility  int // into the bidder's Facilities
	FixedCost float64
}

// Deliver returns an optimal delivery with these volumes won, by position in Lots(); among optimal ones
// always the same.
func (n *Network) Deliver(won []float64) Delivery { return n.NewEvaluator().Deliver(won) }

// Deliver returns an optimal delivery with these volumes won, by position in Lots(); among optimal ones
// always the same.
func (e *Evaluator) Deliver(won []float64) Delivery {
	var d Delivery
	for i, p := range e.parts {
		p.deliver(p.solve(won, e.where[i]), &d)
	}
	return d
}

func (e *evaluator) deliver(o outcome, d *Delivery) {
	n := e.n
	open := func(f int) bool {
		if o.sites != nil {
			return o.sites[f]
		}
		return o.open>>f&1 == 1
	}
	d.Value += n.whole.value(e.whole, e.w, open)
	for f := range n.facilities {
		if open(f) {
			d.Facilities = append(d.Facilities, Site{Facility: n.facilities[f].id, FixedCost: n.facilities[f].fixed})
			d.Value -= n.facilities[f].fixed
		}
	}
	for _, k := range n.whole.links {
		x := e.whole.on(k.arc)
		if x <= dust*n.whole.demand {
			continue
		}
		f := Flow{Demand: n.rows[k.row].id, Lot: -1, Route: -1, Volume: x}
		switch {
		case k.lot >= 0:
			f.Lot, f.Cost = n.lots[k.lot].id, x*n.lots[k.lot].access
		case k.route >= 0:
			f.Route, f.Cost = n.routes[k.route].id, x*n.routes[k.route].cost
		default:
			d.Undelivered = append(d.Undelivered, f)
			continue
		}
		d.Flows = append(d.Flows, f)
	}
}
