package inputs

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"lotwise/models/auction"
)

// A bidKey is what tells the bids with a name apart.
type bidKey struct {
	scenario, bidder int
	name             string
}

// A draft is what a bid needs only while it is read.
type draft struct {
	scenario                                          int // of beliefs.csv, 0 in bids.csv
	amountLine, fractionLine, groupLine, requiresLine int // where each was first written, 0 for nowhere
	requires                                          string
	named                                             bool // its name was written
	broken                                            bool // a row was reported and is missing here
}

// A bidTable gathers the rows of bids.csv, or of beliefs.csv, into bids. One reader serves both: a belief
// is bids with a scenario before them.
type bidTable struct {
	r     *reader
	sheet *sheet

	bidder, bid, lot, quantity, price, amount, fraction, group, requires *column // requires is nil in beliefs.csv

	bids   []auction.Bid
	drafts []draft
	named  map[bidKey]int
	rows   []auction.BidRow // in the order of the file; a blank price is NaN
	bidOf  []int            // by row
}

func (r *reader) newBidTable(s *sheet) *bidTable {
	t := &bidTable{
		r: r, sheet: s, named: map[bidKey]int{},
		bidder: s.col("bidder"), bid: s.col("bid"), lot: s.col("lot"), quantity: s.col("quantity"),
		price: s.col("price"), amount: s.col("amount"), fraction: s.col("min_fraction"), group: s.col("group"),
		bids:   make([]auction.Bid, 0, s.rowsAtMost),
		drafts: make([]draft, 0, s.rowsAtMost),
		rows:   make([]auction.BidRow, 0, s.rowsAtMost),
		bidOf:  make([]int, 0, s.rowsAtMost),
	}
	t.price.Required = false // an amount may stand for it
	return t
}

func (r *reader) readBids(s *sheet) {
	t := r.newBidTable(s)
	t.requires = s.col("requires")
	for s.next() {
		t.row(0)
	}
	t.finish()
	r.c.Bids = t.bids
}

// row reads the row that the sheet has stepped to.
func (t *bidTable) row(scenario int) {
	bidder := t.r.bidders.of(t.bidder)
	name := t.bid.text()
	lot := t.r.lots.of(t.lot)
	quantity, amount, fraction := t.quantity.number(), t.amount.number(), t.fraction.number()
	price := t.price.number()
	if math.IsNaN(price) && t.price.raw() != "" {
		price = 0 // reported; NaN stands for a blank
	}
	group, requires := t.group.text(), ""
	if t.requires != nil {
		requires = t.requires.text()
	}
	if bidder < 0 {
		return
	}
	b := t.find(bidKey{scenario, bidder, name})
	bid, d, line := &t.bids[b], &t.drafts[b], t.sheet.line
	if t.amount.raw() != "" {
		if d.amountLine != 0 {
			t.amount.wrong("a second amount of bid "+bid.Name+", the first is in line "+strconv.Itoa(d.amountLine), t.amount.raw(), "write the amount of the whole package on one row")
		} else {
			d.amountLine, bid.Amount, bid.ByAmount = line, amount, true
		}
	}
	if cell := t.fraction.raw(); cell != "" {
		if d.fractionLine != 0 && bid.MinFraction != fraction && !math.IsNaN(bid.MinFraction+fraction) {
			t.differs(t.fraction, bid, d.fractionLine, cell)
		} else {
			d.fractionLine, bid.MinFraction = line, fraction
		}
	}
	if group != "" {
		if d.groupLine != 0 && bid.Group != group {
			t.differs(t.group, bid, d.groupLine, group)
		} else {
			d.groupLine, bid.Group = line, group
		}
	}
	if requires != "" {
		if d.requiresLine != 0 && d.requires != requires {
			t.differs(t.requires, bid, d.requiresLine, requires)
		} else {
			d.requiresLine, d.requires = line, requires
		}
	}
	if lot < 0 {
		d.broken = true
		return
	}
	t.rows = append(t.rows, auction.BidRow{Lot: lot, Quantity: quantity, Price: price, Source: t.sheet.source()})
	t.bidOf = append(t.bidOf, b)
}

func (t *bidTable) differs(c *column, bid *auction.Bid, line int, found string) {
	c.wrong(fmt.Sprintf("not the %s of bid %s in line %d", c.Name, bid.Name, line), found, "write the same on all rows of the bid, or on one")
}

// find returns the bid of the row, a new one where the row is its first.
func (t *bidTable) find(key bidKey) int {
	name := key.name
	if name == "" {
		name = "row " + strconv.Itoa(t.sheet.line)
	} else if n := len(t.bids) - 1; n >= 0 && t.drafts[n].named && t.bids[n].Name == name && t.bids[n].Bidder == key.bidder && t.drafts[n].scenario == key.scenario {
		return n // most packages stand in consecutive rows
	} else if b, ok := t.named[key]; ok {
		return b
	}
	b := len(t.bids)
	if key.name != "" {
		t.named[key] = b
	}
	t.bids = append(t.bids, auction.Bid{Bidder: key.bidder, Name: name, Requires: -1, Source: t.sheet.source()})
	t.drafts = append(t.drafts, draft{scenario: key.scenario, named: key.name != ""})
	return b
}

// finish gives the bids their rows, and checks what only whole bids show.
func (t *bidTable) finish() {
	t.distribute()
	seen := make([]int, len(t.r.c.Lots)) // by lot: the last bid, from 1, that holds it
	for b := range t.bids {
		bid, d := &t.bids[b], &t.drafts[b]
		packages, money, zero := 0.0, 0.0, true
		for i := range bid.Rows {
			row := &bid.Rows[i]
			if seen[row.Lot] == b+1 {
				t.at(row, t.lot, "the same lot twice in bid "+bid.Name, t.r.c.Lots[row.Lot].Name, "write one row with the sum of the quantities, or name the bids differently")
			}
			seen[row.Lot] = b + 1
			switch {
			case bid.ByAmount && !math.IsNaN(row.Price):
				t.at(row, t.price, fmt.Sprintf("both a price and an amount (line %d) for bid %s", d.amountLine, bid.Name), "", "leave the prices of the bid blank, or its amount")
			case !bid.ByAmount && math.IsNaN(row.Price):
				t.at(row, t.price, "neither a price nor an amount for bid "+bid.Name, "", "write the price a package, or the amount of the whole package on one row of the bid")
			}
			packages += row.Quantity
			money += row.Quantity * row.Price
			zero = zero && row.Quantity == 0
		}
		if zero && !d.broken {
			t.sheet.add(bid.Source.Line, t.quantity.Name, "an empty package: bid "+bid.Name+" is for no volume", "0", "write a quantity over 0, or remove the bid")
		}
		if bid.ByAmount {
			for i := range bid.Rows {
				bid.Rows[i].Price = bid.Amount / packages
			}
			money = bid.Amount / packages
		} else {
			bid.Amount = money
		}
		if math.IsInf(packages, 0) || math.IsInf(money, 0) && !zero {
			t.sheet.add(bid.Source.Line, t.quantity.Name, "numbers too large to compute with in bid "+bid.Name, "", "write smaller ones")
		}
	}
	t.resolve()
	t.checkNames()
}

// at reports an error in a row that has been read.
func (t *bidTable) at(row *auction.BidRow, c *column, what, found, remedy string) {
	t.sheet.add(row.Source.Line, c.Name, what, found, remedy)
}

// distribute puts the rows of each bid side by side, in the order of the file.
func (t *bidTable) distribute() {
	end := make([]int, len(t.bids)+1)
	for _, b := range t.bidOf {
		end[b+1]++
	}
	for b := range t.bids {
		end[b+1] += end[b]
	}
	sorted := make([]auction.BidRow, len(t.rows))
	next := end[:len(t.bids)]
	for i, b := range t.bidOf {
		sorted[next[b]] = t.rows[i]
		next[b]++
	}
	from := 0
	for b := range t.bids {
		t.bids[b].Rows = sorted[from:next[b]:next[b]]
		from = next[b]
	}
}

// resolve finds the bids that others require, and reports circles of them, in which no bid could be
// accepted first.
func (t *bidTable) resolve() {
	var requiring []int
	unknown := 0
	for b := range t.bids {
		d := &t.drafts[b]
		if d.requires == "" {
			continue
		}
		bidder := t.bids[b].Bidder
		required, ok := t.named[bidKey{d.scenario, bidder, d.requires}]
		if !ok {
			remedy := "write the name of another bid of " + t.r.c.Bidders[bidder].Name
			if unknown++; unknown <= maxPrinted {
				var own []string
				for i := range t.bids {
					if i != b && t.bids[i].Bidder == bidder && t.drafts[i].named {
						own = append(own, t.bids[i].Name)
					}
				}
				if meant := nearest(d.requires, own); meant != "" {
					remedy = fmt.Sprintf("did you mean %s?", meant)
				}
			}
			t.sheet.add(d.requiresLine, "requires", "no such bid of "+t.r.c.Bidders[bidder].Name, d.requires, remedy)
			continue
		}
		t.bids[b].Requires = required
		requiring = append(requiring, b)
	}
	walk := make(map[int]int) // by bid: the walk, from 1, that first came by
	for n, start := range requiring {
		b := start
		for b >= 0 && walk[b] == 0 {
			walk[b] = n + 1
			b = t.bids[b].Requires
		}
		if b < 0 || walk[b] != n+1 {
			continue
		}
		circle := []string{t.bids[b].Name}
		for next := t.bids[b].Requires; next != b; next = t.bids[next].Requires {
			circle = append(circle, t.bids[next].Name)
		}
		t.sheet.add(t.drafts[b].requiresLine, "requires", "bids that require each other in a circle", strings.Join(append(circle, circle[0]), " > "), "remove one of the requirements; bids that are only accepted together are one package")
	}
}

// checkNames reports a bid whose name is the one that another bid of the bidder, with a blank name, has
// got from its line: outputs could not tell them apart.
func (t *bidTable) checkNames() {
	var suspects []int
	for b := range t.bids {
		if t.drafts[b].named && strings.HasPrefix(t.bids[b].Name, "row ") {
			suspects = append(suspects, b)
		}
	}
	if len(suspects) == 0 {
		return
	}
	unnamed := map[bidKey]bool{}
	for b := range t.bids {
		if !t.drafts[b].named {
			unnamed[t.key(b)] = true
		}
	}
	for _, b := range suspects {
		if unnamed[t.key(b)] {
			t.sheet.add(t.bids[b].Source.Line, t.bid.Name, "the name that the bid without a name in that row goes by", t.bids[b].Name, "write another name")
		}
	}
}

func (t *bidTable) key(b int) bidKey {
	return bidKey{t.drafts[b].scenario, t.bids[b].Bidder, t.bids[b].Name}
}

func (r *reader) readBeliefs(s *sheet) {
	scenario, probability := s.col("scenario"), s.col("probability")
	t := r.newBidTable(s)
	scenarios := newNames("scenario", s.file)
	silent := map[int]int{} // by scenario in which nobody bids: its line
	rows := map[int]int{}
	for s.next() {
		name, p := scenario.text(), probability.number()
		if name == "" {
			continue
		}
		i, known := scenarios.index[name]
		if !known {
			i = len(scenarios.list)
			scenarios.add(name)
			r.c.Beliefs = append(r.c.Beliefs, auction.Belief{Scenario: name, Probability: p, Source: s.source()})
		} else if first := &r.c.Beliefs[i]; first.Probability != p && !math.IsNaN(first.Probability+p) {
			probability.wrong(fmt.Sprintf("not the probability of scenario %s in line %d", name, first.Source.Line), probability.raw(), "write the same on all rows of the scenario")
		}
		rows[i]++
		if t.nobody() {
			silent[i] = s.line
		} else {
			t.row(i)
		}
	}
	for i, line := range silent {
		if rows[i] > 1 {
			s.add(line, "bidder", "a row without a bidder in a scenario with other rows", "", "write the bidder, or leave the scenario this one row")
		}
	}
	var p []float64
	for i := range r.c.Beliefs {
		p = append(p, r.c.Beliefs[i].Probability)
	}
	if len(p) > 0 {
		s.sumToOne(r.c.Beliefs[0].Source.Line, "the probabilities of the scenarios", p)
	}
	s.someRows(len(p), "write the rows of each scenario; one in which nobody bids is one row with blank bidder, lot, quantity and price")
	t.finish()
	for b, bid := range t.bids {
		belief := &r.c.Beliefs[t.drafts[b].scenario]
		belief.Bids = append(belief.Bids, bid)
	}
}

// nobody says whether the row stands for a scenario in which nobody bids.
func (t *bidTable) nobody() bool {
	for _, c := range []*column{t.bidder, t.bid, t.lot, t.quantity, t.price, t.amount, t.fraction, t.group} {
		if c.raw() != "" {
			return false
		}
	}
	return true
}
