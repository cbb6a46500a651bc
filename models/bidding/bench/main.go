// Command bench compares a bidder's optimal bid with the one MIP of all lots and scenarios that HiGHS is handed instead, on
// markets with stations, budgets and many scenarios of rivals:
//
//	go run ./models/bidding/bench -lots 100,400,1600 -scenarios 20,50 -gap 1e-3
//
// HiGHS alone is the better of its default and mip_lp_solver=ipm, to the same gap, on one thread. Times are CPU seconds, which
// others on the machine change least. Where HiGHS does not come to the gap within the limit, its time counts as the limit,
// and the ratio told is the least that it can be. With -formulations it compares the MIP's formulation with the textbook's, and
// both with the decomposition over pools, whose bound before branching leaves out the budget.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"lotwise/models/auction/generate"
	"lotwise/models/bidding"
	"lotwise/models/bidding/oracle"
	"lotwise/models/network"
	"lotwise/solver"
	"lotwise/solver/cputime"
)

func main() {
	log.SetFlags(0)
	lots := flag.String("lots", "100,400,1600", "lots")
	scenarios := flag.String("scenarios", "20,50", "of rivals")
	kinds := flag.String("kinds", "stations,budget", "of markets: "+strings.Join(names(), ", "))
	seeds := flag.Uint64("seeds", 1, "markets of each")
	gap := flag.Float64("gap", 1e-3, "to prove")
	limit := flag.Float64("limit", 60, "CPU seconds for lotwise, and for each MIP of HiGHS; the MIP has 12 times what lotwise took where that is more")
	formulations := flag.Bool("formulations", false, "compare formulations of the MIP instead")
	alone := flag.Bool("alone", false, "time lotwise alone")
	check := flag.Bool("check", false, "fail where the claims do not hold: at least 0.9 times as fast at 100 lots, 10 times at 1600")
	flag.Parse()
	b := &bench{gap: *gap, limit: *limit, ratios: map[int][]float64{}}
	switch {
	case *formulations:
		fmt.Println("market                             formulation   rows  columns  binaries  coefficients   root gap       gap      time   nodes")
	default:
		fmt.Println("market                              lotwise     gap    HiGHS    with ipm    gaps of HiGHS     ratio")
	}
	for n := range strings.SplitSeq(*lots, ",") {
		for s := range strings.SplitSeq(*scenarios, ",") {
			for kind := range strings.SplitSeq(*kinds, ",") {
				for seed := range *seeds {
					m, ok := markets[kind]
					if !ok {
						log.Fatalf("kind %s: want one of %s", kind, strings.Join(names(), ", "))
					}
					m.Lots, m.Scenarios, m.Seed = number(n), number(s), seed+1
					name := fmt.Sprintf("%s %d lots x %d #%d", kind, m.Lots, m.Scenarios, m.Seed)
					switch p := problem(m); {
					case *formulations:
						b.formulations(name, p)
					case *alone:
						r, took := b.answer(p)
						fmt.Printf("%-34s %8.3f s %7.1e %s\n", name, took, gapOf(r.Profit, r.Bound), r.Status)
					default:
						b.compare(name, m.Lots, p)
					}
				}
			}
		}
	}
	if !*formulations && !*alone && !b.conclude() && *check {
		os.Exit(1)
	}
}

// markets are the kinds of them: stations without and with scarce capacity, a budget beside, and both and a volume cap.
var markets = map[string]generate.Market{
	"stations": {Windows: 2, Zones: 4, Rivals: 6},
	"budget":   {Windows: 2, Zones: 4, Rivals: 6, Budget: 0.6},
	"scarce":   {Windows: 2, Zones: 4, Rivals: 6, Station: 0.6, Budget: 0.6},
	"capped":   {Windows: 2, Zones: 4, Rivals: 6, Budget: 0.6, MaxVolume: 0.5},
	"single":   {Windows: 1, Zones: 6, Rivals: 6, Budget: 0.6},
}

func names() []string {
	var list []string
	for k := range markets {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		log.Fatal(err)
	}
	return n
}

func problem(m generate.Market) *bidding.Problem {
	c := m.Case()
	return bidding.Against(c, generate.MarketBidder, network.New(c, generate.MarketBidder, 0))
}

type bench struct {
	gap, limit float64
	ratios     map[int][]float64 // by lots: how many times faster than the better of HiGHS
}

// timed runs a solve for so many CPU seconds and returns what it took of them.
func timed(limit float64, solve func(ctx context.Context) error) float64 {
	took, _, err := cputime.Limited(limit, solve)
	if err != nil {
		log.Fatal(err)
	}
	return took
}

// answer times lotwise.
func (b *bench) answer(p *bidding.Problem) (r *bidding.Response, took float64) {
	took = timed(b.limit, func(ctx context.Context) (err error) {
		r, err = bidding.BestResponse(ctx, p, bidding.Options{Gap: b.gap, Threads: 1})
		return err
	})
	return r, took
}

// alone times HiGHS on a program.
func alone(m *solver.Model, o solver.Options, limit float64) (s *solver.Solution, took float64) {
	took = timed(limit, func(ctx context.Context) (err error) {
		s, err = solver.Solve(ctx, m, o)
		return err
	})
	return s, took
}

func gapOf(value, bound float64) float64 {
	if math.IsInf(bound, 0) || math.IsNaN(value) {
		return math.Inf(1)
	}
	return (bound - value) / math.Abs(bound)
}

func (b *bench) compare(name string, lots int, p *bidding.Problem) {
	r, took := b.answer(p)
	own := gapOf(r.Profit, r.Bound)
	fmt.Printf("%-34s %8.2f s %7.1e", name, took, own)
	limit := max(b.limit, 12*took)
	best, least := math.Inf(1), ""
	gaps := ""
	for _, lp := range []string{"", "ipm"} {
		began := cputime.Seconds()
		m, _ := p.Program() // what a user would write, as part of the time
		s, _ := alone(m, solver.Options{RelGap: b.gap, MIPLPSolver: lp}, limit)
		t := cputime.Seconds() - began
		gap := gapOf(s.Objective, s.Bound)
		mark := " "
		if gap > b.gap*(1+1e-6) {
			mark, t = ">", max(t, limit)
		}
		if t < best {
			best, least = t, mark
		}
		fmt.Printf(" %s%7.1f s", mark, t)
		gaps += fmt.Sprintf(" %7.1e", gap)
	}
	ratio := best / took
	if own > b.gap {
		ratio = 0 // it did not do its work
	}
	b.ratios[lots] = append(b.ratios[lots], ratio)
	fmt.Printf(" %s  %s%.1f\n", gaps, strings.TrimSpace(least), ratio)
}

// conclude prints the ratios and says whether they are what is claimed.
func (b *bench) conclude() bool {
	good := true
	var sizes []int
	for n := range b.ratios {
		sizes = append(sizes, n)
	}
	slices.Sort(sizes)
	for _, n := range sizes {
		r := b.ratios[n]
		slices.Sort(r)
		fmt.Printf("%d lots: ratio of HiGHS's time to lotwise's: least %.1f, median %.1f of %d markets\n", n, r[0], r[len(r)/2], len(r))
		good = good && r[0] >= 0.9 && (n < 1600 || r[0] >= 10)
	}
	return good
}

func (b *bench) formulations(name string, p *bidding.Problem) {
	m, unit := p.Program()
	book := oracle.NewProgram(p)
	for _, f := range []struct {
		name string
		m    *solver.Model
		unit float64
	}{{"cells", m, unit}, {"textbook", book.Model, book.Unit}} {
		root, _ := alone(f.m, solver.Options{NodeLimit: 1, RelGap: b.gap, Extra: map[string]any{"mip_max_nodes": 0}}, b.limit)
		s, took := alone(f.m, solver.Options{RelGap: b.gap}, b.limit)
		fmt.Printf("%-34s %-11s %7d %8d %9d %13d %10.1e %9.1e %7.1f s %7d\n", name, f.name,
			f.m.Cons(), f.m.Vars(), f.m.Integers(), f.m.Nonzeros(), gapOf(s.Objective, root.Bound), gapOf(s.Objective, s.Bound), took, s.Nodes)
	}
	r, took := b.answer(p)
	fmt.Printf("%-34s %-11s %7s %8s %9s %13s %10.1e %9.1e %7.1f s\n", name, "pools", "", "", "", "",
		max(0, gapOf(r.Profit, p.RootBound(context.Background()))), gapOf(r.Profit, r.Bound), took)
}
