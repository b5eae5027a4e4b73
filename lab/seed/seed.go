// Package seed reads what a machine is given on its first boot: the content of the NoCloud
// disc in a node's folder.
package seed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/kdomanski/iso9660"
)

// Disc is the name of the NoCloud disc in a node's folder.
const Disc = "seed.iso"

// required are the files without which cloud-init takes a folder for no NoCloud seed.
var required = []string{"user-data", "meta-data"}

// Read returns the files of a node's seed by their path. They are those of seed.iso, for
// that is what a machine gets; a folder without a disc, as written by hand, is the seed
// itself.
func Read(dir string) (map[string][]byte, error) {
	files, err := disc(filepath.Join(dir, Disc))
	if errors.Is(err, fs.ErrNotExist) {
		files, err = folder(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the seed in %s: %w", dir, err)
	}
	for _, name := range required {
		if _, ok := files[name]; !ok {
			return nil, fmt.Errorf("cannot use the seed in %s: it has no %s", dir, name)
		}
	}
	return files, nil
}

func folder(dir string) (map[string][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func disc(name string) (map[string][]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	image, err := iso9660.OpenImage(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Disc, err)
	}
	root, err := image.RootDir()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Disc, err)
	}
	files := map[string][]byte{}
	if err := collect(root, "", files); err != nil {
		return nil, fmt.Errorf("%s: %w", Disc, err)
	}
	return files, nil
}

func collect(dir *iso9660.File, prefix string, files map[string][]byte) error {
	children, err := dir.GetChildren()
	if err != nil {
		return err
	}
	for _, f := range children {
		name := path.Join(prefix, Name(f.Name()))
		if f.IsDir() {
			if err := collect(f, name, files); err != nil {
				return err
			}
			continue
		}
		if files[name], err = io.ReadAll(f.Reader()); err != nil {
			return err
		}
	}
	return nil
}

// Name is how Linux shows a name of a plain ISO 9660 disc: the version number and an empty
// extension are dropped, capitals become small letters (isofs, option map=normal).
func Name(name string) string {
	name, _, _ = strings.Cut(name, ";")
	return strings.ToLower(strings.TrimSuffix(name, "."))
}
