package inputs

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lotwise/models/auction"
)

// plainCase is the clean case without what commands refuse.
func plainCase(t *testing.T) *auction.Case {
	t.Helper()
	c, err := ReadFS(os.DirFS("testdata/clean"), "case")
	if err != nil {
		t.Fatal(err)
	}
	c.Limits, c.Adjustments, c.Rules.Payment = nil, nil, auction.PayAsBid
	return c
}

func TestRequirements(t *testing.T) {
	for _, command := range Commands {
		if err := Requirements(plainCase(t), command); err != nil {
			t.Errorf("%s: %v", command, err)
		}
		for _, table := range needs[command] {
			c := plainCase(t)
			delete(c.Has, table)
			var missing Errors
			if err := Requirements(c, command); !errors.As(err, &missing) || len(missing) != 1 || missing[0].File != table+".csv" || !strings.Contains(missing[0].What, command) {
				t.Errorf("%s without %s: %v", command, table, err)
			}
		}
	}
	for table, change := range map[string]func(*auction.Case){
		"limits.csv:7": func(c *auction.Case) {
			c.Limits = []auction.Limit{{Source: auction.Source{File: "limits.csv", Line: 7}}}
		},
		"adjustments.csv:3": func(c *auction.Case) {
			c.Adjustments = []auction.Adjustment{{Source: auction.Source{File: "adjustments.csv", Line: 3}}}
		},
	} {
		for _, command := range Commands {
			c := plainCase(t)
			change(c)
			var refused *auction.Unsupported
			err := Requirements(c, command)
			switch {
			case command != "solve":
				if err != nil {
					t.Errorf("%s with %s: %v", command, table, err)
				}
			case !errors.As(err, &refused) || !strings.Contains(err.Error(), table+": "+command):
				t.Errorf("%s with %s: %v", command, table, err)
			}
		}
	}
	c := plainCase(t)
	c.Rules.Payment = auction.Core
	if err := Requirements(c, "allocate"); err != nil {
		t.Error(err)
	}
	for _, command := range []string{"bid", "solve"} {
		var refused *auction.Unsupported
		if err := Requirements(c, command); !errors.As(err, &refused) || !strings.Contains(err.Error(), "core") {
			t.Errorf("%s under core: %v", command, err)
		}
	}
	if err := Requirements(c, "sing"); err == nil {
		t.Error("requirements of a command that does not exist")
	}
}

func TestSizes(t *testing.T) {
	c, err := Read("testdata/clean")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, s := range Sizes(c) {
		rows[s.Table] = s.Rows
	}
	want := map[string]int{
		"lots": 3, "bidders": 2, "bids": 5, "limits": 2, "adjustments": 1, "facilities": 1, "routes": 2,
		"demand": 2, "access": 1, "types": 2, "beliefs": 4, "rules": 7, "scenarios": 3,
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Error(d)
	}
	delete(c.Has, "routes")
	for _, s := range Sizes(c) {
		if s.Table == "routes" {
			t.Error("a table that the case does not have has a size")
		}
	}
}

func TestAbilities(t *testing.T) {
	c := plainCase(t)
	delete(c.Has, "beliefs")
	got := Abilities(c)
	if len(got) != 3 || !got[0].Can || got[1].Can || !got[2].Can {
		t.Fatalf("%+v", got)
	}
	for i, want := range []string{"accepts among 4 bids of 2 bidders for 3 lots", "beliefs.csv: bid needs this table", "finds equilibrium bids of 1 bidders; 1 bid exactly their rows of bids.csv"} {
		if !strings.Contains(got[i].What, want) {
			t.Errorf("%s: %s, want %s", got[i].Command, got[i].What, want)
		}
	}
	c.Bidders[0].Demand = nil
	if got := Abilities(c)[2]; got.Can {
		t.Errorf("solve without demand: %+v", got)
	}
}

func TestNotes(t *testing.T) {
	c := plainCase(t)
	if notes := Notes(c); len(notes) != 0 {
		t.Errorf("notes on a case without anything odd: %v", notes)
	}
	c.Bidders[0].Demand[0].Services = []string{"same_day", "sameday"}
	c.Bidders = append(c.Bidders, auction.Bidder{Name: "Gamma"})
	notes := Notes(c)
	if len(notes) != 2 || !strings.HasSuffix(notes[0].What, "sameday") || notes[0].Source.Line != 2 || !strings.HasPrefix(notes[1].What, "Gamma") {
		t.Errorf("%v", notes)
	}
}

// Numbers beyond the range of floats are an error, never an infinite amount.
func TestHugeBids(t *testing.T) {
	for _, rows := range []string{
		"Alpha,huge,L3,1e200,1e200,",
		"Alpha,huge,L3,1e-300,,1e300",
		"Alpha,huge,L3,1e308,0,\nAlpha,huge,01001,1e308,0,",
	} {
		folder := overlay(t, "testdata/dirty/right-crlf")
		folder["bids.csv"].Data = []byte("bidder,bid,lot,quantity,price,amount\n" + rows + "\n")
		if _, err := ReadFS(folder, "case"); err == nil || !strings.Contains(err.Error(), "bids.csv:2:quantity: numbers too large") {
			t.Errorf("%s: %v", rows, err)
		}
	}
}
