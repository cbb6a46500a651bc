package allocation

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"lotwise/models/auction"
	"lotwise/models/auction/generate"
	"lotwise/solver"
)

// heaviest is what the packings of a few members are worth at most that accept one of every need, by enumeration.
func heaviest(p *packing, needs [][]int32) float64 {
	most := math.Inf(-1)
	var accepted []int32
	var try func(v int32)
	try = func(v int32) {
		if int(v) == len(p.value) {
			for _, need := range needs {
				if !slices.ContainsFunc(need, func(n int32) bool { return slices.Contains(accepted, n) }) {
					return
				}
			}
			most = max(most, p.worth(accepted))
			return
		}
		try(v + 1)
		if p.value[v] < 0 || slices.ContainsFunc(accepted, func(u int32) bool { return p.conflicts[v].has(u) }) {
			return
		}
		accepted = append(accepted, v)
		try(v + 1)
		accepted = accepted[:len(accepted)-1]
	}
	try(0)
	return most
}

// A search for packings that accept one member of every need finds the best of them, whatever is known before.
func TestNeedSearchIsEnumeration(t *testing.T) {
	none, met := 0, 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 41))
		p, _ := NewProblem(bundleCase(r, 3+r.IntN(8), 6+r.IntN(10)))
		for _, k := range packings(p) {
			q, at := k.packing()
			if len(at) < 3 || len(at) > 18 {
				continue
			}
			all := make([]int32, len(at))
			needs := make([][]int32, 1+r.IntN(3))
			for v := range all {
				all[v] = int32(v)
				if n := r.IntN(2 * len(needs)); n < len(needs) {
					needs[n] = append(needs[n], int32(v))
				}
			}
			want := heaviest(q, needs)
			s := q.needSearch(all, needs)
			s.stop = func() bool { return false }
			s.target = math.Inf(-1)
			if r.IntN(2) == 0 {
				s.target = want - float64(r.IntN(3)) - 0.5
			}
			best := math.Inf(-1)
			s.found = func(members []int32) float64 {
				best = q.worth(members)
				if !q.fits(members) {
					t.Fatalf("seed %d: %v do not fit together", seed, members)
				}
				return best + slack(best)
			}
			if !s.run() || best != want || math.Abs(s.progress-1) > 1e-9 {
				t.Fatalf("seed %d: %v found, %v by enumeration, progress %v", seed, best, want, s.progress)
			}
			if math.IsInf(want, -1) {
				none++
			} else {
				met++
			}
		}
	}
	if none < 20 || met < 100 {
		t.Errorf("%d cases that cannot meet the needs, %d that can: too few", none, met)
	}
}

// Branch and bound by relaxations finds the best packing of a variant if it is worth more than the floor, and says so if none is.
func TestGrowIsEnumeration(t *testing.T) {
	found, none := 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 44))
		p, _ := NewProblem(bundleCase(r, 3+r.IntN(8), 6+r.IntN(10)))
		for _, k := range packings(p) {
			v, err := k.variants(nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(v.value) < 3 || len(v.value) > 16 {
				v.close()
				continue
			}
			fees := make([]float64, len(p.Case.Bidders))
			for i := range fees {
				fees[i] = float64(r.IntN(4))
			}
			q := v.with(fees, -1)
			want := heaviest(q, nil)
			s := v.quest(q, nil, want+float64(r.IntN(3))-1.5, solver.Options{})
			v.relaxed.become(q)
			if ok, err := v.relaxed.solve(t.Context(), solver.Options{}); !ok || err != nil {
				t.Fatal(ok, err)
			}
			s.bound = v.relaxed.bound
			done, err := s.grow(t.Context())
			if err != nil || !done {
				t.Fatalf("seed %d: done %v, %v", seed, done, err)
			}
			if max(s.bound, s.target()) < want || !q.fits(s.best) || s.bound > s.target() {
				t.Fatalf("seed %d: %v is the best, %v by enumeration, bound %v, target %v", seed, s.most, want, s.bound, s.target())
			}
			if want > s.floor {
				if found++; s.most != want {
					t.Fatalf("seed %d: %v found, %v by enumeration", seed, s.most, want)
				}
			} else {
				none++
			}
			v.close()
		}
	}
	if found < 50 || none < 20 {
		t.Errorf("%d searches with something to find, %d without: too few", found, none)
	}
}

// The best of one variant after the other, in one relaxation, is that of the program with the same fees and bids.
func TestVariantsAreTheMixedIntegerProgram(t *testing.T) {
	asked := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 43))
		c := bundleCase(r, 4+r.IntN(14), 10+r.IntN(50))
		for i := range c.Bids { // fees are for bidders of one bid or alternatives
			c.Bids[i].Group = "xor"
		}
		p, _ := NewProblem(c)
		for _, k := range packings(p) {
			v, err := k.variants(nil)
			if err != nil {
				t.Fatal(err)
			}
			for range 6 {
				asked++
				absent := v.bidder[r.IntN(len(v.bidder))]
				fees := make([]float64, len(c.Bidders))
				for i := range fees {
					fees[i] = float64(r.IntN(3))
				}
				other := *p
				other.AnyOptimum, other.Fee, other.Out, other.Within = true, fees, slices.Clone(p.Out), make([]bool, len(p.Out))
				for _, b := range k.bids {
					other.Within[b] = true
					other.Out[b] = other.Out[b] || c.Bids[b].Bidder == absent
				}
				want, err := other.Determine(t.Context(), auction.Options{Threads: 1})
				if err != nil {
					t.Fatal(err)
				}
				s := v.quest(v.with(fees, absent), nil, math.Inf(-1), solver.Options{})
				if err := s.run(t.Context()); err != nil {
					t.Fatal(err)
				}
				if math.Abs(s.most-want.Objective) > near || s.bound > s.most+2*slack(s.most) || !s.fits(s.best) {
					t.Fatalf("seed %d: %v (bound %v), as a program %v", seed, s.most, s.bound, want.Objective)
				}
				for _, floor := range []float64{want.Objective - 1, want.Objective, want.Objective + 1} {
					s := v.quest(v.with(fees, absent), nil, floor, solver.Options{})
					s.enough = true
					if err := s.run(t.Context()); err != nil {
						t.Fatal(err)
					}
					if more := s.most > floor; more != (floor < want.Objective-near) || !more && s.bound > floor+2*slack(floor) {
						t.Fatalf("seed %d: more than %v found: %v (bound %v); the best is %v", seed, floor, more, s.bound, want.Objective)
					}
				}
				if r.IntN(2) == 0 {
					v.remember(s.best)
				}
			}
			v.close()
		}
	}
	if asked < 100 {
		t.Errorf("%d variants asked for: too few", asked)
	}
}

// What a packing is worth without each of its winners, of which those that are known make others needed, is what the
// program says without it.
func TestAbsencesFromPackings(t *testing.T) {
	for _, tt := range []struct {
		distribution string
		goods, bids  int
	}{{"arbitrary", 30, 120}, {"matching", 40, 150}, {"paths", 40, 200}, {"regions", 40, 160}, {"scheduling", 30, 150}} {
		c, err := generate.CATS(tt.distribution, tt.goods, tt.bids, 5)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := NewProblem(c)
		out := determine(t, c, auction.Options{Threads: 1})
		q := &questions{p: p, out: out, o: auction.Options{Threads: 2}, missed: make([]bool, len(c.Bidders))}
		defer q.close()
		var winners []int
		for i, n := range q.accepted() {
			if n > 0 {
				winners = append(winners, i)
			}
		}
		absences, err := q.without(t.Context(), winners)
		if err != nil {
			t.Fatal(err)
		}
		for n, i := range winners {
			other := *p
			other.AnyOptimum, other.Out = true, slices.Clone(p.Out)
			for b := range c.Bids {
				other.Out[b] = other.Out[b] || c.Bids[b].Bidder == i
			}
			want, err := other.Determine(t.Context(), auction.Options{Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			a := absences[n]
			if loss := out.Objective - want.Objective; math.Abs(a.Loss-loss) > 1e-6*out.Objective || a.Low > a.Loss || a.High < a.Loss {
				t.Errorf("%s: without %s the loss is %v in [%v, %v], as a program %v", tt.distribution, c.Bidders[i].Name, a.Loss, a.Low, a.High, loss)
			}
			if !slices.Contains(a.Without, i) {
				t.Errorf("%s: %s is not among those missing, %v", tt.distribution, c.Bidders[i].Name, a.Without)
			}
		}
	}
}
