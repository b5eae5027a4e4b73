package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pgcgen/pgcgen/lab/flock"
	"github.com/pgcgen/pgcgen/lab/mount"
	"github.com/pgcgen/pgcgen/lab/netns"
	"github.com/pgcgen/pgcgen/lab/nspawn"
)

// Reap removes what a crashed lab left behind: machines that still run, mounts, cgroups,
// namespaces and disks. It refuses when a living process holds the lab.
func Reap(ctx context.Context, id string) error {
	lock, err := flock.Try(folder(id) + ".lock")
	if err != nil {
		return fmt.Errorf("cannot clean up lab %s: %w", id, err)
	}
	return errors.Join(reap(ctx, id), lock.Release())
}

// Left lists the labs that exist on this machine, running or crashed.
func Left() ([]string, error) {
	entries, err := os.ReadDir(folder(""))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot list labs: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() {
			ids = append(ids, e.Name())
		}
	}
	return ids, nil
}

// reap works from the names alone, for the process that knew more is gone. Where the lab's
// folder is missing there never was a lab, and namespaces of that name are somebody else's.
func reap(ctx context.Context, id string) error {
	dir := folder(id)
	machines, err := os.ReadDir(filepath.Join(dir, "machines"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot clean up lab %s: %w", id, err)
	}
	for _, m := range machines {
		if err := nspawn.Reap(ctx, id+"."+m.Name(), filepath.Join(dir, "machines", m.Name())); err != nil {
			return err
		}
	}
	namespaces, err := netns.Owned(id)
	if err != nil {
		return err
	}
	for _, n := range namespaces {
		if err := n.Delete(ctx); err != nil {
			return fmt.Errorf("cannot clean up lab %s: %w", id, err)
		}
	}
	return mount.RemoveAll(dir)
}
