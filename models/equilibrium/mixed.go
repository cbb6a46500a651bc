package equilibrium

import (
	"context"
	"math"
	"slices"

	"lotwise/models/auction"
	"lotwise/models/bidding"
)

// Independent mixtures: double oracle (McMahan, Gordon and Blum 2003) over the seats' pools. The
// restricted game between two bidders, of any number of types, is a polymatrix game between their types
// and is solved exactly; between more it is solved by iterated polymatrix approximation (Govindan and
// Wilson 2004): at a mixture x* the profit of seat a's bid b, which is linear in what each rival does,
//
//	u_a(b; x) ≈ Σ_j D_j u_a(b; x*) x_j - (m - 1) u_a(b; x*)     m rivals j
//
// is the payoff of a polymatrix game, whose equilibrium is the next x*.

// approximations is how many polymatrix approximations one restricted game may take: the iteration, where
// it converges at all, does so in a few.
const approximations = 25

// mix searches an equilibrium in independent mixtures of relative regret target, adding best responses to
// the pools, and returns the best play found with its certificates.
func (g *game) mix(ctx context.Context, target float64, steps int, o bidding.Options) (*play, []certificate, error) {
	var bestPlay *play
	var bestCertificates []certificate
	best := math.Inf(1)
	var x [][]float64
	for range steps {
		var err error
		if x, err = g.restricted(ctx, x, target/4); err != nil {
			return bestPlay, bestCertificates, err
		}
		pl := &play{mixed: x}
		certificates := make([]certificate, len(g.seats))
		grew := false
		for a, s := range g.seats {
			size := len(s.pool)
			if certificates[a], err = g.certify(ctx, s, pl, o); err != nil {
				return bestPlay, bestCertificates, err
			}
			grew = grew || len(s.pool) > size
		}
		r := g.relativeRegret(certificates)
		g.step(Mixed, r)
		if r < best {
			best, bestPlay, bestCertificates = r, pl, certificates
		}
		if best <= target || !grew {
			break
		}
	}
	return bestPlay, bestCertificates, nil
}

// restricted solves the game restricted to the pools, starting from the mixture x where there is one.
func (g *game) restricted(ctx context.Context, x [][]float64, target float64) ([][]float64, error) {
	at := make([][]float64, len(g.seats))
	for a, s := range g.seats {
		at[a] = make([]float64, len(s.pool))
		if a < len(x) {
			copy(at[a], x[a])
			continue
		}
		for k := range at[a] {
			at[a][k] = 1 / float64(len(s.pool))
		}
	}
	sizes := make([]int, len(g.seats))
	for a, s := range g.seats {
		sizes[a] = len(s.pool)
	}
	var best [][]float64
	least := math.Inf(1)
	step := 1.0
	for range approximations {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		payoff, own, exact := g.approximate(at)
		y, err := polymatrix(sizes, payoff, own)
		if err != nil {
			return nil, err
		}
		if exact {
			return y, nil
		}
		if r := g.poolRegret(y); r < least {
			least, best, step = r, y, 1
		} else {
			step /= 2
		}
		if least <= target {
			break
		}
		next := make([][]float64, len(at))
		for a := range at {
			next[a] = make([]float64, len(at[a]))
			for k := range at[a] {
				next[a][k] = (1-step)*at[a][k] + step*y[a][k]
			}
		}
		at = next
	}
	return best, nil
}

// approximate returns the polymatrix approximation at the mixture x; exact says that it is the game.
func (g *game) approximate(x [][]float64) (payoff [][][][]float64, own [][]float64, exact bool) {
	exact = true
	payoff = make([][][][]float64, len(g.seats))
	own = make([][]float64, len(g.seats))
	for a, s := range g.seats {
		payoff[a] = make([][][]float64, len(g.seats))
		own[a] = make([]float64, len(s.pool))
		for _, p := range s.parts {
			atoms := g.productAtoms(p, x)
			profits := g.profitsOf(s, p, atoms)
			for b, v := range profits {
				own[a][b] -= float64(len(p.rivals)-1) * v
			}
			exact = exact && len(p.rivals) <= 1
			for r := range p.rivals {
				for _, t := range p.rivals[r].types {
					if len(t.seats) == 0 {
						// This type cannot bid here: its share is a constant of the rival.
						alone := slices.Clone(atoms)
						alone[r] = []atom{{1, make([]int32, len(p.lots))}}
						for b, v := range g.profitsOf(s, p, alone) {
							own[a][b] += t.probability * v
						}
						continue
					}
					c := t.seats[0] // whole seats: one a type
					if payoff[a][c] == nil {
						payoff[a][c] = make([][]float64, len(s.pool))
						for b := range payoff[a][c] {
							payoff[a][c][b] = make([]float64, len(g.seats[c].pool))
						}
					}
					seen := map[string][]float64{}
					for k := range g.seats[c].pool {
						offers := make([]int32, len(p.lots))
						for j, cell := range t.cells {
							if cell.seat >= 0 {
								offers[j] = g.seats[c].ids[k][cell.pos]
							}
						}
						v, found := seen[idKey(offers)]
						if !found {
							alone := slices.Clone(atoms)
							alone[r] = []atom{{1, offers}}
							v = g.profitsOf(s, p, alone)
							seen[idKey(offers)] = v
						}
						for b := range v {
							payoff[a][c][b][k] += t.probability * v[b]
						}
					}
				}
			}
		}
	}
	return payoff, own, exact
}

// profitsOf returns the profit in one part of every bid of the seat's pool against independent rivals.
func (g *game) profitsOf(s *seat, p *part, atoms [][]atom) []float64 {
	t := newTally()
	g.addAll(t, s, p, atoms, 1)
	problem := p.against(t)
	byOwn := map[string]float64{}
	out := make([]float64, len(s.pool))
	for b := range s.pool {
		key := s.ownKey(p, b)
		v, found := byOwn[key]
		if !found {
			v = problem.Evaluate(p.restrict(s.pool[b])).Profit
			byOwn[key] = v
		}
		out[b] = v
	}
	return out
}

// poolRegret returns the largest relative regret against the pools' bids.
func (g *game) poolRegret(x [][]float64) float64 {
	certificates := make([]certificate, len(g.seats))
	for a, s := range g.seats {
		profits := make([]float64, len(s.pool))
		for _, p := range s.parts {
			for b, v := range g.profitsOf(s, p, g.productAtoms(p, x)) {
				profits[b] += v
			}
		}
		c := certificate{bound: math.Inf(-1)}
		for b, v := range profits {
			c.profit += x[a][b] * v
			c.bound = math.Max(c.bound, v)
		}
		certificates[a] = c
	}
	return g.relativeRegret(certificates)
}

// transfer carries a profile of a game with fine seats to one with whole seats, adding to its pools.
func transfer(from, to *game, choice []int) []int {
	out := make([]int, len(to.seats))
	for a, s := range to.seats {
		var bid auction.Strategy
		for b, f := range from.seats {
			if f.bidder == s.bidder && f.typ == s.typ {
				bid = append(bid, f.pool[choice[b]]...)
			}
		}
		out[a] = to.add(s, bid)
	}
	return out
}
