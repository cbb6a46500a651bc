package inputs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/xuri/excelize/v2"
)

// openWorkbook finds the tables in a workbook, a sheet each. Sheets of other names, for notes and
// charts, are not read, unless the name is a near miss of a table's.
func openWorkbook(path, name string) (*book, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	f, err := excelize.OpenFile(path)
	if err != nil {
		return nil, Errors{{File: path, What: "not a workbook: " + err.Error(), Remedy: "save it as .xlsx without a password"}}
	}
	sum := sha256.Sum256(data)
	b := &book{
		name: name, sheets: map[string]opener{},
		digests: map[string]string{filepath.Base(path): hex.EncodeToString(sum[:])},
		close:   func() { f.Close() },
	}
	for _, sheet := range f.GetSheetList() {
		table := headerName(sheet)
		if Lookup(table) != nil {
			b.sheets[table] = workbookSheet{f, sheet} // a workbook has no two sheets that differ in case alone
		} else if meant := nearest(table, tableNames()); meant != "" {
			b.errors = append(b.errors, Error{File: sheet, What: "no such table", Remedy: fmt.Sprintf("did you mean %s?", meant)})
		}
	}
	if len(b.sheets) == 0 && len(b.errors) == 0 {
		b.close()
		return nil, Errors{{File: path, What: "no sheet is a table of a case", Remedy: "name the sheets " + strings.Join(tableNames(), ", ")}}
	}
	return b, nil
}

// A workbookSheet is a table in a sheet of a workbook.
type workbookSheet struct {
	file  *excelize.File
	sheet string
}

func (w workbookSheet) open(t *Table, errors *Errors) (*sheet, bool) {
	raw, err := w.file.Rows(w.sheet)
	if err != nil {
		*errors = append(*errors, Error{File: w.sheet, What: "cannot be read: " + err.Error(), Remedy: "save the workbook again"})
		return nil, false
	}
	shown, err := w.file.Rows(w.sheet)
	if err != nil {
		*errors = append(*errors, Error{File: w.sheet, What: "cannot be read: " + err.Error(), Remedy: "save the workbook again"})
		return nil, false
	}
	rows := &workbookRows{raw: raw, shown: shown, report: func(line int, what string) {
		*errors = append(*errors, Error{File: w.sheet, Line: line, What: what, Remedy: "save the workbook again"})
	}}
	return newSheet(t, w.sheet, rows, false, errors)
}

// workbookRows steps through a sheet twice at once: a column of numbers takes the values that the
// cells hold, whatever their format; text is what the cells show, so that a 1001 shown as 01001 keeps its
// zero.
type workbookRows struct {
	raw, shown *excelize.Rows
	numbers    map[int]bool // positions of columns of numbers
	line       int
	report     func(line int, what string)
}

// typed says which columns hold numbers.
func (w *workbookRows) typed(columns []*column) {
	w.numbers = map[int]bool{}
	for _, c := range columns {
		if c.Kind == Number && c.position >= 0 {
			w.numbers[c.position] = true
		}
	}
}

func (w *workbookRows) next() ([]string, int, bool) {
	if !w.raw.Next() || !w.shown.Next() {
		w.raw.Close()
		w.shown.Close()
		return nil, w.line, false
	}
	w.line++
	cells, err := w.raw.Columns(excelize.Options{RawCellValue: true})
	if err != nil {
		w.report(w.line, "cannot be read: "+err.Error())
		return nil, w.line, false
	}
	shown, err := w.shown.Columns()
	if err != nil {
		w.report(w.line, "cannot be read: "+err.Error())
		return nil, w.line, false
	}
	for i := range min(len(cells), len(shown)) {
		truth := shown[i] == "TRUE" || shown[i] == "FALSE" // held as 1 and 0, but no number to a person
		if w.numbers[i] && !truth {
			continue
		}
		if _, ok := plainNumber(shown[i], false); !ok || shown[i] == "" {
			cells[i] = shown[i]
		}
	}
	return cells, w.line, true
}
