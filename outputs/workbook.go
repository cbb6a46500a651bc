package outputs

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"lotwise/models/auction"
)

// WorkbookFile is the workbook with all tables of a run, a comparison or a sweep, a sheet a table.
const WorkbookFile = "workbook.xlsx"

// What a sheet may hold.
const (
	sheetRows = excelize.TotalRows
	cellRunes = excelize.TotalCellChars
)

// A File is a file that Write adds to a run folder beside its tables.
type File struct {
	Name string
	Make func(*auction.Results) ([]byte, error)
}

// InWorkbook is the file that holds all tables of the run.
var InWorkbook = File{WorkbookFile, func(r *auction.Results) ([]byte, error) { return Workbook(Sheets(r)) }}

// Workbook writes sheets as a workbook. Numbers are numbers and everything else is text, which no spreadsheet takes for a
// formula. The same sheets give the same bytes. What is longer than a workbook can hold, rows or the text of a cell, is
// cut, and says that the CSV file has the rest.
func Workbook(sheets []Sheet) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	f.SetZipWriter(func(w io.Writer) excelize.ZipWriter {
		return &inOrder{Writer: zip.NewWriter(w), parts: map[string]*bytes.Buffer{}}
	})
	head, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return nil, err
	}
	for n, s := range sheets {
		if n == 0 {
			err = f.SetSheetName(f.GetSheetName(0), s.Name)
		} else {
			_, err = f.NewSheet(s.Name)
		}
		if err == nil {
			err = fillSheet(f, &s, head)
		}
		if err != nil {
			return nil, fmt.Errorf("%s, sheet %s: %w", WorkbookFile, s.Name, err)
		}
	}
	// No time of its own: a workbook says the same whenever it is written.
	if err := f.SetDocProps(&excelize.DocProperties{Creator: "lotwise", Created: "2026-01-01T00:00:00Z", Modified: "2026-01-01T00:00:00Z"}); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = f.WriteTo(&b)
	return b.Bytes(), err
}

// inOrder is a zip file whose parts stand in the order of their names, whatever the order in which they are written.
type inOrder struct {
	*zip.Writer
	parts map[string]*bytes.Buffer
}

// Create returns a writer for the part of the name.
func (z *inOrder) Create(name string) (io.Writer, error) {
	z.parts[name] = &bytes.Buffer{}
	return z.parts[name], nil
}

// Close writes the parts.
func (z *inOrder) Close() error {
	for _, name := range slices.Sorted(maps.Keys(z.parts)) {
		w, err := z.Writer.Create(name)
		if err != nil {
			return err
		}
		if _, err := z.parts[name].WriteTo(w); err != nil {
			return err
		}
	}
	return z.Writer.Close()
}

// fillSheet writes a table row by row.
func fillSheet(f *excelize.File, s *Sheet, head int) error {
	w, err := f.NewStreamWriter(s.Name)
	if err != nil {
		return err
	}
	header := make([]any, len(s.Columns))
	for j, c := range s.Columns {
		header[j] = excelize.Cell{StyleID: head, Value: c.Name}
		widest := utf8.RuneCountInString(c.Name)
		for _, row := range s.Rows[:min(len(s.Rows), widthRows)] {
			widest = max(widest, utf8.RuneCountInString(row[j]))
		}
		if err := w.SetColWidth(j+1, j+1, float64(min(widest, mostWidth)+2)); err != nil {
			return err
		}
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	if err := w.SetRow("A1", header); err != nil {
		return err
	}
	for i, row := range s.Rows {
		if i+3 > sheetRows && i+1 < len(s.Rows) {
			return finish(w, i, []any{fmt.Sprintf("%d more rows are in %s.csv", len(s.Rows)-i, s.Name)})
		}
		cells := make([]any, len(row))
		for j, cell := range row {
			if cells[j] = value(cell, s.Columns[j].Number); cell == "" {
				cells[j] = nil
			}
		}
		if err := w.SetRow(fmt.Sprintf("A%d", i+2), cells); err != nil {
			return err
		}
	}
	return w.Flush()
}

// How wide a column is: as its widest cell among the first rows, up to a limit, in characters.
const (
	widthRows = 200
	mostWidth = 40
)

func finish(w *excelize.StreamWriter, row int, cells []any) error {
	if err := w.SetRow(fmt.Sprintf("A%d", row+2), cells); err != nil {
		return err
	}
	return w.Flush()
}

// value is a cell as a workbook holds it: a number where it is one (a workbook knows no infinity), else text.
func value(cell string, number bool) any {
	if v, ok := Number(cell); number && ok && !math.IsInf(v, 0) {
		return v
	}
	if utf8.RuneCountInString(cell) > cellRunes {
		const more = "… (cut; whole in the CSV file)"
		return string([]rune(cell)[:cellRunes-utf8.RuneCountInString(more)]) + more
	}
	return cell
}
