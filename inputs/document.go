package inputs

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// Template writes a table with its header and rows that show how it is filled in. The templates of all
// tables together are a valid case.
func Template(w io.Writer, table string) error {
	t := Lookup(table)
	if t == nil {
		return fmt.Errorf("no table %q; write %s", table, oneOf(tableNames()))
	}
	out := csv.NewWriter(w)
	out.Write(t.header())
	for i := range t.Columns[0].Example {
		row := make([]string, len(t.Columns))
		for j, c := range t.Columns {
			row[j] = c.Example[i]
		}
		out.Write(row)
	}
	out.Flush()
	return out.Error()
}

// Markdown returns the documentation of all tables: what a row says, and of each column what it holds,
// what a blank cell stands for, what it means and an example.
func Markdown() string {
	var b strings.Builder
	for i := range Tables {
		t := &Tables[i]
		fmt.Fprintf(&b, "### `%s`\n\n%s", t.File(), t.Meaning)
		if t.Open {
			b.WriteString(" Any further columns are attributes of your own.")
		}
		if len(t.Key) > 1 {
			fmt.Fprintf(&b, " Rows are told apart by %s.", quotedNames(t.Key))
		}
		b.WriteString("\n\n| column | holds | blank | meaning | example |\n|---|---|---|---|---|\n")
		for _, c := range t.Columns {
			blank := c.Default
			if c.Required {
				blank = "required"
			}
			example := ""
			for _, e := range c.Example {
				if e != "" {
					example = "`" + strings.ReplaceAll(e, "|", `\|`) + "`"
					break
				}
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", c.Name, c.Holds(), blank, c.Meaning, example)
		}
		b.WriteByte('\n')
		if t.Name == "rules" {
			b.WriteString("| name | value | default | meaning |\n|---|---|---|---|\n")
			for _, r := range Rules {
				holds := "text"
				switch {
				case r.Choices != nil:
					holds = quotedNames(r.Choices)
				case r.Name == "price_step" || r.Name == "bid_steps":
					holds = "number"
				}
				fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", r.Name, holds, r.Default, r.Meaning)
			}
			b.WriteByte('\n')
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func quotedNames(names []string) string {
	return "`" + strings.Join(names, "`, `") + "`"
}
