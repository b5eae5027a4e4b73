package component

import (
	"net/netip"
	"slices"

	"github.com/pgcgen/pgcgen/templates/platform"
)

// Role is what a node does in the cluster.
type Role string

// The roles a node can have. PgBouncer runs wherever PostgreSQL does.
const (
	RoleEtcd       Role = "etcd"
	RolePostgres   Role = "postgres"
	RoleHAProxy    Role = "haproxy"
	RoleKeepalived Role = "keepalived"
)

// Roles lists every role in boot order.
func Roles() []Role { return []Role{RoleEtcd, RolePostgres, RoleHAProxy, RoleKeepalived} }

// Node is one machine of the cluster, as all its peers know it.
type Node struct {
	Name string `json:"name" yaml:"name"`
	// Address is the node's address with its network's prefix length.
	Address netip.Prefix `json:"address" yaml:"address"`
	// MAC selects the network interface; Interface names it instead. At most one is set.
	MAC       string `json:"mac,omitempty" yaml:"mac"`
	Interface string `json:"interface,omitempty" yaml:"interface"`
	Roles     []Role `json:"roles" yaml:"roles"`
}

// IP is the node's address without its prefix length.
func (n Node) IP() netip.Addr { return n.Address.Addr() }

// Has reports whether the node has a role.
func (n Node) Has(r Role) bool { return slices.Contains(n.Roles, r) }

// Follow is what a virtual address follows.
type Follow string

const (
	// FollowProxy keeps the address on any node whose HAProxy works.
	FollowProxy Follow = "proxy"
	// FollowLeader keeps the address on the node whose PostgreSQL is the Patroni leader.
	FollowLeader Follow = "leader"
)

// VIP is the address that clients connect to.
type VIP struct {
	Address netip.Prefix `json:"address" yaml:"address"`
	Follow  Follow       `json:"follow,omitempty" yaml:"follow"`
	// Name is a DNS name that clients use for the address; certificates carry it.
	Name string `json:"name,omitempty" yaml:"name"`
}

// Set reports whether the cluster has a virtual address.
func (v VIP) Set() bool { return v.Address.IsValid() }

// Network is what every node's interface needs besides its address.
type Network struct {
	Gateway     netip.Addr   `json:"gateway,omitzero" yaml:"gateway"`
	Nameservers []netip.Addr `json:"nameservers,omitempty" yaml:"nameservers"`
	NTP         []string     `json:"ntp,omitempty" yaml:"ntp"`
	// Domain completes node names to fully qualified ones; it may be empty.
	Domain string `json:"domain,omitempty" yaml:"domain"`
}

// PostgreSQL is the database to install and what it must contain.
type PostgreSQL struct {
	Vendor    string     `json:"vendor" yaml:"vendor"`
	Version   int        `json:"version" yaml:"version"`
	Users     []Login    `json:"users,omitempty" yaml:"users"`
	Databases []Database `json:"databases,omitempty" yaml:"databases"`
}

// Login is a PostgreSQL role that people or applications log in with.
type Login struct {
	Name string `json:"name" yaml:"name"`
	// Options are CREATE ROLE attributes without arguments, as CREATEDB.
	Options []string `json:"options,omitempty" yaml:"options"`
	// ConnectionLimit is CREATE ROLE's CONNECTION LIMIT; 0 means no limit.
	ConnectionLimit int `json:"connection_limit,omitempty" yaml:"connection_limit"`
}

// Database is a PostgreSQL database and its owner.
type Database struct {
	Name  string `json:"name" yaml:"name"`
	Owner string `json:"owner,omitempty" yaml:"owner"`
}

// Topology is what every component may know of the whole cluster.
type Topology struct {
	// Name is the cluster's name: Patroni's scope.
	Name       string     `json:"name"`
	UUID       string     `json:"uuid"`
	Nodes      []Node     `json:"nodes"`
	VIP        VIP        `json:"vip,omitzero"`
	Network    Network    `json:"network"`
	PostgreSQL PostgreSQL `json:"postgresql"`
}

// With lists the nodes that have a role, in the inventory's order.
func (t Topology) With(r Role) []Node {
	var out []Node
	for _, n := range t.Nodes {
		if n.Has(r) {
			out = append(out, n)
		}
	}
	return out
}

// FQDN is a node's fully qualified name, or its name when the cluster has no domain.
func (t Topology) FQDN(n Node) string {
	if t.Network.Domain == "" {
		return n.Name
	}
	return n.Name + "." + t.Network.Domain
}

// DNSNames are the names a server certificate of a node carries: older HAProxy and
// name-based clients match names and never addresses.
func (t Topology) DNSNames(n Node) []string {
	names := []string{n.Name}
	if fqdn := t.FQDN(n); fqdn != n.Name {
		names = append(names, fqdn)
	}
	return names
}

// View is everything a component sees when it renders for one node.
type View struct {
	Topology
	Node     Node
	Platform platform.Platform
	Facts    Facts
}

// Facts are what is only known on the machine itself, at boot. The generator fills them
// from the platform's declared versions.
type Facts struct {
	// MemoryBytes and CPUs size what is sized by the machine.
	MemoryBytes uint64 `json:"memory_bytes"`
	CPUs        int    `json:"cpus"`
	// Interface carries the node's address.
	Interface string `json:"interface"`
	// Versions are the upstream versions of the installed components: "etcd" -> "3.5.16".
	Versions map[string]string `json:"versions"`
	// Watchdog is the watchdog device, empty when the machine has none.
	Watchdog string `json:"watchdog,omitempty"`
	// Birth is how etcd is told to start, decided by nodeinit/membership.
	Birth Birth `json:"birth,omitzero"`
	// Bootstrap permits this node to run initdb: only then is Patroni's bootstrap
	// section rendered.
	Bootstrap bool `json:"bootstrap"`
}

// Birth is the answer to "who may start etcd, and how": the initial-* options of etcd.
type Birth struct {
	// State is etcd's initial-cluster-state: "new" or "existing".
	State string `json:"state,omitempty"`
	// Token is etcd's initial-cluster-token.
	Token   string   `json:"token,omitempty"`
	Members []Member `json:"members,omitempty"`
}

// Member is an etcd member as initial-cluster lists it.
type Member struct {
	Name    string `json:"name"`
	PeerURL string `json:"peer_url"`
}
