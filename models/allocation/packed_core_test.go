package allocation

import (
	"context"
	"errors"
	"testing"
	"time"

	"lotwise/models/auction"
	"lotwise/models/auction/generate"
)

// Clique cuts that are added after the last prices do not trip up core payments that are stopped.
func TestCoreOfPackingsIsStopped(t *testing.T) {
	c, err := generate.CATS("arbitrary", 100, 500, 0)
	if err != nil {
		t.Fatal(err)
	}
	c.Rules.Payment = auction.Core
	r, err := Solve(t.Context(), c, auction.Options{Gap: 1e-4, Threads: 2, TimeLimit: time.Second})
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if r == nil || len(r.Allocation) == 0 {
		t.Errorf("nothing accepted: %+v", r)
	}
}
