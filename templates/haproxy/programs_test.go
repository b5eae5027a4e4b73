//go:build programs

package haproxy_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/haproxy"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/pgbouncer"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

// cluster is a real HAProxy before three nodes that the test plays.
type cluster struct {
	view     component.View
	settings haproxy.Settings
	postgres patroni.Settings
	pooler   pgbouncer.Settings
	ca       *stacktest.Authority
	root     string
	nodes    map[string]*node
}

func start(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{root: stacktest.Root(t), ca: stacktest.NewAuthority(t, patroni.RestCA), nodes: map[string]*node{}}
	c.view = stacktest.View(t, stacktest.HostOS(t), "127.77.0.11/24", "127.77.0.12/24", "127.77.0.13/24")
	c.view.VIP.Address = netip.MustParsePrefix("127.77.0.100/24")
	c.postgres = patroni.Settings{PostgreSQLPort: stacktest.FreePort(t), RestAPIPort: stacktest.FreePort(t)}.WithDefaults(component.ProfileFast, c.view.Topology)
	c.pooler = pgbouncer.Settings{ListenPort: stacktest.FreePort(t)}.WithDefaults(component.ProfileFast, c.view.Topology)
	c.settings = haproxy.Settings{
		ReadWritePort: stacktest.FreePort(t), ReadOnlyPort: stacktest.FreePort(t),
		PooledReadWritePort: stacktest.FreePort(t), PooledReadOnlyPort: stacktest.FreePort(t), StatsPort: stacktest.FreePort(t),
	}.WithDefaults(component.ProfileFast, c.view.Topology)
	for _, n := range c.view.Nodes {
		c.nodes[n.Name] = c.play(t, n)
	}
	return c
}

// run starts HAProxy and waits until nodeinit would call it ready.
func (c *cluster) run(t *testing.T) {
	t.Helper()
	user := stacktest.User(t, "haproxy")
	this := haproxy.New(c.settings, c.postgres, c.pooler)
	stacktest.Install(t, c.root, c.view, this, map[string]*stacktest.Authority{patroni.RestCA: c.ca}, user)
	config, program := c.root+"/etc/pgc/haproxy/haproxy.cfg", c.view.Platform.Program("haproxy", 0)
	if out, err := exec.Command(program, "-c", "-f", config).CombinedOutput(); err != nil || strings.Contains(string(out), "WARNING") {
		t.Fatalf("haproxy -c: %v\n%s", err, out)
	}
	stacktest.Start(t, user, &stacktest.Log{}, program, "-W", "-f", config)
	stacktest.Until(t, func() error { return this.Ready(c.view).Check(t.Context(), stacktest.Access(c.root)) })
}

// up waits until HAProxy sends clients of the four services to these nodes.
func (c *cluster) up(t *testing.T, want map[string]string) {
	t.Helper()
	stacktest.Until(t, func() error {
		servers, err := haproxy.Servers(t.Context(), c.root+haproxy.StatsSocket)
		if err != nil {
			return err
		}
		got, why := map[string]string{}, ""
		for _, s := range servers {
			if s.Up() {
				got[s.Backend] = strings.TrimSpace(got[s.Backend] + " " + s.Name)
			}
			why += fmt.Sprintf(" %s/%s=%s(%s)", s.Backend, s.Name, s.Status, s.LastCheck)
		}
		for _, backend := range haproxy.Backends() {
			if got[backend] != want[backend] {
				return fmt.Errorf("backend %s has %q, want %q:%s", backend, got[backend], want[backend], why)
			}
		}
		return nil
	})
}

// ask connects as a client and returns the name of the node that it reached.
func (c *cluster) ask(t *testing.T, host string, port int) (string, net.Conn) {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // it may be closed already
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 4)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return "", conn
	}
	return string(answer[1:]), conn
}

var healthy = map[string]string{
	haproxy.BackendReadWrite: "pg1", haproxy.BackendReadOnly: "pg2 pg3",
	haproxy.BackendPooledReadWrite: "pg1", haproxy.BackendPooledReadOnly: "pg2 pg3",
}

func TestRealHAProxy(t *testing.T) {
	c := start(t)
	c.nodes["pg1"].role("primary")
	c.nodes["pg2"].role("replica")
	c.nodes["pg3"].role("replica")
	c.run(t)
	c.up(t, healthy)

	t.Run("clients reach the right nodes by every address", func(t *testing.T) {
		for _, host := range []string{"127.0.0.1", "127.77.0.11", "127.77.0.100"} {
			for port, want := range map[int][]string{
				c.settings.ReadWritePort: {"pg1"}, c.settings.ReadOnlyPort: {"pg2", "pg3"},
				c.settings.PooledReadWritePort: {"pg1"}, c.settings.PooledReadOnlyPort: {"pg2", "pg3"},
			} {
				if got, _ := c.ask(t, host, port); !slices.Contains(want, got) {
					t.Errorf("%s:%d leads to %q, want one of %v", host, port, got, want)
				}
			}
		}
	})
	t.Run("a pooled server is down without its PgBouncer", func(t *testing.T) {
		c.nodes["pg2"].pooler.stop()
		c.up(t, map[string]string{
			haproxy.BackendReadWrite: "pg1", haproxy.BackendReadOnly: "pg2 pg3",
			haproxy.BackendPooledReadWrite: "pg1", haproxy.BackendPooledReadOnly: "pg3",
		})
		c.nodes["pg2"].pooler.start(t)
		c.up(t, healthy)
	})
	t.Run("D-HA-20: the leader serves readers when there is no replica", func(t *testing.T) {
		c.nodes["pg2"].role("")
		c.nodes["pg3"].role("")
		c.up(t, map[string]string{haproxy.BackendReadWrite: "pg1", haproxy.BackendPooledReadWrite: "pg1"})
		for _, port := range []int{c.settings.ReadOnlyPort, c.settings.PooledReadOnlyPort} {
			if got, _ := c.ask(t, "127.77.0.100", port); got != "pg1" {
				t.Errorf("port %d leads to %q", port, got)
			}
		}
		c.nodes["pg2"].role("replica")
		c.nodes["pg3"].role("replica")
		c.up(t, healthy)
	})
	t.Run("sessions do not stay on a demoted leader", func(t *testing.T) {
		_, direct := c.ask(t, "127.0.0.1", c.settings.ReadWritePort)
		_, pooled := c.ask(t, "127.0.0.1", c.settings.PooledReadWritePort)
		c.nodes["pg1"].role("replica")
		for name, conn := range map[string]net.Conn{"direct": direct, "pooled": pooled} {
			if _, err := conn.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
				t.Errorf("%s session: %v", name, err)
			}
		}
		c.nodes["pg2"].role("primary")
		c.up(t, map[string]string{
			haproxy.BackendReadWrite: "pg2", haproxy.BackendReadOnly: "pg1 pg3",
			haproxy.BackendPooledReadWrite: "pg2", haproxy.BackendPooledReadOnly: "pg1 pg3",
		})
	})
}

// TestRealHAProxyVerifies: a Patroni without the right certificate is not believed, by the
// direct services and by the pooled ones.
func TestRealHAProxyVerifies(t *testing.T) {
	for name, certificate := range map[string]func(*cluster) (*stacktest.Authority, component.Certificate){
		"another authority": func(*cluster) (*stacktest.Authority, component.Certificate) {
			return stacktest.NewAuthority(t, patroni.RestCA), identity("pg1", "127.77.0.11")
		},
		"another node's name": func(c *cluster) (*stacktest.Authority, component.Certificate) {
			return c.ca, identity("pg9", "127.77.0.11")
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t)
			ca, id := certificate(c)
			c.nodes["pg1"].present(ca.Pair(t, id))
			c.nodes["pg1"].role("primary")
			c.nodes["pg2"].role("primary") // HAProxy believes whom it can verify
			c.nodes["pg3"].role("replica")
			c.run(t)
			c.up(t, map[string]string{
				haproxy.BackendReadWrite: "pg2", haproxy.BackendReadOnly: "pg3",
				haproxy.BackendPooledReadWrite: "pg2", haproxy.BackendPooledReadOnly: "pg3",
			})
			servers, err := haproxy.Servers(t.Context(), c.root+haproxy.StatsSocket)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range servers {
				if s.Name == "pg1" && s.LastCheck != "L6RSP" {
					t.Errorf("%s/%s is down for %s, want L6RSP: the TLS handshake", s.Backend, s.Name, s.LastCheck)
				}
			}
		})
	}
}

// TestRealHAProxyReadsIPv6: addresses with colons are told from ports.
func TestRealHAProxyReadsIPv6(t *testing.T) {
	c := &cluster{root: stacktest.Root(t), ca: stacktest.NewAuthority(t, patroni.RestCA)}
	c.view = stacktest.View(t, stacktest.HostOS(t), "fd00::11/64", "fd00::12/64")
	c.view.VIP.Address = netip.MustParsePrefix("fd00::100/64")
	norm := component.ProfileNorm
	this := haproxy.New(haproxy.Settings{}.WithDefaults(norm, c.view.Topology), patroni.Settings{}.WithDefaults(norm, c.view.Topology), pgbouncer.Settings{}.WithDefaults(norm, c.view.Topology))
	stacktest.Install(t, c.root, c.view, this, map[string]*stacktest.Authority{patroni.RestCA: c.ca}, stacktest.User(t, "haproxy"))
	if out, err := exec.Command(c.view.Platform.Program("haproxy", 0), "-c", "-V", "-f", c.root+"/etc/pgc/haproxy/haproxy.cfg").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
