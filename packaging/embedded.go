package packaging

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

//go:embed embedded
var embedded embed.FS

// Architectures are the ones nodeinit is packaged for, in Go's words.
func Architectures() []string { return []string{"amd64", "arm64"} }

// Binary returns nodeinit for an architecture, as embedded by `make build`. A pgcgen built
// without it, by `go build` alone, says so.
func Binary(arch string) ([]byte, error) { return readBinary(embedded, arch) }

func readBinary(from fs.FS, arch string) ([]byte, error) {
	if !slices.Contains(Architectures(), arch) {
		return nil, fmt.Errorf("cannot package nodeinit for %q: known are %q", arch, Architectures())
	}
	packed, err := fs.ReadFile(from, "embedded/nodeinit-linux-"+arch+".gz")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot package nodeinit for %s: this pgcgen was built without it; run: make build", arch)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot package nodeinit for %s: %w", arch, err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("cannot unpack nodeinit for %s: %w", arch, err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("cannot unpack nodeinit for %s: %w", arch, err)
	}
	return data, nil
}
