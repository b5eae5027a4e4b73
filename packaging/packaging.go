// Package packaging makes nodeinit's .deb and .rpm, without dpkg or rpm, and carries the
// nodeinit programs that go into them.
//
// Same options, same bytes: every time in a package is Options.Time, and no name of the
// building machine gets in.
package packaging

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/Masterminds/semver/v3"
	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/rpm"
)

// Format is a family of packages.
type Format string

// The formats, which are also the files' extensions.
const (
	Deb Format = "deb"
	RPM Format = "rpm"
)

// Formats lists them.
func Formats() []Format { return []Format{Deb, RPM} }

const (
	name       = "nodeinit"
	maintainer = "The pgcgen authors <pgcgen@users.noreply.github.com>"
	homepage   = "https://github.com/pgcgen/pgcgen"
	// compression is what every dpkg and rpm in use can read. At level 6 a package takes half
	// the time of level 9 and 1 % more room.
	compression = "gzip:6"
	summary     = "bring up a node of a highly available PostgreSQL cluster"
	details     = `nodeinit runs on each machine of a cluster that pgcgen has described. On
first boot it starts etcd, Patroni with PostgreSQL, PgBouncer, HAProxy and
keepalived and joins the cluster. Afterwards it keeps the node as described.`
)

// Options describe one package.
type Options struct {
	// Version is nodeinit's, a semantic version.
	Version string
	// Arch is one of Architectures.
	Arch   string
	Format Format
	// Program is nodeinit itself, for Arch.
	Program []byte
	// Files are further files of the package: manual pages, which are compressed here, and
	// completions.
	Files []File
	// Time is the date of all that is in the package.
	Time time.Time
}

// File is a file of a package; it belongs to root.
type File struct {
	// Path is absolute.
	Path string
	Mode fs.FileMode
	Data []byte
}

// FileName is the conventional name of the package: nodeinit_1.2.3_amd64.deb,
// nodeinit-1.2.3-1.x86_64.rpm.
func (o Options) FileName() (string, error) {
	info, packager, err := o.describe()
	if err != nil {
		return "", err
	}
	return packager.ConventionalFileName(info), nil
}

// Build writes the package. It needs room for the program in the system's temporary
// folder, because the library reads all that it packs from files.
func Build(ctx context.Context, w io.Writer, o Options) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot make %s package of nodeinit %s for %s: %w", o.Format, o.Version, o.Arch, err)
		}
	}()
	info, packager, err := o.describe()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "nodeinit-package-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := o.fill(info, dir); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return packager.Package(info, w)
}

// describe gives all that a package says about itself. nfpm changes what it is given, so
// each call makes a new one.
func (o Options) describe() (*nfpm.Info, nfpm.Packager, error) {
	if _, err := semver.StrictNewVersion(o.Version); err != nil {
		return nil, nil, fmt.Errorf("version %q: %w", o.Version, err)
	}
	if !slices.Contains(Architectures(), o.Arch) {
		return nil, nil, fmt.Errorf("architecture %q is not one of %q", o.Arch, Architectures())
	}
	if o.Time.IsZero() {
		return nil, nil, errors.New("it has no date")
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name:        name,
		Arch:        o.Arch,
		Platform:    "linux",
		Version:     o.Version,
		Section:     "admin",
		Priority:    "optional",
		Maintainer:  maintainer,
		Description: summary + "\n" + details,
		Homepage:    homepage,
		License:     "Apache-2.0",
		MTime:       o.Time.UTC().Truncate(time.Second),
		Overridables: nfpm.Overridables{
			Depends: []string{"systemd"},
			Deb:     nfpm.Deb{Compression: compression},
			RPM:     nfpm.RPM{Compression: compression, Summary: summary, BuildHost: "localhost", Group: "System Environment/Daemons"},
		},
		DisableGlobbing: true,
	})
	switch o.Format {
	case Deb:
		return info, deb.Default, nil
	case RPM:
		return info, rpm.DefaultRPM, nil
	}
	return nil, nil, fmt.Errorf("format %q is not one of %q", o.Format, Formats())
}
