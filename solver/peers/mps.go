package peers

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"

	"lotwise/solver"
)

// MPS writes a model as a free MPS file of the narrowest dialect, which every solver reads alike: variables x0, x1,
// ..., constraints c0, c1, ..., minimised (a maximisation with its costs negated), without the objective's constant;
// both bounds of every variable written, those of integers as integers; numbers with all their digits. Constraints
// that bound nothing are left out.
func MPS(path string, m *solver.Model) error {
	if m.Err() != nil {
		return m.Err()
	}
	for range m.QuadraticTerms() {
		return fmt.Errorf("model %s: the peers solve no quadratic objective", m.Name())
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	writeMPS(w, m)
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

type entry struct {
	row  int
	coef float64
}

func writeMPS(w *bufio.Writer, m *solver.Model) {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	fmt.Fprint(w, "NAME model FREE\nROWS\n N cost\n")
	columns := make([][]entry, max(1, m.Vars())) // a file without columns is none
	var ranges, sides []string
	for i := range m.Cons() {
		c := m.Con(i)
		lo, hi := c.Range()
		var side float64
		switch {
		case math.IsInf(lo, -1) && math.IsInf(hi, 1):
			continue
		case lo == hi:
			fmt.Fprintf(w, " E c%d\n", i)
			side = lo
		case math.IsInf(lo, -1):
			fmt.Fprintf(w, " L c%d\n", i)
			side = hi
		default:
			fmt.Fprintf(w, " G c%d\n", i)
			side = lo
			if !math.IsInf(hi, 1) {
				ranges = append(ranges, fmt.Sprintf(" RANGE c%d %s\n", i, number(hi-lo)))
			}
		}
		if side != 0 {
			sides = append(sides, fmt.Sprintf(" RHS c%d %s\n", i, number(side)))
		}
		for v, a := range c.Terms() {
			columns[v.Index()] = append(columns[v.Index()], entry{i, a})
		}
	}
	fmt.Fprint(w, "COLUMNS\n")
	integer, markers := false, 0
	mark := func(to bool) {
		if integer != to {
			fmt.Fprintf(w, " M%d 'MARKER' '%s'\n", markers, map[bool]string{true: "INTORG", false: "INTEND"}[to])
			integer = to
			markers++
		}
	}
	for j := range columns {
		cost := 0.0
		if j < m.Vars() {
			v := m.Var(j)
			mark(v.IsInteger())
			cost = v.Cost()
			if m.Sense() == solver.Maximize {
				cost = -cost
			}
		}
		fmt.Fprintf(w, " x%d cost %s\n", j, number(cost))
		for _, e := range columns[j] {
			fmt.Fprintf(w, " x%d c%d %s\n", j, e.row, number(e.coef))
		}
	}
	mark(false)
	fmt.Fprint(w, "RHS\n")
	for _, s := range sides {
		fmt.Fprint(w, s)
	}
	if len(ranges) > 0 {
		fmt.Fprint(w, "RANGES\n")
		for _, r := range ranges {
			fmt.Fprint(w, r)
		}
	}
	fmt.Fprint(w, "BOUNDS\n")
	for j := range columns {
		lo, hi := 0.0, 0.0
		if j < m.Vars() {
			v := m.Var(j)
			if lo, hi = v.Bounds(); v.IsInteger() {
				lo, hi = math.Ceil(lo), math.Floor(hi)
			}
		}
		if math.IsInf(lo, -1) {
			fmt.Fprintf(w, " MI BOUND x%d\n", j)
		} else {
			fmt.Fprintf(w, " LO BOUND x%d %s\n", j, number(lo))
		}
		if math.IsInf(hi, 1) {
			fmt.Fprintf(w, " PL BOUND x%d\n", j)
		} else {
			fmt.Fprintf(w, " UP BOUND x%d %s\n", j, number(hi))
		}
	}
	fmt.Fprint(w, "ENDATA\n")
}
