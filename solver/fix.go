package solver

import (
	"fmt"
	"slices"

	"lotwise/solver/highs"
)

// FixIntegers is a copy of m as an LP, its integer variables fixed at their values in s: solved, it has
// the shadow prices of a MIP's solution. Handles of m serve for the copy and for its solution too. s must be a solution
// of m with values.
func (m *Model) FixIntegers(s *Solution) (*Model, error) {
	if s.model != m || !s.HasValues() {
		return nil, fmt.Errorf("model %s: fixing the integers needs a solution of this model with values", m.name)
	}
	lp := m.clone()
	for j, k := range m.kinds {
		if k == highs.VarTypeInteger {
			lp.kinds[j] = highs.VarTypeContinuous
			lp.lower[j], lp.upper[j] = s.values[j], s.values[j]
		}
	}
	return lp, nil
}

// clone is a copy that takes m's handles too.
func (m *Model) clone() *Model {
	c := *m
	c.origin = m
	if m.origin != nil {
		c.origin = m.origin
	}
	c.families = names{list: slices.Clip(m.families.list)}
	for id, family := range m.families.list {
		if c.families.ids == nil {
			c.families.ids = map[string]int32{}
		}
		c.families.ids[family] = int32(id)
	}
	c.lower, c.upper, c.cost = slices.Clone(m.lower), slices.Clone(m.upper), slices.Clone(m.cost)
	c.kinds, c.varNames, c.quad = slices.Clone(m.kinds), slices.Clip(m.varNames), slices.Clip(m.quad)
	c.rowLower, c.rowUpper, c.conNames = slices.Clone(m.rowLower), slices.Clone(m.rowUpper), slices.Clip(m.conNames)
	c.start, c.end = slices.Clone(m.start), slices.Clone(m.end)
	c.index, c.value = slices.Clone(m.index), slices.Clone(m.value)
	c.mark, c.cells = make([]int32, len(m.mark)), slices.Clip(m.cells)
	return &c
}
