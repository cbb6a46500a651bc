package verify

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"lotwise/models/auction"
)

// free are the columns in which some other cell would be as right: recomputation cannot tell a change of
// them, for the reason given.
var free = map[string]string{
	"recommended_bids.csv/bid":         "a row's name, which nothing refers to",
	"void_bids.csv/reason":             "words",
	"losing_bids.csv/reason":           "words",
	"lot_results.csv/shadow_price":     "not unique, and blank in solve and bid; what it must satisfy has a test of its own",
	"summary.csv/unit":                 "words",
	"summary.csv/value/certificate":    "a run that says sampled is not recomputed",
	"summary.csv/value/core_violation": "a bound: a larger one is as right; a smaller one has a test of its own",
}

// asRight says whether a change leaves a run that is as right as it was, as no column as a whole does.
func asRight(f fixture, table string, row int, column string, to any) bool {
	switch table + "/" + column {
	case "recommended_bids.csv/quantity":
		// More than the lot holds, or another part of what loses, wins the same.
		b := f.r.RecommendedBids[row]
		return b.WinProbability == 0 || to.(float64) > b.ExpectedQuantity/b.WinProbability/2
	case "equilibrium.csv/strategy":
		// A strategy that bids nothing is named here alone where there are no profiles.
		for _, b := range f.r.RecommendedBids {
			if e := f.r.Equilibrium[row]; b.Bidder == e.Bidder && b.Type == e.Type && b.Strategy == e.Strategy {
				return false
			}
		}
		return len(f.r.Profiles) == 0
	case "bid_curves.csv/price":
		return f.r.BidCurves[row].WinProbability == 0 && to.(float64) >= 0 // another price that wins nothing
	case "facility_results.csv/capacity":
		return math.IsInf(to.(float64), 1) // more than any number is still without limit
	case "limit_results.csv/cost":
		return math.IsNaN(to.(float64)) // it need not be asked for
	case "network_without_lots.csv/zone":
		return f.r.WithoutLots[row].Volume == 0
	case "network_without_lots.csv/service":
		return f.r.WithoutLots[row].Volume == 0 || to == ""
	case "network.csv/zone":
		return f.r.Network[row].Volume == 0 // a facility is in no zone
	case "network.csv/service":
		// A row may name the service of the channel or of the demand, here blank.
		return f.r.Network[row].Volume == 0 || to == ""
	}
	return false
}

// blurred are the columns in which the change is found in the table, but recomputation cannot tell which
// of some cells that contradict each other is wrong.
var blurred = map[string]string{
	"bid_curves.csv/price":                "what the row leads to no longer follows",
	"network_scenarios.csv/zone":          "volumes of two channels no longer follow",
	"network_scenarios.csv/service":       "likewise",
	"network_scenarios.csv/channel":       "likewise",
	"network_scenarios.csv/volume":        "only the expectation over scenarios follows",
	"network_scenarios.csv/cost":          "likewise",
	"recommended_bids.csv/bidder":         "the row joins or leaves another bidder's strategies",
	"recommended_bids.csv/strategy":       "likewise",
	"recommended_bids.csv/lot":            "likewise: the lot's block, zone or outcome changes",
	"recommended_bids.csv/quantity":       "the row's expectations no longer follow",
	"recommended_bids.csv/price":          "likewise",
	"equilibrium.csv/bidder":              "the strategy's bids, probability and profile rows lose it",
	"equilibrium.csv/type":                "likewise",
	"equilibrium.csv/strategy":            "likewise",
	"equilibrium.csv/block":               "likewise",
	"equilibrium.csv/best_response_bound": "regret_bound is their difference",
	"profiles.csv/profile":                "one profile loses the row, another gains it",
	"allocation.csv/quantity":             "payment no longer follows",
	"network.csv/volume":                  "cost no longer follows, or the zone's volume",
	"lot_results.csv/lot":                 "another lot is missing",
	"network.csv/channel":                 "volumes of two channels no longer follow",
	"summary.csv/metric":                  "a metric is missing",
	"network.csv/cost":                    "of a facility: only the sum over a bidder follows",
	"equilibrium.csv/probability":         "the sum over strategies no longer is 1",
	"profiles.csv/probability":            "the sum over profiles no longer is 1",
	"allocation.csv/lot":                  "two lots no longer follow",
	"allocation.csv/bidder":               "two bidders no longer follow",
	"losing_bids.csv/accepted_from":       "amount no longer follows",
	"losing_bids.csv/at_most":             "with accepted_from it says too much",
	"losing_bids.csv/bidder":              "another bid is missing",
	"losing_bids.csv/bid":                 "likewise",
	"payments.csv/bidder":                 "two bidders no longer follow",
	"network.csv/bidder":                  "two bidders no longer follow",
	"network_without_lots.csv/volume":     "as in network.csv",
	"network_without_lots.csv/channel":    "likewise",
	"network_without_lots.csv/cost":       "likewise",
	"network_without_lots.csv/bidder":     "likewise",
}

// tables returns the tables of a run by file name, as slices that can be set.
func tables(r *auction.Results) map[string]reflect.Value {
	v := reflect.ValueOf(r).Elem()
	return map[string]reflect.Value{
		tableBids: v.FieldByName("RecommendedBids"), tableAllocation: v.FieldByName("Allocation"), tablePayments: v.FieldByName("Payments"),
		tableLots: v.FieldByName("Lots"), tableEquilibrium: v.FieldByName("Equilibrium"), tableProfiles: v.FieldByName("Profiles"),
		tableBidLots: v.FieldByName("BidLots"), tableCurves: v.FieldByName("BidCurves"), tableProfits: v.FieldByName("ProfitScenarios"),
		tableFacilities: v.FieldByName("Facilities"), tableNetworkScenarios: v.FieldByName("NetworkScenarios"),
		tableLimits: v.FieldByName("Limits"), tableNetwork: v.FieldByName("Network"), tableVoid: v.FieldByName("VoidBids"),
		tableLosing: v.FieldByName("Losing"), tableWithoutLots: v.FieldByName("WithoutLots"),
	}
}

// clone copies a run so that a cell can be changed.
func clone(r *auction.Results) *auction.Results {
	out := *r
	copySlices(reflect.ValueOf(r).Elem(), reflect.ValueOf(&out).Elem())
	copySlices(reflect.ValueOf(&r.BidTables).Elem(), reflect.ValueOf(&out.BidTables).Elem())
	return &out
}

func copySlices(from, to reflect.Value) {
	for i := range from.NumField() {
		if f := from.Field(i); f.Kind() == reflect.Slice && !f.IsNil() {
			s := reflect.MakeSlice(f.Type(), f.Len(), f.Len())
			reflect.Copy(s, f)
			to.Field(i).Set(s)
		}
	}
}

// expectFinding demands a finding in the table, and at the row and column where exact.
func expectFinding(t *testing.T, f fixture, r *auction.Results, table string, row int, column string, exact bool, what string) {
	t.Helper()
	report := Check(f.c, r, f.o)
	var found []string
	for _, x := range report.Findings {
		if x.Table == table && (!exact || x.Row == row && x.Column == column) {
			return
		}
		found = append(found, x.String())
	}
	t.Errorf("%s: %s row %d %s: %s: not found; findings:\n\t%s", f.name, table, row+1, column, what, strings.Join(found, "\n\t"))
}

// TestEveryChangedCellIsFound changes every cell of every table of every fixture, one at a time.
func TestEveryChangedCellIsFound(t *testing.T) {
	exact, known := 0, 0
	for _, f := range fixtures() {
		for table, rows := range tables(f.r) {
			for i := range rows.Len() {
				for n := range rows.Index(i).NumField() {
					column := rows.Type().Elem().Field(n).Tag.Get("csv")
					key := table + "/" + column
					if _, ok := free[key]; ok {
						continue
					}
					_, vague := blurred[key]
					try := func(to any) {
						if asRight(f, table, i, column, to) {
							return
						}
						r := clone(f.r)
						tables(r)[table].Index(i).Field(n).Set(reflect.ValueOf(to))
						expectFinding(t, f, r, table, i, column, !vague, fmt.Sprintf("%v -> %v", rows.Index(i).Field(n), to))
						if known++; !vague {
							exact++
						}
					}
					switch cell := rows.Index(i).Field(n); cell.Kind() {
					case reflect.Float64:
						x := cell.Float()
						if math.IsNaN(x) && (table == tableLimits || table == tableLosing || column == "core_violation") {
							try(1.5)
							continue
						}
						for _, y := range []float64{x + 0.25*math.Max(1, math.Abs(x)), x*0.9 - 0.01, x / 8, -x - 1, math.NaN()} {
							if !(math.Abs(x-y) < 1e-3) { // under that it is rounding
								try(y)
							}
						}
					case reflect.String:
						try(cell.String() + "?")
						if cell.String() != "" {
							try("")
						}
					}
				}
			}
		}
		for i, m := range f.r.Summary {
			if _, ok := free["summary.csv/value/"+m.Name]; !ok {
				r := clone(f.r)
				if m.Text != "" {
					r.Summary[i].Text += "?"
				} else {
					r.Summary[i].Number += 0.25 * math.Max(1, math.Abs(m.Number))
				}
				if f.o.Command == "bid" && m.Name == "concept" {
					continue // a best response is none of the concepts: any word goes
				}
				// Of objective, bound and gap the gap is named: it is the difference of the others.
				expectFinding(t, f, r, tableSummary, i, "value", f.o.Command == "solve" || m.Name != "bound", m.Name)
				exact++
				known++
			}
			r := clone(f.r)
			r.Summary[i].Name += "?"
			if m.Name == "certificate" || m.Name == "payment_rule" {
				continue // may be left out
			}
			expectFinding(t, f, r, tableSummary, i, "metric", false, "named "+m.Name+"?")
			known++
		}
	}
	t.Logf("%d changes found in their table, %d of them in their cell", known, exact)
}
