package image

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pgcgen/pgcgen/lab/mount"
)

// layerAge is how long a layer is kept after its last use. Every build of nodeinit makes
// one, and none but the newest is likely to be wanted again.
const layerAge = 24 * time.Hour

// prune removes layers that nobody used for a while.
func (s Store) prune() error {
	layers, err := filepath.Glob(filepath.Join(s.Dir, "images", layerPrefix+"*"))
	if err != nil {
		return fmt.Errorf("cannot list old layers: %w", err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("cannot list mounts: %w", err)
	}
	for _, layer := range stale(layers, string(mounts), time.Now().Add(-layerAge)) {
		if err := mount.RemoveAll(layer); err != nil {
			return fmt.Errorf("cannot remove an old layer: %w", err)
		}
	}
	return nil
}

// stale returns the layers last used before limit that no machine's disk is mounted over;
// an overlay's mount names its layers.
func stale(layers []string, mounts string, limit time.Time) []string {
	var old []string
	for _, layer := range layers {
		info, err := os.Stat(layer)
		if err != nil || !info.IsDir() || filepath.Ext(layer) != "" {
			continue
		}
		if info.ModTime().Before(limit) && !strings.Contains(mounts, layer) {
			old = append(old, layer)
		}
	}
	return old
}

func touch(layer string) error {
	now := time.Now()
	if err := os.Chtimes(layer, now, now); err != nil {
		return fmt.Errorf("cannot note the use of a layer: %w", err)
	}
	return nil
}
