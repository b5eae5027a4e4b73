//go:build boot

package image_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pgcgen/pgcgen/lab/image"
)

// TestLayer installs a package that was made here.
func TestLayer(t *testing.T) {
	deb := makeDeb(t, t.TempDir())
	spec, err := image.Golden("trixie")
	if err != nil {
		t.Fatal(err)
	}
	store := image.Default()
	root, err := store.Base(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	layer, err := store.Layer(t.Context(), []string{root}, deb)
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]bool{
		"usr/lib/lab-probe":      true,
		"var/lib/lab-configured": true, // written by the package's script
		"var/lib/dpkg/status":    true,
		"usr/sbin/policy-rc.d":   false,
		"etc/debian_version":     false, // in the layer below only
	} {
		if _, err := os.Lstat(filepath.Join(layer, file)); (err == nil) != want {
			t.Errorf("%s: %v, want there: %t", file, err, want)
		}
	}
	again, err := store.Layer(t.Context(), []string{root}, deb)
	if err != nil || again != layer {
		t.Errorf("the second time gives %s, %v", again, err)
	}
}

func makeDeb(t *testing.T, dir string) string {
	t.Helper()
	for name, text := range map[string]string{
		"DEBIAN/control":    "Package: lab-probe\nVersion: 1\nArchitecture: all\nMaintainer: lab <lab@example.org>\nDescription: probe\n",
		"DEBIAN/postinst":   "#!/bin/sh\nset -e\ntouch /var/lib/lab-configured\ninvoke-rc.d dbus restart\n",
		"usr/lib/lab-probe": "probe\n",
	} {
		path := filepath.Join(dir, "tree", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	deb := filepath.Join(dir, "lab-probe.deb")
	if out, err := exec.Command("dpkg-deb", "--root-owner-group", "--build", filepath.Join(dir, "tree"), deb).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return deb
}
