package highs

// The constants of highs_c_api.h under their own names less the prefix kHighs. They are `static const`
// there, which cgo cannot link, so they are mirrored here; a test compares every one with the header.

// What a call returned.
const (
	StatusError   = -1
	StatusOk      = 0
	StatusWarning = 1
)

// The kind of a variable.
const (
	VarTypeContinuous      int32 = 0
	VarTypeInteger         int32 = 1
	VarTypeSemiContinuous  int32 = 2
	VarTypeSemiInteger     int32 = 3
	VarTypeImplicitInteger int32 = 4
)

// The type of an option.
const (
	OptionTypeBool   = 0
	OptionTypeInt    = 1
	OptionTypeDouble = 2
	OptionTypeString = 3
)

// The type of an information value.
const (
	InfoTypeInt64  = -1
	InfoTypeInt    = 1
	InfoTypeDouble = 2
)

// The sense of the objective.
const (
	ObjSenseMinimize = 1
	ObjSenseMaximize = -1
)

// How a sparse matrix is stored.
const (
	MatrixFormatColwise = 1
	MatrixFormatRowwise = 2
)

// How a Hessian is stored.
const (
	HessianFormatTriangular = 1
	HessianFormatSquare     = 2
)

// What is known of a primal or dual solution.
const (
	SolutionStatusNone       = 0
	SolutionStatusInfeasible = 1
	SolutionStatusFeasible   = 2
)

// Whether there is a basis.
const (
	BasisValidityInvalid = 0
	BasisValidityValid   = 1
)

// What presolve made of the model.
const (
	PresolveStatusNotPresolved          = -1
	PresolveStatusNotReduced            = 0
	PresolveStatusInfeasible            = 1
	PresolveStatusUnboundedOrInfeasible = 2
	PresolveStatusReduced               = 3
	PresolveStatusReducedToEmpty        = 4
	PresolveStatusTimeout               = 5
	PresolveStatusNullError             = 6
	PresolveStatusOptionsError          = 7
	PresolveStatusOutOfMemory           = 8
)

// ModelStatus says how a run ended.
type ModelStatus int

// How a run ended.
const (
	ModelStatusNotset                ModelStatus = 0
	ModelStatusLoadError             ModelStatus = 1
	ModelStatusModelError            ModelStatus = 2
	ModelStatusPresolveError         ModelStatus = 3
	ModelStatusSolveError            ModelStatus = 4
	ModelStatusPostsolveError        ModelStatus = 5
	ModelStatusModelEmpty            ModelStatus = 6
	ModelStatusOptimal               ModelStatus = 7
	ModelStatusInfeasible            ModelStatus = 8
	ModelStatusUnboundedOrInfeasible ModelStatus = 9
	ModelStatusUnbounded             ModelStatus = 10
	ModelStatusObjectiveBound        ModelStatus = 11
	ModelStatusObjectiveTarget       ModelStatus = 12
	ModelStatusTimeLimit             ModelStatus = 13
	ModelStatusIterationLimit        ModelStatus = 14
	ModelStatusUnknown               ModelStatus = 15
	ModelStatusSolutionLimit         ModelStatus = 16
	ModelStatusInterrupt             ModelStatus = 17
)

// Where a variable or row stands in a basis.
const (
	BasisStatusLower    int32 = 0
	BasisStatusBasic    int32 = 1
	BasisStatusUpper    int32 = 2
	BasisStatusZero     int32 = 3
	BasisStatusNonbasic int32 = 4
)

// Why a callback is called.
const (
	CallbackLogging                  = 0
	CallbackSimplexInterrupt         = 1
	CallbackIpmInterrupt             = 2
	CallbackMipSolution              = 3
	CallbackMipImprovingSolution     = 4
	CallbackMipLogging               = 5
	CallbackMipInterrupt             = 6
	CallbackMipGetCutPool            = 7
	CallbackMipDefineLazyConstraints = 8
	CallbackCallbackMipUserSolution  = 9
)

// How an irreducible infeasible subsystem is looked for.
const (
	IisStrategyLight             = 0
	IisStrategyFromLpRowPriority = 6
	IisStrategyFromLpColPriority = 14
)

// Which bounds of a variable or row take part in an irreducible infeasible subsystem.
const (
	IisBoundFree  int32 = 1
	IisBoundLower int32 = 2
	IisBoundUpper int32 = 3
	IisBoundBoxed int32 = 4
)

// Whether a variable or row takes part in an irreducible infeasible subsystem.
const (
	IisStatusNotInConflict   int32 = -1
	IisStatusMaybeInConflict int32 = 0
	IisStatusInConflict      int32 = 1
)

// MaximumStringLength is the room a name or string option needs.
const MaximumStringLength = 512
