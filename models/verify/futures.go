package verify

import (
	"math"
	"strings"

	"lotwise/models/auction"
)

// Against today's contract of current_volume V and current_payment P a bidder that wins v packages for p has the
// outcome (models of outcomes: separation before all others)
//
//	separation   v < V/10, or nothing
//	renewed      v ≥ V and p/v > P/V
//	cold_peace   v < V and p/v > P/V
//	gain         all else
//
// A comparison within rounding may come out either way.

// futures checks the metrics of summary.csv that compare a result with today's contracts, and the shares that groups of
// lots and channels have. They are recomputed from the run's other tables, which other checks hold to the case.
func (k *checker) futures() {
	known := map[string]bool{}
	number := func(name string, want float64) {
		known[name] = true
		k.expectMetric(name, want)
	}
	won, paid := map[string]float64{}, map[string]float64{}
	for _, a := range k.r.Allocation {
		won[a.Bidder] += a.Quantity
	}
	for _, p := range k.r.Payments {
		paid[p.Bidder] += p.Payment
	}

	var volume, payment float64 // of all contracts
	contracts, priced := 0, true
	for _, b := range k.c.Bidders {
		if !(b.CurrentVolume > 0) {
			continue
		}
		contracts++
		volume += b.CurrentVolume
		number("volume_change:"+b.Name, (won[b.Name]-b.CurrentVolume)/b.CurrentVolume)
		if math.IsNaN(b.CurrentPayment) {
			priced = false
			continue
		}
		payment += b.CurrentPayment
		name := "outcome:" + b.Name
		known[name] = true
		may := outcomes(b.CurrentVolume, b.CurrentPayment, won[b.Name], paid[b.Name])
		row, ok := k.metric[name]
		switch {
		case !ok:
			k.find(tableSummary, -1, "metric", "there is no %q", name)
		case !may[k.r.Summary[row].Text]:
			k.find(tableSummary, row, "value", "%s is %q: %.10g packages for %.10g against today's %.10g for %.10g are not", name, k.r.Summary[row].Text, won[b.Name], paid[b.Name], b.CurrentVolume, b.CurrentPayment)
		}
	}
	var revenue, contribution, cost, capacity float64
	for l, row := range k.r.Lots {
		revenue += row.Revenue
		if l < len(k.c.Lots) {
			contribution += row.Revenue - row.Sold*k.c.Lots[l].Cost
		}
	}
	for _, l := range k.c.Lots {
		cost += l.Capacity * l.Cost
		capacity += l.Capacity
	}
	if contracts > 0 && priced {
		number("current_revenue", payment)
		if payment > 0 {
			number("revenue_change", (revenue-payment)/payment)
		}
		if capacity > 0 {
			today := payment - volume*(cost/capacity)
			number("current_contribution", today)
			if today > 0 {
				number("contribution_change", (contribution-today)/today)
			}
		}
	}
	for _, m := range k.r.Summary {
		switch kind, of, _ := strings.Cut(m.Name, ":"); kind {
		case "sold_share":
			if column, value, ok := strings.Cut(of, "="); ok {
				number(m.Name, k.soldShare(column, value))
			}
		case "channel_share":
			number(m.Name, k.channelShare(of))
		}
	}
	stated := 0
	for row, m := range k.r.Summary {
		switch kind, of, ok := strings.Cut(m.Name, ":"); {
		case known[m.Name]:
			stated++
		case ok && (kind == "outcome" || kind == "volume_change" || kind == "sold_share" || kind == "channel_share"):
			k.find(tableSummary, row, "metric", "there is nothing that %s could be of: %q", kind, of)
		}
	}
	if stated > 0 {
		k.checked("%d metrics beside today's contracts and of shares are as recomputed", stated)
	}
}

// outcomes are the outcomes that a bidder may be said to have, more than one where rounding decides.
func outcomes(currentVolume, currentPayment, volume, payment float64) map[string]bool {
	may := map[string]bool{}
	tenth := currentVolume / 10
	if volume <= 0 || volume < tenth || same(volume, tenth) {
		may[auction.Separation] = true
		if volume <= 0 || !same(volume, tenth) {
			return may
		}
	}
	price, today := payment/volume, currentPayment/currentVolume
	if price > today || same(price, today) {
		if volume >= currentVolume || same(volume, currentVolume) {
			may[auction.Renewed] = true
		}
		if volume < currentVolume || same(volume, currentVolume) {
			may[auction.ColdPeace] = true
		}
	}
	if price <= today || same(price, today) {
		may[auction.Gain] = true
	}
	return may
}

// soldShare is what is sold of the capacity of the lots with a value in a column.
func (k *checker) soldShare(column, value string) float64 {
	var sold, capacity float64
	for l, lot := range k.c.Lots {
		cell := lot.Attributes[column]
		if column == "service" {
			cell = lot.Service
		}
		if cell == value && l < len(k.r.Lots) {
			sold += k.r.Lots[l].Sold
			capacity += lot.Capacity
		}
	}
	return sold / capacity
}

// channelShare is a channel's share of all delivered packages; all lots are one channel.
func (k *checker) channelShare(channel string) float64 {
	var part, all float64
	for _, n := range k.r.Network {
		_, lot := k.lot[n.Channel]
		if n.Channel == channel && !lot || channel == "lots" && lot {
			part += n.Volume
		}
		all += n.Volume
	}
	return part / all
}
