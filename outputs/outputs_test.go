package outputs

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"lotwise/models/auction"
)

// draw gives every text and number of a list of rows a value that rapid draws.
func draw[T any](t *rapid.T, name string) []T {
	rows := make([]T, rapid.IntRange(0, 5).Draw(t, name))
	for i := range rows {
		v := reflect.ValueOf(&rows[i]).Elem()
		for j := range v.NumField() {
			if f := v.Field(j); f.Kind() == reflect.String {
				f.SetString(anyText().Draw(t, name))
			} else {
				f.SetFloat(anyNumber().Draw(t, name))
			}
		}
	}
	return rows
}

// anyText draws names, mostly such as make trouble in CSV files and spreadsheets. The carriage return before
// a line feed is left out: CSV readers take the two for one line feed.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`['=+\-@,;" a1.\n]{0,6}`),
		rapid.StringMatching(`[A-Z]{1,3}[0-9]{0,3}`),
		rapid.SampledFrom([]string{"=1+1", "-5", "+1e6", "-inf", "'=x", "''", "@", "ünï", `"`, "\t=1", "01001", "#N/A"}),
	)
}

func anyNumber() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, 0.1, 1e6, 1e-9}))
}

func anyResults(t *rapid.T, command string) *auction.Results {
	r := &auction.Results{
		Command:    command,
		Status:     rapid.SampledFrom([]auction.Status{auction.Optimal, auction.WithinGap, auction.LimitStruck, auction.Interrupted}).Draw(t, "status"),
		Allocation: draw[auction.AllocationRow](t, "allocation"),
		Payments:   draw[auction.PaymentRow](t, "payments"),
		Lots:       draw[auction.LotResult](t, "lots"),
	}
	r.Summary = []auction.Metric{
		{Name: "status", Text: string(r.Status)},
		{Name: "revenue", Number: anyNumber().Draw(t, "revenue"), Unit: "USD"},
		{Name: "profit:" + anyText().Draw(t, "bidder"), Number: 2},
	}
	switch command {
	case "allocate":
		r.VoidBids = draw[auction.VoidBid](t, "void bids")
		r.Losing = draw[auction.LosingBid](t, "losing bids")
	default:
		r.RecommendedBids = draw[auction.RecommendedBid](t, "bids")
		r.Equilibrium = draw[auction.EquilibriumRow](t, "equilibrium")
		r.Network = draw[auction.NetworkRow](t, "network")
	}
	if command == "bid" {
		r.BidTables = auction.BidTables{
			BidLots:          draw[auction.BidLot](t, "bid lots"),
			BidCurves:        draw[auction.CurvePoint](t, "bid curves"),
			ProfitScenarios:  draw[auction.ProfitScenario](t, "profit scenarios"),
			Facilities:       draw[auction.FacilityResult](t, "facilities"),
			NetworkScenarios: draw[auction.NetworkScenario](t, "network scenarios"),
			Beliefs:          draw[auction.BeliefRow](t, "beliefs"),
		}
	}
	if command == "solve" {
		r.Profiles = draw[auction.ProfileRow](t, "profiles")
	}
	return r
}

// alike compares what was written and read back: numbers agree in the digits written.
var alike = cmp.Options{cmpopts.EquateNaNs(), cmpopts.EquateEmpty(), cmpopts.EquateApprox(1e-13, 0)}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	rapid.Check(t, func(t *rapid.T) {
		r := anyResults(t, rapid.SampledFrom([]string{"allocate", "bid", "solve"}).Draw(t, "command"))
		m := &Manifest{Program: "lotwise", Options: Options{Gap: 1e-4, Seed: -3}, Inputs: map[string]string{"lots.csv": "00"}}
		if err := Write(dir, true, r, m); err != nil {
			t.Fatal(err)
		}
		got, gotManifest, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r, got, alike); d != "" {
			t.Errorf("results (-written +read):\n%s", d)
		}
		if d := cmp.Diff(m, gotManifest, alike); d != "" {
			t.Errorf("manifest (-written +read):\n%s", d)
		}
		if found, err := Tampered(dir); err != nil || found != nil {
			t.Errorf("an untouched run has findings: %v, %v", found, err)
		}
	})
}

func TestEveryCommandHasItsTables(t *testing.T) {
	always := []string{"allocation.csv", "lot_results.csv", "manifest.json", "payments.csv", "summary.csv"}
	profiles := []auction.ProfileRow{{Profile: "1", Probability: 1}}
	ofBid := []string{
		"recommended_bids.csv", "equilibrium.csv", "network.csv", "network_without_lots.csv", "bid_lots.csv", "bid_curves.csv", "profit_scenarios.csv", "facility_results.csv",
	}
	for _, c := range []struct {
		r    auction.Results
		more []string
	}{
		{auction.Results{Command: "allocate"}, []string{"void_bids.csv", "limit_results.csv"}},
		{auction.Results{Command: "allocate", Losing: []auction.LosingBid{}}, []string{"void_bids.csv", "limit_results.csv", "losing_bids.csv"}},
		{auction.Results{Command: "bid"}, ofBid},
		{
			auction.Results{Command: "bid", BidTables: auction.BidTables{NetworkScenarios: []auction.NetworkScenario{{}}, Beliefs: []auction.BeliefRow{{}}}},
			slices.Concat(ofBid, []string{"network_scenarios.csv", "beliefs.csv"}),
		},
		{auction.Results{Command: "solve"}, []string{"recommended_bids.csv", "equilibrium.csv", "network.csv", "network_without_lots.csv", "convergence.csv"}},
		{auction.Results{Command: "solve", Profiles: profiles}, []string{"recommended_bids.csv", "equilibrium.csv", "network.csv", "network_without_lots.csv", "convergence.csv", "profiles.csv"}},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		if err := Write(dir, false, &c.r, &Manifest{}); err != nil {
			t.Fatal(err)
		}
		want := slices.Sorted(slices.Values(slices.Concat(always, c.more)))
		if d := cmp.Diff(want, names(t, dir)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.r.Command, d)
		}
	}
}

func TestTablesAsWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r := &auction.Results{
		Command: "allocate", Status: auction.WithinGap,
		Allocation: []auction.AllocationRow{
			{Bidder: "=Acme, Inc", Bid: "-5", Lot: "01001", Quantity: 1e6, Price: 0.1, Payment: 1e-7},
			{Bidder: "-Acme", Bid: "@x", Lot: "L", Quantity: 1.0 / 3, Price: math.NaN(), Payment: math.Inf(1)},
		},
		Lots:    []auction.LotResult{{Lot: "L", Capacity: 5e21, Sold: math.Copysign(0, -1), ShadowPrice: math.NaN()}},
		Summary: []auction.Metric{{Name: "objective", Number: 123456789.25, Unit: "USD"}, {Name: "note", Text: "+more"}},
	}
	if err := Write(dir, false, r, &Manifest{}); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"allocation.csv":  "bidder,bid,lot,quantity,price,payment\n\"'=Acme, Inc\",-5,01001,1000000,0.1,0.0000001\n'-Acme,'@x,L,0.33333333333333,,inf\n",
		"lot_results.csv": "lot,zone,service,capacity,sold,revenue,shadow_price\nL,,,5000000000000000000000,0,0,\n",
		"summary.csv":     "metric,value,unit\nstatus,within_gap,\nobjective,123456789.25,USD\nnote,'+more,\n",
		"payments.csv":    "bidder,bid_amount,payment,discount,core_violation\n",
	} {
		got, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, string(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
	}
}

func TestManifestsDifferInRunAlone(t *testing.T) {
	var seals []string
	for threads := range 2 {
		dir := filepath.Join(t.TempDir(), "run")
		if err := Write(dir, false, &auction.Results{Command: "allocate"}, &Manifest{Run: Run{Threads: threads, Seconds: float64(threads)}}); err != nil {
			t.Fatal(err)
		}
		m, err := ReadManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		seals = append(seals, m.Seal)
	}
	if seals[0] != seals[1] {
		t.Error("the seal depends on what may differ between two runs")
	}
}

// sample is a run whose cells are all different.
func sample(t testing.TB) (dir string) {
	dir = filepath.Join(t.TempDir(), "run")
	r := &auction.Results{Command: "allocate", Status: auction.Optimal}
	for i := range 6 {
		r.Allocation = append(r.Allocation, auction.AllocationRow{
			Bidder: fmt.Sprint("b", i), Bid: fmt.Sprint("x", i), Lot: fmt.Sprint("l", i),
			Quantity: float64(i) + 0.1, Price: float64(i) + 0.2, Payment: float64(i) + 0.3,
		})
	}
	if err := Write(dir, false, r, &Manifest{Program: "lotwise", Case: "sample"}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestOneChangedCellIsLocated(t *testing.T) {
	dir := sample(t)
	path := filepath.Join(dir, "allocation.csv")
	data, _ := os.ReadFile(path)
	from, err := parse("allocation.csv", data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range from.lines {
		for j, name := range from.header {
			was := from.lines[i][j]
			from.lines[i][j] += "9"
			change(t, path, render(from.header, from.lines))
			want := []Finding{{"allocation.csv", i + 2, name, fmt.Sprintf("the cell was changed after the run, to %q", was+"9")}}
			if d := cmp.Diff(want, tampered(t, dir)); d != "" {
				t.Errorf("row %d, %s (-want +got):\n%s", i, name, d)
			}
			from.lines[i][j] = was
		}
	}
}

func TestOtherChangesAreNamed(t *testing.T) {
	lines := func(edit func([]string) []string) func([]byte) []byte {
		return func(data []byte) []byte {
			return []byte(strings.Join(edit(strings.SplitAfter(string(data), "\n")), ""))
		}
	}
	replace := func(pairs ...string) func([]byte) []byte {
		return func(data []byte) []byte { return []byte(strings.NewReplacer(pairs...).Replace(string(data))) }
	}
	for name, c := range map[string]struct {
		edit func([]byte) []byte
		want []string
	}{
		"two cells of a row":    {replace("2.1", "7", "2.3", "8"), []string{`allocation.csv:4:quantity: the cell was changed after the run, to "7"`, `allocation.csv:4:payment: the cell was changed after the run, to "8"`}},
		"two cells of a column": {replace("2.1", "7", "4.1", "8"), []string{`allocation.csv:4:quantity: the cell was changed after the run, to "7"`, `allocation.csv:6:quantity: the cell was changed after the run, to "8"`}},
		"cells across": {replace("2.1", "7", "4.3", "8"), []string{
			"allocation.csv:4:quantity|payment: one or more of these cells were changed after the run",
			"allocation.csv:6:quantity|payment: one or more of these cells were changed after the run",
		}},
		"a row less":    {lines(func(l []string) []string { return slices.Delete(l, 3, 4) }), []string{"allocation.csv:4: 1 rows were removed from here after the run"}},
		"the last rows": {lines(func(l []string) []string { return l[:5] }), []string{"allocation.csv:6: 2 rows were removed from here after the run"}},
		"a row more":    {lines(func(l []string) []string { return slices.Insert(l, 2, "b,x,l,1,2,3\n") }), []string{"allocation.csv:3: 1 rows were added here after the run"}},
		"another order": {lines(func(l []string) []string { l[2], l[5] = l[5], l[2]; return l }), []string{"allocation.csv:3: 4 rows from here on stand in another order than the run wrote"}},
		"the header":    {replace("price", "cost"), []string{"allocation.csv:1:cost: the header was changed after the run"}},
		"line ends":     {replace("\n", "\r\n"), []string{"allocation.csv: was saved anew after the run: its cells are as written, its bytes are not"}},
		"no CSV":        {replace("b3", `b"3`), []string{`allocation.csv: was changed after the run and is no longer CSV: allocation.csv:5: not CSV: bare " in non-quoted-field`}},
		"nothing left":  {func([]byte) []byte { return nil }, []string{"allocation.csv:2: 6 rows were removed from here after the run"}},
		"moved border":  {replace("b2,x2", "b,2x2"), []string{`allocation.csv:4:bidder: the cell was changed after the run, to "b"`, `allocation.csv:4:bid: the cell was changed after the run, to "2x2"`}},
		"a cell more":   {replace("2.3", "2.3,1"), []string{"allocation.csv:4: the row was changed after the run"}},
	} {
		dir := sample(t)
		path := filepath.Join(dir, "allocation.csv")
		data, _ := os.ReadFile(path)
		change(t, path, c.edit(data))
		var got []string
		for _, f := range tampered(t, dir) {
			got = append(got, f.String())
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestChangedFilesAreNamed(t *testing.T) {
	dir := sample(t)
	os.Remove(filepath.Join(dir, "payments.csv"))
	change(t, filepath.Join(dir, "network.csv"), []byte("bidder,zone,service,channel,volume,cost\n"))
	path := filepath.Join(dir, ManifestFile)
	data, _ := os.ReadFile(path)
	change(t, path, []byte(strings.Replace(string(data), `"case": "sample"`, `"case": "other"`, 1)))
	want := []Finding{
		{File: ManifestFile, Message: "was changed after the run: its contents do not fit its seal"},
		{File: "payments.csv", Message: "is missing; the run wrote it"},
		{File: "network.csv", Message: "is not a table that the run wrote"},
	}
	if d := cmp.Diff(want, tampered(t, dir)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestReadNamesEveryError(t *testing.T) {
	dir := sample(t)
	change(t, filepath.Join(dir, "allocation.csv"), []byte("bidder,bid,lot,quantity,price,payment\na,b,c,1,NaN,0x10\n\na,b,c,1,2,many\n"))
	change(t, filepath.Join(dir, "payments.csv"), []byte("bidder,amount,payment,discount,core_violation,more\n"))
	change(t, filepath.Join(dir, "lot_results.csv"), []byte("lot,zone,service,capacity,sold,revenue,shadow_price\nL,Z\n"))
	change(t, filepath.Join(dir, "void_bids.csv"), []byte("bidder,bid,lot\n"))
	os.Remove(filepath.Join(dir, "summary.csv"))
	_, _, err := Read(dir)
	if err == nil {
		t.Fatal("no error")
	}
	want := strings.ReplaceAll(`DIR/allocation.csv:2:price: must be a number, inf or blank, found "NaN"
DIR/allocation.csv:2:payment: must be a number, inf or blank, found "0x10"
DIR/allocation.csv:4:payment: must be a number, inf or blank, found "many"
DIR/payments.csv:1:amount: column 2 must be bid_amount
DIR/payments.csv:1:more: not a column of this table; remove it
DIR/lot_results.csv:2: has 2 cells; the header has 7
DIR/void_bids.csv:1:reason: the column is missing; it must be column 4
open DIR/summary.csv: no such file or directory`, "DIR", dir)
	if d := cmp.Diff(want, err.Error()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestReadManifestErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ManifestFile)
	if _, _, err := Read(dir); err == nil || err.Error() != dir+" is not a run folder: it has no manifest.json" {
		t.Errorf("without a manifest: %v", err)
	}
	for _, c := range [][2]string{
		{"{\n\"program\": \"lotwise\",\n\"colour\": 1\n}", path + ": json: unknown field \"colour\""},
		{"{\n\"seal\": 1}", path + ":2: json: cannot unmarshal number into Go struct field Manifest.seal of type string"},
		{"{} {}", path + ": goes on after its end"},
		{`{"tables": {"odd.csv": {}}}`, path + ": lists the table odd.csv, which this version does not know"},
	} {
		change(t, path, []byte(c[0]))
		if _, _, err := Read(dir); err == nil || err.Error() != c[1] {
			t.Errorf("%s:\n got %v\nwant %s", c[0], err, c[1])
		}
	}
}

func TestWhatStandsInTheWayStays(t *testing.T) {
	home := t.TempDir()
	at := func(name string) string { return filepath.Join(home, name) }
	change(t, at("file"), nil)
	for _, name := range []string{"mine", "halfrun", "nested", "nested/manifest.json", "empty"} {
		if err := os.Mkdir(at(name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	change(t, at("mine/manifest.json"), nil)
	change(t, at("mine/notes.txt"), nil)
	change(t, at("halfrun/network.csv"), nil)
	before := tree(t, home)
	for _, c := range []struct {
		name  string
		force bool
		want  string
	}{
		{"empty", false, "exists already; name another folder, or replace it with --force"},
		{"file", false, "exists already; name another folder, or replace it with --force"},
		{"file", true, "is a file; --force replaces run folders alone"},
		{"mine", true, "holds notes.txt, which no run wrote; --force replaces run folders alone"},
		{"halfrun", true, "holds no manifest.json; --force replaces run folders alone"},
		{"nested", true, "holds manifest.json, which no run wrote; --force replaces run folders alone"},
	} {
		want := at(c.name) + ": " + c.want
		for what, err := range map[string]error{
			"Check": Check(at(c.name), c.force),
			"Write": Write(at(c.name), c.force, &auction.Results{Command: "allocate"}, &Manifest{}),
		} {
			if exists := (*Exists)(nil); !errors.As(err, &exists) || err.Error() != want {
				t.Errorf("%s: got %v, want %s", what, err, want)
			}
		}
	}
	if err := Check(at("file/run"), false); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("below a file: %v", err)
	}
	for _, name := range []string{"new", "deep/down/new"} {
		if err := Check(at(name), false); err != nil {
			t.Error(err)
		}
	}
	if err := Check(at("empty"), true); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(before, tree(t, home)); d != "" {
		t.Errorf("the folder changed (-before +after):\n%s", d)
	}
}

func TestAFailedWriteLeavesTheOldRun(t *testing.T) {
	dir := sample(t)
	before := tree(t, filepath.Dir(dir))
	unwritable := &Manifest{Options: Options{Gap: math.Inf(1)}} // JSON has no infinity
	if err := Write(dir, true, &auction.Results{Command: "solve"}, unwritable); err == nil {
		t.Fatal("no error")
	}
	if d := cmp.Diff(before, tree(t, filepath.Dir(dir))); d != "" {
		t.Errorf("the folder changed (-before +after):\n%s", d)
	}
	if found := tampered(t, dir); found != nil {
		t.Error(found)
	}
}

func TestForceReplacesThroughALink(t *testing.T) {
	dir := sample(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, true, &auction.Results{Command: "solve"}, &Manifest{}); err != nil {
		t.Fatal(err)
	}
	m, err := ReadManifest(dir)
	if err != nil || m.Command != "solve" {
		t.Errorf("the linked run was not replaced: %+v, %v", m, err)
	}
}

func TestWriteMakesParents(t *testing.T) {
	home := t.TempDir()
	dir := filepath.Join(home, "a", "b", "run")
	if err := Write(dir, false, &auction.Results{Command: "allocate"}, &Manifest{}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a"}, names(t, home)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if _, _, err := Read(dir); err != nil {
		t.Error(err)
	}
}

func TestLinesOfRows(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r := &auction.Results{Command: "allocate", Payments: []auction.PaymentRow{{Bidder: "a"}, {Bidder: "two\nlines"}, {Bidder: "b"}}}
	if err := Write(dir, false, r, &Manifest{}); err != nil {
		t.Fatal(err)
	}
	if got, err := Lines(dir, "payments.csv"); err != nil || !slices.Equal(got, []int{2, 3, 5}) {
		t.Errorf("got %v, %v", got, err)
	}
}

// Whatever a table has become, it is compared and read without harm, and a change is always found.
func FuzzCompare(f *testing.F) {
	dir := sample(f)
	m, err := ReadManifest(dir)
	if err != nil {
		f.Fatal(err)
	}
	data, _ := os.ReadFile(filepath.Join(dir, "allocation.csv"))
	f.Add(data)
	f.Add([]byte{})
	f.Add([]byte("bidder\n\"\n"))
	f.Add([]byte("bidder,bid,lot,quantity,price,payment\na,b\n"))
	f.Fuzz(func(t *testing.T, changed []byte) {
		found := compare("allocation.csv", m.Tables["allocation.csv"], changed)
		if same := string(changed) == string(data); same != (found == nil) {
			t.Errorf("same %v, found %v", same, found)
		}
		if from, err := parse("allocation.csv", changed); err == nil && from.check(&tables[1]) == nil {
			tables[1].read(&auction.Results{}, from)
		}
	})
}

func tampered(t testing.TB, dir string) []Finding {
	t.Helper()
	found, err := Tampered(dir)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func change(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func names(t testing.TB, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// tree returns the contents of every file under dir, hidden ones too.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			files[path] = "folder"
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
