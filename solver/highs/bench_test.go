package highs

import (
	"context"
	"testing"
)

func BenchmarkSmallLP(b *testing.B) {
	in := acquire(b)
	p := diet()
	for b.Loop() {
		must(b, in.PassModel(p))
		must(b, in.Run(context.Background(), Events{}))
	}
}
func BenchmarkSmallMIP(b *testing.B) {
	in := acquire(b)
	p := knapsacks(1, 6, 1)
	for b.Loop() {
		must(b, in.PassModel(p))
		must(b, in.Run(context.Background(), Events{}))
	}
}
func BenchmarkRelease(b *testing.B) {
	for b.Loop() {
		in, _ := Acquire()
		in.Release()
	}
}
