package allocation

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lotwise/models/auction"
)

// conflictCase has three lots of 100 packages in two zones, four bidders, and divisible bids of 60 packages by
// each of them for each lot at 2 to 5; Ada and Bo are small, Cy and Di large.
func conflictCase() *auction.Case {
	inf := math.Inf(1)
	c := &auction.Case{Rules: auction.DefaultRules()}
	for l, zone := range []string{"010", "010", "020"} {
		c.Lots = append(c.Lots, auction.Lot{
			Name: fmt.Sprint("L", l+1), Zone: zone, Capacity: 100,
			Attributes: map[string]string{"rural": fmt.Sprint(l % 2)}, Source: auction.Source{File: "lots.csv", Line: l + 2},
		})
	}
	for i, name := range []string{"Ada", "Bo", "Cy", "Di"} {
		class := "small"
		if i > 1 {
			class = "large"
		}
		c.Bidders = append(c.Bidders, auction.Bidder{
			Name: name, Class: class, Budget: inf, MaxVolume: inf, Types: []auction.Type{auction.Known},
			Source: auction.Source{File: "bidders.csv", Line: i + 2},
		})
		for l := range c.Lots {
			b := auction.Bid{Name: fmt.Sprint("b", l+1), Bidder: i, Requires: -1, Amount: 60 * float64(i+2)}
			b.Rows = []auction.BidRow{{Lot: l, Quantity: 60, Price: float64(i + 2)}}
			c.Bids = append(c.Bids, b)
		}
	}
	return c
}

func limit(name, measure, of, per, where string, least, most float64) auction.Limit {
	return auction.Limit{Name: name, Measure: measure, Of: of, Per: per, Where: where, Min: least, Max: most, Penalty: math.NaN()}
}

// Every kind of conflict names exactly the rules that conflict. Beside them stand limits that have no part in it.
func TestConflictsAreNamed(t *testing.T) {
	nan := math.NaN()
	orNothing := func(l auction.Limit) auction.Limit {
		l.OrNothing = true
		return l
	}
	for _, tt := range []struct {
		name   string
		change func(c *auction.Case)
		want   []string // what the conflicts begin with, in their order
	}{
		{"more than is bid for", func(c *auction.Case) {
			c.Bids = c.Bids[:3]
			c.Limits = []auction.Limit{limit("floor", "volume", "", "", "", 200, nan)}
		}, []string{`limits.csv:2: limit "floor" asks for at least 200 packages; all bids together come to 180`}},
		{"more than capacity", func(c *auction.Case) {
			c.Limits = []auction.Limit{limit("floor", "volume", "", "", "lot=L1", 101, nan)}
		}, []string{`limits.csv:2: limit "floor" where lot=L1 asks for at least 101 packages; all`, `lots.csv:2: lot "L1" has a capacity of 100`}},
		{"two limits", func(c *auction.Case) {
			c.Limits = []auction.Limit{limit("least", "volume", "", "", "zone=010", 150, nan), limit("most", "volume", "", "", "", nan, 120)}
		}, []string{`limits.csv:2: limit "least"`, `limits.csv:3: limit "most" asks for at most 120 packages`}},
		{"budget", func(c *auction.Case) {
			c.Bidders[0].Budget = 50
			c.Limits = []auction.Limit{limit("serve_ada", "volume", "", "", "bidder=Ada", 30, nan)}
		}, []string{`limits.csv:2: limit "serve_ada"`, `bidders.csv:2: bidder "Ada" has a budget of 50`}},
		{"volume cap", func(c *auction.Case) {
			c.Bidders[1].MaxVolume = 20
			c.Limits = []auction.Limit{limit("revenue_bo", "revenue", "", "", "bidder=Bo", 90, nan)}
		}, []string{`limits.csv:2: limit "revenue_bo"`, `bidders.csv:3: bidder "Bo" has a max_volume of 20`}},
		{"revenue against share", func(c *auction.Case) {
			c.Limits = []auction.Limit{limit("money", "revenue", "", "", "", 1250, nan), limit("large_share", "volume", "capacity", "zone", "class=large", nan, 0.5)}
		}, []string{`limits.csv:2: limit "money" asks for at least 1250 of revenue`, `limits.csv:3: limit "large_share" for zone=010`, `limits.csv:3: limit "large_share" for zone=020`, `lots.csv:2`, `lots.csv:3`, `lots.csv:4`}},
		{"more winners than bidders", func(c *auction.Case) {
			c.Limits = []auction.Limit{limit("spread", "winners", "", "", "", 5, nan)}
		}, []string{`limits.csv:2: limit "spread" asks for at least 5 winners; all bids together come to 4`}},
		{"winners against lots", func(c *auction.Case) {
			for b := range c.Bids {
				c.Bids[b].MinFraction = 1
			}
			c.Limits = []auction.Limit{limit("few_lots", "lots", "", "", "", nan, 2), limit("many_winners", "winners", "", "", "", 3, nan)}
		}, []string{`limits.csv:2: limit "few_lots"`, `limits.csv:3: limit "many_winners"`, `lots.csv:2`, `lots.csv:3`, `lots.csv:4`}},
		{"winners against bids", func(c *auction.Case) {
			c.Limits = []auction.Limit{limit("few_bids", "bids", "", "", "", nan, 3), limit("many_winners", "winners", "", "", "", 4, nan)}
		}, []string{`limits.csv:2: limit "few_bids" asks for at most 3 accepted bids`, `limits.csv:3: limit "many_winners"`}},
		{"bids of a group", func(c *auction.Case) {
			for b := range c.Bids {
				c.Bids[b].Group = "one"
			}
			c.Limits = []auction.Limit{limit("five_bids", "bids", "", "", "", 5, nan)}
		}, []string{`limits.csv:2: limit "five_bids"`}},
		{"shares of accepted", func(c *auction.Case) {
			c.Limits = []auction.Limit{
				limit("small", "volume", "accepted", "", "class=small", 0.6, nan), limit("large", "volume", "accepted", "", "class=large", 0.5, nan),
				limit("sell", "volume", "", "", "", 1, nan),
			}
		}, []string{`limits.csv:2: limit "small" where class=small asks for at least 0.6 of the volume accepted`, `limits.csv:3: limit "large"`, `limits.csv:4: limit "sell"`}},
		{"one zone of many", func(c *auction.Case) {
			c.Limits = []auction.Limit{limit("serve", "volume", "capacity", "zone", "", 0.7, nan), limit("cap", "volume", "", "zone", "rural=0", nan, 60)}
		}, []string{`limits.csv:2: limit "serve" for zone=020 asks for at least 70 packages, 0.7 of the capacity 100`, `limits.csv:3: limit "cap" for zone=020 where rural=0`}},
		{"a bidder in a zone", func(c *auction.Case) {
			c.Limits = []auction.Limit{limit("all", "volume", "", "bidder;zone", "zone=020", 30, nan)}
		}, []string{
			`limits.csv:2: limit "all" for bidder=Ada;zone=020`, `limits.csv:2: limit "all" for bidder=Bo;zone=020`,
			`limits.csv:2: limit "all" for bidder=Cy;zone=020`, `limits.csv:2: limit "all" for bidder=Di;zone=020`, `lots.csv:4`,
		}},
		{"nobody bids in a zone", func(c *auction.Case) {
			c.Bids = slices.DeleteFunc(c.Bids, func(b auction.Bid) bool { return b.Rows[0].Lot == 2 })
			c.Limits = []auction.Limit{limit("serve", "volume", "capacity", "zone", "", 0.1, nan)}
		}, []string{`limits.csv:2: limit "serve" for zone=020 asks for at least 10 packages`}},
		{"void bids alone", func(c *auction.Case) {
			c.Lots[2].Reserve = 9
			c.Limits = []auction.Limit{limit("sell_3", "lots", "", "", "lot=L3", 1, nan)}
		}, []string{`limits.csv:2: limit "sell_3"`}},
		{"nothing, but something is asked for", func(c *auction.Case) {
			c.Bidders[3].MaxVolume = 40
			c.Limits = []auction.Limit{
				orNothing(limit("much_or_nothing", "volume", "", "bidder", "bidder=Di", 50, nan)), limit("di_wins", "bids", "", "", "bidder=Di", 1, nan),
			}
		}, []string{`limits.csv:2: limit "much_or_nothing" for bidder=Di asks for at least 50 packages, or nothing`, `limits.csv:3: limit "di_wins"`, `bidders.csv:5: bidder "Di" has a max_volume of 40`}},
		{"share of winners", func(c *auction.Case) {
			c.Limits = []auction.Limit{limit("half_small", "winners", "accepted", "", "class=small", 0.6, nan), limit("all_large", "winners", "", "", "class=large", 2, nan)}
		}, []string{`limits.csv:2: limit "half_small"`, `limits.csv:3: limit "all_large"`}},
		{"required bid", func(c *auction.Case) {
			c.Bids[0].Requires = 1
			c.Bids[0].MinFraction, c.Bids[1].MinFraction = 1, 1
			c.Limits = []auction.Limit{limit("not_L2", "bids", "", "", "lot=L2;bidder=Ada", nan, 0), limit("L1", "bids", "", "", "lot=L1;bidder=Ada", 1, nan)}
		}, []string{`limits.csv:2: limit "not_L2"`, `limits.csv:3: limit "L1"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := conflictCase()
			tt.change(c)
			c.Limits = append(c.Limits, limit("no_part", "volume", "capacity", "bidder", "", nan, 0.9), limit("nor_this", "winners", "", "", "", nan, 7))
			for n := range c.Limits {
				c.Limits[n].Source = auction.Source{File: "limits.csv", Line: n + 2}
			}
			_, err := Solve(t.Context(), c, auction.Options{Threads: 1})
			var no *auction.Infeasible
			if !errors.As(err, &no) {
				t.Fatalf("%v", err)
			}
			lines := strings.Split(err.Error(), "\n")[1:]
			ok := len(lines) == len(tt.want)
			for i := range min(len(lines), len(tt.want)) {
				ok = ok && strings.HasPrefix(lines[i], tt.want[i])
			}
			if !ok {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// What is told of random cases is a conflict, without any one rule of it there is none, and there is none of fewer rules.
func TestConflictsAreSmallest(t *testing.T) {
	seen := 0
	for seed := range uint64(300) {
		c := limitedCase(rand.New(rand.NewPCG(seed, 12)))
		p, _ := NewProblem(c)
		_, err := p.Determine(t.Context(), auction.Options{Threads: 1})
		e := new(unmet)
		if !errors.As(err, &e) || len(e.sides) > 0 {
			continue
		}
		seen++
		x := &explanation{problem: *p, ctx: t.Context(), o: auction.Options{Threads: 1}}
		x.problem.Within = make([]bool, len(c.Bids))
		for _, b := range e.bids {
			x.problem.Within[b] = true
		}
		rules, err := x.conflict()
		if err != nil {
			t.Fatal(err)
		}
		obeyed := func(set int) bool {
			p := x.problem
			p.given = map[rule]bool{}
			for i, r := range x.rules {
				if set>>i&1 == 0 {
					p.given[r] = true
				}
			}
			_, err := p.Determine(t.Context(), auction.Options{Threads: 1})
			return !errors.As(err, new(*unmet))
		}
		told := 0
		for _, r := range rules {
			told |= 1 << slices.Index(x.rules, r)
		}
		if obeyed(told) {
			t.Errorf("seed %d: %v can be obeyed", seed, rules)
		}
		if len(x.rules) > 9 {
			continue
		}
		for set := range 1 << len(x.rules) {
			n := 0
			for i := range x.rules {
				n += set >> i & 1
			}
			if n < len(rules) && !obeyed(set) {
				t.Errorf("seed %d: %v, but %b of %v conflict too", seed, rules, set, x.rules)
				break
			}
		}
	}
	if seen < 25 {
		t.Errorf("%d conflicts are too few to say anything", seen)
	}
}
