package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"lotwise/inputs"
)

var schemaCommand = &cli.Command{
	Name:      "schema",
	Usage:     "the tables of a case: columns, units, defaults, an example",
	UsageText: "lotwise schema [TABLE] [--format table|csv|json]",
	Description: "Without a table, what each table says; with one, its columns and example rows.\n\nExamples:\n" +
		"  lotwise schema\n" +
		"  lotwise schema limits\n" +
		"  lotwise schema routes --format json",
	Flags: []cli.Flag{
		formatFlag(),
	},
	Action: func(cc *cli.Context) error {
		if err := oneOf(cc, "format", formats); err != nil {
			return err
		}
		switch given := cc.Args().Slice(); len(given) {
		case 0:
			return list(cc.App.Writer, cc.String("format"), tablesListing())
		case 1:
			t := inputs.Lookup(strings.TrimSuffix(given[0], ".csv"))
			if t == nil {
				var names []string
				for _, t := range inputs.Tables {
					names = append(names, t.Name)
				}
				return usage("no table %q%s", given[0], didYouMean(given[0], names))
			}
			return describeTable(cc.App.Writer, cc.String("format"), t)
		default:
			return usage("schema takes one table, found %q", strings.Join(given, " "))
		}
	},
}

// A listing is a table to print: names of columns, and rows of as many cells.
type listing struct {
	header []string
	rows   [][]string
}

func tablesListing() listing {
	l := listing{header: []string{"table", "a row says"}}
	for i := range inputs.Tables {
		t := &inputs.Tables[i]
		l.rows = append(l.rows, []string{t.File(), strings.ReplaceAll(t.Meaning, "`", "")})
	}
	return l
}

// describeTable prints the columns of a table and, for people, what it is and example rows.
func describeTable(w io.Writer, format string, t *inputs.Table) error {
	columns := listing{header: []string{"column", "holds", "blank", "meaning", "example"}}
	example := listing{}
	for i := range t.Columns {
		c := &t.Columns[i]
		blank := c.Default
		if c.Required {
			blank = "required"
		}
		first := ""
		for n, e := range c.Example {
			if first == "" {
				first = e
			}
			if i == 0 {
				example.rows = append(example.rows, make([]string, len(t.Columns)))
			}
			example.rows[n][i] = e
		}
		example.header = append(example.header, c.Name)
		plain := strings.NewReplacer("`", "", `\|`, "|")
		columns.rows = append(columns.rows, []string{c.Name, plain.Replace(c.Holds()), blank, plain.Replace(c.Meaning), first})
	}
	if format != formats[0] {
		return list(w, format, columns)
	}
	fmt.Fprintf(w, "%s: %s", t.File(), strings.ReplaceAll(t.Meaning, "`", ""))
	if t.Open {
		fmt.Fprint(w, " Any further columns are attributes of your own.")
	}
	fmt.Fprint(w, "\n\n")
	if err := list(w, format, columns); err != nil {
		return err
	}
	if t.Name == "rules" {
		rules := listing{header: []string{"name", "value", "default", "meaning"}}
		for _, r := range inputs.Rules {
			rules.rows = append(rules.rows, []string{r.Name, strings.Join(r.Choices, ", "), r.Default, strings.ReplaceAll(r.Meaning, "`", "")})
		}
		if err := list(w, format, rules); err != nil {
			return err
		}
	}
	fmt.Fprintln(w, "Such as:")
	return list(w, "csv", example)
}

// cellWidth is how wide a cell is printed before it goes on in the next line.
const cellWidth = 60

// list prints a listing.
func list(w io.Writer, format string, l listing) error {
	switch format {
	case "csv":
		out := csv.NewWriter(w)
		if err := out.Write(l.header); err != nil {
			return err
		}
		return out.WriteAll(l.rows)
	case "json":
		objects := make([]object, len(l.rows))
		for i, row := range l.rows {
			for j, name := range l.header {
				objects[i] = append(objects[i], member{name, row[j]})
			}
		}
		return printJSON(w, objects)
	}
	var header []any
	for _, name := range l.header {
		header = append(header, name)
	}
	t := newTable(w, header...)
	for _, row := range l.rows {
		var cells table.Row
		for _, cell := range row {
			cells = append(cells, text.WrapSoft(cell, cellWidth))
		}
		t.AppendRow(cells)
	}
	show(w, t)
	return nil
}
