package highs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestConstantsMirrorTheHeader compares every constant of the C header with its mirror, both read as text.
func TestConstantsMirrorTheHeader(t *testing.T) {
	header := headerText(t)
	file, err := parser.ParseFile(token.NewFileSet(), "constants.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	mirror := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			switch v := spec.Values[i].(type) {
			case *ast.BasicLit:
				mirror[name.Name] = v.Value
			case *ast.UnaryExpr:
				mirror[name.Name] = v.Op.String() + v.X.(*ast.BasicLit).Value
			}
		}
		return false
	})
	constants := regexp.MustCompile(`(?m)^(?:static )?const HighsInt kHighs(\w+) = (-?\d+);`).FindAllStringSubmatch(header, -1)
	if len(constants) < 80 {
		t.Fatalf("found %d constants in the header", len(constants))
	}
	for _, c := range constants {
		name, want := c[1], c[2]
		if got, ok := mirror[name]; !ok {
			t.Errorf("kHighs%s = %s has no mirror", name, want)
		} else if got != want {
			t.Errorf("kHighs%s is %s, its mirror %s", name, want, got)
		}
		delete(mirror, name)
	}
	for name := range mirror {
		t.Errorf("%s mirrors nothing in the header", name)
	}
}

// TestWeakConstants checks that capi.h names exactly the constants that the header defines without static.
func TestWeakConstants(t *testing.T) {
	capi, err := os.ReadFile("capi.h")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range regexp.MustCompile(`(?m)^const HighsInt (\w+)`).FindAllStringSubmatch(headerText(t), -1) {
		if !strings.Contains(string(capi), "#pragma weak "+c[1]+"\n") {
			t.Errorf("%s is missing in capi.h", c[1])
		}
	}
}

// headerText is highs_c_api.h as cgo finds it.
func headerText(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{range .CgoCFLAGS}}{{println .}}{{end}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for flag := range strings.Lines(string(out)) {
		dir, ok := strings.CutPrefix(strings.TrimSpace(flag), "-I")
		if !ok {
			continue
		}
		if text, err := os.ReadFile(filepath.Join(dir, "interfaces", "highs_c_api.h")); err == nil {
			return string(text)
		}
	}
	t.Fatalf("highs_c_api.h is in none of the include paths %q", out)
	return ""
}
