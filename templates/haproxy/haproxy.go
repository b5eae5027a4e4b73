// Package haproxy sends clients to the leader and to the replicas.
package haproxy

import (
	"context"
	"fmt"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/pgbouncer"
)

// The backends that clients are sent to.
const (
	BackendReadWrite       = "readwrite"
	BackendReadOnly        = "readonly"
	BackendPooledReadWrite = "pooled_readwrite"
	BackendPooledReadOnly  = "pooled_readonly"
)

// Backends lists them in the order of their ports' settings.
func Backends() []string {
	return []string{BackendReadWrite, BackendReadOnly, BackendPooledReadWrite, BackendPooledReadOnly}
}

const (
	dir    = "/etc/pgc/haproxy"
	user   = "haproxy"
	restCA = dir + "/rest-ca.crt"
	// StatsSocket answers HAProxy's "show" commands to root.
	StatsSocket = "/run/pgc-haproxy/stats.sock"
	Unit        = "pgc-haproxy.service"
)

// New makes the component.
func New(s Settings, p patroni.Settings, b pgbouncer.Settings) component.Component {
	return component.Component{
		Name:     "haproxy",
		On:       func(n component.Node) bool { return n.Has(component.RoleHAProxy) },
		Packages: func(v component.View) []string { return v.Platform.PackagesOf("haproxy", 0) },
		Masks:    func(v component.View) []string { return v.Platform.MasksOf("haproxy", 0) },
		Trusts: func(component.View) []component.Trust {
			return []component.Trust{{CA: patroni.RestCA, Path: restCA}}
		},
		// Every HAProxy listens on the virtual address, also while another node has it.
		Sysctls: func(v component.View) map[string]string {
			if !v.VIP.Set() {
				return nil
			}
			if v.VIP.Address.Addr().Is6() {
				return map[string]string{"net.ipv6.ip_nonlocal_bind": "1"}
			}
			return map[string]string{"net.ipv4.ip_nonlocal_bind": "1"}
		},
		Files: func(v component.View) ([]component.File, error) { return s.files(v, p, b) },
		Units: s.units,
		Ports: s.ports,
		Ready: s.ready,
		Rules: s.rules,
	}
}

func (s Settings) ports(v component.View) []component.Port {
	ip := v.Node.IP().String()
	return []component.Port{
		{Address: ip, Number: s.ReadWritePort, Setting: "haproxy.readwrite_port"},
		{Address: ip, Number: s.ReadOnlyPort, Setting: "haproxy.readonly_port"},
		{Address: ip, Number: s.PooledReadWritePort, Setting: "haproxy.pooled_readwrite_port"},
		{Address: ip, Number: s.PooledReadOnlyPort, Setting: "haproxy.pooled_readonly_port"},
		{Address: "127.0.0.1", Number: s.StatsPort, Setting: "haproxy.stats_port"},
	}
}

// ready proves that HAProxy's event loop answers on this node.
func (s Settings) ready(v component.View) component.Probe {
	return component.Probe{
		Sentence: fmt.Sprintf("HAProxy on %s answers and has read its servers", v.Node.Name),
		Check: func(ctx context.Context, a component.Access) error {
			servers, err := Servers(ctx, a.Path(StatsSocket))
			if err == nil && len(servers) == 0 {
				err = fmt.Errorf("it knows no servers")
			}
			if err != nil {
				return fmt.Errorf("HAProxy on %s: %w", v.Node.Name, err)
			}
			return nil
		},
	}
}
