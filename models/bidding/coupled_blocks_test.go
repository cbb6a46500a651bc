package bidding_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"lotwise/models/auction"
	"lotwise/models/auction/generate"
	"lotwise/models/bidding"
	"lotwise/models/verify"
)

// Where limits are on lots and zones, a market is answered block by block: the bid of all of it is worth what it is in
// the halves on their own, one under limits and one by the merit order; stopped at any time its bound holds of the best bid
// known; and all of it stands up to the independent check.
func TestJoinedBlocks(t *testing.T) {
	nan := math.NaN()
	m := generate.Market{Lots: 16, Windows: 2, Zones: 1, Scenarios: 4, Rivals: 3, Seed: 3}
	c := m.Case()
	// half is the market's zones of one side, limits and all.
	half := func(side string) *auction.Case {
		h := *c
		h.Lots, h.Beliefs = nil, nil
		at := map[int]int{}
		for l := range c.Lots {
			if c.Lots[l].Attributes["side"] == side {
				at[l] = len(h.Lots)
				h.Lots = append(h.Lots, c.Lots[l])
			}
		}
		for _, s := range c.Beliefs {
			var bids []auction.Bid
			for _, b := range s.Bids {
				if l, ok := at[b.Rows[0].Lot]; ok {
					b.Rows = []auction.BidRow{b.Rows[0]}
					b.Rows[0].Lot = l
					bids = append(bids, b)
				}
			}
			s.Bids = bids
			h.Beliefs = append(h.Beliefs, s)
		}
		if side == "free" {
			h.Limits = nil
		}
		return &h
	}
	for l := range c.Lots {
		side := "free"
		if l < 8 {
			side = "bound"
		}
		c.Lots[l].Attributes = map[string]string{"side": side}
	}
	c.Limits = []auction.Limit{
		{Name: "share", Measure: auction.MeasureVolume, Of: auction.OfCapacity, Per: "lot;bidder", Where: "side=bound", Min: nan, Max: 0.4, Penalty: nan},
		{Name: "few", Measure: auction.MeasureWinners, Per: "zone", Where: "side=bound", Min: nan, Max: 2, Penalty: nan},
	}
	solve := func(c *auction.Case, limit time.Duration) (*auction.Results, float64, float64) {
		o := options()
		o.Gap, o.TimeLimit, o.Curves = 1e-3, limit, 0
		r, err := bidding.Solve(context.Background(), c, generate.MarketBidder, o)
		if err != nil {
			t.Fatal(err)
		}
		v := verify.Check(c, r, verify.Options{Command: "bid", Gap: o.Gap, Epsilon: 1e-3, Concept: "auto"})
		if len(v.Findings) > 0 {
			t.Error(v.Findings)
			for _, b := range r.RecommendedBids {
				if b.Lot == "z0004-0" {
					t.Logf("%+v", b)
				}
			}
			for _, b := range r.Allocation {
				if b.Lot == "z0004-0" {
					t.Logf("%+v", b)
				}
			}
			for _, l := range c.Lots {
				if l.Name == "z0004-0" {
					t.Logf("%+v", l)
				}
			}
			for _, s := range c.Beliefs {
				for _, b := range s.Bids {
					if c.Lots[b.Rows[0].Lot].Name == "z0004-0" {
						t.Logf("%v %+v", s.Scenario, b)
					}
				}
			}
		}
		return r, metric(t, r, "objective").Number, metric(t, r, "bound").Number
	}
	_, all, bound := solve(c, 0)
	_, limited, limitedBound := solve(half("bound"), 0)
	_, free, freeBound := solve(half("free"), 0)
	t.Logf("all %.0f to %.0f, under limits %.0f to %.0f, free %.0f to %.0f", all, bound, limited, limitedBound, free, freeBound)
	if slack := 1e-9 * all; all > limitedBound+freeBound+slack || limited+free > bound+slack {
		t.Errorf("all %v to %v, the halves %v to %v and %v to %v", all, bound, limited, limitedBound, free, freeBound)
	}
	if free <= 0 || limited <= 0 {
		t.Error("a half gains nothing: nothing is tested")
	}
	for _, limit := range []time.Duration{time.Millisecond, 30 * time.Millisecond, 300 * time.Millisecond} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			r, got, most := solve(c, limit)
			if slack := 1e-9 * all; got > bound+slack || most < all-slack {
				t.Errorf("stopped: %v to %v, %s; all %v to %v", got, most, r.Status, all, bound)
			}
		})
	}
}
