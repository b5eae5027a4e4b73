package proxy

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/pgcgen/pgcgen/lab/command"
)

// HostClient fetches the way the host's own apt does: through the proxy of apt's
// configuration when there is one, else through that of the environment, else directly.
func HostClient(ctx context.Context) (*http.Client, error) {
	dump, err := command.Output(ctx, "apt-config", "dump", "--no-empty", "--format", "%v%n", "Acquire::http::Proxy")
	if err != nil {
		return nil, fmt.Errorf("cannot read apt's configuration: %w", err)
	}
	// Files are passed on as they are, packed or not.
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableCompression: true}
	address := strings.TrimSpace(dump)
	if address == "" || address == "DIRECT" {
		return &http.Client{Transport: t}, nil
	}
	via, err := url.Parse(address)
	if err != nil {
		// The address may hold a password and is not repeated.
		return nil, fmt.Errorf("cannot use apt's Acquire::http::Proxy: it is no address")
	}
	t.Proxy = http.ProxyURL(via)
	return &http.Client{Transport: t}, nil
}
