package verify

import (
	"math"
	"math/rand/v2"
	"testing"

	"lotwise/models/auction"
)

// TestFutures: four contracts, one for each outcome, and every stated metric changed in turn.
func TestFutures(t *testing.T) {
	c := &auction.Case{
		Lots: []auction.Lot{
			{Name: "L1", Service: "same_day", Capacity: 300, Cost: 1, Attributes: map[string]string{"rural": "1"}},
			{Name: "L2", Service: "next_day", Capacity: 100, Cost: 2, Attributes: map[string]string{"rural": "0"}},
		},
		Bidders: []auction.Bidder{
			{Name: "renews", CurrentVolume: 100, CurrentPayment: 200},
			{Name: "shrinks", CurrentVolume: 100, CurrentPayment: 200},
			{Name: "leaves", CurrentVolume: 100, CurrentPayment: 200},
			{Name: "gains", CurrentVolume: 100, CurrentPayment: 200},
			{Name: "new", CurrentVolume: math.NaN(), CurrentPayment: math.NaN()},
		},
	}
	r := &auction.Results{
		Command: "allocate",
		Allocation: []auction.AllocationRow{
			{Bidder: "renews", Lot: "L1", Quantity: 100},
			{Bidder: "shrinks", Lot: "L1", Quantity: 60},
			{Bidder: "leaves", Lot: "L1", Quantity: 9},
			{Bidder: "gains", Lot: "L1", Quantity: 50},
			{Bidder: "gains", Lot: "L2", Quantity: 40},
			{Bidder: "new", Lot: "L2", Quantity: 20},
		},
		Payments: coreless(
			auction.PaymentRow{Bidder: "renews", Payment: 250}, auction.PaymentRow{Bidder: "shrinks", Payment: 150}, auction.PaymentRow{Bidder: "leaves", Payment: 30},
			auction.PaymentRow{Bidder: "gains", Payment: 170}, auction.PaymentRow{Bidder: "new", Payment: 100}),
		Lots:    []auction.LotResult{{Lot: "L1", Sold: 219, Revenue: 500}, {Lot: "L2", Sold: 60, Revenue: 200}},
		Network: []auction.NetworkRow{channelRow("gains", "Z", "L1", 50, 0), channelRow("gains", "Z", "L2", 40, 0), channelRow("gains", "Z", "vans", 10, 5)},
	}
	r.Summary = []auction.Metric{
		{Name: "outcome:renews", Text: "renewed"},
		{Name: "volume_change:renews", Number: 0},
		{Name: "outcome:shrinks", Text: "cold_peace"},
		{Name: "volume_change:shrinks", Number: -0.4},
		{Name: "outcome:leaves", Text: "separation"},
		{Name: "volume_change:leaves", Number: -0.91},
		{Name: "outcome:gains", Text: "gain"},
		{Name: "volume_change:gains", Number: -0.1},
		{Name: "current_revenue", Number: 800},
		{Name: "revenue_change", Number: -0.125},
		// A package costs (300 + 200) / 400 = 1.25: 800 - 500 today, 700 - 219 - 120 now.
		{Name: "current_contribution", Number: 300},
		{Name: "contribution_change", Number: 361.0/300 - 1},
		{Name: "sold_share:service=next_day", Number: 0.6},
		{Name: "sold_share:service=same_day", Number: 0.73},
		{Name: "sold_share:rural=0", Number: 0.6},
		{Name: "sold_share:rural=1", Number: 0.73},
		{Name: "channel_share:lots", Number: 0.9},
		{Name: "channel_share:vans", Number: 0.1},
	}
	check := func(r *auction.Results) *Report {
		k := newChecker(c, r, Options{Command: "allocate"})
		k.futures()
		return &k.report
	}
	if found := check(r).Findings; len(found) > 0 {
		t.Fatalf("all is right: %v", found)
	}
	for i, m := range r.Summary {
		wrong := clone(r)
		if m.Text != "" {
			wrong.Summary[i].Text = map[string]string{"renewed": "gain", "cold_peace": "renewed", "separation": "cold_peace", "gain": "separation"}[m.Text]
		} else {
			wrong.Summary[i].Number += 1e-4 * math.Max(1, math.Abs(m.Number))
		}
		if found := check(wrong).Findings; len(found) != 1 || found[0].Row != i {
			t.Errorf("%s changed: %v", m.Name, found)
		}
	}
	wrong := clone(r)
	wrong.Summary = append(wrong.Summary[1:], auction.Metric{Name: "outcome:new", Text: "gain"})
	report := check(wrong)
	finds(t, report, tableSummary, "metric", `no "outcome:renews"`)
	finds(t, report, tableSummary, "metric", `outcome could be of: "new"`)
}

// TestOutcomes: the rule of the models and the verifier's agree on random contracts, thresholds included.
func TestOutcomes(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	seen := map[string]int{}
	for range 2000 {
		volume, payment := float64(10*random.IntN(12)), float64(random.IntN(40))/2
		today, paid := float64(10*(1+random.IntN(12))), float64(random.IntN(40))/2
		got := auction.Outcome(today, paid, volume, payment)
		seen[got]++
		if may := outcomes(today, paid, volume, payment); !may[got] || len(may) > 3 {
			t.Errorf("%g for %g after %g for %g: %s, not one of %v", volume, payment, today, paid, got, may)
		}
	}
	for _, o := range []string{auction.Renewed, auction.ColdPeace, auction.Separation, auction.Gain} {
		if seen[o] < 50 {
			t.Errorf("%s only %d times", o, seen[o])
		}
	}
}
