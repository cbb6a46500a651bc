package inputs

import (
	"math"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"lotwise/models/auction"
)

// FuzzRead puts any bytes in place of one table of the clean case. Reading never panics, gives the
// same each time, and what it accepts is whole.
func FuzzRead(f *testing.F) {
	clean := fstest.MapFS{}
	for i, table := range Tables {
		data, err := os.ReadFile("testdata/clean/" + table.File())
		if err != nil {
			f.Fatal(err)
		}
		clean[table.File()] = &fstest.MapFile{Data: data}
		f.Add(byte(i), data)
		f.Add(byte(i), []byte(strings.ReplaceAll(string(data), ",", ";")))
	}
	f.Fuzz(func(t *testing.T, table byte, data []byte) {
		folder := fstest.MapFS{}
		for name, file := range clean {
			folder[name] = file
		}
		folder[Tables[int(table)%len(Tables)].File()] = &fstest.MapFile{Data: data}
		c, err := ReadFS(folder, "case")
		again, errAgain := ReadFS(folder, "case")
		if err != nil {
			if c != nil || errAgain == nil || err.Error() != errAgain.Error() {
				t.Fatalf("%v, then %v", err, errAgain)
			}
			return
		}
		if d := cmp.Diff(c, again, same); d != "" {
			t.Fatal(d)
		}
		checkWhole(t, c)
		for _, command := range Commands {
			Requirements(c, command)
		}
		Sizes(c)
		Abilities(c)
		Notes(c)
	})
}

// checkWhole holds a case to what package auction says of a case that has been read.
func checkWhole(t *testing.T, c *auction.Case) {
	t.Helper()
	finite := func(what string, values ...float64) {
		for _, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s is %v", what, v)
			}
		}
	}
	atLeastZero := func(what string, values ...float64) {
		for _, v := range values {
			if !(v >= 0) {
				t.Errorf("%s is %v", what, v)
			}
		}
	}
	one := func(what string, sum float64) {
		if !(math.Abs(sum-1) <= probabilitySlack) {
			t.Errorf("%s sum to %v", what, sum)
		}
	}
	for _, l := range c.Lots {
		finite("a lot", l.Capacity, l.Reserve, l.Cost)
		atLeastZero("capacity", l.Capacity)
	}
	for i := range c.Bidders {
		b := &c.Bidders[i]
		atLeastZero("a bidder's bound", b.Budget, b.MaxVolume)
		sum := 0.0
		for _, ty := range b.Types {
			sum += ty.Probability
			atLeastZero("a type", ty.Probability, ty.ValueFactor, ty.VolumeFactor, ty.AccessCostFactor, ty.UnitCostFactor, ty.FixedCostFactor)
		}
		one("types", sum)
		for _, d := range b.Demand {
			finite("demand", d.Volume)
			atLeastZero("demand", d.Volume)
		}
		for _, r := range b.Routes {
			finite("a route's cost", r.UnitCost)
			atLeastZero("a route's capacity", r.Capacity)
			if r.Facility < -1 || r.Facility >= len(b.Facilities) {
				t.Errorf("facility %d of %d", r.Facility, len(b.Facilities))
			}
		}
		for _, fa := range b.Facilities {
			finite("a facility", fa.FixedCost)
		}
		for l, cost := range b.Access {
			finite("access", cost)
			if l < 0 || l >= len(c.Lots) {
				t.Errorf("access to lot %d of %d", l, len(c.Lots))
			}
		}
	}
	bids := func(list []auction.Bid) {
		for i, b := range list {
			finite("a bid", b.Amount, b.MinFraction)
			if b.Bidder < 0 || b.Bidder >= len(c.Bidders) || b.Requires < -1 || b.Requires >= len(list) || b.Requires == i || b.Name == "" || len(b.Rows) == 0 {
				t.Errorf("bid %+v", b)
			}
			sum := 0.0
			for _, r := range b.Rows {
				finite("a bid row", r.Quantity, r.Price)
				sum += r.Quantity * r.Price
				if r.Lot < 0 || r.Lot >= len(c.Lots) {
					t.Errorf("a bid for lot %d of %d", r.Lot, len(c.Lots))
				}
			}
			if math.Abs(sum-b.Amount) > 1e-9*(1+math.Abs(sum)) {
				t.Errorf("bid %s is for %v, its rows for %v", b.Name, b.Amount, sum)
			}
		}
	}
	bids(c.Bids)
	sum := 0.0
	for _, b := range c.Beliefs {
		sum += b.Probability
		bids(b.Bids)
	}
	one("beliefs", sum)
	for _, l := range c.Limits {
		if l.Min > l.Max {
			t.Errorf("limit %+v", l)
		}
		if _, err := auction.ParseFilter(l.Where); err != nil {
			t.Error(err)
		}
	}
	if !(c.Rules.PriceStep > 0) || c.Rules.BidSteps < 1 {
		t.Errorf("rules %+v", c.Rules)
	}
}
