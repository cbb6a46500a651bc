package solvertest

import (
	"context"
	"flag"
	"os"
	"testing"

	"lotwise/solver"
)

// TestMain makes rapid draw the same cases every time.
func TestMain(m *testing.M) {
	flag.Parse()
	for name, value := range map[string]string{"rapid.seed": "1", "rapid.nofailfile": "true", "rapid.checks": "20"} {
		if f := flag.Lookup(name); f.Value.String() == f.DefValue {
			if err := f.Value.Set(value); err != nil {
				panic(err)
			}
		}
	}
	os.Exit(m.Run())
}

func session(ctx context.Context, m *solver.Model, use func(*solver.Session) (*solver.Solution, error)) (*solver.Solution, error) {
	s, err := solver.Open(m)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return use(s)
}

// paths are all ways of solving.
var paths = map[string]Path{
	"solve": solver.Solve,
	"session": func(ctx context.Context, m *solver.Model, o solver.Options) (*solver.Solution, error) {
		return session(ctx, m, func(s *solver.Session) (*solver.Solution, error) { return s.Solve(ctx, o) })
	},
	// The second solve of a session, nothing changed.
	"again": func(ctx context.Context, m *solver.Model, o solver.Options) (*solver.Solution, error) {
		return session(ctx, m, func(s *solver.Session) (*solver.Solution, error) {
			if _, err := s.Solve(ctx, solver.Options{NodeLimit: 1}); err != nil {
				return nil, err
			}
			return s.Solve(ctx, o)
		})
	},
	// A session that solved another model first and had everything changed.
	"changed": func(ctx context.Context, m *solver.Model, o solver.Options) (*solver.Solution, error) {
		return session(ctx, m, func(s *solver.Session) (*solver.Solution, error) {
			undo := disturb(m)
			if _, err := s.Solve(ctx, solver.Options{NodeLimit: 1}); err != nil {
				return nil, err
			}
			undo()
			return s.Solve(ctx, o)
		})
	},
	"two threads": func(ctx context.Context, m *solver.Model, o solver.Options) (*solver.Solution, error) {
		if o.Threads == 0 {
			o.Threads = 2
		}
		return solver.Solve(ctx, m, o)
	},
	"interior point": func(ctx context.Context, m *solver.Model, o solver.Options) (*solver.Solution, error) {
		if o.LPSolver == "" {
			o.LPSolver, o.MIPLPSolver = "ipm", "ipm"
		}
		return solver.Solve(ctx, m, o)
	},
	"no presolve": func(ctx context.Context, m *solver.Model, o solver.Options) (*solver.Solution, error) {
		extra := map[string]any{"presolve": "off"}
		for k, v := range o.Extra {
			extra[k] = v
		}
		o.Extra = extra
		return solver.Solve(ctx, m, o)
	},
}

// disturb changes every number of a model and returns how to change it back.
func disturb(m *solver.Model) (undo func()) {
	var back []func()
	for j := range m.Vars() {
		v := m.Var(j)
		lo, hi := v.Bounds()
		cost := v.Cost()
		m.SetBounds(v, lo-1, hi+1)
		m.SetCost(v, 1-cost)
		back = append(back, func() { m.SetBounds(v, lo, hi); m.SetCost(v, cost) })
	}
	for i := range m.Cons() {
		c := m.Con(i)
		lo, hi := c.Range()
		var vars []solver.Var
		var coefs []float64
		for v, a := range c.Terms() {
			vars, coefs = append(vars, v), append(coefs, a)
		}
		m.SetRange(c, lo-2, hi+2)
		for k, v := range vars {
			m.SetCoef(c, v, float64(k%3)*coefs[k]) // some vanish
		}
		back = append(back, func() {
			m.SetRange(c, lo, hi)
			for k, v := range vars {
				m.SetCoef(c, v, coefs[k])
			}
		})
	}
	m.Offset(3)
	return func() {
		for _, f := range back {
			f()
		}
		m.Offset(-3)
	}
}

func TestSuite(t *testing.T) {
	for name, path := range paths {
		t.Run(name, func(t *testing.T) { Suite(t, path) })
	}
}
