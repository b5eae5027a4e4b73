package boot

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/haproxy"
	"github.com/pgcgen/pgcgen/templates/patroni"
)

func (b *bringUp) unitsActive(ctx context.Context) error {
	names, err := b.unitNames()
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		state, err := b.Systemd.State(ctx, name)
		if err == nil && state.ActiveState != "active" {
			err = fmt.Errorf("%s is %s (%s)", name, state.ActiveState, state.SubState)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (b *bringUp) membersStarted(ctx context.Context) error {
	members, err := b.peers.dcs.Members(ctx)
	if err != nil {
		return err
	}
	voters := map[string]bool{}
	for _, m := range members {
		voters[m.Name] = !m.IsLearner
	}
	var errs []error
	for _, n := range b.spec.Cluster.With(component.RoleEtcd) {
		if !voters[n.Name] {
			errs = append(errs, fmt.Errorf("%s is no started voter", n.Name))
		}
	}
	if want := len(b.spec.Cluster.With(component.RoleEtcd)); len(members) != want {
		errs = append(errs, fmt.Errorf("etcd has %d members, the inventory %d", len(members), want))
	}
	return errors.Join(errs...)
}

// sameTimeline compares what every node says of itself, not what the leader believes.
func (b *bringUp) sameTimeline(ctx context.Context) error {
	leader, err := b.peers.leader(ctx)
	if err != nil {
		return err
	}
	leads, err := b.peers.instance(ctx, leader)
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range b.spec.Cluster.With(component.RolePostgres) {
		i, err := b.peers.instance(ctx, n)
		switch {
		case err != nil:
			errs = append(errs, err)
		case i.State != "running":
			errs = append(errs, fmt.Errorf("%s is %s", n.Name, i.State))
		case i.SystemID != leads.SystemID:
			errs = append(errs, fmt.Errorf("%s has system identifier %s, the leader %s", n.Name, i.SystemID, leads.SystemID))
		}
	}
	return errors.Join(append(errs, b.timelines(ctx, leader))...)
}

// timelines reads the members' timelines as they publish them.
func (b *bringUp) timelines(ctx context.Context, leader component.Node) error {
	members, err := b.peers.members(ctx, leader)
	if err != nil {
		return err
	}
	seen := map[string]int{}
	for _, m := range members {
		seen[m.Name] = m.Timeline
	}
	var errs []error
	for _, n := range b.spec.Cluster.With(component.RolePostgres) {
		if seen[n.Name] != seen[leader.Name] || seen[n.Name] == 0 {
			errs = append(errs, fmt.Errorf("%s is on timeline %d, the leader %s on %d", n.Name, seen[n.Name], leader.Name, seen[leader.Name]))
		}
	}
	return errors.Join(errs...)
}

// allStream asks the leader itself who streams from it, as the monitoring role.
func (b *bringUp) allStream(ctx context.Context) error {
	leader, err := b.peers.leader(ctx)
	if err != nil {
		return err
	}
	conn, err := b.monitor(ctx, leader)
	if err != nil {
		return err
	}
	defer closeQuietly(conn)
	rows, err := conn.Query(ctx, "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'")
	if err != nil {
		return fmt.Errorf("cannot read pg_stat_replication on %s: %w", leader.Name, err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("cannot read pg_stat_replication on %s: %w", leader.Name, err)
	}
	streaming := map[string]bool{}
	for _, name := range names {
		streaming[name] = true
	}
	var errs []error
	for _, n := range b.spec.Cluster.With(component.RolePostgres) {
		if n.Name != leader.Name && !streaming[n.Name] {
			errs = append(errs, fmt.Errorf("%s does not stream from %s", n.Name, leader.Name))
		}
	}
	return errors.Join(errs...)
}

// synchronous wants what a failover needs in synchronous mode: Patroni promotes only a
// replica that it had chosen before the leader was lost.
func (b *bringUp) synchronous(ctx context.Context) error {
	if !b.spec.Cluster.Settings.Patroni.SynchronousMode || b.readable() == 0 {
		return nil
	}
	leader, err := b.peers.leader(ctx)
	if err != nil {
		return err
	}
	members, err := b.peers.members(ctx, leader)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Role == "sync_standby" || m.Role == "quorum_standby" {
			return nil
		}
	}
	return fmt.Errorf("Patroni has not chosen a synchronous replica of %s yet: if it is lost now, nobody takes over", leader.Name)
}

// monitor connects to a node's PostgreSQL over TLS as the monitoring role.
func (b *bringUp) monitor(ctx context.Context, n component.Node) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig("")
	if err != nil {
		return nil, fmt.Errorf("cannot connect to PostgreSQL on %s: %w", n.Name, err)
	}
	tls := b.peers.monitor.Clone()
	tls.ServerName = n.IP().String()
	cfg.Host, cfg.Port = n.IP().String(), uint16(b.spec.Cluster.Settings.Patroni.PostgreSQLPort)
	cfg.User, cfg.Database, cfg.Password = patroni.RoleMonitor, "postgres", ""
	cfg.TLSConfig, cfg.Fallbacks = tls, nil
	cfg.ConnectTimeout = peerTimeout
	cfg.RuntimeParams["application_name"] = "nodeinit"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to PostgreSQL on %s: %w", n.Name, err)
	}
	return conn, nil
}

func (b *bringUp) balancingSentence() string {
	return fmt.Sprintf("HAProxy sees 1 writable and %d readable servers", b.readable())
}

// readable is how many replicas a healthy cluster has.
func (b *bringUp) readable() int { return len(b.spec.Cluster.With(component.RolePostgres)) - 1 }

// balanced counts the servers that this node's HAProxy sends clients to.
func (b *bringUp) balanced(ctx context.Context) error {
	servers, err := haproxy.Servers(ctx, b.Host.Path(haproxy.StatsSocket))
	if err != nil {
		return err
	}
	up := map[string]int{}
	for _, s := range servers {
		if s.Up() {
			up[s.Backend]++
		}
	}
	want := map[string]int{
		haproxy.BackendReadWrite: 1, haproxy.BackendReadOnly: b.readable(),
		haproxy.BackendPooledReadWrite: 1, haproxy.BackendPooledReadOnly: b.readable(),
	}
	var errs []error
	for _, backend := range haproxy.Backends() {
		if up[backend] != want[backend] {
			errs = append(errs, fmt.Errorf("backend %s has %d servers up, want %d", backend, up[backend], want[backend]))
		}
	}
	return errors.Join(errs...)
}

// noDrift renders again and compares with what is on disk.
func (b *bringUp) noDrift(context.Context) error {
	var errs []error
	for _, c := range b.components {
		files, err := c.Files(b.view())
		if err != nil {
			return err
		}
		units, err := c.Units(b.view())
		if err != nil {
			return err
		}
		for _, u := range units {
			files = append(files, component.File{Path: unitDir + "/" + u.Name, Data: u.Content})
		}
		for _, f := range files {
			data, err := b.Host.ReadFile(f.Path)
			if err == nil && !bytes.Equal(data, f.Data) {
				err = fmt.Errorf("%s was changed by hand", f.Path)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (b *bringUp) certificatesLast(context.Context) error {
	var errs []error
	limit := b.Now().AddDate(0, 0, 30)
	for name, id := range b.spec.Node.Identities {
		cert, err := x509.ParseCertificate(id.Cert)
		if err == nil && cert.NotAfter.Before(limit) {
			err = fmt.Errorf("%s expires at %s", name, cert.NotAfter.UTC())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
