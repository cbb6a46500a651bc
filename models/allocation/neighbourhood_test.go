package allocation

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"lotwise/models/auction/generate"
)

func never() bool { return false }

// Where a packing is no larger than one choice and its conflicts join all of it, a wide search ends at the optimum.
func TestWideSearchOfOneChoiceIsOptimal(t *testing.T) {
	tried := 0
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 41))
		p, _ := NewProblem(bundleCase(r, 2+r.IntN(14), 4+r.IntN(40)))
		for _, k := range packings(p) {
			q, at := k.packing()
			if len(at) == 0 || len(at) > wideFrom {
				continue
			}
			all := make([]int32, len(at))
			for v := range all {
				all[v] = int32(v)
			}
			s := &packer{packing: q, k: k, members: at}
			want := s.sweepPart(t.Context(), all, nil, coverWork)
			start := q.localSearch(int64(seed), nil).run(1, math.Inf(1), never)
			got, left := q.wideSearch(int64(seed)).run(start, 3, math.Inf(1), never)
			if !want.proven || !q.fits(got) || math.Abs(q.worth(got)-q.worth(want.best)) > near || left != 0 {
				t.Fatalf("seed %d: %v is worth %v (%d rounds left), the best %v", seed, got, q.worth(got), left, q.worth(want.best))
			}
			tried++
		}
	}
	if tried < 50 {
		t.Errorf("only %d packings", tried)
	}
}

// On auctions that take many choices each round ends with members that fit together and are worth no less, in order, the same
// in every run; and more often than not it finds more than exchanges do in many times the steps.
func TestWideSearchImproves(t *testing.T) {
	better, worse := 0, 0
	for seed := range uint64(4) {
		c, err := generate.CATS("regions", 120, 400, seed)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := NewProblem(c)
		for _, k := range packings(p) {
			q, _ := k.packing()
			if len(q.value) < 2*wideTo {
				continue
			}
			start := q.localSearch(int64(seed), nil).run(quickSteps, math.Inf(1), never)
			found, _ := q.wideSearch(int64(seed)).run(start, 8, math.Inf(1), never)
			if !q.fits(found) || q.worth(found) < q.worth(start) || !slices.IsSorted(found) {
				t.Fatalf("seed %d: %v, worth %v, from %v, worth %v", seed, found, q.worth(found), start, q.worth(start))
			}
			if again, _ := q.wideSearch(int64(seed)).run(start, 8, math.Inf(1), never); !slices.Equal(again, found) {
				t.Fatalf("seed %d: %v, then %v", seed, found, again)
			}
			long := q.localSearch(int64(seed), start).run(searchSteps, math.Inf(1), never)
			switch w := q.worth(found) - q.worth(long); {
			case w > near:
				better++
			case w < -near:
				worse++
			}
		}
	}
	if better <= worse {
		t.Errorf("better than exchanges %d times, worse %d times", better, worse)
	}
}

// What is around a member is all that fits with those kept, and no more than one choice unless the first step is larger.
func TestAround(t *testing.T) {
	c, err := generate.CATS("regions", 120, 400, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := NewProblem(c)
	for _, k := range packings(p) {
		q, _ := k.packing()
		w := q.wideSearch(1)
		members := q.rounded(q.value, make([]bool, len(q.value)))
		for _, v := range members {
			open := w.around(members, v, wideFrom)
			kept := slices.DeleteFunc(slices.Clone(members), func(u int32) bool { return slices.Contains(open, u) })
			if !slices.Contains(open, v) {
				t.Fatalf("%d is not around itself", v)
			}
			for u := range int32(len(q.value)) {
				fits := !slices.Contains(kept, u) && q.fits(append(slices.Clone(kept), u))
				if fits != slices.Contains(open, u) {
					t.Fatalf("around %d: %d fits with those kept: %v", v, u, fits)
				}
			}
		}
	}
}
