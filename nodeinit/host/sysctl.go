package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
)

// SetSysctl gives a kernel setting a value, and reports whether it had to. The key is
// sysctl(8)'s: "net.ipv4.ip_nonlocal_bind". It does not outlive the boot. A setting that
// holds the value already is fine even where it cannot be written, as in containers.
func (h *Host) SetSysctl(key, value string) (changed bool, err error) {
	path := sysctlPath(key)
	current, err := h.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		err := fmt.Errorf("cannot set sysctl %s: this kernel does not have it", key)
		return false, fault.WithRemedy(err, "load the kernel module that has it, or use another kernel")
	}
	if err != nil {
		return false, fmt.Errorf("cannot set sysctl %s: %w", key, err)
	}
	if sameSysctl(string(current), value) {
		return false, nil
	}
	if err := h.overwrite(path, value); err != nil {
		return false, sysctlError(key, value, strings.TrimSpace(string(current)), err)
	}
	return true, nil
}

func sysctlError(key, value, current string, err error) error {
	readOnly := errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission)
	err = fmt.Errorf("cannot set sysctl %s to %s, it is %s: %w", key, value, current, err)
	if readOnly {
		return fault.WithRemedy(err, "it is read-only here: set it on the host of this container, or let nodeinit write /proc/sys")
	}
	return err
}

// sysctlPath follows sysctl.d(5): the first separator says whether dots or slashes
// separate, because names of network interfaces may contain dots.
func sysctlPath(key string) string {
	if i := strings.IndexAny(key, "./"); i >= 0 && key[i] == '/' {
		return "/proc/sys/" + key
	}
	swap := strings.NewReplacer(".", "/", "/", ".")
	return "/proc/sys/" + swap.Replace(key)
}

// sameSysctl compares values as the kernel does: lists are separated by any white space.
func sameSysctl(a, b string) bool {
	return slices.Equal(strings.Fields(a), strings.Fields(b))
}

// overwrite writes into a file of the kernel's, which cannot be replaced.
func (h *Host) overwrite(path, value string) error {
	f, err := os.OpenFile(h.Path(path), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value + "\n")
	return errors.Join(err, f.Close())
}
