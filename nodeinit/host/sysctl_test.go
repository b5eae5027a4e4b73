package host_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/nodeinit/fault"
	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/host/hosttest"
)

func TestSetSysctl(t *testing.T) {
	h, _ := hosttest.New(t, map[string]string{
		"/proc/sys/net/ipv4/ip_nonlocal_bind":         "0\n",
		"/proc/sys/net/ipv4/ip_local_port_range":      "32768\t60999\n",
		"/proc/sys/net/ipv4/conf/eth0.5/arp_announce": "0\n",
	})
	tests := []struct {
		key, value string
		changed    bool
	}{
		{"net.ipv4.ip_nonlocal_bind", "1", true},
		{"net.ipv4.ip_nonlocal_bind", "1", false},
		{"net.ipv4.ip_local_port_range", "32768 60999", false},
		{"net/ipv4/conf/eth0.5/arp_announce", "2", true},
		{"net.ipv4.conf.eth0/5.arp_announce", "2", false},
	}
	for _, tt := range tests {
		if changed, err := h.SetSysctl(tt.key, tt.value); err != nil || changed != tt.changed {
			t.Errorf("%s=%s: %v, %v", tt.key, tt.value, changed, err)
		}
	}
	if data, _ := h.ReadFile("/proc/sys/net/ipv4/ip_nonlocal_bind"); strings.TrimSpace(string(data)) != "1" {
		t.Errorf("the kernel has %q", data)
	}
	_, err := h.SetSysctl("net.ipv4.nothing", "1")
	if err == nil || !strings.Contains(err.Error(), "this kernel does not have it") || fault.Remedy(err) == "" {
		t.Errorf("unknown key: %v", err)
	}
}

// The kernel release is a setting that nobody can write, as all are where /proc/sys is
// mounted read-only.
func TestSetSysctlThatCannotBeWritten(t *testing.T) {
	h := host.New()
	current, err := h.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := h.SetSysctl("kernel.osrelease", string(current)); changed || err != nil {
		t.Errorf("same value: %v, %v", changed, err)
	}
	_, err = h.SetSysctl("kernel.osrelease", "0")
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(fault.Remedy(err), "read-only here") {
		t.Errorf("SetSysctl: %v (%s)", err, fault.Remedy(err))
	}
}

func TestLockIsExclusiveAndReturns(t *testing.T) {
	h, _ := machine(t)
	const path = "/run/nodeinit/lock"
	release, err := h.Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Lock(path)
	var locked *host.LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("second Lock: %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	again, err := h.Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}
