package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/models/bidding"
	"lotwise/models/network"
	"lotwise/models/verify"
)

func main() {
	c, err := inputs.Read(os.Args[1])
	if err != nil {
		fmt.Println(err)
		return
	}
	only := ""
	if len(os.Args) > 2 {
		only = os.Args[2]
	}
	for b := range c.Bidders {
		if !c.Bidders[b].Strategic() || only != "" && c.Bidders[b].Name != only {
			continue
		}
		n := network.New(c, b, 0)
		comps := n.Components()
		hist := map[string]int{}
		for _, x := range comps {
			big := 0
			for _, p := range x.Pools() {
				big = max(big, len(p.Lots()))
			}
			hist[fmt.Sprintf("lots %d fac %d pools %d scarce %v biggest %d", len(x.Lots()), x.Facilities(), len(x.Pools()), x.Scarce(), big)]++
		}
		fmt.Println(c.Bidders[b].Name, len(n.Lots()), "lots", len(comps), "components", hist, c.Bidders[b].Budget, c.Bidders[b].MaxVolume)
		t0 := time.Now()
		o := auction.Options{Gap: 1e-4}
		r, err := bidding.Solve(context.Background(), c, b, o)
		if err != nil {
			fmt.Println("ERR", err)
			continue
		}
		fmt.Println("  time", time.Since(t0), r.Status, len(r.RecommendedBids))
		for _, m := range r.Summary[:4] {
			fmt.Println("  ", m.Name, m.Text, m.Number)
		}
		t0 = time.Now()
		v := verify.Check(c, r, verify.Options{Command: "bid", Gap: 1e-4, Epsilon: 1e-3, Concept: "auto"})
		fmt.Println("  verify", time.Since(t0), v.Findings)
	}
}
