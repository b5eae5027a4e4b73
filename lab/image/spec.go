package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/pgcgen/pgcgen/templates/platform"
)

// Spec says what a root file system is made of.
type Spec struct {
	// Kind names the image in the cache and in messages: "golden" or "stock".
	Kind string
	// Suite is the Debian release: "trixie" or "bookworm".
	Suite string
	// Packages are installed beside the system's own, without what they recommend.
	Packages []string
	// Masks are units that must never run; they are masked before their packages are
	// installed.
	Masks []string
}

// system is what Debian's own cloud images of both releases hold and a container can use:
// networkd configured by netplan, resolved, cloud-init, sshd. (The list is that of the
// debian-cloud-images project, less the boot loader, the kernel and unattended upgrades.)
var system = []string{
	"systemd-sysv", "dbus", "udev", "libpam-systemd", "libnss-myhostname", "systemd-resolved",
	"systemd-timesyncd", "netplan.io", "cloud-init", "openssh-server", "sudo", "polkitd",
	"ca-certificates", "debian-archive-keyring", "iproute2", "iputils-ping", "iptables",
	"netbase", "procps", "kmod", "curl", "less", "apt-utils", "zstd",
}

// needless are units of the base system that only cost time in a machine that lives for a
// test: nothing can be fetched on a timer.
var needless = []string{
	"apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
	"e2scrub_reap.service", "fstrim.timer", "man-db.timer",
}

// Stock is the image of a machine on which nothing was prepared: the packages of the
// cluster are not there, and apt knows the archive.
func Stock(suite string) (Spec, error) {
	if _, err := debian(suite); err != nil {
		return Spec{}, err
	}
	return Spec{Kind: "stock", Suite: suite, Masks: needless}, nil
}

// Golden is the image of a machine that needs nothing but its seed: it has every component
// package, and the distribution's units of them are masked. nodeinit's own package is added
// by a Layer, for it changes more often.
func Golden(suite string) (Spec, error) {
	p, err := debian(suite)
	if err != nil {
		return Spec{}, err
	}
	s := Spec{Kind: "golden", Suite: suite, Masks: slices.Clone(needless)}
	version := p.PostgreSQL[len(p.PostgreSQL)-1]
	for _, component := range []string{"etcd", "patroni", "pgbouncer", "haproxy", "keepalived"} {
		s.Packages = append(s.Packages, p.PackagesOf(component, version)...)
		s.Masks = append(s.Masks, p.MasksOf(component, version)...)
	}
	return s, nil
}

func debian(suite string) (platform.Platform, error) {
	for _, os := range platform.OSes() {
		p, err := platform.Find(os, platform.LayoutDistro)
		if err == nil && p.ID == "debian" && p.Codename == suite {
			return p, nil
		}
	}
	return platform.Platform{}, fmt.Errorf("cannot make an image of %q: no supported Debian release has this code name", suite)
}

// recipe is raised when the steps change in a way the other inputs do not show.
const recipe = "2"

// key identifies an image by everything it is made from. The archive's content is not part
// of it: an image is as old as its first build, until the cache is emptied.
func (s Spec) key(sources []Source, checks []string) string {
	parts := []string{recipe, s.Kind, s.Suite}
	for _, list := range [][]string{system, s.Packages, s.Masks, checks} {
		parts = append(parts, strings.Join(list, " "))
	}
	for _, source := range sources {
		parts = append(parts, source.Line())
	}
	return s.Kind + "-" + s.Suite + "-" + digest(parts...)
}

// digest is short: it tells cache entries apart, it proves nothing.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:6])
}
