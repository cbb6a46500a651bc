package bidding

import (
	"slices"

	"lotwise/models/auction"
	"lotwise/models/network"
)

// A domain is one component of the bidder's network with what a bid wins there: what a lot is worth depends on the
// lots of its component alone.
type domain struct {
	net    *network.Network
	values *network.Evaluator
	lots   []int // positions in Problem.Lots, in the order of net.Lots()
	takes  []take
	of     []int32 // by scenario: its take
}

// A take is what the bid wins of a component's lots in some of the scenarios.
type take struct {
	probability float64
	won         []float64
	value       float64 // V of the component
}

// domains splits what a bid leads to by component.
func (p *Problem) domains(out *Outcome) []*domain {
	position := p.view().position
	var list []*domain
	for _, n := range p.Network.Components() {
		s := &domain{net: n, values: n.NewEvaluator(), of: make([]int32, len(p.Scenarios))}
		for _, l := range n.Lots() {
			s.lots = append(s.lots, position[l])
		}
		at := map[string]int32{}
		ofCase := make([]int32, len(out.Cases))
		var key []byte
		for c := range out.Cases {
			won := make([]float64, len(s.lots))
			key = key[:0]
			for j, l := range s.lots {
				won[j] = out.Cases[c].Won[l]
				key = appendFloat(key, won[j])
			}
			t, ok := at[string(key)]
			if !ok {
				t = int32(len(s.takes))
				at[string(key)] = t
				s.takes = append(s.takes, take{won: won, value: s.values.Value(won)})
			}
			s.takes[t].probability += out.Cases[c].Probability
			ofCase[c] = t
		}
		for i, c := range out.Case {
			s.of[i] = ofCase[c]
		}
		list = append(list, s)
	}
	return list
}

// with returns V of the component when q packages of its j-th lot are won instead, everything else as in the take.
func (s *domain) with(t *take, j int, q float64) float64 {
	if t.won[j] == q {
		return t.value
	}
	w := slices.Clone(t.won)
	w[j] = q
	return s.values.Value(w)
}

// expect returns E f over the takes.
func (s *domain) expect(f func(t *take) float64) float64 {
	sum := 0.0
	for i := range s.takes {
		sum += s.takes[i].probability * f(&s.takes[i])
	}
	return sum
}

// serve returns what each of some rows for one lot, given in the order in which they are served, wins of a residual
// supply.
func serve(won []float64, rows auction.Strategy, supply *Supply) []float64 {
	won = won[:0]
	before := 0.0
	for _, b := range rows {
		w := min(b.Quantity, max(0, supply.At(b.Tick)-before))
		won = append(won, w)
		before += w
	}
	return won
}
