package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/outputs"
	"lotwise/solver/highs"
	"lotwise/solver/jobs"
)

// A model is what a solving command runs on the case it has read.
type model func(ctx context.Context, c *auction.Case, o auction.Options) (*auction.Results, error)

// solving runs a solving command from its flags to its run folder. prepare looks at the case that was
// read, may complete it, and returns the model to solve it with; it adds the options of its own to the
// manifest.
func solving(cc *cli.Context, prepare func(*auction.Case, *outputs.Manifest) (model, error)) error {
	started := time.Now()
	given, err := arguments(cc, "CASE")
	if err != nil {
		return err
	}
	o, err := options(cc)
	if err != nil {
		return err
	}
	dir, force := cc.String("output"), cc.Bool("force")
	if dir == "" {
		return usage("-o RUN is missing: the folder for the results")
	}
	show := newReporter(cc.String("progress"), cc.App.ErrWriter, time.Now)
	ctx, writing := interruptible(cc.Context, show)
	if err := outputs.Check(dir, force); err != nil {
		return err
	}
	under, err := assumption(cc, given[0])
	if err != nil {
		return err
	}
	c, err := inputs.ReadUnder(given[0], under)
	if err != nil {
		return err
	}
	m := &outputs.Manifest{
		Program: "lotwise", Version: version, SolverVersion: highs.Version(),
		Command: cc.Command.Name, Case: c.Name,
		Options: outputs.Options{Gap: o.Gap, Epsilon: o.Epsilon, Concept: o.Concept, Type: o.Type, Losing: o.Losing, Seed: o.Seed, Assumption: outputs.Assume(under)},
		Run:     outputs.Run{CommandLine: os.Args, Threads: o.Threads, Started: started},
	}
	if o.TimeLimit > 0 {
		m.Options.TimeLimit = o.TimeLimit.String()
	}
	if m.Inputs, err = inputs.Digests(given[0]); err != nil {
		return err
	}
	solve, err := prepare(c, m)
	if err != nil {
		return err
	}

	o.Progress = show.progress
	show.start(fmt.Sprintf("%s %s: %d lots, %d bidders", m.Command, c.Name, len(c.Lots), len(c.Bidders)))
	r, err := solve(ctx, c, o)
	show.close()
	if err != nil {
		return stopped(ctx, err)
	}
	if r.Status == auction.Interrupted && jobs.Worker() {
		return &failure{exitInterrupted, errors.New("interrupted")} // a sweep goes on with what is missing, and wants it whole
	}

	m.Run.Finished = time.Now()
	m.Run.Seconds = m.Run.Finished.Sub(started).Seconds()
	writing.Lock()
	var more []outputs.File
	if cc.Bool("xlsx") {
		more = append(more, outputs.InWorkbook)
	}
	err = outputs.Write(dir, force, r, m, more...)
	if err != nil && !jobs.Worker() {
		err = rescue(dir, err, r, m)
	}
	writing.Unlock()
	if err != nil {
		return err
	}
	if err := printRun(cc.App.Writer, cc.String("format"), c, r, dir); err != nil {
		return err
	}
	switch r.Status {
	case auction.LimitStruck:
		return &failure{exitLimit, fmt.Errorf("stopped before the requested gap or epsilon; the best found is in %s, with what is certified of it", dir)}
	case auction.Interrupted:
		return &failure{exitInterrupted, fmt.Errorf("interrupted; the best found is in %s, with what is certified of it", dir)}
	}
	return nil
}

// interruptible returns a context that the first SIGINT or SIGTERM cancels. The second ends the process
// at once, but waits for writing, which is locked while a run folder is written: that is short, and leaves nothing
// behind. The watch lasts as long as the process.
func interruptible(parent context.Context, show *reporter) (ctx context.Context, writing *sync.Mutex) {
	ctx, cancel := context.WithCancel(parent)
	writing = &sync.Mutex{}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		show.note("interrupted: stopping to write what there is; interrupt again to stop at once")
		cancel()
		<-signals
		writing.Lock() // and never unlocked: nothing is written from here on
		os.Exit(exitInterrupted)
	}()
	return ctx, writing
}

// stopped says why a command that was stopped has nothing to write; other errors stay as they are. The
// time limit is the model's to keep, so an error that says deadline is its.
func stopped(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{exitLimit, fmt.Errorf("the time limit struck before there was anything to write: %w", err)}
	case ctx.Err() != nil && exitCode(err) != exitInfeasible && exitCode(err) != exitInvalid:
		return &failure{exitInterrupted, fmt.Errorf("interrupted before there was anything to write: %w", err)}
	}
	return err
}

// rescue writes a run that could not be written where it was wanted, such as on a disk that has filled up since, in the
// folder for temporary files, so that hours of work are not lost, and says so in the error.
func rescue(wanted string, err error, r *auction.Results, m *outputs.Manifest) error {
	dir, tempErr := os.MkdirTemp("", "lotwise-*")
	if tempErr != nil {
		return err
	}
	dir = filepath.Join(dir, filepath.Base(filepath.Clean(wanted)))
	if outputs.Write(dir, false, r, m) != nil {
		os.RemoveAll(filepath.Dir(dir))
		return err
	}
	return fmt.Errorf("%w\nthe run is in %s instead: copy it where there is room", err, dir)
}
