package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"lotwise/models/auction"
	"lotwise/outputs"
)

// formats are how a command may print what it found: tables for people, or one CSV table or JSON document for programs. Progress
// and errors go to stderr in all of them.
var formats = []string{"table", "csv", "json"}

func formatFlag() cli.Flag {
	return &cli.StringFlag{Name: "format", Value: formats[0], Usage: "how to print: `FORMAT` " + strings.Join(formats, ", ")}
}

// An object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := plainJSON(m.name)
		if err != nil {
			return nil, err
		}
		value, err := plainJSON(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// plainJSON is JSON in which <, > and & stand as they are.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	err := out.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// printJSON prints one document.
func printJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// cellJSON is a cell of a sheet: a number with the digits that the file has, null where it is blank; an infinity, which JSON does
// not know, is text.
func cellJSON(cell string, number bool) any {
	if !number {
		return cell
	}
	if cell == "" {
		return nil
	}
	if _, ok := outputs.Number(cell); ok && !strings.HasSuffix(cell, "inf") {
		return json.Number(cell)
	}
	return cell
}

// objectsOf are the rows of a sheet.
func objectsOf(s outputs.Sheet) []object {
	rows := make([]object, len(s.Rows))
	for i, row := range s.Rows {
		for j, c := range s.Columns {
			rows[i] = append(rows[i], member{c.Name, cellJSON(row[j], c.Number)})
		}
	}
	return rows
}

// printRun prints a run in a format: as CSV its summary; as JSON that and the tables of which people are shown a part.
func printRun(w io.Writer, format string, c *auction.Case, r *auction.Results, dir string) error {
	switch format {
	case "csv":
		_, err := w.Write(outputs.Sheets(r)[0].CSV())
		return err
	case "json":
		doc := object{{"run", dir}, {"command", r.Command}, {"case", c.Name}}
		for _, s := range outputs.Sheets(r) {
			switch s.Name {
			case "summary":
				var values, units object
				for _, row := range s.Rows {
					values = append(values, member{row[0], cellJSON(row[1], true)})
					if row[2] != "" {
						units = append(units, member{row[0], row[2]})
					}
				}
				doc = append(doc, member{s.Name, values}, member{"units", units})
			case "payments", "recommended_bids", "equilibrium", "limit_results":
				doc = append(doc, member{s.Name, objectsOf(s)})
			}
		}
		return printJSON(w, doc)
	}
	printResults(w, c, r, dir)
	return nil
}

// printSheets prints tables in a format other than for people: the first as CSV, all as JSON below what leads.
func printSheets(w io.Writer, format string, leads object, sheets []outputs.Sheet) error {
	if format == "csv" {
		_, err := w.Write(sheets[0].CSV())
		return err
	}
	for _, s := range sheets {
		leads = append(leads, member{s.Name, objectsOf(s)})
	}
	return printJSON(w, leads)
}

// sheetOf makes a sheet of rows of text and whole numbers.
func sheetOf(name string, columns []outputs.SheetColumn, rows [][]any) outputs.Sheet {
	s := outputs.Sheet{Name: name, Columns: columns}
	for _, row := range rows {
		var cells []string
		for _, cell := range row {
			cells = append(cells, fmt.Sprint(cell))
		}
		s.Rows = append(s.Rows, cells)
	}
	return s
}
