// Package payment says what winners pay. Each rule is one file and one line of the register.
package payment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lotwise/models/auction"
)

// An Auction is what a rule is told: a case and which of its bids the seller accepts.
type Auction struct {
	Case *auction.Case
	X    []float64 // by bid: the accepted fraction
}

// A Charge is what a rule asks for.
type Charge struct {
	Bids    []float64        // by bid: money for what is accepted of it
	Metrics []auction.Metric // what the rule states beyond payments
}

// A Rule charges the winners.
type Rule func(context.Context, *Auction) (*Charge, error)

// A method is a rule with the cases it is defined for.
type method struct {
	charge    Rule
	undefined func(*auction.Case) []auction.Conflict // why the rule does not fit the case; nil where it fits all
}

// rules by their name in rules.csv.
var rules = map[string]method{
	auction.PayAsBid: {charge: payAsBid},
	auction.Uniform:  {charge: uniform, undefined: notUniform},
}

// Find returns the case's rule. A rule that is not there, or not defined for the case, is refused with
// *auction.Unsupported.
func Find(c *auction.Case) (Rule, error) {
	m, ok := rules[c.Rules.Payment]
	if !ok {
		known := make([]string, 0, len(rules))
		for name := range rules {
			known = append(known, name)
		}
		slices.Sort(known)
		return nil, &auction.Unsupported{Reasons: []auction.Conflict{{
			What: fmt.Sprintf("payment rule %q is not available; set payment in rules.csv to one of %s", c.Rules.Payment, strings.Join(known, ", ")),
		}}}
	}
	if m.undefined != nil {
		if why := m.undefined(c); len(why) > 0 {
			return nil, &auction.Unsupported{Reasons: why}
		}
	}
	return m.charge, nil
}
