package verify

import "math"

const (
	// wholeTol is how far from 0 or 1 a variable that must be one of them may lie: what money it is worth then is no more
	// than rounding.
	wholeTol = 1e-9
	// pruneTol is by how much, relatively, a node's bound must better the best known answer to be looked into.
	pruneTol = 1e-9
)

// A search is branch and bound (Land and Doig 1960) over the variables of a program that must be 0 or 1.
type search struct {
	*program
	whole []int
	best  float64   // value of the best answer so far
	x     []float64 // that answer, nil for none
	most  int64     // work of the program at which the search ends
	cut   bool      // whether it ended for that reason or for rounding: the bound holds all the same
}

// maximise returns the best answer that the work allows, and a bound that is not under the optimum:
// -Inf where the program is infeasible. start, where it is not nil, holds values of the whole variables that
// are tried first.
func (p *program) maximise(whole []int, start []float64, work int64) (a answer, exact bool) {
	if p.tableau == nil {
		p.open()
	}
	s := &search{program: p, whole: whole, best: math.Inf(-1), most: p.work + work}
	if start != nil {
		s.probe(start)
	}
	bound := s.node()
	if s.x != nil {
		bound = math.Max(bound, s.best)
	}
	return answer{s.x, s.best, bound}, !s.cut
}

// probe solves with the whole variables as given.
func (s *search) probe(values []float64) {
	lo, up := make([]float64, len(s.whole)), make([]float64, len(s.whole))
	within := true
	for n, j := range s.whole {
		lo[n], up[n] = s.lo[j], s.up[j]
		within = within && values[n] >= s.lo[j] && values[n] <= s.up[j]
	}
	if !within {
		return
	}
	for n, j := range s.whole {
		s.lo[j], s.up[j] = values[n], values[n]
	}
	s.keep(s.solve())
	for n, j := range s.whole {
		s.lo[j], s.up[j] = lo[n], up[n]
	}
}

// keep takes an answer whose whole variables are whole, where it is the best.
func (s *search) keep(a answer) {
	if a.x != nil && a.value > s.best {
		s.best, s.x = a.value, a.x
	}
}

// node solves the program at the present bounds and branches; it returns a bound on what it can earn.
func (s *search) node() float64 {
	a := s.solve()
	if math.IsInf(a.bound, -1) || a.bound <= s.best+pruneTol*math.Max(1, math.Abs(s.best)) {
		return a.bound
	}
	if s.work > s.most {
		s.cut = true
		return a.bound
	}
	on, worst, up := -1, wholeTol, true
	for _, j := range s.whole {
		if s.lo[j] == s.up[j] {
			continue
		}
		if a.x == nil { // given up: the first that is open
			on = j
			break
		}
		if f := math.Min(a.x[j], 1-a.x[j]); f > worst {
			on, worst, up = j, f, a.x[j] >= 0.5
		}
	}
	if on < 0 {
		if a.x == nil {
			s.cut = true
			return a.bound
		}
		s.keep(a)
		return a.bound
	}
	bound := math.Inf(-1)
	lo, hi := s.lo[on], s.up[on]
	for _, v := range []bool{up, !up} {
		s.lo[on], s.up[on] = 0, 0
		if v {
			s.lo[on], s.up[on] = 1, 1
		}
		bound = math.Max(bound, s.node())
	}
	s.lo[on], s.up[on] = lo, hi
	return math.Min(a.bound, bound)
}
