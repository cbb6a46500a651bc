package outputs

import (
	"reflect"
	"slices"
	"strings"

	"lotwise/models/auction"
)

// A Sheet is one table as people read it: names as they are, numbers as the CSV file writes them.
type Sheet struct {
	Name    string // of the file, without .csv
	Columns []SheetColumn
	Rows    [][]string
}

// A SheetColumn is a column of a sheet. A cell of a column of numbers that Number does not take is text.
type SheetColumn struct {
	Name   string
	Number bool
}

// Number returns the number in a cell of a column of numbers; ok is false for text and for a blank cell.
func Number(cell string) (v float64, ok bool) {
	v, err := parseNumber(cell)
	return v, err == nil && cell != ""
}

// Sheets returns the tables of a run, in the order of the run folder's documentation, with the summary first.
func Sheets(r *auction.Results) []Sheet {
	var sheets []Sheet
	for _, t := range tables {
		if t.has(r) {
			sheets = append(sheets, sheetOf(t.file, t.columns, t.row, t.write(r)))
		}
	}
	last := len(sheets) - 1
	return slices.Insert(sheets[:last], 0, sheets[last])
}

// Sheets returns the tables of a comparison.
func (c *Comparison) Sheets() []Sheet {
	var sheets []Sheet
	for _, t := range comparisonTables {
		if _, rows := t.rows(c); len(rows) > 0 || t.file != regretFile {
			sheets = append(sheets, sheetOf(t.file, t.columns, t.row, rows))
		}
	}
	return sheets
}

// IndexSheet returns the index of a sweep.
func IndexSheet(rows []IndexRow) Sheet {
	header, cells := indexCells(rows)
	s := Sheet{Name: strings.TrimSuffix(IndexFile, ".csv"), Rows: cells}
	texts := []string{"scenario", "status", "run", "message"}
	for _, name := range header {
		s.Columns = append(s.Columns, SheetColumn{name, !slices.Contains(texts, name)})
	}
	s.plain()
	return s
}

// sheetOf is the sheet of a table with rows of the type row.
func sheetOf(file string, columns []column, row reflect.Type, cells [][]string) Sheet {
	s := Sheet{Name: strings.TrimSuffix(file, ".csv"), Rows: cells}
	for _, c := range columns {
		s.Columns = append(s.Columns, SheetColumn{c.name, row.Field(c.field).Type.Kind() != reflect.String})
	}
	s.plain()
	return s
}

// plain takes the apostrophes away that keep text from being read as a formula.
func (s *Sheet) plain() {
	for _, row := range s.Rows {
		for j := range row {
			row[j] = plain(row[j])
		}
	}
}

// CSV returns the sheet as the CSV file has it.
func (s Sheet) CSV() []byte {
	var header []string
	for _, c := range s.Columns {
		header = append(header, c.Name)
	}
	lines := make([][]string, len(s.Rows))
	for i, row := range s.Rows {
		for _, cell := range row {
			lines[i] = append(lines[i], text(cell))
		}
	}
	return render(header, lines)
}
