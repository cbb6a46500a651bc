package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"lotwise/outputs"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lotwise": main, "stuck": stuck})
}

// stuck is a program that solves and never looks at its context.
func stuck() {
	show := newReporter("plain", os.Stderr, time.Now)
	interruptible(context.Background(), show)
	show.start("stuck")
	time.Sleep(time.Minute)
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "script"),
		RequireUniqueNames: true,
		UpdateScripts:      os.Getenv("LOTWISE_UPDATE") != "",
		Condition: func(name string) (bool, error) {
			if name != "tmpfs" {
				return false, fmt.Errorf("no condition %s", name)
			}
			return exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "none", os.TempDir()).Run() == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"hardcase":  hardCase,
			"interrupt": interrupt,
			"jsonlines": jsonLines,
			"jsondoc":   jsonDoc,
			"killsweep": killSweep,
			"leftovers": leftovers,
			"nothalf":   notHalf,
			"samerun":   sameRun,
		},
	})
}

// exits CODE PROGRAM ARGS... runs the program, which must end with the exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	code := 0
	err := ts.Exec(args[1], args[2:]...)
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if want, err := strconv.Atoi(args[0]); err != nil || code != want {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// hardcase DIR writes a case that takes a solver hours to prove an optimum of: a multidimensional
// knapsack of all-or-nothing packages whose amounts follow their volumes (Chu and Beasley 1998).
func hardCase(ts *testscript.TestScript, _ bool, args []string) {
	const lots, bids = 15, 120
	random := rand.New(rand.NewPCG(1, 2))
	capacity := make([]int, lots)
	tables := map[string][][]string{
		"lots.csv":    {{"lot", "zone", "capacity"}},
		"bidders.csv": {{"bidder"}},
		"bids.csv":    {{"bidder", "bid", "lot", "quantity", "amount", "min_fraction"}},
	}
	add := func(table string, cells ...any) {
		var row []string
		for _, c := range cells {
			row = append(row, fmt.Sprint(c))
		}
		tables[table] = append(tables[table], row)
	}
	for b := range bids {
		add("bidders.csv", fmt.Sprint("b", b))
		quantities, total := make([]int, lots), 0
		for l := range lots {
			quantities[l] = 1 + random.IntN(1000)
			capacity[l] += quantities[l]
			total += quantities[l]
		}
		for l, q := range quantities {
			amount := ""
			if l == 0 {
				amount = fmt.Sprint(total/lots + random.IntN(500))
			}
			add("bids.csv", fmt.Sprint("b", b), "package", fmt.Sprint("l", l), q, amount, 1)
		}
	}
	for l, c := range capacity {
		add("lots.csv", fmt.Sprint("l", l), "z", c/2)
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	for name, rows := range tables {
		var b bytes.Buffer
		ts.Check(csv.NewWriter(&b).WriteAll(rows))
		ts.Check(os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o666))
	}
}

// interrupt CODE TIMES lotwise ARGS... runs the program, sends it SIGINT once it solves, and a second one, for
// TIMES 2, once it says that it was interrupted; it wants the exit code.
func interrupt(ts *testscript.TestScript, _ bool, args []string) {
	times, err := strconv.Atoi(args[1])
	ts.Check(err)
	path, err := exec.LookPath(args[2])
	if err != nil {
		for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
			if p := filepath.Join(dir, args[2]); err != nil {
				if _, e := os.Stat(p); e == nil {
					path, err = p, nil
				}
			}
		}
	}
	ts.Check(err)
	cmd := exec.Command(path, args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"))
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	timeout := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	defer timeout.Stop()
	lines := bufio.NewReader(stderr)
	// The first line says that the program can be interrupted, a later one that it has been.
	for _, wanted := range []string{"", "interrupt again"}[:times] {
		line := ""
		for line == "" || !strings.Contains(line, wanted) {
			line, err = lines.ReadString('\n')
			ts.Logf("stderr: %s", line)
			ts.Check(err)
		}
		ts.Check(cmd.Process.Signal(syscall.SIGINT))
	}
	rest, err := io.ReadAll(lines)
	ts.Check(err)
	ts.Logf("stderr: %s", rest)
	cmd.Wait()
	if code := fmt.Sprint(cmd.ProcessState.ExitCode()); code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// jsonlines FILE KEYS... says that the file has lines, each a JSON object, and that each key stands in one
// of them.
func jsonLines(ts *testscript.TestScript, _ bool, args []string) {
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n") {
		object := map[string]any{}
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("%s: %v", line, err)
		}
		for key := range object {
			seen[key] = true
		}
	}
	for _, key := range args[1:] {
		if !seen[key] {
			ts.Fatalf("no line has %s", key)
		}
	}
}

// jsondoc FILE KEYS... says that the file is one JSON object with exactly these keys, in this order, and nothing after it.
func jsonDoc(ts *testscript.TestScript, _ bool, args []string) {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	var keys []string
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		ts.Fatalf("%s begins with %v, %v", args[0], token, err)
	}
	for d.More() {
		key, err := d.Token()
		ts.Check(err)
		keys = append(keys, key.(string))
		var value any
		ts.Check(d.Decode(&value))
	}
	_, err := d.Token()
	ts.Check(err)
	if _, err := d.Token(); err != io.EOF {
		ts.Fatalf("%s goes on after its object: %v", args[0], err)
	}
	if got, want := strings.Join(keys, " "), strings.Join(args[1:], " "); got != want {
		ts.Fatalf("%s has the keys %s; want %s", args[0], got, want)
	}
}

// leftovers DIR NAMES... says that exactly these files and folders stand in DIR, hidden ones counted too.
func leftovers(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got, want := strings.Join(names, " "), strings.Join(args[1:], " "); got != want {
		ts.Fatalf("%s holds %s; want %s", args[0], got, want)
	}
}

// nothalf DIR RUN says that nothing stands in DIR, or the run RUN alone, and whole.
func notHalf(ts *testscript.TestScript, _ bool, args []string) {
	if entries, err := os.ReadDir(ts.MkAbs(args[0])); err == nil && len(entries) == 0 {
		return
	}
	leftovers(ts, false, args)
	if found, err := outputs.Tampered(ts.MkAbs(filepath.Join(args[0], args[1]))); err != nil || found != nil {
		ts.Fatalf("%s is not whole: %v, %v", args[1], found, err)
	}
}

// samerun RUN RUN says that two runs are equal byte for byte but for what manifest.json holds under run.
func sameRun(ts *testscript.TestScript, neg bool, args []string) {
	a, b := runFiles(ts, args[0]), runFiles(ts, args[1])
	differ := ""
	for name := range a {
		if a[name] != b[name] {
			differ = name
		}
	}
	if len(a) != len(b) {
		differ = "the list of files"
	}
	if (differ != "") != neg {
		ts.Fatalf("%s and %s: differ in %q", args[0], args[1], differ)
	}
}

func runFiles(ts *testscript.TestScript, dir string) map[string]string {
	entries, err := os.ReadDir(ts.MkAbs(dir))
	ts.Check(err)
	files := map[string]string{}
	for _, e := range entries {
		text := ts.ReadFile(filepath.Join(dir, e.Name()))
		if e.Name() == "manifest.json" {
			// run is the last key.
			var found bool
			if text, _, found = strings.Cut(text, "\n  \"run\": {"); !found {
				ts.Fatalf("%s/manifest.json has no run", dir)
			}
		}
		files[e.Name()] = text
	}
	return files
}
