package generator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/generator/pki"
	"github.com/pgcgen/pgcgen/generator/resolve"
	"github.com/pgcgen/pgcgen/templates/component"
)

// Rendered is a file as nodeinit will write it on a node.
type Rendered struct {
	Node string `json:"node"`
	component.File
}

// Render shows the files of one node, or of all when node is empty; of one component, or
// of all when name is empty. No file holds a secret. Nothing is written: without a state,
// the cluster's UUID is left out.
func Render(_ context.Context, o Options, node, name string) ([]Rendered, error) {
	o = o.withDefaults()
	inv, _, err := o.load()
	if err != nil {
		return nil, err
	}
	id, err := o.knownIdentity(inv)
	if err != nil {
		return nil, err
	}
	c := resolve.Cluster(inv, id)
	if err := known("component", name, componentNames(inv)); err != nil {
		return nil, err
	}
	if err := known("node", node, nodeNames(inv)); err != nil {
		return nil, err
	}
	var out []Rendered
	for _, n := range c.Nodes {
		if node != "" && n.Name != node {
			continue
		}
		files, err := resolve.Files(c, n, name)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			out = append(out, Rendered{Node: n.Name, File: f})
		}
	}
	return out, nil
}

// knownIdentity is the identity that an existing state keeps.
func (o Options) knownIdentity(inv inventory.Inventory) (resolve.Identity, error) {
	state, err := pki.Load(o.stateDir(inv), inv.Cluster)
	if errors.Is(err, fs.ErrNotExist) {
		return resolve.Identity{}, nil
	}
	if err != nil {
		return resolve.Identity{}, err
	}
	return resolve.Identity{UUID: state.UUID(), IssuedAt: state.IssuedAt()}, nil
}

// UsageError is a request for something that is not there.
type UsageError struct{ Message string }

// Error says what was asked for and what there is.
func (e UsageError) Error() string { return e.Message }

func known(kind, name string, names []string) error {
	if name == "" || slices.Contains(names, name) {
		return nil
	}
	return UsageError{fmt.Sprintf("cannot find %s %q: there are %s", kind, name, strings.Join(names, ", "))}
}

func nodeNames(inv inventory.Inventory) []string {
	var names []string
	for _, n := range inv.Nodes {
		names = append(names, n.Name)
	}
	return names
}

func componentNames(inv inventory.Inventory) []string {
	var names []string
	for _, c := range inv.Components() {
		names = append(names, c.Name)
	}
	return names
}
