package image

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const indexes = `http://mirror.example/debian/ bookworm main Debian
http://mirror.example/debian/ bookworm main Debian
http://mirror.example/debian/ bookworm contrib Debian
http://mirror.example/debian/ bookworm-updates main Debian
http://mirror.example/debian/ bookworm-backports main Debian
http://mirror.example/debian-security/ bookworm-security main Debian
http://vendor.example/apt/ bookworm main Vendor
`

func TestSources(t *testing.T) {
	got, err := sources(indexes, "bookworm", "trixie")
	if err != nil {
		t.Fatal(err)
	}
	want := []Source{
		{"http://mirror.example/debian/", "trixie", "main"},
		{"http://mirror.example/debian/", "trixie-updates", "main"},
		{"http://mirror.example/debian-security/", "trixie-security", "main"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, err := sources(indexes, "sid", "trixie"); err == nil {
		t.Errorf("found %v for a release that apt does not know", got)
	}
}

func TestCodename(t *testing.T) {
	if got := codename("NAME=Debian\nVERSION_CODENAME=bookworm\nID=debian\n"); got != "bookworm" {
		t.Errorf("got %q", got)
	}
}

func TestDeb822UsesHTTP(t *testing.T) {
	got := deb822([]Source{{"https://mirror.example/debian/", "trixie", "main"}})
	if !strings.Contains(got, "URIs: http://mirror.example/debian/\nSuites: trixie\nComponents: main\n") {
		t.Errorf("got %s", got)
	}
}

func TestSpecs(t *testing.T) {
	golden, err := Golden("trixie")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"patroni", "postgresql-17", "etcd-server", "keepalived"} {
		if !slices.Contains(golden.Packages, p) {
			t.Errorf("golden has no %s: %q", p, golden.Packages)
		}
	}
	if !slices.Contains(golden.Masks, "patroni.service") {
		t.Errorf("golden masks only %q", golden.Masks)
	}
	stock, err := Stock("bookworm")
	if err != nil || len(stock.Packages) != 0 || slices.Contains(stock.Masks, "patroni.service") {
		t.Errorf("stock is %+v, %v", stock, err)
	}
	if _, err := Golden("sid"); err == nil {
		t.Error("an unsupported release has a golden image")
	}
}

func TestKeyFollowsEveryInput(t *testing.T) {
	spec := Spec{Kind: "golden", Suite: "trixie", Packages: []string{"a"}, Masks: []string{"a.service"}}
	from := []Source{{"http://mirror.example/debian/", "trixie", "main"}}
	keys := []string{spec.key(from, nil), spec.key(nil, nil), spec.key(from, []string{"check"})}
	for _, change := range []func(*Spec){
		func(s *Spec) { s.Kind = "stock" },
		func(s *Spec) { s.Suite = "bookworm" },
		func(s *Spec) { s.Packages = []string{"b"} },
		func(s *Spec) { s.Masks = nil },
	} {
		other := spec
		change(&other)
		keys = append(keys, other.key(from, nil))
	}
	slices.Sort(keys)
	if got := len(slices.Compact(slices.Clone(keys))); got != len(keys) {
		t.Errorf("two inputs share a key: %q", keys)
	}
}

func TestStoreKeepsOnlyCompleteBuilds(t *testing.T) {
	s := Store{Dir: t.TempDir(), Progress: io.Discard}
	broken := errors.New("broken")
	_, err := s.make(t.Context(), "image", func(_ context.Context, dir string) error {
		if err := os.WriteFile(filepath.Join(dir, "half"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(filepath.Join(s.Dir, "images")); err != nil || len(left) != 0 {
		t.Errorf("a failed build left %v, %v", left, err)
	}
	builds := 0
	for range 2 {
		dir, err := s.make(t.Context(), "image", func(context.Context, string) error { builds++; return nil })
		if err != nil || filepath.Base(dir) != "image" {
			t.Errorf("got %s, %v", dir, err)
		}
	}
	if builds != 1 {
		t.Errorf("built %d times, want once", builds)
	}
}

func TestFinish(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"etc/machine-id":               "0123456789abcdef0123456789abcdef\n",
		"etc/ssh/ssh_host_ed25519_key": "key", "etc/ssh/sshd_config": "config",
		"etc/apt/sources.list": "deb x", "etc/resolv.conf": "nameserver 192.0.2.1\n",
	} {
		if err := write(root, name, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := prepare(root, []string{"patroni.service"}); err != nil {
		t.Fatal(err)
	}
	if err := clean(root, nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"etc/ssh/ssh_host_ed25519_key": false, "etc/ssh/sshd_config": true, "etc/apt/sources.list": false,
		"etc/apt/sources.list.d/debian.sources": true, "var/log/journal": true,
	} {
		if _, err := os.Lstat(filepath.Join(root, name)); (err == nil) != want {
			t.Errorf("%s: %v, want there: %t", name, err, want)
		}
	}
	if id, err := os.ReadFile(filepath.Join(root, "etc/machine-id")); err != nil || len(id) != 0 {
		t.Errorf("machine-id is %q, %v: want it empty", id, err)
	}
	for link, want := range map[string]string{"etc/systemd/system/patroni.service": "/dev/null", "etc/resolv.conf": "../run/systemd/resolve/stub-resolv.conf"} {
		if got, err := os.Readlink(filepath.Join(root, link)); err != nil || got != want {
			t.Errorf("%s leads to %q, %v", link, got, err)
		}
	}
}

func TestLayerName(t *testing.T) {
	deb := filepath.Join(t.TempDir(), "a.deb")
	name := func(text string, layers ...string) string {
		if err := os.WriteFile(deb, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := layerName(layers, []string{deb})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := name("1", "base")
	if again := name("1", "base"); again != first || name("2", "base") == first || name("1", "other") == first {
		t.Error("a layer's name does not follow its content and what it lies on")
	}
}

func TestStale(t *testing.T) {
	dir, limit := t.TempDir(), time.Now().Add(-time.Hour)
	age := func(name string, age time.Duration) string {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Now(), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	old, fresh, used := age("layer-old", 2*time.Hour), age("layer-fresh", 0), age("layer-used", 2*time.Hour)
	partial := age("layer-new.partial", 2*time.Hour)
	got := stale([]string{old, fresh, used, partial}, "overlay rw,lowerdir="+used+":/base", limit)
	if !slices.Equal(got, []string{old}) {
		t.Errorf("got %q, want %q", got, old)
	}
}
