package verify

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/optimize/convex/lp"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"lotwise/models/auction"
)

// The verifier's own tools against others: gonum's simplex, enumeration, the definition.

// drawProgram draws a small program in boxes, rows of either sign, coefficients whole.
func drawProgram(t *rapid.T) *program {
	p := &program{}
	for range rapid.IntRange(1, 6).Draw(t, "n") {
		lo := rapid.IntRange(-3, 3).Draw(t, "lo")
		p.variable(float64(rapid.IntRange(-5, 9).Draw(t, "c")), float64(lo), float64(lo+rapid.IntRange(0, 4).Draw(t, "box")))
	}
	for range rapid.IntRange(0, 5).Draw(t, "m") {
		var terms []term
		for j := range p.profit {
			if a := rapid.IntRange(-4, 9).Draw(t, "a"); a != 0 {
				terms = append(terms, term{j, float64(a)})
			}
		}
		p.atMost(terms, float64(rapid.IntRange(-6, 20).Draw(t, "b")))
	}
	return p
}

// byGonum solves the program by gonum's simplex: min -profit·(lo + u), rows u + s = most - rows lo, u + t = up - lo.
func byGonum(p *program) (value float64, feasible, ok bool) {
	n, m := len(p.profit), len(p.rows)
	dense := mat.NewDense(m+n, n+m+n, nil)
	cost, b := make([]float64, n+m+n), make([]float64, m+n)
	base := 0.0
	for j, c := range p.profit {
		cost[j] = -c
		base += c * p.lo[j]
		dense.Set(m+j, j, 1)
		dense.Set(m+j, n+m+j, 1)
		b[m+j] = p.up[j] - p.lo[j]
	}
	for i, r := range p.rows {
		b[i] = r.most
		for _, x := range r.terms {
			dense.Set(i, x.at, x.of)
			b[i] -= x.of * p.lo[x.at]
		}
		dense.Set(i, n+i, 1)
	}
	v, _, err := lp.Simplex(cost, dense, b, 1e-10, nil)
	switch {
	case errors.Is(err, lp.ErrInfeasible):
		return 0, false, true
	case err != nil:
		return 0, false, false
	}
	return base - v, true, true
}

// TestSimplexAgainstGonum solves a program, then again from where it ended after bounds and profits have changed.
func TestSimplexAgainstGonum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgram(t)
		for range 3 {
			a := p.solve()
			value, feasible, ok := byGonum(p)
			switch {
			case !ok:
			case !feasible:
				if a.x != nil || !math.IsInf(a.bound, -1) {
					t.Fatalf("%+v, gonum finds it infeasible", a)
				}
			default:
				if a.x == nil || !p.fits(a.x) || math.Abs(a.value-value) > 1e-6 || math.Abs(a.bound-value) > 1e-6 {
					t.Fatalf("%+v, gonum %g", a, value)
				}
			}
			for j := range p.profit { // within the bounds of the first solve, as branching does
				if room := int(p.up[j] - p.lo[j]); room > 0 && rapid.Bool().Draw(t, "narrow") {
					p.up[j] = p.lo[j] + float64(rapid.IntRange(0, room).Draw(t, "up"))
				}
				p.profit[j] = float64(rapid.IntRange(-5, 9).Draw(t, "c"))
			}
			p.price()
		}
	})
}

// TestBranchingAgainstEnumeration tries every choice of the whole variables.
func TestBranchingAgainstEnumeration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgram(t)
		var whole []int
		for j := range p.profit {
			if rapid.Bool().Draw(t, "whole") {
				whole = append(whole, j)
				p.lo[j], p.up[j] = 0, 1
			}
		}
		want := math.Inf(-1)
		for choice := range 1 << len(whole) {
			for n, j := range whole {
				v := float64(choice >> n & 1)
				p.lo[j], p.up[j] = v, v
			}
			q := &program{profit: p.profit, lo: p.lo, up: p.up, rows: p.rows}
			if v, feasible, ok := byGonum(q); ok && feasible {
				want = math.Max(want, v)
			} else if !ok {
				if a := q.solve(); a.x != nil {
					want = math.Max(want, a.value)
				}
			}
		}
		for _, j := range whole {
			p.lo[j], p.up[j] = 0, 1
		}
		a, exact := p.maximise(whole, nil, 1<<40)
		if !exact || !(a.value == want || math.Abs(a.value-want) < 1e-6) || !(a.bound == want || math.Abs(a.bound-want) < 1e-5) {
			t.Fatalf("%+v (exact %v), by enumeration %g", a, exact, want)
		}
	})
}

// drawNetwork draws a small bidder: two zones, routes with and without a facility, demand of both kinds.
func drawNetwork(t *rapid.T) (*auction.Case, *auction.Bidder) {
	small := func(name string, low, high int) float64 { return float64(rapid.IntRange(low, high).Draw(t, name)) }
	zone := rapid.SampledFrom([]string{"Y", "Z"})
	service := rapid.SampledFrom([]string{"", "same", "next"})
	capacity := func(name string) float64 {
		if rapid.Bool().Draw(t, name+" bounded") {
			return small(name, 0, 6)
		}
		return math.Inf(1)
	}
	c := &auction.Case{Rules: auction.DefaultRules()}
	for i := range rapid.IntRange(1, 3).Draw(t, "lots") {
		c.Lots = append(c.Lots, auction.Lot{Name: fmt.Sprint("L", i), Zone: zone.Draw(t, "zone"), Service: service.Draw(t, "service"), Capacity: 6})
	}
	b := auction.Bidder{Name: "b", AccessCost: small("access", 0, 5), Types: []auction.Type{auction.Known}, Budget: math.Inf(1), MaxVolume: math.Inf(1)}
	for range rapid.IntRange(1, 3).Draw(t, "demand") {
		d := auction.Demand{Zone: zone.Draw(t, "zone"), Volume: small("volume", 1, 6), Value: math.NaN()}
		if s := service.Draw(t, "service"); s != "" {
			d.Services = []string{s}
		}
		if rapid.Bool().Draw(t, "optional") {
			d.Value = small("value", 0, 9)
		}
		b.Demand = append(b.Demand, d)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "facilities") {
		b.Facilities = append(b.Facilities, auction.Facility{Name: fmt.Sprint("F", i), FixedCost: small("fixed", 0, 12), Capacity: capacity("facility")})
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "routes") {
		b.Routes = append(b.Routes, auction.Route{
			Name: fmt.Sprint("R", i), Zone: zone.Draw(t, "zone"), Service: service.Draw(t, "service"), UnitCost: small("unit", 0, 9),
			Capacity: capacity("route"), Facility: rapid.IntRange(-1, len(b.Facilities)-1).Draw(t, "at"),
		})
	}
	for _, z := range []string{"Y", "Z"} { // every package can go somewhere
		b.Routes = append(b.Routes, auction.Route{Name: "carrier " + z, Zone: z, UnitCost: 10, Capacity: math.Inf(1), Facility: -1})
	}
	c.Bidders = []auction.Bidder{b}
	return c, &c.Bidders[0]
}

// worthByPrograms is V(w) straight from its definition: the best of a linear program for each set of open
// facilities, solved by simplex. A package that must go earns so much that leaving it never pays.
func worthByPrograms(c *auction.Case, b *auction.Bidder, won []float64) float64 {
	const must = 1000
	best := math.Inf(-1)
	for open := range 1 << len(b.Facilities) {
		var gain []float64
		type flow struct{ demand, lot, route int }
		var flows []flow
		fixed := 0.0
		for f := range b.Facilities {
			if open>>f&1 == 1 {
				fixed += b.Facilities[f].FixedCost
			}
		}
		for d := range b.Demand {
			value := float64(must)
			if b.Demand[d].Optional() {
				value = b.Demand[d].Value
			}
			for l := range c.Lots {
				if unit, ok := b.LotAccess(l); ok && c.Lots[l].Zone == b.Demand[d].Zone && b.Demand[d].Accepts(c.Lots[l].Service) {
					flows, gain = append(flows, flow{d, l, -1}), append(gain, value-unit)
				}
			}
			for r, route := range b.Routes {
				if route.Zone == b.Demand[d].Zone && b.Demand[d].Accepts(route.Service) && (route.Facility < 0 || open>>route.Facility&1 == 1) {
					flows, gain = append(flows, flow{d, -1, r}), append(gain, value-route.UnitCost)
				}
			}
		}
		p := &program{}
		for i, f := range flows {
			p.variable(gain[i], 0, b.Demand[f.demand].Volume)
		}
		bound := func(limit float64, in func(flow) bool) {
			var terms []term
			for i, f := range flows {
				if in(f) {
					terms = append(terms, term{i, 1})
				}
			}
			p.atMost(terms, limit)
		}
		total := 0.0
		for d := range b.Demand {
			bound(b.Demand[d].Volume, func(f flow) bool { return f.demand == d })
			if !b.Demand[d].Optional() {
				total += must * b.Demand[d].Volume
			}
		}
		for l := range c.Lots {
			bound(won[l], func(f flow) bool { return f.lot == l })
		}
		for r := range b.Routes {
			bound(b.Routes[r].Capacity, func(f flow) bool { return f.route == r })
		}
		for s := range b.Facilities {
			bound(b.Facilities[s].Capacity, func(f flow) bool { return f.route >= 0 && b.Routes[f.route].Facility == s })
		}
		if a := p.solve(); a.x != nil {
			best = math.Max(best, a.value-total-fixed)
		}
	}
	return best
}

func TestValueAgainstPrograms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, b := drawNetwork(t)
		won := make([]float64, len(c.Lots))
		for l := range won {
			won[l] = float64(rapid.IntRange(0, 6).Draw(t, "won"))
		}
		n := newNetwork(c, b, b.Types[0])
		got := 0.0
		for _, p := range n.parts {
			w := make([]float64, len(p.lots))
			for i, l := range p.lots {
				w[i] = won[l]
			}
			d := p.at(w)
			got += d.net
			if by := p.leanBy(); by > 0 {
				lazy, eager := p.leaning(-by).at(w), p.leaning(by).at(w)
				if lazy.volume > d.volume+1e-6 || d.volume > eager.volume+1e-6 {
					t.Fatalf("volume %g is not within %g and %g", d.volume, lazy.volume, eager.volume)
				}
			}
		}
		if want := worthByPrograms(c, b, won); math.Abs(got-want) > 1e-6 {
			t.Fatalf("V is %g, by linear programs %g", got, want)
		}
	})
}

// TestOutcomeAgainstEnumeration compares the convolution with running through every joint choice.
func TestOutcomeAgainstEnumeration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &auction.Case{Rules: auction.DefaultRules(), Bidders: make([]auction.Bidder, 4)}
		c.Rules.PriceStep = 1
		for range 2 {
			c.Lots = append(c.Lots, auction.Lot{Capacity: float64(rapid.IntRange(1, 6).Draw(t, "capacity"))})
		}
		rows := func(most int) (out []bidRow) {
			for range rapid.IntRange(0, most).Draw(t, "rows") {
				out = append(out, bidRow{lot: rapid.IntRange(0, 1).Draw(t, "lot"), price: float64(rapid.IntRange(1, 4).Draw(t, "price")), quantity: float64(rapid.IntRange(0, 4).Draw(t, "quantity"))})
			}
			return out
		}
		me := rapid.IntRange(0, 3).Draw(t, "me")
		own := rows(3)
		var worlds []world
		left := 1.0
		for w := range 2 {
			share := left
			if w == 0 {
				share = 0.25
			}
			left -= share
			next := world{probability: share}
			for b := range 4 {
				if b != me {
					next.rivals = append(next.rivals, rival{b, []option{optionOf(0.375, rows(2)), optionOf(0.625, rows(2))}})
				}
			}
			worlds = append(worlds, next)
		}
		want := make([]expectation, len(own))
		for _, w := range worlds {
			var walk func(n int, probability float64, all []struct {
				bidder int
				offer
			})
			walk = func(n int, probability float64, all []struct {
				bidder int
				offer
			},
			) {
				if n < len(w.rivals) {
					for _, o := range w.rivals[n].options {
						next := append([]struct {
							bidder int
							offer
						}(nil), all...)
						for _, r := range o.rows {
							next = append(next, struct {
								bidder int
								offer
							}{w.rivals[n].bidder, offer{r.lot, r.price, r.quantity}})
						}
						walk(n+1, probability*o.probability, next)
					}
					return
				}
				for l := range c.Lots {
					var here []struct {
						bidder int
						offer
					}
					var at []int
					for i, r := range all {
						if r.lot == l {
							here, at = append(here, r), append(at, i)
						}
					}
					for i, won := range serve(c.Lots[l].Capacity, here) {
						if n := at[i]; n < len(own) {
							want[n].quantity += probability * won
							want[n].payment += probability * won * own[n].price
							if won > 0 {
								want[n].win += probability
							}
						}
					}
				}
			}
			var first []struct {
				bidder int
				offer
			}
			for _, r := range own {
				first = append(first, struct {
					bidder int
					offer
				}{me, offer{r.lot, r.price, r.quantity}})
			}
			walk(0, w.probability, first)
		}
		k := newChecker(c, &auction.Results{}, Options{EnumerationLimit: defaultEnumerationLimit})
		got, ok := k.expect(me, own, worlds)
		if !ok {
			t.Fatal("too large")
		}
		for i := range own {
			if math.Abs(got[i].quantity-want[i].quantity) > 1e-9 || math.Abs(got[i].payment-want[i].payment) > 1e-9 || math.Abs(got[i].win-want[i].win) > 1e-9 {
				t.Fatalf("row %d: %+v, by enumeration %+v", i, got[i], want[i])
			}
		}
	})
}

// goods makes a case of lots of one package and all-or-nothing bids: "A,B:20" is a bidder of its own,
// "x A:3" and "x B:4" exclude each other.
func goods(bids ...string) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules()}
	at := map[string]int{}
	bidder := map[string]int{}
	for n, text := range bids {
		owner, bundle, found := strings.Cut(text, " ")
		if !found {
			owner, bundle = fmt.Sprint("bidder ", n), text
		}
		if _, ok := bidder[owner]; !ok {
			bidder[owner] = len(c.Bidders)
			c.Bidders = append(c.Bidders, auction.Bidder{Name: owner, Budget: math.Inf(1), MaxVolume: math.Inf(1)})
		}
		names, money, _ := strings.Cut(bundle, ":")
		b := auction.Bid{Bidder: bidder[owner], Name: fmt.Sprint("row ", n), ByAmount: true, MinFraction: 1, Requires: -1}
		if found {
			b.Group = "xor"
		}
		_, _ = fmt.Sscan(money, &b.Amount)
		for _, name := range strings.Split(names, "") {
			if _, ok := at[name]; !ok {
				at[name] = len(c.Lots)
				c.Lots = append(c.Lots, auction.Lot{Name: name, Capacity: 1})
			}
			b.Rows = append(b.Rows, auction.BidRow{Lot: at[name], Quantity: 1, Price: b.Amount / float64(len(names))})
		}
		c.Bids = append(c.Bids, b)
	}
	return c
}

// TestPublishedOptima checks the enumeration of acceptance sets against optima in the literature.
func TestPublishedOptima(t *testing.T) {
	for _, x := range []struct {
		source string
		want   float64
		bids   []string
	}{
		{"Day and Raghavan 2007", 60, []string{"AB:20", "C:20", "D:20", "ABC:28", "ABD:26", "AB:10", "C:10", "D:10"}},
		{"Wurman et al. 2004", 28, []string{
			"b1 A:10", "b1 B:3", "b1 AB:18", "b1 C:2", "b1 AC:18", "b1 BC:10", "b1 ABC:20",
			"b2 A:4", "b2 B:9", "b2 AB:15", "b2 C:3", "b2 AC:12", "b2 BC:18", "b2 ABC:20",
			"b3 A:1", "b3 B:3", "b3 AB:11", "b3 C:9", "b3 AC:16", "b3 BC:17", "b3 ABC:25",
			"b4 A:7", "b4 B:7", "b4 AB:16", "b4 C:7", "b4 AC:16", "b4 BC:16", "b4 ABC:20",
		}},
		{"local-local-global", 140, []string{"A:80", "B:60", "AB:100"}},
		{"mechlib", 60, []string{"P A:20", "P BC:30", "Q B:20", "Q AD:25", "CD:20", "A:5", "B:5"}},
		{"Nebel and Wölfl", 11, []string{"1234:8", "236:6", "145:5", "28:2", "56:2"}},
	} {
		c := goods(x.bids...)
		r := &auction.Results{Command: "allocate", Status: auction.LimitStruck, Summary: []auction.Metric{
			{Name: "status", Text: "limit"},
			{Name: "objective"},
			{Name: "bound", Number: x.want - 0.5},
			{Name: "gap", Number: 1},
			{Name: "revenue"},
			{Name: "contribution"},
			{Name: "volume"},
			{Name: "sold_share"},
		}}
		for _, b := range c.Bidders {
			r.Payments = append(r.Payments, coreless(auction.PaymentRow{Bidder: b.Name})...)
		}
		for _, l := range c.Lots {
			r.Lots = append(r.Lots, auction.LotResult{Lot: l.Name, Capacity: 1, ShadowPrice: math.NaN()})
		}
		// A bound half under the optimum is the one thing wrong with this run that accepts nothing.
		report := Check(c, r, Options{Command: "allocate"})
		want := Finding{tableSummary, 2, "value", fmt.Sprintf("bound is %.10g, but the optimum is %.10g", x.want-0.5, x.want)}
		if len(report.Findings) != 1 || report.Findings[0] != want {
			t.Errorf("%s: findings %v, want %v", x.source, report.Findings, want)
		}
		r.Summary[2].Number = x.want
		if report := Check(c, r, Options{Command: "allocate"}); len(report.Findings) > 0 {
			t.Errorf("%s: the optimum is a bound: %v", x.source, report.Findings)
		}
	}
}
