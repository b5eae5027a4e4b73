package stacktest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pgcgen/pgcgen/templates/component"
)

// Install writes a component's files, certificates and authorities below a folder, as
// nodeinit would below /, and makes the rendered files point there. All belong to who.
func Install(t testing.TB, root string, v component.View, c component.Component, authorities map[string]*Authority, who Account) {
	t.Helper()
	files, err := c.Files(v)
	if err != nil {
		t.Fatal(err)
	}
	if c.Certs != nil {
		for _, cert := range c.Certs(v) {
			public, private := authorities[cert.CA].Issue(t, cert)
			files = append(files, component.File{Path: cert.CertPath, Data: public}, component.File{Path: cert.KeyPath, Data: private})
		}
	}
	if c.Trusts != nil {
		for _, trust := range c.Trusts(v) {
			files = append(files, component.File{Path: trust.Path, Data: authorities[trust.CA].PEM()})
		}
	}
	moved := strings.NewReplacer("/etc/pgc/", root+"/etc/pgc/", "/run/pgc-", root+"/run/pgc-", "/var/lib/pgc/", root+"/var/lib/pgc/")
	for _, f := range files {
		Write(t, root+f.Path, []byte(moved.Replace(string(f.Data))), who)
	}
	for _, dir := range []string{root + "/run/pgc-" + c.Name, root + "/var/lib/pgc/" + c.Name} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(dir, int(who.UID), int(who.GID)); err != nil {
			t.Fatal(err)
		}
	}
}

// Write writes a file that only its owner reads.
func Write(t testing.TB, path string, data []byte, who Account) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, int(who.UID), int(who.GID)); err != nil {
		t.Fatal(err)
	}
}

// Access reads files below a folder, as a probe does on a machine.
type Access string

// ReadFile implements component.Access.
func (a Access) ReadFile(path string) ([]byte, error) { return os.ReadFile(string(a) + path) }

// Path implements component.Access.
func (a Access) Path(path string) string { return string(a) + path }
