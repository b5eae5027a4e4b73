//go:build unix

package output

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestModesDoNotDependOnTheUmask(t *testing.T) {
	var trees []map[string]string
	for _, mask := range []int{0, 0o077} {
		old := unix.Umask(mask)
		defer unix.Umask(old)
		out := filepath.Join(t.TempDir(), "out")
		build(t, out, two())
		trees = append(trees, tree(t, out))
	}
	if diff := cmp.Diff(trees[0], trees[1]); diff != "" {
		t.Errorf("outputs differ:\n%s", diff)
	}
}
