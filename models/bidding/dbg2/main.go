package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime/pprof"
	"time"

	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/network"
)

func main() {
	zones := flag.Int("zones", 4, "")
	per := flag.Int("per", 2, "lots a zone")
	fac := flag.Int("fac", 2, "")
	rivals := flag.Int("rivals", 4, "")
	support := flag.Int("support", 4, "")
	scarce := flag.Float64("scarce", 0, "capacity as share of demand, 0 for none")
	steps := flag.Int("steps", 1, "")
	seeds := flag.Int("seeds", 5, "")
	budget := flag.Float64("budget", 0, "share")
	flag.Parse()
	f, _ := os.Create("/tmp/cpu.prof")
	pprof.StartCPUProfile(f)
	defer pprof.StopCPUProfile()
	for seed := range *seeds {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		c := &auction.Case{Rules: auction.DefaultRules(), Bidders: make([]auction.Bidder, *rivals+1)}
		c.Rules.PriceStep = 0.05
		c.Rules.BidSteps = *steps
		b := &c.Bidders[0]
		*b = auction.Bidder{AccessCost: 0.2, Types: []auction.Type{auction.Known}, Access: map[int]float64{}}
		total := 0.0
		for z := range *zones {
			name := fmt.Sprint(z)
			d := math.Round(1e5 * (1 + 9*r.Float64()))
			same := math.Round(d * 0.2 * r.Float64())
			total += d + same
			b.Demand = append(b.Demand, auction.Demand{Zone: name, Volume: d, Value: math.NaN()})
			if *per > 1 {
				b.Demand = append(b.Demand, auction.Demand{Zone: name, Services: []string{"same"}, Volume: same, Value: math.NaN()})
			}
			own := 1.5 + 2*r.Float64()
			b.Routes = append(b.Routes, auction.Route{Zone: name, UnitCost: own, Capacity: math.Inf(1), Facility: r.IntN(*fac)},
				auction.Route{Zone: name, UnitCost: own + 1 + 3*r.Float64(), Capacity: math.Round(d * 0.4), Facility: -1},
				auction.Route{Zone: name, UnitCost: own + 4 + 3*r.Float64(), Capacity: math.Inf(1), Facility: -1})
			svc := []string{"same", "next", ""}
			for i := range *per {
				s := svc[i%3]
				if *per == 1 {
					s = ""
				}
				c.Lots = append(c.Lots, auction.Lot{Name: name + s, Zone: name, Service: s, Capacity: math.Round(d * (0.6 + 0.8*r.Float64())), Reserve: 1 + 0.5*r.Float64()})
			}
		}
		for range *fac {
			f := auction.Facility{FixedCost: total / float64(*fac) * (0.5 + r.Float64()), Capacity: math.Inf(1)}
			if *scarce > 0 {
				f.Capacity = total / float64(*fac) * *scarce
			}
			b.Facilities = append(b.Facilities, f)
		}
		// rivals' supports
		type strat [][]bidding.Row
		sup := make([][]strat, *rivals)
		for i := range sup {
			for range *support {
				s := make(strat, len(c.Lots))
				for l := range s {
					if r.Float64() < 0.7 {
						s[l] = []bidding.Row{{Bidder: i + 1, Price: c.Rules.Price(c.Rules.TickUp(c.Lots[l].Reserve + 2.5*r.Float64())), Quantity: math.Round(c.Lots[l].Capacity * (0.1 + 0.5*r.Float64()))}}
					}
				}
				sup[i] = append(sup[i], s)
			}
		}
		net := network.New(c, 0, 0)
		p := &bidding.Problem{Rules: &c.Rules, Network: net, Lots: net.Lots(), Budget: math.Inf(1), MaxVolume: math.Inf(1), FitAlways: true}
		var visit func(i int, rows [][]bidding.Row, q float64)
		visit = func(i int, rows [][]bidding.Row, q float64) {
			if i == *rivals {
				s := bidding.Scenario{Probability: q}
				for _, l := range net.Lots() {
					s.Supply = append(s.Supply, bidding.ResidualSupply(c, 0, l, rows[l]))
				}
				p.Scenarios = append(p.Scenarios, s)
				return
			}
			for _, s := range sup[i] {
				next := make([][]bidding.Row, len(rows))
				for l := range rows {
					next[l] = append(append([]bidding.Row(nil), rows[l]...), s[l]...)
				}
				visit(i+1, next, q/float64(*support))
			}
		}
		visit(0, make([][]bidding.Row, len(c.Lots)), 1)
		if *budget > 0 {
			p.Budget = *budget * total
		}
		t0 := time.Now()
		imp := p.Improve(nil)
		t1 := time.Since(t0)
		v := p.Evaluate(imp).Profit
		t0 = time.Now()
		for range 10 {
			p.Evaluate(imp)
		}
		te := time.Since(t0) / 10
		t0 = time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
		a, err := bidding.BestResponse(ctx, p, bidding.Options{Gap: 1e-4})
		cancel()
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("seed %d scen %d improve %.6g in %v; eval %v; BR %.6g bound %.6g gap %.2g %s in %v\n", seed, len(p.Scenarios), v, t1, te, a.Profit, a.Bound, (a.Bound-a.Profit)/a.Bound, a.Status, time.Since(t0))
	}
}
