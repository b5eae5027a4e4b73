package pgbouncer

import (
	_ "embed"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/patroni"
)

//go:embed pgbouncer.ini.tmpl
var iniText string

var ini = component.Template("pgbouncer.ini", iniText)

// locked is a SCRAM verifier that no password matches. The lookup role logs in to
// PostgreSQL by certificate and needs no password; listed with an empty one, or (before
// 1.19) not listed at all, PgBouncer lets anyone in under its name without a password.
var locked = "SCRAM-SHA-256$4096:" + strings.Repeat("A", 22) + "==$" + strings.Repeat("A", 43) + "=:" + strings.Repeat("A", 43) + "="

func (s Settings) files(v component.View, p patroni.Settings) ([]component.File, error) {
	version := v.Facts.Versions["pgbouncer"]
	data, err := component.Render(ini, struct {
		Settings
		Address           string
		PostgresPort      int
		TLS, Dir          string
		Lookup, AuthQuery string
		Ignored           string
		Admins, Stats     string
		// AuthDBName, Prepared and Socket tell what the installed version can do. 1.24 is the
		// first version tried that ends when its port is taken and it has a Unix socket.
		AuthDBName, Prepared, Socket bool
	}{s, v.Node.IP().String(), p.PostgreSQLPort, tls, dir, patroni.RoleLookup, authQuery,
		strings.Join(s.IgnoreStartupParameters, ","), strings.Join(s.AdminUsers, ","), strings.Join(s.StatsUsers, ","),
		hasAuthDBName(version), component.AtLeast(version, "1.21"), component.AtLeast(version, "1.24")})
	if err != nil {
		return nil, err
	}
	return []component.File{
		{Path: dir + "/pgbouncer.ini", Mode: 0o640, Group: user, Data: data},
		{Path: dir + "/userlist.txt", Mode: 0o640, Group: user, Data: []byte(`"` + patroni.RoleLookup + `" "` + locked + `"` + "\n")},
	}, nil
}

// hasAuthDBName: before 1.19 the lookup runs in the database that the client asks for.
func hasAuthDBName(version string) bool { return component.AtLeast(version, "1.19") }

func units(v component.View) ([]component.Unit, error) {
	service := []component.Setting{
		{Key: "Type", Value: "notify"},
		{Key: "User", Value: user},
		{Key: "Group", Value: user},
		{Key: "ExecStart", Value: v.Platform.Program("pgbouncer", 0) + " " + dir + "/pgbouncer.ini"},
		{Key: "ExecReload", Value: "/bin/kill -HUP $MAINPID"},
		// SIGINT waits for running transactions; SIGTERM is immediate in some versions and
		// waits for clients in others.
		{Key: "KillSignal", Value: "SIGINT"},
		{Key: "TimeoutStopSec", Value: "30"},
		// A pooler that ends by itself, even cleanly, is an outage.
		{Key: "Restart", Value: "always"},
		{Key: "RestartSec", Value: "1"},
		{Key: "LimitNOFILE", Value: "65536"},
		{Key: "RuntimeDirectory", Value: "pgc-pgbouncer"},
		{Key: "RuntimeDirectoryMode", Value: "0750"},
		{Key: "CapabilityBoundingSet", Value: ""},
		{Key: "PrivateDevices", Value: "yes"},
		{Key: "PrivateUsers", Value: "yes"},
		{Key: "ProcSubset", Value: "pid"},
		{Key: "MemoryDenyWriteExecute", Value: "yes"},
		{Key: "RestrictAddressFamilies", Value: "AF_INET AF_INET6 AF_UNIX"},
		{Key: "SystemCallFilter", Value: "@system-service"},
		{Key: "SystemCallFilter", Value: "~@privileged @resources"},
	}
	return component.Service(Unit, "PgBouncer of the PostgreSQL cluster "+v.Name, "network.target", component.ChangeReload, service)
}
