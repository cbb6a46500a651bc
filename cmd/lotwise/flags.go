package main

import (
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"lotwise/models/auction"
	"lotwise/outputs"
)

// The values of flags that name one of several.
var (
	concepts   = []string{"auto", "pure", "mixed", "correlated"}
	losing     = []string{auction.LosingAuto, auction.LosingExact, auction.LosingNone}
	progresses = []string{"auto", "plain", "json", "none"}
)

// solvingFlags are the flags that all solving commands share, and those of one command.
func solvingFlags(own ...cli.Flag) []cli.Flag {
	return append(own,
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the results to the new folder `RUN`"},
		&cli.BoolFlag{Name: "force", DisableDefaultText: true, Usage: "replace RUN where it exists and is a run"},
		&cli.BoolFlag{Name: "xlsx", DisableDefaultText: true, Usage: "write the tables as a workbook too, RUN/" + outputs.WorkbookFile},
		formatFlag(),
		&cli.Float64Flag{Name: "gap", Value: 1e-4, Usage: "relative MIP gap to reach"},
		&cli.Float64Flag{Name: "epsilon", Value: 1e-3, Usage: "solve: largest relative regret to accept"},
		&cli.StringFlag{Name: "concept", Value: concepts[0], Usage: "solve: the equilibrium's `CONCEPT`, " + strings.Join(concepts, ", ")},
		&cli.StringFlag{Name: "time-limit", Usage: "stop after this `TIME`, such as 90s, 10m, 1h30m or 600 (seconds), with the best found (default: none)"},
		&cli.IntFlag{Name: "threads", Value: runtime.GOMAXPROCS(0), DefaultText: "all cores", Usage: "solve at most this many problems at once; results do not depend on it"},
		&cli.Int64Flag{Name: "seed", Value: 1, Usage: "of everything random"},
		&cli.StringFlag{Name: "scenario", Usage: "solve the case as the scenario `NAME` of scenarios.csv changes it, or FILE.csv:NAME of another file"},
		&cli.StringFlag{Name: "progress", Value: progresses[0], Usage: "how to show progress on stderr: `MODE` " + strings.Join(progresses, ", ")},
	)
}

// options reads the shared flags.
func options(cc *cli.Context) (auction.Options, error) {
	o := auction.Options{
		Gap: cc.Float64("gap"), Epsilon: cc.Float64("epsilon"), Concept: cc.String("concept"), Type: cc.String("type"),
		LimitCosts: cc.Bool("limit-costs"), Losing: cc.String("losing-bids"), Threads: cc.Int("threads"), Seed: cc.Int64("seed"),
	}
	for name, v := range map[string]float64{"gap": o.Gap, "epsilon": o.Epsilon} {
		if !(v >= 0) || math.IsInf(v, 1) {
			return o, usage("--%s must be a number from 0, found %g", name, v)
		}
	}
	if o.Threads < 1 {
		return o, usage("--threads must be at least 1, found %d", o.Threads)
	}
	if err := oneOf(cc, "concept", concepts); err != nil {
		return o, err
	}
	if err := oneOf(cc, "progress", progresses); err != nil {
		return o, err
	}
	if err := oneOf(cc, "format", formats); err != nil {
		return o, err
	}
	if o.Losing != "" || cc.IsSet("losing-bids") {
		if err := oneOf(cc, "losing-bids", losing); err != nil {
			return o, err
		}
	}
	var err error
	o.TimeLimit, err = timeLimit(cc.String("time-limit"), cc.IsSet("time-limit"))
	return o, err
}

func oneOf(cc *cli.Context, flag string, values []string) error {
	if v := cc.String(flag); !slices.Contains(values, v) {
		return usage("--%s must be one of %s, found %q%s", flag, strings.Join(values, ", "), v, didYouMean(v, values))
	}
	return nil
}

// timeLimit reads a duration such as 1h30m, or a plain number of seconds.
func timeLimit(s string, set bool) (time.Duration, error) {
	if !set {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		if seconds, e := strconv.ParseFloat(s, 64); e == nil && math.Abs(seconds) < math.MaxInt64/1e9 {
			d, err = time.Duration(seconds*1e9), nil
		}
	}
	if err != nil || d <= 0 {
		return 0, usage("--time-limit must be a time over 0 such as 90s, 10m, 1h30m or 600 (seconds), found %q", s)
	}
	return d, nil
}
