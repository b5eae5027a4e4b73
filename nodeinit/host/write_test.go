package host_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/nodeinit/host"
	"github.com/pgcgen/pgcgen/nodeinit/host/hosttest"
	"github.com/pgcgen/pgcgen/templates/component"
)

const accounts = "root:x:0:0:root:/root:/bin/bash\npostgres:x:113:121::/var/lib/postgresql:/bin/bash\n"

func machine(t *testing.T) (*host.Host, *hosttest.Runner) {
	t.Helper()
	return hosttest.New(t, map[string]string{"/etc/passwd": accounts, "/etc/group": "root:x:0:\npostgres:x:121:\n"})
}

func write(t *testing.T, h *host.Host, f component.File) bool {
	t.Helper()
	changed, err := h.WriteFile(f)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestWriteFileChangesOnlyWhatDiffers(t *testing.T) {
	h, _ := machine(t)
	file := component.File{Path: "/etc/patroni/patroni.yml", Mode: 0o640, Group: "postgres", Data: []byte("scope: main\n")}
	steps := []struct {
		name   string
		change func(*component.File)
		want   bool
	}{
		{"first", func(*component.File) {}, true},
		{"same", func(*component.File) {}, false},
		{"content of the same length", func(f *component.File) { f.Data = []byte("scope: test\n") }, true},
		{"mode", func(f *component.File) { f.Mode = 0o600 }, true},
		{"owner", func(f *component.File) { f.Owner = "postgres" }, true},
		{"group", func(f *component.File) { f.Group = "" }, true},
		{"same again", func(*component.File) {}, false},
	}
	for _, tt := range steps {
		tt.change(&file)
		if got := write(t, h, file); got != tt.want {
			t.Errorf("%s: changed = %v, want %v", tt.name, got, tt.want)
		}
		info, err := os.Stat(h.Path(file.Path))
		if err != nil || info.Mode().Perm() != file.Mode {
			t.Errorf("%s: mode %v, %v", tt.name, info.Mode(), err)
		}
		if data, err := h.ReadFile(file.Path); err != nil || string(data) != string(file.Data) {
			t.Errorf("%s: content %q, %v", tt.name, data, err)
		}
	}
	if names, err := h.List("/etc/patroni"); err != nil || len(names) != 1 {
		t.Errorf("left in the folder: %v, %v", names, err)
	}
}

// watcher looks at the file while it is being made.
type watcher struct {
	hosttest.Ownership
	seen func(*os.File)
}

func (w *watcher) Chown(f *os.File, uid, gid int) error {
	w.seen(f)
	return w.Ownership.Chown(f, uid, gid)
}

func TestSecretIsClosedUntilItHasItsOwner(t *testing.T) {
	h, _ := machine(t)
	looked := false
	h.Ownership = &watcher{seen: func(f *os.File) {
		looked = true
		if info, err := f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("before its owner is set the file has mode %v", info.Mode())
		}
		if filepath.Base(f.Name()) == "key.pem" {
			t.Error("the file has its name before it is whole")
		}
	}}
	write(t, h, component.File{Path: "/etc/etcd/key.pem", Mode: 0o640, Group: "postgres", Data: []byte("secret")})
	if !looked {
		t.Error("the owner was never set")
	}
}

func TestWriteFileReplacesLinksAndLeftovers(t *testing.T) {
	h, _ := machine(t)
	hosttest.Put(t, h, map[string]string{"/etc/shadow": "precious", "/var/lib/postgresql/x": ""})
	for _, name := range []string{"pgpass", ".pgpass.nodeinit-new"} {
		if err := os.Symlink(h.Path("/etc/shadow"), h.Path("/var/lib/postgresql/"+name)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, h, component.File{Path: "/var/lib/postgresql/pgpass", Mode: 0o600, Owner: "postgres", Data: []byte("new")})
	if data, _ := h.ReadFile("/etc/shadow"); string(data) != "precious" {
		t.Errorf("a link was followed: %q", data)
	}
	if info, err := os.Lstat(h.Path("/var/lib/postgresql/pgpass")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("%v, %v", info, err)
	}
}

func TestWriteFileFailsWhole(t *testing.T) {
	h, _ := machine(t)
	old := component.File{Path: "/etc/a", Mode: 0o644, Data: []byte("old")}
	write(t, h, old)
	h.Ownership = refusing{}
	_, err := h.WriteFile(component.File{Path: "/etc/a", Mode: 0o644, Data: []byte("new")})
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("WriteFile: %v", err)
	}
	if data, _ := h.ReadFile("/etc/a"); string(data) != "old" {
		t.Errorf("after a failed write the file holds %q", data)
	}
	if names, _ := h.List("/etc"); strings.Contains(strings.Join(names, " "), "nodeinit-new") {
		t.Errorf("left: %v", names)
	}
}

type refusing struct{}

func (refusing) Owner(fs.FileInfo) (int, int)   { return 0, 0 }
func (refusing) Chown(*os.File, int, int) error { return fs.ErrPermission }

func TestWriteFileNamesTheUnknownOwner(t *testing.T) {
	h, _ := machine(t)
	_, err := h.WriteFile(component.File{Path: "/etc/a", Owner: "etcd"})
	if err == nil || err.Error() != "cannot write /etc/a: there is no user etcd in /etc/passwd" {
		t.Errorf("WriteFile: %v", err)
	}
	_, err = h.WriteFile(component.File{Path: "/etc/a", Group: "etcd"})
	if err == nil || !strings.Contains(err.Error(), "no group etcd in /etc/group") {
		t.Errorf("WriteFile: %v", err)
	}
}

func TestStateFile(t *testing.T) {
	h, _ := machine(t)
	s := host.StateFile{Host: h, Path: "/var/lib/nodeinit/journal.json"}
	if _, err := s.Load(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load before Save: %v", err)
	}
	if err := s.Save([]byte("{}")); err != nil {
		t.Fatal(err)
	}
	if data, err := s.Load(); err != nil || string(data) != "{}" {
		t.Errorf("Load: %q, %v", data, err)
	}
	if info, err := os.Stat(h.Path(s.Path)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
