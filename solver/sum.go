package solver

import "math"

// A Sum adds with Neumaier's correction (Neumaier 1974), so that cents are not lost beside billions and a total of a
// million terms is as exact as one of ten. The zero Sum is 0.
type Sum struct{ total, low float64 }

// Add adds a.
func (s *Sum) Add(a float64) {
	t := s.total + a
	if math.Abs(s.total) >= math.Abs(a) {
		s.low += (s.total - t) + a
	} else {
		s.low += (a - t) + s.total
	}
	s.total = t
}

// Value is the total of what was added.
func (s *Sum) Value() float64 { return s.total + s.low }
