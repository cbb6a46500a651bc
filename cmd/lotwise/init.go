package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"lotwise/inputs/cases"
)

var initCommand = &cli.Command{
	Name:      "init",
	Usage:     "write a ready case into a new folder",
	UsageText: "lotwise init DIR [--from NAME], or lotwise init --list [--format table|csv|json]",
	Description: "Refuses a folder that is not empty.\n\nExamples:\n" +
		"  lotwise init --list\n" +
		"  lotwise init mycase --from template\n" +
		"  lotwise init postal                      # a copy of usps2026\n" +
		"  lotwise init nation --from usps2026-national",
	Flags: []cli.Flag{
		&cli.StringFlag{Name: "from", Value: "usps2026", Usage: "the `NAME` of the case to start from"},
		&cli.BoolFlag{Name: "list", DisableDefaultText: true, Usage: "list the cases there are"},
		formatFlag(),
	},
	Action: func(cc *cli.Context) error {
		if err := oneOf(cc, "format", formats); err != nil {
			return err
		}
		if cc.IsSet("format") && !cc.Bool("list") {
			return usage("--format is for --list")
		}
		if cc.Bool("list") {
			if _, err := arguments(cc); err != nil {
				return err
			}
			if format := cc.String("format"); format != formats[0] {
				l := listing{header: []string{"case", "about"}}
				for _, name := range cases.Names() {
					l.rows = append(l.rows, []string{name, cases.About(name)})
				}
				return list(cc.App.Writer, format, l)
			}
			for _, name := range cases.Names() {
				fmt.Fprintf(cc.App.Writer, "%-30s %s\n", name, cases.About(name))
			}
			return nil
		}
		given, err := arguments(cc, "DIR")
		if err != nil {
			return err
		}
		name := cc.String("from")
		from, ok := cases.Open(name)
		if !ok {
			return usage("no case is named %q%s; lotwise init --list names them", name, didYouMean(name, cases.Names()))
		}
		if err := copyCase(given[0], from); err != nil {
			return err
		}
		fmt.Fprintf(cc.App.Writer, "%s is a copy of %s: %s\nNext: lotwise check %s\n", given[0], name, cases.About(name), given[0])
		return nil
	},
}

// copyCase writes the files of a case into a folder that is empty or not there. Where it fails it leaves
// the folder as it was.
func copyCase(dir string, from fs.FS) error {
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil && len(entries) > 0:
		return usage("%s is not empty; name a new folder", dir)
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("cannot write the case: %w", err)
	}
	existed := err == nil
	if err := os.CopyFS(dir, from); err != nil {
		written, _ := os.ReadDir(dir)
		for _, e := range written {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
		if !existed {
			os.Remove(dir)
		}
		return fmt.Errorf("cannot write the case: %w", err)
	}
	return nil
}
