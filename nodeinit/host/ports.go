package host

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Holder is a process that listens on a TCP port.
type Holder struct {
	Address netip.AddrPort
	// PID and what follows are empty when the process cannot be seen from here.
	PID  int
	Name string
	// Unit is the systemd unit that the process belongs to, if any.
	Unit string
}

// String names the process as a message does: "etcd (process 812 of etcd.service)".
func (p Holder) String() string {
	if p.PID == 0 {
		return "an unknown process"
	}
	text := fmt.Sprintf("%s (process %d", cmp.Or(p.Name, "a process"), p.PID)
	if p.Unit != "" {
		text += " of " + p.Unit
	}
	return text + ")"
}

// PortHolder finds who listens where address and port would listen too. An empty address
// means all of the machine's. The second result is false when the port is free.
func (h *Host) PortHolder(address string, port int) (Holder, bool, error) {
	want := netip.IPv4Unspecified()
	if address != "" {
		parsed, err := netip.ParseAddr(address)
		if err != nil {
			return Holder{}, false, fmt.Errorf("cannot look for port %d: %w", port, err)
		}
		want = parsed
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := h.ReadFile(table)
		if errors.Is(err, fs.ErrNotExist) { // no IPv6
			continue
		}
		if err != nil {
			return Holder{}, false, fmt.Errorf("cannot look for port %d: %w", port, err)
		}
		if bound, inode, ok := findListener(data, want, port); ok {
			holder := h.ownerOf(inode)
			holder.Address = bound
			return holder, true, nil
		}
	}
	return Holder{}, false, nil
}

// findListener searches a table of proc_pid_net(5) for a listening socket in the way of
// another one.
func findListener(table []byte, want netip.Addr, port int) (netip.AddrPort, string, bool) {
	const listen = "0A"
	lines := bufio.NewScanner(bytes.NewReader(table))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 || fields[3] != listen {
			continue
		}
		bound, err := parseSocket(fields[1])
		if err != nil || int(bound.Port()) != port {
			continue
		}
		has := bound.Addr()
		// A listener on the IPv6 wildcard has the IPv4 addresses too, unless it asked not to.
		if has == want || has.IsUnspecified() || want.IsUnspecified() {
			return bound, fields[9], true
		}
	}
	return netip.AddrPort{}, "", false
}

// parseSocket reads "0100007F:1538": words in the machine's byte order, port in hex.
func parseSocket(text string) (netip.AddrPort, error) {
	address, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(address)
	if err != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, fmt.Errorf("cannot read socket address %q", text)
	}
	for i := 0; i < len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.NativeEndian.Uint32(raw[i:]))
	}
	addr, ok := netip.AddrFromSlice(raw)
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil || !ok {
		return netip.AddrPort{}, fmt.Errorf("cannot read socket address %q", text)
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(number)), nil
}

// ownerOf finds the process that has a socket open. Processes come and go while it looks:
// what cannot be read is passed over.
func (h *Host) ownerOf(inode string) Holder {
	names, _ := h.List("/proc")
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		proc := "/proc/" + name
		files, _ := h.List(proc + "/fd")
		for _, fd := range files {
			if target, err := os.Readlink(h.Path(proc + "/fd/" + fd)); err == nil && target == "socket:["+inode+"]" {
				comm, _ := h.ReadFile(proc + "/comm")
				cgroup, _ := h.ReadFile(proc + "/cgroup")
				return Holder{PID: pid, Name: strings.TrimSpace(string(comm)), Unit: unitOf(string(cgroup))}
			}
		}
	}
	return Holder{}
}

// unitOf finds the innermost service or scope in proc_pid_cgroup(5), which has one line in
// version 2 and the line of systemd's own hierarchy in version 1.
func unitOf(cgroup string) string {
	for _, line := range strings.Split(cgroup, "\n") {
		parts := strings.SplitN(line, ":", 3)
		if len(parts) != 3 || (parts[1] != "" && parts[1] != "name=systemd") {
			continue
		}
		folders := strings.Split(parts[2], "/")
		for i := len(folders) - 1; i >= 0; i-- {
			if strings.HasSuffix(folders[i], ".service") || strings.HasSuffix(folders[i], ".scope") {
				return folders[i]
			}
		}
	}
	return ""
}
