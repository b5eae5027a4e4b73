// Package component is the shape every part of the stack has, and the words the parts
// share: nodes, facts, files, units, certificates, probes.
//
// A component is data and pure functions. It decides nothing about when it is started
// and touches no machine: nodeinit/boot does both, and the generator calls the same
// functions with declared facts to fail early and to show previews.
package component

import (
	"context"
	"io/fs"
)

// Component is one part of the stack. A nil function means "nothing of that kind".
type Component struct {
	// Name is the component's folder, its settings family and the prefix of its boot
	// steps: "etcd" owns the inventory's etcd: section and the step etcd/ready.
	Name string
	// On says whether the component runs on a node.
	On func(Node) bool
	// Needs names the components that must be ready before this one starts, where they run
	// on the same node.
	Needs []string
	// Packages names the distribution packages the component needs.
	Packages func(View) []string
	// Masks names the distribution's own units that must never run beside ours.
	Masks func(View) []string
	// Users are the system accounts the component runs as, beyond those its packages make.
	Users func(View) []User
	// Certs are the TLS identities a node holds for this component, and who reads them.
	Certs func(View) []Certificate
	// Trusts are the authorities the component's programs verify their peers with.
	Trusts func(View) []Trust
	// Sysctls are kernel settings that must hold before the component starts.
	Sysctls func(View) map[string]string
	// Dirs are directories that must exist, outermost first.
	Dirs func(View) []Dir
	// Files renders the component's configuration. It is pure: same view, same bytes.
	Files func(View) ([]File, error)
	// Units are the systemd services, in the order they are started.
	Units func(View) ([]Unit, error)
	// Ports are the sockets the component listens on.
	Ports func(View) []Port
	// Ready proves that the started component works.
	Ready func(View) Probe
	// Rules reports what is wrong with the component's settings in this cluster.
	Rules func(Topology) []Problem
}

// Dir is a directory with its owner.
type Dir struct {
	Path         string
	Mode         fs.FileMode
	Owner, Group string
}

// File is a rendered file. The zero owner and group are root.
type File struct {
	Path         string
	Mode         fs.FileMode
	Owner, Group string
	Data         []byte
}

// User is a system account: no login, no password, no home of its own making.
type User struct {
	Name, Group string
	// Groups are supplementary groups the user joins.
	Groups []string
	Home   string
}

// Change says what a running unit needs when one of its files has changed.
type Change int

const (
	// ChangeReload asks the unit to read its files again without dropping clients.
	ChangeReload Change = iota
	// ChangeRestart stops and starts the unit.
	ChangeRestart
	// ChangeNever leaves the running unit alone: it takes the change at its next start.
	ChangeNever
)

// Unit is a systemd service of ours, written to /etc/systemd/system and enabled.
type Unit struct {
	Name    string
	Content []byte
	Change  Change
}

// Certificate is a TLS identity of one node: a leaf that CA signs.
type Certificate struct {
	// Name is unique on the node, as "etcd/server".
	Name string
	// CA names the authority that signs, as "etcd-peer".
	CA string
	// CommonName may be empty: etcd's gateway refuses client certificates that carry one
	// once authentication is enabled.
	CommonName string
	DNSNames   []string
	// IPs are textual addresses.
	IPs []string
	// Server and Client are the extended key usages.
	Server, Client bool
	// CertPath and KeyPath are where the PEM files go; the key is 0600 to Owner.
	CertPath, KeyPath string
	Owner, Group      string
}

// Trust is an authority's certificate at the place where a program looks for it.
type Trust struct {
	CA           string
	Path         string
	Owner, Group string
}

// Port is a TCP socket a component listens on.
type Port struct {
	Address string
	Number  int
	// Setting is the path of the setting that chose the number, for messages.
	Setting string
}

// Access is how a probe reads the machine it runs on.
type Access interface {
	ReadFile(path string) ([]byte, error)
	// Path is where a path of the machine is found by this process.
	Path(path string) string
}

// Probe proves one thing about a running component.
type Probe struct {
	// Sentence states what holds when Check returns nil, in words a person reads while
	// waiting: "etcd on 10.77.0.11 answers as a member with a leader".
	Sentence string
	// Check returns nil or the reason why the sentence does not hold yet.
	Check func(context.Context, Access) error
}

// Problem is one thing wrong with a setting, by its logical path ("patroni.ttl",
// "nodes[2].address"). The inventory adds the position in the user's file.
type Problem struct {
	Path    string
	Message string
	// Fix is what to do about it, in a few words.
	Fix     string
	Warning bool
}
