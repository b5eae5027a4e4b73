package host

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Ownership reads and changes who owns files. Tests that do not run as root replace it.
type Ownership interface {
	Owner(fs.FileInfo) (uid, gid int)
	Chown(f *os.File, uid, gid int) error
}

type kernelOwnership struct{}

func (kernelOwnership) Owner(info fs.FileInfo) (uid, gid int) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, -1
	}
	return int(st.Uid), int(st.Gid)
}

func (kernelOwnership) Chown(f *os.File, uid, gid int) error { return f.Chown(uid, gid) }

func (h *Host) ownership() Ownership {
	if h.Ownership != nil {
		return h.Ownership
	}
	return kernelOwnership{}
}

// owner resolves names by the machine's own files. The static binary has no libc to ask,
// and accounts from a directory service are no owners of ours. Empty names mean root.
func (h *Host) owner(user, group string) (uid, gid int, err error) {
	if uid, err = h.id("/etc/passwd", "user", user); err != nil {
		return 0, 0, err
	}
	if gid, err = h.id("/etc/group", "group", group); err != nil {
		return 0, 0, err
	}
	return uid, gid, nil
}

func (h *Host) id(file, kind, name string) (int, error) {
	if name == "" || name == "root" {
		return 0, nil
	}
	fields, err := h.account(file, name)
	if err != nil {
		return 0, err
	}
	if len(fields) < 3 {
		return 0, fmt.Errorf("there is no %s %s in %s", kind, name, file)
	}
	id, err := strconv.Atoi(fields[2])
	if err != nil {
		return 0, fmt.Errorf("cannot read the id of %s %s in %s: %w", kind, name, file, err)
	}
	return id, nil
}

// account returns the fields of a line of passwd(5) or group(5), or nil.
func (h *Host) account(file, name string) ([]string, error) {
	data, err := h.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot look up %s: %w", name, err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		if fields := strings.Split(lines.Text(), ":"); fields[0] == name {
			return fields, nil
		}
	}
	return nil, lines.Err()
}
