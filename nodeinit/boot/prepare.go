package boot

import (
	"context"
	"fmt"
	"strings"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
	"github.com/pgcgen/pgcgen/nodeinit/membership"
	"github.com/pgcgen/pgcgen/nodeinit/packages"
	"github.com/pgcgen/pgcgen/nodeinit/sequence"
	"github.com/pgcgen/pgcgen/templates/component"
)

// mask keeps the distribution's units from ever running beside ours: a packaged etcd or
// PostgreSQL that starts on installation is a second cluster on our ports.
func (b *bringUp) mask(ctx context.Context, _ *sequence.Report) error {
	var units []string
	for _, c := range b.components {
		if c.Masks != nil {
			units = append(units, c.Masks(b.view())...)
		}
	}
	for _, unit := range units {
		if err := b.Systemd.Stop(ctx, unit); err != nil {
			return err
		}
	}
	return b.Systemd.Mask(ctx, units...)
}

// packages installs what is missing, from where the inventory says.
func (b *bringUp) packages(ctx context.Context, r *sequence.Report) error {
	var names []string
	for _, c := range b.components {
		names = append(names, c.Packages(b.view())...)
	}
	missing, err := b.installer.Missing(ctx, names)
	if err != nil || len(missing) == 0 {
		return err
	}
	if b.spec.Cluster.Packages.Source == "image" {
		return fault.Blocked(fmt.Errorf("the image lacks %s", strings.Join(missing, ", ")),
			"use an image that has them, or set packages.source to distro in the inventory and build again")
	}
	return b.installer.Install(ctx, missing, packages.Options{Proxy: b.spec.Cluster.Packages.Proxy, Progress: r.Progress})
}

func (b *bringUp) users(ctx context.Context, _ *sequence.Report) error {
	for _, c := range b.components {
		if c.Users == nil {
			continue
		}
		for _, u := range c.Users(b.view()) {
			if _, err := b.Host.EnsureUser(ctx, u); err != nil {
				return err
			}
		}
	}
	return nil
}

// gather finds what rendering depends on and only the machine knows.
func (b *bringUp) gather(ctx context.Context, _ *sequence.Report) error {
	f := component.Facts{Versions: map[string]string{}, Bootstrap: true, CPUs: b.Host.CPUs(), Watchdog: b.Host.WatchdogDevice()}
	var err error
	if f.MemoryBytes, err = b.Host.MemoryBytes(); err != nil {
		return err
	}
	nic, err := b.Host.InterfaceOf(b.self.IP())
	if err != nil {
		return err
	}
	f.Interface = nic.Name
	for name, pkg := range b.platform.VersionPackages(b.spec.Cluster.PostgreSQL.Version) {
		version, err := b.installer.Version(ctx, pkg)
		if err != nil {
			return err
		}
		// A component that does not run here keeps the stock version: nothing is rendered
		// from it.
		if version == "" {
			version = b.platform.Versions[name]
		}
		f.Versions[name] = version
	}
	b.facts = f
	return nil
}

// decide asks membership how etcd starts.
func (b *bringUp) decide(context.Context, *sequence.Report) error {
	b.facts.Birth = membership.Static{
		Topology: b.spec.Cluster.Topology, Generation: b.spec.Cluster.Generation,
		PeerURL: b.spec.Cluster.Settings.Etcd.PeerURL,
	}.Birth()
	return nil
}
