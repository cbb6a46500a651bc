// Package report makes one page of HTML of a run, of runs beside each other, or of a sweep: figures with
// their certificates, pictures, and the tables. The page holds all that it shows and asks no network for
// anything; the same runs give the same page. Its figures are the cells of the CSV tables, which stand in
// the attribute data-v where what is shown is rounded.
package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"lotwise/models/auction"
	"lotwise/outputs"
)

// A Page is what a report shows.
type Page struct {
	Title    string
	Subtitle string
	Status   string
	Reached  bool   // whether that is what was asked for
	Claim    string // what is certified, in a sentence
	Figures  []figure
	Sections []section
	Tables   []shown
	Notes    []string
	Made     string // by which version, from what

	currency string
	plots    []picture
	err      error // the first of drawing
}

// A figure is one headline number. Exact is the cell of the CSV table where Text is rounded.
type figure struct{ Name, Metric, Text, Exact, Unit, Says string }

// A section is pictures under a heading.
type section struct {
	ID, Title string
	Pictures  []picture
}

// A picture is a plot in words and lines.
type picture struct {
	Name    string // of its file, without .svg
	Title   string
	Says    string // what is to be seen, in words
	SVG     template.HTML
	Table   string // the ID of the table with its numbers
	drawing plotted
}

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

var page = template.Must(template.New("page").Parse(pageHTML))

// Render returns the page, or the first error of its plots.
func (p *Page) Render() ([]byte, error) {
	if p.err != nil {
		return nil, p.err
	}
	var b bytes.Buffer
	err := page.Execute(&b, struct {
		*Page
		CSS template.CSS
		JS  template.JS
	}{p, template.CSS(pageCSS), template.JS(pageJS)}) //nolint:gosec // the program's own
	return b.Bytes(), err
}

// SavePlots writes every plot of the page as an SVG file into the folder, which is made where there is none, and
// returns their names.
func (p *Page) SavePlots(dir string) ([]string, error) {
	if p.err != nil {
		return nil, p.err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("cannot write %s: %w", dir, err)
	}
	var names []string
	for _, x := range p.plots {
		name := x.Name + ".svg"
		if err := outputs.Replace(filepath.Join(dir, name), x.drawing); err != nil {
			return names, err
		}
		names = append(names, name)
	}
	return names, nil
}

// add puts a picture into the section of the title, unless its drawing failed.
func (p *Page) add(in string, x picture, drawing plotted, err error) {
	if err != nil {
		if p.err == nil {
			p.err = fmt.Errorf("plot %s: %w", x.Name, err)
		}
		return
	}
	x.drawing, x.SVG = drawing, template.HTML(drawing.inline(x.Title+". "+x.Says)) //nolint:gosec // drawn here, its names escaped
	p.plots = append(p.plots, x)
	at := slices.IndexFunc(p.Sections, func(s section) bool { return s.Title == in })
	if at < 0 {
		at = len(p.Sections)
		p.Sections = append(p.Sections, section{ID: notName.ReplaceAllString(strings.ToLower(in), "-"), Title: in})
	}
	p.Sections[at].Pictures = append(p.Sections[at].Pictures, x)
}

var notName = regexp.MustCompile(`[^a-z0-9]+`)

// figure adds a headline number from the summary, where there is one.
func (p *Page) figure(r *auction.Results, name, metric, says string) {
	for _, s := range outputs.Sheets(r)[0].Rows {
		if s[0] != metric || s[1] == "" {
			continue
		}
		f := figure{Name: name, Metric: metric, Text: s[1], Unit: s[2], Says: says}
		if v, ok := outputs.Number(s[1]); ok {
			decimals := decimalsOf([][]string{{s[1]}}, 0)
			if math.Abs(v) >= 1e6 {
				decimals = 0
			}
			f.Text = display(v, decimals)
			if strings.ReplaceAll(f.Text, ",", "") != s[1] {
				f.Exact = s[1]
			}
		}
		p.Figures = append(p.Figures, f)
	}
}

// metric returns a number of the summary, NaN where there is none.
func metric(r *auction.Results, name string) float64 {
	for _, m := range r.Summary {
		if m.Name == name && m.Text == "" {
			return m.Number
		}
	}
	return math.NaN()
}

// text returns a text of the summary, blank where there is none.
func text(r *auction.Results, name string) string {
	for _, m := range r.Summary {
		if m.Name == name {
			return m.Text
		}
	}
	return ""
}

// currencyOf is the unit of the objective.
func currencyOf(r *auction.Results) string {
	for _, m := range r.Summary {
		if m.Name == "objective" {
			return m.Unit
		}
	}
	return ""
}

// amount writes a number in a sentence.
func amount(v float64, unit string) string {
	decimals := 0
	if math.Abs(v) < 1000 && v != math.Trunc(v) {
		decimals = 2
	}
	return strings.TrimSpace(display(v, decimals) + " " + unit)
}

func percent(v float64) string {
	switch {
	case math.Abs(v) >= 0.001:
		return fmt.Sprintf("%.1f%%", 100*v)
	case math.Abs(v) < 1e-6: // no reader's business
		return "0%"
	}
	return strings.TrimRight(fmt.Sprintf("%.4f", 100*v), "0") + "%"
}

// claim says in a sentence what is certified.
func claim(r *auction.Results) string {
	unit := currencyOf(r)
	objective, bound, gap := metric(r, "objective"), metric(r, "bound"), metric(r, "gap")
	var says string
	switch r.Command {
	case "allocate":
		says = fmt.Sprintf("The accepted bids are worth %s to the seller. No acceptance that obeys the limits is worth more than %s: the gap is %s.", amount(objective, unit), amount(bound, unit), percent(gap))
	case "bid":
		if a := metric(r, "risk_aversion"); a > 0 {
			says = fmt.Sprintf("Averse to risk by %g, the bid is worth %s. No bid is worth more than %s against the same beliefs: the gap is %s.", a, amount(objective, unit), amount(bound, unit), percent(gap))
			break
		}
		says = fmt.Sprintf("The bid earns %s in expectation. No bid earns more than %s against the same beliefs: the gap is %s.", amount(objective, unit), amount(bound, unit), percent(gap))
	default:
		says = fmt.Sprintf("No bidder gains more than %s, or %s of what it could earn, by leaving the bids that its strategies name.", amount(math.Max(metric(r, "epsilon"), 0.01), unit), percent(math.Max(metric(r, "relative_epsilon"), 1e-6)))
		switch text(r, "concept") {
		case "pure":
			says += " Every bidder plays one bid (concept pure)."
		case "mixed":
			says += " Bidders draw their bids independently (concept mixed)."
		case "correlated":
			says += " Bidders draw one profile together (concept correlated): nobody gains by staying away from the draw."
		}
	}
	if text(r, "certificate") == "sampled" {
		if r.Command == "bid" {
			says += fmt.Sprintf(" All of this is of the %.0f scenarios drawn.", metric(r, "scenarios"))
			if fresh := metric(r, "out_of_sample_profit"); !math.IsNaN(fresh) {
				says += fmt.Sprintf(" In %s others the bid earns %s on average, with a standard error of %s.",
					display(metric(r, "out_of_sample_scenarios"), 0), amount(fresh, unit), amount(metric(r, "profit_standard_error"), unit))
			}
		} else {
			says += " Bounds hold with 99% confidence, from samples."
		}
	}
	switch r.Status {
	case auction.LimitStruck:
		says += " A limit stopped the search before the gap or epsilon that was asked for."
	case auction.Interrupted:
		says += " The search was interrupted before the gap or epsilon that was asked for."
	}
	return says
}

// statuses are the words for a status.
var statuses = map[auction.Status]string{
	auction.Optimal: "optimal", auction.WithinGap: "within the gap asked for", auction.LimitStruck: "stopped by a limit", auction.Interrupted: "interrupted",
}
