package inputs

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"lotwise/models/auction"
)

// needs are the tables that each command needs.
var needs = map[string][]string{
	"allocate": {"lots", "bidders", "bids"},
	"bid":      {"lots", "bidders", "demand", "beliefs"},
	"solve":    {"lots", "bidders", "demand"},
}

// Commands are the commands that have requirements.
var Commands = []string{"allocate", "bid", "solve"}

// Requirements says what keeps a command from solving the case: Errors where tables are missing, an
// *auction.Unsupported where the command does not obey what the case holds; nil where it can.
func Requirements(c *auction.Case, command string) error {
	tables, ok := needs[command]
	if !ok {
		return fmt.Errorf("no command %q that solves a case; write %s", command, oneOf(Commands))
	}
	var missing Errors
	for _, name := range tables {
		if !c.Has[name] {
			t := Lookup(name)
			remedy := "write it with the columns " + strings.Join(t.header(), ",")
			if name == "beliefs" {
				remedy += ", or name another source of the rivals' bids: --beliefs costs, run:FOLDER or index:FILE"
			}
			missing = append(missing, Error{File: t.File(), What: command + " needs this table", Remedy: remedy})
		}
	}
	if err := missing.sorted(); err != nil {
		return err
	}
	if command == "solve" && !slices.ContainsFunc(c.Bidders, func(b auction.Bidder) bool { return b.Strategic() }) {
		return Errors{{File: Lookup("demand").File(), What: "no bidder has demand", Remedy: "write a row for what each bidder must get delivered"}}
	}
	var refused []auction.Conflict
	if command == "solve" && len(c.Limits) > 0 {
		refused = append(refused, auction.Conflict{What: command + " does not obey limits yet, and would be wrong without them; remove " + Lookup("limits").File() + " to solve the case without", Source: c.Limits[0].Source})
	}
	if command == "solve" && len(c.Adjustments) > 0 {
		refused = append(refused, auction.Conflict{What: command + " does not obey adjustments yet, and would be wrong without them; remove " + Lookup("adjustments").File() + " to solve the case without", Source: c.Adjustments[0].Source})
	}
	if command != "allocate" && c.Rules.Payment != auction.PayAsBid {
		refused = append(refused, auction.Conflict{What: fmt.Sprintf("rules.csv: %s models the payment rule %s alone, the case says %s", command, auction.PayAsBid, c.Rules.Payment)})
	}
	if len(refused) > 0 {
		return &auction.Unsupported{Reasons: refused}
	}
	return nil
}

// A Size is how large one table of a case is.
type Size struct {
	Table string
	Rows  int    // of rules: those in force, defaults too
	Note  string // what else is worth knowing, blank for nothing
}

// Sizes returns the size of each table of the case, in the order of Tables.
func Sizes(c *auction.Case) []Size {
	packages := packageBids[0]
	if c.Rules.PackageBids {
		packages = packageBids[1]
	}
	zones := map[string]bool{}
	capacity := 0.0
	for _, l := range c.Lots {
		zones[l.Zone] = true
		capacity += l.Capacity
	}
	var strategic, demand, routes, facilities, access, types, believed, changes int
	volume := 0.0
	for i := range c.Bidders {
		b := &c.Bidders[i]
		if b.Strategic() {
			strategic++
		}
		for _, d := range b.Demand {
			volume += d.Volume
		}
		demand += len(b.Demand)
		routes += len(b.Routes)
		facilities += len(b.Facilities)
		access += len(b.Access)
		for _, t := range b.Types {
			if t.Name != "" {
				types++
			}
		}
	}
	for _, b := range c.Beliefs {
		believed += max(1, bidRows(b.Bids)) // nobody bidding is a row
	}
	for _, a := range c.Assumptions {
		changes += len(a.Changes)
	}
	sizes := map[string]Size{
		"lots":        {Rows: len(c.Lots), Note: fmt.Sprintf("%s packages in %d zones", formatNumber(capacity), len(zones))},
		"bidders":     {Rows: len(c.Bidders), Note: fmt.Sprintf("%d with demand", strategic)},
		"bids":        {Rows: bidRows(c.Bids), Note: fmt.Sprintf("%d bids", len(c.Bids))},
		"limits":      {Rows: len(c.Limits)},
		"adjustments": {Rows: len(c.Adjustments)},
		"facilities":  {Rows: facilities},
		"routes":      {Rows: routes},
		"demand":      {Rows: demand, Note: formatNumber(volume) + " packages"},
		"access":      {Rows: access},
		"types":       {Rows: types},
		"beliefs":     {Rows: believed, Note: fmt.Sprintf("%d scenarios", len(c.Beliefs))},
		"rules": {Rows: len(Rules), Note: fmt.Sprintf("objective %s, payment %s, price_step %s, ties %s, bid_steps %d, package_bids %s, currency %s",
			c.Rules.Objective, c.Rules.Payment, formatNumber(c.Rules.PriceStep), c.Rules.Ties, c.Rules.BidSteps, packages, c.Rules.Currency)},
		"scenarios": {Rows: changes, Note: fmt.Sprintf("%d scenarios", len(c.Assumptions))},
	}
	var present []Size
	for _, t := range Tables {
		if c.Has[t.Name] {
			size := sizes[t.Name]
			size.Table = t.Name
			present = append(present, size)
		}
	}
	return present
}

func bidRows(bids []auction.Bid) int {
	n := 0
	for i := range bids {
		n += len(bids[i].Rows)
	}
	return n
}

// An Ability is what one command can do with a case.
type Ability struct {
	Command string
	Can     bool
	What    string // what it will do, or what keeps it from that
}

// Abilities returns what each of Commands can do with the case.
func Abilities(c *auction.Case) []Ability {
	var strategic, fixed []string
	bids := map[int]bool{}
	for _, b := range c.Bids {
		bids[b.Bidder] = true
	}
	for i := range c.Bidders {
		if c.Bidders[i].Strategic() {
			strategic = append(strategic, c.Bidders[i].Name)
		} else if bids[i] {
			fixed = append(fixed, c.Bidders[i].Name)
		}
	}
	what := map[string]string{
		"allocate": fmt.Sprintf("accepts among %d bids of %d bidders for %d lots", len(c.Bids), len(bids), len(c.Lots)),
		"bid":      fmt.Sprintf("finds the best bid of one of %d bidders with demand against %d scenarios", len(strategic), len(c.Beliefs)),
		"solve":    fmt.Sprintf("finds equilibrium bids of %d bidders; %d bid exactly their rows of bids.csv", len(strategic), len(fixed)),
	}
	var abilities []Ability
	for _, command := range Commands {
		a := Ability{Command: command, Can: true, What: what[command]}
		if err := Requirements(c, command); err != nil {
			a.Can, a.What = false, err.Error()
		} else if command == "bid" && len(strategic) == 0 {
			a.Can, a.What = false, "no bidder has demand"
		}
		abilities = append(abilities, a)
	}
	return abilities
}

// Notes returns what is no error in the case but worth a look: services that are wanted and that no lot
// and no route provides, bidders without a part in the auction, limits and preferences that bear on nothing, and prices off
// the grid.
func Notes(c *auction.Case) []auction.Conflict {
	provided := map[string]bool{}
	for _, l := range c.Lots {
		provided[l.Service] = true
	}
	for i := range c.Bidders {
		for _, w := range c.Bidders[i].Routes {
			provided[w.Service] = true
		}
	}
	var notes []auction.Conflict
	noted := map[string]bool{}
	for i := range c.Bidders {
		for _, d := range c.Bidders[i].Demand {
			for _, s := range d.Services {
				if !provided[s] && !noted[s] {
					noted[s] = true
					notes = append(notes, auction.Conflict{What: "no lot and no route provides the service " + s, Source: d.Source})
				}
			}
		}
	}
	takesPart := map[int]bool{}
	for _, b := range c.Bids {
		takesPart[b.Bidder] = true
	}
	for _, belief := range c.Beliefs {
		for _, b := range belief.Bids {
			takesPart[b.Bidder] = true
		}
	}
	for i := range c.Bidders {
		if b := &c.Bidders[i]; !takesPart[i] && !b.Strategic() {
			notes = append(notes, auction.Conflict{What: b.Name + " has neither bids nor demand", Source: b.Source})
		}
	}
	return append(append(notes, idle(c)...), offGrid(c)...)
}

// idle are the limits and preferences that bear on nothing.
func idle(c *auction.Case) (notes []auction.Conflict) {
	selects := func(where string) bool {
		f, err := auction.ParseFilter(where)
		return err != nil || c.SelectsAny(f)
	}
	for _, l := range c.Limits {
		if math.IsNaN(l.Min) && math.IsNaN(l.Max) {
			notes = append(notes, auction.Conflict{What: "limit " + l.Name + " has neither a min nor a max", Source: l.Source})
		}
		if !selects(l.Where) {
			notes = append(notes, auction.Conflict{What: "limit " + l.Name + " where " + l.Where + " selects no lot or no bidder", Source: l.Source})
		}
	}
	for _, a := range c.Adjustments {
		if !selects(a.Where) {
			notes = append(notes, auction.Conflict{What: "adjustment " + a.Name + " where " + a.Where + " selects no lot or no bidder", Source: a.Source})
		}
	}
	return notes
}

// offGrid counts the rows of bids.csv whose price is no multiple of the price step.
func offGrid(c *auction.Case) []auction.Conflict {
	n, first := 0, auction.Source{}
	for i := range c.Bids {
		for _, r := range c.Bids[i].Rows {
			if c.Bids[i].ByAmount || c.Rules.OnGrid(r.Price) {
				continue
			}
			if n++; n == 1 {
				first = r.Source
			}
		}
	}
	if n == 0 {
		return nil
	}
	return []auction.Conflict{{What: fmt.Sprintf("%d prices, this one first, are no multiples of the price_step %s; they are taken as they are", n, formatNumber(c.Rules.PriceStep)), Source: first}}
}
