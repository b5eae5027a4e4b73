package keepalived

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/haproxy"
	"github.com/pgcgen/pgcgen/templates/patroni"
)

//go:embed keepalived.conf.tmpl
var confText string

var conf = component.Template("keepalived.conf", confText)

// Probe is what `nodeinit probe` reads from ProbeFile.
type Probe struct {
	// TimeoutMS bounds the whole check, in milliseconds.
	TimeoutMS int `json:"timeout_ms"`
	// Address is the local HAProxy's read-write port; empty when the leader is followed.
	Address string `json:"address,omitempty"`
	// Local is the URL of this node's Patroni.
	Local string `json:"local"`
	// Nodes are all that run PostgreSQL.
	Nodes []ProbeNode `json:"nodes"`
	// CA is the file of the authority that Patroni's certificates are verified with.
	CA string `json:"ca"`
}

// ProbeNode is where a node's Patroni and PostgreSQL answer.
type ProbeNode struct {
	Name       string `json:"name"`
	Patroni    string `json:"patroni"`
	PostgreSQL string `json:"postgresql"`
}

func (s Settings) files(v component.View, p patroni.Settings, h haproxy.Settings) ([]component.File, error) {
	members := v.With(component.RoleKeepalived)
	rank := slices.IndexFunc(members, func(n component.Node) bool { return n.Name == v.Node.Name })
	var peers []string
	for _, n := range members {
		if n.Name != v.Node.Name {
			peers = append(peers, n.IP().String())
		}
	}
	data, err := component.Render(conf, struct {
		Settings
		Node, Interface, Address, VIP, User, ProbeFile string
		Priority                                       int
		Peers                                          []string
	}{s, v.Node.Name, v.Facts.Interface, v.Node.IP().String(), v.VIP.Address.String(), user, ProbeFile, firstPriority - rank, peers})
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(s.probe(v, p, h), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("cannot render %s: %w", ProbeFile, err)
	}
	return []component.File{
		{Path: dir + "/keepalived.conf", Mode: 0o644, Data: data},
		{Path: ProbeFile, Mode: 0o644, Data: append(text, '\n')},
	}, nil
}

// probe describes the check. It gives up a little before keepalived would kill it, so that
// it can say why.
func (s Settings) probe(v component.View, p patroni.Settings, h haproxy.Settings) Probe {
	out := Probe{TimeoutMS: s.CheckInterval * 900, Local: p.RestURL(v.Node), CA: restCA}
	if v.VIP.Follow != component.FollowLeader {
		out.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(h.ReadWritePort))
	}
	for _, n := range v.With(component.RolePostgres) {
		out.Nodes = append(out.Nodes, ProbeNode{n.Name, p.RestURL(n), net.JoinHostPort(n.IP().String(), strconv.Itoa(p.PostgreSQLPort))})
	}
	return out
}
