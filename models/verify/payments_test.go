package verify

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"

	"lotwise/models/auction"
)

// runOf makes the tables of an allocation: accepted fractions by bid, what each bidder pays, spread over its rows in
// proportion to their money.
func runOf(c *auction.Case, x, pays []float64) *auction.Results {
	r := &auction.Results{Command: "allocate", Status: auction.Optimal}
	amount := make([]float64, len(c.Bidders))
	sold, revenue := make([]float64, len(c.Lots)), make([]float64, len(c.Lots))
	objective, capacity, volume, cost := 0.0, 0.0, 0.0, 0.0
	for i, b := range c.Bids {
		amount[b.Bidder] += b.Amount * x[i]
		objective += b.Amount * x[i]
	}
	for i, b := range c.Bids {
		for _, row := range b.Rows {
			if q := row.Quantity * x[i]; q > 0 {
				pay := 0.0
				if amount[b.Bidder] > 0 {
					pay = pays[b.Bidder] * row.Price * q / amount[b.Bidder]
				}
				r.Allocation = append(r.Allocation, auction.AllocationRow{Bidder: c.Bidders[b.Bidder].Name, Bid: b.Name, Lot: c.Lots[row.Lot].Name, Quantity: q, Price: row.Price, Payment: pay})
				sold[row.Lot] += q
				revenue[row.Lot] += pay
				volume += q
				cost += q * c.Lots[row.Lot].Cost
			}
		}
	}
	total := 0.0
	for i, b := range c.Bidders {
		r.Payments = append(r.Payments, coreless(auction.PaymentRow{Bidder: b.Name, BidAmount: amount[i], Payment: pays[i], Discount: amount[i] - pays[i]})...)
		if c.Rules.Payment == auction.Core {
			r.Payments[i].CoreViolation = 0
		}
		total += pays[i]
	}
	for l, lot := range c.Lots {
		capacity += lot.Capacity
		r.Lots = append(r.Lots, auction.LotResult{Lot: lot.Name, Zone: lot.Zone, Service: lot.Service, Capacity: lot.Capacity, Sold: sold[l], Revenue: revenue[l], ShadowPrice: math.NaN()})
	}
	if c.Rules.Objective == auction.Contribution {
		objective -= cost
	}
	r.Summary = []auction.Metric{
		{Name: "status", Text: "optimal"},
		{Name: "objective", Number: objective},
		{Name: "bound", Number: objective},
		{Name: "gap"},
		{Name: "revenue", Number: total},
		{Name: "contribution", Number: total - cost},
		{Name: "volume", Number: volume},
		{Name: "sold_share", Number: volume / capacity},
		{Name: "payment_rule", Text: c.Rules.Payment},
	}
	if c.Rules.Payment == auction.Core {
		r.Summary = append(r.Summary, auction.Metric{Name: "core_violation"})
	}
	return r
}

// units is a lot of some packages with all-or-nothing bids of {bidder, packages, amount}.
func units(capacity float64, bids ...[3]float64) *auction.Case {
	c := &auction.Case{Rules: auction.DefaultRules(), Lots: []auction.Lot{{Name: "units", Capacity: capacity}}}
	for n, b := range bids {
		for len(c.Bidders) <= int(b[0]) {
			c.Bidders = append(c.Bidders, auction.Bidder{Name: fmt.Sprint("bidder ", len(c.Bidders)), Budget: math.Inf(1), MaxVolume: math.Inf(1)})
		}
		c.Bids = append(c.Bids, auction.Bid{Bidder: int(b[0]), Name: fmt.Sprint("row ", n), Amount: b[2], MinFraction: 1, Requires: -1, Rows: []auction.BidRow{{Quantity: b[1], Price: b[2] / b[1]}}})
	}
	return c
}

// accept returns the fractions of the accepted bids.
func accept(c *auction.Case, bids ...int) []float64 {
	x := make([]float64, len(c.Bids))
	for _, i := range bids {
		x[i] = 1
	}
	return x
}

// TestPublishedPayments checks payments in the literature: they hold, and none holds that is a cent off.
func TestPublishedPayments(t *testing.T) {
	dayRaghavan := goods("AB:20", "C:20", "D:20", "ABC:28", "ABD:26", "AB:10", "C:10", "D:10")
	wurman := goods(
		"b1 A:10", "b1 B:3", "b1 AB:18", "b1 C:2", "b1 AC:18", "b1 BC:10", "b1 ABC:20",
		"b2 A:4", "b2 B:9", "b2 AB:15", "b2 C:3", "b2 AC:12", "b2 BC:18", "b2 ABC:20",
		"b3 A:1", "b3 B:3", "b3 AB:11", "b3 C:9", "b3 AC:16", "b3 BC:17", "b3 ABC:25",
		"b4 A:7", "b4 B:7", "b4 AB:16", "b4 C:7", "b4 AC:16", "b4 BC:16", "b4 ABC:20")
	four := goods("A:20", "B:20", "C:20", "D:20", "A:10", "AB:18", "BCD:16")
	mechlib := goods("P A:20", "P BC:30", "Q B:20", "Q AD:25", "CD:20", "A:5", "B:5")
	for _, x := range []struct {
		source    string
		c         *auction.Case
		accepted  []int
		vcg, core []float64 // by bidder
	}{
		{"Day and Raghavan 2007", dayRaghavan, []int{0, 1, 2}, []float64{10, 10, 10, 0, 0, 0, 0, 0}, []float64{16, 12, 10, 0, 0, 0, 0, 0}},
		{"local-local-global", goods("A:80", "B:60", "AB:100"), []int{0, 1}, []float64{40, 20, 0}, []float64{60, 40, 0}},
		{"mechlib, four", four, []int{0, 1, 2, 3}, []float64{10, 0, 0, 0, 0, 0, 0}, []float64{10, 8, 4, 4, 0, 0, 0}},
		{"mechlib, alternatives", mechlib, []int{0, 2, 4}, []float64{5, 5, 15, 0, 0}, []float64{5, 5, 15, 0, 0}},
		{"one good", goods("A:10", "A:20", "A:30"), []int{2}, []float64{0, 0, 20}, []float64{0, 0, 20}},
		{"mechlib, two units", units(2, [3]float64{0, 1, 2}, [3]float64{1, 1, 2}, [3]float64{2, 2, 3}), []int{0, 1}, []float64{1, 1, 0}, []float64{1.5, 1.5, 0}},
		{"bnelearn (12, 6, 10)", goods("A:12", "B:6", "AB:10"), []int{0, 1}, []float64{4, 0, 0}, []float64{7, 3, 0}},
		{"Ausubel and Baranov (8, 6, 10)", goods("A:8", "B:6", "AB:10"), []int{0, 1}, []float64{4, 2, 0}, []float64{6, 4, 0}},
		{"Ausubel and Baranov (4, 6, 9)", goods("A:4", "B:6", "AB:9"), []int{0, 1}, []float64{3, 5, 0}, []float64{3.5, 5.5, 0}},
		{"Ausubel and Baranov (6, 4, 9)", goods("A:6", "B:4", "AB:9"), []int{0, 1}, []float64{5, 3, 0}, []float64{5.5, 3.5, 0}},
		{
			"bnelearn, three units", units(3, [3]float64{0, 1, 3}, [3]float64{0, 1, 2}, [3]float64{0, 1, 1}, [3]float64{1, 1, 3.7}, [3]float64{1, 1, 2}, [3]float64{2, 1, 3.6}, [3]float64{2, 1, 2.99}, [3]float64{2, 1, 1.99}),
			[]int{0, 3, 5},
			[]float64{2.99, 2.99, 2},
			nil,
		},
		{"Ausubel and Milgrom", goods("AB:2", "A:2", "B:2"), []int{1, 2}, []float64{0, 0, 0}, []float64{0, 1, 1}},
		// b1 takes A, b2 the rest, of the two optima: 7.5 and 17.5 in total (Wurman et al. 2004).
		{"Wurman et al. 2004", wurman, []int{0, 12}, nil, []float64{7.5, 17.5, 0, 0}},
	} {
		for rule, pays := range map[string][]float64{auction.VCG: x.vcg, auction.Core: x.core} {
			if pays == nil {
				continue
			}
			x.c.Rules.Payment = rule
			o := Options{Command: "allocate"}
			r := runOf(x.c, accept(x.c, x.accepted...), pays)
			report := Check(x.c, r, o)
			for _, f := range report.Findings {
				t.Errorf("%s, %s: %s", x.source, rule, f)
			}
			for b := range pays {
				if r.Payments[b].BidAmount == 0 {
					continue
				}
				for _, by := range []float64{0.01, -0.01} {
					wrong := append([]float64(nil), pays...)
					wrong[b] += by
					if !blames(Check(x.c, runOf(x.c, accept(x.c, x.accepted...), wrong), o), tablePayments, "payment") {
						t.Errorf("%s, %s: bidder %d pays %g and nothing is found", x.source, rule, b, wrong[b])
					}
				}
			}
		}
	}
}

// blames says whether a report has a finding in a column.
func blames(report *Report, table, column string) bool {
	for _, f := range report.Findings {
		if f.Table == table && f.Column == column {
			return true
		}
	}
	return false
}

// subsets returns the seller's optimum by trying every set of all-or-nothing bids, without the bidders that are out,
// and the first set that earns it.
func subsets(c *auction.Case, out int) (best float64, x []float64) {
	score := make([]float64, len(c.Bids))
	for i, b := range c.Bids {
		score[i] = b.Amount
		if c.Rules.Objective == auction.Contribution {
			for _, r := range b.Rows {
				score[i] -= c.Lots[r.Lot].Cost * r.Quantity
			}
		}
	}
	best = -1
	for set := range 1 << len(c.Bids) {
		total := 0.0
		used := make([]float64, len(c.Lots))
		group := map[int]bool{}
		ok := true
		for i, b := range c.Bids {
			if set>>i&1 == 0 {
				continue
			}
			ok = ok && out>>b.Bidder&1 == 0 && !(b.Group != "" && group[b.Bidder])
			group[b.Bidder] = true
			total += score[i]
			reserve := 0.0
			for _, r := range b.Rows {
				used[r.Lot] += r.Quantity
				reserve += c.Lots[r.Lot].Reserve * r.Quantity
				ok = ok && used[r.Lot] <= c.Lots[r.Lot].Capacity
			}
			ok = ok && b.Amount >= reserve
		}
		if ok && total > best {
			best = total
			x = make([]float64, len(c.Bids))
			for i := range x {
				x[i] = float64(set >> i & 1)
			}
		}
	}
	return best, x
}

// drawGoods draws a small auction of goods, with reserves and costs in some.
func drawGoods(r *rand.Rand) *auction.Case {
	letters := []string{"A", "B", "C", "D"}[:2+r.IntN(3)]
	var bids []string
	for b := range 3 + r.IntN(4) {
		for range 1 + r.IntN(2) {
			bundle := ""
			for _, g := range letters {
				if r.IntN(2) == 0 {
					bundle += g
				}
			}
			if bundle == "" {
				bundle = "A"
			}
			bids = append(bids, fmt.Sprintf("b%d %s:%d", b, bundle, len(bundle)*(4+r.IntN(12))))
		}
	}
	c := goods(bids...)
	if r.IntN(3) == 0 {
		c.Rules.Objective = auction.Contribution
	}
	for l := range c.Lots {
		c.Lots[l].Reserve, c.Lots[l].Cost = float64(r.IntN(5)), float64(r.IntN(3))
	}
	return c
}

// pricesByDefinition returns VCG and core payments straight from their definitions: optima by enumeration, the least total by
// gonum's simplex over all coalitions, the nearest point by projecting in turn on every constraint (Dykstra).
func pricesByDefinition(c *auction.Case, x []float64) (vcg, core []float64, ok bool) {
	n := len(c.Bidders)
	amount, most := make([]float64, n), make([]float64, n)
	for i, b := range c.Bids {
		amount[b.Bidder] += b.Amount * x[i]
		most[b.Bidder] += b.Amount * x[i]
		for _, r := range b.Rows {
			most[b.Bidder] -= c.Lots[r.Lot].Reserve * r.Quantity * x[i]
		}
	}
	w := make([]float64, 1<<n)
	for out := range w {
		w[out], _ = subsets(c, out)
	}
	discount := make([]float64, n)
	vcg = make([]float64, n)
	for i := range discount {
		discount[i] = math.Min(w[0]-w[1<<i], most[i])
		vcg[i] = amount[i] - discount[i]
	}
	// max Σ d, d <= discount, Σ_{out} d <= W - w(out)
	dense := mat.NewDense(1<<n-1+n, n+1<<n-1+n, nil)
	cost, right := make([]float64, n+1<<n-1+n), make([]float64, 1<<n-1+n)
	for i := range n {
		cost[i] = -1
		dense.Set(1<<n-1+i, i, 1)
		right[1<<n-1+i] = discount[i]
	}
	for out := 1; out < 1<<n; out++ {
		for i := range n {
			if out>>i&1 == 1 {
				dense.Set(out-1, i, 1)
			}
		}
		right[out-1] = w[0] - w[out]
	}
	for i := range right {
		dense.Set(i, n+i, 1)
	}
	total, _, err := lp.Simplex(cost, dense, right, 1e-10, nil)
	if err != nil {
		return nil, nil, false
	}
	total = -total
	d := append([]float64(nil), discount...)
	type half struct {
		in   []int
		most float64
		sign float64
		pull float64
	}
	var halves []half
	for out := 1; out < 1<<n; out++ {
		h := half{most: w[0] - w[out], sign: 1}
		for i := range n {
			if out>>i&1 == 1 {
				h.in = append(h.in, i)
			}
		}
		halves = append(halves, h)
		if out == 1<<n-1 {
			h.most, h.sign = -total, -1
			halves = append(halves, h)
		}
	}
	for i := range n {
		halves = append(halves, half{in: []int{i}, most: discount[i], sign: 1}, half{in: []int{i}, sign: -1})
	}
	for sweep := range 200_000 {
		moved := 0.0
		for k := range halves {
			h := &halves[k]
			over := -h.most
			for _, i := range h.in {
				over += h.sign * d[i]
			}
			step := math.Max(-h.pull, over/float64(len(h.in)))
			if step == 0 {
				continue
			}
			h.pull += step
			moved = math.Max(moved, math.Abs(step))
			for _, i := range h.in {
				d[i] -= h.sign * step
			}
		}
		if moved < 1e-12 {
			break
		}
		if sweep == 199_999 && moved > 1e-9 {
			return nil, nil, false
		}
	}
	core = make([]float64, n)
	for i := range core {
		core[i] = amount[i] - d[i]
	}
	return vcg, core, true
}

// TestPaymentsByDefinition checks random auctions: what follows from the definitions holds, and nothing else does that
// is half a percent of the largest discount away.
func TestPaymentsByDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	checked, moved, searched := 0, 0, 0
	trials := 150
	if testing.Short() {
		trials = 30
	}
	for trial := range trials {
		c := drawGoods(r)
		if len(c.Bids) > 11 {
			continue
		}
		_, x := subsets(c, 0)
		vcg, core, ok := pricesByDefinition(c, x)
		if !ok {
			continue
		}
		// Every other time the coalitions of two winners and more are searched for.
		o := Options{Command: "allocate", EnumerationLimit: []int{0, 3}[trial%2]}
		for rule, pays := range map[string][]float64{auction.VCG: vcg, auction.Core: core} {
			c.Rules.Payment = rule
			run := runOf(c, x, pays)
			for i, b := range c.Bids { // void bids are listed
				if b.Amount < sumOfReserves(c, i) {
					run.VoidBids = append(run.VoidBids, auction.VoidBid{Bidder: c.Bidders[b.Bidder].Name, Bid: b.Name})
				}
			}
			report := Check(c, run, o)
			for _, f := range report.Findings {
				t.Errorf("trial %d, %s: %s", trial, rule, f)
			}
			for _, line := range report.Checked {
				if strings.Contains(line, "not compared") || strings.Contains(line, "bracket") {
					t.Errorf("trial %d, %s: %s", trial, rule, line)
				}
				if strings.Contains(line, "0 groups of winners against every coalition, 1 by a search") {
					searched++
				}
			}
			checked++
			largest := 0.0
			for i := range pays {
				largest = math.Max(largest, run.Payments[i].BidAmount-vcg[i])
			}
			for i := range pays {
				if run.Payments[i].BidAmount == 0 || largest == 0 {
					continue
				}
				for j := range pays { // a move that keeps the total, unless i is j
					if run.Payments[j].BidAmount == 0 {
						continue
					}
					wrong := append([]float64(nil), pays...)
					wrong[i] += largest / 200
					if i != j {
						wrong[j] -= largest / 200
					}
					moved++
					if !blames(Check(c, withVoids(runOf(c, x, wrong), run), o), tablePayments, "payment") {
						t.Errorf("trial %d, %s: payments %v, want %v, and nothing is found", trial, rule, wrong, pays)
					}
				}
			}
		}
	}
	t.Logf("%d runs, in %d a search for coalitions, %d wrong payments", checked, searched, moved)
	if checked < trials || searched < trials/10 {
		t.Errorf("only %d runs, %d searches", checked, searched)
	}
}

func withVoids(r, from *auction.Results) *auction.Results {
	r.VoidBids = from.VoidBids
	return r
}

func sumOfReserves(c *auction.Case, bid int) (total float64) {
	for _, r := range c.Bids[bid].Rows {
		total += c.Lots[r.Lot].Reserve * r.Quantity
	}
	return total
}

// TestUniformPayments: two winners of a lot of 5 packages pay the price of the bid that gets the rest.
func TestUniformPayments(t *testing.T) {
	c := &auction.Case{Rules: auction.DefaultRules(), Lots: []auction.Lot{{Name: "L", Capacity: 5, Reserve: 1}}}
	c.Rules.Payment = auction.Uniform
	for b, price := range []float64{9, 8, 6, 5} {
		c.Bidders = append(c.Bidders, auction.Bidder{Name: fmt.Sprint("b", b), Budget: math.Inf(1), MaxVolume: math.Inf(1)})
		c.Bids = append(c.Bids, auction.Bid{Bidder: b, Name: "row", Amount: 2 * price, Requires: -1, Rows: []auction.BidRow{{Quantity: 2, Price: price}}})
	}
	run := func(price float64) *auction.Results {
		r := runOf(c, []float64{1, 1, 0.5, 0}, []float64{2 * price, 2 * price, price, 0})
		for i := range r.Allocation {
			r.Allocation[i].Payment = price * r.Allocation[i].Quantity
		}
		return r
	}
	if report := Check(c, run(6), Options{Command: "allocate"}); len(report.Findings) > 0 {
		t.Errorf("the highest rejected price: %v", report.Findings)
	}
	for _, price := range []float64{5, 5.99, 8} {
		if !blames(Check(c, run(price), Options{Command: "allocate"}), tableAllocation, "payment") {
			t.Errorf("all pay %g and nothing is found", price)
		}
	}
}
