package generator

import (
	"context"
	"fmt"

	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/generator/output"
	"github.com/pgcgen/pgcgen/generator/pki"
	"github.com/pgcgen/pgcgen/templates/component"
)

// Result is what a build has made.
type Result struct {
	Cluster    string `json:"cluster"`
	UUID       string `json:"uuid"`
	Generation int    `json:"generation"`
	Out        string `json:"out"`
	State      string `json:"state"`
	// Files is how many there are in Out.
	Files    int             `json:"files"`
	Nodes    []NodeResult    `json:"nodes"`
	Packages []PackageResult `json:"packages"`
	// Issued are the certificates this build made anew, and why.
	Issued []Issued `json:"issued"`
	// Expiry lists all certificates in use, the first to end first.
	Expiry []pki.Expiry `json:"expiry"`
	// Problems are the inventory's warnings; Warnings are those of the build; Notes tell
	// what is good to know and nobody can change in the inventory.
	Problems inventory.Problems `json:"problems"`
	Warnings []string           `json:"warnings"`
	Notes    []string           `json:"notes"`
}

// NodeResult is one node's part of a build.
type NodeResult struct {
	Name string `json:"name"`
	// Seed is the path of the NoCloud image.
	Seed string `json:"seed"`
	// UserDataBytes is what the user-data weighs compressed and in base64.
	UserDataBytes int `json:"user_data_bytes"`
}

// PackageResult is one of nodeinit's packages.
type PackageResult struct {
	Path   string `json:"path"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Issued is a certificate that was made anew.
type Issued struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

func (b *builder) result(ctx context.Context, problems inventory.Problems, authority *pki.Authority) Result {
	out := output.Layout(b.Out)
	r := Result{
		Cluster: b.inv.Cluster, UUID: b.specs.cluster.UUID, Generation: b.specs.cluster.Generation,
		Out: b.Out, State: b.stateDir(b.inv),
		Packages: []PackageResult{}, Issued: []Issued{}, Expiry: authority.Expiry(),
		Problems: append(inventory.Problems{}, problems...), Warnings: []string{}, Notes: b.notes(),
	}
	for i, n := range b.inv.Nodes {
		r.Nodes = append(r.Nodes, NodeResult{Name: n.Name, Seed: out.Seed(n.Name), UserDataBytes: b.sizes[i]})
	}
	for _, p := range b.built {
		r.Packages = append(r.Packages, PackageResult{Path: out.Package(p.name), Bytes: len(p.data), SHA256: p.sha256()})
	}
	for _, l := range authority.Issued() {
		r.Issued = append(r.Issued, Issued{Name: l.Name, Reason: l.Reason})
	}
	for _, e := range r.Expiry {
		if e.Soon {
			r.Warnings = append(r.Warnings, e.String())
		}
	}
	// Both hold private keys: the state all of them, the output those of the nodes.
	for _, dir := range []string{r.State, r.Out} {
		if w := output.GitWarning(ctx, dir); w != "" {
			r.Warnings = append(r.Warnings, w)
		}
	}
	return r
}

// notes tell about the versions that the platform ships: below these floors etcd and
// Patroni work, without some protection that later ones have.
func (b *builder) notes() []string {
	notes := []string{}
	p, err := b.specs.cluster.Platform()
	if err != nil {
		return notes
	}
	version := p.Versions["etcd"]
	floor := "3.5.26"
	if !component.AtLeast(version, "3.5") {
		floor = "3.4.38"
	}
	if !component.AtLeast(version, floor) {
		notes = append(notes, fmt.Sprintf("%s ships etcd %s; fixes for rare corruption and member changes are in %s: keep the machines updated", p.OS, version, floor))
	}
	const failsafe = "4.0.7"
	if version := p.Versions["patroni"]; !component.AtLeast(version, failsafe) {
		notes = append(notes, fmt.Sprintf("%s ships Patroni %s; failsafe mode, which keeps a leader while etcd is down, needs %s", p.OS, version, failsafe))
	}
	return notes
}
