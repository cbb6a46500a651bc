package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/outputs"
	"lotwise/solver/highs"
	"lotwise/solver/jobs"
)

// swept are the commands that a sweep may run, and sweptFlags the flags of one of them alone.
var (
	swept      = []string{"solve", "allocate", "bid"}
	sweptFlags = map[string][]cli.Flag{"allocate": allocateFlags, "bid": bidFlags}
)

var sweepCommand = &cli.Command{
	Name:      "sweep",
	Usage:     "a command under every scenario; goes on where it was stopped",
	UsageText: "lotwise sweep CASE -o RUNS [--scenarios FILE | --grid GRID] [--command solve|allocate|bid] [--shard I/N]",
	Description: "Runs solve (or allocate, or bid) under every scenario of scenarios.csv, each in a process of its own, as\n" +
		"many at once as --threads and memory allow. Every scenario has a run folder in RUNS, named by the hash of what\n" +
		"it depends on; index.csv says which is which, with status and headline metrics. Started again, the\n" +
		"sweep does what is missing. A grid is a product of changes:\n" +
		"table.column[where]*values, with + to add and = to set. Flags of the command are passed on to it.\n\nExamples:\n" +
		"  lotwise sweep mycase -o sweeps/fuel --grid 'routes.unit_cost*0.9,1,1.1;lots.reserve+0,0.25'\n" +
		"  lotwise sweep mycase -o sweeps/alpha --command bid --bidder Alpha --scenarios whatifs.csv\n" +
		"  lotwise sweep mycase -o sweeps/part-1 --shard 1/2     # on one machine of two; lotwise collect joins\n" +
		"  lotwise sweep mycase -o sweeps/part-2 --shard 2/2     # on the other",
	Flags: solvingFlags(slices.Concat([]cli.Flag{
		&cli.StringFlag{Name: "scenarios", Usage: "read the scenarios from `FILE` instead of the case's scenarios.csv"},
		&cli.StringFlag{Name: "command", Value: swept[0], Usage: "the `COMMAND` to run: " + strings.Join(swept, ", ")},
		&cli.StringFlag{Name: "grid", Usage: "make the scenarios as the product `GRID` of changes"},
		&cli.StringFlag{Name: "shard", Usage: "run the scenarios of shard `I/N` alone; /N takes I from the index of a Slurm, Kubernetes or GNU parallel job"},
	}, allocateFlags, bidFlags)...),
	Action: func(cc *cli.Context) error {
		given, err := arguments(cc, "CASE")
		if err != nil {
			return err
		}
		o, err := options(cc)
		if err != nil {
			return err
		}
		if err := oneOf(cc, "command", swept); err != nil {
			return err
		}
		s := &sweep{cc: cc, path: given[0], dir: cc.String("output"), threads: o.Threads, failed: map[int]jobs.Ending{}}
		if s.dir == "" {
			return usage("-o RUNS is missing: the folder for the runs")
		}
		for _, command := range swept {
			for _, f := range sweptFlags[command] {
				if cc.IsSet(f.Names()[0]) && cc.String("command") != command {
					return usage("the flag --%s is for sweep --command %s", f.Names()[0], command)
				}
			}
		}
		if cc.String("scenario") != "" {
			return usage("--scenario is for one run; a sweep runs all scenarios")
		}
		if s.shard, s.shards, err = shardOf(cc.String("shard"), os.Getenv); err != nil {
			return err
		}
		return s.run()
	},
}

// A sweep is one command under many scenarios.
type sweep struct {
	cc            *cli.Context
	path, dir     string
	threads       int
	shard, shards int // from 1
	list          []auction.Assumption
	names         []string // of the run folders, by scenario
	plan          plan
	mu            sync.Mutex
	believed      string              // digest of the source of the beliefs, the same in all scenarios
	failed        map[int]jobs.Ending // by scenario: what another try might change
}

// run plans the sweep, runs what is missing, and writes the index.
func (s *sweep) run() error {
	rows, err := s.read()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o777); err != nil {
		return fmt.Errorf("cannot write %s: %w", s.dir, err)
	}
	unlock, err := lock(s.dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.mine(); err != nil {
		return err
	}
	if err := outputs.CleanStages(s.dir); err != nil {
		return err
	}
	if err := outputs.WriteScenarios(s.dir, rows); err != nil {
		return err
	}
	if err := s.name(); err != nil {
		return err
	}

	scenarios := s.plan.shard(s.shard, s.shards) // of the jobs
	list := make([]jobs.Job, len(scenarios))
	for n, i := range scenarios {
		list[n] = jobs.Job{Args: func() []string { return s.arguments(i) }, After: slices.Index(scenarios, s.plan.parent[i]), Done: s.done(i)}
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}

	show := newReporter(s.cc.String("progress"), s.cc.App.ErrWriter, time.Now)
	ctx, writing := interruptible(s.cc.Context, show)
	show.start(fmt.Sprintf("sweep %s: %d scenarios, %d here, %d of them done before", s.path, len(s.list), len(list), finished(list)))
	done := finished(list)
	jobs.Run(ctx, list, jobs.Options{
		Program: program, Workers: min(s.threads, runtime.GOMAXPROCS(0)), Retries: 1, Final: final,
		Ended: func(n int, e jobs.Ending) {
			done++
			s.note(scenarios[n], e)
			show.progress(auction.Progress{Stage: "scenarios", Done: done, Total: len(list), Objective: math.NaN(), Bound: math.NaN(), Epsilon: math.NaN()})
		},
	})
	show.close()
	writing.Lock()
	index, err := s.index()
	writing.Unlock()
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return &failure{exitInterrupted, fmt.Errorf("interrupted; what is finished is in %s, and the same command goes on from there", s.dir)}
	}
	return concluded(s.cc, s.dir, index, s.shards)
}

// final says whether another try would end with the same code: done, wrong usage, an invalid or infeasible case, a limit.
func final(code int) bool {
	return slices.Contains([]int{exitDone, exitUsage, exitInvalid, exitInfeasible, exitLimit}, code)
}

func finished(list []jobs.Job) int {
	n := 0
	for _, j := range list {
		if j.Done {
			n++
		}
	}
	return n
}

// read reads and checks all scenarios, and returns them as rows of a table.
func (s *sweep) read() (rows [][]string, err error) {
	file := s.cc.String("scenarios")
	if grid := s.cc.String("grid"); grid != "" {
		if file != "" {
			return nil, usage("--grid makes the scenarios and --scenarios reads them; give one of the two")
		}
		rows, err := inputs.Grid(grid)
		if err != nil {
			return nil, &failure{exitUsage, err}
		}
		dir, err := os.MkdirTemp("", "lotwise-*")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		if err := outputs.WriteScenarios(dir, rows); err != nil {
			return nil, err
		}
		file = filepath.Join(dir, outputs.ScenariosFile)
	}
	// Requirements are told before anything runs, too.
	if s.list, err = inputs.Assumptions(s.path, file, s.check); err != nil {
		return nil, ofGrid(err, s.cc.String("grid"), file)
	}
	base := slices.IndexFunc(s.list, func(a auction.Assumption) bool { return a.Name == inputs.Base })
	if s.cc.String("command") == "solve" {
		s.plan = planned(s.list, base)
	} else {
		s.plan = apart(len(s.list), base)
	}
	return inputs.ScenarioRows(s.list), nil
}

// ofGrid names the grid in errors of the table that was made of it, each once.
func ofGrid(err error, grid, file string) error {
	var all inputs.Errors
	if grid == "" || !errors.As(err, &all) {
		return err
	}
	var told inputs.Errors
	for _, e := range all {
		if e.File == file {
			e.File, e.Line = "--grid", 0
		}
		if !slices.Contains(told, e) {
			told = append(told, e)
		}
	}
	return told
}

// check says whether a scenario's case has what the command needs. An infeasible one passes: its run will say so.
func (s *sweep) check(c *auction.Case) error {
	if s.cc.String("command") == "bid" {
		if err := s.believes(c); err != nil {
			if infeasible := new(auction.Infeasible); errors.As(err, &infeasible) {
				return nil
			}
			return err
		}
	}
	return inputs.Requirements(c, s.cc.String("command"))
}

// believes gives a scenario's case the beliefs that bid would, and notes the digest of what they are made of.
func (s *sweep) believes(c *auction.Case) error {
	bidder, err := strategicOf(c, s.cc.String("bidder"), s.cc.String("type"))
	if err != nil {
		return err
	}
	var m outputs.Manifest
	if _, err = believe(s.cc, c, bidder, &m); m.Options.Beliefs != nil {
		s.mu.Lock()
		s.believed = m.Options.Beliefs.SHA256
		s.mu.Unlock()
	}
	return err
}

// name names the run folders: by the hash of all that a run depends on.
func (s *sweep) name() error {
	digests, err := inputs.Digests(s.path)
	if err != nil {
		return err
	}
	delete(digests, outputs.ScenariosFile) // what counts of it is the scenario
	if bids := s.cc.String("bids"); bids != "" {
		data, err := os.ReadFile(bids)
		if err != nil {
			return err
		}
		digests[bidsDigest] = sum(data)
	}
	if s.believed != "" {
		digests["--beliefs"] = s.believed
	}
	key := func(i int, near string) string {
		return outputs.Fingerprint(version, highs.Version(), s.cc.String("command"), s.passed(), digests, outputs.Assume(&s.list[i]), near)
	}
	s.names = make([]string, len(s.list))
	for _, i := range s.plan.order {
		near := ""
		if from := s.plan.parent[i]; from >= 0 {
			near = s.names[from]
		}
		s.names[i] = key(i, near)
	}
	return nil
}

// passed are the flags that the runs get, as given.
func (s *sweep) passed() []string {
	var args []string
	names := []string{"gap", "epsilon", "concept", "time-limit", "seed"}
	for _, f := range sweptFlags[s.cc.String("command")] {
		names = append(names, f.Names()[0])
	}
	for _, name := range names {
		if s.cc.IsSet(name) {
			args = append(args, fmt.Sprintf("--%s=%v", name, s.cc.Value(name)))
		}
	}
	return args
}

// arguments are the command line of a scenario's run, when those that it starts from are finished.
func (s *sweep) arguments(i int) []string {
	args := append([]string{s.cc.String("command")}, s.passed()...)
	threads := 1
	if i == s.plan.base && slices.Contains(s.plan.parent, i) {
		threads = s.threads // all others wait for it
	}
	args = append(args, fmt.Sprintf("--threads=%d", threads), "--progress=none", "--force",
		"--scenario="+filepath.Join(s.dir, outputs.ScenariosFile)+":"+s.list[i].Name, "--output="+filepath.Join(s.dir, s.names[i]))
	for from := s.plan.parent[i]; from >= 0; from = s.plan.parent[from] { // one that is infeasible has no run
		if near := filepath.Join(s.dir, s.names[from]); outputs.Finished(near) {
			args = append(args, "--near="+near)
			break
		}
	}
	return append(args, "--", s.path)
}

// done says whether a scenario's run is there, or is known to have none.
func (s *sweep) done(i int) bool {
	if outputs.Finished(filepath.Join(s.dir, s.names[i])) {
		return true
	}
	_, err := os.Stat(s.endingFile(i))
	return err == nil
}

// endingFile holds why a scenario has no run, where another try would end alike.
func (s *sweep) endingFile(i int) string { return filepath.Join(s.dir, s.names[i]+".txt") }

// note keeps why a scenario has no run.
func (s *sweep) note(i int, e jobs.Ending) {
	switch e.Code {
	case exitDone, exitLimit:
	case exitUsage, exitInvalid, exitInfeasible:
		_ = outputs.Replace(s.endingFile(i), fmt.Appendf(nil, "%d\n%s\n", e.Code, e.Message)) // lost, it is found again
	default:
		s.failed[i] = e
	}
}

// index writes the index from what is there.
func (s *sweep) index() ([]outputs.IndexRow, error) {
	rows := make([]outputs.IndexRow, len(s.list))
	for i := range s.list {
		r := &rows[i]
		*r = outputs.IndexRow{Scenario: s.list[i].Name, Probability: s.list[i].Probability, Status: "missing", Seconds: math.NaN()}
		results, m, err := outputs.ReadSummary(filepath.Join(s.dir, s.names[i]))
		if err == nil {
			r.Status, r.Seconds, r.Run, r.Metrics = string(m.Status), m.Run.Seconds, s.names[i], results.Summary
			continue
		}
		if data, err := os.ReadFile(s.endingFile(i)); err == nil {
			code, message, _ := strings.Cut(strings.TrimSpace(string(data)), "\n")
			r.Status, r.Message = "invalid", message
			if code == fmt.Sprint(exitInfeasible) {
				r.Status = "infeasible"
			}
			continue
		}
		if e, ok := s.failed[i]; ok {
			r.Status, r.Message = "failed", e.Message
			if e.Code == jobs.NotRun {
				r.Status = "missing"
			}
		}
	}
	return rows, outputs.WriteIndex(s.dir, rows, s.cc.Bool("xlsx"))
}

// concluded prints a sweep and says by the exit code whether all of it is there.
func concluded(cc *cli.Context, dir string, index []outputs.IndexRow, shards int) error {
	if format := cc.String("format"); format == formats[0] {
		printIndex(cc.App.Writer, index, dir)
	} else if err := printSheets(cc.App.Writer, format, object{{"runs", dir}}, []outputs.Sheet{outputs.IndexSheet(index)}); err != nil {
		return err
	}
	count := map[string]int{}
	for _, r := range index {
		count[r.Status]++
	}
	switch {
	case count["failed"] > 0:
		return fmt.Errorf("%d scenarios failed, see %s; the same command tries them again", count["failed"], filepath.Join(dir, outputs.IndexFile))
	case count["infeasible"] > 0:
		return &failure{exitInfeasible, fmt.Errorf("%d scenarios are infeasible, see %s", count["infeasible"], filepath.Join(dir, outputs.IndexFile))}
	case count["invalid"] > 0:
		return &failure{exitInvalid, fmt.Errorf("%d scenarios cannot be solved, see %s", count["invalid"], filepath.Join(dir, outputs.IndexFile))}
	case count[string(auction.LimitStruck)] > 0:
		return &failure{exitLimit, fmt.Errorf("%d scenarios stopped before the requested gap or epsilon, see %s", count[string(auction.LimitStruck)], filepath.Join(dir, outputs.IndexFile))}
	case count["missing"] > 0 && shards == 1:
		return fmt.Errorf("%d scenarios are missing, see %s", count["missing"], filepath.Join(dir, outputs.IndexFile))
	}
	return nil
}

// mine refuses a folder that holds anything but a sweep.
func (s *sweep) mine() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); name != lockFile && name != outputs.IndexFile && name != outputs.ScenariosFile && !outputs.IsFingerprint(strings.TrimSuffix(name, ".txt")) &&
			!strings.HasPrefix(name, ".lotwise-") && name != reportFile && name != outputs.WorkbookFile {
			return &outputs.Exists{Dir: s.dir, Reason: fmt.Sprintf("holds %s, which no sweep wrote; name another folder", name)}
		}
	}
	return nil
}

const lockFile = ".lock"

// lock makes this the only sweep of the folder for as long as the process lives.
func lock(dir string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("cannot write %s: %w", dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another sweep is at work in %s; wait for it, or name another folder", dir)
		}
		return nil, fmt.Errorf("cannot lock %s: %w", dir, err)
	}
	return func() { f.Close() }, nil
}

// shardOf reads I/N. Without I, or without a shard at all, the index of a job of Slurm, Kubernetes or GNU parallel is
// taken where the environment has one.
func shardOf(flag string, env func(string) string) (shard, shards int, err error) {
	number := func(s string) int {
		n := 0
		if _, err := fmt.Sscanf(s, "%d", &n); err != nil || fmt.Sprint(n) != s {
			return -1
		}
		return n
	}
	wrong := usage("--shard must be I/N with 1 <= I <= N, such as 2/8, or /8 in a job with an index, found %q", flag)
	index, of, ok := strings.Cut(flag, "/")
	if flag != "" && !ok {
		return 0, 0, wrong
	}
	if flag == "" {
		if of = env("SLURM_ARRAY_TASK_COUNT"); of == "" {
			return 1, 1, nil
		}
	}
	if shards = number(of); shards < 1 {
		return 0, 0, wrong
	}
	switch {
	case index != "":
		shard = number(index)
	case env("SLURM_ARRAY_TASK_ID") != "":
		shard = number(env("SLURM_ARRAY_TASK_ID")) - max(0, number(env("SLURM_ARRAY_TASK_MIN"))) + 1
	case env("JOB_COMPLETION_INDEX") != "":
		shard = number(env("JOB_COMPLETION_INDEX")) + 1
	case env("PARALLEL_SEQ") != "":
		shard = number(env("PARALLEL_SEQ"))
	default:
		return 0, 0, usage("--shard %s names no index, and no job array sets one (SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, PARALLEL_SEQ)", flag)
	}
	if shard < 1 || shard > shards {
		return 0, 0, usage("shard %d of %d is not there", shard, shards)
	}
	return shard, shards, nil
}
