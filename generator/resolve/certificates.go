package resolve

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/pgcgen/pgcgen/generator/pki"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/templates/component"
)

// leafName is a certificate's place in the state: names are unique on a node only.
func leafName(n component.Node, certificate string) string { return n.Name + "/" + certificate }

// certificates lists the identities that a node's components want, each once: components
// may share one.
func certificates(c spec.Cluster, n component.Node) ([]component.Certificate, error) {
	view, err := View(c, n)
	if err != nil {
		return nil, err
	}
	var out []component.Certificate
	seen := map[string]bool{}
	for _, k := range Components(c, n) {
		if k.Certs == nil {
			continue
		}
		for _, cert := range k.Certs(view) {
			if !seen[cert.Name] {
				seen[cert.Name] = true
				out = append(out, cert)
			}
		}
	}
	return out, nil
}

// Requests lists every leaf that the cluster needs, node by node.
func Requests(c spec.Cluster) ([]pki.Request, error) {
	var out []pki.Request
	for _, n := range c.Nodes {
		certs, err := certificates(c, n)
		if err != nil {
			return nil, err
		}
		for _, cert := range certs {
			r, err := request(n, cert)
			if err != nil {
				return nil, fmt.Errorf("cannot request certificate %s of node %s: %w", cert.Name, n.Name, err)
			}
			out = append(out, r)
		}
	}
	return out, nil
}

func request(n component.Node, cert component.Certificate) (pki.Request, error) {
	r := pki.Request{
		Name: leafName(n, cert.Name), CA: cert.CA, CommonName: cert.CommonName,
		DNSNames: cert.DNSNames, Server: cert.Server, Client: cert.Client,
	}
	for _, text := range cert.IPs {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return r, err
		}
		r.IPs = append(r.IPs, ip)
	}
	return r, nil
}

// Authorities names every CA that signs something or is trusted somewhere, sorted.
func Authorities(c spec.Cluster) ([]string, error) {
	seen := map[string]bool{}
	for _, n := range c.Nodes {
		view, err := View(c, n)
		if err != nil {
			return nil, err
		}
		certs, err := certificates(c, n)
		if err != nil {
			return nil, err
		}
		for _, cert := range certs {
			seen[cert.CA] = true
		}
		for _, k := range Components(c, n) {
			if k.Trusts == nil {
				continue
			}
			for _, t := range k.Trusts(view) {
				seen[t.CA] = true
			}
		}
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}
