package payment_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"lotwise/models/allocation"
	"lotwise/models/auction"
	"lotwise/models/payment"
)

// combinatorial is an auction of single goods, one lot of one package each: every line is a bidder with
// alternative bundles "AB 20", all or nothing.
func combinatorial(lines ...string) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules()}
	lot := map[rune]int{}
	for _, line := range lines {
		i := bidder(c)
		for _, bundle := range strings.Split(line, ",") {
			var goods string
			var amount float64
			if _, err := fmt.Sscan(bundle, &goods, &amount); err != nil {
				panic(err)
			}
			b := auction.Bid{Bidder: i, Name: goods, Amount: amount, ByAmount: true, MinFraction: 1, Group: "xor", Requires: -1}
			for _, g := range goods {
				l, ok := lot[g]
				if !ok {
					l = len(c.Lots)
					lot[g] = l
					c.Lots = append(c.Lots, auction.Lot{Name: string(g), Zone: "Z", Capacity: 1})
				}
				b.Rows = append(b.Rows, auction.BidRow{Lot: l, Quantity: 1, Price: amount / float64(len(goods))})
			}
			c.Bids = append(c.Bids, b)
		}
	}
	return c
}

func bidder(c *auction.Case) int {
	c.Bidders = append(c.Bidders, auction.Bidder{Name: fmt.Sprint("b", len(c.Bidders)+1), Budget: math.Inf(1), MaxVolume: math.Inf(1)})
	return len(c.Bidders) - 1
}

// units is one lot with additive bids of each bidder: quantity and amount, all or nothing.
func units(capacity float64, bids ...[][2]float64) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules(), Lots: []auction.Lot{{Name: "units", Capacity: capacity}}}
	for _, of := range bids {
		i := bidder(c)
		for _, b := range of {
			c.Bids = append(c.Bids, auction.Bid{
				Bidder: i, Name: fmt.Sprint(len(c.Bids)), Amount: b[1], MinFraction: 1, Requires: -1,
				Rows: []auction.BidRow{{Quantity: b[0], Price: b[1] / b[0]}},
			})
		}
	}
	return c
}

func payments(t *testing.T, c *auction.Case, rule string) []float64 {
	t.Helper()
	c.Rules.Payment = rule
	r, err := allocation.Solve(t.Context(), c, auction.Options{Gap: 1e-4, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	paid := make([]float64, len(c.Bidders))
	for i, p := range r.Payments {
		paid[i] = p.Payment
		if math.Abs(p.BidAmount-p.Payment-p.Discount) > 1e-9 {
			t.Errorf("%+v: the discount is not the difference", p)
		}
	}
	for _, m := range r.Summary {
		if m.Name == "core_violation" && m.Number > 1e-6 || strings.Contains(m.Name, "vcg_payment") {
			t.Errorf("%s %v", m.Name, m.Number)
		}
	}
	return paid
}

func same(a, b float64) bool { return math.Abs(a-b) <= 1e-6 }

const open = -1 // a payment that is not unique

func TestPublishedPayments(t *testing.T) {
	one := func(amounts ...float64) (bids [][2]float64) {
		for _, a := range amounts {
			bids = append(bids, [2]float64{1, a})
		}
		return bids
	}
	for _, tt := range []struct {
		source    string
		c         *auction.Case
		vcg, core []float64
	}{
		{
			"Day and Raghavan 2007", combinatorial("AB 20", "C 20", "D 20", "ABC 28", "ABD 26", "AB 10", "C 10", "D 10"),
			[]float64{10, 10, 10, 0, 0, 0, 0, 0},
			[]float64{16, 12, 10, 0, 0, 0, 0, 0},
		},
		{"local-local-global", combinatorial("A 80", "B 60", "AB 100"), []float64{40, 20, 0}, []float64{60, 40, 0}},
		{
			"mechlib, four locals", combinatorial("A 20", "B 20", "C 20", "D 20", "A 10", "AB 18", "BCD 16"),
			[]float64{10, 0, 0, 0, 0, 0, 0},
			[]float64{10, 8, open, open, 0, 0, 0},
		},
		{
			"mechlib, alternatives", combinatorial("A 20, BC 30", "B 20, AD 25", "CD 20", "A 5", "B 5"),
			[]float64{5, 5, 15, 0, 0},
			[]float64{5, 5, 15, 0, 0},
		},
		{"one good", combinatorial("A 10", "A 20", "A 30"), []float64{0, 0, 20}, []float64{0, 0, 20}},
		{"mechlib, two units", units(2, one(2), one(2), [][2]float64{{2, 3}}), []float64{1, 1, 0}, []float64{1.5, 1.5, 0}},
		{"bnelearn", combinatorial("A 12", "B 6", "AB 10"), []float64{4, 0, 0}, []float64{7, 3, 0}},
		{"Ausubel and Baranov, 1", combinatorial("A 8", "B 6", "AB 10"), []float64{4, 2, 0}, []float64{6, 4, 0}},
		{"Ausubel and Baranov, 2", combinatorial("A 4", "B 6", "AB 9"), []float64{3, 5, 0}, []float64{3.5, 5.5, 0}},
		{"Ausubel and Baranov, 3", combinatorial("A 6", "B 4", "AB 9"), []float64{5, 3, 0}, []float64{5.5, 3.5, 0}},
		{"bnelearn, three units", units(3, one(3, 2, 1), one(3.7, 2, 0), one(3.6, 2.99, 1.99)), []float64{2.99, 2.99, 2}, nil},
		{"Ausubel and Milgrom", combinatorial("AB 2", "A 2", "B 2"), []float64{0, 0, 0}, []float64{0, 1, 1}},
	} {
		for rule, want := range map[string][]float64{auction.VCG: tt.vcg, auction.Core: tt.core} {
			if want == nil {
				continue
			}
			got := payments(t, tt.c, rule)
			for i := range want {
				if want[i] != open && !same(got[i], want[i]) {
					t.Errorf("%s: %s payments %v, want %v", tt.source, rule, got, want)
					break
				}
			}
			if rule == auction.Core && tt.source == "mechlib, four locals" && !same(got[2]+got[3], 8) {
				t.Errorf("%s: the third and fourth pay %v, want 8", tt.source, got[2]+got[3])
			}
		}
	}
}

// Wurman et al. 2004: two optimal allocations; in both the first bidder pays 7.5 and the others 17.5.
func TestCoreOfTwoOptima(t *testing.T) {
	got := payments(t, combinatorial(
		"A 10, B 3, AB 18, C 2, AC 18, BC 10, ABC 20", "A 4, B 9, AB 15, C 3, AC 12, BC 18, ABC 20",
		"A 1, B 3, AB 11, C 9, AC 16, BC 17, ABC 25", "A 7, B 7, AB 16, C 7, AC 16, BC 16, ABC 20"), auction.Core)
	if !same(got[0], 7.5) || !same(got[1]+got[2], 17.5) || !same(got[3], 0) {
		t.Errorf("payments %v", got)
	}
}

// random draws bidders with some alternatives over a few goods, reserves and costs in some cases. Money is in multiples of
// the scale, where it is 0 of any scale from cents to billions, bid by bid.
func random(r *rand.Rand, scale float64) *auction.Case {
	goods := "ABCD"[:2+r.IntN(3)]
	money := func(a int) float64 {
		at := scale
		if at == 0 {
			at = math.Pow(10, float64(r.IntN(12)-2))
		}
		return math.Round(float64(a)*at*100) / 100
	}
	c := &auction.Case{Rules: auction.DefaultRules()}
	for _, g := range goods {
		c.Lots = append(c.Lots, auction.Lot{Name: string(g), Zone: "Z", Capacity: 1})
	}
	for range 3 + r.IntN(3) {
		i := bidder(c)
		for range 1 + r.IntN(3) {
			b := auction.Bid{Bidder: i, Name: fmt.Sprint(len(c.Bids)), ByAmount: true, MinFraction: 1, Group: "xor", Requires: -1}
			for l := range c.Lots {
				if r.IntN(2) == 0 {
					b.Rows = append(b.Rows, auction.BidRow{Lot: l, Quantity: 1})
				}
			}
			if len(b.Rows) == 0 {
				b.Rows = append(b.Rows, auction.BidRow{Lot: 0, Quantity: 1})
			}
			b.Amount = money(len(b.Rows) * (5 + r.IntN(10)))
			for n := range b.Rows {
				b.Rows[n].Price = b.Amount / float64(len(b.Rows))
			}
			c.Bids = append(c.Bids, b)
		}
	}
	if r.IntN(2) == 0 {
		c.Rules.Objective = auction.Contribution
		for l := range c.Lots {
			c.Lots[l].Cost = money(r.IntN(4))
		}
	}
	if r.IntN(3) == 0 {
		for l := range c.Lots {
			c.Lots[l].Reserve = money(r.IntN(8))
		}
	}
	return c
}

// value is the best of the coalition's bids by enumeration: at most one of a bidder's, each lot once.
func value(c *auction.Case, coalition int) float64 {
	best := 0.0
	taken, served := make([]bool, len(c.Lots)), make([]bool, len(c.Bidders))
	var try func(b int, w float64)
	try = func(b int, w float64) {
		best = max(best, w)
		if b == len(c.Bids) {
			return
		}
		try(b+1, w)
		bid := &c.Bids[b]
		v, reserves, free := bid.Amount, 0.0, !served[bid.Bidder] && coalition&(1<<bid.Bidder) != 0
		for _, r := range bid.Rows {
			free = free && !taken[r.Lot]
			reserves += c.Lots[r.Lot].Reserve
			if c.Rules.Objective == auction.Contribution {
				v -= c.Lots[r.Lot].Cost
			}
		}
		if !free || bid.Amount < reserves {
			return
		}
		served[bid.Bidder] = true
		for _, r := range bid.Rows {
			taken[r.Lot] = true
		}
		try(b+1, w+v)
		served[bid.Bidder] = false
		for _, r := range bid.Rows {
			taken[r.Lot] = false
		}
	}
	try(0, 0)
	return best
}

// With every coalition's value by enumeration, VCG is its formula, and the core the point for all coalitions that its
// few generated ones lead to: to a thousandth of a cent in a billion, at scales from cents to billions and mixed.
func TestPaymentsAgainstEnumeration(t *testing.T) {
	blocked := 0
	for seed := range uint64(240) {
		r := rand.New(rand.NewPCG(seed, 5))
		c := random(r, []float64{1, 0.01, 1e4, 1e8, 0, 0}[seed%6])
		n := len(c.Bidders)
		everyone := 1<<n - 1
		w := make([]float64, everyone+1)
		for coalition := range w {
			w[coalition] = value(c, coalition)
		}
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-6+1e-14*w[everyone] }
		c.Rules.Payment = auction.VCG
		res, err := allocation.Solve(t.Context(), c, auction.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if res.Status != auction.Optimal {
			t.Fatalf("seed %d: status %s", seed, res.Status)
		}
		amount, reserve := make([]float64, n), make([]float64, n)
		for i, p := range res.Payments {
			amount[i] = p.BidAmount
			for _, row := range res.Allocation {
				if row.Bidder == p.Bidder {
					for _, l := range c.Lots {
						if l.Name == row.Lot {
							reserve[i] += l.Reserve * row.Quantity
						}
					}
				}
			}
		}
		discount := make([]float64, n)
		for i := range discount {
			discount[i] = min(w[everyone]-w[everyone&^(1<<i)], max(0, amount[i]-reserve[i]))
			if got := res.Payments[i].Payment; !near(got, amount[i]-discount[i]) {
				t.Errorf("seed %d: vcg payment of %s %v, enumerated %v", seed, c.Bidders[i].Name, got, amount[i]-discount[i])
			}
		}
		var all []payment.Alternative
		for coalition := range w {
			a := payment.Alternative{Loss: w[everyone] - w[coalition]}
			taken := 0.0
			for i := range n {
				if coalition&(1<<i) == 0 {
					a.Without = append(a.Without, i)
					taken += discount[i]
				}
			}
			all = append(all, a)
			if taken > a.Loss+1e-6*w[everyone] {
				blocked++
			}
		}
		want, err := payment.Nearest(discount, all)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		core := payments(t, c, auction.Core)
		for i := range core {
			if !near(core[i], amount[i]-want[i]) {
				t.Errorf("seed %d: core payments %v of bids %v, want discounts %v", seed, core, amount, want)
				break
			}
		}
	}
	if blocked < 100 {
		t.Errorf("VCG is blocked by %d coalitions: too few for a test of the core", blocked)
	}
}

// Divisible bids, several a bidder: the core charges no more than the bids and no less than VCG in total.
func TestPaymentsOfDivisibleBids(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 9))
		c := &auction.Case{Rules: auction.DefaultRules()}
		for l := range 3 {
			c.Lots = append(c.Lots, auction.Lot{Name: fmt.Sprint("L", l), Capacity: float64(5 + r.IntN(10)), Reserve: 1})
		}
		for range 4 {
			i := bidder(c)
			for l := range c.Lots {
				q, p := float64(1+r.IntN(9)), float64(1+r.IntN(9))
				c.Bids = append(c.Bids, auction.Bid{
					Bidder: i, Name: fmt.Sprint(l), Amount: p * q, Requires: -1,
					Rows: []auction.BidRow{{Lot: l, Quantity: q, Price: p}},
				})
			}
		}
		asBid, vcg, core := payments(t, c, auction.PayAsBid), payments(t, c, auction.VCG), payments(t, c, auction.Core)
		uniform := payments(t, c, auction.Uniform)
		total := [2]float64{}
		for i := range asBid {
			if vcg[i] > asBid[i]+1e-6 || core[i] > asBid[i]+1e-6 || uniform[i] > asBid[i]+1e-6 || core[i] < vcg[i]-1e-6 {
				t.Errorf("seed %d: as bid %v, vcg %v, core %v, uniform %v", seed, asBid, vcg, core, uniform)
			}
			total[0] += vcg[i]
			total[1] += core[i]
		}
		if total[1] < total[0]-1e-6 {
			t.Errorf("seed %d: core %v under vcg %v", seed, total[1], total[0])
		}
	}
}

func TestUniform(t *testing.T) {
	c := &auction.Case{Rules: auction.DefaultRules(), Lots: []auction.Lot{{Name: "A", Capacity: 3, Reserve: 1}, {Name: "B", Capacity: 9, Reserve: 1}}}
	add := func(i, lot int, q, p float64) {
		for len(c.Bidders) <= i {
			bidder(c)
		}
		c.Bids = append(c.Bids, auction.Bid{Bidder: i, Name: fmt.Sprint(len(c.Bids)), Amount: p * q, Requires: -1, Rows: []auction.BidRow{{Lot: lot, Quantity: q, Price: p}}})
	}
	// The published instance on lot A: one unit each at 2.99.
	for i, prices := range [][3]float64{{3, 2, 1}, {3.7, 2, 0}, {3.6, 2.99, 1.99}} {
		for _, p := range prices {
			add(i, 0, 1, p)
		}
	}
	add(0, 1, 4, 5)   // sold below capacity: the reserve
	add(1, 1, 9, 0.5) // void
	if got := payments(t, c, auction.Uniform); !same(got[0], 2.99+4) || !same(got[1], 2.99) || !same(got[2], 2.99) {
		t.Errorf("payments %v", got)
	}
	// A bid served in part is rejected in part and sets the price.
	c.Bids = nil
	add(0, 1, 6, 4)
	add(1, 1, 6, 3)
	if got := payments(t, c, auction.Uniform); !same(got[0], 18) || !same(got[1], 9) {
		t.Errorf("payments %v", got)
	}

	var u *auction.Unsupported
	refused := func(name string) {
		if _, err := allocation.Solve(t.Context(), c, auction.Options{}); !errors.As(err, &u) || !strings.Contains(u.Error(), "uniform") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.Bidders[0].Budget = 20
	refused("a budget that binds")
	c.Bidders[0].Budget, c.Bidders[1].MaxVolume = 24, 5
	refused("a volume cap that binds")
	c.Bidders[1].MaxVolume = 6
	c.Bids[0].MinFraction = 0.5
	refused("a least fraction")
}

// Out of time, payments are still within the bids and the doubt about them is stated.
func TestPaymentsOutOfTime(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	lines := make([]string, 30)
	for i := range lines {
		var bundles []string
		for range 12 {
			goods := []rune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn")
			r.Shuffle(len(goods), func(a, b int) { goods[a], goods[b] = goods[b], goods[a] })
			n := 2 + r.IntN(8)
			bundles = append(bundles, fmt.Sprintf("%s %d", string(goods[:n]), n*(80+r.IntN(40))))
		}
		lines[i] = strings.Join(bundles, ",")
	}
	c := combinatorial(lines...)
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	for _, rule := range []string{auction.VCG, auction.Core} {
		c.Rules.Payment = rule
		for name, tt := range map[string]struct {
			ctx    context.Context
			limit  time.Duration
			status auction.Status
		}{
			"time limit": {t.Context(), 4 * time.Millisecond, auction.LimitStruck},
			"interrupt":  {stopped, 0, auction.Interrupted},
		} {
			res, err := allocation.Solve(tt.ctx, c, auction.Options{Gap: 1e-4, TimeLimit: tt.limit, Threads: 2})
			if err != nil {
				t.Errorf("%s, %s: %v", rule, name, err)
				continue
			}
			if res.Status != tt.status {
				t.Errorf("%s, %s: status %s", rule, name, res.Status)
			}
			stated := false
			for _, m := range res.Summary {
				stated = stated || strings.HasPrefix(m.Name, "most_vcg_payment:") && m.Number > 0
			}
			if !stated {
				t.Errorf("%s, %s: no bracket is stated", rule, name)
			}
			for _, p := range res.Payments {
				if p.Payment < 0 || p.Payment > p.BidAmount+1e-9 {
					t.Errorf("%s, %s: %+v", rule, name, p)
				}
			}
		}
	}
}
