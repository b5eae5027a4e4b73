package output

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Stage collects an output beside the folder it will replace. Its methods are safe for
// concurrent use, Commit and Abort excepted.
type Stage struct {
	out string // where it will be
	dir string // where it is; "" once committed or aborted

	mu    sync.Mutex
	files map[string]File
	dirs  map[string]bool
}

// NewStage begins a new output. Nothing at out changes before Commit. It refuses an out
// that is neither missing, nor empty, nor made by pgcgen, and one that holds files pgcgen
// did not write: replacing it would destroy them. The caller must Commit or Abort.
func NewStage(out string) (*Stage, error) {
	out, err := resolve(out)
	if err != nil {
		return nil, fmt.Errorf("cannot write output: %w", err)
	}
	if err := checkReplaceable(out); err != nil {
		return nil, fmt.Errorf("cannot replace %s: %w", out, err)
	}
	dir, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+".new-")
	if err != nil {
		return nil, fmt.Errorf("cannot write output: %w", err)
	}
	return &Stage{out: out, dir: dir, files: map[string]File{}, dirs: map[string]bool{".": true}}, nil
}

// WriteFile adds a file.
func (s *Stage) WriteFile(name string, data []byte) error {
	return s.Write(name, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(data))
		return err
	})
}

// Write adds a file whose content fill writes: large ones need not be held in memory. The
// mode follows from the name: below nodes/ only the user may read.
func (s *Stage) Write(name string, fill func(io.Writer) error) error {
	entry, err := s.write(name, fill)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = entry
	return nil
}

func (s *Stage) write(name string, fill func(io.Writer) error) (entry File, err error) {
	if err := checkName(name); err != nil {
		return entry, err
	}
	if err := s.reserve(name); err != nil {
		return entry, err
	}
	mode := fileMode(name)
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return entry, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if !private(name) { // a usual umask takes from others only
		if err := f.Chmod(mode); err != nil {
			return entry, err
		}
	}
	w := &counter{to: f, hash: sha256.New()}
	if err := fill(w); err != nil {
		return entry, err
	}
	return File{
		Path: name, Mode: fmt.Sprintf("%04o", mode), Size: w.size,
		SHA256: hex.EncodeToString(w.hash.Sum(nil)),
	}, nil
}

// reserve makes the folders of a file and refuses a name that is taken.
func (s *Stage) reserve(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.files[name]; taken {
		return errors.New("it has been written already")
	}
	s.files[name] = File{Path: name}
	return s.mkdir(filepath.Dir(name))
}

func (s *Stage) mkdir(dir string) error {
	if s.dirs[dir] {
		return nil
	}
	if err := s.mkdir(filepath.Dir(dir)); err != nil {
		return err
	}
	path := filepath.Join(s.dir, dir)
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	s.dirs[dir] = true
	if private(dir) {
		return nil
	}
	return os.Chmod(path, 0o755)
}

// Commit writes the manifest and the checksums and puts the stage in the place of the old
// output: at every moment, out is whole. After an error the old output is still there,
// unless the error says that only its remains could not be removed.
func (s *Stage) Commit(info Info) (Manifest, error) {
	m := Manifest{Tool: tool, Format: manifestFormat, Info: info}
	for _, f := range s.files {
		m.Files = append(m.Files, f)
	}
	data, err := m.marshal()
	if err != nil {
		return m, errors.Join(err, s.Abort())
	}
	if err := s.WriteFile(Layout("").Manifest(), data); err != nil {
		return m, errors.Join(err, s.Abort())
	}
	all := append([]File{s.files[Layout("").Manifest()]}, m.Files...)
	if err := s.WriteFile(Layout("").Checksums(), checksums(all)); err != nil {
		return m, errors.Join(err, s.Abort())
	}
	if err := s.swap(); err != nil {
		return m, errors.Join(err, s.Abort())
	}
	return m, nil
}

// Abort removes the stage. It does nothing after Commit, so it can be deferred.
func (s *Stage) Abort() error {
	if s.dir == "" {
		return nil
	}
	dir := s.dir
	s.dir = ""
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("cannot remove unfinished output; delete it by hand, it holds keys: %w", err)
	}
	return nil
}

// resolve follows links, so that a linked out/ stays a link and the stage lies on the file
// system of its target.
func resolve(out string) (string, error) {
	abs, err := filepath.Abs(out)
	if err != nil {
		return "", err
	}
	switch real, err := filepath.EvalSymlinks(abs); {
	case err == nil:
		return real, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	parent := filepath.Dir(abs)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	return abs, nil
}

func private(name string) bool {
	return strings.HasPrefix(filepath.ToSlash(name), Layout("").NodesDir()+"/")
}

func fileMode(name string) fs.FileMode {
	if private(name) {
		return 0o600
	}
	return 0o644
}

// counter hashes and counts what passes, so that no file is read again for the manifest.
type counter struct {
	to   io.Writer
	hash hash.Hash
	size int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.hash.Write(p[:n])
	c.size += int64(n)
	return n, err
}
