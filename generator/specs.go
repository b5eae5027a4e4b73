package generator

import (
	"crypto/ed25519"
	"fmt"

	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/generator/pki"
	"github.com/pgcgen/pgcgen/generator/resolve"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
)

// specs are a cluster's specs, signed, as bytes that nodes will read.
type specs struct {
	cluster spec.Cluster
	// data and signature are cluster.json and cluster.json.sig.
	data, signature []byte
	// nodes holds the files of spec.Dir by node, sentinel included.
	nodes map[string]map[string][]byte
	// authorities are the public certificates, PEM, by name.
	authorities map[string][]byte
}

// resolveSpecs makes what is missing in the state - authorities, certificates, passwords -
// and resolves the inventory with it.
func resolveSpecs(inv inventory.Inventory, state *pki.State, authority *pki.Authority) (specs, error) {
	s := specs{authorities: map[string][]byte{}, nodes: map[string]map[string][]byte{}}
	id := resolve.Identity{UUID: state.UUID(), IssuedAt: state.IssuedAt(), Authorities: map[string][]byte{}}
	names, err := resolve.Authorities(resolve.Cluster(inv, id))
	if err != nil {
		return s, err
	}
	for _, name := range names {
		ca, err := authority.CA(name)
		if err != nil {
			return s, err
		}
		id.Authorities[name], s.authorities[name] = ca.Certificate.Raw, ca.PEM()
	}
	s.cluster, s.data, err = resolve.Numbered(resolve.Cluster(inv, id), state.GenerationFor)
	if err != nil {
		return s, err
	}
	s.signature = spec.Sign(state.OperatorKey(), s.data)
	material, err := material(inv, s.cluster, state, authority)
	if err != nil {
		return s, err
	}
	nodes, err := resolve.Nodes(s.cluster, s.data, material)
	if err != nil {
		return s, err
	}
	for _, n := range nodes {
		if s.nodes[n.Name], err = s.sign(n, state.OperatorKey()); err != nil {
			return s, err
		}
	}
	return s, nil
}

// sign encodes and signs a node's spec and completes the files of its spec folder.
func (s specs) sign(n spec.Node, key ed25519.PrivateKey) (map[string][]byte, error) {
	data, err := spec.Encode(n)
	if err != nil {
		return nil, fmt.Errorf("cannot write the spec of node %s: %w", n.Name, err)
	}
	files := map[string][]byte{
		spec.ClusterFile: s.data, spec.ClusterSignatureFile: s.signature,
		spec.NodeFile: data, spec.NodeSignatureFile: spec.Sign(key, data),
	}
	files[spec.SentinelFile] = spec.Sentinel(files)
	return files, nil
}

// material issues the certificates and computes the verifiers.
func material(inv inventory.Inventory, c spec.Cluster, state *pki.State, authority *pki.Authority) (resolve.Material, error) {
	m := resolve.Material{
		Operator:   state.OperatorKey().Public().(ed25519.PublicKey),
		Identities: map[string]spec.Identity{},
		Verifiers:  map[string]string{},
	}
	requests, err := resolve.Requests(c)
	if err != nil {
		return m, err
	}
	leaves, err := authority.Leaves(requests)
	if err != nil {
		return m, err
	}
	for _, l := range leaves {
		m.Identities[l.Name] = spec.Identity{Cert: l.DER, Key: l.Key.Reveal()}
	}
	for _, u := range inv.PostgreSQL.Users {
		if m.Verifiers[u.Name], err = verifier(u, state); err != nil {
			return m, err
		}
	}
	return m, nil
}

func verifier(u inventory.User, state *pki.State) (string, error) {
	password := u.Password
	if password == "" {
		var err error
		if password, err = state.Password(u.Name); err != nil {
			return "", err
		}
	}
	return state.Verifier(u.Name, password)
}
