package lotwise_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The rule of imports: data goes one way, CSV folder -> inputs -> models/auction -> models -> outputs ->
// run folder, every solve through solver, and cmd alone wires the rooms. A package never imports what
// its line denies, directly or through another package of the module.
var rule = []struct {
	in     string   // a folder of the module, with all under it
	denied []string // likewise
	except []string // of denied
}{
	{in: "models", denied: []string{"inputs", "outputs", "cmd"}},
	{in: "models/auction", denied: []string{"models", "solver"}, except: []string{"models/auction"}},
	// A check that shares the solver, or the model it checks, shares its errors.
	{in: "models/verify", denied: []string{"models", "solver"}, except: []string{"models/verify", "models/auction"}},
	{in: "solver", denied: []string{"models", "inputs", "outputs", "cmd"}},
	{in: "inputs", denied: []string{"models", "solver", "outputs", "cmd"}, except: []string{"models/auction"}},
	{in: "outputs", denied: []string{"models", "solver", "cmd"}, except: []string{"models/auction"}},
}

// under says whether the folder is dir or lies in it.
func under(folder, dir string) bool {
	return folder == dir || strings.HasPrefix(folder, dir+"/")
}

// violations returns every import that the rule denies, with the way that leads to it. Imports maps each
// package's folder to the folders of the module that it imports.
func violations(imports map[string][]string) []string {
	var found []string
	for _, r := range rule {
		denied := func(folder string) bool {
			is := func(dir string) bool { return under(folder, dir) }
			return slices.ContainsFunc(r.denied, is) && !slices.ContainsFunc(r.except, is)
		}
		for start := range imports {
			if !under(start, r.in) {
				continue
			}
			seen := map[string]bool{start: true}
			ways := [][]string{{start}}
			for len(ways) > 0 {
				way := ways[0]
				ways = ways[1:]
				for _, next := range imports[way[len(way)-1]] {
					if seen[next] {
						continue
					}
					seen[next] = true
					on := append(slices.Clone(way), next)
					if denied(next) {
						found = append(found, strings.Join(on, " -> "))
						continue // what lies behind follows from it
					}
					ways = append(ways, on)
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// moduleImports reads the imports of every file but tests, whatever its build tags.
func moduleImports(t *testing.T) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := entry.Name(); entry.IsDir() && name != "." && (strings.HasPrefix(base, ".") || base == "testdata") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder := path.Dir(filepath.ToSlash(name))
		if _, ok := imports[folder]; !ok {
			imports[folder] = nil
		}
		for _, spec := range file.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if inside, ok := strings.CutPrefix(target, "lotwise/"); ok && !slices.Contains(imports[folder], inside) {
				imports[folder] = append(imports[folder], inside)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}

func TestImports(t *testing.T) {
	imports := moduleImports(t)
	for _, room := range []string{"cmd/lotwise", "solver", "solver/highs", "models/auction", "inputs", "outputs"} {
		if _, ok := imports[room]; !ok {
			t.Errorf("no Go files read in %s", room)
		}
	}
	for _, way := range violations(imports) {
		t.Errorf("an import against the way of the data: %s", way)
	}
}

func TestImportsRule(t *testing.T) {
	got := violations(map[string][]string{
		"cmd/lotwise":       {"inputs", "models/allocation", "outputs", "solver"},
		"inputs":            {"models/auction", "inputs/cases"},
		"inputs/cases":      {"models/network"},
		"models/allocation": {"models/auction", "solver"},
		"models/network":    {"outputs"},
		"models/verify":     {"models/auction", "models/allocation"},
		"models/auction":    {"math"},
		"outputs":           {"models/auction"},
		"solver":            {"solver/highs", "solver/jobs"},
		"solver/jobs":       {"inputs"},
	})
	want := []string{
		"inputs -> inputs/cases -> models/network",
		"inputs/cases -> models/network",
		"models/allocation -> solver -> solver/jobs -> inputs",
		"models/network -> outputs",
		"models/verify -> models/allocation",
		"models/verify -> models/allocation -> solver -> solver/jobs -> inputs",
		"solver -> solver/jobs -> inputs",
		"solver/jobs -> inputs",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
