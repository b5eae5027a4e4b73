package etcd

import (
	"strconv"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
)

// config is etcd's configuration file: with --config-file, flags and environment do not
// count. Field order is the file's order.
type config struct {
	Name                     string         `yaml:"name"`
	DataDir                  string         `yaml:"data-dir"`
	ListenPeerURLs           string         `yaml:"listen-peer-urls"`
	ListenClientURLs         string         `yaml:"listen-client-urls"`
	InitialAdvertisePeerURLs string         `yaml:"initial-advertise-peer-urls"`
	AdvertiseClientURLs      string         `yaml:"advertise-client-urls"`
	InitialCluster           string         `yaml:"initial-cluster"`
	InitialClusterState      string         `yaml:"initial-cluster-state"`
	InitialClusterToken      string         `yaml:"initial-cluster-token"`
	HeartbeatInterval        int            `yaml:"heartbeat-interval"`
	ElectionTimeout          int            `yaml:"election-timeout"`
	PreVote                  bool           `yaml:"pre-vote"`
	StrictReconfigCheck      bool           `yaml:"strict-reconfig-check"`
	EnableGRPCGateway        bool           `yaml:"enable-grpc-gateway"`
	AutoCompactionMode       string         `yaml:"auto-compaction-mode"`
	AutoCompactionRetention  string         `yaml:"auto-compaction-retention"`
	QuotaBackendBytes        int64          `yaml:"quota-backend-bytes"`
	ClientTransportSecurity  transport      `yaml:"client-transport-security"`
	PeerTransportSecurity    transport      `yaml:"peer-transport-security"`
	Logger                   string         `yaml:"logger"`
	LogOutputs               []string       `yaml:"log-outputs"`
	LogLevel                 string         `yaml:"log-level"`
	Experimental             map[string]any `yaml:",inline"`
}

type transport struct {
	CertFile       string `yaml:"cert-file"`
	KeyFile        string `yaml:"key-file"`
	ClientCertAuth bool   `yaml:"client-cert-auth"`
	TrustedCAFile  string `yaml:"trusted-ca-file"`
	AutoTLS        bool   `yaml:"auto-tls"`
}

func (s Settings) files(v component.View) ([]component.File, error) {
	birth := v.Facts.Birth
	if birth.State == "" {
		birth = s.declared(v)
	}
	var members []string
	for _, m := range birth.Members {
		members = append(members, m.Name+"="+m.PeerURL)
	}
	local := "https://127.0.0.1:" + strconv.Itoa(s.ClientPort)
	data, err := component.YAML(config{
		Name: v.Node.Name, DataDir: dataDir,
		ListenPeerURLs: s.PeerURL(v.Node), ListenClientURLs: s.ClientURL(v.Node) + "," + local,
		InitialAdvertisePeerURLs: s.PeerURL(v.Node), AdvertiseClientURLs: s.ClientURL(v.Node),
		InitialCluster: strings.Join(members, ","), InitialClusterState: birth.State, InitialClusterToken: birth.Token,
		HeartbeatInterval: s.HeartbeatInterval, ElectionTimeout: s.ElectionTimeout,
		// Off by default before 3.5: a member that comes back must not depose the leader.
		PreVote: true, StrictReconfigCheck: true,
		// The default of the flag, but not of etcd 3.4's configuration file; Patroni and
		// nodeinit speak JSON to the gateway.
		EnableGRPCGateway:  true,
		AutoCompactionMode: "periodic", AutoCompactionRetention: s.AutoCompactionRetention, QuotaBackendBytes: s.QuotaBackendBytes,
		ClientTransportSecurity: transport{CertFile: dir + "/tls/server.crt", KeyFile: dir + "/tls/server.key", ClientCertAuth: true, TrustedCAFile: dir + "/tls/ca.crt"},
		PeerTransportSecurity:   transport{CertFile: dir + "/tls/peer.crt", KeyFile: dir + "/tls/peer.key", ClientCertAuth: true, TrustedCAFile: dir + "/tls/peer-ca.crt"},
		Logger:                  "zap", LogOutputs: []string{"stderr"}, LogLevel: "warn",
		Experimental: integrity(v.Facts.Versions["etcd"]),
	})
	if err != nil {
		return nil, err
	}
	return []component.File{{Path: dir + "/etcd.yaml", Mode: 0o640, Group: user, Data: data}}, nil
}

// declared is the member list as the inventory has it, for previews.
func (s Settings) declared(v component.View) component.Birth {
	b := component.Birth{State: "new", Token: "decided-at-boot"}
	for _, n := range v.With(component.RoleEtcd) {
		b.Members = append(b.Members, component.Member{Name: n.Name, PeerURL: s.PeerURL(n)})
	}
	return b
}

// integrity switches on the corruption checks under the names of each version (etcd
// changelogs 3.4, 3.5 and 3.6).
func integrity(version string) map[string]any {
	switch {
	case component.AtLeast(version, "3.6"):
		return map[string]any{"feature-gates": "InitialCorruptCheck=true,CompactHashCheck=true"}
	case component.AtLeast(version, "3.5.5"):
		return map[string]any{"experimental-initial-corrupt-check": true, "experimental-compact-hash-check-enabled": true}
	default:
		return map[string]any{"experimental-initial-corrupt-check": true}
	}
}

func units(v component.View) ([]component.Unit, error) {
	service := []component.Setting{
		// READY means quorum: what comes after etcd finds a store that answers.
		{Key: "Type", Value: "notify"},
		{Key: "User", Value: user},
		{Key: "Group", Value: user},
		{Key: "ExecStart", Value: v.Platform.Program("etcd", 0) + " --config-file " + dir + "/etcd.yaml"},
		{Key: "Restart", Value: "on-failure"},
		{Key: "RestartSec", Value: "2"},
		{Key: "TimeoutStartSec", Value: "infinity"},
		{Key: "LimitNOFILE", Value: "65536"},
		{Key: "OOMScoreAdjust", Value: "-900"},
		{Key: "CPUWeight", Value: "500"},
		{Key: "IOWeight", Value: "500"},
		{Key: "CapabilityBoundingSet", Value: ""},
		{Key: "PrivateDevices", Value: "yes"},
		{Key: "PrivateUsers", Value: "yes"},
		{Key: "ProcSubset", Value: "pid"},
		{Key: "MemoryDenyWriteExecute", Value: "yes"},
		{Key: "RestrictAddressFamilies", Value: "AF_INET AF_INET6 AF_UNIX"},
		{Key: "SystemCallFilter", Value: "@system-service"},
		{Key: "SystemCallFilter", Value: "~@privileged @resources"},
		{Key: "ReadWritePaths", Value: dataDir},
	}
	return component.Service(Unit, "etcd of the PostgreSQL cluster "+v.Name, "network.target", component.ChangeRestart, service)
}
