package generate

import (
	"fmt"
	"math"
	"slices"

	"lotwise/models/auction"
)

// Postal says how large a postal auction is and what it holds; the zero value of a field leaves it out.
type Postal struct {
	Lots, Bidders int // at least 1 each
	// Bids are for a single lot. Of these AllOrNothing (a share) have least fraction 1 and Fractions (a share) one
	// between; the rest are divisible.
	Bids                    int
	AllOrNothing, Fractions float64
	// Packages are for MinLots..MaxLots lots of one region (5 to 40 where 0), most of them all or nothing, half by
	// amount; many are alternatives in a group, some require a bid of the same bidder.
	Packages, MinLots, MaxLots int
	Budgets, Caps              float64 // the share of bidders that have a budget, a max_volume
	Limits                     int     // so many of PostalLimits, from the first
	Adjustments                int     // so many of PostalAdjustments, from the first
	Contribution               bool    // the objective
	Payment                    string  // the payment rule; blank for pay_as_bid
	Seed                       uint64
}

// PostalLimits are limits as a postal service would set them, all of which an empty allocation satisfies or pays
// for. The first two and the last three bound volume and revenue: with divisible bids the problem stays linear.
var PostalLimits = []auction.Limit{
	limit("max_share", "volume", "capacity", "bidder;zone", "", math.NaN(), 0.4),
	soft(limit("set_aside", "volume", "accepted", "", "class=small", 0.1, math.NaN()), 0.5),
	soft(limit("rural_service", "volume", "capacity", "region", "rural=1", 0.5, math.NaN()), 0.05),
	limit("spread", "winners", "", "", "", math.NaN(), 60),
	soft(limit("competition", "winners", "", "region", "class!=national", 2, math.NaN()), 500),
	orNothing(limit("presence", "lots", "", "bidder;region", "class=national|regional", 3, math.NaN())),
	limit("many_bids", "bids", "", "bidder", "fleet<50", math.NaN(), 12),
	limit("lot_share", "lots", "accepted", "bidder", "", math.NaN(), 0.35),
	soft(limit("small_winners", "winners", "accepted", "", "class=small", 0.2, math.NaN()), 2000),
	orNothing(limit("worth_it", "revenue", "", "bidder", "class=national", 20000, math.NaN())),
	limit("concentration", "revenue", "accepted", "bidder", "", math.NaN(), 0.3),
	soft(limit("floor_volume", "volume", "", "zone;service", "density>=40", 300, math.NaN()), 0.1),
}

// PostalAdjustments are preferences as a postal service would have them.
var PostalAdjustments = []auction.Adjustment{
	{Name: "small_business", Where: "class=small", Factor: 1.05},
	{Name: "rural", Where: "rural=1;service!=same_day", Factor: 1, Add: 0.1},
	{Name: "large_fleets", Where: "fleet>500", Factor: 0.98, Add: -0.02},
}

func limit(name, measure, of, per, where string, least, most float64) auction.Limit {
	return auction.Limit{Name: name, Measure: measure, Of: of, Per: per, Where: where, Min: least, Max: most, Penalty: math.NaN()}
}

func soft(l auction.Limit, penalty float64) auction.Limit {
	l.Penalty = penalty
	return l
}

func orNothing(l auction.Limit) auction.Limit {
	l.OrNothing = true
	return l
}

// Divisible is a postal auction of single-lot bids of which any fraction may be accepted, with budgets and limits
// of shares: a linear program.
func Divisible(lots, bids int, seed uint64) Postal {
	return Postal{Lots: lots, Bidders: max(1, min(500, bids/40)), Bids: bids, Budgets: 0.5, Caps: 0.3, Limits: 3, Seed: seed}
}

// The geography: a delivery unit is two lots, same_day and next_day; units in a row are a zone, zones in a row a region.
const (
	zoneLots   = 10
	regionLots = 100
)

// Case draws the auction.
//
// Prices a package scatter by a fifth around what the lot is worth, common to all and dearer where density is high;
// quantities are between a tenth and six tenths of the lot. National bidders bid everywhere, regional ones and small ones mostly at home.
func (p Postal) Case() *auction.Case {
	d := newDraw("postal", p.Seed)
	c := newCase(fmt.Sprintf("postal-%d-%d", p.Lots, p.Bids+p.Packages), p.Seed)
	if p.Contribution {
		c.Rules.Objective = auction.Contribution
	}
	if p.Payment != "" {
		c.Rules.Payment = p.Payment
	}
	worth := make([]float64, p.Lots)
	for l := range p.Lots {
		lot := auction.Lot{
			Name: fmt.Sprintf("%05d_%s", l/2+1, []string{"next_day", "same_day"}[l%2]), Zone: fmt.Sprintf("%03d", l/zoneLots+1),
			Service: []string{"next_day", "same_day"}[l%2], Capacity: float64(10 * d.whole(20, 500)),
		}
		density := math.Exp(d.between(0, 5))
		rural := "0"
		if density < 20 {
			rural = "1"
		}
		lot.Attributes = map[string]string{
			"region": fmt.Sprintf("R%02d", l/regionLots+1), "rural": rural, "density": fmt.Sprint(math.Round(density)),
		}
		worth[l] = 1.2 + 0.2*math.Log(density) + 0.5*float64(l%2)
		lot.Cost = cents(worth[l] * d.between(0.4, 0.7))
		lot.Reserve = cents(worth[l] * d.between(0.6, 0.85))
		c.Lots = append(c.Lots, lot)
	}
	home := make([]int, p.Bidders)
	for i := range p.Bidders {
		b := newBidder(fmt.Sprintf("B%04d", i+1))
		b.Class = "small"
		switch share := float64(i) / float64(p.Bidders); {
		case share < 0.1:
			b.Class = "national"
		case share < 0.4:
			b.Class = "regional"
		}
		fleet := map[string]int{"national": 2000, "regional": 200, "small": 20}[b.Class]
		b.Attributes = map[string]string{"fleet": fmt.Sprint(fleet/2 + d.IntN(fleet))}
		home[i] = d.IntN(p.Lots)
		c.Bidders = append(c.Bidders, b)
	}
	var last int // lot of the bid
	near := func(i int) int {
		class := c.Bidders[i].Class
		if class == "national" || class == "regional" && d.chance(0.1) || p.Lots == 1 {
			return d.IntN(p.Lots)
		}
		reach := zoneLots
		if class == "regional" {
			reach = regionLots
		}
		start := max(0, min(home[i]/reach*reach, p.Lots-reach))
		return start + d.IntN(min(reach, p.Lots))
	}
	row := func(lot int) auction.BidRow {
		quantity := math.Max(1, math.Round(c.Lots[lot].Capacity*d.between(0.1, 0.6)))
		return auction.BidRow{Lot: lot, Quantity: quantity, Price: cents(worth[lot] * math.Exp(0.2*d.NormFloat64()))}
	}
	for n := range p.Bids {
		i := d.IntN(p.Bidders)
		last = near(i)
		b := auction.Bid{Bidder: i, Name: fmt.Sprintf("s%d", n+1), Rows: []auction.BidRow{row(last)}, Requires: -1}
		priced(&b)
		switch kind := d.Float64(); {
		case kind < p.AllOrNothing:
			b.MinFraction = 1
		case kind < p.AllOrNothing+p.Fractions:
			b.MinFraction = one(d, 0.25, 0.5, 0.75)
		}
		c.Bids = append(c.Bids, b)
	}
	p.packages(d, c, near, row)
	p.bounds(d, c)
	c.Limits = slices.Clone(PostalLimits[:min(p.Limits, len(PostalLimits))])
	c.Adjustments = slices.Clone(PostalAdjustments[:min(p.Adjustments, len(PostalAdjustments))])
	return number(c)
}

// packages draws the packages, neighbouring lots of one service or both, at a discount or a premium of a tenth.
func (p Postal) packages(d draw, c *auction.Case, near func(bidder int) int, row func(lot int) auction.BidRow) {
	least, most := max(1, min(p.MinLots, p.Lots)), min(p.MaxLots, p.Lots)
	if p.MaxLots == 0 {
		least, most = min(5, p.Lots), min(40, p.Lots)
	}
	single := make([]int, len(c.Bidders)) // a bid of the bidder, from 1
	for b := range c.Bids {
		single[c.Bids[b].Bidder] = b + 1
	}
	for n := range p.Packages {
		i := d.IntN(p.Bidders)
		size := d.whole(least, most)
		b := auction.Bid{Bidder: i, Name: fmt.Sprintf("p%d", n+1), MinFraction: 1, Requires: -1}
		step := 1
		if 2*size <= min(p.Lots, regionLots) && d.chance(0.5) {
			step = 2 // one service
		}
		start := max(0, min(near(i)-step*size/2, p.Lots-step*size))
		for k := range size {
			b.Rows = append(b.Rows, row(start+step*k))
		}
		if d.chance(0.3) {
			b.MinFraction = 0.5
		}
		synergy := d.between(0.95, 1.15)
		for k := range b.Rows {
			b.Rows[k].Price = cents(b.Rows[k].Price * synergy)
		}
		priced(&b)
		if d.chance(0.5) {
			byAmount(&b, math.Round(b.Amount))
		}
		switch {
		case d.chance(0.5):
			b.Group = fmt.Sprintf("g%d", d.whole(1, 3))
		case d.chance(0.1) && single[i] > 0:
			b.Requires = single[i] - 1
		}
		c.Bids = append(c.Bids, b)
	}
}

// bounds gives bidders budgets and caps between a fifth and seven tenths of what they bid for.
func (p Postal) bounds(d draw, c *auction.Case) {
	money, packages := make([]float64, len(c.Bidders)), make([]float64, len(c.Bidders))
	for b := range c.Bids {
		bid := &c.Bids[b]
		money[bid.Bidder] += bid.Amount
		for _, r := range bid.Rows {
			packages[bid.Bidder] += r.Quantity
		}
	}
	for i := range c.Bidders {
		if d.chance(p.Budgets) {
			c.Bidders[i].Budget = math.Round(money[i] * d.between(0.2, 0.7))
		}
		if d.chance(p.Caps) {
			c.Bidders[i].MaxVolume = math.Round(packages[i] * d.between(0.2, 0.7))
		}
	}
}
