package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"lotwise/models/auction"
	"lotwise/outputs"
)

// mostRows is how many rows of a table are printed: a screenful; the rest is in the run folder.
const mostRows = 20

// printResults writes what a strategist looks at first: the figures of the run, then the bids of bid, and
// the bidders of allocate and solve.
func printResults(w io.Writer, c *auction.Case, r *auction.Results, dir string) {
	printer := message.NewPrinter(language.English)
	money := func(v float64) string { return figure(printer, v, 2) }
	volume := func(v float64) string { return figure(printer, v, 1) }

	t := newTable(w, "metric", "value", "unit")
	for _, m := range r.Summary {
		if kind, _, _ := strings.Cut(m.Name, ":"); slices.Contains(grouped, kind) {
			continue // below
		}
		value := m.Text
		switch {
		case value != "":
		case m.Unit == c.Rules.Currency:
			value = money(m.Number)
		case m.Unit == "packages":
			value = volume(m.Number)
		default:
			value = figure(printer, m.Number, 6)
		}
		t.AppendRow(table.Row{m.Name, value, m.Unit})
	}
	show(w, t, 2)

	switch r.Command {
	case "allocate":
		t := newTable(w, "bidder", "volume", "bid amount", "payment", "discount")
		won := volumes(r)
		for _, p := range r.Payments {
			if won[p.Bidder] > 0 || p.Payment != 0 {
				t.AppendRow(table.Row{p.Bidder, volume(won[p.Bidder]), money(p.BidAmount), money(p.Payment), money(p.Discount)})
			}
		}
		show(w, t, 2, 3, 4, 5)
		if n := len(r.VoidBids); n > 0 {
			fmt.Fprintf(w, "Bids under a reserve, never accepted: %d, in void_bids.csv\n\n", n)
		}
		printLimits(w, r)
	case "bid":
		t := newTable(w, "type", "strategy", "lot", "quantity", "price", "breaks even at", "wins", "expected payment")
		worth := map[[2]string]float64{}
		for _, l := range r.BidLots {
			worth[[2]string{l.Type, l.Lot}] = l.BreakEvenBid
		}
		for _, b := range r.RecommendedBids {
			t.AppendRow(table.Row{b.Type, b.Strategy, b.Lot, volume(b.Quantity), money(b.Price), money(worth[[2]string{b.Type, b.Lot}]), percent(b.WinProbability), money(b.ExpectedPayment)})
		}
		show(w, t, 4, 5, 6, 7, 8)
		t = newTable(w, "type", "strategy", "profit", "no bid gains more than", "regret at most")
		for _, e := range r.Equilibrium {
			t.AppendRow(table.Row{e.Type, e.Strategy, money(e.Profit), money(e.BestResponseBound), money(e.RegretBound)})
		}
		show(w, t, 3, 4, 5)
	case "solve":
		t := newTable(w, "bidder", "volume", "payment", "profit", "no bid gains more than", "regret at most")
		won, bound, regret := volumes(r), certified(c, r, bestResponseBound), certified(c, r, regretBound)
		for _, p := range r.Payments {
			row := table.Row{p.Bidder, volume(won[p.Bidder]), money(p.Payment), "", "", ""}
			if _, plays := bound[p.Bidder]; plays {
				row = append(row[:3], money(metric(r, "profit:"+p.Bidder)), money(bound[p.Bidder]), money(regret[p.Bidder]))
			}
			t.AppendRow(row)
		}
		show(w, t, 2, 3, 4, 5, 6)
	}
	printGroups(w, r)
	fmt.Fprintf(w, "The run is in %s\n", dir)
}

// grouped are the kinds of metrics that are printed by bidder or group.
var grouped = []string{"profit", "outcome", "volume_change", "sold_share", "channel_share"}

// printGroups prints the metrics of groups: what becomes of bidders with a contract today, and shares.
func printGroups(w io.Writer, r *auction.Results) {
	outcomes := newTable(w, "bidder", "outcome", "volume against today's")
	shares := newTable(w, "share of", "", "")
	for _, m := range r.Summary {
		kind, name, _ := strings.Cut(m.Name, ":")
		switch kind {
		case "outcome":
			change := metric(r, "volume_change:"+name)
			outcomes.AppendRow(table.Row{name, strings.ReplaceAll(m.Text, "_", " "), fmt.Sprintf("%+.1f%%", 100*change)})
		case "sold_share":
			shares.AppendRow(table.Row{"capacity sold", name, percent(m.Number)})
		case "channel_share":
			shares.AppendRow(table.Row{"volume delivered", name, percent(m.Number)})
		}
	}
	show(w, outcomes, 3)
	show(w, shares, 3)
}

// printIndex prints the headline figures of a sweep.
func printIndex(w io.Writer, index []outputs.IndexRow, dir string) {
	t := newTable(w, "scenario", "probability", "status", "seconds", "revenue", "relative epsilon", "gap")
	number := func(r outputs.IndexRow, name string, show func(float64) string) string {
		i := slices.IndexFunc(r.Metrics, func(m auction.Metric) bool { return m.Name == name })
		if i < 0 {
			return ""
		}
		return show(r.Metrics[i].Number)
	}
	printer := message.NewPrinter(language.English)
	money := func(v float64) string { return figure(printer, v, 2) }
	small := func(v float64) string { return figure(printer, v, 6) }
	for _, r := range index {
		t.AppendRow(table.Row{
			r.Scenario, percent(r.Probability), r.Status, figure(printer, r.Seconds, 1),
			number(r, "revenue", money), number(r, "relative_epsilon", small), number(r, "gap", small),
		})
	}
	show(w, t, 2, 4, 5, 6, 7)
	fmt.Fprintf(w, "The sweep is in %s; index.csv says more\n", dir)
}

// printLimits says how the limits came out.
func printLimits(w io.Writer, r *auction.Results) {
	if len(r.Limits) == 0 {
		return
	}
	tight, missed := 0, 0
	for _, l := range r.Limits {
		if l.Slack == 0 {
			tight++
		}
		if l.Violation > 0 {
			missed++
		}
	}
	fmt.Fprintf(w, "Limits: %d scopes, %d without slack, %d missed: limit_results.csv\n\n", len(r.Limits), tight, missed)
}

// volumes returns what each bidder won, over all lots.
func volumes(r *auction.Results) map[string]float64 {
	won := map[string]float64{}
	for _, a := range r.Allocation {
		won[a.Bidder] += a.Quantity
	}
	return won
}

func bestResponseBound(e auction.EquilibriumRow) float64 { return e.BestResponseBound }
func regretBound(e auction.EquilibriumRow) float64       { return e.RegretBound }

// certified returns, by bidder, the expectation over its types of a figure that equilibrium.csv states
// for a type in a block, summed over blocks.
func certified(c *auction.Case, r *auction.Results, of func(auction.EquilibriumRow) float64) map[string]float64 {
	probability := map[[2]string]float64{}
	for _, b := range c.Bidders {
		for _, t := range b.Types {
			probability[[2]string{b.Name, t.Name}] = t.Probability
		}
	}
	sum := map[string]float64{}
	seen := map[[3]string]bool{}
	for _, e := range r.Equilibrium {
		if key := [3]string{e.Bidder, e.Type, e.Block}; !seen[key] {
			seen[key] = true
			sum[e.Bidder] += probability[[2]string{e.Bidder, e.Type}] * of(e)
		}
	}
	return sum
}

// metric returns a number of the summary, NaN where there is none.
func metric(r *auction.Results, name string) float64 {
	i := slices.IndexFunc(r.Summary, func(m auction.Metric) bool { return m.Name == name })
	if i < 0 {
		return math.NaN()
	}
	return r.Summary[i].Number
}

// figure writes a number for people, with at most so many decimals.
func figure(p *message.Printer, v float64, decimals int) string {
	switch {
	case math.IsNaN(v):
		return ""
	case math.IsInf(v, 0):
		return strings.TrimPrefix(fmt.Sprint(v), "+")
	case v == math.Trunc(v):
		return p.Sprintf("%.0f", v+0) // no negative zero
	}
	if least := math.Pow10(-decimals); math.Abs(v) < least/2 { // small, but not nothing
		if v < 0 {
			return p.Sprintf("> %.*f", decimals, -least)
		}
		return p.Sprintf("< %.*f", decimals, least)
	}
	return p.Sprintf("%.*f", decimals, v)
}

func percent(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return fmt.Sprintf("%.1f%%", 100*v)
}

func newTable(w io.Writer, header ...any) table.Writer {
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.Options{SeparateHeader: true}
	style.Box.PaddingLeft = ""
	style.Box.PaddingRight = "  "
	style.Format.Header = text.FormatDefault
	if isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		style.Color.Header = text.Colors{text.Bold}
	}
	t.SetStyle(style)
	t.AppendHeader(header)
	return t
}

// show prints a table, its first rows where it is long; nothing where it has none. right are the numbers
// of the columns of numbers.
func show(w io.Writer, t table.Writer, right ...int) {
	n := t.Length()
	if n == 0 {
		return
	}
	var columns []table.ColumnConfig
	for _, number := range right {
		columns = append(columns, table.ColumnConfig{Number: number, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	t.SuppressEmptyColumns()
	if n > mostRows {
		t.SuppressTrailingSpaces()
		lines := strings.SplitAfter(t.Render(), "\n")
		fmt.Fprintf(w, "%s... and %d more\n\n", strings.Join(lines[:2+mostRows], ""), n-mostRows)
		return
	}
	t.SuppressTrailingSpaces()
	fmt.Fprintf(w, "%s\n\n", t.Render())
}
