package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/auction"
)

// scenariosOf ends the file's name in FILE.csv:NAME.
const scenariosOf = ".csv:"

// assumption is the scenario that the flags name, one that changes nothing where they name none.
func assumption(cc *cli.Context, path string) (*auction.Assumption, error) {
	name, file := cc.String("scenario"), ""
	if name == "" {
		return &auction.Assumption{}, nil
	}
	if at := strings.Index(name, scenariosOf); at >= 0 {
		file, name = name[:at+len(scenariosOf)-1], name[at+len(scenariosOf):]
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
