package inputs

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lotwise/models/auction"
)

// assumedCase is the clean case as a folder, with scenarios of its own.
func assumedCase(t *testing.T, scenarios string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/clean")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "scenarios.csv"), []byte(scenarios), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAssumptionsChangeCells(t *testing.T) {
	dir := assumedCase(t, strings.Join([]string{
		"scenario,table,where,column,change,value",
		"dear,lots,,reserve,multiply,2",
		"dear,lots,reserve>=0,reserve,add,0.25",
		"dear,bidders,bidder=Alpha,class,set,small",
		"dear,facilities,,fixed_cost,set,7",
		"rules,rules,name=price_step,value,set,0.5",
	}, "\n"))
	list, err := Assumptions(dir, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 || list[0].Name != "base" || list[1].Name != "dear" || list[2].Name != "rules" {
		t.Fatalf("%+v", list)
	}
	was, err := ReadUnder(dir, &list[0])
	if err != nil {
		t.Fatal(err)
	}
	is, err := ReadUnder(dir, &list[1])
	if err != nil {
		t.Fatal(err)
	}
	for l := range was.Lots {
		if got, want := is.Lots[l].Reserve, 2*was.Lots[l].Reserve+0.25; got != want {
			t.Errorf("reserve of lot %d: %v, want %v", l, got, want)
		}
	}
	if is.Bidders[0].Class != "small" || is.Bidders[0].Facilities[0].FixedCost != 7 {
		t.Errorf("%+v", is.Bidders[0])
	}
	under, err := ReadUnder(dir, &list[2])
	if err != nil || under.Rules.PriceStep != 0.5 || was.Rules.PriceStep == 0.5 {
		t.Errorf("%+v, %v", under.Rules, err)
	}
	// Nothing else has changed.
	is.Bidders[0].Class, is.Bidders[0].Facilities[0].FixedCost = was.Bidders[0].Class, was.Bidders[0].Facilities[0].FixedCost
	for l := range was.Lots {
		is.Lots[l].Reserve = was.Lots[l].Reserve
	}
	if d := cmp.Diff(was.Bidders, is.Bidders, cmp.Comparer(sameFloat)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(was.Lots, is.Lots, cmp.Comparer(sameFloat)); d != "" {
		t.Error(d)
	}
}

func sameFloat(a, b float64) bool { return a == b || a != a && b != b }

// Everything that is wrong with any scenario comes in one report, before anything runs.
func TestWrongAssumptions(t *testing.T) {
	dir := assumedCase(t, strings.Join([]string{
		"scenario,table,where,column,change,value",
		"a,lots,zone!=010|020,reserve,multiply,2",
		"b,lots,,capacity,add,-1000000",
		"c,bidders,bidder=Alpha,budget,set,5",
		"d,bids,lot=L3,amount,multiply,2",
	}, "\n"))
	_, err := Assumptions(dir, "", nil)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"lots.csv:2:capacity: in scenario b: a negative volume",
		"scenarios.csv:2:where: in scenario a: no row of lots is selected",
		"scenarios.csv:5:column: in scenario d: every cell that is selected is blank",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "scenario c") {
		t.Error(err)
	}
}

func TestGrid(t *testing.T) {
	rows, err := Grid("lots.reserve[zone=010;capacity>=5]*0.9,1 ; bidders.class[bidder=Beta]=x;facilities.fixed_cost+0,-5")
	if err != nil {
		t.Fatal(err)
	}
	zone := "zone=010;capacity>=5"
	want := [][]string{
		{"scenario", "table", "where", "column", "change", "value"},
		{"lots.reserve[" + zone + "]*0.9 bidders.class[bidder=Beta]=x", "lots", zone, "reserve", "multiply", "0.9"},
		{"lots.reserve[" + zone + "]*0.9 bidders.class[bidder=Beta]=x", "bidders", "bidder=Beta", "class", "set", "x"},
		{"lots.reserve[" + zone + "]*0.9 bidders.class[bidder=Beta]=x facilities.fixed_cost+-5", "lots", zone, "reserve", "multiply", "0.9"},
		{"lots.reserve[" + zone + "]*0.9 bidders.class[bidder=Beta]=x facilities.fixed_cost+-5", "bidders", "bidder=Beta", "class", "set", "x"},
		{"lots.reserve[" + zone + "]*0.9 bidders.class[bidder=Beta]=x facilities.fixed_cost+-5", "facilities", "", "fixed_cost", "add", "-5"},
		{"bidders.class[bidder=Beta]=x", "bidders", "bidder=Beta", "class", "set", "x"},
		{"bidders.class[bidder=Beta]=x facilities.fixed_cost+-5", "bidders", "bidder=Beta", "class", "set", "x"},
		{"bidders.class[bidder=Beta]=x facilities.fixed_cost+-5", "facilities", "", "fixed_cost", "add", "-5"},
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Error(d)
	}
	for grid, want := range map[string]string{
		"":                                       "nothing to change",
		"lots.reserve":                           "none of",
		"reserve*2":                              "joined by a point",
		"lots.reserve*":                          "a blank value",
		"lots.reserve*1,1":                       "the value 1 twice",
		"lots.reserve*x":                         "not a number",
		"lots.reserve]*2[":                       "not closed",
		"a.b*" + many(400) + ";a.c*" + many(400): "more than 100000 scenarios",
	} {
		if _, err := Grid(grid); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %s", grid, err, want)
		}
	}
}

func many(n int) string {
	var values []string
	for i := range n {
		values = append(values, formatNumber(float64(i+2)))
	}
	return strings.Join(values, ",")
}

// A grid is a scenarios.csv that the reader takes, with base where nothing changes.
func TestGridIsRead(t *testing.T) {
	dir := assumedCase(t, "scenario,table,where,column,change,value\n")
	rows, err := Grid("lots.reserve*0.5,1,1.5;facilities.fixed_cost+0,10")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "grid.csv")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := csv.NewWriter(f).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	f.Close()
	list, err := Assumptions(dir, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range list {
		names = append(names, a.Name)
	}
	want := []string{
		"lots.reserve*0.5", "lots.reserve*0.5 facilities.fixed_cost+10", "base", "facilities.fixed_cost+10",
		"lots.reserve*1.5", "lots.reserve*1.5 facilities.fixed_cost+10",
	}
	if d := cmp.Diff(want, names); d != "" {
		t.Error(d)
	}
	var c *auction.Case
	if c, err = ReadUnder(dir, &list[5]); err != nil {
		t.Fatal(err)
	}
	if c.Bidders[0].Facilities[0].FixedCost < 10 {
		t.Errorf("%+v", c.Bidders[0].Facilities)
	}
}
