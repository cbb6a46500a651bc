package outputs

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// A column is one tagged field of a row type.
type column struct {
	name  string
	field int
}

// columnsOf returns the columns of a row type, in the order of its fields.
func columnsOf[T any]() []column {
	var columns []column
	t := reflect.TypeFor[T]()
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("csv"); name != "" {
			columns = append(columns, column{name, i})
		}
	}
	return columns
}

// A cell is a field that knows its own notation. All other fields are strings or float64s.
type cell interface {
	cell() string
	setCell(string) error
}

// encode returns the cells of the rows.
func encode[T any](columns []column, rows []T) [][]string {
	lines := make([][]string, len(rows))
	for i := range rows {
		row := reflect.ValueOf(&rows[i]).Elem()
		lines[i] = make([]string, len(columns))
		for j, c := range columns {
			switch v := row.Field(c.field).Addr().Interface().(type) {
			case *string:
				lines[i][j] = text(*v)
			case *float64:
				lines[i][j] = number(*v)
			case cell:
				lines[i][j] = v.cell()
			default:
				panic(fmt.Sprintf("outputs: column %s has a %T", c.name, v))
			}
		}
	}
	return lines
}

// decode is the inverse of encode. Every cell in error is named by file, line and column.
func decode[T any](columns []column, from *records) ([]T, []error) {
	var errs []error
	rows := make([]T, len(from.lines))
	for i, line := range from.lines {
		row := reflect.ValueOf(&rows[i]).Elem()
		for j, c := range columns {
			var err error
			switch v := row.Field(c.field).Addr().Interface().(type) {
			case *string:
				*v = plain(line[j])
			case *float64:
				*v, err = parseNumber(line[j])
			case cell:
				err = v.setCell(line[j])
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s:%d:%s: %w", from.file, from.at[i], c.name, err))
			}
		}
	}
	return rows, errs
}

// digits is how many significant digits numbers are written with: a cent in ten billions has 12, and the
// last two or three of the 17 that a float64 may have are the rounding of sums (169999.9999999994 packages
// are 170000).
const digits = 14

// number writes a float64 in plain decimal notation; NaN is blank.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	case v == 0:
		return "0" // also for the negative zero
	}
	if rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64); err == nil {
		v = rounded // out of range only next to the largest float64, which stays as it is
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// decimal is a number as spreadsheets and people write it.
var decimal = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)

// parseNumber is the inverse of number; it takes an exponent too, which spreadsheets like to add.
func parseNumber(s string) (float64, error) {
	switch s {
	case "":
		return math.NaN(), nil
	case "inf":
		return math.Inf(1), nil
	case "-inf":
		return math.Inf(-1), nil
	}
	if strings.Trim(s, "0123456789+-.eE") == "" { // no word, and no hexadecimal number
		if v, err := strconv.ParseFloat(s, 64); err == nil {
			return v, nil
		}
	}
	return math.NaN(), fmt.Errorf("must be a number, inf or blank, found %q", s)
}

// formula is text that a spreadsheet may run: it begins, after apostrophes of its own, with a sign that
// opens a formula (or with a tab or carriage return, which some programs skip to find one).
var formula = regexp.MustCompile("^'*[=+\\-@\t\r]")

// text writes text so that a spreadsheet takes it as text: what looks like a formula and is no number
// gets an apostrophe before it. Text that already begins with apostrophes and then a formula gets one
// more, so that plain can always take one away.
func text(s string) string {
	if formula.MatchString(s) && !decimal.MatchString(s) {
		return "'" + s
	}
	return s
}

// plain is the inverse of text.
func plain(s string) string {
	if strings.HasPrefix(s, "'") && formula.MatchString(s) {
		return s[1:]
	}
	return s
}

// A summand is the value of a metric: the text where it is not blank, else the number.
type summand struct {
	text   string
	number float64
}

func (v *summand) cell() string {
	if v.text != "" {
		return text(v.text)
	}
	return number(v.number)
}

func (v *summand) setCell(s string) error {
	var err error
	if v.number, err = parseNumber(s); err != nil {
		v.text, v.number = plain(s), 0
	}
	return nil
}

// Records are the rows of a CSV file below its header, with their lines in the file.
type records struct {
	file   string
	header []string
	lines  [][]string
	at     []int
}

// parse splits the bytes of a table into cells. Rows may differ in length.
func parse(file string, data []byte) (*records, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	from := &records{file: file}
	for {
		line, err := r.Read()
		if err == io.EOF {
			return from, nil
		}
		if bad := (*csv.ParseError)(nil); errors.As(err, &bad) {
			return from, fmt.Errorf("%s:%d: not CSV: %w", file, bad.Line, bad.Err)
		} else if err != nil {
			return from, err
		}
		if from.header == nil {
			from.header = line
			continue
		}
		at, _ := r.FieldPos(0)
		from.lines = append(from.lines, line)
		from.at = append(from.at, at)
	}
}

// check says whether the header and the length of every row are the table's.
func (from *records) check(t *table) []error {
	var errs []error
	want := t.header()
	for i := range max(len(want), len(from.header)) {
		switch {
		case i >= len(from.header):
			errs = append(errs, fmt.Errorf("%s:1:%s: the column is missing; it must be column %d", from.file, want[i], i+1))
		case i >= len(want):
			errs = append(errs, fmt.Errorf("%s:1:%s: not a column of this table; remove it", from.file, from.header[i]))
		case from.header[i] != want[i]:
			errs = append(errs, fmt.Errorf("%s:1:%s: column %d must be %s", from.file, from.header[i], i+1, want[i]))
		}
	}
	if errs != nil {
		return errs
	}
	for i, line := range from.lines {
		if len(line) != len(want) {
			errs = append(errs, fmt.Errorf("%s:%d: has %d cells; the header has %d", from.file, from.at[i], len(line), len(want)))
		}
	}
	return errs
}

// render writes a header and rows as CSV with LF line ends.
func render(header []string, lines [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(header) // a bytes.Buffer takes everything: WriteAll's error is nil
	w.WriteAll(lines)
	return b.Bytes()
}
