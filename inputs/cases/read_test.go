package cases_test

import (
	"slices"
	"testing"

	"lotwise/inputs"
	"lotwise/inputs/cases"
)

// TestRead holds that every embedded case reads without an error, and which commands can solve it.
func TestRead(t *testing.T) {
	commands := map[string][]string{
		"capacity-competition":         {"solve"},
		"capacity-competition-unequal": {"solve"},
		"first-price":                  {"solve"},
		"first-price-types":            {"solve"},
		"local-local-global":           {"allocate"},
		"station":                      {"bid", "solve"},
		"template":                     {"allocate", "bid", "solve"},
		"usps2026":                     {"allocate", "bid", "solve"},
		"usps2026-national":            {"allocate", "bid", "solve"},
	}
	for _, name := range cases.Names() {
		t.Run(name, func(t *testing.T) {
			folder, _ := cases.Open(name)
			c, err := inputs.ReadFS(folder, name)
			if err != nil {
				t.Fatal(err)
			}
			want, ok := commands[name]
			if !ok {
				t.Fatalf("no line in this test says which commands solve %s", name)
			}
			var can []string
			for _, command := range inputs.Commands {
				if inputs.Requirements(c, command) == nil {
					can = append(can, command)
				}
			}
			if !slices.Equal(can, want) {
				t.Errorf("%v can solve it, want %v", can, want)
			}
		})
	}
}
