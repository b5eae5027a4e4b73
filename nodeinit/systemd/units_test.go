package systemd

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"

	godbus "github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

func TestEnableOfAnEnabledUnitIsFine(t *testing.T) {
	f := &fakeBus{changes: 0}
	if err := bus(f).Enable(t.Context(), "a.service", "b.service"); err != nil {
		t.Error(err)
	}
	if err := bus(f).Enable(t.Context()); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"enable a.service", "enable b.service"}, f.calls); diff != "" {
		t.Error(diff)
	}
	f.refusals = map[string]error{"enable a.service": godbus.Error{Name: "org.freedesktop.systemd1.UnitMasked", Body: []any{"unit is masked"}}}
	if err := bus(f).Enable(t.Context(), "a.service"); err == nil || err.Error() != "cannot enable a.service: unit is masked" {
		t.Errorf("Enable: %v", err)
	}
}

func TestMaskIsPersistentAndReloadsOnlyAfterChanges(t *testing.T) {
	f := &fakeBus{changes: 1}
	if err := bus(f).Mask(t.Context(), "etcd.service"); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"mask etcd.service", "daemon-reload"}, f.calls); diff != "" {
		t.Error(diff)
	}
	f = &fakeBus{changes: 0}
	if err := bus(f).Mask(t.Context(), "etcd.service"); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"mask etcd.service"}, f.calls); diff != "" {
		t.Error(diff)
	}
}

func TestStateOfAUnit(t *testing.T) {
	f := &fakeBus{properties: map[string][]map[string]any{"a.service": {service("active", "running",
		"UnitFileState", "enabled", "MainPID", uint32(7), "NRestarts", uint32(1), "NeedDaemonReload", true,
		"InvocationID", []byte{0xab, 0x01}, "BindsTo", []string{"x.mount"})}}}
	got, err := bus(f).State(t.Context(), "a.service")
	want := State{Unit: "a.service", LoadState: "loaded", ActiveState: "active", SubState: "running", UnitFileState: "enabled",
		Type: "notify", Result: "success", ConditionResult: true, ConditionChecked: true, NRestarts: 1, MainPID: 7, InvocationID: "ab01",
		NeedDaemonReload: true, Requirements: []string{"x.mount"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if got, err := bus(f).State(t.Context(), "no.service"); err != nil || got.LoadState != "not-found" || got.Active() {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestJournalctl(t *testing.T) {
	var asked []string
	lines, err := Journalctl(func(_ context.Context, argv ...string) ([]byte, error) {
		asked = append(asked, strings.Join(argv, " "))
		return []byte("one\ntwo\n"), nil
	})(t.Context(), "etcd.service", 2)
	if diff := cmp.Diff([]string{"one", "two"}, lines); diff != "" || err != nil {
		t.Error(diff, err)
	}
	want := []string{"journalctl --sync", "journalctl --boot --unit etcd.service --lines 2 --output cat --no-pager --quiet"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
	empty := Journalctl(func(context.Context, ...string) ([]byte, error) { return nil, nil })
	if lines, err := empty(t.Context(), "x", 1); lines != nil || err != nil {
		t.Errorf("%q, %v", lines, err)
	}
}

func TestNotifications(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "2000")
	t.Setenv("WATCHDOG_PID", "")
	read := func() string {
		buffer := make([]byte, 256)
		n, err := socket.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		return string(buffer[:n])
	}
	NotifyReady()
	NotifyStatus("etcd/ready: waiting\nREADY=1")
	NotifyStopping()
	for _, want := range []string{"READY=1", "STATUS=etcd/ready: waiting READY=1", "STOPPING=1"} {
		if got := read(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- KeepAlive(ctx, func() bool { return true }) }()
	for range 3 {
		if got := read(); got != "WATCHDOG=1" {
			t.Errorf("got %q", got)
		}
	}
	cancel()
	socket.Close() // frees a notification that found the socket full
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	NotifyReady()
	if err := KeepAlive(t.Context(), func() bool { return true }); err != nil {
		t.Error(err)
	}
}
