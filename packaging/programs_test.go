//go:build programs

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// These tests ask dpkg, rpm and systemd about what this package makes.

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, text)
	}
	return string(text)
}

func packageFile(t *testing.T, format Format) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nodeinit."+string(format))
	if err := os.WriteFile(path, build(t, options(format)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// listed are the files of both formats with mode and owner.
func listed() []string {
	return []string{
		"drwx------ root/root /etc/nodeinit",
		"-rwxr-xr-x root/root /usr/bin/nodeinit",
		"-rw-r--r-- root/root /usr/lib/systemd/system-preset/80-nodeinit.preset",
		"-rw-r--r-- root/root /usr/lib/systemd/system/nodeinit.service",
		"-rw-r--r-- root/root /usr/share/bash-completion/completions/nodeinit",
		"-rw-r--r-- root/root /usr/share/doc/nodeinit/copyright",
		"-rw-r--r-- root/root /usr/share/man/man8/nodeinit.8.gz",
		"drwx------ root/root /var/lib/nodeinit",
	}
}

func TestDpkgReadsTheDeb(t *testing.T) {
	path := packageFile(t, Deb)
	var got []string
	for _, line := range strings.Split(strings.TrimSpace(run(t, "dpkg-deb", "--contents", path)), "\n") {
		f := strings.Fields(line)
		name := strings.TrimPrefix(strings.TrimSuffix(f[5], "/"), ".")
		if f[3] != "2027-01-02" || f[4] != "03:04" && f[4] != "03:04:05" {
			t.Errorf("%s has the time %s %s", name, f[3], f[4])
		}
		parent := f[0] == "drwxr-xr-x"
		debian := strings.HasSuffix(name, "/changelog.gz") || strings.Contains(name, "/lintian/")
		if !parent && !debian {
			got = append(got, f[0]+" "+f[1]+" "+name)
		}
	}
	if diff := cmp.Diff(sorted(listed()), sorted(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	fields := run(t, "dpkg-deb", "--field", path, "Package", "Version", "Architecture", "Depends", "Section")
	want := "Package: nodeinit\nVersion: 1.2.3\nArchitecture: amd64\nDepends: systemd\nSection: admin\n"
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRPMReadsTheRPM(t *testing.T) {
	path := packageFile(t, RPM)
	got := strings.Split(strings.TrimSpace(run(t, "rpm", "-qp", "--qf", "[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\n]", path)), "\n")
	if diff := cmp.Diff(sorted(listed()), sorted(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text := run(t, "rpm", "--checksig", path); !strings.Contains(text, "digests OK") {
		t.Errorf("rpm says %s", text)
	}
	want := "nodeinit 1.2.3 1 x86_64 localhost 1798859045"
	if got := run(t, "rpm", "-qp", "--qf", "%{NAME} %{VERSION} %{RELEASE} %{ARCH} %{BUILDHOST} %{BUILDTIME}", path); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

func TestSystemdAcceptsTheUnit(t *testing.T) {
	root := t.TempDir()
	run(t, "dpkg-deb", "--extract", packageFile(t, Deb), root)
	// The targets that every unit depends on are those of this machine's systemd.
	run(t, "sh", "-c", `cp /lib/systemd/system/*.target "$1"/usr/lib/systemd/system/`, "sh", root)
	text := run(t, "systemd-analyze", "verify", "--man=no", "--root="+root, "nodeinit.service")
	for _, line := range strings.Split(text, "\n") {
		if strings.Contains(line, "nodeinit") {
			t.Errorf("systemd says: %s", line)
		}
	}
}
