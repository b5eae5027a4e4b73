// Package output owns the folder that a build makes: what the files in it are called, who
// may read them, how it replaces its predecessor, and how it is verified later.
//
// Everything below nodes/ carries a machine's keys and is private to the user who built it;
// all else is public. Nothing here depends on the time or the machine: same files, same
// manifest, same bytes.
package output

import "path/filepath"

// Layout names the files of an output folder. Layout("") gives names relative to it, as
// Stage takes them; Layout("out") gives paths.
type Layout string

// NodesDir holds one folder per node.
func (l Layout) NodesDir() string { return l.join("nodes") }

// NodeDir holds what one machine boots with.
func (l Layout) NodeDir(node string) string { return l.join("nodes", node) }

// UserData is the node's cloud-config.
func (l Layout) UserData(node string) string { return l.join("nodes", node, "user-data") }

// MetaData names the instance for cloud-init.
func (l Layout) MetaData(node string) string { return l.join("nodes", node, "meta-data") }

// NetworkConfig is the node's network configuration, version 2.
func (l Layout) NetworkConfig(node string) string { return l.join("nodes", node, "network-config") }

// Seed is the NoCloud image that carries the three files above.
func (l Layout) Seed(node string) string { return l.join("nodes", node, "seed.iso") }

// Preview is a file as nodeinit will render it on the node, by its absolute path there.
func (l Layout) Preview(node, path string) string { return l.join("nodes", node, "preview", path) }

// Package is one of nodeinit's packages, by file name.
func (l Layout) Package(name string) string { return l.join("packages", name) }

// Authority is the public certificate of a certificate authority.
func (l Layout) Authority(ca string) string { return l.join("pki", ca+".crt") }

// ClusterSpec is the signed cluster spec.
func (l Layout) ClusterSpec() string { return l.join("cluster.json") }

// Runbook tells people what to do with this cluster.
func (l Layout) Runbook() string { return l.join("RUNBOOK.md") }

// Topology is a picture of the cluster.
func (l Layout) Topology() string { return l.join("topology.svg") }

// Manifest lists all files but itself and the checksums.
func (l Layout) Manifest() string { return l.join("manifest.json") }

// Checksums lists all files but itself, for sha256sum -c.
func (l Layout) Checksums() string { return l.join("SHA256SUMS") }

func (l Layout) join(parts ...string) string {
	return filepath.Join(append([]string{string(l)}, parts...)...)
}
