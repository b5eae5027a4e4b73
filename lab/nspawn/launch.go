package nspawn

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pgcgen/pgcgen/lab/process"
)

// record is the file in a machine's folder that identifies its supervisor, so that a later
// run of the lab can end what a crashed one left behind.
const record = "process"

// script turns its own process into the machine's supervisor: it notes who it is, joins the
// cgroups and becomes the rest of its arguments. All of that happens before the supervisor
// exists, so there is no moment at which it runs unrecorded or uncontained. Arguments: the
// record, the number of cgroups, the cgroups, the command.
const script = `set -e
cat /proc/$$/stat > "$1.new"; mv "$1.new" "$1"; n=$2; shift 2
while [ "$n" -gt 0 ]; do echo $$ > "$1/cgroup.procs"; shift; n=$((n-1)); done
exec "$@"`

// launch starts the supervisor in a session of its own: a Ctrl-C at the terminal ends the
// lab in its order, not the machines behind its back.
func (m *Machine) launch(groups []string) (process.Identity, error) {
	console, err := os.OpenFile(m.Console(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return process.Identity{}, fmt.Errorf("cannot open the console: %w", err)
	}
	defer func() { _ = console.Close() }() // the machine has its own handle
	argv := []string{"-c", script, "sh", filepath.Join(m.cfg.Dir, record), fmt.Sprint(len(groups))}
	c := exec.Command("sh", append(append(argv, groups...), m.argv()...)...)
	c.Stdout, c.Stderr = console, console
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.Env = append(os.Environ(), environment()...)
	if err := c.Start(); err != nil {
		return process.Identity{}, fmt.Errorf("cannot start systemd-nspawn: %w", err)
	}
	supervisor, err := process.Of(c.Process.Pid)
	if err != nil {
		return process.Identity{}, err
	}
	off := make(chan struct{})
	m.mu.Lock()
	m.running, m.off = &supervisor, off
	m.mu.Unlock()
	go func() {
		_ = c.Wait() // how a machine ended is in its console and journal
		close(off)
	}()
	return supervisor, nil
}

// argv is the supervisor's command line.
func (m *Machine) argv() []string {
	return []string{
		"systemd-nspawn", "--quiet", "--directory=" + m.root(), "--boot", "--machine=" + m.cfg.Name,
		// The host may run no systemd that could register it or give it a scope.
		"--register=no", "--keep-unit",
		// The slot is ready made. (--network-interface would refuse an interface that the
		// host's udev has not seen.) A private network is what gives the machine
		// CAP_NET_ADMIN and a writable /proc/sys/net.
		"--private-network", "--network-namespace-path=" + m.slot().Path(),
		// Works without a terminal, and keeps the machine from reading ours.
		"--console=read-only",
		// The machine is an island: journal, name servers and time zone are its own.
		"--link-journal=no", "--resolv-conf=off", "--timezone=off",
	}
}

// lastWords is the end of the console.
func (m *Machine) lastWords() string {
	text, err := os.ReadFile(m.Console())
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return strings.TrimSpace(string(bytes.Join(lines[max(0, len(lines)-5):], []byte("\n"))))
}
