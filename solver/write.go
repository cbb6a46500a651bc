package solver

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode"

	"lotwise/solver/highs"
)

// WriteFile writes the model with its names as path's extension says, .lp or .mps. Blanks and characters that the
// formats do not allow become underscores, and a name that then occurs twice gets its index appended.
func (m *Model) WriteFile(path string) error {
	if m.err != nil {
		return m.err
	}
	switch filepath.Ext(path) {
	case ".lp", ".mps":
	default:
		return fmt.Errorf("model %s: file %s: want the extension .lp or .mps", m.name, path)
	}
	in, err := highs.Acquire()
	if err != nil {
		return err
	}
	defer in.Release()
	p := &highs.Problem{
		Maximize: m.sense == Maximize, Offset: m.offset, Cost: m.cost, Lower: m.lower, Upper: m.upper, Kinds: m.kinds,
		RowLower: m.rowLower, RowUpper: m.rowUpper, A: m.rows(0),
	}
	if h := m.hessian(); h != nil {
		for k := range h.Value {
			h.Value[k] *= m.sign()
		}
		p.H = h
	}
	if err := in.PassModel(p); err != nil {
		return err
	}
	if err := in.NameModel(fileName(m.name, nil, 0)); err != nil {
		return err
	}
	taken := map[string]bool{}
	for j, n := range m.varNames {
		if err := in.NameCol(j, fileName(m.families.full(n), taken, j)); err != nil {
			return err
		}
	}
	clear(taken)
	for i, n := range m.conNames {
		if err := in.NameRow(i, fileName(m.families.full(n), taken, i)); err != nil {
			return err
		}
	}
	return in.WriteModel(path)
}

// longName is where names of model files are cut: the LP format allows 255 characters.
const longName = 200

// fileName makes a name that both formats can hold and that is not taken, and takes it.
func fileName(s string, taken map[string]bool, index int) string {
	s = strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.#$%&,;?@{}~()", r) {
			return '_'
		}
		return r
	}, strings.NewReplacer("[", "(", "]", ")").Replace(s))
	if s == "" || !unicode.IsLetter(rune(s[0])) && s[0] != '_' || s[0] == 'e' || s[0] == 'E' {
		s = "_" + s // a leading digit, dot or e could be read as a number
	}
	s = s[:min(len(s), longName)]
	if taken == nil {
		return s
	}
	if taken[s] {
		s = fmt.Sprintf("%s#%d", s, index)
	}
	taken[s] = true
	return s
}
