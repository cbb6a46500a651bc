package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"lotwise/models/auction"
)

// How often progress is shown, within a stage: a log is read later, a program wants to keep up, and a
// person sees no more.
const (
	plainEvery = 5 * time.Second
	jsonEvery  = 200 * time.Millisecond
	barEvery   = 100 * time.Millisecond
)

// A reporter shows progress on w: a bar on a terminal, plain lines in a log, a JSON object a line, or
// nothing.
type reporter struct {
	mode    string // bar, plain, json or none
	w       io.Writer
	now     func() time.Time
	started time.Time

	mu    sync.Mutex
	stage string
	shown time.Time
	bar   *progressbar.ProgressBar
}

func newReporter(mode string, w io.Writer, now func() time.Time) *reporter {
	if mode == "auto" {
		mode = "plain"
		if isTerminal(w) && os.Getenv("TERM") != "dumb" {
			mode = "bar"
		}
	}
	return &reporter{mode: mode, w: w, now: now, started: now()}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// start says what is being solved; from here on the program can be interrupted.
func (r *reporter) start(what string) {
	if r.mode != "none" {
		r.note(what)
	}
}

// progress shows one step.
func (r *reporter) progress(p auction.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fresh := p.Stage != r.stage
	r.stage = p.Stage
	now := r.now()
	due := func(every time.Duration) bool {
		if !fresh && now.Sub(r.shown) < every {
			return false
		}
		r.shown = now
		return true
	}
	switch r.mode {
	case "bar":
		r.step(p, fresh)
	case "plain":
		if due(plainEvery) {
			fmt.Fprintf(r.w, "%7.1fs  %s\n", now.Sub(r.started).Seconds(), describe(p))
		}
	case "json":
		if due(jsonEvery) {
			r.line(p)
		}
	}
}

// describe is a step in words.
func describe(p auction.Progress) string {
	words := []string{p.Stage}
	switch {
	case p.Total > 0:
		words = append(words, fmt.Sprintf("%d of %d", p.Done, p.Total))
	case p.Done > 0:
		words = append(words, fmt.Sprint(p.Done))
	}
	return strings.Join(append(words, figures(p)...), "  ")
}

// figures are the numbers of a step that are known.
func figures(p auction.Progress) (words []string) {
	add := func(name string, v float64) {
		if !math.IsNaN(v) {
			words = append(words, fmt.Sprintf("%s %.6g", name, v))
		}
	}
	add("objective", p.Objective)
	add("bound", p.Bound)
	add("epsilon", p.Epsilon)
	return words
}

// line writes a step as JSON; what is not known is left out.
func (r *reporter) line(p auction.Progress) {
	known := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	r.json(struct {
		Stage     string   `json:"stage"`
		Done      int      `json:"done"`
		Total     int      `json:"total,omitempty"`
		Objective *float64 `json:"objective,omitempty"`
		Bound     *float64 `json:"bound,omitempty"`
		Epsilon   *float64 `json:"epsilon,omitempty"`
		Seconds   float64  `json:"seconds"`
	}{p.Stage, p.Done, p.Total, known(p.Objective), known(p.Bound), known(p.Epsilon), r.now().Sub(r.started).Seconds()})
}

func (r *reporter) json(v any) {
	if data, err := json.Marshal(v); err == nil {
		fmt.Fprintf(r.w, "%s\n", data)
	}
}

// step moves the bar; each stage has one of its own.
func (r *reporter) step(p auction.Progress, fresh bool) {
	if fresh && r.bar != nil {
		_ = r.bar.Exit()
		fmt.Fprintln(r.w)
	}
	if fresh || r.bar == nil {
		total := -1 // a spinner
		if p.Total > 0 {
			total = p.Total
		}
		r.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(r.w), progressbar.OptionThrottle(barEvery),
			progressbar.OptionSetWidth(24), progressbar.OptionShowCount(), progressbar.OptionSetElapsedTime(true),
			progressbar.OptionSetPredictTime(p.Total > 0))
	}
	if p.Total > 0 && p.Total != r.bar.GetMax() {
		r.bar.ChangeMax(p.Total)
	}
	r.bar.Describe(strings.Join(append([]string{p.Stage}, figures(p)...), "  "))
	_ = r.bar.Set(p.Done) // past its end it says so by an error, and stays full
}

// note shows a message in between.
func (r *reporter) note(message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mode == "json" {
		r.json(struct {
			Note string `json:"note"`
		}{message})
		return
	}
	if r.bar != nil {
		fmt.Fprintln(r.w)
	}
	fmt.Fprintln(r.w, message)
}

// close ends the last bar.
func (r *reporter) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bar != nil {
		_ = r.bar.Exit()
		fmt.Fprintln(r.w)
		r.bar = nil
	}
}
