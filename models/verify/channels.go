package verify

import (
	"math"
	"sort"
	"strings"

	"lotwise/models/auction"
)

// network.csv holds expected volumes and costs by channel. Where costs tie, the split over channels is not
// unique; what is checked is each row's unit cost, what each channel can carry, that demand is covered,
// and that the whole is as good as the recomputed optimum: value delivered less cost equals E[V(w)].

// A haul is what network.csv, or network_without_lots.csv, says of one bidder.
type haul struct {
	table    string
	list     []auction.NetworkRow // the table
	rows     []int                // of it, the bidder's
	byLot    map[int]float64
	byRoute  []float64
	byZone   map[string]float64
	cost     float64
	complete bool // every row could be told to a channel
}

// checkNetwork checks network.csv against the recomputed deliveries of every strategic bidder, and network_without_lots.csv
// against those of nobody having won anything.
func (k *checker) checkNetwork(p *play, results []*arenaResult, sold sales) {
	k.checkHauls(p, tableNetwork, k.r.Network, sold, func(b int) expectedHaul { return k.delivered(p, results, b) })
	k.checked("%d rows of network.csv: unit costs, capacities, volume won, demand covered and total cost by bidder", len(k.r.Network))
	if k.r.WithoutLots == nil {
		return // a run of a version that did not write it
	}
	k.checkHauls(p, tableWithoutLots, k.r.WithoutLots, sales{}, func(b int) (out expectedHaul) {
		for t, ty := range k.c.Bidders[b].Types {
			if w, ok := p.weight[[2]int{b, t}]; ok {
				for _, part := range newNetwork(k.c, &k.c.Bidders[b], ty).parts {
					by := part.leanBy()
					out.add(w, part.none(), part.leaning(-by).none(), part.leaning(by).none())
				}
			}
		}
		return out
	})
	k.checked("%d rows of network_without_lots.csv: the same", len(k.r.WithoutLots))
}

// checkHauls checks the rows of a table against what the bidders win and what their deliveries are worth.
func (k *checker) checkHauls(p *play, table string, list []auction.NetworkRow, sold sales, want func(bidder int) expectedHaul) {
	hauls := map[int]*haul{}
	for b := range k.c.Bidders {
		for t := range k.c.Bidders[b].Types {
			if _, ok := p.weight[[2]int{b, t}]; ok {
				hauls[b] = &haul{table: table, list: list, byLot: map[int]float64{}, byRoute: make([]float64, len(k.c.Bidders[b].Routes)), byZone: map[string]float64{}, complete: true}
			}
		}
	}
	for i, r := range list {
		b, ok := k.bidderNamed(table, i, r.Bidder)
		if !ok {
			continue
		}
		h := hauls[b]
		if h == nil {
			k.find(table, i, "bidder", "%q delivers nothing in this run", r.Bidder)
			continue
		}
		h.rows = append(h.rows, i)
		k.channel(p, b, h, i)
	}
	bidders := make([]int, 0, len(hauls))
	for b := range hauls {
		bidders = append(bidders, b)
	}
	sort.Ints(bidders)
	for _, b := range bidders {
		if h := hauls[b]; h.complete {
			k.checkHaul(p, b, h, sold, want(b))
		}
	}
}

// channel checks one row and counts it.
func (k *checker) channel(p *play, b int, h *haul, i int) {
	r, bidder := &h.list[i], &k.c.Bidders[b]
	if r.Volume < -relTol {
		k.find(h.table, i, "volume", "%.10g is negative", r.Volume)
	}
	place := func(zone, service string) {
		if r.Zone != zone {
			k.find(h.table, i, "zone", "%q, channel %q is in zone %q", r.Zone, r.Channel, zone)
		}
		fits := r.Service == service
		for _, d := range bidder.Demand {
			fits = fits || d.Zone == zone && r.Service == strings.Join(d.Services, "|")
		}
		if !fits {
			k.find(h.table, i, "service", "%q, channel %q provides %q", r.Service, r.Channel, service)
		}
		h.byZone[zone] += r.Volume
	}
	h.cost += r.Cost
	if l, ok := k.lot[r.Channel]; ok && useful(k.c, bidder, l) {
		place(k.c.Lots[l].Zone, k.c.Lots[l].Service)
		h.byLot[l] += r.Volume
		unit, _ := bidder.LotAccess(l)
		k.unitCost(p, b, h, i, unit, func(t int) float64 { return bidder.Types[t].AccessCostFactor })
		return
	}
	if n := nearestRoute(bidder, r); n >= 0 {
		route := bidder.Routes[n]
		place(route.Zone, route.Service)
		h.byRoute[n] += r.Volume
		k.unitCost(p, b, h, i, route.UnitCost, func(t int) float64 { return bidder.Types[t].UnitCostFactor })
		return
	}
	for _, f := range bidder.Facilities {
		if f.Name == r.Channel {
			most := 0.0
			for t := range bidder.Types {
				if w := p.weight[[2]int{b, t}]; w > 0 {
					most += w * f.FixedCost * bidder.Types[t].FixedCostFactor
				}
			}
			if !same(r.Volume, 0) {
				k.find(h.table, i, "volume", "%.10g: a facility's row has volume 0", r.Volume)
			}
			if r.Cost < -relTol || !atMost(r.Cost, most) {
				k.find(h.table, i, "cost", "%.10g is not within 0 and the expected fixed cost %.10g of an open facility", r.Cost, most)
			}
			return
		}
	}
	h.complete = false
	k.find(h.table, i, "channel", "%q is no lot, route or facility that bidder %q can use", r.Channel, r.Bidder)
}

// nearestRoute returns the route a row speaks of: of those with its name, one that agrees in zone and then in
// service where there is one, since a route has a row for each zone and service it serves; -1 where none has
// the name.
func nearestRoute(bidder *auction.Bidder, r *auction.NetworkRow) int {
	best, agrees := -1, -1
	for n := range bidder.Routes {
		route := &bidder.Routes[n]
		if route.Name != r.Channel {
			continue
		}
		score := 0
		if route.Zone == r.Zone {
			score = 2
		}
		if route.Service == r.Service {
			score++
		}
		if score > agrees {
			best, agrees = n, score
		}
	}
	return best
}

// unitCost checks a row's cost against its volume, between the types' least and largest unit cost.
func (k *checker) unitCost(p *play, b int, h *haul, i int, unit float64, factor func(typ int) float64) {
	least, most := math.Inf(1), math.Inf(-1)
	for t := range k.c.Bidders[b].Types {
		if p.weight[[2]int{b, t}] > 0 {
			least, most = math.Min(least, unit*factor(t)), math.Max(most, unit*factor(t))
		}
	}
	r := &h.list[i]
	if low, high := least*r.Volume, most*r.Volume; !atMost(low, r.Cost) || !atMost(r.Cost, high) {
		want := "%.10g for %.10g packages of channel %q, which come to %.10g"
		if same(low, high) {
			k.find(h.table, i, "cost", want, r.Cost, r.Volume, r.Channel, low)
		} else {
			k.find(h.table, i, "cost", want+" to %.10g", r.Cost, r.Volume, r.Channel, low, high)
		}
	}
}

// delivered returns a bidder's recomputed delivery over its whole network: the blocks' parts and those
// that no lot of a block serves.
func (k *checker) delivered(p *play, results []*arenaResult, b int) (out expectedHaul) {
	for _, res := range results {
		if h := res.hauls[b]; h != nil {
			out.value, out.cost, out.least, out.most = out.value+h.value, out.cost+h.cost, out.least+h.least, out.most+h.most
		}
	}
	for t, ty := range k.c.Bidders[b].Types {
		w, ok := p.weight[[2]int{b, t}]
		if !ok {
			continue
		}
		inBlock := map[int]bool{}
		for _, a := range p.arenas {
			for _, g := range a.groups {
				if g.bidder == b && g.typ == t {
					for _, l := range a.lots {
						inBlock[l] = true
					}
				}
			}
		}
		for _, part := range newNetwork(k.c, &k.c.Bidders[b], ty).parts {
			counted := false
			for _, l := range part.lots {
				counted = counted || inBlock[l]
			}
			if !counted {
				by := part.leanBy()
				out.add(w, part.none(), part.leaning(-by).none(), part.leaning(by).none())
			}
		}
	}
	return out
}

// checkHaul checks a bidder's rows together.
func (k *checker) checkHaul(p *play, b int, h *haul, sold sales, want expectedHaul) {
	bidder := &k.c.Bidders[b]
	first := -1
	if len(h.rows) > 0 {
		first = h.rows[0]
	}
	row := func(channel string) int {
		for _, i := range h.rows {
			if h.list[i].Channel == channel {
				return i
			}
		}
		return -1
	}
	for _, i := range h.rows {
		if l, ok := k.lot[h.list[i].Channel]; ok {
			if won := sold[[2]int{b, l}].quantity; !atMost(h.byLot[l], won) {
				k.find(h.table, i, "volume", "%.10g packages go through lot %q, of which bidder %q wins %.10g", h.byLot[l], k.c.Lots[l].Name, bidder.Name, won)
			}
		}
	}
	through := make([]float64, len(bidder.Facilities))
	for n, route := range bidder.Routes {
		if !atMost(h.byRoute[n], route.Capacity) {
			k.find(h.table, row(route.Name), "volume", "%.10g is over the capacity %.10g of route %q", h.byRoute[n], route.Capacity, route.Name)
		}
		if route.Facility >= 0 {
			through[route.Facility] += h.byRoute[n]
		}
	}
	for n, f := range bidder.Facilities {
		if !atMost(through[n], f.Capacity) {
			k.find(h.table, row(f.Name), "volume", "%.10g packages pass facility %q, over its capacity %.10g", through[n], f.Name, f.Capacity)
		}
	}
	// In each zone, the rows that must be delivered come first; what the rest earns lies between taking
	// the least and the most valuable rows.
	low, high := 0.0, 0.0
	type parcel struct{ volume, value float64 }
	zones := map[string][]parcel{}
	must := map[string]float64{}
	for t, ty := range bidder.Types {
		w := p.weight[[2]int{b, t}]
		for _, d := range bidder.Demand {
			if volume := w * d.Volume * ty.VolumeFactor; d.Optional() {
				zones[d.Zone] = append(zones[d.Zone], parcel{volume, d.Value * ty.ValueFactor})
			} else {
				must[d.Zone] += volume
				zones[d.Zone] = append(zones[d.Zone], parcel{})
			}
		}
	}
	names := make([]string, 0, len(zones))
	for z := range zones {
		names = append(names, z)
	}
	sort.Strings(names)
	for _, z := range names {
		rest := h.byZone[z] - must[z]
		all := must[z]
		for _, x := range zones[z] {
			all += x.volume
		}
		at := first
		for _, i := range h.rows {
			if h.list[i].Zone == z {
				at = i
				break
			}
		}
		if !atMost(must[z], h.byZone[z]) {
			k.find(h.table, at, "volume", "bidder %q delivers %.10g packages in zone %q, of %.10g that it must", bidder.Name, h.byZone[z], z, must[z])
		}
		if !atMost(h.byZone[z], all) {
			k.find(h.table, at, "volume", "bidder %q delivers %.10g packages in zone %q, it has %.10g", bidder.Name, h.byZone[z], z, all)
		}
		take := func(better func(a, b float64) bool) (sum float64) {
			list := append([]parcel(nil), zones[z]...)
			sort.SliceStable(list, func(i, j int) bool { return better(list[i].value, list[j].value) })
			left := rest
			for _, x := range list {
				n := math.Max(0, math.Min(left, x.volume))
				sum += n * x.value
				left -= n
			}
			return sum
		}
		high += take(func(a, b float64) bool { return a > b })
		low += take(func(a, b float64) bool { return a < b })
	}
	total := 0.0
	for _, z := range names {
		total += h.byZone[z]
	}
	most := want.most + k.indifferent(p, b, sold)
	if !atMost(want.least, total) || !atMost(total, most) {
		k.find(h.table, first, "volume", "bidder %q delivers %.10g packages, the best deliveries of what it wins %.10g to %.10g", bidder.Name, total, want.least, most)
	}
	value := want.value
	scale := math.Abs(want.cost) + math.Abs(value)
	if got := low - h.cost; got > value && !near(got, value, scale) {
		k.find(h.table, first, "cost", "bidder %q delivers for %.10g, under the least possible: its rows are worth %.10g, the best delivery of what it wins %.10g", bidder.Name, h.cost, got, value)
	}
	if got := high - h.cost; got < value && !near(got, value, scale) {
		k.find(h.table, first, "cost", "bidder %q delivers for %.10g, recomputed %.10g: its rows are worth at most %.10g, the best delivery of what it wins %.10g", bidder.Name, h.cost, want.cost, got, value)
	}
}

// indifferent returns the packages that a bidder wins in lots that it could as well leave, as a package there costs what it
// earns: such lots are no part of its network, and best deliveries may use them.
func (k *checker) indifferent(p *play, b int, sold sales) (total float64) {
	bidder := &k.c.Bidders[b]
	for l := range k.c.Lots {
		won := sold[[2]int{b, l}].quantity
		unit, ok := bidder.LotAccess(l)
		if won <= 0 || !ok {
			continue
		}
		even := false
		for t, ty := range bidder.Types {
			for i := range bidder.Demand {
				d := &bidder.Demand[i]
				even = even || p.weight[[2]int{b, t}] > 0 && d.Optional() && d.Zone == k.c.Lots[l].Zone && d.Accepts(k.c.Lots[l].Service) &&
					same(d.Value*ty.ValueFactor, unit*ty.AccessCostFactor) && superfluous(k.c, bidder, ty, l)
			}
		}
		if even {
			total += won
		}
	}
	return total
}
