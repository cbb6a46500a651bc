package verify

import "math"

// Certificates: of each type in each block,
//
//	regret_bound = best_response_bound - sum over strategies of probability x profit   >= 0
//
// (of a run of bid that is averse to risk, with what risk.go says in the place of profit) where no bid gains more than best_response_bound. A bidder's regret is the expectation over its types of
// the sum over blocks; epsilon is the largest, relative_epsilon the largest quotient with the same sum of
// bounds, where one under negligible of the largest counts as that.

// negligible is the share of the largest bound under which a bidder's own is the rounding of its program: the bidder can
// earn nothing.
const negligible = 1e-6

// checkCertificates checks the arithmetic from equilibrium.csv to the summary.
func (k *checker) checkCertificates(p *play) {
	regret, bound := map[int]float64{}, map[int]float64{}
	for _, a := range p.arenas {
		for _, g := range a.groups {
			profit := 0.0
			for _, s := range g.strategies {
				profit += s.probability * k.worthStated(g, k.r.Equilibrium[s.row].Profit)
			}
			scale := math.Abs(profit) + math.Abs(g.bound)
			if want := g.bound - profit; !near(g.regret, math.Max(0, want), scale) && !near(g.regret, want, scale) {
				k.find(tableEquilibrium, g.first, "regret_bound", "%.10g, best_response_bound %.10g less the expected profit %.10g is %.10g", g.regret, g.bound, profit, want)
			}
			if g.regret < -relTol*math.Max(1, scale) || math.IsNaN(g.regret) {
				k.find(tableEquilibrium, g.first, "regret_bound", "%.10g is negative: the bound is under what is earned", g.regret)
			}
			if !atMost(profit, g.bound) {
				k.find(tableEquilibrium, g.first, "best_response_bound", "%.10g is under the expected profit %.10g", g.bound, profit)
			}
			w := p.weight[[2]int{g.bidder, g.typ}]
			regret[g.bidder] += w * g.regret
			bound[g.bidder] += w * g.bound
		}
	}
	epsilon, relative, top := 0.0, 0.0, 0.0
	for _, x := range bound {
		top = math.Max(top, x)
	}
	for b, r := range regret {
		epsilon = math.Max(epsilon, r)
		switch {
		case r <= 0:
		case top > 0:
			relative = math.Max(relative, r/math.Max(bound[b], negligible*top))
		default:
			relative = math.Inf(1)
		}
	}
	k.expectMetric("epsilon", epsilon)
	k.expectMetric("relative_epsilon", relative)
	k.checked("%d certificates: regret, epsilon %.6g and relative epsilon %.6g follow from bounds and profits", len(k.r.Equilibrium), epsilon, relative)
	if k.o.Command == "solve" && k.done() && relative > k.o.Epsilon*(1+relTol)+relTol {
		k.find(tableSummary, k.metric["status"], "value", "status is %s with a relative epsilon of %.6g, over the %.6g asked", k.r.Summary[k.metric["status"]].Text, relative, k.o.Epsilon)
	}
}

// looseness orders the concepts: an equilibrium of one is one of all that follow.
var looseness = map[string]int{"pure": 0, "mixed": 1, "correlated": 2}

// checkConcept checks the stated concept against the tables.
func (k *checker) checkConcept(p *play) {
	row, ok := k.metric["concept"]
	if !ok {
		k.find(tableSummary, -1, "metric", "there is no %q", "concept")
		return
	}
	if k.o.Command != "solve" {
		return
	}
	concept := k.r.Summary[row].Text
	level, known := looseness[concept]
	if !known {
		k.find(tableSummary, row, "value", "concept %q is none of pure, mixed, correlated", concept)
		return
	}
	if asked, ok := looseness[k.o.Concept]; ok && level > asked {
		k.find(tableSummary, row, "value", "concept is %s, asked was %s", concept, k.o.Concept)
	}
	joint := 0
	for _, a := range p.arenas {
		if len(a.profiles) > 0 {
			joint++
		}
		for _, g := range a.groups {
			if concept == "pure" && len(g.strategies) > 1 {
				k.find(tableEquilibrium, g.first, "strategy", "concept is pure, %s has %d strategies", k.groupName(g), len(g.strategies))
			}
		}
	}
	if concept != "correlated" && joint > 0 {
		k.find(tableSummary, row, "value", "concept is %s, profiles.csv holds joint distributions of %d blocks", concept, joint)
	}
	if concept == "correlated" && joint == 0 && len(p.arenas) > 0 {
		k.find(tableSummary, row, "value", "concept is correlated, profiles.csv holds no joint distribution")
	}
}
