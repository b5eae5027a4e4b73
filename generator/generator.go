// Package generator turns an inventory into everything that machines need in order to make
// a cluster by themselves.
package generator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/generator/output"
	"github.com/pgcgen/pgcgen/generator/pki"
)

// Build makes the output folder: it loads the inventory, resolves it with what the state
// keeps, and writes specs, seeds, packages and documents beside the old output, which is
// replaced in the end.
//
// After an error the old output is untouched, and nothing has been added to the state
// unless only the replacement itself failed. The error is inventory.Problems when the
// inventory is wrong.
func Build(ctx context.Context, o Options) (result Result, err error) {
	o = o.withDefaults()
	o.Progress("reading " + o.Inventory)
	inv, problems, err := o.load()
	if err != nil {
		return result, err
	}

	state, err := pki.Open(pki.Config{Dir: o.stateDir(inv), Cluster: inv.Cluster, Now: o.Now, Random: o.Random})
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	stage, err := output.NewStage(o.Out)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, stage.Abort()) }()

	o.Progress(fmt.Sprintf("issuing certificates for %d nodes", len(inv.Nodes)))
	authority, err := pki.NewAuthority(state, pki.Lifetimes{})
	if err != nil {
		return result, err
	}
	specs, err := resolveSpecs(inv, state, authority)
	if err != nil {
		return result, err
	}
	authority.DropUnused()

	b := builder{Options: o, inv: inv, specs: specs, stage: stage}
	if err := b.packages(ctx); err != nil {
		return result, err
	}
	if err := b.seeds(ctx); err != nil {
		return result, err
	}
	if err := b.documents(authority.Expiry()); err != nil {
		return result, err
	}
	result = b.result(ctx, problems, authority)
	if o.Strict && len(result.Warnings) > 0 {
		return result, fmt.Errorf("cannot build with warnings: %s", strings.Join(result.Warnings, "; "))
	}

	// The state first: what machines boot with must never be lost.
	o.Progress("writing " + o.Out)
	if err := state.Save(); err != nil {
		return result, err
	}
	manifest, err := stage.Commit(output.Info{
		Version: o.Version, Cluster: inv.Cluster, UUID: specs.cluster.UUID,
		Generation: specs.cluster.Generation, Inputs: inv.Digest,
	})
	result.Files = len(manifest.Files) + 2 // the manifest and the checksums
	return result, err
}

// builder is one build under way.
type builder struct {
	Options
	inv   inventory.Inventory
	specs specs
	stage *output.Stage
	// built are nodeinit's packages.
	built []builtPackage
	// sizes are what the nodes' user-data weighs, in the inventory's order.
	sizes []int
}
