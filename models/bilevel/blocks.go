package bilevel

import (
	"context"
	"fmt"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/network"
)

// Blocks. Lots that neither a rule nor the bidder's network joins are games of their own: the seller's optimum of all is that
// of each block, ties in its order too, V is the sum of its values over blocks, and so are profits and their bounds,
//
//	max_b J(π(b)) = Σ_k max_{b_k} J(π_k(b_k))
//
// Joined are the lots
//   - of one component of the bidder's network, of one item or one bid of a rival, and of those of one group or that
//     require another;
//   - of a rival's bids in a scenario in which they come to more than its budget or volume cap;
//   - that count in one scope of a limit which has but a max in its own unit, or in one of the same lots of any other;
//   - all of the bidder where it has a budget, a volume cap that can bind, risk aversion or packages to price out.
//
// Where the limits cannot be met without the bidder in some scenario nothing is sold there at all, so that all is one block.

// A Block is a part of a problem, its lots and items numbered anew and its scenarios merged where they are alike in it.
type Block struct {
	*Problem
	Lots []int // case lots of the whole
	Of   []int // by item of the block: that of the whole
}

// Blocks returns the blocks of a problem that hold lots of the bidder's, in the order of their first lots. An error is that of
// the context, or a failure of the solver.
func (p *Problem) Blocks(ctx context.Context, seed int64) ([]Block, error) {
	parts := p.parts()
	if len(parts) > 1 {
		sales, err := NewSeller(p, seed).Answer(ctx, nil)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(sales, func(s Sale) bool { return !s.sold }) {
			var blocks []Block
			for _, lots := range parts {
				blocks = append(blocks, p.block(lots))
			}
			return blocks, nil
		}
	}
	return []Block{p.Whole()}, nil
}

// Whole is all of a problem as one block.
func (p *Problem) Whole() Block {
	b := Block{Problem: p, Lots: p.Network.Lots()}
	for i := range p.Items {
		b.Of = append(b.Of, i)
	}
	return b
}

// parts returns the sets of joined lots that hold any of the bidder's.
func (p *Problem) parts() [][]int {
	c := p.Case
	u := network.NewUnion(len(c.Lots))
	join := func(lots ...int) {
		for _, l := range lots {
			u.Join(lots[0], l)
		}
	}
	mine := p.Network.Lots()
	for _, part := range p.Network.Components() {
		join(part.Lots()...)
	}
	most := 0.0
	for _, l := range mine {
		most += c.Lots[l].Capacity
	}
	if b := &c.Bidders[p.Bidder]; !math.IsInf(b.Budget, 1) || b.MaxVolume < most || p.Risk.Aversion > 0 || p.Packages > 0 {
		join(mine...)
	}
	var own []auction.Bid
	for i := range p.Items {
		own = append(own, p.Bid(Choice{Item: i, Fraction: 1}))
	}
	bound(own, nil, join)
	for n := range c.Beliefs {
		mine := func(b *auction.Bid) bool { return b.Bidder == p.Bidder }
		bound(c.Beliefs[n].Bids, mine, join)
		p.short(n, join)
	}
	for k := range c.Limits {
		p.limited(&c.Limits[k], own, join)
	}
	return u.Sets(mine)
}

func lotsOf(b *auction.Bid) []int {
	var lots []int
	for _, r := range b.Rows {
		lots = append(lots, r.Lot)
	}
	return lots
}

// A keyed joins the lots that have the same key.
type keyed[K comparable] map[K]int

func (a keyed[K]) add(key K, lot int, join func(lots ...int)) {
	if other, known := a[key]; known {
		join(other, lot)
	}
	a[key] = lot
}

// bound joins the lots of one bid, and of those of a group or that require another; but for what is left out.
func bound(bids []auction.Bid, out func(b *auction.Bid) bool, join func(lots ...int)) {
	type group struct {
		bidder int
		name   string
	}
	groups := keyed[group]{}
	for k := range bids {
		b := &bids[k]
		if len(b.Rows) == 0 || out != nil && out(b) {
			continue
		}
		of := lotsOf(b)
		join(of...)
		if b.Group != "" {
			groups.add(group{b.Bidder, b.Group}, of[0], join)
		}
		if b.Requires >= 0 && len(bids[b.Requires].Rows) > 0 {
			join(of[0], bids[b.Requires].Rows[0].Lot)
		}
	}
}

// short joins the lots of rivals whose bids come to more than their budgets or volume caps in a scenario.
func (p *Problem) short(n int, join func(lots ...int)) {
	c := p.Case
	money, volume, lots := make([]float64, len(c.Bidders)), make([]float64, len(c.Bidders)), make([][]int, len(c.Bidders))
	for k := range c.Beliefs[n].Bids {
		b := &c.Beliefs[n].Bids[k]
		if _, void := b.Void(c.Lots); void || b.Bidder == p.Bidder {
			continue
		}
		money[b.Bidder] += b.Amount
		for _, r := range b.Rows {
			volume[b.Bidder] += r.Quantity
		}
		lots[b.Bidder] = append(lots[b.Bidder], lotsOf(b)...)
	}
	for i := range c.Bidders {
		if money[i] > c.Bidders[i].Budget || volume[i] > c.Bidders[i].MaxVolume {
			join(lots[i]...)
		}
	}
}

// limited joins what a limit does; own is every item as a bid.
func (p *Problem) limited(l *auction.Limit, own []auction.Bid, join func(lots ...int)) {
	for n := range p.Case.Beliefs {
		c := *p.Case
		c.Bids = slices.Concat(c.Beliefs[n].Bids, own)
		s := c.Scoped(l)
		counted := keyed[int]{}
		add := func(key, lot int) {
			if key >= 0 {
				counted.add(key, lot, join)
			}
		}
		if !inScopes(l) {
			for lot := range c.Lots {
				add(s.LotPart(lot), lot)
			}
			return // whatever is bid
		}
		for b := range c.Bids {
			for _, r := range c.Bids[b].Rows {
				add(s.Scope(c.Bids[b].Bidder, r.Lot), r.Lot)
			}
		}
	}
}

// inScopes says whether a limit holds of lots where nothing counts in its scopes whatever it is elsewhere.
func inScopes(l *auction.Limit) bool {
	return l.Of == "" && math.IsNaN(l.Min) && l.Max >= 0
}

// Part returns what of a bid on the whole's items is on the block's.
func (b *Block) Part(bid []Choice) []Choice {
	var part []Choice
	for _, c := range bid {
		if i := slices.Index(b.Of, c.Item); i >= 0 {
			c.Item = i
			part = append(part, c)
		}
	}
	return part
}

// block is the problem of some lots.
func (p *Problem) block(lots []int) Block {
	at := map[int]int{}
	c := *p.Case
	c.Lots, c.Bids, c.Limits, c.Beliefs = nil, nil, nil, nil
	for n, l := range lots {
		at[l] = n
		c.Lots = append(c.Lots, p.Case.Lots[l])
	}
	for k := range p.Case.Limits {
		s := p.Case.Scoped(&p.Case.Limits[k])
		if slices.ContainsFunc(lots, func(l int) bool { return s.LotPart(l) >= 0 }) {
			c.Limits = append(c.Limits, p.Case.Limits[k])
		}
	}
	alike := map[string]int{}
	for n := range p.Case.Beliefs {
		b := p.Case.Beliefs[n]
		var key []byte
		b.Bids, key = p.within(b.Bids, at)
		if k, known := alike[string(key)]; known {
			c.Beliefs[k].Probability += b.Probability
			continue
		}
		alike[string(key)] = len(c.Beliefs)
		c.Beliefs = append(c.Beliefs, b)
	}
	b := Block{Problem: &Problem{Case: &c, Bidder: p.Bidder, Network: p.Network.Restrict(lots).Renumbered(at), Risk: p.Risk, Packages: p.Packages}, Lots: lots}
	for i, it := range p.Items {
		if _, inside := at[it.Rows[0].Lot]; inside {
			it.Rows = renumbered(it.Rows, at)
			b.Items = append(b.Items, it)
			b.Of = append(b.Of, i)
		}
	}
	return b
}

// within returns the rivals' bids of a scenario for lots that have a new number, and what tells them from those of another.
func (p *Problem) within(bids []auction.Bid, at map[int]int) (list []auction.Bid, key []byte) {
	place := map[int]int{}
	for k := range bids {
		b := bids[k]
		if b.Bidder == p.Bidder || len(b.Rows) == 0 {
			continue
		}
		if _, inside := at[b.Rows[0].Lot]; !inside {
			continue
		}
		place[k] = len(list)
		b.Rows = renumbered(b.Rows, at)
		list = append(list, b)
	}
	for k := range list {
		b := &list[k]
		if b.Requires >= 0 {
			b.Requires = place[b.Requires]
		}
		key = fmt.Append(key, b.Bidder, b.Amount, b.ByAmount, b.MinFraction, b.Requires, ";", b.Group, ";")
		for _, r := range b.Rows {
			key = fmt.Append(key, r.Lot, r.Quantity, r.Price, ";")
		}
	}
	return list, key
}

func renumbered(rows []auction.BidRow, at map[int]int) []auction.BidRow {
	rows = slices.Clone(rows)
	for k := range rows {
		rows[k].Lot = at[rows[k].Lot]
	}
	return rows
}
