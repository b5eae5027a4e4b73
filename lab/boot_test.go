//go:build boot

package lab_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pgcgen/pgcgen/lab"
	"github.com/pgcgen/pgcgen/lab/image"
)

var (
	gateway = netip.MustParsePrefix("10.77.0.1/24")
	client  = netip.MustParsePrefix("10.77.0.200/24")
)

// bootTimeout is generous: it is only reached when a boot hangs.
const bootTimeout = time.Minute

func open(t *testing.T) *lab.Lab {
	t.Helper()
	// Ctrl-C closes the lab, and the test fails for want of machines.
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	t.Cleanup(stop)
	l, err := lab.Open(ctx, lab.Config{ID: "pgclab-" + strings.ToLower(t.Name()), Gateway: gateway, Client: client})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func base(t *testing.T, kind func(string) (image.Spec, error), suite string) string {
	t.Helper()
	spec, err := kind(suite)
	if err != nil {
		t.Fatal(err)
	}
	root, err := image.Default().Base(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// writeSeed is a minimal seed by hand; link is the part of network-config that selects the
// interface. Without "link-local: []" Debian 12 waits 12 seconds for an IPv6 router.
func writeSeed(t *testing.T, name, address, link string) string {
	t.Helper()
	dir := t.TempDir()
	for file, text := range map[string]string{
		"user-data": "#cloud-config\nlocale: false\nssh_genkeytypes: [ed25519]\nmanage_etc_hosts: false\n",
		"meta-data": fmt.Sprintf("instance-id: %s-1\nlocal-hostname: %s\n", name, name),
		"network-config": fmt.Sprintf("version: 2\nethernets:\n%s    addresses: [%s/24]\n"+
			"    routes: [{to: 0.0.0.0/0, via: 10.77.0.1}]\n    nameservers: {addresses: [10.77.0.1]}\n    link-local: []\n", link, address),
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func boot(t *testing.T, m lab.Machine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootTimeout)
	defer cancel()
	began := time.Now()
	if err := m.PowerOn(ctx); err != nil {
		t.Fatal(err)
	}
	if err := lab.WaitCloudInit(ctx, m); err != nil {
		logs, _ := m.Logs(context.Background(), "--boot", "--priority=warning")
		console, _ := os.ReadFile(m.Console())
		t.Fatalf("%v\n%s\n%s", err, logs, console)
	}
	t.Logf("%s: cloud-init done after %s", m.Name(), time.Since(began).Round(10*time.Millisecond))
}
