package auction

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// LeastFraction is the least accepted fraction of a bid that makes it count as accepted in the measures
// lots, winners and bids: a millionth. Any accepted volume counts, and the optimum of a problem in which a
// divisible bid has to count needs a least one.
const LeastFraction = 1e-6

// What a limit may bound.
const (
	MeasureVolume  = "volume"
	MeasureRevenue = "revenue"
	MeasureLots    = "lots"
	MeasureWinners = "winners"
	MeasureBids    = "bids"
)

// What min and max of a limit may be shares of.
const (
	OfCapacity = "capacity"
	OfAccepted = "accepted"
)

// A ScopedLimit is a row of limits.csv with the scopes that it bounds, one for each combination of the values of
// `per` that occurs: of columns of lots.csv alone in a lot that `where` selects, of columns of bidders.csv
// alone in such a bidder, of both in a row of bids.csv. Without `per` there is one scope.
type ScopedLimit struct {
	*Limit
	Scopes []Scope

	lot, bidder []int       // by lot and bidder: the number of its part of the combination, -1 where where leaves it out
	at          map[int]int // scope by its parts, see part
	capacity    []float64   // by lot part
}

// A Scope is one of the sums or counts that a limit bounds.
type Scope struct {
	Name     string  // `zone=010;bidder=Beta` in the order of `per`, blank without
	LotPart  int     // scopes of the same part are on the same lots
	Capacity float64 // of these lots
}

// Scoped finds the scopes of a limit of the case.
func (c *Case) Scoped(l *Limit) *ScopedLimit {
	s := &ScopedLimit{Limit: l, lot: make([]int, len(c.Lots)), bidder: make([]int, len(c.Bidders)), at: map[int]int{}}
	where, _ := ParseFilter(l.Where)
	ofLots, ofBidders := c.split(where)
	var per []string
	if l.Per != "" {
		per = strings.Split(l.Per, ";")
	}
	var lotColumns, bidderColumns []string
	for _, column := range per {
		if c.lotColumn(column) {
			lotColumns = append(lotColumns, column)
		} else {
			bidderColumns = append(bidderColumns, column)
		}
	}
	lotKeys, bidderKeys := newKeys(), newKeys()
	for i := range c.Lots {
		cell := func(column string) string { return c.Lots[i].cell(column) }
		s.lot[i] = -1
		if ofLots.Holds(cell) {
			s.lot[i] = lotKeys.number(cells(lotColumns, cell))
			if s.lot[i] == len(s.capacity) {
				s.capacity = append(s.capacity, 0)
			}
			s.capacity[s.lot[i]] += c.Lots[i].Capacity
		}
	}
	for i := range c.Bidders {
		cell := func(column string) string { return c.Bidders[i].cell(column) }
		s.bidder[i] = -1
		if ofBidders.Holds(cell) {
			s.bidder[i] = bidderKeys.number(cells(bidderColumns, cell))
		}
	}
	add := func(lotPart, bidderPart int) {
		if _, known := s.at[s.part(lotPart, bidderPart)]; known {
			return
		}
		scope := Scope{LotPart: lotPart}
		if lotPart < len(s.capacity) {
			scope.Capacity = s.capacity[lotPart]
		}
		var pairs []string
		for _, column := range per {
			var value string
			if n := slices.Index(lotColumns, column); n >= 0 {
				value = lotKeys.cells[lotPart][n]
			} else {
				value = bidderKeys.cells[bidderPart][slices.Index(bidderColumns, column)]
			}
			pairs = append(pairs, column+"="+value)
		}
		scope.Name = strings.Join(pairs, ";")
		s.at[s.part(lotPart, bidderPart)] = len(s.Scopes)
		s.Scopes = append(s.Scopes, scope)
	}
	switch {
	case len(lotColumns) > 0 && len(bidderColumns) > 0:
		for b := range c.Bids {
			for _, r := range c.Bids[b].Rows {
				if lot, bidder := s.lot[r.Lot], s.bidder[c.Bids[b].Bidder]; lot >= 0 && bidder >= 0 {
					add(lot, bidder)
				}
			}
		}
	case len(lotColumns) > 0:
		for lot := range lotKeys.cells {
			add(lot, 0)
		}
	case len(bidderColumns) > 0:
		for bidder := range bidderKeys.cells {
			add(0, bidder)
		}
	default:
		add(0, 0)
	}
	return s
}

func (s *ScopedLimit) part(lotPart, bidderPart int) int {
	return lotPart*(len(s.bidder)+1) + bidderPart
}

// Scope is the scope that a bidder's row for a lot counts in, -1 for none.
func (s *ScopedLimit) Scope(bidder, lot int) int {
	if s.lot[lot] < 0 || s.bidder[bidder] < 0 {
		return -1
	}
	if n, ok := s.at[s.part(s.lot[lot], s.bidder[bidder])]; ok {
		return n
	}
	return -1
}

// LotPart is the number of the lots that the lot is one of, -1 where `where` leaves it out: a scope's measure over all bidders
// is that of the rows for lots of its LotPart.
func (s *ScopedLimit) LotPart(lot int) int { return s.lot[lot] }

// Sums says whether the measure is a sum over accepted rows rather than a count.
func (l *Limit) Sums() bool { return l.Measure == MeasureVolume || l.Measure == MeasureRevenue }

// AddedBy is what a row of a bid adds to a measure that sums, at x = 1.
func (l *Limit) AddedBy(r *BidRow) float64 {
	if l.Measure == MeasureRevenue {
		return r.Price * r.Quantity
	}
	return r.Quantity
}

// A Reading is a scope's measure over an allocation, in the measure's own unit.
type Reading struct {
	Value, Min, Max float64 // NaN for a side that is not bounded
	Violation       float64 // by which the nearer side is missed, 0 where none is
}

// Slack is what is left to the nearer side, 0 where one is missed; NaN where no side is bounded.
func (r *Reading) Slack() float64 {
	slack := math.NaN()
	for _, left := range []float64{r.Value - r.Min, r.Max - r.Value} {
		if !math.IsNaN(left) && !(left > slack) {
			slack = max(0, left)
		}
	}
	return slack
}

// Read measures every scope over accepted fractions x, by bid.
func (s *ScopedLimit) Read(c *Case, x []float64) []Reading {
	value, all := newTally(s.Limit, len(s.Scopes)), newTally(s.Limit, len(s.capacity))
	for b := range c.Bids {
		bid := &c.Bids[b]
		if x[b] <= 0 {
			continue
		}
		for n := range bid.Rows {
			r := &bid.Rows[n]
			if lot := s.lot[r.Lot]; lot >= 0 {
				all.add(lot, b, bid.Bidder, r, x[b])
			}
			if scope := s.Scope(bid.Bidder, r.Lot); scope >= 0 {
				value.add(scope, b, bid.Bidder, r, x[b])
			}
		}
	}
	readings := make([]Reading, len(s.Scopes))
	for n := range readings {
		base := 1.0
		switch s.Of {
		case OfCapacity:
			base = s.Scopes[n].Capacity
		case OfAccepted:
			base = 0
			if part := s.Scopes[n].LotPart; part < len(s.capacity) {
				base = all.sum[part]
			}
		}
		r := Reading{Value: value.sum[n], Min: s.Min * base, Max: s.Max * base}
		if under := r.Min - r.Value; under > 0 && !(s.OrNothing && r.Value == 0) {
			r.Violation = under
		}
		if over := r.Value - r.Max; over > 0 {
			r.Violation = over
		}
		readings[n] = r
	}
	return readings
}

// A tally is a measure by scope.
type tally struct {
	limit *Limit
	sum   []float64
	seen  map[[2]int]bool // scope and lot, bidder or bid
}

func newTally(l *Limit, scopes int) *tally {
	t := &tally{limit: l, sum: make([]float64, scopes)}
	if !l.Sums() {
		t.seen = map[[2]int]bool{}
	}
	return t
}

func (t *tally) add(scope, bid, bidder int, r *BidRow, x float64) {
	if t.limit.Sums() {
		t.sum[scope] += t.limit.AddedBy(r) * x
		return
	}
	if x < LeastFraction || r.Quantity <= 0 {
		return
	}
	if key := [2]int{scope, t.limit.Counted(bid, bidder, r)}; !t.seen[key] {
		t.seen[key] = true
		t.sum[scope]++
	}
}

// Counted is what a measure that counts takes a row of a bid for: its lot, its bidder or its bid.
func (l *Limit) Counted(bid, bidder int, r *BidRow) int {
	switch l.Measure {
	case MeasureLots:
		return r.Lot
	case MeasureWinners:
		return bidder
	default:
		return bid
	}
}

// split divides a filter into the conditions on lots and those on bidders.
func (c *Case) split(f Filter) (lots, bidders Filter) {
	for _, condition := range f {
		if c.lotColumn(condition.Column) {
			lots = append(lots, condition)
		} else {
			bidders = append(bidders, condition)
		}
	}
	return lots, bidders
}

// Selects says whether a filter holds for a bidder's row for a lot.
func (c *Case) Selects(f Filter, bidder, lot int) bool {
	lots, bidders := c.split(f)
	return lots.Holds(c.Lots[lot].cell) && bidders.Holds(c.Bidders[bidder].cell)
}

// SelectsAny says whether a filter holds for any bidder's row for any lot.
func (c *Case) SelectsAny(f Filter) bool {
	lots, bidders := c.split(f)
	return slices.ContainsFunc(c.Lots, func(l Lot) bool { return lots.Holds(l.cell) }) &&
		slices.ContainsFunc(c.Bidders, func(b Bidder) bool { return bidders.Holds(b.cell) })
}

// lotColumn says whether a column is one of lots.csv; no column of bidders.csv has the same name.
func (c *Case) lotColumn(column string) bool {
	switch column {
	case "lot", "zone", "service", "capacity", "reserve", "cost":
		return true
	case "bidder", "class", "budget", "max_volume", "access_cost", "current_volume", "current_payment":
		return false
	}
	if len(c.Lots) == 0 {
		return false
	}
	_, own := c.Lots[0].Attributes[column]
	return own
}

// cell is the lot's cell in a column.
func (l *Lot) cell(column string) string {
	switch column {
	case "lot":
		return l.Name
	case "zone":
		return l.Zone
	case "service":
		return l.Service
	case "capacity":
		return plain(l.Capacity)
	case "reserve":
		return plain(l.Reserve)
	case "cost":
		return plain(l.Cost)
	}
	return l.Attributes[column]
}

// cell is the bidder's cell in a column.
func (b *Bidder) cell(column string) string {
	switch column {
	case "bidder":
		return b.Name
	case "class":
		return b.Class
	case "budget":
		return plain(b.Budget)
	case "max_volume":
		return plain(b.MaxVolume)
	case "access_cost":
		return plain(b.AccessCost)
	case "current_volume":
		return plain(b.CurrentVolume)
	case "current_payment":
		return plain(b.CurrentPayment)
	}
	return b.Attributes[column]
}

// plain writes a number as the filters and attributes of a case hold it; NaN is blank.
func plain(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case math.IsInf(v, 1):
		return "inf"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// Holds says whether all conditions hold for the cells of a row, given by column as the case holds them: numbers as
// plain decimals.
func (f Filter) Holds(cell func(column string) string) bool {
	for i := range f {
		if !f[i].holds(cell(f[i].Column)) {
			return false
		}
	}
	return true
}

// holds says whether the condition holds for a cell. Cells and values that are numbers are plain decimals in both, so
// that equal ones are the same text. A blank cell is neither less nor more than any number.
func (c *Condition) holds(cell string) bool {
	switch c.Op {
	case "=":
		return slices.Contains(c.Values, cell)
	case "!=":
		return !slices.Contains(c.Values, cell)
	}
	x, err := strconv.ParseFloat(cell, 64)
	y, err2 := strconv.ParseFloat(c.Values[0], 64)
	if err != nil || err2 != nil {
		return false
	}
	switch c.Op {
	case "<":
		return x < y
	case "<=":
		return x <= y
	case ">":
		return x > y
	default:
		return x >= y
	}
}

// keys number combinations of cells by their first occurrence.
type keys struct {
	at    map[string]int
	cells [][]string
}

func newKeys() *keys { return &keys{at: map[string]int{}} }

func (k *keys) number(cells []string) int {
	key := strings.Join(cells, "\x00")
	n, ok := k.at[key]
	if !ok {
		n = len(k.cells)
		k.at[key] = n
		k.cells = append(k.cells, cells)
	}
	return n
}

func cells(columns []string, cell func(string) string) []string {
	values := make([]string, len(columns))
	for i, column := range columns {
		values[i] = cell(column)
	}
	return values
}
