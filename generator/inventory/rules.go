package inventory

import (
	"fmt"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
	"github.com/pgcgen/pgcgen/templates/platform"
)

// rules are what any inventory must obey, whatever its components.
func rules() []rule {
	return []rule{
		required,
		choices,
		postgresVersion,
		clusterName,
		nodeNames,
		nodeInterfaces,
		nodeRoles,
		addressKeepers,
		nodeAddresses,
		gatewayAddress,
		otherNetwork,
		virtualAddress,
		packageProxy,
		users,
		databases,
	}
}

func problem(path, message, fix string) component.Problem {
	return component.Problem{Path: path, Message: message, Fix: fix}
}

// required lists what has no default.
func required(inv Inventory) []component.Problem {
	var out []component.Problem
	need := func(given bool, path, example string) {
		if !given {
			out = append(out, problem(path, "is missing", "write for example "+example))
		}
	}
	need(inv.Cluster != "", "cluster", "cluster: main")
	need(inv.Platform.OS != "", "platform.os", "platform: {os: debian-13}")
	need(inv.PostgreSQL.Version != 0, "postgresql.version", "postgresql: {version: 17}")
	need(len(inv.Nodes) > 0, "nodes", "nodes: [{name: pg1, address: 10.77.0.11/24, interface: eth0}]")
	for i, n := range inv.Nodes {
		at := fmt.Sprintf("nodes[%d]", i)
		need(n.Name != "", at+".name", fmt.Sprintf("name: pg%d", i+1))
		need(n.Address.IsValid(), at+".address", fmt.Sprintf("address: 10.77.0.%d/24", i+11))
	}
	for i, u := range inv.PostgreSQL.Users {
		need(u.Name != "", fmt.Sprintf("postgresql.users[%d].name", i), "name: app")
	}
	for i, d := range inv.PostgreSQL.Databases {
		need(d.Name != "", fmt.Sprintf("postgresql.databases[%d].name", i), "name: app")
	}
	return out
}

// choices checks the words of which only a few are known.
func choices(inv Inventory) []component.Problem {
	var out []component.Problem
	choice := func(path, word string, known ...string) {
		if word == "" {
			return
		}
		for _, k := range known {
			if word == k {
				return
			}
		}
		message := fmt.Sprintf("%q is not known; known are %s", word, strings.Join(known, ", "))
		if len(known) == 1 {
			message = fmt.Sprintf("%q is not supported; this version has %s only", word, known[0])
		}
		out = append(out, problem(path, message, didYouMean(word, known)))
	}
	choice("platform.os", inv.Platform.OS, platform.OSes()...)
	choice("platform.layout", string(inv.Platform.Layout), string(platform.LayoutDistro))
	choice("postgresql.vendor", inv.PostgreSQL.Vendor, VendorClassic)
	choice("packages.source", inv.Packages.Source, SourceImage, SourceDistro)
	choice("timings", string(inv.Timings), words(component.Profiles())...)
	choice("target", inv.Target, targets()...)
	choice("vip.follow", string(inv.VIP.Follow), string(component.FollowProxy), string(component.FollowLeader))
	for i, n := range inv.Nodes {
		for j, role := range n.Roles {
			choice(fmt.Sprintf("nodes[%d].roles[%d]", i, j), string(role), words(component.Roles())...)
		}
	}
	return out
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// postgresVersion names the versions that the platform has.
func postgresVersion(inv Inventory) []component.Problem {
	p, err := platform.Find(inv.Platform.OS, inv.Platform.Layout)
	version := inv.PostgreSQL.Version
	if err != nil || version == 0 || p.Offers(version) {
		return nil
	}
	return []component.Problem{problem("postgresql.version",
		fmt.Sprintf("%s with layout %s has no PostgreSQL %d", p.OS, p.Layout, version),
		"it has "+listed(p.PostgreSQL))}
}

func listed[T any](list []T) string {
	return strings.Join(strings.Fields(strings.Trim(fmt.Sprint(list), "[]")), ", ")
}
