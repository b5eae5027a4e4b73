package stacktest

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/platform"
)

// View is the view of the first of the nodes pg1, pg2, ... that have these addresses, on a
// platform ("debian-13").
func View(t testing.TB, os string, addresses ...string) component.View {
	t.Helper()
	p, err := platform.Find(os, platform.LayoutDistro)
	if err != nil {
		t.Fatal(err)
	}
	topology := component.Topology{Name: "main", PostgreSQL: component.PostgreSQL{Vendor: "classic", Version: p.PostgreSQL[0]}}
	for i, address := range addresses {
		topology.Nodes = append(topology.Nodes, component.Node{Name: "pg" + string(rune('1'+i)), Address: netip.MustParsePrefix(address), Roles: component.Roles()})
	}
	return component.View{Topology: topology, Node: topology.Nodes[0], Platform: p, Facts: component.Facts{Interface: "eth0", Versions: p.Versions}}
}

// HostOS is the platform whose programs are installed on the machine that runs the test.
func HostOS(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile("/etc/os-release")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "VERSION_ID="); ok {
			return "debian-" + strings.Trim(id, `"`)
		}
	}
	t.Fatal("cannot tell the machine's release: /etc/os-release has no VERSION_ID")
	return ""
}
