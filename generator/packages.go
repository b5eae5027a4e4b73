package generator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/pgcgen/pgcgen/generator/inventory"
	"github.com/pgcgen/pgcgen/generator/output"
	"github.com/pgcgen/pgcgen/packaging"
)

// builtPackage is one of nodeinit's packages.
type builtPackage struct {
	name   string
	arch   string
	format packaging.Format
	data   []byte
}

func (p builtPackage) sha256() string {
	sum := sha256.Sum256(p.data)
	return hex.EncodeToString(sum[:])
}

// packages makes nodeinit's packages for every architecture and format. All that is in
// them is dated by the state, so that builds repeat themselves.
func (b *builder) packages(ctx context.Context) error {
	if b.NoPackages {
		if b.inv.Packages.Source == inventory.SourceDistro {
			return errors.New("cannot build seeds without packages: with packages.source distro the seeds carry nodeinit")
		}
		return nil
	}
	for _, arch := range packaging.Architectures() {
		program, err := b.Program(arch)
		if err != nil {
			return err
		}
		for _, format := range packaging.Formats() {
			b.Progress(fmt.Sprintf("packaging nodeinit for %s as .%s", arch, format))
			p, err := b.pack(ctx, packaging.Options{
				Version: b.Version, Arch: arch, Format: format, Program: program, Time: b.specs.cluster.IssuedAt,
			})
			if err != nil {
				return err
			}
			b.built = append(b.built, p)
			if err := b.stage.WriteFile(output.Layout("").Package(p.name), p.data); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *builder) pack(ctx context.Context, o packaging.Options) (builtPackage, error) {
	name, err := o.FileName()
	if err != nil {
		return builtPackage{}, err
	}
	var data bytes.Buffer
	err = packaging.Build(ctx, &data, o)
	return builtPackage{name: name, arch: o.Arch, format: o.Format, data: data.Bytes()}, err
}

// debs are the packages that a Debian machine installs from its seed, in the order of
// packaging.Architectures.
func (b *builder) debs() []builtPackage {
	var out []builtPackage
	for _, p := range b.built {
		if p.format == packaging.Deb {
			out = append(out, p)
		}
	}
	return out
}
