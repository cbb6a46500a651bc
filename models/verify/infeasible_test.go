package verify

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"lotwise/models/auction"
)

// rulesByDefinition lists what may conflict in a case, and returns for every acceptance that the bids themselves allow
// the set of rules that it breaks.
func rulesByDefinition(c *auction.Case) (conflicts []auction.Conflict, broken []uint64) {
	type place struct {
		limit int
		scope string
	}
	var scopes []place
	for n, l := range c.Limits {
		if !math.IsNaN(l.Penalty) {
			continue
		}
		var names []string
		for name := range brokenByDefinition(c, make([]float64, len(c.Bids)), l) {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			scopes = append(scopes, place{n, name})
			what := fmt.Sprintf("limit %q", l.Name)
			if name != "" {
				what += " for " + name
			}
			conflicts = append(conflicts, auction.Conflict{What: what + " asks for something", Source: l.Source})
		}
	}
	for _, b := range c.Bidders {
		conflicts = append(conflicts, auction.Conflict{What: "a budget of", Source: b.Source}, auction.Conflict{What: "a max_volume of", Source: b.Source})
	}
	for _, l := range c.Lots {
		conflicts = append(conflicts, auction.Conflict{What: "a capacity of", Source: l.Source})
	}
	open := *c // without limits, capacities and caps: what the bids themselves allow
	open.Lots, open.Bidders = append([]auction.Lot(nil), c.Lots...), append([]auction.Bidder(nil), c.Bidders...)
	for l := range open.Lots {
		open.Lots[l].Capacity = math.Inf(1)
	}
	for b := range open.Bidders {
		open.Bidders[b].Budget, open.Bidders[b].MaxVolume = math.Inf(1), math.Inf(1)
	}
	x := make([]float64, len(c.Bids))
	for set := range 1 << len(c.Bids) {
		for i := range x {
			x[i] = float64(set >> i & 1)
		}
		if _, ok := byDefinition(&open, x, nil); !ok {
			continue
		}
		mask, at := uint64(0), 0
		fail := func(is bool) {
			if is {
				mask |= 1 << at
			}
			at++
		}
		lost := make([]map[string]float64, len(c.Limits))
		for n, l := range c.Limits {
			lost[n] = brokenByDefinition(c, x, l)
		}
		for _, s := range scopes {
			fail(lost[s.limit][s.scope] > 0)
		}
		money, volume, used := make([]float64, len(c.Bidders)), make([]float64, len(c.Bidders)), make([]float64, len(c.Lots))
		for i, b := range c.Bids {
			for _, r := range b.Rows {
				money[b.Bidder] += x[i] * r.Price * r.Quantity
				volume[b.Bidder] += x[i] * r.Quantity
				used[r.Lot] += x[i] * r.Quantity
			}
		}
		for b := range c.Bidders {
			fail(money[b] > c.Bidders[b].Budget)
			fail(volume[b] > c.Bidders[b].MaxVolume)
		}
		for l := range c.Lots {
			fail(used[l] > c.Lots[l].Capacity)
		}
		broken = append(broken, mask)
	}
	return conflicts, broken
}

// TestInfeasible takes irreducible sets of conflicts of cases that cannot be obeyed, found by enumeration: they hold, and
// with one more or one less they do not.
func TestInfeasible(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	certified, wrong := 0, 0
	for trial := range 1000 {
		c := drawLimited(r)
		for i := range c.Bids {
			c.Bids[i].MinFraction = 1
		}
		for i := range c.Limits {
			c.Limits[i].Source = auction.Source{File: "limits.csv", Line: i + 2}
		}
		for i := range c.Bidders {
			c.Bidders[i].Source = auction.Source{File: "bidders.csv", Line: i + 2}
		}
		for i := range c.Lots {
			c.Lots[i].Source = auction.Source{File: "lots.csv", Line: i + 2}
		}
		conflicts, broken := rulesByDefinition(c)
		if len(conflicts) > 60 {
			continue
		}
		obeyed := func(set uint64) bool {
			for _, b := range broken {
				if b&set == 0 {
					return true
				}
			}
			return false
		}
		all := uint64(1)<<len(conflicts) - 1
		if obeyed(all) {
			continue
		}
		small := all
		for _, i := range r.Perm(len(conflicts)) { // leave out what the conflict does not need
			if less := small &^ (1 << i); !obeyed(less) {
				small = less
			}
		}
		named := func(set uint64) *auction.Infeasible {
			e := &auction.Infeasible{}
			for i := range conflicts {
				if set>>i&1 == 1 {
					e.Conflicts = append(e.Conflicts, conflicts[i])
				}
			}
			return e
		}
		certified++
		if report := CheckInfeasible(c, named(small), Options{}); len(report.Findings) > 0 {
			t.Fatalf("trial %d: %v\n%v", trial, report.Findings, named(small))
		}
		for i := range conflicts {
			wrong++
			if report := CheckInfeasible(c, named(small^1<<i), Options{}); len(report.Findings) == 0 {
				t.Errorf("trial %d: with %q changed, nothing is found", trial, conflicts[i].What)
			}
		}
		c.Limits = nil
		if report := CheckInfeasible(c, named(small), Options{}); len(report.Findings) == 0 {
			t.Errorf("trial %d: without limits there is no conflict, and nothing is found", trial)
		}
	}
	t.Logf("%d certificates, %d wrong ones", certified, wrong)
	if certified < 30 {
		t.Errorf("only %d certificates", certified)
	}
}
