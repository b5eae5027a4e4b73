package patroni

import (
	"fmt"
	"net"
	"path"
	"strconv"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/etcd"
)

// object is a mapping of patroni.yml; the encoder sorts its keys.
type object = map[string]any

func (s Settings) files(v component.View, e etcd.Settings) ([]component.File, error) {
	config := object{
		"scope":     v.Name,
		"namespace": s.Namespace,
		"name":      v.Node.Name,
		"log":       object{"level": "INFO"},
		"restapi": object{
			"listen":          hostPort(v.Node, s.RestAPIPort),
			"connect_address": hostPort(v.Node, s.RestAPIPort),
			"certfile":        tls + "/rest.crt",
			"keyfile":         tls + "/rest.key",
			"cafile":          RestCAFile,
			// HAProxy's checks come without a certificate; whoever changes something needs one.
			"verify_client": "optional",
		},
		"ctl":        object{"certfile": tls + "/rest.crt", "keyfile": tls + "/rest.key", "cacert": RestCAFile},
		"etcd3":      etcd3(v, e),
		"postgresql": s.postgresql(v),
		"watchdog":   watchdog(v.Facts.Watchdog),
		"tags":       object{"nofailover": false, "noloadbalance": false, "clonefrom": false, "nosync": false},
	}
	if v.Facts.Bootstrap {
		config["bootstrap"] = object{
			"dcs": s.dcs(v),
			"initdb": []any{
				object{"encoding": "UTF8"}, object{"locale": "C.UTF-8"}, "data-checksums",
				object{"auth-local": "peer"}, object{"auth-host": "scram-sha-256"},
			},
		}
	}
	data, err := component.YAML(config)
	if err != nil {
		return nil, err
	}
	return []component.File{{Path: ConfigFile, Mode: 0o640, Group: User, Data: data}}, nil
}

func etcd3(v component.View, e etcd.Settings) object {
	var hosts []string
	for _, n := range v.With(component.RoleEtcd) {
		hosts = append(hosts, net.JoinHostPort(n.IP().String(), strconv.Itoa(e.ClientPort)))
	}
	return object{"hosts": hosts, "protocol": "https", "cacert": etcd.ClientCA, "cert": etcd.PatroniCrt, "key": etcd.PatroniKey}
}

func watchdog(device string) object {
	if device == "" {
		return object{"mode": "off"}
	}
	return object{"mode": "automatic", "device": device, "safety_margin": 5}
}

// dcs is the dynamic configuration that the cluster is born with.
func (s Settings) dcs(v component.View) object {
	d := object{
		"ttl": s.TTL, "loop_wait": s.LoopWait, "retry_timeout": s.RetryTimeout,
		"maximum_lag_on_failover": s.MaximumLagOnFailover,
		"check_timeline":          true,
		// Patroni 3.0 knows this name beside the old one, master_start_timeout; 4 only this.
		"primary_start_timeout":   s.PrimaryStartTimeout,
		"synchronous_mode":        s.SynchronousMode,
		"synchronous_mode_strict": s.SynchronousModeStrict,
		"synchronous_node_count":  s.SynchronousNodeCount,
		"postgresql": object{
			"use_pg_rewind": true, "use_slots": true,
			"remove_data_directory_on_rewind_failure":     false,
			"remove_data_directory_on_diverged_timelines": false,
			"parameters": s.parameters(),
		},
	}
	if s.failsafe(v) {
		d["failsafe_mode"] = true
	}
	return d
}

func (s Settings) failsafe(v component.View) bool {
	if s.FailsafeMode != nil {
		return *s.FailsafeMode
	}
	return component.AtLeast(v.Facts.Versions["patroni"], "4.0.7") && len(v.With(component.RolePostgres)) >= 3
}

// parameters are the cluster's defaults, overridden by the inventory's.
func (s Settings) parameters() object {
	p := object{
		"max_connections": 200, "password_encryption": "scram-sha-256",
		"wal_level": "replica", "hot_standby": "on", "wal_log_hints": "on",
		"max_wal_senders": 10, "max_replication_slots": 10,
		// A replica that stays away must not fill the leader's disk.
		"max_slot_wal_keep_size": "10GB",
		// A replica finds its slot a moment after it asks for it; the default of 5 s would be
		// paid at every first boot.
		"wal_retrieve_retry_interval": "500ms",
		"tcp_keepalives_idle":         60, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 6,
	}
	for key, value := range s.Parameters {
		p[key] = value
	}
	return p
}

func (s Settings) postgresql(v component.View) object {
	certificate := object{"sslmode": "verify-full", "sslcert": tls + "/node.crt", "sslkey": tls + "/node.key", "sslrootcert": tls + "/server-ca.crt"}
	as := func(role string) object {
		o := object{"username": role}
		for key, value := range certificate {
			o[key] = value
		}
		return o
	}
	return object{
		"listen":          hostPort(v.Node, s.PostgreSQLPort),
		"connect_address": hostPort(v.Node, s.PostgreSQLPort),
		"data_dir":        s.Data(v),
		"bin_dir":         v.Platform.Program("postgres", v.PostgreSQL.Version),
		"pgpass":          "/run/pgc-patroni/pgpass",
		"use_unix_socket": true, "use_unix_socket_repl": true,
		"authentication": object{
			"superuser":   object{"username": RoleSuperuser},
			"replication": as(RoleReplication),
			"rewind":      as(RoleRewind),
		},
		"parameters": object{
			"unix_socket_directories":  v.Platform.SocketDir,
			"ssl":                      "on",
			"ssl_cert_file":            tls + "/server.crt",
			"ssl_key_file":             tls + "/server.key",
			"ssl_ca_file":              tls + "/client-ca.crt",
			"ssl_min_protocol_version": "TLSv1.2",
		},
		"pg_hba":         s.hba(v),
		"pg_ident":       ident(v),
		"pg_ctl_timeout": 60,
		"basebackup":     []any{object{"checkpoint": "fast"}},
	}
}

// hba lets nodes in by certificate and applications by SCRAM, from the cluster's nodes:
// applications come through HAProxy or PgBouncer. There is no trust, and no line is wider
// than a node unless the inventory adds one.
func (s Settings) hba(v component.View) []string {
	rules := []string{
		"local all " + RoleSuperuser + " peer map=pgc",
		"local all " + RoleRewind + " peer map=pgc",
		"local replication " + RoleReplication + " peer map=pgc",
	}
	for _, n := range v.With(component.RolePostgres) {
		for _, rule := range [][2]string{{"replication", RoleReplication}, {"all", RoleRewind}, {"postgres", RoleMonitor}, {"all", RoleLookup}} {
			rules = append(rules, fmt.Sprintf("hostssl %s %s %s cert map=pgc", rule[0], rule[1], host(n)))
		}
	}
	for _, n := range v.Nodes {
		if n.Has(component.RolePostgres) || n.Has(component.RoleHAProxy) {
			rules = append(rules, fmt.Sprintf("hostssl all all %s scram-sha-256", host(n)))
		}
	}
	return append(rules, s.PgHBA...)
}

func host(n component.Node) string {
	return path.Join(n.IP().String(), strconv.Itoa(n.IP().BitLen()))
}

// ident maps who comes to the role it may be: root and postgres by the socket, nodes by
// their certificate's common name.
func ident(v component.View) []string {
	lines := []string{
		"pgc root " + RoleSuperuser,
		"pgc " + User + " " + RoleSuperuser,
		"pgc " + User + " " + RoleReplication,
		"pgc " + User + " " + RoleRewind,
	}
	for _, n := range v.With(component.RolePostgres) {
		lines = append(lines,
			"pgc "+NodeCN(n)+" "+RoleReplication,
			"pgc "+NodeCN(n)+" "+RoleRewind,
			"pgc "+MonitorCN(n)+" "+RoleMonitor,
			"pgc "+LookupCN(n)+" "+RoleLookup,
		)
	}
	return lines
}

func (s Settings) units(v component.View) ([]component.Unit, error) {
	service := []component.Setting{
		{Key: "Type", Value: "simple"},
		{Key: "User", Value: User},
		{Key: "Group", Value: User},
		{Key: "ExecStart", Value: v.Platform.Program("patroni", 0) + " " + ConfigFile},
		{Key: "ExecReload", Value: "/bin/kill -HUP $MAINPID"},
		// Patroni stops PostgreSQL itself; if Patroni dies, PostgreSQL must not die with it.
		{Key: "KillMode", Value: "process"},
		{Key: "TimeoutStopSec", Value: "300"},
		{Key: "Restart", Value: "on-failure"},
		{Key: "RestartSec", Value: "5"},
		{Key: "LimitNOFILE", Value: "65536"},
		{Key: "OOMScoreAdjust", Value: "-800"},
		{Key: "RuntimeDirectory", Value: "pgc-patroni postgresql"},
		{Key: "RuntimeDirectoryMode", Value: "0755"},
		{Key: "RuntimeDirectoryPreserve", Value: "yes"},
		{Key: "CapabilityBoundingSet", Value: ""},
		{Key: "RestrictAddressFamilies", Value: "AF_INET AF_INET6 AF_UNIX AF_NETLINK"},
		{Key: "SystemCallFilter", Value: "@system-service"},
		{Key: "DevicePolicy", Value: "closed"},
		{Key: "ReadWritePaths", Value: "-/var/lib/postgresql " + path.Dir(s.Data(v)) + " /run/postgresql /run/pgc-patroni"},
	}
	if device := v.Facts.Watchdog; device != "" {
		service = append(service,
			// The device belongs to root at every boot; Patroni would go on without it and only
			// say so in its log.
			component.Setting{Key: "ExecStartPre", Value: "+/bin/chown " + User + " " + device},
			component.Setting{Key: "DeviceAllow", Value: device + " rw"})
	}
	return component.Service(Unit, "Patroni with PostgreSQL of the cluster "+v.Name, "network.target "+etcd.Unit, component.ChangeReload, service)
}
