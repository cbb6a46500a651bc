// Package verify checks a run without trusting the code that made it. It recomputes what a run folder
// states - feasibility, payments, expectations, certificates - from the case alone, with simple and slow
// code that shares nothing with the models but the plain types of models/auction: a tableau simplex and
// enumeration for the seller's optimum, successive shortest paths for a bidder's network, convolution of
// the rivals' quantities for the outcome of the merit order, and a search for better bids that attacks
// every stated best-response bound.
//
// What is not unique (an optimal delivery plan, a shadow price) is checked for being feasible and as
// good as the recomputed one. What is too large to recompute is said in Report.Checked.
package verify

import (
	"fmt"
	"math"
	"reflect"
	"sort"
	"strings"

	"lotwise/models/auction"
)

// Tolerances. Numbers are written in full precision, so what separates a stated number from a recomputed
// one is the arithmetic of the solver, which works to 1e-9..1e-6 (HiGHS: feasibility 1e-7, integrality 1e-6).
const (
	// relTol is the relative difference in money or packages that two correct computations may show.
	relTol = 1e-6
	// probTol is the absolute difference two correct probabilities may show.
	probTol = 1e-6
	// valueTol is the error in a profit relative to the network's whole value, of which the profit is a
	// small difference: V(w) - V(0).
	valueTol = 1e-9
	// gridTol is how far, in price steps, a price may lie from a multiple of the step: decimal prices have
	// no exact binary value. Prices closer than this are equal.
	gridTol = 1e-6
	// flowTol is the part of a network's demand under which a volume is taken for rounding.
	flowTol = 1e-11
	// optimalGap is the largest relative gap of a run that calls itself optimal.
	optimalGap = 1e-6
	// defaultEnumerationLimit bounds each single enumeration where Options does not: about a second of work.
	defaultEnumerationLimit = 100_000
)

// The tables of a run folder, as findings name them.
const (
	tableBids        = "recommended_bids.csv"
	tableAllocation  = "allocation.csv"
	tablePayments    = "payments.csv"
	tableLots        = "lot_results.csv"
	tableLimits      = "limit_results.csv"
	tableEquilibrium = "equilibrium.csv"
	tableProfiles    = "profiles.csv"
	tableNetwork     = "network.csv"
	tableBidLots     = "bid_lots.csv"
	tableCurves      = "bid_curves.csv"
	tableProfits     = "profit_scenarios.csv"
	tableFacilities  = "facility_results.csv"

	tableNetworkScenarios = "network_scenarios.csv"
	tableWithoutLots      = "network_without_lots.csv"
	tableVoid             = "void_bids.csv"
	tableLosing           = "losing_bids.csv"
	tableSummary          = "summary.csv"
)

// Options say what the run was asked for, as its manifest does.
type Options struct {
	Command string       // allocate, bid or solve
	Gap     float64      // relative MIP gap the run was to reach
	Epsilon float64      // solve: largest relative regret the run was to accept
	Concept string       // solve: auto, pure, mixed or correlated
	Type    string       // bid: the one type the run answers for; blank for every type
	Risk    auction.Risk // bid: what was maximised
	// EnumerationLimit bounds each single enumeration (acceptance sets of a part of the case, joint
	// outcomes of a block's rivals, bids in a best response); 0 takes the default.
	EnumerationLimit int
}

// A Finding is one thing in a run that is not so.
type Finding struct {
	Table   string // file name such as allocation.csv
	Row     int    // index into that table's rows, -1 for the whole table
	Column  string // the column's name, blank where no one column is to blame
	Problem string // what stands there and what should
}

func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.Table)
	if f.Row >= 0 {
		fmt.Fprintf(&b, " row %d", f.Row+1)
	}
	if f.Column != "" {
		fmt.Fprintf(&b, " %s", f.Column)
	}
	return b.String() + ": " + f.Problem
}

// A Report is what Check found and what it looked at.
type Report struct {
	Findings []Finding // in the order of the tables, then of their rows; none in a correct run
	Checked  []string  // what was checked, with counts, and what was not and why
}

// Check recomputes the results of a run of the case and reports every number and name that does not
// follow. It never changes its arguments.
func Check(c *auction.Case, r *auction.Results, o Options) *Report {
	if o.EnumerationLimit <= 0 {
		o.EnumerationLimit = defaultEnumerationLimit
	}
	if o.Command == "" {
		o.Command = r.Command
	}
	k := newChecker(c, r, o)
	if o.Command == "solve" || o.Command == "bid" && k.unmodelled() == "" {
		k = newChecker(acceptable(c), r, o)
	}
	k.numbers()
	k.status()
	switch o.Command {
	case "allocate":
		k.allocate()
		k.futures()
	case "bid", "solve":
		k.game()
		if o.Command == "solve" {
			k.futures()
		}
	default:
		k.find(tableSummary, -1, "", "command %q is none of allocate, bid, solve: nothing else was checked", o.Command)
	}
	k.sort()
	return &k.report
}

// acceptable returns the case as the seller's merit order sees it: a lot bid that would lower the objective, under
// the lot's cost where contribution is maximised and under 0 where revenue is, is turned down, as one under the
// reserve is.
func acceptable(c *auction.Case) *auction.Case {
	seen := *c
	seen.Lots = append([]auction.Lot(nil), c.Lots...)
	for l := range seen.Lots {
		lot, least := &seen.Lots[l], 0.0
		if c.Rules.Objective == auction.Contribution {
			least = lot.Cost
		}
		if least > lot.Reserve {
			lot.Reserve = least
		}
	}
	return &seen
}

// A checker carries one check: the case with its names looked up, the run, and the report so far.
type checker struct {
	c       *auction.Case
	r       *auction.Results
	o       Options
	lot     map[string]int
	bidder  map[string]int
	metric  map[string]int    // row of summary.csv by metric
	replies map[*group]*reply // of a run of bid whose seller decides over lots together
	left    int64             // multiplications that may still go into such a seller's answers
	report  Report
	already map[Finding]bool
}

func newChecker(c *auction.Case, r *auction.Results, o Options) *checker {
	k := &checker{c: c, r: r, o: o, lot: map[string]int{}, bidder: map[string]int{}, metric: map[string]int{}, already: map[Finding]bool{}}
	for i, l := range c.Lots {
		k.lot[l.Name] = i
	}
	for i, b := range c.Bidders {
		k.bidder[b.Name] = i
	}
	for i, m := range r.Summary {
		if first, dup := k.metric[m.Name]; dup {
			k.find(tableSummary, i, "metric", "%q already stands in row %d", m.Name, first+1)
			continue
		}
		k.metric[m.Name] = i
	}
	return k
}

func (k *checker) find(table string, row int, column, format string, args ...any) {
	f := Finding{table, row, column, fmt.Sprintf(format, args...)}
	if !k.already[f] {
		k.already[f] = true
		k.report.Findings = append(k.report.Findings, f)
	}
}

func (k *checker) checked(format string, args ...any) {
	k.report.Checked = append(k.report.Checked, fmt.Sprintf(format, args...))
}

func (k *checker) sort() {
	order := map[string]int{}
	for i, t := range []string{tableSummary, tableBids, tableEquilibrium, tableProfiles, tableAllocation, tablePayments, tableLots, tableLimits, tableNetwork, tableVoid, tableLosing, tableProfits, tableBidLots, tableCurves, tableFacilities, tableNetworkScenarios} {
		order[t] = i
	}
	f := k.report.Findings
	sort.SliceStable(f, func(a, b int) bool {
		if f[a].Table != f[b].Table {
			return order[f[a].Table] < order[f[b].Table]
		}
		return f[a].Row < f[b].Row
	})
}

// same says whether two amounts of money or packages are equal up to rounding.
func same(a, b float64) bool {
	return a == b || math.Abs(a-b) <= relTol*math.Max(1, math.Max(math.Abs(a), math.Abs(b)))
}

// atMost says whether a <= b up to rounding.
func atMost(a, b float64) bool { return a <= b || same(a, b) }

// samePrice says whether two prices are the same point of the grid.
func (k *checker) samePrice(a, b float64) bool { return math.Abs(a-b) <= gridTol*k.c.Rules.PriceStep }

// lotNamed looks a lot up, reporting a name that the case does not know.
func (k *checker) lotNamed(table string, row int, name string) (int, bool) {
	l, ok := k.lot[name]
	if !ok {
		k.find(table, row, "lot", "lots.csv has no lot %q", name)
	}
	return l, ok
}

// bidderNamed looks a bidder up, reporting a name that the case does not know.
func (k *checker) bidderNamed(table string, row int, name string) (int, bool) {
	b, ok := k.bidder[name]
	if !ok {
		k.find(table, row, "bidder", "bidders.csv has no bidder %q", name)
	}
	return b, ok
}

// typeNamed looks a bidder's type up, reporting a name that the case does not know.
func (k *checker) typeNamed(table string, row, bidder int, name string) (int, bool) {
	for t, ty := range k.c.Bidders[bidder].Types {
		if ty.Name == name {
			return t, true
		}
	}
	k.find(table, row, "type", "bidder %q has no type %q", k.c.Bidders[bidder].Name, name)
	return 0, false
}

// unbounded are the columns in which a number may be missing or infinite: a shadow price where the
// model has none, a certificate where a limit struck before there was a bound, a side that a limit leaves open,
// a cost that was not asked for, a price at which a losing bid wins where there is none.
var unbounded = map[string]bool{
	tablePayments + "/core_violation":         true,
	tableLots + "/shadow_price":               true,
	tableEquilibrium + "/best_response_bound": true,
	tableEquilibrium + "/regret_bound":        true,
	tableLimits + "/min":                      true,
	tableLimits + "/max":                      true,
	tableLimits + "/cost":                     true,
	tableLimits + "/slack":                    true,
	tableLosing + "/price":                    true,
	tableLosing + "/accepted_from":            true,
	tableLosing + "/at_least":                 true,
	tableLosing + "/at_most":                  true,
	tableLosing + "/amount":                   true,
}

// numbers reports every cell that is no finite number where one is due.
func (k *checker) numbers() {
	cells := 0
	for _, t := range []struct {
		name string
		rows any
	}{
		{tableBids, k.r.RecommendedBids},
		{tableAllocation, k.r.Allocation},
		{tablePayments, k.r.Payments},
		{tableLots, k.r.Lots},
		{tableLimits, k.r.Limits},
		{tableEquilibrium, k.r.Equilibrium},
		{tableProfiles, k.r.Profiles},
		{tableNetwork, k.r.Network},
		{tableLosing, k.r.Losing},
	} {
		rows := reflect.ValueOf(t.rows)
		for i := range rows.Len() {
			for f := range rows.Index(i).NumField() {
				cell := rows.Index(i).Field(f)
				if cell.Kind() != reflect.Float64 {
					continue
				}
				cells++
				column := rows.Index(i).Type().Field(f).Tag.Get("csv")
				if x := cell.Float(); (math.IsNaN(x) || math.IsInf(x, 0)) && !unbounded[t.name+"/"+column] {
					k.find(t.name, i, column, "%v is no finite number", x)
				}
			}
		}
	}
	k.checked("%d numeric cells are finite", cells)
}

// number returns a metric of the summary; ok is false, with a finding, where it is missing.
func (k *checker) number(name string) (value float64, row int, ok bool) {
	row, ok = k.metric[name]
	if !ok {
		k.find(tableSummary, -1, "metric", "there is no %q", name)
		return math.NaN(), -1, false
	}
	return k.r.Summary[row].Number, row, true
}

// expectMetric reports a metric that is missing or is not want.
func (k *checker) expectMetric(name string, want float64) {
	if got, row, ok := k.number(name); ok && !same(got, want) {
		k.find(tableSummary, row, "value", "%s is %.10g, recomputed %.10g", name, got, want)
	}
}

// expectText reports a metric in words that is there and is not want.
func (k *checker) expectText(name, want string) {
	if row, ok := k.metric[name]; ok && k.r.Summary[row].Text != want {
		k.find(tableSummary, row, "value", "%s is %q, the case says %q", name, k.r.Summary[row].Text, want)
	}
}

// status checks what the run claims of itself against the command's names for it.
func (k *checker) status() {
	if k.r.Command != k.o.Command {
		k.find(tableSummary, -1, "", "the results are of %q, the manifest says %q", k.r.Command, k.o.Command)
	}
	row, ok := k.metric["status"]
	if !ok {
		k.find(tableSummary, -1, "metric", "there is no %q", "status")
		return
	}
	text := k.r.Summary[row].Text
	switch auction.Status(text) {
	case auction.Optimal, auction.WithinGap, auction.LimitStruck, auction.Interrupted:
	default:
		k.find(tableSummary, row, "value", "status %q is none of optimal, within_gap, limit, interrupted", text)
	}
	if k.r.Status != "" && string(k.r.Status) != text {
		k.find(tableSummary, row, "value", "status is %q here and %q in the manifest", text, k.r.Status)
	}
}

// done says whether the run claims to have reached what was asked.
func (k *checker) done() bool {
	if row, ok := k.metric["status"]; ok {
		s := auction.Status(k.r.Summary[row].Text)
		return s == auction.Optimal || s == auction.WithinGap
	}
	return false
}

// bracket checks objective, bound and gap against each other and against the status. Every command
// maximises, so the bound is not under the objective. The gap is relative to the bound or the objective.
func (k *checker) bracket() {
	objective, _, ok1 := k.number("objective")
	bound, boundRow, ok2 := k.number("bound")
	gap, gapRow, ok3 := k.number("gap")
	if !ok1 || !ok2 || !ok3 {
		return
	}
	if math.IsNaN(objective) || math.IsNaN(bound) {
		k.find(tableSummary, boundRow, "value", "objective %v and bound %v bracket nothing", objective, bound)
		return
	}
	if !atMost(objective, bound) {
		k.find(tableSummary, boundRow, "value", "bound %.10g is under the objective %.10g", bound, objective)
	}
	absolute := math.Max(0, bound-objective)
	right := same(absolute, 0) && math.Abs(gap) <= relTol
	for _, base := range []float64{math.Abs(bound), math.Abs(objective)} {
		want := absolute / base
		right = right || math.Abs(gap-want) <= relTol*math.Max(1, want) || math.IsInf(want, 1) && math.IsInf(gap, 1)
	}
	if !right {
		k.find(tableSummary, gapRow, "value", "gap is %.10g, objective %.10g and bound %.10g make %.10g", gap, objective, bound, absolute/math.Abs(bound))
	}
	row, ok := k.metric["status"]
	// Of objectives near 0 the gap is large for no reason: rounding in each part of the case is as good as none.
	if !ok || absolute <= relTol*float64(1+len(k.c.Bids)) {
		return
	}
	switch auction.Status(k.r.Summary[row].Text) {
	case auction.Optimal:
		if largest := math.Max(optimalGap, k.o.Gap); gap > largest+relTol {
			k.find(tableSummary, row, "value", "status is optimal with a gap of %.3g, over the %.3g asked", gap, largest)
		}
	case auction.WithinGap:
		if gap > k.o.Gap+relTol {
			k.find(tableSummary, row, "value", "status is within_gap with a gap of %.3g, over the %.3g asked", gap, k.o.Gap)
		}
	}
}
