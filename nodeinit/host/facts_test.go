package host_test

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/host/hosttest"
)

func TestFacts(t *testing.T) {
	h, _ := hosttest.New(t, map[string]string{
		"/proc/sys/kernel/hostname":       "pg1\n",
		"/proc/sys/kernel/random/boot_id": "4b1c\n",
		"/etc/machine-id":                 "0123456789abcdef0123456789abcdef\n",
		"/proc/meminfo":                   "MemTotal:        2048000 kB\nMemFree: 1 kB\n",
		"/usr/lib/os-release":             "# comment\nID=debian\nVERSION_ID=\"13\"\nPRETTY_NAME='a \"b\"'\nX=\"\\$1\"\n\n",
	})
	name, err1 := h.Hostname()
	boot, err2 := h.BootID()
	id, err3 := h.MachineID()
	mem, err4 := h.MemoryBytes()
	release, err5 := h.OSRelease()
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err != nil {
			t.Error(err)
		}
	}
	if name != "pg1" || boot != "4b1c" || id != "0123456789abcdef0123456789abcdef" || mem != 2048000*1024 || h.CPUs() < 1 {
		t.Errorf("%q %q %q %d %d", name, boot, id, mem, h.CPUs())
	}
	want := map[string]string{"ID": "debian", "VERSION_ID": "13", "PRETTY_NAME": `a "b"`, "X": "$1"}
	if diff := cmp.Diff(want, release); diff != "" {
		t.Error(diff)
	}
}

func TestFactsOfAnEmptyMachine(t *testing.T) {
	h, _ := hosttest.New(t, map[string]string{"/etc/machine-id": "uninitialized\n", "/proc/meminfo": "MemFree: 1 kB\n"})
	_, err1 := h.Hostname()
	_, err2 := h.MachineID()
	_, err3 := h.MemoryBytes()
	_, err4 := h.OSRelease()
	for i, err := range []error{err1, err2, err3, err4} {
		if err == nil {
			t.Errorf("fact %d of nothing", i)
		}
	}
}

func TestSetHostname(t *testing.T) {
	h, _ := hosttest.New(t, map[string]string{"/proc/sys/kernel/hostname": "localhost\n"})
	h.Sethostname = func(name string) error {
		hosttest.Put(t, h, map[string]string{"/proc/sys/kernel/hostname": name + "\n"})
		return nil
	}
	for i, want := range []bool{true, false} {
		if changed, err := h.SetHostname("pg1"); err != nil || changed != want {
			t.Errorf("call %d: %v, %v", i, changed, err)
		}
	}
	name, _ := h.Hostname()
	file, _ := h.ReadFile("/etc/hostname")
	if name != "pg1" || string(file) != "pg1\n" {
		t.Errorf("%q, file %q", name, file)
	}
}

func TestWatchdogDevice(t *testing.T) {
	h, _ := hosttest.New(t, map[string]string{"/dev/other": ""})
	if got := h.WatchdogDevice(); got != "" {
		t.Errorf("without a device: %q", got)
	}
	if err := os.Symlink("/dev/null", h.Path("/dev/watchdog")); err != nil { // a character device, 1:3
		t.Fatal(err)
	}
	if got := h.WatchdogDevice(); got != "" {
		t.Errorf("without a driver: %q", got)
	}
	hosttest.Put(t, h, map[string]string{"/sys/dev/char/1:3": ""})
	if got := h.WatchdogDevice(); got != "/dev/watchdog" {
		t.Errorf("with a driver: %q", got)
	}
	hosttest.Put(t, h, map[string]string{"/file": ""})
	if err := os.Remove(h.Path("/dev/watchdog")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(h.Path("/file"), h.Path("/dev/watchdog")); err != nil {
		t.Fatal(err)
	}
	if got := h.WatchdogDevice(); got != "" {
		t.Errorf("a regular file: %q", got)
	}
}

func TestInterfaceOf(t *testing.T) {
	h := &host.Host{Links: func() ([]host.Link, error) {
		return []host.Link{
			{Name: "lo", Addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}},
			{Name: "eth1"},
			{Name: "eth0", MAC: "52:54:00:77:00:11", Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.2.15/24"), netip.MustParsePrefix("10.77.0.11/24")}},
		}, nil
	}}
	link, err := h.InterfaceOf(netip.MustParseAddr("10.77.0.11"))
	if err != nil || link.Name != "eth0" || link.MAC != "52:54:00:77:00:11" {
		t.Errorf("%+v, %v", link, err)
	}
	_, err = h.InterfaceOf(netip.MustParseAddr("10.77.0.12"))
	want := "no network interface has 10.77.0.12: eth0 (52:54:00:77:00:11) has 10.0.2.15/24 and 10.77.0.11/24, eth1 has no address, lo has 127.0.0.1/8"
	if err == nil || err.Error() != want {
		t.Errorf("InterfaceOf: %v", err)
	}
}

func TestKernelLinksHaveLoopback(t *testing.T) {
	link, err := (&host.Host{}).InterfaceOf(netip.MustParseAddr("127.0.0.1"))
	if err != nil || !strings.HasPrefix(link.Name, "lo") {
		t.Errorf("%+v, %v", link, err)
	}
}
