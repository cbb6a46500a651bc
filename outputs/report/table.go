package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"lotwise/outputs"
)

// tableBytes is how much of the page a table may take: thirty of them are under the 5 MB that every mail server takes
// twice over, and this is 2,000 rows of most tables.
const tableBytes = 150_000

// A shown is a table of the page.
type shown struct {
	ID      string
	File    string // that holds all of it, for the reader to find
	Caption string
	Open    bool // else folded away at first
	Rows    int  // of the file
	Kept    int  // of them in the page
	HTML    template.HTML
}

func escape(s string) string { return html.EscapeString(s) }

// The units of columns, by name.
var (
	moneyColumns = []string{
		"bid_amount", "payment", "discount", "core_violation", "revenue", "profit", "best_response_bound", "regret_bound", "expected_payment",
		"cost", "fixed_cost", "saved_cost", "profit_at_stake", "expected_profit", "amount", "best", "regret", "worst",
	}
	unitColumns = []string{
		"price", "shadow_price", "accepted_from", "at_least", "at_most", "break_even_next", "break_even_bid", "break_even_lot",
		"price_before", "price_after",
	}
	volumeColumns = []string{
		"quantity", "expected_quantity", "volume", "capacity", "sold", "useful_quantity", "sold_before", "sold_after", "quantity_before", "quantity_after",
	}
)

// unitOf is what a column is counted in, blank where its cells say it or it has none.
func unitOf(column, currency string) string {
	switch {
	case slices.Contains(unitColumns, column) && currency != "":
		return currency + " a package"
	case slices.Contains(moneyColumns, column):
		return currency
	case slices.Contains(volumeColumns, column):
		return "packages"
	}
	return ""
}

// table makes a sheet a table of the page, of its first rows where it is long.
func table(s outputs.Sheet, caption, currency string, open bool) shown {
	t := shown{ID: "table-" + s.Name, File: s.Name + ".csv", Caption: caption, Open: open, Rows: len(s.Rows)}
	empty := make([]bool, len(s.Columns)) // columns in which nothing stands say nothing
	for j := range s.Columns {
		empty[j] = len(s.Rows) > 0 && !slices.ContainsFunc(s.Rows, func(row []string) bool { return row[j] != "" })
	}
	mixed := slices.Contains([]string{"summary", "metrics", "expected"}, s.Name) // each row is in a unit of its own
	decimals := make([]int, len(s.Columns))
	for j, c := range s.Columns {
		if c.Number {
			decimals[j] = decimalsOf(s.Rows, j)
		}
	}
	var b strings.Builder
	b.WriteString("<thead><tr>")
	for j, c := range s.Columns {
		if empty[j] {
			continue
		}
		class := ""
		if c.Number {
			class = " class=n"
		}
		fmt.Fprintf(&b, `<th scope=col aria-sort=none data-c="%s"%s><button type=button><span>%s</span>`, escape(c.Name), class, escape(strings.ReplaceAll(c.Name, "_", " ")))
		if unit := unitOf(c.Name, currency); unit != "" {
			fmt.Fprintf(&b, " <small>%s</small>", escape(unit))
		}
		b.WriteString("</button></th>")
	}
	b.WriteString("</tr></thead><tbody>\n")
	for _, row := range s.Rows {
		var line strings.Builder
		line.WriteString("<tr>")
		first := true
		for j, cell := range row {
			if empty[j] {
				continue
			}
			tag := "td"
			if first {
				tag, first = "th scope=row", false
			}
			v, number := 0.0, false
			if s.Columns[j].Number {
				v, number = outputs.Number(cell)
			}
			if !number {
				fmt.Fprintf(&line, "<%s>%s", tag, escape(cell))
				continue
			}
			places := decimals[j]
			if mixed {
				places = decimalsOf([][]string{{cell}}, 0)
			}
			text := display(v, places)
			exact := ""
			if strings.ReplaceAll(text, ",", "") != cell {
				exact = ` data-v="` + cell + `"`
			}
			fmt.Fprintf(&line, "<%s class=n%s>%s", tag, exact, text)
		}
		line.WriteString("\n")
		if b.Len()+line.Len() > tableBytes {
			break
		}
		b.WriteString(line.String())
		t.Kept++
	}
	b.WriteString("</tbody>")
	t.HTML = template.HTML(b.String()) //nolint:gosec // every name and cell was escaped
	return t
}

// decimalsOf is how many decimals the numbers of a column are shown with: as many as its largest needs to be read to five
// digits, and none where all are whole.
func decimalsOf(rows [][]string, j int) int {
	most, whole := 0.0, true
	for _, row := range rows {
		v, ok := outputs.Number(row[j])
		if !ok || math.IsInf(v, 0) {
			continue
		}
		most = math.Max(most, math.Abs(v))
		whole = whole && v == math.Trunc(v)
	}
	switch {
	case whole:
		return 0
	case most >= 1000:
		return 2
	}
	return 4
}

// display writes a number for people: thousands apart, rounded to so many decimals; what that would make nothing of is
// written with an exponent.
func display(v float64, decimals int) string {
	switch {
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	case v != 0 && math.Abs(v) < 0.5*math.Pow10(-decimals):
		return strconv.FormatFloat(v, 'e', 1, 64)
	}
	s := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if v < 0 {
		return "-" + whole
	}
	return whole
}
