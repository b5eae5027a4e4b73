package pgbouncer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
)

// Settings are PgBouncer's options under their upstream names. What is unset here and has
// no default of ours is left to PgBouncer.
type Settings struct {
	// ListenPort is the port clients connect to.
	ListenPort int `json:"listen_port,omitempty" yaml:"listen_port"`
	// PoolMode says when a server connection returns to its pool: session, transaction or
	// statement.
	PoolMode string `json:"pool_mode,omitempty" yaml:"pool_mode"`
	// MaxClientConn is how many client connections are allowed.
	MaxClientConn int `json:"max_client_conn,omitempty" yaml:"max_client_conn"`
	// DefaultPoolSize is how many server connections a user has per database; MinPoolSize is
	// how many are kept open, ReservePoolSize how many more a pool may open under load.
	DefaultPoolSize int `json:"default_pool_size,omitempty" yaml:"default_pool_size"`
	MinPoolSize     int `json:"min_pool_size,omitempty" yaml:"min_pool_size"`
	ReservePoolSize int `json:"reserve_pool_size,omitempty" yaml:"reserve_pool_size"`
	// MaxDBConnections and MaxUserConnections limit server connections per database and per
	// user, over all pools.
	MaxDBConnections   int `json:"max_db_connections,omitempty" yaml:"max_db_connections"`
	MaxUserConnections int `json:"max_user_connections,omitempty" yaml:"max_user_connections"`
	// MaxPreparedStatements is how many protocol-level prepared statements are kept per
	// server connection, from PgBouncer 1.21; 0 keeps none.
	MaxPreparedStatements *int `json:"max_prepared_statements,omitempty" yaml:"max_prepared_statements"`
	// IgnoreStartupParameters are parameters of clients that are accepted and not passed on.
	IgnoreStartupParameters []string `json:"ignore_startup_parameters,omitempty" yaml:"ignore_startup_parameters"`
	// QueryWaitTimeout is how long a query waits for a server connection, in seconds.
	QueryWaitTimeout int `json:"query_wait_timeout,omitempty" yaml:"query_wait_timeout"`
	// ServerLifetime and ServerIdleTimeout are the ages at which an unused server connection
	// is closed, in seconds.
	ServerLifetime    int `json:"server_lifetime,omitempty" yaml:"server_lifetime"`
	ServerIdleTimeout int `json:"server_idle_timeout,omitempty" yaml:"server_idle_timeout"`
	// ServerConnectTimeout bounds logging in to PostgreSQL and ServerLoginRetry is the pause
	// after a failure, in seconds.
	ServerConnectTimeout int `json:"server_connect_timeout,omitempty" yaml:"server_connect_timeout"`
	ServerLoginRetry     int `json:"server_login_retry,omitempty" yaml:"server_login_retry"`
	// AdminUsers and StatsUsers may use the console over the network, for all commands and
	// for reading. Without them, only PgBouncer's own account may, by its Unix socket (from 1.24).
	AdminUsers []string `json:"admin_users,omitempty" yaml:"admin_users"`
	StatsUsers []string `json:"stats_users,omitempty" yaml:"stats_users"`
}

// retries per profile, in seconds: connect timeout and pause after a failed login. The
// pause is short because it is what clients wait for after a failover; PgBouncer's own
// default is 15.
var retries = map[component.Profile][2]int{
	component.ProfileFast: {5, 1},
	component.ProfileNorm: {5, 1},
	component.ProfileWide: {15, 2},
	component.ProfileSlow: {60, 5},
}

// WithDefaults fills what the inventory left out.
func (s Settings) WithDefaults(p component.Profile, _ component.Topology) Settings {
	component.Default(&s.ListenPort, 6432)
	component.Default(&s.PoolMode, "transaction")
	component.Default(&s.MaxClientConn, 1000)
	component.Default(&s.DefaultPoolSize, 20)
	component.Default(&s.ServerConnectTimeout, retries[p][0])
	component.Default(&s.ServerLoginRetry, retries[p][1])
	if s.MaxPreparedStatements == nil {
		s.MaxPreparedStatements = new(200)
	}
	if s.IgnoreStartupParameters == nil {
		s.IgnoreStartupParameters = []string{"extra_float_digits", "options"}
	}
	return s
}

// rules are checked on settings that have their defaults.
func (s Settings) rules(t component.Topology) []component.Problem {
	var out []component.Problem
	add := func(key, message, fix string) {
		out = append(out, component.Problem{Path: "pgbouncer." + key, Message: message, Fix: fix})
	}
	switch s.PoolMode {
	case "session", "transaction", "statement":
	default:
		add("pool_mode", fmt.Sprintf("%q is no pool mode", s.PoolMode), "use session, transaction or statement")
	}
	if len(s.IgnoreStartupParameters) > 0 && !slices.Contains(s.IgnoreStartupParameters, "options") {
		add("ignore_startup_parameters", `the list lacks "options": a crafted start-up packet can hang PgBouncer (CVE-2026-107349)`, `add "options"`)
	}
	for _, n := range s.numbers() {
		if n.value < n.least {
			add(n.key, fmt.Sprintf("%d is less than %d", n.value, n.least), fmt.Sprintf("set it to at least %d", n.least))
		}
	}
	for key, names := range map[string][]string{"ignore_startup_parameters": s.IgnoreStartupParameters, "admin_users": s.AdminUsers, "stats_users": s.StatsUsers} {
		for _, name := range names {
			if name == "" || strings.ContainsAny(name, ", \t\r\n;#\"'") {
				add(key, fmt.Sprintf("%q is not a name", name), "use letters, digits and underscores")
			}
		}
	}
	for _, d := range t.PostgreSQL.Databases {
		if slices.Contains(s.AdminUsers, d.Owner) {
			out = append(out, component.Problem{Path: "pgbouncer.admin_users", Warning: true,
				Message: fmt.Sprintf("%s owns database %s: an application could shut PgBouncer down", d.Owner, d.Name), Fix: "use a role of its own"})
		}
	}
	return out
}

type number struct {
	key          string
	value, least int
}

func (s Settings) numbers() []number {
	return []number{
		{"max_client_conn", s.MaxClientConn, 1}, {"default_pool_size", s.DefaultPoolSize, 1},
		{"min_pool_size", s.MinPoolSize, 0}, {"reserve_pool_size", s.ReservePoolSize, 0},
		{"max_db_connections", s.MaxDBConnections, 0}, {"max_user_connections", s.MaxUserConnections, 0},
		{"max_prepared_statements", *s.MaxPreparedStatements, 0}, {"query_wait_timeout", s.QueryWaitTimeout, 0},
		{"server_lifetime", s.ServerLifetime, 0}, {"server_idle_timeout", s.ServerIdleTimeout, 0},
		{"server_connect_timeout", s.ServerConnectTimeout, 1}, {"server_login_retry", s.ServerLoginRetry, 1},
	}
}
