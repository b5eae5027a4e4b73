package netns

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"sync"
)

// bridge is the name of the only switch in the network.
const bridge = "br0"

// Network is a namespace with a bridge that machines are plugged into. The bridge has the
// gateway's address; Dial and Listen act from there.
type Network struct {
	Namespace
	// Gateway is the address of the bridge, with the network's prefix length.
	Gateway netip.Prefix

	mu   sync.Mutex
	cuts map[cut]bool
}

// New makes a network. The bridge forwards at once (no spanning tree, no learning delay)
// and floods multicast, as an unmanaged switch does.
func New(ctx context.Context, name string, gateway netip.Prefix) (*Network, error) {
	ns, err := Add(ctx, name)
	if err != nil {
		return nil, err
	}
	n := &Network{Namespace: ns, Gateway: gateway, cuts: map[cut]bool{}}
	for _, args := range [][]string{
		{"link", "add", bridge, "type", "bridge", "forward_delay", "0", "stp_state", "0", "mcast_snooping", "0"},
		{"address", "add", gateway.String(), "dev", bridge},
		{"link", "set", bridge, "up"},
	} {
		if err := n.ip(ctx, args...); err != nil {
			return nil, errors.Join(fmt.Errorf("cannot make the lab's bridge: %w", err), ns.Delete(ctx))
		}
	}
	return n, nil
}

// Plug connects a namespace to the bridge: it gets an interface with the given name and
// hardware address (the kernel chooses one when mac is empty), still down and without an
// address; the bridge gets a port named Port(host).
func (n *Network) Plug(ctx context.Context, host string, into Namespace, iface, mac string) error {
	port := Port(host)
	add := []string{"link", "add", port, "type", "veth", "peer", "name", iface}
	if mac != "" {
		add = append(add, "address", mac)
	}
	for _, args := range [][]string{
		append(add, "netns", into.Name),
		{"link", "set", port, "master", bridge, "up"},
	} {
		if err := n.ip(ctx, args...); err != nil {
			return fmt.Errorf("cannot plug %s into the lab's bridge: %w", host, err)
		}
	}
	return nil
}

// Unplug removes a host's port and with it the interface at the other end.
func (n *Network) Unplug(ctx context.Context, host string) error {
	if err := n.ip(ctx, "link", "delete", Port(host)); err != nil {
		return fmt.Errorf("cannot unplug %s from the lab's bridge: %w", host, err)
	}
	return nil
}

// NewHost makes a host on the network that is no machine, only a namespace with an address:
// the place where clients run. Tests act from it, not from the gateway, because the bridge
// itself is on no port and no fault between ports reaches it.
func (n *Network) NewHost(ctx context.Context, name string, address netip.Prefix) (Namespace, error) {
	ns, err := Add(ctx, n.Name+"."+name)
	if err != nil {
		return ns, err
	}
	if err := n.Plug(ctx, name, ns, "eth0", ""); err != nil {
		return ns, errors.Join(err, ns.Delete(ctx))
	}
	for _, args := range [][]string{
		{"address", "add", address.String(), "dev", "eth0"},
		{"link", "set", "eth0", "up"},
		{"route", "add", "default", "via", n.Gateway.Addr().String()},
	} {
		if err := ns.ip(ctx, args...); err != nil {
			return ns, errors.Join(fmt.Errorf("cannot set up host %s: %w", name, err), ns.Delete(ctx))
		}
	}
	return ns, nil
}

// Port is the name of a host's port on the bridge. Interface names have at most 15
// characters (IFNAMSIZ), so a long name becomes a digest.
func Port(host string) string {
	if port := "p-" + host; len(port) <= 15 {
		return port
	}
	sum := sha256.Sum256([]byte(host))
	return "p-" + hex.EncodeToString(sum[:6])
}
