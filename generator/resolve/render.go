package resolve

import (
	"fmt"

	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/templates/component"
)

// unitDir is where nodeinit writes units.
const unitDir = "/etc/systemd/system"

// Files renders what nodeinit will write for a node's components, or for one of them when
// name is not empty. No file holds a secret: keys are placed beside them, from the spec.
func Files(c spec.Cluster, n component.Node, name string) ([]component.File, error) {
	view, err := View(c, n)
	if err != nil {
		return nil, err
	}
	var out []component.File
	for _, k := range Components(c, n) {
		if name != "" && k.Name != name {
			continue
		}
		files, err := render(k, view)
		if err != nil {
			return nil, fmt.Errorf("cannot render %s of node %s: %w", k.Name, n.Name, err)
		}
		out = append(out, files...)
	}
	return out, nil
}

func render(k component.Component, view component.View) ([]component.File, error) {
	var out []component.File
	if k.Files != nil {
		files, err := k.Files(view)
		if err != nil {
			return nil, err
		}
		out = append(out, files...)
	}
	if k.Units == nil {
		return out, nil
	}
	units, err := k.Units(view)
	if err != nil {
		return nil, err
	}
	for _, u := range units {
		out = append(out, component.File{Path: unitDir + "/" + u.Name, Mode: 0o644, Data: u.Content})
	}
	return out, nil
}
