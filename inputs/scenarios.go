package inputs

import (
	"fmt"
	"math"

	"lotwise/models/auction"
)

// Base is the scenario that always exists and changes nothing.
const Base = "base"

// readScenarios reads and checks the cost assumptions; it applies none. The values of numeric columns
// are held as plain decimals.
func (r *reader) readScenarios(s *sheet) {
	scenario, table, where, name := s.col("scenario"), s.col("table"), s.col("where"), s.col("column")
	change, value, probability := s.col("change"), s.col("value"), s.col("probability")
	scenarios := newNames("scenario", s.file)
	first := map[int]int{}    // by scenario: its first line
	weighted := map[int]int{} // by scenario: the line of its probability
	for s.next() {
		title, p := scenario.text(), probability.number()
		c := auction.Change{Op: change.choice(), Value: value.text(), Source: s.source()}
		if t := r.changeable(table); t != nil {
			c.Table = t.Name
			all := r.selectables(t.Name)
			c.Where = r.filter(where, all)
			if cell := name.text(); cell != "" {
				if to, ok := r.known(name, cell, all); ok {
					c.Column = to.name
					c.Value = changeValue(value, change, c.Op, t.Column(to.name), to)
				}
			}
		} else {
			where.text()
			name.text()
		}
		if title == "" {
			continue
		}
		i, known := scenarios.index[title]
		if !known {
			i = len(scenarios.list)
			scenarios.add(title)
			first[i] = s.line
			r.c.Assumptions = append(r.c.Assumptions, auction.Assumption{Name: title, Probability: math.NaN()})
		}
		a := &r.c.Assumptions[i]
		if probability.raw() != "" {
			if weighted[i] != 0 && a.Probability != p && !math.IsNaN(a.Probability+p) {
				probability.wrong(fmt.Sprintf("not the probability of scenario %s in line %d", title, weighted[i]), probability.raw(), "write the same on all rows of the scenario, or on one")
			} else {
				a.Probability, weighted[i] = p, s.line
			}
		}
		if title == Base && !(c.Op == "multiply" && c.Value == "1" || c.Op == "add" && c.Value == "0") {
			scenario.wrong("the scenario base is the case without changes", title, "name it otherwise; to give base a probability, multiply any cells by 1")
		}
		a.Changes = append(a.Changes, c)
	}
	if len(weighted) == 0 {
		return
	}
	var p []float64
	for i, a := range r.c.Assumptions {
		if weighted[i] == 0 {
			s.add(first[i], probability.Name, "scenario "+a.Name+" has no probability and others have", "", "write one, 0 if it shall not count, or leave all blank")
		}
		p = append(p, a.Probability)
	}
	s.sumToOne(first[0], "the probabilities of the scenarios", p)
}

// changeable returns the table that the cell names, nil where a scenario cannot change it, which it
// reports.
func (r *reader) changeable(c *column) *Table {
	cell := c.text()
	if cell == "" {
		return nil
	}
	var present []string
	for _, t := range Tables {
		if (r.c.Has[t.Name] || t.Name == "lots" || t.Name == "bidders") && t.Name != c.sheet.Name {
			present = append(present, t.Name)
		}
	}
	word, remedy := choose(cell, present)
	if remedy != "" {
		c.wrong("no such table in this case", cell, remedy)
		return nil
	}
	return Lookup(word)
}

// changeValue checks what the scenario does to the column: sums and products are of numbers, and a number that is
// set must be one that the column takes. to is nil for a column of the user's own.
func changeValue(value, change *column, op string, to *Column, as selectable) string {
	cell := value.raw()
	if cell == "" || op == "" {
		return cell
	}
	rule := as.table == "rules" && as.name == "value" // some rules are numbers
	numeric := as.content != words || rule
	if op != "set" {
		if !numeric {
			change.wrong(as.name+" is not a column of numbers", op, "use set")
			return cell
		}
	} else if as.content != numbers {
		return cell
	}
	v, what, remedy := parseNumber(cell, value.sheet.decimalComma)
	if what == "" && op == "set" && to != nil {
		what, remedy = to.outside(v)
	} else if what == "" && math.IsInf(v, 0) {
		what, remedy = "an infinite number", "write a number"
	}
	if what != "" {
		value.wrong(what, cell, remedy)
		return cell
	}
	return formatNumber(v)
}
