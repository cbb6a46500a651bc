package bidding_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/network"
)

// A shape says how large random problems are.
type shape struct {
	lots, zones, rows, facilities, routes int
	scenarios, rivals                     int
	steps                                 int
	prices, volume                        int // largest price and volume, whole numbers
	services                              bool
	scarce                                bool // facilities may have capacities
	capped, always                        bool
}

// problem is a drawn problem with what it was made of.
type problem struct {
	*bidding.Problem
	c      *auction.Case
	rivals [][][]bidding.Row // by scenario, lot
}

// bidder is where the answering bidder stands among three in the order of ties.
const bidder = 1

func draw(t *rapid.T, h shape) *problem {
	number := func(name string, least, most int) int { return rapid.IntRange(least, most).Draw(t, name) }
	zone := func(name string) string { return fmt.Sprint("z", number(name, 0, h.zones-1)) }
	service := func(name string) string {
		if !h.services {
			return ""
		}
		return rapid.SampledFrom([]string{"", "same", "next"}).Draw(t, name)
	}
	c := &auction.Case{Rules: auction.DefaultRules(), Bidders: make([]auction.Bidder, 3)}
	c.Rules.PriceStep = 1
	c.Rules.BidSteps = max(1, h.steps)
	b := &c.Bidders[bidder]
	*b = auction.Bidder{Name: "me", AccessCost: math.NaN(), Access: map[int]float64{}, Types: []auction.Type{auction.Known}, Budget: math.Inf(1), MaxVolume: math.Inf(1)}
	for range number("rows", 1, h.rows) {
		d := auction.Demand{Zone: zone("row zone"), Volume: float64(number("volume", 1, h.volume)), Value: math.NaN()}
		if h.services {
			if s := rapid.SampledFrom([]string{"", "same", "next", "same|next"}).Draw(t, "accepts"); s != "" {
				d.Services = strings.Split(s, "|")
			}
		}
		if rapid.Bool().Draw(t, "optional") {
			d.Value = float64(number("value", 0, 2*h.prices))
		} else {
			// Something that always delivers.
			b.Routes = append(b.Routes, auction.Route{Zone: d.Zone, UnitCost: float64(number("last resort", h.prices, 3*h.prices)), Capacity: math.Inf(1), Facility: -1})
		}
		b.Demand = append(b.Demand, d)
	}
	for range h.facilities {
		f := auction.Facility{FixedCost: float64(number("fixed", 0, 2*h.prices*h.volume)), Capacity: math.Inf(1)}
		if h.scarce && rapid.Bool().Draw(t, "scarce") {
			f.Capacity = float64(number("facility capacity", 1, 2*h.volume))
		}
		b.Facilities = append(b.Facilities, f)
	}
	for range number("routes", 0, h.routes) {
		r := auction.Route{Zone: zone("route zone"), Service: service("route service"), UnitCost: float64(number("unit", 0, 2*h.prices)), Capacity: math.Inf(1), Facility: number("facility", -1, h.facilities-1)}
		if rapid.Bool().Draw(t, "limited") {
			r.Capacity = float64(number("route capacity", 1, h.volume))
		}
		b.Routes = append(b.Routes, r)
	}
	for i := range h.lots {
		c.Lots = append(c.Lots, auction.Lot{Name: fmt.Sprint("l", i), Zone: zone("lot zone"), Service: service("lot service"), Capacity: float64(number("capacity", 1, h.volume)), Reserve: float64(number("reserve", 0, 2))})
		b.Access[i] = float64(number("access", 0, 2))
	}
	net := network.New(c, bidder, 0)
	p := &problem{c: c, Problem: &bidding.Problem{Rules: &c.Rules, Network: net, Lots: net.Lots(), Budget: math.Inf(1), MaxVolume: math.Inf(1), FitAlways: h.always}}
	weights := make([]int, number("scenarios", 1, h.scenarios))
	sum := 0
	for s := range weights {
		weights[s] = number("weight", 1, 4)
		sum += weights[s]
	}
	for _, w := range weights {
		rows := make([][]bidding.Row, len(c.Lots))
		sc := bidding.Scenario{Probability: float64(w) / float64(sum)}
		for l := range rows {
			for range number("rivals", 0, h.rivals) {
				rows[l] = append(rows[l], bidding.Row{Bidder: 2 * number("rival", 0, 1), Price: float64(number("price", 0, 2*h.prices)) / 2, Quantity: float64(number("quantity", 0, h.volume))})
			}
		}
		for _, l := range p.Lots {
			sc.Supply = append(sc.Supply, bidding.ResidualSupply(c, bidder, l, rows[l]))
		}
		p.Scenarios = append(p.Scenarios, sc)
		p.rivals = append(p.rivals, rows)
	}
	if h.capped {
		if rapid.Bool().Draw(t, "budget") {
			p.Budget = float64(number("money", 0, 2*h.prices*h.volume))
		}
		if rapid.Bool().Draw(t, "cap") {
			p.MaxVolume = float64(number("most", 0, 2*h.volume))
		}
	}
	return p
}

// measure is a bid's expected profit by the seller's merit order over all bidders' rows, and whether it fits
// the caps: nothing of the package but V.
func (p *problem) measure(s auction.Strategy, v func([]float64) float64) (profit float64, fits bool) {
	fits = true
	if p.FitAlways {
		money, volume := 0.0, 0.0
		for _, b := range s {
			money += b.Quantity * p.Rules.Price(b.Tick)
			volume += b.Quantity
		}
		fits = money <= p.Budget*(1+1e-9) && volume <= p.MaxVolume*(1+1e-9)
	}
	zero := v(make([]float64, len(p.Lots)))
	for k, rows := range p.rivals {
		w := make([]float64, len(p.Lots))
		paid, volume := 0.0, 0.0
		for i, l := range p.Lots {
			var offers []auction.Offer
			for _, b := range s {
				if b.Lot == l {
					offers = append(offers, auction.Offer{Bidder: bidder, Price: p.Rules.Price(b.Tick), Quantity: b.Quantity})
				}
			}
			mine := len(offers)
			for _, r := range rows[l] {
				offers = append(offers, auction.Offer{Bidder: r.Bidder, Price: r.Price, Quantity: r.Quantity})
			}
			for n, x := range auction.MeritOrder(&p.c.Lots[l], offers)[:mine] {
				w[i] += x
				paid += x * offers[n].Price
			}
			volume += w[i]
		}
		if !p.FitAlways {
			fits = fits && paid <= p.Budget*(1+1e-9) && volume <= p.MaxVolume*(1+1e-9)
		}
		profit += p.Scenarios[k].Probability * (v(w) - paid - zero)
	}
	return profit, fits
}

// offers lists what may be bid in a lot: whole prices and multiples of the grain, as many rows as steps.
func (p *problem) offers(l int, prices int, grain float64) []auction.Strategy {
	list := []auction.Strategy{nil}
	var add func(s auction.Strategy, below int, left float64)
	add = func(s auction.Strategy, below int, left float64) {
		for tick := below; tick >= 0; tick-- {
			for q := grain; q <= left; q += grain {
				next := append(slices.Clone(s), auction.LotBid{Lot: l, Tick: int64(tick), Quantity: q})
				list = append(list, next)
				if len(next) < p.Rules.BidSteps {
					add(next, tick-1, left-q)
				}
			}
		}
	}
	add(nil, prices, p.c.Lots[l].Capacity)
	return list
}

// enumerate returns the best bid on whole prices up to the largest and multiples of the grain.
func (p *problem) enumerate(prices int, grain float64) (best float64, at auction.Strategy) {
	e := p.Network.NewEvaluator()
	best = math.Inf(-1)
	var visit func(i int, s auction.Strategy)
	visit = func(i int, s auction.Strategy) {
		if i == len(p.Lots) {
			if v, fits := p.measure(s, e.Value); fits && v > best {
				best, at = v, slices.Clone(s)
			}
			return
		}
		for _, o := range p.offers(p.Lots[i], prices, grain) {
			visit(i+1, append(slices.Clone(s), o...))
		}
	}
	visit(0, nil)
	return best, at
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*math.Max(1, math.Abs(b)) }

// Evaluate is the merit order, whatever the rows: several a lot, equal prices, under the reserve.
func TestEvaluate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := draw(t, shape{lots: 3, zones: 2, rows: 3, facilities: 1, routes: 3, scenarios: 3, rivals: 3, prices: 4, volume: 4, services: true, steps: 3})
		if len(p.Lots) == 0 {
			return
		}
		var s auction.Strategy
		for range rapid.IntRange(0, 6).Draw(t, "bids") {
			s = append(s, auction.LotBid{Lot: rapid.SampledFrom(p.Lots).Draw(t, "lot"), Tick: int64(rapid.IntRange(0, 6).Draw(t, "tick")), Quantity: float64(rapid.IntRange(0, 8).Draw(t, "half packages")) / 2})
		}
		o := p.Evaluate(s)
		want, _ := p.measure(s, p.Network.Value)
		if !near(o.Profit, want) {
			t.Fatalf("profit %v, merit order %v", o.Profit, want)
		}
		weight, paid := 0.0, 0.0
		for _, c := range o.Cases {
			weight += c.Probability
			paid += c.Probability * c.Payment
		}
		for _, b := range o.Bids {
			paid -= b.Payment
		}
		if !near(weight, 1) || !near(paid, 0) {
			t.Fatalf("cases weigh %v, payments differ by %v", weight, paid)
		}
	})
}

// answer checks a best response against enumeration: it earns what it says, as much as any bid on the grid,
// and its bound is no less than that.
func answer(t *rapid.T, p *problem, prices int, grain float64) {
	best, at := p.enumerate(prices, grain)
	r, err := bidding.BestResponse(context.Background(), p.Problem, bidding.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v, fits := p.measure(r.Strategy, p.Network.Value)
	if !near(v, r.Profit) || !fits {
		t.Fatalf("claims %v, earns %v, fits %v: %v", r.Profit, v, fits, r.Strategy)
	}
	if r.Bound < r.Profit || r.Bound < best-1e-6*math.Max(1, best) {
		t.Fatalf("bound %v, profit %v, enumeration %v at %v", r.Bound, r.Profit, best, at)
	}
	if r.Profit < best-1e-6*math.Max(1, best) {
		t.Fatalf("profit %v at %v, enumeration %v at %v", r.Profit, r.Strategy, best, at)
	}
	if r.Bound > r.Profit+1e-6*math.Max(1, r.Profit) {
		t.Fatalf("bound %v, profit %v: not closed", r.Bound, r.Profit)
	}
	if r.Profit > best+1e-6 && grain == 1 && !p.capped() && p.simple() {
		t.Fatalf("profit %v at %v beats every whole quantity, %v at %v", r.Profit, r.Strategy, best, at)
	}
}

func (p *problem) capped() bool { return !math.IsInf(p.Budget, 1) || !math.IsInf(p.MaxVolume, 1) }

// simple says whether whole quantities contain an optimum: no pool of three lots, no scarce facility.
func (p *problem) simple() bool {
	for _, q := range p.Network.Pools() {
		if len(q.Lots()) > 2 {
			return false
		}
	}
	return !p.Network.Scarce()
}

func TestBestResponse(t *testing.T) {
	for name, h := range map[string]shape{
		"one lot":              {lots: 1, zones: 1, rows: 2, routes: 2, scenarios: 4, rivals: 3, prices: 5, volume: 5},
		"two lots of a zone":   {lots: 2, zones: 1, rows: 2, routes: 2, scenarios: 3, rivals: 2, prices: 3, volume: 3, services: true},
		"a station":            {lots: 2, zones: 2, rows: 2, facilities: 1, routes: 4, scenarios: 3, rivals: 2, prices: 4, volume: 4},
		"two stations":         {lots: 3, zones: 3, rows: 3, facilities: 2, routes: 5, scenarios: 2, rivals: 1, prices: 2, volume: 2},
		"services":             {lots: 3, zones: 2, rows: 3, facilities: 1, routes: 4, scenarios: 2, rivals: 1, prices: 2, volume: 2, services: true},
		"scarce stations":      {lots: 2, zones: 2, rows: 3, facilities: 2, routes: 5, scenarios: 2, rivals: 2, prices: 3, volume: 3, scarce: true},
		"three of a zone":      {lots: 3, zones: 1, rows: 2, facilities: 1, routes: 3, scenarios: 2, rivals: 1, prices: 2, volume: 2, services: true},
		"two prices":           {lots: 1, zones: 1, rows: 2, facilities: 1, routes: 3, scenarios: 4, rivals: 3, prices: 5, volume: 4, steps: 2},
		"two prices, two lots": {lots: 2, zones: 1, rows: 2, facilities: 1, routes: 3, scenarios: 2, rivals: 2, prices: 3, volume: 2, steps: 2, services: true},
		"caps":                 {lots: 2, zones: 2, rows: 2, facilities: 1, routes: 3, scenarios: 3, rivals: 2, prices: 3, volume: 3, capped: true},
		"caps on all":          {lots: 2, zones: 2, rows: 2, facilities: 1, routes: 3, scenarios: 3, rivals: 2, prices: 3, volume: 3, capped: true, always: true},
		"scarce with caps":     {lots: 2, zones: 2, rows: 3, facilities: 2, routes: 5, scenarios: 2, rivals: 2, prices: 3, volume: 3, scarce: true, capped: true},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { answer(t, draw(t, h), h.prices+1, 1) })
		})
	}
}

// Halves of packages gain nothing: whole quantities, those that matter, hold an optimum even against a finer
// grid, in pools of up to two lots.
func TestFineQuantities(t *testing.T) {
	for name, h := range map[string]shape{
		"two lots":  {lots: 2, zones: 1, rows: 2, facilities: 1, routes: 2, scenarios: 3, rivals: 2, prices: 2, volume: 3, services: true},
		"a station": {lots: 2, zones: 2, rows: 2, facilities: 1, routes: 3, scenarios: 3, rivals: 2, prices: 2, volume: 3},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { answer(t, draw(t, h), h.prices+1, 0.5) })
		})
	}
}

// A search that is stopped early, by a wide gap, a target or the end of its context, still bounds every bid, and
// its bid still earns what it says.
func TestStoppedEarly(t *testing.T) {
	for name, h := range map[string]shape{
		"stations":   {lots: 3, zones: 3, rows: 3, facilities: 2, routes: 5, scenarios: 2, rivals: 1, prices: 3, volume: 2},
		"by the MIP": {lots: 3, zones: 1, rows: 2, facilities: 1, routes: 3, scenarios: 2, rivals: 1, prices: 2, volume: 2, services: true},
		"caps":       {lots: 2, zones: 2, rows: 2, facilities: 1, routes: 3, scenarios: 2, rivals: 2, prices: 3, volume: 3, capped: true},
		"scarce":     {lots: 3, zones: 2, rows: 3, facilities: 1, routes: 5, scenarios: 2, rivals: 1, prices: 2, volume: 2, scarce: true, capped: true},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				p := draw(t, h)
				best, _ := p.enumerate(h.prices+1, 1)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				o := bidding.Options{Gap: 0.3}
				switch rapid.IntRange(0, 2).Draw(t, "stop") {
				case 0:
					cancel()
				case 1:
					o.Target = best * 0.9
				}
				r, err := bidding.BestResponse(ctx, p.Problem, o)
				if err != nil {
					t.Fatal(err)
				}
				v, fits := p.measure(r.Strategy, p.Network.Value)
				if !near(v, r.Profit) || !fits || r.Bound < r.Profit || r.Bound < best-1e-6*math.Max(1, best) {
					t.Fatalf("profit %v (earns %v, fits %v), bound %v, enumeration %v", r.Profit, v, fits, r.Bound, best)
				}
				if ctx.Err() == nil && o.Target == 0 && r.Bound > r.Profit/(1-o.Gap)+1e-6 {
					t.Fatalf("profit %v, bound %v: the gap is not reached", r.Profit, r.Bound)
				}
				if r.Status == auction.Optimal && r.Bound > r.Profit {
					t.Fatalf("optimal with a gap of %v", r.Bound-r.Profit)
				}
			})
		})
	}
}

// Improve is never worse than where it starts, and fits the caps.
func TestImprove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := draw(t, shape{
			lots: 3, zones: 2, rows: 3, facilities: 1, routes: 4, scenarios: 3, rivals: 2, prices: 4, volume: 4, services: true, capped: true,
			steps: rapid.IntRange(1, 2).Draw(t, "steps"), always: rapid.Bool().Draw(t, "always"),
		})
		if len(p.Lots) == 0 {
			return
		}
		var s auction.Strategy
		for _, l := range p.Lots {
			if rapid.Bool().Draw(t, "bid") {
				s = append(s, auction.LotBid{Lot: l, Tick: int64(rapid.IntRange(0, 5).Draw(t, "tick")), Quantity: float64(rapid.IntRange(1, 8).Draw(t, "halves")) / 2})
			}
		}
		before, fits := p.measure(s, p.Network.Value)
		after, still := p.measure(p.Improve(s), p.Network.Value)
		if !still || fits && after < before-1e-9*math.Max(1, math.Abs(before)) {
			t.Fatalf("%v (fits %v) became %v (fits %v)", before, fits, after, still)
		}
	})
}

// Large volumes and small prices: the answer scales.
func TestScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := shape{lots: 3, zones: 2, rows: 3, facilities: 1, routes: 4, scenarios: 2, rivals: 2, prices: 3, volume: 3, services: true}
		p := draw(t, h)
		want, err := bidding.BestResponse(context.Background(), p.Problem, bidding.Options{})
		if err != nil {
			t.Fatal(err)
		}
		const times = 3e8
		big := &bidding.Problem{Rules: p.Rules, Budget: math.Inf(1), MaxVolume: math.Inf(1)}
		c := *p.c
		c.Bidders = slices.Clone(c.Bidders)
		b := &c.Bidders[bidder]
		b.Demand, b.Routes, b.Facilities, c.Lots = slices.Clone(b.Demand), slices.Clone(b.Routes), slices.Clone(b.Facilities), slices.Clone(c.Lots)
		for i := range b.Demand {
			b.Demand[i].Volume *= times
		}
		for i := range b.Routes {
			b.Routes[i].Capacity *= times
		}
		for i := range b.Facilities {
			b.Facilities[i].FixedCost *= times
		}
		for i := range c.Lots {
			c.Lots[i].Capacity *= times
		}
		big.Network = network.New(&c, bidder, 0)
		big.Lots = big.Network.Lots()
		for k, s := range p.Scenarios {
			t := bidding.Scenario{Probability: s.Probability}
			for _, l := range big.Lots {
				var rows []bidding.Row
				for _, r := range p.rivals[k][l] {
					r.Quantity *= times
					rows = append(rows, r)
				}
				t.Supply = append(t.Supply, bidding.ResidualSupply(&c, bidder, l, rows))
			}
			big.Scenarios = append(big.Scenarios, t)
		}
		got, err := bidding.BestResponse(context.Background(), big, bidding.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !near(got.Profit/times, want.Profit) || got.Bound/times > want.Bound+1e-6*math.Max(1, want.Bound) {
			t.Fatalf("%v to %v, a large one %v to %v times as much", want.Profit, want.Bound, got.Profit/times, got.Bound/times)
		}
	})
}
