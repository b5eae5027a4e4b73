package mount

import (
	"slices"
	"testing"
)

func TestBelow(t *testing.T) {
	table := `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:5 / /lab/a rw - overlay overlay rw
31 30 0:6 / /lab/a/proc rw - proc proc rw
32 22 0:7 / /lab/ab rw - tmpfs tmpfs rw
33 22 0:8 / /lab/a/with\040blank rw - tmpfs tmpfs rw
`
	want := []string{"/lab/a/with blank", "/lab/a/proc", "/lab/a"}
	if got := below(table, "/lab/a"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q: the innermost first, nothing beside", got, want)
	}
}

func TestOverlayRefusesSeparators(t *testing.T) {
	for _, dir := range []string{"/a:b", "/a,b", `/a\b`} {
		if err := Overlay([]string{"/lower"}, dir, "/work", "/target"); err == nil {
			t.Errorf("%s was taken", dir)
		}
	}
}
