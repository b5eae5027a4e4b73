package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
)

// Login is how an application logs in.
type Login struct {
	User, Password, Database string
	// CA is a PEM file with the authority that the server's certificate is verified with,
	// as sslrootcert with sslmode=verify-full.
	CA string
}

// dialTimeout bounds a client's attempt to connect.
const dialTimeout = 5 * time.Second

// Connect connects from the client host to a port of the virtual address.
func (c *Cluster) Connect(ctx context.Context, port int, l Login) (*pgx.Conn, error) {
	pool, err := authority(l.CA)
	if err != nil {
		return nil, err
	}
	vip := c.Spec.VIP.Address.Addr().String()
	cfg, err := pgx.ParseConfig("")
	if err != nil {
		return nil, fmt.Errorf("cannot connect: %w", err)
	}
	cfg.Host, cfg.Port, cfg.User, cfg.Password, cfg.Database = vip, uint16(port), l.User, l.Password, l.Database
	cfg.TLSConfig = &tls.Config{RootCAs: pool, ServerName: vip, MinVersion: tls.VersionTLS12}
	cfg.Fallbacks, cfg.ConnectTimeout = nil, dialTimeout
	cfg.DialFunc = c.Lab.Client.Dial
	cfg.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	// A transaction pooler keeps no prepared statements before version 1.21.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return pgx.ConnectConfig(ctx, cfg)
}

// Member is a line of Patroni's GET /cluster.
type Member struct {
	Name, Role, State string
	Timeline          int
}

// Members asks the Patroni of every machine in turn, from the client host, and returns the
// first answer.
func (c *Cluster) Members(ctx context.Context) ([]Member, error) {
	pool, err := authority(c.Out.Authority("rest"))
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return c.Lab.Client.Dial(ctx, network, addr)
		}}}
	var last error
	for _, n := range c.Spec.Nodes {
		members, err := members(ctx, client, c.Spec.Settings.Patroni.RestURL(n)+"/cluster")
		if err == nil {
			return members, nil
		}
		last = err
	}
	return nil, fmt.Errorf("cannot ask any Patroni: %w", last)
}

func members(ctx context.Context, client *http.Client, url string) ([]Member, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var answer struct{ Members []Member }
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&answer); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", url, err)
	}
	return answer.Members, nil
}

// Leader names the member that leads.
func (c *Cluster) Leader(ctx context.Context) (string, error) {
	list, err := c.Members(ctx)
	if err != nil {
		return "", err
	}
	for _, m := range list {
		if m.Role == "leader" {
			return m.Name, nil
		}
	}
	return "", fmt.Errorf("cannot find the leader: none of %d members leads", len(list))
}

func authority(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("cannot read authority: %s holds no certificate", file)
	}
	return pool, nil
}
