package outputs

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"lotwise/models/auction"
)

// Exists says that a run folder is in the way of a new one.
type Exists struct {
	Dir    string
	Reason string // why it stays, and what would do
}

func (e *Exists) Error() string { return e.Dir + ": " + e.Reason }

// later are the other files that may stand in a run folder: what is added to a run, and the tables of
// other versions.
var later = []string{"report.html", WorkbookFile, "limit_results.csv"}

// Check says, before anything is solved, whether Write(name, force, ...) would find its place: an
// existing folder is an *Exists error without force, or where it holds anything but a run. Where
// nothing is in the way it tries the file system, and leaves nothing behind.
func Check(name string, force bool) error {
	dir, err := runs.place(name, force)
	if err != nil {
		return err
	}
	stage, err := stage(dir)
	if err != nil {
		return unwritten(name, err)
	}
	return os.Remove(stage)
}

// A kind of folder is replaced only where it holds nothing but what is its own.
type kind struct {
	what   string // such as run folders
	marker string // the file without which it is none
	ours   func(name string) bool
}

var runs = kind{"run folders", ManifestFile, ours}

// place returns the absolute path of the folder, through links.
func (k kind) place(dir string, force bool) (string, error) {
	if dir == "" {
		return "", &Exists{`""`, "is not a folder's name"}
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	_, err = os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	} else if err != nil {
		return "", fmt.Errorf("cannot write %s: %w", dir, err)
	}
	if !force {
		return "", &Exists{dir, "exists already; name another folder, or replace it with --force"}
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	if info, err := os.Stat(path); err != nil {
		return "", err
	} else if !info.IsDir() {
		return "", &Exists{dir, "is a file; --force replaces " + k.what + " alone"}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", err
	}
	run := len(entries) == 0
	for _, e := range entries {
		if !k.ours(e.Name()) || e.IsDir() {
			return "", &Exists{dir, fmt.Sprintf("holds %s, which no run wrote; --force replaces %s alone", e.Name(), k.what)}
		}
		run = run || e.Name() == k.marker
	}
	if !run {
		return "", &Exists{dir, "holds no " + k.marker + "; --force replaces " + k.what + " alone"}
	}
	return path, nil
}

// ours says whether a run folder may hold a file of the name.
func ours(name string) bool {
	return name == ManifestFile || slices.Contains(later, name) ||
		slices.ContainsFunc(tables, func(t table) bool { return t.file == name })
}

// stage makes an empty folder beside dir, or beside its first parent to be made, so that a rename moves
// what is written there into place.
func stage(dir string) (string, error) {
	parent := filepath.Dir(dir)
	for {
		info, err := os.Stat(parent)
		if err == nil && !info.IsDir() {
			return "", fmt.Errorf("%s is not a folder", parent)
		}
		if err == nil {
			return os.MkdirTemp(parent, stagePrefix+"*")
		}
		if up := filepath.Dir(parent); errors.Is(err, fs.ErrNotExist) && up != parent {
			parent = up
			continue
		}
		return "", err
	}
}

// Write writes the results and the manifest as the run folder dir, which appears whole or not at all:
// it is written elsewhere, flushed, and moved into place. With force it takes the place of an older run,
// which is put back where the move fails. It fills in the manifest's Status, Command, Tables, Files and Seal.
func Write(dir string, force bool, r *auction.Results, m *Manifest, more ...File) error {
	return runs.write(dir, force, func(fresh string) error { return fill(fresh, r, m, more) })
}

// write writes the folder elsewhere with fill and moves it into place.
func (k kind) write(name string, force bool, fill func(dir string) error) (err error) {
	dir, err := k.place(name, force)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = unwritten(name, err)
		}
	}()
	staged, err := stage(dir)
	if err != nil {
		return err
	}
	lost := false
	defer func() {
		if !lost {
			os.RemoveAll(staged)
		}
	}()
	fresh, old := filepath.Join(staged, "new"), filepath.Join(staged, "old")
	if err := fill(fresh); err != nil {
		return err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	replaced := false
	if force {
		if err := os.Rename(dir, old); err == nil {
			replaced = true
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(fresh, dir); err != nil {
		if replaced {
			if back := os.Rename(old, dir); back != nil {
				lost = true
				err = fmt.Errorf("%s; the old run is now %s: %s", err, old, back) //nolint:errorlint // unwritten would say one of the causes alone
			}
		}
		return err
	}
	return flush(parent)
}

// unwritten says that a file or folder could not be written, and why, without the names of what it was staged in.
func unwritten(name string, err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return fmt.Errorf("cannot write %s: %w", name, err)
}

// Copy copies a run folder, which appears whole or not at all.
func Copy(from, to string) error {
	to, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	staged, err := stage(to)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", to, err)
	}
	defer os.RemoveAll(staged)
	fresh := filepath.Join(staged, "new")
	if err := os.CopyFS(fresh, os.DirFS(from)); err != nil {
		return err
	}
	if err := os.Rename(fresh, to); err != nil {
		return err
	}
	return flush(filepath.Dir(to))
}

// fill makes the folder with all its files, on disk when it returns.
func fill(dir string, r *auction.Results, m *Manifest, more []File) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	m.Command, m.Status, m.Tables = r.Command, r.Status, map[string]Digest{}
	for _, t := range tables {
		if !t.has(r) {
			continue
		}
		data := render(t.header(), t.write(r))
		from, err := parse(t.file, data)
		if err != nil {
			return err
		}
		m.Tables[t.file] = digest(data, from)
		if err := save(filepath.Join(dir, t.file), data); err != nil {
			return err
		}
	}
	m.Files = nil
	for _, f := range more {
		data, err := f.Make(r)
		if err != nil {
			return err
		}
		if m.Files == nil {
			m.Files = map[string]string{}
		}
		m.Files[f.Name] = sha(data)
		if err := save(filepath.Join(dir, f.Name), data); err != nil {
			return err
		}
	}
	var err error
	if m.Seal, err = m.seal(); err != nil {
		return err
	}
	data, err := m.print()
	if err != nil {
		return err
	}
	if err := save(filepath.Join(dir, ManifestFile), data); err != nil {
		return err
	}
	return flush(dir)
}

// save writes a file, on disk when it returns.
func save(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// flush puts the names in a folder on disk, on file systems that know how.
func flush(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// Finished says whether dir is a run folder: it appears whole or not at all.
func Finished(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, ManifestFile))
	return err == nil
}

// ReadManifest reads the manifest of a run folder.
func ReadManifest(dir string) (*Manifest, error) {
	path := filepath.Join(dir, ManifestFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not a run folder: it has no %s", dir, ManifestFile)
	} else if err != nil {
		return nil, err
	}
	return parseManifest(path, data)
}

// Read reads a run folder back. Every table that its manifest lists must be there with exactly the columns
// it was written with; all errors come at once, each with file, line and column. It does not look at the
// digests, see Tampered.
func Read(dir string) (*auction.Results, *Manifest, error) {
	return read(dir, func(string) bool { return true })
}

// ReadSummary is Read of summary.csv alone.
func ReadSummary(dir string) (*auction.Results, *Manifest, error) {
	return read(dir, func(file string) bool { return file == "summary.csv" })
}

func read(dir string, wanted func(file string) bool) (*auction.Results, *Manifest, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, nil, err
	}
	r := &auction.Results{Command: m.Command, Status: m.Status}
	var errs []error
	unread := maps.Clone(m.Tables)
	for _, t := range tables {
		if _, listed := m.Tables[t.file]; !listed {
			continue
		}
		delete(unread, t.file)
		if !wanted(t.file) {
			continue
		}
		path := filepath.Join(dir, t.file)
		data, err := os.ReadFile(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		from, err := parse(path, data)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if bad := from.check(&t); bad != nil {
			errs = append(errs, bad...)
			continue
		}
		errs = append(errs, t.read(r, from)...)
	}
	for _, file := range slices.Sorted(maps.Keys(unread)) {
		errs = append(errs, fmt.Errorf("%s: lists the table %s, which this version does not know", filepath.Join(dir, ManifestFile), file))
	}
	if errs != nil {
		return nil, nil, errors.Join(errs...)
	}
	return r, m, nil
}

// Lines returns the line in the file of each row of a table of a run folder: row i is not always line
// i + 2, as cells may hold line breaks.
func Lines(dir, file string) ([]int, error) {
	path := filepath.Join(dir, file)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	from, err := parse(path, data)
	return from.at, err
}
