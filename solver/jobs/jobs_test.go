package jobs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary stand in for the program: as a worker it does what its arguments say.
func TestMain(m *testing.M) {
	if !Worker() {
		os.Exit(m.Run())
	}
	Orphan()
	switch args := os.Args[1:]; args[0] {
	case "exit":
		var code int
		fmt.Sscan(args[1], &code)
		fmt.Fprintln(os.Stderr, "said", args[1])
		os.Exit(code)
	case "crash": // once, then it goes well
		if _, err := os.Stat(args[1]); err == nil {
			os.Exit(0)
		}
		os.WriteFile(args[1], nil, 0o666)
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "append":
		f, _ := os.OpenFile(args[1], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
		fmt.Fprintln(f, args[2])
		f.Close()
	case "sleep":
		os.WriteFile(args[1], fmt.Append(nil, os.Getpid()), 0o666)
		time.Sleep(time.Minute)
	case "parent": // runs a sleeper, to be killed
		Run(context.Background(), []Job{{Args: line("sleep", args[1]), After: -1}}, options())
	}
	os.Exit(0)
}

// line is a command line known from the start.
func line(args ...string) func() []string { return func() []string { return args } }

func options() Options {
	program, _ := os.Executable()
	return Options{Program: program, Workers: 3, Retries: 1, Final: func(code int) bool { return code >= 0 && code != 9 }}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	list := []Job{
		{Args: line("append", log, "second"), After: 1},
		{Args: line("append", log, "first"), After: -1},
		{Args: line("exit", "4"), After: -1},
		{Args: line("exit", "9"), After: -1},
		{Args: line("append", log, "never"), After: 3},
		{Args: line("append", log, "never"), After: 4},
		{Args: line("crash", filepath.Join(dir, "crashed")), After: -1},
		{Args: line("append", log, "before"), After: -1, Done: true},
		{Args: line("append", log, "after"), After: 7},
	}
	var mu sync.Mutex
	var told []int
	o := options()
	o.Ended = func(job int, _ Ending) {
		if !mu.TryLock() {
			t.Error("Ended is called twice at once")
			return
		}
		defer mu.Unlock()
		told = append(told, job)
	}
	ended := Run(t.Context(), list, o)
	for i, want := range []struct{ code, attempts int }{{0, 1}, {0, 1}, {4, 1}, {9, 2}, {NotRun, 0}, {NotRun, 0}, {0, 2}, {}, {0, 1}} {
		e := ended[i]
		if i == 7 {
			if e != nil {
				t.Errorf("job 7 was done before, and ended %+v", e)
			}
			continue
		}
		if e == nil || e.Code != want.code || e.Attempts != want.attempts {
			t.Errorf("job %d ended %+v, want %+v", i, e, want)
		}
	}
	if !strings.Contains(ended[2].Message, "said 4") {
		t.Errorf("message %q", ended[2].Message)
	}
	if len(told) != len(list)-1 {
		t.Errorf("told of %v", told)
	}
	data, _ := os.ReadFile(log)
	lines := strings.Fields(string(data))
	if len(lines) != 3 || !strings.Contains(string(data), "after") || strings.Index(string(data), "first") > strings.Index(string(data), "second") {
		t.Errorf("%q", lines)
	}
	if Run(t.Context(), []Job{{After: -1, Done: true}}, o)[0] != nil {
		t.Error("a job that was done before ended again")
	}
}

func TestInterrupt(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		waitFor(t, pid)
		cancel()
	}()
	began := time.Now()
	ended := Run(ctx, []Job{{Args: line("sleep", pid), After: -1}, {Args: line("exit", "0"), After: 0}}, options())
	if ended[0].Code == 0 || ended[1].Code != NotRun || time.Since(began) > 20*time.Second {
		t.Errorf("%+v %+v after %v", ended[0], ended[1], time.Since(began))
	}
}

// Workers end with the process that started them, even where it is killed.
func TestOrphansEnd(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	program, _ := os.Executable()
	parent := exec.Command(program, "parent", pid)
	parent.Env = append(os.Environ(), Environment+"=1")
	held, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	worker := waitFor(t, pid)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	for range 200 {
		if syscall.Kill(worker, 0) != nil {
			return
		}
		if state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", worker)); err == nil && strings.Contains(string(state), ") Z ") {
			return // ended, and not yet collected by init
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("worker %d lives on", worker)
}

// waitFor waits for a worker to write its process number.
func waitFor(t *testing.T, file string) int {
	t.Helper()
	for range 400 {
		var pid int
		if data, err := os.ReadFile(file); err == nil {
			if n, _ := fmt.Sscan(string(data), &pid); n == 1 {
				return pid
			}
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Error("the worker did not start")
	return 0
}

// No worker starts beside others where memory has no room for it; one always runs.
func TestMemory(t *testing.T) {
	r := &runner{largest: 1 << 60, running: 1}
	r.changed = sync.NewCond(&r.mu)
	in := make(chan struct{})
	go func() {
		r.enter(t.Context())
		close(in)
	}()
	select {
	case <-in:
		t.Fatal("a worker of an exabyte starts beside another")
	case <-time.After(50 * time.Millisecond):
	}
	r.mu.Lock()
	r.running--
	r.changed.Broadcast()
	r.mu.Unlock()
	select {
	case <-in:
	case <-time.After(10 * time.Second):
		t.Fatal("no worker starts though none runs")
	}
	if available() <= 0 {
		t.Error("no memory at all")
	}
}
