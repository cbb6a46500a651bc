package highs

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"
)

// BenchmarkPassAndRead passes an LP of a million coefficients and reads a solution back; bench/compare.py has the
// same model for highspy. best-ns is the shortest round, which other programs on the machine disturb least.
func BenchmarkPassAndRead(b *testing.B) {
	const cols, rows, perCol = 100_000, 50_000, 10
	p := &Problem{}
	for j := range cols {
		p.Cost = append(p.Cost, float64(1+j%10))
		p.Lower, p.Upper = append(p.Lower, 0), append(p.Upper, 1)
		p.A.Start = append(p.A.Start, int32(len(p.A.Index)))
		for k := range perCol {
			p.A.Index = append(p.A.Index, int32((7*j+4999*k)%rows))
			p.A.Value = append(p.A.Value, 1)
		}
		slices.Sort(p.A.Index[j*perCol:])
	}
	for range rows {
		p.RowLower, p.RowUpper = append(p.RowLower, -inf), append(p.RowUpper, 1e6)
	}
	given, x, r := make([]float64, cols), make([]float64, cols), make([]float64, rows)
	for j := range given {
		given[j] = float64(j % 2)
	}
	in := acquire(b)
	best := time.Duration(math.MaxInt64)
	for b.Loop() {
		begin := time.Now()
		must(b, in.PassModel(p))
		passed := time.Since(begin)
		must(b, in.SetSolution(given))
		begin = time.Now()
		must(b, in.Solution(x, nil, r, nil))
		best = min(best, passed+time.Since(begin))
	}
	sum := 0.0
	for _, v := range r {
		sum += v
	}
	if sum != cols*perCol/2 {
		b.Fatalf("row values sum to %g", sum)
	}
	b.ReportMetric(float64(best), "best-ns")
}

// BenchmarkSmallLP is what a solve costs beside the solving.
func BenchmarkSmallLP(b *testing.B) {
	in := acquire(b)
	p := diet()
	for b.Loop() {
		must(b, in.PassModel(p))
		must(b, in.Run(context.Background(), Events{}))
	}
}

// BenchmarkSmallMIP solves a knapsack of six binaries.
func BenchmarkSmallMIP(b *testing.B) {
	in := acquire(b)
	must(b, in.SetBool("mip_heuristic_run_feasibility_jump", false))
	p := knapsacks(1, 6, 1)
	for b.Loop() {
		must(b, in.PassModel(p))
		must(b, in.Run(context.Background(), Events{}))
	}
}
