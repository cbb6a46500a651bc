package inputs

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"lotwise/models/auction"
)

// A selectable is a column that a filter may name.
type selectable struct {
	name    string
	table   string
	content content
}

// A content is what the cells of a column are.
type content int

const (
	blank   content = iota // every cell is blank: it may be either
	numbers                // every cell that is not blank is a number
	words
)

// selectables are the columns of the tables, the user's own too, in the order of the tables.
func (r *reader) selectables(tables ...string) []selectable {
	var all []selectable
	for _, t := range tables {
		for _, c := range Lookup(t).Columns {
			is := words
			if c.Kind == Number {
				is = numbers
			}
			all = append(all, selectable{c.Name, t, is})
		}
		var own []string
		for name := range r.attributes[t] {
			own = append(own, name)
		}
		slices.Sort(own)
		for _, name := range own {
			all = append(all, selectable{name, t, r.attributes[t][name]})
		}
	}
	return all
}

// known finds the column of that name, which it reports where there is none or more than one.
func (r *reader) known(c *column, name string, all []selectable) (selectable, bool) {
	complete := r.lots.complete && r.bidders.complete
	var found []selectable
	var candidates []string
	for _, s := range all {
		if s.name == headerName(name) {
			found = append(found, s)
		}
		candidates = append(candidates, s.name)
	}
	switch len(found) {
	case 1:
		return found[0], true
	case 0:
		if !complete {
			return selectable{}, false // the column may well be in the table that could not be read
		}
		remedy := "write one of " + strings.Join(candidates, ", ")
		if meant := nearest(headerName(name), candidates); meant != "" {
			remedy = fmt.Sprintf("did you mean %s?", meant)
		}
		c.wrong("no such column", name, remedy)
	default:
		c.wrong("a column of both "+found[0].table+".csv and "+found[1].table+".csv", name, "rename one of the two")
	}
	return selectable{}, false
}

// filter reads a cell `where` over these columns and returns it as auction.ParseFilter reads it, with the names of
// columns as the tables spell them and numbers as plain decimals.
func (r *reader) filter(c *column, all []selectable) string {
	cell := c.text()
	f, err := auction.ParseFilter(cell)
	if err != nil {
		c.wrong("no filter: "+err.Error(), cell, "write column=value pairs joined by ; such as zone=010;capacity>=500")
		return ""
	}
	for i := range f {
		condition := &f[i]
		s, ok := r.known(c, condition.Column, all)
		if !ok {
			continue
		}
		condition.Column = s.name
		ordered := condition.Op != "=" && condition.Op != "!="
		if ordered && s.content == words {
			c.wrong(s.name+" is not a column of numbers, so "+condition.Op+" does not apply", cell, "use = or !=")
			continue
		}
		for j, v := range condition.Values {
			if ordered || s.content == numbers {
				n, what, remedy := parseNumber(v, c.sheet.decimalComma)
				if what != "" || math.IsInf(n, -1) {
					c.wrong("the value of "+s.name+" is "+what, v, remedy)
					continue
				}
				condition.Values[j] = formatNumber(n)
			}
			if names := r.definedBy(s); names != nil && names.complete {
				if _, ok := names.index[v]; !ok {
					c.wrong("no such "+names.kind, v, names.remedy(v))
				}
			}
		}
	}
	return f.String()
}

// definedBy returns the names that a column refers to, nil where it refers to none.
func (r *reader) definedBy(s selectable) *names {
	switch {
	case s.name == "lot":
		return r.lots
	case s.name == "bidder":
		return r.bidders
	case s.name == "zone" && s.table == "lots":
		return r.zones
	}
	return nil
}

func (r *reader) readLimits(s *sheet) {
	name, measure, of, per := s.col("limit"), s.col("measure"), s.col("of"), s.col("per")
	where, least, most := s.col("where"), s.col("min"), s.col("max")
	orNothing, penalty := s.col("or_nothing"), s.col("penalty")
	all := r.selectables("lots", "bidders")
	u := s.unique()
	for s.next() {
		l := auction.Limit{
			Name: name.text(), Measure: measure.choice(), Of: of.choice(), Per: r.columns(per, all), Where: r.filter(where, all),
			Min: least.number(), Max: most.number(), OrNothing: orNothing.choice() == "yes", Penalty: penalty.number(),
			Source: s.source(),
		}
		if l.Min > l.Max {
			least.wrong(fmt.Sprintf("min above max, which is %s", most.raw()), least.raw(), "write a min of at most the max")
		}
		share := l.Of == "accepted" || l.Of == "capacity" && l.Measure == "volume"
		if share && l.Min > 1 {
			least.wrong("a share over 1", least.raw(), "write a share of one, such as 0.25 or 25%")
		}
		if share && l.Max > 1 {
			most.wrong("a share over 1", most.raw(), "write a share of one, such as 0.25 or 25%")
		}
		if l.Name != "" && u.first(l.Name) {
			r.c.Limits = append(r.c.Limits, l)
		}
	}
}

// columns reads names of columns joined by semicolons and returns them as the tables spell them.
func (r *reader) columns(c *column, all []selectable) string {
	list := c.list(";")
	for i, name := range list {
		s, _ := r.known(c, name, all)
		list[i] = s.name
	}
	return strings.Join(list, ";")
}

func (r *reader) readAdjustments(s *sheet) {
	name, where, factor, add := s.col("adjustment"), s.col("where"), s.col("factor"), s.col("add")
	all := r.selectables("lots", "bidders")
	u := s.unique()
	for s.next() {
		a := auction.Adjustment{Name: name.text(), Where: r.filter(where, all), Factor: factor.number(), Add: add.number(), Source: s.source()}
		if a.Name != "" && u.first(a.Name) {
			r.c.Adjustments = append(r.c.Adjustments, a)
		}
	}
}
