package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/models/auction"
	"lotwise/models/verify"
	"lotwise/outputs"
)

// mostFindings is how many findings are printed before the rest is only counted.
const mostFindings = 100

var verifyCommand = &cli.Command{
	Name:      "verify",
	Usage:     "check a run without trusting the solver that made it",
	UsageText: "lotwise verify CASE RUN [--bids FILE]",
	Description: "Checks that the run is of this case, that no cell was changed after the run, and that feasibility,\n" +
		"payments and certificates hold, recomputed by simple code that shares nothing with the solver.\n\nExamples:\n" +
		"  lotwise verify mycase runs/first\n" +
		"  lotwise verify usps2026 runs/usps",
	Flags: []cli.Flag{
		&cli.StringFlag{Name: "bids", Usage: "the `FILE` that allocate --bids read (default: where the run found it)"},
		formatFlag(),
	},
	Action: func(cc *cli.Context) error {
		given, err := arguments(cc, "CASE", "RUN")
		if err != nil {
			return err
		}
		if err := oneOf(cc, "format", formats); err != nil {
			return err
		}
		v := &verdict{w: cc.App.Writer, format: cc.String("format"), dir: given[1]}
		return v.verify(given[0], cc.String("bids"))
	},
}

// A verdict is what is said of a run.
type verdict struct {
	w           io.Writer
	format, dir string
}

// verify prints what is wrong with a run, or what of it was checked.
func (v *verdict) verify(path, bids string) error {
	dir := v.dir
	stated, err := outputs.ReadManifest(dir)
	if err != nil {
		return err
	}
	c, err := inputs.ReadUnder(path, stated.Assumed())
	if err != nil {
		return err
	}
	is := &outputs.Manifest{}
	if is.Inputs, err = inputs.Digests(path); err != nil {
		return err
	}
	if bids == "" {
		bids = stated.Options.Bids
	}
	if err := replaceBids(c, is, bids); err != nil {
		return err
	}

	var found []string
	for _, d := range differences(stated.Inputs, is.Inputs) {
		found = append(found, filepath.Join(dir, outputs.ManifestFile)+": "+d)
	}
	other := len(found) > 0
	tampered, err := outputs.Tampered(dir)
	if err != nil {
		return err
	}
	for _, f := range tampered {
		found = append(found, filepath.Join(dir, f.String()))
	}
	r, m, err := outputs.Read(dir)
	if err != nil {
		found = append(found, strings.Split(err.Error(), "\n")...)
		return v.disagrees(found)
	}
	if other { // against another case everything would be wrong, and none of it news
		return v.disagrees(found)
	}
	if len(r.Beliefs) > 0 { // the run's own scenarios stand in the place of the case's
		if err := inputs.ReadBeliefs(c, filepath.Join(dir, outputs.BeliefsFile)); err != nil {
			return v.disagrees(append(found, strings.Split(err.Error(), "\n")...))
		}
	}
	report := verify.Check(c, r, verify.Options{
		Command: m.Command, Gap: m.Options.Gap, Epsilon: m.Options.Epsilon, Concept: m.Options.Concept, Type: m.Options.Type,
		Risk: auction.Risk{Aversion: m.Options.RiskAversion, Tail: m.Options.Tail},
	})
	wrong, err := places(dir, report.Findings)
	if err != nil {
		return err
	}
	found = append(found, wrong...)
	if len(found) > 0 {
		return v.disagrees(found)
	}
	if v.format != formats[0] {
		return v.print(nil, report.Checked)
	}
	fmt.Fprintf(v.w, "The run %s holds: its inputs are the case's, its tables are as written, and what they say follows.\n", dir)
	for _, line := range report.Checked {
		fmt.Fprintf(v.w, "  %s\n", line)
	}
	if m.Status == auction.LimitStruck || m.Status == auction.Interrupted {
		fmt.Fprintf(v.w, "It claims no more than it has: its status is %s.\n", m.Status)
	}
	return nil
}

// differences says which input tables are not those of the run, by name.
func differences(run, is map[string]string) (list []string) {
	names := maps.Clone(run)
	maps.Copy(names, is)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		_, had := run[name]
		_, has := is[name]
		switch {
		case !has:
			list = append(list, name+": the run had this input, the case has not: a run of another case")
		case !had:
			list = append(list, name+": the case has this input, the run had not: a run of another case")
		case run[name] != is[name]:
			list = append(list, name+": the case's is not what the run read: a run of another case, or the table changed since")
		}
	}
	return list
}

// places returns where findings stand: file, line and column, and what is wrong there.
func places(dir string, findings []verify.Finding) (list []string, err error) {
	lines := map[string][]int{}
	for _, f := range findings {
		if _, known := lines[f.Table]; !known && f.Row >= 0 {
			if lines[f.Table], err = outputs.Lines(dir, f.Table); err != nil {
				return nil, err
			}
		}
		place := filepath.Join(dir, f.Table)
		if f.Row >= 0 {
			place = fmt.Sprintf("%s:%d", place, lines[f.Table][f.Row])
		}
		if f.Column != "" {
			place += ":" + f.Column
		}
		list = append(list, place+": "+f.Problem)
	}
	return list, nil
}

// disagrees prints what is wrong with a run.
func (v *verdict) disagrees(found []string) error {
	disagrees := &failure{exitFailure, fmt.Errorf("the run does not hold: %d findings", len(found))}
	if v.format != formats[0] {
		return errors.Join(v.print(found, nil), disagrees)
	}
	for i, f := range found {
		if i == mostFindings {
			fmt.Fprintf(v.w, "and %d more\n", len(found)-i)
			break
		}
		fmt.Fprintln(v.w, f)
	}
	return disagrees
}

// print prints a verdict for programs: all findings, or what was checked; as CSV one table of both.
func (v *verdict) print(found, checked []string) error {
	var rows [][]any
	for _, f := range found {
		rows = append(rows, []any{"finding", f})
	}
	for _, c := range checked {
		rows = append(rows, []any{"checked", c})
	}
	return printSheets(v.w, v.format, object{{"run", v.dir}, {"holds", len(found) == 0}}, []outputs.Sheet{
		sheetOf("verdict", []outputs.SheetColumn{{Name: "kind"}, {Name: "what"}}, rows),
	})
}
