package outputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// comparedFile says what a comparison is of, so that its page can be made from its folder.
const comparedFile = "compared.csv"

// A comparedRow is one folder that was compared: a run, or a whole sweep.
type comparedRow struct {
	Folder string `csv:"folder"` // from the comparison's own, so that all may move together
	Metric string `csv:"metric"` // of the tornado
}

// saveCompared writes into fresh what the comparison at dir is of.
func saveCompared(fresh, dir string, c *Comparison) error {
	at, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	columns := columnsOf[comparedRow]()
	var rows []comparedRow
	for _, folder := range c.Of {
		path, err := filepath.Abs(folder)
		if err != nil {
			return err
		}
		if from, err := filepath.Rel(at, path); err == nil {
			path = from
		}
		rows = append(rows, comparedRow{path, c.Metric})
	}
	return save(filepath.Join(fresh, comparedFile), render([]string{"folder", "metric"}, encode(columns, rows)))
}

// ReadCompared reads the folder of a comparison: the folders that were compared, the metric of the tornado and the
// regrets, where there are any. Where dir is none, there are no folders.
func ReadCompared(dir string) (folders []string, metric string, regret []RegretRow, err error) {
	rows, err := readRows[comparedRow](dir, comparedFile)
	if err != nil {
		return nil, "", nil, err
	}
	for _, r := range rows {
		path := r.Folder
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		folders, metric = append(folders, path), r.Metric
	}
	regret, err = readRows[RegretRow](dir, regretFile)
	return folders, metric, regret, err
}

// readRows reads a table of a comparison, nil where it is not there.
func readRows[T any](dir, file string) ([]T, error) {
	path := filepath.Join(dir, file)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	from, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	columns := columnsOf[T]()
	if len(from.header) != len(columns) {
		return nil, fmt.Errorf("%s: its columns are not those of a comparison", path)
	}
	for _, line := range from.lines {
		if len(line) != len(columns) {
			return nil, fmt.Errorf("%s: a row of %d cells under %d columns", path, len(line), len(columns))
		}
	}
	rows, errs := decode[T](columns, from)
	return rows, errors.Join(errs...)
}
