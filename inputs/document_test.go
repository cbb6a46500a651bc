package inputs

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"
)

// The templates of all tables are one valid case, and every column shows an example somewhere or says
// what a blank means.
func TestTemplatesAreACase(t *testing.T) {
	folder := fstest.MapFS{}
	for _, table := range Tables {
		var b bytes.Buffer
		if err := Template(&b, table.Name); err != nil {
			t.Fatal(err)
		}
		folder[table.File()] = &fstest.MapFile{Data: b.Bytes()}
	}
	c, err := ReadFS(folder, "templates")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Lots) != 2 || len(c.Bids) != 2 || len(c.Beliefs) != 2 || len(c.Assumptions) != 2 || len(c.Bidders[0].Types) != 2 {
		t.Errorf("the templates do not read as the rows that they hold: %+v", c)
	}
	if err := Template(&bytes.Buffer{}, "lot"); err == nil {
		t.Error("a template of a table that does not exist")
	}
}

// Every table that can be read is documented, with all of its columns.
func TestSchemaIsWhole(t *testing.T) {
	doc := Markdown()
	for _, table := range Tables {
		if readers[table.Name] == nil {
			t.Errorf("%s has no reader", table.Name)
		}
		if !strings.Contains(doc, "### `"+table.File()+"`") {
			t.Errorf("%s is not documented", table.Name)
		}
		for _, c := range table.Columns {
			if !strings.Contains(doc, "| `"+c.Name+"` | ") || c.Meaning == "" {
				t.Errorf("%s.%s is not documented", table.Name, c.Name)
			}
			if len(c.Example) != len(table.Columns[0].Example) {
				t.Errorf("%s.%s has %d examples, the table has %d", table.Name, c.Name, len(c.Example), len(table.Columns[0].Example))
			}
			if c.Default != "" && c.Kind == Number {
				if v, wrong, _ := parseNumber(c.Default, false); wrong != "" || v < c.Min || v > c.Max {
					t.Errorf("%s.%s has the default %q", table.Name, c.Name, c.Default)
				}
			}
		}
		for _, key := range table.Key {
			if table.Column(key) == nil {
				t.Errorf("%s has no key column %s", table.Name, key)
			}
		}
	}
	if len(readers) != len(Tables) {
		t.Errorf("%d readers for %d tables", len(readers), len(Tables))
	}
}
