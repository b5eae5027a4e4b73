package generator

import (
	"github.com/pgcgen/pgcgen/generator/output"
	"github.com/pgcgen/pgcgen/generator/pki"
	"github.com/pgcgen/pgcgen/generator/runbook"
	"github.com/pgcgen/pgcgen/generator/topology"
)

// signatureSuffix is what a signature's file name adds to that of what it signs.
const signatureSuffix = ".sig"

// documents writes what is for people and for all nodes.
func (b *builder) documents(expiry []pki.Expiry) error {
	names := output.Layout("")
	text, err := runbook.Markdown(runbook.Input{
		Cluster: b.specs.cluster, Inventory: b.Inventory, State: b.stateDir(b.inv), Expiry: expiry,
	})
	if err != nil {
		return err
	}
	files := map[string][]byte{
		names.ClusterSpec():                   b.specs.data,
		names.ClusterSpec() + signatureSuffix: b.specs.signature,
		names.Runbook():                       text,
		names.Topology():                      topology.SVG(b.specs.cluster),
	}
	for ca, certificate := range b.specs.authorities {
		files[names.Authority(ca)] = certificate
	}
	for name, data := range files {
		if err := b.stage.WriteFile(name, data); err != nil {
			return err
		}
	}
	return nil
}
