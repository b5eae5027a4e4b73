package output

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var info = Info{Version: "1.2.3", Cluster: "main", UUID: "u", Generation: 4, Inputs: "sha256:ab"}

// build makes an output of the given files.
func build(t *testing.T, out string, files map[string]string) Manifest {
	t.Helper()
	s := stage(t, out, files)
	m, err := s.Commit(info)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func stage(t *testing.T, out string, files map[string]string) *Stage {
	t.Helper()
	s, err := NewStage(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Abort() })
	for name, text := range files {
		if err := s.WriteFile(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// tree is every path below dir with mode and content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		all[name] = info.Mode().String()
		if d.Type().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			all[name] += " " + string(data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func two() map[string]string {
	l := Layout("")
	return map[string]string{
		l.UserData("pg1"): "secret", l.Preview("pg1", "/etc/haproxy/haproxy.cfg"): "cfg",
		l.Authority("etcd"): "pem", l.Runbook(): "read me",
	}
}

func TestModesFollowFromNames(t *testing.T) {
	out := filepath.Join(t.TempDir(), "deep", "out")
	build(t, out, two())
	got := tree(t, out)
	delete(got, "manifest.json")
	delete(got, "SHA256SUMS")
	want := map[string]string{
		".":                             "drwxr-xr-x",
		"RUNBOOK.md":                    "-rw-r--r-- read me",
		"nodes":                         "drwxr-xr-x",
		"nodes/pg1":                     "drwx------",
		"nodes/pg1/preview":             "drwx------",
		"nodes/pg1/preview/etc":         "drwx------",
		"nodes/pg1/preview/etc/haproxy": "drwx------",
		"nodes/pg1/preview/etc/haproxy/haproxy.cfg": "-rw------- cfg",
		"nodes/pg1/user-data":                       "-rw------- secret",
		"pki":                                       "drwxr-xr-x",
		"pki/etcd.crt":                              "-rw-r--r-- pem",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSameFilesSameBytes(t *testing.T) {
	a, b := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	build(t, a, two())
	build(t, b, two())
	if diff := cmp.Diff(tree(t, a), tree(t, b)); diff != "" {
		t.Errorf("two builds differ:\n%s", diff)
	}
	first := tree(t, a)
	build(t, a, two())
	if diff := cmp.Diff(first, tree(t, a)); diff != "" {
		t.Errorf("building again differs:\n%s", diff)
	}
}

func TestCommitReplacesTheWholeFolder(t *testing.T) {
	parent := t.TempDir()
	out := filepath.Join(parent, "out")
	build(t, out, two())
	m := build(t, out, map[string]string{"cluster.json": "{}"})
	want := []string{".", "SHA256SUMS", "cluster.json", "manifest.json"}
	got := tree(t, out)
	for _, name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if len(got) != len(want) || len(m.Files) != 1 {
		t.Errorf("out holds %d entries, manifest %d", len(got), len(m.Files))
	}
	onlyOut(t, parent)
}

// onlyOut checks that no stage and no old output was left behind.
func onlyOut(t *testing.T, parent string) {
	t.Helper()
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 1 || entries[0].Name() != "out" {
		t.Errorf("beside out: %v (%v)", entries, err)
	}
}

func TestFailedBuildLeavesTheOldOutput(t *testing.T) {
	boom := errors.New("boom")
	for name, fail := range map[string]func(*testing.T, *Stage) error{
		"aborted": func(_ *testing.T, _ *Stage) error { return boom },
		"content fails": func(_ *testing.T, s *Stage) error {
			return s.Write("nodes/pg1/seed.iso", func(w io.Writer) error {
				_, err := w.Write([]byte("half"))
				return errors.Join(err, boom)
			})
		},
		"swap fails": func(t *testing.T, s *Stage) error {
			s.out = filepath.Join(s.out, "RUNBOOK.md", "below a file")
			_, err := s.Commit(info)
			if err != nil {
				return errors.Join(err, boom)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			out := filepath.Join(parent, "out")
			build(t, out, two())
			before := tree(t, out)
			s := stage(t, out, map[string]string{"cluster.json": "{}"})
			if err := fail(t, s); !errors.Is(err, boom) {
				t.Fatalf("error %v", err)
			}
			if err := s.Abort(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, tree(t, out)); diff != "" {
				t.Errorf("the old output changed:\n%s", diff)
			}
			onlyOut(t, parent)
		})
	}
}

func TestWithoutExchange(t *testing.T) {
	parent := t.TempDir()
	out, dir := filepath.Join(parent, "out"), filepath.Join(parent, "new")
	for _, path := range []string{out, dir} {
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, "name"), []byte(filepath.Base(path)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := moveAside(dir, out)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{out: "new", old: "out"} {
		if got, err := os.ReadFile(filepath.Join(path, "name")); err != nil || string(got) != want {
			t.Errorf("%s holds %q (%v), want %q", path, got, err, want)
		}
	}
	if _, err := moveAside(filepath.Join(parent, "gone"), out); err == nil {
		t.Error("moving a missing folder worked")
	}
	if got, err := os.ReadFile(filepath.Join(out, "name")); err != nil || string(got) != "new" {
		t.Errorf("after a failure out holds %q (%v)", got, err)
	}
}

func TestRefusedFolders(t *testing.T) {
	write := func(names ...string) func(*testing.T, string) {
		return func(t *testing.T, out string) {
			for _, name := range names {
				if err := os.MkdirAll(out, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(out, name), []byte(`{"tool":"other"}`), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for name, test := range map[string]struct {
		prepare func(*testing.T, string)
		want    string
	}{
		"somebody's folder": {write("thesis.txt"), "was not made by pgcgen"},
		"other manifest":    {write("manifest.json"), "not written by pgcgen"},
		"a file": {func(t *testing.T, out string) {
			if err := os.WriteFile(out, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}, "not a directory"},
		"notes in an output": {func(t *testing.T, out string) {
			build(t, out, two())
			write("a", "b", "c", "d")(t, out)
		}, "did not write: a, b, c and 1 more"},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			out := filepath.Join(parent, "out")
			test.prepare(t, out)
			before := tree(t, out)
			_, err := NewStage(out)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), out) {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(before, tree(t, out)); diff != "" {
				t.Errorf("it changed:\n%s", diff)
			}
			onlyOut(t, parent)
		})
	}
}

func TestEmptyAndLinkedFolders(t *testing.T) {
	parent := t.TempDir()
	target, link := filepath.Join(parent, "target"), filepath.Join(parent, "link")
	if err := errors.Join(os.Mkdir(target, 0o755), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	build(t, link, two())
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link became %v (%v)", info.Mode(), err)
	}
	if _, err := Load(target); err != nil {
		t.Error(err)
	}
}

func TestRefusedNames(t *testing.T) {
	s := stage(t, filepath.Join(t.TempDir(), "out"), map[string]string{"taken": ""})
	for _, name := range []string{"", ".", "/etc/passwd", "../up", "a//b", "a\nb", `a\b`, "taken", "taken/below"} {
		if err := s.WriteFile(name, nil); err == nil {
			t.Errorf("%q was written", name)
		}
	}
}

func TestLayoutNames(t *testing.T) {
	l := Layout("out")
	for got, want := range map[string]string{
		l.NodesDir():                "out/nodes",
		l.NodeDir("pg1"):            "out/nodes/pg1",
		l.MetaData("pg1"):           "out/nodes/pg1/meta-data",
		l.NetworkConfig("pg1"):      "out/nodes/pg1/network-config",
		l.Seed("pg1"):               "out/nodes/pg1/seed.iso",
		l.Preview("pg1", "/etc/x"):  "out/nodes/pg1/preview/etc/x",
		l.Package("nodeinit.deb"):   "out/packages/nodeinit.deb",
		l.ClusterSpec():             "out/cluster.json",
		l.Topology():                "out/topology.svg",
		Layout("").UserData("pg1"):  "nodes/pg1/user-data",
		Layout("").Checksums():      "SHA256SUMS",
		Layout("/x").Authority("r"): "/x/pki/r.crt",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
