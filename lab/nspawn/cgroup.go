package nspawn

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// cgroupRoot is where every distribution mounts cgroups.
const cgroupRoot = "/sys/fs/cgroup"

// environment selects the machine's cgroup version. systemd 256 and later refuse to run on
// version 1, so every machine gets version 2, which a host with both ("hybrid") offers too.
func environment() []string { return []string{"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1"} }

// makeCgroups makes one cgroup per hierarchy of the host. Without one of its own a machine
// started with --keep-unit would share the lab's, and the machines each other's.
func makeCgroups(name string) ([]string, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("cannot list cgroup hierarchies: %w", err)
	}
	var groups []string
	for _, hierarchy := range hierarchies(string(table)) {
		group := filepath.Join(hierarchy, name)
		if err := os.Mkdir(group, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("cannot make a cgroup: %w", err)
		}
		groups = append(groups, group)
	}
	return groups, nil
}

// hierarchies reads the cgroup mounts from proc_pid_mountinfo(5): the file system's type
// follows a lone hyphen. Version 1's cpuset is left out: a new group there takes no process
// before its processors are set, and the lab limits none.
func hierarchies(table string) []string {
	var mounts []string
	for line := range strings.Lines(table) {
		where, what, ok := strings.Cut(line, " - ")
		fields := strings.Fields(where)
		if !ok || len(fields) < 5 || !strings.HasPrefix(what, "cgroup") {
			continue
		}
		point := fields[4]
		if strings.HasPrefix(point, cgroupRoot) && filepath.Base(point) != "cpuset" && !slices.Contains(mounts, point) {
			mounts = append(mounts, point)
		}
	}
	return mounts
}

// removeCgroups removes a machine's cgroups with everything its init made below them. A
// group stays busy for a moment after its last process was killed.
func removeCgroups(ctx context.Context, name string) error {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("cannot list cgroup hierarchies: %w", err)
	}
	for _, hierarchy := range hierarchies(string(table)) {
		if err := removeTree(ctx, filepath.Join(hierarchy, name)); err != nil {
			return err
		}
	}
	return nil
}

func removeTree(ctx context.Context, group string) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		err := rmdirs(group)
		if !errors.Is(err, syscall.EBUSY) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cannot remove cgroup %s: %w", group, err)
		case <-tick.C:
		}
	}
}

// rmdirs removes folders from the inside out; the control files in them cannot and need not
// be removed.
func rmdirs(group string) error {
	var dirs []string
	err := filepath.WalkDir(group, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return ignoreGone(err)
	})
	for _, dir := range slices.Backward(dirs) {
		err = errors.Join(err, ignoreGone(os.Remove(dir)))
	}
	return err
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
