package auction

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMeritOrder(t *testing.T) {
	inf := math.Inf(1)
	for _, tt := range []struct {
		name string
		lot  Lot
		rows []Offer
		want []float64
	}{
		{"nobody", Lot{Capacity: 5}, nil, []float64{}},
		{"highest price first", Lot{Capacity: 5}, []Offer{{0, 1, 3}, {1, 2, 4}}, []float64{1, 4}},
		{"ties by bidder", Lot{Capacity: 5}, []Offer{{1, 2, 4}, {0, 2, 4}}, []float64{1, 4}},
		{"ties of one bidder by row", Lot{Capacity: 5}, []Offer{{0, 2, 4}, {0, 2, 4}}, []float64{4, 1}},
		{"the reserve is enough, less is void", Lot{Capacity: 5, Reserve: 0.3}, []Offer{{0, 0.29, 4}, {1, 0.1 + 0.2, 2}, {2, 0.3, 2}}, []float64{0, 2, 2}},
		{"a price of 0 is served last", Lot{Capacity: 5}, []Offer{{0, 0, 9}, {1, 1, 2}}, []float64{3, 2}},
		{"no capacity", Lot{}, []Offer{{0, 1, 1}}, []float64{0}},
		{"boundless capacity", Lot{Capacity: inf}, []Offer{{0, 1, 1}, {0, 2, 1}}, []float64{1, 1}},
	} {
		if diff := cmp.Diff(tt.want, MeritOrder(&tt.lot, tt.rows)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// With integer numbers the optimum is found by handing out package after package; among optima the
// volumes are compared bidder by bidder, then row by row.
func TestMeritOrderAgainstEnumeration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lot := Lot{Capacity: float64(rapid.IntRange(0, 5).Draw(t, "capacity")), Reserve: float64(rapid.IntRange(0, 2).Draw(t, "reserve"))}
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Offer {
			return Offer{
				Bidder:   rapid.IntRange(0, 2).Draw(t, "bidder"),
				Price:    float64(rapid.IntRange(0, 4).Draw(t, "price")),
				Quantity: float64(rapid.IntRange(0, 3).Draw(t, "quantity")),
			}
		}), 0, 4).Draw(t, "rows")
		best := make([]float64, len(rows))
		won := make([]float64, len(rows))
		var visit func(r int, left float64)
		visit = func(r int, left float64) {
			if r == len(rows) {
				if better(rows, won, best) {
					copy(best, won)
				}
				return
			}
			for v := 0.0; v <= min(left, rows[r].Quantity); v++ {
				if v > 0 && rows[r].Price < lot.Reserve {
					break
				}
				won[r] = v
				visit(r+1, left-v)
			}
			won[r] = 0
		}
		visit(0, lot.Capacity)
		if diff := cmp.Diff(best, MeritOrder(&lot, rows)); diff != "" {
			t.Fatalf("(-enumerated +got):\n%s", diff)
		}
	})
}

// better compares revenue, then volumes bidder by bidder, then row by row.
func better(rows []Offer, a, b []float64) bool {
	var revenue [2]float64
	var volume [2][3]float64
	for r := range rows {
		revenue[0] += rows[r].Price * a[r]
		revenue[1] += rows[r].Price * b[r]
		volume[0][rows[r].Bidder] += a[r]
		volume[1][rows[r].Bidder] += b[r]
	}
	if revenue[0] != revenue[1] {
		return revenue[0] > revenue[1]
	}
	for i := range volume[0] {
		if volume[0][i] != volume[1][i] {
			return volume[0][i] > volume[1][i]
		}
	}
	for r := range rows {
		if a[r] != b[r] {
			return a[r] > b[r]
		}
	}
	return false
}

func TestMeritServesWithoutAllocating(t *testing.T) {
	lot := Lot{Capacity: 10, Reserve: 1}
	rows := []Offer{{2, 3, 4}, {0, 3, 4}, {1, 9, 1}, {0, 0, 8}, {1, 2, 4}, {3, 5, 3}}
	var m Merit
	won := make([]float64, 0, len(rows))
	if n := testing.AllocsPerRun(100, func() { won = m.Serve(won, &lot, rows) }); n != 0 {
		t.Errorf("%v allocations a lot, want none", n)
	}
}

func TestVoid(t *testing.T) {
	lots := []Lot{{Reserve: 0.1}, {Reserve: 2}}
	for _, tt := range []struct {
		name string
		bid  Bid
		row  int
		void bool
	}{
		{"at the reserves", Bid{Rows: []BidRow{{Lot: 0, Price: 0.1}, {Lot: 1, Price: 2}}}, -1, false},
		{"a row under its reserve", Bid{Rows: []BidRow{{Lot: 0, Price: 9}, {Lot: 1, Price: 1.99}}}, 1, true},
		{"an amount of the reserves", Bid{ByAmount: true, Amount: 6.3, Rows: []BidRow{{Lot: 0, Quantity: 3}, {Lot: 1, Quantity: 3}}}, -1, false},
		{"an amount under the reserves", Bid{ByAmount: true, Amount: 6.29, Rows: []BidRow{{Lot: 0, Quantity: 3, Price: 9}, {Lot: 1, Quantity: 3, Price: 9}}}, -1, true},
	} {
		if row, void := tt.bid.Void(lots); row != tt.row || void != tt.void {
			t.Errorf("%s: got row %d, %v, want %d, %v", tt.name, row, void, tt.row, tt.void)
		}
	}
}

func BenchmarkMerit(b *testing.B) {
	lot := Lot{Capacity: 100}
	rows := make([]Offer, 20)
	for i := range rows {
		rows[i] = Offer{Bidder: i % 7, Price: float64(i * 37 % 11), Quantity: 10}
	}
	var m Merit
	var won []float64
	for b.Loop() {
		won = m.Serve(won, &lot, rows)
	}
}
