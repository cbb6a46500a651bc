package oracle_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"lotwise/models/allocation"
	"lotwise/models/allocation/oracle"
	"lotwise/models/auction"
	"lotwise/models/auction/generate"
	"lotwise/solver"
	"lotwise/solver/peers"
)

const (
	// agreement is how far, relatively, two solvers' optima may be apart.
	agreement = 1e-6
	// strict is the tolerance that peers are asked for: what counts as accepted, a millionth, must not be within it.
	strict = 1e-9
	// fine is how far, relatively, sums may be from what exact arithmetic says.
	fine = 1e-7
)

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*max(1, math.Abs(b)) }

// tiny are the cases that are enumerated.
func tiny(seed uint64) *auction.Case { return generate.Mixed(3+int(seed%4), seed) }

const tinyCases = 300

// singles draws a small auction of single goods of each distribution of CATS.
func singles(t *testing.T, goods, bids int, seed uint64) []*auction.Case {
	t.Helper()
	var cases []*auction.Case
	for _, distribution := range generate.Distributions {
		c, err := generate.CATS(distribution, goods, bids, seed)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

// agree has peers solve the plain programs of some cases and compares with optima; NaN where a case is infeasible. Of
// each peer at most one in a hundred answers may be missing.
func agree(t *testing.T, cases []*auction.Case, optima []float64, by ...peers.Peer) {
	t.Helper()
	peers.Need(t)
	var problems []peers.Problem
	var of []int
	for n, c := range cases {
		m := oracle.NewMIP(c)
		for _, p := range by {
			problems, of = append(problems, peers.Problem{Peer: p, Model: m.Model, Tolerance: strict}), append(of, n)
		}
	}
	answers, err := peers.Solve(t.Context(), problems...)
	if err != nil {
		t.Fatal(err)
	}
	missing := map[peers.Peer]int{}
	for i, a := range answers {
		p, want, name := problems[i].Peer, optima[of[i]], cases[of[i]].Name
		if a.Err != nil {
			t.Log(a.Err)
			if missing[p]++; missing[p] > len(cases)/100 {
				t.Errorf("%s gives no answer to %d of %d problems", p, missing[p], len(cases))
			}
			continue
		}
		if math.IsNaN(want) != (a.Claim == solver.Infeasible) || !math.IsNaN(want) && (a.Claim != solver.Optimal || !near(a.Objective, want, agreement)) {
			t.Errorf("%s: %s says %s, %.12g, want %.12g", name, p, a.Claim, a.Objective, want)
		}
	}
}

// The plain program and enumeration state the same problem: every peer and HiGHS find what enumeration finds.
func TestEnumerationAgreesWithPeers(t *testing.T) {
	var cases []*auction.Case
	var optima []float64
	infeasible := 0
	for seed := range uint64(tinyCases) {
		c := tiny(seed)
		for b := range c.Bids {
			if r := c.Bids[b].Requires; r >= 0 && seed%2 == 0 {
				c.Bids[r].MinFraction = 0 // then it satisfies what requires it, whatever is accepted of it
			}
		}
		w := oracle.Enumerate(c).All()
		cases, optima = append(cases, c), append(optima, w)
		s, err := solver.Solve(t.Context(), oracle.NewMIP(c).Model, solver.Options{Extra: map[string]any{"mip_feasibility_tolerance": strict}})
		if err != nil {
			t.Fatal(err)
		}
		if math.IsNaN(w) {
			infeasible++
		}
		if math.IsNaN(w) != (s.Claim == solver.Infeasible) || !math.IsNaN(w) && !near(s.Objective, w, agreement) {
			t.Errorf("%s: HiGHS says %s, %.12g, enumeration %.12g", c.Name, s.Claim, s.Objective, w)
		}
	}
	if infeasible < 3 || infeasible > tinyCases/4 {
		t.Errorf("%d of %d cases are infeasible", infeasible, tinyCases)
	}
	agree(t, cases, optima, peers.All...)
}

// fractions are the accepted fractions of an allocation, by bid.
func fractions(c *auction.Case, r *auction.Results) []float64 {
	bids := map[[2]string]int{}
	for b := range c.Bids {
		bids[[2]string{c.Bidders[c.Bids[b].Bidder].Name, c.Bids[b].Name}] = b
	}
	x := make([]float64, len(c.Bids))
	for _, row := range r.Allocation {
		b := bids[[2]string{row.Bidder, row.Bid}]
		for _, own := range c.Bids[b].Rows {
			if c.Lots[own.Lot].Name == row.Lot {
				x[b] = row.Quantity / own.Quantity
			}
		}
	}
	return x
}

// solved solves a case as the command does, and judges what it finds; nil where the case is infeasible.
func solved(t *testing.T, c *auction.Case, o auction.Options) (*auction.Results, []float64) {
	t.Helper()
	r, err := allocation.Solve(t.Context(), c, o)
	if none := new(auction.Infeasible); errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		t.Errorf("%s: %v", c.Name, err)
		return nil, nil
	}
	x := fractions(c, r)
	j := oracle.Judge(c, x, fine)
	if len(j.Broken) > 0 {
		t.Errorf("%s: %v", c.Name, j.Broken)
	}
	if w := metric(r, "objective"); !near(j.Objective, w, fine) || r.Status != auction.Optimal {
		t.Errorf("%s: the allocation is worth %.12g, objective %.12g (%s)", c.Name, j.Objective, w, r.Status)
	}
	read := map[[2]string]oracle.Reading{}
	for _, s := range j.Scopes {
		read[[2]string{s.Limit, s.Scope}] = s
	}
	same := func(a, b float64) bool { return near(a, b, fine) || math.IsNaN(a) && math.IsNaN(b) }
	for _, l := range r.Limits {
		s, known := read[[2]string{l.Limit, l.Scope}]
		if !known || !same(l.Value, s.Value) || !same(l.Min, s.Min) || !same(l.Max, s.Max) || !near(l.Violation, s.Violation, fine) {
			t.Errorf("%s: limit result %+v, want %+v", c.Name, l, s)
		}
	}
	if len(r.Limits) != len(j.Scopes) {
		t.Errorf("%s: %d limit results, want %d", c.Name, len(r.Limits), len(j.Scopes))
	}
	return r, x
}

func metric(r *auction.Results, name string) float64 {
	for _, m := range r.Summary {
		if m.Name == name {
			return m.Number
		}
	}
	return math.NaN()
}

// lotwise finds what enumeration finds, and charges what follows from it: by VCG and core too, whatever the case's rule.
func TestAllocationAgreesWithEnumeration(t *testing.T) {
	saved := map[string]int{}
	var cases []*auction.Case
	for seed := range uint64(tinyCases) {
		cases = append(cases, tiny(seed))
	}
	for seed := range uint64(8) {
		cases = append(cases, singles(t, 18, 9, seed)...)
	}
	for _, c := range cases {
		v := oracle.Enumerate(c)
		for _, rule := range []string{auction.PayAsBid, auction.VCG, auction.Core} {
			c.Rules.Payment = rule
			r, x := solved(t, c, auction.Options{Threads: 1, Seed: 1})
			if (r == nil) != math.IsNaN(v.All()) {
				t.Errorf("%s: infeasible: %v, enumeration finds %g", c.Name, r == nil, v.All())
			}
			if r == nil || math.IsNaN(v.All()) {
				break
			}
			if w := metric(r, "objective"); !near(w, v.All(), agreement) {
				t.Errorf("%s: objective %.12g, enumeration finds %.12g", c.Name, w, v.All())
				break
			}
			scale := agreement * max(1, math.Abs(v.All()))
			vcg, d := v.Discounts(c, x), make([]float64, len(c.Bidders))
			for i, p := range r.Payments {
				if d[i] = p.Discount; d[i] > scale {
					saved[rule]++
				}
				want := 0.0
				if rule == auction.VCG {
					want = vcg[i]
				}
				if rule != auction.Core && math.Abs(d[i]-want) > scale {
					t.Errorf("%s: %s: %s saves %.10g, want %.10g", c.Name, rule, p.Bidder, d[i], want)
				}
			}
			if rule == auction.Core {
				if err := v.CheckCore(vcg, d, scale); err != nil {
					t.Errorf("%s: %v", c.Name, err)
				}
			}
		}
	}
	if saved[auction.VCG] < 50 || saved[auction.Core] < 50 {
		t.Errorf("payments under the bids: %v, too few to say anything", saved)
	}
}

// What a limit costs is the objective without it less the objective with it.
func TestLimitCosts(t *testing.T) {
	costly := 0
	for seed := range uint64(100) {
		c := tiny(seed)
		c.Rules.Payment = auction.PayAsBid
		r, _ := solved(t, c, auction.Options{Threads: 1, LimitCosts: true})
		if r == nil {
			continue
		}
		w := oracle.Enumerate(c).All()
		for n := range c.Limits {
			without := *c
			without.Limits = slices.Delete(slices.Clone(c.Limits), n, n+1)
			want := oracle.Enumerate(&without).All() - w
			if want > agreement {
				costly++
			}
			for _, l := range r.Limits {
				if l.Limit == c.Limits[n].Name && !near(l.Cost, want, agreement) {
					t.Errorf("%s: limit %s costs %.10g, want %.10g", c.Name, l.Limit, l.Cost, want)
				}
			}
		}
	}
	if costly < 20 {
		t.Errorf("%d limits that cost something are too few to say anything", costly)
	}
}

// On cases that are too large to enumerate, lotwise finds what SCIP finds, and CBC on every fifth.
func TestAllocationAgreesWithPeers(t *testing.T) {
	peers.Need(t)
	var cases, fifth []*auction.Case
	var optima, ofFifth []float64
	for seed := range uint64(300) {
		cases = append(cases, generate.Mixed(8+int(seed%23), 1000+seed))
	}
	for seed := range uint64(4) {
		cases = append(cases, singles(t, 30, 80, seed)...)
		cases = append(cases, generate.Postal{
			Lots: 40, Bidders: 8, Bids: 60, AllOrNothing: 0.3, Fractions: 0.3, Packages: 12, MinLots: 2, MaxLots: 8,
			Budgets: 0.5, Caps: 0.3, Limits: 1 + int(seed), Adjustments: 3, Contribution: seed%2 == 0, Seed: seed,
		}.Case())
	}
	for n, c := range cases {
		c.Rules.Payment = auction.PayAsBid
		w := math.NaN()
		if r, _ := solved(t, c, auction.Options{Threads: 1}); r != nil {
			w = metric(r, "objective")
		}
		optima = append(optima, w)
		if n%5 == 0 {
			fifth, ofFifth = append(fifth, c), append(ofFifth, w)
		}
	}
	agree(t, cases, optima, peers.SCIP)
	agree(t, fifth, ofFifth, peers.CBC)
}
