package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/models/equilibrium"
)

func main() {
	c, err := inputs.Read(os.Args[1])
	if err != nil {
		fmt.Println(err)
		return
	}
	d, _ := time.ParseDuration(os.Args[2])
	f, _ := os.Create("/tmp/cpu.prof")
	pprof.StartCPUProfile(f)
	t0 := time.Now()
	last := t0
	r, err := equilibrium.Solve(context.Background(), c, auction.Options{Gap: 1e-4, Epsilon: 1e-3, Concept: "auto", TimeLimit: d, Threads: 1, Seed: 1, Progress: func(p auction.Progress) {
		if time.Since(last) > 2*time.Second {
			fmt.Printf("%v %+v\n", time.Since(t0), p)
			last = time.Now()
		}
	}})
	pprof.StopCPUProfile()
	f.Close()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(time.Since(t0), r.Status)
	for _, m := range r.Summary[:14] {
		fmt.Println("  ", m.Name, m.Text, m.Number)
	}
}
