package inventory

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/templates/component"
)

var (
	clusterPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,38}[a-z0-9])?$`)
	// labelPattern is a host name's label: RFC 1123 section 2.1 with RFC 1034's length. Upper
	// case is left out because etcd, Patroni and certificates compare names byte by byte.
	labelPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	// interfacePattern is narrower than the kernel's dev_valid_name: names are written into
	// configuration files, and nobody's udev rules use other characters.
	interfacePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,15}$`)
)

// validDomain reports whether text is a DNS name of RFC 1123 labels.
func validDomain(text string) bool {
	if len(text) > 253 {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if !labelPattern.MatchString(label) {
			return false
		}
	}
	return true
}

// clusterName limits the name to what is safe in etcd keys, paths and certificate names.
func clusterName(inv Inventory) []component.Problem {
	if inv.Cluster == "" || clusterPattern.MatchString(inv.Cluster) {
		return nil
	}
	return []component.Problem{problem("cluster", fmt.Sprintf("%q is no usable cluster name", inv.Cluster),
		"use up to 40 of a-z, 0-9, - and _, beginning and ending with a letter or digit")}
}

func nodeNames(inv Inventory) []component.Problem {
	var out []component.Problem
	first := map[string]int{}
	for i, n := range inv.Nodes {
		path := fmt.Sprintf("nodes[%d].name", i)
		earlier, again := first[n.Name]
		switch {
		case n.Name == "":
		case again:
			out = append(out, problem(path, fmt.Sprintf("nodes[%d] is named %s as well", earlier, n.Name), "give every node a name of its own"))
		case n.Name == "localhost":
			out = append(out, problem(path, "localhost is every machine's own name", "name the node after itself, as pg1"))
		case strings.Contains(n.Name, ".") && validDomain(n.Name):
			out = append(out, problem(path, fmt.Sprintf("%q has a domain", n.Name), "use the first label here and put the domain into network.domain"))
		case !labelPattern.MatchString(n.Name):
			out = append(out, problem(path, fmt.Sprintf("%q is no host name (RFC 1123)", n.Name),
				"use up to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit"))
		}
		if !again {
			first[n.Name] = i
		}
	}
	return out
}

// nodeInterfaces wants one way to find the interface that gets the node's address.
func nodeInterfaces(inv Inventory) []component.Problem {
	var out []component.Problem
	first := map[string]int{}
	for i, n := range inv.Nodes {
		at := fmt.Sprintf("nodes[%d]", i)
		switch {
		case n.MAC == "" && n.Interface == "":
			out = append(out, problem(at, "neither mac nor interface is given", "write the network card's mac, or its interface as eth0"))
		case n.MAC != "" && n.Interface != "":
			out = append(out, problem(at+".interface", "mac and interface are both given", "keep the one that is certain to match"))
		case n.Interface != "" && (!interfacePattern.MatchString(n.Interface) || n.Interface == "." || n.Interface == ".."):
			out = append(out, problem(at+".interface", fmt.Sprintf("%q is no interface name", n.Interface), "use up to 15 letters, digits, dots and dashes, as ip link shows them"))
		case n.MAC != "":
			out = append(out, macProblems(at+".mac", n.MAC)...)
			if earlier, again := first[n.MAC]; again {
				out = append(out, problem(at+".mac", fmt.Sprintf("nodes[%d] has the hardware address %s as well", earlier, n.MAC), "give every node its own"))
			} else {
				first[n.MAC] = i
			}
		}
	}
	return out
}

func macProblems(path, text string) []component.Problem {
	mac, err := net.ParseMAC(text)
	switch {
	case err != nil || len(mac) != 6:
		return []component.Problem{problem(path, fmt.Sprintf("%q is no hardware address", text), `write six pairs of digits in quotes, as "52:54:00:77:00:11"`)}
	case mac[0]&1 != 0:
		return []component.Problem{problem(path, text+" is a group address, no network card has it", "take the card's own address")}
	}
	return nil
}

func nodeRoles(inv Inventory) []component.Problem {
	var out []component.Problem
	for i, n := range inv.Nodes {
		for j, role := range n.Roles {
			if slices.Contains(n.Roles[:j], role) {
				out = append(out, problem(fmt.Sprintf("nodes[%d].roles[%d]", i, j), "the role "+string(role)+" is given twice", "remove one"))
			}
		}
	}
	return out
}

// addressKeepers wants somebody to keep a virtual address.
func addressKeepers(inv Inventory) []component.Problem {
	if !inv.VIP.Set() || len(inv.Nodes) == 0 || len(inv.Topology().With(component.RoleKeepalived)) > 0 {
		return nil
	}
	return []component.Problem{problem("vip.address", "no node has the role keepalived, so nobody keeps the address",
		"give the role to every node that runs HAProxy")}
}
