package inputs

import "strings"

// A rows gives the rows of a table one by one. The cells are valid until the next call.
type rows interface {
	next() (cells []string, line int, ok bool)
}

// A scanner cuts text into rows of cells: RFC 4180 with any delimiter and any of the line ends LF,
// CRLF and CR. Cells are parts of the text, not copies, unless they hold a doubled quote. A quote where
// none may stand is reported, never guessed at.
type scanner struct {
	text      string
	delimiter byte
	report    func(line, position int, what, found, remedy string) // position of the cell in its row, from 0
	at        int
	line      int // of text[at], from 1
	cells     []string
	special   [256]bool // bytes that end or forbid an unquoted cell
}

func newScanner(text string, delimiter byte) *scanner {
	s := &scanner{text: text, delimiter: delimiter, line: 1}
	s.report = func(int, int, string, string, string) {}
	for _, c := range []byte{delimiter, '\n', '\r', '"'} {
		s.special[c] = true
	}
	return s
}

func (s *scanner) next() ([]string, int, bool) {
	if s.at >= len(s.text) {
		return nil, s.line, false
	}
	first := s.line
	s.cells = s.cells[:0]
	for {
		if s.at < len(s.text) && s.text[s.at] == '"' {
			cell, closed := s.quoted()
			if !closed {
				return nil, first, false
			}
			s.cells = append(s.cells, cell)
		} else {
			s.cells = append(s.cells, s.unquoted())
		}
		if s.at >= len(s.text) {
			return s.cells, first, true
		}
		c := s.text[s.at]
		s.at++
		if c == s.delimiter {
			continue
		}
		if c == '\r' && s.at < len(s.text) && s.text[s.at] == '\n' {
			s.at++
		}
		s.line++
		return s.cells, first, true
	}
}

// unquoted reads up to the delimiter or line end and leaves at on it.
func (s *scanner) unquoted() string {
	start, text := s.at, s.text
	i := start
	for {
		for i < len(text) && !s.special[text[i]] {
			i++
		}
		if i == len(text) || text[i] != '"' {
			break
		}
		s.report(s.line, len(s.cells), "a quote in the middle of a cell", text[start:i+1], "put the whole cell in quotes and double the quotes in it")
		for i < len(text) && text[i] == '"' {
			i++
		}
	}
	s.at = i
	return text[start:i]
}

// quoted reads a cell in quotes and leaves at on the delimiter or line end after it. Without a closing
// quote nothing after it can be told apart, and the table ends there.
func (s *scanner) quoted() (cell string, closed bool) {
	line := s.line
	start := s.at + 1
	at := start
	doubled := false
	for {
		i := strings.IndexByte(s.text[at:], '"')
		if i < 0 {
			s.report(line, len(s.cells), "a quote that is not closed", "", "close it, or double a quote that is meant as text")
			s.at = len(s.text)
			return "", false
		}
		at += i + 1
		if at >= len(s.text) || s.text[at] != '"' {
			break
		}
		doubled = true
		at++
	}
	cell = s.text[start : at-1]
	s.line += newlines(cell)
	if doubled {
		cell = strings.ReplaceAll(cell, `""`, `"`)
	}
	s.at = at
	if at < len(s.text) {
		if c := s.text[at]; c != s.delimiter && c != '\n' && c != '\r' {
			s.report(s.line, len(s.cells), "text after a closing quote", s.text[start-1:at+1], "put the whole cell in quotes and double the quotes in it")
			for s.at < len(s.text) && (s.text[s.at] == '"' || !s.special[s.text[s.at]]) {
				s.at++
			}
		}
	}
	return cell, true
}

// delimiters are what may stand between cells, the likelier first.
var delimiters = []byte{',', ';', '\t'}

// findDelimiter returns the delimiter under which the header, the first line that holds more than
// delimiters, has the most columns of the table; then the most cells.
func findDelimiter(text string, t *Table) byte {
	best, bestScore := delimiters[0], -1
	for _, d := range delimiters {
		s := newScanner(text, d)
		for {
			cells, _, ok := s.next()
			if !ok {
				break
			}
			if strings.Trim(strings.Join(cells, ""), ",;\t \"") == "" {
				continue
			}
			known := 0
			for _, c := range cells {
				if t.Column(headerName(c)) != nil {
					known++
				}
			}
			if score := known<<16 + min(len(cells), 1<<16-1); score > bestScore {
				best, bestScore = d, score
			}
			break
		}
	}
	return best
}
