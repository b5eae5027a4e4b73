package templates_test

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgcgen/pgcgen/templates"
	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/platform"
)

var update = flag.Bool("update", false, "write the golden files anew")

// view is the first node of a cluster of three on a platform, as at its first boot.
func view(t *testing.T, os string) (component.View, templates.Settings) {
	t.Helper()
	p, err := platform.Find(os, platform.LayoutDistro)
	if err != nil {
		t.Fatal(err)
	}
	topology := component.Topology{
		Name: "main", UUID: "5b0c3f0e-6a0f-4d43-9a53-3d1f0e6f7c11",
		VIP:        component.VIP{Address: netip.MustParsePrefix("10.77.0.100/24"), Follow: component.FollowProxy, Name: "db.example.org"},
		PostgreSQL: component.PostgreSQL{Vendor: "classic", Version: p.PostgreSQL[0]},
	}
	for i, name := range []string{"pg1", "pg2", "pg3"} {
		address := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, 0, byte(11 + i)}), 24)
		topology.Nodes = append(topology.Nodes, component.Node{Name: name, Address: address, Roles: component.Roles()})
	}
	s := templates.Settings{}.WithDefaults(component.ProfileNorm, topology)
	return component.View{Topology: topology, Node: topology.Nodes[0], Platform: p,
		Facts: component.Facts{MemoryBytes: 8 << 30, CPUs: 4, Interface: "eth0", Versions: p.Versions, Bootstrap: true}}, s
}

// TestGolden compares every file and unit with its golden copy beside the component that
// renders it. Run with -update and read the difference in git.
func TestGolden(t *testing.T) {
	for _, os := range platform.OSes() {
		v, s := view(t, os)
		for _, c := range s.Components() {
			files, err := c.Files(v)
			if err != nil {
				t.Fatalf("%s on %s: %v", c.Name, os, err)
			}
			units, err := c.Units(v)
			if err != nil {
				t.Fatalf("%s on %s: %v", c.Name, os, err)
			}
			for _, u := range units {
				files = append(files, component.File{Path: u.Name, Data: u.Content})
			}
			for _, f := range files {
				t.Run(os+"/"+c.Name+"/"+path.Base(f.Path), func(t *testing.T) {
					compare(t, filepath.Join(c.Name, "testdata", os+"-"+path.Base(f.Path)), f.Data)
				})
			}
		}
	}
}

func compare(t *testing.T, golden string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-golden +rendered):\n%s", golden, diff)
	}
}

// TestNoTrust is defects D-SEC-02 and D-SEC-03: no line of pg_hba lets anyone in without
// proof, and none is wider than one machine.
func TestNoTrust(t *testing.T) {
	v, s := view(t, "debian-13")
	for _, c := range s.Components() {
		files, err := c.Files(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			for _, banned := range []string{" trust\n", "0.0.0.0/0", " md5", "auth_pass"} {
				if bytes.Contains(f.Data, []byte(banned)) {
					t.Errorf("%s contains %q", f.Path, banned)
				}
			}
		}
	}
}
