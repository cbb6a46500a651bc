// Package outputs writes what a command found as a run folder of CSV tables with a manifest, and reads
// it back.
//
// The columns of a table are the csv tags of its row type in models/auction, in the order of the
// fields. A number is written in plain decimal notation with up to 14 significant digits;
// NaN is a blank cell, an infinity is inf or -inf. Text that a spreadsheet would take for a
// formula has an apostrophe before it, see text. Rows keep the order that the models gave them.
package outputs

import (
	"reflect"
	"slices"

	"lotwise/models/auction"
)

// A table is one CSV file of a run folder: where its rows stand in the results, and which results
// have it.
type table struct {
	file    string
	columns []column
	row     reflect.Type // what a row is
	has     func(*auction.Results) bool
	write   func(*auction.Results) [][]string        // cells of every row, without the header
	read    func(*auction.Results, *records) []error // the inverse of write
}

// BeliefsFile is the table of a run of bid that holds the scenarios which it built itself.
const BeliefsFile = "beliefs.csv"

// tables are the tables of a run folder. A new one is a line here.
var tables = []table{
	rowsOf("recommended_bids.csv", bids, func(r *auction.Results) *[]auction.RecommendedBid { return &r.RecommendedBids }),
	rowsOf("allocation.csv", every, func(r *auction.Results) *[]auction.AllocationRow { return &r.Allocation }),
	rowsOf("payments.csv", every, func(r *auction.Results) *[]auction.PaymentRow { return &r.Payments }),
	rowsOf("lot_results.csv", every, func(r *auction.Results) *[]auction.LotResult { return &r.Lots }),
	rowsOf("limit_results.csv", allocates, func(r *auction.Results) *[]auction.LimitResult { return &r.Limits }),
	rowsOf("equilibrium.csv", bids, func(r *auction.Results) *[]auction.EquilibriumRow { return &r.Equilibrium }),
	rowsOf("profiles.csv", correlated, func(r *auction.Results) *[]auction.ProfileRow { return &r.Profiles }),
	rowsOf("network.csv", bids, func(r *auction.Results) *[]auction.NetworkRow { return &r.Network }),
	rowsOf("network_without_lots.csv", bids, func(r *auction.Results) *[]auction.NetworkRow { return &r.WithoutLots }),
	rowsOf("convergence.csv", solves, func(r *auction.Results) *[]auction.ConvergenceRow { return &r.Convergence }),
	rowsOf("bid_lots.csv", answers, func(r *auction.Results) *[]auction.BidLot { return &r.BidLots }),
	rowsOf("bid_curves.csv", answers, func(r *auction.Results) *[]auction.CurvePoint { return &r.BidCurves }),
	rowsOf("profit_scenarios.csv", answers, func(r *auction.Results) *[]auction.ProfitScenario { return &r.ProfitScenarios }),
	rowsOf("facility_results.csv", answers, func(r *auction.Results) *[]auction.FacilityResult { return &r.Facilities }),
	rowsOf("network_scenarios.csv", perScenario, func(r *auction.Results) *[]auction.NetworkScenario { return &r.NetworkScenarios }),
	rowsOf(BeliefsFile, believes, func(r *auction.Results) *[]auction.BeliefRow { return &r.Beliefs }),
	rowsOf("void_bids.csv", allocates, func(r *auction.Results) *[]auction.VoidBid { return &r.VoidBids }),
	rowsOf("losing_bids.csv", losing, func(r *auction.Results) *[]auction.LosingBid { return &r.Losing }),
	summary,
}

func every(*auction.Results) bool       { return true }
func allocates(r *auction.Results) bool { return r.Command == "allocate" }
func losing(r *auction.Results) bool    { return r.Losing != nil }
func bids(r *auction.Results) bool      { return r.Command == "bid" || r.Command == "solve" }
func solves(r *auction.Results) bool    { return r.Command == "solve" }
func answers(r *auction.Results) bool   { return r.Command == "bid" }
func perScenario(r *auction.Results) bool {
	return answers(r) && len(r.NetworkScenarios) > 0
}
func believes(r *auction.Results) bool   { return answers(r) && len(r.Beliefs) > 0 }
func correlated(r *auction.Results) bool { return r.Command == "solve" && len(r.Profiles) > 0 }

// summary is the table of metrics: its value is text or a number.
var summary = func() table {
	type row struct {
		Metric string  `csv:"metric"`
		Value  summand `csv:"value"`
		Unit   string  `csv:"unit"`
	}
	rows := rowsOf("summary.csv", every, func(r *auction.Results) *[]row { return nil })
	rows.write = func(r *auction.Results) [][]string {
		metrics := r.Summary
		if !slices.ContainsFunc(metrics, func(m auction.Metric) bool { return m.Name == "status" }) {
			metrics = slices.Concat([]auction.Metric{{Name: "status", Text: string(r.Status)}}, metrics)
		}
		var list []row
		for _, m := range metrics {
			list = append(list, row{m.Name, summand{m.Text, m.Number}, m.Unit})
		}
		return encode(rows.columns, list)
	}
	rows.read = func(r *auction.Results, from *records) []error {
		list, errs := decode[row](rows.columns, from)
		for _, m := range list {
			r.Summary = append(r.Summary, auction.Metric{Name: m.Metric, Text: m.Value.text, Number: m.Value.number, Unit: m.Unit})
		}
		return errs
	}
	return rows
}()

// rowsOf is the table of the rows in one field of the results.
func rowsOf[T any](file string, has func(*auction.Results) bool, field func(*auction.Results) *[]T) table {
	columns := columnsOf[T]()
	return table{
		file: file, columns: columns, row: reflect.TypeFor[T](), has: has,
		write: func(r *auction.Results) [][]string { return encode(columns, *field(r)) },
		read: func(r *auction.Results, from *records) (errs []error) {
			*field(r), errs = decode[T](columns, from)
			return errs
		},
	}
}

// header returns the names of the table's columns.
func (t *table) header() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}
