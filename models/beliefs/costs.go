package beliefs

import (
	"math"

	"lotwise/models/auction"
	"lotwise/models/network"
)

// FromCosts is what the other bidders would bid by their own costs. A rival's type, drawn by its probability,
// buys in its plan what it would buy if nobody competed:
//
//	x ∈ argmax V(x) − Σ_l reserve_l x_l
//
// and its break-even prices b_l share out what the plan is worth to it, so that it gains nothing at these prices:
//
//	Σ_l b_l x_l = V(x) − V(0),   b_l x_l = λ (V(x_l e_l) − V(0)) + (1−λ) (V(x) − V(x − x_l e_l))
//
// with one λ for lots that interact: each lot counts for something between what it is worth alone and what it is worth
// on top of all others (a compromise value in the manner of Tijs 1981). Where the network is additive, both
// are what the lot saves. The rival bids x_l at b_l (1 − shade), at least the reserve, all quantities cut by one
// factor where they break its budget or volume cap.
//
// Bidders without demand are left out: they bid their rows of bids.csv. It returns an *auction.Infeasible where a
// rival's own routes cannot deliver its demand.
func FromCosts(c *auction.Case, bidder int, o Options) (*Source, error) {
	c = c.Floored()
	var rivals []int
	for b := range c.Bidders {
		if b != bidder && c.Bidders[b].Strategic() {
			rivals = append(rivals, b)
		}
	}
	if err := network.CheckBidders(c, rivals...); err != nil {
		return nil, err
	}
	s := &Source{c: c, correlation: o.Correlation, named: true}
	types := make([][]alternative, len(rivals))
	offers := make([][][]row, len(rivals)) // by rival, type
	for i, b := range rivals {
		for t := range c.Bidders[b].Types {
			types[i] = append(types[i], alternative{c.Bidders[b].Types[t].Name, c.Bidders[b].Types[t].Probability})
			rows := shaded(c, b, breakEvens(c, b, t), o)
			offers[i] = append(offers[i], rows)
			s.spread = s.spread || spreadIn(rows)
		}
	}
	s.draw = func(choose func([]alternative) int) []row {
		var rows []row
		for i := range rivals {
			rows = append(rows, offers[i][choose(types[i])]...)
		}
		return rows
	}
	return s, nil
}

// A want is one lot of a plan.
type want struct {
	lot       int
	quantity  float64
	breakEven float64 // a package
}

// dust is the share of a lot's capacity under which a planned volume is rounding.
const dust = 1e-9

// breakEvens returns the plan of one type of a bidder with its break-even prices.
func breakEvens(c *auction.Case, bidder, typ int) []want {
	var list []want
	for _, n := range network.New(c, bidder, typ).Components() {
		lots := n.Lots()
		if len(lots) == 0 {
			continue
		}
		reserve, all, x := make([]float64, len(lots)), make([]float64, len(lots)), make([]float64, len(lots))
		place := map[int]int{}
		for j, l := range lots {
			reserve[j], all[j], place[l] = c.Lots[l].Reserve, c.Lots[l].Capacity, j
		}
		for _, f := range n.Priced(reserve).Deliver(all).Flows {
			if f.Lot >= 0 {
				x[place[f.Lot]] += f.Volume
			}
		}
		for j := range x {
			if x[j] <= dust*all[j] {
				x[j] = 0
			}
		}
		values := n.NewEvaluator()
		nothing, everything := values.Value(make([]float64, len(lots))), values.Value(x)
		first, last := make([]float64, len(lots)), make([]float64, len(lots))
		var sumFirst, sumLast float64
		for j := range lots {
			if x[j] == 0 {
				continue
			}
			w := make([]float64, len(lots))
			w[j] = x[j]
			first[j] = values.Value(w) - nothing
			copy(w, x)
			w[j] = 0
			last[j] = everything - values.Value(w)
			sumFirst += first[j]
			sumLast += last[j]
		}
		worth := everything - nothing
		lambda := 1.0
		if sumFirst != sumLast {
			lambda = min(1, max(0, (worth-sumLast)/(sumFirst-sumLast)))
		}
		scale := 1.0
		if sum := lambda*sumFirst + (1-lambda)*sumLast; sum > 0 {
			scale = worth / sum
		}
		for j, l := range lots {
			if x[j] > 0 {
				list = append(list, want{l, x[j], scale * (lambda*first[j] + (1-lambda)*last[j]) / x[j]})
			}
		}
	}
	return list
}

// shaded returns what a rival bids for its plan.
func shaded(c *auction.Case, bidder int, plan []want, o Options) []row {
	var rows []row
	money, volume := 0.0, 0.0
	for _, w := range plan {
		reserve := c.Lots[w.lot].Reserve
		price := max(reserve, w.breakEven*(1-o.Shade))
		rows = append(rows, row{bidder: bidder, lot: w.lot, quantity: w.quantity, price: price, spread: o.Spread, group: bidder, floor: reserve})
		money += price * w.quantity
		volume += w.quantity
	}
	b := &c.Bidders[bidder]
	fits := 1.0
	if money > b.Budget {
		fits = b.Budget / money
	}
	if volume > b.MaxVolume {
		fits = math.Min(fits, b.MaxVolume/volume)
	}
	for i := range rows {
		rows[i].quantity *= fits
	}
	return rows
}
