// Package cputime times what benchmarks compare, in CPU seconds, which others on the machine change least.
package cputime

import (
	"context"
	"runtime"
	"syscall"
	"time"
)

// Seconds is the CPU seconds that this process has used, by all its threads.
func Seconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // of arguments that are always right
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + 1e-6*float64(u.Utime.Usec+u.Stime.Usec)
}

// often is how often a solve's CPU seconds are looked at.
const often = 20 * time.Millisecond

// Limited runs a solve whose context ends after so many CPU seconds, and returns what it took of them and of the clock.
func Limited(limit float64, solve func(ctx context.Context) error) (took, clock float64, err error) {
	runtime.GC() // what was left by others is not this one's
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	began, at := Seconds(), time.Now()
	go func() {
		for ctx.Err() == nil {
			if time.Sleep(often); Seconds()-began > limit {
				cancel()
			}
		}
	}()
	err = solve(ctx)
	return Seconds() - began, time.Since(at).Seconds(), err
}
