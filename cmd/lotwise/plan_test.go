package main

import (
	"fmt"
	"slices"
	"testing"

	"lotwise/inputs"
	"lotwise/models/auction"
)

func TestPlan(t *testing.T) {
	change := func(column, value string) auction.Change {
		table := map[string]string{"a": "lots", "b": "routes", "c": "facilities"}[column]
		return auction.Change{Table: table, Column: column, Op: "multiply", Value: value}
	}
	// Every product of three values of a, b and c; 1 changes nothing.
	var list []auction.Assumption
	base := -1
	for _, a := range []string{"0.9", "1", "1.1"} {
		for _, b := range []string{"0.9", "1", "1.1"} {
			for _, c := range []string{"0.9", "1", "1.1"} {
				s := auction.Assumption{Name: a + b + c}
				for n, v := range []string{a, b, c} {
					if v != "1" {
						s.Changes = append(s.Changes, change(string(rune('a'+n)), v))
					}
				}
				if len(s.Changes) == 0 {
					base, s.Name = len(list), inputs.Base
				}
				list = append(list, s)
			}
		}
	}
	p := planned(list, base)
	place := make([]int, len(list))
	for n, i := range p.order {
		place[i] = n
	}
	for i, s := range list {
		if i == base {
			if p.parent[i] >= 0 {
				t.Errorf("base starts from %s", list[p.parent[i]].Name)
			}
			continue
		}
		least := s.Changes[len(s.Changes)-1].Table // of its changes, that which moves bids least
		if d := difference(s.Changes, list[p.parent[i]].Changes); d != weight(least) {
			t.Errorf("%s starts from %s, which is %d away and not %d", s.Name, list[p.parent[i]].Name, d, weight(least))
		}
		if place[p.parent[i]] >= place[i] {
			t.Errorf("%s comes before %s, from which it starts", s.Name, list[p.parent[i]].Name)
		}
	}
	// Shards: each closed under what runs start from, all of them together everything, with little of it twice.
	for _, of := range []int{1, 2, 5, 27, 40} {
		count := make([]int, len(list))
		for n := 1; n <= of; n++ {
			mine := p.shard(n, of)
			for at, i := range mine {
				count[i]++
				if from := p.parent[i]; from >= 0 && !slices.Contains(mine[:at], from) {
					t.Errorf("shard %d of %d runs %s without %s before", n, of, list[i].Name, list[from].Name)
				}
			}
		}
		total := 0
		for i, n := range count {
			total += n
			if n == 0 {
				t.Errorf("no shard of %d runs %s", of, list[i].Name)
			}
		}
		if most := len(list) + 3*of; total > most {
			t.Errorf("%d shards make %d runs of %d scenarios, over %d", of, total, len(list), most)
		}
	}
	if got := fmt.Sprint(apart(3, 1).shard(2, 2)); got != "[1 2]" {
		t.Errorf("shard 2 of 2 of scenarios apart is %s", got)
	}
}
