package keepalived_test

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/haproxy"
	"github.com/pgcgen/pgcgen/templates/keepalived"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

func three(t *testing.T) component.View {
	t.Helper()
	v := stacktest.View(t, "debian-13", "10.77.0.11/24", "10.77.0.255/24", "10.77.0.0/24")
	v.VIP = component.VIP{Address: netip.MustParsePrefix("10.77.0.100/24"), Follow: component.FollowProxy}
	return v
}

func stack(v component.View, change func(*keepalived.Settings)) component.Component {
	var s keepalived.Settings
	if change != nil {
		change(&s)
	}
	norm := component.ProfileNorm
	return keepalived.New(s.WithDefaults(norm, v.Topology), patroni.Settings{}.WithDefaults(norm, v.Topology), haproxy.Settings{}.WithDefaults(norm, v.Topology))
}

func render(t *testing.T, v component.View) (conf string, probe keepalived.Probe) {
	t.Helper()
	files, err := stack(v, nil).Files(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(files[1].Data, &probe); err != nil {
		t.Fatal(err)
	}
	return string(files[0].Data), probe
}

// TestPriorities is D-HA-10: by rank, never by octet; D-HA-12: nobody is its own peer.
func TestPriorities(t *testing.T) {
	v := three(t)
	seen := map[string]bool{}
	for i, n := range v.Nodes {
		v.Node = n
		conf, _ := render(t, v)
		seen[regexp.MustCompile(`priority [0-9]+`).FindString(conf)] = true
		_, peers, _ := strings.Cut(conf, "unicast_peer {")
		peers, _, _ = strings.Cut(peers, "}")
		for j, other := range v.Nodes {
			if strings.Contains(peers, " "+other.IP().String()+" ") != (i != j) {
				t.Errorf("%s's peers: %s", n.Name, peers)
			}
		}
	}
	if diff := cmp.Diff(map[string]bool{"priority 200": true, "priority 199": true, "priority 198": true}, seen); diff != "" {
		t.Error(diff)
	}
}

// TestAlone: VRRP cannot be unicast without a peer.
func TestAlone(t *testing.T) {
	v := three(t)
	v.Nodes = v.Nodes[:1]
	if conf, _ := render(t, v); strings.Contains(conf, "unicast_src_ip") || strings.Contains(conf, "unicast_peer") {
		t.Error(conf)
	}
}

// TestTracked is D-HA-03: the check that is defined is also tracked, and fails first.
func TestTracked(t *testing.T) {
	conf, _ := render(t, three(t))
	for _, text := range []string{"vrrp_script serves {", "init_fail", "weight 0", "track_script {\n        serves\n", "nopreempt", "state BACKUP"} {
		if !strings.Contains(conf, text) {
			t.Errorf("no %q", text)
		}
	}
}

// TestRouterID is D-HA-11: not the same for every cluster, and always valid.
func TestRouterID(t *testing.T) {
	seen := map[int]bool{}
	for _, name := range strings.Fields("main test prod staging a b c d e f g h i j k l m n o p q r s t u v w x y z") {
		id := keepalived.Settings{}.WithDefaults(component.ProfileNorm, component.Topology{Name: name}).VirtualRouterID
		if id < 1 || id > 255 {
			t.Errorf("%s: %d", name, id)
		}
		seen[id] = true
	}
	if len(seen) < 20 {
		t.Errorf("30 names make %d ids", len(seen))
	}
}

func TestProbe(t *testing.T) {
	v := three(t)
	_, proxy := render(t, v)
	if proxy.Address != "127.0.0.1:15432" || len(proxy.Nodes) != 3 || proxy.Nodes[0] != (keepalived.ProbeNode{Name: "pg1", Patroni: "https://10.77.0.11:8008", PostgreSQL: "10.77.0.11:5432"}) {
		t.Errorf("%+v", proxy)
	}
	if proxy.TimeoutMS >= 2000 || proxy.TimeoutMS <= 0 {
		t.Errorf("timeout %d ms: keepalived kills it after 2000", proxy.TimeoutMS)
	}
	v.VIP.Follow = component.FollowLeader
	if _, leader := render(t, v); leader.Address != "" || leader.Local != "https://10.77.0.11:8008" {
		t.Errorf("%+v", leader)
	}
}

func TestRules(t *testing.T) {
	for _, test := range []struct {
		name     string
		topology func(*component.Topology)
		settings func(*keepalived.Settings)
		path     string
	}{
		{"defaults", nil, nil, ""},
		{"D-HA-13: no address", func(c *component.Topology) { c.VIP = component.VIP{} }, nil, "vip"},
		{"nobody to hold it", func(c *component.Topology) {
			c.VIP = component.VIP{}
			c.Nodes = []component.Node{{Name: "pg1", Roles: []component.Role{component.RolePostgres}}}
		}, nil, ""},
		{"nothing to serve", func(c *component.Topology) { c.Nodes[1].Roles = []component.Role{component.RoleKeepalived} }, nil, "nodes[1].roles"},
		{"nothing to lead", func(c *component.Topology) {
			c.VIP.Follow = component.FollowLeader
			c.Nodes[2].Roles = []component.Role{component.RoleKeepalived, component.RoleHAProxy}
		}, nil, "nodes[2].roles"},
		{"another network", func(c *component.Topology) { c.Nodes[1].Address = netip.MustParsePrefix("10.78.0.12/24") }, nil, "nodes[1].address"},
		{"id", nil, func(s *keepalived.Settings) { s.VirtualRouterID = 256 }, "keepalived.virtual_router_id"},
		{"advertisements", nil, func(s *keepalived.Settings) { s.AdvertInt = 41 }, "keepalived.advert_int"},
		{"rise", nil, func(s *keepalived.Settings) { s.CheckRise = -1 }, "keepalived.check_rise"},
		{"refresh", nil, func(s *keepalived.Settings) { s.GARPMasterRefresh = -1 }, "keepalived.garp_master_refresh"},
		{"D-HA-04: less patience than a failover takes", nil, func(s *keepalived.Settings) { s.CheckInterval, s.CheckFall = 1, 1 }, "keepalived.check_fall"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := three(t)
			if test.topology != nil {
				test.topology(&v.Topology)
			}
			problems := stack(v, test.settings).Rules(v.Topology)
			switch {
			case test.path == "" && len(problems) > 0:
				t.Errorf("got %v", problems)
			case test.path != "" && (len(problems) != 1 || problems[0].Path != test.path || problems[0].Fix == ""):
				t.Errorf("got %v, want one at %s", problems, test.path)
			}
		})
	}
	for _, p := range component.Profiles() {
		v := three(t)
		c := keepalived.New(keepalived.Settings{}.WithDefaults(p, v.Topology), patroni.Settings{}, haproxy.Settings{}.WithDefaults(p, v.Topology))
		if problems := c.Rules(v.Topology); len(problems) > 0 {
			t.Errorf("profile %s: %v", p, problems)
		}
	}
}
