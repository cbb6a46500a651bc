package bidding

import (
	"cmp"
	"slices"

	"lotwise/models/auction"
)

// curveRows returns, for the rows of the bid with most at stake, what the whole bid leads to when the row names
// another price and all else stays: at every price at which something changes, which are those of the residual
// supplies' steps, and at its own. At most so many rows.
func (p *Problem) curveRows(c *auction.Case, s auction.Strategy, out *Outcome, stakes []stake, most int) []auction.CurvePoint {
	var lots []int
	for l := range stakes {
		if len(stakes[l].rows) > 0 {
			lots = append(lots, l)
		}
	}
	slices.SortStableFunc(lots, func(a, b int) int { return cmp.Compare(stakes[b].profit, stakes[a].profit) })
	var list []auction.CurvePoint
	for _, l := range lots {
		for _, r := range stakes[l].rows {
			if most == 0 {
				return list
			}
			most--
			list = append(list, p.curve(c, s, out, l, &stakes[l], r)...)
		}
	}
	return list
}

// curve returns the points of one row, from the lowest price up.
func (p *Problem) curve(c *auction.Case, s auction.Strategy, out *Outcome, lot int, x *stake, row int) []auction.CurvePoint {
	v := p.view()
	ticks := []int64{s[row].Tick}
	for _, supply := range v.supplies[lot] {
		ticks = append(ticks, supply.Ticks...)
	}
	slices.Sort(ticks)
	ticks = slices.Compact(ticks)
	h := x.domain
	was := auction.Strategy{}
	for _, r := range x.rows {
		was = append(was, s[r])
	}
	// Scenarios in which the others win the same and this lot's supply is the same are one.
	type key struct{ take, supply int32 }
	weight := map[key]float64{}
	var keys []key
	for i := range p.Scenarios {
		k := key{h.of[i], v.index[i][lot]}
		if _, ok := weight[k]; !ok {
			keys = append(keys, k)
		}
		weight[k] += p.Scenarios[i].Probability
	}
	var list []auction.CurvePoint
	var won0, won1 []float64
	for _, tick := range ticks {
		rows := slices.Clone(x.rows)
		moved := slices.Clone(s)
		moved[row].Tick = tick
		order(moved, rows)
		var bids auction.Strategy
		for _, r := range rows {
			bids = append(bids, moved[r])
		}
		own := slices.Index(rows, row)
		point := auction.CurvePoint{
			Bid: c.RowName(s, row), Lot: c.Lots[p.Lots[lot]].Name, Quantity: s[row].Quantity, Price: p.Rules.Price(tick),
			ExpectedProfit: out.Profit, Fits: "yes",
		}
		if tick == s[row].Tick {
			point.Recommended = "yes"
		}
		for _, k := range keys {
			supply, t := v.supplies[lot][k.supply], &h.takes[k.take]
			won0 = serve(won0, was, supply)
			won1 = serve(won1, bids, supply)
			quantity, paid := p.sum(won1, bids)
			_, before := p.sum(won0, was)
			q := weight[k]
			point.ExpectedProfit += q * (h.with(t, x.place, quantity) - t.value - (paid - before))
			w := won1[own]
			point.ExpectedQuantity += q * w
			point.ExpectedPayment += q * w * point.Price
			if w > won*min(1, point.Quantity) {
				point.WinProbability += q
			}
		}
		if p.capped() && !p.Fits(moved) {
			point.Fits = "no"
		}
		list = append(list, point)
	}
	return list
}

// sum adds up packages and payment of rows that win so much.
func (p *Problem) sum(won []float64, rows auction.Strategy) (quantity, payment float64) {
	for r, w := range won {
		quantity += w
		payment += w * p.Rules.Price(rows[r].Tick)
	}
	return quantity, payment
}
