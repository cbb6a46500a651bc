package outputs

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Digest tells whether a table is the one that was written, and where it is not: a changed cell shows
// in the digest of its row and in that of its column.
type Digest struct {
	SHA256  string `json:"sha256"`  // of the file
	Columns string `json:"columns"` // one short digest a column, header included, separated by spaces
	Rows    string `json:"rows"`    // one short digest a row, header excluded
}

// shortDigest is how many bytes of a SHA-256 a row or column keeps. They only say where a change is (that there
// is one, the file's whole SHA-256 says): one in four thousand million changes would go unlocated.
const shortDigest = 4

// short is the digest of a list of cells; each goes in with its length, so that moving text from a cell
// to the next shows.
func short(cells func(yield func(string) bool)) string {
	h := sha256.New()
	for c := range cells {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(c))))
		h.Write([]byte(c))
	}
	return hex.EncodeToString(h.Sum(nil)[:shortDigest])
}

// digest is the digest of a table's bytes and of the same bytes as cells.
func digest(data []byte, from *records) Digest {
	columns := make([]string, len(from.header))
	for j := range columns {
		columns[j] = short(func(yield func(string) bool) {
			if !yield(from.header[j]) {
				return
			}
			for _, line := range from.lines {
				if j < len(line) && !yield(line[j]) {
					return
				}
			}
		})
	}
	rows := make([]string, len(from.lines))
	for i := range rows {
		rows[i] = short(slices.Values(from.lines[i]))
	}
	return Digest{sha(data), strings.Join(columns, " "), strings.Join(rows, " ")}
}

// A Finding is a place where a run folder is not what the run wrote.
type Finding struct {
	File    string // within the run folder
	Line    int    // 0 for the whole file
	Column  string // names of columns separated by |, blank for the whole line or file
	Message string
}

func (f Finding) String() string {
	s := f.File
	if f.Line > 0 {
		s = fmt.Sprintf("%s:%d", s, f.Line)
	}
	if f.Column != "" {
		s += ":" + f.Column
	}
	return s + ": " + f.Message
}

// Tampered compares the tables of a run folder with the digests in its manifest and names what is
// not as it was written: the file, its line and its column where they can be told. The error is for a
// folder whose manifest cannot be read.
func Tampered(dir string) ([]Finding, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	var found []Finding
	if seal, err := m.seal(); err != nil {
		return nil, err
	} else if m.Seal != seal {
		found = append(found, Finding{File: ManifestFile, Message: "was changed after the run: its contents do not fit its seal"})
	}
	for _, t := range tables {
		want, listed := m.Tables[t.file]
		data, err := os.ReadFile(filepath.Join(dir, t.file))
		switch {
		case listed && os.IsNotExist(err):
			found = append(found, Finding{File: t.file, Message: "is missing; the run wrote it"})
		case !listed && os.IsNotExist(err):
		case err != nil:
			return found, err
		case !listed:
			found = append(found, Finding{File: t.file, Message: "is not a table that the run wrote"})
		default:
			found = append(found, compare(t.file, want, data)...)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(m.Files)) {
		data, err := os.ReadFile(filepath.Join(dir, file))
		switch {
		case os.IsNotExist(err):
			found = append(found, Finding{File: file, Message: "is missing; the run wrote it"})
		case err != nil:
			return found, err
		case sha(data) != m.Files[file]:
			found = append(found, Finding{File: file, Message: "was changed after the run"})
		}
	}
	return found, nil
}

// compare locates what makes data differ from the table that want was taken of.
func compare(file string, want Digest, data []byte) []Finding {
	if sha(data) == want.SHA256 {
		return nil
	}
	from, err := parse(file, data)
	if err != nil {
		return []Finding{{File: file, Message: "was changed after the run and is no longer CSV: " + err.Error()}}
	}
	is := digest(data, from)
	columns := changed(strings.Fields(want.Columns), strings.Fields(is.Columns), from.header)
	wantRows, isRows := strings.Fields(want.Rows), strings.Fields(is.Rows)

	// The rows between the first and the last that differ.
	first := 0
	for first < min(len(wantRows), len(isRows)) && wantRows[first] == isRows[first] {
		first++
	}
	last := 0 // rows after the last that differs
	for last < min(len(wantRows), len(isRows))-first && wantRows[len(wantRows)-1-last] == isRows[len(isRows)-1-last] {
		last++
	}
	line := 2 // of the first that differs, or where it would stand
	if first < len(from.at) {
		line = from.at[first]
	} else if len(from.at) > 0 {
		line = from.at[len(from.at)-1] + 1
	}
	middleWant, middleIs := wantRows[first:len(wantRows)-last], isRows[first:len(isRows)-last]

	switch {
	case len(middleWant) == 0 && len(middleIs) == 0 && columns == nil:
		return []Finding{{File: file, Message: "was saved anew after the run: its cells are as written, its bytes are not"}}
	case len(middleWant) == 0 && len(middleIs) == 0:
		return []Finding{{file, 1, strings.Join(columns, "|"), "the header was changed after the run"}}
	case len(middleWant) > len(middleIs):
		return []Finding{{File: file, Line: line, Message: fmt.Sprintf("%d rows were removed from here after the run", len(middleWant)-len(middleIs))}}
	case len(middleWant) < len(middleIs):
		return []Finding{{File: file, Line: line, Message: fmt.Sprintf("%d rows were added here after the run", len(middleIs)-len(middleWant))}}
	case slices.Equal(slices.Sorted(slices.Values(middleWant)), slices.Sorted(slices.Values(middleIs))):
		return []Finding{{File: file, Line: line, Message: fmt.Sprintf("%d rows from here on stand in another order than the run wrote", len(middleIs))}}
	}
	var found []Finding
	rows := 0
	for i := range middleIs {
		if middleIs[i] != middleWant[i] {
			rows++
		}
	}
	for i := range middleIs {
		if middleIs[i] == middleWant[i] {
			continue
		}
		at := from.at[first+i]
		if rows > 1 && len(columns) > 1 {
			found = append(found, Finding{file, at, strings.Join(columns, "|"), "one or more of these cells were changed after the run"})
			continue
		}
		for _, name := range columns {
			j := slices.Index(from.header, name)
			value := ""
			if j >= 0 && j < len(from.lines[first+i]) {
				value = from.lines[first+i][j]
			}
			found = append(found, Finding{file, at, name, fmt.Sprintf("the cell was changed after the run, to %q", value)})
		}
		if columns == nil {
			found = append(found, Finding{File: file, Line: at, Message: "the row was changed after the run"})
		}
	}
	return found
}

// changed returns the names of the columns whose digests differ.
func changed(want, is, names []string) []string {
	var list []string
	for j, name := range names {
		if j >= len(want) || want[j] != is[j] {
			list = append(list, name)
		}
	}
	if len(list) == 0 && len(want) > len(is) {
		list = append(list, fmt.Sprintf("column %d", len(is)+1))
	}
	return list
}
