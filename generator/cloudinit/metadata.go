package cloudinit

import (
	"fmt"
	"net/netip"
	"strings"
)

// MetaData names the instance.
type MetaData struct {
	// InstanceID is what cloud-init compares: another one makes a machine boot as if for
	// the first time.
	InstanceID string `yaml:"instance-id"`
	Hostname   string `yaml:"local-hostname"`
}

// Marshal renders meta-data.
func (m MetaData) Marshal() ([]byte, error) {
	text, err := marshal(m)
	if err != nil {
		return nil, fmt.Errorf("cannot write meta-data of %s: %w", m.Hostname, err)
	}
	return text, nil
}

// Network is the static configuration of a machine's one interface.
type Network struct {
	// MAC finds the interface, whatever its name is. Empty: Interface is its name.
	MAC, Interface string
	// Addresses are the machine's own, with the length of their network.
	Addresses []netip.Prefix
	// Gateways are the default routers: at most one for each IP version.
	Gateways    []netip.Addr
	Nameservers []netip.Addr
	Search      []string
}

// matched is the name of a configuration entry that finds its interface by MAC.
const matched = "primary"

type networkConfig struct {
	Version   int                 `yaml:"version"`
	Ethernets map[string]ethernet `yaml:"ethernets"`
}

// ethernet uses gateway4 and gateway6 although cloud-init 25.1 calls them deprecated (until
// 27.4), because the other spellings fail: "to: default" is refused as an address by every
// renderer but netplan, and "to: 0.0.0.0/0" becomes a call of route(8) in
// /etc/network/interfaces, which Debian does not install.
type ethernet struct {
	Match       *match       `yaml:"match,omitempty"`
	Addresses   []string     `yaml:"addresses,flow"`
	Gateway4    string       `yaml:"gateway4,omitempty"`
	Gateway6    string       `yaml:"gateway6,omitempty"`
	Nameservers *nameservers `yaml:"nameservers,omitempty"`
	// LinkLocal is an empty list on machines without IPv6: otherwise networkd keeps the boot
	// waiting for a router that never advertises (two seconds on Debian 13, fourteen on 12).
	LinkLocal *[]string `yaml:"link-local,flow,omitempty"`
}

type match struct {
	MAC string `yaml:"macaddress"`
}

type nameservers struct {
	Addresses []string `yaml:"addresses,flow,omitempty"`
	Search    []string `yaml:"search,flow,omitempty"`
}

// Marshal renders network-config, version 2.
func (n Network) Marshal() ([]byte, error) {
	e := ethernet{}
	ipv6 := false
	for _, a := range n.Addresses {
		e.Addresses = append(e.Addresses, a.String())
		ipv6 = ipv6 || a.Addr().Is6()
	}
	if !ipv6 {
		e.LinkLocal = &[]string{}
	}
	for _, g := range n.Gateways {
		if err := e.route(g); err != nil {
			return nil, fmt.Errorf("cannot write network-config: %w", err)
		}
	}
	if len(n.Nameservers)+len(n.Search) > 0 {
		e.Nameservers = &nameservers{Search: n.Search}
		for _, a := range n.Nameservers {
			e.Nameservers.Addresses = append(e.Nameservers.Addresses, a.String())
		}
	}
	name := n.Interface
	switch {
	case n.MAC != "":
		name, e.Match = matched, &match{MAC: strings.ToLower(n.MAC)}
	case name == "":
		return nil, fmt.Errorf("cannot write network-config: neither a MAC address nor an interface is given")
	}
	text, err := marshal(networkConfig{Version: 2, Ethernets: map[string]ethernet{name: e}})
	if err != nil {
		return nil, fmt.Errorf("cannot write network-config: %w", err)
	}
	return text, nil
}

func (e *ethernet) route(gateway netip.Addr) error {
	field := &e.Gateway4
	if gateway.Is6() {
		field = &e.Gateway6
	}
	if *field != "" {
		return fmt.Errorf("%s and %s cannot both be the default gateway", *field, gateway)
	}
	*field = gateway.String()
	return nil
}
