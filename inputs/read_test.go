package inputs

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lotwise/inputs/cases"
	"lotwise/models/auction"
)

var update = flag.Bool("update", false, "write the errors that testdata expects")

// same compares cases but for where their rows stand.
var same = cmp.Options{cmpopts.EquateNaNs(), cmpopts.EquateEmpty(), cmpopts.IgnoreTypes(auction.Source{})}

// overlay is the clean case with the files of a folder of testdata/dirty in place of its own, and
// without the files that its remove.txt lists.
func overlay(t *testing.T, dir string) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	add := func(dir string) {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			folder[f.Name()] = &fstest.MapFile{Data: data}
		}
	}
	add("testdata/clean")
	add(dir)
	delete(folder, "want.txt")
	if list, ok := folder["remove.txt"]; ok {
		for name := range strings.FieldsSeq(string(list.Data)) {
			delete(folder, name)
		}
		delete(folder, "remove.txt")
	}
	return folder
}

// Each folder right-* of testdata/dirty spoils the clean case as spreadsheets do, and reads as the clean
// case; each folder wrong-* has the errors in its want.txt.
func TestDirty(t *testing.T) {
	clean, err := ReadFS(os.DirFS("testdata/clean"), "case")
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := filepath.Glob("testdata/dirty/*")
	if err != nil || len(dirs) < 40 {
		t.Fatalf("%d folders of dirty tables, %v", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			c, err := ReadFS(overlay(t, dir), "case")
			if strings.HasPrefix(filepath.Base(dir), "right-") {
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(clean, c, same); d != "" {
					t.Error(d)
				}
				return
			}
			var list Errors
			if !errors.As(err, &list) || c != nil {
				t.Fatalf("read without an error: %v, %v", c, err)
			}
			got := err.Error() + "\n"
			file := filepath.Join(dir, "want.txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Error(d)
			}
		})
	}
}

// What the clean case says, so that its twins are compared with the truth.
func TestClean(t *testing.T) {
	c, err := Read("testdata/clean")
	if err != nil {
		t.Fatal(err)
	}
	inf, nan := math.Inf(1), math.NaN()
	lots := []auction.Lot{
		{Name: "01001", Zone: "010", Service: "same_day", Capacity: 1234.5, Reserve: 4.2, Cost: 1.6, Attributes: map[string]string{"rural": "0.12", "note": "north"}, Source: auction.Source{File: "lots.csv", Line: 2}},
		{Name: "01002", Zone: "010", Service: "next_day", Capacity: 1e6, Cost: -3, Attributes: map[string]string{"rural": "0.5", "note": "north; then\n\"east\""}, Source: auction.Source{File: "lots.csv", Line: 3}},
		{Name: "L3", Zone: "020", Capacity: 12000, Reserve: 1.5, Attributes: map[string]string{"rural": "1", "note": ""}, Source: auction.Source{File: "lots.csv", Line: 5}},
	}
	alpha := auction.Bidder{
		Name: "Alpha", Class: "national", Budget: 50000, MaxVolume: inf, AccessCost: 0.4, CurrentVolume: 1500, CurrentPayment: 2600.5,
		Attributes: map[string]string{"since": "1999"},
		Demand: []auction.Demand{
			{Zone: "010", Services: []string{"same_day", "next_day"}, Volume: 400, Value: nan},
			{Zone: "020", Volume: 800, Value: 3.5},
		},
		Routes: []auction.Route{
			{Name: "vans", Zone: "010", Service: "same_day", UnitCost: 2, Capacity: inf, Facility: 0},
			{Name: "carrier", Zone: "020", UnitCost: 4, Capacity: inf, Facility: -1},
		},
		Facilities: []auction.Facility{{Name: "depot", FixedCost: 1200, Capacity: 2500}},
		Access:     map[int]float64{1: 0.55},
		Types: []auction.Type{
			{Name: "lean", Probability: 0.6, ValueFactor: 1, VolumeFactor: 1, AccessCostFactor: 1, UnitCostFactor: 1, FixedCostFactor: 1},
			{Name: "stretched", Probability: 0.4, ValueFactor: 1.1, VolumeFactor: 1, AccessCostFactor: 1, UnitCostFactor: 1.15, FixedCostFactor: 1},
		},
	}
	beta := auction.Bidder{
		Name: "Beta & Söhne", Class: "small", Budget: inf, MaxVolume: 700, AccessCost: nan, CurrentVolume: nan, CurrentPayment: nan,
		Attributes: map[string]string{"since": ""}, Types: []auction.Type{auction.Known},
	}
	bids := []auction.Bid{
		{Name: "pair", Rows: []auction.BidRow{{Lot: 0, Quantity: 400, Price: 5.4}, {Lot: 2, Quantity: 800, Price: 1.7}}, Amount: 400*5.4 + 800*1.7, MinFraction: 0.5, Group: "g", Requires: -1},
		{Name: "solo", Rows: []auction.BidRow{{Lot: 1, Quantity: 1000, Price: 1.2345}}, Amount: 1234.5, ByAmount: true, MinFraction: 1, Group: "g", Requires: -1},
		{Name: "more", Rows: []auction.BidRow{{Lot: 0, Quantity: 100, Price: 5}}, Amount: 500, Requires: 1},
		{Bidder: 1, Name: "row 6", Rows: []auction.BidRow{{Lot: 2, Quantity: 700, Price: 1.6}}, Amount: 700 * 1.6, Requires: -1},
	}
	beliefs := []auction.Belief{
		{Scenario: "quiet", Probability: 0.25},
		{Scenario: "keen", Probability: 0.75, Bids: []auction.Bid{
			{Bidder: 1, Name: "row 3", Rows: []auction.BidRow{{Lot: 0, Quantity: 400, Price: 4.5}}, Amount: 1800, Requires: -1},
			{Bidder: 1, Name: "both", Rows: []auction.BidRow{{Lot: 1, Quantity: 300, Price: 1.5}, {Lot: 2, Quantity: 300, Price: 1.5}}, Amount: 900, ByAmount: true, MinFraction: 0.5, Requires: -1},
		}},
	}
	want := &auction.Case{
		Name: "clean", Lots: lots, Bidders: []auction.Bidder{alpha, beta}, Bids: bids, Beliefs: beliefs,
		Limits: []auction.Limit{
			{Name: "share", Measure: "volume", Of: "capacity", Per: "bidder;zone", Where: "rural>=0.5", Min: nan, Max: 0.4, Penalty: nan},
			{Name: "some", Measure: "winners", Where: "class=small|national;lot!=L3", Min: 1, Max: 20, OrNothing: true, Penalty: 1000},
		},
		Adjustments: []auction.Adjustment{{Name: "small", Where: "class=small", Factor: 1.05}},
		Rules:       auction.Rules{Objective: auction.Contribution, Payment: auction.VCG, PriceStep: 0.05, Ties: auction.TiesOrder, BidSteps: 3, Currency: "USD"},
		Assumptions: []auction.Assumption{
			{Name: "dear", Probability: 0.7, Changes: []auction.Change{
				{Table: "routes", Where: "route=vans", Column: "unit_cost", Op: "multiply", Value: "1.15"},
				{Table: "lots", Where: "rural>0.1", Column: "reserve", Op: "set", Value: "2"},
			}},
			{Name: "cheap", Probability: 0.3, Changes: []auction.Change{{Table: "facilities", Column: "fixed_cost", Op: "add", Value: "-100"}}},
		},
		Has: map[string]bool{},
	}
	for _, table := range Tables {
		want.Has[table.Name] = true
	}
	if d := cmp.Diff(want, c, same); d != "" {
		t.Error(d)
	}
	for i, l := range lots {
		if c.Lots[i].Source != l.Source {
			t.Errorf("lot %s stands in %v, read %v", l.Name, l.Source, c.Lots[i].Source)
		}
	}
}

// Whatever has been read is whole: the embedded cases too.
func TestEmbedded(t *testing.T) {
	for _, name := range cases.Names() {
		c, err := Read(name)
		if err != nil {
			t.Errorf("%s:\n%v", name, err)
			continue
		}
		if c.Name != name {
			t.Errorf("%s is read as %s", name, c.Name)
		}
	}
}

// A folder of the user's wins over an embedded case of the same name.
func TestPathBeforeEmbedded(t *testing.T) {
	name := cases.Names()[0]
	t.Chdir(t.TempDir())
	if err := os.Mkdir(name, 0o755); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{"lots.csv": "lot,zone,capacity\nonly,here,1\n", "bidders.csv": "bidder\nme\n"} {
		if err := os.WriteFile(filepath.Join(name, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{name, "./" + name + "/"} {
		c, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if c.Name != name || len(c.Lots) != 1 || c.Lots[0].Name != "only" {
			t.Errorf("%s is read as %s with lots %v", path, c.Name, c.Lots)
		}
	}
	t.Chdir(name)
	if c, err := Read("."); err != nil || c.Name != name {
		t.Errorf("the folder itself: %v, %v", c, err)
	}
}

func TestNoCase(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "lots.csv")
	if err := os.WriteFile(file, []byte("lot,zone,capacity\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	folder := filepath.Join(dir, "folder")
	for _, d := range []string{empty, folder, filepath.Join(folder, "lots.csv")} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	fake := filepath.Join(dir, "fake.xlsx")
	if err := os.WriteFile(fake, []byte("not a workbook"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"nowhere":          "nowhere: no such case, give a folder",
		"temlate":          "temlate: no such case, did you mean template?",
		file:               file + ": not a case, give a folder",
		empty:              empty + ": no table of a case in this folder, write lots.csv",
		folder:             "lots.csv: cannot be read: it is a folder",
		fake:               fake + ": not a workbook",
		file + "/lots.csv": "cannot be read",
		dir:                "bidders.csv: a required table is missing, write it with the columns bidder,class",
	} {
		c, err := Read(path)
		if err == nil || c != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
		var list Errors
		if !errors.As(err, &list) {
			t.Errorf("%s: %T", path, err)
		}
	}
}

// A file that may not be read is an error of its own, next to those of the others.
type locked struct{ fs.FS }

func (l locked) Open(name string) (fs.File, error) {
	if name == "bids.csv" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.FS.Open(name)
}

func TestUnreadableFile(t *testing.T) {
	folder := overlay(t, "testdata/dirty/wrong-required-cell-blank")
	_, err := ReadFS(locked{folder}, "case")
	if err == nil || !strings.Contains(err.Error(), "bids.csv: cannot be read: permission denied") || !strings.Contains(err.Error(), "lots.csv:2:capacity:") {
		t.Error(err)
	}
	if strings.Contains(err.Error(), "bids.csv: the table is empty") {
		t.Errorf("reported twice: %v", err)
	}
}

// A report prints 100 errors in the order of files and lines, and counts the rest.
func TestManyErrors(t *testing.T) {
	var b strings.Builder
	b.WriteString("bidder,lot,quantity,price\n")
	for range 125 {
		b.WriteString("Alpha,L9,x,\n")
	}
	folder := overlay(t, "testdata/dirty/right-crlf")
	folder["bids.csv"] = &fstest.MapFile{Data: []byte(b.String())}
	_, err := ReadFS(folder, "case")
	var list Errors
	if !errors.As(err, &list) || len(list) != 250 {
		t.Fatalf("%d errors", len(list))
	}
	if !slices.IsSortedFunc(list, func(a, b Error) int { return a.Line - b.Line }) {
		t.Error("not sorted by line")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 101 || lines[100] != "and 150 more errors" || !strings.HasPrefix(lines[1], `bids.csv:2:quantity: not a number, found "x"`) {
		t.Errorf("%d lines, %q", len(lines), lines[len(lines)-1])
	}
}

func TestReadBids(t *testing.T) {
	c, err := Read("testdata/clean")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tuesday.csv")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := slices.Clone(c.Bids)
	write("Bidder;Lot;Quantity;Price\nAlpha;L3;10;1,25\nAlpha;L4;10;1,25\n")
	if err := ReadBids(c, file); err == nil || !strings.Contains(err.Error(), file+`:3:lot: no such lot, found "L4"`) {
		t.Error(err)
	}
	if d := cmp.Diff(before, c.Bids, same); d != "" {
		t.Errorf("a wrong file changed the case: %s", d)
	}
	write("Bidder;Lot;Quantity;Price\nAlpha;L3;10;1,25\n")
	has := c.Has
	delete(has, "bids")
	if err := ReadBids(c, file); err != nil {
		t.Fatal(err)
	}
	want := []auction.Bid{{Name: "row 2", Rows: []auction.BidRow{{Lot: 2, Quantity: 10, Price: 1.25}}, Amount: 12.5, Requires: -1}}
	if d := cmp.Diff(want, c.Bids, same); d != "" {
		t.Error(d)
	}
	if !c.Has["bids"] || has["bids"] {
		t.Error("the case with bids does not say so, or another case does")
	}
	if err := ReadBids(c, file+"x"); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Error(err)
	}
}

func TestDigests(t *testing.T) {
	dir := t.TempDir()
	for file, text := range map[string]string{"Lots.csv": "abc", "bids.csv": "", "README.md": "x"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Digests(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{ // the test vectors of FIPS 180 for "abc" and for nothing
		"Lots.csv": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"bids.csv": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d, err := Digests(cases.Names()[0]); err != nil || len(d) < 2 {
		t.Errorf("an embedded case: %v, %v", d, err)
	}
	if _, err := Digests("nowhere"); err == nil {
		t.Error("digests of nothing")
	}
}

func ExampleErrors() {
	list := Errors{
		{"lots.csv", 3, "capacity", "a negative volume", "-5", "write 0 or more"},
		{"bids.csv", 0, "", "the table is empty", "", "write its header"},
	}
	fmt.Println(list)
	// Output:
	// lots.csv:3:capacity: a negative volume, found "-5", write 0 or more
	// bids.csv: the table is empty, write its header
}
