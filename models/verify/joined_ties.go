package verify

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Of several optima of the seller the first by the tie rule counts: the one that gives the earliest bidder most packages, of
// these the one that gives the next most, and so on; of those that give all bidders alike the one that accepts most of the
// first bid, then of the second. Priority by priority
//
//	max  p_k·x   s.t.  x is allowed,  score·x ≥ optimum,  p_h·x ≥ its maximum, h < k
//
// Segments share nothing, so that what is first in each is first in all. Where one optimum is
// left, no priority is asked any more.

const (
	// heldTol is by how much a scaled row may fall short of what it has to keep: twice what a program may break.
	heldTol = 2 * fitTol
	// onlyTol is by how much accepted fractions may differ and be one optimum, and be all or nothing.
	onlyTol = 1e-7
	// noiseTol is by how much an accepted fraction may differ from the first optimum found and be that of it: what heldTol of
	// the largest score is worth where scores are nearly alike.
	noiseTol = 1e-5
)

// tied is what is left of a segment's optima.
type tied struct {
	g     *segment
	held  []row
	whole []float64 // the whole variables of the last optimum looked at
	x     []float64 // its accepted fractions, by position in the segment's bids
}

// first returns the first optimum by the tie rule, the accepted fraction by bid; sold is false where the limits cannot be
// met, ok where the problem is too large.
func (s *seller) first() (x []float64, sold, ok bool) {
	x = make([]float64, len(s.score))
	if math.IsInf(s.best(nil, nil).high, -1) {
		return x, false, true
	}
	for _, g := range s.segments {
		o := g.best(nil, nil)
		if !o.exact() {
			return nil, false, false
		}
		first, ok := g.first(o.low)
		if !ok {
			return nil, false, false
		}
		for i, b := range g.bids {
			if x[b] = first[i]; math.Abs(x[b]-o.x[i]) < noiseTol {
				x[b] = o.x[i]
			}
			if math.Abs(x[b]-math.Round(x[b])) < onlyTol {
				x[b] = math.Round(x[b])
			}
		}
	}
	return x, true, true
}

// first returns the first optimum of a segment by the tie rule, given what an optimum earns; false where that is too
// much work.
func (g *segment) first(optimum float64) (x []float64, ok bool) {
	if g.p == nil || g.p.size() > mostCells {
		return nil, false
	}
	t := &tied{g: g}
	var score []term
	for j, c := range g.p.profit {
		score = append(score, term{j, c})
	}
	t.hold(score, optimum)
	var volumes, fractions [][]term
	for _, i := range g.bidders {
		var volume []term
		for _, b := range g.bids {
			if bid := &g.s.k.c.Bids[b]; bid.Bidder == i {
				for _, r := range bid.Rows {
					volume = combine(1, volume, r.Quantity, g.x[b])
				}
			}
		}
		volumes = append(volumes, volume)
	}
	for _, b := range g.bids {
		fractions = append(fractions, g.x[b])
	}
	for _, priorities := range [][][]term{volumes, fractions} {
		if only, ok := t.only(fractions); only || !ok {
			return t.x, ok
		}
		for _, p := range priorities {
			v, ok := t.maximise(p)
			if !ok {
				return nil, false
			}
			t.hold(p, v)
		}
	}
	return t.x, true
}

// hold keeps a sum from falling under a value.
func (t *tied) hold(terms []term, least float64) {
	if scale := largest(terms); scale > 0 {
		t.held = append(t.held, row{times(-1/scale, terms), heldTol - least/scale})
	}
}

// only says whether one optimum is left: the sum of fractions at weights drawn at random is then the same at most and at
// least. (Of weights with a pattern, such as multiples of the golden ratio, some are in the ratio of two quantities.)
func (t *tied) only(fractions [][]term) (only, ok bool) {
	var sum []term
	weights := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // reproducible on purpose
	for _, x := range fractions {
		sum = combine(1, sum, 1+weights.Float64(), x)
	}
	high, ok1 := t.maximise(sum)
	low, ok2 := t.maximise(times(-1, sum))
	return high+low <= onlyTol, ok1 && ok2
}

// maximise maximises a sum over the optima that are left.
func (t *tied) maximise(terms []term) (float64, bool) {
	g := t.g
	p := &program{profit: make([]float64, len(g.p.profit)), lo: g.p.lo, up: g.p.up, rows: slices.Concat(g.p.rows, t.held)}
	scale := math.Max(largest(terms), math.SmallestNonzeroFloat64)
	for _, x := range terms {
		p.profit[x.at] += x.of / scale
	}
	a, exact := p.maximise(g.whole, t.whole, min(g.s.perAsk, *g.s.budget))
	if *g.s.budget -= p.work; !exact || a.x == nil || *g.s.budget <= 0 {
		return 0, false
	}
	t.whole = nil
	for _, j := range g.whole {
		t.whole = append(t.whole, math.Round(a.x[j]))
	}
	t.x = make([]float64, len(g.bids))
	for n, i := range g.bids {
		for _, y := range g.x[i] {
			t.x[n] += y.of * a.x[y.at]
		}
	}
	return a.value * scale, true
}

// largest is the largest size of a coefficient.
func largest(terms []term) float64 {
	most := 0.0
	for _, x := range terms {
		most = math.Max(most, math.Abs(x.of))
	}
	return most
}
