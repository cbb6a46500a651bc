// Package cases holds the cases that come with the program: the 2026 auction of postal delivery units, a
// template, and teaching cases whose answers are known in closed form.
//
// A case is a folder of CSV tables with a README.md that says what it shows and where its numbers come
// from. The scripts that make the larger ones stand in the folder scripts, which is not embedded.
package cases

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed */*.csv */README.md
var folders embed.FS

// required is the table without which a folder is no case.
const required = "lots.csv"

// Names returns the names of the embedded cases, sorted.
func Names() []string {
	tables, err := fs.Glob(folders, path.Join("*", required))
	if err != nil {
		panic(err) // the pattern is a constant
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = path.Dir(t)
	}
	slices.Sort(names)
	return names
}

// Open returns the folder of the embedded case of that name; ok is false where there is none.
func Open(name string) (folder fs.FS, ok bool) {
	if !slices.Contains(Names(), name) {
		return nil, false
	}
	folder, err := fs.Sub(folders, name)
	return folder, err == nil
}

// About returns what the embedded case is about: the title of its README.md, blank where there is no
// such case.
func About(name string) string {
	folder, ok := Open(name)
	if !ok {
		return ""
	}
	text, err := fs.ReadFile(folder, "README.md")
	if err != nil {
		return ""
	}
	title, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(strings.TrimLeft(title, "# "))
}
