package generator

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a root folder with fakes of the programs that the script calls.
type machine struct {
	t         *testing.T
	root, bin string
}

func newMachine(t *testing.T) machine {
	t.Helper()
	m := machine{t: t, root: t.TempDir(), bin: t.TempDir()}
	for _, dir := range []string{"var/lib/cloud/seed/nocloud", "disc", "dev"} {
		if err := os.MkdirAll(filepath.Join(m.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.fake("dpkg", `case $1 in --print-architecture) echo amd64 ;; *) for f; do :; done; cp "$f" "$ROOT/installed"; echo dpkg >>"$ROOT/calls" ;; esac`)
	m.fake("dpkg-query", `[ -f "$ROOT/installed" ] && printf installed`)
	m.fake("blkid", `[ -f "$ROOT/disc/user-data" ] && [ "$2" = CIDATA ] && echo /dev/sr0`)
	m.fake("mount", `cp "$ROOT"/disc/* "$4"`)
	m.fake("umount", `rm -f "$1"/*`)
	m.fake("sync", `:`)
	return m
}

func (m machine) fake(name, script string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

func (m machine) write(path, content string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.root, path), []byte(content), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m machine) read(path string) string {
	data, err := os.ReadFile(filepath.Join(m.root, path))
	if err != nil {
		return ""
	}
	return string(data)
}

// run boots: the script sees the machine's root in place of /.
func (m machine) run(sums ...string) (output string, err error) {
	script := strings.NewReplacer("/var/lib/", m.root+"/var/lib/", "/dev/console", m.root+"/dev/console").Replace(installer)
	cmd := exec.Command("sh", append([]string{"-c", script, "nodeinit-install"}, sums...)...)
	cmd.Env = []string{"PATH=" + m.bin + ":" + os.Getenv("PATH"), "ROOT=" + m.root, "TMPDIR=" + m.t.TempDir()}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func sum(content string) string {
	s := sha256.Sum256([]byte(content))
	return hex.EncodeToString(s[:])
}

const folder = "var/lib/cloud/seed/nocloud/nodeinit-amd64.deb"

func TestInstallsFromTheSeedFolder(t *testing.T) {
	m := newMachine(t)
	m.write(folder, "deb")
	if out, err := m.run(sum("deb"), "arm"); err != nil || m.read("installed") != "deb" {
		t.Fatalf("installed %q: %v\n%s", m.read("installed"), err, out)
	}
	if !strings.Contains(m.read("dev/console"), "nodeinit: installed from the seed") {
		t.Errorf("the console says %q", m.read("dev/console"))
	}
}

func TestInstallsFromTheDisc(t *testing.T) {
	m := newMachine(t)
	m.write("disc/user-data", "")
	m.write("disc/nodeinit-amd64.deb", "deb")
	if out, err := m.run(sum("deb"), "arm"); err != nil || m.read("installed") != "deb" {
		t.Fatalf("installed %q: %v\n%s", m.read("installed"), err, out)
	}
}

func TestInstallsOnce(t *testing.T) {
	m := newMachine(t)
	m.write(folder, "deb")
	for range 3 {
		if out, err := m.run(sum("deb"), "arm"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if got := m.read("calls"); got != "dpkg\n" {
		t.Errorf("dpkg ran %d times", strings.Count(got, "dpkg"))
	}
	m.write(folder, "newer")
	if _, err := m.run(sum("newer"), "arm"); err != nil || m.read("installed") != "newer" {
		t.Errorf("the package of a newer seed is not installed: %v", err)
	}
}

func TestPowerCutInTheMiddleIsRepaired(t *testing.T) {
	m := newMachine(t)
	m.write(folder, "deb")
	m.fake("dpkg-query", "printf half-installed")
	if _, err := m.run(sum("deb"), "arm"); err != nil {
		t.Fatal(err)
	}
	if _, err := m.run(sum("deb"), "arm"); err != nil || m.read("calls") != "dpkg\ndpkg\n" {
		t.Errorf("a package that is not whole is left alone: %v %q", err, m.read("calls"))
	}
}

func TestRefusals(t *testing.T) {
	for want, prepare := range map[string]func(machine){
		"there is no disc labelled CIDATA":            func(machine) {},
		"the disc /dev/sr0 has no nodeinit-amd64.deb": func(m machine) { m.write("disc/user-data", "") },
		"nodeinit-amd64.deb is not the one":           func(m machine) { m.write(folder, "forged") },
		"this machine is riscv64":                     func(m machine) { m.fake("dpkg", "echo riscv64") },
		"dpkg refuses nodeinit-amd64.deb": func(m machine) {
			m.write(folder, "deb")
			m.fake("dpkg", `[ "$1" = --print-architecture ] && echo amd64`)
		},
	} {
		m := newMachine(t)
		prepare(m)
		out, err := m.run(sum("deb"), "arm")
		if err == nil || !strings.Contains(out, "nodeinit: cannot install nodeinit from the seed: "+want) {
			t.Errorf("want %q, got %v:\n%s", want, err, out)
		}
		if m.read("installed") != "" || m.read("var/lib/nodeinit/nodeinit-amd64.deb") == "forged" {
			t.Errorf("%s: something was installed or left", want)
		}
	}
}
