package nspawn

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// open gives access to the machine's files, and to nothing outside of them even through a
// symbolic link: as its init sees them while it runs, those on its disk when it is off.
func (m *Machine) open() (*os.Root, error) {
	root := m.root()
	if supervisor, on := m.supervisor(); on {
		if pid1, ok := supervisor.Init(); ok {
			root = "/proc/" + strconv.Itoa(pid1.PID) + "/root"
		}
	}
	return os.OpenRoot(root)
}

func relative(path string) string { return strings.TrimPrefix(filepath.Clean("/"+path), "/") }

// ReadFile returns a file of the machine. No part of path may be an absolute symbolic link.
func (m *Machine) ReadFile(path string) ([]byte, error) {
	root, err := m.open()
	if err != nil {
		return nil, fmt.Errorf("cannot read %s of %s: %w", path, m.cfg.Name, err)
	}
	defer func() { _ = root.Close() }() // a handle on a folder
	data, err := root.ReadFile(relative(path))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s of %s: %w", path, m.cfg.Name, err)
	}
	return data, nil
}

// WriteFile writes a file of the machine, owned by root, with the folders above it. The
// folders it has to make are as closed as the file.
func (m *Machine) WriteFile(path string, data []byte, mode fs.FileMode) error {
	root, err := m.open()
	if err != nil {
		return fmt.Errorf("cannot write %s of %s: %w", path, m.cfg.Name, err)
	}
	defer func() { _ = root.Close() }() // a handle on a folder
	name := relative(path)
	// Whoever may read may also enter: 0644 gives 0755.
	if err := root.MkdirAll(filepath.Dir(name), mode|(mode&0o444)>>2|0o200); err != nil {
		return fmt.Errorf("cannot write %s of %s: %w", path, m.cfg.Name, err)
	}
	if err := root.WriteFile(name, data, mode); err != nil {
		return fmt.Errorf("cannot write %s of %s: %w", path, m.cfg.Name, err)
	}
	return nil
}
