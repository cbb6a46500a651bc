package verify

import (
	"math"
	"strconv"
	"strings"
)

// Limits and preferences select accepted rows by columns of the lot and of the bidder.

// A clause is one condition of a where cell.
type clause struct {
	column, op string
	values     []string
}

// operators, the longer first: "<=" would else be read as "<".
var operators = []string{"!=", "<=", ">=", "=", "<", ">"}

// readWhere splits a where cell; ok is false where a part is no condition.
func readWhere(text string) (list []clause, ok bool) {
	for _, part := range strings.Split(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		at, op := -1, ""
		for _, o := range operators {
			if i := strings.Index(part, o); i > 0 && (at < 0 || i < at) {
				at, op = i, o
			}
		}
		if at < 0 {
			return nil, false
		}
		c := clause{column: strings.TrimSpace(part[:at]), op: op}
		for _, v := range strings.Split(part[at+len(op):], "|") {
			c.values = append(c.values, strings.TrimSpace(v))
		}
		list = append(list, c)
	}
	return list, true
}

// lotColumn returns the cells of a column of lots.csv by lot; nil where there is no such column.
func (k *checker) lotColumn(column string) []string {
	cells := make([]string, len(k.c.Lots))
	known := false
	for i := range k.c.Lots {
		l := &k.c.Lots[i]
		switch column {
		case "lot":
			cells[i], known = l.Name, true
		case "zone":
			cells[i], known = l.Zone, true
		case "service":
			cells[i], known = l.Service, true
		case "capacity":
			cells[i], known = number(l.Capacity), true
		case "reserve":
			cells[i], known = number(l.Reserve), true
		case "cost":
			cells[i], known = number(l.Cost), true
		default:
			cell, has := l.Attributes[column]
			cells[i], known = cell, known || has
		}
	}
	if !known {
		return nil
	}
	return cells
}

// bidderColumn returns the cells of a column of bidders.csv by bidder; nil where there is no such column.
func (k *checker) bidderColumn(column string) []string {
	cells := make([]string, len(k.c.Bidders))
	known := false
	for i := range k.c.Bidders {
		b := &k.c.Bidders[i]
		switch column {
		case "bidder":
			cells[i], known = b.Name, true
		case "class":
			cells[i], known = b.Class, true
		case "budget":
			cells[i], known = number(b.Budget), true
		case "max_volume":
			cells[i], known = number(b.MaxVolume), true
		case "access_cost":
			cells[i], known = number(b.AccessCost), true
		case "current_volume":
			cells[i], known = number(b.CurrentVolume), true
		case "current_payment":
			cells[i], known = number(b.CurrentPayment), true
		default:
			cell, has := b.Attributes[column]
			cells[i], known = cell, known || has
		}
	}
	if !known {
		return nil
	}
	return cells
}

// number writes a number as the cells of attributes are; a blank cell is NaN.
func number(x float64) string {
	switch {
	case math.IsNaN(x):
		return ""
	case math.IsInf(x, 1):
		return "inf"
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// holds says whether a cell satisfies a clause: as numbers where both are, else as text.
func (c *clause) holds(cell string) bool {
	x, errCell := strconv.ParseFloat(cell, 64)
	for _, v := range c.values {
		y, err := strconv.ParseFloat(v, 64)
		numeric := errCell == nil && err == nil
		equal := cell == v || numeric && x == y && !strings.HasPrefix(cell+" "+v, "0")
		switch c.op {
		case "=":
			if equal {
				return true
			}
		case "!=":
			if equal {
				return false
			}
		case "<":
			return numeric && x < y
		case "<=":
			return numeric && x <= y
		case ">":
			return numeric && x > y
		case ">=":
			return numeric && x >= y
		}
	}
	return c.op == "!="
}

// A selection is the lots and bidders that a where cell selects: a row is selected where both are.
type selection struct {
	lots, bidders []bool
}

// selects reads a where cell; ok is false where it is no condition on columns of the case.
func (k *checker) selects(where string) (s selection, ok bool) {
	s = selection{make([]bool, len(k.c.Lots)), make([]bool, len(k.c.Bidders))}
	for i := range s.lots {
		s.lots[i] = true
	}
	for i := range s.bidders {
		s.bidders[i] = true
	}
	clauses, ok := readWhere(where)
	if !ok {
		return s, false
	}
	for i := range clauses {
		in, cells := s.lots, k.lotColumn(clauses[i].column)
		if cells == nil {
			in, cells = s.bidders, k.bidderColumn(clauses[i].column)
		}
		if cells == nil {
			return s, false
		}
		for j, cell := range cells {
			in[j] = in[j] && clauses[i].holds(cell)
		}
	}
	return s, true
}

// A preference is one adjustment, with what it selects.
type preference struct {
	selection
	factor, add float64
}

// preferences reads adjustments.csv.
func (k *checker) preferences() (list []preference) {
	for _, a := range k.c.Adjustments {
		s, ok := k.selects(a.Where)
		if !ok {
			k.checked("adjustment %q was not applied: its where names no column of lots.csv or bidders.csv", a.Name)
			continue
		}
		list = append(list, preference{s, a.Factor, a.Add})
	}
	return list
}

// adjusted returns the price at which the seller scores a row: the preferences apply in the order of the file.
func adjusted(list []preference, bidder, lot int, price float64) float64 {
	for _, a := range list {
		if a.lots[lot] && a.bidders[bidder] {
			price = price*a.factor + a.add
		}
	}
	return price
}
