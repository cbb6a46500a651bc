package highs

// #include "interfaces/highs_c_api.h"
import "C"

// Version is the version of the linked HiGHS library.
func Version() string { return C.GoString(C.Highs_version()) }
