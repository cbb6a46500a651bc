package report_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"lotwise/models/auction"
	"lotwise/outputs"
	"lotwise/outputs/report"
)

// limit is what a page may weigh.
const limit = 5_000_000

var nan = math.NaN()

// written is a run of the command with so many lots and names that try to break out of the page, as read back from its folder.
func written(t *testing.T, command string, lots int, seed uint64) (dir string, r *auction.Results, m *outputs.Manifest) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 7))
	bidders := []string{`<script>alert("x")</script>`, `=cmd|'/c calc'!A1`, "Ø & sons “of” " + strings.Repeat("a very long name ", 6), "$1 ${2}", "5", "Émile", "g", "h", "i", "j"}
	money := func(scale float64) float64 {
		return []float64{0, scale * random.Float64(), math.Trunc(scale * random.Float64()), 1e-9 * random.Float64(), nan}[random.IntN(5)]
	}
	r = &auction.Results{Command: command, Status: auction.Optimal}
	for l := range lots {
		name, zone := fmt.Sprintf("lot %05d", l), fmt.Sprintf("zone, \"%d\"", l%97)
		capacity := 1 + math.Trunc(1e6*random.Float64())
		sold := 0.0
		for range random.IntN(3) {
			q := capacity / 4 * random.Float64()
			sold += q
			who := bidders[random.IntN(len(bidders))]
			r.Allocation = append(r.Allocation, auction.AllocationRow{Bidder: who, Lot: name, Quantity: q, Price: 3 * random.Float64(), Payment: money(1e9)})
			r.Network = append(r.Network, auction.NetworkRow{Bidder: who, Zone: zone, Channel: name, Volume: q, Cost: q})
			r.WithoutLots = append(r.WithoutLots, auction.NetworkRow{Bidder: who, Zone: zone, Channel: "van", Volume: q, Cost: 2 * q})
		}
		r.Lots = append(r.Lots, auction.LotResult{Lot: name, Zone: zone, Service: "", Capacity: capacity, Sold: sold, Revenue: money(1e6), ShadowPrice: nan})
		r.BidLots = append(r.BidLots, auction.BidLot{
			Bidder: bidders[0], Lot: name, Quantity: sold, Price: 1 + random.Float64(), WinProbability: float64(random.IntN(3)) / 2,
			BreakEvenNext: nan, BreakEvenBid: 1 + random.Float64(), BreakEvenLot: math.Inf(1), ProfitAtStake: -money(100),
		})
	}
	for i := range 40 {
		recommended := ""
		if i%8 == 3 {
			recommended = "yes"
		}
		r.BidCurves = append(r.BidCurves, auction.CurvePoint{
			Bidder: bidders[0], Bid: fmt.Sprint("row <", i/8), Lot: "lot 00000", Quantity: 10, Price: float64(i % 8), ExpectedProfit: money(1e6), Fits: "yes", Recommended: recommended,
		})
	}
	for _, b := range bidders {
		r.Payments = append(r.Payments, auction.PaymentRow{Bidder: b, BidAmount: money(1e9), Payment: money(1e9), Discount: money(10), CoreViolation: nan})
		r.Equilibrium = append(r.Equilibrium, auction.EquilibriumRow{Bidder: b, Strategy: "s1", Probability: 1, Profit: money(1e5), BestResponseBound: money(1e5), RegretBound: 0})
		r.Summary = append(r.Summary, auction.Metric{Name: "profit:" + b, Number: money(1e7), Unit: "USD"})
	}
	for step := range 9 {
		r.Convergence = append(r.Convergence, auction.ConvergenceRow{Block: "B1", Stage: "pure", Step: float64(step + 1), RelativeEpsilon: math.Pow(10, -float64(step))})
	}
	r.Summary = append(r.Summary, auction.Metric{Name: "objective", Number: 1234567.8912, Unit: "USD"}, auction.Metric{Name: "bound", Number: 1234567.8912, Unit: "USD"},
		auction.Metric{Name: "gap", Number: 0}, auction.Metric{Name: "epsilon", Number: 4.6566e-9, Unit: "USD"}, auction.Metric{Name: "relative_epsilon", Number: 1e-16},
		auction.Metric{Name: "revenue", Number: 0.125, Unit: "USD"}, auction.Metric{Name: "sold_share", Number: 0.33333333333333}, auction.Metric{Name: "concept", Text: "pure"})
	dir = filepath.Join(t.TempDir(), "run")
	m = &outputs.Manifest{Program: "lotwise", Version: "test", Case: "drawn", Options: outputs.Options{Epsilon: 1e-3}}
	if err := outputs.Write(dir, false, r, m); err != nil {
		t.Fatal(err)
	}
	r, m, err := outputs.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, r, m
}

// place is the case of such a run: where its lots are.
func place(r *auction.Results) *auction.Case {
	c := &auction.Case{Name: "drawn"}
	for i, l := range r.Lots {
		c.Lots = append(c.Lots, auction.Lot{Name: l.Lot, Attributes: map[string]string{"latitude": fmt.Sprint(30 + float64(i%211)/10), "longitude": fmt.Sprint(-120 + float64(i%503)/10)}})
	}
	return c
}

func render(t *testing.T, p *report.Page) string {
	t.Helper()
	page, err := p.Render()
	if err != nil {
		t.Fatal(err)
	}
	if len(page) > limit {
		t.Errorf("the page has %d bytes, over %d", len(page), limit)
	}
	return string(page)
}

// Every cell of every table and every headline figure is that of the CSV file: as it stands there, or next to what
// is shown, which is that number rounded.
func TestFigures(t *testing.T) {
	for n, command := range []string{"allocate", "bid", "solve"} {
		dir, r, m := written(t, command, 60, uint64(n))
		page := parse(t, render(t, report.Run("run", r, m, place(r))))
		tables := 0
		for _, d := range all(page, "details") {
			file := strings.TrimPrefix(attribute(d, "id"), "table-") + ".csv"
			want := readCSV(t, filepath.Join(dir, file))
			tables++
			if len(want) == 1 {
				continue // no rows, no table
			}
			checkTable(t, command+"/"+file, d, want)
		}
		if tables != len(m.Tables) {
			t.Errorf("%s: %d tables on the page, %d in the run", command, tables, len(m.Tables))
		}
		summary := map[string]string{}
		for _, row := range readCSV(t, filepath.Join(dir, "summary.csv")) {
			summary[row[0]] = row[1]
		}
		figures := 0
		for _, dd := range all(page, "dd") {
			if name := attribute(dd, "data-metric"); name != "" {
				figures++
				checkCell(t, name, summary[name], content(all(dd, "b")[0]), attribute(dd, "data-v"))
			}
		}
		if figures < 6 {
			t.Errorf("%s: %d headline figures", command, figures)
		}
	}
}

// What holds for drawn scenarios is said of them alone, beside what fresh ones say; of a run of solve it holds with confidence.
func TestSampled(t *testing.T) {
	const others = "All of this is of the 50 scenarios drawn. In 1,000 others the bid earns 900,000 USD on average, with a standard error of 5,000 USD."
	const confidence = "Bounds hold with 99% confidence, from samples."
	for command, want := range map[string][2]string{"bid": {others, confidence}, "solve": {confidence, others}} {
		_, r, m := written(t, command, 3, 1)
		r.Summary = append(r.Summary, auction.Metric{Name: "certificate", Text: "sampled"}, auction.Metric{Name: "scenarios", Number: 50},
			auction.Metric{Name: "out_of_sample_profit", Number: 9e5}, auction.Metric{Name: "profit_standard_error", Number: 5000}, auction.Metric{Name: "out_of_sample_scenarios", Number: 1000})
		page := content(parse(t, render(t, report.Run("run", r, m, place(r)))))
		if !strings.Contains(page, want[0]) || strings.Contains(page, want[1]) {
			t.Errorf("%s: the page says %q or does not say %q", command, want[1], want[0])
		}
	}
}

// The same of runs side by side and of a sweep.
func TestFiguresOfComparison(t *testing.T) {
	var dirs []string
	for seed := range 3 {
		dir, _, _ := written(t, "solve", 40, uint64(20+seed))
		dirs = append(dirs, dir)
	}
	members, err := outputs.Members(dirs)
	if err != nil {
		t.Fatal(err)
	}
	c, err := outputs.Compare(members, "revenue")
	if err != nil {
		t.Fatal(err)
	}
	into := filepath.Join(t.TempDir(), "compared")
	if err := outputs.WriteComparison(into, false, c, false); err != nil {
		t.Fatal(err)
	}
	index := []outputs.IndexRow{
		{Scenario: "=base", Probability: 0.25, Status: "optimal", Seconds: 0.123456789, Run: "0123456789abcdef", Metrics: members[0].Results.Summary},
		{Scenario: "<none>", Probability: 0.75, Status: "infeasible", Seconds: nan, Message: "limits.csv:2: no & no"},
	}
	if err := outputs.WriteIndex(into, index, false); err != nil {
		t.Fatal(err)
	}
	page := parse(t, render(t, report.Comparison("Sweep", c, index)))
	tables := 0
	for _, d := range all(page, "details") {
		file := strings.TrimPrefix(attribute(d, "id"), "table-") + ".csv"
		if want := readCSV(t, filepath.Join(into, file)); len(want) > 1 {
			tables++
			checkTable(t, file, d, want)
		}
	}
	if tables < 4 { // index, metrics, lots, expected
		t.Errorf("%d tables with rows on the page", tables)
	}
	if !strings.Contains(content(page), "Scenario <none> has no run: infeasible.") {
		t.Error("the page does not say which scenario has no run")
	}
}

func checkTable(t *testing.T, name string, d *html.Node, want [][]string) {
	t.Helper()
	column := map[int]int{} // of the CSV file, by that of the page
	for j, th := range all(all(d, "thead")[0], "th") {
		for k, c := range want[0] {
			if c == attribute(th, "data-c") {
				column[j] = k
			}
		}
		if attribute(th, "scope") != "col" || attribute(th, "aria-sort") != "none" {
			t.Errorf("%s: the head %q has no scope or aria-sort", name, content(th))
		}
	}
	rows := all(all(d, "tbody")[0], "tr")
	if len(rows) != len(want)-1 {
		t.Fatalf("%s: %d rows on the page, %d in the file", name, len(rows), len(want)-1)
	}
	shown := map[int]bool{}
	for i, tr := range rows {
		j := 0
		for td := tr.FirstChild; td != nil; td = td.NextSibling {
			if td.Type != html.ElementNode {
				continue
			}
			shown[column[j]] = true
			checkCell(t, fmt.Sprintf("%s:%d:%s", name, i+2, want[0][column[j]]), want[i+1][column[j]], strings.TrimSuffix(content(td), "\n"), attribute(td, "data-v"))
			j++
		}
		if j != len(column) {
			t.Fatalf("%s:%d: %d cells under %d heads", name, i+2, j, len(column))
		}
	}
	for k, c := range want[0] {
		if shown[k] {
			continue
		}
		for i := range want[1:] {
			if want[i+1][k] != "" {
				t.Fatalf("%s: the column %s is not on the page", name, c)
			}
		}
	}
}

var grouped = regexp.MustCompile(`^-?\d{1,3}(,\d{3})*(\.\d+)?$`)

// checkCell compares a cell of a CSV file with what the page shows and, where that is rounded, says beside it.
func checkCell(t *testing.T, where, want, shown, exact string) {
	t.Helper()
	v, err := strconv.ParseFloat(want, 64)
	if exact == "" {
		if got := strings.ReplaceAll(shown, ",", ""); shown != strings.TrimPrefix(want, "'") && got != want {
			t.Errorf("%s: shows %q, the file has %q", where, shown, want)
		}
		return
	}
	if err != nil || exact != want {
		t.Fatalf("%s: holds %q beside %q, the file has %q", where, exact, shown, want)
	}
	got, err := strconv.ParseFloat(strings.ReplaceAll(shown, ",", ""), 64)
	if err != nil {
		t.Fatalf("%s: shows %q", where, shown)
	}
	if strings.Contains(shown, "e") {
		if math.Abs(got-v) > 0.05*math.Abs(v)*(1+1e-9) {
			t.Errorf("%s: shows %s of %s", where, shown, want)
		}
		return
	}
	decimals := len(shown) - 1 - strings.LastIndex(shown, ".")
	if !strings.Contains(shown, ".") {
		decimals = 0
	}
	if !grouped.MatchString(shown) || math.Abs(got-v) > 0.5*math.Pow10(-decimals)*(1+1e-6) || got == 0 && v != 0 {
		t.Errorf("%s: shows %s of %s", where, shown, want)
	}
}

// The page asks the network for nothing, has one of each id, names what it shows, and stays small.
func TestPage(t *testing.T) {
	for _, lots := range []int{0, 1, 400, 6000} {
		_, r, m := written(t, "bid", lots, 3)
		page := report.Run("run", r, m, place(r))
		text := render(t, page)
		if again := render(t, report.Run("run", r, m, place(r))); again != text {
			t.Error("two pages of the same run differ")
		}
		root := parse(t, text)
		ids := map[string]bool{}
		walk(root, func(n *html.Node) {
			for _, a := range n.Attr {
				switch a.Key {
				case "id":
					if ids[a.Val] {
						t.Errorf("two elements have the id %s", a.Val)
					}
					ids[a.Val] = true
				case "src", "href", "action", "xlink:href", "srcset":
					if !strings.HasPrefix(a.Val, "#") && a.Val != "data:," {
						t.Errorf("%s=%q asks for something outside the page", a.Key, a.Val)
					}
				}
			}
			switch {
			case n.Data == "script" && strings.Contains(content(n), "alert"):
				t.Error("a name is a script")
			case n.Data == "svg" && (attribute(n, "role") != "img" || attribute(n, "aria-label") == "" || attribute(n, "viewBox") == ""):
				t.Error("a picture says nothing in words")
			case n.Data == "table" && len(all(n, "caption")) != 1:
				t.Error("a table has no caption")
			case n.Data == "input" && (n.Parent.Data != "label"):
				t.Error("a field has no label")
			}
		})
		for _, a := range all(root, "a") {
			if to := strings.TrimPrefix(attribute(a, "href"), "#"); !ids[to] {
				t.Errorf("a link leads to %q, which is not there", to)
			}
		}
		for _, landmark := range []string{"header", "nav", "main", "footer"} {
			if len(all(root, landmark)) != 1 {
				t.Errorf("%d elements %s", len(all(root, landmark)), landmark)
			}
		}
		if lots == 0 {
			continue
		}
		dir := t.TempDir()
		names, err := page.SavePlots(dir)
		if err != nil || len(names) != len(all(root, "figure")) {
			t.Errorf("%d plots as files, %d on the page: %v", len(names), len(all(root, "figure")), err)
		}
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil || !strings.HasPrefix(string(data), "<?xml") || !strings.HasSuffix(strings.TrimSpace(string(data)), "</svg>") {
				t.Errorf("%s is no SVG document: %v", name, err)
			}
		}
	}
}

// Text and what it stands on differ enough in both themes: 4.5 to 1 for text, 3 to 1 for marks (WCAG 2.2, 1.4.3 and 1.4.11).
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("page.css")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`--ground:[^}]*`).FindAllString(string(css), -1)
	if len(blocks) != 3 || blocks[1] != blocks[2] {
		t.Fatalf("%d sets of colours: one light, two alike that are dark", len(blocks))
	}
	for _, block := range blocks[:2] {
		colors := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([a-z0-9]+): #([0-9a-f]{6})`).FindAllStringSubmatch(block, -1) {
			v, _ := strconv.ParseUint(m[2], 16, 32)
			luminance := 0.0
			for shift, weight := range map[int]float64{16: 0.2126, 8: 0.7152, 0: 0.0722} {
				c := float64(v>>shift&255) / 255
				if c <= 0.04045 {
					c /= 12.92
				} else {
					c = math.Pow((c+0.055)/1.055, 2.4)
				}
				luminance += weight * c
			}
			colors[m[1]] = luminance
		}
		ratio := func(a, b string) float64 {
			low, high := math.Min(colors[a], colors[b]), math.Max(colors[a], colors[b])
			return (high + 0.05) / (low + 0.05)
		}
		for _, ground := range []string{"ground", "card"} {
			for _, ink := range []string{"ink", "quiet", "link", "good"} {
				if r := ratio(ink, ground); r < 4.5 {
					t.Errorf("%s on %s: contrast %.2f", ink, ground, r)
				}
			}
		}
		for _, mark := range []string{"others", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"} {
			if r := ratio(mark, "ground"); r < 3 {
				t.Errorf("%s on ground: contrast %.2f", mark, r)
			}
		}
	}
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func parse(t *testing.T, page string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func walk(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

// all are the elements of the name under n.
func all(n *html.Node, name string) (list []*html.Node) {
	walk(n, func(x *html.Node) {
		if x.Type == html.ElementNode && x.Data == name {
			list = append(list, x)
		}
	})
	return list
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func content(n *html.Node) string {
	var b strings.Builder
	walk(n, func(x *html.Node) {
		if x.Type == html.TextNode {
			b.WriteString(x.Data)
		}
	})
	return b.String()
}
