package allocation

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// unmet says that no allocation meets the limits: of those that some bids have a part in, or of sides that nothing could
// meet.
type unmet struct {
	bids  []int
	sides []side
}

func (e *unmet) Error() string { return "no allocation meets the limits" }

// none says why a component has no allocation: there is none, or it was not found in time.
func (k *component) none(ctx context.Context, bound float64) error {
	switch {
	case math.IsInf(bound, -1):
		return &unmet{bids: k.bids}
	case ctx.Err() != nil:
		return fmt.Errorf("no allocation of the %d bids from %s on that meets the limits was found: %w", len(k.bids), k.key(0), ctx.Err())
	default:
		return fmt.Errorf("no allocation of the %d bids from %s on that meets the limits was found: %w", len(k.bids), k.key(0), context.DeadlineExceeded)
	}
}

// Unmet says whether an error of Determine is that no allocation meets the limits.
func Unmet(err error) bool { return errors.As(err, new(*unmet)) }
