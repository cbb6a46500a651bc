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

// blocksOf are a problem's blocks, all of it as one where the context ends before they are known.
func blocksOf(ctx context.Context, p *bilevel.Problem, o auction.Options) ([]bilevel.Block, error) {
	blocks, err := p.Blocks(ctx, o.Seed)
	if err != nil && ctx.Err() != nil {
		return []bilevel.Block{p.Whole()}, nil
	}
	return blocks, err
}

// respond answers a bilevel problem block by block (bilevel.Blocks): BestResponse where the seller's answer in a block is the
// merit order but for caps, bilevel.Solve elsewhere, beginning with start. What the bid is worth is by the seller's real answers to all of
// it, and no bid is worth more than the sum of the blocks' bounds. Of a context that ends, the blocks have their shares.
func respond(ctx context.Context, p *bilevel.Problem, blocks []bilevel.Block, start []bilevel.Choice, o auction.Options) (*bilevel.Answer, error) {
	var merit []int
	capped := caps{}
	together := slices.DeleteFunc(slices.Clone(blocks), func(b bilevel.Block) bool {
		most, ok := byMerit(&b)
		if ok {
			merit = append(merit, b.Lots...)
			for at, most := range most {
				capped[holding{at.bidder, b.Lots[at.lot]}] = most
			}
		}
		return ok
	})
	if len(blocks) == 1 && len(merit) == 0 {
		a, err := bilevel.Solve(ctx, p, bilevel.Options{Gap: o.Gap, Seed: o.Seed, Start: start})
		if ctx.Err() == nil || a != nil {
			return a, err
		}
		if a, err = unanswered(ctx, p, start, o); err != nil {
			return nil, err
		}
		return a, settle(ctx, p, a, o)
	}
	gap, enough := o.Gap, 0.0
	if len(together) > 0 { // half of the gap to each as a share of its own bound, half as one of all
		earned, err := worth(ctx, p, start, o)
		if err != nil {
			return nil, err
		}
		gap /= 2
		enough = earned * gap / float64(len(together))
	}
	answers := make([]*bilevel.Answer, len(together))
	s := newShares(ctx, together)
	var group errgroup.Group
	group.SetLimit(max(1, o.Threads))
	for _, k := range s.order {
		group.Go(func() error {
			b := &together[k]
			ctx, cancel := s.take(k, max(1, o.Threads))
			defer cancel()
			a, err := bilevel.Solve(ctx, b.Problem, bilevel.Options{Gap: gap, Enough: enough, Seed: o.Seed, Start: b.Part(start)})
			if a == nil && ctx.Err() != nil {
				a, err = unanswered(ctx, b.Problem, b.Part(start), o)
			}
			answers[k] = a
			return err
		})
	}
	a := &bilevel.Answer{}
	if len(merit) > 0 {
		slices.Sort(merit)
		r, err := BestResponse(ctx, capped.against(p.Case.Floored(), p.Bidder, p.Network.Restrict(merit)), Options{Gap: gap, Seed: o.Seed, Threads: o.Threads})
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

// unanswered is the answer of a search that was stopped before it had any: the start where that gains something, or nothing.
func unanswered(ctx context.Context, p *bilevel.Problem, start []bilevel.Choice, o auction.Options) (*bilevel.Answer, error) {
	a := &bilevel.Answer{Bound: p.Ceiling()}
	gain, err := worth(context.WithoutCancel(ctx), p, start, o)
	if gain > 0 {
		a.Bid = start
	}
	return a, err
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

// worth is what a bid is worth by the seller's answers, nothing where it is a loss or there is no time to ask.
func worth(ctx context.Context, p *bilevel.Problem, bid []bilevel.Choice, o auction.Options) (float64, error) {
	p.Arrange(bid)
	sales, err := bilevel.NewSeller(p, o.Seed).Answer(ctx, bid)
	if err != nil {
		if ctx.Err() != nil {
			err = nil
		}
		return 0, err
	}
	w, _ := p.Worth(sales)
	return max(0, w), nil
}

// byMerit says whether the seller's answer in a block is the merit order, with the caps that its limits are; nothing else.
func byMerit(b *bilevel.Block) (caps, bool) {
	me := &b.Case.Bidders[b.Bidder]
	if !math.IsInf(me.Budget, 1) || !math.IsInf(me.MaxVolume, 1) || b.Risk.Aversion > 0 || b.Packages > 0 ||
		slices.ContainsFunc(b.Items, func(it bilevel.Item) bool { return it.Whole }) {
		return nil, false
	}
	free := *b.Case
	free.Limits = nil
	if len(joined(&free, b.Bidder)) > 0 {
		return nil, false
	}
	return capsOf(b)
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
