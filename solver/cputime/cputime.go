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

// rest waits until nothing else of this process works: a solve that did not stop when it was asked goes on in the background.
func rest() {
	const atRest = 0.1 // of a core; HiGHS' own threads, waiting for work, take less
	for range int(longest / turn) {
		before := Seconds()
		if time.Sleep(turn); Seconds()-before < atRest*turn.Seconds() {
			return
		}
	}
}

// turn is within how long every thread that works has its turn, on a machine with several times as much to do as it has cores.
const turn = 300 * time.Millisecond

// longest is how long rest waits at most.
const longest = 10 * time.Minute

// Limited waits for earlier solves to end, and runs a solve whose context ends after so many CPU seconds, and returns what it took of them and of the clock.
func Limited(limit float64, solve func(ctx context.Context) error) (took, clock float64, err error) {
	rest()
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
