package inputs

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"lotwise/models/auction"
)

// Scenarios reads the cost assumptions of the case at path: those of file, a CSV file with the columns of
// scenarios.csv, where it is not blank, else of the case's scenarios.csv. The scenario base comes first,
// unless the table places it. Tables, columns and filters that are not there are reported as Errors.
func Scenarios(path, file string) ([]auction.Assumption, error) {
	c, err := readWith(path, file, nil)
	if err != nil {
		return nil, err
	}
	list := c.Assumptions
	if !slices.ContainsFunc(list, func(a auction.Assumption) bool { return a.Name == Base }) {
		p := math.NaN()
		if len(list) > 0 && !math.IsNaN(list[0].Probability) {
			p = 0 // the others' sum to 1
		}
		list = slices.Insert(list, 0, auction.Assumption{Name: Base, Probability: p})
	}
	return list, nil
}

// Assumptions reads the scenarios, and applies each of them once: a filter that selects nothing and values that make the
// case invalid are reported too, all in one list of Errors. Check, nil for none, is asked of each case, several at once; its
// first error is returned where there are none of those.
func Assumptions(path, file string, check func(*auction.Case) error) ([]auction.Assumption, error) {
	list, err := Scenarios(path, file)
	if err != nil {
		return nil, err
	}
	errs := make([]error, len(list))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range list {
		group.Go(func() error {
			c, err := ReadUnder(path, &list[i])
			if err == nil && check != nil {
				err = check(c)
			}
			errs[i] = err
			return nil
		})
	}
	_ = group.Wait()
	var all Errors
	var other error
	for _, err := range errs {
		var wrong Errors
		if errors.As(err, &wrong) {
			all = append(all, wrong...)
		} else {
			other = cmp.Or(other, err)
		}
	}
	if len(all) > 0 {
		return nil, all.sorted()
	}
	return list, other
}

// ReadUnder reads the case at path under a cost assumption: its cells changed, then read and checked like
// any case. What is wrong is reported as Errors that name the scenario.
func ReadUnder(path string, a *auction.Assumption) (*auction.Case, error) {
	c, err := readWith(path, "", a)
	var wrong Errors
	if !errors.As(err, &wrong) || len(a.Changes) == 0 {
		return c, err
	}
	for i := range wrong {
		wrong[i].What = "in scenario " + a.Name + ": " + wrong[i].What
	}
	return nil, wrong
}

// ScenarioRows are scenarios as the rows of a scenarios.csv with its header. Of base without changes there is none.
func ScenarioRows(list []auction.Assumption) [][]string {
	rows := [][]string{Lookup("scenarios").header()}
	for _, a := range list {
		probability := ""
		if !math.IsNaN(a.Probability) {
			probability = formatNumber(a.Probability)
		}
		for _, c := range a.Changes {
			rows = append(rows, []string{a.Name, c.Table, c.Where, c.Column, c.Op, c.Value, probability})
		}
	}
	return rows
}

// readWith reads the case at path, with the scenarios of a file and under an assumption where they are given.
func readWith(path, scenarios string, a *auction.Assumption) (*auction.Case, error) {
	b, err := open(path)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if scenarios != "" {
		data, err := os.ReadFile(scenarios)
		if err != nil {
			return nil, unreadable(scenarios, err)
		}
		b.sheets["scenarios"] = csvSheet{scenarios, data, nil}
	}
	var edits []*edit
	if a != nil {
		for i := range a.Changes {
			e := &edit{Change: &a.Changes[i]}
			e.filter, _ = auction.ParseFilter(e.Where)
			edits = append(edits, e)
		}
		for table, s := range b.sheets {
			var own []*edit
			for _, e := range edits {
				if e.Table == table {
					own = append(own, e)
				}
			}
			if len(own) > 0 {
				b.sheets[table] = changedSheet{s, own}
			}
		}
	}
	c, err := read(b)
	if err != nil {
		return nil, err
	}
	var idle Errors
	for _, e := range edits {
		switch {
		case e.selected == 0:
			idle = append(idle, Error{e.Source.File, e.Source.Line, "where", "no row of " + e.Table + " is selected", e.Where, "write a filter that selects what is to change"})
		case e.changed == 0:
			idle = append(idle, Error{e.Source.File, e.Source.Line, "column", "every cell that is selected is blank, so there is nothing to " + e.Op, e.Column, "write set, or select rows that hold a number"})
		}
	}
	return c, idle.sorted()
}

// An edit is a change with the rows it has met.
type edit struct {
	*auction.Change
	filter            auction.Filter
	selected, changed int
}

// A changedSheet is a table with the changes of an assumption in its cells.
type changedSheet struct {
	opener
	edits []*edit
}

func (c changedSheet) open(t *Table, wrong *Errors) (*sheet, bool) {
	s, ok := c.opener.open(t, wrong)
	if ok {
		s.rows = &changedRows{s.rows, s, c.edits, nil}
		for _, e := range c.edits {
			if col := s.Column(e.Column); col != nil && s.col(e.Column).position < 0 { // a column of defaults alone
				s.col(e.Column).position = len(s.headers)
				s.headers = append(s.headers, e.Column)
			}
		}
	}
	return s, ok
}

// changedRows are the rows of a sheet as the edits leave them.
type changedRows struct {
	rows
	sheet *sheet
	edits []*edit
	cells []string
}

func (c *changedRows) next() (cells []string, line int, ok bool) {
	cells, line, ok = c.rows.next()
	if !ok || blankRow(cells) {
		return cells, line, ok
	}
	c.cells = append(c.cells[:0], cells...)
	for len(c.cells) < len(c.sheet.headers) {
		c.cells = append(c.cells, "")
	}
	for _, e := range c.edits {
		if !e.filter.Holds(c.cell) {
			continue
		}
		e.selected++
		at := slices.Index(c.sheet.headers, e.Column)
		if cell, ok := c.edited(e, c.cells[at]); ok {
			c.cells[at] = cell
			e.changed++
		}
	}
	return c.cells, line, true
}

// cell is a cell of the row as filters hold it: numbers as plain decimals, a blank one as its default.
func (c *changedRows) cell(column string) string {
	at := slices.Index(c.sheet.headers, column)
	cell := ""
	if at >= 0 {
		cell = trim(c.cells[at])
	}
	own := c.sheet.Column(column)
	if cell == "" && own != nil {
		cell = own.Default
	}
	if own == nil || own.Kind == Number {
		if v, ok := plainNumber(cell, c.sheet.decimalComma); ok {
			return formatNumber(v)
		}
	}
	return cell
}

// edited is what an edit makes of a cell; false leaves it as it is, a blank one that holds no number.
func (c *changedRows) edited(e *edit, cell string) (string, bool) {
	numeric := c.sheet.Column(e.Column) == nil || c.sheet.Column(e.Column).Kind == Number
	by, what, _ := parseNumber(e.Value, false)
	if e.Op == "set" {
		if numeric && what == "" && e.Value != "" {
			return c.number(by), true
		}
		return e.Value, true
	}
	cell = trim(cell)
	if own := c.sheet.Column(e.Column); cell == "" && own != nil {
		cell = own.Default
	}
	v, what, _ := parseNumber(cell, c.sheet.decimalComma)
	if cell == "" || what != "" {
		return "", false
	}
	if e.Op == "multiply" {
		return c.number(v * by), true
	}
	return c.number(v + by), true
}

// number writes a number as the sheet's reader takes it.
func (c *changedRows) number(v float64) string {
	s := formatNumber(v)
	if math.IsInf(v, -1) {
		s = "-inf"
	}
	if c.sheet.decimalComma {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// Grid writes the product of lists of changes as the rows of a scenarios.csv, the first list varying slowest. Each list is
// `table.column[where]*values`, with + for add and = for set in the place of *, and values joined by commas; the
// filter in brackets may be left out. Lists are joined by semicolons: `routes.unit_cost[route=ups]*0.9,1,1.1;lots.reserve+0,0.25`.
// A scenario is named by its changes; the one that changes nothing is base.
func Grid(grid string) ([][]string, error) {
	lists, err := splitGrid(grid)
	if err != nil {
		return nil, err
	}
	rows := [][]string{{"scenario", "table", "where", "column", "change", "value"}}
	pick := make([]int, len(lists))
	for {
		var names []string
		var changes [][]string
		for i, l := range lists {
			value := l.values[pick[i]]
			if v, what, _ := parseNumber(value, false); what == "" && (l.op == "*" && v == 1 || l.op == "+" && v == 0) {
				continue
			}
			where := ""
			if l.where != "" {
				where = "[" + l.where + "]"
			}
			names = append(names, l.table+"."+l.column+where+l.op+value)
			changes = append(changes, []string{l.table, l.where, l.column, gridOps[l.op], value})
		}
		name := strings.Join(names, " ")
		if len(changes) == 0 {
			name = Base
			l := lists[0]
			changes = [][]string{{l.table, l.where, l.column, "multiply", "1"}}
			if l.op == "+" {
				changes[0][3], changes[0][4] = "add", "0"
			}
		}
		for _, c := range changes {
			rows = append(rows, append([]string{name}, c...))
		}
		i := len(lists) - 1
		for i >= 0 {
			if pick[i]++; pick[i] < len(lists[i].values) {
				break
			}
			pick[i] = 0
			i--
		}
		if i < 0 {
			return rows, nil
		}
	}
}

// gridOps are what scenarios.csv calls the operators of a grid.
var gridOps = map[string]string{"*": "multiply", "+": "add", "=": "set"}

// A gridList is one list of a grid.
type gridList struct {
	table, column, where, op string
	values                   []string
}

// mostScenarios bounds the product: a slip of the pen is told before a million cases are solved.
const mostScenarios = 100_000

func splitGrid(grid string) (lists []gridList, err error) {
	product := 1
	for _, part := range outsideBrackets(grid, ';') {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		l, err := parseList(part)
		if err != nil {
			return nil, fmt.Errorf("grid %q: %w; write table.column[where]*values, such as routes.unit_cost[route=ups]*0.9,1,1.1", part, err)
		}
		if product *= len(l.values); product > mostScenarios {
			return nil, fmt.Errorf("grid: more than %d scenarios; leave out values", mostScenarios)
		}
		lists = append(lists, l)
	}
	if len(lists) == 0 {
		return nil, fmt.Errorf("grid: nothing to change in %q; write table.column[where]*values, such as lots.reserve+0,0.25", grid)
	}
	return lists, nil
}

func parseList(part string) (l gridList, err error) {
	rest := part
	if i, j := strings.IndexByte(part, '['), strings.LastIndexByte(part, ']'); i >= 0 {
		if j < i {
			return l, errors.New("a bracket that is not closed")
		}
		l.where = strings.TrimSpace(part[i+1 : j])
		rest = part[:i] + part[j+1:]
	}
	at := strings.IndexAny(rest, "*+=")
	if at < 0 {
		return l, errors.New("none of * + =")
	}
	l.op = rest[at : at+1]
	var ok bool
	if l.table, l.column, ok = strings.Cut(strings.TrimSpace(rest[:at]), "."); !ok {
		return l, errors.New("no table and column joined by a point")
	}
	for v := range strings.SplitSeq(rest[at+1:], ",") {
		v = strings.TrimSpace(v)
		if v == "" {
			return l, errors.New("a blank value")
		}
		if slices.Contains(l.values, v) {
			return l, fmt.Errorf("the value %s twice", v)
		}
		if _, err := strconv.ParseFloat(v, 64); err != nil && l.op != "=" {
			if _, what, _ := parseNumber(v, false); what != "" {
				return l, fmt.Errorf("%s, found %q", what, v)
			}
		}
		l.values = append(l.values, v)
	}
	return l, nil
}

// outsideBrackets splits at a separator that stands in no brackets.
func outsideBrackets(s string, separator byte) []string {
	var parts []string
	depth, from := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '[':
			depth++
		case ']':
			depth--
		case separator:
			if depth <= 0 {
				parts = append(parts, s[from:i])
				from = i + 1
			}
		}
	}
	return append(parts, s[from:])
}
