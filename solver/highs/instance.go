package highs

// #include <stdlib.h>
// #include "control.h"
import "C"

import (
	"strings"
	"sync"
	"unsafe"
)

// Instance is one HiGHS solver with its model, options, basis and solution.
type Instance struct {
	h   unsafe.Pointer
	ctl *C.Control

	cols, rows int  // of the model held
	threads    int  // value of option "threads"
	logFile    bool // option "log_file" names one
	released   bool // back in the pool
}

// The pool keeps every instance for the life of the process; its size is the largest number that were
// in use at once.
var pool struct {
	sync.Mutex
	free []*Instance
}

// Acquire takes an instance with default options and no model from the pool, or makes one. It logs to
// nobody and runs on one thread.
func Acquire() (*Instance, error) {
	pool.Lock()
	var in *Instance
	if n := len(pool.free); n > 0 {
		in, pool.free = pool.free[n-1], pool.free[:n-1]
	}
	pool.Unlock()
	if in != nil {
		in.released = false
		return in, nil
	}
	ctl := (*C.Control)(C.calloc(1, C.sizeof_Control))
	h := C.control_new_instance(ctl)
	if h == nil {
		C.free(unsafe.Pointer(ctl))
		return nil, &Error{Go: "Acquire", C: "Highs_create", Detail: "out of memory"}
	}
	in = &Instance{h: h, ctl: ctl}
	return in, in.quiet()
}

// quiet sets the options that every instance starts from: log lines go to the callback, which keeps
// the last warning for errors, and never to the console.
func (in *Instance) quiet() error {
	in.logFile = false
	if err := in.SetBool("log_to_console", false); err != nil {
		return err
	}
	return in.SetInt("threads", 1)
}

// Release clears the instance's model and options and puts it back into the pool. The instance must not be
// used afterwards; releasing twice does nothing.
func (in *Instance) Release() {
	if in.released {
		return
	}
	if in.Clear() != nil {
		return // an instance that cannot be cleared is not handed to anyone else
	}
	in.released = true
	pool.Lock()
	pool.free = append(pool.free, in)
	pool.Unlock()
}

// Clear forgets the model and resets every option.
func (in *Instance) Clear() error {
	// The reset switches console output on; nothing is logged before quiet switches it off again.
	status := C.Highs_clear(in.h)
	in.cols, in.rows = 0, 0
	if err := in.check(status, "Clear", "Highs_clear"); err != nil {
		return err
	}
	return in.quiet()
}

// ClearSolver forgets solution and basis and keeps model and options: the next run starts cold.
func (in *Instance) ClearSolver() error {
	return in.check(C.Highs_clearSolver(in.h), "ClearSolver", "Highs_clearSolver")
}

// check turns the status of a call into an error. A warning is none: it says, for instance, that tiny
// coefficients were dropped.
func (in *Instance) check(status C.HighsInt, goName, cName string) error {
	if status != StatusError {
		return nil
	}
	msg := &in.ctl.message[0]
	err := &Error{Go: goName, C: cName, Detail: strings.TrimSpace(C.GoString(msg))}
	*msg = 0
	return err
}

// ResetOptions sets every option back to where Acquire left it.
func (in *Instance) ResetOptions() error {
	if err := in.check(C.Highs_resetOptions(in.h), "ResetOptions", "Highs_resetOptions"); err != nil {
		return err
	}
	return in.quiet()
}
