package equilibrium

import (
	"context"
	"encoding/binary"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/bidding"
)

// A response is a seat's best bid against one profile of the others.
type response struct {
	best   int
	profit float64 // of best
	bound  float64
}

// respond returns the seat's best response while every other seat plays choice, remembered by situation.
func (g *game) respond(ctx context.Context, s *seat, choice []int, o bidding.Options) (response, error) {
	var out response
	var best auction.Strategy
	for _, p := range s.parts {
		sit := g.situationOf(s, p, choice)
		if sit.best == nil {
			own := o
			own.Start = p.restrict(s.pool[choice[s.index]])
			r, err := bidding.BestResponse(ctx, sit.problem, own)
			if err != nil {
				return out, err
			}
			sit.best = r
		}
		out.profit += sit.best.Profit
		out.bound += sit.best.Bound
		best = append(best, sit.best.Strategy...)
	}
	out.best = g.add(s, best)
	return out, nil
}

// dynamics lets one seat after the other move to a best response, until none gains more than the
// tolerance of what it could earn, a profile returns, or passes run out. A seat that gains nothing stays
// where it is. It returns the last profile, whether nobody gains there, and the profiles visited at the end of
// each pass.
func (g *game) dynamics(ctx context.Context, start []int, passes int, tolerance float64, o bidding.Options) (last []int, settled bool, visited [][]int, err error) {
	choice := slices.Clone(start)
	seen := map[string]bool{}
	for range passes {
		moved := false
		met := make([]certificate, len(g.seats)) // when the seat's turn came
		for a, s := range g.seats {
			r, err := g.respond(ctx, s, choice, o)
			if err != nil {
				return choice, false, visited, err
			}
			now := g.profit(s, choice[s.index], choice)
			met[a] = certificate{profit: now, bound: r.bound}
			if r.profit-now > tolerance*max(r.bound, 0)+roundingRegret*max(math.Abs(r.profit), math.Abs(now)) {
				choice[s.index] = r.best
				moved = true
			}
		}
		g.step(Pure, g.relativeRegret(met))
		if !moved {
			return choice, true, visited, nil
		}
		key := choiceKey(choice)
		if seen[key] {
			return choice, false, visited, nil
		}
		seen[key] = true
		visited = append(visited, slices.Clone(choice))
	}
	return choice, false, visited, nil
}

// roundingRegret is the relative gain under which two profits are the same number computed twice.
const roundingRegret = 1e-9

func choiceKey(choice []int) string {
	key := make([]byte, 0, 4*len(choice))
	for _, k := range choice {
		key = binary.LittleEndian.AppendUint32(key, uint32(k))
	}
	return string(key)
}
