package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/auction"
)

// assumption is the scenario that the flags name, one that changes nothing where they name none.
func assumption(cc *cli.Context, path string) (*auction.Assumption, error) {
	name, file := cc.String("scenario"), cc.String("scenarios")
	if name == "" {
		if file != "" {
			return nil, usage("--scenarios names a file and --scenario none of its scenarios; add --scenario NAME, or run all of them with lotwise sweep")
		}
		return &auction.Assumption{}, nil
	}
	list, err := inputs.Scenarios(path, file)
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range list {
		names = append(names, list[i].Name)
	}
	i := slices.Index(names, name)
	if i < 0 {
		return nil, usage("no scenario is named %q%s", name, didYouMean(name, names))
	}
	if cc.String("bids") != "" && slices.ContainsFunc(list[i].Changes, func(c auction.Change) bool { return c.Table == "bids" }) {
		return nil, fmt.Errorf("scenario %s changes bids.csv, in the place of which --bids puts another file: change that file", name)
	}
	return &list[i], nil
}
