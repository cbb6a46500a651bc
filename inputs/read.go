// Package inputs reads a case: a folder of CSV tables, a workbook with a sheet a table, or a case that
// comes with the program. Tables holds the schema of every table; the reader, the validation, the
// templates and the documentation follow from it.
//
// A case is read whole or not at all: everything that is wrong with any of its tables comes back in one
// list of Errors.
package inputs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"lotwise/inputs/cases"
	"lotwise/models/auction"
)

// Read reads the case at path: a folder, an .xlsx workbook, or else the embedded case of that name. A
// wrong case, a missing one too, is reported as Errors.
func Read(path string) (*auction.Case, error) {
	b, err := open(path)
	if err != nil {
		return nil, err
	}
	defer b.close()
	return read(b)
}

// ReadFS reads the case whose tables stand in the root of fsys. A wrong case is reported as Errors.
func ReadFS(fsys fs.FS, name string) (*auction.Case, error) {
	b, err := openFolder(fsys, name, name)
	if err != nil {
		return nil, err
	}
	defer b.close()
	return read(b)
}

// ReadBids replaces the bids of the case by those of a CSV file with the columns of bids.csv. A wrong
// file is reported as Errors, and the case is left as it was.
func ReadBids(c *auction.Case, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return unreadable(file, err)
	}
	changed := *c
	r := newReader(&changed)
	r.nameAll()
	r.table(Lookup("bids"), csvSheet{file, data, nil})
	if err := r.errors.sorted(); err != nil {
		return err
	}
	c.Bids = changed.Bids
	has := map[string]bool{"bids": true}
	for name := range c.Has {
		has[name] = true
	}
	c.Has = has
	return nil
}

// Digests returns the SHA-256 of every input table of the case at path in hexadecimal, by file name; a
// workbook is one file.
func Digests(path string) (map[string]string, error) {
	b, err := open(path)
	if err != nil {
		return nil, err
	}
	b.close()
	return b.digests, nil
}

// A book is the tables of a case, as they are stored.
type book struct {
	name    string
	sheets  map[string]opener // by the name of the table
	digests map[string]string // SHA-256 by file name
	errors  Errors            // of names and files, found before any table is read
	close   func()
}

// An opener gives the rows of one table.
type opener interface {
	// open reports what keeps the table from being read; ok is then false.
	open(t *Table, errors *Errors) (s *sheet, ok bool)
}

func open(path string) (*book, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if fsys, ok := cases.Open(path); ok {
			return openFolder(fsys, path, path)
		}
		remedy := "give a folder of CSV tables, an .xlsx workbook, or one of " + strings.Join(cases.Names(), ", ")
		if meant := nearest(path, cases.Names()); meant != "" {
			remedy = fmt.Sprintf("did you mean %s?", meant)
		}
		return nil, Errors{{File: path, What: "no such case", Remedy: remedy}}
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	name := path
	if absolute, err := filepath.Abs(path); err == nil {
		name = absolute
	}
	name = filepath.Base(name)
	if info.IsDir() {
		return openFolder(os.DirFS(path), name, path)
	}
	if ext := filepath.Ext(name); strings.EqualFold(ext, ".xlsx") || strings.EqualFold(ext, ".xlsm") {
		return openWorkbook(path, strings.TrimSuffix(name, ext))
	}
	return nil, Errors{{File: path, What: "not a case", Remedy: "give a folder of CSV tables, or an .xlsx workbook with a sheet a table"}}
}

func unreadable(file string, err error) Errors {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return Errors{{File: file, What: "cannot be read: " + err.Error(), Remedy: "check that the file is there and that you may read it"}}
}

// otherFormats are extensions under which a user may have saved a table that is then not read.
var otherFormats = []string{".tsv", ".tab", ".txt", ".xls", ".xlsx", ".ods", ".numbers"}

// openFolder finds the tables in a folder. A file that was probably meant as a table is never passed
// over in silence: every CSV file is a table, and a table in another format is an error.
func openFolder(fsys fs.FS, name, path string) (*book, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, unreadable(path, err)
	}
	b := &book{name: name, sheets: map[string]opener{}, digests: map[string]string{}, close: func() {}}
	files := map[string]string{}
	for _, e := range entries {
		file := e.Name()
		if strings.HasPrefix(file, ".") || strings.HasPrefix(file, "~$") {
			continue // what editors and spreadsheets leave behind
		}
		ext := strings.ToLower(filepath.Ext(file))
		table := strings.ToLower(strings.TrimSuffix(file, filepath.Ext(file)))
		if ext != ".csv" {
			if Lookup(table) != nil && slices.Contains(otherFormats, ext) {
				b.errors = append(b.errors, Error{File: file, What: "a table in a format that is not read in a folder", Remedy: "save it as " + table + ".csv, or put all tables into one .xlsx workbook"})
			}
			continue
		}
		if Lookup(table) == nil {
			remedy := "move it out of the case; its tables are " + strings.Join(tableFiles(), ", ")
			if meant := nearest(table, tableNames()); meant != "" {
				remedy = fmt.Sprintf("did you mean %s.csv?", meant)
			}
			b.errors = append(b.errors, Error{File: file, What: "no such table", Remedy: remedy})
			continue
		}
		if first, twice := files[table]; twice {
			b.errors = append(b.errors, Error{File: file, What: "the same table as " + first, Remedy: "remove one of the two"})
			continue
		}
		files[table] = file
		data, err := readFile(fsys, file)
		b.sheets[table] = csvSheet{file, data, err}
		sum := sha256.Sum256(data)
		b.digests[file] = hex.EncodeToString(sum[:])
	}
	if len(b.sheets) == 0 && len(b.errors) == 0 {
		return nil, Errors{{File: path, What: "no table of a case in this folder", Remedy: "write lots.csv and bidders.csv, and what the command needs of " + strings.Join(tableFiles()[2:], ", ")}}
	}
	return b, nil
}

// readFile is fs.ReadFile, but tells a folder that has a table's name.
func readFile(fsys fs.FS, file string) ([]byte, error) {
	f, err := fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("it is a folder")
	}
	data := make([]byte, 0, info.Size()+1) // one more byte, so that the end of the file is found without growing
	for {
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
		if len(data) == cap(data) {
			data = slices.Grow(data, len(data))
		}
	}
}

func tableNames() []string {
	var names []string
	for _, t := range Tables {
		names = append(names, t.Name)
	}
	return names
}

func tableFiles() []string {
	var files []string
	for _, t := range Tables {
		files = append(files, t.File())
	}
	return files
}

// A csvSheet is a table in a CSV file.
type csvSheet struct {
	file string
	data []byte
	err  error // of reading the file
}

func (f csvSheet) open(t *Table, errors *Errors) (*sheet, bool) {
	if f.err != nil {
		*errors = append(*errors, unreadable(f.file, f.err)...)
		return nil, false
	}
	text, wrong := decode(f.data)
	if wrong != nil {
		wrong.File = f.file
		*errors = append(*errors, *wrong)
		return nil, false
	}
	delimiter := findDelimiter(text, t)
	cells := newScanner(text, delimiter)
	var s *sheet
	cells.report = func(line, position int, what, found, remedy string) {
		column := strconv.Itoa(position + 1)
		if s != nil {
			column = s.columnAt(position)
		}
		*errors = append(*errors, Error{f.file, line, column, what, found, remedy})
	}
	s, ok := newSheet(t, f.file, cells, delimiter == ';', errors)
	s.rowsAtMost = newlines(text)
	return s, ok
}
