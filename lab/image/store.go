// Package image builds the root file systems that the lab's machines boot, and keeps them.
//
// An image is a folder, used read-only as the lower layer of a machine's disk, so that a
// machine is made in milliseconds and a thousandth of the space. It is made by mmdebstrap
// from the Debian mirror that this machine's own apt is configured for, under a name that
// is a digest of its inputs, in a temporary folder that is renamed when it is complete: an
// interrupted build leaves nothing that could be mistaken for an image.
package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pgcgen/pgcgen/lab/flock"
	"github.com/pgcgen/pgcgen/lab/mount"
)

// Store is a folder of built images.
type Store struct {
	// Dir is the cache folder; everything in it can be made again.
	Dir string
	// Progress gets a line for every step that takes time.
	Progress io.Writer
}

// Default is the store in $PGCGEN_LAB, or in /var/tmp/pgcgen-lab, that reports on stderr.
// /var/tmp survives a reboot, and its file system can be an overlay's upper layer.
func Default() Store { return Store{Dir: Dir(), Progress: os.Stderr} }

// Dir is the lab's folder: $PGCGEN_LAB, or /var/tmp/pgcgen-lab.
func Dir() string {
	if dir := os.Getenv("PGCGEN_LAB"); dir != "" {
		return dir
	}
	return "/var/tmp/pgcgen-lab"
}

// make returns the folder of an image, building it when it is missing. One build of a name
// runs at a time on this machine; the others wait for it and use its result.
func (s Store) make(ctx context.Context, name string, build func(ctx context.Context, dir string) error) (string, error) {
	final := filepath.Join(s.Dir, "images", name)
	if exists(final) {
		return final, nil
	}
	lock, err := flock.Wait(ctx, final+".lock")
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Release() }() // the kernel releases it at the latest when we end
	if exists(final) {
		return final, nil
	}
	partial := final + ".partial"
	if err := mount.RemoveAll(partial); err != nil {
		return "", err
	}
	if err := os.MkdirAll(partial, 0o755); err != nil {
		return "", fmt.Errorf("cannot build image %s: %w", name, err)
	}
	if err := build(ctx, partial); err != nil {
		return "", errors.Join(fmt.Errorf("cannot build image %s: %w", name, err), mount.RemoveAll(partial))
	}
	if err := os.Rename(partial, final); err != nil {
		return "", fmt.Errorf("cannot build image %s: %w", name, err)
	}
	return final, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func (s Store) progress(format string, args ...any) {
	// A report that cannot be written is no reason to stop a build.
	_, _ = fmt.Fprintf(s.Progress, "lab: "+format+"\n", args...)
}
