package auction

import (
	"cmp"
	"math"
	"slices"
)

// reserveSlack is how far, relatively, money may fall short of a reserve and still meet it: an amount
// and the sum of reserves it is compared with are both sums of decimals, which have no exact binary
// value. It is far under one cent in any price or amount that is told to the cent.
const reserveSlack = 1e-12

// UnderReserve says whether money (a price, or a package's amount) does not meet a reserve (of a lot,
// or summed over the package).
func UnderReserve(money, reserve float64) bool {
	return money < reserve-reserveSlack*math.Abs(reserve)
}

// Void says whether the bid is never accepted because it is under a reserve: the price of a row under
// its lot's reserve, or a package's amount under the sum of its rows' reserves. Row is the first such
// row, -1 for a package with an amount.
func (b *Bid) Void(lots []Lot) (row int, void bool) {
	if b.ByAmount {
		reserves := 0.0
		for i := range b.Rows {
			reserves += lots[b.Rows[i].Lot].Reserve * b.Rows[i].Quantity
		}
		return -1, UnderReserve(b.Amount, reserves)
	}
	for i := range b.Rows {
		if UnderReserve(b.Rows[i].Price, lots[b.Rows[i].Lot].Reserve) {
			return i, true
		}
	}
	return -1, false
}

// An Offer is a divisible row of one lot: up to Quantity packages at Price a package.
type Offer struct {
	Bidder   int // position in Case.Bidders: the earlier is served first at equal price
	Price    float64
	Quantity float64
}

// MeritOrder is the seller's answer to divisible bids for one lot where nothing but capacity limits
// what is accepted:
//
//	max  Σ_r price_r v_r   s.t.  Σ_r v_r ≤ capacity,  0 ≤ v_r ≤ quantity_r,  v_r = 0 under the reserve
//
// and among its optima the one that serves earlier bidders first, then earlier rows: the highest price
// takes what it wants, then the next, until the capacity is given out. It returns the accepted packages
// of each row.
func MeritOrder(lot *Lot, rows []Offer) []float64 {
	var m Merit
	return m.Serve(make([]float64, 0, len(rows)), lot, rows)
}

// Merit serves lot after lot without allocating once it has seen the largest. The zero value is ready;
// one Merit is for one goroutine.
type Merit struct {
	order []int32
}

// Serve is MeritOrder with the accepted packages written to won, which is resliced (and grown where too
// small) to one number a row.
func (m *Merit) Serve(won []float64, lot *Lot, rows []Offer) []float64 {
	won = slices.Grow(won[:0], len(rows))[:len(rows)]
	clear(won)
	left := lot.Capacity
	for _, r := range m.Rank(lot, rows) {
		won[r] = min(rows[r].Quantity, left)
		left -= won[r]
	}
	return won
}

// Rank returns the rows that meet the lot's reserve in the order in which they are served; the slice is
// valid until the next call.
func (m *Merit) Rank(lot *Lot, rows []Offer) []int32 {
	m.order = m.order[:0]
	for r := range rows {
		if !UnderReserve(rows[r].Price, lot.Reserve) {
			m.order = append(m.order, int32(r))
		}
	}
	slices.SortFunc(m.order, func(a, b int32) int {
		return cmp.Or(
			cmp.Compare(rows[b].Price, rows[a].Price),
			cmp.Compare(rows[a].Bidder, rows[b].Bidder),
			cmp.Compare(a, b))
	})
	return m.order
}
