package solver

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// What is printed of a model: everything of a small one, the head of each part of a large one.
const (
	printLines = 40
	printTerms = 60
)

// String prints the model as formulas, in its own names; long sums and lists are cut short with a count.
func (m *Model) String() string {
	var b strings.Builder
	direction := "minimize"
	if m.sense == Maximize {
		direction = "maximize"
	}
	fmt.Fprintf(&b, "%s: %d variables (%d integer), %d constraints, %d coefficients\n%s\n ",
		m.name, m.Vars(), m.Integers(), m.Cons(), m.Nonzeros(), direction)
	var s sum
	for i, c := range m.cost {
		if c != 0 {
			s.term(&b, c, func() string { return Var{m, int32(i)}.String() })
		}
	}
	for _, q := range m.quad {
		s.term(&b, q.coef, func() string {
			if q.v == q.w {
				return Var{m, q.v}.String() + "²"
			}
			return Var{m, q.w}.String() + "·" + Var{m, q.v}.String()
		})
	}
	if m.offset != 0 || s.terms == 0 {
		s.term(&b, m.offset, nil)
	}
	s.end(&b)
	if m.Cons() > 0 {
		b.WriteString("\nsubject to\n")
	} else {
		b.WriteString("\n")
	}
	for i := range min(m.Cons(), printLines) {
		c := Con{m, int32(i)}
		lo, hi := c.Range()
		fmt.Fprintf(&b, "  %s:", c)
		if !math.IsInf(lo, -1) && !math.IsInf(hi, 1) && lo != hi {
			fmt.Fprintf(&b, " %s ≤", number(lo))
		}
		var s sum
		for v, a := range c.Terms() {
			s.term(&b, a, v.String)
		}
		if s.terms == 0 {
			b.WriteString(" 0")
		}
		s.end(&b)
		switch {
		case lo == hi:
			fmt.Fprintf(&b, " = %s", number(hi))
		case !math.IsInf(hi, 1):
			fmt.Fprintf(&b, " ≤ %s", number(hi))
		case !math.IsInf(lo, -1):
			fmt.Fprintf(&b, " ≥ %s", number(lo))
		default:
			b.WriteString(" free")
		}
		b.WriteString("\n")
	}
	more(&b, m.Cons(), "constraints")
	if m.Vars() > 0 {
		b.WriteString("with\n")
	}
	for i := range min(m.Vars(), printLines) {
		v := Var{m, int32(i)}
		lo, hi := v.Bounds()
		switch {
		case v.IsInteger() && lo == 0 && hi == 1:
			fmt.Fprintf(&b, "  %s binary\n", v)
			continue
		case math.IsInf(lo, -1) && math.IsInf(hi, 1):
			fmt.Fprintf(&b, "  %s free", v)
		case lo == hi:
			fmt.Fprintf(&b, "  %s = %s", v, number(lo))
		case math.IsInf(hi, 1):
			fmt.Fprintf(&b, "  %s ≥ %s", v, number(lo))
		case math.IsInf(lo, -1):
			fmt.Fprintf(&b, "  %s ≤ %s", v, number(hi))
		default:
			fmt.Fprintf(&b, "  %s ≤ %s ≤ %s", number(lo), v, number(hi))
		}
		if v.IsInteger() {
			b.WriteString(", integer")
		}
		b.WriteString("\n")
	}
	more(&b, m.Vars(), "variables")
	if m.err != nil {
		fmt.Fprintf(&b, "error: %v\n", m.err)
	}
	return b.String()
}

// sum prints terms with signs between them, up to printTerms.
type sum struct{ terms int }

func (s *sum) term(b *strings.Builder, c float64, what func() string) {
	if s.terms++; s.terms > printTerms {
		return
	}
	switch {
	case c < 0 && s.terms == 1:
		b.WriteString(" -")
	case c < 0:
		b.WriteString(" - ")
	case s.terms > 1:
		b.WriteString(" + ")
	default:
		b.WriteString(" ")
	}
	c = math.Abs(c)
	if what == nil {
		b.WriteString(number(c))
		return
	}
	if c != 1 {
		b.WriteString(number(c) + " ")
	}
	b.WriteString(what())
}

func (s *sum) end(b *strings.Builder) {
	if s.terms > printTerms {
		fmt.Fprintf(b, " + … %d more terms", s.terms-printTerms)
	}
}

func more(b *strings.Builder, n int, what string) {
	if n > printLines {
		fmt.Fprintf(b, "  … %d more %s\n", n-printLines, what)
	}
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
