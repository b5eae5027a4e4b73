package hosttest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pgcgen/pgcgen/nodeinit/host"
)

// New is a machine in a temporary folder with the given files, by absolute path, and a fake
// Runner. Unless the files say otherwise, its only account is root.
func New(t testing.TB, files map[string]string) (*host.Host, *Runner) {
	t.Helper()
	runner := &Runner{}
	h := &host.Host{Root: t.TempDir(), Runner: runner, Ownership: &Ownership{}}
	Put(t, h, map[string]string{"/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n", "/etc/group": "root:x:0:\n"})
	Put(t, h, files)
	return h, runner
}

// Put writes files into a machine, replacing those that exist.
func Put(t testing.TB, h *host.Host, files map[string]string) {
	t.Helper()
	for path, content := range files {
		if err := os.MkdirAll(filepath.Dir(h.Path(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(h.Path(path), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
