// Command bench compares allocation with HiGHS alone on the same plain program, over combinatorial auctions drawn from the
// distributions of CATS:
//
//	go run ./models/allocation/bench -sizes 100x500,256x1000,500x2000 -seeds 2 -limit 60
//
// HiGHS alone is the better of its default and mip_lp_solver=ipm, to the same gap, on one thread. Times and the limit of each
// solve are CPU seconds, which others on the machine change least; ratios are told of the clock too. A ratio is told where HiGHS
// proves the optimum; where it does not, the gaps count. Core payments are timed against the allocation they are for. It exits
// with 1 where a ratio of CPU seconds, their median or a gap is larger than wanted; -noise is for busy machines.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"slices"
	"strings"

	"lotwise/models/allocation"
	"lotwise/models/allocation/oracle"
	"lotwise/models/auction"
	"lotwise/models/auction/generate"
	"lotwise/solver"
	"lotwise/solver/cputime"
)

func main() {
	log.SetFlags(0)
	sizes := flag.String("sizes", "100x500,256x1000,500x2000", "goods x bids")
	distributions := flag.String("distributions", "arbitrary,matching,paths,regions,scheduling", "of CATS")
	seeds := flag.Uint64("seeds", 1, "cases of each size and distribution")
	first := flag.Uint64("first", 1, "seed of the first of them")
	limit := flag.Float64("limit", 60, "CPU seconds for each solve")
	gap := flag.Float64("gap", 1e-4, "to prove")
	core := flag.Bool("core", true, "time core payments too")
	noise := flag.Float64("noise", 0, "share by which ratios may exceed what is wanted, for busy machines")
	flag.Parse()
	b := &bench{limit: *limit, gap: *gap, core: *core, noise: *noise}
	fmt.Println("CPU seconds, and those of the clock of the better of HiGHS and of lotwise")
	fmt.Println("case                         HiGHS   with ipm    lotwise   ratio  clock: HiGHS lotwise  ratio  gaps: HiGHS lotwise  core payments")
	for size := range strings.SplitSeq(*sizes, ",") {
		var goods, bids int
		if _, err := fmt.Sscanf(size, "%dx%d", &goods, &bids); err != nil {
			log.Fatalf("size %s: want such as 100x500", size)
		}
		for d := range strings.SplitSeq(*distributions, ",") {
			for seed := *first; seed < *first+*seeds; seed++ {
				c, err := generate.CATS(d, goods, bids, seed)
				if err != nil {
					log.Fatal(err)
				}
				b.compare(fmt.Sprintf("%s %s #%d", d, size, seed), c)
			}
		}
	}
	if !b.conclude() {
		os.Exit(1)
	}
}

// What is wanted of the ratios where HiGHS alone proves the optimum.
const (
	mostRatio   = 1.05
	medianRatio = 0.7
)

type bench struct {
	limit  float64
	gap    float64
	core   bool
	noise  float64
	ratios []float64 // where HiGHS proves the optimum
	clock  []float64 // the same by the clock
	cores  []float64
	wider  int // cases that it does not prove, in which the gap of lotwise is the larger one
	open   int
}

// timed runs a solve with so many CPU seconds, and returns what it took of them and of the clock.
func timed(limit float64, solve func(ctx context.Context) error) (took, clock float64) {
	took, clock, err := cputime.Limited(limit, solve)
	if err != nil {
		log.Fatal(err)
	}
	return took, clock
}

func (b *bench) compare(name string, c *auction.Case) {
	m := oracle.NewMIP(c).Model
	best, bestClock, clockTold, bestGap := math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1)
	fmt.Printf("%-26s", name)
	for _, lp := range []string{"", "ipm"} {
		var s *solver.Solution
		took, clock := timed(b.limit, func(ctx context.Context) (err error) {
			s, err = solver.Solve(ctx, m, solver.Options{RelGap: b.gap, MIPLPSolver: lp})
			return err
		})
		fmt.Printf(" %8.3f s", took)
		if s.Claim == solver.Optimal {
			best, bestClock = min(best, took), min(bestClock, clock)
		}
		bestGap, clockTold = min(bestGap, s.Gap()), min(clockTold, clock)
	}
	p, _ := allocation.NewProblem(c)
	var out *allocation.Outcome
	took, clock := timed(b.limit, func(ctx context.Context) (err error) {
		out, err = p.Determine(ctx, auction.Options{Gap: b.gap, Threads: 1})
		return err
	})
	proven := out.Proven || out.Gap() <= b.gap
	fmt.Printf(" %8.3f s ", took)
	switch {
	case !math.IsInf(best, 1):
		ratio, byClock := took/best, clock/bestClock
		if !proven {
			ratio, byClock = math.Inf(1), math.Inf(1)
		}
		b.ratios, b.clock = append(b.ratios, ratio), append(b.clock, byClock)
		fmt.Printf("%6.2f  %9.3f s %7.3f s %6.2f  ", ratio, bestClock, clock, byClock)
	default:
		b.open++
		if out.Gap() > bestGap {
			b.wider++
		}
		fmt.Printf("%6s  %9.3f s %7.3f s %6s  ", "-", clockTold, clock, "-")
	}
	fmt.Printf(" %8.1e %8.1e  ", bestGap, out.Gap())
	if b.core && proven {
		paid := *c
		paid.Rules.Payment = auction.Core
		var r *auction.Results
		priced, _ := timed(10*b.limit, func(ctx context.Context) (err error) {
			r, err = allocation.Solve(ctx, &paid, auction.Options{Gap: b.gap, Threads: 1})
			return err
		})
		b.cores = append(b.cores, priced/took)
		fmt.Printf("%6.1f times (%s)", priced/took, r.Status)
	}
	fmt.Println()
}

// conclude tells the summary, and says whether all is as wanted.
func (b *bench) conclude() bool {
	ok := b.wider == 0
	if len(b.ratios) > 0 {
		slices.Sort(b.ratios)
		slices.Sort(b.clock)
		median, largest := b.ratios[len(b.ratios)/2], b.ratios[len(b.ratios)-1]
		ok = ok && largest <= mostRatio*(1+b.noise) && median < medianRatio*(1+b.noise)
		fmt.Printf("ratio to HiGHS alone where it proves the optimum: median %.2f (under %v wanted), largest %.2f (at most %v wanted), %d cases; by the clock %.2f and %.2f\n",
			median, medianRatio, largest, mostRatio, len(b.ratios), b.clock[len(b.clock)/2], b.clock[len(b.clock)-1])
	}
	fmt.Printf("%d cases that it does not prove in %v CPU seconds; in %d of them the gap of lotwise is larger (none wanted)\n", b.open, b.limit, b.wider)
	if len(b.cores) > 0 {
		slices.Sort(b.cores)
		fmt.Printf("core payments: median %.1f times one allocation (at most 10 wanted), %d cases\n", b.cores[len(b.cores)/2], len(b.cores))
	}
	return ok
}
