package generator

import (
	"io"
	"path/filepath"
	"time"

	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/packaging"
)

// Options are what all of pgcgen's commands may be told.
type Options struct {
	// Inventory is the path of the inventory file.
	Inventory string
	// Out is the folder that Build makes.
	Out string
	// State is the cluster's state folder; .pgcgen/<cluster> beside the inventory when empty.
	State string
	// Strict makes warnings errors.
	Strict bool
	// NoPackages leaves nodeinit's packages out.
	NoPackages bool
	// NoPreview leaves the rendered files out: each names all nodes, so that in clusters of
	// hundreds they take most of the time and room.
	NoPreview bool
	// Version is pgcgen's, a semantic version; the packages carry it.
	Version string
	// Program returns the nodeinit program of an architecture; packaging.Binary when nil.
	Program func(arch string) ([]byte, error)
	// Now is the clock, time.Now when nil. Random is the source of keys and passwords,
	// crypto/rand when nil.
	Now    func() time.Time
	Random io.Reader
	// Progress is told what begins now. It may be nil, and may be called from any goroutine.
	Progress func(step string)
}

func (o Options) withDefaults() Options {
	if o.Program == nil {
		o.Program = packaging.Binary
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o
}

// stateDir is the cluster's state folder.
func (o Options) stateDir(inv inventory.Inventory) string {
	if o.State != "" {
		return o.State
	}
	return filepath.Join(filepath.Dir(o.Inventory), ".pgcgen", inv.Cluster)
}

// load reads the inventory. The error is inventory.Problems when the inventory is wrong;
// problems has the warnings, also when there is no error.
func (o Options) load() (inv inventory.Inventory, problems inventory.Problems, err error) {
	inv, problems, err = inventory.Load(o.Inventory)
	switch {
	case err != nil:
		return inv, nil, err
	case problems.Err() != nil || o.Strict && len(problems) > 0:
		return inv, problems, problems
	}
	return inv, problems, nil
}
