// Package allocation solves the seller's problem: which bids to accept, and what each lot sold for.
//
// The problem is winner determination with packages, least fractions, alternatives (XOR groups),
// required bids, budgets, volume caps and the limits of limits.csv; see formulate.go and limits.go. It falls apart into connected components
// (components.go), each of which is a merit order, a linear program or a mixed-integer program
// (component.go). Among optimal allocations the one that serves earlier bidders first is taken
// (ties.go), and what is written is feasible in exact arithmetic's terms, not the solver's (exact.go).
package allocation

import (
	"fmt"
	"math"

	"lotwise/models/auction"
)

// A Problem is winner determination over some of a case's bids, with the money that the seller counts
// for each. Payment rules solve it again without a bidder, or with other values.
type Problem struct {
	Case  *auction.Case
	Value []float64 // by bid: what the objective earns when all of it is accepted (x = 1)
	Out   []bool    // by bid: never accepted, such as void bids
	// Fee is what the objective loses, by bidder, when any bid of the bidder is accepted; nil for none.
	Fee []float64
	// Within are the bids that there are; nil for all. The problem is then a part of the whole that shares nothing
	// with the rest, and limits that no bid of it counts for are none of its own.
	Within []bool
	// Waived are limits, by row of limits.csv, that are not to be obeyed; nil for none.
	Waived []bool
	// Start is an allocation of some of the bids to start from, by bid; nil for none. It need not
	// meet the limits.
	Start []float64
	// AnyOptimum gives up the tie rule: the optimal value is wanted, whatever allocation has it.
	AnyOptimum bool

	scoped []*auction.ScopedLimit // the case's limits
	given  map[rule]bool          // given up, to see whether the others can be obeyed
}

// NewProblem is the seller's problem of a case, and the bids that are void in it.
func NewProblem(c *auction.Case) (*Problem, []auction.VoidBid) {
	p := &Problem{Case: c, Value: scores(c), Out: make([]bool, len(c.Bids))}
	for i := range c.Limits {
		p.scoped = append(p.scoped, c.Scoped(&c.Limits[i]))
	}
	var voids []auction.VoidBid
	for b := range c.Bids {
		bid := &c.Bids[b]
		if c.Rules.Objective == auction.Contribution {
			for _, r := range bid.Rows {
				p.Value[b] -= c.Lots[r.Lot].Cost * r.Quantity
			}
		}
		if math.Abs(p.Value[b]) <= tieShare*bid.Amount {
			p.Value[b] = 0 // cost and amount are the same but for rounding
		}
		if row, void := bid.Void(c.Lots); void {
			p.Out[b] = true
			voids = append(voids, voidBid(c, bid, row))
		}
	}
	return p, voids
}

func voidBid(c *auction.Case, bid *auction.Bid, row int) auction.VoidBid {
	v := auction.VoidBid{Bidder: c.Bidders[bid.Bidder].Name, Bid: bid.Name}
	if row < 0 {
		reserves := 0.0
		for _, r := range bid.Rows {
			reserves += c.Lots[r.Lot].Reserve * r.Quantity
		}
		v.Reason = fmt.Sprintf("amount %g is under the sum of the reserves, %g", bid.Amount, reserves)
		return v
	}
	lot := &c.Lots[bid.Rows[row].Lot]
	v.Lot = lot.Name
	v.Reason = fmt.Sprintf("price %g is under the reserve, %g", bid.Rows[row].Price, lot.Reserve)
	return v
}
