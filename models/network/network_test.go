package network_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lotwise/models/auction"
	"lotwise/models/network"
	"lotwise/solver"
)

var services = []string{"", "same", "next"}

// draw is a random case of one bidder: small whole numbers, so that costs tie often.
func draw(t *rapid.T, facilities int) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules()}
	zones := rapid.IntRange(1, 3).Draw(t, "zones")
	zone := func(name string) string { return fmt.Sprint("z", rapid.IntRange(0, zones-1).Draw(t, name)) }
	service := rapid.SampledFrom(services)
	b := auction.Bidder{Name: "b", AccessCost: math.NaN(), Access: map[int]float64{}, Types: []auction.Type{auction.Known}}
	number := func(name string, most int) float64 { return float64(rapid.IntRange(0, most).Draw(t, name)) }
	for i := range rapid.IntRange(1, 4).Draw(t, "rows") {
		d := auction.Demand{Zone: zone("row zone"), Volume: number("volume", 6), Value: math.NaN(), Source: auction.Source{File: "demand.csv", Line: i + 2}}
		if s := rapid.SampledFrom([]string{"", "same", "next", "same|next"}).Draw(t, "services"); s != "" {
			d.Services = strings.Split(s, "|")
		}
		if rapid.Bool().Draw(t, "optional") {
			d.Value = number("value", 9)
		}
		b.Demand = append(b.Demand, d)
	}
	for range facilities {
		f := auction.Facility{FixedCost: number("fixed", 12), Capacity: math.Inf(1)}
		if rapid.Bool().Draw(t, "scarce") {
			f.Capacity = number("capacity", 8)
		}
		b.Facilities = append(b.Facilities, f)
	}
	for range rapid.IntRange(0, 6+facilities).Draw(t, "routes") {
		r := auction.Route{Zone: zone("route zone"), Service: service.Draw(t, "route service"), UnitCost: number("unit", 9), Capacity: math.Inf(1), Facility: -1}
		if rapid.Bool().Draw(t, "capped") {
			r.Capacity = number("route capacity", 5)
		}
		if facilities > 0 && rapid.Bool().Draw(t, "at a facility") {
			r.Facility = rapid.IntRange(0, facilities-1).Draw(t, "facility")
		}
		b.Routes = append(b.Routes, r)
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "lots") {
		c.Lots = append(c.Lots, auction.Lot{Name: fmt.Sprint("l", i), Zone: zone("lot zone"), Service: service.Draw(t, "lot service"), Capacity: 10})
		if rapid.IntRange(0, 5).Draw(t, "access") > 0 {
			b.Access[i] = number("access cost", 7)
		}
	}
	c.Bidders = []auction.Bidder{b}
	return c
}

// mip states V word for word, over all lots of the case.
func mip(t *rapid.T, c *auction.Case, won map[int]float64) float64 {
	b := &c.Bidders[0]
	m := solver.NewModel("V", solver.Maximize)
	served := make([][]solver.Term, len(b.Demand))
	carry := func(zone, service string, cost, capacity float64) []solver.Term {
		var through []solver.Term
		for r := range b.Demand {
			d := &b.Demand[r]
			if d.Zone != zone || !d.Accepts(service) {
				continue
			}
			x := m.Continuous("x", "", 0, math.Inf(1))
			gain := -cost
			if d.Optional() {
				gain += d.Value
			}
			m.Objective(x.Times(gain))
			served[r] = append(served[r], x.Times(1))
			through = append(through, x.Times(1))
		}
		m.AtMost("capacity", "", through, capacity)
		return through
	}
	for i := range c.Lots {
		if cost, ok := b.LotAccess(i); ok {
			carry(c.Lots[i].Zone, c.Lots[i].Service, cost, won[i])
		}
	}
	used := make([][]solver.Term, len(b.Facilities))
	for _, r := range b.Routes {
		x := carry(r.Zone, r.Service, r.UnitCost, r.Capacity)
		if r.Facility >= 0 {
			used[r.Facility] = append(used[r.Facility], x...)
		}
	}
	for i, f := range b.Facilities {
		open := m.Binary("open", "")
		m.Objective(open.Times(-f.FixedCost))
		m.AtMost("facility", "", append(used[i], open.Times(-min(f.Capacity, 100))), 0)
	}
	for r, d := range b.Demand {
		if d.Optional() {
			m.AtMost("demand", "", served[r], d.Volume)
		} else {
			m.Equal("demand", "", served[r], d.Volume)
		}
	}
	s, err := solver.Solve(context.Background(), m, solver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !s.HasValues() {
		return math.Inf(-1)
	}
	return s.Objective
}

func same(a, b float64) bool { return a == b || math.Abs(a-b) <= 1e-6*math.Max(1, math.Abs(b)) }

func outcome(t *rapid.T, n *network.Network) ([]float64, map[int]float64) {
	w := make([]float64, len(n.Lots()))
	won := map[int]float64{}
	for i, l := range n.Lots() {
		w[i] = float64(rapid.IntRange(0, 7).Draw(t, "won"))
		won[l] = w[i]
	}
	return w, won
}

// V is what the formula says, lots that were left out included; components add up, Restrict keeps them, and
// the delivery that goes with V is feasible, unique and worth V.
func TestValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := draw(t, rapid.IntRange(0, 3).Draw(t, "facilities"))
		n := network.New(c, 0, 0)
		e := n.NewEvaluator()
		for range 3 {
			w, won := outcome(t, n)
			for l := range c.Lots { // lots that the network left out help nothing
				if _, ok := won[l]; !ok {
					won[l] = 5
				}
			}
			want := mip(t, c, won)
			got := e.Value(w)
			if !same(got, want) {
				t.Fatalf("V(%v) = %v, MIP %v", w, got, want)
			}
			if again := n.Value(w); again != got {
				t.Fatalf("V(%v) = %v, afresh %v", w, got, again)
			}
			sum := 0.0
			for _, p := range n.Components() {
				var part []float64
				for _, l := range p.Lots() {
					part = append(part, won[l])
				}
				sum += p.Value(part)
			}
			if !same(sum, got) {
				t.Fatalf("components %v, whole %v", sum, got)
			}
			if !math.IsInf(got, -1) {
				checkDelivery(t, c, e.Deliver(w), got, won)
			}
		}
	})
}

func checkDelivery(t *rapid.T, c *auction.Case, d network.Delivery, value float64, won map[int]float64) {
	b := &c.Bidders[0]
	open := map[int]bool{}
	worth := 0.0
	for _, s := range d.Facilities {
		open[s.Facility] = true
		worth -= s.FixedCost
	}
	lot, route := map[int]float64{}, map[int]float64{}
	row, station := map[int]float64{}, map[int]float64{}
	for _, f := range d.Flows {
		need := &b.Demand[f.Demand]
		row[f.Demand] += f.Volume
		worth -= f.Cost
		if need.Optional() {
			worth += f.Volume * need.Value
		}
		if f.Lot >= 0 {
			lot[f.Lot] += f.Volume
			if l := &c.Lots[f.Lot]; l.Zone != need.Zone || !need.Accepts(l.Service) {
				t.Fatalf("lot %d does not fit row %d", f.Lot, f.Demand)
			}
			continue
		}
		r := &b.Routes[f.Route]
		if r.Zone != need.Zone || !need.Accepts(r.Service) {
			t.Fatalf("route %d does not fit row %d", f.Route, f.Demand)
		}
		route[f.Route] += f.Volume
		if r.Facility >= 0 {
			station[r.Facility] += f.Volume
			if !open[r.Facility] {
				t.Fatalf("route %d of a closed facility", f.Route)
			}
		}
	}
	for _, f := range d.Undelivered {
		row[f.Demand] += f.Volume
		if !b.Demand[f.Demand].Optional() {
			t.Fatalf("row %d is not delivered", f.Demand)
		}
	}
	for r := range b.Demand {
		if !same(row[r], b.Demand[r].Volume) {
			t.Fatalf("row %d: %v of %v", r, row[r], b.Demand[r].Volume)
		}
	}
	for l, v := range lot {
		if v > won[l]+1e-9 {
			t.Fatalf("lot %d carries %v of %v", l, v, won[l])
		}
	}
	for r, v := range route {
		if v > b.Routes[r].Capacity+1e-9 {
			t.Fatalf("route %d carries %v", r, v)
		}
	}
	for f, v := range station {
		if v > b.Facilities[f].Capacity+1e-9 {
			t.Fatalf("facility %d carries %v", f, v)
		}
	}
	if !same(worth, value) {
		t.Fatalf("delivery worth %v, V %v", worth, value)
	}
}

// Beyond the facilities that are searched here, the MIP chooses; it must agree with the model.
func TestManyFacilities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := draw(t, 14)
		b := &c.Bidders[0]
		for f := range b.Facilities { // all in one component
			b.Routes = append(b.Routes, auction.Route{Zone: b.Demand[0].Zone, UnitCost: float64(1 + f%5), Capacity: math.Inf(1), Facility: f})
		}
		b.Demand[0].Volume++
		b.Demand[0].Services = nil
		n := network.New(c, 0, 0)
		w, won := outcome(t, n)
		if got, want := n.Value(w), mip(t, c, won); !same(got, want) {
			t.Fatalf("V(%v) = %v, MIP %v", w, got, want)
		}
	})
}

// Check refuses exactly what no open facility delivers without lots, and names rows of demand.csv.
func TestCheck(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := draw(t, rapid.IntRange(0, 2).Draw(t, "facilities"))
		err := network.Check(c)
		possible := !math.IsInf(mip(t, c, nil), -1)
		if possible != (err == nil) {
			t.Fatalf("deliverable %v, Check %v", possible, err)
		}
		var bad *auction.Infeasible
		if err != nil && (!errors.As(err, &bad) || len(bad.Conflicts) == 0 || bad.Conflicts[0].Source.Line < 2) {
			t.Fatalf("%v", err)
		}
	})
}

func TestCheckNamesRows(t *testing.T) {
	c := &auction.Case{Bidders: []auction.Bidder{{
		Name: "b", AccessCost: math.NaN(), Types: []auction.Type{auction.Known},
		Demand: []auction.Demand{
			{Zone: "Z", Volume: 50, Value: math.NaN(), Source: auction.Source{File: "demand.csv", Line: 2}},
			{Zone: "Y", Volume: 70, Value: math.NaN(), Source: auction.Source{File: "demand.csv", Line: 3}},
			{Zone: "Y", Services: []string{"same"}, Volume: 70, Value: math.NaN(), Source: auction.Source{File: "demand.csv", Line: 4}},
		},
		Routes: []auction.Route{
			{Zone: "Z", UnitCost: 1, Capacity: 60, Facility: -1},
			{Zone: "Y", UnitCost: 1, Capacity: 100, Facility: -1},
		},
	}}}
	err := network.Check(c)
	want := "infeasible:\n" +
		"demand.csv:3: bidder b must deliver 70 packages in zone Y, its routes alone can carry 100 of the 140 packages of these 2 rows together; add a route or capacity, or give the demand a value\n" +
		"demand.csv:4: bidder b must deliver 70 packages in zone Y (same), its routes alone can carry 100 of the 140 packages of these 2 rows together; add a route or capacity, or give the demand a value"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// Given the facilities a pool's value is concave, and its slope in one lot falls exactly at the kinks; the
// pools' values with the best open facilities are V, and no less than V where a facility's capacity is scarce.
func TestPools(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := draw(t, rapid.IntRange(0, 2).Draw(t, "facilities"))
		n := network.New(c, 0, 0)
		w, _ := outcome(t, n)
		pools := n.Pools()
		best := math.Inf(-1)
		for open := range uint64(1) << n.Facilities() {
			total := 0.0
			for f := range n.Facilities() {
				if open>>f&1 == 1 {
					total -= n.FixedCost(f)
				}
			}
			for _, p := range pools {
				mine, local := make([]float64, len(p.Lots())), uint64(0)
				for i, l := range p.Lots() {
					mine[i] = w[l]
				}
				for i, f := range p.Facilities() {
					local |= open >> f & 1 << i
				}
				total += p.Value(mine, local)
				for l := range mine {
					checkKinks(t, p, l, mine, local)
				}
			}
			best = max(best, total)
		}
		switch v := n.Value(w); {
		case n.Scarce() && best < v-1e-9*math.Abs(v):
			t.Fatalf("pools %v under V %v", best, v)
		case !n.Scarce() && !same(best, v):
			t.Fatalf("pools %v, V %v", best, v)
		}
	})
}

func checkKinks(t *rapid.T, p *network.Pool, l int, w []float64, open uint64) {
	w = slices.Clone(w)
	ks := p.Kinks(l, w, open)
	var bends []float64
	at := func(x float64) float64 { w[l] = x; return p.Value(w, open) }
	for x := 1.; x < 30; x++ {
		bend := at(x+1) - 2*at(x) + at(x-1)
		if bend > 1e-9 {
			t.Fatalf("not concave at %v", x)
		}
		if bend < -1e-9 || math.IsNaN(bend) && !math.IsInf(at(x), -1) && math.IsInf(at(x-1), -1) {
			bends = append(bends, x)
		}
	}
	for _, x := range bends {
		if !slices.ContainsFunc(ks, func(k float64) bool { return same(k, x) }) {
			t.Fatalf("the slope falls at %v, kinks %v", bends, ks)
		}
	}
}

// A billion packages and one are told apart: tolerances are relative.
func TestLargeVolumes(t *testing.T) {
	big := 1e9
	c := &auction.Case{
		Lots: []auction.Lot{{Name: "l", Zone: "Z", Capacity: big}, {Name: "m", Zone: "Z", Capacity: big}},
		Bidders: []auction.Bidder{{
			Name: "b", AccessCost: 0.1, Types: []auction.Type{auction.Known},
			Demand: []auction.Demand{
				{Zone: "Z", Volume: big, Value: math.NaN()},
				{Zone: "Z", Services: []string{"x"}, Volume: 7, Value: 2},
			},
			Routes:     []auction.Route{{Zone: "Z", UnitCost: 0.7, Capacity: big / 3, Facility: 0}, {Zone: "Z", UnitCost: 1.3, Capacity: math.Inf(1), Facility: -1}},
			Facilities: []auction.Facility{{FixedCost: 0.1 * big, Capacity: big / 4}},
		}},
	}
	e := network.New(c, 0, 0).NewEvaluator()
	if got, want := e.Value([]float64{0, 0}), -(1.3*big+7*1.3-14)+(0.6-0.4)*big/4-0; !near(got, want, 1e-14) {
		// Opening saves 0.6 a package on a quarter for 0.1 a package of the whole.
		t.Errorf("V(0) = %.17g, want %.17g", got, want)
	}
	if gain := e.Value([]float64{1, 0}) - e.Value([]float64{0, 0}); math.Abs(gain-1.2) > 1e-5 {
		t.Errorf("the first package is worth %v, want 1.2", gain)
	}
	if got, want := e.Value([]float64{big, 7}), -0.1*(big+7)+14; !near(got, want, 1e-14) {
		t.Errorf("V = %.17g, want %.17g", got, want)
	}
}

func near(a, b, relative float64) bool { return math.Abs(a-b) <= relative*math.Abs(b) }

func BenchmarkValue(b *testing.B) {
	c := station(6)
	n := network.New(c, 0, 0)
	e := n.NewEvaluator()
	w := make([]float64, len(n.Lots()))
	for b.Loop() {
		for i := range w {
			w[i] = float64((i*7 + b.N) % 11)
		}
		e.Value(w)
	}
}

// station is a hub with two stations over some zones with two lots each.
func station(zones int) *auction.Case {
	c := &auction.Case{}
	b := auction.Bidder{Name: "b", AccessCost: 0.5, Types: []auction.Type{auction.Known}}
	b.Facilities = []auction.Facility{{FixedCost: 20, Capacity: math.Inf(1)}, {FixedCost: 15, Capacity: math.Inf(1)}}
	for z := range zones {
		name := fmt.Sprint(z)
		c.Lots = append(c.Lots, auction.Lot{Zone: name, Service: "same", Capacity: 10}, auction.Lot{Zone: name, Service: "next", Capacity: 10})
		b.Demand = append(b.Demand, auction.Demand{Zone: name, Volume: 10, Value: math.NaN()}, auction.Demand{Zone: name, Services: []string{"same"}, Volume: 3, Value: math.NaN()})
		b.Routes = append(b.Routes,
			auction.Route{Zone: name, UnitCost: 1, Capacity: math.Inf(1), Facility: z % 2},
			auction.Route{Zone: name, UnitCost: 3, Capacity: math.Inf(1), Facility: -1})
	}
	c.Bidders = []auction.Bidder{b}
	return c
}

// Between the lines of a pool of two lots its value is linear.
func TestLines(t *testing.T) {
	tried := 0
	rapid.Check(t, func(t *rapid.T) {
		c := draw(t, rapid.IntRange(0, 1).Draw(t, "facilities"))
		n := network.New(c, 0, 0)
		for _, p := range n.Pools() {
			if len(p.Lots()) != 2 {
				continue
			}
			tried++
			open := uint64(rapid.IntRange(0, 1<<len(p.Facilities())-1).Draw(t, "open"))
			lines, ok := p.Lines(open)
			if !ok {
				t.Fatal("lines not found")
			}
			top := [2]float64{n.Useful(p.Lots()[0]), n.Useful(p.Lots()[1])}
			point := func(name string) [2]float64 {
				at := func(l int) float64 { return top[l] * float64(rapid.IntRange(0, 24).Draw(t, name)) / 24 }
				return [2]float64{at(0), at(1)}
			}
			u, v := point("u"), point("v")
			apart := func(lines []float64, of func(p [2]float64) float64) bool {
				return slices.ContainsFunc(lines, func(c float64) bool { return (of(u)-c)*(of(v)-c) < -1e-12 })
			}
			checkPlanes(t, p, open, u)
			if apart(lines.First, func(p [2]float64) float64 { return p[0] }) || apart(lines.Second, func(p [2]float64) float64 { return p[1] }) ||
				apart(lines.Sum, func(p [2]float64) float64 { return p[0] + p[1] }) {
				continue
			}
			a, b := p.Value(u[:], open), p.Value(v[:], open)
			mid := p.Value([]float64{(u[0] + v[0]) / 2, (u[1] + v[1]) / 2}, open)
			if !math.IsInf(a, -1) && !math.IsInf(b, -1) && !same((a+b)/2, mid) {
				t.Fatalf("V%v = %v, V%v = %v, between %v; lines %v", u, a, v, b, mid, lines)
			}
		}
	})
	if tried == 0 {
		t.Error("no pool of two lots was drawn")
	}
}

// checkPlanes checks that the least of the planes is the value.
func checkPlanes(t *rapid.T, p *network.Pool, open uint64, w [2]float64) {
	planes, _ := p.Planes(open)
	least := math.Inf(1)
	for i := range planes {
		least = min(least, planes[i].On(w[0], w[1]))
	}
	if v := p.Value(w[:], open); !math.IsInf(v, -1) && math.Abs(v-least) > 1e-12*math.Max(100, math.Abs(v)) {
		t.Fatalf("V%v = %v, planes %v", w, v, least)
	}
}
