package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checkReplaceable says why the folder at out must not be replaced.
func checkReplaceable(out string) error {
	entries, err := os.ReadDir(out)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	m, err := Load(out)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("it is not empty and was not made by pgcgen; " +
			"name another folder with -o, or empty it yourself")
	}
	if err != nil {
		return err
	}
	strangers, err := strangers(out, m)
	if err != nil {
		return err
	}
	if len(strangers) > 0 {
		return fmt.Errorf("it holds files that pgcgen did not write: %s; move them away", listing(strangers))
	}
	return nil
}

// strangers lists the files below out that its manifest does not know.
func strangers(out string, m Manifest) ([]string, error) {
	known := map[string]bool{Layout("").Manifest(): true, Layout("").Checksums(): true}
	for _, f := range m.Files {
		known[f.Path] = true
	}
	var list []string
	err := filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(out, path)
		if err == nil && !known[filepath.ToSlash(name)] {
			list = append(list, name)
		}
		return err
	})
	return list, err
}

func listing(names []string) string {
	const most = 3
	slices.Sort(names)
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// swap puts the stage into its place and removes what was there.
func (s *Stage) swap() error {
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return fmt.Errorf("cannot write output: %w", err)
	}
	if err := flush(s.dir); err != nil {
		return fmt.Errorf("cannot write output: %w", err)
	}
	old, err := replace(s.dir, s.out)
	if err != nil {
		return fmt.Errorf("cannot replace %s: %w", s.out, err)
	}
	s.dir = ""
	if err := flushDir(filepath.Dir(s.out)); err != nil {
		return fmt.Errorf("cannot write output: %w", err)
	}
	if err := os.RemoveAll(old); err != nil {
		return fmt.Errorf("cannot remove the previous output; the new one is in place, "+
			"delete the old one by hand, it holds keys: %w", err)
	}
	return nil
}

// replace moves dir to out and says where the old out is now: the two change places in one
// step where the system can do that.
func replace(dir, out string) (old string, err error) {
	if _, err := os.Lstat(out); errors.Is(err, fs.ErrNotExist) {
		return dir, os.Rename(dir, out)
	}
	if err := exchange(dir, out); !errors.Is(err, errors.ErrUnsupported) {
		return dir, err
	}
	return moveAside(dir, out)
}

// moveAside replaces out in two steps; between them there is no out.
func moveAside(dir, out string) (old string, err error) {
	old = dir + ".old"
	if err := os.Rename(out, old); err != nil {
		return "", err
	}
	if err := os.Rename(dir, out); err != nil {
		return "", errors.Join(err, os.Rename(old, out))
	}
	return old, nil
}

func flushDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
