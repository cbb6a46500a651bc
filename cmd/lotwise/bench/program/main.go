// Command program times the linear program of a divisible case alone: stating it, passing it to the solver, solving it and reading
// the answer, for any of the optima.
//
//	go run ./cmd/lotwise/bench/program CASE
//
// It prints CPU seconds, which others on the machine change least, and the objective.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"lotwise/inputs"
	"lotwise/models/allocation"
	"lotwise/models/auction"
	"lotwise/solver/cputime"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: program CASE")
	}
	c, err := inputs.Read(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	began := cputime.Seconds()
	p, _ := allocation.NewProblem(c)
	p.AnyOptimum = true
	out, err := p.Determine(context.Background(), auction.Options{Threads: 1})
	if err != nil {
		log.Fatal(err)
	}
	if !out.Proven {
		log.Fatalf("not proven: %v, bound %v", out.Objective, out.Bound)
	}
	fmt.Println(cputime.Seconds()-began, out.Objective)
}
