//go:build programs

package pgbouncer_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/pgbouncer"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

// stack is a real PostgreSQL with a real PgBouncer before it, configured as on a node.
type stack struct {
	view        component.View
	postgres    patroni.Settings
	pooler      pgbouncer.Settings
	authorities map[string]*stacktest.Authority
	root        string
	log         *stacktest.Log
}

func start(t *testing.T) *stack {
	t.Helper()
	s := &stack{view: stacktest.View(t, stacktest.HostOS(t), "127.0.0.1/32"), root: stacktest.Root(t)}
	s.view.PostgreSQL.Users = []component.Login{{Name: "app"}, {Name: "late"}}
	s.view.PostgreSQL.Databases = []component.Database{{Name: "shop", Owner: "app"}}
	s.postgres = patroni.Settings{PostgreSQLPort: stacktest.FreePort(t)}.WithDefaults(component.ProfileNorm, s.view.Topology)
	s.pooler = pgbouncer.Settings{ListenPort: stacktest.FreePort(t)}.WithDefaults(component.ProfileNorm, s.view.Topology)
	s.authorities = map[string]*stacktest.Authority{}
	for _, name := range []string{patroni.ServerCA, patroni.ClientCA} {
		s.authorities[name] = stacktest.NewAuthority(t, name)
	}
	s.startPostgres(t)
	s.keep(t)
	s.startPooler(t)
	return s
}

// startPostgres starts a database that asks of its clients what Patroni's pg_hba asks.
func (s *stack) startPostgres(t *testing.T) {
	t.Helper()
	user := stacktest.User(t, "postgres")
	bin := s.view.Platform.Program("postgres", s.view.PostgreSQL.Version)
	data := s.root + "/data"
	stacktest.Run(t, user, bin+"/initdb", "-D", data, "-U", "postgres", "--auth=reject", "--no-sync")
	cert, key := s.authorities[patroni.ServerCA].Issue(t, patroni.ServerCert(s.view, "postgres/server", "", "", ""))
	for name, content := range map[string]string{
		"server.crt": string(cert), "server.key": string(key), "client-ca.crt": string(s.authorities[patroni.ClientCA].PEM()),
		"pg_ident.conf": "pgc root postgres\npgc " + patroni.LookupCN(s.view.Node) + " " + patroni.RoleLookup + "\n",
		"pg_hba.conf": "local all postgres peer map=pgc\n" +
			"hostssl all " + patroni.RoleLookup + " 127.0.0.1/32 cert map=pgc\n" +
			"hostssl all all 127.0.0.1/32 scram-sha-256\n",
		"postgresql.auto.conf": fmt.Sprintf("listen_addresses='127.0.0.1'\nport=%d\nunix_socket_directories='%s'\nfsync=off\n"+
			"ssl=on\nssl_cert_file='server.crt'\nssl_key_file='server.key'\nssl_ca_file='client-ca.crt'\n", s.postgres.PostgreSQLPort, s.root),
	} {
		stacktest.Write(t, filepath.Join(data, name), []byte(content), user)
	}
	stacktest.Start(t, user, &stacktest.Log{}, bin+"/postgres", "-D", data)
}

// keep brings about what nodeinit keeps on the leader, and gives the logins passwords.
func (s *stack) keep(t *testing.T) {
	t.Helper()
	any := "SCRAM-SHA-256$4096:" + strings.Repeat("A", 22) + "==$" + strings.Repeat("A", 43) + "=:" + strings.Repeat("A", 43) + "="
	statements := append(patroni.Statements(s.view, map[string]string{"app": any, "late": any}), pgbouncer.Statements(s.view)...)
	for _, st := range statements {
		if !s.holds(t, st) {
			s.exec(t, st.Database, st.Exec)
		}
		if !s.holds(t, st) {
			t.Errorf("%s: does not hold after it was brought about", st.Name)
		}
	}
	s.exec(t, "postgres", `
		ALTER ROLE app PASSWORD 'correct horse'; ALTER ROLE postgres PASSWORD 'correct horse'; ALTER ROLE replicator PASSWORD 'correct horse';
		ALTER ROLE late PASSWORD 'correct horse' VALID UNTIL '2001-01-01';
		SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD 'correct horse'`)
}

func (s *stack) holds(t *testing.T, st component.Statement) (yes bool) {
	t.Helper()
	c := s.superuser(t, st.Database)
	defer c.Close(context.Background())
	if err := c.QueryRow(t.Context(), st.Holds).Scan(&yes); err != nil {
		t.Fatalf("%s: %v", st.Name, err)
	}
	return yes
}

func (s *stack) exec(t *testing.T, database, sql string) {
	t.Helper()
	c := s.superuser(t, database)
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// superuser connects through the socket, as nodeinit does.
func (s *stack) superuser(t *testing.T, database string) (c *pgx.Conn) {
	t.Helper()
	stacktest.Until(t, func() (err error) {
		c, err = pgx.Connect(t.Context(), fmt.Sprintf("host=%s port=%d user=postgres dbname=%s", s.root, s.postgres.PostgreSQLPort, database))
		return err
	})
	return c
}

// startPooler starts PgBouncer and waits until nodeinit would call it ready.
func (s *stack) startPooler(t *testing.T) {
	t.Helper()
	s.runPooler(t)
	probe := pgbouncer.New(s.pooler, s.postgres).Ready(s.view)
	stacktest.Until(t, func() error { return probe.Check(t.Context(), stacktest.Access(s.root)) })
}

func (s *stack) runPooler(t *testing.T) <-chan error {
	t.Helper()
	user := stacktest.User(t, "nobody")
	stacktest.Install(t, s.root, s.view, pgbouncer.New(s.pooler, s.postgres), s.authorities, user)
	s.log = &stacktest.Log{}
	return stacktest.Start(t, user, s.log, s.view.Platform.Program("pgbouncer", 0), s.root+"/etc/pgc/pgbouncer/pgbouncer.ini")
}

// login connects through PgBouncer as a client that verifies its certificate.
func (s *stack) login(t *testing.T, user, password, database, more string) error {
	t.Helper()
	config, err := pgx.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=%s password='%s' dbname=%s connect_timeout=10 default_query_exec_mode=simple_protocol %s", s.pooler.ListenPort, user, password, database, more))
	if err != nil {
		t.Fatal(err)
	}
	if config.TLSConfig != nil {
		config.TLSConfig = &tls.Config{RootCAs: s.authorities[patroni.ServerCA].Pool(), ServerName: "127.0.0.1"}
		config.Fallbacks = nil
	}
	c, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		return err
	}
	defer c.Close(context.Background())
	var who string
	if err := c.QueryRow(t.Context(), "SELECT session_user").Scan(&who); err != nil {
		return err
	}
	if who != user {
		t.Errorf("logged in as %s and became %s", user, who)
	}
	return nil
}

func TestRealPgBouncer(t *testing.T) {
	s := start(t)
	t.Run("HAProxy's check is answered and not logged", func(t *testing.T) {
		for range 3 {
			conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.pooler.ListenPort)))
			if err != nil {
				t.Fatal(err)
			}
			answer := make([]byte, 1)
			if _, err := conn.Write([]byte{0, 0, 0, 8, 4, 210, 22, 48}); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(conn, answer); err != nil || answer[0] != 'N' {
				t.Errorf("answer %q, error %v", answer, err)
			}
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
		}
		// A login after the checks shows that PgBouncer has dealt with them.
		if err := s.login(t, "app", "correct horse", "shop", "sslmode=require"); err != nil {
			t.Error(err)
		}
		if log := s.log.String(); strings.Contains(log, "WARNING") || strings.Contains(log, "ERROR") {
			t.Errorf("it logged: %s", log)
		}
	})
	t.Run("logins", func(t *testing.T) {
		for _, test := range []struct{ name, user, password, database, more, want string }{
			{"an application, pooled", "app", "correct horse", "shop", "sslmode=require", ""},
			{"in another database", "app", "correct horse", "postgres", "sslmode=require", ""},
			{"wrong password", "app", "battery staple", "shop", "sslmode=require", "FATAL"},
			{"nobody", "nobody", "correct horse", "shop", "sslmode=require", "FATAL"},
			{"D-SEC-14: an expired role", "late", "correct horse", "shop", "sslmode=require", "FATAL"},
			{"an MD5 password", "old", "correct horse", "shop", "sslmode=require", "FATAL"},
			{"the superuser", "postgres", "correct horse", "shop", "sslmode=require", "FATAL"},
			{"replication", "replicator", "correct horse", "shop", "sslmode=require", "FATAL"},
			{"the lookup role without a password", patroni.RoleLookup, "", "shop", "sslmode=require", "FATAL"},
			{"a role that has only a certificate", patroni.RoleRewind, "", "shop", "sslmode=require", "FATAL"},
			{"the console's name", "pgbouncer", "", "shop", "sslmode=require", "FATAL"},
			{"the lookup role with a password", patroni.RoleLookup, "correct horse", "shop", "sslmode=require", "FATAL"},
			{"no TLS", "app", "correct horse", "shop", "sslmode=disable", "SSL required"},
		} {
			err := s.login(t, test.user, test.password, test.database, test.more)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%s: got %v, want %q", test.name, err, test.want)
			}
		}
	})
	t.Run("a server certificate of another authority", func(t *testing.T) {
		s.authorities[patroni.ServerCA] = stacktest.NewAuthority(t, "another")
		s.pooler.ListenPort = stacktest.FreePort(t)
		s.startPooler(t)
		if err := s.login(t, "app", "correct horse", "shop", "sslmode=require connect_timeout=3"); err == nil {
			t.Error("PgBouncer sent a client to a server whose certificate it cannot verify")
		}
	})
	t.Run("D-HA-15: a port that is taken ends PgBouncer", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		s.pooler.ListenPort = l.Addr().(*net.TCPAddr).Port
		select {
		case err := <-s.runPooler(t):
			if err == nil {
				t.Error("it ended as if all were well")
			}
		case <-time.After(30 * time.Second):
			t.Error("it runs on without its port, so systemd will not start it again")
		}
	})
}
