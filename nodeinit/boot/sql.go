package boot

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pgcgen/pgcgen/nodeinit/sequence"
	"github.com/pgcgen/pgcgen/templates"
	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/patroni"
)

// sql keeps roles and databases where this node leads, and waits for the leader's nodeinit
// to have done so where it does not: what is replicated here is the proof.
func (b *bringUp) sql(ctx context.Context, r *sequence.Report) error {
	return r.Until(ctx, func(ctx context.Context) error {
		leads, err := b.reconcile(ctx)
		if err != nil || leads {
			return err
		}
		return b.checkRoles(ctx)
	})
}

// reconcile brings about every declared role, database and function if this node leads.
func (b *bringUp) reconcile(ctx context.Context) (leads bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := b.local(ctx, "postgres")
	if err != nil {
		return false, err
	}
	defer closeQuietly(conn)
	var replica bool
	if err := conn.QueryRow(ctx, "SELECT pg_is_in_recovery()").Scan(&replica); err != nil || replica {
		return false, err
	}
	databases := map[string]*pgx.Conn{"postgres": conn}
	defer func() {
		for _, c := range databases {
			closeQuietly(c)
		}
	}()
	for _, s := range templates.Statements(b.view(), b.spec.Node.Verifiers) {
		if databases[s.Database] == nil {
			if databases[s.Database], err = b.local(ctx, s.Database); err != nil {
				return true, err
			}
		}
		if err := apply(ctx, databases[s.Database], s); err != nil {
			return true, fmt.Errorf("cannot bring about that %s: %w", s.Name, err)
		}
	}
	return true, nil
}

// apply runs a statement unless what it brings about holds already.
func apply(ctx context.Context, conn *pgx.Conn, s component.Statement) error {
	if s.Holds != "" {
		var holds bool
		if err := conn.QueryRow(ctx, s.Holds).Scan(&holds); err != nil {
			return err
		}
		if holds {
			return nil
		}
	}
	_, err := conn.Exec(ctx, s.Exec)
	return err
}

// checkRoles tells which declared role or database this node does not see yet.
func (b *bringUp) checkRoles(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, peerTimeout)
	defer cancel()
	conn, err := b.local(ctx, "postgres")
	if err != nil {
		return err
	}
	defer closeQuietly(conn)
	for _, s := range templates.Statements(b.view(), b.spec.Node.Verifiers) {
		if s.Holds == "" || s.Database != "postgres" {
			continue
		}
		var holds bool
		if err := conn.QueryRow(ctx, s.Holds).Scan(&holds); err != nil {
			return fmt.Errorf("cannot look whether %s: %w", s.Name, err)
		}
		if !holds {
			return fmt.Errorf("the leader has not yet seen to it that %s", s.Name)
		}
	}
	return nil
}

// local connects to this node's PostgreSQL through its Unix socket; ident maps root to
// the superuser.
func (b *bringUp) local(ctx context.Context, database string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig("")
	if err != nil {
		return nil, fmt.Errorf("cannot connect to PostgreSQL: %w", err)
	}
	cfg.Host, cfg.Port = b.platform.SocketDir, uint16(b.spec.Cluster.Settings.Patroni.PostgreSQLPort)
	cfg.User, cfg.Database, cfg.Password = patroni.RoleSuperuser, database, ""
	cfg.TLSConfig, cfg.Fallbacks = nil, nil
	cfg.ConnectTimeout = peerTimeout
	cfg.RuntimeParams["application_name"] = "nodeinit"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to PostgreSQL on this node: %w", err)
	}
	return conn, nil
}

// closeQuietly ends a connection; the server cleans up after one that breaks.
func closeQuietly(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := conn.Close(ctx); err != nil {
		return
	}
}
