package auction

// BidTables are the tables of a run of bid that say why its bid is what it is. Each row is of one type of the bidder;
// E is the expectation over the scenarios of its beliefs, w_s what the bid wins in scenario s, and V what won
// volumes are worth to the type's network.
type BidTables struct {
	BidLots          []BidLot
	BidCurves        []CurvePoint
	ProfitScenarios  []ProfitScenario
	Facilities       []FacilityResult
	NetworkScenarios []NetworkScenario // where asked for
	Beliefs          []BeliefRow       // the scenarios, where they are not the case's own
}

// A BidLot is what one lot is worth, given what the bid wins of the others, and what the bid for it leads to. w_s^-l
// is w_s without the lot, w_s^-l + q with q packages of it instead.
type BidLot struct {
	Bidder           string  `csv:"bidder"`
	Type             string  `csv:"type"`
	Lot              string  `csv:"lot"`
	Quantity         float64 `csv:"quantity"` // of all rows of the bid for the lot
	Price            float64 `csv:"price"`    // their mean, weighted by quantity; blank without bid
	WinProbability   float64 `csv:"win_probability"`
	ExpectedQuantity float64 `csv:"expected_quantity"`
	ExpectedPayment  float64 `csv:"expected_payment"`
	BreakEvenNext    float64 `csv:"break_even_next"` // E V(w_s + one package of the lot) − V(w_s)
	BreakEvenBid     float64 `csv:"break_even_bid"`  // E (V(w_s^-l + q) − V(w_s^-l)) / q of q = Quantity; blank without bid
	BreakEvenLot     float64 `csv:"break_even_lot"`  // the same of q = UsefulQuantity
	UsefulQuantity   float64 `csv:"useful_quantity"` // the lot's capacity, or the packages that it could serve where these are fewer
	ProfitAtStake    float64 `csv:"profit_at_stake"` // what the bid earns in expectation less what it would without its rows for the lot
}

// A CurvePoint is what the bid leads to when one of its rows names another price and all else stays as it is.
type CurvePoint struct {
	Bidder           string  `csv:"bidder"`
	Type             string  `csv:"type"`
	Bid              string  `csv:"bid"` // the row, as in recommended_bids.csv
	Lot              string  `csv:"lot"`
	Quantity         float64 `csv:"quantity"`
	Price            float64 `csv:"price"`
	WinProbability   float64 `csv:"win_probability"`   // of the row
	ExpectedQuantity float64 `csv:"expected_quantity"` // of the row
	ExpectedPayment  float64 `csv:"expected_payment"`  // of the row
	ExpectedProfit   float64 `csv:"expected_profit"`   // of the whole bid
	Fits             string  `csv:"fits"`              // whether the whole bid then keeps budget and volume cap in every scenario: yes or no
	Recommended      string  `csv:"recommended"`       // whether this is the bid's price: yes or blank
}

// A ProfitScenario is what the bid earns in one scenario.
type ProfitScenario struct {
	Bidder      string  `csv:"bidder"`
	Type        string  `csv:"type"`
	Scenario    string  `csv:"scenario"`
	Probability float64 `csv:"probability"`
	Profit      float64 `csv:"profit"` // V(w_s) − payment − V(0)
	Volume      float64 `csv:"volume"` // packages won
	Payment     float64 `csv:"payment"`
}

// A FacilityResult is what becomes of one facility.
type FacilityResult struct {
	Bidder          string  `csv:"bidder"`
	Type            string  `csv:"type"`
	Facility        string  `csv:"facility"`
	Capacity        float64 `csv:"capacity"`
	FixedCost       float64 `csv:"fixed_cost"`        // while it is open
	OpenWithoutLots string  `csv:"open_without_lots"` // whether it is open where no lot is won: yes or no
	OpenProbability float64 `csv:"open_probability"`
	Volume          float64 `csv:"volume"`     // E of the packages through it
	Cost            float64 `csv:"cost"`       // E of the fixed cost
	SavedCost       float64 `csv:"saved_cost"` // fixed cost without any lot less Cost
	ClosedIn        string  `csv:"closed_in"`  // the scenarios in which it is closed, joined by ;, or all
	ClosedBy        string  `csv:"closed_by"`  // the lots that close it, joined by ;
}

// A NetworkScenario is a row of network.csv in one scenario.
type NetworkScenario struct {
	Scenario string  `csv:"scenario"`
	Bidder   string  `csv:"bidder"`
	Type     string  `csv:"type"`
	Zone     string  `csv:"zone"`
	Service  string  `csv:"service"`
	Channel  string  `csv:"channel"`
	Volume   float64 `csv:"volume"`
	Cost     float64 `csv:"cost"`
}
