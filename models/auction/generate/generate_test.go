package generate

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lotwise/models/auction"
)

func cats(t *testing.T, distribution string, goods, bids int, seed uint64) *auction.Case {
	t.Helper()
	c, err := CATS(distribution, goods, bids, seed)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// same says whether two cases are equal in all that is drawn: their text, in which NaN equals itself.
func same(a, b *auction.Case) bool {
	text := func(c *auction.Case) string {
		return fmt.Sprint(c.Rules, c.Lots, c.Bidders, c.Bids, c.Limits, c.Adjustments)
	}
	return text(a) == text(b)
}

// valid checks what every case has to be.
func valid(t *testing.T, c *auction.Case) {
	t.Helper()
	seen := map[string]bool{}
	for b := range c.Bids {
		bid := &c.Bids[b]
		name := fmt.Sprint(bid.Bidder, " ", bid.Name)
		if seen[name] {
			t.Errorf("%s: bid %s twice", c.Name, name)
		}
		seen[name] = true
		volume, money := 0.0, 0.0
		lots := map[int]bool{}
		for _, r := range bid.Rows {
			if lots[r.Lot] || r.Quantity < 0 {
				t.Errorf("%s: bid %s: lot %d twice, or quantity %g", c.Name, name, r.Lot, r.Quantity)
			}
			lots[r.Lot] = true
			volume += r.Quantity
			money += r.Quantity * r.Price
		}
		if volume == 0 || math.Abs(money-bid.Amount) > 1e-9*math.Abs(money) || bid.MinFraction < 0 || bid.MinFraction > 1 {
			t.Errorf("%s: bid %s: %g packages, amount %g, rows %g, fraction %g", c.Name, name, volume, bid.Amount, money, bid.MinFraction)
		}
		if r := bid.Requires; r >= b || r >= 0 && c.Bids[r].Bidder != bid.Bidder {
			t.Errorf("%s: bid %s requires %d", c.Name, name, r)
		}
	}
	for _, l := range c.Limits {
		if _, err := auction.ParseFilter(l.Where); err != nil || l.Min > l.Max {
			t.Errorf("%s: limit %+v: %v", c.Name, l, err)
		}
	}
}

func TestDistributions(t *testing.T) {
	for _, distribution := range Distributions {
		for _, size := range [][2]int{{2, 1}, {3, 7}, {17, 100}, {64, 300}, {150, 500}} {
			if distribution == "matching" && size[0] < 17 {
				continue // too few times for a flight
			}
			c := cats(t, distribution, size[0], size[1], 7)
			valid(t, c)
			if len(c.Lots) != size[0] || len(c.Bids) != size[1] {
				t.Errorf("%s: %d goods and %d bids, want %v", distribution, len(c.Lots), len(c.Bids), size)
			}
			alternatives := make([]int, len(c.Bidders))
			for _, b := range c.Bids {
				alternatives[b.Bidder]++
			}
			for _, b := range c.Bids {
				if (b.Group != "") != (alternatives[b.Bidder] > 1) || b.MinFraction != 1 || b.Amount <= 0 || six(b.Amount) != b.Amount {
					t.Fatalf("%s: bid %+v of %d alternatives", distribution, b, alternatives[b.Bidder])
				}
			}
			if !same(c, cats(t, distribution, size[0], size[1], 7)) {
				t.Errorf("%s: the same seed gives another case", distribution)
			}
			if same(c, cats(t, distribution, size[0], size[1], 8)) {
				t.Errorf("%s: another seed gives the same bids", distribution)
			}
		}
	}
	for _, wrong := range []struct {
		distribution string
		goods, bids  int
	}{{"nonsense", 10, 10}, {"regions", 1, 10}, {"regions", 10, 0}} {
		if _, err := CATS(wrong.distribution, wrong.goods, wrong.bids, 1); err == nil {
			t.Errorf("no error of %v", wrong)
		}
	}
}

// lotsOf are the goods of each bid, by bidder.
func lotsOf(c *auction.Case) [][][]int {
	bundles := make([][][]int, len(c.Bidders))
	for _, b := range c.Bids {
		var goods []int
		for _, r := range b.Rows {
			goods = append(goods, r.Lot)
		}
		bundles[b.Bidder] = append(bundles[b.Bidder], goods)
	}
	return bundles
}

// Bundles of regions and arbitrary have 1/(1 - additional_location) goods on average, a bidder's alternatives
// all as many, and there are at most one more than max_substitutable_bids.
func TestRegions(t *testing.T) {
	for _, distribution := range []string{"regions", "arbitrary"} {
		goods, bundles := 0, 0
		for _, alternatives := range lotsOf(cats(t, distribution, 225, 1500, 1)) {
			if len(alternatives) > 1+maxSubstitutableBids {
				t.Errorf("%s: %d alternatives", distribution, len(alternatives))
			}
			for _, bundle := range alternatives {
				if len(bundle) != len(alternatives[0]) {
					t.Errorf("%s: alternatives of %d and %d goods", distribution, len(bundle), len(alternatives[0]))
				}
			}
			goods += len(alternatives[0])
			bundles++
		}
		if mean := float64(goods) / float64(bundles); mean < 8.5 || mean > 11.5 {
			t.Errorf("%s: %.2f goods a bidder, want about 10", distribution, mean)
		}
	}
	// Goods of a region lie side by side but for a jump now and then.
	apart, pairs := 0, 0
	for _, alternatives := range lotsOf(cats(t, "regions", 225, 1500, 1)) {
		for _, bundle := range alternatives {
			for _, g := range bundle {
				near := slices.ContainsFunc(bundle, func(h int) bool {
					across, down := abs(g%15-h%15), abs(g/15-h/15)
					return g != h && across <= 1 && down <= 1
				})
				pairs++
				if len(bundle) > 1 && !near {
					apart++
				}
			}
		}
	}
	if share := float64(apart) / float64(pairs); share > 2*jumpProbability || share == 0 {
		t.Errorf("%.3f of the goods of regions lie alone", share)
	}
}

func abs(n int) int { return max(n, -n) }

// A bundle of paths is a simple way between the bidder's two cities, shorter than what shipping is worth.
func TestPaths(t *testing.T) {
	r := newRoads(newDraw("paths", 3), 90)
	if r.built != 90 {
		t.Fatalf("%d edges", r.built)
	}
	ends := make([][2]int, r.goods)
	for i, edges := range r.edges {
		for _, e := range edges {
			if ends[e.good] == [2]int{} || ends[e.good][1] == i {
				ends[e.good] = [2]int{min(i, e.to), max(i, e.to)}
			}
		}
	}
	for range 300 {
		from, to := r.pair()
		worth := shippingCostFactor * hypot(r.at[from], r.at[to])
		ways := r.shortest(from, to, maxBidSetSize, worth)
		length := 0.0
		for _, w := range ways {
			if w.length < length || w.length >= worth {
				t.Errorf("length %g after %g, worth %g", w.length, length, worth)
			}
			length = w.length
			degree := map[int]int{}
			sum := 0.0
			for _, g := range w.goods {
				degree[ends[g][0]]++
				degree[ends[g][1]]++
				sum += hypot(r.at[ends[g][0]], r.at[ends[g][1]])
			}
			odd := 0
			for _, n := range degree {
				if n > 2 {
					t.Errorf("a city is passed twice")
				}
				odd += n % 2
			}
			if odd != 2 || degree[from] != 1 || degree[to] != 1 || len(degree) != len(w.goods)+1 || math.Abs(sum-w.length) > 1e-9 {
				t.Errorf("no simple way: degrees %v, length %g of %g", degree, w.length, sum)
			}
		}
		if len(ways) > 0 && math.Abs(ways[0].length-r.distances(to)[from]) > 1e-9 {
			t.Errorf("the first way is %g long, the shortest %g", ways[0].length, r.distances(to)[from])
		}
	}
}

func TestMatching(t *testing.T) {
	for _, alternatives := range lotsOf(cats(t, "matching", 200, 2000, 1)) {
		for _, b := range alternatives {
			if len(b) != 2 || noFlight(b[0]%4, b[1]%4) || b[0]/4 >= b[1]/4 {
				t.Errorf("slots %v are no flight", b)
			}
		}
	}
}

func TestScheduling(t *testing.T) {
	for _, alternatives := range lotsOf(cats(t, "scheduling", 100, 2000, 1)) {
		for _, b := range alternatives {
			if len(b) > maxLength || b[len(b)-1]-b[0] != len(b)-1 || len(b) != len(alternatives[0]) {
				t.Errorf("hours %v are no job", b)
			}
		}
	}
}

func TestUndominated(t *testing.T) {
	got := undominated([]bundle{
		{[]int{1, 2}, 5},
		{[]int{1}, 5}, // cheaper than the first for no less
		{[]int{1}, 5}, // again
		{[]int{2, 3}, 6},
		{[]int{3}, 0}, // worth nothing
		{[]int{2}, 5.5},
	})
	want := []bundle{{[]int{1}, 5}, {[]int{2, 3}, 6}, {[]int{2}, 5.5}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(bundle{})); diff != "" {
		t.Error(diff)
	}
}

func TestPostal(t *testing.T) {
	p := Postal{
		Lots: 230, Bidders: 60, Bids: 900, AllOrNothing: 0.2, Fractions: 0.1, Packages: 150, Budgets: 0.5, Caps: 0.4,
		Limits: len(PostalLimits), Adjustments: len(PostalAdjustments), Contribution: true, Seed: 5,
	}
	c := p.Case()
	valid(t, c)
	if !same(c, p.Case()) {
		t.Error("the same seed gives another case")
	}
	kinds := map[string]int{}
	for b := range c.Bids {
		bid := &c.Bids[b]
		_, void := bid.Void(c.Lots)
		for name, is := range map[string]bool{
			"divisible": bid.Divisible(), "all or nothing": bid.MinFraction == 1, "fraction": bid.MinFraction > 0 && bid.MinFraction < 1,
			"amount": bid.ByAmount, "group": bid.Group != "", "requires": bid.Requires >= 0, "void": void,
			"package": len(bid.Rows) >= 5 && len(bid.Rows) <= 40, "single": len(bid.Rows) == 1,
		} {
			if is {
				kinds[name]++
			}
		}
	}
	for _, name := range []string{"divisible", "all or nothing", "fraction", "amount", "group", "requires", "void", "package", "single"} {
		if kinds[name] == 0 {
			t.Errorf("no bid is %s: %v", name, kinds)
		}
	}
	if kinds["package"]+kinds["single"] != len(c.Bids) || kinds["void"]*2 > len(c.Bids) {
		t.Errorf("%v of %d", kinds, len(c.Bids))
	}
	for b, bid := range Divisible(100, 1000, 1).Case().Bids {
		if !bid.Divisible() || len(bid.Rows) != 1 {
			t.Errorf("bid %d of a divisible auction: %+v", b, bid)
		}
	}
}

// Everything that a case may hold occurs, and in more than a case or two.
func TestMixed(t *testing.T) {
	found := map[string]int{}
	const cases = 300
	for seed := range uint64(cases) {
		c := Mixed(3+int(seed)%4, seed)
		valid(t, c)
		if len(c.Bids) != 3+int(seed)%4 {
			t.Fatalf("%d bids", len(c.Bids))
		}
		here := map[string]bool{"objective " + c.Rules.Objective: true, "payment " + c.Rules.Payment: true, "adjustments": len(c.Adjustments) > 0}
		for i := range c.Bids {
			b := &c.Bids[i]
			_, void := b.Void(c.Lots)
			here["void"] = here["void"] || void
			here["package"] = here["package"] || len(b.Rows) > 1
			here["group"] = here["group"] || b.Group != ""
			here["requires"] = here["requires"] || b.Requires >= 0
			here["amount"] = here["amount"] || b.ByAmount
			here[fmt.Sprint("fraction ", b.MinFraction)] = true
		}
		for _, b := range c.Bidders {
			here["budget"] = here["budget"] || !math.IsInf(b.Budget, 1)
			here["cap"] = here["cap"] || !math.IsInf(b.MaxVolume, 1)
		}
		filters := []string{}
		for _, l := range c.Limits {
			here[l.Measure+" of "+l.Of] = true
			here["hard"] = here["hard"] || math.IsNaN(l.Penalty)
			here["soft"] = here["soft"] || !math.IsNaN(l.Penalty)
			here["hard min"] = here["hard min"] || math.IsNaN(l.Penalty) && !math.IsNaN(l.Min)
			here["or nothing"] = here["or nothing"] || l.OrNothing
			here["two sides"] = here["two sides"] || !math.IsNaN(l.Min) && !math.IsNaN(l.Max)
			here["several per"] = here["several per"] || strings.Contains(l.Per, ";")
			here["per"] = here["per"] || l.Per != ""
			filters = append(filters, l.Where)
		}
		for _, where := range filters {
			f, err := auction.ParseFilter(where)
			if err != nil {
				t.Error(err)
			}
			for _, condition := range f {
				here["where "+condition.Op] = true
				here["where |"] = here["where |"] || len(condition.Values) > 1
				here["where "+condition.Column] = true
			}
		}
		for name, is := range here {
			if is {
				found[name]++
			}
		}
	}
	want := []string{
		"objective revenue", "objective contribution", "payment pay_as_bid", "payment vcg", "payment core", "adjustments", "void", "package",
		"group", "requires", "amount", "fraction 0", "fraction 0.25", "fraction 1", "budget", "cap", "hard", "soft", "hard min", "or nothing", "two sides",
		"per", "several per", "where =", "where !=", "where <", "where <=", "where >", "where >=", "where |", "where rural", "where capacity",
		"where budget", "where class",
	}
	for _, measure := range []string{"volume", "revenue", "lots", "winners", "bids"} {
		for _, of := range []string{"", "capacity", "accepted"} {
			want = append(want, measure+" of "+of)
		}
	}
	for _, name := range want {
		if found[name] < 3 {
			t.Errorf("%s: in %d of %d cases", name, found[name], cases)
		}
	}
}
