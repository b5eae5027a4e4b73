// Package keepalived keeps the virtual address on a node that serves.
package keepalived

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/haproxy"
	"github.com/pgcgen/pgcgen/templates/patroni"
)

const (
	dir = "/etc/pgc/keepalived"
	// user runs the check: anything but root.
	user   = "pgc-keepalived"
	restCA = dir + "/rest-ca.crt"
	// ProbeFile tells `nodeinit probe` what to look at; it holds no secret.
	ProbeFile = dir + "/probe.json"
	Unit      = "pgc-keepalived.service"
	// firstPriority is the first node's; each further one's is lower by one. 255 would mean
	// that the node owns the address, and that no check takes it away.
	firstPriority = 200
)

// New makes the component.
func New(s Settings, p patroni.Settings, h haproxy.Settings) component.Component {
	return component.Component{
		Name:     "keepalived",
		On:       func(n component.Node) bool { return n.Has(component.RoleKeepalived) },
		Packages: func(v component.View) []string { return v.Platform.PackagesOf("keepalived", 0) },
		Masks:    func(v component.View) []string { return v.Platform.MasksOf("keepalived", 0) },
		Users: func(component.View) []component.User {
			return []component.User{{Name: user, Group: user, Home: "/nonexistent"}}
		},
		Trusts: func(component.View) []component.Trust {
			return []component.Trust{{CA: patroni.RestCA, Path: restCA}}
		},
		Files: func(v component.View) ([]component.File, error) { return s.files(v, p, h) },
		Units: units,
		Ready: func(v component.View) component.Probe { return ready(v, p, h) },
		Rules: func(t component.Topology) []component.Problem { return s.rules(t, h) },
	}
}

// readyTimeout bounds one try of the probe.
const readyTimeout = 3 * time.Second

// ready proves that some node has the virtual address and listens on it.
func ready(v component.View, p patroni.Settings, h haproxy.Settings) component.Probe {
	port := h.ReadWritePort
	if v.VIP.Follow == component.FollowLeader {
		port = p.PostgreSQLPort
	}
	address := net.JoinHostPort(v.VIP.Address.Addr().String(), strconv.Itoa(port))
	return component.Probe{
		Sentence: fmt.Sprintf("the virtual address %s accepts connections", v.VIP.Address.Addr()),
		Check: func(ctx context.Context, _ component.Access) error {
			ctx, cancel := context.WithTimeout(ctx, readyTimeout)
			defer cancel()
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil {
				return fmt.Errorf("virtual address: %w", err)
			}
			return conn.Close()
		},
	}
}

func units(v component.View) ([]component.Unit, error) {
	program := v.Platform.Program("keepalived", 0)
	flags := " --dont-fork --vrrp --use-file " + dir + "/keepalived.conf --pid /run/pgc-keepalived/keepalived.pid --vrrp_pid /run/pgc-keepalived/vrrp.pid"
	// After HAProxy: a first check that finds nobody listening costs a whole interval.
	return component.Service(Unit, "keepalived of the PostgreSQL cluster "+v.Name, "network.target "+haproxy.Unit, component.ChangeReload, []component.Setting{
		{Key: "Type", Value: "notify"},
		{Key: "ExecStart", Value: program + flags},
		// No --config-test before it: 2.2.7 ends a successful one with SIGTERM.
		{Key: "ExecReload", Value: "/bin/kill -HUP $MAINPID"},
		// The VRRP process takes the address off the interface when its parent ends; killed
		// with it, it would leave the address behind.
		{Key: "KillMode", Value: "process"},
		{Key: "Restart", Value: "always"},
		{Key: "RestartSec", Value: "1"},
		{Key: "RuntimeDirectory", Value: "pgc-keepalived"},
		// Addresses and VRRP, and becoming and ending the check's account.
		{Key: "CapabilityBoundingSet", Value: "CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BROADCAST CAP_SETUID CAP_SETGID CAP_KILL"},
		{Key: "PrivateDevices", Value: "yes"},
		{Key: "MemoryDenyWriteExecute", Value: "yes"},
		{Key: "RestrictAddressFamilies", Value: "AF_INET AF_INET6 AF_UNIX AF_NETLINK AF_PACKET"},
		{Key: "SystemCallFilter", Value: "@system-service"},
	})
}
