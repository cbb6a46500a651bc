package generate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"lotwise/models/auction"
)

// Distributions are the names that CATS knows.
var Distributions = []string{"arbitrary", "matching", "paths", "regions", "scheduling"}

// CATS draws an auction of single goods, as a case: every good a lot of one package, every bid a bundle, all or
// nothing, the bids of a bidder alternatives of which at most one is accepted (one XOR group a bidder).
//
// The distributions are those of Leyton-Brown, Pearson and Shoham, Towards a universal test suite for
// combinatorial auction algorithms, EC 2000, sections 4.1 to 4.5, with the parameters of their test suite:
//
//	paths       edges of a road network; bidders ship between two cities, a bundle is a way      (paths.go)
//	regions     adjacent pieces of land                                                          (regions.go)
//	arbitrary   goods that go together at random                                                 (regions.go)
//	matching    a take-off and a landing slot                                                    (slots.go)
//	scheduling  consecutive hours of a machine before a deadline                                 (slots.go)
//
// There are exactly as many goods and bids as asked for; the last bidder's alternatives may be cut short. A bid
// that an alternative of the same bidder dominates (fewer goods, no less money) is left out, as the suite does by
// default. Amounts have six significant digits, as in its files.
func CATS(distribution string, goods, bids int, seed uint64) (*auction.Case, error) {
	if goods < 2 || bids < 1 {
		return nil, fmt.Errorf("%d goods and %d bids: want at least 2 goods and 1 bid", goods, bids)
	}
	d := newDraw(distribution, seed)
	var next func() []bundle // the alternatives of the next bidder
	switch distribution {
	case "arbitrary":
		next = newMap(d, goods, arbitrary).alternatives
	case "regions":
		next = newMap(d, goods, regions).alternatives
	case "paths":
		next = newRoads(d, goods).alternatives
	case "matching":
		next = newAirports(d, goods).alternatives
	case "scheduling":
		next = newMachine(d, goods).alternatives
	default:
		return nil, fmt.Errorf("no distribution %q: want one of %v", distribution, Distributions)
	}
	c := newCase(fmt.Sprintf("%s-%d-%d", distribution, goods, bids), seed)
	for l := range goods {
		c.Lots = append(c.Lots, auction.Lot{Name: "g" + strconv.Itoa(l+1), Zone: distribution, Capacity: 1})
	}
	for len(c.Bids) < bids {
		alternatives := undominated(next())
		alternatives = alternatives[:min(len(alternatives), bids-len(c.Bids))]
		if len(alternatives) == 0 {
			continue
		}
		i := len(c.Bidders)
		c.Bidders = append(c.Bidders, newBidder("b"+strconv.Itoa(i+1)))
		for n, a := range alternatives {
			b := auction.Bid{Bidder: i, Name: strconv.Itoa(n + 1), MinFraction: 1, Requires: -1}
			if len(alternatives) > 1 {
				b.Group = "xor"
			}
			for _, g := range a.goods {
				b.Rows = append(b.Rows, auction.BidRow{Lot: g, Quantity: 1})
			}
			byAmount(&b, a.amount)
			c.Bids = append(c.Bids, b)
		}
	}
	return number(c), nil
}

// A bundle is goods, in ascending order, and what is offered for them.
type bundle struct {
	goods  []int
	amount float64
}

func newBundle(goods []int, amount float64) bundle {
	goods = slices.Clone(goods)
	slices.Sort(goods)
	return bundle{goods, six(amount)}
}

// six rounds to six significant digits.
func six(amount float64) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(amount, 'g', 6, 64), 64)
	if err != nil {
		panic(err) // it is what has just been written
	}
	return v
}

// undominated keeps the bundles for more than nothing of which no other has a part of the goods for no less. Of
// equal ones the first is kept.
func undominated(all []bundle) []bundle {
	var kept []bundle
	for i, a := range all {
		dominated := a.amount <= 0
		for j, b := range all {
			if i == j || dominated {
				continue
			}
			same := len(a.goods) == len(b.goods) && a.amount == b.amount
			dominated = b.amount >= a.amount && part(b.goods, a.goods) && (!same || j < i)
		}
		if !dominated {
			kept = append(kept, a)
		}
	}
	return kept
}

// part says whether all of a, ascending, are in b, ascending.
func part(a, b []int) bool {
	for _, g := range a {
		n, ok := slices.BinarySearch(b, g)
		if !ok {
			return false
		}
		b = b[n+1:]
	}
	return true
}

// picked draws an index with probability in proportion to its weight; -1 where all weights are zero.
func (d draw) picked(weights []float64) int {
	total, last := 0.0, -1
	for i, w := range weights {
		if w > 0 {
			total += w
			last = i
		}
	}
	at := d.Float64() * total
	for i, w := range weights {
		if w <= 0 {
			continue
		}
		if at -= w; at < 0 {
			return i
		}
	}
	return last // what rounding has left over
}

// byDistance sorts indices by distance, then by index.
func byDistance(indices []int, distance func(i int) float64) {
	slices.SortFunc(indices, func(a, b int) int {
		return cmp.Or(cmp.Compare(distance(a), distance(b)), cmp.Compare(a, b))
	})
}

func hypot(a, b [2]float64) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }
