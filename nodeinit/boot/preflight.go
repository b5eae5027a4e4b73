package boot

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
	"github.com/pgcgen/pgcgen/nodeinit/sequence"
)

// preflight refuses to touch a machine that is not the one the spec describes.
func (b *bringUp) preflight(ctx context.Context, r *sequence.Report) error {
	if err := errors.Join(b.checkOS(), b.checkClock()); err != nil {
		return err
	}
	if err := b.checkHostname(); err != nil {
		return err
	}
	return r.Until(ctx, func(context.Context) error { return b.checkAddress() })
}

func (b *bringUp) checkOS() error {
	release, err := b.Host.OSRelease()
	if err != nil {
		return err
	}
	if id, version := release["ID"], release["VERSION_ID"]; id != b.platform.ID || version != b.platform.VersionID {
		return fault.Blocked(fmt.Errorf("this machine runs %s %s, the spec is for %s", id, version, b.platform.OS),
			"boot an image of "+b.platform.OS+", or change platform.os in the inventory and build again")
	}
	return nil
}

// checkClock refuses a clock before the spec was issued or before a certificate is valid:
// every TLS handshake would fail with a message about something else.
func (b *bringUp) checkClock() error {
	now := b.Now()
	earliest, what := b.spec.Cluster.IssuedAt, "the spec was issued"
	for name, id := range b.spec.Node.Identities {
		cert, err := x509.ParseCertificate(id.Cert)
		if err != nil {
			return fmt.Errorf("cannot read certificate %s: %w", name, err)
		}
		if cert.NotBefore.After(now) {
			earliest, what = cert.NotBefore, "certificate "+name+" is valid"
		}
		if cert.NotAfter.Before(now) {
			return fault.Blocked(fmt.Errorf("certificate %s expired at %s and the clock says %s", name, cert.NotAfter.UTC(), now.UTC()),
				"set the clock, or build a new seed with pgcgen")
		}
	}
	// The certificates are backdated by a day; the spec is not, and a build machine's clock
	// may be somewhat ahead.
	if now.AddDate(0, 0, 1).Before(earliest) || strings.HasPrefix(what, "certificate") {
		return fault.Blocked(fmt.Errorf("the clock says %s, before %s (%s)", now.UTC(), what, earliest.UTC()),
			"set the clock (network.ntp names the cluster's time servers)")
	}
	return nil
}

// checkHostname compares, and sets the name where no cloud-init did.
func (b *bringUp) checkHostname() error {
	name, err := b.Host.Hostname()
	if err != nil {
		return err
	}
	short, _, _ := strings.Cut(name, ".")
	if short == b.self.Name {
		return nil
	}
	if !b.Host.Exists("/var/lib/cloud/instance") {
		_, err := b.Host.SetHostname(b.self.Name)
		return err
	}
	return fault.Blocked(fmt.Errorf("this machine is called %s, the spec is for %s", name, b.self.Name),
		"attach the seed of this machine, or rename the machine to "+b.self.Name)
}

// checkAddress waits for the node's address and checks that the right card has it.
func (b *bringUp) checkAddress() error {
	nic, err := b.Host.InterfaceOf(b.self.IP())
	if err != nil {
		return err
	}
	if want := b.self.MAC; want != "" && !strings.EqualFold(nic.MAC, want) {
		return fault.Blocked(fmt.Errorf("address %s is on %s with MAC %s, the inventory says %s", b.self.IP(), nic.Name, nic.MAC, want),
			"correct nodes[].mac of "+b.self.Name+" and build again, or attach the right seed")
	}
	if want := b.self.Interface; want != "" && nic.Name != want {
		return fault.Blocked(fmt.Errorf("address %s is on %s, the inventory says %s", b.self.IP(), nic.Name, want),
			"correct nodes[].interface of "+b.self.Name+" and build again")
	}
	return nil
}
