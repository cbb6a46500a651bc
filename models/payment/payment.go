// Package payment says what winners pay. Each rule is one file and one line of the register.
package payment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lotwise/models/auction"
)

// An Auction is what a rule is told: a case, which of its bids the seller accepts, and what the seller
// would earn otherwise. W is the optimal value of the seller's problem, in the money of its objective.
type Auction struct {
	Case *auction.Case
	X    []float64 // by bid: the accepted fraction

	W float64 // what X earns

	// Without is what the seller would do without each of some bidders.
	Without func(ctx context.Context, bidders []int) ([]*Absence, error)
	// Blocking looks for coalitions that gain over slack by blocking the discounts, by bidder, off the bids. Where it
	// finds none, no coalition gains more than most.
	Blocking func(ctx context.Context, discounts []float64, slack float64) (found []Alternative, most float64, err error)
}

// An Alternative is another allocation: with the coalition of its winners the seller can do without the others'
// discounts. Those of the winners that it does without come to its loss at most, or it blocks.
type Alternative struct {
	Without []int   // bidders that have bids accepted and would have none, ascending
	Loss    float64 // W less what it earns
}

// An Absence is what a bidder's bids are worth to the seller.
type Absence struct {
	// Alternative is the best known allocation without the bidder.
	Alternative
	// Low and High are the bracket that bounds leave on W - W(-i), a point where both are proven optimal. Infinite where
	// the limits cannot be met without the bidder.
	Low, High float64
}

// A Charge is what a rule asks for.
type Charge struct {
	Bids    []float64        // by bid: money for what is accepted of it
	Metrics []auction.Metric // what the rule states beyond payments
	// CoreViolation is by how much a coalition may gain from blocking the payments, NaN where the rule does not ask.
	CoreViolation float64
	// Open says that limits on the search have left payments within brackets, or a coalition that might block.
	Open bool
}

// A Rule is one way to charge the winners.
type Rule struct {
	Charge func(context.Context, *Auction) (*Charge, error)
	// Exact says that the rule compares optimal values, so that a gap would go into payments.
	Exact bool
	// undefined says why the rule does not fit a case; nil where it fits all.
	undefined func(*auction.Case) []auction.Conflict
}

// rules by their name in rules.csv.
var rules = map[string]Rule{
	auction.PayAsBid: {Charge: payAsBid},
	auction.Uniform:  {Charge: uniform, undefined: notUniform},
	auction.VCG:      {Charge: vcg, Exact: true},
	auction.Core:     {Charge: core, Exact: true},
}

// Find returns the case's rule. A rule that is not there, or not defined for the case, is refused with
// *auction.Unsupported.
func Find(c *auction.Case) (Rule, error) {
	r, ok := rules[c.Rules.Payment]
	if !ok {
		known := make([]string, 0, len(rules))
		for name := range rules {
			known = append(known, name)
		}
		slices.Sort(known)
		return Rule{}, &auction.Unsupported{Reasons: []auction.Conflict{{
			What: fmt.Sprintf("payment rule %q is not available; set payment in rules.csv to one of %s", c.Rules.Payment, strings.Join(known, ", ")),
		}}}
	}
	if r.undefined != nil {
		if why := r.undefined(c); len(why) > 0 {
			return Rule{}, &auction.Unsupported{Reasons: why}
		}
	}
	return r, nil
}

// won is, by bidder, the money of the accepted bids and the reserve value of their volumes.
func (a *Auction) won() (amount, reserve []float64) {
	amount, reserve = make([]float64, len(a.Case.Bidders)), make([]float64, len(a.Case.Bidders))
	for b, x := range a.X {
		bid := &a.Case.Bids[b]
		amount[bid.Bidder] += bid.Amount * x
		for _, r := range bid.Rows {
			reserve[bid.Bidder] += a.Case.Lots[r.Lot].Reserve * r.Quantity * x
		}
	}
	return amount, reserve
}

// spread charges each bidder a total, over its bids in proportion to what they are accepted for.
func (a *Auction) spread(totals []float64) []float64 {
	amount, _ := a.won()
	bids := make([]float64, len(a.X))
	for b, x := range a.X {
		bid := &a.Case.Bids[b]
		if amount[bid.Bidder] > 0 {
			bids[b] = totals[bid.Bidder] * bid.Amount * x / amount[bid.Bidder]
		}
	}
	return bids
}
