// Package proxy is the only way out of the lab: an HTTP proxy that lets a machine's apt
// fetch from the archives it is configured for, and nothing else.
//
// It fetches the way the host itself would, and keeps what never changes under its name, so
// that the second machine, and the next run, need no network for packages.
package proxy

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Proxy is an http.Handler for proxy requests (RFC 9110, section 7.1: absolute targets).
type Proxy struct {
	// Archives are the base addresses that may be fetched below, with the scheme that the
	// host uses; requests come with http whatever it is.
	Archives []*url.URL
	// Cache keeps files that never change.
	Cache Cache
	// Client fetches, and follows an archive that redirects.
	Client *http.Client
}

// forwarded are the request's headers that an archive needs to see.
var forwarded = []string{"Accept", "Cache-Control", "If-Modified-Since", "If-Range", "Range", "User-Agent"}

// returned are the answer's headers that describe the file.
var returned = []string{"Accept-Ranges", "Cache-Control", "Content-Length", "Content-Range", "Content-Type", "Date", "Etag", "Last-Modified"}

// ServeHTTP answers a request from the cache or the archive, and refuses all others.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target, ok := p.target(r)
	if !ok {
		http.Error(w, "the lab's proxy only fetches from the archives of apt's configuration", http.StatusForbidden)
		return
	}
	whole := r.Method == http.MethodGet && r.Header.Get("Range") == ""
	if immutable(target.Path) && p.Cache.Serve(w, r, target) {
		return
	}
	answer, err := p.fetch(r, target)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = answer.Body.Close() }() // read to its end or given up
	for _, name := range returned {
		if v := answer.Header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	w.WriteHeader(answer.StatusCode)
	if !whole || answer.StatusCode != http.StatusOK || !immutable(target.Path) {
		// A client that went away is its own business.
		_, _ = io.Copy(w, answer.Body)
		return
	}
	p.Cache.Fill(w, answer.Body, answer.ContentLength, target)
}

// target maps a request to the archive's address, if it is allowed.
func (p *Proxy) target(r *http.Request) (*url.URL, bool) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, false
	}
	if r.URL.Scheme != "http" || path.Clean(r.URL.Path) != strings.TrimSuffix(r.URL.Path, "/") {
		return nil, false
	}
	for _, archive := range p.Archives {
		base := strings.TrimSuffix(archive.Path, "/") + "/"
		if r.URL.Host == archive.Host && strings.HasPrefix(r.URL.Path, base) {
			return &url.URL{Scheme: archive.Scheme, Host: archive.Host, Path: r.URL.Path}, true
		}
	}
	return nil, false
}

// immutable reports whether an address always names the same bytes: a package file carries
// its version, an index fetched by hash its digest.
func immutable(name string) bool {
	return strings.Contains(name, "/pool/") && strings.HasSuffix(name, ".deb") || strings.Contains(name, "/by-hash/")
}

func (p *Proxy) fetch(r *http.Request, target *url.URL) (*http.Response, error) {
	request, err := http.NewRequestWithContext(r.Context(), r.Method, target.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("cannot fetch %s: %w", target, err)
	}
	for _, name := range forwarded {
		if v := r.Header.Get(name); v != "" {
			request.Header.Set(name, v)
		}
	}
	answer, err := p.Client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("cannot fetch %s: %w", target, err)
	}
	return answer, nil
}
