package main

import (
	"context"
	"slices"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/outputs"
)

var bidCommand = &cli.Command{
	Name:      "bid",
	Usage:     "one bidder's problem: its optimal bid against its beliefs",
	UsageText: "lotwise bid CASE --bidder NAME -o RUN [--type NAME]",
	Description: "Needs lots, bidders, demand and beliefs. Finds the bid of most expected profit for every type of\n" +
		"the bidder, with a bound that no bid exceeds.\n\nExamples:\n" +
		"  lotwise bid mycase --bidder Acme -o runs/acme\n" +
		"  lotwise bid mycase --bidder Acme --type high -o runs/acme-high --gap 0.001",
	Flags: solvingFlags(
		&cli.StringFlag{Name: "bidder", Usage: "the bidder's `NAME`"},
		&cli.StringFlag{Name: "type", Usage: "answer for this type `NAME` of the bidder alone (default: every type)"},
	),
	Action: func(cc *cli.Context) error {
		name := cc.String("bidder")
		if name == "" {
			return usage("--bidder NAME is missing: who bids")
		}
		return solving(cc, func(c *auction.Case, m *outputs.Manifest) (model, error) {
			if err := inputs.Requirements(c, "bid"); err != nil {
				return nil, err
			}
			bidder, err := bidderOf(c, name, cc.String("type"))
			m.Options.Bidder = name
			return func(ctx context.Context, c *auction.Case, o auction.Options) (*auction.Results, error) {
				return bidding.Solve(ctx, c, bidder, o)
			}, err
		})
	},
}

// bidderOf returns the index of the bidder of that name, which must have the type, where one is named.
func bidderOf(c *auction.Case, name, typ string) (int, error) {
	var names, types []string
	for _, b := range c.Bidders {
		names = append(names, b.Name)
	}
	i := slices.Index(names, name)
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
