package bidding

import (
	"maps"
	"slices"
)

// congest bounds bids whose facilities' capacity is scarce: with the capacities priced (network.Congested) every bid is worth
// no less, and pools tell all of it. The prices are those at which the best bid known is worth least; bids that are best in
// the congested network are tried in the true one. It goes on while bound or bid gets better.
func (h *hunt) congest() error {
	for range congestRounds {
		was, had := h.bound, h.value
		if err := h.congested(); err != nil {
			return err
		}
		if h.done() || h.bound >= was*(1-h.r.o.Gap) && h.value <= had {
			return nil
		}
	}
	return nil
}

// congestRounds is how often capacities are priced at most.
const congestRounds = 4

func (h *hunt) congested() error {
	p := h.r.p
	out := p.Evaluate(h.best)
	price := map[int]float64{}
	for _, d := range p.domains(out) {
		if !d.net.Scarce() {
			continue
		}
		var probability []float64
		var won [][]float64
		for i := range d.takes {
			probability, won = append(probability, d.takes[i].probability), append(won, d.takes[i].won)
		}
		maps.Copy(price, d.net.CapacityPrices(probability, won))
	}
	relaxed := *p
	relaxed.Network, relaxed.Values, relaxed.seen = p.Network.Congested(price), nil, nil
	r := &responder{p: &relaxed, ctx: h.r.ctx, o: h.r.o}
	r.o.Start = slices.Clone(h.best)
	r.parts = relaxed.parts(h.best)
	free := r.local()
	other := r.hunt(h.best)
	if err := other.relax(free, capRounds, 0); err != nil {
		return err
	}
	v := p.view()
	h.bound = min(h.bound, other.bound+v.weight*(relaxed.view().zero-v.zero))
	h.keep(other.best)
	return nil
}
