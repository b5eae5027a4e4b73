package patroni_test

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/etcd"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/platform"
)

func view(t *testing.T, os string) component.View {
	t.Helper()
	p, err := platform.Find(os, platform.LayoutDistro)
	if err != nil {
		t.Fatal(err)
	}
	top := component.Topology{Name: "main", PostgreSQL: component.PostgreSQL{Version: p.PostgreSQL[0]}, VIP: component.VIP{Address: netip.MustParsePrefix("10.77.0.100/24"), Name: "db.example.org"}}
	for i := range 3 {
		top.Nodes = append(top.Nodes, component.Node{Name: "pg" + string(rune('1'+i)), Roles: component.Roles(),
			Address: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, 0, byte(11 + i)}), 24)})
	}
	return component.View{Topology: top, Node: top.Nodes[0], Platform: p, Facts: component.Facts{Versions: p.Versions, Bootstrap: true}}
}

// config renders Patroni's configuration and reads it back as Patroni would.
func config(t *testing.T, s patroni.Settings, v component.View) map[string]any {
	t.Helper()
	files, err := patroni.New(s.WithDefaults(component.ProfileNorm, v.Topology), etcd.Settings{}.WithDefaults(component.ProfileNorm, v.Topology)).Files(v)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := yaml.Unmarshal(files[0].Data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func at(t *testing.T, c any, path ...string) any {
	t.Helper()
	for _, key := range path {
		c = c.(map[string]any)[key]
	}
	return c
}

// TestBootstrapOnlyWhereItIsPermitted is requirement B1: without the section Patroni
// cannot run initdb, whatever else goes wrong.
func TestBootstrapOnlyWhereItIsPermitted(t *testing.T) {
	v := view(t, "debian-13")
	if config(t, patroni.Settings{}, v)["bootstrap"] == nil {
		t.Error("a permitted node cannot bootstrap")
	}
	v.Facts.Bootstrap = false
	if config(t, patroni.Settings{}, v)["bootstrap"] != nil {
		t.Error("a node without the permit can bootstrap")
	}
}

func TestDynamicConfigurationFollowsTheVersion(t *testing.T) {
	on := true
	tests := map[string]struct {
		version  string
		settings patroni.Settings
		failsafe any
	}{
		"3.0":           {"3.0.2", patroni.Settings{}, nil},
		"4.0":           {"4.0.4", patroni.Settings{}, nil},
		"failsafe":      {"4.0.7", patroni.Settings{}, true},
		"failsafe told": {"3.0.2", patroni.Settings{FailsafeMode: &on}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := view(t, "debian-13")
			v.Facts.Versions = map[string]string{"patroni": tt.version}
			dcs := at(t, config(t, tt.settings, v), "bootstrap", "dcs").(map[string]any)
			if dcs["primary_start_timeout"] != 30 {
				t.Errorf("start timeout in %v", dcs)
			}
			if dcs["failsafe_mode"] != tt.failsafe {
				t.Errorf("failsafe_mode %v, want %v", dcs["failsafe_mode"], tt.failsafe)
			}
		})
	}
}

// TestNobodyGetsInWithoutProof is D-SEC-02, D-SEC-03 and D-SEC-18: every line of pg_hba
// names one machine or the Unix socket, and asks for a certificate, SCRAM or the account.
func TestNobodyGetsInWithoutProof(t *testing.T) {
	rules := at(t, config(t, patroni.Settings{}, view(t, "debian-12")), "postgresql", "pg_hba").([]any)
	for _, r := range rules {
		f := strings.Fields(r.(string))
		switch {
		case f[0] == "local" && f[3] == "peer":
		case f[0] == "hostssl" && strings.HasSuffix(f[3], "/32") && (f[4] == "cert" || f[4] == "scram-sha-256"):
		default:
			t.Errorf("rule %q", r)
		}
	}
}

// TestNoPasswords: the cluster's own roles have none.
func TestNoPasswords(t *testing.T) {
	auth := at(t, config(t, patroni.Settings{}, view(t, "debian-12")), "postgresql", "authentication").(map[string]any)
	for role, settings := range auth {
		if settings.(map[string]any)["password"] != nil {
			t.Errorf("%s has a password", role)
		}
	}
}

// TestRestAPI is D-SEC-05: TLS on the node's own address, and no basic authentication.
func TestRestAPI(t *testing.T) {
	api := at(t, config(t, patroni.Settings{}, view(t, "debian-13")), "restapi").(map[string]any)
	if api["listen"] != "10.77.0.11:8008" || api["certfile"] == nil || api["verify_client"] != "optional" || api["authentication"] != nil {
		t.Errorf("%v", api)
	}
}

func TestWatchdogFollowsTheMachine(t *testing.T) {
	v := view(t, "debian-13")
	if mode := at(t, config(t, patroni.Settings{}, v), "watchdog", "mode"); mode != "off" {
		t.Errorf("without a device: %v", mode)
	}
	v.Facts.Watchdog = "/dev/watchdog"
	if mode := at(t, config(t, patroni.Settings{}, v), "watchdog", "mode"); mode != "automatic" {
		t.Errorf("with a device: %v", mode)
	}
	// D-HA-02: the device must be Patroni's after every boot.
	units, err := patroni.New(patroni.Settings{}, etcd.Settings{}).Units(v)
	if err != nil || !bytes.Contains(units[0].Content, []byte("\nExecStartPre=+/bin/chown postgres /dev/watchdog\n")) {
		t.Errorf("%v\n%s", err, units[0].Content)
	}
}

// TestOperatorsParametersWin: what the inventory says overrides ours, and only that.
func TestOperatorsParametersWin(t *testing.T) {
	c := config(t, patroni.Settings{Parameters: map[string]string{"max_connections": "500"}}, view(t, "debian-13"))
	p := at(t, c, "bootstrap", "dcs", "postgresql", "parameters").(map[string]any)
	if p["max_connections"] != "500" || p["wal_log_hints"] != "on" {
		t.Errorf("%v", p)
	}
}

func TestRules(t *testing.T) {
	tests := map[string]struct {
		s     patroni.Settings
		paths []string
	}{
		"good":        {patroni.Settings{}, nil},
		"short lock":  {patroni.Settings{TTL: 10, LoopWait: 1, RetryTimeout: 3}, []string{"patroni.ttl"}},
		"slow etcd":   {patroni.Settings{TTL: 30, LoopWait: 20, RetryTimeout: 10}, []string{"patroni.ttl"}},
		"all at once": {patroni.Settings{TTL: 2, LoopWait: -1, RetryTimeout: 2}, []string{"patroni.ttl", "patroni.loop_wait", "patroni.retry_timeout", "patroni.ttl"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			top := view(t, "debian-13").Topology
			var paths []string
			for _, p := range patroni.New(tt.s.WithDefaults(component.ProfileNorm, top), etcd.Settings{}).Rules(top) {
				paths = append(paths, p.Path)
				if p.Fix == "" || p.Message == "" {
					t.Errorf("%+v says too little", p)
				}
			}
			if !slices.Equal(paths, tt.paths) {
				t.Errorf("problems at %v, want %v", paths, tt.paths)
			}
		})
	}
}

// TestAddedLinesOfHBA is D-SEC-02 and D-SEC-18 for what the inventory adds.
func TestAddedLinesOfHBA(t *testing.T) {
	tests := map[string]string{
		"hostssl all all 192.0.2.0/24 scram-sha-256":                "",
		"hostssl all all 192.0.2.0 255.255.255.0 ldap ldapserver=x": "",
		"local shop app peer":                                       "",
		"host all all 192.0.2.0/24 scram-sha-256":                   "warning",
		"hostssl all all 192.0.2.0/24 password":                     "warning",
		"local all all trust":                                       "error",
		"host all all 0.0.0.0/0 trust":                              "error",
		"hostssl all all 192.0.2.1/32 reject\nlocal all all trust":  "error",
		"# nothing": "error",
		"":          "error",
	}
	for line, want := range tests {
		top := view(t, "debian-13").Topology
		got := ""
		for _, p := range patroni.New(patroni.Settings{PgHBA: []string{line}}.WithDefaults(component.ProfileNorm, top), etcd.Settings{}).Rules(top) {
			if p.Path != "patroni.pg_hba[0]" {
				t.Errorf("%q: a problem at %s", line, p.Path)
			}
			got = "error"
			if p.Warning {
				got = "warning"
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestEveryProfileKeepsTheRule(t *testing.T) {
	top := view(t, "debian-13").Topology
	for _, p := range component.Profiles() {
		if problems := patroni.New(patroni.Settings{}.WithDefaults(p, top), etcd.Settings{}).Rules(top); len(problems) > 0 {
			t.Errorf("%s: %+v", p, problems)
		}
	}
}

// TestServerCertificateServesEveryAddress: clients verify the name or address they came by.
func TestServerCertificateServesEveryAddress(t *testing.T) {
	v := view(t, "debian-13")
	for _, c := range patroni.New(patroni.Settings{}, etcd.Settings{}).Certs(v) {
		if c.Name != "postgres/server" {
			continue
		}
		for _, ip := range []string{"10.77.0.11", "10.77.0.100", "127.0.0.1"} {
			if !slices.Contains(c.IPs, ip) {
				t.Errorf("%v lacks %s", c.IPs, ip)
			}
		}
		for _, name := range []string{"pg1", "db.example.org", "localhost"} {
			if !slices.Contains(c.DNSNames, name) {
				t.Errorf("%v lacks %s", c.DNSNames, name)
			}
		}
	}
}

// TestStatementsQuote: a name cannot leave its place in SQL.
func TestStatementsQuote(t *testing.T) {
	v := view(t, "debian-13")
	v.PostgreSQL.Users = []component.Login{{Name: `a"b'c\d`}}
	v.PostgreSQL.Databases = []component.Database{{Name: `x"y`, Owner: `a"b'c\d`}}
	var all strings.Builder
	for _, s := range patroni.Statements(v, map[string]string{`a"b'c\d`: "SCRAM-SHA-256$x"}) {
		all.WriteString(s.Holds + "\n" + s.Exec + "\n")
	}
	for _, want := range []string{`"a""b'c\d"`, `E'a"b''c\\d'`, `CREATE DATABASE "x""y" OWNER "a""b'c\d"`} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("no %s in\n%s", want, all.String())
		}
	}
}
