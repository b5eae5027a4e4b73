package boot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/host/hosttest"
	"github.com/pgcgen/pgcgen/nodeinit/systemd"
)

// TestPreflightRefuses: each way in which the machine is not the one of the spec blocks,
// and says what to do.
func TestPreflightRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*testing.T, *fake)
		check  func(*fake) error
		want   string
	}{
		"another system": {func(t *testing.T, f *fake) {
			hosttest.Put(t, f.Host, map[string]string{"/etc/os-release": "ID=debian\nVERSION_ID=\"12\"\n"})
		}, (*fake).os, "runs debian 12, the spec is for debian-13"},
		"another name": {func(t *testing.T, f *fake) {
			hosttest.Put(t, f.Host, map[string]string{"/proc/sys/kernel/hostname": "pg2\n"})
		}, (*fake).name, "is called pg2, the spec is for pg1"},
		"clock behind the spec": {func(_ *testing.T, f *fake) { f.now = f.now.AddDate(-1, 0, 0) }, (*fake).clock, "before the spec was issued"},
		"another card":          {func(_ *testing.T, f *fake) { f.self.MAC = "52:54:00:00:00:01" }, (*fake).address, "with MAC 52:54:00:77:00:11"},
		"another interface":     {func(_ *testing.T, f *fake) { f.self.MAC, f.self.Interface = "", "eth7" }, (*fake).address, "is on eth0, the inventory says eth7"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			if err := tt.check(f); err != nil {
				t.Fatalf("refused before the change: %v", err)
			}
			tt.change(t, f)
			err := tt.check(f)
			if !fault.IsBlocked(err) || !strings.Contains(err.Error(), tt.want) || fault.Remedy(err) == "" {
				t.Errorf("got %v (remedy %q), want blocked: %q", err, fault.Remedy(err), tt.want)
			}
		})
	}
}

func (f *fake) os() error      { return f.checkOS() }
func (f *fake) name() error    { return f.checkHostname() }
func (f *fake) clock() error   { return f.checkClock() }
func (f *fake) address() error { return f.checkAddress() }

// TestMissingAddressIsWaitedFor: the network may come later; that is not a block.
func TestMissingAddressIsWaitedFor(t *testing.T) {
	f := newFake(t)
	f.Host.Links = func() ([]host.Link, error) { return nil, nil }
	if err := f.checkAddress(); err == nil || fault.IsBlocked(err) {
		t.Errorf("got %v", err)
	}
}

func TestClockSlightlyBehindIsFine(t *testing.T) {
	f := newFake(t)
	f.now = f.spec.Cluster.IssuedAt.Add(-time.Hour)
	if err := f.checkClock(); err != nil {
		t.Error(err)
	}
}

// TestDistributionUnitsAreMaskedBeforePackages is requirement B8.
func TestDistributionUnitsAreMasked(t *testing.T) {
	f := newFake(t)
	if err := f.mask(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	calls := strings.Join(f.systemd.Calls(), "\n")
	for _, unit := range []string{"etcd.service", "postgresql.service", "patroni.service", "haproxy.service", "keepalived.service", "pgbouncer.service"} {
		if !strings.Contains(calls, unit) {
			t.Errorf("%s is not masked: %s", unit, calls)
		}
	}
	if strings.Contains(calls, "pgc-") {
		t.Errorf("our own units are masked: %s", calls)
	}
}

func TestPackages(t *testing.T) {
	f := newFake(t)
	if err := f.packages(t.Context(), nil); err != nil || len(f.shelf.installed) > 0 {
		t.Errorf("with everything there: %v, installed %v", err, f.shelf.installed)
	}
	f.shelf.missing = []string{"patroni"}
	err := f.packages(t.Context(), nil)
	if !fault.IsBlocked(err) || !strings.Contains(err.Error(), "the image lacks patroni") {
		t.Errorf("source image: got %v", err)
	}
}

// TestStart: what runs and has not changed is left alone; what changed is told in the way
// its unit says; what does not run is started unless its port is taken.
func TestStart(t *testing.T) {
	tests := map[string]struct {
		component string
		active    bool
		changed   bool
		want      string
	}{
		"running, same":            {"patroni", true, false, ""},
		"running, changed":         {"patroni", true, true, "reload pgc-patroni.service"},
		"etcd running and changed": {"etcd", true, true, "restart pgc-etcd.service"},
		"not running":              {"haproxy", false, false, "start pgc-haproxy.service"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			state := systemd.State{Unit: "pgc-" + tt.component + ".service", ActiveState: "inactive", LoadState: "loaded"}
			if tt.active {
				state.ActiveState = "active"
			}
			f.systemd.Set(state)
			f.changed[tt.component] = tt.changed
			if err := f.start(f.named(t, tt.component))(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(f.systemd.Calls(), " "); got != tt.want {
				t.Errorf("calls %q, want %q", got, tt.want)
			}
		})
	}
}

// TestPortTaken names who has the port. 5432 is 0x1538; 10.77.0.11 is 0B004D0A.
func TestPortTaken(t *testing.T) {
	f := newFake(t)
	f.systemd.Set(systemd.State{Unit: "pgc-patroni.service", ActiveState: "inactive", LoadState: "loaded"})
	hosttest.Put(t, f.Host, map[string]string{"/proc/net/tcp": "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
		"   0: 0B004D0A:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0000000000000000 100 0 0 10 0\n"})
	err := f.start(f.named(t, "patroni"))(t.Context(), nil)
	if !fault.IsBlocked(err) || !strings.Contains(err.Error(), "port 5432") || !strings.Contains(fault.Remedy(err), "patroni.postgresql_port") {
		t.Errorf("got %v (remedy %q)", err, fault.Remedy(err))
	}
	if slices.Contains(f.systemd.Calls(), "start pgc-patroni.service") {
		t.Error("it was started all the same")
	}
}
