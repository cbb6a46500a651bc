package lotwise_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lotwise/inputs"
	"lotwise/inputs/cases"
)

// README.md holds parts that follow from the code, between markers. `make docs` writes them anew.
var generated = map[string]func() string{
	"cases": func() string {
		var b strings.Builder
		b.WriteString("| case | about |\n|---|---|\n")
		for _, name := range cases.Names() {
			fmt.Fprintf(&b, "| `%s` | %s |\n", name, cases.About(name))
		}
		return b.String()
	},
	"tables": inputs.Markdown,
}

func TestReadmeGenerated(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for part, write := range generated {
		between := regexp.MustCompile(`(?s)(<!-- ` + part + `: begin[^\n]*-->\n).*(<!-- ` + part + `: end -->\n)`)
		if !between.MatchString(want) {
			t.Fatalf("README.md has no markers of %q", part)
		}
		want = between.ReplaceAllStringFunc(want, func(old string) string {
			marks := between.FindStringSubmatch(old)
			return marks[1] + "\n" + strings.TrimSpace(write()) + "\n\n" + marks[2]
		})
	}
	if want == string(text) {
		return
	}
	if os.Getenv("LOTWISE_UPDATE") == "" {
		t.Fatalf("README.md is not up to date; run `make docs` (-README +code)\n%s", cmp.Diff(string(text), want))
	}
	if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Every command of make that the documents name exists.
func TestReadmeTargets(t *testing.T) {
	rules, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, name := range []string{"README.md", "CONTRIBUTING.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("(?m)(?:`|^    )make ([a-z-]+)").FindAllSubmatch(text, -1) {
			named++
			if !regexp.MustCompile(`(?m)^` + string(m[1]) + `:`).Match(rules) {
				t.Errorf("%s names `make %s`, which the Makefile does not have", name, m[1])
			}
		}
	}
	if named == 0 {
		t.Error("the documents name no command of make")
	}
}
