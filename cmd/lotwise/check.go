package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/outputs"
)

var checkCommand = &cli.Command{
	Name:      "check",
	Usage:     "report every error of a case, then its size and what each command can do with it",
	UsageText: "lotwise check CASE [--format table|csv|json]",
	Description: "Every error names file, line and column, what was found and what would do.\n\nExamples:\n" +
		"  lotwise check mycase\n" +
		"  lotwise check usps2026 --format json",
	Flags: []cli.Flag{formatFlag()},
	Action: func(cc *cli.Context) error {
		given, err := arguments(cc, "CASE")
		if err != nil {
			return err
		}
		w, format := cc.App.Writer, cc.String("format")
		if err := oneOf(cc, "format", formats); err != nil {
			return err
		}
		c, err := inputs.Read(given[0])
		if wrong := inputs.Errors(nil); errors.As(err, &wrong) && format != formats[0] {
			return errors.Join(printErrors(w, format, given[0], wrong), err)
		} else if err != nil {
			return err
		}
		if format != formats[0] {
			return printCheck(w, format, c)
		}
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

// printCheck prints what a case holds and what the commands can do with it, for programs; as CSV its tables.
func printCheck(w io.Writer, format string, c *auction.Case) error {
	var sizes, notes, can [][]any
	for _, s := range inputs.Sizes(c) {
		sizes = append(sizes, []any{s.Table, s.Rows, s.Note})
	}
	for _, n := range inputs.Notes(c) {
		notes = append(notes, []any{n.Source.File, n.Source.Line, n.What})
	}
	for _, a := range inputs.Abilities(c) {
		yes := "no"
		if a.Can {
			yes = "yes"
		}
		can = append(can, []any{a.Command, yes, a.What})
	}
	return printSheets(w, format, object{{"case", c.Name}, {"errors", []object{}}}, []outputs.Sheet{
		sheetOf("tables", []outputs.SheetColumn{{Name: "table"}, {Name: "rows", Number: true}, {Name: "note"}}, sizes),
		sheetOf("notes", []outputs.SheetColumn{{Name: "file"}, {Name: "line", Number: true}, {Name: "note"}}, notes),
		sheetOf("commands", []outputs.SheetColumn{{Name: "command"}, {Name: "can"}, {Name: "what"}}, can),
	})
}

// printErrors prints what is wrong with a case, for programs: all of it.
func printErrors(w io.Writer, format, path string, wrong inputs.Errors) error {
	var rows [][]any
	for _, e := range wrong {
		rows = append(rows, []any{e.File, e.Line, e.Column, e.What, e.Found, e.Remedy})
	}
	return printSheets(w, format, object{{"case", path}}, []outputs.Sheet{sheetOf("errors", []outputs.SheetColumn{
		{Name: "file"}, {Name: "line", Number: true}, {Name: "column"}, {Name: "problem"}, {Name: "found"}, {Name: "remedy"},
	}, rows)})
}
