// Package flock holds advisory locks on files. The kernel drops a lock when its holder
// dies, so a crashed run never locks out the next one.
package flock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// ErrHeld means that another process holds the lock.
var ErrHeld = errors.New("another process holds the lock")

// poll is how often a waiting caller looks again; flock(2) has no wait that a context can
// interrupt.
const poll = 200 * time.Millisecond

// Lock is a held lock.
type Lock struct{ file *os.File }

// Try takes the lock of a file at once, making the file and its folder, or fails with
// ErrHeld.
func Try(path string) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("cannot lock %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot lock %s: %w", path, err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil && current(f) {
		return &Lock{file: f}, nil
	}
	_ = f.Close() // nothing was written
	if err == nil || errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrHeld
	}
	return nil, fmt.Errorf("cannot lock %s: %w", path, err)
}

// current reports whether the file is still the one under its name. Its last holder may
// have removed it between our opening and our locking; the lock of a removed file excludes
// nobody.
func current(f *os.File) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.Name())
	return err == nil && os.SameFile(opened, named)
}

// Wait takes the lock of a file as soon as nobody else holds it.
func Wait(ctx context.Context, path string) (*Lock, error) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		l, err := Try(path)
		if !errors.Is(err, ErrHeld) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("cannot lock %s: %w", path, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// Release removes the file and gives the lock up.
func (l *Lock) Release() error {
	return errors.Join(os.Remove(l.file.Name()), l.file.Close())
}
