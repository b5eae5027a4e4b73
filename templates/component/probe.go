package component

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// probeTimeout bounds one request of a probe.
const probeTimeout = 3 * time.Second

// TLSFiles are the PEM files a probe speaks TLS with. Cert and Key may be empty.
type TLSFiles struct{ CA, Cert, Key string }

// Config reads the files.
func (f TLSFiles) Config(a Access) (*tls.Config, error) {
	ca, err := a.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("cannot read authority: %w", err)
	}
	c := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	if !c.RootCAs.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("cannot read authority: %s holds no certificate", f.CA)
	}
	if f.Cert == "" {
		return c, nil
	}
	cert, err := a.ReadFile(f.Cert)
	if err != nil {
		return nil, fmt.Errorf("cannot read certificate: %w", err)
	}
	key, err := a.ReadFile(f.Key)
	if err != nil {
		return nil, fmt.Errorf("cannot read key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", f.Cert, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

// AskJSON sends a request over TLS and decodes the answer's body whatever its status; it
// returns the status. A nil body asks with GET, any other is posted as JSON.
func AskJSON(ctx context.Context, a Access, files TLSFiles, url string, body, into any) (int, error) {
	config, err := files.Config(a)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	method, payload := http.MethodGet, []byte(nil)
	if body != nil {
		method = http.MethodPost
		if payload, err = json.Marshal(body); err != nil {
			return 0, fmt.Errorf("cannot encode request: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(payload))
	if err != nil {
		return 0, fmt.Errorf("cannot make request: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("no answer: %w", err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return res.StatusCode, fmt.Errorf("cannot read answer: %w", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return res.StatusCode, fmt.Errorf("cannot read answer (%s): %w", res.Status, err)
	}
	return res.StatusCode, nil
}
