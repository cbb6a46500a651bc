package network_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"lotwise/models/network"
)

// With its capacities priced a network is worth no less than it is, at any prices and volumes, and at the prices that
// CapacityPrices finds no more than where capacity is free.
func TestCongested(t *testing.T) {
	scarce, lower := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		c := draw(t, rapid.IntRange(1, 3).Draw(t, "facilities"))
		n := network.New(c, 0, 0)
		w, _ := outcome(t, n)
		value := n.Value(w)
		price := map[int]float64{}
		for f := range c.Bidders[0].Facilities {
			price[f] = float64(rapid.IntRange(0, 12).Draw(t, "price")) / 2
		}
		tuned := n.CapacityPrices([]float64{1}, [][]float64{w})
		free := n.Congested(nil).Value(w)
		for _, x := range []map[int]float64{price, tuned, nil} {
			m := n.Congested(x)
			if !slices.Equal(m.Lots(), n.Lots()) || m.Scarce() {
				t.Fatalf("lots %v, scarce %v, want lots %v", m.Lots(), m.Scarce(), n.Lots())
			}
			if v := m.Value(w); v < value && !same(v, value) {
				t.Fatalf("at prices %v worth %v, V(%v) = %v", x, v, w, value)
			}
		}
		v := n.Congested(tuned).Value(w)
		if v > free && !same(v, free) {
			t.Fatalf("at tuned prices %v worth %v, at none %v", tuned, v, free)
		}
		if n.Scarce() {
			scarce++
		}
		if v < free && !same(v, free) {
			lower++
		}
	})
	if scarce == 0 || lower == 0 {
		t.Errorf("%d scarce networks, %d worth less at tuned prices: want some", scarce, lower)
	}
}
