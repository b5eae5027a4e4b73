package inventory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/platform"
)

// usable returns the platform when the topology is sound enough for components to look
// at: what they need of it is there and could be read.
func (inv Inventory) usable() (platform.Platform, bool) {
	p, err := platform.Find(inv.Platform.OS, inv.Platform.Layout)
	sound := err == nil && len(inv.Nodes) > 0 && slices.Contains(component.Profiles(), inv.Timings) &&
		!slices.ContainsFunc(inv.Nodes, func(n component.Node) bool { return !n.Address.IsValid() || n.Name == "" })
	return p, sound
}

// componentRules are the components' own rules, then those between components. given tells
// whether a path is in the file, rather than a default.
func componentRules(p platform.Platform, given func(path string) bool) []rule {
	return []rule{
		func(inv Inventory) []component.Problem { return ownRules(inv, p) },
		func(inv Inventory) []component.Problem { return portClashes(inv, p, given) },
	}
}

// ownRules asks every component. What passes is rendered as well: a value that would break
// out of its place in a configuration file is found here, not at boot.
func ownRules(inv Inventory, p platform.Platform) []component.Problem {
	var out []component.Problem
	for _, c := range inv.Components() {
		var found []component.Problem
		if c.Rules != nil {
			found = c.Rules(inv.Topology())
		}
		if !slices.ContainsFunc(found, func(f component.Problem) bool { return !f.Warning }) {
			found = append(found, unrenderable(inv, p, c)...)
		}
		out = append(out, found...)
	}
	return out
}

// unrenderable tries a component on the first node that has it.
func unrenderable(inv Inventory, p platform.Platform, c component.Component) []component.Problem {
	i := slices.IndexFunc(inv.Nodes, func(n component.Node) bool { return c.On == nil || c.On(n) })
	if i < 0 || c.Files == nil {
		return nil
	}
	if _, err := c.Files(view(inv, inv.Nodes[i], p)); err != nil {
		return []component.Problem{problem(c.Name, err.Error(), "change the value")}
	}
	return nil
}

func view(inv Inventory, n component.Node, p platform.Platform) component.View {
	return component.View{Topology: inv.Topology(), Node: n, Platform: p, Facts: Facts(n, p)}
}

// Facts are what a node is assumed to be where the machine itself cannot be asked.
func Facts(n component.Node, p platform.Platform) component.Facts {
	const assumedMemory, assumedCPUs = 2 << 30, 2
	name := n.Interface
	if name == "" {
		name = "eth0"
	}
	return component.Facts{MemoryBytes: assumedMemory, CPUs: assumedCPUs, Interface: name, Versions: p.Versions}
}

// portClashes finds two components of one node that listen on the same socket. Nodes are
// alike, so a clash is told once, of the first node that has it, and of the port that was
// chosen rather than of one that is a default.
func portClashes(inv Inventory, p platform.Platform, given func(path string) bool) []component.Problem {
	var out []component.Problem
	told := map[[2]string]bool{}
	for _, n := range inv.Nodes {
		open := ports(inv, n, p)
		for i, later := range open {
			for _, earlier := range open[:i] {
				mine, theirs := later.Setting, earlier.Setting
				if told[[2]string{mine, theirs}] || !overlap(later, earlier) {
					continue
				}
				told[[2]string{mine, theirs}] = true
				if given(theirs) && !given(mine) {
					mine, theirs = theirs, mine
				}
				out = append(out, problem(mine, fmt.Sprintf("port %d is that of %s, too, on %s", later.Number, theirs, n.Name), "choose another port"))
			}
		}
	}
	return out
}

// ports are the sockets that a node's components listen on.
func ports(inv Inventory, n component.Node, p platform.Platform) []component.Port {
	var open []component.Port
	for _, c := range inv.Components() {
		if c.Ports != nil && (c.On == nil || c.On(n)) {
			open = append(open, c.Ports(view(inv, n, p))...)
		}
	}
	return open
}

// overlap reports whether two sockets cannot be bound at once: same number, and the same
// address or one that means all addresses.
func overlap(a, b component.Port) bool {
	all := func(address string) bool {
		return slices.Contains([]string{"", "*", "0.0.0.0", "::"}, strings.Trim(address, "[]"))
	}
	return a.Number == b.Number && (a.Address == b.Address || all(a.Address) || all(b.Address))
}
