// Package etcd is the cluster's distributed configuration store: where Patroni keeps the
// leader's lock.
package etcd

import (
	"fmt"
	"net"
	"strconv"

	"github.com/pgcgen/pgcgen/templates/component"
)

// Names that others know etcd's parts by.
const (
	// CA signs the certificates of the client port: servers' and clients'.
	CA = "etcd"
	// PeerCA signs what members show each other. It is an authority of its own, so that a
	// client's certificate never makes a member.
	PeerCA = "etcd-peer"
	// AgentCert is nodeinit's client identity, PatroniCert is Patroni's.
	AgentCert   = "etcd/nodeinit"
	PatroniCert = "etcd/patroni"
	Unit        = "pgc-etcd.service"
)

// Where the files of the clients are, on every node that has one.
const (
	ClientCA   = "/etc/pgc/etcd-client/ca.crt"
	AgentCrt   = "/etc/pgc/etcd-client/nodeinit.crt"
	AgentKey   = "/etc/pgc/etcd-client/nodeinit.key"
	PatroniCrt = "/etc/pgc/etcd-client/patroni.crt"
	PatroniKey = "/etc/pgc/etcd-client/patroni.key"
)

const (
	dir     = "/etc/pgc/etcd"
	dataDir = "/var/lib/pgc/etcd"
	user    = "etcd"
)

// Settings are etcd's options under their upstream names.
type Settings struct {
	// HeartbeatInterval is the time between a leader's heartbeats, in milliseconds.
	HeartbeatInterval int `json:"heartbeat-interval,omitempty" yaml:"heartbeat-interval"`
	// ElectionTimeout is how long a follower waits without a heartbeat before it stands for
	// election, in milliseconds; at least five heartbeats.
	ElectionTimeout int `json:"election-timeout,omitempty" yaml:"election-timeout"`
	// AutoCompactionRetention is how much history is kept, as a duration ("1h").
	AutoCompactionRetention string `json:"auto-compaction-retention,omitempty" yaml:"auto-compaction-retention"`
	// QuotaBackendBytes is the size at which etcd refuses to grow. Patroni's data is KBs.
	QuotaBackendBytes int64 `json:"quota-backend-bytes,omitempty" yaml:"quota-backend-bytes"`
	// ClientPort and PeerPort are the ports of listen-client-urls and listen-peer-urls.
	ClientPort int `json:"client-port,omitempty" yaml:"client-port"`
	PeerPort   int `json:"peer-port,omitempty" yaml:"peer-port"`
}

// timings per profile, in milliseconds: etcd's own defaults suit a local network; an
// emulated machine misses heartbeats at them and elects for ever (measured).
var timings = map[component.Profile][2]int{
	component.ProfileFast: {100, 1000},
	component.ProfileNorm: {100, 1000},
	component.ProfileWide: {300, 3000},
	component.ProfileSlow: {500, 5000},
}

// WithDefaults fills what the inventory left out.
func (s Settings) WithDefaults(p component.Profile, _ component.Topology) Settings {
	t := timings[p]
	component.Default(&s.HeartbeatInterval, t[0])
	component.Default(&s.ElectionTimeout, t[1])
	component.Default(&s.AutoCompactionRetention, "1h")
	component.Default(&s.QuotaBackendBytes, 512<<20)
	component.Default(&s.ClientPort, 2379)
	component.Default(&s.PeerPort, 2380)
	return s
}

// ClientURL is where clients reach a node's etcd.
func (s Settings) ClientURL(n component.Node) string { return "https://" + hostPort(n, s.ClientPort) }

// PeerURL is where members reach a node's etcd.
func (s Settings) PeerURL(n component.Node) string { return "https://" + hostPort(n, s.PeerPort) }

func hostPort(n component.Node, port int) string {
	return net.JoinHostPort(n.IP().String(), strconv.Itoa(port))
}

// New makes the component.
func New(s Settings) component.Component {
	return component.Component{
		Name:     "etcd",
		On:       func(n component.Node) bool { return n.Has(component.RoleEtcd) },
		Packages: func(v component.View) []string { return v.Platform.PackagesOf("etcd", 0) },
		Masks:    func(v component.View) []string { return v.Platform.MasksOf("etcd", 0) },
		Certs:    certs,
		Trusts:   trusts,
		Dirs: func(component.View) []component.Dir {
			return []component.Dir{
				{Path: "/var/lib/pgc", Mode: 0o755},
				{Path: dataDir, Mode: 0o700, Owner: user, Group: user},
			}
		},
		Files: s.files,
		Units: units,
		Ports: func(v component.View) []component.Port {
			ip := v.Node.IP().String()
			return []component.Port{{Address: ip, Number: s.ClientPort, Setting: "etcd.client-port"}, {Address: ip, Number: s.PeerPort, Setting: "etcd.peer-port"}}
		},
		Ready: s.ready,
		Rules: s.rules,
	}
}

func certs(v component.View) []component.Certificate {
	names, ip := v.DNSNames(v.Node), v.Node.IP().String()
	return []component.Certificate{
		{Name: "etcd/peer", CA: PeerCA, CommonName: v.Node.Name, DNSNames: names, IPs: []string{ip}, Server: true, Client: true,
			CertPath: dir + "/tls/peer.crt", KeyPath: dir + "/tls/peer.key", Owner: user, Group: user},
		Client(v, AgentCert, AgentCrt, AgentKey, ""),
		// The gRPC gateway dials its own server with the server's certificate: it needs both
		// usages.
		{Name: "etcd/server", CA: CA, CommonName: v.Node.Name, DNSNames: append(names, "localhost"), IPs: []string{ip, "127.0.0.1"}, Server: true, Client: true,
			CertPath: dir + "/tls/server.crt", KeyPath: dir + "/tls/server.key", Owner: user, Group: user},
	}
}

func trusts(component.View) []component.Trust {
	return []component.Trust{{CA: PeerCA, Path: dir + "/tls/peer-ca.crt"}, {CA: CA, Path: dir + "/tls/ca.crt"}, {CA: CA, Path: ClientCA}}
}

// Client is an identity for etcd's client port. Its common name is empty: the gateway
// refuses named ones once authentication is enabled (etcd issue 10366).
func Client(v component.View, name, cert, key, owner string) component.Certificate {
	return component.Certificate{Name: name, CA: CA, DNSNames: v.DNSNames(v.Node), IPs: []string{v.Node.IP().String()}, Client: true,
		CertPath: cert, KeyPath: key, Owner: owner, Group: owner}
}

func (s Settings) rules(t component.Topology) []component.Problem {
	var out []component.Problem
	if s.ElectionTimeout < 5*s.HeartbeatInterval {
		out = append(out, component.Problem{Path: "etcd.election-timeout",
			Message: fmt.Sprintf("%d ms is less than five heartbeats of %d ms", s.ElectionTimeout, s.HeartbeatInterval),
			Fix:     fmt.Sprintf("set it to at least %d, or heartbeat-interval lower", 5*s.HeartbeatInterval)})
	}
	switch n := len(t.With(component.RoleEtcd)); {
	case n == 0:
		out = append(out, component.Problem{Path: "nodes", Message: "no node has the role etcd", Fix: "give it to one, three or five nodes"})
	case n%2 == 0:
		out = append(out, component.Problem{Path: "nodes", Message: fmt.Sprintf("%d etcd members survive no more losses than %d", n, n-1),
			Fix: "use an odd number of nodes with the role etcd", Warning: true})
	}
	return out
}
