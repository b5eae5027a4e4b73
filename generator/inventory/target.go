package inventory

import "github.com/pgcgen/pgcgen/generator/cloudinit"

// defaultTarget is a NoCloud disc, which has room for everything.
const defaultTarget = "nocloud"

func targets() []string {
	var names []string
	for _, limit := range cloudinit.Limits() {
		names = append(names, limit.Name)
	}
	return names
}
