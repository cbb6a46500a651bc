package bidding

import (
	"math"

	"lotwise/models/auction"
)

// A stake is what a bid's rows for one lot lead to.
type stake struct {
	domain *domain
	place  int   // the lot's in the domain
	rows   []int // of the strategy
	// Expected profit less what it would be without the rows.
	profit float64
}

// stakes returns the stakes of all lots that the network can use, by position in Problem.Lots.
func (p *Problem) stakes(s auction.Strategy, out *Outcome, domains []*domain) []stake {
	list := make([]stake, len(p.Lots))
	rows := p.rows(p.view(), s)
	for _, h := range domains {
		for j, l := range h.lots {
			x := stake{domain: h, place: j, rows: rows[l]}
			if len(x.rows) > 0 {
				x.profit = h.expect(func(t *take) float64 { return t.value - h.with(t, j, 0) })
				for _, r := range x.rows {
					x.profit -= out.Bids[r].Payment
				}
			}
			list[l] = x
		}
	}
	return list
}

// lotRows returns what each lot is worth to the bidder, and what the bid for it leads to.
func (p *Problem) lotRows(c *auction.Case, s auction.Strategy, out *Outcome, stakes []stake) []auction.BidLot {
	var list []auction.BidLot
	for l, x := range stakes {
		h := x.domain
		lot := &c.Lots[p.Lots[l]]
		useful := min(lot.Capacity, h.net.Useful(x.place))
		row := auction.BidLot{Lot: lot.Name, Price: math.NaN(), BreakEvenBid: math.NaN(), UsefulQuantity: useful, ProfitAtStake: x.profit}
		money := 0.0
		for _, r := range x.rows {
			row.Quantity += s[r].Quantity
			row.ExpectedQuantity += out.Bids[r].Quantity
			row.ExpectedPayment += out.Bids[r].Payment
			money += s[r].Quantity * p.Rules.Price(s[r].Tick)
		}
		next := min(1, useful) // one package, or all where the whole lot is less
		row.BreakEvenNext = h.expect(func(t *take) float64 { return h.with(t, x.place, t.won[x.place]+next) - t.value }) / next
		instead := func(q float64) float64 {
			return h.expect(func(t *take) float64 { return h.with(t, x.place, q) - h.with(t, x.place, 0) }) / q
		}
		row.BreakEvenLot = instead(useful)
		if row.Quantity > 0 {
			row.Price, row.BreakEvenBid = money/row.Quantity, instead(row.Quantity)
		}
		row.WinProbability = p.winsAny(s, x.rows, l)
		list = append(list, row)
	}
	return list
}

// winsAny returns the probability that some of a lot's rows wins.
func (p *Problem) winsAny(s auction.Strategy, rows []int, lot int) float64 {
	var bids auction.Strategy
	for _, r := range rows {
		bids = append(bids, s[r])
	}
	probability := 0.0
	var got []float64
	for i := range p.Scenarios {
		got = serve(got, bids, p.Scenarios[i].Supply[lot])
		for r, w := range got {
			if w > won*min(1, bids[r].Quantity) {
				probability += p.Scenarios[i].Probability
				break
			}
		}
	}
	return probability
}
