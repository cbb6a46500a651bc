package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"lotwise/solver/highs"
)

// version is set by the linker: -X main.version=1.2.3.
var version = "dev"

var versionCommand = &cli.Command{
	Name:      "version",
	Usage:     "the versions of lotwise and of its solver",
	UsageText: "lotwise version",
	Description: "Examples:\n" +
		"  lotwise version",
	Action: func(cc *cli.Context) error {
		if _, err := arguments(cc); err != nil {
			return err
		}
		fmt.Fprintf(cc.App.Writer, "lotwise %s\nHiGHS %s\n", version, highs.Version())
		return nil
	},
}
