package inputs

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"lotwise/models/auction"
)

// probabilitySlack is how far a set of probabilities may sum from 1: what decimals of six places leave.
const probabilitySlack = 1e-6

// A reader fills a case table by table, in the order of Tables.
type reader struct {
	c          *auction.Case
	errors     Errors
	lots       *names
	bidders    *names
	zones      *names                        // of lots.csv
	reached    map[string]bool               // zones that a route delivers in
	wanted     map[string]bool               // zones that have demand
	attributes map[string]map[string]content // by table and name
}

// readers read the rows of each table.
var readers = map[string]func(*reader, *sheet){
	"lots":        (*reader).readLots,
	"bidders":     (*reader).readBidders,
	"bids":        (*reader).readBids,
	"limits":      (*reader).readLimits,
	"adjustments": (*reader).readAdjustments,
	"facilities":  (*reader).readFacilities,
	"routes":      (*reader).readRoutes,
	"demand":      (*reader).readDemand,
	"access":      (*reader).readAccess,
	"types":       (*reader).readTypes,
	"beliefs":     (*reader).readBeliefs,
	"rules":       (*reader).readRules,
	"scenarios":   (*reader).readScenarios,
}

func newReader(c *auction.Case) *reader {
	return &reader{
		c: c, lots: newNames("lot", "lots.csv"), bidders: newNames("bidder", "bidders.csv"),
		attributes: map[string]map[string]content{"lots": {}, "bidders": {}},
		zones:      newNames("zone", "lots.csv"), reached: map[string]bool{}, wanted: map[string]bool{},
	}
}

// read reads all tables of a book.
func read(b *book) (*auction.Case, error) {
	r := newReader(&auction.Case{Name: b.name, Rules: auction.DefaultRules(), Has: map[string]bool{}})
	r.errors = b.errors
	for table := range b.sheets {
		r.c.Has[table] = true
	}
	for i := range Tables {
		t := &Tables[i]
		if s, ok := b.sheets[t.Name]; ok {
			r.table(t, s)
		} else if t.Name == "lots" || t.Name == "bidders" {
			r.errors = append(r.errors, Error{File: t.File(), What: "a required table is missing", Remedy: "write it with the columns " + strings.Join(t.header(), ",")})
		}
	}
	r.checkZones()
	for i := range r.c.Bidders {
		if len(r.c.Bidders[i].Types) == 0 {
			r.c.Bidders[i].Types = []auction.Type{auction.Known}
		}
	}
	if err := r.errors.sorted(); err != nil {
		return nil, err
	}
	return r.c, nil
}

// table reads one table.
func (r *reader) table(t *Table, from opener) {
	if s, ok := from.open(t, &r.errors); ok {
		readers[t.Name](r, s)
	}
}

// names are the names that one table defines.
type names struct {
	kind, file string
	index      map[string]int
	list       []string
	complete   bool // the table could be read: a name that is not here is wrong
	suggested  map[string]string
}

func newNames(kind, file string) *names {
	return &names{kind: kind, file: file, index: map[string]int{}, suggested: map[string]string{}}
}

func (n *names) add(name string) {
	n.index[name] = len(n.list)
	n.list = append(n.list, name)
}

// of returns the index of the name in the column's cell, -1 where there is none, which it reports.
func (n *names) of(c *column) int {
	name := c.text()
	if name == "" {
		return -1
	}
	i, ok := n.index[name]
	if !ok {
		if n.complete {
			c.wrong("no such "+n.kind, name, n.remedy(name))
		}
		return -1
	}
	return i
}

// remedy says which name was meant. A long list is searched once for each of the first names only: the
// report prints no more.
func (n *names) remedy(name string) string {
	meant, found := n.suggested[name]
	if !found && len(n.suggested) < maxPrinted {
		meant = nearest(name, n.list)
		n.suggested[name] = meant
	}
	if meant != "" {
		return fmt.Sprintf("did you mean %s?", meant)
	}
	return "write one that " + n.file + " defines, or add it there"
}

// nameAll defines the names of a case that has been read.
func (r *reader) nameAll() {
	for _, l := range r.c.Lots {
		r.lots.add(l.Name)
	}
	for _, b := range r.c.Bidders {
		r.bidders.add(b.Name)
	}
	r.lots.complete, r.bidders.complete = len(r.c.Bidders) > 0, true
}

// A unique finds rows of a table that agree in its key.
type unique struct {
	sheet *sheet
	lines map[string]int
}

func (s *sheet) unique() *unique { return &unique{s, map[string]int{}} }

// first says whether no row before had this key; another is reported at the last column of the key that
// is not blank.
func (u *unique) first(key ...string) bool {
	joined := strings.Join(key, "\x00")
	line, twice := u.lines[joined]
	if !twice {
		u.lines[joined] = u.sheet.line
		return true
	}
	column := u.sheet.Key[0]
	var found []string
	for i, k := range key {
		if k != "" {
			column = u.sheet.Key[i]
			found = append(found, k)
		}
	}
	u.sheet.add(u.sheet.line, column, "the same "+strings.Join(u.sheet.Key, ", ")+" as in line "+strconv.Itoa(line), strings.Join(found, ", "), "remove one of the two rows, or rename it")
	return false
}

func (r *reader) readLots(s *sheet) {
	lot, zone, service := s.col("lot"), s.col("zone"), s.col("service")
	capacity, reserve, cost := s.col("capacity"), s.col("reserve"), s.col("cost")
	u := s.unique()
	for s.next() {
		l := auction.Lot{
			Name: lot.text(), Zone: zone.text(), Service: service.text(),
			Capacity: capacity.number(), Reserve: reserve.number(), Cost: cost.number(),
			Attributes: s.attributeCells(), Source: s.source(),
		}
		if l.Name == "" || !u.first(l.Name) {
			continue
		}
		r.lots.add(l.Name)
		if _, known := r.zones.index[l.Zone]; !known {
			r.zones.add(l.Zone)
		}
		r.c.Lots = append(r.c.Lots, l)
	}
	s.someRows(len(r.c.Lots), "write a row for each lot")
	r.lots.complete, r.zones.complete = len(r.c.Lots) > 0, len(r.c.Lots) > 0
	cells := make([]map[string]string, len(r.c.Lots))
	for i := range r.c.Lots {
		cells[i] = r.c.Lots[i].Attributes
	}
	r.plainAttributes(s, cells)
}

func (r *reader) readBidders(s *sheet) {
	bidder, class := s.col("bidder"), s.col("class")
	budget, maxVolume, accessCost := s.col("budget"), s.col("max_volume"), s.col("access_cost")
	currentVolume, currentPayment := s.col("current_volume"), s.col("current_payment")
	u := s.unique()
	for s.next() {
		b := auction.Bidder{
			Name: bidder.text(), Class: class.text(),
			Budget: budget.number(), MaxVolume: maxVolume.number(), AccessCost: accessCost.number(),
			CurrentVolume: currentVolume.number(), CurrentPayment: currentPayment.number(),
			Attributes: s.attributeCells(), Source: s.source(),
		}
		if b.Name == "" || !u.first(b.Name) {
			continue
		}
		r.bidders.add(b.Name)
		r.c.Bidders = append(r.c.Bidders, b)
	}
	s.someRows(len(r.c.Bidders), "write a row for each bidder")
	r.bidders.complete = len(r.c.Bidders) > 0
	cells := make([]map[string]string, len(r.c.Bidders))
	for i := range r.c.Bidders {
		cells[i] = r.c.Bidders[i].Attributes
	}
	r.plainAttributes(s, cells)
}

// someRows reports a table that may not be without rows.
func (s *sheet) someRows(n int, remedy string) {
	if n == 0 {
		s.add(s.headerLine, "", "no row under the header", "", remedy)
	}
}

// attributeCells returns the row's cells in the columns of the user's own, nil where there are none.
func (s *sheet) attributeCells() map[string]string {
	if len(s.attributes) == 0 {
		return nil
	}
	cells := make(map[string]string, len(s.attributes))
	for _, a := range s.attributes {
		cells[a.name] = ""
		if a.position < len(s.cells) {
			cells[a.name] = trim(s.cells[a.position])
		}
	}
	return cells
}

// plainAttributes finds the attributes that are numbers in every row where they are not blank, and
// holds these as plain decimals, so that 1,200 and 1200 are the same.
func (r *reader) plainAttributes(s *sheet, rows []map[string]string) {
	for _, a := range s.attributes {
		plain := make([]string, len(rows))
		is := blank
		for i, cells := range rows {
			if cells[a.name] == "" {
				continue
			}
			v, ok := plainNumber(cells[a.name], s.decimalComma)
			if !ok {
				is = words
				break
			}
			plain[i], is = formatNumber(v), numbers
		}
		r.attributes[s.Name][a.name] = is
		if is == numbers {
			for i, cells := range rows {
				cells[a.name] = plain[i]
			}
		}
	}
}

func (r *reader) readFacilities(s *sheet) {
	bidder, facility := s.col("bidder"), s.col("facility")
	fixedCost, capacity := s.col("fixed_cost"), s.col("capacity")
	u := s.unique()
	for s.next() {
		i := r.bidders.of(bidder)
		f := auction.Facility{Name: facility.text(), FixedCost: fixedCost.number(), Capacity: capacity.number(), Source: s.source()}
		if i >= 0 && f.Name != "" && u.first(bidder.text(), f.Name) {
			b := &r.c.Bidders[i]
			b.Facilities = append(b.Facilities, f)
		}
	}
}

func (r *reader) readRoutes(s *sheet) {
	bidder, route, zone, service := s.col("bidder"), s.col("route"), s.col("zone"), s.col("service")
	unitCost, capacity, facility := s.col("unit_cost"), s.col("capacity"), s.col("facility")
	u := s.unique()
	for s.next() {
		i := r.bidders.of(bidder)
		w := auction.Route{
			Name: route.text(), Zone: zone.text(), Service: service.text(),
			UnitCost: unitCost.number(), Capacity: capacity.number(), Facility: -1, Source: s.source(),
		}
		r.reached[w.Zone] = true
		if i < 0 || w.Name == "" || w.Zone == "" || !u.first(bidder.text(), w.Name, w.Zone, w.Service) {
			continue
		}
		b := &r.c.Bidders[i]
		if name := facility.text(); name != "" {
			var defined []string
			for _, f := range b.Facilities {
				defined = append(defined, f.Name)
			}
			if w.Facility = slices.Index(defined, name); w.Facility < 0 {
				remedy := "write a facility that facilities.csv gives " + b.Name
				if meant := nearest(name, defined); meant != "" {
					remedy = fmt.Sprintf("did you mean %s?", meant)
				}
				facility.wrong("no such facility of "+b.Name, name, remedy)
			}
		}
		b.Routes = append(b.Routes, w)
	}
}

func (r *reader) readDemand(s *sheet) {
	bidder, zone, service := s.col("bidder"), s.col("zone"), s.col("service")
	volume, value := s.col("volume"), s.col("value")
	u := s.unique()
	for s.next() {
		i := r.bidders.of(bidder)
		d := auction.Demand{Zone: zone.text(), Services: service.list("|"), Volume: volume.number(), Value: value.number(), Source: s.source()}
		r.wanted[d.Zone] = true
		sorted := slices.Sorted(slices.Values(d.Services))
		if i >= 0 && d.Zone != "" && u.first(bidder.text(), d.Zone, strings.Join(sorted, "|")) {
			b := &r.c.Bidders[i]
			b.Demand = append(b.Demand, d)
		}
	}
}

// list returns the names in a cell that the separator joins; nil for a blank cell.
func (c *column) list(separator string) []string {
	cell := c.text()
	if cell == "" {
		return nil
	}
	var list []string
	for name := range strings.SplitSeq(cell, separator) {
		name = trim(name)
		switch {
		case name == "":
			c.wrong("a blank name in a list", cell, "write names joined by "+separator)
			return nil
		case slices.Contains(list, name):
			c.wrong("the same name twice", cell, "write each name once")
			return nil
		}
		list = append(list, name)
	}
	return list
}

// checkZones reports zones that can only be slips: packages for a zone that no lot and no route
// reaches, and routes into a zone without lots and packages.
func (r *reader) checkZones() {
	if !r.zones.complete {
		return
	}
	check := func(zone string, source auction.Source, elsewhere map[string]bool, what string) {
		if _, known := r.zones.index[zone]; !known && !elsewhere[zone] {
			r.errors = append(r.errors, Error{source.File, source.Line, "zone", what, zone, r.zones.remedy(zone)})
		}
	}
	for i := range r.c.Bidders {
		for _, d := range r.c.Bidders[i].Demand {
			check(d.Zone, d.Source, r.reached, "no such zone: no lot and no route delivers there")
		}
		for _, w := range r.c.Bidders[i].Routes {
			check(w.Zone, w.Source, r.wanted, "no such zone: it has no lot and no demand")
		}
	}
}

func (r *reader) readAccess(s *sheet) {
	bidder, lot, unitCost := s.col("bidder"), s.col("lot"), s.col("unit_cost")
	u := s.unique()
	for s.next() {
		i, l, cost := r.bidders.of(bidder), r.lots.of(lot), unitCost.number()
		if i < 0 || l < 0 || !u.first(bidder.text(), lot.text()) {
			continue
		}
		b := &r.c.Bidders[i]
		if b.Access == nil {
			b.Access = map[int]float64{}
		}
		b.Access[l] = cost
	}
}

func (r *reader) readTypes(s *sheet) {
	bidder, name, probability := s.col("bidder"), s.col("type"), s.col("probability")
	value, volume := s.col("value_factor"), s.col("volume_factor")
	access, unit, fixed := s.col("access_cost_factor"), s.col("unit_cost_factor"), s.col("fixed_cost_factor")
	u := s.unique()
	for s.next() {
		i := r.bidders.of(bidder)
		t := auction.Type{
			Name: name.text(), Probability: probability.number(),
			ValueFactor: value.number(), VolumeFactor: volume.number(), AccessCostFactor: access.number(),
			UnitCostFactor: unit.number(), FixedCostFactor: fixed.number(), Source: s.source(),
		}
		if i >= 0 && t.Name != "" && u.first(bidder.text(), t.Name) {
			b := &r.c.Bidders[i]
			b.Types = append(b.Types, t)
		}
	}
	for i := range r.c.Bidders {
		b := &r.c.Bidders[i]
		var p []float64
		for _, t := range b.Types {
			p = append(p, t.Probability)
		}
		if len(p) > 0 {
			s.sumToOne(b.Types[0].Source.Line, "the probabilities of the types of "+b.Name, p)
		}
	}
}

// sumToOne reports probabilities that do not sum to 1. One that could not be read is NaN and has been
// reported.
func (s *sheet) sumToOne(line int, what string, p []float64) {
	sum := 0.0
	for _, v := range p {
		sum += v
	}
	if math.Abs(sum-1) > probabilitySlack {
		s.add(line, "probability", what+" do not sum to 1", strconv.FormatFloat(sum, 'g', 10, 64), "change them so that they do")
	}
}
