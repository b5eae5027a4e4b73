package boot

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/pgcgen/pgcgen/nodeinit/sequence"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/templates/component"
)

const unitDir = "/etc/systemd/system"

// certificates writes every identity and authority where its program reads it.
func (b *bringUp) certificates(context.Context, *sequence.Report) error {
	for _, c := range b.components {
		if c.Certs != nil {
			for _, cert := range c.Certs(b.view()) {
				if err := b.writeIdentity(cert); err != nil {
					return err
				}
			}
		}
		if c.Trusts != nil {
			for _, trust := range c.Trusts(b.view()) {
				if err := b.writeTrust(trust); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (b *bringUp) writeIdentity(cert component.Certificate) error {
	id, ok := b.spec.Node.Identities[cert.Name]
	if !ok {
		return fmt.Errorf("cannot place certificate %s: the node's spec lacks it", cert.Name)
	}
	key, err := id.KeyPEM()
	if err != nil {
		return fmt.Errorf("cannot place certificate %s: %w", cert.Name, err)
	}
	for _, f := range []component.File{
		{Path: cert.KeyPath, Mode: 0o600, Owner: cert.Owner, Group: cert.Group, Data: []byte(key.Reveal())},
		{Path: cert.CertPath, Mode: 0o644, Data: id.CertPEM()},
	} {
		if err := b.place(f); err != nil {
			return err
		}
	}
	return nil
}

func (b *bringUp) writeTrust(t component.Trust) error {
	der, ok := b.spec.Cluster.Authorities[t.CA]
	if !ok {
		return fmt.Errorf("cannot place authority %s: the cluster's spec lacks it", t.CA)
	}
	return b.place(component.File{Path: t.Path, Mode: 0o644, Data: spec.CertPEM(der)})
}

// place writes a file whose directory may not exist yet.
func (b *bringUp) place(f component.File) error {
	if err := b.ensureParents(path.Dir(f.Path)); err != nil {
		return err
	}
	_, err := b.Host.WriteFile(f)
	return err
}

// ensureParents makes missing directories, owned by root and open to pass through. What a
// component wants different it declares in Dirs.
func (b *bringUp) ensureParents(dir string) error {
	if b.Host.Exists(dir) {
		return nil
	}
	if err := b.ensureParents(path.Dir(dir)); err != nil {
		return err
	}
	_, err := b.Host.EnsureDir(component.Dir{Path: dir, Mode: fs.FileMode(0o755)})
	return err
}

// files renders every component and writes what differs, then tells systemd once.
func (b *bringUp) files(ctx context.Context, _ *sequence.Report) error {
	if err := b.sysctls(); err != nil {
		return err
	}
	var units bool
	for _, c := range b.components {
		changed, err := b.writeFiles(c)
		if err != nil {
			return fmt.Errorf("cannot configure %s: %w", c.Name, err)
		}
		newUnits, err := b.writeUnits(c)
		if err != nil {
			return fmt.Errorf("cannot configure %s: %w", c.Name, err)
		}
		b.changed[c.Name] = changed || newUnits
		units = units || newUnits
	}
	if !units {
		return nil
	}
	names, err := b.unitNames()
	if err != nil {
		return err
	}
	// Enabled first: what multi-user.target wants stays loaded, and with it the reason why
	// it did not start.
	if err := b.Systemd.Enable(ctx, names...); err != nil {
		return err
	}
	return b.Systemd.DaemonReload(ctx)
}

func (b *bringUp) writeFiles(c component.Component) (changed bool, err error) {
	if c.Dirs != nil {
		for _, d := range c.Dirs(b.view()) {
			if err := b.ensureParents(path.Dir(d.Path)); err != nil {
				return false, err
			}
			if _, err := b.Host.EnsureDir(d); err != nil {
				return false, err
			}
		}
	}
	if c.Files == nil {
		return false, nil
	}
	files, err := c.Files(b.view())
	if err != nil {
		return false, err
	}
	for _, f := range files {
		if err := b.ensureParents(path.Dir(f.Path)); err != nil {
			return changed, err
		}
		wrote, err := b.Host.WriteFile(f)
		if err != nil {
			return changed, err
		}
		changed = changed || wrote
	}
	return changed, nil
}

func (b *bringUp) writeUnits(c component.Component) (changed bool, err error) {
	units, err := c.Units(b.view())
	if err != nil {
		return false, err
	}
	for _, u := range units {
		wrote, err := b.Host.WriteFile(component.File{Path: unitDir + "/" + u.Name, Mode: 0o644, Data: u.Content})
		if err != nil {
			return changed, err
		}
		changed = changed || wrote
	}
	return changed, nil
}

func (b *bringUp) unitNames() ([]string, error) {
	var names []string
	for _, c := range b.components {
		units, err := c.Units(b.view())
		if err != nil {
			return nil, err
		}
		for _, u := range units {
			names = append(names, u.Name)
		}
	}
	return names, nil
}

// sysctls sets kernel parameters now and for every boot.
func (b *bringUp) sysctls() error {
	all := map[string]string{}
	for _, c := range b.components {
		if c.Sysctls != nil {
			maps.Copy(all, c.Sysctls(b.view()))
		}
	}
	if len(all) == 0 {
		return nil
	}
	text := "# Written by nodeinit from the cluster's spec.\n"
	for _, key := range slices.Sorted(maps.Keys(all)) {
		text += key + " = " + all[key] + "\n"
		if _, err := b.Host.SetSysctl(key, all[key]); err != nil {
			return err
		}
	}
	return b.place(component.File{Path: "/etc/sysctl.d/60-pgc.conf", Mode: 0o644, Data: []byte(text)})
}
