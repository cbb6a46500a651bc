package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"lotwise/models/auction"
	"lotwise/outputs"
)

// Comparison makes the page of runs beside the first of them; index is that of the sweep that they are of, nil
// where they are of none.
func Comparison(name string, c *outputs.Comparison, index []outputs.IndexRow) *Page {
	first := c.Members[0]
	p := &Page{
		Title: name, Subtitle: fmt.Sprintf("%d runs of lotwise %s on the case %s, beside %s", len(c.Members), first.Results.Command, first.Manifest.Case, first.Name),
		Claim: claims(c), currency: currencyOf(first.Results), Made: made(first.Manifest),
	}
	p.headline(first.Results)
	for i := range p.Figures {
		p.Figures[i].Name += ", " + first.Name
	}
	for _, r := range index {
		if r.Run == "" {
			p.Notes = append(p.Notes, fmt.Sprintf("Scenario %s has no run: %s.", r.Scenario, r.Status))
		}
	}
	p.tornado(c)
	p.metricBars(c, "revenue", p.currency, "Revenue of each run.")
	if differ(c, "contribution", "revenue") {
		p.metricBars(c, "contribution", p.currency, "Contribution of each run: revenue less the seller's cost.")
	}
	p.runs(c)
	p.certificates(c)
	for _, s := range c.Sheets() {
		p.Tables = append(p.Tables, table(s, captions[s.Name], p.currency, s.Name == "expected"))
	}
	if index != nil {
		p.Tables = slices.Insert(p.Tables, 0, table(outputs.IndexSheet(index), captions["index"], p.currency, true))
	}
	return p
}

// claims says how many of the runs are certified, and how far the farthest is.
func claims(c *outputs.Comparison) string {
	within, gap, epsilon := 0, 0.0, math.NaN()
	for _, m := range c.Members {
		if s := m.Results.Status; s == auction.Optimal || s == auction.WithinGap {
			within++
		}
		gap = math.Max(gap, metric(m.Results, "gap"))
		if e := metric(m.Results, "relative_epsilon"); !math.IsNaN(e) && !(epsilon > e) {
			epsilon = e
		}
	}
	says := fmt.Sprintf("%d of %d runs reached the gap or epsilon that was asked for.", within, len(c.Members))
	if !math.IsNaN(gap) {
		says += " The largest gap is " + percent(gap) + "."
	}
	if !math.IsNaN(epsilon) {
		says += " The largest relative epsilon is " + percent(epsilon) + "."
	}
	return says
}

// tornado shows the effect of each assumption alone.
func (p *Page) tornado(c *outputs.Comparison) {
	rows := c.Tornado[:min(len(c.Tornado), mostBars)]
	var names []string
	var low, high []float64
	for _, r := range rows {
		if r.Swing > 0 {
			names, low, high = append(names, r.Assumption), append(low, r.Low), append(high, r.High)
		}
	}
	if len(names) == 0 {
		return
	}
	unit := rows[0].Metric
	for _, m := range c.Metrics {
		if m.Metric == rows[0].Metric && m.Unit != "" {
			unit += ", " + m.Unit
			break
		}
	}
	drawing, err := tornado(unit, names, low, high, rows[0].Base)
	p.add("Effect of the assumptions", picture{
		Name: "tornado", Title: "Tornado of " + rows[0].Metric + ".", Table: "table-tornado",
		Says: fmt.Sprintf("The lowest and highest %s when one assumption alone changes; the line is %s, %s. %s moves it most.", rows[0].Metric, c.Members[0].Name, amount(rows[0].Base, ""), names[0]),
	}, drawing, err)
}

// metricBars shows a metric of every run.
func (p *Page) metricBars(c *outputs.Comparison, name, unit, title string) {
	var names []string
	var values []float64
	for _, m := range c.Metrics {
		if m.Metric == name && m.Text == "" && !math.IsNaN(m.Value) && len(names) < mostRuns {
			names, values = append(names, m.Run), append(values, m.Value)
		}
	}
	if len(names) == 0 || unit != p.currency && !slices.ContainsFunc(values, func(v float64) bool { return math.Abs(v) > nothing }) {
		return
	}
	drawing, err := bars(unit, names, []group{{name: name, color: series[0], values: values}})
	p.add("Runs side by side", picture{Name: name, Title: title, Says: beside(len(names), len(c.Members)), Table: "table-metrics"}, drawing, err)
}

// nothing is a gap or relative epsilon that is rounding.
const nothing = 1e-7

// differ says whether two metrics are not the same in some run.
func differ(c *outputs.Comparison, one, other string) bool {
	return slices.ContainsFunc(c.Members, func(m outputs.Member) bool { return metric(m.Results, one) != metric(m.Results, other) })
}

// beside says how many of the runs a plot shows.
func beside(shown, of int) string {
	if shown < of {
		return fmt.Sprintf("The first %d of %d runs.", shown, of)
	}
	return fmt.Sprintf("%d runs.", shown)
}

// runs shows who wins how much in each run.
func (p *Page) runs(c *outputs.Comparison) {
	t := newTally()
	members := c.Members[:min(len(c.Members), mostRuns)]
	var names []string
	for _, m := range members {
		names = append(names, m.Name)
		for _, a := range m.Results.Allocation {
			if a.Quantity > 0 {
				t.add(m.Name, a.Bidder, a.Quantity)
			}
		}
	}
	drawing, err := bars("packages", names, t.groups(names))
	p.add("Runs side by side", picture{
		Name: "winners_by_run", Title: "Who wins what in each run.", Says: "Packages, by bidder. " + beside(len(members), len(c.Members)), Table: "table-lots",
	}, drawing, err)
}

// certificates shows how far each run is from what it claims: relative epsilon of solve, gap of the others.
func (p *Page) certificates(c *outputs.Comparison) {
	name := "gap"
	if c.Members[0].Results.Command == "solve" {
		name = "relative_epsilon"
	}
	p.metricBars(c, name, strings.ReplaceAll(name, "_", " "), "Certificate of each run: "+name+".")
}
