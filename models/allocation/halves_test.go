package allocation

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"lotwise/models/auction/generate"
	"lotwise/solver"
)

// Five members in a ring, neighbours in conflict, hold two: no clique says so, the zero-half cut of all five edges does.
func TestHalfOfOddRing(t *testing.T) {
	p := newPacking([]float64{1, 1, 1, 1, 1}, [][]int32{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {0, 4}})
	r, err := p.relax()
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	for _, want := range []float64{2.5, 2} {
		if ok, err := r.solve(t.Context(), solver.Options{}); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if math.Abs(r.bound-want) > 1e-9 {
			t.Errorf("bound %v, want %v", r.bound, want)
		}
		if cut := r.halve(); cut != (want > 2) {
			t.Errorf("cut at bound %v: %v", want, cut)
		}
	}
	if c := r.choice([]int32{0, 1, 2, 3, 4}); math.Abs(c.bound-2) > 1e-9 {
		t.Errorf("the bound of a search by prices is %v, want 2", c.bound)
	}
}

// No packing violates a zero-half cut from fractions, whatever these are, and the relaxation with cuts bounds all packings.
func TestHalvesHoldForPackings(t *testing.T) {
	cuts, carried := 0, 0
	for seed := range uint64(45) {
		r := rand.New(rand.NewPCG(seed, 3))
		c, err := generate.CATS([]string{"paths", "matching", "arbitrary"}[seed%3], 20+r.IntN(60), 60+r.IntN(200), seed)
		if err != nil {
			t.Fatal(err)
		}
		problem, _ := NewProblem(c)
		for _, k := range packings(problem) {
			p, members := k.packing()
			for v := range p.value {
				p.value[v] *= 0.5 + r.Float64()
			}
			x, err := p.relax()
			if err != nil {
				t.Fatal(err)
			}
			for range 5 {
				if ok, err := x.solve(t.Context(), solver.Options{}); !ok || err != nil {
					t.Fatal(ok, err)
				}
				if !x.halve() {
					break
				}
			}
			// The relaxation of some of the members by itself, its prices and cuts carried over.
			for v := range p.value {
				if r.IntN(4) == 0 {
					x.drop(int32(v))
				}
			}
			sub, open := (&packer{packing: p, k: k, members: members}).rest(x)
			y, err := sub.relax()
			if err != nil {
				t.Fatal(err)
			}
			y.inherit(x, open)
			for range 3 {
				if ok, err := y.solve(t.Context(), solver.Options{}); !ok || err != nil {
					t.Fatal(ok, err)
				}
				y.halve()
			}
			before := len(x.halves)
			x.carry(y, open)
			carried += len(x.halves) - before
			if x.bound > y.bound+slack(y.bound) {
				t.Errorf("seed %d: bound %v carried over, %v by itself", seed, x.bound, y.bound)
			}
			y.close()
			for range 100 {
				order := make([]float64, len(p.value))
				for v := range order {
					order[v] = r.Float64()
				}
				members := p.rounded(order, x.dropped)
				if w := p.worth(members); w > x.bound+slack(w) {
					t.Fatalf("seed %d: a packing is worth %v over the bound %v", seed, w, x.bound)
				}
				members = p.rounded(order, make([]bool, len(p.value)))
				for _, h := range x.halves {
					total := 0.0
					for i, v := range h.members {
						if slices.Contains(members, v) {
							total += h.coef[i]
						}
					}
					if total > h.rhs {
						t.Fatalf("seed %d: packing %v is cut off by %+v", seed, members, h)
					}
				}
			}
			cuts += len(x.halves)
			x.close()
		}
	}
	if cuts < 50 || carried < 5 {
		t.Errorf("%d cuts, %d of them carried over: too few", cuts, carried)
	}
}
