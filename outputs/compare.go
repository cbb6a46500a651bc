package outputs

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"lotwise/models/auction"
)

// A Member is one run of a comparison.
type Member struct {
	Name        string  // the scenario's in a sweep, else the folder's
	Probability float64 // of the scenario, NaN where there is none
	Results     *auction.Results
	Manifest    *Manifest
}

// A Comparison is what differs between runs, the first of which is the one that others are compared with.
type Comparison struct {
	Of       []string // the folders compared: runs, or one sweep
	Metric   string   // of the tornado
	Members  []Member
	Metrics  []MetricRow
	Lots     []LotChange
	Bids     []BidChange
	Expected []ExpectedRow
	Tornado  []TornadoRow
	Regret   []RegretRow // of one bidder, where asked for
}

// A MetricRow is one metric of one run beside the first run's.
type MetricRow struct {
	Metric string  `csv:"metric"`
	Unit   string  `csv:"unit"`
	Run    string  `csv:"run"`
	Text   string  `csv:"text"`   // of a metric that is no number
	Value  float64 `csv:"value"`  // blank for text
	Change float64 `csv:"change"` // over the first run's
	Share  float64 `csv:"change_share"`
}

// A LotChange is a lot of which most goes to another bidder than in the first run.
type LotChange struct {
	Lot    string  `csv:"lot"`
	Zone   string  `csv:"zone"`
	Run    string  `csv:"run"`
	From   string  `csv:"from"` // who has most of it in the first run, blank for nobody
	To     string  `csv:"to"`
	Before float64 `csv:"sold_before"`
	After  float64 `csv:"sold_after"`
}

// A BidChange is a bidder's bid for a lot, its mean over strategies and types, beside the first run's.
type BidChange struct {
	Bidder         string  `csv:"bidder"`
	Lot            string  `csv:"lot"`
	Run            string  `csv:"run"`
	QuantityBefore float64 `csv:"quantity_before"`
	QuantityAfter  float64 `csv:"quantity_after"`
	PriceBefore    float64 `csv:"price_before"` // a package, blank without a bid
	PriceAfter     float64 `csv:"price_after"`
}

// An ExpectedRow is a metric over the scenarios: weighted by probability, or equally where they have none. Of a
// metric that is text there is a row for each value, and Expected is its probability or share.
type ExpectedRow struct {
	Metric   string  `csv:"metric"`
	Is       string  `csv:"is"`
	Unit     string  `csv:"unit"`
	Expected float64 `csv:"expected"`
	Least    float64 `csv:"least"`
	Most     float64 `csv:"most"`
}

// A TornadoRow is the effect of one assumption on a metric, all else as in the first run.
type TornadoRow struct {
	Assumption string  `csv:"assumption"`
	Metric     string  `csv:"metric"`
	Base       float64 `csv:"base"`
	LowAt      string  `csv:"low_at"` // the change at which the metric is least
	Low        float64 `csv:"low"`
	HighAt     string  `csv:"high_at"`
	High       float64 `csv:"high"`
	Swing      float64 `csv:"swing"` // from low to high, the base among them
}

// A RegretRow is what a bidder's bid of one scenario earns in another, against rivals as they are there.
type RegretRow struct {
	Bidder  string  `csv:"bidder"`
	BidOf   string  `csv:"bid_of"`
	In      string  `csv:"in"` // blank for the summary of a bid over all scenarios
	Profit  float64 `csv:"profit"`
	Best    float64 `csv:"best"`   // of the bids compared, in that scenario
	Regret  float64 `csv:"regret"` // best less profit; in the summary, the largest
	Worst   float64 `csv:"worst"`  // summary: the least profit
	Mean    float64 `csv:"expected"`
	Advised string  `csv:"advised"` // summary: minimax_regret or most_expected, for the bid that is
}

// Members reads the runs of a comparison: run folders, or the finished runs of one sweep.
func Members(dirs []string) ([]Member, error) {
	if len(dirs) == 1 {
		rows, err := ReadIndex(dirs[0])
		if err != nil {
			return nil, err
		}
		var members []Member
		for _, r := range rows {
			if r.Run == "" {
				continue
			}
			results, m, err := Read(filepath.Join(dirs[0], r.Run))
			if err != nil {
				return nil, err
			}
			members = append(members, Member{r.Scenario, r.Probability, results, m})
		}
		if base := slices.IndexFunc(members, func(m Member) bool { return m.Name == "base" }); base > 0 {
			b := members[base]
			members = slices.Insert(slices.Delete(members, base, base+1), 0, b)
		}
		if len(members) < 2 {
			return nil, fmt.Errorf("%s has %d finished runs; a comparison needs two", dirs[0], len(members))
		}
		return members, nil
	}
	names := map[string]int{}
	var members []Member
	for _, dir := range dirs {
		results, m, err := Read(dir)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(filepath.Clean(dir))
		if names[name]++; names[name] > 1 {
			name = dir
		}
		members = append(members, Member{name, math.NaN(), results, m})
	}
	return members, nil
}

// Compare compares runs with the first of them. Metric is what the tornado is of.
func Compare(members []Member, metric string) (*Comparison, error) {
	for _, m := range members[1:] {
		if m.Results.Command != members[0].Results.Command {
			return nil, fmt.Errorf("%s is a run of %s and %s one of %s; runs of one command can be compared", members[0].Name, members[0].Results.Command, m.Name, m.Results.Command)
		}
	}
	c := &Comparison{Members: members, Metric: metric}
	c.metrics()
	c.lots()
	c.bids()
	c.expected()
	return c, c.tornado(metric)
}

// metrics lists every metric of every run.
func (c *Comparison) metrics() {
	first := map[string]auction.Metric{}
	for _, m := range c.Members[0].Results.Summary {
		first[m.Name] = m
	}
	for _, name := range c.names() {
		for _, member := range c.Members {
			m, ok := find(member.Results, name)
			if !ok {
				continue
			}
			row := MetricRow{Metric: name, Unit: m.Unit, Run: member.Name, Text: m.Text, Value: m.Number, Change: math.NaN(), Share: math.NaN()}
			if m.Text != "" {
				row.Value = math.NaN()
			} else if f, ok := first[name]; ok && f.Text == "" {
				row.Change = m.Number - f.Number
				if f.Number != 0 {
					row.Share = row.Change / math.Abs(f.Number)
				}
			}
			c.Metrics = append(c.Metrics, row)
		}
	}
}

// names are all metrics, in the order in which the runs state them.
func (c *Comparison) names() []string {
	var names []string
	seen := map[string]bool{}
	for _, member := range c.Members {
		for _, m := range member.Results.Summary {
			if !seen[m.Name] {
				seen[m.Name] = true
				names = append(names, m.Name)
			}
		}
	}
	return names
}

func find(r *auction.Results, name string) (auction.Metric, bool) {
	i := slices.IndexFunc(r.Summary, func(m auction.Metric) bool { return m.Name == name })
	if i < 0 {
		return auction.Metric{}, false
	}
	return r.Summary[i], true
}

// lots finds lots that changed hands.
func (c *Comparison) lots() {
	type holding struct {
		bidder string
		most   float64
	}
	hands := func(r *auction.Results) map[string]holding {
		total := map[[2]string]float64{}
		most := map[string]holding{}
		for _, a := range r.Allocation {
			key := [2]string{a.Lot, a.Bidder}
			total[key] += a.Quantity
			if h := most[a.Lot]; total[key] > h.most*(1+sameHands) {
				most[a.Lot] = holding{a.Bidder, total[key]}
			}
		}
		return most
	}
	sold := func(r *auction.Results) map[string]auction.LotResult {
		lots := map[string]auction.LotResult{}
		for _, l := range r.Lots {
			lots[l.Lot] = l
		}
		return lots
	}
	before, was := hands(c.Members[0].Results), sold(c.Members[0].Results)
	for _, member := range c.Members[1:] {
		after := hands(member.Results)
		for _, l := range member.Results.Lots {
			if from, to := before[l.Lot].bidder, after[l.Lot].bidder; from != to {
				c.Lots = append(c.Lots, LotChange{l.Lot, l.Zone, member.Name, from, to, was[l.Lot].Sold, l.Sold})
			}
		}
	}
}

// sameHands is by how much more a bidder must hold than another to be the one with most.
const sameHands = 1e-9

// bids compares what bidders bid on average for each lot; of allocate, what they win.
func (c *Comparison) bids() {
	type key struct{ bidder, lot string }
	type mean struct{ quantity, money float64 }
	means := func(m *Member) (map[key]mean, []key) {
		at := map[key]mean{}
		var order []key
		add := func(k key, quantity, price float64) {
			if _, known := at[k]; !known {
				order = append(order, k)
			}
			v := at[k]
			v.quantity += quantity
			v.money += quantity * price
			at[k] = v
		}
		for _, b := range m.Results.RecommendedBids {
			add(key{b.Bidder, b.Lot}, b.Probability*b.Quantity, b.Price)
		}
		if m.Results.Command == "allocate" {
			for _, a := range m.Results.Allocation {
				add(key{a.Bidder, a.Lot}, a.Quantity, a.Price)
			}
		}
		return at, order
	}
	price := func(m mean) float64 {
		if m.quantity == 0 {
			return math.NaN()
		}
		return m.money / m.quantity
	}
	was, order := means(&c.Members[0])
	for n := range c.Members[1:] {
		member := &c.Members[n+1]
		is, more := means(member)
		all := slices.Clone(order)
		for _, k := range more {
			if _, known := was[k]; !known {
				all = append(all, k)
			}
		}
		for _, k := range all {
			a, b := was[k], is[k]
			if math.Abs(a.quantity-b.quantity) <= sameHands*max(a.quantity, b.quantity) && math.Abs(a.money-b.money) <= sameHands*max(a.money, b.money) {
				continue
			}
			c.Bids = append(c.Bids, BidChange{k.bidder, k.lot, member.Name, a.quantity, b.quantity, price(a), price(b)})
		}
	}
}

// expected weighs the metrics over the scenarios.
func (c *Comparison) expected() {
	weights := make([]float64, len(c.Members))
	total := 0.0
	for i, m := range c.Members {
		weights[i] = 1
		if !math.IsNaN(m.Probability) {
			weights[i] = m.Probability
		}
		total += weights[i]
	}
	if total == 0 {
		return
	}
	for _, name := range c.names() {
		row := ExpectedRow{Metric: name, Least: math.Inf(1), Most: math.Inf(-1)}
		values := map[string]float64{}
		var order []string
		whole := 0.0
		for i, member := range c.Members {
			m, ok := find(member.Results, name)
			if !ok || m.Text == "" && math.IsNaN(m.Number) {
				continue
			}
			whole += weights[i]
			row.Unit = m.Unit
			if m.Text != "" {
				if _, known := values[m.Text]; !known {
					order = append(order, m.Text)
				}
				values[m.Text] += weights[i]
				continue
			}
			row.Expected += weights[i] * m.Number
			row.Least, row.Most = min(row.Least, m.Number), max(row.Most, m.Number)
		}
		if whole == 0 {
			continue
		}
		if len(order) == 0 {
			row.Expected /= whole
			c.Expected = append(c.Expected, row)
			continue
		}
		slices.Sort(order)
		for _, text := range order {
			c.Expected = append(c.Expected, ExpectedRow{Metric: name, Is: text, Expected: values[text] / whole, Least: math.NaN(), Most: math.NaN()})
		}
	}
}

// tornado compares the runs whose scenario changes one thing alone with the first, the assumption with the
// largest swing first.
func (c *Comparison) tornado(metric string) error {
	base, ok := find(c.Members[0].Results, metric)
	if !ok || base.Text != "" {
		var numbers []string
		for _, m := range c.Members[0].Results.Summary {
			if m.Text == "" {
				numbers = append(numbers, m.Name)
			}
		}
		return fmt.Errorf("no metric %q; the runs have %s", metric, strings.Join(numbers, ", "))
	}
	at := map[string]int{}
	for _, member := range c.Members[1:] {
		a := member.Manifest.Options.Assumption
		m, ok := find(member.Results, metric)
		if a == nil || len(a.Changes) != 1 || !ok || m.Text != "" {
			continue
		}
		change := a.Changes[0]
		name := change.Table + "." + change.Column
		if change.Where != "" {
			name += "[" + change.Where + "]"
		}
		i, known := at[name]
		if !known {
			i = len(c.Tornado)
			at[name] = i
			c.Tornado = append(c.Tornado, TornadoRow{Assumption: name, Metric: metric, Base: base.Number, Low: base.Number, High: base.Number})
		}
		row, said := &c.Tornado[i], change.Change+" "+change.Value
		if m.Number < row.Low {
			row.Low, row.LowAt = m.Number, said
		}
		if m.Number > row.High {
			row.High, row.HighAt = m.Number, said
		}
		row.Swing = row.High - row.Low
	}
	slices.SortStableFunc(c.Tornado, func(a, b TornadoRow) int { return cmp.Compare(b.Swing, a.Swing) })
	return nil
}

// A comparisonTable is one table of a comparison.
type comparisonTable struct {
	file    string
	columns []column
	row     reflect.Type
	rows    func(*Comparison) (header []string, rows [][]string)
}

// comparisonTables are the tables of a comparison.
var comparisonTables = []comparisonTable{
	tableOf("metrics.csv", func(c *Comparison) []MetricRow { return c.Metrics }),
	tableOf("lots.csv", func(c *Comparison) []LotChange { return c.Lots }),
	tableOf("bids.csv", func(c *Comparison) []BidChange { return c.Bids }),
	tableOf("expected.csv", func(c *Comparison) []ExpectedRow { return c.Expected }),
	tableOf("tornado.csv", func(c *Comparison) []TornadoRow { return c.Tornado }),
	tableOf(regretFile, func(c *Comparison) []RegretRow { return c.Regret }),
}

func tableOf[T any](file string, rows func(*Comparison) []T) comparisonTable {
	columns := columnsOf[T]()
	return comparisonTable{file, columns, reflect.TypeFor[T](), func(c *Comparison) ([]string, [][]string) {
		var header []string
		for _, col := range columns {
			header = append(header, col.name)
		}
		return header, encode(columns, rows(c))
	}}
}

// WriteComparison writes the tables of a comparison as the folder dir, which appears whole or not at all. With
// force it takes the place of an older comparison. It may hold all tables as a workbook too.
func WriteComparison(dir string, force bool, c *Comparison, workbook bool) error {
	return comparisons.write(dir, force, func(fresh string) error {
		if err := os.Mkdir(fresh, 0o777); err != nil {
			return err
		}
		for _, t := range comparisonTables {
			header, rows := t.rows(c)
			if len(rows) == 0 && t.file == regretFile {
				continue
			}
			if err := save(filepath.Join(fresh, t.file), render(header, rows)); err != nil {
				return err
			}
		}
		if err := saveCompared(fresh, dir, c); err != nil {
			return err
		}
		if workbook {
			data, err := Workbook(c.Sheets())
			if err != nil {
				return err
			}
			if err := save(filepath.Join(fresh, WorkbookFile), data); err != nil {
				return err
			}
		}
		return flush(fresh)
	})
}

// CheckComparison says, before anything is compared, whether WriteComparison would find its place.
func CheckComparison(dir string, force bool) error {
	_, err := comparisons.place(dir, force)
	return err
}

const regretFile = "regret.csv"

var comparisons = kind{"comparisons", "metrics.csv", func(name string) bool {
	return name == "report.html" || name == WorkbookFile || name == comparedFile || slices.ContainsFunc(comparisonTables, func(t comparisonTable) bool { return t.file == name })
}}
