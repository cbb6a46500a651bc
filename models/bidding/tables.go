package bidding

import (
	"context"
	"math"

	"lotwise/models/auction"
	"lotwise/models/network"
)

// explain adds what says why a type's bid is what it is: what each lot is worth, curves of expected profit, what is
// earned in each scenario, and what becomes of the facilities.
func (e *expectation) explain(ctx context.Context, r *auction.BidTables, p *Problem, s auction.Strategy, out *Outcome, o auction.Options) error {
	domains := p.domains(out)
	stakes := p.stakes(s, out, domains)
	bidder, typ := e.c.Bidders[e.bidder].Name, e.c.Bidders[e.bidder].Types[p.Network.Type()].Name
	for _, x := range p.lotRows(e.c, s, out, stakes) {
		if e.joint != nil {
			x.WinProbability = e.winsAny(s, x.Lot)
		}
		x.Bidder, x.Type = bidder, typ
		r.BidLots = append(r.BidLots, x)
	}
	var points []auction.CurvePoint
	if e.joint == nil {
		points = p.curveRows(e.c, s, out, stakes, o.Curves)
	} else {
		var err error
		if points, err = e.joinedCurves(ctx, s, stakes, o); err != nil {
			return err
		}
	}
	for _, x := range points {
		x.Bidder, x.Type = bidder, typ
		r.BidCurves = append(r.BidCurves, x)
	}
	for _, x := range p.facilityRows(e.c, domains) {
		x.Bidder, x.Type = bidder, typ
		r.Facilities = append(r.Facilities, x)
	}
	for i, k := range out.Case {
		got := &out.Cases[k]
		x := auction.ProfitScenario{
			Bidder: bidder, Type: typ, Scenario: e.c.Beliefs[i].Scenario, Probability: e.c.Beliefs[i].Probability,
			Profit: got.Profit, Payment: got.Payment,
		}
		for _, w := range got.Won {
			x.Volume += w
		}
		r.ProfitScenarios = append(r.ProfitScenarios, x)
		if !o.NetworkScenarios {
			continue
		}
		d := network.NewDeliveries(e.c)
		d.Add(e.bidder, p.view().values.Deliver(got.Won), 1)
		for _, n := range d.Rows() {
			r.NetworkScenarios = append(r.NetworkScenarios, auction.NetworkScenario{
				Scenario: x.Scenario, Bidder: bidder, Type: typ, Zone: n.Zone, Service: n.Service, Channel: n.Channel, Volume: n.Volume, Cost: n.Cost,
			})
		}
	}
	return nil
}

// lossSlack is the share of V(0) by which a profit, which is a difference of such values, may be under zero and still
// be none: rounding.
const lossSlack = 1e-9

// risk adds to the summary how the profit is distributed over the bidder's types and the scenarios. The CVaR is that
// of each type, which knows what it is, in expectation over types.
func (e *expectation) risk(r *auction.Results, chosen []played, k auction.Risk) {
	mean, square, loss, worst, cvar := 0.0, 0.0, 0.0, math.Inf(1), 0.0
	for _, x := range chosen {
		mean += x.weight * x.out.Profit
		cvar += x.weight * x.out.CVaR(k)
	}
	for _, x := range chosen {
		for _, k := range x.out.Cases {
			w := x.weight * k.Probability
			square += w * (k.Profit - mean) * (k.Profit - mean)
			if k.Profit < -lossSlack*math.Abs(x.problem.view().zero) {
				loss += w
			}
			worst = min(worst, k.Profit)
		}
	}
	money := e.c.Rules.Currency
	r.Summary = append(r.Summary,
		auction.Metric{Name: "profit_standard_deviation", Number: math.Sqrt(square), Unit: money},
		auction.Metric{Name: "worst_profit", Number: worst, Unit: money},
		auction.Metric{Name: "loss_probability", Number: loss},
		auction.Metric{Name: "cvar", Number: cvar, Unit: money},
		auction.Metric{Name: "tail", Number: k.Of()},
		auction.Metric{Name: "risk_aversion", Number: k.Aversion})
}
