package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// examplesOf are the command lines below Examples in a description.
func examplesOf(description string) (list []string) {
	_, below, _ := strings.Cut(description, "Examples:\n")
	for _, line := range strings.Split(below, "\n") {
		if !strings.HasPrefix(line, "  ") {
			break
		}
		list = append(list, strings.TrimSpace(line))
	}
	return list
}

// sourced is an example that a shell runs when it starts.
var sourced = regexp.MustCompile(`^source <\((lotwise completion (\w+))\)`)

// shell runs a command line in a folder, as a person would, with lotwise on the path.
func shell(t *testing.T, dir, line string) {
	t.Helper()
	program := "bash"
	if m := sourced.FindStringSubmatch(line); m != nil && m[2] != program {
		if program = m[2]; !onPath(program) {
			program, line = "bash", m[1] // at least the script is there
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", line, err, out)
	}
}

func onPath(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// reading is the order in which somebody reads the help of the commands: an example may go on from those before it.
var reading = []string{"version", "schema", "init", "check", "solve", "allocate", "bid", "sweep", "collect", "compare", "report", "verify", "completion"}

// Every command's help has examples of it.
func TestExamplesAreThere(t *testing.T) {
	for _, c := range program(io.Discard, io.Discard).Commands {
		var help bytes.Buffer
		if code := run([]string{"lotwise", "help", c.Name}, &help, io.Discard); code != exitDone || !strings.Contains(help.String(), "Examples:") {
			t.Errorf("help %s ends with %d and has examples: %v", c.Name, code, strings.Contains(help.String(), "Examples:"))
		}
		examples := examplesOf(c.Description)
		if len(examples) == 0 || slices.ContainsFunc(examples, func(e string) bool { return !strings.Contains(e, "lotwise "+c.Name) }) {
			t.Errorf("the examples of %s are %q", c.Name, examples)
		}
		if !slices.Contains(reading, c.Name) {
			t.Errorf("nothing runs the examples of %s: give it its place in reading", c.Name)
		}
	}
}

// Every example does what it says: run one after the other. What the reader brings along is made first.
func TestExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("solves cases")
	}
	app := program(io.Discard, io.Discard)
	first := t.TempDir()
	for _, line := range examplesOf(app.Description) {
		shell(t, first, line)
	}

	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, ".config", "fish", "completions"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range reading {
		for _, line := range examplesOf(app.Command(name).Description) {
			shell(t, dir, line)
		}
		if name != "init" {
			continue
		}
		for file, table := range map[string]string{"late-bids.csv": "bids.csv", "whatifs.csv": "scenarios.csv"} {
			data, err := os.ReadFile(filepath.Join(dir, "mycase", table))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, file), data, 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	// They left what they say.
	for _, path := range []string{"runs/usps/workbook.xlsx", "runs/first/report.html", "compared.html", "pictures", "sweeps/whole/index.csv", "regrets/regret.csv", ".config/fish/completions/lotwise.fish"} {
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			t.Error(fmt.Errorf("after all examples: %w", err))
		}
	}
}

// The tutorial of README.md: its commands, the indented lines, run in order in one folder, and print the lines that it shows
// between fences.
func TestTutorial(t *testing.T) {
	if testing.Short() {
		t.Skip("solves cases")
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(readme), "\n## From a spreadsheet to a decision\n")
	section, _, ends := strings.Cut(section, "\n## ")
	if !found || !ends {
		t.Fatal("README.md has no tutorial")
	}
	dir := t.TempDir()
	lotwise, err := exec.LookPath("lotwise")
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "bin"), 0o777)
	}
	if err == nil {
		err = os.Symlink(lotwise, filepath.Join(dir, "bin", "lotwise"))
	}
	if err != nil {
		t.Fatal(err)
	}
	printed := ""
	runs, shows := 0, 0
	flush := func(script string) {
		if script == "" {
			return
		}
		runs += strings.Count(script, "bin/lotwise ")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "bash", "-euc", script)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if printed = string(out); err != nil {
			t.Fatalf("%s%v\n%s", script, err, out)
		}
	}
	script, fenced := "", false
	for _, line := range strings.Split(section, "\n") {
		code, indented := strings.CutPrefix(line, "    ")
		switch {
		case strings.HasPrefix(line, "```"):
			flush(script)
			script, fenced = "", !fenced
		case fenced:
			shows++
			if !slices.ContainsFunc(strings.Split(printed, "\n"), func(p string) bool { return strings.TrimRight(p, " ") == strings.TrimRight(line, " ") }) {
				t.Errorf("README.md shows\n%s\nprinted was\n%s", line, printed)
			}
		case indented:
			script += code + "\n"
		case line != "":
			flush(script)
			script = ""
		}
	}
	flush(script)
	if runs < 8 || shows < 8 {
		t.Errorf("the tutorial ran %d commands and showed %d lines", runs, shows)
	}
}
