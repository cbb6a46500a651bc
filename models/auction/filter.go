package auction

import (
	"errors"
	"fmt"
	"strings"
)

// A Filter is what a cell `where` says: all of its conditions hold. A blank cell is the empty filter,
// which selects everything.
type Filter []Condition

// A Condition compares one column with one or more values.
type Condition struct {
	Column string
	Op     string   // =, !=, <, <=, > or >=
	Values []string // one; more of them only with = (one of) and != (none of)
}

// operators by their text; those of two letters are found before their first letter alone.
var operators = []string{"!=", "<=", ">=", "=", "<", ">"}

// ParseFilter reads column=value pairs joined by semicolons. It knows no columns: names are as written,
// without the white space around them.
func ParseFilter(where string) (Filter, error) {
	var f Filter
	if strings.TrimSpace(where) == "" {
		return nil, nil
	}
	for pair := range strings.SplitSeq(where, ";") {
		pair = strings.TrimSpace(pair)
		i := strings.IndexAny(pair, "!=<>")
		if i < 0 {
			return nil, fmt.Errorf("no comparison in %q", pair)
		}
		c := Condition{Column: strings.TrimSpace(pair[:i])}
		for _, op := range operators {
			if strings.HasPrefix(pair[i:], op) {
				c.Op = op
				break
			}
		}
		if c.Op == "" {
			return nil, fmt.Errorf("! without = in %q", pair)
		}
		if c.Column == "" {
			return nil, fmt.Errorf("no column in %q", pair)
		}
		value := strings.TrimSpace(pair[i+len(c.Op):])
		if strings.IndexAny(value, "!=<>") == 0 {
			return nil, fmt.Errorf("two comparisons in %q", pair)
		}
		for v := range strings.SplitSeq(value, "|") {
			if v = strings.TrimSpace(v); v == "" {
				return nil, fmt.Errorf("no value in %q", pair)
			}
			c.Values = append(c.Values, v)
		}
		if len(c.Values) > 1 && c.Op != "=" && c.Op != "!=" {
			return nil, errors.New("several values after " + c.Op)
		}
		f = append(f, c)
	}
	return f, nil
}

// String writes the filter as ParseFilter reads it.
func (f Filter) String() string {
	pairs := make([]string, len(f))
	for i, c := range f {
		pairs[i] = c.Column + c.Op + strings.Join(c.Values, "|")
	}
	return strings.Join(pairs, ";")
}
