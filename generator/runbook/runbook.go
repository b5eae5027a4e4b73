// Package runbook writes RUNBOOK.md: what people do with one cluster, with its own names,
// addresses and paths.
package runbook

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/pgcgen/pgcgen/generator/pki"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/etcd"
	"github.com/pgcgen/pgcgen/templates/haproxy"
	"github.com/pgcgen/pgcgen/templates/keepalived"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/pgbouncer"
	"github.com/pgcgen/pgcgen/templates/platform"
)

//go:embed RUNBOOK.md.tmpl
var text string

var runbook = template.Must(template.New("RUNBOOK.md").Option("missingkey=error").
	Funcs(template.FuncMap{"roles": roles}).Parse(text))

// Input is what a runbook is about.
type Input struct {
	Cluster spec.Cluster
	// Inventory and State are the paths the user gave, for commands to copy.
	Inventory, State string
	// Expiry lists certificates; see pki.Authority.
	Expiry []pki.Expiry
}

type page struct {
	spec.Cluster
	Inventory, State string
	Expiry           []pki.Expiry
	ServerCA         string
	// Entry is the host that clients connect to; Database and User are declared ones.
	Entry, Database, User string
	Services              []service
	EtcdEndpoints         string
	Paths                 paths
	Ports                 ports
	// Prefix is that of Patroni's keys in etcd.
	Prefix    string
	Socket    string
	Superuser string
	// Replica is a node to name in examples; empty in a cluster of one.
	Replica  string
	Quorum   string
	Units    []string
	Firewall []opening
}

type service struct {
	What string
	Port int
}

type paths struct{ EtcdCA, EtcdCert, EtcdKey, Patroni string }

type ports struct{ PostgreSQL int }

// Markdown writes the runbook. Same input, same bytes.
func Markdown(in Input) ([]byte, error) {
	c := in.Cluster
	p, err := c.Platform()
	if err != nil {
		return nil, fmt.Errorf("cannot write runbook: %w", err)
	}
	page := describe(in, p)
	var b strings.Builder
	if err := runbook.Execute(&b, page); err != nil {
		return nil, fmt.Errorf("cannot write runbook: %w", err)
	}
	return []byte(b.String()), nil
}

func describe(in Input, p platform.Platform) page {
	c, h := in.Cluster, in.Cluster.Settings.HAProxy
	page := page{
		Cluster: c, Inventory: in.Inventory, State: in.State, Expiry: summary(in.Expiry, c),
		ServerCA: patroni.ServerCA,
		Entry:    entry(c), Database: "postgres", User: "<user>",
		Services: []service{
			{"read and write, on the leader", h.ReadWritePort},
			{"read only, on the replicas", h.ReadOnlyPort},
			{"read and write, pooled by PgBouncer", h.PooledReadWritePort},
			{"read only, pooled by PgBouncer", h.PooledReadOnlyPort},
		},
		Paths:     paths{etcd.ClientCA, etcd.AgentCrt, etcd.AgentKey, patroni.ConfigFile},
		Ports:     ports{c.Settings.Patroni.PostgreSQLPort},
		Prefix:    c.Settings.Patroni.KeyPrefix(c.Name),
		Socket:    p.SocketDir,
		Superuser: patroni.RoleSuperuser,
		Quorum:    quorum(c),
		Units:     units(c),
		Firewall:  firewall(c),
	}
	var endpoints []string
	for _, n := range c.With(component.RoleEtcd) {
		endpoints = append(endpoints, c.Settings.Etcd.ClientURL(n))
	}
	page.EtcdEndpoints = strings.Join(endpoints, ",")
	if len(c.PostgreSQL.Databases) > 0 {
		page.Database = c.PostgreSQL.Databases[0].Name
	}
	if len(c.PostgreSQL.Users) > 0 {
		page.User = c.PostgreSQL.Users[0].Name
	}
	if servers := c.With(component.RolePostgres); len(servers) > 1 {
		page.Replica = servers[1].Name
	}
	return page
}

// entry is the host clients connect to: the virtual address by its name where it has one,
// else the first proxy.
func entry(c spec.Cluster) string {
	switch proxies := c.With(component.RoleHAProxy); {
	case c.VIP.Name != "":
		return c.VIP.Name
	case c.VIP.Set():
		return c.VIP.Address.Addr().String()
	case len(proxies) > 0:
		return proxies[0].IP().String()
	default:
		return c.With(component.RolePostgres)[0].IP().String()
	}
}

// quorum says what the loss of one machine means.
func quorum(c spec.Cluster) string {
	switch n := len(c.With(component.RoleEtcd)); n {
	case 1:
		return "with its one etcd member the cluster has lost its memory of who leads; the data of other nodes is intact"
	case 2:
		return "the other etcd member cannot decide alone, so PostgreSQL becomes read-only until a majority is back"
	default:
		return "the cluster goes on, because " + strconv.Itoa(n/2+1) + " of " + strconv.Itoa(n) + " etcd members are enough"
	}
}

// units lists the cluster's services, in boot order.
func units(c spec.Cluster) []string {
	var out []string
	for _, u := range []struct {
		role component.Role
		name string
	}{
		{component.RoleEtcd, etcd.Unit}, {component.RolePostgres, patroni.Unit}, {component.RolePostgres, pgbouncer.Unit},
		{component.RoleHAProxy, haproxy.Unit}, {component.RoleKeepalived, keepalived.Unit},
	} {
		if len(c.With(u.role)) > 0 {
			out = append(out, u.name)
		}
	}
	return out
}

func roles(n component.Node) string {
	var list []string
	for _, r := range n.Roles {
		list = append(list, string(r))
	}
	return strings.Join(list, ", ")
}

// summary keeps the authorities, and of each node the certificate that ends first.
func summary(all []pki.Expiry, c spec.Cluster) []pki.Expiry {
	var out []pki.Expiry
	seen := map[string]bool{}
	for _, e := range all {
		node, _, isLeaf := strings.Cut(e.Name, "/")
		if _, known := c.Find(node); isLeaf && known {
			if seen[node] {
				continue
			}
			seen[node] = true
			e.Name = "node " + node + ", the first of its own"
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b pki.Expiry) int { return strings.Compare(a.Name, b.Name) })
	return out
}
