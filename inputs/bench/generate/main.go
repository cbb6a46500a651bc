// Command generate writes a drawn case into a folder, for benchmarks:
//
//	go run ./inputs/bench/generate -kind regions -lots 100 -bids 1000 -seed 1 FOLDER
//	go run ./inputs/bench/generate -kind postal -lots 2000 -bids 40000 -packages 2000 -limits 12 FOLDER
//
// Kinds are the distributions of CATS (arbitrary, matching, paths, regions, scheduling: -lots goods, -bids bundles),
// postal (per-lot bids, packages, budgets, limits), divisible (postal, a linear program), mixed (small, everything
// at random), and market, the problem of one bidder, "me", against scenarios of its rivals:
//
//	go run ./inputs/bench/generate -kind market -lots 1772 -scenarios 50 FOLDER
//
// The same flags give the same files.
package main

import (
	"flag"
	"fmt"
	"log"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/auction/generate"
)

func main() {
	log.SetFlags(0)
	var p generate.Postal
	kind := flag.String("kind", "postal", "a distribution of CATS, postal, divisible, mixed or market")
	flag.IntVar(&p.Lots, "lots", 200, "lots; goods of a distribution of CATS")
	flag.IntVar(&p.Bids, "bids", 2000, "bids; of postal, those for a single lot")
	flag.Uint64Var(&p.Seed, "seed", 1, "what the draw depends on")
	flag.StringVar(&p.Payment, "payment", "", "the payment rule (pay_as_bid; of mixed, drawn)")
	flag.BoolVar(&p.Contribution, "contribution", false, "the objective contribution rather than revenue, of postal")
	flag.IntVar(&p.Bidders, "bidders", 0, "bidders of postal (a fortieth of the bids)")
	flag.IntVar(&p.Packages, "packages", 0, "packages of postal")
	flag.IntVar(&p.MinLots, "min-lots", 0, "least lots of a package (5)")
	flag.IntVar(&p.MaxLots, "max-lots", 0, "most lots of a package (40)")
	flag.IntVar(&p.Limits, "limits", 0, "limits of postal, at most 12")
	flag.IntVar(&p.Adjustments, "adjustments", 0, "adjustments of postal, at most 3")
	flag.Float64Var(&p.AllOrNothing, "all-or-nothing", 0.2, "share of the single-lot bids of postal that are all or nothing")
	flag.Float64Var(&p.Fractions, "fractions", 0.1, "share of those with a least fraction between")
	flag.Float64Var(&p.Budgets, "budgets", 0.5, "share of the bidders of postal with a budget")
	flag.Float64Var(&p.Caps, "caps", 0.3, "share of those with a max_volume")
	m := generate.Market{Windows: 2, Rivals: 6}
	flag.IntVar(&m.Scenarios, "scenarios", 20, "scenarios of a market")
	flag.IntVar(&m.Zones, "zones", 4, "zones of a market that a station serves")
	flag.Float64Var(&m.Station, "station", 0, "capacity of a station as a share of what its zones need (no limit)")
	flag.Float64Var(&m.Budget, "budget", 0, "budget in a market as a share of what all demand costs at the reserves (none)")
	flag.Float64Var(&m.MaxVolume, "max-volume", 0, "max_volume in a market as a share of all demand (none)")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: generate [flags] FOLDER")
	}
	if p.Lots < 1 || p.Bids < 1 || p.Packages < 0 {
		log.Fatal("want at least one lot and one bid")
	}
	if (p.MinLots > 0 || p.MaxLots > 0) && (p.MinLots < 1 || p.MinLots > p.MaxLots) {
		log.Fatal("want 1 <= -min-lots <= -max-lots")
	}
	if p.Bidders < 1 {
		p.Bidders = max(2, min(1000, (p.Bids+p.Packages)/40))
	}
	if m.Scenarios < 1 || m.Zones < 1 {
		log.Fatal("want at least one scenario, and one zone a station")
	}
	m.Lots, m.Seed = p.Lots, p.Seed
	c, err := draw(*kind, p, m)
	if err != nil {
		log.Fatal(err)
	}
	if p.Payment != "" {
		c.Rules.Payment = p.Payment
	}
	if err := write(flag.Arg(0), c); err != nil {
		log.Fatal(err)
	}
	rows := 0
	for b := range c.Bids {
		rows += len(c.Bids[b].Rows)
	}
	fmt.Printf("%s: %d lots, %d bidders, %d bids in %d rows, %d limits\n", c.Name, len(c.Lots), len(c.Bidders), len(c.Bids), rows, len(c.Limits))
}

func draw(kind string, p generate.Postal, m generate.Market) (*auction.Case, error) {
	switch {
	case kind == "postal":
		return p.Case(), nil
	case kind == "divisible":
		return generate.Divisible(p.Lots, p.Bids, p.Seed).Case(), nil
	case kind == "mixed":
		return generate.Mixed(p.Bids, p.Seed), nil
	case kind == "market":
		return m.Case(), nil
	case slices.Contains(generate.Distributions, kind):
		return generate.CATS(kind, p.Lots, p.Bids, p.Seed)
	}
	return nil, fmt.Errorf("no kind %q: want postal, divisible, mixed, market or one of %v", kind, generate.Distributions)
}
