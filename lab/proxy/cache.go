package proxy

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Cache keeps files by the digest of their address. It is an optimisation: when it cannot
// be read or written, requests are answered without it.
type Cache struct {
	// Dir is the folder, made when needed.
	Dir string
	// Limit is the size, in bytes, above which the files unused for longest are removed.
	Limit int64
}

func (c Cache) path(target *url.URL) string {
	sum := sha256.Sum256([]byte(target.String()))
	return filepath.Join(c.Dir, hex.EncodeToString(sum[:]))
}

// Serve answers a request from the cache and reports whether it could.
func (c Cache) Serve(w http.ResponseWriter, r *http.Request, target *url.URL) bool {
	f, err := os.Open(c.path(target))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // read-only
	now := time.Now()
	_ = os.Chtimes(f.Name(), now, now) // only the order of removal depends on it
	w.Header().Set("Content-Type", "application/octet-stream")
	// No modification time: the file never changes, so no condition can fail.
	http.ServeContent(w, r, "", time.Time{}, f)
	return true
}

// Fill copies an answer to the client and into the cache. A file appears under its name
// only when all of its announced bytes arrived.
func (c Cache) Fill(w io.Writer, body io.Reader, length int64, target *url.URL) {
	tmp, err := c.create()
	if err != nil {
		_, _ = io.Copy(w, body) // the client's error is the client's business
		return
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone when it was renamed
	n, err := io.Copy(io.MultiWriter(w, tmp), body)
	if closed := tmp.Close(); err != nil || closed != nil || n != length {
		return
	}
	if os.Rename(tmp.Name(), c.path(target)) == nil {
		c.evict()
	}
}

func (c Cache) create() (*os.File, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	return os.CreateTemp(c.Dir, "partial-")
}

// evict removes files, those unused for longest first, until the rest is within the limit.
func (c Cache) evict() {
	var files []fs.FileInfo
	var total int64
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			files, total = append(files, info), total+info.Size()
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if total <= c.Limit {
			return
		}
		if os.Remove(filepath.Join(c.Dir, f.Name())) == nil {
			total -= f.Size()
		}
	}
}
