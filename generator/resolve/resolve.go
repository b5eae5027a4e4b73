// Package resolve turns an inventory and what the state keeps into the specs that nodes
// boot with. It is pure: no clock, no randomness, no file.
package resolve

import (
	"crypto/ed25519"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/templates/component"
)

// Identity is the state's contribution to a cluster: what distinguishes it from another
// one with the same inventory.
type Identity struct {
	// UUID is the cluster's random identity.
	UUID string
	// IssuedAt is when the state was made; never the time of a build.
	IssuedAt time.Time
	// Authorities are the certificates of the cluster's CAs, DER, by name.
	Authorities map[string][]byte
}

// Cluster resolves what all nodes share, except its generation: Numbered gives it one.
func Cluster(inv inventory.Inventory, id Identity) spec.Cluster {
	topology := inv.Topology()
	topology.UUID = id.UUID
	return spec.Cluster{
		Format:      spec.Format,
		IssuedAt:    id.IssuedAt,
		Topology:    topology,
		OS:          inv.Platform.OS,
		Layout:      inv.Platform.Layout,
		Packages:    spec.Packages{Source: inv.Packages.Source, Proxy: inv.Packages.Proxy},
		Settings:    inv.Settings,
		Authorities: maps.Clone(id.Authorities),
	}
}

// Numbered gives a cluster spec its generation, which number decides from the digest of the
// spec without one, and returns it with the exact bytes that are signed.
func Numbered(c spec.Cluster, number func(digest string) int) (spec.Cluster, []byte, error) {
	c.Generation = 0
	unnumbered, err := spec.Encode(c)
	if err != nil {
		return c, nil, err
	}
	c.Generation = number(spec.Digest(unnumbered))
	data, err := spec.Encode(c)
	return c, data, err
}

// Material is what the nodes' own specs are made of.
type Material struct {
	// Operator verifies the cluster's specs.
	Operator ed25519.PublicKey
	// Identities are the issued certificates and keys, by the name that Requests gave them.
	Identities map[string]spec.Identity
	// Verifiers are SCRAM verifiers by login. A node without PostgreSQL gets none.
	Verifiers map[string]string
}

// Nodes resolves what only the single machines know, in the inventory's order. clusterData
// are the exact bytes of the cluster spec.
func Nodes(c spec.Cluster, clusterData []byte, m Material) ([]spec.Node, error) {
	digest := spec.Digest(clusterData)
	nodes := make([]spec.Node, 0, len(c.Nodes))
	for _, n := range c.Nodes {
		node := spec.Node{
			Format: spec.Format, UUID: c.UUID, Name: n.Name, ClusterDigest: digest,
			Operator: m.Operator, Identities: map[string]spec.Identity{},
		}
		certs, err := certificates(c, n)
		if err != nil {
			return nil, err
		}
		for _, cert := range certs {
			id, ok := m.Identities[leafName(n, cert.Name)]
			if !ok {
				return nil, fmt.Errorf("cannot resolve node %s: certificate %s has not been issued", n.Name, cert.Name)
			}
			node.Identities[cert.Name] = id
		}
		if n.Has(component.RolePostgres) {
			node.Verifiers = maps.Clone(m.Verifiers)
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// View is what components see of a node before it exists: facts are declared, not found.
func View(c spec.Cluster, n component.Node) (component.View, error) {
	p, err := c.Platform()
	if err != nil {
		return component.View{}, err
	}
	return c.View(n, p, inventory.Facts(n, p)), nil
}

// Components are the components that run on a node, in boot order.
func Components(c spec.Cluster, n component.Node) []component.Component {
	return slices.DeleteFunc(c.Settings.Components(), func(k component.Component) bool {
		return k.On != nil && !k.On(n)
	})
}
