package pgbouncer_test

import (
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/pgbouncer"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

func defaults(change func(*pgbouncer.Settings)) pgbouncer.Settings {
	var s pgbouncer.Settings
	if change != nil {
		change(&s)
	}
	return s.WithDefaults(component.ProfileNorm, component.Topology{})
}

// file renders a component's file on a platform.
func file(t *testing.T, os, path string, s pgbouncer.Settings) string {
	t.Helper()
	v := stacktest.View(t, os, "10.77.0.11/24", "10.77.0.12/24")
	files, err := pgbouncer.New(s, patroni.Settings{}.WithDefaults(component.ProfileNorm, v.Topology)).Files(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Path, path) {
			if f.Mode != 0o640 || f.Group != "pgbouncer" {
				t.Errorf("D-SEC-13: %s has mode %o and group %q", f.Path, f.Mode, f.Group)
			}
			return string(f.Data)
		}
	}
	t.Fatalf("no file %s", path)
	return ""
}

func TestFilesFollowTheVersion(t *testing.T) {
	for os, want := range map[string]map[string]bool{
		"debian-12": {"auth_dbname = postgres": false, "max_prepared_statements": false, "unix_socket_dir = /run": false},
		"debian-13": {"auth_dbname = postgres": true, "max_prepared_statements = 200": true, "unix_socket_dir = /run": true},
	} {
		ini := file(t, os, "pgbouncer.ini", defaults(nil))
		for line, yes := range want {
			if strings.Contains(ini, line) != yes {
				t.Errorf("%s: %q is there: %v, want %v", os, line, !yes, yes)
			}
		}
	}
}

// TestListensOnItsOwnAddress is D-HA-15: not on every node's.
func TestListensOnItsOwnAddress(t *testing.T) {
	ini := file(t, "debian-13", "pgbouncer.ini", defaults(nil))
	if !strings.Contains(ini, "listen_addr = 10.77.0.11\n") || strings.Contains(ini, "10.77.0.12") {
		t.Error(ini)
	}
}

// TestNobodyLogsInAsTheLookup: an empty password in userlist.txt is a password.
func TestNobodyLogsInAsTheLookup(t *testing.T) {
	for _, os := range []string{"debian-12", "debian-13"} {
		list := file(t, os, "userlist.txt", defaults(nil))
		if !strings.HasPrefix(list, `"`+patroni.RoleLookup+`" "SCRAM-SHA-256$`) || strings.Count(list, "\n") != 1 {
			t.Errorf("%s: %s", os, list)
		}
	}
}

// TestOptionalSettings: what is set is written, and nothing else.
func TestOptionalSettings(t *testing.T) {
	lines := []string{
		"min_pool_size = 2", "reserve_pool_size = 3", "max_db_connections = 50", "max_user_connections = 40", "query_wait_timeout = 30",
		"server_lifetime = 600", "server_idle_timeout = 60", "admin_users = dba,ops", "stats_users = monitor",
		"max_prepared_statements = 0", "ignore_startup_parameters = options",
	}
	ini := file(t, "debian-13", "pgbouncer.ini", defaults(func(s *pgbouncer.Settings) {
		s.MinPoolSize, s.ReservePoolSize, s.MaxDBConnections, s.MaxUserConnections, s.QueryWaitTimeout = 2, 3, 50, 40, 30
		s.ServerLifetime, s.ServerIdleTimeout = 600, 60
		s.AdminUsers, s.StatsUsers = []string{"dba", "ops"}, []string{"monitor"}
		s.MaxPreparedStatements, s.IgnoreStartupParameters = new(0), []string{"options"}
	}))
	for _, line := range lines {
		if !strings.Contains(ini, "\n"+line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	plain := file(t, "debian-13", "pgbouncer.ini", defaults(nil))
	for _, line := range lines[:9] {
		key, _, _ := strings.Cut(line, " ")
		if strings.Contains(plain, "\n"+key) {
			t.Errorf("%s is written although it is unset", key)
		}
	}
}

func TestRules(t *testing.T) {
	topology := component.Topology{PostgreSQL: component.PostgreSQL{Databases: []component.Database{{Name: "shop", Owner: "app"}}}}
	for _, test := range []struct {
		name   string
		change func(*pgbouncer.Settings)
		path   string
	}{
		{"defaults", nil, ""},
		{"pool mode", func(s *pgbouncer.Settings) { s.PoolMode = "query" }, "pgbouncer.pool_mode"},
		{"D-SEC-15", func(s *pgbouncer.Settings) { s.IgnoreStartupParameters = []string{"extra_float_digits"} }, "pgbouncer.ignore_startup_parameters"},
		{"no parameters at all", func(s *pgbouncer.Settings) { s.IgnoreStartupParameters = []string{} }, ""},
		{"negative", func(s *pgbouncer.Settings) { s.MinPoolSize = -1 }, "pgbouncer.min_pool_size"},
		{"no clients", func(s *pgbouncer.Settings) { s.MaxClientConn = -5 }, "pgbouncer.max_client_conn"},
		{"a list in a name", func(s *pgbouncer.Settings) { s.AdminUsers = []string{"dba,app"} }, "pgbouncer.admin_users"},
		{"a line break", func(s *pgbouncer.Settings) { s.StatsUsers = []string{"m\nauth_type=any"} }, "pgbouncer.stats_users"},
		{"an application as administrator", func(s *pgbouncer.Settings) { s.AdminUsers = []string{"app"} }, "pgbouncer.admin_users"},
	} {
		t.Run(test.name, func(t *testing.T) {
			problems := pgbouncer.New(defaults(test.change), patroni.Settings{}).Rules(topology)
			switch {
			case test.path == "" && len(problems) > 0:
				t.Errorf("got %v", problems)
			case test.path != "" && (len(problems) != 1 || problems[0].Path != test.path || problems[0].Fix == ""):
				t.Errorf("got %v, want one at %s", problems, test.path)
			}
		})
	}
}

// TestLookup is D-SEC-14, D-HA-16 and D-HA-17.
func TestLookup(t *testing.T) {
	for os, want := range map[string]string{"debian-12": "postgres template1 shop", "debian-13": "postgres"} {
		v := stacktest.View(t, os, "10.77.0.11/24")
		v.PostgreSQL.Databases = []component.Database{{Name: "shop"}, {Name: "postgres"}}
		var databases []string
		for _, s := range pgbouncer.Statements(v) {
			databases = append(databases, s.Database)
			for _, text := range []string{"CREATE OR REPLACE FUNCTION pgbouncer.user_lookup(", "SECURITY DEFINER SET search_path = pg_catalog, pg_temp", "rolvaliduntil > pg_catalog.now()", "NOT rolsuper", "FROM PUBLIC"} {
				if !strings.Contains(s.Exec, text) {
					t.Errorf("%s: %s does not say %q", os, s.Name, text)
				}
			}
			if strings.Contains(s.Exec, "DROP") {
				t.Errorf("%s: %s drops something", os, s.Name)
			}
		}
		if got := strings.Join(databases, " "); got != want {
			t.Errorf("%s: in %s, want %s", os, got, want)
		}
	}
}

// TestAccount: Debian's unit runs PgBouncer as postgres, whom peer makes a superuser.
func TestAccount(t *testing.T) {
	v := stacktest.View(t, "debian-13", "10.77.0.11/24")
	c := pgbouncer.New(defaults(nil), patroni.Settings{})
	units, err := c.Units(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"User=pgbouncer", "Type=notify", "Restart=always", "ExecReload=/bin/kill -HUP $MAINPID"} {
		if !strings.Contains(string(units[0].Content), "\n"+line+"\n") {
			t.Errorf("D-HA-14: no line %q", line)
		}
	}
	if users := c.Users(v); len(users) != 1 || users[0].Name != "pgbouncer" {
		t.Errorf("users: %v", users)
	}
}
