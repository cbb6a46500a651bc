package inputs

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

// workbook writes the clean case as a workbook, a sheet a table and a line a row, numbers typed as
// numbers, and saves it after change.
func workbook(t *testing.T, change func(f *excelize.File)) string {
	t.Helper()
	f := excelize.NewFile() // with an empty Sheet1
	for _, table := range Tables {
		file, err := os.Open("testdata/clean/" + table.File())
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		records, err := csv.NewReader(file).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.NewSheet(table.Name); err != nil {
			t.Fatal(err)
		}
		for i, r := range records {
			for j, cell := range r {
				name, err := excelize.CoordinatesToCellName(j+1, i+1)
				if err != nil {
					t.Fatal(err)
				}
				var value any = cell
				if v, err := strconv.ParseFloat(cell, 64); err == nil && (cell == "0" || !strings.HasPrefix(cell, "0") || strings.HasPrefix(cell, "0.")) && cell != "inf" {
					value = v
				}
				if cell == "" {
					continue
				}
				if err := f.SetCellValue(table.Name, name, value); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	change(f)
	path := filepath.Join(t.TempDir(), "clean.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// A workbook reads as the folder of its sheets, whatever its cells look like.
func TestWorkbook(t *testing.T) {
	clean, err := Read("testdata/clean")
	if err != nil {
		t.Fatal(err)
	}
	path := workbook(t, func(f *excelize.File) {
		style := func(sheet, cell, format string) {
			id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellStyle(sheet, cell, cell, id); err != nil {
				t.Fatal(err)
			}
		}
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		must(f.SetSheetName("lots", "Lots"))
		must(f.SetSheetName("bids", " BIDS"))
		must(f.SetCellValue("Lots", "A2", 1001)) // shown as 01001
		style("Lots", "A2", "00000")
		style("Lots", "D2", "#,##0")         // 1234.5 shown as 1,235
		style("Lots", "E2", `"$"0`)          // 4.2 shown as $4
		style("Lots", "F3", "0.00_);(0.00)") // -3 shown as (3.00)
		style("Lots", "G2", "0%")            // 0.12 shown as 12%
		must(f.SetCellFormula("bidders", "C2", "=100*500"))
		must(f.SetCellValue("types", "C2", "60%")) // typed as text
		must(f.SetCellValue("bidders", "H2", 1999))
		must(f.SetCellValue("Lots", "J9", "   "))
		must(f.SetCellValue("Sheet1", "A1", "notes of ours"))
	})
	c, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(clean, c, same); d != "" {
		t.Error(d)
	}
	if got := c.Lots[2].Source; got.File != "Lots" || got.Line != 4 {
		t.Errorf("lot L3 stands in %v", got)
	}
	digests, err := Digests(path)
	if err != nil || len(digests["clean.xlsx"]) != 64 {
		t.Errorf("%v, %v", digests, err)
	}
}

// Errors name the sheet and its row.
func TestWorkbookErrors(t *testing.T) {
	date := "yyyy-mm-dd"
	path := workbook(t, func(f *excelize.File) {
		id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &date})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			f.SetSheetName("access", "acess"),
			f.SetCellValue("lots", "D3", "1,5"),
			f.SetCellValue("lots", "A4", 46000), // a name that the spreadsheet took for a date
			f.SetCellStyle("lots", "A4", "A4", id),
			f.SetCellValue("demand", "A4", "Alpha"),
			f.SetCellFormula("demand", "D2", "=1/0"),
			f.SetCellValue("demand", "D2", "#DIV/0!"),
			f.SetCellValue("rules", "D2", "x"),
			f.SetCellValue("bidders", "C2", true),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	c, err := Read(path)
	if err == nil || c != nil {
		t.Fatal("read without an error")
	}
	for _, want := range []string{
		"acess: no such table, did you mean access?",
		`lots:3:capacity: not a number, found "1,5"`,
		`bids:3:lot: no such lot, found "L3"`,
		"demand:4:zone: a required cell is blank",
		"demand:4:volume: a required cell is blank",
		`demand:2:volume: not a number, found "#DIV/0!"`,
		`bidders:2:budget: not a number, found "TRUE"`,
		`rules:2:4: a cell right of the last column, found "x"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no error %s", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestWorkbookWithoutTables(t *testing.T) {
	f := excelize.NewFile()
	path := filepath.Join(t.TempDir(), "book.XLSX")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "no sheet is a table of a case, name the sheets lots, bidders") {
		t.Error(err)
	}
}
