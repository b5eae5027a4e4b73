package proxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/pgcgen/pgcgen/lab/proxy"
)

// archive counts what is fetched from it.
func archive(t *testing.T, hits map[string]int) (*url.URL, *http.Client) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits[r.URL.Path]++
		if r.URL.Path == "/debian/pool/short.deb" {
			w.Header().Set("Content-Length", "100")
		}
		_, _ = io.WriteString(w, "content of "+r.URL.Path)
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL + "/debian/")
	if err != nil {
		t.Fatal(err)
	}
	return u, s.Client()
}

func request(p *proxy.Proxy, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

func TestOnlyTheArchive(t *testing.T) {
	hits := map[string]int{}
	u, client := archive(t, hits)
	p := &proxy.Proxy{Archives: []*url.URL{u}, Cache: proxy.Cache{Dir: t.TempDir(), Limit: 1 << 20}, Client: client}
	base := "http://" + u.Host
	for _, c := range []struct {
		method, target string
		want           int
	}{
		{http.MethodGet, base + "/debian/dists/trixie/InRelease", http.StatusOK},
		{http.MethodHead, base + "/debian/dists/trixie/InRelease", http.StatusOK},
		{http.MethodGet, base + "/other/file", http.StatusForbidden},
		{http.MethodGet, base + "/debian/../other/file", http.StatusForbidden},
		{http.MethodGet, base + "/debianother/file", http.StatusForbidden},
		{http.MethodGet, "http://example.org/debian/dists", http.StatusForbidden},
		{http.MethodGet, "/debian/dists/trixie/InRelease", http.StatusForbidden},
		{http.MethodPost, base + "/debian/dists/trixie/InRelease", http.StatusForbidden},
		{http.MethodPut, base + "/debian/x", http.StatusForbidden},
	} {
		if got := request(p, c.method, c.target).Code; got != c.want {
			t.Errorf("%s %s gives %d, want %d", c.method, c.target, got, c.want)
		}
	}
	tunnel := &http.Request{Method: http.MethodConnect, URL: &url.URL{Host: u.Host}, Host: u.Host}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, tunnel)
	if w.Code != http.StatusForbidden {
		t.Errorf("CONNECT gives %d", w.Code)
	}
}

func TestCacheKeepsWhatNeverChanges(t *testing.T) {
	hits := map[string]int{}
	u, client := archive(t, hits)
	p := &proxy.Proxy{Archives: []*url.URL{u}, Cache: proxy.Cache{Dir: t.TempDir(), Limit: 1 << 20}, Client: client}
	for path, want := range map[string]int{
		"/debian/pool/main/h/hello_1_amd64.deb":            1,
		"/debian/dists/trixie/main/by-hash/SHA256/0123abc": 1,
		"/debian/dists/trixie/InRelease":                   3,
	} {
		for range 3 {
			w := request(p, http.MethodGet, "http://"+u.Host+path)
			if w.Code != http.StatusOK || w.Body.String() != "content of "+path {
				t.Errorf("%s: %d %q", path, w.Code, w.Body)
			}
		}
		if hits[path] != want {
			t.Errorf("%s was fetched %d times, want %d", path, hits[path], want)
		}
	}
}

func TestCacheTakesNoPartialFile(t *testing.T) {
	hits := map[string]int{}
	u, client := archive(t, hits)
	dir := t.TempDir()
	p := &proxy.Proxy{Archives: []*url.URL{u}, Cache: proxy.Cache{Dir: dir, Limit: 1 << 20}, Client: client}
	request(p, http.MethodGet, "http://"+u.Host+"/debian/pool/short.deb")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("a transfer that broke off left %v, %v", left, err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	hits := map[string]int{}
	u, client := archive(t, hits)
	dir := t.TempDir()
	p := &proxy.Proxy{Archives: []*url.URL{u}, Cache: proxy.Cache{Dir: dir, Limit: 100}, Client: client}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		request(p, http.MethodGet, "http://"+u.Host+"/debian/pool/"+name+".deb")
	}
	var total int64
	entries, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(entries) == 0 {
		t.Fatalf("nothing is kept: %v", err)
	}
	for _, path := range entries {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > 100 {
		t.Errorf("%d bytes are kept, the limit is 100", total)
	}
}
