//go:build programs

package keepalived_test

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/haproxy"
	"github.com/pgcgen/pgcgen/templates/keepalived"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

const address = "10.77.0.100/24"

// machine is a network namespace with a real keepalived, whose check succeeds while a file
// is there.
type machine struct {
	name, space, root, config string
}

// machines makes pg1 and pg2 on one network.
func machines(t *testing.T) []machine {
	t.Helper()
	v := stacktest.View(t, stacktest.HostOS(t), "10.77.0.11/24", "10.77.0.12/24")
	v.VIP.Address = netip.MustParsePrefix(address)
	v.VIP.Follow = component.FollowProxy
	var list []machine
	for i, n := range v.Nodes {
		m := machine{name: n.Name, space: fmt.Sprintf("pgck%d-%d", os.Getpid(), i), root: stacktest.Root(t)}
		ip(t, "netns", "add", m.space)
		t.Cleanup(func() { ip(t, "netns", "del", m.space) })
		list = append(list, m)
	}
	ip(t, "-n", list[0].space, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", list[1].space)
	for i, n := range v.Nodes {
		ip(t, "-n", list[i].space, "addr", "add", n.Address.String(), "dev", "eth0")
		ip(t, "-n", list[i].space, "link", "set", "eth0", "up")
		v.Node = n
		list[i].install(t, v)
	}
	return list
}

func (m *machine) install(t *testing.T, v component.View) {
	t.Helper()
	p := patroni.Settings{}.WithDefaults(component.ProfileFast, v.Topology)
	c := keepalived.New(keepalived.Settings{}.WithDefaults(component.ProfileFast, v.Topology), p, haproxy.Settings{}.WithDefaults(component.ProfileFast, v.Topology))
	stacktest.Install(t, m.root, v, c, map[string]*stacktest.Authority{patroni.RestCA: stacktest.NewAuthority(t, "rest")}, stacktest.Account{})
	m.config = m.root + "/etc/pgc/keepalived/keepalived.conf"
	data, err := os.ReadFile(m.config)
	if err != nil {
		t.Fatal(err)
	}
	check := m.root + "/check"
	if err := os.WriteFile(check, []byte("#!/bin/sh\n[ \"$(id -u)\" != 0 ] && [ -e "+m.root+"/fit ]\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("/usr/bin/nodeinit probe", check, "pgc-keepalived\n", "nobody\n").Replace(string(data))
	if err := os.WriteFile(m.config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	// 2.2.7 ends a successful test with SIGTERM; only what it prints tells.
	out, err := m.command(v.Platform.Program("keepalived", 0), "--config-test", "--use-file", m.config).CombinedOutput()
	if len(out) > 0 || err != nil && err.Error() != "signal: terminated" {
		t.Fatalf("keepalived does not accept its configuration: %v\n%s", err, out)
	}
}

func (m *machine) command(argv ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", m.space}, argv...)...)
}

// fit says what the check answers from now on.
func (m *machine) fit(t *testing.T, yes bool) {
	t.Helper()
	err := os.WriteFile(m.root+"/fit", nil, 0o644)
	if !yes {
		err = os.Remove(m.root + "/fit")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// start starts keepalived with the flags of its unit.
func (m *machine) start(t *testing.T) {
	t.Helper()
	run := m.root + "/run/pgc-keepalived"
	stacktest.Start(t, stacktest.Account{}, &stacktest.Log{}, "/bin/ip", "netns", "exec", m.space, "/usr/sbin/keepalived",
		"--dont-fork", "--log-console", "--vrrp", "--use-file", m.config, "--pid", run+"/keepalived.pid", "--vrrp_pid", run+"/vrrp.pid")
	stacktest.Until(t, func() error {
		_, err := os.Stat(run + "/vrrp.pid")
		return err
	})
}

// cut kills keepalived at once, as a power cut does, and leaves everything it made.
func (m *machine) cut(t *testing.T) {
	t.Helper()
	for _, name := range []string{"keepalived", "vrrp"} {
		path := filepath.Join(m.root, "run/pgc-keepalived", name+".pid")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func (m *machine) holds(t *testing.T) bool {
	t.Helper()
	return strings.Contains(ip(t, "-n", m.space, "-o", "addr", "show", "dev", "eth0"), address)
}

// settle waits until exactly one machine has the address.
func settle(t *testing.T, list []machine, holder int) {
	t.Helper()
	stacktest.Until(t, func() error {
		for i := range list {
			if list[i].holds(t) != (i == holder) {
				return fmt.Errorf("%s has the address: %v", list[i].name, list[i].holds(t))
			}
		}
		return nil
	})
}

func TestRealKeepalived(t *testing.T) {
	list := machines(t)
	pg1, pg2 := &list[0], &list[1]
	pg1.start(t)
	pg2.start(t)
	pg2.fit(t, true)
	settle(t, list, 1) // pg1 has the higher priority and is not fit: init_fail and weight 0
	pg1.fit(t, true)
	settle(t, list, 1)
	pg2.fit(t, false)
	settle(t, list, 0) // D-HA-03: a node whose check fails loses the address
	pg2.fit(t, true)
	settle(t, list, 0) // nopreempt
	pg1.cut(t)
	stacktest.Until(t, func() error {
		if !pg2.holds(t) {
			return fmt.Errorf("pg2 does not take the address of a machine that is gone")
		}
		return nil
	})
	pg1.start(t)
	settle(t, list, 1) // what the killed keepalived left on the interface is taken off
	pg1.fit(t, false)
	pg2.fit(t, false)
	settle(t, list, -1)
}

func ip(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
