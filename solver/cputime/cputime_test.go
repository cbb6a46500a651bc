package cputime

import (
	"context"
	"testing"
	"time"
)

// What an earlier solve leaves running is not counted.
func TestLimitedRests(t *testing.T) {
	end := time.Now().Add(500 * time.Millisecond)
	go func() {
		for time.Now().Before(end) {
		}
	}()
	_, _, err := Limited(1, func(context.Context) error {
		if time.Now().Before(end) {
			t.Error("timed while something else worked")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A solve is stopped by CPU seconds, not by the clock.
func TestLimitedStops(t *testing.T) {
	for work, stopped := range map[bool]bool{true: true, false: false} {
		_, _, err := Limited(0.1, func(ctx context.Context) error {
			for at := time.Now(); time.Since(at) < 2*time.Second; {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if !work {
					time.Sleep(10 * time.Millisecond)
				}
			}
			return nil
		})
		if (err != nil) != stopped {
			t.Errorf("working %v: %v", work, err)
		}
	}
}
