package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pgcgen/pgcgen/templates/component"
)

// EnsureDir brings a folder to its mode and owner, and reports whether it had to. Missing
// parents are made with mode 0755. What is in the folder is left alone.
//
// A symbolic link at the path is refused: the folder above may belong to the account that
// the new owner is, and must not choose what is given away.
func (h *Host) EnsureDir(d component.Dir) (changed bool, err error) {
	uid, gid, err := h.owner(d.Owner, d.Group)
	if err == nil {
		err = h.parents(d.Path)
	}
	if err == nil {
		changed, err = h.ensureDir(d, uid, gid)
	}
	if err != nil {
		return false, fmt.Errorf("cannot prepare folder %s: %w", d.Path, err)
	}
	return changed, nil
}

func (h *Host) ensureDir(d component.Dir, uid, gid int) (bool, error) {
	path := h.Path(d.Path)
	err := os.Mkdir(path, 0o700)
	made := err == nil
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return false, err
	}
	dir, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENOTDIR) {
		return false, fmt.Errorf("there is something else at that path, and links are not followed: %w", err)
	}
	if err != nil {
		return false, err
	}
	defer dir.Close()
	info, err := dir.Stat()
	if err != nil {
		return false, err
	}
	u, g := h.ownership().Owner(info)
	if !made && u == uid && g == gid && info.Mode().Perm() == d.Mode.Perm() {
		return false, nil
	}
	if err := h.ownership().Chown(dir, uid, gid); err != nil {
		return false, err
	}
	if err := dir.Chmod(d.Mode.Perm()); err != nil {
		return false, err
	}
	return true, syncDir(filepath.Dir(path))
}

// parents makes the folders above a path that are missing.
func (h *Host) parents(path string) error {
	dir := filepath.Dir(path)
	info, err := os.Stat(h.Path(dir))
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is not a folder", dir)
	}
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := h.parents(dir); err != nil {
		return err
	}
	if err := os.Mkdir(h.Path(dir), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Chmod(h.Path(dir), 0o755); err != nil { // the umask may have narrowed it
		return err
	}
	return syncDir(filepath.Dir(h.Path(dir)))
}
