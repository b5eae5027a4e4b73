// Package spec is the contract between pgcgen and nodeinit: what a node is told about its
// cluster and about itself. nodeinit owns it; the generator imports it.
//
// A Cluster is the same for all nodes and signed by the operator's key; a Node is private
// to one machine and carries the keys of its TLS identities. Both travel as JSON with
// unknown fields refused; the signature covers the exact bytes.
package spec

import (
	"time"

	"github.com/pgcgen/pgcgen/templates"
	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/platform"
)

// Format is the version of the contract. nodeinit refuses any other, naming both.
const Format = 1

// Cluster is what all nodes share.
type Cluster struct {
	Format     int `json:"format"`
	Generation int `json:"generation"`
	// IssuedAt is the time of the state's birth or last renewal, never of the build: same
	// state, same bytes. A node whose clock is before it has a wrong clock.
	IssuedAt time.Time `json:"issued_at"`
	component.Topology
	OS       string             `json:"os"`
	Layout   platform.Layout    `json:"layout"`
	Packages Packages           `json:"packages"`
	Settings templates.Settings `json:"settings"`
	// Authorities are the certificates of the cluster's CAs, DER, by name.
	Authorities map[string][]byte `json:"authorities"`
}

// Packages is where component packages come from.
type Packages struct {
	// Source is "image" (already installed) or "distro" (the distribution's mirrors).
	Source string `json:"source"`
	// Proxy is an HTTP proxy for the package manager.
	Proxy string `json:"proxy,omitempty"`
}

// Node is what only one machine knows.
type Node struct {
	Format int    `json:"format"`
	UUID   string `json:"uuid"`
	Name   string `json:"name"`
	// ClusterDigest is the SHA-256 of the cluster spec that this node was built with.
	ClusterDigest string `json:"cluster_digest"`
	// Operator is the Ed25519 public key that signs specs of this cluster.
	Operator []byte `json:"operator"`
	// Identities are the node's TLS identities by certificate name.
	Identities map[string]Identity `json:"identities"`
	// Verifiers are SCRAM-SHA-256 verifiers of the declared PostgreSQL logins, by name.
	Verifiers map[string]string `json:"verifiers,omitempty"`
}

// Identity is a leaf certificate and its key: DER, and the 32-byte P-256 scalar, because
// user-data has a size limit and everything else can be computed from it.
type Identity struct {
	Cert []byte `json:"cert"`
	Key  []byte `json:"key"`
}

// Platform finds the cluster's platform.
func (c Cluster) Platform() (platform.Platform, error) { return platform.Find(c.OS, c.Layout) }

// View is what components see for one node with given facts.
func (c Cluster) View(n component.Node, p platform.Platform, f component.Facts) component.View {
	return component.View{Topology: c.Topology, Node: n, Platform: p, Facts: f}
}

// Find returns a node of the cluster by name.
func (c Cluster) Find(name string) (component.Node, bool) {
	for _, n := range c.Nodes {
		if n.Name == name {
			return n, true
		}
	}
	return component.Node{}, false
}
