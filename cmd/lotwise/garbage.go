package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A batch that lives for seconds spends up to a third less time if, of what is alive, four times as much may be dead beside it
// before it is collected, rather than Go's once; the tables of a case are small beside HiGHS' own memory. A long search holds
// gigabytes, where that much more would not fit: mostGarbage bounds it, and leastPercent keeps collections few all the same.
const (
	mostPercent  = 400
	leastPercent = 40
	mostGarbage  = 1 << 30 // bytes
)

// collectGarbage sets how much may be dead, and again after every collection. Who sets GOGC decides instead.
func collectGarbage() {
	if os.Getenv("GOGC") != "" {
		return
	}
	alive := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	percent := 0
	var set func(int)
	set = func(int) {
		metrics.Read(alive)
		now := int(math.Max(leastPercent, math.Min(mostPercent, 100*mostGarbage/float64(alive[0].Value.Uint64()))))
		if now != percent {
			percent = now
			debug.SetGCPercent(percent)
		}
		// Nothing holds it: the next collection finds it dead.
		runtime.AddCleanup(new([64]byte), set, 0)
	}
	set(0)
}
