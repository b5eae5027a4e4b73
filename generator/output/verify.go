package output

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Verify reads an output folder and compares it with its manifest and checksums. The error
// joins one per file that is missing, changed, readable by more users than it was, or
// unknown.
func Verify(ctx context.Context, out string) (Manifest, error) {
	m, err := Load(out)
	if err != nil {
		return m, err
	}
	var problems []error
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return m, err
		}
		if err := verifyFile(out, f); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", f.Path, err))
		}
	}
	if err := verifyChecksums(out, m); err != nil {
		problems = append(problems, fmt.Errorf("%s: %w", Layout("").Checksums(), err))
	}
	unknown, err := strangers(out, m)
	if err != nil {
		problems = append(problems, err)
	}
	for _, name := range unknown {
		problems = append(problems, fmt.Errorf("%s: pgcgen did not write it", name))
	}
	return m, errors.Join(problems...)
}

func verifyFile(out string, want File) error {
	path := filepath.Join(out, filepath.FromSlash(want.Path))
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("it is missing")
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is not a regular file any more")
	}
	got, err := sum(path)
	if err != nil {
		return err
	}
	if got != want.SHA256 {
		return errors.New("its content has changed")
	}
	if mode := info.Mode().Perm(); mode&^fileMode(want.Path) != 0 {
		return fmt.Errorf("its mode %04o lets more users at it than %04o; run: chmod %04o %s",
			mode, fileMode(want.Path), fileMode(want.Path), path)
	}
	return nil
}

// verifyChecksums checks that SHA256SUMS says the same as the manifest.
func verifyChecksums(out string, m Manifest) error {
	got, err := os.ReadFile(Layout(out).Checksums())
	if err != nil {
		return err
	}
	digest, err := sum(Layout(out).Manifest())
	if err != nil {
		return err
	}
	all := append([]File{{Path: Layout("").Manifest(), SHA256: digest}}, m.Files...)
	if !bytes.Equal(got, checksums(all)) {
		return errors.New("it does not agree with the manifest")
	}
	return nil
}

func sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, f.Close())
}
