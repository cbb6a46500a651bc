package outputs

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lotwise/models/auction"
)

// The files of a sweep's folder beside its runs.
const (
	IndexFile     = "index.csv"
	ScenariosFile = "scenarios.csv"
)

// An IndexRow is one scenario of a sweep. Metrics are those of its run's summary.
type IndexRow struct {
	Scenario    string
	Probability float64 // NaN where blank
	Status      string  // of the run, or failed, invalid, infeasible or missing
	Seconds     float64 // NaN where there is no run
	Run         string  // its folder in the sweep's
	Message     string  // why there is no run
	Metrics     []auction.Metric
}

// WriteIndex writes the index of a sweep: scenario, probability, status, time, run, message, and a column for each metric that
// any of the runs states, in the order in which they come. It appears whole or not at all. With workbook it is written as
// one too; without, an older workbook goes, which would say something else.
func WriteIndex(dir string, rows []IndexRow, workbook bool) error {
	if err := Replace(filepath.Join(dir, IndexFile), render(indexCells(rows))); err != nil {
		return err
	}
	path := filepath.Join(dir, WorkbookFile)
	if !workbook {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	data, err := Workbook([]Sheet{IndexSheet(rows)})
	if err != nil {
		return err
	}
	return Replace(path, data)
}

// indexCells returns the header and the rows of an index.
func indexCells(rows []IndexRow) (header []string, cells [][]string) {
	header = []string{"scenario", "probability", "status", "time", "run", "message"}
	at := map[string]int{}
	for _, r := range rows {
		for _, m := range r.Metrics {
			if _, ok := at[m.Name]; !ok && m.Name != "status" {
				at[m.Name] = len(header)
				header = append(header, m.Name)
			}
		}
	}
	for _, r := range rows {
		row := make([]string, len(header))
		copy(row, []string{text(r.Scenario), number(r.Probability), r.Status, number(r.Seconds), text(r.Run), text(r.Message)})
		for _, m := range r.Metrics {
			if i, ok := at[m.Name]; ok {
				row[i] = (&summand{m.Text, m.Number}).cell()
			}
		}
		cells = append(cells, row)
	}
	return header, cells
}

// WriteScenarios writes rows with their header as the scenarios of a sweep.
func WriteScenarios(dir string, rows [][]string) error {
	return Replace(filepath.Join(dir, ScenariosFile), render(rows[0], rows[1:]))
}

// Replace writes a file, which appears whole or stays what it was.
func Replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), stagePrefix+"*")
	if err != nil {
		return unwritten(path, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return unwritten(path, err)
	}
	return flush(filepath.Dir(path))
}

// ReadIndex reads the index of a sweep back.
func ReadIndex(dir string) ([]IndexRow, error) {
	path := filepath.Join(dir, IndexFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not the folder of a sweep: it has no %s", dir, IndexFile)
	} else if err != nil {
		return nil, err
	}
	from, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	fixed := []string{"scenario", "probability", "status", "time", "run", "message"}
	if len(from.header) < len(fixed) || !slices.Equal(from.header[:len(fixed)], fixed) {
		return nil, fmt.Errorf("%s: its columns are not those of an index", path)
	}
	var rows []IndexRow
	for i, line := range from.lines {
		r := IndexRow{Scenario: plain(line[0]), Status: line[2], Run: plain(line[4]), Message: plain(line[5])}
		var errs [2]error
		r.Probability, errs[0] = parseNumber(line[1])
		r.Seconds, errs[1] = parseNumber(line[3])
		if err := errors.Join(errs[:]...); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, from.at[i], err)
		}
		for j := len(fixed); j < len(line); j++ {
			if line[j] == "" {
				continue
			}
			m := auction.Metric{Name: from.header[j], Number: math.NaN()}
			if m.Number, err = parseNumber(line[j]); err != nil {
				m.Text = plain(line[j])
			}
			r.Metrics = append(r.Metrics, m)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// CleanStages removes what writers that were killed have left in a folder that nobody else writes to.
func CleanStages(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), stagePrefix) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// stagePrefix begins the names of what is not yet in its place.
const stagePrefix = ".lotwise-"

// Fingerprint is a name for a run made by the hash of all that it depends on: equal parts, equal name.
func Fingerprint(parts ...any) string {
	data, err := json.Marshal(parts)
	if err != nil {
		panic("outputs: " + err.Error()) // strings, numbers and maps of them
	}
	return sha(data)[:fingerprint]
}

// fingerprint is the length of a name, 64 bits in hexadecimal: no two of a billion runs have the same.
const fingerprint = 16

// IsFingerprint says whether a name may be one of Fingerprint.
func IsFingerprint(name string) bool {
	_, err := hex.DecodeString(name)
	return err == nil && len(name) == fingerprint
}
