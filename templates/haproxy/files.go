package haproxy

import (
	_ "embed"
	"strconv"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/patroni"
	"github.com/pgcgen/pgcgen/templates/pgbouncer"
)

//go:embed haproxy.cfg.tmpl
var cfgText string

var cfg = component.Template("haproxy.cfg", cfgText)

// service is one port that clients connect to, and where they are sent.
type service struct {
	Name   string
	Port   int
	Target int
	// Check is Patroni's path that answers 200 where clients may be sent.
	Check  string
	Pooled bool
	// Fallback is the backend that serves while this one has no server: a cluster without
	// replicas still reads.
	Fallback string
}

func (s Settings) files(v component.View, p patroni.Settings, b pgbouncer.Settings) ([]component.File, error) {
	replica := "/replica?lag=" + s.MaximumLag
	addresses := []string{v.Node.IP().String(), "127.0.0.1"}
	if v.VIP.Set() {
		addresses = append(addresses, v.VIP.Address.Addr().String())
	}
	data, err := component.Render(cfg, struct {
		Settings
		Socket, RestCA string
		RestPort       int
		Addresses      []string
		Servers        []component.Node
		Services       []service
	}{s, StatsSocket, restCA, p.RestAPIPort, addresses, v.With(component.RolePostgres), []service{
		{BackendReadWrite, s.ReadWritePort, p.PostgreSQLPort, "/primary", false, ""},
		{BackendReadOnly, s.ReadOnlyPort, p.PostgreSQLPort, replica, false, BackendReadWrite},
		{BackendPooledReadWrite, s.PooledReadWritePort, b.ListenPort, "/primary", true, ""},
		{BackendPooledReadOnly, s.PooledReadOnlyPort, b.ListenPort, replica, true, BackendPooledReadWrite},
	}})
	if err != nil {
		return nil, err
	}
	return []component.File{{Path: dir + "/haproxy.cfg", Mode: 0o640, Group: user, Data: data}}, nil
}

func (s Settings) units(v component.View) ([]component.Unit, error) {
	program := v.Platform.Program("haproxy", 0)
	return component.Service(Unit, "HAProxy of the PostgreSQL cluster "+v.Name, "network.target", component.ChangeReload, []component.Setting{
		{Key: "Type", Value: "notify"},
		{Key: "User", Value: user},
		{Key: "Group", Value: user},
		// Quiet: what it prints while it runs, it also logs.
		{Key: "ExecStart", Value: program + " -Ws -q -f " + dir + "/haproxy.cfg"},
		{Key: "ExecReload", Value: program + " -c -q -f " + dir + "/haproxy.cfg"},
		{Key: "ExecReload", Value: "/bin/kill -USR2 $MAINPID"},
		{Key: "KillMode", Value: "mixed"},
		{Key: "SuccessExitStatus", Value: "143"},
		{Key: "Restart", Value: "always"},
		{Key: "RestartSec", Value: "1"},
		// Two per connection, and some for listeners and checks: without them HAProxy refuses
		// to start.
		{Key: "LimitNOFILE", Value: strconv.Itoa(max(65536, 2*s.MaxConn+1024))},
		{Key: "RuntimeDirectory", Value: "pgc-haproxy"},
		{Key: "CapabilityBoundingSet", Value: ""},
		{Key: "PrivateDevices", Value: "yes"},
		{Key: "ProcSubset", Value: "pid"},
		{Key: "RestrictAddressFamilies", Value: "AF_INET AF_INET6 AF_UNIX"},
		{Key: "SystemCallFilter", Value: "@system-service"},
	})
}
