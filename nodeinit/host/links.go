package host

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Link is a network interface with its addresses.
type Link struct {
	Name string
	// MAC is in lower case with colons; empty for interfaces that have none.
	MAC       string
	Addresses []netip.Prefix
}

// InterfaceOf returns the interface that carries an address. Without one the error lists what
// the machine has.
func (h *Host) InterfaceOf(address netip.Addr) (Link, error) {
	list := h.Links
	if list == nil {
		list = kernelLinks
	}
	links, err := list()
	if err != nil {
		return Link{}, fmt.Errorf("cannot list network interfaces: %w", err)
	}
	slices.SortFunc(links, func(a, b Link) int { return cmp.Compare(a.Name, b.Name) })
	for _, l := range links {
		if slices.ContainsFunc(l.Addresses, func(p netip.Prefix) bool { return p.Addr() == address }) {
			return l, nil
		}
	}
	return Link{}, fmt.Errorf("no network interface has %s: %s", address, describe(links))
}

func kernelLinks() ([]Link, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	links := make([]Link, 0, len(interfaces))
	for _, i := range interfaces {
		addresses, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		link := Link{Name: i.Name, MAC: i.HardwareAddr.String()}
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				link.Addresses = append(link.Addresses, p)
			}
		}
		links = append(links, link)
	}
	return links, nil
}

// describe says what addresses a machine has: "eth0 (52:54:00:77:00:11) has 10.0.2.15/24".
func describe(links []Link) string {
	if len(links) == 0 {
		return "there are no interfaces"
	}
	parts := make([]string, 0, len(links))
	for _, l := range links {
		text := l.Name
		if l.MAC != "" {
			text += " (" + l.MAC + ")"
		}
		if len(l.Addresses) == 0 {
			parts = append(parts, text+" has no address")
			continue
		}
		addresses := make([]string, 0, len(l.Addresses))
		for _, a := range l.Addresses {
			addresses = append(addresses, a.String())
		}
		parts = append(parts, text+" has "+strings.Join(addresses, " and "))
	}
	return strings.Join(parts, ", ")
}
