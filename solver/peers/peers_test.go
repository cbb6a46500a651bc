package peers_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lotwise/solver"
	"lotwise/solver/peers"
	"lotwise/solver/solvertest"
)

// tolerance is that of the peers: they let constraints be missed by a millionth, and CBC writes eight digits.
const tolerance = 1e-6

func near(a, b float64) bool { return math.Abs(a-b) <= tolerance*max(1, math.Abs(b)) }

func quadratic(m *solver.Model) bool {
	for range m.QuadraticTerms() {
		return true
	}
	return false
}

// The peers and HiGHS agree on every linear and mixed-integer case of the conformance suite.
func TestConformance(t *testing.T) {
	peers.Need(t)
	var problems []peers.Problem
	var cases []solvertest.Case
	for _, c := range solvertest.Cases {
		m := c.Build()
		if quadratic(m) {
			continue
		}
		for _, p := range peers.All {
			problems, cases = append(problems, peers.Problem{Peer: p, Model: m}), append(cases, c)
		}
	}
	answers, err := peers.Solve(t.Context(), problems...)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		c, p := cases[i], problems[i]
		if a.Err != nil {
			t.Errorf("%s: %v", c.Name, a.Err)
			continue
		}
		s, err := solver.Solve(context.Background(), p.Model, solver.Options{})
		if err != nil {
			t.Fatal(err)
		}
		// A peer may find the relaxation unbounded and not look further.
		claims := []solver.Claim{c.Claim}
		if c.Claim == solver.Unbounded || c.Claim == solver.Infeasible && p.Model.Integers() > 0 {
			claims = append(claims, solver.InfeasibleOrUnbounded)
		}
		if !slices.Contains(claims, a.Claim) || s.Claim != c.Claim {
			t.Errorf("%s: %s claims %s (%s), HiGHS %s, want %s", c.Name, p.Peer, a.Claim, a.Message, s.Claim, c.Claim)
			continue
		}
		if a.Claim != solver.Optimal {
			continue
		}
		if !near(a.Objective, c.Objective) || !near(a.Bound, c.Objective) || !near(s.Objective, c.Objective) {
			t.Errorf("%s: %s finds %.12g with bound %.12g, HiGHS %.12g, want %.12g", c.Name, p.Peer, a.Objective, a.Bound, s.Objective, c.Objective)
		}
		if out, where := p.Model.Violation(a.X); out > tolerance {
			t.Errorf("%s: %s violates %s by %g", c.Name, p.Peer, where, out)
		}
	}
}

// A peer that a time limit stops says so, with what it has and a bound on the right side.
func TestTimeLimit(t *testing.T) {
	peers.Need(t)
	m := solvertest.Hard(150, 8)
	var problems []peers.Problem
	for _, p := range peers.All {
		problems = append(problems, peers.Problem{Peer: p, Model: m, TimeLimit: 300 * time.Millisecond})
	}
	answers, err := peers.Solve(t.Context(), problems...)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if !a.Limit || a.Claim != solver.Feasible || !(a.Bound >= a.Objective) || a.Seconds > 10 {
			t.Errorf("%s: %+v", problems[i].Peer, a)
		}
		if out, where := m.Violation(a.X); out > tolerance {
			t.Errorf("%s violates %s by %g", problems[i].Peer, where, out)
		}
	}
}

// A problem that cannot be handed on is an error, never an answer.
func TestErrors(t *testing.T) {
	peers.Need(t)
	square := solver.NewModel("square", solver.Minimize)
	x := square.Continuous("x", "", 0, 1)
	square.Quadratic(x, x, 1)
	broken := filepath.Join(t.TempDir(), "broken.mps")
	if err := os.WriteFile(broken, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range peers.All {
		if _, err := peers.Solve(t.Context(), peers.Problem{Peer: p, Model: square}); err == nil {
			t.Errorf("%s: no error of a quadratic objective", p)
		}
		for _, wrong := range []peers.Problem{{Peer: p, Model: solvertest.Cases[0].Build(), File: broken}, {Peer: "nobody", Model: solvertest.Cases[0].Build()}} {
			if a, err := peers.Solve(t.Context(), wrong); err != nil || a[0].Err == nil || a[0].Claim != solver.Unknown {
				t.Errorf("%s: no error of %s: %+v, %v", p, wrong.File, a, err)
			}
		}
	}
}
