package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/pgcgen/pgcgen/lab/flock"
	"github.com/pgcgen/pgcgen/lab/image"
	"github.com/pgcgen/pgcgen/lab/netns"
	"github.com/pgcgen/pgcgen/lab/nspawn"
)

// closeTimeout bounds the clean-up, which must also happen when the caller's context has
// ended; nothing in it normally takes a second.
const closeTimeout = time.Minute

// Config describes a lab.
type Config struct {
	// ID names the lab's namespaces, cgroups and folder; empty means pgclab-<process>.
	// Only one lab of an ID exists at a time.
	ID string
	// Gateway is the address of the network's bridge, as 10.77.0.1/24.
	Gateway netip.Prefix
	// Client is the address of the client host, as 10.77.0.200/24.
	Client netip.Prefix
}

// Lab is a network with machines and a client host on it.
type Lab struct {
	// Network is the switch: its Dial and Listen act from the gateway's address, and its
	// faults (Partition, Isolate, Heal, Slow) take machines' names.
	Network *netns.Network
	// Client is the host that tests act from.
	Client netns.Namespace

	id, dir string
	lock    *flock.Lock
	ended   func() bool // withdraws the clean-up that waits for the context

	mu       sync.Mutex
	machines []closer
	closers  []func() error
	closed   bool
	closeErr error
}

// closer is what the lab itself needs of a machine; backends differ in how one is made.
type closer interface {
	Close(ctx context.Context) error
}

// validID keeps an ID usable in paths, interface options and overlay mounts.
var validID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,30}$`)

// Open makes a lab, after removing what an earlier one of the same ID left behind. It needs
// root. The lab is closed when ctx ends, so that Ctrl-C leaves nothing running; callers
// close it themselves all the same and see the error.
func Open(ctx context.Context, cfg Config) (*Lab, error) {
	if cfg.ID == "" {
		cfg.ID = fmt.Sprintf("pgclab-%d", os.Getpid())
	}
	if !validID.MatchString(cfg.ID) {
		return nil, fmt.Errorf("cannot open lab %q: an ID has at most 31 small letters, digits and hyphens", cfg.ID)
	}
	l := &Lab{id: cfg.ID, dir: folder(cfg.ID)}
	lock, err := flock.Try(l.dir + ".lock")
	if err != nil {
		return nil, fmt.Errorf("cannot open lab %s: %w", cfg.ID, err)
	}
	l.lock = lock
	if err := l.setUp(ctx, cfg); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot open lab %s: %w", cfg.ID, err), l.Close())
	}
	l.ended = context.AfterFunc(ctx, func() {
		// Whoever called Open sees the error when closing again.
		_ = l.Close()
	})
	return l, nil
}

func (l *Lab) setUp(ctx context.Context, cfg Config) (err error) {
	if err := reap(ctx, l.id); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(l.dir, "machines"), 0o700); err != nil {
		return fmt.Errorf("cannot make the lab's folder: %w", err)
	}
	if l.Network, err = netns.New(ctx, l.id, cfg.Gateway); err != nil {
		return err
	}
	l.Client, err = l.Network.NewHost(ctx, "client", cfg.Client)
	return err
}

// folder is where a lab keeps its machines.
func folder(id string) string { return filepath.Join(image.Dir(), "labs", id) }

// ID is the lab's name.
func (l *Lab) ID() string { return l.id }

// Create makes a machine that is off and has an empty disk over the given layers, the
// topmost first. mac is its hardware address; when empty the kernel chooses one per boot.
func (l *Lab) Create(name, mac string, layers ...string) (Machine, error) {
	if !validID.MatchString(name) {
		return nil, fmt.Errorf("cannot create machine %q: a name has at most 31 small letters, digits and hyphens", name)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, fmt.Errorf("cannot create machine %s: lab %s is closed", name, l.id)
	}
	m, err := nspawn.New(nspawn.Config{
		Name: name, MAC: mac, Layers: layers, Network: l.Network,
		Dir: filepath.Join(l.dir, "machines", name),
	})
	if err != nil {
		return nil, err
	}
	l.machines = append(l.machines, m)
	return m, nil
}

// Close cuts the power of every machine and removes everything of the lab. Closing again
// does nothing, but waits for the first to finish and returns its error.
func (l *Lab) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return l.closeErr
	}
	l.closed = true
	if l.ended != nil {
		l.ended()
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	l.closeErr = l.closeMachines(ctx)
	for _, c := range l.closers {
		l.closeErr = errors.Join(l.closeErr, c())
	}
	l.closeErr = errors.Join(l.closeErr, reap(ctx, l.id), l.lock.Release())
	return l.closeErr
}

func (l *Lab) closeMachines(ctx context.Context) error {
	errs := make([]error, len(l.machines))
	var wg sync.WaitGroup
	for i, m := range l.machines {
		wg.Go(func() { errs[i] = m.Close(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// onClose has something closed with the lab, at once when the lab is closed already.
func (l *Lab) onClose(c func() error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		l.closeErr = errors.Join(l.closeErr, c())
		return
	}
	l.closers = append(l.closers, c)
}
