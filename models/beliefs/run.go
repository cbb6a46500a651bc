package beliefs

import (
	"fmt"
	"math"
	"slices"

	"lotwise/models/auction"
)

// sumSlack is how far probabilities read from a table may sum from 1.
const sumSlack = 1e-6

// FromRun is what the other bidders bid in a past run, which folder names in messages.
//
//   - Of solve: a rival's type is drawn by the case's probabilities, its strategies by theirs, block by block; where
//     the run is correlated, each block draws one profile for all.
//   - Of bid: the rivals' recommended bids likewise. It must answer for every rival with demand.
//   - Of allocate: the others bid what they won at the price at which it was accepted. For what the bidder itself won
//     the market bids the lot's shadow price, which is what the best bid that was turned down would have paid.
//
// A price that meets the reserve is never moved under it; one that does not is void. It returns an
// *auction.Unsupported that names the rows which are of another case.
func FromRun(c *auction.Case, bidder int, r *auction.Results, folder string, o Options) (*Source, error) {
	c = c.Floored()
	x := &runReader{c: c, bidder: bidder, r: r, folder: folder, o: o, lots: map[string]int{}, bidders: map[string]int{}}
	for l := range c.Lots {
		x.lots[c.Lots[l].Name] = l
	}
	for b := range c.Bidders {
		x.bidders[c.Bidders[b].Name] = b
	}
	s := &Source{c: c, correlation: o.Correlation}
	if r.Command == "allocate" {
		rows := x.allocation()
		s.draw = func(func([]alternative) int) []row { return rows }
		s.spread = spreadIn(rows)
	} else {
		s.draw = x.strategies()
		s.spread = o.Spread > 0 && len(r.RecommendedBids) > 0
	}
	if len(x.no.Reasons) > 0 {
		return nil, &x.no
	}
	return s, nil
}

// A runReader reads a run's tables by the names of the case.
type runReader struct {
	c             *auction.Case
	bidder        int
	r             *auction.Results
	folder        string
	o             Options
	lots, bidders map[string]int
	no            auction.Unsupported
}

// refuse says what is wrong with a row of a table; row -1 is the whole table.
func (x *runReader) refuse(table string, row int, format string, args ...any) {
	at := auction.Source{}
	what := fmt.Sprintf(format, args...)
	if row < 0 {
		what = x.folder + "/" + table + ": " + what
	} else {
		at = auction.Source{File: x.folder + "/" + table, Line: row + 2}
	}
	x.no.Reasons = append(x.no.Reasons, auction.Conflict{What: what, Source: at})
}

// bidderAt returns the case's bidder of a row.
func (x *runReader) bidderAt(table string, row int, name string) (int, bool) {
	b, ok := x.bidders[name]
	if !ok {
		x.refuse(table, row, "the case has no bidder %s: a run of another case", name)
	}
	return b, ok
}

func (x *runReader) lotAt(table string, row int, name string) (int, bool) {
	l, ok := x.lots[name]
	if !ok {
		x.refuse(table, row, "the case has no lot %s: a run of another case", name)
	}
	return l, ok
}

// bid returns a rival's row.
func (x *runReader) bid(bidder, lot int, price, quantity float64) row {
	r := row{bidder: bidder, lot: lot, price: price, quantity: quantity, spread: x.o.Spread, group: bidder, floor: math.Inf(-1)}
	if reserve := x.c.Lots[lot].Reserve; !auction.UnderReserve(price, reserve) {
		r.floor = reserve
	}
	return r
}

// allocation returns the rows that were accepted, and the market's for what the bidder won.
func (x *runReader) allocation() []row {
	const table = "allocation.csv"
	var rows []row
	left := make([]float64, len(x.c.Lots))
	for l := range left {
		left[l] = x.c.Lots[l].Capacity
	}
	for i, a := range x.r.Allocation {
		b, ok := x.bidderAt(table, i, a.Bidder)
		l, found := x.lotAt(table, i, a.Lot)
		if ok && found && b != x.bidder && a.Quantity > 0 {
			rows = append(rows, x.bid(b, l, a.Price, a.Quantity))
			left[l] -= a.Quantity
		}
	}
	market := marketOf(x.c, x.bidder)
	for i, lot := range x.r.Lots {
		l, ok := x.lotAt("lot_results.csv", i, lot.Lot)
		if !ok || market < 0 || !(lot.ShadowPrice > 0) || left[l] <= dust*x.c.Lots[l].Capacity {
			continue
		}
		price := lot.ShadowPrice
		if x.c.Rules.Objective == auction.Contribution {
			price += x.c.Lots[l].Cost // the shadow price is of contribution
		}
		rows = append(rows, x.bid(market, l, price, left[l]))
	}
	return rows
}

// A role is a type of a rival in a block, with its strategies.
type role struct {
	bidder, typ int
	alternative []alternative // its strategies
	rows        [][]row       // by strategy
}

// A block is lots that interact: the roles there, and how they play together.
type block struct {
	name  string
	roles []*role
	// Of joint play, the distinct profiles of the rivals: what each role plays, -1 where the profile does not say.
	profile []alternative
	plays   [][]int // by profile, role
}

func (b *block) role(bidder, typ int) int {
	return slices.IndexFunc(b.roles, func(r *role) bool { return r.bidder == bidder && r.typ == typ })
}

// strategies returns how a draw of solve's or bid's strategies is made.
func (x *runReader) strategies() func(choose func([]alternative) int) []row {
	blocks := x.blocks()
	x.profiles(blocks)
	x.complete(blocks)
	type rival struct {
		bidder int
		types  []alternative
	}
	var rivals []rival
	for b := range x.c.Bidders {
		if b == x.bidder || !slices.ContainsFunc(blocks, func(k *block) bool {
			return slices.ContainsFunc(k.roles, func(r *role) bool { return r.bidder == b })
		}) {
			continue
		}
		v := rival{bidder: b}
		for _, t := range x.c.Bidders[b].Types {
			v.types = append(v.types, alternative{t.Name, t.Probability})
		}
		rivals = append(rivals, v)
	}
	return func(choose func([]alternative) int) []row {
		var rows []row
		drawn := map[int]int{} // type by bidder
		for _, v := range rivals {
			drawn[v.bidder] = choose(v.types)
		}
		for _, k := range blocks {
			var play []int
			if k.profile != nil {
				play = k.plays[choose(k.profile)]
			}
			for i, r := range k.roles {
				if drawn[r.bidder] != r.typ {
					continue
				}
				if play == nil {
					rows = append(rows, r.rows[choose(r.alternative)]...)
				} else if play[i] >= 0 {
					rows = append(rows, r.rows[play[i]]...)
				}
			}
		}
		return rows
	}
}

// typeAt returns the position of a type of a bidder of the case.
func (x *runReader) typeAt(table string, row, bidder int, name string) (int, bool) {
	for t := range x.c.Bidders[bidder].Types {
		if x.c.Bidders[bidder].Types[t].Name == name {
			return t, true
		}
	}
	x.refuse(table, row, "the case has no type %q of %s: a run of another case", name, x.c.Bidders[bidder].Name)
	return 0, false
}

// blocks reads equilibrium.csv and recommended_bids.csv.
func (x *runReader) blocks() []*block {
	const certificates, bids = "equilibrium.csv", "recommended_bids.csv"
	var list []*block
	find := func(name string) *block {
		for _, k := range list {
			if k.name == name {
				return k
			}
		}
		return nil
	}
	for i, e := range x.r.Equilibrium {
		b, ok := x.bidderAt(certificates, i, e.Bidder)
		if !ok || b == x.bidder {
			continue
		}
		t, ok := x.typeAt(certificates, i, b, e.Type)
		if !ok {
			continue
		}
		k := find(e.Block)
		if k == nil {
			k = &block{name: e.Block}
			list = append(list, k)
		}
		at := k.role(b, t)
		if at < 0 {
			at = len(k.roles)
			k.roles = append(k.roles, &role{bidder: b, typ: t})
		}
		r := k.roles[at]
		r.alternative = append(r.alternative, alternative{e.Strategy, e.Probability})
		r.rows = append(r.rows, nil)
	}
	for _, k := range list {
		for _, r := range k.roles {
			sum := 0.0
			for _, a := range r.alternative {
				sum += a.probability
			}
			if math.Abs(sum-1) > sumSlack {
				x.refuse(certificates, -1, "the strategies of %s in block %q have probability %.10g together, not 1", x.c.Bidders[r.bidder].Name, k.name, sum)
			}
		}
	}
	for i, rb := range x.r.RecommendedBids {
		b, ok := x.bidderAt(bids, i, rb.Bidder)
		l, found := x.lotAt(bids, i, rb.Lot)
		if !ok || !found || b == x.bidder {
			continue
		}
		t, ok := x.typeAt(bids, i, b, rb.Type)
		if !ok {
			continue
		}
		k, at, strategy := find(rb.Block), -1, -1
		if k != nil {
			at = k.role(b, t)
		}
		if at >= 0 {
			strategy = slices.IndexFunc(k.roles[at].alternative, func(a alternative) bool { return a.name == rb.Strategy })
		}
		if strategy < 0 {
			x.refuse(bids, i, "equilibrium.csv has no strategy %s of %s in block %q", rb.Strategy, rb.Bidder, rb.Block)
			continue
		}
		r := k.roles[at]
		r.rows[strategy] = append(r.rows[strategy], x.bid(b, l, rb.Price, rb.Quantity))
	}
	return list
}

// profiles reads profiles.csv into the blocks; profiles in which the rivals play the same are one.
func (x *runReader) profiles(blocks []*block) {
	const table = "profiles.csv"
	type draft struct {
		name        string
		probability float64
		play        []int
	}
	drafts := map[*block][]*draft{}
	for i, p := range x.r.Profiles {
		at := slices.IndexFunc(blocks, func(k *block) bool { return k.name == p.Block })
		b, ok := x.bidderAt(table, i, p.Bidder)
		if at < 0 || !ok {
			continue // a block in which the bidder is alone
		}
		k := blocks[at]
		list := drafts[k]
		n := slices.IndexFunc(list, func(d *draft) bool { return d.name == p.Profile })
		if n < 0 {
			n = len(list)
			play := make([]int, len(k.roles))
			for j := range play {
				play[j] = -1
			}
			list = append(list, &draft{p.Profile, p.Probability, play})
			drafts[k] = list
		}
		if b == x.bidder {
			continue
		}
		t, ok := x.typeAt(table, i, b, p.Type)
		if !ok {
			continue
		}
		j, strategy := k.role(b, t), -1
		if j >= 0 {
			strategy = slices.IndexFunc(k.roles[j].alternative, func(a alternative) bool { return a.name == p.Strategy })
		}
		if strategy < 0 {
			x.refuse(table, i, "equilibrium.csv has no strategy %s of %s in block %q", p.Strategy, p.Bidder, p.Block)
			continue
		}
		list[n].play[j] = strategy
	}
	for _, k := range blocks {
		sum := 0.0
		for _, d := range drafts[k] {
			sum += d.probability
			n := slices.IndexFunc(k.plays, func(p []int) bool { return slices.Equal(p, d.play) })
			if n < 0 {
				n = len(k.plays)
				k.plays = append(k.plays, d.play)
				k.profile = append(k.profile, alternative{name: d.name})
			}
			k.profile[n].probability += d.probability
		}
		if k.profile != nil && math.Abs(sum-1) > sumSlack {
			x.refuse(table, -1, "the profiles of block %q have probability %.10g together, not 1", k.name, sum)
		}
	}
}

// complete refuses a run of bid that leaves rivals out: solve answers for everyone with demand.
func (x *runReader) complete(blocks []*block) {
	if x.r.Command == "solve" {
		return
	}
	for b := range x.c.Bidders {
		if b == x.bidder || !x.c.Bidders[b].Strategic() {
			continue
		}
		if !slices.ContainsFunc(blocks, func(k *block) bool {
			return slices.ContainsFunc(k.roles, func(r *role) bool { return r.bidder == b })
		}) {
			x.refuse("equilibrium.csv", -1, "a run of bid that does not say what %s bids; use a run of solve, or beliefs.csv", x.c.Bidders[b].Name)
		}
	}
}
