// Package templates is the stack: which components there are, in which order they start
// and which of them knows which.
package templates

import (
	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/etcd"
	"github.com/pgcgen/pgcgen/templates/haproxy"
	"github.com/pgcgen/pgcgen/templates/keepalived"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/pgbouncer"
)

// Settings are the options of all components, each family under its component's name.
// The inventory and the spec share the type, so a value has one path in both.
type Settings struct {
	Etcd       etcd.Settings       `json:"etcd" yaml:"etcd"`
	Patroni    patroni.Settings    `json:"patroni" yaml:"patroni"`
	PgBouncer  pgbouncer.Settings  `json:"pgbouncer" yaml:"pgbouncer"`
	HAProxy    haproxy.Settings    `json:"haproxy" yaml:"haproxy"`
	Keepalived keepalived.Settings `json:"keepalived" yaml:"keepalived"`
}

// Components lists the stack in boot order. The arguments say who needs whom.
func (s Settings) Components() []component.Component {
	return []component.Component{
		etcd.New(s.Etcd),
		patroni.New(s.Patroni, s.Etcd),
		pgbouncer.New(s.PgBouncer, s.Patroni),
		haproxy.New(s.HAProxy, s.Patroni, s.PgBouncer),
		keepalived.New(s.Keepalived, s.Patroni, s.HAProxy),
	}
}

// WithDefaults completes the settings for a cluster: what the inventory left out gets the
// timing profile's or the component's default.
func (s Settings) WithDefaults(p component.Profile, t component.Topology) Settings {
	return Settings{
		Etcd:       s.Etcd.WithDefaults(p, t),
		Patroni:    s.Patroni.WithDefaults(p, t),
		PgBouncer:  s.PgBouncer.WithDefaults(p, t),
		HAProxy:    s.HAProxy.WithDefaults(p, t),
		Keepalived: s.Keepalived.WithDefaults(p, t),
	}
}

// Statements are what must hold in PostgreSQL, in the order in which they are brought
// about. Verifiers are SCRAM-SHA-256 verifiers by login name.
func Statements(v component.View, verifiers map[string]string) []component.Statement {
	return append(patroni.Statements(v, verifiers), pgbouncer.Statements(v)...)
}
