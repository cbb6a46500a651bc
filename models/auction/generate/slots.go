package generate

import "math"

// The parameters of matching, by their names in the paper.
const (
	maxAirportValue       = 5.0 // a slot's value at an airport is uniform in [0, max_airport_value]
	longestFlightLength   = 10  // in slots, of the longest flight
	flightDeviation       = 0.5 // bidders' values deviate by at most this share
	earlyTakeoffDeviation = 1   // slots that a take-off may be early
	lateTakeoffDeviation  = 2
	lateLandDeviation     = 2
	delayCoefficient      = 0.9  // what is left of the value for each slot more in the air
	lateCoefficient       = 0.75 // and for each slot of a late landing
)

// airports are four that had limited slots in the United States: O'Hare, National, Kennedy and LaGuardia, by
// longitude and latitude. The last two are too close for a flight.
var airports = [4][2]float64{{-87.75, 41.98}, {-77.03, 38.85}, {-73.78, 40.65}, {-73.87, 40.77}}

// slots are times at airports, the goods: time t at airport a is good t·4 + a. A bidder wants to fly between two
// airports at a time; it bids on every pair of a take-off and a landing that are near enough to it:
//
//	deviation · (value_from + value_to) · delay_coefficient^delay · late_coefficient^late
type slots struct {
	draw
	goods, times int
	value        [len(airports)]float64
}

func newAirports(d draw, goods int) *slots {
	s := &slots{draw: d, goods: goods, times: (goods + len(airports) - 1) / len(airports)}
	for a := range s.value {
		s.value[a] = d.between(0, maxAirportValue)
	}
	return s
}

// noFlight says that two airports are neighbours.
func noFlight(from, to int) bool { return from == to || from+to == 2+3 }

func (s *slots) alternatives() []bundle {
	from, to := s.IntN(len(airports)), s.IntN(len(airports))
	if noFlight(from, to) {
		return nil
	}
	longest := 0.0
	for a := range airports {
		for b := range a {
			longest = max(longest, hypot(airports[a], airports[b]))
		}
	}
	slotsOfLongest := float64(min(longestFlightLength, s.times-1))
	flight := int(math.Round(slotsOfLongest * hypot(airports[from], airports[to]) / longest))
	start := s.IntN(max(1, s.times-flight))
	deviation := s.between(1-flightDeviation, 1+flightDeviation)
	var all []bundle
	for takeoff := max(0, start-earlyTakeoffDeviation); takeoff <= min(s.times-1, start+lateTakeoffDeviation); takeoff++ {
		for land := takeoff + flight; land <= min(s.times-1, start+flight+lateLandDeviation); land++ {
			delay, late := land-takeoff-flight, max(0, land-start-flight)
			a, b := takeoff*len(airports)+from, land*len(airports)+to
			if a >= s.goods || b >= s.goods {
				continue // the last time is not for sale at every airport
			}
			amount := deviation * (s.value[from] + s.value[to]) *
				math.Pow(delayCoefficient, float64(delay)) * math.Pow(lateCoefficient, float64(late))
			all = append(all, newBundle([]int{a, b}, amount))
		}
	}
	return all
}

// The parameters of scheduling, by their names in the paper.
const (
	maxLength              = 10  // hours that a job takes at most
	jobDeviation           = 0.5 // bidders' values deviate by at most this share
	probAdditionalDeadline = 0.7
	jobAdditivity          = 0.2
)

// machine is hours of a machine, the goods. A bidder has a job of l hours with a deadline D, and may have later
// ones, each worth less: a bundle that ends by the deadline E, later than the one before it, is worth
//
//	deviation · l^(1 + additivity) · D / E
type machine struct {
	draw
	hours int
}

func newMachine(d draw, goods int) *machine { return &machine{d, goods} }

func (m *machine) alternatives() []bundle {
	length := m.whole(1, min(maxLength, m.hours))
	first := m.whole(length, m.hours)
	deviation := m.between(1-jobDeviation, 1+jobDeviation)
	var all []bundle
	before, deadline := 0, first
	for {
		amount := deviation * math.Pow(float64(length), 1+jobAdditivity) * float64(first) / float64(deadline)
		for end := max(length, before+1); end <= deadline; end++ {
			hours := make([]int, length)
			for h := range hours {
				hours[h] = end - length + h
			}
			all = append(all, newBundle(hours, amount))
		}
		if before = deadline; before == m.hours || !m.chance(probAdditionalDeadline) {
			return all
		}
		deadline = m.whole(before+1, m.hours)
	}
}
