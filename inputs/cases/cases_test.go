package cases

import (
	"encoding/csv"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A table is a CSV file of a case: the header's columns and the rows below it.
type table struct {
	name   string
	column map[string]int
	rows   [][]string
}

// tables reads every CSV file of the embedded case.
func tables(t *testing.T, name string) map[string]table {
	t.Helper()
	folder, ok := Open(name)
	if !ok {
		t.Fatalf("no embedded case %q", name)
	}
	files, err := fs.Glob(folder, "*.csv")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]table)
	for _, file := range files {
		f, err := folder.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(f).ReadAll() // refuses rows of another length than the header's
		if err != nil {
			t.Fatalf("%s/%s: %v", name, file, err)
		}
		f.Close()
		tab := table{name: name + "/" + file, column: make(map[string]int), rows: records[1:]}
		for i, c := range records[0] {
			tab.column[c] = i
		}
		all[strings.TrimSuffix(file, ".csv")] = tab
	}
	return all
}

// text returns the cell of the row in the column, blank where the table has no such column.
func (tab table) text(row []string, column string) string {
	i, ok := tab.column[column]
	if !ok {
		return ""
	}
	return row[i]
}

// number returns the cell as a number, missing where it is blank.
func (tab table) number(t *testing.T, row []string, column string, missing float64) float64 {
	t.Helper()
	cell := tab.text(row, column)
	if cell == "" {
		return missing
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		t.Fatalf("%s: column %s: %v", tab.name, column, err)
	}
	return v
}

// values returns the distinct cells of the column.
func (tab table) values(column string) map[string]bool {
	set := make(map[string]bool)
	for _, row := range tab.rows {
		set[tab.text(row, column)] = true
	}
	return set
}

func TestNames(t *testing.T) {
	names := Names()
	if !slices.IsSorted(names) {
		t.Errorf("names are not sorted: %v", names)
	}
	for _, want := range []string{
		"capacity-competition", "capacity-competition-unequal", "first-price", "first-price-types",
		"local-local-global", "station", "template",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("case %q is missing from %v", want, names)
		}
	}
}

func TestOpen(t *testing.T) {
	for _, name := range []string{"", ".", "..", "scripts", "template/", "nowhere"} {
		if _, ok := Open(name); ok {
			t.Errorf("Open(%q) found a case", name)
		}
		if about := About(name); about != "" {
			t.Errorf("About(%q) = %q, want blank", name, about)
		}
	}
}

// TestAbout holds that every case says what it is about, each something else.
func TestAbout(t *testing.T) {
	seen := make(map[string]string)
	for _, name := range Names() {
		about := About(name)
		if len(about) < 20 || strings.HasPrefix(about, "#") {
			t.Errorf("About(%q) = %q: too little", name, about)
		}
		if other, ok := seen[about]; ok {
			t.Errorf("%s and %s are both about %q", name, other, about)
		}
		seen[about] = name
	}
}

// TestTablesOnly holds that a case's folder has its tables and README.md alone, so that a copy of it is a
// case.
func TestTablesOnly(t *testing.T) {
	known := []string{
		"lots", "bidders", "bids", "limits", "adjustments", "demand", "routes", "facilities",
		"access", "types", "beliefs", "rules", "scenarios",
	}
	for _, name := range Names() {
		folder, _ := Open(name)
		entries, err := fs.ReadDir(folder, ".")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			table, isTable := strings.CutSuffix(e.Name(), ".csv")
			if e.Name() != "README.md" && !(isTable && slices.Contains(known, table)) {
				t.Errorf("%s holds %s, which is no table of a case", name, e.Name())
			}
		}
	}
}

// TestNamesResolve holds, without the reader's help, that every row names lots, bidders, zones and
// facilities that exist.
func TestNamesResolve(t *testing.T) {
	for _, name := range Names() {
		all := tables(t, name)
		lots, bidders := all["lots"].values("lot"), all["bidders"].values("bidder")
		facilities := make(map[[2]string]bool)
		for _, row := range all["facilities"].rows {
			f := all["facilities"]
			facilities[[2]string{f.text(row, "bidder"), f.text(row, "facility")}] = true
		}
		for key, tab := range all {
			for i, row := range tab.rows {
				if _, ok := tab.column["lot"]; ok && key != "lots" && !lots[tab.text(row, "lot")] {
					t.Errorf("%s:%d: no lot %q", tab.name, i+2, tab.text(row, "lot"))
				}
				if _, ok := tab.column["bidder"]; ok && !bidders[tab.text(row, "bidder")] {
					t.Errorf("%s:%d: no bidder %q", tab.name, i+2, tab.text(row, "bidder"))
				}
				if f := tab.text(row, "facility"); key == "routes" && f != "" && !facilities[[2]string{tab.text(row, "bidder"), f}] {
					t.Errorf("%s:%d: no facility %q", tab.name, i+2, f)
				}
			}
		}
	}
}

// TestProbabilities holds that types and beliefs sum to 1, and that a scenario's probability is the same
// on all of its rows.
func TestProbabilities(t *testing.T) {
	const slack = 1e-6 // what the reader allows
	for _, name := range Names() {
		all := tables(t, name)
		sums := make(map[string]float64)
		types := all["types"]
		for _, row := range types.rows {
			sums["types of "+types.text(row, "bidder")] += types.number(t, row, "probability", 0)
		}
		beliefs := all["beliefs"]
		scenario := make(map[string]float64)
		for _, row := range beliefs.rows {
			s, p := beliefs.text(row, "scenario"), beliefs.number(t, row, "probability", -1)
			if old, ok := scenario[s]; ok {
				if old != p {
					t.Errorf("%s: scenario %s has probabilities %v and %v", name, s, old, p)
				}
				continue
			}
			scenario[s] = p
			sums["beliefs"] += p
		}
		for of, sum := range sums {
			if sum < 1-slack || sum > 1+slack {
				t.Errorf("%s: probabilities of the %s sum to %v", name, of, sum)
			}
		}
	}
}
