package nspawn

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/lab/netns"
)

// machine is one that was never formatted: its disk is a plain folder.
func machine(t *testing.T) *Machine {
	t.Helper()
	network := &netns.Network{Namespace: netns.Namespace{Name: "pgclab-unit"}, Gateway: netip.MustParsePrefix("10.77.0.1/24")}
	m := &Machine{cfg: Config{Name: "pg1", Dir: t.TempDir(), Network: network}}
	if err := os.Mkdir(m.root(), 0o755); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestHierarchies(t *testing.T) {
	hybrid := `24 23 0:21 / /sys/fs/cgroup rw - tmpfs tmpfs rw
25 24 0:22 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
26 24 0:23 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
27 24 0:24 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
28 24 0:24 / /elsewhere/unified rw - cgroup2 cgroup2 rw
`
	want := []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/unified"}
	if got := hierarchies(hybrid); !slices.Equal(got, want) {
		t.Errorf("hybrid: got %q, want %q", got, want)
	}
	unified := "24 23 0:21 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
	if got := hierarchies(unified); !slices.Equal(got, []string{"/sys/fs/cgroup"}) {
		t.Errorf("unified: got %q", got)
	}
}

func TestFiles(t *testing.T) {
	m := machine(t)
	if err := m.WriteFile("/etc/a/b", []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := m.ReadFile("etc/a/../a/b"); err != nil || string(data) != "text" {
		t.Errorf("got %q, %v", data, err)
	}
	info, err := os.Stat(filepath.Join(m.root(), "etc/a"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of a private file: %v, %v", info.Mode(), err)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("of the host"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(m.root(), "link")); err != nil {
		t.Fatal(err)
	}
	if data, err := m.ReadFile("/link"); err == nil {
		t.Errorf("read %q through a link that leaves the machine", data)
	}
	if err := m.WriteFile("/link", []byte("x"), 0o600); err == nil {
		t.Error("wrote through a link that leaves the machine")
	}
}

func TestSeed(t *testing.T) {
	m, dir := machine(t), t.TempDir()
	for _, name := range []string{"user-data", "meta-data", "network-config"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Seed(dir); err != nil {
		t.Fatal(err)
	}
	if data, err := m.ReadFile("/var/lib/cloud/seed/nocloud/network-config"); err != nil || string(data) != "network-config" {
		t.Errorf("got %q, %v", data, err)
	}
}

func TestOff(t *testing.T) {
	m := machine(t)
	if m.Running() {
		t.Error("runs without having been powered on")
	}
	if _, err := m.Exec(t.Context(), "true"); err == nil || !strings.Contains(err.Error(), "off") {
		t.Errorf("exec says %v", err)
	}
}

func TestReapEndsOnlyTheRecordedProcess(t *testing.T) {
	dir := t.TempDir()
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat))
	fields[len(fields)-31] = "1" // the start time: our number, but of another process
	if err := os.WriteFile(filepath.Join(dir, record), []byte(strings.Join(fields, " ")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Reap(t.Context(), "pgclab-unit.none", dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the machine's folder is still there")
	}
}

func TestLastWords(t *testing.T) {
	m := machine(t)
	if err := os.WriteFile(m.Console(), []byte("1\n2\n3\n4\n5\n6\n7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := m.lastWords(); got != "3\n4\n5\n6\n7" {
		t.Errorf("got %q", got)
	}
}
