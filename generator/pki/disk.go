package pki

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	stateName = "state.json"
	lockName  = "lock"

	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
)

// makeDir makes the state folder, or checks the one that is there.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return fmt.Errorf("cannot make state folder: %w", err)
	}
	return checkMode(dir, dirMode)
}

// checkMode refuses a path that grants more than want: secrets that were readable for
// others may have been read, and tightening the mode silently would hide that.
func checkMode(path string, want fs.FileMode) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("cannot read state: %w", err)
	}
	if got := info.Mode().Perm(); got&^want != 0 {
		return fmt.Errorf("cannot use state %s: its mode %04o lets others read secrets; "+
			"run: chmod %04o %s", path, got, want, path)
	}
	return nil
}

// writeFile replaces state.json: temporary file, fsync, rename, fsync of the folder.
func writeFile(dir string, f file) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot save state %s: %w", dir, err)
		}
	}()
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, ".state-*.json") // mode 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(append(data, '\n'))
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), filepath.Join(dir, stateName))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
