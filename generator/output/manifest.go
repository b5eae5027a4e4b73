package output

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// manifestFormat is the version of manifest.json.
const manifestFormat = 1

// tool marks a manifest as ours.
const tool = "pgcgen"

// Info says what an output was made of.
type Info struct {
	// Version of pgcgen.
	Version string `json:"version"`
	// Cluster, UUID and Generation identify the cluster spec.
	Cluster    string `json:"cluster"`
	UUID       string `json:"uuid"`
	Generation int    `json:"generation"`
	// Inputs is a digest of the inventory and all it refers to.
	Inputs string `json:"inputs"`
}

// Manifest is manifest.json.
type Manifest struct {
	Tool   string `json:"tool"`
	Format int    `json:"format"`
	Info
	Files []File `json:"files"`
}

// File is one file of an output.
type File struct {
	// Path is relative to the output folder, with slashes.
	Path string `json:"path"`
	// Mode is the file's permissions in octal: "0600".
	Mode   string `json:"mode"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Load reads the manifest of an output folder. The error wraps fs.ErrNotExist when there
// is none. The files themselves are not looked at; Verify does that.
func Load(out string) (Manifest, error) {
	data, err := os.ReadFile(Layout(out).Manifest())
	if err != nil {
		return Manifest{}, fmt.Errorf("cannot read output: %w", err)
	}
	m, err := parseManifest(data)
	if err != nil {
		return Manifest{}, fmt.Errorf("cannot use %s: %w", Layout(out).Manifest(), err)
	}
	return m, nil
}

func parseManifest(data []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return m, err
	}
	if m.Tool != tool {
		return m, fmt.Errorf("it was not written by %s", tool)
	}
	if m.Format != manifestFormat {
		return m, fmt.Errorf("its format is %d and this pgcgen knows format %d only", m.Format, manifestFormat)
	}
	for _, f := range m.Files {
		if err := checkName(f.Path); err != nil {
			return m, err
		}
	}
	return m, nil
}

// checkName refuses names that would leave the folder or confuse sha256sum, which gives
// backslashes and line breaks a meaning.
func checkName(name string) error {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\n\r") {
		return fmt.Errorf("%q is no name of an output file", name)
	}
	return nil
}

// marshal renders the manifest and the checksums, which cover the manifest too.
func (m Manifest) marshal() (manifest []byte, err error) {
	slices.SortFunc(m.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, errors.Join(errors.New("cannot write the manifest"), err)
	}
	return append(data, '\n'), nil
}

// checksums renders SHA256SUMS in the order of the paths.
func checksums(files []File) []byte {
	sorted := slices.SortedFunc(slices.Values(files), func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	var b bytes.Buffer
	for _, f := range sorted {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, f.Path)
	}
	return b.Bytes()
}
