package host

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/pgcgen/pgcgen/templates/component"
	"golang.org/x/sys/unix"
)

// Hostname is the kernel's name for this machine.
func (h *Host) Hostname() (string, error) { return h.line("/proc/sys/kernel/hostname") }

// SetHostname gives the machine a name, now and for later boots, and reports whether it
// had to. It is what systemd-hostnamed does, which minimal images lack.
func (h *Host) SetHostname(name string) (changed bool, err error) {
	changed, err = h.WriteFile(component.File{Path: "/etc/hostname", Mode: 0o644, Data: []byte(name + "\n")})
	if err != nil {
		return false, err
	}
	current, err := h.Hostname()
	if err == nil && current == name {
		return changed, nil
	}
	set := h.Sethostname
	if set == nil {
		set = func(name string) error { return syscall.Sethostname([]byte(name)) }
	}
	if err := set(name); err != nil {
		return false, fmt.Errorf("cannot set the host name to %s: %w", name, err)
	}
	return true, nil
}

// MachineID is systemd's identity of this installation: machine-id(5).
func (h *Host) MachineID() (string, error) {
	id, err := h.line("/etc/machine-id")
	if err == nil && len(id) != 32 {
		err = fmt.Errorf("/etc/machine-id holds %q, which is not an identity: was it not made at boot?", id)
	}
	return id, err
}

// BootID changes with every boot.
func (h *Host) BootID() (string, error) { return h.line("/proc/sys/kernel/random/boot_id") }

// OSRelease returns os-release(5): "ID" -> "debian".
func (h *Host) OSRelease() (map[string]string, error) {
	data, err := h.ReadFile("/etc/os-release")
	if errors.Is(err, fs.ErrNotExist) {
		data, err = h.ReadFile("/usr/lib/os-release")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot tell the operating system: %w", err)
	}
	release := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		key, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		if ok && !strings.HasPrefix(key, "#") {
			release[key] = unquote(value)
		}
	}
	return release, lines.Err()
}

// unquote undoes shell quoting as far as os-release(5) uses it.
func unquote(value string) string {
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		value = value[1 : n-1]
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`").Replace(value)
}

// MemoryBytes is the memory that the kernel manages: MemTotal.
func (h *Host) MemoryBytes() (uint64, error) {
	data, err := h.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, fmt.Errorf("cannot tell the memory: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && fields[0] == "MemTotal:" && fields[2] == "kB" {
			kib, err := strconv.ParseUint(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("cannot tell the memory: /proc/meminfo has no MemTotal")
}

// CPUs is the number of processors that this program may run on.
func (h *Host) CPUs() int { return runtime.NumCPU() }

// WatchdogDevice is the path of the watchdog, or "" when the machine has none that works:
// a device node with a driver behind it. It is not opened, which would start it.
func (h *Host) WatchdogDevice() string {
	const path = "/dev/watchdog"
	info, err := os.Stat(h.Path(path))
	if err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || unix.Access(h.Path(path), unix.W_OK) != nil {
		return ""
	}
	if !h.Exists(fmt.Sprintf("/sys/dev/char/%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))) {
		return ""
	}
	return path
}

// line reads a file of one line.
func (h *Host) line(path string) (string, error) {
	data, err := h.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("cannot read a fact: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}
