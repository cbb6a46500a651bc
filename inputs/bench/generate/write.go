package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"lotwise/models/auction"
)

// write writes the tables of a drawn case into a folder, which may exist; numbers as their shortest
// decimals, so that reading them gives the same case.
func write(folder string, c *auction.Case) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	tables := []struct {
		name string
		rows [][]string
	}{
		{"lots", lots(c)},
		{"bidders", bidders(c)},
		{"bids", bids(c)},
		{"limits", limits(c)},
		{"adjustments", adjustments(c)},
		{"demand", demand(c)},
		{"routes", routes(c)},
		{"facilities", facilities(c)},
		{"beliefs", beliefs(c)},
		{"rules", rules(&c.Rules)},
	}
	for _, t := range tables {
		if len(t.rows) == 1 {
			continue // a header alone
		}
		if err := writeTable(filepath.Join(folder, t.name+".csv"), t.rows); err != nil {
			return err
		}
	}
	return nil
}

func writeTable(path string, rows [][]string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	w.WriteAll(rows)
	if err := w.Error(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// decimal writes a number, NaN and what a blank cell stands for as blank.
func decimal(v, blank float64) string {
	if math.IsNaN(v) || v == blank {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// attributes are the names of the user's own columns.
func attributes(of []map[string]string) []string {
	var found []string
	for _, cells := range of {
		for name := range cells {
			if !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return found
}

func lots(c *auction.Case) [][]string {
	var own []map[string]string
	for l := range c.Lots {
		own = append(own, c.Lots[l].Attributes)
	}
	columns := attributes(own)
	rows := [][]string{append([]string{"lot", "zone", "service", "capacity", "reserve", "cost"}, columns...)}
	for _, l := range c.Lots {
		row := []string{l.Name, l.Zone, l.Service, decimal(l.Capacity, math.NaN()), decimal(l.Reserve, 0), decimal(l.Cost, 0)}
		for _, name := range columns {
			row = append(row, l.Attributes[name])
		}
		rows = append(rows, row)
	}
	return rows
}

func bidders(c *auction.Case) [][]string {
	var own []map[string]string
	for i := range c.Bidders {
		own = append(own, c.Bidders[i].Attributes)
	}
	columns := attributes(own)
	rows := [][]string{append([]string{"bidder", "class", "budget", "max_volume", "access_cost", "current_volume", "current_payment"}, columns...)}
	for _, b := range c.Bidders {
		row := []string{
			b.Name, b.Class, decimal(b.Budget, math.Inf(1)), decimal(b.MaxVolume, math.Inf(1)), decimal(b.AccessCost, math.NaN()),
			decimal(b.CurrentVolume, math.NaN()), decimal(b.CurrentPayment, math.NaN()),
		}
		for _, name := range columns {
			row = append(row, b.Attributes[name])
		}
		rows = append(rows, row)
	}
	return rows
}

func bids(c *auction.Case) [][]string {
	return append([][]string{bidColumns}, bidRows(c, c.Bids)...)
}

var bidColumns = []string{"bidder", "bid", "lot", "quantity", "price", "amount", "min_fraction", "group", "requires"}

func bidRows(c *auction.Case, of []auction.Bid) [][]string {
	var rows [][]string
	for b := range of {
		bid := &of[b]
		for n, r := range bid.Rows {
			price, amount, requires := decimal(r.Price, math.NaN()), "", ""
			if bid.ByAmount {
				price = ""
				if n == 0 {
					amount = decimal(bid.Amount, math.NaN())
				}
			}
			if bid.Requires >= 0 {
				requires = of[bid.Requires].Name
			}
			rows = append(rows, []string{
				c.Bidders[bid.Bidder].Name, bid.Name, c.Lots[r.Lot].Name, decimal(r.Quantity, math.NaN()), price, amount,
				decimal(bid.MinFraction, 0), bid.Group, requires,
			})
		}
	}
	return rows
}

// beliefs have no column requires.
func beliefs(c *auction.Case) [][]string {
	last := len(bidColumns) - 1
	rows := [][]string{append([]string{"scenario", "probability"}, bidColumns[:last]...)}
	for _, b := range c.Beliefs {
		for _, row := range bidRows(c, b.Bids) {
			rows = append(rows, append([]string{b.Scenario, decimal(b.Probability, math.NaN())}, row[:last]...))
		}
	}
	return rows
}

func demand(c *auction.Case) [][]string {
	rows := [][]string{{"bidder", "zone", "service", "volume", "value"}}
	for _, b := range c.Bidders {
		for _, d := range b.Demand {
			rows = append(rows, []string{b.Name, d.Zone, strings.Join(d.Services, "|"), decimal(d.Volume, math.NaN()), decimal(d.Value, math.NaN())})
		}
	}
	return rows
}

func routes(c *auction.Case) [][]string {
	rows := [][]string{{"bidder", "route", "zone", "service", "unit_cost", "capacity", "facility"}}
	for _, b := range c.Bidders {
		for _, r := range b.Routes {
			facility := ""
			if r.Facility >= 0 {
				facility = b.Facilities[r.Facility].Name
			}
			rows = append(rows, []string{b.Name, r.Name, r.Zone, r.Service, decimal(r.UnitCost, math.NaN()), decimal(r.Capacity, math.Inf(1)), facility})
		}
	}
	return rows
}

func facilities(c *auction.Case) [][]string {
	rows := [][]string{{"bidder", "facility", "fixed_cost", "capacity"}}
	for _, b := range c.Bidders {
		for _, f := range b.Facilities {
			rows = append(rows, []string{b.Name, f.Name, decimal(f.FixedCost, math.NaN()), decimal(f.Capacity, math.Inf(1))})
		}
	}
	return rows
}

func limits(c *auction.Case) [][]string {
	rows := [][]string{{"limit", "measure", "of", "per", "where", "min", "max", "or_nothing", "penalty"}}
	for _, l := range c.Limits {
		orNothing := ""
		if l.OrNothing {
			orNothing = "yes"
		}
		rows = append(rows, []string{
			l.Name, l.Measure, l.Of, l.Per, l.Where, decimal(l.Min, math.NaN()), decimal(l.Max, math.NaN()), orNothing, decimal(l.Penalty, math.NaN()),
		})
	}
	return rows
}

func adjustments(c *auction.Case) [][]string {
	rows := [][]string{{"adjustment", "where", "factor", "add"}}
	for _, a := range c.Adjustments {
		rows = append(rows, []string{a.Name, a.Where, decimal(a.Factor, 1), decimal(a.Add, 0)})
	}
	return rows
}

func rules(r *auction.Rules) [][]string {
	return [][]string{
		{"name", "value"},
		{"objective", r.Objective},
		{"payment", r.Payment},
		{"price_step", decimal(r.PriceStep, math.NaN())},
		{"ties", r.Ties},
		{"bid_steps", fmt.Sprint(r.BidSteps)},
		{"currency", r.Currency},
	}
}
