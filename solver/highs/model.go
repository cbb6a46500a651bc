package highs

// #include <stdlib.h>
// #include "control.h"
import "C"

import (
	"fmt"
	"math"
	"unsafe"
)

// Problem is a whole model. The numbers of columns and rows are len(Cost) and len(RowLower); the slices
// of one dimension have equal lengths. Infinite bounds are ±Inf.
type Problem struct {
	Maximize bool
	Offset   float64

	Cost, Lower, Upper []float64 // per column
	Kinds              []int32   // per column a VarType; nil: all continuous

	RowLower, RowUpper []float64 // per row

	A Matrix  // constraint matrix, by columns or by rows
	H *Matrix // Hessian, lower triangle by columns, or nil
}

// Matrix is sparse: Index[Start[k]:Start[k+1]] and Value of the same range are vector k. The last vector
// ends where Index does, so that Start may leave out its end. A vector names no index twice.
type Matrix struct {
	Rowwise bool
	Start   []int32
	Index   []int32
	Value   []float64
}

// PassModel replaces the model by p in one call. HiGHS copies; p may be changed afterwards. Coefficients below
// the option small_matrix_value in magnitude are dropped.
func (in *Instance) PassModel(p *Problem) error {
	fail := func(format string, a ...any) error {
		return &Error{Go: "PassModel", C: "Highs_passModel", Detail: fmt.Sprintf(format, a...)}
	}
	cols, rows, nz := len(p.Cost), len(p.RowLower), len(p.A.Index)
	vectors, format := cols, C.HighsInt(MatrixFormatColwise)
	if p.A.Rowwise {
		vectors, format = rows, MatrixFormatRowwise
	}
	switch {
	case len(p.Lower) != cols || len(p.Upper) != cols:
		return fail("%d costs, %d lower and %d upper bounds", cols, len(p.Lower), len(p.Upper))
	case p.Kinds != nil && len(p.Kinds) != cols:
		return fail("%d costs and %d kinds", cols, len(p.Kinds))
	case len(p.RowUpper) != rows:
		return fail("%d lower and %d upper row bounds", rows, len(p.RowUpper))
	case len(p.A.Value) != nz || nz > 0 && len(p.A.Start) < vectors:
		return fail("matrix of %d vectors has %d starts, %d indices and %d values", vectors, len(p.A.Start), nz, len(p.A.Value))
	case max(cols, rows, nz) > math.MaxInt32:
		return fail("%d columns, %d rows, %d nonzeros: more than 32-bit indices reach", cols, rows, nz)
	}
	sense := C.HighsInt(ObjSenseMinimize)
	if p.Maximize {
		sense = ObjSenseMaximize
	}
	var h Matrix
	if p.H != nil {
		h = *p.H
		if len(h.Value) != len(h.Index) || len(h.Start) < cols {
			return fail("Hessian of %d columns has %d starts, %d indices and %d values", cols, len(h.Start), len(h.Index), len(h.Value))
		}
	}
	status := C.Highs_passModel(in.h, C.HighsInt(cols), C.HighsInt(rows), C.HighsInt(nz), C.HighsInt(len(h.Index)),
		format, HessianFormatTriangular, sense, C.double(p.Offset),
		floats(p.Cost), floats(p.Lower), floats(p.Upper), floats(p.RowLower), floats(p.RowUpper),
		ints(p.A.Start), ints(p.A.Index), floats(p.A.Value),
		ints(h.Start), ints(h.Index), floats(h.Value), ints(p.Kinds))
	if err := in.check(status, "PassModel", "Highs_passModel"); err != nil {
		return err
	}
	in.cols, in.rows = cols, rows
	return nil
}

// Cols and Rows are the dimensions of the model held.
func (in *Instance) Cols() int { return in.cols }

// Rows is the number of rows of the model held.
func (in *Instance) Rows() int { return in.rows }

// Nonzeros is the number of coefficients of the model held.
func (in *Instance) Nonzeros() int { return int(C.Highs_getNumNz(in.h)) }

// SetBounds changes the bounds of the columns set; the basis stays.
func (in *Instance) SetBounds(set []int32, lower, upper []float64) error {
	if err := sameLength("SetBounds", "Highs_changeColsBoundsBySet", set, lower, upper); err != nil || len(set) == 0 {
		return err
	}
	return in.check(C.Highs_changeColsBoundsBySet(in.h, C.HighsInt(len(set)), ints(set), floats(lower), floats(upper)),
		"SetBounds", "Highs_changeColsBoundsBySet")
}

// SetCosts changes the costs of the columns set; the basis stays.
func (in *Instance) SetCosts(set []int32, cost []float64) error {
	if err := sameLength("SetCosts", "Highs_changeColsCostBySet", set, cost); err != nil || len(set) == 0 {
		return err
	}
	return in.check(C.Highs_changeColsCostBySet(in.h, C.HighsInt(len(set)), ints(set), floats(cost)),
		"SetCosts", "Highs_changeColsCostBySet")
}

// SetKinds changes the kinds of the columns set.
func (in *Instance) SetKinds(set, kinds []int32) error {
	if len(set) != len(kinds) {
		return &Error{Go: "SetKinds", C: "Highs_changeColsIntegralityBySet", Detail: fmt.Sprintf("%d columns, %d kinds", len(set), len(kinds))}
	}
	if len(set) == 0 {
		return nil
	}
	return in.check(C.Highs_changeColsIntegralityBySet(in.h, C.HighsInt(len(set)), ints(set), ints(kinds)),
		"SetKinds", "Highs_changeColsIntegralityBySet")
}

// SetRowBounds changes the bounds of the rows set; the basis stays.
func (in *Instance) SetRowBounds(set []int32, lower, upper []float64) error {
	if err := sameLength("SetRowBounds", "Highs_changeRowsBoundsBySet", set, lower, upper); err != nil || len(set) == 0 {
		return err
	}
	return in.check(C.Highs_changeRowsBoundsBySet(in.h, C.HighsInt(len(set)), ints(set), floats(lower), floats(upper)),
		"SetRowBounds", "Highs_changeRowsBoundsBySet")
}

// SetCoef changes one coefficient of the matrix; 0 removes it. The basis stays.
func (in *Instance) SetCoef(row, col int, value float64) error {
	return in.check(C.Highs_changeCoeff(in.h, C.HighsInt(row), C.HighsInt(col), C.double(value)), "SetCoef", "Highs_changeCoeff")
}

// SetOffset changes the constant of the objective.
func (in *Instance) SetOffset(offset float64) error {
	return in.check(C.Highs_changeObjectiveOffset(in.h, C.double(offset)), "SetOffset", "Highs_changeObjectiveOffset")
}

// AddCols appends continuous columns, nonbasic in a kept basis; a holds their coefficients by column and may be empty.
func (in *Instance) AddCols(cost, lower, upper []float64, a Matrix) error {
	if len(lower) != len(cost) || len(upper) != len(cost) || len(a.Index) > 0 && len(a.Start) < len(cost) || len(a.Index) != len(a.Value) {
		return &Error{Go: "AddCols", C: "Highs_addCols", Detail: "slices of unequal lengths"}
	}
	if len(cost) == 0 {
		return nil
	}
	err := in.check(C.Highs_addCols(in.h, C.HighsInt(len(cost)), floats(cost), floats(lower), floats(upper),
		C.HighsInt(len(a.Index)), ints(a.Start), ints(a.Index), floats(a.Value)), "AddCols", "Highs_addCols")
	if err == nil {
		in.cols += len(cost)
	}
	return err
}

// AddRows appends rows, basic in a kept basis; a holds their coefficients by row and may be empty.
func (in *Instance) AddRows(lower, upper []float64, a Matrix) error {
	if len(upper) != len(lower) || len(a.Index) > 0 && len(a.Start) < len(lower) || len(a.Index) != len(a.Value) {
		return &Error{Go: "AddRows", C: "Highs_addRows", Detail: "slices of unequal lengths"}
	}
	if len(lower) == 0 {
		return nil
	}
	err := in.check(C.Highs_addRows(in.h, C.HighsInt(len(lower)), floats(lower), floats(upper),
		C.HighsInt(len(a.Index)), ints(a.Start), ints(a.Index), floats(a.Value)), "AddRows", "Highs_addRows")
	if err == nil {
		in.rows += len(lower)
	}
	return err
}

// PassHessian replaces the Hessian: the lower triangle by columns.
func (in *Instance) PassHessian(h Matrix) error {
	if len(h.Start) < in.cols || len(h.Index) != len(h.Value) {
		return &Error{Go: "PassHessian", C: "Highs_passHessian", Detail: "slices of unequal lengths"}
	}
	return in.check(C.Highs_passHessian(in.h, C.HighsInt(in.cols), C.HighsInt(len(h.Index)), HessianFormatTriangular,
		ints(h.Start), ints(h.Index), floats(h.Value)), "PassHessian", "Highs_passHessian")
}

// NameModel, NameCol and NameRow name parts of the model for model files. HiGHS wants names without
// blanks, different from each other.
func (in *Instance) NameModel(name string) error {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return in.check(C.Highs_passModelName(in.h, c), "NameModel", "Highs_passModelName")
}

// NameCol names column j.
func (in *Instance) NameCol(j int, name string) error {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return in.check(C.Highs_passColName(in.h, C.HighsInt(j), c), "NameCol", "Highs_passColName")
}

// NameRow names row i.
func (in *Instance) NameRow(i int, name string) error {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return in.check(C.Highs_passRowName(in.h, C.HighsInt(i), c), "NameRow", "Highs_passRowName")
}

// WriteModel writes the model to a file, as its extension says: .lp or .mps, with .gz packed.
func (in *Instance) WriteModel(path string) error {
	c := C.CString(path)
	defer C.free(unsafe.Pointer(c))
	return in.check(C.Highs_writeModel(in.h, c), "WriteModel", "Highs_writeModel")
}

// ReadModel replaces the model by the one of a file.
func (in *Instance) ReadModel(path string) error {
	c := C.CString(path)
	defer C.free(unsafe.Pointer(c))
	if err := in.check(C.Highs_readModel(in.h, c), "ReadModel", "Highs_readModel"); err != nil {
		return err
	}
	in.cols, in.rows = int(C.Highs_getNumCol(in.h)), int(C.Highs_getNumRow(in.h))
	return nil
}

func sameLength(goName, cName string, set []int32, values ...[]float64) error {
	for _, v := range values {
		if len(v) != len(set) {
			return &Error{Go: goName, C: cName, Detail: fmt.Sprintf("%d indices, %d values", len(set), len(v))}
		}
	}
	return nil
}
