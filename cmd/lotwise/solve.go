package main

import (
	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/models/equilibrium"
	"lotwise/outputs"
)

var solveCommand = &cli.Command{
	Name:      "solve",
	Usage:     "the whole auction: every bidder's equilibrium bids and what they lead to",
	UsageText: "lotwise solve CASE -o RUN [--concept auto|pure|mixed|correlated]",
	Description: "Needs lots, bidders and demand. Finds bids from which no bidder gains more than epsilon by bidding\n" +
		"otherwise, the allocation and payments they lead to, and how far each bidder is from a better bid.\n\nExamples:\n" +
		"  lotwise solve usps2026 -o runs/usps\n" +
		"  lotwise solve mycase -o runs/mixed --concept mixed --epsilon 0.01 --time-limit 1h",
	Flags: solvingFlags(),
	Action: func(cc *cli.Context) error {
		return solving(cc, func(c *auction.Case, _ *outputs.Manifest) (model, error) {
			return equilibrium.Solve, inputs.Requirements(c, "solve")
		})
	},
}
