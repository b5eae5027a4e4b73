// Package packages drives the machine's package manager: what is missing, which version is
// there, and installing without a person to answer questions.
package packages

import (
	"context"
	"fmt"

	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/templates/platform"
)

// Installer is a package manager.
type Installer interface {
	// Missing returns those of the named packages that are not installed and configured,
	// in the order of names.
	Missing(ctx context.Context, names []string) ([]string, error)
	// Version returns the upstream version of an installed package: "3.4.23", not
	// "3.4.23-4+b4"; "" when it is not installed.
	Version(ctx context.Context, name string) (string, error)
	// Install installs packages and what they depend on, and finishes what a power cut has
	// interrupted. Services that packages start by themselves must have been masked. An
	// error names the package or the mirror, and carries a remedy where there is one.
	Install(ctx context.Context, names []string, o Options) error
}

// Options say how to install.
type Options struct {
	// Proxy is the address of an HTTP proxy; empty means what the machine is configured for.
	Proxy string
	// Progress is told, every ten per cent, how far it has come; it may be nil.
	Progress func(string)
}

// New returns the package manager of a platform.
func New(p platform.Platform, h *host.Host) (Installer, error) {
	if p.Manager != "apt" {
		return nil, fmt.Errorf("cannot install packages on %s: package manager %q is not supported", p.OS, p.Manager)
	}
	return &Apt{Host: h}, nil
}
