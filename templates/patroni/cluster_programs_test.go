//go:build programs

package patroni_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/etcd"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/stacktest"
)

// cluster is one real etcd with real Patronis beside it. All have the address 127.0.0.1
// and ports of their own.
type cluster struct {
	view        component.View
	etcd        etcd.Settings
	authorities map[string]*stacktest.Authority
	root        string
}

// server is a real Patroni with its PostgreSQL.
type server struct {
	*cluster
	settings  patroni.Settings
	component component.Component
	view      component.View
	root      string
	log       *stacktest.Log
	process   *stacktest.Process
}

func startEtcd(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{view: stacktest.View(t, stacktest.HostOS(t), "127.0.0.1/32", "127.0.0.1/32"), root: stacktest.Root(t), authorities: map[string]*stacktest.Authority{}}
	c.view.Nodes[1].Roles = []component.Role{component.RolePostgres}
	c.view.PostgreSQL.Users = []component.Login{{Name: "app", Options: []string{"CREATEDB"}, ConnectionLimit: 7}}
	c.view.PostgreSQL.Databases = []component.Database{{Name: "shop", Owner: "app"}}
	c.etcd = etcd.Settings{ClientPort: stacktest.FreePort(t), PeerPort: stacktest.FreePort(t)}.WithDefaults(component.ProfileNorm, c.view.Topology)
	for _, name := range []string{etcd.CA, etcd.PeerCA, patroni.RestCA, patroni.ServerCA, patroni.ClientCA} {
		c.authorities[name] = stacktest.NewAuthority(t, name)
	}
	v := c.view
	v.Node = v.Nodes[0]
	user := stacktest.User(t, "etcd")
	stacktest.Install(t, c.root, v, etcd.New(c.etcd), c.authorities, user)
	stacktest.Launch(t, user, &stacktest.Log{}, v.Platform.Program("etcd", 0), "--config-file", c.root+"/etc/pgc/etcd/etcd.yaml")
	stacktest.Until(t, func() error { return etcd.New(c.etcd).Ready(v).Check(t.Context(), stacktest.Access(c.root)) })
	return c
}

// deleteKey deletes a key of Patroni's, as the end of its lease would.
func (c *cluster) deleteKey(t *testing.T, key string) {
	t.Helper()
	files := component.TLSFiles{CA: etcd.ClientCA, Cert: etcd.AgentCrt, Key: etcd.AgentKey}
	var answer any
	code, err := component.AskJSON(t.Context(), stacktest.Access(c.root), files, c.etcd.ClientURL(c.view.Nodes[0])+"/v3/kv/deleterange", map[string][]byte{"key": []byte(key)}, &answer)
	if err != nil || code != 200 {
		t.Fatalf("cannot delete %s: %d, %v", key, code, err)
	}
}

// server prepares node i. It is not started.
func (c *cluster) server(t *testing.T, i int, bootstrap bool) *server {
	t.Helper()
	s := &server{cluster: c, view: c.view, root: stacktest.Root(t), log: &stacktest.Log{}}
	s.settings = patroni.Settings{PostgreSQLPort: stacktest.FreePort(t), RestAPIPort: stacktest.FreePort(t), DataDir: s.root + "/data/main"}.WithDefaults(component.ProfileFast, c.view.Topology)
	s.view.Node, s.view.Platform.SocketDir, s.view.Facts.Bootstrap = c.view.Nodes[i], s.root, bootstrap
	s.component = patroni.New(s.settings, c.etcd)
	user := stacktest.User(t, patroni.User)
	stacktest.Install(t, s.root, s.view, s.component, c.authorities, user)
	if err := os.Mkdir(s.root+"/data", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(s.root+"/data", int(user.UID), int(user.GID)); err != nil {
		t.Fatal(err)
	}
	// PostgreSQL outlives a Patroni that is killed.
	t.Cleanup(func() { s.stopPostgres(t) })
	return s
}

func (s *server) start(t *testing.T) {
	t.Helper()
	s.process = stacktest.Launch(t, stacktest.User(t, patroni.User), s.log, s.view.Platform.Program("patroni", 0), s.root+patroni.ConfigFile)
}

// cut ends Patroni and PostgreSQL as a power cut would.
func (s *server) cut(t *testing.T) {
	t.Helper()
	s.process.Kill()
	s.stopPostgres(t)
}

func (s *server) stopPostgres(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(s.settings.DataDir + "/postmaster.pid"); err != nil {
		return
	}
	bin := s.view.Platform.Program("postgres", s.view.PostgreSQL.Version)
	stacktest.Run(t, stacktest.User(t, patroni.User), bin+"/pg_ctl", "stop", "-m", "immediate", "-D", s.settings.DataDir)
}

func (s *server) untilReady(t *testing.T) {
	t.Helper()
	probe := s.component.Ready(s.view)
	stacktest.Until(t, func() error { return probe.Check(t.Context(), stacktest.Access(s.root)) })
}

// untilLogged waits until Patroni says something.
func (s *server) untilLogged(t *testing.T, text string) {
	t.Helper()
	stacktest.Until(t, func() error {
		if !strings.Contains(s.log.String(), text) {
			return fmt.Errorf("%s has not said %q", s.view.Node.Name, text)
		}
		return nil
	})
}

// untilHolds waits until a query through the Unix socket answers true.
func (s *server) untilHolds(t *testing.T, query string) {
	t.Helper()
	stacktest.Until(t, func() error {
		holds, err := s.ask(t.Context(), query)
		if err == nil && !holds {
			err = fmt.Errorf("on %s it does not hold: %s", s.view.Node.Name, query)
		}
		return err
	})
}

func (s *server) ask(ctx context.Context, query string) (holds bool, err error) {
	c, err := s.superuser(ctx)
	if err != nil {
		return false, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	return holds, c.QueryRow(ctx, query).Scan(&holds)
}

func (s *server) exec(t *testing.T, sql string) {
	t.Helper()
	c, err := s.superuser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// conninfo is where the replica streams from.
func (s *server) conninfo(t *testing.T) (text string) {
	t.Helper()
	c, err := s.superuser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if err := c.QueryRow(t.Context(), "SELECT current_setting('primary_conninfo')").Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

// superuser connects through the socket as root, as nodeinit does.
func (s *server) superuser(ctx context.Context) (*pgx.Conn, error) {
	return pgx.Connect(ctx, fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres", s.root, s.settings.PostgreSQLPort))
}
