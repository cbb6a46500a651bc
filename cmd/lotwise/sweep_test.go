package main

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// killsweep CASE RUNS sweeps a grid of CASE into RUNS, killed at random moments and started again, until it is done. No
// run that was finished is made again, what is there is always whole, and the end is that of a sweep
// that nothing disturbed. While it runs, another sweep of the folder is refused.
func killSweep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: killsweep CASE RUNS")
	}
	sweep := func(dir string) *exec.Cmd {
		cmd := exec.Command("lotwise", "sweep", ts.MkAbs(args[0]), "-o", ts.MkAbs(dir), "--progress", "none",
			"--grid", "lots.reserve*1,2;demand.value*1,1.5;bidders.access_cost+0,0.25,0.5")
		cmd.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"))
		path, err := lookPath("lotwise", ts.Getenv("PATH"))
		ts.Check(err)
		cmd.Path, cmd.Err = path, nil
		return cmd
	}
	random := rand.New(rand.NewPCG(3, 4))
	dir := ts.MkAbs(args[1])
	made := map[string]time.Time{} // when the manifest of a run was written
	kills, refused := 0, false
	for {
		cmd := sweep(args[1])
		ts.Check(cmd.Start())
		after := time.Duration(10+random.IntN(250)) * time.Millisecond
		if !refused {
			after = 0
			for range 1000 { // until the sweep holds the folder
				if _, err := os.Stat(filepath.Join(dir, lockFile)); err == nil {
					break
				}
				time.Sleep(time.Millisecond)
			}
			if said, err := sweep(args[1]).CombinedOutput(); err != nil {
				refused = strings.Contains(string(said), "another sweep is at work")
			}
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		var err error
		select {
		case err = <-ended:
		case <-time.After(after):
			ts.Check(cmd.Process.Signal(syscall.SIGKILL))
			err = <-ended
			kills++
		}
		manifests, globErr := filepath.Glob(filepath.Join(dir, "*", "manifest.json"))
		ts.Check(globErr)
		for _, m := range manifests {
			info, statErr := os.Stat(m)
			ts.Check(statErr)
			if at, known := made[m]; known && !at.Equal(info.ModTime()) {
				ts.Fatalf("%s was made again", m)
			}
			made[m] = info.ModTime()
		}
		if err == nil {
			break
		}
		if kills > 200 {
			ts.Fatalf("killed %d times and not done", kills)
		}
	}
	if kills == 0 || !refused {
		ts.Fatalf("%d kills, a second sweep refused: %v: nothing was tried", kills, refused)
	}
	whole := sweep("undisturbed")
	said, err := whole.CombinedOutput()
	if err != nil {
		ts.Fatalf("%v\n%s", err, said)
	}
	if got, want := withoutTimes(ts, dir), withoutTimes(ts, ts.MkAbs("undisturbed")); got != want {
		ts.Fatalf("killed %d times:\n%s\nundisturbed:\n%s", kills, got, want)
	}
}

// withoutTimes are all files of a sweep in one text, without what says when, and on which command line, they were made.
func withoutTimes(ts *testscript.TestScript, dir string) string {
	var all bytes.Buffer
	ts.Check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		switch filepath.Base(path) {
		case "manifest.json":
			data, _, _ = bytes.Cut(data, []byte(`"run": {`))
		case "index.csv":
			data = regexp.MustCompile(`,(optimal|within_gap|limit),[0-9.]+,`).ReplaceAll(data, []byte(",$1,,"))
		}
		all.WriteString("\n== " + name + "\n")
		all.Write(data)
		return nil
	}))
	return all.String()
}

// lookPath finds a program in a search path that is not the process's own.
func lookPath(name, path string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
			return filepath.Join(dir, name), nil
		}
	}
	return "", exec.ErrNotFound
}

func TestShard(t *testing.T) {
	for _, tt := range []struct {
		flag          string
		env           map[string]string
		shard, shards int
		wrong         string
	}{
		{"", nil, 1, 1, ""},
		{"3/8", nil, 3, 8, ""},
		{"", map[string]string{"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_MIN": "5", "SLURM_ARRAY_TASK_COUNT": "4"}, 3, 4, ""},
		{"/4", map[string]string{"JOB_COMPLETION_INDEX": "0"}, 1, 4, ""},
		{"/4", map[string]string{"PARALLEL_SEQ": "4"}, 4, 4, ""},
		{"2/4", map[string]string{"PARALLEL_SEQ": "4"}, 2, 4, ""},
		{"/4", nil, 0, 0, "names no index"},
		{"5/4", nil, 0, 0, "shard 5 of 4"},
		{"0/4", nil, 0, 0, "shard 0 of 4"},
		{"x/4", nil, 0, 0, "shard -1 of 4"},
		{"4", nil, 0, 0, "must be I/N"},
		{"1/0", nil, 0, 0, "must be I/N"},
		{"1/4x", nil, 0, 0, "must be I/N"},
	} {
		shard, shards, err := shardOf(tt.flag, func(name string) string { return tt.env[name] })
		if tt.wrong == "" && (err != nil || shard != tt.shard || shards != tt.shards) {
			t.Errorf("%q: shard %d of %d, %v", tt.flag, shard, shards, err)
		}
		if tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)) {
			t.Errorf("%q: %v, want %s", tt.flag, err, tt.wrong)
		}
	}
}
