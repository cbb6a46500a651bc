package auction

// The results of a command, row by row as the tables of a run folder hold them. The columns and their
// order are the field tags; a field with a blank meaning says so.

// Results is everything a command found.
type Results struct {
	Command         string // allocate, bid or solve
	Status          Status
	RecommendedBids []RecommendedBid
	Allocation      []AllocationRow
	Payments        []PaymentRow
	Lots            []LotResult
	Limits          []LimitResult // allocate: every scope of every limit
	Equilibrium     []EquilibriumRow
	Profiles        []ProfileRow
	Network         []NetworkRow
	WithoutLots     []NetworkRow     // bid, solve: the same where nobody has any lot
	Convergence     []ConvergenceRow // solve
	BidTables                        // bid: what says why its bid is what it is
	VoidBids        []VoidBid        // allocate: bids priced under a reserve, which are never accepted
	Losing          []LosingBid      // allocate: bids of which nothing is accepted; nil where they were not asked for
	Summary         []Metric
}

// Status is what a run claims.
type Status string

// What a run may claim: a proven optimum (or equilibrium within epsilon), a result within the requested
// gap, or what a limit or an interrupt left.
const (
	Optimal     Status = "optimal"
	WithinGap   Status = "within_gap"
	LimitStruck Status = "limit"
	Interrupted Status = "interrupted"
)

// A RecommendedBid is one row of a strategy's bid.
type RecommendedBid struct {
	Bidder           string  `csv:"bidder"`
	Type             string  `csv:"type"`
	Strategy         string  `csv:"strategy"`
	Probability      float64 `csv:"probability"`
	Bid              string  `csv:"bid"`
	Lot              string  `csv:"lot"`
	Quantity         float64 `csv:"quantity"`
	Price            float64 `csv:"price"`
	ExpectedQuantity float64 `csv:"expected_quantity"` // given that the strategy is played
	WinProbability   float64 `csv:"win_probability"`   // of any accepted volume, given the strategy
	ExpectedPayment  float64 `csv:"expected_payment"`  // given that the strategy is played
	Block            string  `csv:"block"`
	// MinFraction is 1 for the rows of a package, which share Bid and are accepted all or not at all, else 0.
	MinFraction float64 `csv:"min_fraction"`
}

// An AllocationRow is volume of one bid accepted in one lot.
type AllocationRow struct {
	Bidder   string  `csv:"bidder"`
	Bid      string  `csv:"bid"`
	Lot      string  `csv:"lot"`
	Quantity float64 `csv:"quantity"`
	Price    float64 `csv:"price"`
	Payment  float64 `csv:"payment"`
}

// A PaymentRow is what one bidder pays in total.
type PaymentRow struct {
	Bidder    string  `csv:"bidder"`
	BidAmount float64 `csv:"bid_amount"`
	Payment   float64 `csv:"payment"`
	Discount  float64 `csv:"discount"`
	// CoreViolation is, under rule core, by how much a coalition of bidders and the seller may still gain from
	// blocking the payments, the same in every row; NaN otherwise.
	CoreViolation float64 `csv:"core_violation"`
}

// A LotResult is how one lot sold.
type LotResult struct {
	Lot         string  `csv:"lot"`
	Zone        string  `csv:"zone"`
	Service     string  `csv:"service"`
	Capacity    float64 `csv:"capacity"`
	Sold        float64 `csv:"sold"`
	Revenue     float64 `csv:"revenue"`
	ShadowPrice float64 `csv:"shadow_price"`
}

// A LimitResult is one scope of a limit, in the measure's own unit: shares are multiplied out.
type LimitResult struct {
	Limit     string  `csv:"limit"`
	Scope     string  `csv:"scope"` // such as zone=010;bidder=Beta, blank for a limit without per
	Measure   string  `csv:"measure"`
	Value     float64 `csv:"value"`
	Min       float64 `csv:"min"`
	Max       float64 `csv:"max"`
	Violation float64 `csv:"violation"`
	Cost      float64 `csv:"cost"`  // what the objective would gain without the limit, all of its scopes; blank unless asked for
	Slack     float64 `csv:"slack"` // what is left to the nearer side
}

// An EquilibriumRow is one strategy of a bidder's type with the certificate of its type.
type EquilibriumRow struct {
	Bidder            string  `csv:"bidder"`
	Type              string  `csv:"type"`
	Strategy          string  `csv:"strategy"`
	Probability       float64 `csv:"probability"`
	Profit            float64 `csv:"profit"` // the strategy's own, over staying out
	BestResponseBound float64 `csv:"best_response_bound"`
	RegretBound       float64 `csv:"regret_bound"`
	Block             string  `csv:"block"`
}

// A ProfileRow is one bidder's type's strategy in one profile of a joint distribution.
type ProfileRow struct {
	Profile     string  `csv:"profile"`
	Probability float64 `csv:"probability"`
	Bidder      string  `csv:"bidder"`
	Type        string  `csv:"type"`
	Strategy    string  `csv:"strategy"`
	Block       string  `csv:"block"`
}

// A NetworkRow is how a bidder delivers part of its packages: the expected volume and cost of a lot or
// route (channel), or, with volume 0, the expected fixed cost of a facility.
type NetworkRow struct {
	Bidder  string  `csv:"bidder"`
	Zone    string  `csv:"zone"`
	Service string  `csv:"service"`
	Channel string  `csv:"channel"`
	Volume  float64 `csv:"volume"`
	Cost    float64 `csv:"cost"` // access, unit or fixed cost; not the payment to the seller
}

// A ConvergenceRow is one step of the search of solve in a block. Of best-response dynamics (stage pure) the regret is what
// the bidders could still gain when their turn came, of mixed and correlated play what is certified of the step's.
type ConvergenceRow struct {
	Block           string  `csv:"block"`
	Stage           string  `csv:"stage"` // pure, mixed or correlated
	Step            float64 `csv:"step"`  // from 1, over all stages
	RelativeEpsilon float64 `csv:"relative_epsilon"`
}

// A VoidBid is a bid under a reserve.
type VoidBid struct {
	Bidder string `csv:"bidder"`
	Bid    string `csv:"bid"`
	Lot    string `csv:"lot"` // blank for a package with an amount
	Reason string `csv:"reason"`
}

// A LosingBid is a bid of which nothing is accepted, and the smallest price at which some of it would have been, all
// else equal: all its row prices scaled alike, or its amount, to an average price a package. Strictly above
// AcceptedFrom it is accepted, until its money breaks a budget or a limit, at AcceptedFrom itself only if the tie rule prefers it or its reserves are the reason
// for the price. Where the price was not computed exactly AcceptedFrom is NaN and AtLeast and AtMost are certified: no price
// under AtLeast does, and some price from AtLeast to AtMost does.
type LosingBid struct {
	Bidder       string  `csv:"bidder"`
	Bid          string  `csv:"bid"`
	Price        float64 `csv:"price"`         // its own average price a package; NaN of a bid for no packages
	AcceptedFrom float64 `csv:"accepted_from"` // a package; NaN where no price does or it is not known exactly
	AtLeast      float64 `csv:"at_least"`      // a package; NaN where AcceptedFrom says it all
	AtMost       float64 `csv:"at_most"`       // a package; NaN where no price is known to do
	Amount       float64 `csv:"amount"`        // money for all of the bid at AcceptedFrom
	Reason       string  `csv:"reason"`        // why AcceptedFrom is blank
}

// A Metric is one line of the summary. Text is written where it is not blank, else Number.
type Metric struct {
	Name   string
	Text   string
	Number float64
	Unit   string
}
