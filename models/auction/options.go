package auction

import (
	"fmt"
	"strings"
	"time"
)

// Options are what all solving commands share; a command ignores what its model has no use for.
type Options struct {
	Gap     float64 // relative MIP gap to reach, 1e-4
	Epsilon float64 // solve: largest relative regret to accept, 1e-3
	Concept string  // solve: auto, pure, mixed or correlated
	Type    string  // bid: answer for this type alone; blank for every type
	Risk    Risk    // bid: what it maximises
	Sample  *Sample // bid: what the beliefs' scenarios were drawn from; nil where they are all there are
	// Near is another run whose bids the search of solve starts from; nil for none.
	Near *Results
	// Curves is for how many rows of its bid, those with most at stake, bid works out expected profit by price.
	Curves int
	// NetworkScenarios asks bid for its deliveries in every scenario.
	NetworkScenarios bool
	// LimitCosts asks allocate for what each limit costs the objective.
	LimitCosts bool
	Losing     string        // allocate: what to find out about losing bids; blank for nothing
	TimeLimit  time.Duration // 0 for none
	Threads    int           // at most this many solves at once
	Seed       int64
	Progress   func(Progress) // called from one goroutine at a time; nil for none
}

// What Options.Losing may say: prices as exact as about the work of the allocation itself again makes them, exact
// prices whatever they take, or nothing.
const (
	LosingAuto  = "auto"
	LosingExact = "exact"
	LosingNone  = "none"
)

// Report calls Progress where there is one.
func (o *Options) Report(p Progress) {
	if o.Progress != nil {
		o.Progress(p)
	}
}

// Progress is one step of a running command. A number that is not known is NaN.
type Progress struct {
	Stage       string // such as "best responses"
	Done, Total int    // of the stage; Total 0 where unknown
	Objective   float64
	Bound       float64
	Epsilon     float64 // relative
}

// Infeasible says that no answer satisfies the case, and which of its rows conflict.
type Infeasible struct {
	Conflicts []Conflict
}

// A Conflict is one row of the case that takes part in an infeasibility.
type Conflict struct {
	What   string // in the user's own names, with the numbers that clash
	Source Source
}

func (e *Infeasible) Error() string {
	var b strings.Builder
	b.WriteString("infeasible:")
	for _, c := range e.Conflicts {
		if c.Source.File != "" {
			fmt.Fprintf(&b, "\n%s:%d: %s", c.Source.File, c.Source.Line, c.What)
		} else {
			fmt.Fprintf(&b, "\n%s", c.What)
		}
	}
	return b.String()
}

// Unsupported says that a command does not obey something in the case; it is refused, never ignored.
type Unsupported struct {
	Reasons []Conflict
}

func (e *Unsupported) Error() string {
	var b strings.Builder
	for i, c := range e.Reasons {
		if i > 0 {
			b.WriteByte('\n')
		}
		if c.Source.File != "" {
			fmt.Fprintf(&b, "%s:%d: ", c.Source.File, c.Source.Line)
		}
		b.WriteString(c.What)
	}
	return b.String()
}
