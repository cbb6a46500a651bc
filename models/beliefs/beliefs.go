// Package beliefs builds one bidder's picture of its rivals where nobody has written it down: from the rivals'
// own costs (FromCosts), from a past run (FromRun) or from a price index (FromIndex).
//
// Each is a distribution of what rivals bid. A draw of it makes choices (a rival's type, its strategy in a
// block of lots, a profile of joint play) which say the rows that are bid, and then moves their prices:
//
//	price_r = mean_r · exp(σ_r z_gl − σ_r²/2)        σ_r² = ln(1 + spread_r²)
//	z_gl    = √ρ z_g + √(1−ρ) e_gl                   z_g, e_gl independent standard normal
//
// lognormal, with the mean and spread · mean for a standard deviation; g is the rival (of an index: the whole
// market), l the lot, and ρ the correlation of one rival's prices in two lots. Prices are then taken to the grid.
//
// Without spread the choices have finitely many outcomes. Where these are few they are listed with their
// probabilities, and nothing is left to chance; else scenarios are sampled (sample average approximation; Kleywegt,
// Shapiro and Homem-de-Mello, SIAM J. Optim. 12, 2002).
package beliefs

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"lotwise/models/auction"
)

// Options say how a source moves prices.
type Options struct {
	Shade       float64 // FromCosts: the share of its break-even price by which a rival bids less
	Spread      float64 // standard deviation of a price as a share of it
	Correlation float64 // ρ, of one rival's prices in two lots
}

// A Source is a distribution of what the rivals of one bidder bid.
type Source struct {
	c *auction.Case
	// draw returns the rows of one outcome; choose makes its choices.
	draw        func(choose func([]alternative) int) []row
	named       bool // the alternatives' names say what an outcome is
	correlation float64
	spread      bool // some row's price is random
}

// An alternative is one of those that a choice has.
type alternative struct {
	name        string
	probability float64
}

// A row is a rival's bid for a lot before its price is moved.
type row struct {
	bidder, lot int
	quantity    float64
	price       float64 // mean
	spread      float64
	group       int     // whose level the price follows
	floor       float64 // the price is never moved under it; -Inf for none
}

// Enumerate returns all outcomes with their probabilities; ok is false where prices have a spread or there are
// more outcomes than most.
func (s *Source) Enumerate(most int) (list []auction.Belief, ok bool) {
	if s.spread {
		return nil, false
	}
	// The path of choices is an odometer: each outcome replays it and takes the first alternative from its end on.
	var path, widths []int
	total := 0.0
	var labels []string
	for {
		probability, step := 1.0, 0
		widths = widths[:0]
		var words []string
		rows := s.draw(func(a []alternative) int {
			if step == len(path) {
				path = append(path, 0)
			}
			k := path[step]
			widths = append(widths, len(a))
			probability *= a[k].probability
			if len(a) > 1 {
				words = append(words, a[k].name)
			}
			step++
			return k
		})
		if probability > 0 {
			if len(list) == most {
				return nil, false
			}
			list = append(list, s.belief(rows, nil))
			list[len(list)-1].Probability = probability
			labels = append(labels, strings.Join(words, "/"))
			total += probability
		}
		for len(path) > 0 && path[len(path)-1]+1 == widths[len(path)-1] {
			path = path[:len(path)-1]
		}
		if len(path) == 0 {
			break
		}
		path[len(path)-1]++
	}
	for i := range list {
		list[i].Probability = tidy(list[i].Probability / total)
	}
	number(list)
	if s.named && !slices.Contains(labels, "") && len(slices.Compact(slices.Sorted(slices.Values(labels)))) == len(list) {
		for i := range list {
			list[i].Scenario = labels[i]
		}
	}
	return list, true
}

// Sample returns n independent outcomes, equal ones merged: their probabilities are multiples of 1/n.
func (s *Source) Sample(n int, random *rand.Rand) []auction.Belief {
	var list []auction.Belief
	at := map[string]int{}
	count := []float64{}
	for range n {
		rows := s.draw(func(a []alternative) int {
			x := random.Float64()
			for k := range a {
				if x -= a[k].probability; x < 0 {
					return k
				}
			}
			return len(a) - 1
		})
		b := s.belief(rows, random)
		key := keyOf(b.Bids)
		k, found := at[key]
		if !found {
			k = len(list)
			at[key] = k
			list = append(list, b)
			count = append(count, 0)
		}
		count[k]++
	}
	for k := range list {
		list[k].Probability = tidy(count[k] / float64(n))
	}
	number(list)
	return list
}

// number names scenarios by their place.
func number(list []auction.Belief) {
	digits := len(strconv.Itoa(len(list)))
	for i := range list {
		list[i].Scenario = fmt.Sprintf("s%0*d", digits, i+1)
	}
}

// belief writes an outcome's rows as bids at prices moved by random numbers; nil leaves the means. Rows that end up
// under a lot's reserve are void and left out; of bidders without demand they stay, so that the beliefs speak of them
// in every scenario, and not bids.csv.
func (s *Source) belief(rows []row, random *rand.Rand) auction.Belief {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.bidder, b.bidder), cmp.Compare(a.lot, b.lot), cmp.Compare(b.price, a.price))
	})
	type place struct{ group, lot int }
	level, own := map[int]float64{}, map[place]float64{}
	normal := func(r *row) float64 {
		g, ok := level[r.group]
		if !ok {
			g = random.NormFloat64()
			level[r.group] = g
		}
		e, ok := own[place{r.group, r.lot}]
		if !ok {
			e = random.NormFloat64()
			own[place{r.group, r.lot}] = e
		}
		return math.Sqrt(s.correlation)*g + math.Sqrt(1-s.correlation)*e
	}
	var b auction.Belief
	for i := range rows {
		r := &rows[i]
		price := r.price
		if r.spread > 0 {
			variance := math.Log1p(r.spread * r.spread)
			price *= math.Exp(math.Sqrt(variance)*normal(r) - variance/2)
		}
		tick := int64(math.Round(price / s.c.Rules.PriceStep))
		if !math.IsInf(r.floor, -1) {
			tick = max(tick, s.c.Rules.TickUp(r.floor))
		}
		price = s.c.Rules.Price(tick)
		if quantity := tidy(r.quantity); quantity > 0 && (!s.c.Bidders[r.bidder].Strategic() || !auction.UnderReserve(price, s.c.Lots[r.lot].Reserve)) {
			b.Bids = append(b.Bids, auction.Bid{
				Bidder: r.bidder, Name: "row " + strconv.Itoa(len(b.Bids)+1), Amount: price * quantity, Requires: -1,
				Rows: []auction.BidRow{{Lot: r.lot, Quantity: quantity, Price: price}},
			})
		}
	}
	return b
}

// digits is how many significant digits a quantity or probability has: fewer than a table is written with, so that
// what is read back is the same number. Probabilities still sum to 1 far within what a reader allows.
const digits = 12

func tidy(x float64) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', digits, 64), 64)
	if err != nil {
		return x
	}
	return v
}

// keyOf is equal for equal bids.
func keyOf(bids []auction.Bid) string {
	key := make([]byte, 0, 24*len(bids))
	for i := range bids {
		r := &bids[i].Rows[0]
		key = binary.LittleEndian.AppendUint32(key, uint32(bids[i].Bidder))
		key = binary.LittleEndian.AppendUint32(key, uint32(r.Lot))
		key = binary.LittleEndian.AppendUint64(key, math.Float64bits(r.Price))
		key = binary.LittleEndian.AppendUint64(key, math.Float64bits(r.Quantity))
	}
	return string(key)
}

// spreadIn says whether some row's price is random.
func spreadIn(rows []row) bool {
	return slices.ContainsFunc(rows, func(r row) bool { return r.spread > 0 })
}
