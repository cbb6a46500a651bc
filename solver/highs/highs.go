// Package highs binds the C API of the HiGHS solver, one Go method a C function and nothing more.
//
// A [Problem] is the model as HiGHS takes it, dense vectors and one sparse matrix:
//
//	min or max  Cost'x + ½ x'Hx + Offset
//	s.t.        RowLower ≤ A x ≤ RowUpper
//	            Lower ≤ x ≤ Upper
//	            x_j integer where Kinds[j] says so
//
// An [Instance] holds one model and its solve. Instances come from a pool, [Acquire], and go back to
// it, [Instance.Release]: they are never destroyed, because Highs_destroy shuts the scheduler that other
// solves may be running on. An instance belongs to one goroutine at a time; only [Instance.Cancel] may
// be called from another. Different instances run at once in one process, each on the
// threads that its option "threads" names (1 unless set).
//
// Every error is an [*Error] and names the C function and the Go method that failed.
package highs

// #include "capi.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// Version is the version of the linked HiGHS library.
func Version() string { return C.GoString(C.Highs_version()) }

// Error is a call that HiGHS refused or failed.
type Error struct {
	Go, C  string // the method and the C function it calls
	Detail string // what HiGHS said, or what was wrong with an argument
}

func (e *Error) Error() string {
	s := fmt.Sprintf("highs: %s (%s) failed", e.Go, e.C)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// The binding passes []int32 for arrays of HighsInt: this line stops compiling where HiGHS was built with
// 64-bit indices (HIGHSINT64).
var _ = [1]struct{}{}[unsafe.Sizeof(C.HighsInt(0))-unsafe.Sizeof(int32(0))]

// ints and floats point at a slice's first element as C wants it, nil for an empty one.
func ints(s []int32) *C.HighsInt   { return (*C.HighsInt)(unsafe.Pointer(unsafe.SliceData(s))) }
func floats(s []float64) *C.double { return (*C.double)(unsafe.Pointer(unsafe.SliceData(s))) }
