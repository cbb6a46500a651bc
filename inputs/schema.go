package inputs

import (
	"fmt"
	"math"
	"strings"

	"lotwise/models/auction"
)

// A Kind is how the cells of a column are read.
type Kind int

// The kinds of cells.
const (
	Name    Kind = iota // identifies something; text, so 01001 keeps its zero
	Text                // any text
	Number              // a number within the column's Min and Max
	Choice              // one of the column's Choices
	Service             // names of services joined by |
	Where               // a filter: column=value pairs joined by ;
	Columns             // names of columns joined by ;
)

// A Column is one column of a table: reader, validation, templates and documentation follow from it.
type Column struct {
	Name     string
	Kind     Kind
	Required bool
	Default  string  // what a blank cell stands for, as a person writes it; blank where it stands for nothing
	Unit     string  // of a Number; blank for a plain number
	Min, Max float64 // of a Number
	Infinite bool    // a Number may be inf
	Choices  []string
	Meaning  string
	Example  []string // one cell for each example row of the table
}

// A Table is one table of a case, a CSV file or a sheet of a workbook.
type Table struct {
	Name    string
	Meaning string // what one row says
	Columns []Column
	Open    bool     // takes any further columns as attributes
	Key     []string // no two rows agree in all of these columns
}

// File returns the name of the table's file.
func (t *Table) File() string { return t.Name + ".csv" }

// Column returns the column of that name, nil where there is none.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// Lookup returns the table of that name, nil where there is none.
func Lookup(name string) *Table {
	for i := range Tables {
		if Tables[i].Name == name {
			return &Tables[i]
		}
	}
	return nil
}

// The ranges of numbers. Money may be of either sign: a cost below zero is a subsidy.
func number(name, unit string, min, max float64, meaning string, example []string) Column {
	return Column{Name: name, Kind: Number, Unit: unit, Min: min, Max: max, Meaning: meaning, Example: example}
}

func volume(name, meaning string, example ...string) Column {
	return number(name, "packages", 0, math.Inf(1), meaning, example)
}

func money(name, meaning string, example ...string) Column {
	return number(name, "money", math.Inf(-1), math.Inf(1), meaning, example)
}

func spending(name, meaning string, example ...string) Column {
	return number(name, "money", 0, math.Inf(1), meaning, example)
}

func each(name, meaning string, example ...string) Column {
	return number(name, "money a package", math.Inf(-1), math.Inf(1), meaning, example)
}

func probability(name, meaning string, example ...string) Column {
	return number(name, "", 0, 1, meaning, example)
}

func factor(name, meaning string, example ...string) Column {
	return number(name, "", 0, math.Inf(1), meaning, example).or("1")
}

func plain(name, meaning string, example ...string) Column {
	return number(name, "", math.Inf(-1), math.Inf(1), meaning, example)
}

func text(kind Kind, name, meaning string, example ...string) Column {
	return Column{Name: name, Kind: kind, Meaning: meaning, Example: example}
}

func choice(name string, choices []string, meaning string, example ...string) Column {
	return Column{Name: name, Kind: Choice, Choices: choices, Meaning: meaning, Example: example}
}

// required marks a column whose cells may not be blank.
func (c Column) required() Column {
	c.Required = true
	return c
}

// or gives what a blank cell stands for.
func (c Column) or(blank string) Column {
	c.Default = blank
	c.Infinite = blank == "inf"
	return c
}

// Measures are what a limit may bound.
var Measures = []string{"volume", "revenue", "lots", "winners", "bids"}

// Tables are all tables of a case, in the order in which they are read: names are defined before they
// are used.
var Tables = []Table{
	{
		Name: "lots", Key: []string{"lot"}, Open: true,
		Meaning: "The seller offers `capacity` packages of entry at this delivery unit and tender window.",
		Columns: []Column{
			text(Name, "lot", "the delivery unit and tender window", "01001_same", "01001_next").required(),
			text(Name, "zone", "the area that the lot serves", "010", "010").required(),
			text(Name, "service", "what the lot provides", "same_day", "next_day"),
			volume("capacity", "what is for sale", "600", "2000").required(),
			each("reserve", "no price under it is accepted", "2.00", "1.50").or("0"),
			each("cost", "the seller's marginal cost", "1.60", "1.20").or("0"),
		},
	},
	{
		Name: "bidders", Key: []string{"bidder"}, Open: true,
		Meaning: "Who bids.",
		Columns: []Column{
			text(Name, "bidder", "the bidder", "Alpha", "Beta").required(),
			text(Text, "class", "a group of bidders, for limits", "national", "small"),
			spending("budget", "caps the total payment", "5000", "").or("inf"),
			volume("max_volume", "caps the total volume won", "", "700").or("inf"),
			each("access_cost", "what bringing a package to a lot costs where `access.csv` has no row; blank, such a lot cannot be used", "0.40", "0.50"),
			volume("current_volume", "today's contract, which outcomes are compared with", "1500", ""),
			money("current_payment", "what is paid for all of `current_volume`", "2600", ""),
		},
	},
	{
		Name: "bids", Key: []string{"bidder", "bid", "lot"},
		Meaning: "Rows of one bidder with the same `bid` form one package: the seller accepts one common fraction x of all its rows, x = 0 or `min_fraction` <= x <= 1.",
		Columns: []Column{
			text(Name, "bidder", "who bids", "Alpha", "Alpha", "Beta").required(),
			text(Name, "bid", "names the package; blank, the row is a bid of its own", "pair", "pair", ""),
			text(Name, "lot", "the lot", "01001_same", "01001_next", "01001_next").required(),
			volume("quantity", "packages at x = 1", "400", "800", "700").required(),
			each("price", "the price of this row", "2.40", "1.70", "1.60"),
			money("amount", "the money for the whole package at x = 1, on one row of the bid, its prices blank", "", "", ""),
			probability("min_fraction", "the least fraction that may be accepted", "0.5", "", "").or("0"),
			text(Name, "group", "at most one bid of a bidder's group is accepted", "", "", ""),
			text(Name, "requires", "a bid of the same bidder that must be accepted too", "", "", ""),
		},
	},
	{
		Name: "limits", Key: []string{"limit"},
		Meaning: "A side constraint `min` <= `measure` <= `max` on the accepted bids that `where` selects.",
		Columns: []Column{
			text(Name, "limit", "the limit", "max_share", "set_aside").required(),
			choice("measure", Measures, "what is bounded", "volume", "volume").required(),
			choice("of", []string{"capacity", "accepted"}, "blank, `min` and `max` are absolute; `capacity`, shares of the capacity of the lots that `where` and `per` select; `accepted`, shares of the same measure over those lots and all bidders", "capacity", "accepted"),
			text(Columns, "per", "one limit for each combination of these columns' values", "bidder;zone", ""),
			text(Where, "where", "selects bids by columns of `lots.csv` and `bidders.csv`, attributes too", "", "class=small"),
			plain("min", "the least; blank for none", "", "0.1"),
			plain("max", "the most; blank for none", "0.4", ""),
			choice("or_nothing", []string{"yes", "no"}, "`yes`, the minimum applies only where the measure is not zero", "", "").or("no"),
			number("penalty", "money", 0, math.Inf(1), "lost per unit of violation; blank, the limit is hard", []string{"", ""}),
		},
	},
	{
		Name: "adjustments", Key: []string{"adjustment"},
		Meaning: "A preference: the seller scores the accepted bid rows that `where` selects at price x `factor` + `add`. Payments and reported revenue stay at bid prices.",
		Columns: []Column{
			text(Name, "adjustment", "the preference", "small_business").required(),
			text(Where, "where", "selects bid rows as in `limits.csv`", "class=small"),
			plain("factor", "multiplies the price", "1.05").or("1"),
			each("add", "is added to it", "").or("0"),
		},
	},
	{
		Name: "facilities", Key: []string{"bidder", "facility"},
		Meaning: "A station that the bidder can open, or keep, for a fixed cost.",
		Columns: []Column{
			text(Name, "bidder", "whose station", "Alpha").required(),
			text(Name, "facility", "the station", "depot").required(),
			money("fixed_cost", "what having it open over the contract period costs", "1200").required(),
			volume("capacity", "what all routes of the station carry together", "2500").or("inf"),
		},
	},
	{
		Name: "routes", Key: []string{"bidder", "route", "zone", "service"},
		Meaning: "A way to deliver that needs no lot: the bidder's own fleet or a carrier.",
		Columns: []Column{
			text(Name, "bidder", "who delivers", "Alpha", "Alpha").required(),
			text(Name, "route", "the fleet or carrier", "vans", "carrier").required(),
			text(Name, "zone", "where it delivers", "010", "010").required(),
			text(Name, "service", "what it provides; blank for any", "same_day", ""),
			each("unit_cost", "what delivering costs", "2.00", "4.00").required(),
			volume("capacity", "what the route carries in this zone", "", "").or("inf"),
			text(Name, "facility", "usable only while this facility is open, whose capacity it shares", "depot", ""),
		},
	},
	{
		Name: "demand", Key: []string{"bidder", "zone", "service"},
		Meaning: "The packages this bidder must get delivered in a zone; with `value`, delivery is optional and earns `value` a package.",
		Columns: []Column{
			text(Name, "bidder", "whose packages", "Alpha", "Alpha").required(),
			text(Name, "zone", "where they go", "010", "010").required(),
			text(Service, "service", "the acceptable services; blank for any", "same_day", "same_day|next_day").or("any"),
			volume("volume", "packages to deliver", "400", "800").required(),
			each("value", "what a delivered package earns; blank, all of it must be delivered", "", "3.50"),
		},
	},
	{
		Name: "access", Key: []string{"bidder", "lot"},
		Meaning: "What it costs the bidder to bring a package to the lot; without a row, the bidder's `access_cost`.",
		Columns: []Column{
			text(Name, "bidder", "the bidder", "Alpha").required(),
			text(Name, "lot", "the lot", "01001_next").required(),
			each("unit_cost", "what bringing a package there costs", "0.55").required(),
		},
	},
	{
		Name: "types", Key: []string{"bidder", "type"},
		Meaning: "What rivals do not know of this bidder: its numbers multiplied by the factors with this probability. Types of different bidders are independent; a bidder without rows has one known type.",
		Columns: []Column{
			text(Name, "bidder", "the bidder", "Alpha", "Alpha").required(),
			text(Name, "type", "the type", "lean", "stretched").required(),
			probability("probability", "the chance of this type; those of a bidder sum to 1", "0.6", "0.4").required(),
			factor("value_factor", "multiplies `value` of `demand.csv`", "1", "1.1"),
			factor("volume_factor", "multiplies `volume` of `demand.csv`", "1", "1"),
			factor("access_cost_factor", "multiplies the costs of access", "1", "1"),
			factor("unit_cost_factor", "multiplies `unit_cost` of `routes.csv`", "1", "1.15"),
			factor("fixed_cost_factor", "multiplies `fixed_cost` of `facilities.csv`", "1", "1"),
		},
	},
	{
		Name: "beliefs", Key: []string{"scenario", "bidder", "bid", "lot"},
		Meaning: "One bidder's picture of its rivals: in this scenario the rivals bid these rows. Rows of the bidder that bids are ignored; a scenario in which nobody bids is one row with blank bidder, lot, quantity and price.",
		Columns: []Column{
			text(Name, "scenario", "the scenario", "weak", "keen", "keen").required(),
			probability("probability", "the chance of the scenario, the same on all its rows; those of all scenarios sum to 1", "0.7", "0.3", "0.3").required(),
			text(Name, "bidder", "the rival", "Beta", "Beta", "Beta").required(),
			text(Name, "bid", "names the package; blank, the row is a bid of its own", "", "", ""),
			text(Name, "lot", "the lot", "01001_next", "01001_same", "01001_next").required(),
			volume("quantity", "packages at x = 1", "700", "400", "700").required(),
			each("price", "the price of this row; blank where the bid has an amount", "1.60", "2.60", "1.90").required(),
			money("amount", "the money for the whole package at x = 1, on one row of the bid, its prices blank", "", "", ""),
			probability("min_fraction", "the least fraction that may be accepted", "", "", "").or("0"),
			text(Name, "group", "at most one bid of a rival's group is accepted", "", "", ""),
		},
	},
	{
		Name: "rules", Key: []string{"name"},
		Meaning: "One rule of the auction.",
		Columns: []Column{
			text(Name, "name", "the rule", ruleNames()...).required(),
			text(Text, "value", "what it is", ruleDefaults()...).required(),
		},
	},
	{
		Name:    "scenarios",
		Meaning: "One cost assumption: in this scenario these cells of the case are changed. Rows of a scenario apply in order; the scenario `base` (no change) always exists.",
		Columns: []Column{
			text(Name, "scenario", "the scenario", "dear_drivers", "cheap_station").required(),
			text(Name, "table", "the table that is changed", "routes", "facilities").required(),
			text(Where, "where", "selects its rows by its own columns; blank for all", "", "facility=depot"),
			text(Name, "column", "the column that is changed", "unit_cost", "fixed_cost").required(),
			choice("change", []string{"set", "add", "multiply"}, "what is done to the cells", "multiply", "set").required(),
			text(Text, "value", "what the cells are set to, or what is added to them or multiplies them", "1.15", "800").required(),
			probability("probability", "the chance of the scenario; where one has it, all have, and they sum to 1", "0.7", "0.3"),
		},
	},
}

// A Rule is one name that rules.csv may hold.
type Rule struct {
	Name    string
	Default string
	Choices []string // nil where the value is a number or text
	Meaning string
}

// packageBids are the values of package_bids, the default first.
var packageBids = []string{"no", "yes"}

// Rules are the names that rules.csv may hold; their defaults are those of auction.DefaultRules.
var Rules = func() []Rule {
	d := auction.DefaultRules()
	return []Rule{
		{"objective", d.Objective, []string{auction.Revenue, auction.Contribution}, "what the seller maximises: payments at bid prices, or those less `cost`"},
		{"payment", d.Payment, []string{auction.PayAsBid, auction.Uniform, auction.VCG, auction.Core}, "what winners pay; `core` is the minimum-revenue core point nearest to VCG"},
		{"price_step", fmt.Sprint(d.PriceStep), nil, "prices are whole multiples of it; equilibrium and best responses are exact on this grid"},
		{"ties", d.Ties, []string{auction.TiesOrder}, "at equal price, the bidder earlier in `bidders.csv` is served first"},
		{"bid_steps", fmt.Sprint(d.BidSteps), nil, "how many prices a bidder may name for one lot"},
		{"package_bids", packageBids[0], packageBids, "whether `bid` may also bid all or nothing for the lots of a zone, or of the zones of a facility, together"},
		{"currency", d.Currency, nil, "shown in outputs"},
	}
}()

func ruleNames() []string {
	var names []string
	for _, r := range Rules {
		names = append(names, r.Name)
	}
	return names
}

func ruleDefaults() []string {
	var values []string
	for _, r := range Rules {
		values = append(values, r.Default)
	}
	return values
}

// unit says what a column holds, for documentation.
func (c *Column) Holds() string {
	switch c.Kind {
	case Number:
		if c.Unit != "" {
			return c.Unit
		}
		return "number"
	case Choice:
		return "`" + strings.Join(c.Choices, "`, `") + "`"
	case Service:
		return "names joined by `\\|`"
	case Where:
		return "`column=value` joined by `;`"
	case Columns:
		return "columns joined by `;`"
	case Name:
		return "name"
	default:
		return "text"
	}
}
