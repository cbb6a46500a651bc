// Package auction holds the case and its results as plain types: what the tables of a case say, what
// the tables of a run say, and the arithmetic both sides of the table share (prices on the grid, the
// seller's merit order).
//
// Volumes are packages over the contract period, money is in the case's currency, costs and prices are
// per package unless a field says otherwise. Lots, bidders, bids and types are known by their position
// in the case's slices; names are for people. A Case that inputs has read is valid: every index is in
// range, every number finite or +Inf where the table allows it, every set of probabilities sums to 1.
package auction

import (
	"math"
	"slices"
)

// A Case is one auction: what is for sale, who bids, and by which rules.
type Case struct {
	Name        string // the folder's or the embedded case's name
	Lots        []Lot
	Bidders     []Bidder
	Bids        []Bid // bids.csv: packages in the order of their first row
	Limits      []Limit
	Adjustments []Adjustment
	Beliefs     []Belief // beliefs.csv: one bidder's picture of its rivals
	Rules       Rules
	Assumptions []Assumption // scenarios.csv: the cost assumptions
	// Has says which tables the case holds, by table name ("lots", "beliefs", ...).
	Has map[string]bool
}

// A Source is where a row stands, for messages to its author.
type Source struct {
	File string
	Line int
}

// Floored returns the case with each lot's reserve at the least price the seller accepts for a divisible
// bid: under the objective contribution that is not under its cost, under revenue not under 0, whatever the
// reserve. The merit order of the floored case is the seller's answer to such bids.
func (c *Case) Floored() *Case {
	floor := func(l *Lot) float64 {
		if c.Rules.Objective == Contribution {
			return max(l.Reserve, l.Cost)
		}
		return max(l.Reserve, 0)
	}
	f := *c
	f.Lots = slices.Clone(c.Lots)
	for l := range f.Lots {
		f.Lots[l].Reserve = floor(&f.Lots[l])
	}
	return &f
}

// A Lot is capacity at one delivery unit and tender window.
type Lot struct {
	Name, Zone, Service string
	Capacity            float64 // packages
	Reserve             float64 // least price a package
	Cost                float64 // the seller's marginal cost a package
	Attributes          map[string]string
	Source              Source
}

// A Bidder is who bids, with the network that its lots would relieve.
type Bidder struct {
	Name, Class    string
	Budget         float64 // most it may pay in total, +Inf where there is none
	MaxVolume      float64 // most packages it may win in total, +Inf where there is none
	AccessCost     float64 // default cost of bringing a package to a lot, NaN where there is none
	CurrentVolume  float64 // today's contract; NaN where blank
	CurrentPayment float64 // money for all of CurrentVolume; NaN where blank
	Attributes     map[string]string
	Demand         []Demand
	Routes         []Route
	Facilities     []Facility
	Access         map[int]float64 // by lot: cost a package, where access.csv has a row
	Types          []Type          // never empty: a bidder without rows in types.csv has the one type Known
	Source         Source
}

// Strategic says whether the bidder chooses its bids in bid and solve. A bidder without demand bids
// exactly its rows of bids.csv.
func (b *Bidder) Strategic() bool { return len(b.Demand) > 0 }

// LotAccess returns what it costs to bring a package to the lot, before a type's factor; ok is false
// where the bidder cannot use the lot.
func (b *Bidder) LotAccess(lot int) (cost float64, ok bool) {
	if c, found := b.Access[lot]; found {
		return c, true
	}
	return b.AccessCost, !math.IsNaN(b.AccessCost)
}

// Demand is packages a bidder gets delivered in a zone.
type Demand struct {
	Zone     string
	Services []string // acceptable services; empty for any
	Volume   float64
	Value    float64 // what a delivered package earns; NaN where all of it must be delivered
	Source   Source
}

// Optional says whether delivery is optional and earns Value.
func (d *Demand) Optional() bool { return !math.IsNaN(d.Value) }

// Accepts says whether a lot or route of the service may deliver the demand. A blank service, on
// either side, fits every service on the other.
func (d *Demand) Accepts(service string) bool {
	if service == "" || len(d.Services) == 0 {
		return true
	}
	for _, s := range d.Services {
		if s == service {
			return true
		}
	}
	return false
}

// A Route is a way to deliver in a zone that needs no lot.
type Route struct {
	Name, Zone, Service string
	UnitCost            float64
	Capacity            float64 // packages, +Inf where there is none
	Facility            int     // index into the bidder's Facilities, -1 where the route needs none
	Source              Source
}

// A Facility is a station the bidder opens (or keeps) for a fixed cost.
type Facility struct {
	Name      string
	FixedCost float64
	Capacity  float64 // packages over all its routes, +Inf where there is none
	Source    Source
}

// A Type is what rivals do not know of a bidder: its numbers multiplied by these factors.
type Type struct {
	Name             string // blank for a bidder without rows in types.csv
	Probability      float64
	ValueFactor      float64 // of Demand.Value
	VolumeFactor     float64 // of Demand.Volume
	AccessCostFactor float64 // of access costs
	UnitCostFactor   float64 // of Route.UnitCost
	FixedCostFactor  float64 // of Facility.FixedCost
	Source           Source
}

// Known is the one type of a bidder without rows in types.csv.
var Known = Type{Probability: 1, ValueFactor: 1, VolumeFactor: 1, AccessCostFactor: 1, UnitCostFactor: 1, FixedCostFactor: 1}

// A Bid is one package: the seller accepts one common fraction x of all its rows, x = 0 or
// MinFraction <= x <= 1.
type Bid struct {
	Bidder      int
	Name        string // as written, or "row N" (the row's line in its file) where the cell is blank
	Rows        []BidRow
	Amount      float64 // money for the whole package at x = 1
	ByAmount    bool    // Amount was written; row prices are then Amount spread evenly over the packages
	MinFraction float64
	Group       string // at most one bid of a bidder's group is accepted; blank for none
	Requires    int    // index of a bid of the same bidder in the same slice that must be accepted too; -1 for none
	Source      Source // of its first row
}

// A BidRow is one lot of a package.
type BidRow struct {
	Lot      int
	Quantity float64 // packages at x = 1
	Price    float64 // a package
	Source   Source
}

// Divisible says whether any fraction of the bid may be accepted whatever else is: no least fraction,
// no group, no required bid.
func (b *Bid) Divisible() bool { return b.MinFraction == 0 && b.Group == "" && b.Requires < 0 }

// A Belief is one scenario of beliefs.csv: in it the rivals bid Bids.
type Belief struct {
	Scenario    string
	Probability float64
	Bids        []Bid
	Source      Source
}

// A Limit is one row of limits.csv.
type Limit struct {
	Name, Measure, Of, Per, Where string
	Min, Max                      float64 // NaN where blank
	OrNothing                     bool
	Penalty                       float64 // money per unit of violation; NaN for a hard limit
	Source                        Source
}

// An Adjustment is one row of adjustments.csv.
type Adjustment struct {
	Name, Where string
	Factor, Add float64
	Source      Source
}

// An Assumption is one scenario of scenarios.csv: its changes apply in order.
type Assumption struct {
	Name        string
	Probability float64 // NaN where blank
	Changes     []Change
}

// A Change is one row of scenarios.csv.
type Change struct {
	Table, Where, Column string
	Op                   string // set, add or multiply
	Value                string
	Source               Source
}

// What the rows of rules.csv may say.
const (
	Revenue      = "revenue"
	Contribution = "contribution"

	PayAsBid = "pay_as_bid"
	Uniform  = "uniform"
	VCG      = "vcg"
	Core     = "core"

	TiesOrder = "order"
)

// Rules are the auction's rules.
type Rules struct {
	Objective string  // Revenue or Contribution
	Payment   string  // PayAsBid, Uniform, VCG or Core
	PriceStep float64 // prices are whole multiples of it
	Ties      string  // TiesOrder: at equal price the bidder earlier in bidders.csv is served first
	BidSteps  int     // how many prices a bidder may name for one lot
	// PackageBids says that in bid a bidder may also bid for several lots all or nothing.
	PackageBids bool
	Currency    string
}

// DefaultRules are the rules of a case without rules.csv.
func DefaultRules() Rules {
	return Rules{Objective: Revenue, Payment: PayAsBid, PriceStep: 0.01, Ties: TiesOrder, BidSteps: 1, Currency: "USD"}
}
