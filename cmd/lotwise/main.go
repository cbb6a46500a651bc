// Lotwise solves auctions of postal capacity and the like: it reads a case of CSV tables, finds the
// seller's allocation and payments, a bidder's optimal bid, or every bidder's equilibrium bids, and
// writes a run folder of CSV tables with certificates.
//
// This package is flags, wiring, progress and exit codes alone: one file a command.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/outputs"
	"lotwise/solver/jobs"
)

// The exit codes. They are part of what the program promises.
const (
	exitDone        = 0
	exitFailure     = 1
	exitUsage       = 2
	exitInvalid     = 3   // the case has errors, or asks for what the command does not model
	exitInfeasible  = 4   // limits or demands conflict
	exitLimit       = 5   // a limit struck before the requested gap or epsilon
	exitInterrupted = 130 // by SIGINT or SIGTERM
)

func main() {
	jobs.Orphan()
	collectGarbage()
	os.Exit(run(os.Args, os.Stdout, os.Stderr))
}

// run is the program: its arguments, what it prints, and the exit code it returns.
func run(args []string, stdout, stderr io.Writer) int {
	app := program(stdout, stderr)
	if len(args) == 2 && args[1] == "--version" {
		args = []string{args[0], versionCommand.Name}
	}
	args, err := flagsFirst(app, args)
	if err == nil {
		err = app.RunContext(context.Background(), args)
	}
	if err == nil {
		return exitDone
	}
	code := exitCode(err)
	if message := err.Error(); message != "" {
		fmt.Fprintln(stderr, message)
	}
	if code == exitUsage {
		fmt.Fprintln(stderr, "lotwise help, or a command with --help, says how it is used")
	}
	return code
}

// program is the application with all its commands.
func program(stdout, stderr io.Writer) *cli.App {
	return &cli.App{
		Name:           "lotwise",
		Usage:          "optimal bids, equilibria, allocations and payments of auctions, with certificates",
		UsageText:      "lotwise COMMAND ARGUMENTS... [--flags]",
		Description:    "A case is a folder of CSV tables (or a workbook, or the name of a case that comes with the program);\na run is a folder of CSV tables too.\n\nExamples:\n  lotwise init mycase --from template\n  lotwise check mycase\n  lotwise solve mycase -o runs/first\n  lotwise verify mycase runs/first\n\nExit codes: 0 done; 1 failure; 2 wrong usage; 3 invalid case; 4 infeasible; 5 a limit stopped it before\nthe requested gap or epsilon, and what it has is written with its certificate; 130 interrupted, likewise.",
		HideVersion:    true, // there is a command, which --version stands for
		Writer:         stdout,
		ErrWriter:      stderr,
		ExitErrHandler: func(*cli.Context, error) {}, // run decides
		OnUsageError:   onUsageError,
		Commands:       commands(),
		Action: func(cc *cli.Context) error {
			if name := cc.Args().First(); name != "" {
				return usage("unknown command %q%s", name, didYouMean(name, commandNames(cc.App)))
			}
			cli.HelpPrinter(stderr, cli.AppHelpTemplate, cc.App)
			return usage("a command is missing")
		},
	}
}

// commands are the program's commands. A new one is a line here.
func commands() []*cli.Command {
	list := []*cli.Command{
		initCommand,
		checkCommand,
		allocateCommand,
		bidCommand,
		solveCommand,
		sweepCommand,
		collectCommand,
		compareCommand,
		reportCommand,
		verifyCommand,
		schemaCommand,
		completionCommand,
		versionCommand,
	}
	for i, c := range list {
		copied := *c // cli writes into its commands
		copied.HideHelpCommand = true
		copied.OnUsageError = onUsageError
		list[i] = &copied
	}
	return list
}

func commandNames(app *cli.App) []string {
	names := []string{"help"}
	for _, c := range app.Commands {
		names = append(names, c.Name)
	}
	return names
}

// A failure is an error with an exit code of its own. A blank message prints nothing.
type failure struct {
	code int
	error
}

func (f *failure) Unwrap() error { return f.error }

// usage is an error of how the program was called.
func usage(format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...)}
}

func onUsageError(_ *cli.Context, err error, _ bool) error { return &failure{exitUsage, err} }

// exitCode returns the code that an error ends the program with.
func exitCode(err error) int {
	var (
		failed      *failure
		exists      *outputs.Exists
		invalid     inputs.Errors
		unsupported *auction.Unsupported
		infeasible  *auction.Infeasible
	)
	switch {
	case errors.As(err, &failed):
		return failed.code
	case errors.As(err, &exists):
		return exitUsage
	case errors.As(err, &invalid), errors.As(err, &unsupported):
		return exitInvalid
	case errors.As(err, &infeasible):
		return exitInfeasible
	case errors.Is(err, context.DeadlineExceeded):
		return exitLimit
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailure
}
