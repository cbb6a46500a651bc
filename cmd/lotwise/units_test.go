package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"pgregory.net/rapid"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/outputs"
)

// Wherever flags stand among the arguments, cli gets the same flags and the same arguments.
func TestFlagsFirstWhateverTheOrder(t *testing.T) {
	app := program(io.Discard, io.Discard)
	rapid.Check(t, func(t *rapid.T) {
		flags := [][]string{{"-o", "run"}, {"--gap=0.1"}, {"--seed", "-3"}, {"--force"}, {"-threads", "2"}}
		flags = flags[:rapid.IntRange(0, len(flags)).Draw(t, "flags")]
		words := []string{"case", "-", "more"}[:rapid.IntRange(0, 3).Draw(t, "words")]
		groups := slices.Clone(flags)
		at := 0
		for _, w := range words { // words keep their order among themselves, as do flags
			at = rapid.IntRange(at, len(groups)).Draw(t, "at")
			groups = slices.Insert(groups, at, []string{w})
			at++
		}
		got, err := flagsFirst(app, append([]string{"lotwise", "allocate"}, slices.Concat(groups...)...))
		if err != nil {
			t.Fatal(err)
		}
		want := append([]string{"lotwise", "allocate"}, slices.Concat(flags...)...)
		if len(words) > 0 {
			want = append(append(want, "--"), words...)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

func TestFlagsFirstKeepsWhatFollowsTheDashes(t *testing.T) {
	got, err := flagsFirst(program(io.Discard, io.Discard), []string{"lotwise", "allocate", "a", "--", "--force", "--", "-h"})
	want := []string{"lotwise", "allocate", "--", "a", "--force", "--", "-h"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestTimeLimit(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "600": 10 * time.Minute, "0.5": time.Second / 2, "1e3": 1000 * time.Second,
	} {
		if got, err := timeLimit(s, true); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "0", "-5", "-1s", "nan", "inf", "1e300", "5 m", "ten"} {
		if d, err := timeLimit(s, true); exitCode(err) != exitUsage {
			t.Errorf("%q: got %v, %v; want an error of usage", s, d, err)
		}
	}
	if d, err := timeLimit("", false); d != 0 || err != nil {
		t.Errorf("without the flag: %v, %v", d, err)
	}
}

func TestExitCodes(t *testing.T) {
	for want, errs := range map[int][]error{
		exitFailure:     {errors.New("broken"), &failure{exitFailure, errors.New("x")}},
		exitUsage:       {usage("x"), &outputs.Exists{Dir: "run"}},
		exitInvalid:     {inputs.Errors{{File: "lots.csv"}}, &auction.Unsupported{}},
		exitInfeasible:  {&auction.Infeasible{}},
		exitLimit:       {context.DeadlineExceeded},
		exitInterrupted: {context.Canceled},
	} {
		for _, err := range errs {
			for _, e := range []error{err, fmt.Errorf("while solving: %w", err)} {
				if got := exitCode(e); got != want {
					t.Errorf("%T %v: exit code %d, want %d", err, e, got, want)
				}
			}
		}
	}
}

// A model that ends with nothing to write says whether a limit or the user stopped it, but an infeasible
// case is infeasible whenever that is found.
func TestStoppedWithNothing(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want int
	}{
		{t.Context(), errors.New("broken"), exitFailure},
		{t.Context(), context.DeadlineExceeded, exitLimit},
		{cancelled, errors.New("solver was cancelled"), exitInterrupted},
		{cancelled, context.Canceled, exitInterrupted},
		{cancelled, &auction.Infeasible{}, exitInfeasible},
		{cancelled, &auction.Unsupported{}, exitInvalid},
	} {
		if got := exitCode(stopped(c.ctx, c.err)); got != c.want {
			t.Errorf("%v: exit code %d, want %d", c.err, got, c.want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	known := []string{"Acme", "Beta", "Northern Parcel"}
	for word, want := range map[string]string{
		"Amce": "; did you mean Acme?", "acme": "; did you mean Acme?", "Northern Parcels": "; did you mean Northern Parcel?",
		"zzz": "", "": "",
	} {
		if got := didYouMean(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

func TestFigure(t *testing.T) {
	p := message.NewPrinter(language.English)
	for _, c := range []struct {
		v        float64
		decimals int
		want     string
	}{
		{1234567.891, 2, "1,234,567.89"},
		{0.1, 2, "0.10"},
		{3, 2, "3"},
		{math.Copysign(0, -1), 2, "0"},
		{-1.5, 1, "-1.5"},
		{0.000004, 2, "< 0.01"},
		{-1e-9, 6, "> -0.000001"},
		{math.NaN(), 2, ""},
		{math.Inf(1), 2, "Inf"},
		{math.Inf(-1), 2, "-Inf"},
		{1e18, 2, "1,000,000,000,000,000,000"},
	} {
		if got := figure(p, c.v, c.decimals); got != c.want {
			t.Errorf("%g: got %s, want %s", c.v, got, c.want)
		}
	}
}

// steps are those of a run of 22 seconds: two stages of 100 steps, each of a tenth of a second, a step
// beyond a total that was guessed too low, and an interrupt.
func steps(mode string, w io.Writer) {
	clock := time.Unix(0, 0)
	r := newReporter(mode, w, func() time.Time { return clock })
	nan := math.NaN()
	r.start("solve case")
	for i := range 100 {
		clock = clock.Add(time.Second / 10)
		r.progress(auction.Progress{Stage: "best responses", Done: i, Total: 100, Objective: nan, Bound: nan, Epsilon: 0.25})
	}
	for i := range 100 {
		clock = clock.Add(time.Second / 10)
		r.progress(auction.Progress{Stage: "correlated", Done: i, Objective: 12.5, Bound: math.Inf(1), Epsilon: nan})
	}
	clock = clock.Add(2 * time.Second)
	r.progress(auction.Progress{Stage: "correlated", Done: 5, Total: 3, Objective: nan, Bound: nan, Epsilon: nan})
	r.note("interrupted")
	r.close()
}

func TestProgressInALog(t *testing.T) {
	var b bytes.Buffer
	steps("auto", &b) // a buffer is no terminal
	want := `solve case
    0.1s  best responses  0 of 100  epsilon 0.25
    5.1s  best responses  50 of 100  epsilon 0.25
   10.1s  correlated  objective 12.5  bound +Inf
   15.1s  correlated  50  objective 12.5  bound +Inf
   22.0s  correlated  5 of 3
interrupted
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestProgressAsJSON(t *testing.T) {
	var b bytes.Buffer
	steps("json", &b)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if want := 1 + 50 + 50 + 1 + 1; len(lines) != want { // each second step: five a second
		t.Errorf("got %d lines, want %d", len(lines), want)
	}
	for i, want := range map[int]map[string]any{
		0:              {"note": "solve case"},
		1:              {"stage": "best responses", "done": 0., "total": 100., "epsilon": 0.25, "seconds": 0.1},
		51:             {"stage": "correlated", "done": 0., "objective": 12.5, "seconds": 10.1},
		len(lines) - 1: {"note": "interrupted"},
	} {
		got := map[string]any{}
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatalf("%s: %v", lines[i], err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("line %d (-want +got):\n%s", i, d)
		}
	}
}

func TestProgressAsABar(t *testing.T) {
	var b bytes.Buffer
	steps("bar", &b)
	for _, want := range []string{"best responses  epsilon 0.25", "correlated  objective 12.5"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the bar never showed %q:\n%q", want, b.String())
		}
	}
}

func TestNoProgress(t *testing.T) {
	var b bytes.Buffer
	r := newReporter("none", &b, time.Now)
	r.start("solve case")
	r.progress(auction.Progress{Stage: "best responses"})
	r.close()
	if b.Len() > 0 {
		t.Errorf("got %q", b.String())
	}
}

// The figures printed for a bidder are the expectation over its types of those in equilibrium.csv, each type
// once a block however many strategies it plays.
func TestCertifiedIsTheExpectationOverTypes(t *testing.T) {
	c := &auction.Case{Bidders: []auction.Bidder{
		{Name: "a", Types: []auction.Type{{Name: "low", Probability: 0.25}, {Name: "high", Probability: 0.75}}},
		{Name: "b", Types: []auction.Type{auction.Known}},
	}}
	r := &auction.Results{Equilibrium: []auction.EquilibriumRow{
		{Bidder: "a", Type: "low", Strategy: "s1", RegretBound: 4, Block: "1"},
		{Bidder: "a", Type: "low", Strategy: "s2", RegretBound: 4, Block: "1"},
		{Bidder: "a", Type: "high", Strategy: "s1", RegretBound: 8, Block: "1"},
		{Bidder: "a", Type: "high", Strategy: "s1", RegretBound: 2, Block: "2"},
		{Bidder: "b", Strategy: "s1", RegretBound: 3, Block: "1"},
	}}
	want := map[string]float64{"a": 0.25*4 + 0.75*(8+2), "b": 3}
	if d := cmp.Diff(want, certified(c, r, regretBound)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestLongTablesAreCut(t *testing.T) {
	var b bytes.Buffer
	w := newTable(&b, "lot", "price")
	for i := range mostRows + 3 {
		w.AppendRow([]any{fmt.Sprint("L", i), "1.00"})
	}
	show(&b, w, 2)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 2+mostRows+1 || lines[len(lines)-1] != "... and 3 more" || !strings.HasPrefix(lines[len(lines)-2], fmt.Sprint("L", mostRows-1)) {
		t.Errorf("got:\n%s", b.String())
	}
}
