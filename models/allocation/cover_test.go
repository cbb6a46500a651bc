package allocation

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"lotwise/models/auction/generate"
	"lotwise/solver"
)

// A cover search from nothing ends with the first optimum of the mixed-integer program, at any amounts, and its progress
// with the whole search; from a better packing it finds the same.
func TestCoverSearchIsTheMixedIntegerProgram(t *testing.T) {
	ties := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 31))
		p, _ := NewProblem(bundleCase(r, 2+r.IntN(14), 4+r.IntN(40)))
		for b := range p.Value {
			p.Value[b] = math.Round(p.Value[b]*math.Pow(10, float64(r.IntN(8)))) / 100
		}
		for _, k := range packings(p) {
			q, at := k.packing()
			want, err := k.indivisible(t.Context(), solver.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s := &packer{packing: q, k: k, members: at}
			all := make([]int32, len(at))
			for v := range all {
				all[v] = int32(v)
			}
			got := s.sweepPart(t.Context(), all, nil, coverWork)
			found := got.best
			if !got.proven || !got.first || !slices.Equal(s.point(found).x, want.x) {
				t.Fatalf("seed %d: covers find %v (proven %v, first %v), the program %v", seed, s.point(found), got.proven, got.first, want.x)
			}
			if again := s.sweepPart(t.Context(), all, found, coverWork); !slices.Equal(again.best, found) {
				t.Fatalf("seed %d: from the optimum on another is found", seed)
			}
			c := q.coverSearch(all)
			c.stop = func() bool { return false }
			c.found = func(m []int32) float64 {
				if !q.fits(m) {
					t.Fatalf("seed %d: %v do not fit together", seed, m)
				}
				ties++
				return c.target
			}
			c.target = q.worth(found) - slack(q.worth(found))
			if !c.run() || math.Abs(c.progress-1) > 1e-9 {
				t.Fatalf("seed %d: progress %v at the end", seed, c.progress)
			}
		}
	}
	if ties < 200 {
		t.Errorf("%d optima: too few ties", ties)
	}
}

// A search that is going to take too long is given up; one that is not, is not.
func TestCoverSearchGivesUp(t *testing.T) {
	for _, tt := range []struct {
		distribution string
		goods, bids  int
		done         bool
	}{{"arbitrary", 60, 300, true}, {"matching", 200, 1000, false}} {
		c, err := generate.CATS(tt.distribution, tt.goods, tt.bids, 1)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := NewProblem(c)
		for _, k := range packings(p) {
			q, at := k.packing()
			if len(at) < tt.bids/2 {
				continue
			}
			all := make([]int32, len(at))
			for v := range all {
				all[v] = int32(v)
			}
			s := q.coverSearch(all)
			s.trial, s.budget = coverTrial, coverWork
			best := 0.0
			s.found = func(m []int32) float64 { best = q.worth(m); return best }
			s.stop = s.hopeless
			if done := s.run(); done != tt.done || !done && s.work > coverWork/2 {
				t.Errorf("%s: done %v after %d nodes", tt.distribution, done, s.nodes)
			}
			if best == 0 {
				t.Errorf("%s: nothing found", tt.distribution)
			}
		}
	}
}
