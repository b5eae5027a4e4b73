package etcd_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/etcd"
	"github.com/pgcgen/pgcgen/templates/platform"
)

func topology(members int) component.Topology {
	t := component.Topology{Name: "main"}
	for i := range members {
		t.Nodes = append(t.Nodes, component.Node{Name: "pg" + string(rune('1'+i)), Roles: component.Roles(),
			Address: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, 0, byte(11 + i)}), 24)})
	}
	return t
}

func view(t *testing.T, os, version string) component.View {
	t.Helper()
	p, err := platform.Find(os, platform.LayoutDistro)
	if err != nil {
		t.Fatal(err)
	}
	top := topology(3)
	return component.View{Topology: top, Node: top.Nodes[1], Platform: p, Facts: component.Facts{Versions: map[string]string{"etcd": version}}}
}

func render(t *testing.T, v component.View) string {
	t.Helper()
	files, err := etcd.New(etcd.Settings{}.WithDefaults(component.ProfileNorm, v.Topology)).Files(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(files[0].Data)
}

// TestIntegrityOptionsFollowTheVersion is requirement A9: each version gets its own names,
// and an unknown option would keep etcd from starting.
func TestIntegrityOptionsFollowTheVersion(t *testing.T) {
	tests := map[string]struct{ has, hasNot string }{
		"3.4.23": {"experimental-initial-corrupt-check: true", "compact-hash"},
		"3.5.16": {"experimental-compact-hash-check-enabled: true", "feature-gates"},
		"3.6.4":  {"feature-gates: InitialCorruptCheck=true,CompactHashCheck=true", "experimental"},
	}
	for version, tt := range tests {
		got := render(t, view(t, "debian-13", version))
		if !strings.Contains(got, tt.has) || strings.Contains(got, tt.hasNot) {
			t.Errorf("%s: want %q and not %q in\n%s", version, tt.has, tt.hasNot, got)
		}
	}
}

// TestBirthIsTheMembershipsWord: what membership decided is rendered, not the inventory.
func TestBirthIsTheMembershipsWord(t *testing.T) {
	v := view(t, "debian-13", "3.5.16")
	v.Facts.Birth = component.Birth{State: "existing", Token: "tok", Members: []component.Member{{Name: "pg2", PeerURL: "https://10.77.0.12:2380"}}}
	got := render(t, v)
	for _, want := range []string{"initial-cluster: pg2=https://10.77.0.12:2380\n", "initial-cluster-state: existing", "initial-cluster-token: tok"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestNoAutomaticTLS: self-signed encryption authenticates nobody and expires in a year.
func TestNoAutomaticTLS(t *testing.T) {
	got := render(t, view(t, "debian-12", "3.4.23"))
	if strings.Contains(got, "auto-tls: true") || strings.Count(got, "client-cert-auth: true") != 2 {
		t.Errorf("TLS is not mutual on both ports:\n%s", got)
	}
	if strings.Contains(got, "http://") {
		t.Errorf("something is not encrypted:\n%s", got)
	}
}

func TestRules(t *testing.T) {
	tests := map[string]struct {
		settings etcd.Settings
		members  int
		path     string
		warning  bool
	}{
		"good":             {etcd.Settings{}, 3, "", false},
		"impatient":        {etcd.Settings{HeartbeatInterval: 300, ElectionTimeout: 1000}, 3, "etcd.election-timeout", false},
		"no member":        {etcd.Settings{}, 0, "nodes", false},
		"an even number":   {etcd.Settings{}, 4, "nodes", true},
		"one alone is odd": {etcd.Settings{}, 1, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			top := topology(tt.members)
			problems := etcd.New(tt.settings.WithDefaults(component.ProfileNorm, top)).Rules(top)
			if tt.path == "" {
				if len(problems) > 0 {
					t.Errorf("got %+v", problems)
				}
				return
			}
			if len(problems) != 1 || problems[0].Path != tt.path || problems[0].Warning != tt.warning || problems[0].Fix == "" {
				t.Errorf("got %+v", problems)
			}
		})
	}
}

// TestEveryProfileIsPatientEnough: no profile breaks the rule for its own timings.
func TestEveryProfileIsPatientEnough(t *testing.T) {
	top := topology(3)
	for _, p := range component.Profiles() {
		if problems := etcd.New(etcd.Settings{}.WithDefaults(p, top)).Rules(top); len(problems) > 0 {
			t.Errorf("%s: %+v", p, problems)
		}
	}
}

// TestClientsHaveNoCommonName: the gateway refuses client certificates that have one once
// authentication is on; the server's own must be a client's too.
func TestCertificates(t *testing.T) {
	v := view(t, "debian-13", "3.5.16")
	for _, c := range etcd.New(etcd.Settings{}).Certs(v) {
		switch {
		case c.Name == etcd.AgentCert && (c.CommonName != "" || c.Server || !c.Client):
			t.Errorf("%+v", c)
		case c.Name == "etcd/server" && (!c.Server || !c.Client || c.CommonName == "root"):
			t.Errorf("%+v", c)
		case c.Name == "etcd/peer" && c.CA != etcd.PeerCA:
			t.Errorf("%+v", c)
		}
	}
}
