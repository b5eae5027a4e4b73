package seed_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kdomanski/iso9660"

	"github.com/pgcgen/pgcgen/lab/seed"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// burn writes seed.iso into a folder.
func burn(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	w, err := iso9660.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Cleanup() }() // a temporary folder
	for name, text := range files {
		if err := w.AddFile(strings.NewReader(text), name); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Create(filepath.Join(dir, seed.Disc))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteTo(f, "CIDATA"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDiscIsWhatTheMachineGets(t *testing.T) {
	dir := folder(t, map[string]string{"user-data": "of the folder", "meta-data": "", "notes": ""})
	burn(t, dir, map[string]string{"user-data": "of the disc", "meta-data": "m", "network-config": "n", "nodeinit.deb": "package"})
	files, err := seed.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"meta-data", "network-config", "nodeinit.deb", "user-data"}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if string(files["user-data"]) != "of the disc" || string(files["nodeinit.deb"]) != "package" {
		t.Errorf("got %q", files)
	}
}

func TestFolderWithoutDisc(t *testing.T) {
	files, err := seed.Read(folder(t, map[string]string{"user-data": "u", "meta-data": "m"}))
	if err != nil || len(files) != 2 || string(files["user-data"]) != "u" {
		t.Errorf("got %q, %v", files, err)
	}
}

func TestRefused(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"no meta-data": {"user-data": "u"},
		"no disc":      {"user-data": "u", "meta-data": "m", seed.Disc: "this is no disc"},
	} {
		if got, err := seed.Read(folder(t, files)); err == nil {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if _, err := seed.Read(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing folder was read")
	}
}

func TestName(t *testing.T) {
	for in, want := range map[string]string{"USER-DATA.;1": "user-data", "NODEINIT.DEB;1": "nodeinit.deb", "user-data": "user-data"} {
		if got := seed.Name(in); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
}
