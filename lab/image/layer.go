package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/pgcgen/pgcgen/lab/command"
	"github.com/pgcgen/pgcgen/lab/mount"
)

// layerPrefix starts the names of layers in the store.
const layerPrefix = "layer-"

// Layer returns the folder of a layer over the given ones (the topmost first) in which .deb
// files were installed by the image's own dpkg. A machine that shall have it is created
// with the layer before the others. Services are not started, as in any image build.
func (s Store) Layer(ctx context.Context, layers []string, debs ...string) (string, error) {
	name, err := layerName(layers, debs)
	if err != nil {
		return "", err
	}
	layer, err := s.make(ctx, name, func(ctx context.Context, dir string) error {
		if err := s.prune(); err != nil {
			return err
		}
		s.progress("installing %s into an image", strings.Join(debs, ", "))
		return install(ctx, layers, dir, debs)
	})
	if err != nil {
		return "", err
	}
	return layer, touch(layer)
}

func layerName(layers, debs []string) (string, error) {
	parts := []string{recipe}
	for _, layer := range layers {
		parts = append(parts, filepath.Base(layer))
	}
	for _, deb := range debs {
		sum, err := sumFile(deb)
		if err != nil {
			return "", err
		}
		parts = append(parts, sum)
	}
	return layerPrefix + digest(parts...), nil
}

func sumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("cannot read the package: %w", err)
	}
	defer func() { _ = f.Close() }() // read-only
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("cannot read the package %s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// policy is /usr/sbin/policy-rc.d while packages are installed: 101 forbids to start
// services (Debian's invoke-rc.d).
const policy = "#!/bin/sh\nexit 101\n"

// install runs dpkg in an overlay whose upper folder becomes the layer.
func install(ctx context.Context, layers []string, upper string, debs []string) (err error) {
	root, work := upper+".root", upper+".work"
	for _, dir := range []string{root, work} {
		if err := mount.RemoveAll(dir); err != nil {
			return err
		}
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("cannot install packages: %w", err)
		}
		defer func() { err = errors.Join(err, mount.RemoveAll(dir)) }()
	}
	if err := mount.Overlay(layers, upper, work, root); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mount.Detach(root)) }()
	if err := unix.Mount("proc", filepath.Join(root, "proc"), "proc", 0, ""); err != nil {
		return fmt.Errorf("cannot install packages: mounting /proc: %w", err)
	}
	rc := filepath.Join(root, "usr/sbin/policy-rc.d")
	if err := os.WriteFile(rc, []byte(policy), 0o755); err != nil {
		return fmt.Errorf("cannot install packages: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(rc)) }()
	return dpkg(ctx, root, debs)
}

// dpkg copies packages into root and installs them there.
func dpkg(ctx context.Context, root string, debs []string) (err error) {
	dir, err := os.MkdirTemp(filepath.Join(root, "var/tmp"), "debs-")
	if err != nil {
		return fmt.Errorf("cannot install packages: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	argv := []string{"/usr/bin/dpkg", "--install"}
	for _, deb := range debs {
		data, err := os.ReadFile(deb)
		if err != nil {
			return fmt.Errorf("cannot install packages: %w", err)
		}
		inside := filepath.Join(dir, filepath.Base(deb))
		if err := os.WriteFile(inside, data, 0o644); err != nil {
			return fmt.Errorf("cannot install packages: %w", err)
		}
		argv = append(argv, strings.TrimPrefix(inside, root))
	}
	c := command.New(ctx, argv...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Chroot: root}
	c.Dir = "/"
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "LANG=C.UTF-8"}
	return command.Stream(c, io.Discard, io.Discard)
}
