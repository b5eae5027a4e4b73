// Package nspawn runs the lab's machines as systemd-nspawn containers: a whole operating
// system with its own init, network stack, hardware address and disk, on the host's kernel.
// It needs neither KVM nor a host that runs systemd.
package nspawn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/pgcgen/pgcgen/lab/mount"
	"github.com/pgcgen/pgcgen/lab/netns"
	"github.com/pgcgen/pgcgen/lab/process"
	"github.com/pgcgen/pgcgen/lab/seed"
)

// Config describes a machine.
type Config struct {
	// Name is unique in the network; it is no host name, which the seed gives.
	Name string
	// MAC is the hardware address of the only interface, eth0; empty means any.
	MAC string
	// Layers are the read-only parts of the disk, the topmost first.
	Layers []string
	// Dir holds everything of this machine.
	Dir string
	// Network is where the machine is plugged in.
	Network *netns.Network
}

// Machine is one container with its disk. Its methods may be called from several
// goroutines; power is switched by one at a time.
type Machine struct {
	cfg Config

	power sync.Mutex // held while power is switched

	mu      sync.Mutex // guards the fields below
	running *process.Identity
	off     chan struct{} // closed when the running supervisor has ended
}

// New makes a machine that is off, with a fresh disk.
func New(cfg Config) (*Machine, error) {
	m := &Machine{cfg: cfg}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make machine %s: %w", cfg.Name, err)
	}
	if err := m.format(); err != nil {
		return nil, err
	}
	return m, nil
}

// Name is the machine's name in the lab.
func (m *Machine) Name() string { return m.cfg.Name }

// Console is the file that collects what the machine writes to its console, over all boots.
func (m *Machine) Console() string { return filepath.Join(m.cfg.Dir, "console.log") }

func (m *Machine) root() string { return filepath.Join(m.cfg.Dir, "root") }

// format mounts a disk that has nothing but the layers.
func (m *Machine) format() error {
	upper, work := filepath.Join(m.cfg.Dir, "upper"), filepath.Join(m.cfg.Dir, "work")
	for _, dir := range []string{upper, work, m.root()} {
		// The upper folder is the root folder of the machine: everybody may read it.
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("cannot format the disk of %s: %w", m.cfg.Name, err)
		}
	}
	if err := mount.Overlay(m.cfg.Layers, upper, work, m.root()); err != nil {
		return fmt.Errorf("cannot format the disk of %s: %w", m.cfg.Name, err)
	}
	return m.adapt()
}

// Seed inserts the NoCloud disc of a node's folder (out/nodes/<node>), or the folder itself
// when it has no seed.iso. A container has no drives, so the files go where cloud-init
// looks for a seed that is built into an image.
func (m *Machine) Seed(dir string) error {
	files, err := seed.Read(dir)
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := m.WriteFile(filepath.Join("/var/lib/cloud/seed/nocloud", name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Wipe cuts the power and replaces the disk by an empty one: the machine is what it was
// after New, its seed gone too.
func (m *Machine) Wipe(ctx context.Context) error {
	if err := m.PowerCut(ctx); err != nil {
		return err
	}
	if err := m.erase(); err != nil {
		return err
	}
	return m.format()
}

// Close cuts the power and removes everything of the machine.
func (m *Machine) Close(ctx context.Context) error {
	return errors.Join(m.PowerCut(ctx), mount.RemoveAll(m.cfg.Dir))
}

func (m *Machine) erase() error {
	for _, dir := range []string{"root", "upper", "work"} {
		if err := mount.RemoveAll(filepath.Join(m.cfg.Dir, dir)); err != nil {
			return fmt.Errorf("cannot wipe the disk of %s: %w", m.cfg.Name, err)
		}
	}
	return nil
}
