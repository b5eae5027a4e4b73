//go:build programs

package cloudinit

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// These tests ask the programs that will read what this package writes: cloud-init and
// Python of the machine they run on, blkid and isoinfo.

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, text)
	}
	return string(text)
}

func write(t *testing.T, name string, data []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCloudInitAcceptsUserData(t *testing.T) {
	for _, u := range []UserData{node(), {Hostname: "pg1"}} {
		data, err := u.Marshal()
		text := run(t, "cloud-init", "schema", "--config-file", write(t, "user-data", data, err))
		if !strings.Contains(text, "Valid") || strings.Contains(strings.ToLower(text), "deprecat") {
			t.Errorf("cloud-init says:\n%s", text)
		}
	}
}

// PyYAML reads YAML 1.1, our encoder writes 1.2: every hostile text must arrive in Python.
func TestPythonReadsTheSameContent(t *testing.T) {
	texts := []string{
		"", "\n", "a", "a\n\n", "  lead\n", "trail \n", "\ta\n", "- x\n", "---\n...\n", "{a: [b}", "'\"\\", "yes", "no", "on", "0600",
		"012", "12:30:45", "1_000", "null", "~", "=", "<<", "2027-01-01", "!!python/object:x", "&a *a", "%YAML 1.1\n", "é漢😀\n", "\u2028", "\u00a0",
		"a\n b\n\n  c\n", strings.Repeat("word ", 100), strings.Repeat("x", 500),
	}
	u := UserData{Hostname: "no"}
	for _, text := range texts {
		u.Files = append(u.Files, File{Path: "/x", Mode: 0o600, Data: []byte(text)})
		u.RunCommands = append(u.RunCommands, Command{"echo", text})
	}
	data, err := u.Marshal()
	const program = `import sys, json, yaml
d = yaml.safe_load(open(sys.argv[1], encoding="utf-8"))
json.dump([d["hostname"]] + [f["content"] for f in d["write_files"]] + [c[1] for c in d["runcmd"]]
  + list({f["permissions"] for f in d["write_files"]}), sys.stdout)`
	var got []string
	if err := json.Unmarshal([]byte(run(t, "/usr/bin/python3", "-c", program, write(t, "u", data, err))), &got); err != nil {
		t.Fatal(err)
	}
	want := append(append(append([]string{"no"}, texts...), texts...), "0600")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCloudInitRendersTheNetwork(t *testing.T) {
	for kind, want := range map[string][]string{
		"eni":      {"address 10.77.0.11/24", "gateway 10.77.0.1", "dns-nameservers 10.77.0.1", "dns-search example.org"},
		"networkd": {"Address=10.77.0.11/24", "Gateway=10.77.0.1", "DNS=10.77.0.1", "MACAddress=52:54:00:aa:00:11"},
		"netplan":  {"10.77.0.11/24", "10.77.0.1", "macaddress: 52:54:00:aa:00:11"},
	} {
		data, err := networks()["by-mac"].Marshal()
		out := t.TempDir()
		run(t, "cloud-init", "devel", "net-convert", "--network-data", write(t, "network-config", data, err), "--kind", "yaml",
			"--directory", out, "--distro", "debian", "--mac", "eth7,52:54:00:aa:00:11", "--output-kind", kind)
		all := run(t, "sh", "-c", `find "$1" -type f -exec cat {} +`, "sh", out)
		for _, part := range want {
			if !strings.Contains(all, part) {
				t.Errorf("%s lacks %q:\n%s", kind, part, all)
			}
		}
	}
}

// That Linux mounts the image with these names was tried once, in a virtual machine: few
// machines that run tests have both root and the isofs module.
func TestSeedIsAnISOImage(t *testing.T) {
	files := seedFiles()
	path := write(t, "seed.iso", seedImage(t, files, byName), nil)
	if got := strings.TrimSpace(run(t, "blkid", "-p", "-o", "value", "-s", "LABEL", "-s", "TYPE", path)); got != "CIDATA\niso9660" {
		t.Errorf("blkid says %q", got)
	}
	var want []string
	for name := range files {
		want = append(want, "/"+name+";1")
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, strings.Fields(run(t, "isoinfo", "-f", "-i", path))); diff != "" {
		t.Errorf("isoinfo (-want +got):\n%s", diff)
	}
}
