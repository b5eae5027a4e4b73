// Package netns makes the lab's network: a network namespace with a bridge, ports on it
// for machines and client hosts, and faults between the ports.
//
// Nothing leaves the namespace: it has no route out and no name resolution, so a test can
// neither depend on the host's network nor disturb it.
package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/pgcgen/pgcgen/lab/command"
)

// folder is where ip-netns(8) keeps named namespaces.
const folder = "/run/netns"

// Namespace is a named network namespace.
type Namespace struct{ Name string }

// Add makes a namespace with its loopback interface up. A namespace of that name must not
// exist.
func Add(ctx context.Context, name string) (Namespace, error) {
	n := Namespace{Name: name}
	if err := command.Run(ctx, "ip", "netns", "add", name); err != nil {
		return n, fmt.Errorf("cannot make network namespace %s: %w", name, err)
	}
	if err := n.ip(ctx, "link", "set", "lo", "up"); err != nil {
		return n, errors.Join(err, n.Delete(ctx))
	}
	return n, nil
}

// Path is the file that stands for the namespace, as nsenter(1) takes it.
func (n Namespace) Path() string { return filepath.Join(folder, n.Name) }

// Delete removes the namespace and the interfaces in it; one that is gone is no error.
func (n Namespace) Delete(ctx context.Context) error {
	if _, err := os.Lstat(n.Path()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return command.Run(ctx, "ip", "netns", "delete", n.Name)
}

// Owned lists the namespaces of one lab: the one named id and those named "id.something".
func Owned(id string) ([]Namespace, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot list network namespaces: %w", err)
	}
	var owned []Namespace
	for _, e := range entries {
		if e.Name() == id || strings.HasPrefix(e.Name(), id+".") {
			owned = append(owned, Namespace{Name: e.Name()})
		}
	}
	return owned, nil
}

// ip runs ip(8) in the namespace.
func (n Namespace) ip(ctx context.Context, args ...string) error {
	return command.Run(ctx, append([]string{"ip", "-netns", n.Name}, args...)...)
}

// Do calls fn on an operating system thread that is in the namespace. Sockets belong to the
// namespace of the thread that made them, for good; goroutines that fn starts run elsewhere.
func (n Namespace) Do(fn func() error) error {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("cannot enter network namespace %s: %w", n.Name, err)
	}
	defer func() { _ = home.Close() }() // a handle on a namespace, nothing to lose
	if err := enter(n.Path()); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("cannot enter network namespace %s: %w", n.Name, err)
	}
	err = fn()
	if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
		// The thread stays locked, so the runtime ends it with this goroutine instead of
		// letting others run in the wrong namespace.
		return errors.Join(err, fmt.Errorf("cannot leave network namespace %s: %w", n.Name, back))
	}
	runtime.UnlockOSThread()
	return err
}

func enter(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // read-only
	return unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
}

// Dial connects from inside the namespace. It has the shape of net.Dialer.DialContext, as
// pgx and net/http take it. The host must be an IP address: a name would be looked up
// outside.
func (n Namespace) Dial(ctx context.Context, network, addr string) (conn net.Conn, err error) {
	if _, err := netip.ParseAddrPort(addr); err != nil {
		return nil, fmt.Errorf("cannot dial %q in the lab: names are not resolved there, use an IP address and port", addr)
	}
	// A literal address is dialled on the calling goroutine, hence on the locked thread.
	err = n.Do(func() (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, network, addr)
		return err
	})
	return conn, err
}

// Listen listens inside the namespace, for servers that machines shall reach.
func (n Namespace) Listen(ctx context.Context, network, addr string) (l net.Listener, err error) {
	err = n.Do(func() (err error) {
		l, err = (&net.ListenConfig{}).Listen(ctx, network, addr)
		return err
	})
	return l, err
}
