package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pgcgen/pgcgen/templates/component"
)

// WriteFile brings a file to its content, mode and owner, and reports whether it had to.
// Missing parents are made with mode 0755.
//
// A reader sees the old file or the new one and never a part, nor does anyone see a
// secret before the file has its mode. When WriteFile returns, the file survives a power
// cut. A symbolic link at the path is replaced and not followed.
func (h *Host) WriteFile(f component.File) (changed bool, err error) {
	uid, gid, err := h.owner(f.Owner, f.Group)
	if err != nil {
		return false, fmt.Errorf("cannot write %s: %w", f.Path, err)
	}
	same, err := h.holds(f, uid, gid)
	if same || err != nil {
		return false, err
	}
	if err := h.parents(f.Path); err != nil {
		return false, fmt.Errorf("cannot write %s: %w", f.Path, err)
	}
	if err := h.replace(f, uid, gid); err != nil {
		return false, fmt.Errorf("cannot write %s: %w", f.Path, err)
	}
	return true, nil
}

// holds reports whether a file is already as it should be.
func (h *Host) holds(f component.File, uid, gid int) (bool, error) {
	info, err := os.Lstat(h.Path(f.Path))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot compare: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm() != f.Mode.Perm() || info.Size() != int64(len(f.Data)) {
		return false, nil
	}
	if u, g := h.ownership().Owner(info); u != uid || g != gid {
		return false, nil
	}
	data, err := os.ReadFile(h.Path(f.Path))
	if err != nil {
		return false, fmt.Errorf("cannot compare: %w", err)
	}
	return bytes.Equal(data, f.Data), nil
}

// replace writes beside the file and renames. The name beside it is fixed, so that what a
// power cut leaves is used up by the next attempt; it is removed and made anew because
// whoever owns the folder could have put a link there.
func (h *Host) replace(f component.File, uid, gid int) error {
	path := h.Path(f.Path)
	beside := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".nodeinit-new")
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	err = h.fill(out, f, uid, gid)
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(beside))
	}
	return syncDir(filepath.Dir(path))
}

// fill writes and closes. The owner changes before the mode widens, so that no group ever
// has access that it should not have.
func (h *Host) fill(out *os.File, f component.File, uid, gid int) error {
	defer out.Close()
	if _, err := out.Write(f.Data); err != nil {
		return err
	}
	if err := h.ownership().Chown(out, uid, gid); err != nil {
		return err
	}
	if err := out.Chmod(f.Mode.Perm()); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	return out.Close()
}

// StateFile keeps one document of nodeinit's own, readable by root only. It fits where a
// store with Load and Save is wanted.
type StateFile struct {
	Host *Host
	Path string
}

// Load returns the document; the error wraps fs.ErrNotExist before the first Save.
func (s StateFile) Load() ([]byte, error) { return s.Host.ReadFile(s.Path) }

// Save replaces the document; it survives a power cut once Save has returned.
func (s StateFile) Save(data []byte) error {
	_, err := s.Host.WriteFile(component.File{Path: s.Path, Mode: 0o600, Data: data})
	return err
}
