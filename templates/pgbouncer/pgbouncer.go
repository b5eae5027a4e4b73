// Package pgbouncer is the connection pooler beside every PostgreSQL.
package pgbouncer

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/pgtls"
)

const (
	dir = "/etc/pgc/pgbouncer"
	tls = dir + "/tls"
	// serverCA verifies PostgreSQL's certificate, and PgBouncer's own for the probe.
	serverCA = tls + "/server-ca.crt"
	// user is PgBouncer's own account: Debian runs it as postgres, whom peer authentication
	// makes a superuser.
	user = "pgbouncer"
	Unit = "pgc-pgbouncer.service"
)

// New makes the component.
func New(s Settings, p patroni.Settings) component.Component {
	return component.Component{
		Name:     "pgbouncer",
		On:       func(n component.Node) bool { return n.Has(component.RolePostgres) },
		Packages: func(v component.View) []string { return v.Platform.PackagesOf("pgbouncer", 0) },
		Masks:    func(v component.View) []string { return v.Platform.MasksOf("pgbouncer", 0) },
		Users: func(component.View) []component.User {
			return []component.User{{Name: user, Group: user, Home: "/nonexistent"}}
		},
		Certs: func(v component.View) []component.Certificate {
			return []component.Certificate{
				patroni.ServerCert(v, "pgbouncer/server", tls+"/server.crt", tls+"/server.key", user),
				{Name: "pgbouncer/client", CA: patroni.ClientCA, CommonName: patroni.LookupCN(v.Node), Client: true,
					CertPath: tls + "/client.crt", KeyPath: tls + "/client.key", Owner: user, Group: user},
			}
		},
		Trusts: func(component.View) []component.Trust {
			return []component.Trust{{CA: patroni.ServerCA, Path: serverCA}}
		},
		Files: func(v component.View) ([]component.File, error) { return s.files(v, p) },
		Units: units,
		Ports: func(v component.View) []component.Port {
			return []component.Port{{Address: v.Node.IP().String(), Number: s.ListenPort, Setting: "pgbouncer.listen_port"}}
		},
		Ready: s.ready,
		Rules: s.rules,
	}
}

// readyTimeout bounds one try of the probe; emulated machines need seconds for a handshake.
const readyTimeout = 10 * time.Second

// ready proves that PgBouncer serves clients that verify its certificate.
func (s Settings) ready(v component.View) component.Probe {
	ip := v.Node.IP().String()
	address := net.JoinHostPort(ip, strconv.Itoa(s.ListenPort))
	return component.Probe{
		Sentence: fmt.Sprintf("PgBouncer on %s accepts TLS connections", v.Node.Name),
		Check: func(ctx context.Context, a component.Access) error {
			ctx, cancel := context.WithTimeout(ctx, readyTimeout)
			defer cancel()
			config, err := component.TLSFiles{CA: serverCA}.Config(a)
			if err == nil {
				config.ServerName = ip
				err = pgtls.Handshake(ctx, address, config)
			}
			if err != nil {
				return fmt.Errorf("PgBouncer on %s: %w", v.Node.Name, err)
			}
			return nil
		},
	}
}
