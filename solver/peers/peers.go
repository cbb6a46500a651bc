// Package peers solves models with other solvers than lotwise's own, for tests and benchmarks: CBC, GLPK and SCIP,
// from Python packages pinned in .ci/peers-requirements.txt, which `make test` sets up in .tools/venv. No command of
// lotwise uses it.
//
// The models go to them as files of its own writing (mps.go), and their answers are measured by the model's arithmetic:
// neither shares code with the path to HiGHS.
package peers

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"lotwise/solver"
)

// A Peer is another solver.
type Peer string

// The peers.
const (
	CBC  Peer = "cbc"
	GLPK Peer = "glpk"
	SCIP Peer = "scip"
)

// All are the peers.
var All = []Peer{CBC, GLPK, SCIP}

// A Problem is a model for a peer to solve; a linear or mixed-integer one.
type Problem struct {
	Peer  Peer
	Model *solver.Model
	// File is a file that MPS has written of the model; blank for a temporary one.
	File      string
	TimeLimit time.Duration // 0 for none
	RelGap    float64
	// Tolerance is by how much constraints, bounds and integers may be missed; 0 for what the peer is set to, about a
	// millionth.
	Tolerance float64
}

// An Answer is what a peer says. Objective and bound are in the model's own sense.
type Answer struct {
	Claim     solver.Claim
	Limit     bool      // the time limit struck
	Objective float64   // of X by the model's arithmetic; NaN without a solution
	Bound     float64   // NaN where the peer tells none
	X         []float64 // by variable; nil without a solution
	Seconds   float64   // reading included
	Message   string    // of the peer
	Err       error     // why there is no answer, such as numbers that the peer cannot handle
}

// ErrMissing says that the peers are not set up.
var ErrMissing = errors.New("the peer solvers are not set up: run `make peers`")

//go:embed driver.py
var driver string

// job and reply are the lines that the driver reads and writes.
type job struct {
	Peer      Peer    `json:"peer"`
	File      string  `json:"file,omitempty"`
	Seconds   float64 `json:"seconds"`
	Gap       float64 `json:"gap"`
	Tolerance float64 `json:"tolerance"`
}

type reply struct {
	Status    string    `json:"status"`
	Objective *float64  `json:"objective"`
	Bound     *float64  `json:"bound"`
	X         []float64 `json:"x"`
	Seconds   float64   `json:"seconds"`
	Message   string    `json:"message"`
}

// Solve has each problem solved, one after the other, in one Python process. A peer that fails on a problem says so in
// its answer alone.
func Solve(ctx context.Context, problems ...Problem) ([]Answer, error) {
	folder, err := os.MkdirTemp("", "peers")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	written := map[*solver.Model]string{}
	jobs := make([]job, len(problems))
	for i, p := range problems {
		file := p.File
		if file == "" {
			file = written[p.Model]
		}
		if file == "" {
			file = filepath.Join(folder, fmt.Sprintf("%d.mps", i))
			if err := MPS(file, p.Model); err != nil {
				return nil, err
			}
			written[p.Model] = file
		}
		jobs[i] = job{p.Peer, file, p.TimeLimit.Seconds(), p.RelGap, p.Tolerance}
	}
	replies, err := run(ctx, jobs)
	if err != nil {
		return nil, err
	}
	answers := make([]Answer, len(problems))
	for i := range problems {
		if answers[i], err = problems[i].answer(&replies[i]); err != nil {
			answers[i].Err = fmt.Errorf("%s on model %s: %w", problems[i].Peer, problems[i].Model.Name(), err)
		}
	}
	return answers, nil
}

// Versions are the peers' own names of what they are.
func Versions(ctx context.Context) ([]string, error) {
	var jobs []job
	for _, p := range All {
		jobs = append(jobs, job{Peer: p})
	}
	replies, err := run(ctx, jobs)
	if err != nil {
		return nil, err
	}
	var versions []string
	for i, r := range replies {
		if r.Status != "version" {
			return nil, fmt.Errorf("%w: %s: %s", ErrMissing, jobs[i].Peer, r.Message)
		}
		versions = append(versions, r.Message)
	}
	return versions, nil
}

// run has the driver do the jobs.
func run(ctx context.Context, jobs []job) ([]reply, error) {
	python, err := interpreter()
	if err != nil {
		return nil, err
	}
	var in, out, errs bytes.Buffer
	for _, j := range jobs {
		if err := json.NewEncoder(&in).Encode(j); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, python, "-c", driver)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("peer solvers: %w\n%s", err, errs.Bytes())
	}
	var replies []reply
	lines := bufio.NewReader(&out)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		if line[0] != '{' {
			continue // a solver's own chatter
		}
		var r reply
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("peer solvers: %w in %s", err, line)
		}
		replies = append(replies, r)
	}
	if len(replies) != len(jobs) {
		return nil, fmt.Errorf("peer solvers: %d answers to %d problems\n%s", len(replies), len(jobs), errs.Bytes())
	}
	return replies, nil
}

// interpreter is the Python with the peers: $LOTWISE_PEERS_PYTHON, or that of .tools/venv at the module's root.
func interpreter() (string, error) {
	if python := os.Getenv("LOTWISE_PEERS_PYTHON"); python != "" {
		return python, nil
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(folder)
		if up == folder {
			return "", ErrMissing
		}
		folder = up
	}
	python := filepath.Join(folder, ".tools", "venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		return "", ErrMissing
	}
	return python, nil
}

// answer translates a reply, which speaks of the minimisation without a constant that MPS writes.
func (p *Problem) answer(r *reply) (Answer, error) {
	a := Answer{Objective: math.NaN(), Bound: math.NaN(), Seconds: r.Seconds, Message: r.Message}
	sign := 1.0
	if p.Model.Sense() == solver.Maximize {
		sign = -1
	}
	if r.Bound != nil {
		a.Bound = sign**r.Bound + p.Model.Constant()
	}
	if r.Objective != nil {
		a.X = append(r.X, make([]float64, max(0, p.Model.Vars()-len(r.X)))...)[:p.Model.Vars()]
		a.Objective = p.Model.Evaluate(a.X)
		if told := sign**r.Objective + p.Model.Constant(); !(math.Abs(told-a.Objective) <= accuracy*max(1, math.Abs(told))) {
			return a, fmt.Errorf("it says %.12g of a solution worth %.12g", told, a.Objective)
		}
	}
	switch r.Status {
	case "optimal":
		a.Claim = solver.Optimal
	case "infeasible":
		a.Claim = solver.Infeasible
	case "unbounded":
		a.Claim = solver.Unbounded
	case "infeasible_or_unbounded":
		a.Claim = solver.InfeasibleOrUnbounded
	case "limit":
		a.Limit = true
		if a.X != nil {
			a.Claim = solver.Feasible
		}
	default:
		return a, fmt.Errorf("%s: %s", r.Status, r.Message)
	}
	return a, nil
}

// accuracy is how far, relatively, a peer's own sum may be from the model's: CBC writes eight digits.
const accuracy = 1e-6
