// Package patroni is PostgreSQL under Patroni, which decides who leads.
package patroni

import (
	"net"
	"path"
	"strconv"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/etcd"
)

// Names that others know Patroni's parts by.
const (
	// RestCA signs the certificates of Patroni's REST API: servers' and writers'.
	RestCA = "rest"
	// ServerCA signs the certificates that clients of the database verify.
	ServerCA = "postgres"
	// ClientCA signs the certificates that nodes log in to each other's PostgreSQL with.
	ClientCA = "postgres-client"
	// MonitorCert is nodeinit's identity for looking at other nodes' PostgreSQL.
	MonitorCert = "postgres/monitor"
	Unit        = "pgc-patroni.service"
	User        = "postgres"
)

// Roles of PostgreSQL that the cluster itself uses. None has a password: the superuser
// comes through the Unix socket, all others with a node's client certificate.
const (
	RoleSuperuser   = "postgres"
	RoleReplication = "replicator"
	RoleRewind      = "rewind"
	RoleMonitor     = "pgc_monitor"
	RoleLookup      = "pgbouncer"
)

const (
	dir = "/etc/pgc/patroni"
	tls = dir + "/tls"
	// RestCAFile is the REST API's authority, readable by everyone on the node.
	RestCAFile = tls + "/rest-ca.crt"
	// ConfigFile is Patroni's configuration.
	ConfigFile = dir + "/patroni.yml"
)

// Settings are Patroni's options under their upstream names.
type Settings struct {
	// Namespace is the prefix of Patroni's keys in etcd.
	Namespace string `json:"namespace,omitempty" yaml:"namespace"`
	// TTL is how long the leader's lock outlives its last renewal, in seconds.
	TTL int `json:"ttl,omitempty" yaml:"ttl"`
	// LoopWait is the pause between Patroni's rounds, in seconds.
	LoopWait int `json:"loop_wait,omitempty" yaml:"loop_wait"`
	// RetryTimeout bounds operations on etcd and PostgreSQL, in seconds; shorter outages do
	// not demote the leader.
	RetryTimeout int `json:"retry_timeout,omitempty" yaml:"retry_timeout"`
	// MaximumLagOnFailover is how far behind, in bytes, a replica may be and still be
	// promoted in asynchronous mode.
	MaximumLagOnFailover int64 `json:"maximum_lag_on_failover,omitempty" yaml:"maximum_lag_on_failover"`
	// PrimaryStartTimeout is how long a crashed primary may recover before a replica takes
	// over, in seconds.
	PrimaryStartTimeout int `json:"primary_start_timeout,omitempty" yaml:"primary_start_timeout"`
	// SynchronousMode acknowledges a commit only when a replica has it, and promotes only
	// such a replica.
	SynchronousMode bool `json:"synchronous_mode,omitempty" yaml:"synchronous_mode"`
	// SynchronousModeStrict refuses writes while there is no synchronous replica.
	SynchronousModeStrict bool `json:"synchronous_mode_strict,omitempty" yaml:"synchronous_mode_strict"`
	// SynchronousNodeCount is how many replicas are synchronous.
	SynchronousNodeCount int `json:"synchronous_node_count,omitempty" yaml:"synchronous_node_count"`
	// FailsafeMode keeps the leader while etcd is down and all members answer. Unset, it is
	// on from Patroni 4.0.7, the first that honours it with etcd3, with three members.
	FailsafeMode *bool `json:"failsafe_mode,omitempty" yaml:"failsafe_mode"`
	// RestAPIPort is the port of restapi.listen.
	RestAPIPort int `json:"restapi_port,omitempty" yaml:"restapi_port"`
	// PostgreSQLPort is PostgreSQL's port.
	PostgreSQLPort int `json:"postgresql_port,omitempty" yaml:"postgresql_port"`
	// DataDir is PostgreSQL's data directory; unset, the platform's.
	DataDir string `json:"data_dir,omitempty" yaml:"data_dir"`
	// Parameters are PostgreSQL's parameters, kept in etcd for all members.
	Parameters map[string]string `json:"parameters,omitempty" yaml:"parameters"`
	// PgHBA are further lines of pg_hba.conf, after the cluster's own.
	PgHBA []string `json:"pg_hba,omitempty" yaml:"pg_hba"`
}

type timing struct{ ttl, loop, retry, start int }

// timings per profile, in seconds; each keeps loop_wait + 2*retry_timeout <= ttl. Slow is
// what emulated machines were measured to need.
var timings = map[component.Profile]timing{
	component.ProfileFast: {20, 5, 5, 15},
	component.ProfileNorm: {30, 10, 10, 30},
	component.ProfileWide: {120, 20, 30, 95},
	component.ProfileSlow: {90, 10, 30, 300},
}

// WithDefaults fills what the inventory left out.
func (s Settings) WithDefaults(p component.Profile, _ component.Topology) Settings {
	t := timings[p]
	component.Default(&s.Namespace, "/service/")
	component.Default(&s.TTL, t.ttl)
	component.Default(&s.LoopWait, t.loop)
	component.Default(&s.RetryTimeout, t.retry)
	component.Default(&s.PrimaryStartTimeout, t.start)
	component.Default(&s.MaximumLagOnFailover, 1<<20)
	component.Default(&s.SynchronousNodeCount, 1)
	component.Default(&s.RestAPIPort, 8008)
	component.Default(&s.PostgreSQLPort, 5432)
	return s
}

// RestURL is where a node's Patroni answers.
func (s Settings) RestURL(n component.Node) string { return "https://" + hostPort(n, s.RestAPIPort) }

// KeyPrefix is the prefix of the cluster's keys in etcd.
func (s Settings) KeyPrefix(scope string) string { return path.Join(s.Namespace, scope) + "/" }

// Data is the data directory on a platform.
func (s Settings) Data(v component.View) string {
	if s.DataDir != "" {
		return s.DataDir
	}
	return strings.NewReplacer("%d", strconv.Itoa(v.PostgreSQL.Version), "%s", v.Name).Replace(v.Platform.DataDir)
}

func hostPort(n component.Node, port int) string {
	return net.JoinHostPort(n.IP().String(), strconv.Itoa(port))
}

// New makes the component.
func New(s Settings, e etcd.Settings) component.Component {
	return component.Component{
		Name:     "patroni",
		Needs:    []string{"etcd"},
		On:       func(n component.Node) bool { return n.Has(component.RolePostgres) },
		Packages: func(v component.View) []string { return v.Platform.PackagesOf("patroni", v.PostgreSQL.Version) },
		Masks:    func(v component.View) []string { return v.Platform.MasksOf("patroni", v.PostgreSQL.Version) },
		Certs:    certs,
		Trusts:   trusts,
		Dirs:     s.dirs,
		Files:    func(v component.View) ([]component.File, error) { return s.files(v, e) },
		Units:    s.units,
		Ports: func(v component.View) []component.Port {
			ip := v.Node.IP().String()
			return []component.Port{{Address: ip, Number: s.RestAPIPort, Setting: "patroni.restapi_port"}, {Address: ip, Number: s.PostgreSQLPort, Setting: "patroni.postgresql_port"}}
		},
		Ready: s.ready,
		Rules: s.rules,
	}
}

// dirs makes the parents of the data directory; the directory itself is initdb's.
func (s Settings) dirs(v component.View) []component.Dir {
	return []component.Dir{{Path: path.Dir(s.Data(v)), Mode: 0o755, Owner: User, Group: User}}
}

func certs(v component.View) []component.Certificate {
	names, ip := v.DNSNames(v.Node), v.Node.IP().String()
	list := []component.Certificate{
		etcd.Client(v, etcd.PatroniCert, etcd.PatroniCrt, etcd.PatroniKey, User),
		// One identity serves the REST API and calls other members' writing methods.
		{Name: "patroni/rest", CA: RestCA, CommonName: v.Node.Name, DNSNames: names, IPs: []string{ip}, Server: true, Client: true,
			CertPath: tls + "/rest.crt", KeyPath: tls + "/rest.key", Owner: User, Group: User},
		ServerCert(v, "postgres/server", tls+"/server.crt", tls+"/server.key", User),
		{Name: "postgres/node", CA: ClientCA, CommonName: NodeCN(v.Node), Client: true,
			CertPath: tls + "/node.crt", KeyPath: tls + "/node.key", Owner: User, Group: User},
		{Name: MonitorCert, CA: ClientCA, CommonName: MonitorCN(v.Node), Client: true,
			CertPath: tls + "/monitor.crt", KeyPath: tls + "/monitor.key"},
	}
	return append(list, etcd.Client(v, etcd.AgentCert, etcd.AgentCrt, etcd.AgentKey, ""))
}

// ServerCert is an identity that clients of the database verify, whatever address or name
// of the node, or of the cluster, they came by.
func ServerCert(v component.View, name, cert, key, owner string) component.Certificate {
	c := component.Certificate{Name: name, CA: ServerCA, CommonName: v.Node.Name, Server: true, CertPath: cert, KeyPath: key, Owner: owner, Group: owner}
	c.DNSNames = append(v.DNSNames(v.Node), "localhost")
	c.IPs = []string{v.Node.IP().String(), "127.0.0.1"}
	if v.VIP.Set() {
		c.IPs = append(c.IPs, v.VIP.Address.Addr().String())
	}
	if v.VIP.Name != "" {
		c.DNSNames = append(c.DNSNames, v.VIP.Name)
	}
	return c
}

// NodeCN is the common name of a node's own certificate; pg_ident maps it to roles.
func NodeCN(n component.Node) string { return "node:" + n.Name }

// MonitorCN names nodeinit's certificate of a node.
func MonitorCN(n component.Node) string { return "monitor:" + n.Name }

// LookupCN names PgBouncer's certificate of a node.
func LookupCN(n component.Node) string { return "pgbouncer:" + n.Name }

func trusts(component.View) []component.Trust {
	return []component.Trust{
		{CA: etcd.CA, Path: etcd.ClientCA},
		{CA: RestCA, Path: RestCAFile},
		{CA: ServerCA, Path: tls + "/server-ca.crt"},
		{CA: ClientCA, Path: tls + "/client-ca.crt"},
	}
}
