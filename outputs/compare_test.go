package outputs

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lotwise/models/auction"
)

// assumed is the member of a comparison whose scenario makes one change.
func assumed(name string, probability, revenue float64, outcome, value string, allocation ...auction.AllocationRow) Member {
	m := Member{Name: name, Probability: probability, Manifest: &Manifest{}, Results: &auction.Results{Command: "solve"}}
	if value != "" {
		m.Manifest.Options.Assumption = &Assumption{name, []Change{{"routes", "route=ups", "unit_cost", "multiply", value}}}
	}
	m.Results.Summary = []auction.Metric{
		{Name: "revenue", Number: revenue, Unit: "USD"}, {Name: "outcome:Acme", Text: outcome}, {Name: "profit:Acme", Number: math.NaN()},
	}
	m.Results.Allocation = allocation
	m.Results.Lots = []auction.LotResult{{Lot: "L1", Zone: "Z", Sold: 10}, {Lot: "L2", Zone: "Z"}}
	for _, a := range allocation {
		m.Results.RecommendedBids = append(m.Results.RecommendedBids, auction.RecommendedBid{Bidder: a.Bidder, Lot: a.Lot, Probability: 1, Quantity: a.Quantity, Price: a.Price})
	}
	return m
}

func TestCompare(t *testing.T) {
	acme, beta := auction.AllocationRow{Bidder: "Acme", Lot: "L1", Quantity: 6, Price: 2}, auction.AllocationRow{Bidder: "Beta", Lot: "L1", Quantity: 4, Price: 3}
	more := auction.AllocationRow{Bidder: "Beta", Lot: "L1", Quantity: 7, Price: 3}
	members := []Member{
		assumed("base", 0.5, 100, "gain", "", acme, beta),
		assumed("dear", 0.3, 120, "renewed", "1.1", acme, more),
		assumed("cheap", 0.2, 90, "gain", "0.9", beta),
	}
	c, err := Compare(members, "revenue")
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	equal := cmpopts.EquateNaNs()
	near := cmpopts.EquateApprox(0, 1e-12)
	if d := cmp.Diff([]LotChange{{"L1", "Z", "dear", "Acme", "Beta", 10, 10}, {"L1", "Z", "cheap", "Acme", "Beta", 10, 10}}, c.Lots); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]BidChange{{"Beta", "L1", "dear", 4, 7, 3, 3}, {"Acme", "L1", "cheap", 6, 0, 2, nan}}, c.Bids, equal); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]ExpectedRow{
		{"revenue", "", "USD", 104, 90, 120}, {"outcome:Acme", "gain", "", 0.7, nan, nan}, {"outcome:Acme", "renewed", "", 0.3, nan, nan},
	}, c.Expected, equal, near); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]TornadoRow{{"routes.unit_cost[route=ups]", "revenue", 100, "multiply 0.9", 90, "multiply 1.1", 120, 30}}, c.Tornado); d != "" {
		t.Error(d)
	}
	if got := c.Metrics[1]; got.Run != "dear" || got.Change != 20 || got.Share != 0.2 {
		t.Errorf("%+v", got)
	}
	if _, err := Compare(members, "outcome:Acme"); err == nil || !strings.Contains(err.Error(), "the runs have revenue") {
		t.Errorf("a tornado of text: %v", err)
	}
	members[2].Results.Command = "bid"
	if _, err := Compare(members, "revenue"); err == nil || !strings.Contains(err.Error(), "runs of one command") {
		t.Errorf("runs of two commands: %v", err)
	}

	dir := filepath.Join(t.TempDir(), "compared")
	if err := WriteComparison(dir, false, c, false); err != nil {
		t.Fatal(err)
	}
	if err := WriteComparison(dir, false, c, false); err == nil {
		t.Error("a comparison is replaced without force")
	}
	if err := WriteComparison(dir, true, c, true); err != nil {
		t.Error(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "tornado.csv"))
	if err != nil || string(data) != "assumption,metric,base,low_at,low,high_at,high,swing\nroutes.unit_cost[route=ups],revenue,100,multiply 0.9,90,multiply 1.1,120,30\n" {
		t.Errorf("%s %v", data, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mine.txt"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := WriteComparison(dir, true, c, true); err == nil {
		t.Error("a file of the user's own is removed")
	}
}

func TestIndexIsReadBack(t *testing.T) {
	dir := t.TempDir()
	want := []IndexRow{
		{Scenario: "base", Probability: 0.5, Status: "optimal", Seconds: 1.5, Run: "0123456789abcdef", Metrics: []auction.Metric{{Name: "revenue", Number: 3}, {Name: "concept", Text: "pure"}}},
		{Scenario: "=x", Probability: math.NaN(), Status: "infeasible", Seconds: math.NaN(), Message: "two\nlines"},
	}
	if err := WriteIndex(dir, want, true); err != nil {
		t.Fatal(err)
	}
	got, err := ReadIndex(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmp.Transformer("text", func(m auction.Metric) string {
		if m.Text != "" {
			return m.Name + m.Text
		}
		return m.Name + number(m.Number)
	})); d != "" {
		t.Error(d)
	}
}
