package inventory

import (
	"fmt"
	"net/netip"
	"net/url"

	"github.com/pgcgen/pgcgen/templates/component"
)

// network is the network that most nodes are in, the first of equals.
func (inv Inventory) network() netip.Prefix {
	var best netip.Prefix
	count := map[netip.Prefix]int{}
	for _, n := range inv.Nodes {
		if p := n.Address.Masked(); p.IsValid() {
			count[p]++
		}
	}
	for _, n := range inv.Nodes {
		if p := n.Address.Masked(); count[p] > count[best] {
			best = p
		}
	}
	return best
}

// nodeAddresses wants every node in one network, which VRRP and one gateway need, with an
// address of its own that a machine can have.
func nodeAddresses(inv Inventory) []component.Problem {
	var out []component.Problem
	network := inv.network()
	first := map[netip.Addr]int{}
	for i, n := range inv.Nodes {
		if !n.Address.IsValid() {
			continue
		}
		path := fmt.Sprintf("nodes[%d].address", i)
		earlier, again := first[n.IP()]
		switch reason := unusable(n.Address); {
		case reason != "":
			out = append(out, problem(path, fmt.Sprintf("%s %s", n.IP(), reason), "take a host's address"))
		case again:
			out = append(out, problem(path, fmt.Sprintf("nodes[%d] has the address %s as well", earlier, n.IP()), "give every node its own"))
		case n.Address.Masked() != network:
			out = append(out, problem(path, fmt.Sprintf("%s is outside of the network %s of the other nodes", n.Address, network), "put all nodes into one network"))
		}
		if !again {
			first[n.IP()] = i
		}
	}
	return out
}

// unusable says why no machine can have an address, or "".
func unusable(p netip.Prefix) string {
	a := p.Addr()
	switch {
	case a.Is4In6() || a.Zone() != "":
		return "is not written plainly"
	case a.IsUnspecified():
		return "means any address"
	case a.IsLoopback():
		return "is a loopback address"
	case a.IsMulticast():
		return "is a multicast address"
	case a.IsLinkLocalUnicast():
		return "is a link-local address, which is not unique"
	case p.Bits() >= a.BitLen()-1:
		return "" // RFC 3021 and RFC 6164: such networks have no address of their own
	case a == p.Masked().Addr():
		return fmt.Sprintf("is the address of the network %s itself", p.Masked())
	case a.Is4() && a == broadcast(p):
		return fmt.Sprintf("is the broadcast address of the network %s", p.Masked())
	}
	return ""
}

// broadcast is the last address of an IPv4 network.
func broadcast(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	return netip.AddrFrom4(b)
}

// holder names the node that has an address, or "".
func (inv Inventory) holder(a netip.Addr) string {
	for _, n := range inv.Nodes {
		if n.Address.IsValid() && n.IP() == a {
			return n.Name
		}
	}
	return ""
}

func gatewayAddress(inv Inventory) []component.Problem {
	const path = "network.gateway"
	gateway, network := inv.Network.Gateway, inv.network()
	if !gateway.IsValid() || !network.IsValid() {
		return nil
	}
	reason := unusable(netip.PrefixFrom(gateway, network.Bits()))
	switch {
	case !network.Contains(gateway):
		return []component.Problem{problem(path, fmt.Sprintf("%s is outside of the nodes' network %s", gateway, network), "take the router's address in that network")}
	case reason != "":
		return []component.Problem{problem(path, fmt.Sprintf("%s %s", gateway, reason), "take the router's address")}
	case inv.holder(gateway) != "":
		return []component.Problem{problem(path, fmt.Sprintf("%s is the address of node %s", gateway, inv.holder(gateway)), "take the router's address")}
	}
	return nil
}

// otherNetwork checks the names and servers that every node is told.
func otherNetwork(inv Inventory) []component.Problem {
	var out []component.Problem
	for i, a := range inv.Network.Nameservers {
		if a.IsValid() && (a.IsUnspecified() || a.IsMulticast()) {
			out = append(out, problem(fmt.Sprintf("network.nameservers[%d]", i), a.String()+" is no server's address", "take the address of a DNS server"))
		}
	}
	for i, server := range inv.Network.NTP {
		if _, err := netip.ParseAddr(server); err != nil && !validDomain(server) {
			out = append(out, problem(fmt.Sprintf("network.ntp[%d]", i), fmt.Sprintf("%q is neither a host name nor an address", server), "write one server per entry"))
		}
	}
	if d := inv.Network.Domain; d != "" && !validDomain(d) {
		out = append(out, problem("network.domain", fmt.Sprintf("%q is no domain", d), "write it as db.example.org, without a dot at either end"))
	}
	return out
}

func virtualAddress(inv Inventory) []component.Problem {
	var out []component.Problem
	vip, network := inv.VIP.Address, inv.network()
	if n := inv.VIP.Name; n != "" && !validDomain(n) {
		out = append(out, problem("vip.name", fmt.Sprintf("%q is no DNS name", n), "write the name that clients use, as db.example.org"))
	}
	if !vip.IsValid() || !network.IsValid() {
		return out
	}
	refuse := func(message, fix string) {
		out = append(out, problem("vip.address", message, fix))
	}
	addr := vip.Addr()
	reason := unusable(netip.PrefixFrom(addr, network.Bits()))
	switch {
	case inv.holder(addr) != "":
		refuse(fmt.Sprintf("%s is the address of node %s", addr, inv.holder(addr)), "take one that no machine has")
	case !network.Contains(addr):
		refuse(fmt.Sprintf("%s is outside of the nodes' network %s", addr, network), "take a free address in it")
	case reason != "":
		refuse(fmt.Sprintf("%s %s", addr, reason), "take a free host's address")
	case addr == inv.Network.Gateway:
		refuse(fmt.Sprintf("%s is the gateway's address", addr), "take one that no machine has")
	case vip.Bits() != network.Bits() && vip.Bits() != addr.BitLen():
		refuse(fmt.Sprintf("the prefix length /%d is not that of the nodes' network %s", vip.Bits(), network), fmt.Sprintf("write %s/%d", addr, network.Bits()))
	}
	return out
}

func packageProxy(inv Inventory) []component.Problem {
	const path, example = "packages.proxy", "write it as http://proxy.example.org:3128"
	if inv.Packages.Proxy == "" {
		return nil
	}
	u, err := url.Parse(inv.Packages.Proxy)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return []component.Problem{problem(path, "is no HTTP proxy's address", example)}
	case u.User != nil:
		return []component.Problem{problem(path, "carries a user name or password, which every node could read", "use a proxy that admits the nodes by address")}
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return []component.Problem{problem(path, "has a path or a query", example)}
	case inv.Packages.Source == SourceImage:
		return []component.Problem{{Path: path, Warning: true, Message: "is not used when packages.source is image", Fix: "remove it"}}
	}
	return nil
}
