package boot

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/host/hosttest"
	"github.com/pgcgen/pgcgen/nodeinit/packages"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/nodeinit/systemd/systemdtest"
	"github.com/pgcgen/pgcgen/templates"
	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/platform"
)

// shelf is an installer whose packages the test decides.
type shelf struct {
	missing   []string
	installed []string
}

func (s *shelf) Missing(context.Context, []string) ([]string, error) { return s.missing, nil }
func (s *shelf) Version(context.Context, string) (string, error)     { return "", nil }
func (s *shelf) Install(_ context.Context, names []string, _ packages.Options) error {
	s.installed = append(s.installed, names...)
	return nil
}

// fake is a bringUp of pg1 of three nodes on a machine in a temporary folder.
type fake struct {
	*bringUp
	systemd *systemdtest.Manager
	shelf   *shelf
	now     time.Time
}

func newFake(t *testing.T, roles ...component.Role) *fake {
	t.Helper()
	if len(roles) == 0 {
		roles = component.Roles()
	}
	f := &fake{systemd: &systemdtest.Manager{}, shelf: &shelf{}, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	h := &host.Host{Root: t.TempDir(), Runner: &hosttest.Runner{}, Ownership: &hosttest.Ownership{}, Links: func() ([]host.Link, error) {
		return []host.Link{{Name: "eth0", MAC: "52:54:00:77:00:11", Addresses: []netip.Prefix{netip.MustParsePrefix("10.77.0.11/24")}}}, nil
	}}
	hosttest.Put(t, h, map[string]string{
		"/etc/os-release":           "ID=debian\nVERSION_ID=\"13\"\n",
		"/proc/sys/kernel/hostname": "pg1\n",
		"/etc/hostname":             "pg1\n",
		"/var/lib/cloud/instance":   "",
		"/proc/meminfo":             "MemTotal: 4096 kB\n",
		"/proc/net/tcp":             "",
		"/proc/net/tcp6":            "",
	})
	topology := component.Topology{Name: "main", UUID: "u-1", PostgreSQL: component.PostgreSQL{Vendor: "classic", Version: 17},
		VIP: component.VIP{Address: netip.MustParsePrefix("10.77.0.100/24"), Follow: component.FollowProxy}}
	for i, name := range []string{"pg1", "pg2", "pg3"} {
		topology.Nodes = append(topology.Nodes, component.Node{Name: name, Roles: component.Roles(),
			Address: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, 0, byte(11 + i)}), 24)})
	}
	topology.Nodes[0].MAC, topology.Nodes[0].Roles = "52:54:00:77:00:11", roles
	cluster := spec.Cluster{Format: spec.Format, Generation: 1, IssuedAt: f.now.Add(-time.Hour), Topology: topology,
		OS: "debian-13", Layout: platform.LayoutDistro, Packages: spec.Packages{Source: "image"},
		Settings: templates.Settings{}.WithDefaults(component.ProfileNorm, topology)}
	p, err := cluster.Platform()
	if err != nil {
		t.Fatal(err)
	}
	f.bringUp = &bringUp{
		Agent: &Agent{Host: h, Systemd: f.systemd, Log: slog.New(slog.DiscardHandler), Console: func(string) {}, Version: "test", Now: func() time.Time { return f.now }},
		spec:  spec.Spec{Cluster: cluster, Node: spec.Node{Name: "pg1"}, Digest: "0123456789abcdef"},
		self:  topology.Nodes[0], platform: p, installer: f.shelf, changed: map[string]bool{},
		facts: component.Facts{Versions: p.Versions, Interface: "eth0", Bootstrap: true},
	}
	for _, c := range cluster.Settings.Components() {
		if c.On(f.self) {
			f.components = append(f.components, c)
		}
	}
	return f
}

// named finds a component of the fake.
func (f *fake) named(t *testing.T, name string) component.Component {
	t.Helper()
	for _, c := range f.components {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no component %s", name)
	return component.Component{}
}
