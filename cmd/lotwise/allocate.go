package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/allocation"
	"lotwise/models/auction"
	"lotwise/outputs"
)

// allocateFlags are the flags of allocate alone.
var allocateFlags = []cli.Flag{
	&cli.StringFlag{Name: "bids", Usage: "read the bids from `FILE` instead of the case's bids.csv"},
	&cli.BoolFlag{Name: "limit-costs", DisableDefaultText: true, Usage: "say what each limit costs the objective, by solving without it"},
	&cli.StringFlag{Name: "losing-bids", Value: losing[0], Usage: "find the prices from which losing bids win: `MODE` " + strings.Join(losing, ", ")},
}

var allocateCommand = &cli.Command{
	Name:      "allocate",
	Usage:     "the seller's problem: which bids to accept, and what winners pay",
	UsageText: "lotwise allocate CASE -o RUN [--bids FILE] [--limit-costs]",
	Description: "Needs lots, bidders and bids. Accepts the bids of most value that limits.csv allows, by the\n" +
		"preferences of adjustments.csv, and applies the payment rule of rules.csv. Where the limits\n" +
		"cannot be met it ends with 4 and names a smallest set of them that conflict.\n\nExamples:\n" +
		"  lotwise allocate mycase -o runs/base\n" +
		"  lotwise allocate mycase -o runs/priced --limit-costs\n" +
		"  lotwise allocate mycase -o runs/late --bids late-bids.csv --time-limit 10m",
	Flags: solvingFlags(allocateFlags...),
	Action: func(cc *cli.Context) error {
		return solving(cc, func(c *auction.Case, m *outputs.Manifest) (model, error) {
			if err := replaceBids(c, m, cc.String("bids")); err != nil {
				return nil, err
			}
			return allocation.Solve, inputs.Requirements(c, "allocate")
		})
	},
}

// bidsDigest is the manifest's name for the file of --bids among its inputs.
const bidsDigest = "--bids"

// replaceBids puts the bids of a file, where one is named, in the place of the case's own.
func replaceBids(c *auction.Case, m *outputs.Manifest, file string) error {
	if file == "" {
		return nil
	}
	if err := inputs.ReadBids(c, file); err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	m.Options.Bids = file
	m.Inputs[bidsDigest] = sum(data)
	return nil
}

// sum is the SHA-256 in hexadecimal.
func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}
