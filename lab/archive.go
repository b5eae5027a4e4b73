package lab

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"time"

	"github.com/pgcgen/pgcgen/lab/image"
	"github.com/pgcgen/pgcgen/lab/proxy"
)

const (
	// proxyPort is where HTTP proxies are expected.
	proxyPort = 3128
	// cacheLimit bounds the packages kept between runs, in bytes.
	cacheLimit = 4 << 30
	// headerTimeout bounds how long a client may take to send a request's header.
	headerTimeout = 10 * time.Second
	// AptConfig is where a machine that may use the archive has the text that ServeArchive
	// returns.
	AptConfig = "/etc/apt/apt.conf.d/90pgcgen-lab-proxy"
)

// ServeArchive lets machines install Debian's packages, of any release, for as long as the
// lab is open, through a proxy at the gateway's address. It returns the apt configuration
// that a machine needs; the test puts it on the disk of those machines that shall have it:
//
//	err = m.WriteFile(lab.AptConfig, conf, 0o644)
func (l *Lab) ServeArchive(ctx context.Context) ([]byte, error) {
	archives, err := archives(ctx)
	if err != nil {
		return nil, err
	}
	client, err := proxy.HostClient(ctx)
	if err != nil {
		return nil, err
	}
	address := netip.AddrPortFrom(l.Network.Gateway.Addr(), proxyPort).String()
	listener, err := l.Network.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot serve the archive: %w", err)
	}
	server := &http.Server{
		ReadHeaderTimeout: headerTimeout,
		Handler: &proxy.Proxy{
			Archives: archives,
			Cache:    proxy.Cache{Dir: filepath.Join(image.Dir(), "archive"), Limit: cacheLimit},
			Client:   client,
		},
	}
	l.onClose(server.Close)
	go func() { _ = server.Serve(listener) }() // ends when the lab closes the server
	return fmt.Appendf(nil, "Acquire::http::Proxy \"http://%s\";\n", address), nil
}

func archives(ctx context.Context) ([]*url.URL, error) {
	addresses, err := image.Archives(ctx)
	if err != nil {
		return nil, err
	}
	var archives []*url.URL
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fmt.Errorf("cannot serve the archive: apt fetches it from %q, and only http and https can be passed on", address)
		}
		archives = append(archives, u)
	}
	return archives, nil
}
