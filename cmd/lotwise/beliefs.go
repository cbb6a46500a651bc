package main

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/models/beliefs"
	"lotwise/outputs"
)

// The sources of beliefs: what stands before the colon of --beliefs.
const (
	fromTable = "table"
	fromFile  = "file"
	fromCosts = "costs"
	fromRun   = "run"
	fromIndex = "index"
)

// usualSpread is the spread where neither the source nor a flag says one.
const usualSpread = 0.1

// beliefFlags are the flags that say what the rivals are believed to bid.
var beliefFlags = []cli.Flag{
	&cli.StringFlag{Name: "beliefs", Value: fromTable, Usage: "take the rivals' bids from `SOURCE`: table (the case's beliefs.csv), file:FILE, costs, run:FOLDER, index:FILE or index:PRICE,SPREAD"},
	&cli.IntFlag{Name: "samples", Value: 50, Usage: "draw `N` scenarios where the source has more outcomes than that"},
	&cli.Float64Flag{Name: "shade", Value: 0.1, Usage: "costs: a rival bids its break-even price less this share"},
	&cli.Float64Flag{Name: "spread", Value: usualSpread, DefaultText: "0.1; 0 for run", Usage: "standard deviation of a rival's price, as a share of it"},
	&cli.Float64Flag{Name: "correlation", Value: 0.5, Usage: "of the deviations of one rival's prices (index: of all prices) in two lots"},
	&cli.IntFlag{Name: "fresh", Value: 1000, Usage: "evaluate a bid against drawn scenarios on `N` fresh ones"},
	&cli.IntFlag{Name: "batches", Usage: "bound the optimality gap of a bid against drawn scenarios with `N` more samples (0, or from 2)"},
}

// believe gives the case the beliefs that the flags ask for, and says so in the manifest. It returns what they were
// drawn from, nil where they are all that there is.
func believe(cc *cli.Context, c *auction.Case, bidder int, m *outputs.Manifest) (*auction.Sample, error) {
	kind, name, _ := strings.Cut(cc.String("beliefs"), ":")
	known := []string{fromTable, fromFile, fromCosts, fromRun, fromIndex}
	if !slices.Contains(known, kind) {
		return nil, usage("--beliefs must be table, file:FILE, costs, run:FOLDER, index:FILE or index:PRICE,SPREAD, found %q%s", cc.String("beliefs"), didYouMean(kind, known))
	}
	if takes := kind == fromFile || kind == fromRun || kind == fromIndex; takes != (name != "") {
		if takes {
			return nil, usage("--beliefs %s: needs a name after the colon, such as %s:%s", kind, kind, map[string]string{fromFile: "beliefs.csv", fromRun: "runs/first", fromIndex: "2.10,8%"}[kind])
		}
		return nil, usage("--beliefs %s takes nothing after a colon, found %q", kind, name)
	}
	drawn := kind != fromTable && kind != fromFile
	for _, flag := range []string{"samples", "shade", "spread", "correlation", "fresh", "batches"} {
		if cc.IsSet(flag) && (!drawn || flag == "shade" && kind != fromCosts) {
			return nil, usage("--%s has no use with --beliefs %s", flag, kind)
		}
	}
	if kind == fromTable {
		return nil, nil
	}
	said := &outputs.Beliefs{Source: cc.String("beliefs")}
	m.Options.Beliefs = said
	if kind == fromFile {
		if err := inputs.ReadBeliefs(c, name); err != nil {
			return nil, err
		}
		var err error
		said.SHA256, err = digestOf(name)
		return nil, err
	}

	o := beliefs.Options{Shade: cc.Float64("shade"), Spread: cc.Float64("spread"), Correlation: cc.Float64("correlation")}
	if kind == fromRun && !cc.IsSet("spread") {
		o.Spread = 0
	}
	for _, flag := range []string{"shade", "spread", "correlation"} {
		if v := cc.Float64(flag); !(v >= 0 && v <= 1) {
			return nil, usage("--%s is a share from 0 to 1, found %g", flag, v)
		}
	}
	size, fresh, batches := cc.Int("samples"), cc.Int("fresh"), cc.Int("batches")
	switch {
	case size < 1:
		return nil, usage("--samples must be at least 1, found %d", size)
	case fresh < 2:
		return nil, usage("--fresh must be at least 2, found %d: a standard error needs two", fresh)
	case batches < 0 || batches == 1:
		return nil, usage("--batches must be 0 or at least 2, found %d: a confidence bound needs two", batches)
	}
	said.Samples, said.Fresh, said.Batches, said.Spread, said.Correlation = size, fresh, batches, o.Spread, o.Correlation
	var source *beliefs.Source
	var err error
	switch kind {
	case fromCosts:
		said.Shade = o.Shade
		source, err = beliefs.FromCosts(c, bidder, o)
	case fromRun:
		var r *auction.Results
		var run *outputs.Manifest
		if r, run, err = outputs.Read(name); err != nil {
			return nil, err
		}
		said.SHA256 = run.Seal
		source, err = beliefs.FromRun(c, bidder, r, filepath.ToSlash(filepath.Clean(name)), o)
	case fromIndex:
		var index []auction.IndexPrice
		if one, ok := inputs.ParseIndex(name); ok {
			index = []auction.IndexPrice{one}
		} else if _, missing := os.Stat(name); missing != nil {
			return nil, usage("--beliefs index:%s is neither a file that is there nor a price with a spread from 0 to 1, such as index:2.10,8%%", name)
		} else {
			if said.SHA256, err = digestOf(name); err != nil {
				return nil, err
			}
			if index, err = inputs.ReadIndex(c, name); err != nil {
				return nil, err
			}
		}
		source, err = beliefs.FromIndex(c, bidder, index, o)
	}
	if err != nil {
		return nil, err
	}
	if list, ok := source.Enumerate(size); ok {
		inputs.Believe(c, list)
		return nil, nil
	}
	seed := uint64(cc.Int64("seed"))
	draw := func(n int, stream uint64) []auction.Belief {
		return source.Sample(n, rand.New(rand.NewPCG(seed, stream)))
	}
	inputs.Believe(c, draw(size, 0))
	return &auction.Sample{Draw: draw, Size: size, Fresh: fresh, Batches: batches}, nil
}

// digestOf returns the SHA-256 of a file.
func digestOf(file string) (string, error) {
	data, err := os.ReadFile(file)
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), err
}
