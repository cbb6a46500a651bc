// The C API of HiGHS. Its header defines these constants without `static`, so that two files that include
// it would not link; as weak symbols they do.
#ifndef LOTWISE_CAPI_H
#define LOTWISE_CAPI_H

#pragma weak kHighsIisStrategyLight
#pragma weak kHighsIisStrategyFromLpRowPriority
#pragma weak kHighsIisStrategyFromLpColPriority
#pragma weak kHighsIisBoundFree
#pragma weak kHighsIisBoundLower
#pragma weak kHighsIisBoundUpper
#pragma weak kHighsIisBoundBoxed
#pragma weak kHighsIisStatusNotInConflict
#pragma weak kHighsIisStatusMaybeInConflict
#pragma weak kHighsIisStatusInConflict

#include "interfaces/highs_c_api.h"

#endif
