package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"lotwise/models/auction"
	"lotwise/outputs"
)

// How much a plot shows: what is left out is said beside it.
const (
	mostBars   = 50 // categories of bars
	mostZones  = 30
	mostRuns   = 30
	mostPoints = 2000 // of a scatter, or places of a map
	mostBlocks = 12   // bidders whose networks are shown
)

// Run makes the page of a run. Name is its folder's; c is its case, nil where it is not at hand: then there is no map.
func Run(name string, r *auction.Results, m *outputs.Manifest, c *auction.Case) *Page {
	p := &Page{
		Title: fmt.Sprintf("%s: %s", m.Case, name), Subtitle: subtitle(m), Status: statuses[r.Status], Reached: r.Status == auction.Optimal || r.Status == auction.WithinGap, Claim: claim(r), currency: currencyOf(r),
		Made: made(m),
	}
	p.headline(r)
	p.holdings(r)
	p.places(r, c)
	p.shares(r)
	p.breakEven(r)
	p.curves(r)
	p.profits(r)
	p.networks(r)
	p.convergence(r, m)
	for _, s := range outputs.Sheets(r) {
		p.Tables = append(p.Tables, table(s, captions[s.Name], p.currency, slices.Contains([]string{"summary", "payments"}, s.Name)))
	}
	return p
}

// subtitle says what was run on what.
func subtitle(m *outputs.Manifest) string {
	s := "lotwise " + m.Command
	if m.Options.Bidder != "" {
		s += " for " + m.Options.Bidder
	}
	if m.Options.Type != "" {
		s += ", type " + m.Options.Type
	}
	if a := m.Options.Assumption; a != nil {
		s += ", scenario " + a.Scenario
	}
	return s + " on the case " + m.Case
}

func made(m *outputs.Manifest) string {
	return fmt.Sprintf("lotwise %s, HiGHS %s, seed %d, gap %g, epsilon %g.", m.Version, m.SolverVersion, m.Options.Seed, m.Options.Gap, m.Options.Epsilon)
}

// captions are what the tables of runs, comparisons and sweeps hold.
var captions = map[string]string{
	"summary": "Summary", "recommended_bids": "Recommended bids", "allocation": "Allocation: who gets what and pays what", "payments": "Payments by bidder",
	"lot_results": "Lots: capacity, sold, revenue", "limit_results": "Limits, scope by scope", "equilibrium": "Certificate: strategies, profits and regret",
	"profiles": "Profiles of the joint distribution", "network": "Networks: how packages are delivered", "network_without_lots": "Networks without any lot",
	"convergence": "Convergence, step by step", "bid_lots": "Lots: what they are worth and what the bid for them leads to", "bid_curves": "Expected profit by price",
	"profit_scenarios": "Profit by scenario", "facility_results": "Facilities", "network_scenarios": "Networks by scenario", "beliefs": "Scenarios of rivals' bids",
	"void_bids": "Bids under a reserve", "losing_bids": "Losing bids and the price that would have won",
	"metrics": "Every figure of every run", "lots": "Lots that change hands", "bids": "Bids that move", "expected": "Expected figures over the runs",
	"tornado": "Effect of each assumption alone", "regret": "What each bid earns in each scenario", "index": "Runs of the sweep",
}

// headline adds the figures that a reader looks for first.
func (p *Page) headline(r *auction.Results) {
	p.figure(r, "Objective", "objective", "what the run maximises")
	p.figure(r, "Bound", "bound", "nothing exceeds it")
	p.figure(r, "Relative gap", "gap", "between the two")
	p.figure(r, "Epsilon", "epsilon", "the largest regret")
	p.figure(r, "Relative epsilon", "relative_epsilon", "of what the bidder could earn")
	p.figure(r, "Concept", "concept", "")
	p.figure(r, "Certificate", "certificate", "")
	p.figure(r, "Revenue", "revenue", "")
	p.figure(r, "Contribution", "contribution", "revenue less the seller's cost")
	p.figure(r, "Volume sold", "volume", "")
	p.figure(r, "Share of capacity sold", "sold_share", "")
	p.figure(r, "Standard deviation of profit", "profit_standard_deviation", "over types and scenarios")
	p.figure(r, "Worst profit", "worst_profit", "")
	p.figure(r, "Mean of the worst", "cvar", "CVaR, of the share "+display(metric(r, "tail"), 2)+" of scenarios")
	p.figure(r, "Profit out of sample", "out_of_sample_profit", "on fresh scenarios")
	p.figure(r, "Chance of a loss", "loss_probability", "")
}

// ranked are names by a weight, the heaviest first, equal ones in the order given.
func ranked(names []string, weight map[string]float64) []string {
	list := slices.Clone(names)
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(weight[b], weight[a]) })
	return list
}

// A tally sums values by category and series, both in the order in which they come.
type tally struct {
	categories, series []string
	at                 map[[2]string]float64
	of                 map[string]float64 // by series
	per                map[string]float64 // by category
}

func newTally() *tally {
	return &tally{at: map[[2]string]float64{}, of: map[string]float64{}, per: map[string]float64{}}
}

func (t *tally) add(category, name string, v float64) {
	if _, known := t.per[category]; !known {
		t.categories = append(t.categories, category)
	}
	if _, known := t.of[name]; !known {
		t.series = append(t.series, name)
	}
	t.per[category] += v
	t.of[name] += v
	t.at[[2]string{category, name}] += v
}

// groups are the heaviest series in colours of their own and the rest as one, over the categories.
func (t *tally) groups(categories []string) []group {
	return t.inOrder(categories, ranked(t.series, t.of))
}

// inOrder are the groups with the colours going to the series in this order.
func (t *tally) inOrder(categories, order []string) []group {
	var list []group
	rest := group{name: "others", color: others, values: make([]float64, len(categories))}
	some := false
	for k, name := range order {
		g := group{name: name, values: make([]float64, len(categories))}
		for i, c := range categories {
			g.values[i] = t.at[[2]string{c, name}]
			if k >= len(series) {
				rest.values[i] += g.values[i]
				some = true
			}
		}
		if k < len(series) {
			g.color = series[k]
			list = append(list, g)
		}
	}
	if some {
		list = append(list, rest)
	}
	return list
}

// holdings shows who wins what by zone, and what is left.
func (p *Page) holdings(r *auction.Results) {
	zone, capacity, left := map[string]string{}, map[string]float64{}, map[string]float64{}
	var zones []string
	for _, l := range r.Lots {
		zone[l.Lot] = l.Zone
		if _, known := capacity[l.Zone]; !known {
			zones = append(zones, l.Zone)
		}
		capacity[l.Zone] += l.Capacity
		left[l.Zone] += l.Capacity - l.Sold
	}
	won := newTally()
	for _, a := range r.Allocation {
		if a.Quantity > 0 {
			won.add(zone[a.Lot], a.Bidder, a.Quantity)
		}
	}
	says := "Packages won in each zone, by bidder, and what nobody has."
	if len(zones) > mostZones {
		says = fmt.Sprintf("Packages won in each of the %d zones of most capacity of %d, by bidder, and what nobody has.", mostZones, len(zones))
		zones = ranked(zones, capacity)[:mostZones]
	}
	if len(zones) == 0 {
		p.Notes = append(p.Notes, "The run has no lots.")
		return
	}
	groups := won.groups(zones)
	unsold := group{name: "nobody", color: nobody}
	for _, z := range zones {
		unsold.values = append(unsold.values, math.Max(0, left[z]))
	}
	if most := ranked(won.series, won.of); len(most) > 0 {
		says += fmt.Sprintf(" %s wins most, %s packages.", most[0], amount(won.of[most[0]], ""))
	} else {
		says += " Nothing is sold."
	}
	drawing, err := bars("packages", zones, append(groups, unsold))
	p.add("Who wins what", picture{Name: "winners_by_zone", Title: "Who wins what, by zone.", Says: says, Table: "table-allocation"}, drawing, err)
}

// places shows who has most of the lots at each place, where the case says where lots are.
func (p *Page) places(r *auction.Results, c *auction.Case) {
	if c == nil {
		p.Notes = append(p.Notes, "No map: the case is not at hand. Name it with --case.")
		return
	}
	where := map[string][2]float64{}
	for i := range c.Lots {
		l := &c.Lots[i]
		latitude, err1 := strconv.ParseFloat(strings.TrimSpace(l.Attributes["latitude"]), 64)
		longitude, err2 := strconv.ParseFloat(strings.TrimSpace(l.Attributes["longitude"]), 64)
		if err1 == nil && err2 == nil && math.Abs(latitude) <= 90 && math.Abs(longitude) <= 180 {
			where[l.Name] = [2]float64{longitude, latitude}
		}
	}
	if len(where) == 0 {
		p.Notes = append(p.Notes, "No map: lots.csv has no columns latitude and longitude.")
		return
	}
	// Lots at one place are one point; where points are too many, places are squares of a grid.
	type place struct{ x, y float64 }
	var list []place
	var at map[place]int
	of := map[string]place{}
	for size := 0.0; ; size = math.Max(2*size, 0.05) {
		list, at = nil, map[place]int{}
		for _, l := range r.Lots {
			xy, known := where[l.Lot]
			if !known {
				continue
			}
			key := place{xy[0], xy[1]}
			if size > 0 {
				key = place{(math.Floor(xy[0]/size) + 0.5) * size, (math.Floor(xy[1]/size) + 0.5) * size}
			}
			of[l.Lot] = key
			if _, known := at[key]; !known {
				at[key] = len(list)
				list = append(list, key)
			}
		}
		if len(list) <= mostPoints {
			break
		}
	}
	capacity := make([]float64, len(list))
	most := 0.0
	won := newTally()
	for _, l := range r.Lots {
		if key, known := of[l.Lot]; known {
			capacity[at[key]] += l.Capacity
			most = math.Max(most, capacity[at[key]])
		}
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = strconv.Itoa(i)
	}
	for _, a := range r.Allocation {
		if key, known := of[a.Lot]; known && a.Quantity > 0 {
			won.add(names[at[key]], a.Bidder, a.Quantity)
		}
	}
	unsold := group{name: "nobody", color: others, points: plotter.XYs{}}
	groups := won.groups(names)
	for i, xy := range list {
		best := &unsold
		held := 0.0
		for k := range groups {
			if groups[k].values[i] > held {
				best, held = &groups[k], groups[k].values[i]
			}
		}
		best.points = append(best.points, plotter.XY{X: xy.x, Y: xy.y})
		best.sizes = append(best.sizes, 2+6*math.Sqrt(capacity[i]/math.Max(most, 1)))
	}
	if len(groups) > len(series) {
		groups[len(series)].points = append(groups[len(series)].points, unsold.points...)
		groups[len(series)].sizes = append(groups[len(series)].sizes, unsold.sizes...)
		groups[len(series)].name = "others or nobody"
	} else if len(unsold.points) > 0 {
		groups = append(groups, unsold)
	}
	// A degree of longitude is shorter than one of latitude, by the cosine of the latitude.
	west, east, south, north := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, xy := range list {
		west, east, south, north = math.Min(west, xy.x), math.Max(east, xy.x), math.Min(south, xy.y), math.Max(north, xy.y)
	}
	height := frame + (plotWidth-legendWidth-frame)*(north-south)/math.Max((east-west)*math.Cos((north+south)/2*math.Pi/180), 1e-9)
	drawing, err := scatter("longitude", "latitude", groups, vg.Length(math.Min(math.Max(height, 220), 520)), false)
	p.add("Who wins what", picture{
		Name: "map", Title: "Where.", Says: fmt.Sprintf("%d places; the colour is that of the bidder with most of it, the size that of its capacity.", len(list)), Table: "table-lot_results",
	}, drawing, err)
}

// shares shows how much of the capacity is sold, by service and by columns of lots.csv.
func (p *Page) shares(r *auction.Results) {
	names, values := []string{"all lots"}, []float64{100 * metric(r, "sold_share")}
	if math.IsNaN(values[0]) {
		return
	}
	for _, m := range r.Summary {
		if name, ok := strings.CutPrefix(m.Name, "sold_share:"); ok && !math.IsNaN(m.Number) && len(names) < mostBars {
			names, values = append(names, name), append(values, 100*m.Number)
		}
	}
	rest := make([]float64, len(values))
	for i, v := range values {
		rest[i] = math.Max(0, 100-v)
	}
	drawing, err := bars("percent of capacity sold", names, []group{{name: "sold", color: series[0], values: values}, {name: "not sold", color: nobody, values: rest}})
	p.add("Capacity sold", picture{
		Name: "sold_share", Title: "Share of capacity sold.", Says: "Of all lots " + percent(values[0]/100) + "; below by service and by columns of lots.csv.", Table: "table-summary",
	}, drawing, err)
}

// breakEven shows the price of each lot's bid beside the price at which it would gain nothing.
func (p *Page) breakEven(r *auction.Results) {
	var rows []auction.BidLot
	for _, l := range r.BidLots {
		if l.Quantity > 0 && !math.IsNaN(l.Price) && !math.IsNaN(l.BreakEvenBid) && !math.IsInf(l.BreakEvenBid, 0) {
			rows = append(rows, l)
		}
	}
	if len(rows) == 0 {
		return
	}
	says := fmt.Sprintf("%d lots that the bid names. Right of the broken line the bid is under its break-even price, by what a package earns.", len(rows))
	if len(rows) > mostPoints {
		slices.SortStableFunc(rows, func(a, b auction.BidLot) int { return cmp.Compare(b.Quantity, a.Quantity) })
		says = fmt.Sprintf("The %d lots of most packages of %d that the bid names.", mostPoints, len(rows))
		rows = rows[:mostPoints]
	}
	groups := []group{{name: "wins always", color: series[0]}, {name: "wins sometimes", color: series[1]}, {name: "never wins", color: others}}
	for _, l := range rows {
		k := 1
		switch {
		case l.WinProbability >= 1-1e-9: // a sum of probabilities
			k = 0
		case l.WinProbability <= 0:
			k = 2
		}
		groups[k].points = append(groups[k].points, plotter.XY{X: l.BreakEvenBid, Y: l.Price})
	}
	drawing, err := scatter("break-even price, "+p.currency+" a package", "price of the bid, "+p.currency+" a package", groups, 320, true)
	p.add("Prices", picture{Name: "price_break_even", Title: "Price against break-even price.", Says: says, Table: "table-bid_lots"}, drawing, err)
}

// curves shows what the bid loses when one of its rows names another price.
func (p *Page) curves(r *auction.Results) {
	type row struct{ typ, bid string }
	var rows []row
	points := map[row]plotter.XYs{}
	own := map[row]plotter.XY{}
	for _, c := range r.BidCurves {
		k := row{c.Type, c.Bid}
		if math.IsNaN(c.Price) || math.IsNaN(c.ExpectedProfit) {
			continue
		}
		if points[k] == nil {
			rows = append(rows, k)
		}
		points[k] = append(points[k], plotter.XY{X: c.Price, Y: c.ExpectedProfit})
		if c.Recommended == "yes" {
			own[k] = plotter.XY{X: c.Price, Y: c.ExpectedProfit}
		}
	}
	var groups []group
	var marked []plotter.XY
	for _, k := range rows {
		at, ok := own[k]
		if !ok || len(points[k]) < 2 || len(groups) == len(series) {
			continue
		}
		name := k.bid
		if k.typ != "" {
			name = k.typ + ": " + name
		}
		for i := range points[k] {
			points[k][i].Y -= at.Y
		}
		groups = append(groups, group{name: name, color: series[len(groups)], points: points[k]})
		marked = append(marked, plotter.XY{X: at.X})
	}
	if len(groups) == 0 {
		return
	}
	drawing, err := curves("price of the row, "+p.currency+" a package", "change of expected profit, "+p.currency, groups, marked)
	p.add("Prices", picture{
		Name: "bid_curves", Title: "What another price would do.", Table: "table-bid_curves",
		Says: fmt.Sprintf("Expected profit of the whole bid, less that of the bid as it is, when one row names another price: %d rows of those with most at stake; a dot marks the row's own price.", len(groups)),
	}, drawing, err)
}

// profits shows what each bidder earns, and of bid what it earns in each scenario.
func (p *Page) profits(r *auction.Results) {
	var names []string
	var values []float64
	for _, m := range r.Summary {
		if name, ok := strings.CutPrefix(m.Name, "profit:"); ok && !math.IsNaN(m.Number) && r.Command == "solve" && len(names) < mostBars {
			names, values = append(names, name), append(values, m.Number)
		}
	}
	if len(names) > 0 {
		drawing, err := bars("expected profit, "+p.currency, names, []group{{name: "profit", color: series[0], values: values}})
		p.add("Profits", picture{Name: "profits", Title: "Profit by bidder.", Says: "The expected gain over staying out.", Table: "table-equilibrium"}, drawing, err)
	}
	names, values = nil, nil
	for _, s := range r.ProfitScenarios {
		name := s.Scenario
		if s.Type != "" {
			name = s.Type + ": " + name
		}
		if len(names) < mostBars {
			names, values = append(names, name), append(values, s.Profit)
		}
	}
	if len(names) > 0 {
		says := "What the bid earns in each scenario of its rivals' bids."
		if n := len(r.ProfitScenarios); n > len(names) {
			says = fmt.Sprintf("What the bid earns in the first %d of %d scenarios of its rivals' bids.", len(names), n)
		}
		drawing, err := bars("profit, "+p.currency, names, []group{{name: "profit", color: series[0], values: values}})
		p.add("Profits", picture{Name: "profit_scenarios", Title: "Profit by scenario.", Says: says, Table: "table-profit_scenarios"}, drawing, err)
	}
}

// networks shows how each bidder delivers without any lot and with those it wins.
func (p *Page) networks(r *auction.Results) {
	if len(r.WithoutLots) == 0 {
		return
	}
	lots := map[string]bool{}
	for _, l := range r.Lots {
		lots[l.Lot] = true
	}
	var order []string
	for _, of := range []struct {
		name, title, unit, says string
		value                   func(auction.NetworkRow) float64
	}{
		{"network_volume", "How packages are delivered.", "packages", "Without any lot, and with those that the bidder wins: packages by channel.", func(n auction.NetworkRow) float64 { return n.Volume }},
		{"network_cost", "What delivering costs.", p.currency, "The same in money: access, routes and facilities, without what is paid for lots.", func(n auction.NetworkRow) float64 { return n.Cost }},
	} {
		t := newTally()
		var bidders []string
		for side, rows := range [][]auction.NetworkRow{r.WithoutLots, r.Network} {
			for _, n := range rows {
				if !slices.Contains(bidders, n.Bidder) {
					bidders = append(bidders, n.Bidder)
				}
				channel := n.Channel
				switch {
				case lots[n.Channel]:
					channel = "lots"
				case n.Zone == "" && n.Volume == 0:
					channel = "facilities"
				}
				if v := of.value(n); v > 0 {
					t.add([]string{"before: ", "after: "}[side]+n.Bidder, channel, v)
				}
			}
		}
		says := of.says
		if len(bidders) > mostBlocks {
			says += fmt.Sprintf(" The %d bidders of most.", mostBlocks)
			weight := map[string]float64{}
			for _, b := range bidders {
				weight[b] = t.per["before: "+b] + t.per["after: "+b]
			}
			bidders = ranked(bidders, weight)[:mostBlocks]
		}
		var categories []string
		for _, b := range bidders {
			categories = append(categories, "before: "+b, "after: "+b)
		}
		if order == nil { // the same colours in both
			order = ranked(t.series, t.of)
			order = slices.Insert(order, min(len(order), len(series)-1), "facilities")
		}
		groups := slices.DeleteFunc(t.inOrder(categories, order), func(g group) bool { return !slices.ContainsFunc(g.values, func(v float64) bool { return v > 0 }) })
		drawing, err := bars(of.unit, categories, groups)
		p.add("Networks before and after", picture{Name: of.name, Title: of.title, Says: says, Table: "table-network"}, drawing, err)
	}
}

// convergence shows how close to equilibrium the search had come after each step.
func (p *Page) convergence(r *auction.Results, m *outputs.Manifest) {
	best := map[string]float64{} // by block
	var blocks []string
	longest := 0
	for _, s := range r.Convergence {
		if _, known := best[s.Block]; !known {
			blocks = append(blocks, s.Block)
			best[s.Block] = math.Inf(1)
		}
		longest = max(longest, int(s.Step))
	}
	if longest == 0 {
		return
	}
	// After each step, the block that is farthest; one that has ended stays where it is.
	values := make([]float64, longest)
	by := make([][]auction.ConvergenceRow, longest)
	for _, s := range r.Convergence {
		by[int(s.Step)-1] = append(by[int(s.Step)-1], s)
	}
	for i := range by {
		for _, s := range by[i] {
			best[s.Block] = math.Min(best[s.Block], s.RelativeEpsilon)
		}
		for _, b := range blocks {
			values[i] = math.Max(values[i], best[b])
		}
	}
	last := slices.IndexFunc(values, func(v float64) bool { return !math.IsInf(v, 1) })
	if last < 0 {
		return
	}
	values = values[last:]
	for len(values) > 2 && values[len(values)-1] == values[len(values)-2] && values[len(values)-1] == values[len(values)-3] {
		values = values[:len(values)-1]
	}
	drawing, err := steps("step of the search", "relative epsilon", values, m.Options.Epsilon)
	p.add("Convergence", picture{
		Name: "convergence", Title: "How close to equilibrium.", Table: "table-convergence",
		Says: fmt.Sprintf("The least relative epsilon reached after each step%s: from %s to %s. Asked for were %g; less than a hundredth of that is drawn as that.",
			farthest(len(blocks)), percent(values[0]), percent(values[len(values)-1]), m.Options.Epsilon),
	}, drawing, err)
}

// farthest says which of several blocks is shown.
func farthest(blocks int) string {
	if blocks < 2 {
		return ""
	}
	return fmt.Sprintf(", in the farthest of %d blocks of lots that do not interact", blocks)
}
