package main

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/outputs"
)

// bidFlags are the flags of bid alone.
var bidFlags = append([]cli.Flag{
	&cli.StringFlag{Name: "bidder", Usage: "the bidder's `NAME`"},
	&cli.StringFlag{Name: "type", Usage: "answer for this type `NAME` of the bidder alone (default: every type)"},
	&cli.Float64Flag{Name: "risk-aversion", Usage: "maximise (1-`A`) x expected profit + A x CVaR, the mean profit of the worst --tail; A from 0 to 1"},
	&cli.Float64Flag{Name: "tail", Value: auction.DefaultTail, Usage: "the `SHARE` of outcomes, by probability, that CVaR is the mean of"},
	&cli.IntFlag{Name: "curves", Value: 20, Usage: "work out expected profit by price for the `N` rows of the bid with most at stake"},
	&cli.BoolFlag{Name: "network-scenarios", DisableDefaultText: true, Usage: "write the deliveries of every scenario, network_scenarios.csv"},
}, beliefFlags...)

var bidCommand = &cli.Command{
	Name:      "bid",
	Usage:     "one bidder's problem: its optimal bid against its beliefs",
	UsageText: "lotwise bid CASE --bidder NAME -o RUN [--type NAME]",
	Description: "Needs lots, bidders and demand, and beliefs.csv or another source of --beliefs. Finds the bid of most\n" +
		"expected profit for every type of the bidder, with a bound that no bid exceeds; with --risk-aversion, of most\n" +
		"expected profit and CVaR.\n\n" +
		"What the rivals bid is taken from --beliefs:\n" +
		"  table              the case's beliefs.csv\n" +
		"  file:FILE          a file with its columns, such as the beliefs.csv of another run, edited or not\n" +
		"  costs              what lots are worth to the rivals by their own costs in the case, less --shade\n" +
		"  run:FOLDER         the strategies of a run of solve (or bid), the accepted prices of a run of allocate\n" +
		"  index:FILE         prices by lot, zone or service: columns lot, zone, service, bidder, price, spread, quantity\n" +
		"  index:PRICE,SPREAD one price for all lots, and its standard deviation as a share of it: index:2.10,8%\n" +
		"Few outcomes are listed with their probabilities; else --samples scenarios are drawn with --seed, and the summary\n" +
		"states the bid's profit on --fresh ones. The run holds the scenarios as beliefs.csv.\n\nExamples:\n" +
		"  lotwise bid mycase --bidder Alpha -o runs/alpha\n" +
		"  lotwise bid mycase --bidder Beta --type lean -o runs/beta-lean --gap 0.001\n" +
		"  lotwise bid mycase --bidder Alpha -o runs/alpha-costs --beliefs costs --shade 0.15\n" +
		"  lotwise bid mycase --bidder Alpha -o runs/alpha-again --beliefs run:runs/first",
	Flags: solvingFlags(bidFlags...),
	Action: func(cc *cli.Context) error {
		name := cc.String("bidder")
		if name == "" {
			return usage("--bidder NAME is missing: who bids")
		}
		return solving(cc, func(c *auction.Case, m *outputs.Manifest) (model, error) {
			bidder, err := strategicOf(c, name, cc.String("type"))
			if err != nil {
				return nil, err
			}
			if n := cc.Int("curves"); n < 0 {
				return nil, usage("--curves must be at least 0, found %d", n)
			}
			risk := auction.Risk{Aversion: cc.Float64("risk-aversion"), Tail: cc.Float64("tail")}
			switch {
			case !(risk.Aversion >= 0 && risk.Aversion <= 1):
				return nil, usage("--risk-aversion must be from 0 to 1, found %g", risk.Aversion)
			case !(risk.Tail > 0 && risk.Tail <= 1):
				return nil, usage("--tail must be over 0 and at most 1, found %g", risk.Tail)
			case risk.Aversion > 0 && cc.Int("batches") > 0:
				return nil, usage("--batches bounds what another bid could earn more in expectation: leave it or --risk-aversion out")
			}
			m.Options.Bidder, m.Options.RiskAversion, m.Options.Tail = name, risk.Aversion, risk.Tail
			sample, err := believe(cc, c, bidder, m)
			if err != nil {
				return nil, err
			}
			if err := inputs.Requirements(c, "bid"); err != nil {
				return nil, err
			}
			return func(ctx context.Context, c *auction.Case, o auction.Options) (*auction.Results, error) {
				o.Risk, o.Sample, o.Curves, o.NetworkScenarios = risk, sample, cc.Int("curves"), cc.Bool("network-scenarios")
				r, err := bidding.Solve(ctx, c, bidder, o)
				if err == nil && m.Options.Beliefs != nil {
					r.Beliefs = c.BeliefRows()
				}
				return r, err
			}, nil
		})
	},
}

// strategicOf is bidderOf for a bidder that must have demand.
func strategicOf(c *auction.Case, name, typ string) (int, error) {
	i, err := bidderOf(c, name, typ)
	if err == nil && c.Has["demand"] && !c.Bidders[i].Strategic() {
		var others []string
		for _, b := range c.Bidders {
			if b.Strategic() {
				others = append(others, b.Name)
			}
		}
		return 0, usage("the bidder %s has no demand, so no lot is worth anything to it; bidders with rows in demand.csv: %s", name, strings.Join(others, ", "))
	}
	return i, err
}

// bidderOf returns the index of the bidder of that name, which must have the type, where one is named.
func bidderOf(c *auction.Case, name, typ string) (int, error) {
	var names, types []string
	for _, b := range c.Bidders {
		names = append(names, b.Name)
	}
	i := slices.Index(names, name)
	if name == "" {
		return 0, usage("--bidder NAME is missing: who bids")
	}
	if i < 0 {
		return 0, usage("no bidder is named %q%s", name, didYouMean(name, names))
	}
	for _, t := range c.Bidders[i].Types {
		types = append(types, t.Name)
	}
	if typ != "" && !slices.Contains(types, typ) {
		return 0, usage("the bidder %s has no type %q%s", name, typ, didYouMean(typ, types))
	}
	return i, nil
}
