package nspawn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pgcgen/pgcgen/lab/netns"
	"github.com/pgcgen/pgcgen/lab/process"
)

const (
	// poll is how often a machine is looked at while it changes; the kernel gives no event
	// for "this process has a child now".
	poll = 10 * time.Millisecond
	// supervisorGrace is how long the supervisor may take to end after its payload has.
	supervisorGrace = 5 * time.Second
	// iface is the machine's only interface.
	iface = "eth0"
)

// poweroff is what systemd's init takes as a request to power off: SIGRTMIN+4, the number
// being glibc's SIGRTMIN, 34 (systemd(1), SIGNALS).
const poweroff = syscall.Signal(34 + 4)

// errOff means that a machine is off where it had to be on.
var errOff = errors.New("the machine is off")

// PowerOn starts the machine and returns when its init runs, which is long before it is
// booted. Power on a machine that is on changes nothing. ctx bounds only the start.
func (m *Machine) PowerOn(ctx context.Context) error {
	m.power.Lock()
	defer m.power.Unlock()
	if m.Running() {
		return nil
	}
	if err := m.start(ctx); err != nil {
		return errors.Join(fmt.Errorf("cannot power on %s: %w", m.cfg.Name, err), m.stop(context.WithoutCancel(ctx), syscall.SIGKILL))
	}
	return nil
}

func (m *Machine) start(ctx context.Context) error {
	groups, err := makeCgroups(m.slot().Name)
	if err != nil {
		return err
	}
	slot, err := netns.Add(ctx, m.slot().Name)
	if err != nil {
		return err
	}
	if err := m.cfg.Network.Plug(ctx, m.cfg.Name, slot, iface, m.cfg.MAC); err != nil {
		return err
	}
	supervisor, err := m.launch(groups)
	if err != nil {
		return err
	}
	return m.until(ctx, supervisor, func() bool { _, ok := supervisor.Init(); return ok })
}

// until waits for a condition of the running machine.
func (m *Machine) until(ctx context.Context, supervisor process.Identity, met func() bool) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for !met() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-m.ended():
			return fmt.Errorf("systemd-nspawn ended, its last words are in %s: %s", m.Console(), m.lastWords())
		case <-tick.C:
		}
	}
	return nil
}

// PowerCut ends the machine at once, as a pulled plug does: nothing in it can say goodbye,
// its peers see silence. Unwritten pages stay in the host's cache, so it is no model for
// the loss of data that was not flushed. It returns when the machine is gone.
func (m *Machine) PowerCut(ctx context.Context) error {
	m.power.Lock()
	defer m.power.Unlock()
	// The cable first: the kernel closes the sockets of a killed process politely, and a
	// machine without power sends no FIN.
	if err := m.unplug(ctx); err != nil {
		return err
	}
	return m.stop(ctx, syscall.SIGKILL)
}

// Shutdown asks the machine's init to power off and returns when it has. When ctx ends
// first the machine stays on.
func (m *Machine) Shutdown(ctx context.Context) error {
	m.power.Lock()
	defer m.power.Unlock()
	return m.stop(ctx, poweroff)
}

// stop ends the machine's init with a signal and then takes away what its power-on made.
// The supervisor notices that its payload ended and goes too.
func (m *Machine) stop(ctx context.Context, signal syscall.Signal) error {
	if err := m.end(ctx, signal); err != nil {
		return fmt.Errorf("cannot switch off %s: %w", m.cfg.Name, err)
	}
	return release(ctx, m.slot().Name, m.cfg.Dir)
}

func (m *Machine) end(ctx context.Context, signal syscall.Signal) error {
	supervisor, ok := m.supervisor()
	if !ok {
		return nil
	}
	target, ok := supervisor.Init()
	if !ok {
		target, signal = supervisor, syscall.SIGKILL // not far enough to be asked
	}
	if err := target.Signal(signal); err != nil {
		return err
	}
	if err := target.Gone(ctx); err != nil {
		return err
	}
	select {
	case <-m.ended():
		return nil
	case <-time.After(supervisorGrace):
	}
	if err := supervisor.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	return supervisor.Gone(ctx)
}

// release removes the namespace, and with it both ends of the cable, the cgroups and the
// record of the process.
func release(ctx context.Context, slot, dir string) error {
	err := errors.Join(netns.Namespace{Name: slot}.Delete(ctx), removeCgroups(ctx, slot))
	if gone := os.Remove(filepath.Join(dir, record)); gone != nil && !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, fmt.Errorf("cannot forget the machine's process: %w", gone))
	}
	return err
}

func (m *Machine) unplug(ctx context.Context) error {
	if !m.Running() {
		return nil
	}
	return m.cfg.Network.Unplug(ctx, m.cfg.Name)
}

// slot is the machine's network namespace. It exists only while the machine is on: with it
// go the interface, its addresses and its connections.
func (m *Machine) slot() netns.Namespace {
	return netns.Namespace{Name: m.cfg.Network.Name + "." + m.cfg.Name}
}

// Running reports whether the machine is on.
func (m *Machine) Running() bool {
	supervisor, ok := m.supervisor()
	return ok && supervisor.Alive()
}

func (m *Machine) supervisor() (process.Identity, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running == nil {
		return process.Identity{}, false
	}
	return *m.running, true
}

// ended is closed when the machine is off.
func (m *Machine) ended() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.off
}
