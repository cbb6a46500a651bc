package outputs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"lotwise/models/auction"
)

// ManifestFile is the name of the manifest in a run folder.
const ManifestFile = "manifest.json"

// A Manifest says where a run came from and what it wrote. Everything but Run depends only on the case,
// the options, the seed and the versions, so two runs of the same case differ in Run alone.
type Manifest struct {
	Program       string            `json:"program"`
	Version       string            `json:"version"`
	SolverVersion string            `json:"solver_version"`
	Command       string            `json:"command"` // allocate, bid or solve
	Case          string            `json:"case"`    // the case's name
	Options       Options           `json:"options"`
	Status        auction.Status    `json:"status"`
	Inputs        map[string]string `json:"inputs"`          // SHA-256 of every input table
	Tables        map[string]Digest `json:"tables"`          // by file name; filled in by Write
	Files         map[string]string `json:"files,omitempty"` // SHA-256 of what was written beside the tables; by Write
	Seal          string            `json:"seal"`            // SHA-256 of the manifest without Seal and Run; by Write
	Run           Run               `json:"run"`
}

// Options are the flags that decide what a command finds. What a command has
// no flag for is left out.
type Options struct {
	Gap       float64 `json:"gap"`
	Epsilon   float64 `json:"epsilon"`
	Concept   string  `json:"concept"`
	Bidder    string  `json:"bidder,omitempty"`
	Type      string  `json:"type,omitempty"`
	Bids      string  `json:"bids,omitempty"`        // file of allocate --bids, as written
	Losing    string  `json:"losing_bids,omitempty"` // of allocate
	TimeLimit string  `json:"time_limit,omitempty"`  // such as 1m30s
	Seed      int64   `json:"seed"`
	// RiskAversion and Tail say what bid maximised.
	RiskAversion float64 `json:"risk_aversion,omitempty"`
	Tail         float64 `json:"tail,omitempty"`
	// Of bid where the beliefs were not the case's own: the run holds them as beliefs.csv.
	Beliefs *Beliefs `json:"beliefs,omitempty"`
	// Assumption is the scenario that the case was changed by; nil for none.
	Assumption *Assumption `json:"assumption,omitempty"`
	// Near is the seal of the run whose bids the search started from.
	Near string `json:"near,omitempty"`
}

// Beliefs say where the scenarios of a run of bid come from.
type Beliefs struct {
	Source      string  `json:"source"`           // --beliefs, as written
	SHA256      string  `json:"sha256,omitempty"` // of its file; of a run, the seal of its manifest
	Samples     int     `json:"samples,omitempty"`
	Shade       float64 `json:"shade,omitempty"`
	Spread      float64 `json:"spread,omitempty"`
	Correlation float64 `json:"correlation,omitempty"`
	Fresh       int     `json:"fresh,omitempty"`
	Batches     int     `json:"batches,omitempty"`
}

// An Assumption is a scenario of scenarios.csv as it was applied.
type Assumption struct {
	Scenario string   `json:"scenario"`
	Changes  []Change `json:"changes"`
}

// A Change is one of its rows.
type Change struct {
	Table  string `json:"table"`
	Where  string `json:"where,omitempty"`
	Column string `json:"column"`
	Change string `json:"change"`
	Value  string `json:"value"`
}

// Assume is the assumption in the words of the manifest, nil of one that changes nothing.
func Assume(a *auction.Assumption) *Assumption {
	if a == nil || len(a.Changes) == 0 {
		return nil
	}
	m := &Assumption{Scenario: a.Name}
	for _, c := range a.Changes {
		m.Changes = append(m.Changes, Change{c.Table, c.Where, c.Column, c.Op, c.Value})
	}
	return m
}

// Assumed is the inverse of Assume: the assumption that a run was made under.
func (m *Manifest) Assumed() *auction.Assumption {
	a := &auction.Assumption{Probability: math.NaN()}
	if m.Options.Assumption == nil {
		return a
	}
	a.Name = m.Options.Assumption.Scenario
	for _, c := range m.Options.Assumption.Changes {
		a.Changes = append(a.Changes, auction.Change{
			Table: c.Table, Where: c.Where, Column: c.Column, Op: c.Change, Value: c.Value, Source: auction.Source{File: ManifestFile},
		})
	}
	return a
}

// Run is all that may differ between two runs of the same case with the same options: how the command
// was called, on how many threads, and when.
type Run struct {
	CommandLine []string  `json:"command_line"`
	Threads     int       `json:"threads"`
	Started     time.Time `json:"started"`
	Finished    time.Time `json:"finished"`
	Seconds     float64   `json:"seconds"`
}

// seal is the SHA-256 of all that is not Seal or Run.
func (m Manifest) seal() (string, error) {
	m.Seal, m.Run = "", Run{}
	data, err := m.print()
	return sha(data), err
}

// print writes the manifest as a person can read it.
func (m *Manifest) print() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(m)
	return b.Bytes(), err
}

// parseManifest is the inverse of print; an unknown key is an error.
func parseManifest(path string, data []byte) (*Manifest, error) {
	m := &Manifest{}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		offset := int64(-1)
		if bad := (*json.SyntaxError)(nil); errors.As(err, &bad) {
			offset = bad.Offset
		} else if bad := (*json.UnmarshalTypeError)(nil); errors.As(err, &bad) {
			offset = bad.Offset
		}
		if offset < 0 || offset > int64(len(data)) {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return nil, fmt.Errorf("%s:%d: %w", path, 1+bytes.Count(data[:offset], []byte("\n")), err)
	}
	if d.More() {
		return nil, fmt.Errorf("%s: goes on after its end", path)
	}
	return m, nil
}

func sha(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
