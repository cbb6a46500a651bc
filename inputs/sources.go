package inputs

import (
	"math"
	"os"
	"strings"

	"lotwise/models/auction"
)

// ReadBeliefs replaces the beliefs of the case by those of a CSV file with the columns of beliefs.csv, which may be
// the one that a run of bid wrote. A wrong file is reported as Errors, and the case is left as it was.
func ReadBeliefs(c *auction.Case, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return unreadable(file, err)
	}
	changed := *c
	changed.Beliefs = nil
	r := newReader(&changed)
	r.nameAll()
	r.table(Lookup("beliefs"), csvSheet{file, data, nil})
	if err := r.errors.sorted(); err != nil {
		return err
	}
	Believe(c, changed.Beliefs)
	return nil
}

// Believe gives the case these beliefs, as if its beliefs.csv held them.
func Believe(c *auction.Case, beliefs []auction.Belief) {
	has := map[string]bool{"beliefs": true}
	for name := range c.Has {
		has[name] = true
	}
	c.Beliefs, c.Has = beliefs, has
}

// Index is the schema of the file that `bid --beliefs index:FILE` reads; it is not a table of a case.
var Index = Table{
	Name:    "index",
	Meaning: "What lots are believed to fetch. A lot takes the rows that fit it most closely: those that name it, else those of its zone and service, of its zone, of its service, and of any lot.",
	Columns: []Column{
		text(Name, "lot", "the lot; blank for any", "", "01001_same"),
		text(Name, "zone", "lots of this zone; blank for any", "010", ""),
		text(Name, "service", "lots of this service; blank for any", "next_day", ""),
		text(Name, "bidder", "the rival whose price it is; blank for the market's, for which the first rival with demand stands", "", "Beta"),
		each("price", "the mean price", "1.70", "2.40").required(),
		number("spread", "", 0, 1, "the price's standard deviation as a share of it; blank for that of `--spread`", []string{"10%", ""}),
		volume("quantity", "packages wanted at that price; blank for the lot's whole capacity", "", "400"),
	},
}

// ReadIndex reads a price index for the case from a CSV file with the columns of Index. A wrong file is reported as
// Errors.
func ReadIndex(c *auction.Case, file string) ([]auction.IndexPrice, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	r := newReader(c)
	r.nameAll()
	for _, l := range c.Lots {
		if _, known := r.zones.index[l.Zone]; !known {
			r.zones.add(l.Zone)
		}
	}
	r.zones.complete = true
	provided := newNames("service", "lots.csv")
	for _, l := range c.Lots {
		if _, known := provided.index[l.Service]; !known {
			provided.add(l.Service)
		}
	}
	provided.complete = true
	var list []auction.IndexPrice
	if s, ok := (csvSheet{file, data, nil}).open(&Index, &r.errors); ok {
		lot, zone, service, bidder := s.col("lot"), s.col("zone"), s.col("service"), s.col("bidder")
		price, spread, quantity := s.col("price"), s.col("spread"), s.col("quantity")
		for s.next() {
			p := auction.IndexPrice{
				Lot: r.lots.of(lot), Zone: zone.text(), Service: service.text(), Bidder: r.bidders.of(bidder),
				Price: price.number(), Spread: spread.number(), Quantity: quantity.number(), Source: s.source(),
			}
			r.zones.of(zone)
			provided.of(service)
			list = append(list, p)
		}
		s.someRows(len(list), "write a row for each lot or zone, or one with a price alone")
	}
	if err := r.errors.sorted(); err != nil {
		return nil, err
	}
	return list, nil
}

// ParseIndex reads an index of one price for all lots, such as 2.10 or 2.10,8%; ok is false where s is no such.
func ParseIndex(s string) (p auction.IndexPrice, ok bool) {
	p = auction.IndexPrice{Lot: -1, Bidder: -1, Spread: math.NaN(), Quantity: math.NaN()}
	price, spread, both := strings.Cut(s, ",")
	var wrong string
	if p.Price, wrong, _ = parseNumber(price, false); wrong != "" || math.IsInf(p.Price, 0) {
		return p, false
	}
	if both {
		if p.Spread, wrong, _ = parseNumber(spread, false); wrong != "" || p.Spread < 0 || p.Spread > 1 {
			return p, false
		}
	}
	return p, true
}
