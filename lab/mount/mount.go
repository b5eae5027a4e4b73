// Package mount makes the disks of the lab's machines: an overlay whose lower layers are
// shared root file systems and whose upper layer is the machine's own.
package mount

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Overlay mounts an overlay file system on target. The first of layers is the topmost of
// the read-only ones. All folders must exist; upper and work must be on one file system.
func Overlay(layers []string, upper, work, target string) error {
	for _, dir := range append(slices.Clone(layers), upper, work) {
		if strings.ContainsAny(dir, ":,\\") {
			return fmt.Errorf("cannot mount an overlay with %q: the kernel's option syntax takes no colon, comma or backslash", dir)
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", strings.Join(layers, ":"), upper, work)
	if err := unix.Mount("overlay", target, "overlay", 0, options); err != nil {
		return fmt.Errorf("cannot mount the overlay on %s: %w", target, err)
	}
	return nil
}

// Below lists the mount points at or below a folder, the innermost first.
func Below(dir string) ([]string, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("cannot list mounts: %w", err)
	}
	return below(string(table), dir), nil
}

// below reads proc_pid_mountinfo(5): the fifth field is the mount point, in the order of
// mounting, with blanks and backslashes in octal.
func below(table, dir string) []string {
	var points []string
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		point := unescape.Replace(fields[4])
		if point == dir || strings.HasPrefix(point, dir+"/") {
			points = append(points, point)
		}
	}
	slices.Reverse(points)
	return points
}

var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// Detach unmounts everything at and below a folder. A mount that is still in use vanishes
// with its last user.
func Detach(dir string) error {
	points, err := Below(dir)
	if err != nil {
		return err
	}
	for _, point := range points {
		if err := unix.Unmount(point, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("cannot unmount %s: %w", point, err)
		}
	}
	return nil
}

// RemoveAll removes a folder after unmounting what is mounted in it, so that it never
// deletes through a mount.
func RemoveAll(dir string) error {
	if err := Detach(dir); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("cannot remove %s: %w", dir, err)
	}
	return nil
}
