package generator

import (
	"context"

	"github.com/pgcgen/pgcgen/generator/inventory"
)

// Report is what Validate found.
type Report struct {
	Cluster string `json:"cluster"`
	Nodes   int    `json:"nodes"`
	// Problems are errors and warnings, in the file's order.
	Problems inventory.Problems `json:"problems"`
}

// Validate reads the inventory and tries every component's configuration. It touches
// neither the state nor the output. The error is inventory.Problems when the inventory is
// wrong (or, if strict, has warnings), and then the report is filled as well.
func Validate(_ context.Context, o Options) (Report, error) {
	inv, problems, err := o.withDefaults().load()
	if problems == nil {
		problems = inventory.Problems{}
	}
	return Report{Cluster: inv.Cluster, Nodes: len(inv.Nodes), Problems: problems}, err
}
