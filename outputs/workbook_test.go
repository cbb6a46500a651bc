package outputs

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"lotwise/models/auction"
)

// A workbook holds the cells of the CSV files: numbers as numbers, all else as text, also what looks like a formula.
func TestWorkbook(t *testing.T) {
	r := &auction.Results{Command: "allocate", Status: auction.Optimal}
	for _, name := range []string{"=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2", "'=x", "5", "1e3", " 01001 ", "TRUE", "a\nb", "<&>\"\u0001x", "Ø, “q”", strings.Repeat("x", 40_000)} {
		r.Payments = append(r.Payments, auction.PaymentRow{Bidder: name, BidAmount: 1234567.891234, Payment: 1e-9, Discount: math.Inf(1), CoreViolation: math.NaN()})
	}
	r.Summary = append(r.Summary, auction.Metric{Name: "objective", Number: 0.1, Unit: "USD"}, auction.Metric{Name: "concept", Text: "=pure"})
	dir := filepath.Join(t.TempDir(), "run")
	if err := Write(dir, false, r, &Manifest{}, InWorkbook); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, WorkbookFile))
	if err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if got := book.GetSheetList(); got[0] != "summary" || len(got) != len(tamperable(t, dir)) {
		t.Errorf("sheets %q", got)
	}
	for _, s := range Sheets(r) {
		f, err := os.Open(filepath.Join(dir, s.Name+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		want, err := csv.NewReader(f).ReadAll()
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range want {
			for j, cell := range row {
				at, _ := excelize.CoordinatesToCellName(j+1, i+1)
				got, err := book.GetCellValue(s.Name, at, excelize.Options{RawCellValue: true})
				if err != nil {
					t.Fatal(err)
				}
				formula, _ := book.GetCellFormula(s.Name, at)
				kind, _ := book.GetCellType(s.Name, at)
				text := plain(cell)
				if len(text) > excelize.TotalCellChars {
					if !strings.HasSuffix(got, "CSV file)") || !strings.HasPrefix(text, got[:1000]) {
						t.Errorf("%s!%s is not cut with a word", s.Name, at)
					}
					continue
				}
				_, isNumber := Number(text)
				isNumber = isNumber && i > 0 && s.Columns[j].Number && text != "inf"
				if isText := kind == excelize.CellTypeInlineString || kind == excelize.CellTypeSharedString; formula != "" || isText == isNumber && text != "" {
					t.Errorf("%s!%s %q: formula %q, kind %d", s.Name, at, text, formula, kind)
				}
				if v, _ := Number(got); got != text && !(isNumber && number(v) == text) && text != "<&>\"\u0001x" { // XML has no such sign
					t.Errorf("%s!%s is %q, the file has %q", s.Name, at, got, text)
				}
			}
		}
	}

	// The same tables, the same bytes; a changed workbook is found.
	again, err := Workbook(Sheets(r))
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("two workbooks of the same run differ: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, WorkbookFile), append(data, 0), 0o644); err != nil {
		t.Fatal(err)
	}
	if found, err := Tampered(dir); err != nil || len(found) != 1 || found[0].File != WorkbookFile {
		t.Errorf("a changed workbook: %v, %v", found, err)
	}
	for _, part := range parts(t, data) {
		if strings.Contains(part, "<f>") {
			t.Error("a part of the workbook holds a formula")
		}
	}
}

// tamperable are the tables of a run.
func tamperable(t *testing.T, dir string) map[string]Digest {
	t.Helper()
	m, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	return m.Tables
}

func parts(t *testing.T, data []byte) (list []string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(text))
	}
	return list
}
