package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"lotwise/inputs"
	"lotwise/inputs/cases"
	"lotwise/models/auction"
	"lotwise/outputs"
	"lotwise/outputs/report"
)

var reportCommand = &cli.Command{
	Name:      "report",
	Usage:     "a run, runs side by side, a sweep or a comparison as one page of HTML",
	UsageText: "lotwise report RUN | RUN RUN... | RUNS | DIR [-o FILE] [--plots DIR] [--case CASE] [--metric NAME]",
	Description: "Writes one page with the figures and their certificates, pictures, and tables to sort and filter. It needs\n" +
		"no network and opens from a mail. Of one run it is RUN/report.html, of a sweep RUNS/report.html, of a comparison in\n" +
		"a folder DIR/report.html, made of the runs where they stood; several runs need -o FILE. The map needs the case, with\n" +
		"columns latitude and longitude in lots.csv: cases that come with the program are found, others are named with\n" +
		"--case. --plots writes the pictures as SVG files too.\n\nExamples:\n" +
		"  lotwise report runs/first --case mycase\n" +
		"  lotwise report runs/first runs/dear -o compared.html\n" +
		"  lotwise report sweeps/fuel --metric contribution --plots pictures",
	Flags: []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the page to `FILE` (default: report.html in the folder)"},
		&cli.StringFlag{Name: "plots", Usage: "write the pictures as SVG files into the folder `DIR`"},
		&cli.StringFlag{Name: "case", Usage: "the `CASE` that the run is of, for the map"},
		&cli.StringFlag{Name: "metric", Value: "revenue", Usage: "the metric `NAME` of the tornado"},
	},
	Action: func(cc *cli.Context) error {
		dirs, file := cc.Args().Slice(), cc.String("output")
		if len(dirs) == 0 {
			return usage("RUN is missing: %s", cc.Command.UsageText)
		}
		if file == "" {
			if len(dirs) > 1 {
				return usage("-o FILE is missing: where to write the page of several runs")
			}
			file = filepath.Join(dirs[0], reportFile)
		}
		page, err := pageOf(cc, dirs)
		if err != nil {
			return err
		}
		data, err := page.Render()
		if err != nil {
			return err
		}
		if dir := cc.String("plots"); dir != "" {
			names, err := page.SavePlots(dir)
			if err != nil {
				return err
			}
			fmt.Fprintf(cc.App.Writer, "%d pictures are in %s\n", len(names), dir)
		}
		if err := outputs.Replace(file, data); err != nil {
			if errors.Is(err, fs.ErrPermission) {
				err = fmt.Errorf("%w; name another place with -o FILE", err)
			}
			return err
		}
		fmt.Fprintf(cc.App.Writer, "The report is in %s\n", file)
		return nil
	},
}

const reportFile = "report.html"

// pageOf reads what the folders hold, a run, runs, a sweep or a comparison of these, and makes the page of it.
func pageOf(cc *cli.Context, dirs []string) (*report.Page, error) {
	name, metric := filepath.Base(filepath.Clean(dirs[0])), cc.String("metric")
	var regret []outputs.RegretRow
	if len(dirs) == 1 {
		folders, of, worked, err := outputs.ReadCompared(dirs[0])
		if err != nil {
			return nil, err
		}
		if len(folders) > 0 {
			dirs, regret = folders, worked
			if !cc.IsSet("metric") {
				metric = of
			}
			name = filepath.Base(filepath.Clean(dirs[0]))
		}
	}
	_, err := os.Stat(filepath.Join(dirs[0], outputs.IndexFile))
	sweep := len(dirs) == 1 && err == nil
	var index []outputs.IndexRow
	if sweep {
		if index, err = outputs.ReadIndex(dirs[0]); err != nil {
			return nil, err
		}
		if only := onlyRun(index); only != "" { // with nothing to stand beside
			dirs, sweep = []string{filepath.Join(dirs[0], only)}, false
		}
	}
	if len(dirs) == 1 && !sweep {
		r, m, err := outputs.Read(dirs[0])
		if err != nil {
			return nil, err
		}
		c, err := caseOf(m, cc.String("case"))
		if err != nil {
			return nil, err
		}
		return report.Run(name, r, m, c), nil
	}
	if cc.IsSet("case") {
		return nil, usage("--case is for the page of one run, which has a map")
	}
	members, err := outputs.Members(dirs)
	if err != nil {
		return nil, err
	}
	c, err := outputs.Compare(members, metric)
	if err != nil {
		return nil, err
	}
	c.Regret = regret
	if !sweep {
		return report.Comparison("Comparison with "+name, c, nil), nil
	}
	return report.Comparison("Sweep "+name, c, index), nil
}

// onlyRun is the folder of the one finished run of a sweep, blank where there are none or more.
func onlyRun(index []outputs.IndexRow) string {
	only := ""
	for _, r := range index {
		switch {
		case r.Run == "":
		case only != "":
			return ""
		default:
			only = r.Run
		}
	}
	return only
}

// caseOf reads the case of a run: the one named, which must be it, or one that comes with the program, where it is that; else
// nil.
func caseOf(m *outputs.Manifest, path string) (*auction.Case, error) {
	named := path != ""
	if !named {
		if _, ok := cases.Open(m.Case); !ok {
			return nil, nil
		}
		path = m.Case
	}
	is, err := inputs.Digests(path)
	if err != nil {
		return nil, err
	}
	stated := m.Inputs
	if bids, ok := stated[bidsDigest]; ok {
		is[bidsDigest] = bids // the file is none of the case's
	}
	if found := differences(stated, is); len(found) > 0 {
		if !named {
			return nil, nil
		}
		return nil, fmt.Errorf("%s is not the case of the run: %s", path, found[0])
	}
	return inputs.ReadUnder(path, m.Assumed())
}
