package runbook

import (
	"strconv"
	"strings"

	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/templates/component"
)

// opening is a row of the table of ports.
type opening struct{ Port, On, Program, From string }

// firewall lists who must reach what. Nodes look at each other with nodeinit, too.
func firewall(c spec.Cluster) []opening {
	s := c.Settings
	all := names(c.Nodes)
	members, servers := names(c.With(component.RoleEtcd)), names(c.With(component.RolePostgres))
	proxies, keepers := names(c.With(component.RoleHAProxy)), names(c.With(component.RoleKeepalived))
	rows := []opening{
		{tcp(s.Etcd.ClientPort), members, "etcd, for Patroni and nodeinit", all},
		{tcp(s.Etcd.PeerPort), members, "etcd, between members", members},
		{tcp(s.Patroni.RestAPIPort), servers, "Patroni's REST API", all},
		{tcp(s.Patroni.PostgreSQLPort), servers, "PostgreSQL", all},
		{tcp(s.PgBouncer.ListenPort), servers, "PgBouncer", all},
	}
	if proxies != "" {
		rows = append(rows,
			opening{tcp(s.HAProxy.ReadWritePort), proxies, "HAProxy, read-write", "clients"},
			opening{tcp(s.HAProxy.ReadOnlyPort), proxies, "HAProxy, read-only", "clients"},
			opening{tcp(s.HAProxy.PooledReadWritePort), proxies, "HAProxy, pooled read-write", "clients"},
			opening{tcp(s.HAProxy.PooledReadOnlyPort), proxies, "HAProxy, pooled read-only", "clients"},
			opening{tcp(s.HAProxy.StatsPort), proxies, "HAProxy's statistics", "the node itself"})
	}
	if keepers != "" {
		rows = append(rows, opening{"VRRP (IP protocol 112)", keepers, "keepalived", keepers})
	}
	return rows
}

func tcp(port int) string { return strconv.Itoa(port) + "/tcp" }

func names(nodes []component.Node) string {
	var list []string
	for _, n := range nodes {
		list = append(list, n.Name)
	}
	return strings.Join(list, ", ")
}
