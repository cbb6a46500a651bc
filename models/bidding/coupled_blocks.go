package bidding

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"lotwise/models/auction"
	"lotwise/models/bilevel"
)

// respond answers a bilevel problem block by block (bilevel.Blocks): BestResponse where the seller's answer in a block is the
// merit order, bilevel.Solve elsewhere, beginning with start. What the bid is worth is by the seller's real answers to all of
// it, and no bid is worth more than the sum of the blocks' bounds. Of a context that ends, the blocks have their shares.
func respond(ctx context.Context, p *bilevel.Problem, start []bilevel.Choice, o auction.Options) (*bilevel.Answer, error) {
	blocks, err := p.Blocks(ctx, o.Seed)
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	if len(blocks) < 2 {
		a, err := bilevel.Solve(ctx, p, bilevel.Options{Gap: o.Gap, Seed: o.Seed, Start: start})
		if ctx.Err() == nil || a != nil {
			return a, err
		}
		a = &bilevel.Answer{Bound: p.Ceiling()} // stopped before the seller answered anything
		return a, settle(ctx, p, a, o)
	}
	enough, err := enough(ctx, p, start, o)
	if err != nil {
		return nil, err
	}
	var merit []int
	together := slices.DeleteFunc(blocks, func(b bilevel.Block) bool {
		if byMerit(&b) {
			merit = append(merit, b.Lots...)
			return true
		}
		return false
	})
	enough /= 2 * float64(max(1, len(together)))
	answers := make([]*bilevel.Answer, len(together))
	s := newShares(ctx, together)
	var group errgroup.Group
	group.SetLimit(max(1, o.Threads))
	for _, k := range s.order {
		group.Go(func() error {
			b := &together[k]
			ctx, cancel := s.take(k, max(1, o.Threads))
			defer cancel()
			a, err := bilevel.Solve(ctx, b.Problem, bilevel.Options{Gap: o.Gap / 2, Enough: enough, Seed: o.Seed, Start: b.Part(start)})
			if a == nil && ctx.Err() != nil {
				a, err = &bilevel.Answer{Bound: b.Ceiling()}, nil
			}
			answers[k] = a
			return err
		})
	}
	a := &bilevel.Answer{}
	if len(merit) > 0 {
		slices.Sort(merit)
		c := p.Case.Floored()
		r, err := BestResponse(ctx, Against(c, p.Bidder, p.Network.Restrict(merit)), Options{Gap: o.Gap / 2, Seed: o.Seed})
		if err != nil {
			return nil, errors.Join(err, group.Wait())
		}
		a.Bid, a.Bound = choices(p, r.Strategy), r.Bound
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for k, x := range answers {
		for _, c := range x.Bid {
			c.Item = together[k].Of[c.Item]
			a.Bid = append(a.Bid, c)
		}
		a.Bound += x.Bound
	}
	return a, settle(ctx, p, a, o)
}

// settle asks the seller what a bid with a bound is worth, however late it is.
func settle(ctx context.Context, p *bilevel.Problem, a *bilevel.Answer, o auction.Options) error {
	p.Arrange(a.Bid)
	sales, err := bilevel.NewSeller(p, o.Seed).Answer(context.WithoutCancel(ctx), a.Bid)
	if err != nil {
		return err
	}
	a.Sales = sales
	a.Objective, a.Profit = p.Worth(sales)
	a.Bound = max(a.Bound, a.Objective)
	a.Conclude(ctx, o.Gap)
	return nil
}

// enough is the money that a bound of all may be over what is earned for the gap asked for, told by what the start earns.
func enough(ctx context.Context, p *bilevel.Problem, start []bilevel.Choice, o auction.Options) (float64, error) {
	p.Arrange(start)
	sales, err := bilevel.NewSeller(p, o.Seed).Answer(ctx, start)
	if err != nil {
		if ctx.Err() != nil {
			err = nil
		}
		return 0, err
	}
	worth, _ := p.Worth(sales)
	return o.Gap * max(0, worth), nil
}

// byMerit says whether the seller's answer in a block is the merit order.
func byMerit(b *bilevel.Block) bool {
	me := &b.Case.Bidders[b.Bidder]
	return math.IsInf(me.Budget, 1) && math.IsInf(me.MaxVolume, 1) && b.Risk.Aversion == 0 && b.Packages == 0 &&
		!slices.ContainsFunc(b.Items, func(it bilevel.Item) bool { return it.Whole }) && len(joined(b.Case, b.Bidder)) == 0
}

// choices are the items that a strategy bids for.
func choices(p *bilevel.Problem, s auction.Strategy) []bilevel.Choice {
	var list []bilevel.Choice
	taken := make([]bool, len(p.Items))
	for _, x := range s {
		for i := range p.Items {
			if it := &p.Items[i]; !it.Whole && it.Rows[0].Lot == x.Lot && !taken[i] {
				taken[i] = true
				list = append(list, bilevel.Choice{Item: i, Tick: x.Tick, Fraction: min(1, x.Quantity/it.Rows[0].Quantity)})
				break
			}
		}
	}
	return list
}

// shares parts the time until a context's deadline among blocks by their sizes, the smallest first, which leave what they do
// not use to the others.
type shares struct {
	ctx   context.Context
	order []int
	size  []float64
	mu    sync.Mutex
	left  float64 // size of the blocks not begun
}

func newShares(ctx context.Context, blocks []bilevel.Block) *shares {
	s := &shares{ctx: ctx}
	for k := range blocks {
		s.order = append(s.order, k)
		s.size = append(s.size, float64(len(blocks[k].Lots)*len(blocks[k].Case.Beliefs)))
		s.left += s.size[k]
	}
	slices.SortStableFunc(s.order, func(a, b int) int { return cmp.Compare(s.size[a], s.size[b]) })
	return s
}

// take returns the context of a block of which so many are worked on at once.
func (s *shares) take(k, threads int) (context.Context, context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	share := min(1, float64(threads)*s.size[k]/s.left)
	s.left -= s.size[k]
	end, limited := s.ctx.Deadline()
	if !limited {
		return s.ctx, func() {}
	}
	return context.WithTimeout(s.ctx, time.Duration(share*float64(time.Until(end))))
}
