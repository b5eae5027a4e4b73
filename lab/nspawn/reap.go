package nspawn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pgcgen/pgcgen/lab/mount"
	"github.com/pgcgen/pgcgen/lab/process"
)

// Reap removes a machine that an earlier process of the lab left behind: dir is its
// Config.Dir, slot the name of its namespace. A process is ended only when it is the very
// one that the machine's record names.
func Reap(ctx context.Context, slot, dir string) error {
	stat, err := os.ReadFile(filepath.Join(dir, record))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot clean up after %s: %w", slot, err)
	}
	if err == nil {
		if err := endRecorded(ctx, string(stat)); err != nil {
			return fmt.Errorf("cannot clean up after %s: %w", slot, err)
		}
	}
	return errors.Join(release(ctx, slot, dir), mount.RemoveAll(dir))
}

func endRecorded(ctx context.Context, stat string) error {
	supervisor, err := process.Parse(stat)
	if err != nil {
		return err
	}
	if pid1, ok := supervisor.Init(); ok {
		if err := pid1.Signal(syscall.SIGKILL); err != nil {
			return err
		}
	}
	if err := supervisor.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	return supervisor.Gone(ctx)
}
