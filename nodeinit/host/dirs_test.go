package host_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pgcgen/pgcgen/nodeinit/host/hosttest"
	"github.com/pgcgen/pgcgen/templates/component"
)

func TestEnsureDir(t *testing.T) {
	h, _ := machine(t)
	dir := component.Dir{Path: "/var/lib/pgc/etcd", Mode: 0o700, Owner: "postgres"}
	for i, want := range []bool{true, false} {
		if changed, err := h.EnsureDir(dir); err != nil || changed != want {
			t.Errorf("call %d: %v, %v", i, changed, err)
		}
	}
	info, err := os.Stat(h.Path(dir.Path))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("%v, %v", info, err)
	}
	if uid, _ := h.Ownership.Owner(info); uid != 113 {
		t.Errorf("owner %d", uid)
	}
	if parent, err := os.Stat(h.Path("/var/lib/pgc")); err != nil || parent.Mode().Perm() != 0o755 {
		t.Errorf("parent %v, %v", parent.Mode(), err)
	}
	dir.Mode, dir.Owner = 0o750, ""
	if changed, err := h.EnsureDir(dir); err != nil || !changed {
		t.Errorf("other mode and owner: %v, %v", changed, err)
	}
}

func TestEnsureDirGivesNothingElseAway(t *testing.T) {
	h, _ := machine(t)
	hosttest.Put(t, h, map[string]string{"/var/lib/postgresql/file": ""})
	if err := os.Symlink(h.Path("/etc"), h.Path("/var/lib/postgresql/main")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"main", "file"} {
		_, err := h.EnsureDir(component.Dir{Path: "/var/lib/postgresql/" + name, Mode: 0o700, Owner: "postgres"})
		if err == nil || !strings.Contains(err.Error(), "links are not followed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	info, err := os.Stat(h.Path("/etc"))
	if uid, _ := h.Ownership.Owner(info); err != nil || uid != 0 {
		t.Errorf("/etc belongs to %d, %v", uid, err)
	}
}

func TestPathsBelowAFileAreRefused(t *testing.T) {
	h, _ := machine(t)
	if _, err := h.EnsureDir(component.Dir{Path: "/etc/passwd/x/y", Mode: 0o700}); err == nil {
		t.Error("EnsureDir below a file")
	}
	if _, err := h.WriteFile(component.File{Path: "/etc/passwd/x", Mode: 0o600}); err == nil || !strings.Contains(err.Error(), "/etc/passwd is not a folder") {
		t.Errorf("WriteFile below a file: %v", err)
	}
}

func TestRenameAsideKeepsEverything(t *testing.T) {
	h, _ := machine(t)
	h.Now = func() time.Time { return time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC) }
	var asides []string
	for _, content := range []string{"first", "second", "third"} {
		hosttest.Put(t, h, map[string]string{"/data/pg/PG_VERSION": content})
		aside, err := h.RenameAside("/data/pg")
		if err != nil {
			t.Fatal(err)
		}
		asides = append(asides, aside)
		if data, err := h.ReadFile(aside + "/PG_VERSION"); err != nil || string(data) != content {
			t.Errorf("%s: %q, %v", aside, data, err)
		}
	}
	if got := strings.Join(asides, " "); got != "/data/pg.aside-20261124T010203Z /data/pg.aside-20261124T010203Z.1 /data/pg.aside-20261124T010203Z.2" {
		t.Error(got)
	}
	if _, err := h.RenameAside("/data/pg"); err == nil {
		t.Error("what does not exist was put aside")
	}
}

func TestRemoveExistsList(t *testing.T) {
	h, _ := machine(t)
	hosttest.Put(t, h, map[string]string{"/run/x/b": "", "/run/x/a": ""})
	if names, err := h.List("/run/x"); err != nil || strings.Join(names, " ") != "a b" {
		t.Errorf("List: %v, %v", names, err)
	}
	if names, err := h.List("/nowhere"); err != nil || names != nil {
		t.Errorf("List of nothing: %v, %v", names, err)
	}
	for range 2 {
		if err := h.Remove("/run/x/a"); err != nil {
			t.Error(err)
		}
	}
	if h.Exists("/run/x/a") || h.Exists("/run/x/b/below-a-file") {
		t.Error("Exists of nothing")
	}
	if err := h.Remove("/run/x"); err == nil {
		t.Error("a folder with files was removed")
	}
	if err := os.Symlink("/nowhere", h.Path("/run/link")); err != nil {
		t.Fatal(err)
	}
	if !h.Exists("/run/link") {
		t.Error("a dangling link does not count")
	}
}
