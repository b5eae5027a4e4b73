//go:build boot

package image_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pgcgen/pgcgen/lab/image"
)

// TestImages builds every image once; from then on it only finds them.
func TestImages(t *testing.T) {
	for _, suite := range []string{"trixie", "bookworm"} {
		for _, kind := range []func(string) (image.Spec, error){image.Golden, image.Stock} {
			spec, err := kind(suite)
			if err != nil {
				t.Fatal(err)
			}
			root, err := image.Default().Base(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			id, err := os.ReadFile(filepath.Join(root, "etc/machine-id"))
			if err != nil || len(id) != 0 {
				t.Errorf("%s: machine-id is %q (%v), want it empty", root, id, err)
			}
		}
	}
}
