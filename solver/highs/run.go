package highs

// #include "control.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/cgo"
	"strings"
	"time"
	"unsafe"
)

// Progress is where a running solve stands. Bounds are in the model's own sense, ±Inf when there is none.
type Progress struct {
	Objective  float64 // of the best solution found, a MIP's
	Bound      float64 // dual bound, a MIP's
	Nodes      int64
	Iterations int64 // of simplex or interior point
}

// Events are called back from within a run, on its goroutine; they must be quick and must not use the
// instance. Nil fields are left out.
type Events struct {
	Progress  func(Progress)                       // from time to time
	Improving func(objective float64, x []float64) // a better MIP solution; x is the callee's
}

// progressInterval separates two Progress events: fast enough for a display, slow enough to cost nothing.
const progressInterval = 100 * time.Millisecond

// running is what the C callback reaches through a handle.
type running struct {
	Events
	instance *Instance
	panicked any
}

// Run solves the model. A cancelled context stops it where HiGHS next asks, which is after each simplex or
// interior-point iteration of an LP and between the LPs of a MIP; the model status is then
// ModelStatusInterrupt and the best solution stays. The run's time limit counts from here. An event that panics stops the
// run, and the panic goes on from Run.
func (in *Instance) Run(ctx context.Context, events Events) error {
	r := &running{Events: events, instance: in}
	handle := cgo.NewHandle(r)
	defer handle.Delete()
	C.control_cancel(in.ctl, 0)
	defer in.CancelOn(ctx)()
	in.ctl.message[0] = 0
	in.ctl.next, in.ctl.interval = 0, C.double(progressInterval.Seconds())
	in.ctl.events = 0
	if events.Progress != nil || events.Improving != nil {
		in.ctl.events = C.uintptr_t(handle)
	}
	C.Highs_zeroAllClocks(in.h) // HiGHS's time limit is on the sum of an instance's runs

	// Writing log lines that nobody reads takes as long as a small LP.
	if !in.logFile {
		if err := in.SetBool("output_flag", false); err != nil {
			return err
		}
		defer func() { _ = in.SetBool("output_flag", true) }() // as it was; it took the other value
	}

	// HiGHS keeps its scheduler, and with it the number of threads, with the operating system's thread that first
	// ran a solve. One thread is what all runs agree on; a run that wants more shuts this thread's scheduler
	// before and after, which touches no other thread's.
	if in.threads != 1 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		C.Highs_resetGlobalScheduler(1)
		defer C.Highs_resetGlobalScheduler(1)
	}
	status := C.Highs_run(in.h)
	in.ctl.events = 0
	if r.panicked != nil {
		panic(r.panicked)
	}
	if err := in.check(status, "Run", "Highs_run"); err != nil {
		var e *Error
		if errors.As(err, &e) {
			e.Detail = strings.TrimSpace(fmt.Sprintf("model status %d %s", in.Status(), e.Detail))
		}
		return err
	}
	return nil
}

// Cancel asks a run to stop; any goroutine may call it.
func (in *Instance) Cancel() { C.control_cancel(in.ctl, 1) }

// CancelOn cancels when the context ends, until off is called: then no cancellation is still under way, which would stop
// whatever the instance runs next.
func (in *Instance) CancelOn(ctx context.Context) (off func()) {
	cancelled := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		in.Cancel()
		close(cancelled)
	})
	return func() {
		if !stop() {
			<-cancelled
		}
	}
}

//export highsImproving
func highsImproving(handle C.uintptr_t, objective C.double, x *C.double, n C.HighsInt) {
	r := cgo.Handle(handle).Value().(*running)
	if r.Improving == nil {
		return
	}
	defer r.caught()
	values := make([]float64, int(n))
	copy(values, unsafe.Slice((*float64)(unsafe.Pointer(x)), int(n)))
	r.Improving(float64(objective), values)
}

//export highsProgress
func highsProgress(handle C.uintptr_t, kind C.int, out *C.HighsCallbackDataOut) {
	r := cgo.Handle(handle).Value().(*running)
	if r.Progress == nil {
		return
	}
	defer r.caught()
	p := Progress{Objective: float64(out.mip_primal_bound), Bound: float64(out.mip_dual_bound)}
	switch kind {
	case CallbackSimplexInterrupt:
		p.Iterations = int64(out.simplex_iteration_count)
	case CallbackIpmInterrupt:
		p.Iterations = int64(out.ipm_iteration_count)
	case CallbackMipInterrupt:
		p.Nodes, p.Iterations = int64(out.mip_node_count), int64(out.mip_total_lp_iterations)
	}
	r.Progress(p)
}

// caught keeps a panic from unwinding through the frames of HiGHS.
func (r *running) caught() {
	if p := recover(); p != nil {
		r.panicked = p
		r.instance.Cancel()
	}
}
