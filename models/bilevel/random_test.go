package bilevel_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"lotwise/models/allocation"
	"lotwise/models/auction"
	"lotwise/models/bilevel"
	"lotwise/models/network"
)

// A kind says what random cases hold.
type kind struct{ packages, groups, least, limits, soft, adjustments, budgets, risk, own bool }

// market is a random case of two lots with whole prices up to 5: the bidder stands between two rivals.
func market(r *rand.Rand, k kind) *bilevel.Problem {
	inf, nan := math.Inf(1), math.NaN()
	c := &auction.Case{Rules: auction.DefaultRules()}
	c.Rules.PriceStep = 1
	for i := range 3 {
		c.Bidders = append(c.Bidders, auction.Bidder{
			Name: fmt.Sprint("b", i), Class: []string{"small", "large"}[r.IntN(2)], AccessCost: nan, Types: []auction.Type{auction.Known}, Budget: inf, MaxVolume: inf,
		})
		if k.budgets && r.IntN(2) == 0 {
			c.Bidders[i].Budget = float64(2 + r.IntN(8))
		}
		if k.budgets && r.IntN(3) == 0 {
			c.Bidders[i].MaxVolume = float64(1 + r.IntN(3))
		}
	}
	me := &c.Bidders[1]
	me.AccessCost = 0
	if r.IntN(2) == 0 {
		me.Facilities = []auction.Facility{{Name: "hub", FixedCost: float64(r.IntN(6)), Capacity: inf}}
	}
	for l := range 2 {
		name := string(rune('A' + l))
		c.Lots = append(c.Lots, auction.Lot{Name: name, Zone: name, Capacity: float64(1 + r.IntN(3)), Reserve: float64(r.IntN(2))})
		me.Demand = append(me.Demand, auction.Demand{Zone: name, Volume: float64(1 + r.IntN(3)), Value: nan})
		me.Routes = append(me.Routes, auction.Route{Zone: name, UnitCost: float64(2 + r.IntN(4)), Capacity: inf, Facility: len(me.Facilities) - 1})
	}
	n := 1 + r.IntN(3)
	for s := range n {
		b := auction.Belief{Scenario: fmt.Sprint("s", s), Probability: 1 / float64(n)}
		for range r.IntN(4) {
			bid := auction.Bid{Bidder: 2 * r.IntN(2), Name: fmt.Sprint("r", len(b.Bids)), Requires: -1}
			lots := []int{r.IntN(2)}
			if k.packages && r.IntN(2) == 0 {
				lots = []int{0, 1}
			}
			for _, l := range lots {
				row := auction.BidRow{Lot: l, Quantity: float64(1 + r.IntN(int(c.Lots[l].Capacity))), Price: float64(r.IntN(6))}
				bid.Rows = append(bid.Rows, row)
				bid.Amount += row.Price * row.Quantity
			}
			if k.least {
				bid.MinFraction = []float64{0, 0.5, 1}[r.IntN(3)]
			}
			if k.groups && r.IntN(2) == 0 {
				bid.Group = "g"
			}
			b.Bids = append(b.Bids, bid)
		}
		c.Beliefs = append(c.Beliefs, b)
	}
	if k.adjustments {
		c.Adjustments = []auction.Adjustment{{Name: "small", Where: "class=small", Factor: 1 + 0.25*float64(r.IntN(3)), Add: float64(r.IntN(2))}}
	}
	if k.limits {
		some := []auction.Limit{
			{Name: "share", Measure: auction.MeasureVolume, Of: auction.OfCapacity, Per: "bidder;zone", Min: nan, Max: 0.5, Penalty: nan},
			{Name: "volume", Measure: auction.MeasureVolume, Per: "bidder", Min: nan, Max: float64(1 + r.IntN(3)), Penalty: nan},
			{Name: "small", Measure: auction.MeasureVolume, Of: auction.OfAccepted, Where: "class=small", Min: 0.5, Max: nan, Penalty: nan},
			{Name: "most", Measure: auction.MeasureVolume, Of: auction.OfAccepted, Per: "bidder", Min: nan, Max: 0.6, Penalty: nan},
			{Name: "winners", Measure: auction.MeasureWinners, Min: nan, Max: float64(1 + r.IntN(2)), Penalty: nan},
			{Name: "few", Measure: auction.MeasureWinners, Min: float64(1 + r.IntN(2)), Max: nan, Penalty: nan},
			{Name: "lots", Measure: auction.MeasureLots, Per: "bidder", Min: nan, Max: 1, Penalty: nan},
			{Name: "bids", Measure: auction.MeasureBids, Min: nan, Max: float64(1 + r.IntN(2)), Penalty: nan},
			{Name: "much", Measure: auction.MeasureVolume, Per: "bidder", Min: float64(1 + r.IntN(2)), Max: nan, OrNothing: true, Penalty: nan},
			{Name: "money", Measure: auction.MeasureRevenue, Per: "bidder", Min: nan, Max: float64(2 + r.IntN(6)), Penalty: nan},
			{Name: "least", Measure: auction.MeasureRevenue, Min: float64(r.IntN(6)), Max: nan, Penalty: nan},
		}
		for range 1 + r.IntN(2) {
			l := some[r.IntN(len(some))]
			if k.soft && r.IntN(2) == 0 {
				l.Penalty = float64(r.IntN(4))
			}
			l.Name += fmt.Sprint(len(c.Limits))
			c.Limits = append(c.Limits, l)
		}
	}
	p := &bilevel.Problem{Case: c, Bidder: 1, Network: network.New(c, 1, 0)}
	for l := range c.Lots {
		p.Items = append(p.Items, bilevel.Item{
			Name: c.Lots[l].Name, Rows: []auction.BidRow{{Lot: l, Quantity: c.Lots[l].Capacity}}, Step: c.Rules.PriceStep * c.Lots[l].Capacity,
		})
	}
	if k.own {
		rows := []auction.BidRow{{Lot: 0, Quantity: c.Lots[0].Capacity}, {Lot: 1, Quantity: c.Lots[1].Capacity}}
		p.Items = append(p.Items, bilevel.Item{Name: "both", Rows: rows, Whole: true, Step: c.Lots[0].Capacity + c.Lots[1].Capacity})
	}
	if k.risk {
		p.Risk = auction.Risk{Aversion: 0.5, Tail: 0.4}
	}
	return p
}

// earns is what a bid is worth by the seller's optimum in every scenario: allocate's own answer to a case in which
// the rivals' and the bidder's bids stand in bids.csv.
func earns(t *testing.T, p *bilevel.Problem, bid []bilevel.Choice) float64 {
	t.Helper()
	values := p.Network.NewEvaluator()
	zero := values.Value(make([]float64, len(p.Network.Lots())))
	var profit []float64
	for _, s := range p.Case.Beliefs {
		c := *p.Case
		c.Beliefs, c.Bids = nil, append([]auction.Bid(nil), s.Bids...)
		for _, k := range bid {
			c.Bids = append(c.Bids, p.Bid(k))
		}
		r, err := allocation.Solve(context.Background(), &c, auction.Options{Threads: 1})
		won, paid := make([]float64, len(p.Network.Lots())), 0.0
		if conflict := new(auction.Infeasible); err != nil {
			if !asInfeasible(err, &conflict) {
				t.Fatal(err)
			}
		} else {
			for _, a := range r.Allocation {
				if a.Bidder == c.Bidders[p.Bidder].Name {
					for n, l := range p.Network.Lots() {
						if c.Lots[l].Name == a.Lot {
							won[n] += a.Quantity
						}
					}
				}
			}
			for _, a := range r.Payments {
				if a.Bidder == c.Bidders[p.Bidder].Name {
					paid += a.Payment
				}
			}
		}
		profit = append(profit, values.Value(won)-paid-zero)
	}
	mean := 0.0
	for _, x := range profit {
		mean += x / float64(len(profit))
	}
	if p.Risk.Aversion == 0 {
		return mean
	}
	tail := math.Inf(-1)
	for _, at := range profit {
		short := 0.0
		for _, x := range profit {
			short += math.Max(0, at-x) / float64(len(profit))
		}
		tail = math.Max(tail, at-short/p.Risk.Tail)
	}
	return (1-p.Risk.Aversion)*mean + p.Risk.Aversion*tail
}

// whole returns the bids on whole prices up to the highest and whole quantities.
func whole(p *bilevel.Problem, highest int) [][]bilevel.Choice {
	bids := [][]bilevel.Choice{nil}
	for i, it := range p.Items {
		var next [][]bilevel.Choice
		for _, bid := range bids {
			next = append(next, bid)
			most := int(it.Rows[0].Quantity)
			for tick := range highest + 1 {
				for q := 1; q <= most; q++ {
					if !it.Whole || q == most {
						next = append(next, append(append([]bilevel.Choice(nil), bid...), bilevel.Choice{Item: i, Tick: int64(tick), Fraction: float64(q) / float64(most)}))
					}
				}
			}
		}
		bids = next
	}
	return bids
}

func asInfeasible(err error, target **auction.Infeasible) bool { return errors.As(err, target) }

// Enumeration over whole prices and quantities, the seller's optimum in every scenario: no bid is worth more than the
// bound, nor, where the answer says so, than the answer; and the answer is worth what it says.
func TestEnumeration(t *testing.T) {
	kinds := map[string]kind{
		"plain": {}, "packages": {packages: true, least: true}, "groups": {groups: true, packages: true},
		"limits": {limits: true}, "soft": {limits: true, soft: true}, "adjustments": {adjustments: true, least: true},
		"budgets": {budgets: true, least: true}, "risk": {packages: true, least: true, risk: true},
		"own": {packages: true, least: true, own: true},
		"all": {packages: true, groups: true, least: true, limits: true, soft: true, adjustments: true, budgets: true, risk: true},
	}
	cases := casesOf(1)
	closed, all := 0, 0
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		for seed := range uint64(cases) {
			p := market(rand.New(rand.NewPCG(seed, 7)), kinds[name])
			at := time.Now()
			a, err := bilevel.Solve(context.Background(), p, bilevel.Options{Gap: 1e-4})
			if err != nil {
				t.Fatalf("%s %d: %v", name, seed, err)
			}
			all++
			if d := time.Since(at); d > 3*time.Second {
				t.Logf("%s %d took %v", name, seed, d)
			}
			if a.Status == auction.Optimal || a.Status == auction.WithinGap {
				closed++
			} else {
				t.Logf("%s %d: %s, %v of at most %v", name, seed, a.Status, a.Objective, a.Bound)
			}
			if got := earns(t, p, a.Bid); math.Abs(got-a.Objective) > 1e-6 {
				t.Errorf("%s %d: the bid %v earns %v, the answer says %v", name, seed, a.Bid, got, a.Objective)
			}
			for _, bid := range whole(p, 6) {
				v := earns(t, p, bid)
				if v > a.Bound+1e-5 {
					t.Errorf("%s %d: the bid %v is worth %v, over the bound %v", name, seed, bid, v, a.Bound)
					break
				}
				if v > a.Objective+1e-3*math.Max(1, v) && a.Status == auction.LimitStruck {
					t.Logf("%s %d: the bid %v is worth %v", name, seed, bid, v)
				}
				if v > a.Objective+1e-3*math.Max(1, v) && a.Status != auction.LimitStruck {
					t.Errorf("%s %d: the bid %v is worth %v, the answer %v %v, bound %v", name, seed, bid, v, a.Bid, a.Objective, a.Bound)
					break
				}
			}
		}
	}
	t.Logf("%d of %d closed", closed, all)
}

// casesOf is how many random cases a test draws: few, or LOTWISE_CASES.
func casesOf(few int) int {
	if n, err := strconv.Atoi(os.Getenv("LOTWISE_CASES")); err == nil {
		return n
	}
	return few
}

// Stopped at any time, an answer is worth what it says and no bid is worth more than its bound.
func TestStopped(t *testing.T) {
	all := kind{packages: true, groups: true, least: true, limits: true, soft: true, adjustments: true, budgets: true}
	for seed := range uint64(casesOf(12)) {
		r := rand.New(rand.NewPCG(seed, 11))
		p := market(r, all)
		p.Case.Limits = p.Case.Limits[:r.IntN(2)]
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+r.IntN(200))*time.Millisecond)
		a, err := bilevel.Solve(ctx, p, bilevel.Options{Gap: 1e-6})
		stopped := ctx.Err() != nil
		cancel()
		if err != nil {
			if !stopped {
				t.Fatal(err)
			}
			continue
		}
		if got := earns(t, p, a.Bid); math.Abs(got-a.Objective) > 1e-6 {
			t.Errorf("%d: the bid %v earns %v, the answer says %v", seed, a.Bid, got, a.Objective)
		}
		bids := whole(p, 5)
		for range 60 {
			bid := bids[r.IntN(len(bids))]
			if v := earns(t, p, bid); v > a.Bound+1e-5 {
				t.Errorf("%d: the bid %v is worth %v, over the bound %v (%s)", seed, bid, v, a.Bound, a.Status)
			}
		}
	}
}
