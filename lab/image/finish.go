package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pgcgen/pgcgen/lab/command"
)

// identity is what makes one machine of an image: a second machine must not have it.
// cloud-init's own advice for images is `cloud-init clean --logs --machine-id`, and sshd
// refuses nobody that shares its host keys.
var identity = []string{
	"etc/ssh/ssh_host_*", "var/lib/dbus/machine-id", "var/lib/cloud/*", "var/log/cloud-init*",
	"var/lib/systemd/random-seed", "var/log/journal/*",
}

// leftovers are traces of the build: its name servers, its name, its package lists.
var leftovers = []string{
	"etc/resolv.conf", "etc/hostname", "etc/apt/sources.list", "etc/apt/sources.list.d/*",
	"var/lib/apt/lists/*_*", "var/cache/apt/archives/*.deb",
}

// cloudConfig tells cloud-init that the archive is already configured: its apt module would
// replace the sources by the ones of its template on the first boot.
const cloudConfig = "apt: {preserve_sources_list: true}\n"

// finish turns a freshly bootstrapped root into an image.
func finish(ctx context.Context, root string, sources []Source) error {
	if err := clean(root, sources); err != nil {
		return err
	}
	return command.Run(ctx, "systemctl", "--quiet", "--root="+root, "enable", "systemd-networkd.service", "systemd-resolved.service")
}

func clean(root string, sources []Source) error {
	for _, pattern := range append(append([]string{}, identity...), leftovers...) {
		if err := remove(root, pattern); err != nil {
			return err
		}
	}
	files := map[string]string{
		// Empty, not missing: systemd then makes one and counts the boot as the first.
		"etc/machine-id":                          "",
		"etc/hostname":                            "localhost\n",
		"etc/hosts":                               "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
		"etc/apt/sources.list.d/debian.sources":   deb822(sources),
		"etc/cloud/cloud.cfg.d/90_pgcgen_lab.cfg": cloudConfig,
	}
	for name, text := range files {
		if err := write(root, name, text); err != nil {
			return err
		}
	}
	if err := os.Symlink("../run/systemd/resolve/stub-resolv.conf", filepath.Join(root, "etc/resolv.conf")); err != nil {
		return fmt.Errorf("cannot set up name resolution: %w", err)
	}
	// A journal on disk outlives a power cut, and is read when the machine is off.
	if err := os.MkdirAll(filepath.Join(root, "var/log/journal"), 0o755); err != nil {
		return fmt.Errorf("cannot make the journal persistent: %w", err)
	}
	return nil
}

func remove(root, pattern string) error {
	matches, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil {
		return fmt.Errorf("cannot remove %s: %w", pattern, err)
	}
	for _, path := range matches {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("cannot remove %s: %w", pattern, err)
		}
	}
	return nil
}

// deb822 renders sources as the .sources file of a stock Debian system. The scheme is http
// even when the host uses https: a machine reaches the archive only through the lab's
// proxy, which fetches it the way the host does.
func deb822(sources []Source) string {
	var b strings.Builder
	for _, s := range sources {
		fmt.Fprintf(&b, "Types: deb\nURIs: %s\nSuites: %s\nComponents: %s\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n",
			"http://"+strings.TrimPrefix(strings.TrimPrefix(s.URI, "https://"), "http://"), s.Suite, s.Component)
	}
	return b.String()
}
