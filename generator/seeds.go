package generator

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/pgcgen/pgcgen/generator/cloudinit"
	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/generator/output"
	"github.com/pgcgen/pgcgen/generator/resolve"
	"github.com/pgcgen/pgcgen/nodeinit/spec"
	"github.com/pgcgen/pgcgen/templates/component"
)

// installer puts nodeinit onto a machine whose image lacks it.
//
//go:embed install.sh
var installer string

// timeServers is a drop-in of systemd-timesyncd; see timesyncd.conf(5).
const timeServers = "/etc/systemd/timesyncd.conf.d/50-pgc.conf"

// seeds writes every node's folder.
func (b *builder) seeds(ctx context.Context) error {
	limit, err := cloudinit.FindLimit(b.inv.Target)
	if err != nil {
		return err
	}
	b.Progress(fmt.Sprintf("writing seeds for %d nodes", len(b.inv.Nodes)))
	b.sizes = make([]int, len(b.inv.Nodes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, n := range b.specs.cluster.Nodes {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			size, err := b.seed(n, limit)
			if err != nil {
				return fmt.Errorf("cannot make the seed of node %s: %w", n.Name, err)
			}
			b.sizes[i] = size
			return nil
		})
	}
	return group.Wait()
}

// seed writes one node's folder and returns what its user-data weighs.
func (b *builder) seed(n component.Node, limit cloudinit.Limit) (size int, err error) {
	files := b.specs.nodes[n.Name]
	userData, err := b.userData(n, files).Marshal()
	if err != nil {
		return 0, err
	}
	if err := limit.Check(userData); err != nil {
		return 0, err
	}
	metaData, err := b.metaData(n, files).Marshal()
	if err != nil {
		return 0, err
	}
	network, err := b.network(n).Marshal()
	if err != nil {
		return 0, err
	}
	names := output.Layout("")
	for name, data := range map[string][]byte{
		names.UserData(n.Name): userData, names.MetaData(n.Name): metaData, names.NetworkConfig(n.Name): network,
	} {
		if err := b.stage.WriteFile(name, data); err != nil {
			return 0, err
		}
	}
	if err := b.disc(n, userData, metaData, network); err != nil {
		return 0, err
	}
	return cloudinit.Size(userData), b.preview(n)
}

// disc writes seed.iso, with nodeinit's packages where the image does not have it.
func (b *builder) disc(n component.Node, userData, metaData, network []byte) error {
	files := []cloudinit.SeedFile{
		cloudinit.SeedBytes("user-data", userData),
		cloudinit.SeedBytes("meta-data", metaData),
		cloudinit.SeedBytes("network-config", network),
	}
	if b.inv.Packages.Source == inventory.SourceDistro {
		for _, p := range b.debs() {
			files = append(files, cloudinit.SeedBytes("nodeinit-"+p.arch+".deb", p.data))
		}
	}
	return b.stage.Write(output.Layout("").Seed(n.Name), func(w io.Writer) error {
		return cloudinit.WriteSeed(w, files, b.specs.cluster.IssuedAt)
	})
}

// preview writes the files that nodeinit will render, as far as they are known now.
func (b *builder) preview(n component.Node) error {
	if b.NoPreview {
		return nil
	}
	files, err := resolve.Files(b.specs.cluster, n, "")
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := b.stage.WriteFile(output.Layout("").Preview(n.Name, f.Path), f.Data); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) userData(n component.Node, files map[string][]byte) cloudinit.UserData {
	u := cloudinit.UserData{Hostname: n.Name}
	if fqdn := b.specs.cluster.FQDN(n); fqdn != n.Name {
		u.FQDN = fqdn
	}
	if servers := b.inv.Network.NTP; len(servers) > 0 {
		text := "# Written by cloud-init from the cluster's inventory.\n[Time]\nNTP=" + strings.Join(servers, " ") + "\n"
		u.Files = append(u.Files, cloudinit.File{Path: timeServers, Mode: 0o644, Data: []byte(text)})
		u.RunCommands = append(u.RunCommands, cloudinit.Command{"systemctl", "--no-block", "try-restart", "systemd-timesyncd.service"})
	}
	// The sentinel comes last: until it is there, the spec is not.
	for _, name := range append(spec.SignedFiles(), spec.SentinelFile) {
		u.Files = append(u.Files, cloudinit.File{Path: spec.Dir + "/" + name, Mode: 0o600, Data: files[name]})
	}
	if b.inv.Packages.Source == inventory.SourceDistro {
		command := cloudinit.Command{"sh", "-c", installer, "nodeinit-install"}
		for _, p := range b.debs() {
			command = append(command, p.sha256())
		}
		u.BootCommands = append(u.BootCommands, command)
	}
	return u
}

// metaData names the instance after the spec: with a newer seed cloud-init takes the
// machine for a new instance and writes the newer spec.
func (b *builder) metaData(n component.Node, files map[string][]byte) cloudinit.MetaData {
	const digits = 12
	return cloudinit.MetaData{
		InstanceID: fmt.Sprintf("%s-%s-%s", b.inv.Cluster, n.Name, spec.Digest(files[spec.SentinelFile])[:digits]),
		Hostname:   n.Name,
	}
}

func (b *builder) network(n component.Node) cloudinit.Network {
	c := cloudinit.Network{MAC: n.MAC, Interface: n.Interface, Addresses: []netip.Prefix{n.Address}, Nameservers: b.inv.Network.Nameservers}
	if b.inv.Network.Gateway.IsValid() {
		c.Gateways = []netip.Addr{b.inv.Network.Gateway}
	}
	if b.inv.Network.Domain != "" {
		c.Search = []string{b.inv.Network.Domain}
	}
	return c
}
