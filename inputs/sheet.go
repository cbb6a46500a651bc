package inputs

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"lotwise/models/auction"
)

// A sheet is a table being read: its header is matched to the schema, and next steps through its rows.
type sheet struct {
	*Table
	file         string
	rows         rows
	decimalComma bool
	errors       *Errors
	headerLine   int
	columns      []*column // of the schema, in its order
	attributes   []attribute
	headers      []string // names as headerName spells them, blank for none
	headless     []int    // positions without a header, where every cell must be blank
	rowsAtMost   int      // a bound on the rows, to make room for them; 0 where none is known
	cells        []string
	line         int // of the row that next has stepped to
}

// An attribute is a column of the user's own.
type attribute struct {
	name     string
	position int
}

// A column reads the cells of one column in the row that its sheet has stepped to.
type column struct {
	Column
	sheet    *sheet
	position int     // in the header, -1 where the table has no such column
	blank    float64 // what a blank Number reads as
}

// headerName is a header as the schema spells it: any case, spaces for underscores.
func headerName(cell string) string {
	return strings.ToLower(strings.Join(strings.Fields(trim(cell)), "_"))
}

// trim takes the white space off a cell, also the invisible kinds that come with pasted text.
func trim(s string) string {
	if s == "" || s[0] > ' ' && s[0] < utf8.RuneSelf && s[len(s)-1] > ' ' && s[len(s)-1] < utf8.RuneSelf {
		return s
	}
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff'
	})
}

// newSheet reads the header. ok is false where no row can be read.
func newSheet(t *Table, file string, r rows, decimalComma bool, errors *Errors) (s *sheet, ok bool) {
	s = &sheet{Table: t, file: file, rows: r, decimalComma: decimalComma, errors: errors}
	for {
		cells, line, more := r.next()
		if !more {
			s.add(0, "", "the table is empty", "", "write its header: "+strings.Join(t.header(), ","))
			return s, false
		}
		if !blankRow(cells) {
			s.headerLine = line
			ok := s.bind(slices.Clone(cells))
			if w, typed := r.(*workbookRows); typed {
				w.typed(s.columns)
			}
			return s, ok
		}
	}
}

// header returns the names of the table's columns.
func (t *Table) header() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// bind matches the header to the schema.
func (s *sheet) bind(header []string) bool {
	position := map[string]int{}
	var unknown []int
	ok := true
	for i, cell := range header {
		name := headerName(cell)
		s.headers = append(s.headers, name)
		if name == "" {
			s.headless = append(s.headless, i)
			continue
		}
		if first, twice := position[name]; twice {
			s.add(s.headerLine, name, fmt.Sprintf("columns %d and %d have one name", first+1, i+1), "", "rename or remove one")
			ok = false
			continue
		}
		position[name] = i
		if s.Column(name) == nil {
			unknown = append(unknown, i)
		}
	}
	var missing []string
	for _, c := range s.Columns {
		p, found := position[c.Name]
		if !found {
			p = -1
			missing = append(missing, c.Name)
		}
		col := &column{Column: c, sheet: s, position: p, blank: math.NaN()}
		if c.Kind == Number && c.Default != "" {
			col.blank, _, _ = parseNumber(c.Default, false)
		}
		s.columns = append(s.columns, col)
	}
	suggested := map[string]bool{}
	for _, i := range unknown {
		name := headerName(header[i])
		meant := nearest(name, missing)
		switch {
		case meant != "":
			remedy := fmt.Sprintf("did you mean %s?", meant)
			if s.Open && !s.Column(meant).Required {
				remedy += fmt.Sprintf(" If it is an attribute of your own, add a column %s, blank or not", meant)
			}
			s.add(s.headerLine, name, "no such column", trim(header[i]), remedy)
			suggested[meant] = true
			ok = false
		case s.Open:
			s.attributes = append(s.attributes, attribute{name, i})
		default:
			remedy := "remove it; the columns are " + strings.Join(s.header(), ", ")
			if meant := nearest(name, s.header()); meant != "" {
				remedy = fmt.Sprintf("remove it; the table has a column %s already", meant)
			}
			s.add(s.headerLine, name, "no such column", trim(header[i]), remedy)
			ok = false
		}
	}
	for _, name := range missing {
		if s.Column(name).Required && !suggested[name] {
			s.add(s.headerLine, name, "a required column is missing", "", "add the column "+name)
			ok = false
		}
	}
	return ok
}

// columnAt names the column at a position.
func (s *sheet) columnAt(position int) string {
	if position < len(s.headers) && s.headers[position] != "" {
		return s.headers[position]
	}
	return strconv.Itoa(position + 1)
}

func blankRow(cells []string) bool {
	for _, c := range cells {
		if trim(c) != "" {
			return false
		}
	}
	return true
}

// next steps to the next row that is not blank.
func (s *sheet) next() bool {
	for {
		cells, line, ok := s.rows.next()
		if !ok {
			return false
		}
		if blankRow(cells) {
			continue
		}
		s.cells, s.line = cells, line
		for _, p := range s.headless {
			if p < len(cells) && trim(cells[p]) != "" {
				s.add(line, s.columnAt(p), "a cell in a column without a header", trim(cells[p]), "write a header over the column, or clear the cell")
			}
		}
		for p := len(s.headers); p < len(cells); p++ {
			if trim(cells[p]) != "" {
				s.add(line, s.columnAt(p), "a cell right of the last column", trim(cells[p]), "put a cell that holds the delimiter in quotes, or clear the cell")
			}
		}
		return true
	}
}

// col returns the reader of one of the schema's columns.
func (s *sheet) col(name string) *column {
	for _, c := range s.columns {
		if c.Name == name {
			return c
		}
	}
	panic("inputs: no column " + name + " in the schema of " + s.Name)
}

// add reports an error of the table.
func (s *sheet) add(line int, column, what, found, remedy string) {
	*s.errors = append(*s.errors, Error{File: s.file, Line: line, Column: column, What: what, Found: found, Remedy: remedy})
}

// source says where the row stands.
func (s *sheet) source() auction.Source { return auction.Source{File: s.file, Line: s.line} }

// wrong reports an error in the column's cell of the row.
func (c *column) wrong(what, found, remedy string) {
	c.sheet.add(c.sheet.line, c.Name, what, found, remedy)
}

// raw returns the cell, blank where the row or the table has none.
func (c *column) raw() string {
	if c.position < 0 || c.position >= len(c.sheet.cells) {
		return ""
	}
	return trim(c.sheet.cells[c.position])
}

// missing reports a required cell that is blank.
func (c *column) missing() {
	c.wrong("a required cell is blank", "", "fill it in: "+c.Meaning)
}

// text returns the cell's text; a blank one is an error where the column is required.
func (c *column) text() string {
	cell := c.raw()
	if cell == "" && c.Required {
		c.missing()
	}
	if c.Kind == Name {
		cell = unescape(cell)
	}
	return cell
}

// unescape takes away the apostrophe that a run folder writes before a name that a spreadsheet would take for a
// formula.
func unescape(cell string) string {
	if rest := strings.TrimLeft(cell, "'"); len(rest) < len(cell) && rest != "" && strings.ContainsRune("=+-@", rune(rest[0])) {
		return cell[1:]
	}
	return cell
}

// number returns the cell's number, the column's default (NaN where there is none) for a blank cell,
// and NaN for an error, which it reports.
func (c *column) number() float64 {
	cell := c.raw()
	if cell == "" {
		if c.Required {
			c.missing()
			return math.NaN()
		}
		return c.blank
	}
	return c.parse(cell)
}

// parse returns the number that a cell of this column says, NaN for an error, which it reports.
func (c *column) parse(cell string) float64 {
	v, what, remedy := parseNumber(cell, c.sheet.decimalComma)
	if what == "" {
		what, remedy = c.outside(v)
	}
	if what != "" {
		c.wrong(what, cell, remedy)
		return math.NaN()
	}
	return v
}

// outside says what is wrong with a number for this column; blank where nothing is.
func (c *Column) outside(v float64) (what, remedy string) {
	switch {
	case math.IsInf(v, 1) && !c.Infinite:
		return "an infinite number", "write a number, or leave the cell blank where a blank is allowed"
	case math.IsInf(v, -1):
		return "an infinite number below zero", "write a number"
	case v >= c.Min && v <= c.Max:
		return "", ""
	case c.Max == 1:
		return "not between 0 and 1", "write a share of one, such as 0.25 or 25%"
	case c.Unit == "packages":
		return "a negative volume", "write 0 or more"
	default:
		return "a negative number", "write 0 or more"
	}
}

// choice returns the cell's choice as the schema spells it, the default for a blank cell.
func (c *column) choice() string {
	cell := c.text()
	if cell == "" {
		return c.Default
	}
	word, remedy := choose(cell, c.Choices)
	if remedy != "" {
		c.wrong("no such "+c.Name, cell, remedy)
	}
	return word
}

// choose finds the word among the choices, in any case and with spaces for underscores; remedy is blank
// where it is found.
func choose(cell string, choices []string) (word, remedy string) {
	word = headerName(cell)
	if slices.Contains(choices, word) {
		return word, ""
	}
	return "", suggest(word, choices)
}

// suggest says which of the choices was meant, or what they are.
func suggest(word string, choices []string) string {
	if meant := nearest(word, choices); meant != "" {
		return fmt.Sprintf("did you mean %s?", meant)
	}
	return "write " + oneOf(choices)
}

func oneOf(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
