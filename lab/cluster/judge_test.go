//go:build boot

package cluster_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgcgen/pgcgen/lab/cluster"
	"github.com/pgcgen/pgcgen/templates/component"
)

const (
	readWrite, readOnly             = 15432, 15433
	pooledReadWrite, pooledReadOnly = 16432, 16433
)

// inspectEtcd counts etcd's members with etcd's own client.
func inspectEtcd(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	out, err := c.Machines[0].Exec(t.Context(), "env", "ETCDCTL_API=3", "etcdctl", "--endpoints", c.Spec.Settings.Etcd.ClientURL(c.Spec.Nodes[0]),
		"--cacert", "/etc/pgc/etcd-client/ca.crt", "--cert", "/etc/pgc/etcd-client/nodeinit.crt", "--key", "/etc/pgc/etcd-client/nodeinit.key",
		"member", "list", "-w", "json")
	if err != nil || out.Code != 0 {
		t.Fatalf("etcdctl: %v %s", err, out.Stderr)
	}
	var list struct {
		Members []struct {
			Name       string   `json:"name"`
			ClientURLs []string `json:"clientURLs"`
			IsLearner  bool     `json:"isLearner"`
		} `json:"members"`
	}
	if err := json.Unmarshal([]byte(out.Stdout), &list); err != nil {
		t.Fatal(err)
	}
	started := 0
	for _, m := range list.Members {
		if m.Name != "" && len(m.ClientURLs) > 0 && !m.IsLearner {
			started++
		}
	}
	if want := len(c.Spec.With(component.RoleEtcd)); started != want || len(list.Members) != want {
		t.Errorf("etcd has %d members, %d of them started voters; want %d", len(list.Members), started, want)
	}
}

// inspectMembers wants one leader and streaming replicas on its timeline.
func inspectMembers(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	list := must(c.Members(t.Context()))(t)
	leaders, timelines := 0, map[int]bool{}
	for _, m := range list {
		if m.Role == "leader" {
			leaders++
		}
		timelines[m.Timeline] = true
	}
	if leaders != 1 || len(list) != len(c.Spec.Nodes) || len(timelines) != 1 {
		t.Errorf("Patroni has %d leaders among %d members on %d timelines: %+v", leaders, len(list), len(timelines), list)
	}
}

// readsAndWrites writes through both read-write ports and reads both rows back through
// both read-only ones, where a replica answers.
func readsAndWrites(t *testing.T, c *cluster.Cluster, l cluster.Login) {
	t.Helper()
	query(t, c, readWrite, l, "CREATE TABLE IF NOT EXISTS proof (id bigint PRIMARY KEY)")
	query(t, c, readWrite, l, "INSERT INTO proof VALUES (-1) ON CONFLICT DO NOTHING")
	query(t, c, pooledReadWrite, l, "INSERT INTO proof VALUES (-2) ON CONFLICT DO NOTHING")
	for _, port := range []int{readOnly, pooledReadOnly} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		eventually(ctx, t, "rows arrive on a replica", func() error {
			conn, err := c.Connect(ctx, port, l)
			if err != nil {
				return err
			}
			defer conn.Close(ctx)
			var rows int
			var replica bool
			err = conn.QueryRow(ctx, "SELECT count(*), pg_is_in_recovery() FROM proof WHERE id < 0").Scan(&rows, &replica)
			if err == nil && (rows != 2 || !replica) {
				err = failure("rows are missing, or no replica answered")
			}
			return err
		})
	}
}

func query(t *testing.T, c *cluster.Cluster, port int, l cluster.Login, sql string) {
	t.Helper()
	conn, err := c.Connect(t.Context(), port, l)
	if err != nil {
		t.Fatalf("port %d: %v", port, err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("port %d: %s: %v", port, sql, err)
	}
}

// refusesForeignAuthority connects as a client that trusts another authority: the server's
// certificate must not pass.
func refusesForeignAuthority(t *testing.T, c *cluster.Cluster, l cluster.Login) {
	t.Helper()
	l.CA = c.Out.Authority("rest")
	for _, port := range []int{readWrite, pooledReadWrite} {
		if conn, err := c.Connect(t.Context(), port, l); err == nil {
			conn.Close(t.Context())
			t.Errorf("port %d: a server certificate of another authority was accepted", port)
		}
	}
}

// losesTheLeader cuts the power of the leader's machine under a writer: writes resume and
// nothing acknowledged is lost; with power back, the node is a streaming replica again.
func losesTheLeader(t *testing.T, c *cluster.Cluster, l cluster.Login) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), repairLimit)
	defer cancel()
	w := startWriter(ctx, c, l)
	eventually(ctx, t, "writes before the power cut", func() error { return w.beyond(20) })
	leader := must(c.Leader(ctx))(t)
	victim := must(c.Machine(leader))(t)
	if err := victim.PowerCut(ctx); err != nil {
		t.Fatal(err)
	}
	at := w.count()
	eventually(ctx, t, "writes resume after the power cut of "+leader, func() error { return w.beyond(at + 20) })
	if err := victim.PowerOn(ctx); err != nil {
		t.Fatal(err)
	}
	healthy(t, c, repairLimit)
	t.Logf("lost %s; longest gap between acknowledged writes %.1f s", leader, w.stop().Seconds())
	allThere(t, c, l, w)
	if now := must(c.Leader(ctx))(t); now == leader {
		t.Errorf("%s leads again although it was down", leader)
	}
}

// losesAllPower cuts all machines at once: they come back by themselves.
func losesAllPower(t *testing.T, c *cluster.Cluster, l cluster.Login) {
	t.Helper()
	for _, m := range c.Machines {
		if err := m.PowerCut(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.PowerOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	healthy(t, c, bootLimit)
	readsAndWrites(t, c, l)
}

// allThere reads back every acknowledged row.
func allThere(t *testing.T, c *cluster.Cluster, l cluster.Login, w *writer) {
	t.Helper()
	conn := must(c.Connect(t.Context(), readWrite, l))(t)
	defer conn.Close(t.Context())
	rows := must(conn.Query(t.Context(), "SELECT id FROM proof WHERE id > 0"))(t)
	ids := must(pgx.CollectRows(rows, pgx.RowTo[int64]))(t)
	there := map[int64]bool{}
	for _, id := range ids {
		there[id] = true
	}
	lost := 0
	for _, id := range w.acknowledged() {
		if !there[id] {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged writes are lost", lost, w.count())
	}
}

// TestDebIsFound keeps Deb honest about what it finds.
func TestDebIsFound(t *testing.T) {
	dir := t.TempDir()
	if _, err := cluster.Deb(dir); err == nil {
		t.Error("a package was found in an empty folder")
	}
	if err := os.MkdirAll(filepath.Join(dir, "packages"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "packages", "nodeinit_1_amd64.deb"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.Deb(dir); err != nil {
		t.Error(err)
	}
}
