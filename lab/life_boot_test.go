//go:build boot

package lab_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pgcgen/pgcgen/lab"
	"github.com/pgcgen/pgcgen/lab/image"
	"github.com/pgcgen/pgcgen/lab/netns"
)

// host is one machine of TestLife.
type host struct {
	lab.Machine
	address, mac, seed string
}

// TestLife takes two machines of each Debian release through all that the lab can do.
func TestLife(t *testing.T) {
	l := open(t)
	var hosts []host
	for i, suite := range []string{"trixie", "trixie", "bookworm", "bookworm"} {
		h := host{address: fmt.Sprintf("10.77.0.%d", 11+i), mac: fmt.Sprintf("52:54:00:77:00:%d", 11+i)}
		m, err := l.Create(fmt.Sprintf("pg%d", i+1), h.mac, base(t, image.Golden, suite))
		if err != nil {
			t.Fatal(err)
		}
		h.Machine = m
		link := fmt.Sprintf("  nic:\n    match: {macaddress: %q}\n", h.mac)
		if i%2 == 1 {
			link += "    set-name: eth0\n"
		}
		h.seed = writeSeed(t, m.Name(), h.address, link)
		if err := m.Seed(h.seed); err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, h)
	}
	t.Run("boot", func(t *testing.T) {
		for _, h := range hosts {
			t.Run(h.Name(), func(t *testing.T) {
				t.Parallel()
				boot(t, h)
				checkIdentity(t, h)
			})
		}
	})
	if t.Failed() {
		return
	}
	t.Run("client", func(t *testing.T) { checkClient(t, l, hosts) })
	t.Run("exec", func(t *testing.T) { checkExec(t, hosts[0]) })
	t.Run("faults", func(t *testing.T) { checkFaults(t, l, hosts[0], hosts[2]) })
	t.Run("power cut", func(t *testing.T) { checkPowerCut(t, l, hosts[0], hosts[1]) })
	t.Run("shutdown and wipe", func(t *testing.T) { checkWipe(t, hosts[1]) })
}

// run is the output of a command that must succeed.
func run(t *testing.T, m lab.Machine, argv ...string) string {
	t.Helper()
	out, err := m.Exec(t.Context(), argv...)
	if err != nil {
		t.Fatal(err)
	}
	if out.Code != 0 {
		t.Fatalf("%s: %v ended with %d: %s%s", m.Name(), argv, out.Code, out.Stdout, out.Stderr)
	}
	return strings.TrimSpace(out.Stdout)
}

func checkIdentity(t *testing.T, h host) {
	t.Helper()
	for _, c := range []struct {
		want string
		argv []string
	}{
		{h.mac, []string{"cat", "/sys/class/net/eth0/address"}},
		{h.Name(), []string{"hostname"}},
		{h.address + "/24", []string{"ip", "-brief", "-4", "address", "show", "eth0"}},
		{"via 10.77.0.1 dev eth0", []string{"ip", "route", "show", "default"}},
		{"running", []string{"systemctl", "is-system-running", "--wait"}},
	} {
		if got := run(t, h, c.argv...); !strings.Contains(got, c.want) {
			t.Errorf("%s: %v says %q, want %q in it", h.Name(), c.argv, got, c.want)
		}
	}
}

// reaches reports whether a machine gets an answer from an address. A machine that could
// not resolve the address before asks for it only once a second, so a way that shall be
// open gets some seconds to prove it.
func reaches(t *testing.T, from lab.Machine, to string, open bool) bool {
	t.Helper()
	argv := []string{"ping", "-q", "-c", "1", "-w", "1", to}
	if open {
		argv = []string{"ping", "-q", "-c", "1", "-w", "15", to}
	}
	out, err := from.Exec(t.Context(), argv...)
	if err != nil {
		t.Fatal(err)
	}
	return out.Code == 0
}

// clientReaches connects from the client host to a machine's sshd.
func clientReaches(t *testing.T, l *lab.Lab, h host, open bool) error {
	t.Helper()
	limit := time.Second
	if open {
		limit = 15 * time.Second
	}
	conn, err := l.Client.Dial(timeout(t, limit), "tcp", net.JoinHostPort(h.address, "22"))
	if err != nil {
		return err
	}
	return conn.Close()
}

func checkClient(t *testing.T, l *lab.Lab, hosts []host) {
	for _, h := range hosts {
		if err := clientReaches(t, l, h, true); err != nil {
			t.Error(err)
		}
		if !reaches(t, h, hosts[0].address, true) || !reaches(t, h, client.Addr().String(), true) {
			t.Errorf("%s does not reach %s and the client", h.Name(), hosts[0].Name())
		}
	}
	if _, err := l.Client.Dial(t.Context(), "tcp", "localhost:22"); err == nil {
		t.Error("a name was resolved outside of the lab")
	}
}

func checkExec(t *testing.T, h host) {
	out, err := h.Exec(t.Context(), "sh", "-c", "echo out; echo err >&2; env | wc -l; exit 7")
	if err != nil || out.Code != 7 || out.Stdout != "out\n5\n" || out.Stderr != "err\n" {
		t.Errorf("got %+v, %v", out, err)
	}
	if _, err := h.Exec(timeout(t, 100*time.Millisecond), "sleep", "60"); err == nil {
		t.Error("a command outlived its context")
	}
	// A signal has been sent to it; this fails when it does not end.
	if _, err := h.Exec(timeout(t, 10*time.Second), "sh", "-c", "while pgrep -x sleep >/dev/null; do :; done"); err != nil {
		t.Errorf("a cancelled command still runs in the machine: %v", err)
	}
	if err := h.WriteFile("/etc/probe.d/one", []byte("1"), 0o640); err != nil {
		t.Fatal(err)
	}
	if got := run(t, h, "stat", "-c", "%a %U", "/etc/probe.d/one", "/etc/probe.d"); got != "640 root\n750 root" {
		t.Errorf("modes and owners: %s", got)
	}
	if data, err := h.ReadFile("/etc/probe.d/one"); err != nil || string(data) != "1" {
		t.Errorf("read %q, %v", data, err)
	}
}

func checkFaults(t *testing.T, l *lab.Lab, a, b host) {
	network, ctx := l.Network, t.Context()
	for _, c := range []struct {
		name         string
		fault        func() error
		peer, client bool
	}{
		{"partition", func() error { return network.Partition(ctx, []string{a.Name()}, []string{b.Name()}) }, false, true},
		{"heal", func() error { return network.Heal(ctx) }, true, true},
		{"one way", func() error { return network.PartitionOneWay(ctx, []string{a.Name()}, []string{b.Name()}) }, false, true},
		{"heal", func() error { return network.Heal(ctx) }, true, true},
		{"isolate", func() error { return network.Isolate(ctx, a.Name()) }, false, false},
		{"heal", func() error { return network.Heal(ctx) }, true, true},
	} {
		if err := c.fault(); err != nil {
			t.Fatal(err)
		}
		if got := reaches(t, a, b.address, c.peer); got != c.peer {
			t.Errorf("%s: reaches the peer: %t", c.name, got)
		}
		if err := clientReaches(t, l, a, c.client); (err == nil) != c.client {
			t.Errorf("%s: from the client: %v", c.name, err)
		}
		if got := reaches(t, a, gateway.Addr().String(), c.client); got != c.client {
			t.Errorf("%s: reaches the gateway: %t", c.name, got)
		}
	}
	if err := network.Slow(ctx, a.Name(), 50*time.Millisecond); err != nil && !errors.Is(err, netns.ErrNoNetem) {
		t.Error(err)
	}
}

func checkPowerCut(t *testing.T, l *lab.Lab, a, b host) {
	id := run(t, a, "cat", "/etc/machine-id")
	run(t, a, "sh", "-c", "echo kept > /var/lib/kept")
	if err := l.Network.Partition(t.Context(), []string{a.Name()}, []string{b.Name()}); err != nil {
		t.Fatal(err)
	}
	// The silence of a dead machine: what listens there sends no last word.
	conn, err := l.Client.Dial(t.Context(), "tcp", net.JoinHostPort(a.address, "22"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := a.PowerCut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a.Running() {
		t.Error("runs after a power cut")
	}
	if data, err := a.ReadFile("/var/lib/kept"); err != nil || string(data) != "kept\n" {
		t.Errorf("the disk holds %q, %v", data, err)
	}
	checkSilence(t, conn)
	boot(t, a)
	checkIdentity(t, a)
	if got := run(t, a, "cat", "/etc/machine-id"); got != id {
		t.Errorf("machine-id changed from %s to %s", id, got)
	}
	if reaches(t, a, b.address, false) {
		t.Error("the partition did not outlive the power cycle")
	}
	if err := l.Network.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !reaches(t, a, b.address, true) {
		t.Error("not healed")
	}
}

// checkSilence reads what came before the cut, then nothing: no end of file, no reset.
func checkSilence(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1024)
	var err error
	for err == nil {
		_, err = conn.Read(buf)
	}
	var netErr net.Error
	if !errors.As(err, &netErr) || !netErr.Timeout() {
		t.Errorf("the dead machine's connection ended with %v, want silence", err)
	}
}

func checkWipe(t *testing.T, h host) {
	id := run(t, h, "cat", "/etc/machine-id")
	if err := h.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	logs, err := h.Logs(t.Context(), "--output=cat", "--unit=cloud-final.service")
	if err != nil || !strings.Contains(logs, "cloud-final.service") {
		t.Errorf("the journal of a machine that is off: %q, %v", logs, err)
	}
	if err := h.Wipe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Seed(h.seed); err != nil {
		t.Fatal(err)
	}
	boot(t, h)
	if got := run(t, h, "cat", "/etc/machine-id"); got == id {
		t.Error("the wiped machine has its old machine-id")
	}
}
