package inputs

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lotwise/models/auction"
)

func template(t *testing.T) *auction.Case {
	t.Helper()
	c, err := Read("template")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadIndex(t *testing.T) {
	c := template(t)
	got, err := ReadIndex(c, written(t, "index.csv", "Price;Zone;Service;Lot;Bidder;Spread;Quantity\n1,80;North;;;;10%;\n2,40;;;north_same;Beta;;300\n1,70;;next_day;;;0;\n"))
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	want := []auction.IndexPrice{
		{Lot: -1, Zone: "North", Bidder: -1, Price: 1.8, Spread: 0.1, Quantity: nan},
		{Lot: 0, Bidder: 1, Price: 2.4, Spread: nan, Quantity: 300},
		{Lot: -1, Service: "next_day", Bidder: -1, Price: 1.7, Spread: 0, Quantity: nan},
	}
	if d := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.IgnoreFields(auction.IndexPrice{}, "Source")); d != "" {
		t.Error(d)
	}
	if got[1].Source.Line != 3 {
		t.Errorf("line %d", got[1].Source.Line)
	}
	for text, want := range map[string]string{
		"price\n":                       "no row under the header",
		"zone\nNorth\n":                 "a required column is missing",
		"price,service\n2,same_dya\n":   "no such service",
		"price,spread\n2,1.5\n":         "not between 0 and 1",
		"price,colour\n2,red\n":         "no such column",
		"price,lot\n2,north_sam\n":      "did you mean north_same?",
		"price,quantity\n2,-1\n":        "a negative volume",
		"price,bidder\n2,Betta\n":       "did you mean Beta?",
		"price,spread\ninf,0.1\n":       "an infinite number",
		"price,zone,lot\n,North,\n":     "a required cell is blank",
		"price,quantity\n2,2\n3,lots\n": "not a number",
	} {
		_, err := ReadIndex(c, written(t, "wrong.csv", text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestParseIndex(t *testing.T) {
	for text, want := range map[string][2]float64{"2.10": {2.1, math.NaN()}, "$2.10,8%": {2.1, 0.08}, "3, 0.25": {3, 0.25}} {
		p, ok := ParseIndex(text)
		if !ok || p.Lot != -1 || p.Bidder != -1 || p.Price != want[0] || p.Spread != want[1] && !math.IsNaN(p.Spread+want[1]) {
			t.Errorf("%q: %v, %v", text, p, ok)
		}
	}
	for _, text := range []string{"", "prices.csv", "2,3", "2,-1", "2,x", "inf", "2,0.1,3"} {
		if p, ok := ParseIndex(text); ok {
			t.Errorf("%q is read as %v", text, p)
		}
	}
}

// Beliefs are read as the case's own table is, and a wrong file leaves the case as it was.
func TestReadBeliefs(t *testing.T) {
	c := template(t)
	was := c.Beliefs
	if err := ReadBeliefs(c, written(t, "b.csv", "scenario,probability,bidder,lot,quantity,price\ns,0.5,Beta,north_same,1,2\n")); err == nil || !strings.Contains(err.Error(), "do not sum to 1") {
		t.Errorf("%v", err)
	}
	if !cmp.Equal(was, c.Beliefs) {
		t.Error("a wrong file changed the case")
	}
	if err := ReadBeliefs(c, filepath.Join(t.TempDir(), "none.csv")); err == nil {
		t.Error("a file that is not there is read")
	}
	path := written(t, "b.csv", "scenario,probability,bidder,lot,quantity,price,amount\ncalm,0.5,,,,,\n'=keen,0.5,Beta,north_same,1,2,\n'=keen,0.5,Cargo,south_next,3,,6\n")
	if err := ReadBeliefs(c, path); err != nil {
		t.Fatal(err)
	}
	if len(c.Beliefs) != 2 || len(c.Beliefs[0].Bids) != 0 || c.Beliefs[1].Scenario != "=keen" {
		t.Fatalf("%v", c.Beliefs)
	}
	// What a run writes of them is the file again.
	nan := math.NaN()
	want := []auction.BeliefRow{
		{Scenario: "calm", Probability: 0.5, Quantity: nan, Price: nan, Amount: nan, MinFraction: nan},
		{Scenario: "=keen", Probability: 0.5, Bidder: "Beta", Lot: "north_same", Quantity: 1, Price: 2, Amount: nan, MinFraction: nan},
		{Scenario: "=keen", Probability: 0.5, Bidder: "Cargo", Lot: "south_next", Quantity: 3, Price: nan, Amount: 6, MinFraction: nan},
	}
	if d := cmp.Diff(want, c.BeliefRows(), cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
}
