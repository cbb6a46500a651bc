package cases

import (
	"math"
	"strings"
	"testing"
)

// TestThreeDigitAreas holds that the national case has a lot for each window in each of 886 areas, named by
// their first three digits.
func TestThreeDigitAreas(t *testing.T) {
	lots := tables(t, national)["lots"]
	windows := make(map[string]string)
	for _, row := range lots.rows {
		zone := lots.text(row, "zone")
		windows[zone] += " " + lots.text(row, "service")
		if len(zone) != 3 || strings.Trim(zone, "0123456789") != "" {
			t.Errorf("zone %q is no three-digit area", zone)
		}
		if capacity := lots.number(t, row, "capacity", 0); capacity <= 0 {
			t.Errorf("lot %s has capacity %v", lots.text(row, "lot"), capacity)
		}
		if lots.text(row, "city") == "" {
			t.Errorf("lot %s names no city", lots.text(row, "lot"))
		}
	}
	if len(windows) != 886 {
		t.Errorf("%d areas, want 886", len(windows))
	}
	for zone, w := range windows {
		if w != " same_day next_day" {
			t.Errorf("area %s has the windows%s", zone, w)
		}
	}
}

// TestNationalTotals holds the national case against the one by state: the same bidders and contracts, the
// same demand to the package, and nearly the same capacity, small shippers, stations and costs.
func TestNationalTotals(t *testing.T) {
	coarse, fine := tables(t, usps), tables(t, national)
	for _, same := range []string{"types", "rules", "scenarios"} {
		if a, b := flat(coarse[same]), flat(fine[same]); a != b {
			t.Errorf("%s differ:\n%s\n%s", same, a, b)
		}
	}
	strategic := coarse["demand"].values("bidder")
	measures := []struct {
		name   string
		within float64 // relative
		of     func(all map[string]table) map[string]float64
	}{
		{"demand", 0, func(all map[string]table) map[string]float64 {
			return sums(t, all["demand"], "volume", "bidder", "service", "value")
		}},
		{"today's contracts", 0, func(all map[string]table) map[string]float64 {
			b := all["bidders"]
			sum := make(map[string]float64)
			for _, row := range b.rows {
				bidder := b.text(row, "bidder")
				if !strategic[bidder] {
					bidder = "small shippers"
				}
				sum[bidder+" volume"] += b.number(t, row, "current_volume", 0)
				sum[bidder+" payment"] += b.number(t, row, "current_payment", 0)
			}
			return sum
		}},
		// Areas are rural as wholes, and dense ones are offered more windows than by homes.
		{"capacity", 0.10, func(all map[string]table) map[string]float64 {
			sum := make(map[string]float64)
			for _, row := range all["lots"].rows {
				lots := all["lots"]
				if lots.text(row, "rural") == "1" && lots.text(row, "service") == "same_day" {
					continue // lots that the case by state does not have
				}
				sum[lots.text(row, "service")+lots.text(row, "rural")] += lots.number(t, row, "capacity", 0)
			}
			return sum
		}},
		{"small shippers", 0.01, func(all map[string]table) map[string]float64 {
			given := all["bids"]
			sum := make(map[string]float64)
			for _, row := range given.rows {
				if !strategic[given.text(row, "bidder")] {
					sum[""] += given.number(t, row, "quantity", 0)
				}
			}
			return sum
		}},
		// No station is smaller than a quarter of one.
		{"fixed cost of stations", 0.20, func(all map[string]table) map[string]float64 {
			return sums(t, all["facilities"], "fixed_cost", "bidder")
		}},
	}
	for _, m := range measures {
		want, got := m.of(coarse), m.of(fine)
		if len(got) != len(want) {
			t.Errorf("%s: %v against %v", m.name, got, want)
		}
		for of, w := range want {
			if g := got[of]; math.Abs(g-w) > m.within*w {
				t.Errorf("%s of %s: %.0f against %.0f by state", m.name, of, g, w)
			}
		}
	}
}

// sums adds up a column by the cells of other columns.
func sums(t *testing.T, tab table, column string, by ...string) map[string]float64 {
	t.Helper()
	sum := make(map[string]float64)
	for _, row := range tab.rows {
		var key []string
		for _, c := range by {
			key = append(key, tab.text(row, c))
		}
		sum[strings.Join(key, " ")] += tab.number(t, row, column, 0)
	}
	return sum
}

func flat(tab table) string {
	var lines []string
	for _, row := range tab.rows {
		lines = append(lines, strings.Join(row, ","))
	}
	return strings.Join(lines, "\n")
}
