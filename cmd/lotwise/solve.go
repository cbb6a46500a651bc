package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/models/equilibrium"
	"lotwise/outputs"
)

var solveCommand = &cli.Command{
	Name:      "solve",
	Usage:     "the whole auction: every bidder's equilibrium bids and what they lead to",
	UsageText: "lotwise solve CASE -o RUN [--concept auto|pure|mixed|correlated] [--near RUN]",
	Description: "Needs lots, bidders and demand. Finds bids from which no bidder gains more than epsilon by bidding\n" +
		"otherwise, the allocation and payments they lead to, and how far each bidder is from a better bid.\n\nExamples:\n" +
		"  lotwise solve mycase -o runs/first\n" +
		"  lotwise solve usps2026 -o runs/usps --xlsx\n" +
		"  lotwise solve mycase -o runs/dear --scenario dear_drivers --near runs/first\n" +
		"  lotwise solve mycase -o runs/mixed --concept mixed --epsilon 0.01 --time-limit 1h",
	Flags: solvingFlags(
		&cli.StringFlag{Name: "near", Usage: "start from the bids of another run `RUN`, of a case that differs little"},
	),
	Action: func(cc *cli.Context) error {
		return solving(cc, func(c *auction.Case, m *outputs.Manifest) (model, error) {
			if err := inputs.Requirements(c, "solve"); err != nil || cc.String("near") == "" {
				return equilibrium.Solve, err
			}
			r, near, err := outputs.Read(cc.String("near"))
			if err != nil {
				return nil, err
			}
			m.Options.Near = near.Seal
			return func(ctx context.Context, c *auction.Case, o auction.Options) (*auction.Results, error) {
				o.Near = r
				return equilibrium.Solve(ctx, c, o)
			}, nil
		})
	},
}
