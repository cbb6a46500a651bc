package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"lotwise/outputs"
)

var collectCommand = &cli.Command{
	Name:      "collect",
	Usage:     "join the shards of a sweep",
	UsageText: "lotwise collect RUNS... -o RUNS",
	Description: "Puts the runs of several shards of one sweep into one folder, with one index. What is in the\n" +
		"folder already is kept. The shards stay as they are.\n\nExamples:\n" +
		"  lotwise collect sweeps/part-1 sweeps/part-2 -o sweeps/whole",
	Flags: []cli.Flag{
		formatFlag(),
		&cli.BoolFlag{Name: "xlsx", DisableDefaultText: true, Usage: "write the index as a workbook too, RUNS/" + outputs.WorkbookFile},
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "the folder of the whole sweep `RUNS`"},
	},
	Action: func(cc *cli.Context) error {
		if err := oneOf(cc, "format", formats); err != nil {
			return err
		}
		shards, dir := cc.Args().Slice(), cc.String("output")
		if len(shards) == 0 || dir == "" {
			return usage("name the folders of the shards and, with -o, that of the whole sweep")
		}
		return collect(cc, shards, dir)
	},
}

// collect joins shards in dir.
func collect(cc *cli.Context, shards []string, dir string) error {
	var index []outputs.IndexRow
	var scenarios []byte
	from := map[int]string{} // by scenario: the shard that has its run
	for n, shard := range shards {
		rows, err := outputs.ReadIndex(shard)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(shard, outputs.ScenariosFile))
		if err != nil {
			return err
		}
		if n == 0 {
			index, scenarios = rows, data
		} else if len(rows) != len(index) || string(data) != string(scenarios) {
			return fmt.Errorf("%s and %s are shards of different sweeps: their scenarios differ", shards[0], shard)
		}
		for i, r := range rows {
			if index[i].Status == "missing" || index[i].Status == "failed" && r.Status != "missing" {
				index[i] = r
			}
			if r.Run != "" && from[i] == "" {
				if index[i].Run != r.Run {
					return fmt.Errorf("%s and %s are shards of different sweeps: scenario %s has other inputs, options or another version", shards[0], shard, r.Scenario)
				}
				from[i] = shard
			}
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("cannot write %s: %w", dir, err)
	}
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	for i, r := range index {
		if from[i] == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, r.Run)); err == nil {
			continue
		}
		if err := outputs.Copy(filepath.Join(from[i], r.Run), filepath.Join(dir, r.Run)); err != nil {
			return err
		}
	}
	if err := outputs.Replace(filepath.Join(dir, outputs.ScenariosFile), scenarios); err != nil {
		return err
	}
	if err := outputs.WriteIndex(dir, index, cc.Bool("xlsx")); err != nil {
		return err
	}
	missing := slices.ContainsFunc(index, func(r outputs.IndexRow) bool { return r.Status == "missing" })
	shardsLeft := 1
	if !missing {
		shardsLeft = 0
	}
	return concluded(cc, dir, index, shardsLeft)
}
