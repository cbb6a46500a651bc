package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/urfave/cli/v2"

	"lotwise/inputs"
)

var checkCommand = &cli.Command{
	Name:      "check",
	Usage:     "report every error of a case, then its size and what each command can do with it",
	UsageText: "lotwise check CASE",
	Description: "Every error names file, line and column, what was found and what would do.\n\nExamples:\n" +
		"  lotwise check mycase\n" +
		"  lotwise check mycase.xlsx",
	Action: func(cc *cli.Context) error {
		given, err := arguments(cc, "CASE")
		if err != nil {
			return err
		}
		c, err := inputs.Read(given[0])
		if err != nil {
			return err
		}
		w := cc.App.Writer
		fmt.Fprintf(w, "The case %s has no errors.\n\n", c.Name)
		t := newTable(w, "table", "rows", "")
		for _, s := range inputs.Sizes(c) {
			t.AppendRow(table.Row{s.Table, s.Rows, s.Note})
		}
		show(w, t, 2)
		for _, n := range inputs.Notes(c) {
			fmt.Fprintf(w, "Note: %s:%d: %s\n", n.Source.File, n.Source.Line, n.What)
		}
		for _, a := range inputs.Abilities(c) {
			can := "can not: "
			if a.Can {
				can = "can: "
			}
			fmt.Fprintf(w, "%-9s%s%s\n", a.Command, can, strings.ReplaceAll(a.What, "\n", "\n         "))
		}
		return nil
	},
}
