// Package cluster boots an out/ as the machines it is for, and looks at them from outside:
// what its functions know of the cluster is what an operator has in hand.
package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/pgcgen/pgcgen/generator/output"
	"github.com/pgcgen/pgcgen/lab"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/templates/platform"
)

// Cluster is an out/ on the machines of a lab.
type Cluster struct {
	Out  output.Layout
	Spec spec.Cluster
	Lab  *lab.Lab
	// Machines are in the order of the spec's nodes.
	Machines []lab.Machine
}

// Open makes a lab for an out/: a network like the inventory's and a machine per node,
// off, on a disk over the given image layers, with its seed inserted.
func Open(ctx context.Context, id, out string, layers func(node string) []string) (*Cluster, error) {
	c := &Cluster{Out: output.Layout(out)}
	if err := c.readSpec(); err != nil {
		return nil, err
	}
	gateway := netip.PrefixFrom(c.Spec.Network.Gateway, c.Spec.Nodes[0].Address.Bits())
	client, err := clientAddress(gateway)
	if err != nil {
		return nil, err
	}
	if c.Lab, err = lab.Open(ctx, lab.Config{ID: id, Gateway: gateway, Client: client}); err != nil {
		return nil, err
	}
	if err := c.create(layers); err != nil {
		return nil, errors.Join(err, c.Lab.Close())
	}
	return c, nil
}

// readSpec takes what is needed of the signed cluster spec.
func (c *Cluster) readSpec() error {
	data, err := os.ReadFile(c.Out.ClusterSpec())
	if err != nil {
		return fmt.Errorf("cannot read the cluster's spec (was out/ built?): %w", err)
	}
	if err := json.Unmarshal(data, &c.Spec); err != nil {
		return fmt.Errorf("cannot read %s: %w", c.Out.ClusterSpec(), err)
	}
	if len(c.Spec.Nodes) == 0 || !c.Spec.Network.Gateway.IsValid() {
		return fmt.Errorf("cannot boot %s: its cluster has no nodes or no gateway", c.Out)
	}
	return nil
}

// clientAddress is the last address of the network but one.
func clientAddress(gateway netip.Prefix) (netip.Prefix, error) {
	if !gateway.Addr().Is4() || gateway.Bits() > 24 {
		return netip.Prefix{}, fmt.Errorf("cannot find a free address for the client in %s: the lab wants an IPv4 network of at least 256 addresses", gateway)
	}
	a := gateway.Addr().As4()
	a[3] = 254
	return netip.PrefixFrom(netip.AddrFrom4(a), gateway.Bits()), nil
}

func (c *Cluster) create(layers func(string) []string) error {
	for _, n := range c.Spec.Nodes {
		m, err := c.Lab.Create(n.Name, n.MAC, layers(n.Name)...)
		if err != nil {
			return err
		}
		if err := m.Seed(c.Out.NodeDir(n.Name)); err != nil {
			return err
		}
		c.Machines = append(c.Machines, m)
	}
	return nil
}

// PowerOn switches all machines on.
func (c *Cluster) PowerOn(ctx context.Context) error {
	for _, m := range c.Machines {
		if err := m.PowerOn(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Machine finds a machine by its node's name.
func (c *Cluster) Machine(name string) (lab.Machine, error) {
	for _, m := range c.Machines {
		if m.Name() == name {
			return m, nil
		}
	}
	return nil, fmt.Errorf("cannot find machine %s", name)
}

// Close takes everything down.
func (c *Cluster) Close() error { return c.Lab.Close() }

// Deb finds nodeinit's package for this architecture in an out/.
func Deb(out string) (string, error) {
	found, err := filepath.Glob(output.Layout(out).Package("nodeinit_*_amd64.deb"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("cannot find nodeinit's package in %s: %d files match (%w)", out, len(found), errors.Join(err, os.ErrNotExist))
	}
	return found[0], nil
}

// Platform is the operating system that an out/ is for.
func Platform(out string) (platform.Platform, error) {
	c := &Cluster{Out: output.Layout(out)}
	if err := c.readSpec(); err != nil {
		return platform.Platform{}, err
	}
	return c.Spec.Platform()
}
