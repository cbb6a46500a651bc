package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/urfave/cli/v2"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/models/beliefs"
	"lotwise/models/bidding"
	"lotwise/outputs"
)

var compareCommand = &cli.Command{
	Name:      "compare",
	Usage:     "runs side by side: what changed in figures, lots and bids",
	UsageText: "lotwise compare RUN RUN... | RUNS [-o DIR] [--metric NAME] [--bidder NAME --case CASE]",
	Description: "Compares runs with the first of them, or the runs of a sweep with that of base: which metrics moved and\n" +
		"by how much, which lots changed hands, how bids moved, expected values over the scenarios, and the effect of each\n" +
		"assumption alone on a metric (tornado). With --bidder, what its bid of each scenario earns in every other,\n" +
		"its worst case, and the bids that lose least at worst (minimax regret) and earn most in expectation.\n" +
		"-o writes all tables as CSV.\n\nExamples:\n" +
		"  lotwise compare runs/first runs/dear -o compared\n" +
		"  lotwise compare sweeps/fuel --metric contribution\n" +
		"  lotwise compare sweeps/fuel --bidder Alpha --case mycase -o regrets",
	Flags: []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the tables to the new folder `DIR`"},
		&cli.BoolFlag{Name: "force", DisableDefaultText: true, Usage: "replace DIR where it exists and is a comparison"},
		&cli.BoolFlag{Name: "xlsx", DisableDefaultText: true, Usage: "write the tables as a workbook too, DIR/" + outputs.WorkbookFile},
		formatFlag(),
		&cli.StringFlag{Name: "metric", Value: "revenue", Usage: "the metric `NAME` of the tornado"},
		&cli.StringFlag{Name: "bidder", Usage: "compare what the bids of the bidder `NAME` earn in each scenario"},
		&cli.StringFlag{Name: "case", Usage: "the `CASE` that the runs are of, for --bidder"},
		&cli.Int64Flag{Name: "seed", Value: 1, Usage: "of rivals' bids that are sampled, for --bidder"},
	},
	Action: func(cc *cli.Context) error {
		dirs := cc.Args().Slice()
		if len(dirs) == 0 {
			return usage("name two or more run folders, or the folder of a sweep")
		}
		format, dir := cc.String("format"), cc.String("output")
		if err := oneOf(cc, "format", formats); err != nil {
			return err
		}
		if cc.Bool("xlsx") && dir == "" {
			return usage("--xlsx needs -o DIR: the workbook stands beside the tables")
		}
		if dir != "" {
			if err := outputs.CheckComparison(dir, cc.Bool("force")); err != nil {
				return err
			}
		}
		members, err := outputs.Members(dirs)
		if err != nil {
			return err
		}
		c, err := outputs.Compare(members, cc.String("metric"))
		if err != nil {
			return err
		}
		c.Of = dirs
		if bidder := cc.String("bidder"); bidder != "" {
			if cc.String("case") == "" {
				return usage("--bidder needs --case CASE: what its bids are worth is in the case")
			}
			if c.Regret, err = regret(members, cc.String("case"), bidder, cc.Int64("seed")); err != nil {
				return err
			}
		}
		if format == formats[0] {
			printComparison(cc.App.Writer, c)
		} else {
			var names []string
			for _, m := range c.Members {
				names = append(names, m.Name)
			}
			if err := printSheets(cc.App.Writer, format, object{{"runs", names}}, c.Sheets()); err != nil {
				return err
			}
		}
		if dir == "" {
			return nil
		}
		if err := outputs.WriteComparison(dir, cc.Bool("force"), c, cc.Bool("xlsx")); err != nil {
			return err
		}
		if format == formats[0] {
			fmt.Fprintf(cc.App.Writer, "The tables are in %s\n", dir)
		}
		return nil
	},
}

// rivalOutcomes is up to how many joint outcomes of the rivals a bid is judged by: all where there are no more, else
// so many samples.
const rivalOutcomes = 200

// regret plays the bidder's bid of each run against the rivals of every run.
func regret(members []outputs.Member, path, name string, seed int64) ([]outputs.RegretRow, error) {
	n := len(members)
	profit, runs := make([][]float64, n), make([]*auction.Results, n) // profit by the bid's run and the scenario
	for a := range profit {
		profit[a] = make([]float64, n)
		runs[a] = members[a].Results
	}
	for b := range members {
		c, err := inputs.ReadUnder(path, members[b].Manifest.Assumed())
		if err != nil {
			return nil, err
		}
		bidder, err := bidderOf(c, name, "")
		if err != nil {
			return nil, err
		}
		if members[b].Results.Command != "solve" {
			return nil, fmt.Errorf("%s is a run of %s; --bidder compares bids of runs of solve, which say what rivals bid", members[b].Name, members[b].Results.Command)
		}
		source, err := beliefs.FromRun(c, bidder, members[b].Results, members[b].Name, beliefs.Options{})
		if err != nil {
			return nil, err
		}
		list, ok := source.Enumerate(rivalOutcomes)
		if !ok {
			list = source.Sample(rivalOutcomes, rand.New(rand.NewPCG(uint64(seed), uint64(b)))) //nolint:gosec // reproducible on purpose
		}
		c.Beliefs = list
		worth, err := bidding.Worth(c, bidder, runs)
		if err != nil {
			return nil, fmt.Errorf("in %s: %w", members[b].Name, err)
		}
		for a := range members {
			profit[a][b] = worth[a]
		}
	}
	return regretRows(members, name, profit), nil
}

// regretRows are the profits as a table: each bid in each scenario, then each bid over all.
func regretRows(members []outputs.Member, name string, profit [][]float64) []outputs.RegretRow {
	n := len(members)
	nan := math.NaN()
	best := slices.Repeat([]float64{math.Inf(-1)}, n)
	weight, total := make([]float64, n), 0.0
	for b := range members {
		for a := range members {
			best[b] = max(best[b], profit[a][b])
		}
		weight[b] = 1
		if p := members[b].Probability; !math.IsNaN(p) {
			weight[b] = p
		}
		total += weight[b]
	}
	var rows, summary []outputs.RegretRow
	for a := range members {
		s := outputs.RegretRow{Bidder: name, BidOf: members[a].Name, Profit: nan, Best: nan, Worst: math.Inf(1)}
		for b := range members {
			rows = append(rows, outputs.RegretRow{
				Bidder: name, BidOf: members[a].Name, In: members[b].Name, Profit: profit[a][b], Best: best[b],
				Regret: best[b] - profit[a][b], Worst: nan, Mean: nan,
			})
			s.Regret = max(s.Regret, best[b]-profit[a][b])
			s.Worst = min(s.Worst, profit[a][b])
			s.Mean += weight[b] * profit[a][b] / total
		}
		summary = append(summary, s)
	}
	least, most := 0, 0
	for a := range summary {
		if summary[a].Regret < summary[least].Regret {
			least = a
		}
		if summary[a].Mean > summary[most].Mean {
			most = a
		}
	}
	summary[least].Advised = "minimax_regret"
	if most == least {
		summary[most].Advised = "minimax_regret;most_expected"
	} else {
		summary[most].Advised = "most_expected"
	}
	return append(rows, summary...)
}

// leastShare is the smallest change that is shown as one, half the last digit shown.
const leastShare = 0.0005

// printComparison prints what a strategist looks at first.
func printComparison(w io.Writer, c *outputs.Comparison) {
	printer := message.NewPrinter(language.English)
	money := func(v float64) string { return figure(printer, v, 2) }
	amount := func(v float64) string {
		if math.Abs(v) >= 100 {
			return money(v)
		}
		return figure(printer, v, 4)
	}
	header := []any{"metric"}
	for _, m := range c.Members {
		header = append(header, m.Name)
	}
	if len(c.Members) <= mostBeside {
		t := newTable(w, header...)
		var right []int
		for i := range c.Members {
			right = append(right, i+2)
		}
		rows := map[string]table.Row{}
		var order []string
		for _, m := range c.Metrics {
			kind, _, _ := strings.Cut(m.Metric, ":")
			if slices.Contains(grouped[1:], kind) && kind != "outcome" {
				continue
			}
			if rows[m.Metric] == nil {
				order = append(order, m.Metric)
				rows[m.Metric] = slices.Repeat(table.Row{""}, len(c.Members)+1)
				rows[m.Metric][0] = m.Metric
			}
			at := 1 + slices.IndexFunc(c.Members, func(x outputs.Member) bool { return x.Name == m.Run })
			switch {
			case m.Text != "":
				rows[m.Metric][at] = m.Text
			case math.Abs(m.Share) >= leastShare:
				rows[m.Metric][at] = fmt.Sprintf("%s (%+.1f%%)", amount(m.Value), 100*m.Share)
			default:
				rows[m.Metric][at] = amount(m.Value)
			}
		}
		for _, name := range order {
			t.AppendRow(rows[name])
		}
		show(w, t, right...)
	} else {
		t := newTable(w, "metric", "is", "expected", "least", "most")
		for _, e := range c.Expected {
			if kind, _, _ := strings.Cut(e.Metric, ":"); slices.Contains(grouped, kind) && kind != "outcome" {
				continue
			}
			if e.Is != "" {
				t.AppendRow(table.Row{e.Metric, e.Is, percent(e.Expected), "", ""})
				continue
			}
			t.AppendRow(table.Row{e.Metric, "", amount(e.Expected), amount(e.Least), amount(e.Most)})
		}
		show(w, t, 3, 4, 5)
	}
	if len(c.Tornado) > 0 {
		t := newTable(w, "assumption", "lowest "+c.Tornado[0].Metric, "at", "highest", "at", "swing")
		for _, r := range c.Tornado {
			t.AppendRow(table.Row{r.Assumption, amount(r.Low), orBase(r.LowAt), amount(r.High), orBase(r.HighAt), amount(r.Swing)})
		}
		show(w, t, 2, 4, 6)
	}
	moved := map[string]int{}
	for _, l := range c.Lots {
		moved[l.Run]++
	}
	bids := map[string]int{}
	for _, b := range c.Bids {
		bids[b.Run]++
	}
	t := newTable(w, "beside "+c.Members[0].Name, "lots that change hands", "bids that move")
	for _, m := range c.Members[1:] {
		t.AppendRow(table.Row{m.Name, moved[m.Name], bids[m.Name]})
	}
	show(w, t, 2, 3)
	t = newTable(w, "bid of", "worst case", "largest regret", "expected", "")
	for _, r := range c.Regret {
		if r.In == "" {
			t.AppendRow(table.Row{r.BidOf, money(r.Worst), money(r.Regret), money(r.Mean), strings.NewReplacer("_", " ", ";", ", ").Replace(r.Advised)})
		}
	}
	show(w, t, 2, 3, 4)
}

// mostBeside is how many runs are printed side by side; of more, expected values.
const mostBeside = 4

func orBase(change string) string {
	if change == "" {
		return "as it is"
	}
	return change
}
