package allocation

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"lotwise/models/auction/generate"
	"lotwise/solver"
)

// Each way to prove a packing optimal ends with the first optimum of the mixed-integer program, from no packing on.
func TestProofsOfPackings(t *testing.T) {
	ways := []struct {
		name  string
		prove func(ctx context.Context, s *packer, r *relaxation) error
	}{
		{"all", func(ctx context.Context, s *packer, r *relaxation) error { return s.prove(ctx, r) }},
		{"prices", func(ctx context.Context, s *packer, r *relaxation) error { s.deepen(ctx, r, tieSteps); return nil }},
		{"branch and bound", func(ctx context.Context, s *packer, r *relaxation) error { return s.branch(ctx, r, tieNodes, 0) }},
		{"tree", func(ctx context.Context, s *packer, r *relaxation) error {
			_, err := s.grow(ctx, r, tieNodes, math.MaxInt64)
			return err
		}},
	}
	proven := make([]int, len(ways))
	for seed := range uint64(120) {
		random := rand.New(rand.NewPCG(seed, 41))
		p, _ := NewProblem(bundleCase(random, 2+random.IntN(14), 4+random.IntN(60)))
		for _, k := range packings(p) {
			q, at := k.packing()
			if len(at) == 0 {
				continue
			}
			want, err := k.indivisible(t.Context(), solver.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for i, way := range ways {
				s := &packer{packing: q, k: k, members: at, bound: math.Inf(1)}
				s.offer(nil)
				r, err := q.relax()
				if err != nil {
					t.Fatal(err)
				}
				if ok, err := r.solve(t.Context(), solver.Options{}); !ok || err != nil {
					t.Fatal(ok, err)
				}
				s.bound = r.bound
				s.fix(r)
				if err := way.prove(t.Context(), s, r); err != nil {
					t.Fatal(err)
				}
				if s.bound < want.objective-near || s.most > want.objective+near {
					t.Fatalf("seed %d, %s: %v to %v, the program %v", seed, way.name, s.most, s.bound, want.objective)
				}
				if i != 1 && math.Abs(s.most-want.objective) > near {
					t.Fatalf("seed %d, %s: %v, the program %v", seed, way.name, s.most, want.objective)
				}
				if s.closed() && !s.settled {
					if err := s.settle(t.Context(), r); err != nil {
						t.Fatal(err)
					}
				}
				if s.settled {
					if proven[i]++; !slices.Equal(s.point(s.best).x, want.x) {
						t.Fatalf("seed %d, %s: %v, the program %v", seed, way.name, s.point(s.best).x, want.x)
					}
				}
				r.close()
			}
		}
	}
	for i, way := range ways {
		if proven[i] < 100 {
			t.Errorf("%s: only %d settled", way.name, proven[i])
		}
	}
}

// A time limit and a cancelled context leave a packing with a bound that holds, soon.
func TestPackingsAreStopped(t *testing.T) {
	c, err := generate.CATS("regions", 256, 1000, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := NewProblem(c)
	for _, k := range packings(p) {
		q, at := k.packing()
		for _, limit := range []time.Duration{time.Millisecond, 100 * time.Millisecond, time.Second} {
			began := time.Now()
			got, err := k.packed(t.Context(), q, at, solver.Options{TimeLimit: limit})
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > limit+3*time.Second {
				t.Errorf("%v took %v", limit, took)
			}
			if got.objective <= 0 || got.bound < got.objective || got.proven && got.bound > got.objective*(1+near) {
				t.Errorf("%v: %v to %v", limit, got.objective, got.bound)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got, err := k.packed(ctx, q, at, solver.Options{}); err != nil || got.objective <= 0 || got.proven {
			t.Errorf("cancelled: %+v, %v", got, err)
		}
	}
}
