// Package jobs runs many solves at once, each in a process of its own: HiGHS keeps one scheduler and one number of
// threads a process, and a crash or a kill then costs one job alone.
//
// A job is a command line that writes its result by itself, whole or not at all, so that what is finished is what
// is there: Run is told what is, runs the rest, each job after those that it starts from, and tries a job
// again whose process dies. Workers die with the process that started them: they watch their standard input, see Orphan.
package jobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// A Job is one command.
type Job struct {
	Args  func() []string // of the program, without its name; asked for when the job starts
	After int             // the job that has to be finished first, -1 for none
	Done  bool            // its result is there already
}

// An Ending is how a job ended.
type Ending struct {
	Code     int           // exit code of its last process; -1 where a signal ended it, or where it was not run
	Message  string        // the end of what it wrote to standard error
	Attempts int           // how often it was run
	Time     time.Duration // of the last
	Memory   int64         // largest resident set, bytes; 0 where unknown
}

// Options say how to run jobs.
type Options struct {
	Program string   // its path
	Env     []string // added to the environment
	Workers int      // at most so many at once
	Retries int      // of a job whose process a signal or a panic ended
	// Final says whether an exit code is a result that another try would repeat.
	Final func(code int) bool
	// Ended is called when a job has ended for good, one call at a time.
	Ended func(job int, e Ending)
}

// Environment variable that tells a worker that it is one.
const Environment = "LOTWISE_WORKER"

// NotRun is the Code of a job that was not run: the context ended before, or the job it comes after failed.
const NotRun = -2

// Run runs the jobs that are not done. It returns how each ended, nil for those done before; when the context
// ends, running workers are told to stop (SIGTERM) and no other is started.
func Run(ctx context.Context, list []Job, o Options) []*Ending {
	r := &runner{o: o, list: list, ended: make([]*Ending, len(list)), ready: make(chan int, len(list)), followers: make([][]int, len(list))}
	r.changed = sync.NewCond(&r.mu)
	for i, j := range list {
		switch {
		case j.Done:
		case j.After < 0 || list[j.After].Done:
			r.ready <- i
			r.left++
		default:
			r.followers[j.After] = append(r.followers[j.After], i)
			r.left++
		}
	}
	if r.left == 0 {
		return r.ended
	}
	stop := context.AfterFunc(ctx, func() { // wakes those who wait for memory
		r.mu.Lock()
		defer r.mu.Unlock()
		r.changed.Broadcast()
	})
	defer stop()
	var wait sync.WaitGroup
	for range max(1, min(o.Workers, r.left)) {
		wait.Go(func() {
			for i := range r.ready {
				r.enter(ctx)
				e := r.run(ctx, i)
				r.leave(i, e)
			}
		})
	}
	wait.Wait()
	return r.ended
}

type runner struct {
	o         Options
	list      []Job
	followers [][]int // by job: those that come after it
	ready     chan int

	mu      sync.Mutex
	changed *sync.Cond
	ended   []*Ending
	left    int
	running int
	largest int64 // resident set of a worker so far
}

// enter waits until memory has room for another worker as large as the largest so far; one always runs.
func (r *runner) enter(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.running > 0 && ctx.Err() == nil && available() < r.largest+r.largest/memoryMargin {
		r.changed.Wait()
	}
	r.running++
}

// memoryMargin is the part of the largest worker that is kept free beside another.
const memoryMargin = 4

// leave notes how a job ended and makes those ready that come after it.
func (r *runner) leave(i int, e Ending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running--
	r.largest = max(r.largest, e.Memory)
	r.end(i, e)
	r.changed.Broadcast()
}

// end is called with mu held.
func (r *runner) end(i int, e Ending) {
	r.ended[i] = &e
	if r.o.Ended != nil {
		r.o.Ended(i, e)
	}
	good := r.o.Final(e.Code)
	for _, f := range r.followers[i] {
		if good {
			r.ready <- f
			continue
		}
		r.end(f, Ending{Code: NotRun, Message: "the run that it starts from is missing"})
	}
	if r.left--; r.left == 0 {
		close(r.ready)
	}
}

// run runs one job until it has a final result or has been tried often enough.
func (r *runner) run(ctx context.Context, i int) (e Ending) {
	for attempt := 1; ; attempt++ {
		if ctx.Err() != nil {
			e.Code = NotRun
			if e.Message == "" {
				e.Message = "interrupted"
			}
			return e
		}
		e = r.attempt(ctx, i)
		e.Attempts = attempt
		if r.o.Final(e.Code) || attempt > r.o.Retries {
			return e
		}
	}
}

// mostMessage bounds what is kept of a worker's standard error, its end.
const mostMessage = 4000

func (r *runner) attempt(ctx context.Context, i int) Ending {
	began := time.Now()
	cmd := exec.CommandContext(ctx, r.o.Program, r.list[i].Args()...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	cmd.Env = append(append(os.Environ(), r.o.Env...), Environment+"=1")
	var said bytes.Buffer
	cmd.Stderr = &said
	held, err := cmd.StdinPipe() // open for as long as this process lives
	if err == nil {
		defer held.Close()
		err = cmd.Run()
	}
	e := Ending{Time: time.Since(began), Message: tail(said.Bytes())}
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		e.Code = exit.ExitCode()
		if e.Message == "" {
			e.Message = exit.Error()
		}
	default:
		e.Code = -1
		e.Message = fmt.Sprintf("%v %s", err, e.Message)
	}
	if cmd.ProcessState != nil {
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			e.Memory = residentBytes(usage)
		}
	}
	return e
}

func tail(b []byte) string {
	b = bytes.TrimSpace(b)
	if len(b) > mostMessage {
		b = b[len(b)-mostMessage:]
	}
	return string(b)
}

// Orphan ends the process when the one that runs it as a worker is gone: its standard input then ends. In
// a process that is no worker it does nothing.
func Orphan() {
	if os.Getenv(Environment) == "" {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
}

// Worker says whether the process is a worker.
func Worker() bool { return os.Getenv(Environment) != "" }
