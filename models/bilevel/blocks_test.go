package bilevel_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"lotwise/models/auction"
	"lotwise/models/bilevel"
	"lotwise/models/network"
)

// beside puts two random markets side by side, lots, network and rivals' bids: the limits of each are on its own lots, by where or
// by lot. One budget or a package over both may join them.
func beside(r *rand.Rand, k kind) *bilevel.Problem {
	a, b := market(r, k), market(r, k)
	c := *a.Case
	c.Limits = nil
	for n, m := range []*auction.Case{a.Case, b.Case} {
		for _, l := range m.Limits {
			mine := fmt.Sprint("side=", n)
			if l.Where != "" {
				mine = ";" + mine
			}
			l.Where += mine
			l.Name = fmt.Sprint(l.Name, " of ", n)
			c.Limits = append(c.Limits, l)
		}
		for l := range m.Lots {
			m.Lots[l].Attributes = map[string]string{"side": fmt.Sprint(n)}
		}
	}
	if k.adjustments {
		c.Adjustments = a.Case.Adjustments
	}
	lots := len(c.Lots)
	me, you := &c.Bidders[1], &b.Case.Bidders[1]
	hubs := len(me.Facilities)
	me.Facilities = append(me.Facilities, you.Facilities...)
	for _, l := range b.Case.Lots {
		l.Name += " too"
		l.Zone += " too"
		c.Lots = append(c.Lots, l)
	}
	for _, d := range you.Demand {
		d.Zone += " too"
		me.Demand = append(me.Demand, d)
	}
	for _, x := range you.Routes {
		x.Zone += " too"
		if x.Facility >= 0 {
			x.Facility += hubs
		}
		me.Routes = append(me.Routes, x)
	}
	c.Beliefs = slices.Clone(a.Case.Beliefs)
	for s := range c.Beliefs {
		bids := slices.Clone(c.Beliefs[s].Bids)
		for _, x := range b.Case.Beliefs[s%len(b.Case.Beliefs)].Bids {
			x.Rows = slices.Clone(x.Rows)
			for n := range x.Rows {
				x.Rows[n].Lot += lots
			}
			if x.Group != "" && r.IntN(4) > 0 {
				x.Group += " too"
			}
			bids = append(bids, x)
		}
		if n := len(bids); n > 1 && r.IntN(8) == 0 && bids[0].Bidder == bids[n-1].Bidder {
			bids[n-1].Requires = 0
		}
		c.Beliefs[s].Bids = bids
	}
	p := &bilevel.Problem{Case: &c, Bidder: 1, Network: network.New(&c, 1, 0), Risk: a.Risk, Items: a.Items}
	for _, it := range b.Items {
		it.Rows = slices.Clone(it.Rows)
		for n := range it.Rows {
			it.Rows[n].Lot += lots
		}
		p.Items = append(p.Items, it)
	}
	return p
}

// What any bid earns by the seller's answers to all of it is the sum of what its parts earn in their blocks, ties included.
func TestBlocks(t *testing.T) {
	ctx := context.Background()
	apart, blocks := 0, 0
	for n, k := range kinds {
		for seed := range uint64(casesOf(12, 60)) {
			r := rand.New(rand.NewPCG(seed, uint64(100+n)))
			kind := k.kind
			if k.name == "mixed" || k.name == "mixed again" {
				kind = mixed(r)
			}
			p := beside(r, kind)
			list, err := p.Blocks(ctx, 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) > 1 {
				apart++
			}
			blocks += len(list)
			for range 4 {
				var bid []bilevel.Choice
				for i := range p.Items {
					if r.IntN(3) > 0 {
						q := 1.0
						if !p.Items[i].Whole {
							q = float64(1+r.IntN(4)) / 4
						}
						bid = append(bid, bilevel.Choice{Item: i, Tick: int64(r.IntN(7)), Fraction: q})
					}
				}
				p.Arrange(bid)
				sales, err := bilevel.NewSeller(p, 1).Answer(ctx, bid)
				if err != nil {
					t.Fatal(err)
				}
				want, _ := p.Worth(sales)
				got := 0.0
				for _, b := range list {
					part := b.Part(bid)
					b.Arrange(part)
					sales, err := bilevel.NewSeller(b.Problem, 1).Answer(ctx, part)
					if err != nil {
						t.Fatal(err)
					}
					worth, _ := b.Worth(sales)
					got += worth
				}
				if math.Abs(got-want) > 1e-6 {
					t.Errorf("%s %d: the bid %v earns %v, its parts in %d blocks %v", k.name, seed, bid, want, len(list), got)
				}
			}
		}
	}
	t.Logf("%d cases fall apart, %d blocks", apart, blocks)
	if apart < 50 {
		t.Errorf("%d cases fall apart: too few to tell anything", apart)
	}
}
