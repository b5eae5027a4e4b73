// Package host is the machine that nodeinit works on: its files, accounts, programs,
// kernel settings and facts, all below a root folder, so that a test's machine is a
// temporary folder and nothing above this package opens a path of its own.
package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Host is a machine. Only Root and Runner must be set.
type Host struct {
	// Root is where the machine's file system is: "/" in production.
	Root string
	// Runner runs the machine's programs.
	Runner Runner
	// Ownership reads and changes owners; nil means the kernel's.
	Ownership Ownership
	// Links lists the network interfaces; nil means the kernel's.
	Links func() ([]Link, error)
	// Sethostname gives the kernel a host name; nil means the system call, which works
	// where /proc/sys is read-only.
	Sethostname func(string) error
	// Now is the clock that names what is put aside; nil means time.Now.
	Now func() time.Time
}

// New is the machine this program runs on.
func New() *Host { return &Host{Root: "/", Runner: Exec{}} }

// Path is where an absolute path of the machine is found by this program.
func (h *Host) Path(path string) string { return filepath.Join(h.Root, path) }

// ReadFile returns a file's content; errors wrap fs.ErrNotExist and its like.
func (h *Host) ReadFile(path string) ([]byte, error) { return os.ReadFile(h.Path(path)) }

// Exists reports whether there is anything at path, be it a dangling link. It is false only
// when there is certainly nothing: what cannot be looked at may hold data.
func (h *Host) Exists(path string) bool {
	_, err := os.Lstat(h.Path(path))
	return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
}

// List returns the names in a folder, sorted. A folder that does not exist has none.
func (h *Host) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(h.Path(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// Remove deletes a file or an empty folder for good: when it returns, a power cut does not
// bring it back. What does not exist is already removed.
func (h *Host) Remove(path string) error {
	err := os.Remove(h.Path(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot remove: %w", err)
	}
	return syncDir(filepath.Dir(h.Path(path)))
}

// RenameAside moves a file or folder out of the way, to a free name beside it that carries
// the time, and returns that name. Nothing is deleted.
func (h *Host) RenameAside(path string) (string, error) {
	now := time.Now
	if h.Now != nil {
		now = h.Now
	}
	stem := path + ".aside-" + now().UTC().Format("20060102T150405Z")
	for i := 0; ; i++ {
		aside := stem
		if i > 0 {
			aside = fmt.Sprintf("%s.%d", stem, i)
		}
		if h.Exists(aside) {
			continue
		}
		if err := os.Rename(h.Path(path), h.Path(aside)); err != nil {
			return "", fmt.Errorf("cannot put %s aside: %w", path, err)
		}
		return aside, syncDir(filepath.Dir(h.Path(path)))
	}
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("cannot make %s durable: %w", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("cannot make %s durable: %w", dir, err)
	}
	return nil
}
