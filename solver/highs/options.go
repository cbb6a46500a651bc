package highs

// #include <stdlib.h>
// #include "control.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// Set sets an option of any type: bool, int, float64 or string. An int serves for an option of type
// double. Names, types and defaults are HiGHS's own.
func (in *Instance) Set(name string, value any) error {
	switch v := value.(type) {
	case bool:
		return in.SetBool(name, v)
	case int:
		if in.optionType(name) == OptionTypeDouble {
			return in.SetFloat(name, float64(v))
		}
		return in.SetInt(name, v)
	case float64:
		return in.SetFloat(name, v)
	case string:
		return in.SetString(name, v)
	}
	return &Error{
		Go: "Set", C: "Highs_setOptionValue",
		Detail: fmt.Sprintf("option %s: want bool, int, float64 or string, found %T", name, value),
	}
}

func (in *Instance) optionType(name string) int {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	var t C.HighsInt
	if C.Highs_getOptionType(in.h, c, &t) == StatusError {
		return -1
	}
	return int(t)
}

// SetBool sets an option of type bool.
func (in *Instance) SetBool(name string, value bool) error {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	var v C.HighsInt
	if value {
		v = 1
	}
	return in.option(name, value, C.Highs_setBoolOptionValue(in.h, c, v), "SetBool", "Highs_setBoolOptionValue")
}

// SetInt sets an option of type int.
func (in *Instance) SetInt(name string, value int) error {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	if int(C.HighsInt(value)) != value {
		return in.option(name, value, StatusError, "SetInt", "Highs_setIntOptionValue")
	}
	err := in.option(name, value, C.Highs_setIntOptionValue(in.h, c, C.HighsInt(value)), "SetInt", "Highs_setIntOptionValue")
	if err == nil && name == "threads" {
		in.threads = value
	}
	return err
}

// SetFloat sets an option of type double.
func (in *Instance) SetFloat(name string, value float64) error {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return in.option(name, value, C.Highs_setDoubleOptionValue(in.h, c, C.double(value)), "SetFloat", "Highs_setDoubleOptionValue")
}

// SetString sets an option of type string.
func (in *Instance) SetString(name, value string) error {
	c, v := C.CString(name), C.CString(value)
	defer C.free(unsafe.Pointer(c))
	defer C.free(unsafe.Pointer(v))
	err := in.option(name, value, C.Highs_setStringOptionValue(in.h, c, v), "SetString", "Highs_setStringOptionValue")
	if err == nil && name == "log_file" {
		in.logFile = value != ""
	}
	return err
}

func (in *Instance) option(name string, value any, status C.HighsInt, goName, cName string) error {
	err := in.check(status, goName, cName)
	if e := (*Error)(nil); errors.As(err, &e) && e.Detail == "" {
		e.Detail = fmt.Sprintf("option %s does not take the value %v", name, value)
	}
	return err
}

// Bool is the value of an option of type bool.
func (in *Instance) Bool(name string) (bool, error) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	var v C.HighsInt
	err := in.check(C.Highs_getBoolOptionValue(in.h, c, &v), "Bool", "Highs_getBoolOptionValue")
	return v != 0, err
}

// Int is the value of an option of type int.
func (in *Instance) Int(name string) (int, error) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	var v C.HighsInt
	err := in.check(C.Highs_getIntOptionValue(in.h, c, &v), "Int", "Highs_getIntOptionValue")
	return int(v), err
}

// Float is the value of an option of type double.
func (in *Instance) Float(name string) (float64, error) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	var v C.double
	err := in.check(C.Highs_getDoubleOptionValue(in.h, c, &v), "Float", "Highs_getDoubleOptionValue")
	return float64(v), err
}

// Text is the value of an option of type string.
func (in *Instance) Text(name string) (string, error) {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	var v [MaximumStringLength]C.char
	err := in.check(C.Highs_getStringOptionValue(in.h, c, &v[0]), "Text", "Highs_getStringOptionValue")
	return C.GoString(&v[0]), err
}
