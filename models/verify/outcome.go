package verify

import "math"

// What a bid wins: the seller serves each lot highest price first, at equal price the bidder earlier in
// bidders.csv, within a bidder the earlier row. So a row wins
//
//	min(quantity, max(0, capacity - ahead)),   ahead = packages of all rows served before it
//
// and ahead is a sum over rivals that choose independently of each other within a world: its distribution
// is their convolution.

// A bidRow is packages of one lot at a price.
type bidRow struct {
	lot             int
	price, quantity float64
	whole           string // the package that it is of, blank for none
}

// A rival is one other bidder in a world: it bids the rows of one of its options.
type rival struct {
	bidder  int
	options []option
}

type option struct {
	probability float64
	rows        []bidRow
	lots        map[int][]bidRow // the rows by lot; nil where they are few enough to be looked through
}

// manyRows is from how many rows on an option keeps them by lot.
const manyRows = 32

// optionOf is rows bid with a probability.
func optionOf(probability float64, rows []bidRow) option {
	o := option{probability: probability, rows: rows}
	if len(rows) >= manyRows {
		o.lots = map[int][]bidRow{}
		for _, r := range rows {
			o.lots[r.lot] = append(o.lots[r.lot], r)
		}
	}
	return o
}

// near returns the option's rows for the lot, and perhaps others.
func (o *option) near(lot int) []bidRow {
	if o.lots != nil {
		return o.lots[lot]
	}
	return o.rows
}

// A world is a joint situation in which rivals choose independently: a profile of a correlated play, a
// scenario of beliefs, or the one world of independent mixtures.
type world struct {
	probability float64
	rivals      []rival
}

// A probe asks how many packages of the lot are ahead of a bid of this price.
type probe struct {
	lot   int
	price float64
}

// A state is one answer to all probes.
type state struct {
	probability float64
	ahead       []float64
}

// servedBefore says whether a row of bidder i at price p goes before one of another bidder j at price q.
func (k *checker) servedBefore(i int, p float64, j int, q float64) bool {
	if k.samePrice(p, q) {
		return i < j
	}
	return p > q
}

// facing returns the joint distribution of what rivals put ahead of the probes of bidder me, equal
// answers merged and clamped at the lot's capacity; ok is false where more than limit states arise.
func (k *checker) facing(me int, probes []probe, worlds []world, limit int) (states []state, ok bool) {
	merge := func(into map[string]int, list []state, s state) []state {
		key := vectorKey(s.ahead)
		if i, found := into[key]; found {
			list[i].probability += s.probability
			return list
		}
		into[key] = len(list)
		return append(list, s)
	}
	all := map[string]int{}
	for _, w := range worlds {
		now := []state{{w.probability, make([]float64, len(probes))}}
		for _, r := range w.rivals {
			adds := []state{}
			seen := map[string]int{}
			for _, o := range r.options {
				add := make([]float64, len(probes))
				for i, p := range probes {
					for _, row := range o.near(p.lot) {
						if row.lot == p.lot && k.servedBefore(r.bidder, row.price, me, p.price) {
							add[i] += row.quantity
						}
					}
				}
				adds = merge(seen, adds, state{o.probability, add})
			}
			if len(adds) == 1 && adds[0].probability == 1 {
				// A rival with one answer moves every state alike.
				for _, s := range now {
					k.pile(s.ahead, adds[0].ahead, probes)
				}
				continue
			}
			var next []state
			at := map[string]int{}
			for _, s := range now {
				for _, a := range adds {
					sum := append([]float64(nil), s.ahead...)
					k.pile(sum, a.ahead, probes)
					next = merge(at, next, state{s.probability * a.probability, sum})
				}
				if len(next) > limit {
					return nil, false
				}
			}
			now = next
		}
		for _, s := range now {
			states = merge(all, states, s)
		}
		if len(states) > limit {
			return nil, false
		}
	}
	return states, true
}

// pile adds packages ahead, up to the capacity of the lots: more makes no difference.
func (k *checker) pile(ahead, add []float64, probes []probe) {
	for i := range ahead {
		ahead[i] = math.Min(ahead[i]+add[i], k.c.Lots[probes[i].lot].Capacity)
	}
}

// wins returns what each of a bidder's own rows wins in a state of its probes (one a row): its own rows
// are ahead of each other too.
func (k *checker) wins(rows []bidRow, ahead []float64) []float64 {
	won := make([]float64, len(rows))
	for i, r := range rows {
		before := ahead[i]
		for j, s := range rows {
			if s.lot == r.lot && j != i && (k.samePrice(s.price, r.price) && j < i || !k.samePrice(s.price, r.price) && s.price > r.price) {
				before += s.quantity
			}
		}
		won[i] = math.Min(r.quantity, math.Max(0, k.c.Lots[r.lot].Capacity-before))
	}
	return won
}

// An expectation is what a row brings.
type expectation struct{ quantity, payment, win float64 }

// expect returns what each row of a bidder brings against the worlds, lot by lot.
func (k *checker) expect(me int, rows []bidRow, worlds []world) (out []expectation, ok bool) {
	out = make([]expectation, len(rows))
	for _, lot := range lotsOf(rows) {
		var own []bidRow
		var at []int
		var probes []probe
		for i, r := range rows {
			if r.lot == lot {
				own, at, probes = append(own, r), append(at, i), append(probes, probe{lot, r.price})
			}
		}
		states, ok := k.facing(me, probes, worlds, k.o.EnumerationLimit)
		if !ok {
			return nil, false
		}
		for _, s := range states {
			for i, won := range k.wins(own, s.ahead) {
				e := &out[at[i]]
				e.quantity += s.probability * won
				e.payment += s.probability * won * own[i].price
				if won > relTol*math.Min(1, own[i].quantity) {
					e.win += s.probability
				}
			}
		}
	}
	return out, true
}

// lotsOf returns the lots of the rows in the order of their first row.
func lotsOf(rows []bidRow) []int {
	var lots []int
	seen := map[int]bool{}
	for _, r := range rows {
		if !seen[r.lot] {
			seen[r.lot] = true
			lots = append(lots, r.lot)
		}
	}
	return lots
}

// worth returns E[V(w)] - V(0) of the part, and the expected cost and volume of its delivery, for a bidder
// that bids the rows, of which only those at the part's lots count; ok is false where the joint outcomes
// are too many.
func (k *checker) worth(me int, p *part, rows []bidRow, worlds []world) (value float64, expected delivery, ok bool) {
	var own []bidRow
	var at []int
	var probes []probe
	for _, r := range rows {
		for i, l := range p.lots {
			if l == r.lot {
				own, at, probes = append(own, r), append(at, i), append(probes, probe{l, r.price})
			}
		}
	}
	zero := p.none()
	if len(own) == 0 {
		return 0, zero, zero.feasible
	}
	states, ok := k.facing(me, probes, worlds, k.o.EnumerationLimit)
	if !ok {
		return 0, delivery{}, false
	}
	for _, s := range states {
		w := make([]float64, len(p.lots))
		for i, won := range k.wins(own, s.ahead) {
			w[at[i]] += won
		}
		d := p.at(w)
		value += s.probability * (d.net - zero.net)
		expected.net += s.probability * d.net
		expected.cost += s.probability * d.cost
		expected.volume += s.probability * d.volume
	}
	return value, expected, true
}
