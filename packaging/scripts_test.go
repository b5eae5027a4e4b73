package packaging

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// machine is a folder in which the maintainer scripts act: their absolute paths are moved
// below it, and systemctl writes down what it is asked.
type machine struct {
	t    *testing.T
	root string
}

func newMachine(t *testing.T, booted bool) machine {
	t.Helper()
	m := machine{t: t, root: t.TempDir()}
	dirs := []string{"etc/nodeinit", "var/lib/nodeinit", "run", "bin"}
	if booted {
		dirs = append(dirs, "run/systemd/system")
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(filepath.Join(m.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	fake := "#!/bin/sh\necho \"$*\" >> " + filepath.Join(m.root, "calls") + "\n"
	if err := os.WriteFile(filepath.Join(m.root, "bin/systemctl"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	return m
}

// run runs a script and returns what it asked of systemctl.
func (m machine) run(script string, args ...string) []string {
	m.t.Helper()
	text, err := sources.ReadFile("scripts/" + script + ".sh")
	if err != nil {
		m.t.Fatal(err)
	}
	moved := strings.NewReplacer("/etc/nodeinit", m.root+"/etc/nodeinit", "/var/lib/nodeinit", m.root+"/var/lib/nodeinit",
		"/run/", m.root+"/run/").Replace(string(text))
	cmd := exec.CommandContext(m.t.Context(), "sh", append([]string{"-c", moved, script}, args...)...)
	cmd.Env = []string{"PATH=" + filepath.Join(m.root, "bin") + ":/usr/bin:/bin"}
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("%s %v: %v\n%s", script, args, err, out)
	}
	calls := filepath.Join(m.root, "calls")
	data, err := os.ReadFile(calls)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.t.Fatal(err)
	}
	if len(data) == 0 {
		return nil
	}
	if err := os.Remove(calls); err != nil {
		m.t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

const (
	preset  = "preset nodeinit.service"
	reload  = "daemon-reload"
	start   = "--no-block start nodeinit.service"
	restart = "--no-block try-restart nodeinit.service"
	stop    = "stop nodeinit.service"
	disable = "disable nodeinit.service"
)

func TestMaintainerScripts(t *testing.T) {
	type call struct {
		script string
		args   []string
		booted []string
		chroot []string
	}
	for name, calls := range map[string][]call{
		"deb: installed, upgraded, removed, installed again, purged": {
			{"deb-postinst", []string{"configure", ""}, []string{preset, reload, start}, []string{preset}},
			{"deb-prerm", []string{"upgrade", "2"}, nil, nil},
			{"deb-postrm", []string{"upgrade", "2"}, []string{reload}, nil},
			{"deb-postinst", []string{"configure", "1"}, []string{reload, restart}, nil},
			{"deb-prerm", []string{"remove"}, []string{stop, disable}, []string{disable}},
			{"deb-postrm", []string{"remove"}, []string{reload}, nil},
			{"deb-postinst", []string{"configure", "2"}, []string{preset, reload, start}, []string{preset}},
			{"deb-postinst", []string{"configure", "2"}, []string{reload, restart}, nil},
			{"deb-prerm", []string{"remove"}, []string{stop, disable}, []string{disable}},
			{"deb-postrm", []string{"purge"}, []string{reload}, nil},
		},
		"deb: failures": {
			{"deb-postinst", []string{"abort-upgrade", "1"}, nil, nil},
			{"deb-prerm", []string{"remove"}, []string{stop, disable}, []string{disable}},
			{"deb-postinst", []string{"abort-remove", "1"}, []string{preset, reload, start}, []string{preset}},
			{"deb-postrm", []string{"abort-install"}, []string{reload}, nil},
		},
		"rpm: installed, upgraded, removed": {
			{"rpm-post", []string{"1"}, []string{preset, reload, start}, []string{preset}},
			{"rpm-post", []string{"2"}, []string{reload, restart}, nil},
			{"rpm-preun", []string{"1"}, nil, nil},
			{"rpm-postun", []string{"1"}, []string{reload}, nil},
			{"rpm-preun", []string{"0"}, []string{stop, disable}, []string{disable}},
			{"rpm-postun", []string{"0"}, []string{reload}, nil},
		},
	} {
		t.Run(name, func(t *testing.T) {
			booted, chroot := newMachine(t, true), newMachine(t, false)
			for _, c := range calls {
				if diff := cmp.Diff(c.booted, booted.run(c.script, c.args...)); diff != "" {
					t.Errorf("%s %v on a running system (-want +got):\n%s", c.script, c.args, diff)
				}
				if diff := cmp.Diff(c.chroot, chroot.run(c.script, c.args...)); diff != "" {
					t.Errorf("%s %v in a chroot (-want +got):\n%s", c.script, c.args, diff)
				}
			}
		})
	}
}

func TestInstallationClosesTheSpecToOthers(t *testing.T) {
	for script, arg := range map[string]string{"deb-postinst": "configure", "rpm-post": "1"} {
		m := newMachine(t, false)
		m.run(script, arg)
		info, err := os.Stat(filepath.Join(m.root, "etc/nodeinit"))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s leaves mode %v (%v)", script, info.Mode(), err)
		}
	}
}

func TestOnlyPurgeRemovesTheNodesData(t *testing.T) {
	m := newMachine(t, false)
	for _, other := range []string{"var/lib/pgc/etcd", "var/lib/postgresql"} {
		if err := os.MkdirAll(filepath.Join(m.root, other), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	exists := func(path string) bool {
		_, err := os.Stat(filepath.Join(m.root, path))
		return err == nil
	}
	m.run("deb-postrm", "remove")
	if !exists("etc/nodeinit") || !exists("var/lib/nodeinit") {
		t.Error("removing the package removed the node's data")
	}
	m.run("deb-postrm", "purge")
	if exists("etc/nodeinit") || exists("var/lib/nodeinit") {
		t.Error("purging the package left the node's data")
	}
	if !exists("var/lib/pgc/etcd") || !exists("var/lib/postgresql") {
		t.Error("purging the package removed databases")
	}
}
