package inputs

import (
	"fmt"
	"slices"
	"strings"
)

// maxPrinted is how many errors a report prints before it only counts: what a person can work through.
const maxPrinted = 100

// An Error is one thing that is wrong with a table.
type Error struct {
	File   string // the file as it is named in the case, or the sheet of a workbook
	Line   int    // of the file, from 1, or the row of the sheet; 0 where the whole file is meant
	Column string // the column's name, its number where it has none; blank where the whole line is meant
	What   string // what is wrong
	Found  string // the text that was found, blank where nothing was
	Remedy string // what would do
}

func (e Error) String() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Column != "" {
		b.WriteString(":" + e.Column)
	}
	b.WriteString(": " + e.What)
	if e.Found != "" {
		fmt.Fprintf(&b, ", found %q", e.Found)
	}
	if e.Remedy != "" {
		b.WriteString(", " + e.Remedy)
	}
	return b.String()
}

// Errors are all errors of all tables of a case, sorted by file and line.
type Errors []Error

// Error returns a line for each error, for at most 100 of them, and the count of the rest.
func (e Errors) Error() string {
	var b strings.Builder
	for i, one := range e {
		if i == maxPrinted {
			fmt.Fprintf(&b, "\nand %d more errors", len(e)-i)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(one.String())
	}
	return b.String()
}

// sorted returns the errors by file and line, in the order they were found within a line; nil where
// there are none.
func (e Errors) sorted() error {
	if len(e) == 0 {
		return nil
	}
	slices.SortStableFunc(e, func(a, b Error) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return e
}
