package boot

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/dcs"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/etcd"
	"github.com/pgcgen/pgcgen/templates/patroni"
)

// peerTimeout bounds one question to one program, ours or another node's.
const peerTimeout = 5 * time.Second

// peers asks the cluster's programs over the network, as this node.
type peers struct {
	cluster spec.Cluster
	dcs     *dcs.Client
	rest    *http.Client
	// monitor is the TLS configuration of the monitoring role's connections.
	monitor *tls.Config
}

func newPeers(s spec.Spec) (*peers, error) {
	p := &peers{cluster: s.Cluster}
	etcdTLS, err := clientTLS(s, etcd.CA, etcd.AgentCert)
	if err != nil {
		return nil, err
	}
	p.dcs = &dcs.Client{HTTP: httpClient(etcdTLS)}
	for _, n := range s.Cluster.With(component.RoleEtcd) {
		p.dcs.Endpoints = append(p.dcs.Endpoints, s.Cluster.Settings.Etcd.ClientURL(n))
	}
	// Reading Patroni's REST API needs no client certificate.
	restTLS, err := clientTLS(s, patroni.RestCA, "")
	if err != nil {
		return nil, err
	}
	p.rest = httpClient(restTLS)
	if _, ok := s.Node.Identities[patroni.MonitorCert]; ok {
		p.monitor, err = clientTLS(s, patroni.ServerCA, patroni.MonitorCert)
	}
	return p, err
}

func httpClient(c *tls.Config) *http.Client {
	return &http.Client{Timeout: peerTimeout, Transport: &http.Transport{TLSClientConfig: c, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute}}
}

// clientTLS trusts one authority of the cluster and shows one identity of the node; an
// empty identity shows none.
func clientTLS(s spec.Spec, authority, identity string) (*tls.Config, error) {
	ca, err := x509.ParseCertificate(s.Cluster.Authorities[authority])
	if err != nil {
		return nil, fmt.Errorf("cannot read authority %s: %w", authority, err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	c := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	if identity == "" {
		return c, nil
	}
	id := s.Node.Identities[identity]
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), id.Key)
	if err != nil {
		return nil, fmt.Errorf("cannot read key of %s: %w", identity, err)
	}
	c.Certificates = []tls.Certificate{{Certificate: [][]byte{id.Cert}, PrivateKey: key}}
	return c, nil
}

// member is a line of Patroni's GET /cluster.
type member struct {
	Name     string `json:"name"`
	Role     string `json:"role"`
	State    string `json:"state"`
	Timeline int    `json:"timeline"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
}

// leads reports whether the member is the cluster's leader, also of a standby cluster.
func (m member) leads() bool { return m.Role == "leader" || m.Role == "standby_leader" }

// cluster asks one node's Patroni how it sees the cluster.
func (p *peers) members(ctx context.Context, n component.Node) ([]member, error) {
	var answer struct {
		Members []member `json:"members"`
	}
	if err := p.ask(ctx, n, "/cluster", &answer); err != nil {
		return nil, err
	}
	return answer.Members, nil
}

// instance is Patroni's GET /patroni: what one member says of itself.
type instance struct {
	State    string `json:"state"`
	Role     string `json:"role"`
	SystemID string `json:"database_system_identifier"`
	Timeline int    `json:"timeline"`
}

func (p *peers) instance(ctx context.Context, n component.Node) (instance, error) {
	var i instance
	err := p.ask(ctx, n, "/patroni", &i)
	return i, err
}

// ask reads a JSON answer whatever its HTTP status: Patroni answers 503 with the same body
// while it is not running.
func (p *peers) ask(ctx context.Context, n component.Node, path string, into any) error {
	url := p.cluster.Settings.Patroni.RestURL(n) + path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("cannot ask Patroni on %s: %w", n.Name, err)
	}
	res, err := p.rest.Do(req)
	if err != nil {
		return fmt.Errorf("cannot ask Patroni on %s: %w", n.Name, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("cannot read the answer of Patroni on %s: %w", n.Name, err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("cannot read the answer of Patroni on %s: %s: %w", n.Name, strings.TrimSpace(res.Status), err)
	}
	return nil
}

// leader finds the node that leads, asking until one Patroni answers.
func (p *peers) leader(ctx context.Context) (component.Node, error) {
	var last error
	for _, n := range p.cluster.With(component.RolePostgres) {
		members, err := p.members(ctx, n)
		if err != nil {
			last = err
			continue
		}
		for _, m := range members {
			if node, ok := p.cluster.Find(m.Name); ok && m.leads() {
				return node, nil
			}
		}
		return component.Node{}, fmt.Errorf("Patroni on %s knows no leader", n.Name)
	}
	return component.Node{}, fmt.Errorf("no Patroni answers: %w", last)
}
