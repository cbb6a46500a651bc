package auction

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// What becomes of a bidder that has a contract today.
const (
	Renewed    = "renewed"    // no less volume, at a higher price a package
	ColdPeace  = "cold_peace" // less volume, at a higher price
	Separation = "separation" // under a tenth of today's volume
	Gain       = "gain"       // all else
)

// separated is the share of today's volume under which a bidder has left.
const separated = 0.1

// sameShare is how near volumes and prices are the same: a renewal of the same volume is one, whatever sums of
// decimals come to.
const sameShare = 1e-9

// Outcome says what becomes of a bidder with today's volume and payment that wins a volume for a payment.
func Outcome(currentVolume, currentPayment, volume, payment float64) string {
	if volume < separated*currentVolume*(1-sameShare) || volume <= 0 {
		return Separation
	}
	// payment/volume over currentPayment/currentVolume, free of quotients by zero
	dearer := payment*currentVolume > currentPayment*volume*(1+sameShare)
	switch {
	case dearer && volume >= currentVolume*(1-sameShare):
		return Renewed
	case dearer:
		return ColdPeace
	default:
		return Gain
	}
}

// mostGroups bounds the values of a column of the user's own that capacity is told by: beyond, it is a
// description rather than a group.
const mostGroups = 12

// Outcomes are the metrics of what a result leads to, beside today's:
//
//   - outcome:NAME of every bidder that has a current_volume, and volume_change:NAME, the share of it won more (or less);
//   - current_revenue, what today's contracts pay, and revenue_change over it; current_contribution, that less the
//     capacity-weighted mean cost of the lots for their volume, and contribution_change;
//   - sold_share:COLUMN=VALUE of the lots by each column of the user's own in lots.csv, and by service;
//   - channel_share:CHANNEL, of the volume that all bidders deliver: lots, or a route by its name.
//
// What there is nothing to compare with is left out.
func Outcomes(c *Case, r *Results) []Metric {
	var metrics []Metric
	number := func(name string, v float64, unit string) {
		metrics = append(metrics, Metric{Name: name, Number: v, Unit: unit})
	}
	var revenue, contribution, currentPayment, currentVolume float64
	volume := map[string]float64{}
	for _, a := range r.Allocation {
		volume[a.Bidder] += a.Quantity
	}
	var cost, capacity float64
	for l := range c.Lots {
		cost += c.Lots[l].Cost * c.Lots[l].Capacity
		capacity += c.Lots[l].Capacity
	}
	for l := range r.Lots {
		revenue += r.Lots[l].Revenue
		contribution += r.Lots[l].Revenue - c.Lots[l].Cost*r.Lots[l].Sold
	}
	compared, paid := false, true
	for i := range c.Bidders {
		b := &c.Bidders[i]
		if math.IsNaN(b.CurrentVolume) || b.CurrentVolume <= 0 {
			continue
		}
		compared = true
		payment := 0.0
		for _, p := range r.Payments {
			if p.Bidder == b.Name {
				payment = p.Payment
			}
		}
		won := volume[b.Name]
		currentVolume += b.CurrentVolume
		if math.IsNaN(b.CurrentPayment) {
			paid = false
		} else {
			currentPayment += b.CurrentPayment
			metrics = append(metrics, Metric{Name: "outcome:" + b.Name, Text: Outcome(b.CurrentVolume, b.CurrentPayment, won, payment)})
		}
		number("volume_change:"+b.Name, won/b.CurrentVolume-1, "")
	}
	if compared && paid {
		money := c.Rules.Currency
		number("current_revenue", currentPayment, money)
		if currentPayment > 0 {
			number("revenue_change", revenue/currentPayment-1, "")
		}
		if capacity > 0 {
			today := currentPayment - cost/capacity*currentVolume
			number("current_contribution", today, money)
			if today > 0 {
				number("contribution_change", contribution/today-1, "")
			}
		}
	}
	metrics = append(metrics, soldShares(c, r)...)
	return append(metrics, channelShares(r)...)
}

// place are the columns that say where a lot is: no groups, in however few lots.
var place = map[string]bool{"latitude": true, "longitude": true}

// soldShares are what is sold of the capacity of groups of lots.
func soldShares(c *Case, r *Results) []Metric {
	columns := []string{"service"}
	if len(c.Lots) > 0 {
		own := make([]string, 0, len(c.Lots[0].Attributes))
		for name := range c.Lots[0].Attributes {
			if !place[name] {
				own = append(own, name)
			}
		}
		sort.Strings(own)
		columns = append(columns, own...)
	}
	var metrics []Metric
	for _, column := range columns {
		sold, capacity := map[string]float64{}, map[string]float64{}
		var values []string
		for l := range c.Lots {
			value := c.Lots[l].cell(column)
			if value == "" {
				continue
			}
			if _, known := capacity[value]; !known {
				values = append(values, value)
			}
			capacity[value] += c.Lots[l].Capacity
			sold[value] += r.Lots[l].Sold
		}
		if len(values) < 2 || len(values) > mostGroups {
			continue
		}
		slices.Sort(values)
		for _, v := range values {
			if capacity[v] > 0 {
				metrics = append(metrics, Metric{Name: "sold_share:" + column + "=" + v, Number: sold[v] / capacity[v]})
			}
		}
	}
	return metrics
}

// LotChannel is how a delivery through a lot is called among the channels.
const LotChannel = "lots"

// channelShares are the shares of delivered volume by channel, the largest first.
func channelShares(r *Results) []Metric {
	lots := map[string]bool{}
	for i := range r.Lots {
		lots[r.Lots[i].Lot] = true
	}
	volume := map[string]float64{}
	var channels []string
	total := 0.0
	for _, n := range r.Network {
		channel := n.Channel
		if lots[channel] {
			channel = LotChannel
		}
		if n.Volume <= 0 {
			continue
		}
		if volume[channel] == 0 {
			channels = append(channels, channel)
		}
		volume[channel] += n.Volume
		total += n.Volume
	}
	slices.SortStableFunc(channels, func(a, b string) int { return cmp.Compare(volume[b], volume[a]) })
	var metrics []Metric
	for _, channel := range channels {
		metrics = append(metrics, Metric{Name: "channel_share:" + channel, Number: volume[channel] / total})
	}
	return metrics
}
