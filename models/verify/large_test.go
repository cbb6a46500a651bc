package verify

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"lotwise/models/auction"
)

// TestLargeBlock verifies a block of national shape: 6 lots, 10 bidders, three of them with types, 50
// profiles. The bids are random, so the stated expectations are wrong throughout; what is tested is that
// all of it is recomputed, with some bids left out of the attack for time, and that a bound under what
// the search finds is reported.
func TestLargeBlock(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	c := &auction.Case{Rules: auction.DefaultRules()}
	const blocks, perBlock, bidders, profiles = 1, 6, 10, 50
	for b := range blocks {
		for l := range perBlock {
			c.Lots = append(c.Lots, auction.Lot{Name: fmt.Sprintf("L%d-%d", b, l), Zone: fmt.Sprintf("Z%d-%d", b, l/2), Capacity: float64(1000 + 100*random.IntN(20)), Reserve: 1})
		}
	}
	for i := range bidders {
		b := auction.Bidder{Name: fmt.Sprintf("bidder %d", i), Budget: math.Inf(1), MaxVolume: math.Inf(1), AccessCost: 0.5, Types: []auction.Type{auction.Known}}
		for z := range blocks {
			b.Facilities = append(b.Facilities, auction.Facility{Name: fmt.Sprintf("F%d", z), FixedCost: 500, Capacity: math.Inf(1)})
			for n := range perBlock / 2 {
				zone := fmt.Sprintf("Z%d-%d", z, n)
				b.Demand = append(b.Demand, auction.Demand{Zone: zone, Volume: float64(500 + 100*random.IntN(10)), Value: math.NaN()})
				b.Routes = append(b.Routes,
					auction.Route{Name: "own " + zone, Zone: zone, UnitCost: 2 + random.Float64(), Capacity: math.Inf(1), Facility: z},
					auction.Route{Name: "carrier " + zone, Zone: zone, UnitCost: 4 + random.Float64(), Capacity: math.Inf(1), Facility: -1})
			}
		}
		if i < 3 {
			b.Types = nil
			for n, p := range []float64{0.3, 0.4, 0.3} {
				b.Types = append(b.Types, auction.Type{Name: fmt.Sprint("t", n), Probability: p, ValueFactor: 1, VolumeFactor: 0.8 + 0.2*float64(n), AccessCostFactor: 1, UnitCostFactor: 1, FixedCostFactor: 1})
			}
		}
		c.Bidders = append(c.Bidders, b)
	}
	r := &auction.Results{Command: "solve"}
	for z := range blocks {
		block := fmt.Sprintf("B%02d", z+1)
		for _, b := range c.Bidders {
			for _, ty := range b.Types {
				const strategies = 5
				for s := range strategies {
					name := fmt.Sprintf("s%d", s+1)
					r.Equilibrium = append(r.Equilibrium, auction.EquilibriumRow{Bidder: b.Name, Type: ty.Name, Strategy: name, Probability: 1.0 / strategies, BestResponseBound: 1e9, RegretBound: 1e9, Block: block})
					for l := range perBlock {
						lot := &c.Lots[z*perBlock+l]
						r.RecommendedBids = append(r.RecommendedBids, auction.RecommendedBid{
							Bidder: b.Name, Type: ty.Name, Strategy: name, Probability: 1.0 / strategies, Bid: lot.Name, Lot: lot.Name,
							Quantity: float64(100 * (1 + random.IntN(5))), Price: 1 + float64(random.IntN(250))/100, Block: block,
						})
					}
				}
				for p := range profiles {
					r.Profiles = append(r.Profiles, auction.ProfileRow{Profile: fmt.Sprint("p", p+1), Probability: 1.0 / profiles, Bidder: b.Name, Type: ty.Name, Strategy: fmt.Sprintf("s%d", (p*7+len(b.Name)+len(r.Profiles))%strategies+1), Block: block})
				}
			}
		}
	}
	// The strategies' probabilities follow from the profiles.
	played := map[[4]string]float64{}
	for _, p := range r.Profiles {
		played[[4]string{p.Bidder, p.Type, p.Strategy, p.Block}] += p.Probability
	}
	for i := range r.Equilibrium {
		e := &r.Equilibrium[i]
		e.Probability = played[[4]string{e.Bidder, e.Type, e.Strategy, e.Block}]
	}
	for i := range r.RecommendedBids {
		b := &r.RecommendedBids[i]
		b.Probability = played[[4]string{b.Bidder, b.Type, b.Strategy, b.Block}]
	}
	report := Check(c, r, Options{Command: "solve", Epsilon: 1, Concept: "correlated"})
	attacked := false
	for _, line := range report.Checked {
		t.Log(line)
		if strings.Contains(line, "not recomputed") {
			t.Errorf("left out: %s", line)
		}
		attacked = attacked || strings.HasPrefix(line, "best-response bounds of 16 bidders' types")
	}
	if !attacked {
		t.Error("not every bound was attacked")
	}
	wrong := 0
	for _, f := range report.Findings {
		if f.Table == tableBids && f.Column == "expected_quantity" {
			wrong++
		}
		if f.Column == "best_response_bound" {
			t.Errorf("no bid earns 1e9: %s", f)
		}
	}
	if wrong < len(r.RecommendedBids)/2 {
		t.Errorf("%d of %d rows that bring something and state nothing were found", wrong, len(r.RecommendedBids))
	}
	for i := range r.Equilibrium {
		r.Equilibrium[i].BestResponseBound, r.Equilibrium[i].RegretBound = 0, 0
	}
	under := 0
	for _, f := range Check(c, r, Options{Command: "solve", Epsilon: 1, Concept: "correlated"}).Findings {
		if f.Column == "best_response_bound" {
			under++
		}
	}
	if under < bidders {
		t.Errorf("%d bounds of 0 were beaten by a better bid, want %d at least", under, bidders)
	}
}
