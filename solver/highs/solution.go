package highs

// #include <stdlib.h>
// #include "control.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// Status is how the last run ended.
func (in *Instance) Status() ModelStatus { return ModelStatus(C.Highs_getModelStatus(in.h)) }

// Objective is the objective value of the solution held.
func (in *Instance) Objective() float64 { return float64(C.Highs_getObjectiveValue(in.h)) }

// IntInfo, Int64Info and FloatInfo are information values of the last run under HiGHS's own names,
// such as primal_solution_status, mip_node_count and mip_dual_bound.
func (in *Instance) IntInfo(name string) (int, error) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	var v C.HighsInt
	err := in.check(C.Highs_getIntInfoValue(in.h, c, &v), "IntInfo", "Highs_getIntInfoValue")
	return int(v), err
}

// Int64Info is an information value of type int64.
func (in *Instance) Int64Info(name string) (int64, error) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	var v C.int64_t
	err := in.check(C.Highs_getInt64InfoValue(in.h, c, &v), "Int64Info", "Highs_getInt64InfoValue")
	return int64(v), err
}

// FloatInfo is an information value of type double.
func (in *Instance) FloatInfo(name string) (float64, error) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	var v C.double
	err := in.check(C.Highs_getDoubleInfoValue(in.h, c, &v), "FloatInfo", "Highs_getDoubleInfoValue")
	return float64(v), err
}

// Solution copies the solution held: column values and duals (reduced costs), row values and duals. A nil slice
// is not filled, any other has the model's length.
func (in *Instance) Solution(colValue, colDual, rowValue, rowDual []float64) error {
	for _, s := range [][]float64{colValue, colDual} {
		if s != nil && len(s) != in.cols {
			return &Error{Go: "Solution", C: "Highs_getSolution", Detail: fmt.Sprintf("room for %d of %d columns", len(s), in.cols)}
		}
	}
	for _, s := range [][]float64{rowValue, rowDual} {
		if s != nil && len(s) != in.rows {
			return &Error{Go: "Solution", C: "Highs_getSolution", Detail: fmt.Sprintf("room for %d of %d rows", len(s), in.rows)}
		}
	}
	return in.check(C.Highs_getSolution(in.h, floats(colValue), floats(colDual), floats(rowValue), floats(rowDual)),
		"Solution", "Highs_getSolution")
}

// SetSolution gives all column values as a starting point; a MIP takes them as its first incumbent if they
// are feasible.
func (in *Instance) SetSolution(colValue []float64) error {
	if len(colValue) != in.cols {
		return &Error{Go: "SetSolution", C: "Highs_setSolution", Detail: fmt.Sprintf("%d values for %d columns", len(colValue), in.cols)}
	}
	return in.check(C.Highs_setSolution(in.h, floats(colValue), nil, nil, nil), "SetSolution", "Highs_setSolution")
}

// SetSparseSolution gives some column values as a starting point; HiGHS completes it by a small MIP.
func (in *Instance) SetSparseSolution(index []int32, value []float64) error {
	if err := sameLength("SetSparseSolution", "Highs_setSparseSolution", index, value); err != nil {
		return err
	}
	return in.check(C.Highs_setSparseSolution(in.h, C.HighsInt(len(index)), ints(index), floats(value)),
		"SetSparseSolution", "Highs_setSparseSolution")
}

// Basis copies the basis held: a BasisStatus for each column and row.
func (in *Instance) Basis() (cols, rows []int32, err error) {
	cols, rows = make([]int32, in.cols), make([]int32, in.rows)
	err = in.check(C.Highs_getBasis(in.h, ints(cols), ints(rows)), "Basis", "Highs_getBasis")
	return cols, rows, err
}

// SetBasis starts the next LP from a basis.
func (in *Instance) SetBasis(cols, rows []int32) error {
	if len(cols) != in.cols || len(rows) != in.rows {
		return &Error{
			Go: "SetBasis", C: "Highs_setBasis",
			Detail: fmt.Sprintf("%d and %d statuses for %d columns and %d rows", len(cols), len(rows), in.cols, in.rows),
		}
	}
	return in.check(C.Highs_setBasis(in.h, ints(cols), ints(rows)), "SetBasis", "Highs_setBasis")
}

// IIS is an irreducible infeasible subsystem: columns and rows and, aligned, which of their bounds take part.
type IIS struct {
	Cols, ColBounds []int32 // ColBounds as IisBound
	Rows, RowBounds []int32
}

// IIS finds an irreducible infeasible subsystem of an LP or of a MIP's relaxation by the option iis_strategy;
// it is empty where the relaxation is feasible.
func (in *Instance) IIS() (*IIS, error) {
	s := &IIS{make([]int32, in.cols), make([]int32, in.cols), make([]int32, in.rows), make([]int32, in.rows)}
	var cols, rows C.HighsInt
	status := C.Highs_getIis(in.h, &cols, &rows, ints(s.Cols), ints(s.Rows), ints(s.ColBounds), ints(s.RowBounds), nil, nil)
	if err := in.check(status, "IIS", "Highs_getIis"); err != nil {
		return nil, err
	}
	s.Cols, s.ColBounds = s.Cols[:cols], s.ColBounds[:cols]
	s.Rows, s.RowBounds = s.Rows[:rows], s.RowBounds[:rows]
	return s, nil
}
