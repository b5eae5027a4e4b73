//go:build programs

package patroni_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

// streams holds on a leader when a node's replica streams from it, over TLS, by that
// node's certificate.
func streams(node string) string {
	return fmt.Sprintf(`SELECT count(*) = 1 FROM pg_stat_replication r JOIN pg_stat_ssl USING (pid)
		WHERE application_name = '%s' AND state = 'streaming' AND usename = '%s' AND client_dn = '/CN=node:%s'`, node, patroni.RoleReplication, node)
}

func TestRealPatroni(t *testing.T) {
	c := startEtcd(t)
	first, second := c.server(t, 0, true), c.server(t, 1, false)

	// B1: a node without the permit waits, although it is alone and was first.
	second.start(t)
	second.untilLogged(t, "waiting for leader to bootstrap")
	first.start(t)
	first.untilReady(t)
	second.untilReady(t)
	first.untilHolds(t, streams("pg2"))

	t.Run("what is kept in PostgreSQL", func(t *testing.T) { kept(t, first) })
	t.Run("logins", func(t *testing.T) { logins(t, first) })
	t.Run("REST API", func(t *testing.T) { restAPI(t, first) })
	t.Run("B7: what PostgreSQL runs with", func(t *testing.T) {
		for _, setting := range []string{"data_checksums", "wal_log_hints", "ssl", "hot_standby"} {
			first.untilHolds(t, "SELECT current_setting('"+setting+"') = 'on'")
		}
		first.untilHolds(t, "SELECT current_setting('password_encryption') = 'scram-sha-256'")
	})
	t.Run("a leader that comes back rewinds by certificate", func(t *testing.T) { rewinds(t, first, second) })
}

// rewinds makes the leader write what no replica gets, ends it, and brings it back.
func rewinds(t *testing.T, leader, replica *server) {
	replica.exec(t, "ALTER SYSTEM SET primary_conninfo = '"+strings.ReplaceAll(replica.conninfo(t)+" port=1", "'", "''")+"'")
	replica.exec(t, "SELECT pg_reload_conf()")
	leader.untilHolds(t, "SELECT count(*) = 0 FROM pg_stat_replication")
	leader.exec(t, "CREATE TABLE lost (); CHECKPOINT")
	leader.cut(t)
	replica.exec(t, "ALTER SYSTEM RESET primary_conninfo")
	leader.deleteKey(t, leader.settings.KeyPrefix("main")+"leader")
	replica.untilHolds(t, "SELECT NOT pg_is_in_recovery()")
	replica.untilReady(t)

	leader.start(t)
	leader.untilLogged(t, "running pg_rewind")
	replica.untilHolds(t, streams("pg1"))
	leader.untilReady(t)
	leader.untilHolds(t, "SELECT pg_is_in_recovery() AND to_regclass('lost') IS NULL")
}

// kept brings about what nodeinit keeps on the leader, whatever somebody changed by hand.
func kept(t *testing.T, s *server) {
	verifier := "SCRAM-SHA-256$4096:" + strings.Repeat("A", 22) + "==$" + strings.Repeat("A", 43) + "=:" + strings.Repeat("A", 43) + "="
	statements := patroni.Statements(s.view, map[string]string{"app": verifier})
	for _, change := range []string{"SELECT 1", "ALTER ROLE app NOCREATEDB", "ALTER DATABASE shop OWNER TO postgres", "REVOKE pg_monitor FROM pgc_monitor"} {
		s.exec(t, change)
		for _, st := range statements {
			if holds, err := s.ask(t.Context(), st.Holds); err != nil {
				t.Fatalf("%s: %v", st.Name, err)
			} else if !holds {
				s.exec(t, st.Exec)
			}
		}
		for _, st := range statements {
			if holds, err := s.ask(t.Context(), st.Holds); err != nil || !holds {
				t.Errorf("%s: %s: holds %v, %v", change, st.Name, holds, err)
			}
		}
	}
	s.untilHolds(t, "SELECT rolcreatedb AND NOT rolsuper AND NOT rolreplication AND rolconnlimit = 7 FROM pg_roles WHERE rolname = 'app'")
	s.untilHolds(t, "SELECT count(*) = 0 FROM pg_authid WHERE rolpassword IS NOT NULL AND rolname <> 'app'")
	s.untilHolds(t, "SELECT pg_get_userbyid(datdba) = 'app' FROM pg_database WHERE datname = 'shop'")
	s.exec(t, "ALTER ROLE app PASSWORD 'correct horse'")
}

// logins tells who gets in over TCP, and as whom.
func logins(t *testing.T, s *server) {
	tls := s.root + "/etc/pgc/patroni/tls/"
	by := func(name string) string { return "sslcert=" + tls + name + ".crt sslkey=" + tls + name + ".key" }
	for _, tt := range []struct{ name, conn, want string }{
		{"an application", "user=app dbname=shop password='correct horse'", ""},
		{"wrong password", "user=app dbname=shop password='battery staple'", "password authentication failed"},
		{"D-SEC-18: an application without TLS", "user=app dbname=shop password='correct horse' sslmode=disable", "no pg_hba.conf entry"},
		{"D-SEC-02: the superuser", "user=postgres dbname=postgres", "password authentication failed"},
		{"the superuser with a node's certificate", "user=postgres dbname=postgres " + by("node"), "password authentication failed"},
		{"D-SEC-03: replication without a certificate", "user=replicator dbname=postgres replication=true", "certificate"},
		{"replication with the monitor's certificate", "user=replicator dbname=postgres replication=true " + by("monitor"), "certificate authentication failed"},
		{"the monitor", "user=pgc_monitor dbname=postgres " + by("monitor"), ""},
		{"the monitor in another database", "user=pgc_monitor dbname=shop " + by("monitor"), "password authentication failed"},
		{"a node as the monitor", "user=pgc_monitor dbname=postgres " + by("node"), "certificate authentication failed"},
		{"a node that rewinds", "user=rewind dbname=postgres " + by("node"), ""},
		{"an identity of another authority", "user=rewind dbname=postgres sslcert=" + tls + "rest.crt sslkey=" + tls + "rest.key", "certificate"},
	} {
		mode := ""
		if !strings.Contains(tt.conn, "sslmode") {
			mode = "sslmode=verify-full sslrootcert=" + tls + "server-ca.crt "
		}
		conn, err := pgx.Connect(t.Context(), fmt.Sprintf("host=127.0.0.1 port=%d %s%s", s.settings.PostgreSQLPort, mode, tt.conn))
		if err == nil {
			err = conn.Ping(t.Context())
			conn.Close(context.Background())
		}
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

// restAPI is B5, D-SEC-04 and D-SEC-05: who looks needs no certificate, who changes
// something does, and only one of the API's own authority.
func restAPI(t *testing.T, s *server) {
	tls := "/etc/pgc/patroni/tls/"
	url := s.settings.RestURL(s.view.Node)
	ask := func(files component.TLSFiles, path string, body any) (int, error) {
		var answer any
		return component.AskJSON(t.Context(), stacktest.Access(s.root), files, url+path, body, &answer)
	}
	own := component.TLSFiles{CA: patroni.RestCAFile, Cert: tls + "rest.crt", Key: tls + "rest.key"}
	if code, err := ask(component.TLSFiles{CA: patroni.RestCAFile}, "/primary", nil); code != 200 || err != nil {
		t.Errorf("a check without a certificate: %d, %v", code, err)
	}
	// POST /reload answers in words, so the error of the decoder is expected.
	if code, _ := ask(component.TLSFiles{CA: patroni.RestCAFile}, "/reload", struct{}{}); code != 403 {
		t.Errorf("a change without a certificate: %d, want 403", code)
	}
	if code, _ := ask(own, "/reload", struct{}{}); code != 202 {
		t.Errorf("a change with the API's certificate: %d, want 202", code)
	}
	other := component.TLSFiles{CA: patroni.RestCAFile, Cert: tls + "node.crt", Key: tls + "node.key"}
	if code, err := ask(other, "/reload", struct{}{}); err == nil || code != 0 {
		t.Errorf("a change with another authority's certificate: %d, %v", code, err)
	}
}
