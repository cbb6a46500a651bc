package allocation

import "math"

const (
	// fractionSlack is how far a fraction that a solver returns may lie from a bound and be that bound:
	// ten times the accuracy solvers keep on numbers of this size, and under a package in ten million.
	fractionSlack = 1e-8
	// rowSlack and rowShare are by how much a capacity or budget may be exceeded, absolutely and as a share
	// of it: rounding of sums of decimals, far under a cent in a billion and a thousandth of a package.
	rowSlack = 1e-7
	rowShare = 1e-12
)

// slack is the rounding error that a comparison with a forgives.
func slack(a float64) float64 { return rowSlack + rowShare*math.Abs(a) }

// repair turns a solver's fractions into ones that hold in exact terms: what lies within tolerance of a
// bound is put there, and where a row is still exceeded, divisible bids give way, the last first. It
// returns false where that is not enough: the decisions do not fit.
func (k *component) repair(x, lo, up []float64) bool {
	for j := range x {
		switch {
		case x[j] < lo[j]+fractionSlack:
			x[j] = lo[j]
		case x[j] > up[j]-fractionSlack:
			x[j] = up[j]
		}
	}
	for i := range k.rows {
		r := &k.rows[i]
		for t := len(r.terms) - 1; t >= 0; t-- {
			over := r.at(x) - r.rhs
			if over <= 0 {
				break
			}
			if j, coef := r.terms[t].bid, r.terms[t].coef; x[j] > lo[j] && x[j] < up[j] {
				x[j] = max(lo[j], x[j]-over/coef)
			}
		}
	}
	return k.fits(x)
}

// fits says whether x is within every row.
func (k *component) fits(x []float64) bool {
	for i := range k.rows {
		if r := &k.rows[i]; r.at(x) > r.rhs+slack(r.rhs) {
			return false
		}
	}
	return true
}

// earns is the objective at x.
func (k *component) earns(x []float64) float64 {
	var s sum
	for j := range x {
		s.add(k.value[j] * x[j])
	}
	for _, e := range k.entries {
		for _, j := range e.bids {
			if x[j] > 0 {
				s.add(-e.fee)
				break
			}
		}
	}
	return s.value()
}

// sum adds with Neumaier's correction, so that cents are not lost beside billions.
type sum struct{ total, low float64 }

func (s *sum) add(a float64) {
	t := s.total + a
	if math.Abs(s.total) >= math.Abs(a) {
		s.low += (s.total - t) + a
	} else {
		s.low += (a - t) + s.total
	}
	s.total = t
}

func (s *sum) value() float64 { return s.total + s.low }
