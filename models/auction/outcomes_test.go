package auction

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestOutcome(t *testing.T) {
	for _, tt := range []struct {
		volume, payment float64
		want            string
	}{
		{1000, 2001, Renewed},
		{1500, 4000, Renewed},
		{1000 * (1 - 1e-12), 2500, Renewed},
		{999, 1999, ColdPeace},
		{100, 300, ColdPeace},
		{99, 999, Separation},
		{0, 0, Separation},
		{1000, 2000, Gain},
		{2000, 3999, Gain},
		{500, 1000, Gain},
		{100, 100, Gain},
	} {
		if got := Outcome(1000, 2000, tt.volume, tt.payment); got != tt.want {
			t.Errorf("%v packages for %v: %s, want %s", tt.volume, tt.payment, got, tt.want)
		}
	}
}

func TestOutcomes(t *testing.T) {
	nan := math.NaN()
	c := &Case{
		Rules: DefaultRules(),
		Lots: []Lot{
			{Name: "L1", Service: "same_day", Capacity: 100, Cost: 1, Attributes: map[string]string{"rural": "1", "note": "one"}},
			{Name: "L2", Service: "same_day", Capacity: 300, Cost: 2, Attributes: map[string]string{"rural": "0", "note": "one"}},
		},
		Bidders: []Bidder{
			{Name: "Acme", CurrentVolume: 100, CurrentPayment: 200},
			{Name: "Beta", CurrentVolume: 100, CurrentPayment: 200},
			{Name: "Cent", CurrentVolume: nan, CurrentPayment: nan},
		},
	}
	r := &Results{
		Allocation: []AllocationRow{{Bidder: "Acme", Lot: "L1", Quantity: 50}, {Bidder: "Acme", Lot: "L2", Quantity: 75}, {Bidder: "Cent", Lot: "L2", Quantity: 25}},
		Payments:   []PaymentRow{{Bidder: "Acme", Payment: 500}, {Bidder: "Beta"}, {Bidder: "Cent", Payment: 100}},
		Lots:       []LotResult{{Lot: "L1", Sold: 50, Revenue: 200}, {Lot: "L2", Sold: 100, Revenue: 400}},
		Network: []NetworkRow{
			{Channel: "L1", Volume: 50}, {Channel: "L2", Volume: 100}, {Channel: "vans", Volume: 50}, {Channel: "depot"}, {Channel: "vans", Volume: 200},
		},
	}
	want := []Metric{
		{Name: "outcome:Acme", Text: Renewed},
		{Name: "volume_change:Acme", Number: 0.25},
		{Name: "outcome:Beta", Text: Separation},
		{Name: "volume_change:Beta", Number: -1},
		{Name: "current_revenue", Number: 400, Unit: "USD"},
		{Name: "revenue_change", Number: 0.5},
		{Name: "current_contribution", Number: 400 - 1.75*200, Unit: "USD"},
		{Name: "contribution_change", Number: 350.0/50 - 1},
		{Name: "sold_share:rural=0", Number: 1.0 / 3},
		{Name: "sold_share:rural=1", Number: 0.5},
		{Name: "channel_share:vans", Number: 0.625},
		{Name: "channel_share:lots", Number: 0.375},
	}
	if d := cmp.Diff(want, Outcomes(c, r), cmpopts.EquateApprox(0, 1e-12)); d != "" {
		t.Error(d)
	}
	c.Bidders = c.Bidders[2:]
	r.Network = nil
	if got := Outcomes(c, r); len(got) != 2 { // the shares of rural lots alone
		t.Errorf("%+v", got)
	}
}
